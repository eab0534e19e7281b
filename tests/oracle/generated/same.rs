//! Two ledgers that must say the same, each at numbers of its own; and formulas that must be read back as they are printed.

use dotledger::Ledger;
use dotledger::ledger::{Amounts, Row};
use dotledger::shape::Shape;
use dotledger::sym::{Bindings, Coeff, Context, EvalError, Form, Poly, Syntax, parse_poly, print};
use dotledger::work::{Bound, Length};

/// A ledger at numbers.
#[derive(Clone, Copy)]
pub(super) struct At<'l> {
    pub(super) ledger: &'l Ledger,
    pub(super) numbers: &'l Bindings,
}

type Pick = fn(&Amounts) -> &Poly;

/// What rows amount to, by name.
pub(super) const AMOUNTS: [(&str, Pick); 10] = [
    ("dots", |a| a.dots.poly()),
    ("macs", |a| a.macs.poly()),
    ("flops", |a| a.flops.poly()),
    ("params", |a| a.params.poly()),
    ("params_active", |a| a.params_active.poly()),
    ("elementwise", |a| a.elementwise.poly()),
    ("cached", |a| a.cached.poly()),
    ("state", |a| a.state.poly()),
    ("cache_read", |a| a.cache_read.poly()),
    ("cache_written", |a| a.cache_written.poly()),
];

impl At<'_> {
    pub(super) fn value(&self, poly: &Poly) -> Result<Coeff, String> {
        match poly.eval(self.numbers, &self.ledger.symbols) {
            Ok(value) => Ok(value),
            Err(EvalError::Limit(_)) => Err(String::from("a limit")),
            Err(error) => Err(error.message(&self.ledger.symbols)),
        }
    }

    fn shape(&self, shape: &Shape, row: Option<&Row>) -> Result<Vec<Coeff>, String> {
        let symbols = &self.ledger.symbols;
        let mut cx = Context::new(symbols);
        let phase = row.map_or(&self.ledger.phase, |row| &row.phase);
        let dims = shape.axes().iter().map(|axis| {
            let put = cx.substitute(axis.dim.poly(), phase);
            self.value(&put.map_err(|error| error.message(symbols))?)
        });
        dims.collect()
    }

    /// All that a row says, each number with its name.
    fn numbers_of(&self, row: &Row) -> Vec<(String, Result<Coeff, String>)> {
        let mut all = vec![(String::from("repeat"), self.value(&row.repeat))];
        for (name, pick) in AMOUNTS {
            all.push((name.to_owned(), self.value(pick(&row.amounts))));
        }
        for (kind, count) in &row.elementwise {
            let value = self.value(count.poly());
            if value != Ok(Coeff::ZERO) {
                all.push((kind.to_string(), value));
            }
        }
        for (at, shape) in row.inputs.iter().chain([&row.output]).enumerate() {
            match self.shape(shape, Some(row)) {
                Err(why) => all.push((format!("shape {at}"), Err(why))),
                Ok(dims) => {
                    let dims = dims.into_iter().map(|dim| (format!("shape {at}"), Ok(dim)));
                    all.extend(dims);
                }
            }
        }
        if let Some(bounds) = &row.weights_read {
            for bound in [Bound::Lower, Bound::Expected, Bound::Upper] {
                all.push((format!("read {bound:?}"), self.value(bounds.get(bound))));
            }
        }
        if self.value(row.amounts.dots.poly()) != Ok(Coeff::ZERO) {
            let [min, max] = match &row.length {
                None => [None, None],
                Some(Length::Fixed(length)) => [Some(length), Some(length)],
                Some(Length::Varies { min, max, .. }) => [Some(min), Some(max)],
            };
            for (name, length) in [("shortest", min), ("longest", max)] {
                all.extend(length.map(|length| (name.to_owned(), self.value(length))));
            }
        }
        all
    }
}

/// Where two ledgers differ, if they do. What exceeds a limit of the algebra on a side is passed over.
pub(super) fn difference(one: At<'_>, other: At<'_>) -> Option<String> {
    let (rows, others) = (&one.ledger.rows, &other.ledger.rows);
    if rows.len() != others.len() {
        return Some(format!("{} rows and {}", rows.len(), others.len()));
    }
    let limited = |value: &Result<Coeff, String>| *value == Err(String::from("a limit"));
    for (row, twin) in rows.iter().zip(others) {
        let words = |row: &Row| {
            (
                row.path.clone(),
                row.op.clone(),
                row.part,
                row.mixing,
                row.stage.clone(),
            )
        };
        if words(row) != words(twin) {
            return Some(format!("{:?} and {:?}", words(row), words(twin)));
        }
        let (numbers, twins) = (one.numbers_of(row), other.numbers_of(twin));
        if numbers.len() != twins.len() {
            return Some(format!("{}: {numbers:?} and {twins:?}", row.path));
        }
        for ((name, left), (also, right)) in numbers.iter().zip(&twins) {
            if (name != also || left != right) && !limited(left) && !limited(right) {
                return Some(format!(
                    "{}: {name} {left:?} and {also} {right:?}",
                    row.path
                ));
            }
        }
    }
    let (total, twin) = (one.ledger.total(), other.ledger.total());
    for (name, pick) in AMOUNTS {
        let (left, right) = (one.value(pick(&total)), other.value(pick(&twin)));
        if left != right && !limited(&left) && !limited(&right) {
            return Some(format!("total {name}: {left:?} and {right:?}"));
        }
    }
    let (left, right) = (
        one.shape(&one.ledger.result, None),
        other.shape(&other.ledger.result, None),
    );
    (left != right).then(|| format!("result: {left:?} and {right:?}"))
}

/// The first formula that is read as another than it is printed from.
pub(super) fn misread(ledger: &Ledger) -> Option<String> {
    let total = ledger.total();
    let mut all: Vec<&Poly> = AMOUNTS.iter().map(|(_, pick)| pick(&total)).collect();
    for row in &ledger.rows {
        all.push(&row.repeat);
        all.extend(AMOUNTS.iter().map(|(_, pick)| pick(&row.amounts)));
        if let Some(bounds) = &row.weights_read {
            all.extend([&bounds.lower, &bounds.expected, &bounds.upper]);
        }
        match &row.length {
            None => {}
            Some(Length::Fixed(length)) => all.push(length),
            Some(Length::Varies { min, max, mean }) => {
                all.extend([min, max]);
                all.extend(mean);
            }
        }
    }
    all.sort();
    all.dedup();
    for poly in all {
        for form in [Form::Expanded, Form::Factored] {
            for syntax in [Syntax::Ascii, Syntax::Unicode] {
                let text = print(poly, &ledger.symbols, form, syntax);
                let read = parse_poly(&text, &mut Context::new(&ledger.symbols));
                if read.as_ref() != Ok(poly) {
                    return Some(format!("`{text}` is read as {read:?}"));
                }
            }
        }
    }
    None
}
