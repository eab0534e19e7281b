//! Profiles: conventions under which work becomes FLOPs. A profile is data; `ast` reads it from a RON file.

use crate::mask::MaskCounting;
use crate::part::Part;
use crate::sym::{Coeff, Poly};
use crate::work::{Flops, Kind, Macs, Ops};

/// A convention of counting.
///
/// The FLOPs of a row are those of its MACs, its elementwise arithmetic, its gains and biases, and its lookup, times one
/// pass forward and `backward` passes back; none if its part is left out.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name, in the header of every report.
    pub name: String,
    /// What it counts, in a line.
    pub about: String,
    /// Where the convention comes from.
    pub source: String,
    /// How masks are counted.
    pub masks: MaskCounting,
    /// FLOPs that a multiply-accumulate is priced at.
    pub flops_per_mac: i64,
    /// FLOPs that an elementwise operation of each kind is priced at; kinds that are not listed are free.
    pub elementwise: Vec<(Kind, i64)>,
    /// Prices of whole ops, in place of those of their elementwise arithmetic.
    pub ops: Vec<OpPrice>,
    /// FLOPs for each element that a gain or a bias meets: 2 prices a vector of weights as a matrix of them is priced.
    pub vectors: i64,
    /// What a lookup is priced as.
    pub lookups: Lookups,
    /// Parts whose rows are not priced.
    pub leaves_out: Vec<Part>,
    /// How many forward passes the backward pass costs: 0 for inference, 2 for a step of training.
    pub backward: i64,
}

/// A price of an op by the element of its first input.
#[derive(Clone, Debug)]
pub struct OpPrice {
    /// Which op, `Norm`.
    pub op: &'static str,
    /// With which word, `layer`; with any if there is none.
    pub word: Option<&'static str>,
    /// FLOPs an element.
    pub flops: i64,
}

/// What a lookup in a table is priced as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookups {
    /// Nothing: it moves data.
    Free,
    /// The product of one-hot rows and the table that it stands for.
    Matmul,
}

/// What a profile prices of an op, over all its repeats.
pub(crate) struct Priced<'a> {
    pub(crate) macs: &'a Macs,
    pub(crate) elementwise: &'a [(Kind, Ops)],
    /// What one element is priced at, and how many there are, where the op has a price of its own.
    pub(crate) whole: Option<(i64, Ops)>,
    /// Elements that gains and biases meet, where they are priced.
    pub(crate) vectors: Option<Ops>,
    /// The product that a lookup stands for, where it is priced.
    pub(crate) lookup: Option<Macs>,
}

impl Profile {
    /// The price of an element of an op's first input, if the op, with the word that its attributes choose, is priced as a
    /// whole.
    pub(crate) fn of_op(&self, op: &str, chosen: Option<&str>) -> Option<i64> {
        let mut named = self.ops.iter().filter(|price| price.op == op);
        named
            .find(|price| price.word.is_none() || price.word == chosen)
            .map(|price| price.flops)
    }

    /// What a row costs.
    pub(crate) fn price(&self, work: &Priced<'_>) -> Flops {
        let times = |amount: &Poly, price: i64| amount.scale(&Coeff::from(price));
        let kind_price = |kind: &Kind| {
            let known = self.elementwise.iter().find(|(known, _)| known == kind);
            known.map(|(_, price)| *price)
        };
        let mut costs = vec![times(&work.macs.0, self.flops_per_mac)];
        match &work.whole {
            Some((price, elements)) => costs.push(times(&elements.0, *price)),
            None => {
                costs.extend(work.elementwise.iter().filter_map(|(kind, count)| {
                    kind_price(kind).map(|price| times(&count.0, price))
                }))
            }
        }
        costs.extend(work.vectors.iter().map(|met| times(&met.0, self.vectors)));
        let lookup = work.lookup.iter();
        costs.extend(lookup.map(|product| times(&product.0, self.flops_per_mac)));
        let passes = &Coeff::ONE + &Coeff::from(self.backward);
        Flops(Poly::sum(costs).scale(&passes))
    }
}
