//! Contractions: `Linear`, `Einsum` under all masks, `MatMul`, `Conv`.

use super::build::{Builder, Scope, Value};
use super::labels::{LABELS, Labels};
use super::shape::{Axis, Shape, texts};
use super::size::Size;

impl Builder<'_, '_> {
    pub(super) fn linear(&mut self, scope: &mut Scope) -> Option<Value> {
        let x = self.value_where(scope, &|_, value| !value.shape.is_empty())?;
        let summed = 1 + self.choices.below(x.shape.len().min(3));
        let kept = x.shape.len() - summed;
        let made = [1, 1, 1, 2, 2, 0][self.choices.below(6)];
        let to: Vec<Size> = (0..made).map(|_| self.some_size(scope)).collect();
        self.linear_to(scope, &x, kept, &to)
    }

    /// A layer that makes axes of what stands after the first ones.
    pub(super) fn linear_to(
        &mut self,
        scope: &mut Scope,
        x: &Value,
        kept: usize,
        to: &[Size],
    ) -> Option<Value> {
        let (before, from) = x.shape.split_at(kept);
        let together = Axis::merged(from);
        let made = if together.is_position_only() {
            let whole = Axis::position(Size::product(to));
            whole.divided(to, &|a, b| self.same(a, b))
        } else {
            to.iter().cloned().map(Axis::feature).collect()
        };
        let shape: Shape = before.iter().cloned().chain(made).collect();
        let length = self.elements(scope, from);
        if !self.fits(scope, &shape, length) {
            return None;
        }
        let sizes: Vec<String> = to.iter().map(Size::text).collect();
        let map = format!("{} -> {}", texts(from), sizes.join(" "));
        let text = match self.choices.below(3) {
            1 => format!("Linear({}, \"{map}\", {})", x.name, self.flag()),
            2 => format!(
                "Linear(bias: {}, map: \"{map}\", x: {})",
                self.flag(),
                x.name
            ),
            _ => format!("Linear({}, \"{map}\")", x.name),
        };
        Some(self.node(scope, text, &[x], shape, length))
    }

    pub(super) fn einsum(&mut self, scope: &mut Scope) -> Option<Value> {
        let (x, y) = (self.value(scope)?, self.value(scope)?);
        let labels = self.labels(&[&x, &y]);
        let all = self.choices.order(labels.axes.len());
        let (mut kept, mut summed) = (Vec::new(), Vec::new());
        for label in all {
            let shared = labels.sides.iter().all(|side| side.contains(&label));
            let sums = match shared {
                true => self.choices.chance(1, 2),
                false => self.choices.chance(1, 6),
            };
            if sums { &mut summed } else { &mut kept }.push(label);
        }
        let shape = labels.shape(&kept);
        let length = self.elements(scope, &labels.shape(&summed));
        if !self.fits(scope, &shape, length) {
            return None;
        }
        let sides: Vec<String> = labels.sides.iter().map(|side| labels.words(side)).collect();
        let equation = format!("{} -> {}", sides.join(", "), labels.words(&kept));
        let mask = match summed.is_empty() {
            true => None,
            false => self.mask(scope, &labels, &kept),
        };
        let (a, b) = (&x.name, &y.name);
        let text = match (mask, self.choices.chance(1, 8)) {
            (None, false) => format!("Einsum(\"{equation}\", [{a}, {b}])"),
            (None, true) => {
                format!("Einsum(inputs: [{a}, {b}], equation: \"{equation}\", mask: none)")
            }
            (Some(mask), false) => format!("Einsum(\"{equation}\", [{a}, {b}], {mask})"),
            (Some(mask), true) => {
                format!("Einsum(mask: {mask}, equation: \"{equation}\", inputs: [{a}, {b}])")
            }
        };
        Some(self.node(scope, text, &[&x, &y], shape, length))
    }

    /// A mask over two labels that are positions, if there are two that can have one.
    fn mask(&mut self, scope: &mut Scope, labels: &Labels, kept: &[usize]) -> Option<String> {
        let positions = (0..labels.axes.len()).filter(|at| labels.axes[*at].is_position());
        let positions: Vec<usize> = positions.collect();
        let mut pairs = Vec::new();
        for query in &positions {
            for key in &positions {
                let counted = kept.contains(query) || !kept.contains(key);
                let about = |at: &usize| self.about(scope, &labels.axes[*at].size);
                if query != key && counted && about(query) <= about(key) {
                    pairs.push((*query, *key));
                }
            }
        }
        if pairs.is_empty() || self.choices.chance(1, 6) {
            return None;
        }
        let (query, key) = self.choices.pick(&pairs);
        let (size, named) = (self.some_size(scope).text(), self.choices.chance(1, 4));
        let (q, k) = (labels.word(query), labels.word(key));
        let single = self.spelled(scope, &labels.axes[query].size).is_single();
        let mask = match (
            if single {
                self.choices.below(7)
            } else {
                self.choices.below(2)
            },
            named,
        ) {
            (0, false) => format!("Causal({q}, {k})"),
            (0, true) => format!("Causal(queries: {q}, keys: {k}, align: bottom_right)"),
            (1, false) => format!("Causal({q}, {k}, top_left)"),
            (1, true) => format!("Causal(align: top_left, keys: {k}, queries: {q})"),
            (2 | 3, false) => format!("Window({q}, {k}, \"{size}\")"),
            (2 | 3, true) => format!("Window(queries: {q}, keys: {k}, size: \"{size}\")"),
            (4, false) => format!("Chunk({q}, {k}, \"{size}\")"),
            (4, true) => {
                format!("Chunk(queries: {q}, keys: {k}, size: \"{size}\", within: causal)")
            }
            (5, false) => format!("Chunk({q}, {k}, \"{size}\", full)"),
            (5, true) => format!("Chunk(queries: {q}, keys: {k}, size: \"{size}\", within: full)"),
            (_, false) => format!("Prefix({q}, {k}, \"{size}\")"),
            (_, true) => format!("Prefix(queries: {q}, keys: {k}, size: \"{size}\")"),
        };
        scope.particular = true;
        let known = self.switches.clone();
        Some(match !known.is_empty() && self.choices.chance(1, 6) {
            true => format!("If({}, {mask}, none)", self.choices.pick(&known)),
            false => mask,
        })
    }

    pub(super) fn matmul(&mut self, scope: &mut Scope) -> Option<Value> {
        let a = self.value_where(scope, &|_, value| value.shape.len() >= 2)?;
        let stack = a.shape.len() - 2;
        let fit = |all: &Self, b: &Value| {
            let same = |at: usize, other: usize| all.same(&a.shape[at].size, &b.shape[other].size);
            b.shape.len() == a.shape.len()
                && (0..stack).all(|at| same(at, at))
                && same(stack + 1, stack)
        };
        let b = match self.value_where(scope, &fit) {
            Some(b) if !self.choices.chance(1, 4) => b,
            _ => self.transposed(scope, &a)?,
        };
        let mut shape: Shape = a.shape[..stack].to_vec();
        for (axis, other) in shape.iter_mut().zip(&b.shape) {
            if !axis.is_position() {
                *axis = other.clone();
            }
        }
        shape.extend([a.shape[stack].clone(), b.shape[stack + 1].clone()]);
        let length = self.about(scope, &a.shape[stack + 1].size);
        if !self.fits(scope, &shape, length) {
            return None;
        }
        let text = format!("MatMul([{}, {}])", a.name, b.name);
        Some(self.node(scope, text, &[&a, &b], shape, length))
    }

    fn transposed(&mut self, scope: &mut Scope, a: &Value) -> Option<Value> {
        let mut shape = a.shape.clone();
        let last = shape.len() - 1;
        shape.swap(last - 1, last);
        let labels = &LABELS[..=last];
        let mut turned = labels.to_vec();
        turned.swap(last - 1, last);
        let equation = format!("{} -> {}", labels.join(" "), turned.join(" "));
        let text = format!("Rearrange({}, \"{equation}\")", a.name);
        Some(self.node(scope, text, &[a], shape, 1))
    }

    pub(super) fn conv(&mut self, scope: &mut Scope) -> Option<Value> {
        let x = self.value_where(scope, &|_, value| value.shape.len() >= 2)?;
        let axes = 1 + self.choices.below((x.shape.len() - 1).min(2));
        let channel = x.shape.len() - 1 - axes;
        let input = x.shape[channel].size.clone();
        let (groups, output) = match self.choices.below(4) {
            1 => (input.clone(), input.clone()),
            2 => {
                let factors = input.factors();
                let by = match factors.is_empty() {
                    true => Size::number(2),
                    false => self.choices.pick(&factors),
                };
                (by.clone(), by.times(&self.some_size(scope)))
            }
            _ => (Size::number(1), self.some_size(scope)),
        };
        let mut shape: Shape = x.shape[..channel].to_vec();
        shape.push(Axis::feature(output.clone()));
        let mut attributes: [Vec<Size>; 4] = Default::default();
        for axis in &x.shape[channel + 1..] {
            let kernel = match self.choices.below(4) {
                3 => self.some_size(scope),
                few => Size::number(1 + few as i64),
            };
            let stride = match self.choices.below(4) {
                2 => Size::number(2),
                3 => kernel.clone(),
                _ => Size::number(1),
            };
            let padding = Size::number([0, 0, 1, 2][self.choices.below(4)]);
            let dilation = Size::number([1, 1, 1, 2][self.choices.below(4)]);
            let one = Size::number(1);
            let covered = dilation.times(&kernel.minus(&one)).plus(&one);
            let room = axis.size.plus(&padding.plus(&padding)).minus(&covered);
            if self.about(scope, &room) < 0 {
                return None;
            }
            shape.push(axis.resized(Size::floor(room, stride.clone()).plus(&one)));
            for (list, size) in attributes
                .iter_mut()
                .zip([kernel, stride, padding, dilation])
            {
                list.push(size);
            }
        }
        let [kernel, stride, padding, dilation] = attributes
            .each_ref()
            .map(|sizes| sizes.iter().map(Size::text).collect::<Vec<_>>().join(" "));
        let taps: i64 = attributes[0]
            .iter()
            .map(|size| self.about(scope, size))
            .product();
        let length = taps * self.about(scope, &input);
        if !self.fits(scope, &shape, length) {
            return None;
        }
        let mut text = format!(
            "Conv(x: {}, map: \"{} -> {}\", kernel: \"{kernel}\", stride: \"{stride}\"",
            x.name,
            input.text(),
            output.text()
        );
        for (name, sizes, absent) in [("padding", padding, "0"), ("dilation", dilation, "1")] {
            if sizes.split(' ').any(|size| size != absent) || self.choices.chance(1, 6) {
                text.push_str(&format!(", {name}: \"{sizes}\""));
            }
        }
        if groups != Size::number(1) {
            text.push_str(&format!(", groups: \"{}\"", groups.text()));
        }
        if self.choices.chance(1, 3) {
            text.push_str(&format!(", bias: {}", self.flag()));
        }
        text.push(')');
        Some(self.node(scope, text, &[&x], shape, length))
    }
}
