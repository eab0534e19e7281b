//! The zoo as a list: what each published size comes to. It knows no family by name.

use crate::diag::Diagnostics;
use crate::dtype::Dtype;
use crate::formula::{Formula, FormulaError};
use crate::import::Family;
use crate::ledger::Ledger;
use crate::model::{Model, Options};
use crate::part::Role;
use crate::profile::Profile;
use crate::sym::{Form, Syntax};

/// What is listed, and how it is counted.
#[derive(Clone, Copy, Debug)]
pub struct Listing<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// The type of stored scalars.
    pub dtype: Dtype,
    /// The context, and the source tokens where a model has some.
    pub context: u64,
}

/// A published size.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The family.
    pub family: String,
    /// The kinds of configuration that the family maps.
    pub kinds: Vec<String>,
    /// The preset.
    pub preset: String,
    /// What it comes to, or why it has no numbers here.
    pub figures: Result<Figures, String>,
}

/// What a published size comes to: numbers, or formulas where a symbol has no value.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Parameters.
    pub params: String,
    /// Those that a token passes.
    pub params_active: String,
    /// What FLOPs and bytes are given for.
    pub unit: Unit,
    /// FLOPs.
    pub flops: String,
    /// Bytes of the cache; none in a model without one.
    pub kv_cache_bytes: Option<String>,
}

/// What a figure is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A token of a decode step.
    Token,
    /// A token of a forward pass.
    TokenOfPass,
    /// A forward pass of one image.
    Image,
}

impl Unit {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Unit::Token => "token",
            Unit::TokenOfPass => "token of a pass",
            Unit::Image => "image",
        }
    }
}

/// Lists the presets of a family.
///
/// # Errors
/// When the text of the family is wrong.
pub fn list(family: Family<'_>, listing: &Listing<'_>) -> Result<Vec<Listed>, Diagnostics> {
    let model = Model::read(family.name, family.text, &Options::default())?;
    let kinds = family.kinds();
    let presets = model.presets().map(|preset| Listed {
        family: family.name.to_owned(),
        kinds: kinds.clone(),
        preset: preset.to_owned(),
        figures: figures(family, &model, preset, listing),
    });
    Ok(presets.collect())
}

/// The figures of a preset.
fn figures(
    family: Family<'_>,
    model: &Model,
    preset: &str,
    listing: &Listing<'_>,
) -> Result<Figures, String> {
    let words = |errors: Diagnostics| {
        let first = errors.iter().next();
        first.map_or_else(String::new, |error| error.message.clone())
    };
    let options = Options {
        preset: Some(preset.to_owned()),
        set: free(model, listing),
        ..Options::default()
    };
    let model = Model::read(family.name, family.text, &options).map_err(words)?;
    let phases = model.phases();
    let unit = match model.positions() {
        Some(_) if phases.contains(&"decode") => Unit::Token,
        Some(_) => Unit::TokenOfPass,
        None => Unit::Image,
    };
    let phase = match unit {
        Unit::Token => "decode",
        Unit::TokenOfPass | Unit::Image => "forward",
    };
    let ledger = model.ledger(phase, listing.profile).map_err(words)?;
    model.check_values(&ledger).map_err(words)?;
    let read = |unit: Unit| read(&model, &ledger, unit, listing.dtype);
    read(unit).map_err(|error| error.0)
}

fn read(model: &Model, ledger: &Ledger, unit: Unit, dtype: Dtype) -> Result<Figures, FormulaError> {
    let number = |formula: &Formula| {
        let (text, _) = formula.bound(&[], Form::Expanded, Syntax::Ascii)?;
        Ok::<_, FormulaError>(match formula.rounded() {
            Some(rounded) if text.contains('/') => rounded.to_string(),
            _ => text,
        })
    };
    let per_token = |formula: &Formula| {
        let tokens = model.named(Role::Context).next();
        let tokens = tokens.map(|name| model.divisor("T", name));
        match tokens {
            Some(Ok(tokens)) => formula.per(&formula.with_values(&tokens)?),
            _ => Ok(formula.clone()),
        }
    };
    let flops = match unit {
        Unit::Token | Unit::Image => ledger.flops(),
        Unit::TokenOfPass => per_token(&ledger.flops())?,
    };
    let cache = ledger.kv_cache_bytes(dtype);
    let cached = unit == Unit::Token && !cache.poly().is_zero();
    Ok(Figures {
        params: number(&ledger.params())?,
        params_active: number(&ledger.params_active())?,
        unit,
        flops: number(&flops)?,
        kv_cache_bytes: match cached {
            true => Some(number(&per_token(&cache)?)?),
            false => None,
        },
    })
}

/// Values for what a preset leaves open: one sequence, and the context.
fn free(model: &Model, listing: &Listing<'_>) -> Vec<(String, String)> {
    let values = [
        (Role::Batch, 1),
        (Role::Context, listing.context),
        (Role::Source, listing.context),
    ];
    let named = values.into_iter().flat_map(|(role, value)| {
        let names = model.named(role);
        names.map(move |name| (name.to_owned(), value.to_string()))
    });
    named.collect()
}
