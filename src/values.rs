//! Values given to symbols: numbers, and expressions that take the place of a symbol.

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
        let mut cx = Context::new(symbols);
        let fail = |error: AlgebraError| error.message(symbols);
        for _ in 0..open.len() {
            let current: Subst = subst_of(&open);
            for (_, value) in &mut open {
                *value = cx.substitute(value, &current).map_err(fail)?;
            }
        }
        if let Some((sym, _)) = open.iter().find(|(_, value)| open.iter().any(|(sym, _)| value.mentions(*sym))) {
            return Err(format!("the values given to `{}` and others need each other", symbols.name(*sym)));
        }
        for (sym, value) in &open {
            if let Ok(number) = value.eval_integer(&values.numbers, symbols) {
                values.numbers.insert(*sym, number);
            }
        }
        values.expressions = subst_of(&open);
        Ok(values)
    }
}

fn subst_of(pairs: &[(Sym, Poly)]) -> Subst {
    let mut subst = Subst::new();
    for (sym, value) in pairs {
        subst.insert(*sym, value.clone());
    }
    subst
}

/// Adds the derived symbols whose definitions mention what is replaced, so that a substitution reaches them too.
///
/// # Errors
/// When a definition has no value after the substitution.
pub(crate) fn closed(mut subst: Subst, symbols: &Symbols) -> Result<Subst, AlgebraError> {
    if subst.is_empty() {
        return Ok(subst);
    }
    let mut cx = Context::new(symbols);
    for _ in 0..=symbols.definitions().count() {
        let mut grown = subst.clone();
        for (sym, definition) in symbols.definitions() {
            if grown.get(sym).is_none() && definition.symbols().iter().any(|used| subst.get(*used).is_some()) {
                grown.insert(sym, cx.substitute(definition, &subst)?);
            }
        }
        if grown.iter().count() == subst.iter().count() {
            break;
        }
        subst = grown;
    }
    Ok(subst)
}
