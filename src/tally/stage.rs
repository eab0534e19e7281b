//! Stages of a phase, and what must hold at all of their steps.

use crate::sym::{AlgebraError, Condition, Context, Poly, Subst, Sym};

/// A stage of a phase: what it puts in place of symbols, and how many steps it takes.
pub(crate) struct Stage {
    pub(crate) name: String,
    /// Whether a request begins with it, so that what runs once in a request runs now.
    pub(crate) begins: bool,
    pub(crate) puts: Subst,
    /// The symbol of the number of a step, and how many there are.
    pub(crate) steps: Option<(Sym, Poly)>,
}

impl Stage {
    /// What the last step puts in place of symbols.
    pub(super) fn at_the_end(&self, cx: &mut Context<'_>) -> Result<Subst, AlgebraError> {
        let Some((step, count)) = &self.steps else {
            return Ok(self.puts.clone());
        };
        let last = Subst::from_iter([(*step, count.clone())]);
        let mut puts = last.clone();
        for (sym, value) in self.puts.iter() {
            puts.insert(sym, cx.substitute(value, &last)?);
        }
        Ok(puts)
    }
}

/// What makes a condition hold at every step and in every round of a count: that it holds in the first and the last, and in as
/// many from the first on as decide for those between; where none decide, that it holds in each.
pub(super) fn at_all(
    conditions: Vec<Condition>,
    (number, count): (Sym, &Poly),
    cx: &mut Context<'_>,
) -> Result<Vec<Condition>, AlgebraError> {
    let mut all = Vec::with_capacity(conditions.len());
    for condition in conditions {
        if !condition.mentions(number) {
            all.push(condition);
            continue;
        }
        // Of no rounds the first is none, which ends would not say.
        let steps = condition.deciding_steps(number);
        let Some(steps) = steps.filter(|_| cx.proves_positive(count)) else {
            all.push(Condition::Throughout {
                number,
                count: count.clone(),
                holds: Box::new(condition),
            });
            continue;
        };
        let mut at = vec![Poly::one(), count.clone()];
        for early in 2..=steps {
            let early = i64::try_from(early).unwrap_or(i64::MAX);
            at.push(cx.least(&[Poly::int(early), count.clone()])?);
        }
        for at in at {
            all.push(condition.substitute(&Subst::from_iter([(number, at)]), cx)?);
        }
    }
    Ok(all)
}
