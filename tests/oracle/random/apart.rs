//! Calls that take tensors apart: a place at a time, or what each expert gets.

use super::build::{Builder, Inside, Scope, Value};
use super::calls::{carried, shapes};
use super::shape::{Axis, Shape};

impl Builder<'_, '_> {
    pub(super) fn scan(&mut self, scope: &mut Scope) -> Option<Value> {
        let (x, at) = self.axis(scope)?;
        let mut along = x.shape[at].clone();
        let over = along.size.clone();
        let of_a_pass = self.of_a_pass(scope, &over) && !scope.inside.once;
        // A walk takes what a caller gives for a number, of which it does not see that it is of a pass.
        let own = over.mentions(&|name| scope.dims.iter().any(|(own, _)| own == name));
        if own && of_a_pass {
            return None;
        }
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

    pub(super) fn route(&mut self, scope: &mut Scope) -> Option<Value> {
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
