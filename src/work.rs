//! What an op does: contractions, elementwise arithmetic, weights. Units are types and do not mix.
//!
//! Count and length of dot products are kept apart, and a masked pair of axes is kept as a pair, until a profile counts
//! them. This module knows no op, no node and no graph.

use std::fmt;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::mask::{Mask, Pairs};
use crate::sym::{Poly, Sym};

/// Declares a unit: a formula that adds to its own kind only, and multiplies by a number of repeats.
macro_rules! unit {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name(pub(crate) Poly);

        impl $name {
            /// None of it.
            pub fn zero() -> Self {
                $name(Poly::zero())
            }

            /// The formula.
            pub fn poly(&self) -> &Poly {
                &self.0
            }

            /// As often as `count` says.
            #[must_use]
            pub fn times(&self, count: &Poly) -> Self {
                if count.is_one() { self.clone() } else { $name(&self.0 * count) }
            }
        }

        impl std::ops::Add for $name {
            type Output = $name;
            fn add(self, other: $name) -> $name {
                $name(self.0 + other.0)
            }
        }

        impl std::ops::AddAssign for $name {
            fn add_assign(&mut self, other: $name) {
                self.0 = if self.0.is_zero() { other.0 } else { &self.0 + &other.0 };
            }
        }

        impl std::iter::Sum for $name {
            fn sum<I: Iterator<Item = $name>>(items: I) -> Self {
                $name(Poly::sum(items.map(|item| item.0)))
            }
        }
    };
}

unit!(
    /// Dot products: output scalars of contractions.
    Dots
);
unit!(
    /// Multiply-accumulates: the work inside dots.
    Macs
);
unit!(
    /// Floating-point operations under a profile.
    Flops
);
unit!(
    /// Trainable scalars.
    Params
);
unit!(
    /// Elementwise operations of one or of all kinds.
    Ops
);
unit!(
    /// Scalars that are kept from one pass to the next, or that a pass reads or writes there.
    Stored
);

/// How long the dots of a row are: how many products each sums.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Length {
    /// All dots are of one length.
    Fixed(Poly),
    /// A mask makes them differ; the mean is MACs over dots.
    Varies {
        /// The shortest.
        min: Poly,
        /// The longest.
        max: Poly,
        /// The average, exact; nothing where it is no polynomial, as in rounds that are of different sizes.
        mean: Option<Poly>,
    },
}

impl Length {
    /// Whether a symbol occurs in it.
    pub fn mentions(&self, sym: Sym) -> bool {
        match self {
            Length::Fixed(length) => length.mentions(sym),
            Length::Varies { min, max, .. } => min.mentions(sym) || max.mentions(sym),
        }
    }
}

/// Which side of a masked pair of position axes a contraction sums over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summed {
    /// Neither: a dot for each pair (attention scores).
    Neither,
    /// The keys: a dot for each query, as long as the query sees keys (mixing the values).
    Keys,
    /// Both: one dot over all pairs.
    Both,
}

/// A pair of position axes under a mask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedPair {
    /// The axes and which of their pairs are kept.
    pub axes: MaskedAxes,
    /// Which of the two axes the contraction sums over.
    pub summed: Summed,
}

/// A query axis and a key axis under a mask.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MaskedAxes {
    /// Which pairs are kept.
    pub mask: Mask,
    /// Size of the query axis.
    pub queries: Poly,
    /// Size of the key axis.
    pub keys: Poly,
}

/// A family of dot products that one op computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contraction {
    /// Product of the output sizes, without a masked pair.
    pub outputs: Poly,
    /// Product of the summed sizes, without a masked pair.
    pub summed: Poly,
    /// The pair of axes under a mask, if there is one.
    pub pair: Option<MaskedPair>,
}

/// A [`Contraction`] read under a way of counting masks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// How many dots.
    pub dots: Dots,
    /// How long.
    pub length: Length,
}

impl Contraction {
    /// Dots of one length: `outputs` dots that each sum `summed` products.
    pub fn plain(outputs: Poly, summed: Poly) -> Self {
        Contraction {
            outputs,
            summed,
            pair: None,
        }
    }

    /// Count and length; `pairs` says what is kept of a masked pair of axes, and nothing where there is none.
    pub fn counted(&self, pairs: Option<&Pairs>) -> Counted {
        let (Some(pair), Some(pairs)) = (&self.pair, pairs) else {
            return Counted {
                dots: Dots(self.outputs.clone()),
                length: Length::Fixed(self.summed.clone()),
            };
        };
        let scaled = |keys: &Poly| &self.summed * keys;
        let one = Poly::one();
        let (dots, length) = match pair.summed {
            Summed::Neither => (&pairs.count, Length::Fixed(self.summed.clone())),
            Summed::Both => (&one, Length::Fixed(scaled(&pairs.count))),
            Summed::Keys if pairs.min == pairs.max => {
                (&pair.axes.queries, Length::Fixed(scaled(&pairs.max)))
            }
            Summed::Keys => {
                let length = Length::Varies {
                    min: scaled(&pairs.min),
                    max: scaled(&pairs.max),
                    mean: Some(scaled(&pairs.mean)),
                };
                (&pair.axes.queries, length)
            }
        };
        Counted {
            dots: Dots(&self.outputs * dots),
            length,
        }
    }

    /// The work inside the dots, counted in the same way.
    pub fn macs(&self, pairs: Option<&Pairs>) -> Macs {
        let pairs = pairs.filter(|_| self.pair.is_some());
        let pairs = pairs.map(|pairs| &pairs.count);
        Macs(Poly::product(
            [&self.outputs, &self.summed].into_iter().chain(pairs),
        ))
    }
}

/// A kind of elementwise arithmetic; a profile sets its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Addition or subtraction.
    Add,
    /// Multiplication.
    Mul,
    /// Division.
    Div,
    /// Square root.
    Sqrt,
    /// Exponential.
    Exp,
    /// Logarithm.
    Log,
    /// Hyperbolic tangent.
    Tanh,
    /// Error function.
    Erf,
    /// Comparison: maximum, ReLU.
    Compare,
}

impl Kind {
    /// All kinds, in the order of reports.
    pub const ALL: [Kind; 9] = [
        Kind::Add,
        Kind::Mul,
        Kind::Div,
        Kind::Sqrt,
        Kind::Exp,
        Kind::Log,
        Kind::Tanh,
        Kind::Erf,
        Kind::Compare,
    ];

    /// The word in reports and profiles.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Add => "add",
            Kind::Mul => "mul",
            Kind::Div => "div",
            Kind::Sqrt => "sqrt",
            Kind::Exp => "exp",
            Kind::Log => "log",
            Kind::Tanh => "tanh",
            Kind::Erf => "erf",
            Kind::Compare => "compare",
        }
    }
}

/// What a trainable tensor of an op is for. Gains and biases meet each element of the op's output once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WeightRole {
    /// The second operand of a contraction: a weight matrix, a kernel, a table.
    Operand,
    /// Added to the output.
    Bias,
    /// Scales the output of a norm.
    Gain,
}

/// A trainable tensor that an op owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weight {
    /// What it is for.
    pub role: WeightRole,
    /// Its sizes.
    pub dims: Arc<[Poly]>,
}

impl Weight {
    /// How many scalars.
    pub fn params(&self) -> Params {
        Params(Poly::product(&*self.dims))
    }
}

/// A number that depends on which experts positions choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// When all positions choose the same ones.
    pub lower: Poly,
    /// The mean, when each chooses by chance and apart from the others.
    pub expected: Poly,
    /// When they choose as many as there are.
    pub upper: Poly,
}

/// Which of [`Bounds`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The lower one.
    Lower,
    /// The expected one.
    Expected,
    /// The upper one.
    Upper,
}

impl Bounds {
    /// A number that depends on no choice.
    pub fn certain(number: Poly) -> Self {
        Bounds {
            lower: number.clone(),
            expected: number.clone(),
            upper: number,
        }
    }

    /// One of them.
    pub fn get(&self, bound: Bound) -> &Poly {
        match bound {
            Bound::Lower => &self.lower,
            Bound::Expected => &self.expected,
            Bound::Upper => &self.upper,
        }
    }

    /// Each made another.
    ///
    /// # Errors
    /// The first that fails.
    pub fn try_map<E>(&self, mut make: impl FnMut(&Poly) -> Result<Poly, E>) -> Result<Bounds, E> {
        Ok(Bounds {
            lower: make(&self.lower)?,
            expected: make(&self.expected)?,
            upper: make(&self.upper)?,
        })
    }

    /// The sums, if there is anything to sum.
    pub fn sum<'a>(all: impl Iterator<Item = &'a Bounds> + Clone) -> Option<Bounds> {
        all.clone().next()?;
        let sum = |bound| Poly::sum(all.clone().map(|bounds| bounds.get(bound).clone()));
        Some(Bounds {
            lower: sum(Bound::Lower),
            expected: sum(Bound::Expected),
            upper: sum(Bound::Upper),
        })
    }
}

/// What is kept from one pass to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// A cache, which grows with the positions, up to a window.
    Cache,
    /// The state of a recurrence, of one size at every position.
    State,
}

/// What an op keeps for later passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// As what it is kept.
    pub store: Store,
    /// How much is there after the pass.
    pub held: Stored,
    /// How much earlier passes have left that this one reads.
    pub read: Stored,
    /// How much of what this pass adds stays.
    pub written: Stored,
}

impl Kept {
    /// The state of a recurrence, which a pass reads whole, where one was left, and writes anew.
    pub fn state(scalars: Poly) -> Self {
        let held = Stored(scalars);
        Kept {
            store: Store::State,
            read: held.clone(),
            written: held.clone(),
            held,
        }
    }
}

/// All that one op does, once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Its dot products.
    pub contractions: SmallVec<[Contraction; 1]>,
    /// Its elementwise arithmetic by kind.
    pub elementwise: SmallVec<[(Kind, Ops); 2]>,
    /// Its trainable tensors.
    pub weights: SmallVec<[Weight; 2]>,
    /// What it keeps for later passes, if it keeps anything.
    pub kept: Option<Kept>,
    /// The product that it stands for and does not compute, if it is a lookup.
    pub lookup: Option<Contraction>,
}

impl Work {
    /// An op that moves data and does no arithmetic. Written out, never a default.
    pub fn none() -> Self {
        Work::default()
    }

    /// An op of one family of dots.
    pub fn contraction(contraction: Contraction) -> Self {
        Work {
            contractions: SmallVec::from_iter([contraction]),
            ..Work::default()
        }
    }

    /// An op that keeps scalars for later passes and does no arithmetic.
    pub fn keeping(kept: Kept) -> Self {
        Work {
            kept: Some(kept),
            ..Work::default()
        }
    }

    /// A lookup: it does no arithmetic, and some conventions price the product of one-hot rows that it stands for.
    pub fn lookup(product: Contraction) -> Self {
        Work {
            lookup: Some(product),
            ..Work::default()
        }
    }

    /// Elementwise arithmetic only: so many operations of each kind, `count` times over.
    pub fn elementwise(kinds: impl IntoIterator<Item = (Kind, Poly)>) -> Self {
        Work::none().and(kinds)
    }

    /// Adds elementwise arithmetic, skipping what is zero.
    #[must_use]
    pub fn and(mut self, kinds: impl IntoIterator<Item = (Kind, Poly)>) -> Self {
        for (kind, count) in kinds.into_iter().filter(|(_, count)| !count.is_zero()) {
            match self
                .elementwise
                .iter_mut()
                .find(|(known, _)| *known == kind)
            {
                Some((_, sum)) => *sum = Ops(&sum.0 + &count),
                None => self.elementwise.push((kind, Ops(count))),
            }
        }
        self.elementwise.sort_by_key(|(kind, _)| *kind);
        self
    }

    /// Adds a trainable tensor.
    #[must_use]
    pub fn with_weight(mut self, role: WeightRole, dims: Arc<[Poly]>) -> Self {
        self.weights.push(Weight { role, dims });
        self
    }

    /// Its trainable scalars.
    pub fn params(&self) -> Params {
        self.weights.iter().map(Weight::params).sum()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
