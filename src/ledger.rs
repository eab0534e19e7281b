//! The ledger: a row for each op, in totals over all repeats, under one phase and one profile.

use std::hash::Hash;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use smallvec::SmallVec;

use crate::dtype::Dtype;
use crate::formula::Formula;
use crate::part::{Mixing, Part};
use crate::shape::Shape;
use crate::sym::{Bindings, Conditions, Poly, Subst, Symbols};
use crate::work::{Bound, Bounds, Dots, Flops, Kind, Length, Macs, Ops, Params, Stored};

/// What a row, a group of rows or a whole ledger amounts to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amounts {
    /// Dot products.
    pub dots: Dots,
    /// Multiply-accumulates.
    pub macs: Macs,
    /// FLOPs under the profile.
    pub flops: Flops,
    /// Trainable scalars.
    pub params: Params,
    /// Of those, the ones that a position passes through: of experts the active ones.
    pub params_active: Params,
    /// Elementwise operations of all kinds.
    pub elementwise: Ops,
    /// Scalars in caches when the phase is over.
    pub cached: Stored,
    /// Scalars in the states of recurrences when the phase is over.
    pub state: Stored,
    /// Scalars of caches and states that were left by earlier passes and are read.
    pub cache_read: Stored,
    /// Scalars that are written to caches and states.
    pub cache_written: Stored,
}

/// An op as the author wrote it, over all its repeats.
///
/// A block that is called from several places with the same shapes has its rows once, under the path of the first place;
/// `repeat` sums over all of them.
#[derive(Clone, Debug)]
pub struct Row {
    /// Names of calls and of the node: `layers.q`.
    pub path: String,
    /// The stage of the phase that it runs in; a phase of several stages has a row for each.
    pub stage: Arc<str>,
    /// What the phase and the caller put in place of symbols; the amounts have it already, the shapes not.
    pub phase: Subst,
    /// The block that the node is written in; empty for the body of the model.
    pub block: Arc<str>,
    /// The op: `linear`.
    pub op: Arc<str>,
    /// Its part.
    pub part: Part,
    /// Whether it mixes positions.
    pub mixing: Mixing,
    /// How often it runs, in all steps of its stage.
    pub repeat: Poly,
    /// Shapes of its inputs, before the phase is put in.
    pub inputs: SmallVec<[Arc<Shape>; 2]>,
    /// Sizes of the weights that it contracts with.
    pub weights: SmallVec<[Arc<[Poly]>; 1]>,
    /// Shape of its output, before the phase is put in.
    pub output: Arc<Shape>,
    /// How long its dots are, if it has dots.
    pub length: Option<Length>,
    /// Elementwise operations by kind.
    pub elementwise: Vec<(Kind, Ops)>,
    /// Trainable scalars that are read, each once a pass, and of tables the rows that are looked up; nothing for an op that
    /// reads none.
    pub weights_read: Option<Box<Bounds>>,
    /// Totals over all repeats and steps; parameters are counted in the first stage.
    pub amounts: Amounts,
}

/// All rows of a model under a phase and a profile.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The rows in the author's order.
    pub rows: Vec<Row>,
    /// The shape of the result.
    pub result: Arc<Shape>,
    /// The symbols that the formulas are written in.
    pub symbols: Symbols,
    /// What the last stage of the phase and the caller put in place of symbols of the result.
    pub phase: Subst,
    /// When the formulas hold.
    pub conditions: Conditions,
    /// Symbols that have a number.
    pub numbers: Bindings,
    /// Whether counts are integers; a profile that takes half of all pairs can leave half a dot.
    pub whole: bool,
}

impl Amounts {
    /// Nothing.
    pub fn zero() -> Amounts {
        Amounts {
            dots: Dots::zero(),
            macs: Macs::zero(),
            flops: Flops::zero(),
            params: Params::zero(),
            params_active: Params::zero(),
            elementwise: Ops::zero(),
            cached: Stored::zero(),
            state: Stored::zero(),
            cache_read: Stored::zero(),
            cache_written: Stored::zero(),
        }
    }

    /// The sum of rows, each weighing its amounts.
    pub fn of<'a>(rows: impl Iterator<Item = &'a Amounts> + Clone) -> Amounts {
        let sum = |pick: fn(&Amounts) -> &Poly| Poly::sum(rows.clone().map(pick));
        Amounts {
            dots: Dots(sum(|a| &a.dots.0)),
            macs: Macs(sum(|a| &a.macs.0)),
            flops: Flops(sum(|a| &a.flops.0)),
            params: Params(sum(|a| &a.params.0)),
            params_active: Params(sum(|a| &a.params_active.0)),
            elementwise: Ops(sum(|a| &a.elementwise.0)),
            cached: Stored(sum(|a| &a.cached.0)),
            state: Stored(sum(|a| &a.state.0)),
            cache_read: Stored(sum(|a| &a.cache_read.0)),
            cache_written: Stored(sum(|a| &a.cache_written.0)),
        }
    }
}

impl Ledger {
    /// What all rows amount to.
    pub fn total(&self) -> Amounts {
        Amounts::of(self.rows.iter().map(|row| &row.amounts))
    }

    fn sum(&self, pick: fn(&Amounts) -> &Poly) -> Poly {
        Poly::sum(self.rows.iter().map(|row| pick(&row.amounts)))
    }

    /// A formula of this ledger, such as one of a row, with the conditions and values that belong to it.
    pub fn formula(&self, poly: &Poly) -> Formula {
        Formula::new(
            poly.clone(),
            self.symbols.clone(),
            self.conditions.clone(),
            self.numbers.clone(),
        )
        .counting(self.whole)
    }

    /// Dot products of all rows.
    pub fn dots(&self) -> Formula {
        self.formula(&self.sum(|amounts| amounts.dots.poly()))
    }

    /// Multiply-accumulates of all rows.
    pub fn macs(&self) -> Formula {
        self.formula(&self.sum(|amounts| amounts.macs.poly()))
    }

    /// FLOPs of all rows, under the profile of the ledger.
    pub fn flops(&self) -> Formula {
        self.formula(&self.sum(|amounts| amounts.flops.poly()))
    }

    /// Trainable scalars of all rows, shared ones once.
    pub fn params(&self) -> Formula {
        self.formula(&self.sum(|amounts| amounts.params.poly()))
    }

    /// Trainable scalars that a position passes through: of experts the active ones, of tables all.
    pub fn params_active(&self) -> Formula {
        self.formula(&self.sum(|amounts| amounts.params_active.poly()))
    }

    fn bytes(&self, pick: fn(&Amounts) -> &Poly, dtype: Dtype) -> Formula {
        self.stored(&self.sum(pick), dtype)
    }

    /// The bytes of a number of scalars: whole where each scalar takes a whole number.
    fn stored(&self, scalars: &Poly, dtype: Dtype) -> Formula {
        let each = dtype.bytes();
        let formula = self.formula(&scalars.scale(&each));
        formula.counting(self.whole && each.is_integer())
    }

    /// Bytes in caches when the phase is over, at a type of scalar.
    pub fn kv_cache_bytes(&self, dtype: Dtype) -> Formula {
        self.bytes(|amounts| amounts.cached.poly(), dtype)
    }

    /// Bytes in the states of recurrences when the phase is over, at a type of scalar.
    pub fn state_bytes(&self, dtype: Dtype) -> Formula {
        self.bytes(|amounts| amounts.state.poly(), dtype)
    }

    /// Bytes of caches and states that the phase finds there and reads, at a type of scalar.
    pub fn cache_read_bytes(&self, dtype: Dtype) -> Formula {
        self.bytes(|amounts| amounts.cache_read.poly(), dtype)
    }

    /// Bytes that the phase writes to caches and states, at a type of scalar.
    pub fn cache_write_bytes(&self, dtype: Dtype) -> Formula {
        self.bytes(|amounts| amounts.cache_written.poly(), dtype)
    }

    /// Bytes of weights that are read, each weight once a pass and of tables the rows that are looked up. Of `E` experts of
    /// which each of `n` positions chooses `k`, at least `k` are read, `E*(1 - (1 - k/E)^n)` in the mean, should each position
    /// choose by chance and apart from the others, and at most `min(E, k*n)`.
    pub fn weight_bytes(&self, bound: Bound, dtype: Dtype) -> Formula {
        let read = self
            .rows
            .iter()
            .filter_map(|row| row.weights_read.as_deref());
        let sum = Poly::sum(read.map(|bounds| bounds.get(bound)));
        let formula = self.stored(&sum, dtype);
        match bound {
            // An average of counts is no count.
            Bound::Expected => formula.counting(false),
            Bound::Lower | Bound::Upper => formula,
        }
    }

    /// The rows that `keep` keeps, as a ledger of their own.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&Row) -> bool) -> Ledger {
        let rows = self.rows.iter().filter(|row| keep(row)).cloned().collect();
        Ledger {
            rows,
            ..self.clone()
        }
    }

    /// Rows in groups of equal keys, groups in the order of their first rows.
    pub fn groups<'l, K: Hash + Eq + Clone>(
        &'l self,
        key: impl Fn(&'l Row) -> K,
    ) -> Vec<(K, Vec<&'l Row>)> {
        grouped(&self.rows, key)
    }
}

/// Things in groups of equal keys, groups in the order of their first things.
pub(crate) fn grouped<'t, T, K: Hash + Eq + Clone>(
    things: &'t [T],
    key: impl Fn(&'t T) -> K,
) -> Vec<(K, Vec<&'t T>)> {
    let mut index: HashMap<K, usize> = HashMap::new();
    let mut groups: Vec<(K, Vec<&T>)> = Vec::new();
    for thing in things {
        let key = key(thing);
        let at = *index.entry(key.clone()).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        groups[at].1.push(thing);
    }
    groups
}
