//! A formula with the table it is written in and the conditions under which it holds.

use std::fmt;

use crate::sym::{
    self, AlgebraError, Basis, Bindings, Coeff, Compiled, Condition, Conditions, Context, Demands,
    EvalError, Form, Poly, Subst, Sym, Symbols, Syntax,
};
use crate::values::closed;

/// An exact closed form that prints itself, can be rewritten in other symbols, and evaluates to exact numbers.
#[derive(Clone, Debug)]
pub struct Formula {
    poly: Poly,
    symbols: Symbols,
    conditions: Conditions,
    numbers: Bindings,
    /// Whether its value is a count, an integer that is not negative.
    counts: bool,
}

/// Why a formula has no number or no form in other symbols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormulaError(pub String);

impl fmt::Display for FormulaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FormulaError {}

impl Formula {
    pub(crate) fn new(
        poly: Poly,
        symbols: Symbols,
        conditions: Conditions,
        numbers: Bindings,
    ) -> Self {
        Formula {
            poly,
            symbols,
            conditions,
            numbers,
            counts: true,
        }
    }

    /// The same formula, whose value is a count or may be a fraction.
    pub(crate) fn counting(self, counts: bool) -> Self {
        Formula { counts, ..self }
    }

    /// The polynomial.
    pub fn poly(&self) -> &Poly {
        &self.poly
    }

    /// The conditions under which it holds, in words: `H divides d`.
    pub fn valid_when(&self) -> Vec<String> {
        self.conditions.lines(&self.symbols)
    }

    /// The same formula in the named symbols, as far as the model's definitions, relations and chosen values allow.
    ///
    /// # Errors
    /// When a name is no symbol of the model.
    pub fn in_basis(&self, names: &[&str]) -> Result<Formula, FormulaError> {
        let wanted = names
            .iter()
            .map(|name| self.find(name))
            .collect::<Result<Vec<_>, _>>()?;
        let basis = Basis::new(&self.symbols, &wanted, &self.numbers);
        let mut cx = Context::new(&self.symbols);
        let poly = basis
            .rewrite(&self.poly, &mut cx)
            .map_err(|error| FormulaError(error.message(&self.symbols)))?;
        Ok(Formula {
            poly,
            ..self.clone()
        })
    }

    fn find(&self, name: &str) -> Result<Sym, FormulaError> {
        self.symbols
            .lookup(name)
            .ok_or_else(|| FormulaError(format!("no symbol `{name}` is declared")))
    }

    /// The names of symbols that have no value, of those that the formula needs.
    pub fn free(&self) -> Vec<String> {
        match self.poly.eval(&self.numbers, &self.symbols) {
            Err(EvalError::Unbound(free)) => free
                .into_iter()
                .map(|sym| self.symbols.name(sym).to_owned())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The formula as text.
    pub fn text(&self, form: Form, syntax: Syntax) -> String {
        sym::print(&self.poly, &self.symbols, form, syntax)
    }

    /// The formula as a product, as far as it is one: `2*L*T*d*(6*d + T)`.
    pub fn factored(&self) -> String {
        self.text(Form::Factored, Syntax::Ascii)
    }

    /// The formula with its values put in, in the symbols of `basis`, as text: a number when no symbol is free. The second
    /// part says of each symbol that stays outside the basis why it does, and of each that the syntax spells in another way
    /// how.
    ///
    /// Symbols of the basis keep their place even where they have a value.
    ///
    /// # Errors
    /// When the formula has no value at the chosen values.
    pub(crate) fn bound(
        &self,
        basis: &[Sym],
        form: Form,
        syntax: Syntax,
    ) -> Result<(String, Vec<String>), FormulaError> {
        let words = |error: AlgebraError| FormulaError(error.message(&self.symbols));
        self.sound()?;
        let (poly, mut notes) = if basis.is_empty() {
            (self.with_values(&self.poly)?, Vec::new())
        } else {
            let basis = Basis::new(&self.symbols, basis, &self.numbers);
            let mut cx = Context::new(&self.symbols);
            let poly = basis.rewrite(&self.poly, &mut cx).map_err(words)?;
            let stays = basis.explain(basis.stays(&poly));
            (poly, stays)
        };
        let poly = poly
            .settled(&self.symbols)
            .map_err(|error| FormulaError(error.message(&self.symbols)))?;
        self.exact_in(syntax, &poly)?;
        for sym in poly.symbols() {
            let (name, spelled) = (self.symbols.name(sym), self.symbols.spelled(sym, syntax));
            if spelled != name {
                notes.push(format!("{name} is spelled {spelled}"));
            }
        }
        Ok((sym::print(&poly, &self.symbols, form, syntax), notes))
    }

    /// The quotient by a formula in the same symbols, exact; it may be a fraction.
    ///
    /// # Errors
    /// When the divisor is zero, or has several terms and does not divide the formula.
    pub(crate) fn per(&self, divisor: &Poly) -> Result<Formula, FormulaError> {
        self.sound()?;
        let mut cx = Context::new(&self.symbols);
        let quotient = cx.divide_freely(&self.poly, divisor);
        let poly = quotient.map_err(|error| {
            FormulaError(match error {
                AlgebraError::SeveralTerms { divisor } => format!(
                    "`{}` has several terms and does not divide the formula; a product does, and so does a number: give its \
                     symbols values",
                    divisor.show(&self.symbols)
                ),
                other => other.message(&self.symbols),
            })
        })?;
        let mut conditions = self.conditions.clone();
        conditions.extend(cx.used);
        Ok(Formula {
            poly,
            conditions,
            counts: false,
            ..self.clone()
        })
    }

    /// A formula with the chosen values put in.
    ///
    /// # Errors
    /// When it has no value there.
    pub(crate) fn with_values(&self, poly: &Poly) -> Result<Poly, FormulaError> {
        let words = |error: AlgebraError| FormulaError(error.message(&self.symbols));
        let mut subst = Subst::new();
        for (sym, value) in self.numbers.iter() {
            subst.insert(sym, Poly::from_coeff(value.clone().into()));
        }
        let subst = closed(subst, &self.symbols).map_err(words)?;
        let mut cx = Context::new(&self.symbols);
        cx.substitute(poly, &subst).map_err(words)
    }

    /// The number at the chosen values: a count, or a fraction where it may be one.
    fn value(&self) -> Result<Coeff, EvalError> {
        if self.counts {
            let count = self.poly.eval_count(&self.numbers, &self.symbols);
            return count.map(Coeff::from);
        }
        self.poly.eval(&self.numbers, &self.symbols)
    }

    /// The number at the chosen values, rounded half up to an integer, where all symbols have one.
    pub(crate) fn rounded(&self) -> Option<dashu_int::IBig> {
        let half = Coeff::from_ratio(1, 2)?;
        (&self.value().ok()? + &half).floor().to_integer()
    }

    /// Refuses a formula that has no value at the chosen ones for another reason than that a symbol is free.
    fn sound(&self) -> Result<(), FormulaError> {
        match self.value() {
            Ok(_) | Err(EvalError::Unbound(_)) => Ok(()),
            Err(error) => Err(FormulaError(error.message(&self.symbols))),
        }
    }

    /// Refuses a language of integers for what it would round without a word: a fraction, and in SQL a power that is no product.
    fn exact_in(&self, syntax: Syntax, poly: &Poly) -> Result<(), FormulaError> {
        if syntax == Syntax::Sql
            && let Some(power) = sym::rounded_power(poly)
        {
            let text = power.show(&self.symbols);
            let message = format!(
                "the exponent of `{text}` is no small number, and `POWER` of this syntax would round it"
            );
            return Err(FormulaError(message));
        }
        if !matches!(syntax, Syntax::Python | Syntax::Rust | Syntax::Sql) {
            return Ok(());
        }
        let inside = Context::new(&self.symbols).fraction_inside(poly, &self.conditions);
        let broken = match inside {
            None if self.counts => None,
            None => {
                let mut cx = Context::new(&self.symbols);
                cx.require_integer(poly);
                let number = poly.as_const();
                let whole = cx.used.is_empty() && number.is_none_or(|number| number.is_integer());
                (!whole).then(|| poly.clone())
            }
            part => part,
        };
        let Some(broken) = broken else {
            return Ok(());
        };
        let text = broken.show(&self.symbols);
        let message =
            format!("`{text}` may be a fraction, and integers of this syntax would round it");
        Err(FormulaError(message))
    }

    /// The exact number at the given values, which add to those that the model was read with.
    ///
    /// # Errors
    /// When a symbol has no value, a condition does not hold, or the number is no count.
    pub fn at(&self, values: &[(&str, u64)]) -> Result<dashu_int::IBig, FormulaError> {
        let mut numbers = self.numbers.clone();
        let mut domains = Conditions::new();
        for (name, value) in values {
            let sym = self.find(name)?;
            numbers.insert(sym, *value);
            domains.insert(Condition::in_domain(sym, &self.symbols));
        }
        check(&domains, &numbers, &self.symbols)?;
        let words = |error: EvalError| FormulaError(error.message(&self.symbols));
        let value = self
            .poly
            .eval_count(&numbers, &self.symbols)
            .map_err(words)?;
        check(&self.conditions, &numbers, &self.symbols)?;
        Ok(value)
    }

    /// The formula made ready for many points: `names` are its columns, and all other symbols have the values that the model
    /// was read with.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let model = dotledger::trace(include_str!("../models/walkthrough.ron"))?;
    /// let macs = model.forward()?.macs().in_basis(&["T", "L", "d"])?;
    /// let compiled = macs.compile(&["T", "L", "d"])?;
    /// let mut counts = Vec::new();
    /// compiled.eval_exact(&[&[1000, 2000], &[48, 96], &[4096, 8192]], &mut counts)?;
    /// assert_eq!(counts[0].to_string(), "10056892416000");
    /// let mut rounded = [0.0; 2];
    /// compiled.eval_f64(&[&[1000.0, 2000.0], &[48.0, 96.0], &[4096.0, 8192.0]], &mut rounded)?;
    /// assert_eq!(rounded[0], 10056892416000.0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// At each point the model's conditions must hold and the value must be what [`Formula::at`] gives; a formula whose value
    /// may be a fraction, such as an average, keeps it.
    ///
    /// # Errors
    /// When a name is no symbol of the model or occurs twice, a symbol that is no column has no value, or a condition
    /// without columns does not hold.
    pub fn compile(&self, names: &[&str]) -> Result<Compiled, FormulaError> {
        let columns = names
            .iter()
            .map(|name| self.find(name))
            .collect::<Result<Vec<_>, _>>()?;
        let demands = Demands {
            conditions: self.conditions.clone(),
            count: self.counts,
        };
        Compiled::new(&self.poly, &columns, &self.numbers, &self.symbols, demands)
            .map_err(|error| FormulaError(error.message(&self.symbols)))
    }
}

impl fmt::Display for Formula {
    /// ASCII, expanded: `12*L*T*d^2 + 2*L*T^2*d`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Form::Expanded, Syntax::Ascii))
    }
}

impl PartialEq for Formula {
    /// Equality of canonical forms, of formulas of one model.
    fn eq(&self, other: &Self) -> bool {
        self.poly == other.poly
    }
}

/// Checks that all conditions that can be decided hold.
///
/// # Errors
/// The first that does not, by name, with the values that fail it.
pub(crate) fn check(
    conditions: &Conditions,
    numbers: &Bindings,
    symbols: &Symbols,
) -> Result<(), FormulaError> {
    match conditions.broken(numbers, symbols) {
        Some(message) => Err(FormulaError(message)),
        None => Ok(()),
    }
}
