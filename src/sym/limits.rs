//! The named limits of the algebra: what may be asked of it before it answers with an error instead of
//! hanging. Must never know what a formula means.

use std::fmt;

/// Largest absolute exponent of an atom in a monomial.
pub const MAX_EXPONENT: u32 = 4096;
/// Most different atoms one monomial may have.
pub const MAX_FACTORS: usize = 1000;
/// Most terms one polynomial may have.
pub const MAX_TERMS: usize = 200_000;
/// Most bits the numerator or denominator of one number may have.
pub const MAX_BITS: usize = 1 << 20;
/// Most bits of a coefficient inside a formula.
pub const MAX_COEFF_BITS: usize = 1 << 15;
/// Deepest nesting of opaque atoms.
pub const MAX_ATOM_DEPTH: usize = 64;
/// Deepest nesting of a text or of definitions. An atom is printed with three brackets around what it holds at the most, so
/// that every formula that is printed can be read again.
pub const MAX_DEPTH: usize = 3 * MAX_ATOM_DEPTH;
/// Most terms one opaque atom may hold, counted through everything nested in it.
pub const MAX_WEIGHT: usize = 200_000;
/// Most arguments of one `min` or `max`.
pub const MAX_ARGS: usize = 64;
/// Most steps a sum that has no closed form may take when it is evaluated.
pub const MAX_SUM_STEPS: usize = 100_000;
/// Most bits that all numbers of one evaluation may have together. A long number counts for more than its bits, as
/// arithmetic with it takes longer.
pub const MAX_WORK_BITS: usize = 1 << 29;
/// Highest degree in the index that a sum closes by Faulhaber's formula.
pub const MAX_SUM_DEGREE: u32 = 32;
/// Most digits of a number in a text: every coefficient that is printed can be read again.
pub const MAX_DIGITS: usize = 10_000;
/// Most terms that all definitions of a model may expand to, taken together.
pub const MAX_DEFINITION_TERMS: usize = 1_000_000;

/// Most steps that the formulas of one call may take together: reading a model, entering its ledger, or all of a command.
/// A step is a factor of a term, or a word of a number, in any sum or product on the way.
pub const MAX_STEPS: usize = 5_000_000;
/// Most bytes of a name.
pub const MAX_NAME: usize = 200;

/// Something exceeded one of the named constants in this module.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LimitError {
    /// [`MAX_EXPONENT`].
    Exponent,
    /// [`MAX_FACTORS`].
    Factors,
    /// [`MAX_TERMS`].
    Terms,
    /// [`MAX_BITS`] or [`MAX_COEFF_BITS`].
    Bits,
    /// [`MAX_DEPTH`].
    Depth,
    /// [`MAX_ATOM_DEPTH`].
    AtomDepth,
    /// [`MAX_WEIGHT`].
    Weight,
    /// [`MAX_ARGS`].
    Args,
    /// [`MAX_SUM_STEPS`].
    SumSteps,
    /// [`MAX_WORK_BITS`].
    Work,
    /// [`MAX_DEFINITION_TERMS`].
    Definitions,
    /// [`MAX_STEPS`].
    Steps,
}

impl LimitError {
    /// The name of the constant, which stands for a formula beyond the limit where one is printed.
    pub fn constant(self) -> &'static str {
        match self {
            LimitError::Exponent => "MAX_EXPONENT",
            LimitError::Factors => "MAX_FACTORS",
            LimitError::Terms => "MAX_TERMS",
            LimitError::Bits => "MAX_BITS",
            LimitError::Depth => "MAX_DEPTH",
            LimitError::AtomDepth => "MAX_ATOM_DEPTH",
            LimitError::Weight => "MAX_WEIGHT",
            LimitError::Args => "MAX_ARGS",
            LimitError::SumSteps => "MAX_SUM_STEPS",
            LimitError::Work => "MAX_WORK_BITS",
            LimitError::Definitions => "MAX_DEFINITION_TERMS",
            LimitError::Steps => "MAX_STEPS",
        }
    }
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LimitError::Exponent => write!(f, "an exponent is above {MAX_EXPONENT}, the limit"),
            LimitError::Factors => write!(
                f,
                "a product has more than {MAX_FACTORS} different factors, the limit"
            ),
            LimitError::Terms => {
                write!(f, "a formula has more than {MAX_TERMS} terms, the limit")
            }
            LimitError::Bits => write!(
                f,
                "a number has more than {MAX_BITS} bits, the limit, or {MAX_COEFF_BITS} in a coefficient"
            ),
            LimitError::Depth => {
                write!(
                    f,
                    "formulas are nested more than {MAX_DEPTH} deep, the limit"
                )
            }
            LimitError::AtomDepth => write!(
                f,
                "floors, minima, powers or sums are nested more than {MAX_ATOM_DEPTH} deep, the limit"
            ),
            LimitError::Weight => write!(
                f,
                "a floor, min, power or sum holds more than {MAX_WEIGHT} terms, the limit"
            ),
            LimitError::Args => write!(
                f,
                "a min or max has more than {MAX_ARGS} arguments, the limit"
            ),
            LimitError::SumSteps => write!(
                f,
                "a sum without closed form takes more than {MAX_SUM_STEPS} steps, the limit"
            ),
            LimitError::Work => write!(
                f,
                "the numbers of a sum without closed form, or of powers, take more than {MAX_WORK_BITS} bits together, the limit"
            ),
            LimitError::Definitions => write!(
                f,
                "the definitions expand to more than {MAX_DEFINITION_TERMS} terms, the limit"
            ),
            LimitError::Steps => write!(
                f,
                "the formulas take more than {MAX_STEPS} steps together, the limit"
            ),
        }
    }
}

impl std::error::Error for LimitError {}
