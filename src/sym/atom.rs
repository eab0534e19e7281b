//! What a monomial is made of: a symbol, or an opaque function of polynomials. Must never know how an atom is
//! brought into canonical form (the smart constructors of [`super::Context`] do) or printed.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::limits::{LimitError, MAX_ATOM_DEPTH, MAX_WEIGHT};
use super::{Poly, Sym};

/// A factor of a monomial. Symbols come before opaque atoms.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Atom {
    /// A symbol of the model.
    Sym(Sym),
    /// A function that the polynomial ring does not contain.
    Opaque(Arc<Opaque>),
}

/// The functions a polynomial ring does not contain.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OpaqueKind {
    /// The greatest integer not above `num / den`. A divisor of one term is in lowest terms with the numerator.
    Floor {
        /// Numerator: integer coefficients, no negative exponents when `den` has one term.
        num: Poly,
        /// Denominator.
        den: Poly,
    },
    /// The least of at least two polynomials, sorted, none provably dominated.
    Min(Vec<Poly>),
    /// A power whose exponent is symbolic: one term of coefficient one over an integer.
    Pow {
        /// Base.
        base: Poly,
        /// Exponent.
        exponent: Poly,
    },
    /// A sum without closed form.
    Sum {
        /// The bound variable, named by how many sums are nested in the body.
        index: Sym,
        /// First value of the index.
        lo: Poly,
        /// Last value of the index.
        hi: Poly,
        /// What is summed.
        body: Poly,
    },
    /// The place of a result that exceeded a limit: it absorbs all arithmetic and never evaluates.
    Beyond(LimitError),
}

/// An opaque function with its size and hash at hand.
#[derive(Debug)]
pub struct Opaque {
    kind: OpaqueKind,
    hash: u64,
    depth: usize,
    weight: usize,
    sums: u32,
}

impl Opaque {
    /// Wraps a function whose arguments are canonical.
    ///
    /// # Errors
    /// When an argument is beyond a limit, or the nesting or the size exceeds its own.
    pub(super) fn new(kind: OpaqueKind) -> Result<Opaque, LimitError> {
        let (mut depth, mut weight, mut sums) = (0, 1, 0);
        for argument in kind.arguments() {
            if let Some(limit) = argument.limit() {
                return Err(limit);
            }
            weight += argument.terms().len();
            for inner in argument.opaques() {
                depth = depth.max(inner.depth);
                weight = weight.saturating_add(inner.weight);
                sums = sums.max(inner.sums);
            }
        }
        if depth >= MAX_ATOM_DEPTH {
            return Err(LimitError::AtomDepth);
        }
        if weight > MAX_WEIGHT {
            return Err(LimitError::Weight);
        }
        sums += u32::from(matches!(kind, OpaqueKind::Sum { .. }));
        let mut hasher = DefaultHasher::new();
        kind.hash(&mut hasher);
        Ok(Opaque {
            hash: hasher.finish(),
            depth: depth + 1,
            weight,
            sums,
            kind,
        })
    }

    /// The function and its arguments.
    pub fn kind(&self) -> &OpaqueKind {
        &self.kind
    }

    /// How deep opaque atoms are nested, this one included.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// How many terms it holds, counted through everything nested in it.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    /// How many sums are nested, this one included.
    pub(super) fn sums(&self) -> u32 {
        self.sums
    }
}

impl OpaqueKind {
    /// The polynomials it is a function of.
    pub fn arguments(&self) -> Vec<&Poly> {
        match self {
            OpaqueKind::Floor { num, den } => vec![num, den],
            OpaqueKind::Min(arguments) => arguments.iter().collect(),
            OpaqueKind::Pow { base, exponent } => vec![base, exponent],
            OpaqueKind::Sum { lo, hi, body, .. } => vec![lo, hi, body],
            OpaqueKind::Beyond(_) => Vec::new(),
        }
    }
}

impl Atom {
    /// Whether a symbol occurs, inside opaque atoms too.
    pub(crate) fn mentions(&self, sym: Sym) -> bool {
        match self {
            Atom::Sym(own) => *own == sym,
            Atom::Opaque(opaque) => opaque.kind().arguments().iter().any(|p| p.mentions(sym)),
        }
    }

    /// Whether a value of it depends on that of any symbol.
    pub(super) fn has_symbols(&self) -> bool {
        match self {
            Atom::Sym(_) => true,
            Atom::Opaque(opaque) => {
                let mut arguments = opaque.kind().arguments().into_iter();
                arguments.any(|p| !p.symbols().is_empty())
            }
        }
    }

    /// The opaque function, if it is one.
    pub fn opaque(&self) -> Option<&Arc<Opaque>> {
        match self {
            Atom::Sym(_) => None,
            Atom::Opaque(opaque) => Some(opaque),
        }
    }
}

impl PartialEq for Opaque {
    fn eq(&self, other: &Opaque) -> bool {
        std::ptr::eq(self, other) || (self.hash == other.hash && self.kind == other.kind)
    }
}

impl Eq for Opaque {}

impl Hash for Opaque {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Ord for Opaque {
    fn cmp(&self, other: &Opaque) -> Ordering {
        if std::ptr::eq(self, other) {
            Ordering::Equal
        } else {
            self.kind.cmp(&other.kind)
        }
    }
}

impl PartialOrd for Opaque {
    fn partial_cmp(&self, other: &Opaque) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
