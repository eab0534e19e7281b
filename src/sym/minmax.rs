//! The least and the greatest of several formulas. Must never compare by value: an argument goes only when it is
//! shown to be dominated.

use super::atom::OpaqueKind;
use super::limits::{LimitError, MAX_ARGS};
use super::sign::common_sign;
use super::{AlgebraError, Atom, Coeff, Context, Mono, Poly, Term};

impl Context<'_> {
    /// The least of several formulas; beyond [`MAX_ARGS`] or without any, the marker of [`Poly::beyond`].
    pub fn min(&mut self, arguments: &[Poly]) -> Poly {
        or_beyond(self.least(arguments))
    }

    /// The greatest of several formulas, as [`Context::min`].
    pub fn max(&mut self, arguments: &[Poly]) -> Poly {
        or_beyond(self.greatest(arguments))
    }

    /// `max(lo, min(x, hi))`.
    pub fn clamp(&mut self, x: &Poly, lo: &Poly, hi: &Poly) -> Poly {
        let below = self.min(&[x.clone(), hi.clone()]);
        self.max(&[lo.clone(), below])
    }

    /// The least of several formulas.
    ///
    /// # Errors
    /// No arguments, or a limit.
    pub fn least(&mut self, arguments: &[Poly]) -> Result<Poly, AlgebraError> {
        if let Some((known, conditions)) = self.recall_least(arguments) {
            self.used.extend(conditions.iter().cloned());
            return Ok(known);
        }
        let (result, own) = self.recording(|cx| {
            let kept = cx.undominated(arguments)?;
            cx.least_of_distinct(kept)
        });
        let result = result?;
        self.keep_least(arguments, &result, own);
        Ok(result)
    }

    /// The greatest of several formulas. Of two it is `a + b - min(a, b)`.
    ///
    /// # Errors
    /// No arguments, or a limit.
    pub fn greatest(&mut self, arguments: &[Poly]) -> Result<Poly, AlgebraError> {
        let negated: Vec<Poly> = arguments.iter().map(|p| -p).collect();
        let negated = self.undominated(&negated)?;
        if let [a, b] = &*negated {
            let (a, b) = (-a, -b);
            let sum = &a + &b;
            return Ok((sum - self.least(&[a, b])?).checked()?);
        }
        Ok(-self.least_of_distinct(negated)?)
    }

    /// Sorted arguments without repeats, nested minima opened, and none provably above another.
    fn undominated(&mut self, arguments: &[Poly]) -> Result<Vec<Poly>, AlgebraError> {
        let mut flat = Vec::new();
        let mut open: Vec<Poly> = arguments.to_vec();
        while let Some(argument) = open.pop() {
            if let Some(limit) = argument.limit() {
                return Err(limit.into());
            }
            match opened(&argument) {
                Some(inner) => open.extend(inner),
                None => flat.push(argument),
            }
            if flat.len() + open.len() > MAX_ARGS {
                return Err(LimitError::Args.into());
            }
        }
        flat.sort();
        flat.dedup();
        let mut kept: Vec<Poly> = Vec::new();
        for candidate in flat {
            if kept
                .iter()
                .any(|other| self.proves_nonnegative(&(&candidate - other)))
            {
                continue;
            }
            kept.retain(|other| !self.proves_nonnegative(&(other - &candidate)));
            kept.push(candidate);
        }
        Ok(kept)
    }

    fn least_of_distinct(&mut self, arguments: Vec<Poly>) -> Result<Poly, AlgebraError> {
        let [first, rest @ ..] = &*arguments else {
            return Err(AlgebraError::NoArguments);
        };
        if rest.is_empty() {
            return Ok(first.clone());
        }
        let shared = |t: &&Term| rest.iter().all(|p| p.terms().contains(t));
        let common = Poly::from_terms(first.terms().iter().filter(shared).cloned().collect());
        let arguments: Vec<Poly> = arguments.iter().map(|p| p - &common).collect();
        let factor = self.common_factor(&arguments);
        let divisor = Poly::from_term(factor.clone());
        let mut arguments: Vec<Poly> = arguments
            .iter()
            .map(|p| p.div_single(&divisor).unwrap_or_else(|| p.clone()))
            .collect();
        arguments.sort();
        let least = match &*arguments {
            // Without what they shared, an argument may be a min itself, or be seen to be dominated.
            _ if !common.is_zero() || !divisor.is_one() => self.least(&arguments)?,
            _ if arguments.iter().any(|p| opened(p).is_some()) => self.least(&arguments)?,
            [a, b]
                if [a, b]
                    .iter()
                    .all(|p| p.is_zero() || common_sign(p) == Some(-1)) =>
            {
                let turned = [-a, -b];
                a + b + self.least(&turned)?
            }
            _ => Poly::opaque(OpaqueKind::Min(arguments))?,
        };
        Ok((common + least.times(&factor)).checked()?)
    }

    /// The whole number and the product of atoms that are not negative, which divide every argument.
    fn common_factor(&mut self, arguments: &[Poly]) -> Term {
        let mut content = Coeff::ZERO;
        let mut mono: Option<Mono> = None;
        for argument in arguments.iter().filter(|p| !p.is_zero()) {
            content = content.gcd(&argument.content());
            let own = argument.common_mono();
            mono = Some(mono.map_or(own.clone(), |m| m.common(&own)));
        }
        let (mono, _) = mono.unwrap_or_default().partition(|atom, e| {
            e > 0
                && matches!(atom, Atom::Sym(_))
                && self.proves_nonnegative(&Poly::atom(atom.clone()))
        });
        let coeff = Coeff::from(content.numerator());
        Term {
            mono,
            coeff: if coeff.is_zero() { Coeff::ONE } else { coeff },
        }
    }
}

/// The arguments of `rest + k*min(..)` with `rest + k*` carried into each, for a positive number `k`.
fn opened(argument: &Poly) -> Option<Vec<Poly>> {
    let mut found = None;
    for term in argument.terms() {
        for (atom, e) in term.factors() {
            if let Atom::Opaque(opaque) = atom
                && let OpaqueKind::Min(inner) = opaque.kind()
            {
                let alone = term.factors().len() == 1 && *e == 1 && term.coeff().sign() > 0;
                if !alone || found.is_some() {
                    return None;
                }
                found = Some((term, inner));
            }
        }
    }
    let (term, inner) = found?;
    let rest = argument - &Poly::from_term(term.clone());
    Some(
        inner
            .iter()
            .map(|p| &rest + &p.scale(term.coeff()))
            .collect(),
    )
}

fn or_beyond(result: Result<Poly, AlgebraError>) -> Poly {
    result.unwrap_or_else(|error| match error {
        AlgebraError::Limit(limit) => Poly::beyond(limit),
        _ => Poly::beyond(LimitError::Args),
    })
}
