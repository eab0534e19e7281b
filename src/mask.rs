//! Masks: which pairs of a query and a key position an attention contraction visits.
//!
//! A mask is an attribute of a contraction over a pair of position axes. It knows how many pairs it keeps and how many
//! keys a query sees at the least and at the most; it knows no tensor. A new mask is a variant here, its three closed
//! forms and its word in [`Mask::FORMS`].

use crate::sym::{Coeff, Poly};

/// How a mask is counted; a profile chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskCounting {
    /// The pairs that the mask keeps, one by one: causal over n of n positions is `n*(n+1)/2`.
    Exact,
    /// All pairs, as if there were no mask: what a dense kernel executes.
    Full,
    /// Half of all pairs, whatever the mask: the usual approximation of a causal mask, `n*s/2`.
    Half,
}

/// Where the diagonal of a causal mask ends when there are more keys than queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Align {
    /// The last query sees every key: queries are the newest positions. The default.
    BottomRight,
    /// The first query sees one key.
    TopLeft,
}

/// Which pairs of positions are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mask {
    /// A query sees itself and what came before it.
    Causal(Align),
}

/// How many keys the queries of a contraction see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairs {
    /// Pairs of a query and a key in all.
    pub count: Poly,
    /// Keys that the query with the fewest sees.
    pub min: Poly,
    /// Keys that the query with the most sees.
    pub max: Poly,
    /// Keys that a query sees on average: pairs over queries.
    pub mean: Poly,
}

impl Mask {
    /// The masks that a model can write, with what each means.
    pub const FORMS: &'static [(&'static str, &'static str)] = &[(
        "Causal(n, s)",
        "a query of axis `n` sees itself and the keys of axis `s` before it; with more keys than queries the queries are \
         the newest positions (`Causal(queries: n, keys: s, align: bottom_right)`); `align: top_left` is the other reading",
    )];

    /// The pairs kept among `queries` times `keys` positions.
    ///
    /// Causal, aligned at the bottom right, with `p = keys - queries` past positions: `n*p + n*(n+1)/2`.
    pub fn pairs(self, queries: &Poly, keys: &Poly, counting: MaskCounting) -> Pairs {
        let full = || queries * keys;
        match (counting, self) {
            (MaskCounting::Full, _) => Pairs {
                count: full(),
                min: keys.clone(),
                max: keys.clone(),
                mean: keys.clone(),
            },
            (MaskCounting::Half, _) => {
                let mean = keys.scale(&half());
                Pairs {
                    count: queries * &mean,
                    min: mean.clone(),
                    max: mean.clone(),
                    mean,
                }
            }
            (MaskCounting::Exact, Mask::Causal(align)) => {
                let past = match align {
                    Align::BottomRight => keys - queries,
                    Align::TopLeft => Poly::zero(),
                };
                let mean = &past + &(queries + &Poly::one()).scale(&half());
                Pairs {
                    count: queries * &mean,
                    min: &past + &Poly::one(),
                    max: past + queries.clone(),
                    mean,
                }
            }
        }
    }

    /// The size that must not be smaller than another for the closed form to hold: `(larger, smaller)`.
    ///
    /// Aligned at the bottom right every query must have its own key.
    pub fn requires(self, queries: &Poly, keys: &Poly) -> (Poly, Poly) {
        let Mask::Causal(_) = self;
        (keys.clone(), queries.clone())
    }
}

fn half() -> Coeff {
    Coeff::from_ratio(1, 2).expect("two is not zero")
}
