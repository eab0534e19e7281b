//! Masks: which pairs of a query and a key position an attention contraction visits.
//!
//! A mask is an attribute of a contraction over a pair of position axes. Queries are the newest of the positions that
//! the keys span, unless an alignment says otherwise: with `n` queries and `s` keys there are `p = s - n` past ones, and a
//! query stands at one of the places `p .. s`. A mask knows how many pairs it keeps and how many keys a query sees at the
//! least and at the most; it knows no tensor. A new mask is a variant, its closed forms in [`Mask::pairs`] and its entry in
//! [`FORMS`].

use crate::sym::{AlgebraError, Coeff, Context, Poly};

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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Mask {
    /// A query sees itself and what came before it.
    Causal(Align),
    /// A query sees itself and what came before it, the last `size` positions in all.
    Window(Poly),
    /// A query sees the positions of its own chunk of `size`, before and after it.
    Chunk(Poly),
    /// A query sees itself and what came before it in its own chunk of `size`.
    ChunkCausal(Poly),
    /// A query sees the first `size` positions, itself and what came before it.
    Prefix(Poly),
}

/// How a mask is written in a model.
#[derive(Debug)]
pub struct MaskForm {
    /// Its word.
    pub name: &'static str,
    /// The field that holds a size, for masks that have one.
    pub size: Option<&'static str>,
    /// A field that holds one of some words, for masks that have one; the first word is meant where it is left out.
    pub choice: Option<(&'static str, &'static [&'static str])>,
    /// What it means, for the reference.
    pub doc: &'static str,
    /// Makes the mask of its size and its choice.
    pub build: fn(Poly, &str) -> Mask,
}

/// Every mask that a model can write.
pub static FORMS: &[MaskForm] = &[
    MaskForm {
        name: "Causal",
        size: None,
        choice: Some(("align", &["bottom_right", "top_left"])),
        doc: "a query sees itself and the keys before it; with more keys than queries the queries are the newest \
              positions, or with `top_left` the oldest",
        build: |_, align| {
            Mask::Causal(if align == "top_left" {
                Align::TopLeft
            } else {
                Align::BottomRight
            })
        },
    },
    MaskForm {
        name: "Window",
        size: Some("size"),
        choice: None,
        doc: "a query sees itself and the keys before it, the last `size` in all",
        build: |size, _| Mask::Window(size),
    },
    MaskForm {
        name: "Chunk",
        size: Some("size"),
        choice: Some(("within", &["causal", "full"])),
        doc: "positions fall into chunks of `size`; a query sees itself and the keys before it in its own chunk, or with \
              `full` its whole chunk",
        build: |size, within| {
            if within == "full" {
                Mask::Chunk(size)
            } else {
                Mask::ChunkCausal(size)
            }
        },
    },
    MaskForm {
        name: "Prefix",
        size: Some("size"),
        choice: None,
        doc: "a query sees the first `size` keys, itself and the keys before it",
        build: |size, _| Mask::Prefix(size),
    },
];

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

impl Pairs {
    /// Every query sees as many keys.
    fn equal(queries: &Poly, keys: Poly) -> Self {
        Pairs {
            count: queries * &keys,
            min: keys.clone(),
            max: keys.clone(),
            mean: keys,
        }
    }
}

impl Mask {
    /// The pairs kept among `queries` times `keys` positions.
    ///
    /// With `n` queries and `p = keys - queries` past positions:
    /// - causal: `n*p + n*(n+1)/2`
    /// - window of `w`: `m*p + m*(m+1)/2 + (n-m)*w` with `m = clamp(w-p, 0, n)`, the queries that see less than a window
    /// - chunks of `c`: `c*(n-t) + r*t` with `r = s mod c` and `t = min(n, r)`, the queries in the last, shorter chunk
    /// - causal in chunks of `c`: `f(s) - f(p)` with `f(x) = floor(x/c)*c*(c+1)/2 + r*(r+1)/2` and `r = x mod c`
    /// - prefix of `q`: the causal pairs and `u*(u-1)/2` with `u = clamp(q-p, 0, n)`, the queries inside the prefix
    ///
    /// # Errors
    /// When a formula exceeds a limit of the algebra; when the queries are a sum and the mask has no mean that is a formula
    /// then, which is any but a causal one.
    pub fn pairs(
        &self,
        queries: &Poly,
        keys: &Poly,
        counting: MaskCounting,
        cx: &mut Context<'_>,
    ) -> Result<Pairs, AlgebraError> {
        match counting {
            MaskCounting::Full => return Ok(Pairs::equal(queries, keys.clone())),
            MaskCounting::Half => return Ok(Pairs::equal(queries, halved(keys))),
            MaskCounting::Exact => {}
        }
        let (one, past) = (Poly::one(), keys - queries);
        let (count, min, max) = match self {
            Mask::Causal(Align::BottomRight) => return Ok(triangle(queries, &past)),
            Mask::Causal(Align::TopLeft) => return Ok(triangle(queries, &Poly::zero())),
            Mask::Window(size) => {
                let short = cx.clamp(&(size - &past), &Poly::zero(), queries);
                let count = &short * &past
                    + halved(&(&short * &(&short + &one)))
                    + (queries - &short) * size;
                let min = cx.min(&[&past + &one, size.clone()]);
                let max = cx.min(&[keys.clone(), size.clone()]);
                (count, min, max)
            }
            Mask::Chunk(size) => {
                let rest = cx.modulo(keys, size)?;
                let last = cx.min(&[queries.clone(), rest.clone()]);
                let count = size * &(queries - &last) + &rest * &last;
                let start = cx.floor_div(&past, size)?;
                let start_of_last = cx.floor_div(&(keys - &one), size)?;
                let min = keys - &(size * &start_of_last);
                let max = cx.min(&[size.clone(), keys - &(size * &start)]);
                (count, min, max)
            }
            Mask::ChunkCausal(size) => {
                let count = up_to(keys, size, cx)? - up_to(&past, size, cx)?;
                let first = cx.ceil_div(&past, size)? * size.clone();
                let opens = cx.clamp(&(keys - &first), &Poly::zero(), &one);
                let min = &one + &((&one - &opens) * cx.modulo(&past, size)?);
                let filled = cx.floor_div(&past, size)? * size.clone() + size.clone() - one.clone();
                let fills = cx.clamp(&(keys - &filled), &Poly::zero(), &one);
                let end = cx.modulo(&(keys - &one), size)? + one.clone();
                let max = size * &fills + (&one - &fills) * end;
                (count, min, max)
            }
            Mask::Prefix(size) => {
                let inside = cx.clamp(&(size - &past), &Poly::zero(), queries);
                let count = triangle(queries, &past).count + halved(&(&inside * &(&inside - &one)));
                let seen = cx.min(&[size.clone(), keys.clone()]);
                let min = cx.max(&[&past + &one, seen]);
                (count, min, keys.clone())
            }
        };
        Ok(Pairs {
            mean: cx.divide_freely(&count, queries)?,
            count,
            min,
            max,
        })
    }

    /// The same mask with its size put through `change`.
    ///
    /// # Errors
    /// What `change` refuses.
    pub fn resized<E>(&self, change: impl FnOnce(&Poly) -> Result<Poly, E>) -> Result<Mask, E> {
        Ok(match self {
            Mask::Causal(align) => Mask::Causal(*align),
            Mask::Window(size) => Mask::Window(change(size)?),
            Mask::Chunk(size) => Mask::Chunk(change(size)?),
            Mask::ChunkCausal(size) => Mask::ChunkCausal(change(size)?),
            Mask::Prefix(size) => Mask::Prefix(change(size)?),
        })
    }

    /// The same mask where queries come one at a time: what stands after a query is not there yet.
    #[must_use]
    pub fn stepwise(self) -> Mask {
        match self {
            Mask::Prefix(_) => Mask::Causal(Align::BottomRight),
            Mask::Chunk(size) => Mask::ChunkCausal(size),
            causal => causal,
        }
    }

    /// What must be at least one for the mask to mean something: its size, if it has one that may not be none.
    pub fn positive(&self) -> Option<&Poly> {
        match self {
            Mask::Causal(_) | Mask::Prefix(_) => None,
            Mask::Window(size) | Mask::Chunk(size) | Mask::ChunkCausal(size) => Some(size),
        }
    }
}

/// Causal pairs of `queries` after `past` positions; the mean is exact whatever the queries are.
fn triangle(queries: &Poly, past: &Poly) -> Pairs {
    let mean = past + &halved(&(queries + &Poly::one()));
    Pairs {
        count: queries * &mean,
        min: past + &Poly::one(),
        max: past + queries,
        mean,
    }
}

/// Causal pairs inside chunks of `size` among the first `positions`.
fn up_to(positions: &Poly, size: &Poly, cx: &mut Context<'_>) -> Result<Poly, AlgebraError> {
    let chunks = cx.floor_div(positions, size)?;
    let rest = positions - &(&chunks * size);
    let full = &chunks * &(size * &(size + &Poly::one()));
    Ok(halved(&(full + &rest * &(&rest + &Poly::one()))))
}

fn halved(poly: &Poly) -> Poly {
    poly.scale(&Coeff::from_ratio(1, 2).expect("two is not zero"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sym::{Bindings, Domain, Symbols};

    /// Whether a query at place `at` sees the key at place `key`, as each mask says in words.
    fn sees(mask: &str, at: i64, key: i64, size: i64) -> bool {
        let before = key <= at;
        let same_chunk = at / size == key / size;
        match mask {
            "Causal" => before,
            "Window" => before && key > at - size,
            "Chunk causal" => before && same_chunk,
            "Chunk full" => same_chunk,
            _ => before || key < size,
        }
    }

    #[test]
    fn closed_forms_are_what_a_walk_over_the_mask_counts() {
        let mut symbols = Symbols::new();
        let mut symbol = |name, min| {
            let domain = Domain { min, max: None };
            symbols.declare(name, domain).expect("a new name")
        };
        let (n, p, w) = (symbol("n", 1), symbol("p", 0), symbol("W", 1));
        let (queries, past, size) = (Poly::symbol(n), Poly::symbol(p), Poly::symbol(w));
        let keys = &past + &queries;
        let mut cx = Context::new(&symbols);
        for (word, mask) in [
            ("Causal", Mask::Causal(Align::BottomRight)),
            ("Window", Mask::Window(size.clone())),
            ("Chunk causal", Mask::ChunkCausal(size.clone())),
            ("Chunk full", Mask::Chunk(size.clone())),
            ("Prefix", Mask::Prefix(size.clone())),
        ] {
            let pairs = mask
                .pairs(&queries, &keys, MaskCounting::Exact, &mut cx)
                .expect("small formulas");
            for (new, old, wide) in
                (1..8).flat_map(|a| (0..8).flat_map(move |b| (1..8).map(move |c| (a, b, c))))
            {
                let values = Bindings::from_iter([(n, new), (p, old), (w, wide)]);
                let seen: Vec<i64> = (old..old + new)
                    .map(|at| {
                        (0..old + new)
                            .filter(|key| sees(word, at, *key, wide))
                            .count() as i64
                    })
                    .collect();
                let at = |poly: &Poly| poly.eval(&values, &symbols).expect("bound");
                let told = [&pairs.count, &pairs.min, &pairs.max].map(at);
                let walked = [
                    seen.iter().sum(),
                    seen.iter().copied().min().unwrap_or(0),
                    seen.iter().copied().max().unwrap_or(0),
                ];
                assert_eq!(
                    told,
                    walked.map(Coeff::from),
                    "{word} n={new} p={old} W={wide}"
                );
                assert_eq!(
                    Some(at(&pairs.mean)),
                    Coeff::from_ratio(walked[0], new),
                    "{word}"
                );
            }
        }
    }

    #[test]
    fn a_window_over_32768_positions_keeps_33030656_pairs() {
        let symbols = Symbols::new();
        let mut cx = Context::new(&symbols);
        let all = Poly::int(32768);
        let pairs = Mask::Window(Poly::int(1024)).pairs(&all, &all, MaskCounting::Exact, &mut cx);
        assert_eq!(pairs.expect("numbers").count, Poly::int(33_030_656));
    }
}
