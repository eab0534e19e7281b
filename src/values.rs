//! Values given to symbols: numbers, and expressions that take the place of a symbol.

use std::collections::BTreeMap;

use crate::graph::in_order_of_need;
use crate::sym::{AlgebraError, Bindings, Context, Poly, Subst, Sym, Symbols};

/// What a preset and the caller give.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// Symbols with a number.
    pub numbers: Bindings,
    /// Symbols with an expression in other symbols, none of which has an expression itself.
    pub expressions: Subst,
}

impl Values {
    /// Sorts values into numbers and expressions, and puts expressions into each other.
    ///
    /// # Errors
    /// When expressions need each other, or one has no value.
    pub fn new(given: &[(Sym, Poly)], symbols: &Symbols) -> Result<Values, String> {
        let mut values = Values::default();
        let mut open: Vec<(Sym, Poly)> = Vec::new();
        for (sym, value) in given {
            match value.as_integer() {
                Some(number) => values.numbers.insert(*sym, number),
                None => open.push((*sym, value.clone())),
            }
        }
        let fail = |error: AlgebraError| error.message(symbols);
        let order = in_order(&open).map_err(|sym| {
            format!(
                "the values given to `{}` and others need each other",
                symbols.name(sym)
            )
        })?;
        let mut cx = Context::new(symbols);
        for at in order {
            let (sym, value) = &open[at];
            let value = put(value, &values.expressions, &mut cx).map_err(fail)?;
            if let Ok(number) = value.eval_integer(&values.numbers, symbols) {
                values.numbers.insert(*sym, number);
            }
            values.expressions.insert(*sym, value);
        }
        Ok(values)
    }
}

/// The order in which each formula comes after those of the symbols that it mentions; or a symbol that needs itself.
fn in_order(formulas: &[(Sym, Poly)]) -> Result<Vec<usize>, Sym> {
    let index: BTreeMap<Sym, usize> = formulas
        .iter()
        .enumerate()
        .map(|(at, (sym, _))| (*sym, at))
        .collect();
    let needs: Vec<Vec<usize>> = formulas
        .iter()
        .map(|(_, formula)| {
            formula
                .symbols()
                .iter()
                .filter_map(|sym| index.get(sym).copied())
                .collect()
        })
        .collect();
    in_order_of_need(&needs).map_err(|cycle| formulas[cycle.first().copied().unwrap_or(0)].0)
}

/// Puts what is known into a formula, looking only at the symbols that it mentions.
fn put(formula: &Poly, known: &Subst, cx: &mut Context<'_>) -> Result<Poly, AlgebraError> {
    let own: Subst = formula
        .symbols()
        .into_iter()
        .filter_map(|sym| Some((sym, known.get(sym)?.clone())))
        .collect();
    cx.substitute(formula, &own)
}

/// Adds the derived symbols whose definitions mention what is replaced, so that a substitution reaches them too.
///
/// # Errors
/// When a definition has no value after the substitution.
pub(crate) fn closed(mut subst: Subst, symbols: &Symbols) -> Result<Subst, AlgebraError> {
    if subst.is_empty() {
        return Ok(subst);
    }
    let definitions: Vec<(Sym, Poly)> = symbols
        .definitions()
        .map(|(sym, poly)| (sym, poly.clone()))
        .collect();
    let order = in_order(&definitions).expect("lowering refuses definitions that need each other");
    let mut cx = Context::new(symbols);
    for at in order {
        let (sym, definition) = &definitions[at];
        let reached = definition
            .symbols()
            .into_iter()
            .any(|used| subst.get(used).is_some());
        if reached && subst.get(*sym).is_none() {
            subst.insert(*sym, put(definition, &subst, &mut cx)?);
        }
    }
    Ok(subst)
}
