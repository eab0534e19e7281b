//! A tensor without values: how long each axis is, and which coordinates of a position an index along it stands for.
//!
//! Knows no op. Sizes are numbers; nothing here is symbolic.

use std::rc::Rc;

/// A size at two assignments at once.
///
/// Everything is walked at the small one. Ops name an axis by its size, and at small sizes several axes may be equally
/// long by chance; the wide assignment, at which different sizes differ, says which is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// The size that is walked.
    pub(crate) here: usize,
    /// The size that serves as its name.
    pub(crate) wide: i128,
}

impl Size {
    /// The same number at every assignment.
    pub(crate) const ONE: Size = Size { here: 1, wide: 1 };

    /// Both sizes added.
    pub(crate) fn plus(self, other: Size) -> Size {
        Size {
            here: self.here.saturating_add(other.here),
            wide: self.wide.wrapping_add(other.wide),
        }
    }

    /// Both sizes multiplied.
    pub(crate) fn times(self, other: Size) -> Size {
        Size {
            here: self.here.saturating_mul(other.here),
            wide: self.wide.wrapping_mul(other.wide),
        }
    }

    /// What is left of a size that is divided; `None` where something is left over.
    pub(crate) fn split(self, by: Size) -> Option<Size> {
        let exact = by.here != 0 && self.here.is_multiple_of(by.here);
        let wide = self.wide.checked_div(by.wide).unwrap_or(0);
        exact.then(|| Size {
            here: self.here / by.here,
            wide,
        })
    }
}

/// A coordinate of a position. Coordinates that an axis is split into carry the name of what they were split from.
pub(crate) type Coordinate = Rc<str>;

/// One digit of an index: an axis that was merged from others is a number of several digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Digit {
    /// The coordinate that it is a value of, if it is one.
    pub(crate) coordinate: Option<Coordinate>,
    /// How many values it has.
    pub(crate) size: usize,
}

/// One axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    /// How long it is.
    pub(crate) size: Size,
    /// What an index along it stands for, most significant digit first.
    pub(crate) digits: Vec<Digit>,
}

impl Axis {
    /// An axis of one digit.
    pub(crate) fn new(size: Size, coordinate: Option<Coordinate>) -> Axis {
        Axis {
            size,
            digits: vec![Digit {
                coordinate,
                size: size.here,
            }],
        }
    }

    /// Whether an index along it stands for a position.
    pub(crate) fn is_position(&self) -> bool {
        self.digits.iter().any(|digit| digit.coordinate.is_some())
    }

    /// The one coordinate that its digits make together, for an axis that changes its length.
    pub(crate) fn coordinate(&self) -> Option<Coordinate> {
        let names: Vec<&str> = self
            .digits
            .iter()
            .filter_map(|digit| digit.coordinate.as_deref())
            .collect();
        (!names.is_empty()).then(|| names.join("*").into())
    }

    /// The same axis at another length.
    pub(crate) fn resized(&self, size: Size) -> Axis {
        Axis::new(size, self.coordinate())
    }

    /// Axes merged into one, the first the most significant; none make an axis of features, of one element.
    pub(crate) fn merged(axes: &[Axis]) -> Axis {
        if axes.is_empty() {
            return Axis::new(Size::ONE, None);
        }
        Axis {
            size: axes
                .iter()
                .fold(Size::ONE, |product, axis| product.times(axis.size)),
            digits: axes
                .iter()
                .flat_map(|axis| axis.digits.iter().cloned())
                .collect(),
        }
    }

    /// The axis split into axes of the given sizes, whose product is its own: along its digits where these fit, else into
    /// new coordinates named after its own.
    pub(crate) fn divided(&self, sizes: &[Size]) -> Vec<Axis> {
        if let [size] = sizes {
            return vec![Axis {
                size: *size,
                digits: self.digits.clone(),
            }];
        }
        let mut digits = self.digits.iter().cloned();
        let mut along = Vec::with_capacity(sizes.len());
        for size in sizes {
            let mut taken: Vec<Digit> = Vec::new();
            while taken.is_empty()
                || taken.iter().map(|digit| digit.size).product::<usize>() < size.here
            {
                let Some(digit) = digits.next() else { break };
                taken.push(digit);
            }
            along.push(Axis {
                size: *size,
                digits: taken,
            });
        }
        let fits = |axis: &Axis| {
            !axis.digits.is_empty()
                && axis
                    .digits
                    .iter()
                    .map(|digit| digit.size)
                    .product::<usize>()
                    == axis.size.here
        };
        if self.digits.len() > 1 && digits.next().is_none() && along.iter().all(fits) {
            return along;
        }
        let parts = sizes.iter().enumerate();
        parts
            .map(|(at, size)| {
                Axis::new(
                    *size,
                    self.coordinate().map(|name| format!("{name}/{at}").into()),
                )
            })
            .collect()
    }
}

/// The axes of a tensor, outermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tensor(pub(crate) Vec<Axis>);

impl Tensor {
    /// How long its axes are.
    pub(crate) fn dims(&self) -> Vec<usize> {
        self.0.iter().map(|axis| axis.size.here).collect()
    }

    /// How many axes.
    pub(crate) fn rank(&self) -> usize {
        self.0.len()
    }

    /// The last axis of a size.
    pub(crate) fn find(&self, size: Size) -> Option<usize> {
        self.0.iter().rposition(|axis| axis.size == size)
    }
}

/// Walks every index of a box of the given lengths, the last axis fastest.
pub(crate) fn each(dims: &[usize], mut visit: impl FnMut(&[usize])) {
    fn level(dims: &[usize], index: &mut Vec<usize>, visit: &mut dyn FnMut(&[usize])) {
        let Some((first, rest)) = dims.split_first() else {
            return visit(index);
        };
        for at in 0..*first {
            index.push(at);
            level(rest, index, visit);
            index.pop();
        }
    }
    level(dims, &mut Vec::with_capacity(dims.len()), &mut visit);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(here: usize) -> Size {
        Size {
            here,
            wide: here as i128,
        }
    }

    #[test]
    fn a_walk_visits_every_index_once() {
        let mut seen = Vec::new();
        each(&[2, 3], |index| seen.push(index.to_vec()));
        assert_eq!(seen, [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]);
        let mut scalars = 0;
        each(&[], |_| scalars += 1);
        each(&[3, 0], |_| scalars += 100);
        assert_eq!(
            scalars, 1,
            "a box without axes has one index, one without extent has none"
        );
    }

    #[test]
    fn what_was_merged_is_split_along_its_digits() {
        let rows = Axis::new(size(2), Some("0".into()));
        let columns = Axis::new(size(3), Some("1".into()));
        let merged = Axis::merged(&[rows.clone(), columns.clone()]);
        assert_eq!(merged.size.here, 6);
        assert_eq!(merged.divided(&[size(2), size(3)]), [rows, columns]);
        let halves = merged.divided(&[size(3), size(2)]);
        assert_eq!(halves[0].coordinate().as_deref(), Some("0*1/0"));
    }
}
