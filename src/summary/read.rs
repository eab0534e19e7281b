//! A ledger is read into a summary.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::subject::Subject;
use super::{
    Compared, Comparison, Grouping, LengthGroup, LengthQuantity, Quantity, Summary, SummaryRow,
    Totals, Versus,
};
use crate::diag::Diagnostics;
use crate::dtype::Dtype;
use crate::formula::FormulaError;
use crate::ledger::{Amounts, Ledger, Row, grouped};
use crate::model::Model;
use crate::profile::Profile;
use crate::shape::Shape;
use crate::sym::{
    Basis, Bindings, Coeff, Conditions, Context, EvalError, Poly, Subst, Sym, Symbols,
};
use crate::work::{Bound, Kind, Length, Stored};

/// A value of so many bits stays a formula.
const LONG_BITS: usize = 1024;

/// What a ledger was asked for with, and how it is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The phase of the ledger.
    pub phase: &'a str,
    /// The profile of the ledger.
    pub profile: &'a Profile,
    /// The type of stored scalars.
    pub dtype: Dtype,
    /// The preset that the model was read with, if one was chosen.
    pub preset: Option<&'a str>,
    /// The symbols to write formulas in; all of the model's own if there is none.
    pub basis: &'a [Sym],
    /// Another profile to compare FLOPs with.
    pub against: Option<Against<'a>>,
}

/// What a ledger is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Against<'a> {
    /// The other profile.
    pub profile: &'a Profile,
    /// The ledger of the same model in the same phase under it.
    pub ledger: &'a Ledger,
    /// What is compared.
    pub by: Compared,
}

/// Reads a ledger.
///
/// # Errors
/// When a formula has no value at the chosen values: the obligation that fails, with the values.
pub fn summarize<'l>(
    model: &Model,
    ledger: &'l Ledger,
    asked: &Asked<'_>,
) -> Result<Summary<'l>, FormulaError> {
    summarize_of(Subject::of(model), ledger, asked)
}

/// Reads a ledger of a model that need not be there any more.
pub(crate) fn summarize_of<'l>(
    model: Subject,
    ledger: &'l Ledger,
    asked: &Asked<'_>,
) -> Result<Summary<'l>, FormulaError> {
    let symbols = &ledger.symbols;
    let numbers = &model.numbers;
    let rewrite = (!asked.basis.is_empty()).then(|| Basis::new(symbols, asked.basis, numbers));
    let mut read = Read {
        symbols,
        numbers,
        basis: rewrite,
        cx: Context::new(symbols),
        stays: BTreeMap::new(),
        dtype: asked.dtype,
        shapes: HashMap::new(),
        nothing: Arc::new(Quantity {
            poly: Poly::zero(),
            value: Some(Coeff::ZERO),
        }),
        whole: ledger.whole,
    };
    let classes = Class::all(ledger);
    let totals = read.totals(&Amounts::of(classes.iter().map(|class| &class.amounts)))?;
    let mut groups = Vec::new();
    for grouping in Grouping::ALL {
        let mut entries = Vec::new();
        for (key, alike) in grouped(&classes, |class| grouping.key(class.first)) {
            let amounts = Amounts::of(alike.iter().map(|class| &class.amounts));
            entries.push((key.to_owned(), read.totals(&amounts)?));
        }
        groups.push((grouping, entries));
    }
    let lengths = read.lengths(ledger)?;
    let elementwise = read.kinds(ledger)?;
    let mut rows = Vec::with_capacity(ledger.rows.len());
    for row in &ledger.rows {
        rows.push(read.row(row)?);
    }
    let weight_bytes = read.weight_bytes(ledger)?;
    let card = read.card(&model.meanings, ledger, &totals, &weight_bytes)?;
    let against = asked
        .against
        .map(|against| read.comparison(ledger, &against))
        .transpose()?;
    let other = asked.against.map(|against| &against.ledger.conditions);
    let holds: Conditions = ledger
        .conditions
        .iter()
        .chain(other.into_iter().flatten())
        .cloned()
        .collect();
    let conditions = holds.lines(symbols);
    let Read { basis, stays, .. } = read;
    let bindings = numbers
        .iter()
        .map(|(sym, value)| (symbols.name(sym).to_owned(), value.to_string()))
        .collect();
    let stays = basis.map_or_else(Vec::new, |basis| basis.explain(stays));
    Ok(Summary {
        model: model.name,
        about: model.about,
        phase: asked.phase.to_owned(),
        profile: asked.profile.name.clone(),
        convention: asked.profile.about.clone(),
        dtype: asked.dtype,
        preset: asked.preset.map(str::to_owned),
        origin: model.origin,
        switches: model.switches,
        bindings,
        valid_when: conditions,
        stays,
        card,
        totals,
        weight_bytes,
        elementwise,
        groups,
        lengths,
        rows,
        against,
        symbols: symbols.clone(),
    })
}

/// Rows that are in one group with each other in every grouping.
struct Class<'l> {
    first: &'l Row,
    amounts: Amounts,
}

impl<'l> Class<'l> {
    /// The classes of a ledger, in the order of their first rows: each row is looked at once, however many groupings there are.
    /// Rows whose blocks have one name may be in several.
    fn all(ledger: &'l Ledger) -> Vec<Class<'l>> {
        let names = |row: &Row| [&row.op, &row.block, &row.stage].map(|name| name.as_ptr());
        let alike = ledger.groups(|row| (row.part, row.mixing, names(row)));
        let class = |(_, rows): (_, Vec<&'l Row>)| {
            let first = rows.first().copied()?;
            let amounts = Amounts::of(rows.iter().map(|row| &row.amounts));
            Some(Class { first, amounts })
        };
        alike.into_iter().filter_map(class).collect()
    }
}

pub(super) struct Read<'l> {
    pub(super) symbols: &'l Symbols,
    numbers: &'l Bindings,
    basis: Option<Basis>,
    pub(super) cx: Context<'l>,
    stays: BTreeMap<Sym, &'static str>,
    pub(super) dtype: Dtype,
    /// The shapes that were read, by where they and the stages of their rows stand in the ledger.
    shapes: HashMap<(*const Shape, *const u8), Arc<[Quantity]>>,
    /// No bytes.
    nothing: Arc<Quantity>,
    whole: bool,
}

impl Read<'_> {
    pub(super) fn quantity(&mut self, poly: &Poly) -> Result<Quantity, FormulaError> {
        self.valued(poly, poly.eval_bound(self.numbers, self.symbols))
    }

    /// A quantity that must be a count, unless the profile halves.
    pub(super) fn count(&mut self, poly: &Poly) -> Result<Quantity, FormulaError> {
        if !self.whole {
            return self.quantity(poly);
        }
        let value = poly.count_bound(self.numbers, self.symbols);
        self.valued(poly, value.map(|value| value.map(Coeff::from)))
    }

    /// A formula with the value that it was found to have.
    fn valued(
        &mut self,
        poly: &Poly,
        value: Result<Option<Coeff>, EvalError>,
    ) -> Result<Quantity, FormulaError> {
        let value = value.map_err(|error| FormulaError(error.message(self.symbols)))?;
        let Some(basis) = &self.basis else {
            return Ok(Quantity {
                poly: poly.clone(),
                value,
            });
        };
        let poly = basis
            .rewrite(poly, &mut self.cx)
            .map_err(|error| FormulaError(error.message(self.symbols)))?;
        self.stays.extend(basis.stays(&poly));
        Ok(Quantity { poly, value })
    }

    fn totals(&mut self, amounts: &Amounts) -> Result<Totals, FormulaError> {
        Ok(Totals {
            dots: self.count(amounts.dots.poly())?,
            macs: self.count(amounts.macs.poly())?,
            flops: self.count(amounts.flops.poly())?,
            params: self.count(amounts.params.poly())?,
            params_active: self.count(amounts.params_active.poly())?,
            elementwise: self.count(amounts.elementwise.poly())?,
            kv_cache_bytes: self.bytes(&amounts.cached)?,
            state_bytes: self.bytes(&amounts.state)?,
            cache_read_bytes: self.bytes(&amounts.cache_read)?,
            cache_write_bytes: self.bytes(&amounts.cache_written)?,
        })
    }

    /// The bytes of a number of scalars, which need not be whole where a scalar takes half a byte.
    fn bytes(&mut self, scalars: &Stored) -> Result<Arc<Quantity>, FormulaError> {
        if scalars.poly().is_zero() {
            return Ok(self.nothing.clone());
        }
        let each = self.dtype.bytes();
        let bytes = scalars.poly().scale(&each);
        if each.is_integer() {
            return self.count(&bytes).map(Arc::new);
        }
        self.count(scalars.poly())?;
        self.quantity(&bytes).map(Arc::new)
    }

    /// The bytes of weights that are read: the fewest, the mean and the most. A mean whose value is a very long fraction stays
    /// a formula.
    fn weight_bytes(&mut self, ledger: &Ledger) -> Result<[Quantity; 3], FormulaError> {
        let dtype = self.dtype;
        let mut bytes = |bound| -> Result<Quantity, FormulaError> {
            let formula = ledger.weight_bytes(bound, dtype);
            let mut quantity = self.quantity(formula.poly())?;
            quantity.value = quantity.value.filter(|value| value.bits() < LONG_BITS);
            Ok(quantity)
        };
        Ok([
            bytes(Bound::Lower)?,
            bytes(Bound::Expected)?,
            bytes(Bound::Upper)?,
        ])
    }

    /// The FLOPs of two ledgers whose rows are of the same ops.
    fn comparison(
        &mut self,
        ledger: &Ledger,
        against: &Against<'_>,
    ) -> Result<Comparison, FormulaError> {
        let flops = |rows: &[&Row]| Poly::sum(rows.iter().map(|row| &row.amounts.flops.0));
        let all = |ledger: &Ledger| flops(&ledger.rows.iter().collect::<Vec<_>>());
        let groups = ledger.groups(|row| against.by.key(row));
        let others = against.ledger.groups(|row| against.by.key(row));
        let mut entries = Vec::with_capacity(groups.len());
        for ((key, rows), (_, others)) in groups.into_iter().zip(others) {
            entries.push((key.to_owned(), self.versus(&flops(&rows), &flops(&others))?));
        }
        Ok(Comparison {
            profile: against.profile.name.clone(),
            convention: against.profile.about.clone(),
            by: against.by,
            entries,
            total: self.versus(&all(ledger), &all(against.ledger))?,
        })
    }

    fn versus(&mut self, flops: &Poly, against: &Poly) -> Result<Versus, FormulaError> {
        Ok(Versus {
            flops: self.quantity(flops)?,
            against: self.quantity(against)?,
            difference: self.quantity(&(flops - against))?,
        })
    }

    fn length(&mut self, length: &Length) -> Result<LengthQuantity, FormulaError> {
        Ok(match length {
            Length::Fixed(length) => LengthQuantity::Fixed(self.quantity(length)?),
            Length::Varies { min, max, mean } => LengthQuantity::Varies {
                min: self.quantity(min)?,
                max: self.quantity(max)?,
                mean: match mean {
                    Some(mean) => Some(self.quantity(mean)?),
                    None => None,
                },
            },
        })
    }

    /// The spectrum. Lengths that are equal under the model's definitions are one length, and so are lengths that are equal
    /// at the chosen values; the formula of the latter is the number.
    fn lengths(&mut self, ledger: &Ledger) -> Result<Vec<LengthGroup>, FormulaError> {
        let mut groups: Vec<(LengthQuantity, Vec<&Amounts>)> = Vec::new();
        let mut by_formula: HashMap<[Poly; 3], usize> = HashMap::new();
        let mut by_value: HashMap<[Coeff; 3], usize> = HashMap::new();
        for (length, rows) in ledger.groups(|row| row.length.as_ref()) {
            let Some(length) = length else { continue };
            let length = self.length(length)?;
            let normal = |part: &Quantity| self.symbols.normal(&part.poly);
            let formula = match &length {
                LengthQuantity::Fixed(fixed) => {
                    let fixed = normal(fixed);
                    Some([fixed.clone(), fixed.clone(), fixed])
                }
                LengthQuantity::Varies { .. } => length.parts().map(|parts| parts.map(normal)),
            };
            let value = length.values();
            let equal = formula
                .as_ref()
                .and_then(|known| by_formula.get(known).copied());
            let known = equal.or_else(|| {
                value
                    .as_ref()
                    .and_then(|value| by_value.get(value).copied())
            });
            let at = known.unwrap_or(groups.len());
            if known.is_none() {
                groups.push((length, Vec::new()));
            } else if equal.is_none() {
                groups[at].0 = groups[at].0.as_number();
            }
            groups[at].1.extend(rows.iter().map(|row| &row.amounts));
            by_formula.extend(formula.map(|formula| (formula, at)));
            if let Some(value) = value {
                by_value.insert(value, at);
            }
        }
        let mut lengths = Vec::with_capacity(groups.len());
        for (length, members) in groups {
            let amounts = Amounts::of(members.into_iter());
            let (dots, macs) = (
                self.count(amounts.dots.poly())?,
                self.count(amounts.macs.poly())?,
            );
            lengths.push(LengthGroup { length, dots, macs });
        }
        Ok(lengths)
    }

    fn kinds(&mut self, ledger: &Ledger) -> Result<Vec<(Kind, Quantity)>, FormulaError> {
        let mut kinds = Vec::new();
        for kind in Kind::ALL {
            let counts = ledger
                .rows
                .iter()
                .flat_map(|row| &row.elementwise)
                .filter(|(own, _)| *own == kind);
            let total = Poly::sum(counts.map(|(_, count)| count.poly()));
            if !total.is_zero() {
                kinds.push((kind, self.count(&total)?));
            }
        }
        Ok(kinds)
    }

    /// The sizes of a shape of a row.
    fn shape(&mut self, shape: &Arc<Shape>, row: &Row) -> Result<Arc<[Quantity]>, FormulaError> {
        let place = (Arc::as_ptr(shape), row.stage.as_ptr());
        if let Some(known) = self.shapes.get(&place) {
            return Ok(known.clone());
        }
        let axes = shape.axes().iter().map(|axis| axis.dim.poly());
        let dims: Arc<[Quantity]> = self.dims(axes, &row.phase)?.into();
        self.shapes.insert(place, dims.clone());
        Ok(dims)
    }

    fn dims<'p>(
        &mut self,
        dims: impl ExactSizeIterator<Item = &'p Poly>,
        phase: &Subst,
    ) -> Result<Vec<Quantity>, FormulaError> {
        let mut quantities = Vec::with_capacity(dims.len());
        for dim in dims {
            let put = self.cx.substitute(dim, phase);
            let dim = put.map_err(|error| FormulaError(error.message(self.symbols)))?;
            let value = dim.eval_bound(self.numbers, self.symbols).ok().flatten();
            quantities.push(Quantity { poly: dim, value });
        }
        Ok(quantities)
    }

    fn row<'l>(&mut self, row: &'l Row) -> Result<SummaryRow<'l>, FormulaError> {
        let located = |error: FormulaError| FormulaError(format!("`{}`: {error}", row.path));
        let mut elementwise = Vec::with_capacity(row.elementwise.len());
        for (kind, count) in &row.elementwise {
            elementwise.push((*kind, self.count(count.poly()).map_err(located)?));
        }
        let mut inputs = Vec::with_capacity(row.inputs.len());
        for shape in &row.inputs {
            inputs.push(self.shape(shape, row)?);
        }
        let mut weights = Vec::with_capacity(row.weights.len());
        for dims in &row.weights {
            weights.push(self.dims(dims.iter(), &row.phase)?.into());
        }
        Ok(SummaryRow {
            repeat: self.quantity(&row.repeat).map_err(located)?,
            length: row
                .length
                .as_ref()
                .map(|length| self.length(length).map(Box::new))
                .transpose()
                .map_err(located)?,
            totals: self.totals(&row.amounts).map_err(located)?,
            output: self.shape(&row.output, row)?,
            elementwise,
            inputs,
            weights,
            row,
        })
    }
}

/// Symbols of a basis by name, `T,L,d`.
///
/// # Errors
/// When a name is no symbol of the model, with the nearest one.
pub fn basis_of(model: &Model, names: &[String]) -> Result<Vec<Sym>, Diagnostics> {
    let mut basis = Vec::new();
    let mut unknown = model.no_diagnostics();
    for name in names {
        match model.symbols().lookup(name) {
            Some(sym) => basis.push(sym),
            None => unknown.push(model.unknown_symbol("--in", name)),
        }
    }
    if unknown.is_empty() {
        Ok(basis)
    } else {
        Err(unknown)
    }
}
