//! The zoo as a list: what each published size comes to. It knows no family by name.

use dashu_int::IBig;

use crate::diag::Diagnostics;
use crate::dtype::Dtype;
use crate::formula::{Formula, FormulaError};
use crate::import::Family;
use crate::ledger::Ledger;
use crate::model::{Model, Options};
use crate::part::Role;
use crate::profile::Profile;
use crate::sym::{Form, Poly, Syntax};
use crate::values::Values;

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
    /// The context: the one that was asked for, or as much of it as there are positions; none of images.
    pub context: Option<IBig>,
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
        figures: figures(family, preset, listing),
    });
    Ok(presets.collect())
}

/// The figures of a preset.
fn figures(family: Family<'_>, preset: &str, listing: &Listing<'_>) -> Result<Figures, String> {
    let words = |errors: Diagnostics| {
        let first = errors.iter().next();
        first.map_or_else(String::new, |error| error.message.clone())
    };
    let options = Options {
        preset: Some(preset.to_owned()),
        ..Options::default()
    };
    let model = Model::read(family.name, family.text, &options).map_err(words)?;
    let (values, context) = request(&model, listing);
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
    let phase = model.each_phase().iter().find(|known| known.name == phase);
    let phase = phase.ok_or_else(|| String::from("it has no forward pass"))?;
    let ledger = model
        .ledger_at(&values, phase, listing.profile)
        .map_err(words)?;
    model.check_values(&ledger).map_err(words)?;
    let figures = read(&model, &ledger, unit, listing.dtype).map_err(|error| error.0)?;
    Ok(Figures {
        context: (unit != Unit::Image).then_some(context),
        ..figures
    })
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
        let tokens = model.of_role(Role::Context).next();
        match tokens {
            Some(tokens) => formula.per(&formula.with_values(&Poly::symbol(tokens))?),
            None => Ok(formula.clone()),
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
        context: None,
        unit,
        flops: number(&flops)?,
        kv_cache_bytes: match cached {
            true => Some(number(&per_token(&cache)?)?),
            false => None,
        },
    })
}

/// The values of a preset with those of one request: one sequence, the context, as far as there are positions for it, and as
/// many source tokens where the preset leaves them open. The second is the context.
fn request(model: &Model, listing: &Listing<'_>) -> (Values, IBig) {
    let mut values = model.values().clone();
    let bound = |role: Role| {
        let positions = model.of_role(role);
        positions.filter_map(|sym| values.numbers.get(sym).cloned())
    };
    let longest = bound(Role::Positions).min();
    let asked = IBig::from(listing.context);
    let context = longest.map_or(asked.clone(), |longest| longest.min(asked));
    let sources = bound(Role::Source).count();
    let set = [
        (Role::Batch, IBig::ONE),
        (Role::Context, context.clone()),
        (Role::Source, context.clone()),
    ];
    for (role, value) in set {
        if role == Role::Source && sources > 0 {
            continue;
        }
        for sym in model.of_role(role) {
            values.numbers.insert(sym, value.clone());
        }
    }
    (values, context)
}
