//! The algebra: exact formulas in integer symbols, canonical the moment they exist. Must never know of tensors, of
//! files, or of what a formula counts.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::string_slice))]

mod atom;
mod basis;
mod code;
mod coeff;
mod compare;
mod compile;
mod conditions;
mod context;
mod error;
mod eval;
mod expr;
mod factor;
mod flat;
mod floor;
#[cfg(test)]
mod hostile;
mod integral;
mod latex;
mod lex;
pub mod limits;
mod lower;
mod meter;
mod minmax;
mod mono;
mod names;
mod normal;
mod ops;
mod parse;
mod poly;
mod power;
mod print;
mod readable;
mod sign;
mod sql;
mod subst;
mod sums;
mod symbols;
#[cfg(test)]
mod tests;
mod text;
mod tree;

pub use atom::{Atom, Opaque, OpaqueKind};
pub use basis::Basis;
pub use coeff::Coeff;
pub use compare::{Comparison, compare, equal_if};
pub use compile::{CompileError, Compiled, Demands, PointError};
pub use conditions::{Condition, Conditions};
pub use context::Context;
pub use error::{AlgebraError, DivideError};
pub use eval::{Bindings, EvalError};
pub use expr::Expr;
pub use limits::LimitError;
pub use lower::{ExprError, Resolve, parse_poly};
pub use meter::metered;
pub use mono::{Mono, Term};
pub use parse::{ParseError, parse};
pub use poly::Poly;
pub(crate) use print::print_to;
pub use print::{Syntax, print};
pub(crate) use sql::rounded_power;
pub use subst::Subst;
pub use symbols::{Domain, RelationError, Sym, Symbols};
pub use tree::Form;
