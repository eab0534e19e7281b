//! A model as its author wrote it, with the branches of its switches chosen.
//!
//! Names are not resolved and expressions are not read here; every word and text carries its place. This module is data
//! only; [`super::read`] fills it from the tree of a file.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::diag::Span;
use crate::mask::MaskForm;
use crate::ops::OpDef;
use crate::part::{Part, Role};

/// A bare name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word<'s> {
    pub(crate) text: &'s str,
    pub(crate) span: Span,
}

/// A quoted text or a number: an expression, an equation, a description.
#[derive(Clone, Debug)]
pub(crate) struct Text<'s> {
    pub(crate) text: Cow<'s, str>,
    pub(crate) span: Span,
}

/// A whole model file.
#[derive(Debug)]
pub(crate) struct Model<'s> {
    pub(crate) name: Text<'s>,
    pub(crate) about: Option<Text<'s>>,
    pub(crate) phases: Vec<Phase<'s>>,
    pub(crate) symbols: Vec<Symbol<'s>>,
    pub(crate) relations: Vec<Text<'s>>,
    pub(crate) switches: Vec<Switch<'s>>,
    pub(crate) presets: Vec<Preset<'s>>,
    pub(crate) blocks: Vec<Block<'s>>,
    pub(crate) body: Block<'s>,
    /// Names in branches of `If` that do not hold, outside of blocks or around them.
    pub(crate) passed_over: BTreeSet<String>,
}

/// A phase that a model runs in: one of the table by its name, or one of its own.
#[derive(Debug)]
pub(crate) struct Phase<'s> {
    pub(crate) name: Word<'s>,
    pub(crate) own: Option<Stage<'s>>,
}

/// What a phase of a model's own sets.
#[derive(Debug)]
pub(crate) struct Stage<'s> {
    pub(crate) new: Text<'s>,
    pub(crate) past: Text<'s>,
    pub(crate) wanted: Text<'s>,
    pub(crate) steps: Option<Text<'s>>,
}

/// A declared symbol.
#[derive(Debug)]
pub(crate) struct Symbol<'s> {
    pub(crate) name: Word<'s>,
    pub(crate) role: Option<Role>,
    pub(crate) doc: String,
    pub(crate) min: i64,
    pub(crate) max: Option<i64>,
    pub(crate) definition: Option<Text<'s>>,
}

/// A switch with the value it has here.
#[derive(Debug)]
pub(crate) struct Switch<'s> {
    pub(crate) name: Word<'s>,
    pub(crate) on: bool,
    /// Whether anything that was read asked for it.
    pub(crate) decides: bool,
}

/// A named set of values.
#[derive(Debug)]
pub(crate) struct Preset<'s> {
    pub(crate) name: Word<'s>,
    pub(crate) values: Vec<(Word<'s>, Text<'s>)>,
}

/// A block, or the body of the model.
#[derive(Debug)]
pub(crate) struct Block<'s> {
    pub(crate) name: Word<'s>,
    pub(crate) part: Option<Part>,
    pub(crate) dims: Vec<Word<'s>>,
    pub(crate) inputs: Vec<(Word<'s>, Text<'s>)>,
    pub(crate) nodes: Vec<Node<'s>>,
    /// Absent where it could not be read, which is reported.
    pub(crate) output: Option<Word<'s>>,
    /// Names that stand only in branches of `If` that do not hold may be among these.
    pub(crate) passed_over: BTreeSet<String>,
}

/// A node of a block.
#[derive(Debug)]
pub(crate) struct Node<'s> {
    pub(crate) name: Word<'s>,
    pub(crate) part: Option<Part>,
    /// Whether it is computed once a request, when nothing is past.
    pub(crate) once: bool,
    pub(crate) span: Span,
    pub(crate) value: Value<'s>,
}

/// What a node is.
#[derive(Debug)]
pub(crate) enum Value<'s> {
    /// Another name for a node.
    Alias(Word<'s>),
    /// An op with what its fields hold, in the order of its fields.
    Op(&'static OpDef, Vec<Option<Given<'s>>>),
    /// A block, once or several times over.
    Call(Box<Call<'s>>),
    /// What could not be read; it is reported already.
    Broken,
}

/// A block in use.
#[derive(Debug)]
pub(crate) struct Call<'s> {
    /// The block; several for a pattern of layers.
    pub(crate) blocks: Vec<Word<'s>>,
    pub(crate) pattern: Pattern<'s>,
    pub(crate) inputs: Vec<Word<'s>>,
    pub(crate) dims: Vec<(Word<'s>, Text<'s>)>,
}

/// How the blocks of a call run.
#[derive(Debug)]
pub(crate) enum Pattern<'s> {
    /// The block once.
    Once,
    /// The block as experts: how many there are, how many a position passes, and how much room each has for its positions, in
    /// shares of what would be even.
    Route {
        experts: Text<'s>,
        active: Text<'s>,
        capacity: Option<Text<'s>>,
    },
    /// So many rounds; the first input is carried from one to the next. For `Every`: the distance of two rounds of the
    /// first block; the second block runs in between. For `Share`: all rounds have the same parameters.
    Rounds {
        count: Text<'s>,
        every: Option<Text<'s>>,
        shared: bool,
    },
    /// The block once for each place along an axis of this size; its first input is the state.
    Scan { over: Text<'s> },
}

/// What a field of an op holds.
#[derive(Debug)]
pub(crate) enum Given<'s> {
    Nodes(Vec<Word<'s>>),
    Text(Text<'s>),
    /// One of the words that the field takes.
    Word(&'static str, Span),
    Flag(bool, Span),
    Mask(Option<Box<MaskWords<'s>>>, Span),
}

/// A mask as written.
#[derive(Debug)]
pub(crate) struct MaskWords<'s> {
    pub(crate) form: &'static MaskForm,
    pub(crate) queries: Word<'s>,
    pub(crate) keys: Word<'s>,
    pub(crate) size: Option<Text<'s>>,
    pub(crate) choice: &'static str,
}
