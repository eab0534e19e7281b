//! Shapes as the generator knows them: the size of each axis, and which of its digits are positions.

use super::size::Size;

/// An axis; one of features has no digits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Axis {
    pub(crate) size: Size,
    /// What an index along an axis of positions is made of, and which of that is one.
    pub(crate) digits: Vec<(Size, bool)>,
}

/// The axes of a tensor, outermost first.
pub(crate) type Shape = Vec<Axis>;

impl Axis {
    pub(crate) fn feature(size: Size) -> Axis {
        Axis {
            size,
            digits: Vec::new(),
        }
    }

    pub(crate) fn position(size: Size) -> Axis {
        Axis {
            digits: vec![(size.clone(), true)],
            size,
        }
    }

    pub(crate) fn is_position(&self) -> bool {
        !self.digits.is_empty()
    }

    pub(crate) fn is_position_only(&self) -> bool {
        self.is_position() && self.digits.iter().all(|(_, position)| *position)
    }

    /// The same axis at another size.
    pub(crate) fn resized(&self, size: Size) -> Axis {
        if self.is_position() {
            Axis::position(size)
        } else {
            Axis::feature(size)
        }
    }

    /// Takes over what another axis stands for, where this one is of features.
    pub(crate) fn learn(&mut self, other: &Axis) {
        if !self.is_position() {
            self.digits.clone_from(&other.digits);
        }
    }

    pub(crate) fn merged(axes: &[Axis]) -> Axis {
        if let [one] = axes {
            return one.clone();
        }
        let size = Size::product(axes.iter().map(|axis| &axis.size));
        let mut digits = Vec::new();
        if axes.iter().any(Axis::is_position) {
            for axis in axes {
                match axis.is_position() {
                    true => digits.extend(axis.digits.iter().cloned()),
                    false => digits.push((axis.size.clone(), false)),
                }
            }
        }
        Axis { size, digits }
    }

    /// The axis split into sizes: along its digits where these fit, else all are positions.
    pub(crate) fn divided(&self, sizes: &[Size], same: &dyn Fn(&Size, &Size) -> bool) -> Vec<Axis> {
        if let [size] = sizes {
            return vec![Axis {
                size: size.clone(),
                digits: self.digits.clone(),
            }];
        }
        self.along_digits(sizes, same).unwrap_or_else(|| {
            let sizes = sizes.iter().cloned();
            sizes.map(|size| self.resized(size)).collect()
        })
    }

    fn along_digits(
        &self,
        sizes: &[Size],
        same: &dyn Fn(&Size, &Size) -> bool,
    ) -> Option<Vec<Axis>> {
        let mut rest = self.digits.as_slice();
        let mut axes = Vec::new();
        for size in sizes {
            let product = |count: usize| Size::product(rest[..count].iter().map(|(size, _)| size));
            let count = (1..=rest.len()).find(|count| same(&product(*count), size))?;
            let (taken, left) = rest.split_at(count);
            rest = left;
            let digits = match taken.iter().any(|(_, position)| *position) {
                true => taken.to_vec(),
                false => Vec::new(),
            };
            axes.push(Axis {
                size: size.clone(),
                digits,
            });
        }
        rest.is_empty().then_some(axes)
    }
}

/// The sizes of axes, as model files write them.
pub(crate) fn texts(axes: &[Axis]) -> String {
    let texts: Vec<String> = axes.iter().map(|axis| axis.size.text()).collect();
    texts.join(" ")
}

/// Axes as the inputs of a model and what stands by itself are declared: positions are marked.
pub(crate) fn marked(axes: &[Axis]) -> String {
    let mark = |axis: &Axis| if axis.is_position() { "@" } else { "" };
    let texts = axes
        .iter()
        .map(|axis| format!("{}{}", mark(axis), axis.size.text()));
    texts.collect::<Vec<String>>().join(" ")
}
