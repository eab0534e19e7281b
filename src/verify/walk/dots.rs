//! Contractions, walked: for every output scalar the products that it sums are visited one by one.

use crate::mask::{Align, Mask};
use crate::ops::args::MaskSpec;

use super::count::Count;
use super::labels::{Labels, picked};
use super::ops::{Given, misfit};
use super::setting::Misfit;
use super::tensor::{Axis, Size, Tensor, each};

/// `Linear`: each output scalar sums the last axes of the input; weight and bias are walked scalar by scalar.
pub(crate) fn linear(given: &Given<'_, '_>, count: &mut Count) -> Result<Tensor, Misfit> {
    let x = given.input()?;
    let (from, to) = given.map()?;
    let Some(kept) = x.rank().checked_sub(from.len()) else {
        return misfit("fewer axes than the layer sums");
    };
    let (before, summed) = x.0.split_at(kept);
    if summed.iter().map(|axis| axis.size).ne(from.iter().copied()) {
        return misfit(format!("{:?} does not end in {from:?}", x.dims()));
    }
    let together = Axis::merged(summed);
    let positions_only = together
        .digits
        .iter()
        .all(|digit| digit.coordinate.is_some());
    let coordinate = together.coordinate().filter(|_| positions_only);
    let made = to.iter().enumerate().map(|(at, size)| {
        let name = coordinate.as_ref().map(|name| {
            if to.len() == 1 {
                name.clone()
            } else {
                format!("{name}/{at}").into()
            }
        });
        Axis::new(*size, name)
    });
    let output = Tensor(before.iter().cloned().chain(made).collect());
    let bias = given.flag("bias", false);
    let inner: Vec<usize> = from.iter().map(|size| size.here).collect();
    count.visit(output.dims().iter().chain(&inner))?;
    each(&output.dims(), |at| {
        count.sight.output(&output, at);
        let mut length = 0;
        each(&inner, |sum| {
            count.sight.read(x, &[&at[..kept], sum].concat());
            length += 1;
        });
        count.dot(length);
        if bias {
            count.tick("add");
        }
    });
    let outer: Vec<usize> = to.iter().map(|size| size.here).collect();
    count.visit(inner.iter().chain(&outer))?;
    each(&[inner, outer.clone()].concat(), |_| count.weigh("weight"));
    if bias {
        each(&outer, |_| count.weigh("bias"));
    }
    Ok(output)
}

/// A mask between two labels: which places it pairs, and how far queries lie behind keys.
struct Kept<'m> {
    mask: &'m Mask,
    query: usize,
    key: usize,
    past: usize,
    size: usize,
}

impl<'m> Kept<'m> {
    fn of(
        spec: &'m MaskSpec,
        labels: &Labels<'_>,
        given: &Given<'_, '_>,
    ) -> Result<Kept<'m>, Misfit> {
        let (query, key) = (labels.at(&spec.queries)?, labels.at(&spec.keys)?);
        let Some(past) = labels.length(key).checked_sub(labels.length(query)) else {
            return misfit("a mask with fewer keys than queries");
        };
        let size = match &spec.mask {
            Mask::Causal(_) => 0,
            Mask::Window(size) | Mask::Chunk(size) | Mask::ChunkCausal(size) => {
                match given.setting.size(size)?.here {
                    0 => return misfit("a window or chunk of nothing"),
                    some => some,
                }
            }
            Mask::Prefix(size) => given.setting.size(size)?.here,
        };
        Ok(Kept {
            mask: &spec.mask,
            query,
            key,
            past,
            size,
        })
    }

    /// Whether a pair is kept, as the mask says in words of places.
    fn keeps(&self, point: &[usize]) -> bool {
        let (at, key) = (point[self.query] + self.past, point[self.key]);
        match self.mask {
            Mask::Causal(Align::TopLeft) => key <= point[self.query],
            Mask::Causal(Align::BottomRight) => key <= at,
            Mask::Window(_) => key <= at && key + self.size > at,
            Mask::Chunk(_) => key / self.size == at / self.size,
            Mask::ChunkCausal(_) => key <= at && key / self.size == at / self.size,
            Mask::Prefix(_) => key <= at || key < self.size,
        }
    }
}

/// `Einsum`: the output's labels are walked, and for each of their points the labels that the output lacks.
pub(crate) fn einsum(given: &Given<'_, '_>, count: &mut Count) -> Result<Tensor, Misfit> {
    let (Some(equation), [_, _]) = (given.equation(), given.inputs) else {
        return misfit("an einsum of two inputs");
    };
    let labels = Labels::bind(equation, given.inputs)?;
    let outer = labels.places(&equation.output)?;
    let inner: Vec<usize> = (0..labels.len()).filter(|at| !outer.contains(at)).collect();
    let sides = labels.sides(equation)?;
    let mask = given
        .mask()
        .map(|mask| Kept::of(mask, &labels, given))
        .transpose()?;
    if let Some(mask) = &mask
        && ![mask.query, mask.key]
            .iter()
            .all(|at| labels.tensor(&[*at]).0[0].is_position())
    {
        return misfit("a mask pairs what is no position");
    }
    let output = labels.tensor(&outer);
    let extents = labels.tensor(&inner).dims();
    let mut point = vec![0; labels.len()];
    count.visit(output.dims().iter().chain(&extents))?;
    each(&output.dims(), |at| {
        for (place, value) in outer.iter().zip(at) {
            point[*place] = *value;
        }
        count.sight.output(&output, at);
        let paired = |mask: &Kept<'_>| outer.contains(&mask.query) && outer.contains(&mask.key);
        if mask
            .as_ref()
            .is_some_and(|mask| paired(mask) && !mask.keeps(&point))
        {
            return;
        }
        let mut length = 0;
        each(&extents, |sum| {
            for (place, value) in inner.iter().zip(sum) {
                point[*place] = *value;
            }
            if mask.as_ref().is_none_or(|mask| mask.keeps(&point)) {
                length += 1;
                sides
                    .iter()
                    .for_each(|(read, places)| count.sight.read(read, &picked(&point, places)));
            }
        });
        if inner.is_empty() {
            count.tick("mul");
        } else {
            count.dot(length);
        }
    });
    Ok(output)
}

/// `MatMul`: rows times columns, for each index of the axes before them.
pub(crate) fn matmul(given: &Given<'_, '_>, count: &mut Count) -> Result<Tensor, Misfit> {
    let [a, b] = given.inputs else {
        return misfit("a product of two matrices");
    };
    let (Some(stack), true) = (a.rank().checked_sub(2), a.rank() == b.rank()) else {
        return misfit("no two matrices");
    };
    let equal = |left: &Axis, right: &Axis| left.size.here == right.size.here;
    if !a.0[..stack]
        .iter()
        .zip(&b.0)
        .all(|(left, right)| equal(left, right))
        || !equal(&a.0[stack + 1], &b.0[stack])
    {
        return misfit(format!("{:?} times {:?}", a.dims(), b.dims()));
    }
    let mut axes: Vec<Axis> = a.0[..stack]
        .iter()
        .zip(&b.0)
        .map(|(left, right)| {
            if left.is_position() {
                left.clone()
            } else {
                right.clone()
            }
        })
        .collect();
    axes.extend([a.0[stack].clone(), b.0[stack + 1].clone()]);
    let output = Tensor(axes);
    count.visit(output.dims().iter().chain([&a.0[stack + 1].size.here]))?;
    each(&output.dims(), |at| {
        count.sight.output(&output, at);
        let (row, column) = (at[stack], at[stack + 1]);
        let mut length = 0;
        for inner in 0..a.0[stack + 1].size.here {
            count.sight.read(a, &[&at[..stack], &[row, inner]].concat());
            count
                .sight
                .read(b, &[&at[..stack], &[inner, column]].concat());
            length += 1;
        }
        count.dot(length);
    });
    Ok(output)
}

/// How a kernel lies along one spatial axis.
struct Slide {
    taps: usize,
    stride: usize,
    padding: usize,
    dilation: usize,
}

impl Slide {
    /// How often the kernel fits: it is moved from the start of the padding until its last tap leaves the end.
    fn steps(&self, extent: usize) -> usize {
        let last = self.dilation * (self.taps - 1);
        let mut steps = 0;
        while steps * self.stride + last < extent + 2 * self.padding {
            steps += 1;
        }
        steps
    }

    /// The element under a tap, unless the tap is on the padding.
    fn element(&self, step: usize, tap: usize, extent: usize) -> Option<usize> {
        let at = (step * self.stride + tap * self.dilation).checked_sub(self.padding)?;
        (at < extent).then_some(at)
    }
}

/// `Conv`: the kernel slides over the padded input, tap by tap.
pub(crate) fn conv(given: &Given<'_, '_>, count: &mut Count) -> Result<Tensor, Misfit> {
    let x = given.input()?;
    let (from, to) = given.map()?;
    let Some(crate::ops::args::Arg::Dims(kernel)) = given.field("kernel") else {
        return misfit("no kernel");
    };
    let axes = kernel.len();
    let taps = given.sizes_or("kernel", 1, axes)?;
    let (stride, padding) = (
        given.sizes_or("stride", 1, axes)?,
        given.sizes_or("padding", 0, axes)?,
    );
    let dilation = given.sizes_or("dilation", 1, axes)?;
    let groups = if given.field("groups").is_some() {
        given.size("groups")?.here
    } else {
        1
    };
    let (Some(channel), [input], [made]) = (
        x.rank().checked_sub(axes + 1),
        from.as_slice(),
        to.as_slice(),
    ) else {
        return misfit("a kernel of more axes than the input");
    };
    if x.0[channel].size.here != input.here
        || groups == 0
        || input.here % groups + made.here % groups > 0
    {
        return misfit(format!(
            "{} channels to {} in {groups} groups",
            input.here, made.here
        ));
    }
    if taps.contains(&0) || stride.contains(&0) {
        return misfit("a kernel without taps or without a step");
    }
    let slides: Vec<Slide> = (0..axes)
        .map(|at| Slide {
            taps: taps[at],
            stride: stride[at],
            padding: padding[at],
            dilation: dilation[at],
        })
        .collect();
    let spatial = &x.0[channel + 1..];
    let mut sides = slides.iter().zip(spatial);
    if sides.any(|(slide, axis)| slide.steps(axis.size.here) == 0) {
        return misfit("a kernel that does not fit into what it slides over");
    }
    let mut output: Vec<Axis> = x.0[..channel].to_vec();
    output.push(Axis::new(*made, None));
    for (at, (axis, slide)) in spatial.iter().zip(&slides).enumerate() {
        let wide = wide_steps(given, at, axis.size)?;
        output.push(axis.resized(Size {
            here: slide.steps(axis.size.here),
            wide,
        }));
    }
    let output = Tensor(output);
    let (width, per_group) = (input.here / groups, made.here / groups);
    let bias = given.flag("bias", false);
    count.visit(output.dims().iter().chain([&width]).chain(&taps))?;
    each(&output.dims(), |at| {
        count.sight.output(&output, at);
        let group = at[channel] / per_group;
        let mut length = 0;
        each(&[&[width], taps.as_slice()].concat(), |tap| {
            length += 1;
            let places = slides.iter().zip(spatial).enumerate();
            let under: Option<Vec<usize>> = places
                .map(|(i, (slide, axis))| {
                    slide.element(at[channel + 1 + i], tap[1 + i], axis.size.here)
                })
                .collect();
            if let Some(under) = under {
                count.sight.read(
                    x,
                    &[&at[..channel], &[group * width + tap[0]], &under].concat(),
                );
            }
        });
        count.dot(length);
        if bias {
            count.tick("add");
        }
    });
    count.visit([&made.here, &width].into_iter().chain(&taps))?;
    each(&[&[made.here, width], taps.as_slice()].concat(), |_| {
        count.weigh("weight")
    });
    if bias {
        each(&[made.here], |_| count.weigh("bias"));
    }
    Ok(output)
}

/// The name of an output axis of a convolution: the number of steps at the wide assignment.
fn wide_steps(given: &Given<'_, '_>, at: usize, extent: Size) -> Result<i128, Misfit> {
    let wide = |field: &str, absent: i128| match given.field(field) {
        Some(crate::ops::args::Arg::Dims(polys)) => Ok(given.setting.size(&polys[at])?.wide),
        _ => Ok::<i128, Misfit>(absent),
    };
    let room =
        extent.wide + 2 * wide("padding", 0)? - wide("dilation", 1)? * (wide("kernel", 1)? - 1) - 1;
    Ok(room.div_euclid(wide("stride", 1)?.max(1)) + 1)
}
