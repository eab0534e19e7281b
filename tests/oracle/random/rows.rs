//! Elementwise ops and those along one axis: `Map`, `Softmax`, `Norm`, `Reduce`, `TopK`.

use super::build::{Builder, Scope, Value};

const UNARY: [&str; 15] = [
    "copy",
    "scale",
    "square",
    "relu",
    "exp",
    "log",
    "sqrt",
    "tanh",
    "sigmoid",
    "silu",
    "softplus",
    "gelu",
    "gelu_tanh",
    "rotary",
    "mask",
];
const BINARY: [&str; 5] = ["add", "sub", "mul", "div", "max"];

impl Builder<'_, '_> {
    pub(super) fn map(&mut self, scope: &mut Scope) -> Option<Value> {
        match self.choices.below(3) {
            0 => self.unary(scope),
            1 => self.binary(scope),
            _ => self.broadcast(scope),
        }
    }

    pub(super) fn unary(&mut self, scope: &mut Scope) -> Option<Value> {
        let x = self.value(scope)?;
        let word = self.choices.pick(&UNARY);
        if !self.fits(scope, &x.shape, 1) {
            return None;
        }
        if !self.choices.chance(1, 6) {
            let text = match self.choices.chance(1, 4) {
                true => format!("Map(inputs: {}, function: {word})", x.name),
                false => format!("Map({word}, [{}])", x.name),
            };
            return Some(self.node(scope, text, &[&x], x.shape.clone(), 1));
        }
        let labels = self.labels(&[&x]);
        let order = self.choices.order(labels.axes.len());
        let equation = format!(
            "{} -> {}",
            labels.words(&labels.sides[0]),
            labels.words(&order)
        );
        let text = format!("Map({word}, {}, \"{equation}\")", x.name);
        Some(self.node(scope, text, &[&x], labels.shape(&order), 1))
    }

    fn binary(&mut self, scope: &mut Scope) -> Option<Value> {
        let x = self.value(scope)?;
        let fit = |all: &Self, y: &Value| {
            let mut axes = x.shape.iter().zip(&y.shape);
            x.shape.len() == y.shape.len() && axes.all(|(a, b)| all.same(&a.size, &b.size))
        };
        let y = self.value_where(scope, &fit)?;
        let mut shape = x.shape.clone();
        for (axis, other) in shape.iter_mut().zip(&y.shape) {
            axis.learn(other);
        }
        if !self.fits(scope, &shape, 1) {
            return None;
        }
        let word = self.choices.pick(&BINARY);
        let text = format!("Map({word}, [{}, {}])", x.name, y.name);
        Some(self.node(scope, text, &[&x, &y], shape, 1))
    }

    fn broadcast(&mut self, scope: &mut Scope) -> Option<Value> {
        let (x, y) = (self.value(scope)?, self.value(scope)?);
        let labels = self.labels(&[&x, &y]);
        let order = match self.choices.chance(1, 4) {
            true => self.choices.order(labels.axes.len()),
            false => (0..labels.axes.len()).collect(),
        };
        let shape = labels.shape(&order);
        if !self.fits(scope, &shape, 1) {
            return None;
        }
        let sides: Vec<String> = labels.sides.iter().map(|side| labels.words(side)).collect();
        let equation = format!("{} -> {}", sides.join(", "), labels.words(&order));
        let word = self.choices.pick(&BINARY);
        let text = format!("Map({word}, [{}, {}], \"{equation}\")", x.name, y.name);
        Some(self.node(scope, text, &[&x, &y], shape, 1))
    }

    /// A tensor and one of its axes, which its size names.
    pub(super) fn axis(&mut self, scope: &Scope) -> Option<(Value, usize)> {
        let x = self.value_where(scope, &|_, value| !value.shape.is_empty())?;
        let at = x.shape.len() - 1 - self.choices.below(x.shape.len());
        let at = self.find(scope, &x.shape, &x.shape[at].size)?;
        Some((x, at))
    }

    pub(super) fn along(&mut self, scope: &mut Scope) -> Option<Value> {
        let (x, at) = self.axis(scope)?;
        let (name, axis) = (&x.name, x.shape[at].size.text());
        let mut shape = x.shape.clone();
        let mut length = 1;
        let text = match self.choices.below(5) {
            0 => format!("Softmax({name}, \"{axis}\")"),
            1 => {
                let how = self.choices.pick(&["sum", "mean", "max"]);
                length = self.about(scope, &shape.remove(at).size);
                format!("Reduce({name}, {how}, \"{axis}\")")
            }
            2 => {
                let size = self.less(scope, &shape[at].size.clone());
                shape[at] = shape[at].resized(size.clone());
                length = self.about(scope, &x.shape[at].size);
                format!("TopK({name}, \"{axis}\", \"{}\")", size.text())
            }
            _ => {
                let kind = self.choices.pick(&["rms", "layer", "batch"]);
                match self.choices.below(4) {
                    1 => format!("Norm({name}, {kind}, \"{axis}\", {})", self.flag()),
                    2 => {
                        // Without gains there is no bias.
                        let (bias, gain) = match self.choices.chance(1, 2) {
                            true => (String::from("false"), self.flag()),
                            false => (self.flag(), String::from("true")),
                        };
                        format!("Norm({name}, {kind}, \"{axis}\", {bias}, {gain})")
                    }
                    3 => format!(
                        "Norm(axis: \"{axis}\", x: {name}, gain: {}, kind: {kind})",
                        self.flag()
                    ),
                    _ => format!("Norm({name}, {kind}, \"{axis}\")"),
                }
            }
        };
        let fits = self.fits(scope, &shape, length);
        fits.then(|| self.node(scope, text, &[&x], shape, length))
    }
}
