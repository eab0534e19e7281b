//! Blocks: written for the tensors that they are first given, and called again where others fit.

use super::build::{Builder, Inside, Made, Scope, Value};
use super::draft::Node;
use super::shape::{Axis, Shape, texts};
use super::size::Size;

const PARTS: [&str; 14] = [
    "mlp",
    "embedding",
    "qkv",
    "scores",
    "mixing",
    "out",
    "router",
    "experts",
    "norm",
    "position",
    "conv",
    "ssm",
    "head",
    "other",
];

/// A dimension of a block's own: its name there, what it is in the words of the caller and in those of the model, and whether
/// it stands for that size in the inputs too.
#[derive(Clone, Debug)]
pub(super) struct OwnDim {
    pub(super) name: &'static str,
    pub(super) given: Size,
    pub(super) spelled: Size,
    pub(super) in_inputs: bool,
}

/// A block that is about to be called.
#[derive(Clone, Debug)]
pub(super) struct Called {
    pub(super) made: Made,
    /// Each dimension with what it is in the words of the caller.
    pub(super) dims: Vec<(String, Size)>,
}

fn each_size(shape: &[Axis], change: impl Fn(&Size) -> Size) -> Shape {
    let axes = shape.iter().map(|axis| Axis {
        size: change(&axis.size),
        digits: axis
            .digits
            .iter()
            .map(|(size, position)| (change(size), *position))
            .collect(),
    });
    axes.collect()
}

impl Called {
    /// What the block gives, in the words of the caller.
    pub(super) fn output(&self) -> Shape {
        each_size(&self.made.output, |size| size.put(&self.dims))
    }
}

impl Builder<'_, '_> {
    /// One node more, or several; none where nothing fits.
    pub(super) fn step(&mut self, scope: &mut Scope) {
        if self.choices.chance(1, 8) {
            scope.part = match self.choices.below(3) {
                0 => None,
                _ => Some(self.choices.pick(&PARTS)),
            };
        }
        let Inside {
            scan, route, once, ..
        } = scope.inside;
        if self.phased
            && !scan
            && !route
            && (scope.group_once || !once)
            && self.choices.chance(1, 8)
        {
            scope.group_once = !scope.group_once;
            scope.inside.once = scope.group_once;
            scope.outlasts = true;
        }
        for _ in 0..4 {
            let made = match self.choices.below(32) {
                0..=4 => self.map(scope),
                5..=8 => self.linear(scope),
                9..=12 => self.einsum(scope),
                13..=15 => self.along(scope),
                16 | 17 => self.rearrange(scope),
                18 | 19 => self.resize(scope),
                20 => self.concat(scope),
                21 => self.matmul(scope),
                22 => self.conv(scope),
                23 => self.source(scope),
                24 => self.gather(scope),
                25 | 26 => self.kept(scope),
                27 => self.alias(scope),
                _ => self.call(scope),
            };
            if made.is_some() {
                return;
            }
        }
        self.unary(scope);
    }

    fn alias(&mut self, scope: &mut Scope) -> Option<Value> {
        let value = self.value(scope)?;
        let name = format!("v{}", scope.draft.nodes.len());
        scope.draft.nodes.push(Node {
            name: name.clone(),
            text: value.name.clone(),
            reads: vec![value.name],
            part: scope.part,
            once: scope.group_once,
        });
        let value = Value {
            name,
            shape: value.shape,
        };
        scope.values.push(value.clone());
        Some(value)
    }

    /// Dimensions of its own for a block that is given some tensors.
    pub(super) fn own_dims(
        &mut self,
        scope: &Scope,
        inputs: &[Value],
        counts: bool,
    ) -> Vec<OwnDim> {
        let mut dims = Vec::new();
        let dim = |all: &Self, name, given: Size, in_inputs| OwnDim {
            name,
            spelled: all.spelled(scope, &given),
            given,
            in_inputs,
        };
        let sizes: Vec<Size> = inputs
            .iter()
            .flat_map(|input| &input.shape)
            .map(|axis| axis.size.clone())
            .collect();
        if !sizes.is_empty() && self.choices.chance(1, 4) {
            let size = self.choices.pick(&sizes);
            dims.push(dim(self, "w", size, true));
        }
        if counts || self.choices.chance(1, 5) {
            let mut size = self.some_size(scope);
            if counts {
                let number = Size::symbol("i");
                size = match self.choices.below(4) {
                    0 => number,
                    1 => number.times(&Size::number(2)),
                    2 => number.times(&size),
                    _ => number.plus(&size),
                };
            }
            dims.push(dim(self, "m", size, false));
        }
        dims
    }

    /// Writes a block for some tensors; what it gives is of the wanted sizes, if there are any.
    pub(super) fn new_block(
        &mut self,
        outer: &Scope,
        inputs: &[Shape],
        wanted: Option<&Shape>,
        dims: &[OwnDim],
        (mut inside, times): (Inside, i64),
    ) -> Option<Called> {
        inside.depth += 1;
        if inside.depth > 3 || self.left < 2 || times > 40 {
            return None;
        }
        let name = format!("b{}", self.named);
        self.named += 1;
        let full = |dim: &OwnDim| format!("{name}.{}", dim.name);
        let inner = |size: &Size| {
            let own = dims.iter().find(|dim| dim.in_inputs && dim.given == *size);
            own.map_or_else(|| size.clone(), |dim| Size::symbol(&full(dim)))
        };
        let mut scope = Scope {
            inside,
            times,
            ..Scope::default()
        };
        for dim in dims {
            let counted = (String::from("i"), Size::symbol(&format!("{name}.i")));
            scope.dims.push((full(dim), dim.spelled.put(&[counted])));
            scope.draft.dims.push(dim.name.to_owned());
        }
        let outer_dims = outer.dims.iter().map(|(name, _)| name);
        let hidden: Vec<&String> = outer_dims.collect();
        for (at, shape) in inputs.iter().enumerate() {
            let shape = each_size(shape, inner);
            let name = format!("x{at}");
            // What is of a dimension of the caller's own has no name here.
            if shape.iter().any(|axis| {
                axis.size
                    .mentions(&|name| hidden.iter().any(|own| *own == name))
            }) {
                return None;
            }
            scope.draft.inputs.push((name.clone(), texts(&shape)));
            scope.values.push(Value { name, shape });
        }
        let unknown = |size: &Size| size.mentions(&|name| hidden.iter().any(|own| *own == name));
        let wanted = wanted.map(|wanted| each_size(wanted, inner));
        if wanted.iter().flatten().any(|axis| unknown(&axis.size)) {
            return None;
        }
        let given: Vec<Shape> = scope
            .values
            .iter()
            .map(|value| value.shape.clone())
            .collect();
        let before = self.work;
        if self.choices.chance(1, 6) {
            scope.draft.part = Some(self.choices.pick(&PARTS));
        }
        for _ in 0..1 + self.choices.below(4) {
            if self.left > 1 {
                self.step(&mut scope);
            }
        }
        scope.group_once = false;
        scope.inside = inside;
        let output = match &wanted {
            Some(wanted) => self.given_as(&mut scope, wanted)?,
            None => self.value(&scope)?,
        };
        scope.draft.output = output.name.clone();
        scope.draft.name.clone_from(&name);
        let made = Made {
            dims: dims.iter().map(full).collect(),
            inputs: given,
            output: output.shape,
            inside,
            particular: scope.particular,
            outlasts: scope.outlasts,
            work: (self.work - before) / times.max(1),
            name,
        };
        self.blocks.push(scope.draft);
        self.made.push(made.clone());
        let dims = dims.iter().zip(&made.dims);
        let dims = dims.map(|(dim, name)| (name.clone(), dim.given.clone()));
        Some(Called {
            dims: dims.collect(),
            made,
        })
    }

    /// Something that a block can give where a shape is wanted.
    fn given_as(&mut self, scope: &mut Scope, wanted: &Shape) -> Option<Value> {
        let fit = |all: &Self, value: &Value| {
            let mut axes = value.shape.iter().zip(wanted);
            value.shape.len() == wanted.len() && axes.all(|(a, b)| all.same(&a.size, &b.size))
        };
        if self.choices.chance(2, 3) {
            let value = self.value_where(scope, &|_, value| !value.shape.is_empty());
            if let Some(value) = value.filter(|value| !fit(self, value)) {
                let axes = value.shape.iter().zip(wanted);
                let common = axes
                    .take_while(|(a, b)| self.same(&a.size, &b.size))
                    .count();
                let common = common.min(value.shape.len() - 1);
                let kept = common - self.choices.below(common + 1).min(1);
                let to: Vec<Size> = wanted[kept..]
                    .iter()
                    .map(|axis| axis.size.clone())
                    .collect();
                if let Some(made) = self.linear_to(scope, &value, kept, &to) {
                    return Some(made);
                }
            }
        }
        if let Some(value) = self.value_where(scope, &fit) {
            return Some(value);
        }
        let value = self.value_where(scope, &|_, value| !value.shape.is_empty())?;
        let to: Vec<Size> = wanted.iter().map(|axis| axis.size.clone()).collect();
        self.linear_to(scope, &value, 0, &to)
    }
}
