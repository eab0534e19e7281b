//! A ledger read: formulas in the wanted symbols, numbers where all is bound, groups, dot lengths, and the card on top.
//!
//! This is what every report format prints; it holds no text of any format.

use std::sync::Arc;

use crate::dtype::Dtype;
use crate::ledger::Row;
use crate::origin::Origin;
use crate::sym::{Coeff, Poly, Symbols};
use crate::work::Kind;

mod card;
pub mod listing;
mod read;
mod subject;

pub(crate) use read::summarize_of;
pub use read::{Against, Asked, basis_of, summarize};
pub(crate) use subject::Subject;

/// A formula, and its exact value once no symbol is free.
#[derive(Clone, Debug)]
pub struct Quantity {
    /// The formula in the wanted symbols.
    pub poly: Poly,
    /// Its value; a count is an integer, a mean length may be a fraction.
    pub value: Option<Coeff>,
}

/// What rows amount to, as quantities. Few rows have caches or states; what is none of them is there once for all.
#[derive(Clone, Debug)]
pub struct Totals {
    /// Dot products.
    pub dots: Quantity,
    /// Multiply-accumulates.
    pub macs: Quantity,
    /// FLOPs under the profile.
    pub flops: Quantity,
    /// Trainable scalars.
    pub params: Quantity,
    /// Trainable scalars that a position passes through.
    pub params_active: Quantity,
    /// Elementwise operations.
    pub elementwise: Quantity,
    /// Bytes in caches when the phase is over.
    pub kv_cache_bytes: Arc<Quantity>,
    /// Bytes in the states of recurrences when the phase is over.
    pub state_bytes: Arc<Quantity>,
    /// Bytes of caches and states that earlier passes left and the phase reads.
    pub cache_read_bytes: Arc<Quantity>,
    /// Bytes that the phase writes to caches and states.
    pub cache_write_bytes: Arc<Quantity>,
}

/// How long dots are.
#[derive(Clone, Debug)]
pub enum LengthQuantity {
    /// All of one length.
    Fixed(Quantity),
    /// Under a mask.
    Varies {
        /// The shortest.
        min: Quantity,
        /// The longest.
        max: Quantity,
        /// The exact average.
        mean: Option<Quantity>,
    },
}

impl LengthQuantity {
    /// The shortest, the longest and the average, if there is one.
    pub(crate) fn parts(&self) -> Option<[&Quantity; 3]> {
        match self {
            LengthQuantity::Fixed(fixed) => Some([fixed; 3]),
            LengthQuantity::Varies { min, max, mean } => Some([min, max, mean.as_ref()?]),
        }
    }

    /// Their values, if all have one.
    pub(crate) fn values(&self) -> Option<[Coeff; 3]> {
        let [min, max, mean] = self.parts()?;
        Some([min.value.clone()?, max.value.clone()?, mean.value.clone()?])
    }

    /// The length with its numbers for formulas, as far as it has numbers.
    fn as_number(&self) -> LengthQuantity {
        let number = |quantity: &Quantity| Quantity {
            poly: quantity
                .value
                .clone()
                .map_or_else(|| quantity.poly.clone(), Poly::from_coeff),
            value: quantity.value.clone(),
        };
        match self {
            LengthQuantity::Fixed(fixed) => LengthQuantity::Fixed(number(fixed)),
            LengthQuantity::Varies { min, max, mean } => LengthQuantity::Varies {
                min: number(min),
                max: number(max),
                mean: mean.as_ref().map(number),
            },
        }
    }
}

/// All dots of one length.
#[derive(Clone, Debug)]
pub struct LengthGroup {
    /// The length.
    pub length: LengthQuantity,
    /// How many dots.
    pub dots: Quantity,
    /// The work inside them.
    pub macs: Quantity,
}

/// A descriptor of the architecture: layers, heads, parameters.
#[derive(Clone, Debug)]
pub struct Descriptor {
    /// What it is, in words.
    pub name: String,
    /// The model's symbol for it, if there is one.
    pub symbol: Option<String>,
    /// How much it is.
    pub quantity: Quantity,
}

/// A row of the ledger, read.
#[derive(Clone, Debug)]
pub struct SummaryRow<'l> {
    /// The row.
    pub row: &'l Row,
    /// How often it runs.
    pub repeat: Quantity,
    /// How long its dots are, if it has dots.
    pub length: Option<Box<LengthQuantity>>,
    /// What it amounts to over all repeats.
    pub totals: Totals,
    /// Elementwise operations by kind.
    pub elementwise: Vec<(Kind, Quantity)>,
    /// Shapes of its inputs under the phase. What a row gives and others are given is there once.
    pub inputs: Vec<Arc<[Quantity]>>,
    /// Sizes of the weights that it contracts with.
    pub weights: Vec<Arc<[Quantity]>>,
    /// The shape of its output under the phase.
    pub output: Arc<[Quantity]>,
}

/// A way of grouping rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// By part.
    Part,
    /// By direction of mixing.
    Mixing,
    /// By op.
    Op,
    /// By block.
    Block,
    /// By stage of the phase.
    Stage,
}

impl Grouping {
    /// All of them, in the order of reports.
    pub const ALL: [Grouping; 5] = [
        Grouping::Part,
        Grouping::Mixing,
        Grouping::Op,
        Grouping::Block,
        Grouping::Stage,
    ];

    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Grouping::Part => "part",
            Grouping::Mixing => "mixing",
            Grouping::Op => "op",
            Grouping::Block => "block",
            Grouping::Stage => "stage",
        }
    }

    fn key(self, row: &Row) -> &str {
        match self {
            Grouping::Part => row.part.word(),
            Grouping::Mixing => row.mixing.word(),
            Grouping::Op => &row.op,
            Grouping::Block if row.block.is_empty() => "body",
            Grouping::Block => &row.block,
            Grouping::Stage => &row.stage,
        }
    }
}

/// FLOPs under the profile of a report, under another, and what lies between.
#[derive(Clone, Debug)]
pub struct Versus {
    /// Under the profile of the report.
    pub flops: Quantity,
    /// Under the other.
    pub against: Quantity,
    /// The first without the second; it may be negative.
    pub difference: Quantity,
}

/// The FLOPs of a report against those of another profile.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The other profile.
    pub profile: String,
    /// What it counts.
    pub convention: String,
    /// What is compared.
    pub by: Compared,
    /// Each of that, by its name.
    pub entries: Vec<(String, Versus)>,
    /// All rows together.
    pub total: Versus,
}

/// What two profiles are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Row by row.
    Rows,
    /// Group by group.
    Groups(Grouping),
}

impl Compared {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Compared::Rows => "node",
            Compared::Groups(grouping) => grouping.word(),
        }
    }

    fn key(self, row: &Row) -> &str {
        match self {
            Compared::Rows => &row.path,
            Compared::Groups(grouping) => grouping.key(row),
        }
    }
}

/// Everything that a report says.
#[derive(Clone, Debug)]
pub struct Summary<'l> {
    /// The model's name.
    pub model: String,
    /// What its file says of it.
    pub about: String,
    /// The phase.
    pub phase: String,
    /// The profile.
    pub profile: String,
    /// What the profile counts.
    pub convention: String,
    /// The type of the scalars that are stored.
    pub dtype: Dtype,
    /// The preset, if one was chosen.
    pub preset: Option<String>,
    /// The configuration that values are from, if they are from one.
    pub origin: Option<Origin>,
    /// Switches and their values.
    pub switches: Vec<(String, bool)>,
    /// Symbols with a value, in the order of the model.
    pub bindings: Vec<(String, String)>,
    /// When the formulas hold.
    pub valid_when: Vec<String>,
    /// Symbols that are left outside the wanted ones, and why.
    pub stays: Vec<String>,
    /// Descriptors of the architecture.
    pub card: Vec<Descriptor>,
    /// All rows together.
    pub totals: Totals,
    /// Bytes of weights that are read: the fewest, the mean and the most, by what positions choose of experts.
    pub weight_bytes: [Quantity; 3],
    /// Elementwise operations of all rows by kind, without kinds that do not occur.
    pub elementwise: Vec<(Kind, Quantity)>,
    /// Subtotals.
    pub groups: Vec<(Grouping, Vec<(String, Totals)>)>,
    /// The spectrum of dot lengths, in the order of first appearance.
    pub lengths: Vec<LengthGroup>,
    /// The rows.
    pub rows: Vec<SummaryRow<'l>>,
    /// The FLOPs of another profile beside these, if one was asked for.
    pub against: Option<Comparison>,
    /// The symbols that all formulas are written in.
    pub symbols: Symbols,
}
