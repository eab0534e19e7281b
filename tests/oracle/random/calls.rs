//! Calls in all their forms: once, in rounds, in turn, along an axis, as experts.

use super::blocks::{Called, OwnDim};
use super::build::{Builder, Inside, Scope, Value};
use super::shape::{Axis, Shape};
use super::size::Size;

/// Fields of a call: names and what is written there.
type Fields = Vec<(&'static str, String)>;

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

    fn inputs(&mut self, scope: &Scope) -> Option<Vec<Value>> {
        let mut inputs = vec![self.value(scope)?];
        if self.choices.chance(1, 3) {
            inputs.push(self.value(scope)?);
        }
        Some(inputs)
    }

    /// Writes the node of a call.
    fn called(
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
    fn count(&mut self, scope: &Scope) -> Option<(Size, i64)> {
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

    fn scan(&mut self, scope: &mut Scope) -> Option<Value> {
        let (x, at) = self.axis(scope)?;
        let mut along = x.shape[at].clone();
        let over = along.size.clone();
        let of_a_pass = self.of_a_pass(scope, &over) && !scope.inside.once;
        if !self.is_some(scope, &over) || of_a_pass && (scope.inside.scan || scope.inside.route) {
            return None;
        }
        let mut state: Shape = Vec::new();
        for _ in 0..self.choices.below(3) {
            state.push(Axis::feature(self.some_size(scope)));
        }
        let mut place = x.shape.clone();
        place.remove(at);
        let (mut inputs, mut given) = (vec![x], vec![state.clone(), place]);
        if self.choices.chance(1, 3) {
            let other = self.value(scope)?;
            let mut place = other.shape.clone();
            let cut = self.find(scope, &place, &over);
            if let Some(cut) = cut.filter(|_| !self.choices.chance(1, 3)) {
                along.learn(&place.remove(cut));
            }
            inputs.push(other);
            given.push(place);
        }
        let inside = Inside {
            scan: scope.inside.scan || of_a_pass,
            ..scope.inside
        };
        let times = scope.times * self.about(scope, &over).max(1);
        let states = Value {
            name: String::new(),
            shape: state.clone(),
        };
        let dims = self.own_dims(scope, &[states], false);
        let called = self.new_block(scope, &given, Some(&state), &dims, (inside, times))?;
        let mut shape = carried(
            &Value {
                name: String::new(),
                shape: state,
            },
            &[&called],
        );
        shape.insert(0, along);
        scope.outlasts |= of_a_pass;
        scope.particular |= of_a_pass;
        if !self.fits(scope, &shape, 1) {
            return None;
        }
        let mut fields = vec![("block", called.made.name.clone())];
        fields.push(("over", format!("\"{}\"", over.text())));
        Some(self.called(scope, ("Scan", fields), &[&called], &inputs, shape))
    }

    fn route(&mut self, scope: &mut Scope) -> Option<Value> {
        let inputs = self.inputs(scope)?;
        let rank = inputs[0].shape.len();
        let last = inputs[0].shape.iter().rposition(Axis::is_position);
        if last.map_or(rank == 0, |at| at + 1 == rank) {
            return None;
        }
        let (experts, times) = self.count(scope)?;
        let active = self.less(scope, &experts);
        let dims = self.own_dims(scope, &inputs, false);
        let inside = Inside {
            route: true,
            ..scope.inside
        };
        let called = self.new_block(scope, &shapes(&inputs), None, &dims, (inside, times))?;
        let mut fields = vec![("block", called.made.name.clone())];
        fields.push(("experts", format!("\"{}\"", experts.text())));
        fields.push(("active", format!("\"{}\"", active.text())));
        if self.choices.chance(1, 5) {
            let by = self.some_size(scope).text();
            let share = self.choices.pick(&["5/4", "1", "2", "1/2", ""]);
            let share = if share.is_empty() {
                format!("({by})/2")
            } else {
                share.to_owned()
            };
            fields.push(("capacity", format!("\"{share}\"")));
            self.traits.capacity = true;
        }
        scope.particular = true;
        let shape = called.output();
        self.fits(scope, &shape, 1)
            .then(|| self.called(scope, ("Route", fields), &[&called], &inputs, shape))
    }
}

fn shapes(inputs: &[Value]) -> Vec<Shape> {
    inputs.iter().map(|input| input.shape.clone()).collect()
}

/// What rounds carry: of the sizes of the first input, and of the positions that any round makes.
fn carried(first: &Value, blocks: &[&Called]) -> Shape {
    let mut shape = first.shape.clone();
    for block in blocks {
        for (axis, given) in shape.iter_mut().zip(&block.output()) {
            axis.learn(given);
        }
    }
    shape
}
