//! Tree to polynomial. Must never stop at the first unknown name: all are reported at once.

use std::ops::Range;

use foldhash::{HashMap, HashMapExt};

use super::expr::{Ast, ChainOp, Expr, Function, Node};
use super::ops::{multiply_by, term_power};
use super::parse::{ParseError, parse};
use super::{AlgebraError, Atom, Coeff, Context, Mono, Poly, Sym, Term};

/// A mistake in a formula, at its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExprError {
    /// The bytes that earn the error.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What would mend it.
    pub hint: Option<String>,
    /// The name, when the error is that it is not known.
    pub unknown: Option<String>,
}

impl ExprError {
    /// A mistake that is not an unknown name.
    pub fn new(span: Range<usize>, message: impl Into<String>, hint: Option<String>) -> ExprError {
        ExprError {
            span,
            message: message.into(),
            hint,
            unknown: None,
        }
    }

    /// A name that is not known.
    pub fn unknown(name: &str, span: Range<usize>) -> ExprError {
        ExprError {
            span,
            message: format!("unknown symbol `{name}`"),
            hint: None,
            unknown: Some(name.to_owned()),
        }
    }
}

impl From<ParseError> for ExprError {
    fn from(error: ParseError) -> ExprError {
        ExprError {
            span: error.span,
            message: error.message,
            hint: error.hint,
            unknown: None,
        }
    }
}

/// Resolves a name at a place to what it stands for.
pub type Resolve<'r> = dyn FnMut(&str, Range<usize>) -> Option<Poly> + 'r;

/// Reads a formula whose names are the symbols of the context.
///
/// # Errors
/// The place where the text is no formula, or everything that is wrong with the formula.
pub fn parse_poly(text: &str, cx: &mut Context<'_>) -> Result<Poly, Vec<ExprError>> {
    let expr = parse(text).map_err(|error| vec![error.into()])?;
    let symbols = cx.symbols;
    expr.lower(&mut |name, _| symbols.lookup(name).map(Poly::symbol), cx)
}

impl Expr {
    /// The polynomial. Exact division leaves the obligation that the whole formula is an integer.
    ///
    /// # Errors
    /// All unknown names and all operations without a result.
    pub fn lower(
        &self,
        resolve: &mut Resolve<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Poly, Vec<ExprError>> {
        let value = self.lower_freely(resolve, cx)?;
        cx.require_integer(&value);
        Ok(value)
    }

    /// The polynomial, without the obligation that it is an integer.
    ///
    /// # Errors
    /// As [`Expr::lower`].
    pub fn lower_freely(
        &self,
        resolve: &mut Resolve<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Poly, Vec<ExprError>> {
        let text = &*self.text;
        let mut run = Run {
            text,
            resolve,
            cx,
            known: HashMap::new(),
            bound: Vec::new(),
            errors: Vec::new(),
        };
        let value = run.poly(&self.root);
        match value {
            Some(value) if run.errors.is_empty() => Ok(value),
            _ => Err(run.errors),
        }
    }
}

struct Run<'t, 'r, 'f, 'c, 's> {
    text: &'t str,
    resolve: &'r mut Resolve<'f>,
    cx: &'c mut Context<'s>,
    /// What each name resolved to.
    known: HashMap<&'t str, Option<Poly>>,
    bound: Vec<(&'t str, Sym)>,
    errors: Vec<ExprError>,
}

impl<'t> Run<'t, '_, '_, '_, '_> {
    /// Takes a result, or puts its error at the place of an expression.
    fn at<T>(&mut self, expr: &Ast, result: Result<T, AlgebraError>) -> Option<T> {
        result
            .map_err(|error| {
                self.errors.push(ExprError::new(
                    expr.span(),
                    error.message(self.cx.symbols),
                    None,
                ))
            })
            .ok()
    }

    fn name(&mut self, span: Range<usize>) -> Option<Poly> {
        let name: &'t str = self.text.get(span.clone()).unwrap_or_default();
        if let Some((_, sym)) = self.bound.iter().rev().find(|(own, _)| *own == name) {
            return Some(Poly::symbol(*sym));
        }
        let found = match self.known.get(name) {
            Some(known) => known.clone(),
            None => {
                let found = (self.resolve)(name, span.clone());
                self.known.insert(name, found.clone());
                found
            }
        };
        if found.is_none() {
            self.errors.push(ExprError::unknown(name, span));
        }
        found
    }

    fn poly(&mut self, expr: &Ast) -> Option<Poly> {
        match &expr.node {
            Node::Number(value) => {
                let number = Poly::from_coeff(value.clone()).checked();
                self.at(expr, number.map_err(AlgebraError::from))
            }
            Node::Name => self.name(expr.span()),
            Node::Neg(inner) => Some(-self.poly(inner)?),
            Node::Add(parts) => {
                let lowered: Vec<Option<Poly>> = parts
                    .iter()
                    .map(|(subtract, part)| self.poly(part).map(|p| if *subtract { -p } else { p }))
                    .collect();
                let total = Poly::sum(lowered.into_iter().collect::<Option<Vec<Poly>>>()?);
                self.at(expr, total.checked().map_err(AlgebraError::from))
            }
            Node::Chain(first, rest) => self.chain(expr, first, rest),
            Node::Pow(base, exponent) => {
                let (b, e) = (self.poly(base), self.poly(exponent));
                let result = self.cx.power(&b?, &e?);
                self.at(expr, result)
            }
            Node::Call(function, arguments) => self.call(expr, *function, arguments),
            Node::Sum {
                index,
                range,
                half_open,
                body,
            } => {
                let (lo, hi) = (self.poly(&range.0), self.poly(&range.1));
                let fresh = self.cx.fresh();
                let hi = hi.map(|hi| if *half_open { hi - Poly::one() } else { hi });
                if let (Some(lo), Some(hi)) = (&lo, &hi) {
                    self.cx.enter_range(fresh, lo, hi);
                }
                let index = index.0 as usize..index.1 as usize;
                self.bound
                    .push((self.text.get(index).unwrap_or_default(), fresh));
                let body = self.poly(body);
                self.bound.pop();
                if lo.is_some() && hi.is_some() {
                    self.cx.leave_range();
                }
                let result = match (lo, hi, body) {
                    (Some(lo), Some(hi), Some(body)) => {
                        let sum = self.cx.sum(fresh, &lo, &hi, &body);
                        self.at(expr, sum)
                    }
                    _ => None,
                };
                self.cx.release_fresh();
                result
            }
        }
    }

    /// A symbol that was met before, or a positive power of one.
    fn simple(&self, part: &Ast) -> Option<(Sym, i32)> {
        let (base, exponent) = match &part.node {
            Node::Name => (part, 1),
            Node::Pow(base, exponent) => match (&base.node, &exponent.node) {
                (Node::Name, Node::Number(value)) => (
                    &**base,
                    value.as_small().filter(|(n, d)| *n > 0 && *d == 1)?.0,
                ),
                _ => return None,
            },
            _ => return None,
        };
        let name = self.text.get(base.span()).unwrap_or_default();
        let known = self.known.get(name).filter(|_| self.bound.is_empty())?;
        Some((known.as_ref()?.as_symbol()?, i32::try_from(exponent).ok()?))
    }

    /// Products and quotients from left to right; factors of one term are gathered without building polynomials.
    fn chain(&mut self, expr: &Ast, first: &Ast, rest: &[(ChainOp, Ast)]) -> Option<Poly> {
        let mut product = Some(Product::new());
        for (op, part) in
            std::iter::once((ChainOp::Mul, first)).chain(rest.iter().map(|(op, part)| (*op, part)))
        {
            if let (Some(so_far), ChainOp::Mul) = (&mut product, op)
                && let Some((sym, exponent)) = self.simple(part)
                && so_far.single.mono.push(Atom::Sym(sym), exponent).is_ok()
            {
                continue;
            }
            let factor = self.poly(part);
            let (Some(so_far), Some(factor)) = (product.take(), factor) else {
                continue;
            };
            product = match self.step(so_far, op, &factor) {
                Ok(next) => Some(next),
                Err(error) => {
                    let hint = matches!(error, AlgebraError::SeveralTerms { .. })
                        .then(|| "write floor(a/b) or ceil(a/b) for rounded division".to_owned());
                    let span = if hint.is_some() {
                        part.span()
                    } else {
                        expr.span()
                    };
                    self.errors
                        .push(ExprError::new(span, error.message(self.cx.symbols), hint));
                    None
                }
            };
        }
        Some(product?.poly())
    }

    fn step(
        &mut self,
        mut product: Product,
        op: ChainOp,
        factor: &Poly,
    ) -> Result<Product, AlgebraError> {
        match (op, factor.as_single()) {
            (ChainOp::Mul, Some(term)) if factor.limit().is_none() => {
                multiply_by(&mut product.single, term)?;
            }
            (ChainOp::Div, Some(term)) if factor.limit().is_none() => {
                self.cx.require_nonzero(factor);
                let inverse = term_power(term, -1)?.ok_or(AlgebraError::DivisionByZero)?;
                multiply_by(&mut product.single, &inverse)?;
            }
            (ChainOp::Mul, _) => {
                let several = product
                    .several
                    .map_or_else(|| factor.clone(), |p| &p * factor);
                product.several = Some(several.checked()?);
            }
            (ChainOp::Div, _) => {
                return Ok(Product::of(self.cx.divide_freely(&product.poly(), factor)?));
            }
            (ChainOp::FloorDiv, _) => {
                return Ok(Product::of(self.cx.floor_div(&product.poly(), factor)?));
            }
            (ChainOp::Mod, _) => return Ok(Product::of(self.cx.modulo(&product.poly(), factor)?)),
        }
        Ok(product)
    }

    fn call(&mut self, expr: &Ast, function: Function, arguments: &[Ast]) -> Option<Poly> {
        if let (Function::Floor | Function::Ceil, [argument]) = (function, arguments) {
            let (num, den) = self.quotient(argument)?;
            let result = match function {
                Function::Floor => self.cx.floor_div(&num, &den),
                _ => self.cx.ceil_div(&num, &den),
            };
            return self.at(expr, result);
        }
        let values: Vec<Option<Poly>> = arguments
            .iter()
            .map(|argument| self.poly(argument))
            .collect();
        let values = values.into_iter().collect::<Option<Vec<Poly>>>()?;
        let result = match (function, &*values) {
            (Function::Min, _) => self.cx.least(&values),
            (Function::Max, _) => self.cx.greatest(&values),
            (Function::Mod, [a, b]) => self.cx.modulo(a, b),
            (Function::Clamp, [x, lo, hi]) => self
                .cx
                .clamp(x, lo, hi)
                .checked()
                .map_err(AlgebraError::from),
            _ => Err(AlgebraError::NoArguments),
        };
        self.at(expr, result)
    }

    /// The argument of a floor or ceil as numerator and denominator, so that rounded division may have any divisor.
    fn quotient(&mut self, argument: &Ast) -> Option<(Poly, Poly)> {
        let plain = |(op, _): &(ChainOp, Ast)| matches!(op, ChainOp::Mul | ChainOp::Div);
        let (first, rest) = match &argument.node {
            Node::Chain(first, rest) if rest.iter().all(plain) => (first, rest),
            _ => return Some((self.poly(argument)?, Poly::one())),
        };
        let (mut num, mut den) = (self.poly(first).map(|p| vec![p]), Some(Vec::new()));
        for (op, part) in rest {
            let side = if *op == ChainOp::Mul {
                &mut num
            } else {
                &mut den
            };
            match (side.as_mut(), self.poly(part)) {
                (Some(factors), Some(factor)) => factors.push(factor),
                _ => *side = None,
            }
        }
        Some((Poly::product(&num?), Poly::product(&den?)))
    }
}

/// A product under construction.
struct Product {
    single: Term,
    several: Option<Poly>,
}

impl Product {
    fn new() -> Product {
        Product {
            single: Term {
                mono: Mono::one(),
                coeff: Coeff::ONE,
            },
            several: None,
        }
    }

    fn of(value: Poly) -> Product {
        Product {
            several: Some(value),
            ..Product::new()
        }
    }

    fn poly(self) -> Poly {
        match self.several {
            None => Poly::from_term(self.single),
            Some(several) => several.times(&self.single),
        }
    }
}
