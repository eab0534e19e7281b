//! Calls in all their forms: once, in rounds, in turn, along an axis, as experts.

use super::blocks::{Called, OwnDim};
use super::build::{Builder, Scope, Value};
use super::shape::Shape;
use super::size::Size;

/// Fields of a call: names and what is written there.
pub(super) type Fields = Vec<(&'static str, String)>;

impl Builder<'_, '_> {
    pub(super) fn call(&mut self, scope: &mut Scope) -> Option<Value> {
        match self.choices.below(9) {
            0 | 1 => self.call_once(scope),
            2 | 3 => self.repeat(scope),
            4 => self.cycle(scope),
            5 => self.every(scope),
            6 => self.scan(scope),
            _ => self.route(scope),
        }
    }

    pub(super) fn inputs(&mut self, scope: &Scope) -> Option<Vec<Value>> {
        let mut inputs = vec![self.value(scope)?];
        if self.choices.chance(1, 3) {
            inputs.push(self.value(scope)?);
        }
        Some(inputs)
    }

    /// Writes the node of a call.
    pub(super) fn called(
        &mut self,
        scope: &mut Scope,
        (word, mut fields): (&str, Fields),
        called: &[&Called],
        inputs: &[Value],
        shape: Shape,
    ) -> Value {
        for one in called {
            scope.particular |= one.made.particular;
            scope.outlasts |= one.made.outlasts;
        }
        let mut dims: Vec<(&str, String)> = Vec::new();
        for (name, size) in called.iter().flat_map(|one| &one.dims) {
            let name = name.split_once('.').map_or(name.as_str(), |(_, own)| own);
            if !dims.iter().any(|(known, _)| *known == name) {
                dims.push((name, size.text()));
            }
        }
        let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
        let listed = match names.as_slice() {
            [one] if !self.choices.chance(1, 8) => (*one).to_owned(),
            many => format!("[{}]", many.join(", ")),
        };
        fields.push(("inputs", listed));
        if !dims.is_empty() {
            let dims: Vec<String> = dims
                .iter()
                .map(|(name, size)| format!("{name}: \"{size}\""))
                .collect();
            fields.push(("dims", format!("({})", dims.join(", "))));
        }
        let at = fields.iter().position(|(name, _)| *name == "capacity");
        let capacity = at.map(|at| fields.remove(at));
        let named = capacity.is_some() || self.choices.chance(1, 6);
        fields.extend(capacity);
        let fields: Vec<String> = match named {
            true => fields
                .iter()
                .map(|(name, text)| format!("{name}: {text}"))
                .collect(),
            false => fields.into_iter().map(|(_, text)| text).collect(),
        };
        let reads: Vec<&Value> = inputs.iter().collect();
        self.node(
            scope,
            format!("{word}({})", fields.join(", ")),
            &reads,
            shape,
            0,
        )
    }

    fn call_once(&mut self, scope: &mut Scope) -> Option<Value> {
        let known = match self.choices.chance(1, 2) {
            true => self.again(scope),
            false => None,
        };
        let (called, inputs) = match known {
            Some((called, inputs)) => {
                self.work += called.made.work * scope.times;
                (called, inputs)
            }
            None => {
                let inputs = self.inputs(scope)?;
                let dims = self.own_dims(scope, &inputs, false);
                let place = (scope.inside, scope.times);
                (
                    self.new_block(scope, &shapes(&inputs), None, &dims, place)?,
                    inputs,
                )
            }
        };
        let fields = vec![("block", called.made.name.clone())];
        let shape = called.output();
        self.fits(scope, &shape, 1)
            .then(|| self.called(scope, ("Call", fields), &[&called], &inputs, shape))
    }

    /// How many rounds, and how often a block runs in them.
    pub(super) fn count(&mut self, scope: &Scope) -> Option<(Size, i64)> {
        let count = self.some_size(scope);
        let about = self.about(scope, &count).max(1);
        (about <= 4).then_some((count, scope.times * about))
    }

    fn repeat(&mut self, scope: &mut Scope) -> Option<Value> {
        let (count, times) = self.count(scope)?;
        // Of no rounds a walk sees no parameters, which are there all the same.
        let shared = self.choices.chance(1, 3) && self.is_some(scope, &count);
        let known = match self.choices.chance(1, 3) {
            true => self.again(scope).filter(|(called, inputs)| {
                let (given, first) = (called.output(), &inputs[0].shape);
                let mut axes = given.iter().zip(first);
                given.len() == first.len() && axes.all(|(a, b)| self.same(&a.size, &b.size))
            }),
            false => None,
        };
        let (called, inputs) = match known {
            Some((called, inputs)) => {
                self.work += called.made.work * times;
                (called, inputs)
            }
            None => {
                let inputs = self.inputs(scope)?;
                let free = self.phased || !self.symbols.iter().any(|name| name == "i");
                let counts = !shared && free && self.choices.chance(1, 4);
                let dims = self.own_dims(scope, &inputs, counts);
                let first = inputs[0].shape.clone();
                let place = (scope.inside, times);
                let called = self.new_block(scope, &shapes(&inputs), Some(&first), &dims, place)?;
                self.traits.numbered |= counts;
                (called, inputs)
            }
        };
        let mut fields = vec![("block", called.made.name.clone())];
        fields.push(("count", format!("\"{}\"", count.text())));
        let shape = carried(&inputs[0], &[&called]);
        let word = if shared { "Share" } else { "Repeat" };
        Some(self.called(scope, (word, fields), &[&called], &inputs, shape))
    }

    /// Several blocks of the same inputs, of which each gives what it is given first.
    fn blocks_in_turn(
        &mut self,
        scope: &Scope,
        (most, times): (usize, i64),
    ) -> Option<(Vec<Called>, Vec<Value>)> {
        let inputs = self.inputs(scope)?;
        let dims = self.own_dims(scope, &inputs, false);
        let first = inputs[0].shape.clone();
        let mut blocks = Vec::new();
        for at in 0..2 + self.choices.below(most - 1) {
            let dims: &[OwnDim] = if at == 0 || self.choices.chance(1, 2) {
                &dims
            } else {
                &[]
            };
            let place = (scope.inside, times);
            let made = match at > 0 && self.choices.chance(1, 4) {
                true => None,
                false => self.new_block(scope, &shapes(&inputs), Some(&first), dims, place),
            };
            let made = made.or_else(|| blocks.first().cloned())?;
            blocks.push(made);
        }
        Some((blocks, inputs))
    }

    fn cycle(&mut self, scope: &mut Scope) -> Option<Value> {
        let (count, times) = self.count(scope)?;
        let (blocks, inputs) = self.blocks_in_turn(scope, (3, times))?;
        let names: Vec<&str> = blocks.iter().map(|one| one.made.name.as_str()).collect();
        let mut fields = vec![("blocks", format!("[{}]", names.join(", ")))];
        fields.push(("count", format!("\"{}\"", count.text())));
        let called: Vec<&Called> = blocks.iter().collect();
        let shape = carried(&inputs[0], &called);
        Some(self.called(scope, ("Cycle", fields), &called, &inputs, shape))
    }

    fn every(&mut self, scope: &mut Scope) -> Option<Value> {
        let (count, times) = self.count(scope)?;
        let distance = self.some_size(scope);
        let (blocks, inputs) = self.blocks_in_turn(scope, (2, times))?;
        let mut fields = vec![("every", format!("\"{}\"", distance.text()))];
        fields.push(("block", blocks[0].made.name.clone()));
        fields.push(("others", blocks[1].made.name.clone()));
        fields.push(("count", format!("\"{}\"", count.text())));
        let called: Vec<&Called> = blocks.iter().collect();
        let shape = carried(&inputs[0], &called);
        Some(self.called(scope, ("Every", fields), &called, &inputs, shape))
    }
}

pub(super) fn shapes(inputs: &[Value]) -> Vec<Shape> {
    inputs.iter().map(|input| input.shape.clone()).collect()
}

/// What rounds carry: of the sizes of the first input, and of the positions that any round makes.
pub(super) fn carried(first: &Value, blocks: &[&Called]) -> Shape {
    let mut shape = first.shape.clone();
    for block in blocks {
        for (axis, given) in shape.iter_mut().zip(&block.output()) {
            axis.learn(given);
        }
    }
    shape
}
