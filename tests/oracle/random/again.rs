//! Blocks that are there already, called with other tensors.

use super::blocks::Called;
use super::build::{Builder, Inside, Made, Scope, Value};
use super::shape::Shape;
use super::size::Size;

impl Builder<'_, '_> {
    /// A block that is there already, and tensors that it can be given.
    pub(super) fn again(&mut self, scope: &Scope) -> Option<(Called, Vec<Value>)> {
        let Inside {
            scan, route, once, ..
        } = scope.inside;
        let known = self.made.iter().filter(|made| {
            !(made.outlasts && (scan || route))
                && !(made.particular && scan)
                && (!once || made.inside.once)
                && (once || !made.inside.once)
        });
        let known: Vec<Made> = known.cloned().collect();
        if known.is_empty() {
            return None;
        }
        let made = self.choices.pick(&known);
        let mut dims: Vec<(String, Size)> = Vec::new();
        let mut inputs = Vec::new();
        for pattern in &made.inputs {
            let value = self.value_where(scope, &|all, value| {
                all.matched(&made, pattern, &value.shape, &dims).is_some()
            })?;
            dims = self.matched(&made, pattern, &value.shape, &dims)?;
            inputs.push(value);
        }
        for name in &made.dims {
            if !dims.iter().any(|(known, _)| known == name) {
                let size = self.some_size(scope);
                dims.push((name.clone(), size));
            }
        }
        Some((Called { made, dims }, inputs))
    }

    /// The dimensions at which a shape is the one that a block declares.
    fn matched(
        &self,
        made: &Made,
        pattern: &Shape,
        shape: &Shape,
        dims: &[(String, Size)],
    ) -> Option<Vec<(String, Size)>> {
        let mut dims = dims.to_vec();
        if pattern.len() != shape.len() {
            return None;
        }
        for (wanted, given) in pattern.iter().zip(shape) {
            if made.particular && wanted.is_position() != given.is_position() {
                return None;
            }
            let open = wanted.size.as_symbol().filter(|name| {
                made.dims.iter().any(|own| own == name)
                    && !dims.iter().any(|(known, _)| known == name)
            });
            match open {
                Some(name) => dims.push((name.to_owned(), given.size.clone())),
                None if self.same(&wanted.size.put(&dims), &given.size) => {}
                None => return None,
            }
        }
        Some(dims)
    }
}
