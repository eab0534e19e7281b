//! Numbers for the symbols of a model, as the verifier of the library draws them.

use dotledger::Model;
use dotledger::sym::Bindings;
use dotledger::verify::draw;
pub(crate) use dotledger::verify::draw::{any, declared_valid, free};
pub(crate) use dotledger::verify::random::Random;

/// More ways to draw.
pub(crate) trait Draw {
    /// One of some things.
    fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T;
}

impl Draw for Random {
    fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.place(things.len())]
    }
}

/// Small numbers at which the declarations of a model hold.
pub(crate) fn small(model: &Model, phase: &str, random: &mut Random, high: i64) -> Bindings {
    let numbers = draw::small(model, phase, (random, high), &Bindings::new(), &[]);
    numbers.unwrap_or_else(|| panic!("no sizes up to {high} fit `{}`", model.name()))
}

/// Wide numbers at which the declarations of a model hold and different symbols differ.
pub(crate) fn wide(model: &Model, random: &mut Random) -> Bindings {
    let numbers = draw::wide(model, random);
    numbers.unwrap_or_else(|| panic!("no wide sizes fit `{}`", model.name()))
}
