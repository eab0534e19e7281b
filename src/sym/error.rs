//! What the smart constructors refuse. Must never know of texts or spans.

use super::limits::LimitError;
use super::{Poly, Symbols};

/// Why an operation on formulas has no result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AlgebraError {
    /// Division by a polynomial that is zero.
    DivisionByZero,
    /// Exact division by a polynomial of several terms.
    SeveralTerms {
        /// The divisor.
        divisor: Poly,
    },
    /// An exponent that has no power: not an integer, or negative over several terms.
    Exponent {
        /// The exponent.
        exponent: Poly,
    },
    /// A bound of a sum that is no integer at every step of the sum around it.
    Bound {
        /// The bound.
        bound: Poly,
    },
    /// A `min`, `max` or `clamp` without arguments.
    NoArguments,
    /// A limit was exceeded.
    Limit(LimitError),
}

/// The error of [`super::Context::divide`].
pub type DivideError = AlgebraError;

impl AlgebraError {
    /// The error in words.
    pub fn message(&self, symbols: &Symbols) -> String {
        match self {
            AlgebraError::DivisionByZero => "division by zero".to_owned(),
            AlgebraError::SeveralTerms { divisor } => format!(
                "exact division by `{}`, which has several terms; write floor(a/b) or ceil(a/b)",
                divisor.show(symbols)
            ),
            AlgebraError::Exponent { exponent } => {
                format!("`{}` cannot be an exponent here", exponent.show(symbols))
            }
            AlgebraError::Bound { bound } => {
                format!(
                    "`{}` is no integer at every step of the sum around it",
                    bound.show(symbols)
                )
            }
            AlgebraError::NoArguments => "a min or max needs at least one argument".to_owned(),
            AlgebraError::Limit(limit) => limit.to_string(),
        }
    }
}

impl From<LimitError> for AlgebraError {
    fn from(limit: LimitError) -> AlgebraError {
        AlgebraError::Limit(limit)
    }
}
