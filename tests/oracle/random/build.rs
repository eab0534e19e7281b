//! What all parts of the generator work with: the choices, the symbols, the block that is being written.

use super::choices::Choices;
use super::draft::{BlockDraft, Node, Traits};
use super::shape::{Axis, Shape};
use super::size::Size;

/// Most scalars of a tensor, where each symbol is three.
const ELEMENTS: i64 = 200;
/// Most products of an op, over all its runs.
const WORK: i64 = 3000;

/// A tensor that can be read.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) name: String,
    pub(crate) shape: Shape,
}

/// What a block runs in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Inside {
    /// Whether in the cell of a scan over the positions of a pass.
    pub(crate) scan: bool,
    pub(crate) route: bool,
    pub(crate) once: bool,
    pub(crate) depth: usize,
}

/// The block that is being written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) draft: BlockDraft,
    pub(crate) values: Vec<Value>,
    /// Own dimensions, with what they are in the first call, in the symbols of the model.
    pub(crate) dims: Vec<(String, Size)>,
    pub(crate) inside: Inside,
    /// The groups that nodes are written into.
    pub(crate) part: Option<&'static str>,
    pub(crate) group_once: bool,
    /// How often it runs, where each symbol is three.
    pub(crate) times: i64,
    /// Whether something in it holds for the positions of its inputs alone.
    pub(crate) particular: bool,
    /// Whether something in it outlasts a pass.
    pub(crate) outlasts: bool,
}

/// A block that is written, to be called again.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) name: String,
    /// Own dimensions, by the names that they have in no other block.
    pub(crate) dims: Vec<String>,
    pub(crate) inputs: Vec<Shape>,
    pub(crate) output: Shape,
    pub(crate) inside: Inside,
    pub(crate) particular: bool,
    pub(crate) outlasts: bool,
    /// What its ops come to in one run.
    pub(crate) work: i64,
}

pub(crate) struct Builder<'c, 'b> {
    pub(crate) choices: &'c mut Choices<'b>,
    pub(crate) phased: bool,
    /// Symbols that sizes are made of.
    pub(crate) symbols: Vec<String>,
    /// Symbols that stand for a size of others.
    pub(crate) names: Vec<(String, Size)>,
    /// A number for each symbol, at which different sizes differ.
    pub(crate) wide: Vec<(String, i64)>,
    /// Symbols that may be zero.
    pub(crate) vanishing: Vec<String>,
    pub(crate) switches: Vec<String>,
    pub(crate) blocks: Vec<BlockDraft>,
    pub(crate) made: Vec<Made>,
    /// How many blocks have a name.
    pub(crate) named: usize,
    /// How many nodes may still be written.
    pub(crate) left: usize,
    pub(crate) work: i64,
    pub(crate) traits: Traits,
}

impl Builder<'_, '_> {
    /// A size in the words of the caller of all blocks.
    pub(crate) fn spelled(&self, scope: &Scope, size: &Size) -> Size {
        size.put(&scope.dims)
    }

    /// A size without names for others; own dimensions stay.
    pub(crate) fn normal(&self, size: &Size) -> Size {
        size.put(&self.names).put(&self.names)
    }

    pub(crate) fn same(&self, one: &Size, other: &Size) -> bool {
        one == other || self.normal(one) == self.normal(other)
    }

    /// The value of a size where each symbol is three.
    pub(crate) fn about(&self, scope: &Scope, size: &Size) -> i64 {
        let size = self.normal(&self.spelled(scope, size));
        size.value(&|name| match name {
            "n" | "p" | "i" => 2,
            "o" => 1,
            _ => 3,
        })
    }

    /// Whether a size is whole at the wide numbers too.
    pub(crate) fn is_whole(&self, scope: &Scope, size: &Size) -> bool {
        let size = self.normal(&self.spelled(scope, size));
        size.is_whole(&|name| {
            let known = self.wide.iter().find(|(known, _)| known == name);
            known.map_or(60, |(_, value)| *value)
        })
    }

    /// Whether a size is never zero.
    pub(crate) fn is_some(&self, scope: &Scope, size: &Size) -> bool {
        let size = self.normal(&self.spelled(scope, size));
        self.about(scope, &size) > 0
            && !size.mentions(&|name| self.vanishing.iter().any(|zero| zero == name))
    }

    pub(crate) fn elements(&self, scope: &Scope, shape: &[Axis]) -> i64 {
        let sizes = shape
            .iter()
            .map(|axis| self.about(scope, &axis.size).max(1));
        sizes.product()
    }

    /// Whether a tensor of a shape, of which each scalar takes so many products, is small enough to be walked.
    pub(crate) fn fits(&self, scope: &Scope, shape: &[Axis], length: i64) -> bool {
        let elements = self.elements(scope, shape);
        let work = elements
            .saturating_mul(length.max(1))
            .saturating_mul(scope.times);
        shape.len() <= 5 && elements <= ELEMENTS && work <= WORK && self.work + work <= 4 * WORK
    }

    /// Where the axis of a size is, as an op looks for it.
    pub(crate) fn find(&self, scope: &Scope, shape: &[Axis], size: &Size) -> Option<usize> {
        let at = |wanted: &Size, change: &dyn Fn(&Size) -> Size| {
            shape
                .iter()
                .rposition(|axis| self.same(&change(&axis.size), wanted))
        };
        let inside = at(size, &Size::clone);
        let outside = at(&self.spelled(scope, size), &|size| {
            self.spelled(scope, size)
        });
        // Of axes of one size in different words the one in the same words is meant.
        let said = shape.iter().rposition(|axis| axis.size == *size);
        inside.filter(|_| inside == outside && (said.is_none() || said == inside))
    }

    /// Whether a size is of the positions of a pass.
    pub(crate) fn of_a_pass(&self, scope: &Scope, size: &Size) -> bool {
        let set = |name: &str| self.phased && ["n", "p", "o", "s"].contains(&name);
        self.normal(&self.spelled(scope, size)).mentions(&set)
    }

    /// Whether a tensor may be given to what runs now.
    fn usable(&self, scope: &Scope, shape: &[Axis]) -> bool {
        !scope.inside.once || !shape.iter().any(|axis| self.of_a_pass(scope, &axis.size))
    }

    /// A tensor that can be read and is as wanted; the last the likeliest.
    pub(crate) fn value_where(
        &mut self,
        scope: &Scope,
        wanted: &dyn Fn(&Self, &Value) -> bool,
    ) -> Option<Value> {
        let values = scope.values.iter().rev();
        let usable = values.filter(|value| self.usable(scope, &value.shape) && wanted(self, value));
        let usable: Vec<Value> = usable.cloned().collect();
        if usable.is_empty() {
            return None;
        }
        let recent = usable.len().min(3);
        let at = match self.choices.chance(1, 2) {
            true => self.choices.below(usable.len()),
            false => self.choices.below(recent),
        };
        Some(usable[at].clone())
    }

    pub(crate) fn value(&mut self, scope: &Scope) -> Option<Value> {
        self.value_where(scope, &|_, _| true)
    }

    /// A size of a new axis or of an attribute.
    pub(crate) fn some_size(&mut self, scope: &Scope) -> Size {
        let mut known: Vec<Size> = self.symbols.iter().map(|name| Size::symbol(name)).collect();
        known.extend(
            self.names
                .iter()
                .filter(|(name, _)| name != "s")
                .map(|(name, _)| Size::symbol(name)),
        );
        known.extend(scope.dims.iter().map(|(name, _)| Size::symbol(name)));
        known.retain(|size| !self.of_a_pass(scope, size));
        let number = 1 + self.choices.below(4) as i64;
        if known.is_empty() {
            return Size::number(number);
        }
        let symbol = self.choices.pick(&known);
        match self.choices.below(10) {
            6 => Size::number(number),
            7 => symbol.times(&Size::number(number)),
            8 => symbol.plus(&Size::number(number)),
            9 => {
                let other = self.choices.pick(&known);
                symbol.times(&other)
            }
            _ => symbol,
        }
    }

    /// A size that is no more than another, as far as that can be told.
    pub(crate) fn less(&mut self, scope: &Scope, than: &Size) -> Size {
        let one = Size::number(1);
        match self.choices.below(6) {
            0 => one,
            1 if self.about(scope, than) > 1 => than.minus(&one),
            2 if self.phased && than.as_symbol() == Some("n") => Size::symbol("o"),
            3 => {
                let size = self.some_size(scope);
                match self.about(scope, &size) <= self.about(scope, than) {
                    true => size,
                    false => one,
                }
            }
            4 => than.clone(),
            _ => one,
        }
    }

    /// `true`, `false`, a switch, or a choice by one.
    pub(crate) fn flag(&mut self) -> String {
        let known = self.switches.clone();
        match self.choices.below(4) {
            1 => String::from("false"),
            2 if !known.is_empty() => self.choices.pick(&known),
            3 if !known.is_empty() => format!("If({}, true, false)", self.choices.pick(&known)),
            _ => String::from("true"),
        }
    }

    /// Writes a node that gives a tensor, each scalar of it from so many products.
    pub(crate) fn node(
        &mut self,
        scope: &mut Scope,
        text: String,
        reads: &[&Value],
        shape: Shape,
        length: i64,
    ) -> Value {
        let elements = self.elements(scope, &shape);
        self.work += elements.saturating_mul(length.max(1)) * scope.times;
        let name = format!("v{}", scope.draft.nodes.len());
        let (mut text, mut reads): (_, Vec<String>) =
            (text, reads.iter().map(|value| value.name.clone()).collect());
        let other = match !self.switches.is_empty() && self.choices.chance(1, 8) {
            true => self.value_where(scope, &|_, value| value.shape == shape),
            false => None,
        };
        if let Some(other) = other {
            let known = self.switches.clone();
            let switch = self.choices.pick(&known);
            text = match self.choices.chance(1, 2) {
                true => format!("If({switch}, {}, {text})", other.name),
                false => format!("If({switch}, {text}, {})", other.name),
            };
            reads.push(other.name);
        }
        scope.draft.nodes.push(Node {
            name: name.clone(),
            text,
            reads,
            part: scope.part,
            once: scope.group_once,
        });
        self.left = self.left.saturating_sub(1);
        let value = Value { name, shape };
        scope.values.push(value.clone());
        value
    }
}
