//! All ways of one model are checked: as the file has it, with each switch the other way, and with each preset.

use super::Failure;
use crate::diag::Diagnostics;
use crate::import::Imported;
use crate::ledger::Ledger;
use crate::model::{Model, Obligations, Options};
use crate::profile::Profile;
use crate::values::Values;

/// Most that checking one model may cost. A byte of text costs one whenever it is read, an obligation whenever it is
/// looked at with a preset.
const MAX_CHECK_COST: usize = 20_000_000;

/// What a row, a symbol or a condition of a ledger costs.
const ROW_COST: usize = 16;

/// Checks a model in every phase: as the file has it, with each switch the other way, and with each preset. Says how much
/// there was to check.
pub(super) fn ways(name: &str, text: &str) -> Result<String, Failure> {
    let mut checker = Checker {
        name,
        text,
        profile: Profile::exact(),
        cost: 0,
    };
    let (model, own) = checker.way(&Options::default())?;
    for (switch, on) in model.deciding_switches() {
        let set = vec![(switch.clone(), (!on).to_string())];
        checker.way(&Options {
            set,
            ..Options::default()
        })?;
    }
    for (preset, values) in model.preset_values() {
        let within = |errors| of_preset(errors, Some(preset));
        match values.transpose().map_err(within)? {
            Some(values) if values.expressions.is_empty() => {
                for obligations in &own.obligations {
                    checker.spend(obligations.len())?;
                    model
                        .check_at(obligations, &values.numbers)
                        .map_err(within)?;
                }
            }
            Some(values) => _ = checker.phases(&model, &values, Some(preset))?,
            None => {
                checker.way(&Options {
                    preset: Some(preset.to_owned()),
                    ..Options::default()
                })?;
            }
        }
    }
    Ok(format!(
        "{}, {}, {}, {}",
        count(own.ops, "op"),
        count(model.phases().len(), "phase"),
        count(model.switches().len(), "switch").replace("switchs", "switches"),
        count(model.presets().count(), "preset")
    ))
}

/// Checks a configuration in every phase of its family.
pub(super) fn config(imported: &Imported<'_>) -> Result<String, Failure> {
    let mut checker = Checker {
        name: imported.family.name,
        text: imported.family.text,
        profile: Profile::exact(),
        cost: 0,
    };
    let (model, own) = checker.way(&imported.options(Vec::new()))?;
    let origin = &imported.origin;
    let class = origin.class.iter().map(|class| format!(", {class}"));
    Ok(format!(
        "{} of type {}{}, {}, {}",
        model.name(),
        origin.kind,
        class.collect::<String>(),
        count(own.ops, "op"),
        count(model.phases().len(), "phase"),
    ))
}

fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        many => format!("{many} {what}s"),
    }
}

struct Checker<'t> {
    name: &'t str,
    text: &'t str,
    profile: Profile,
    cost: usize,
}

/// What is kept of a way in which a model was found to be right.
struct Checked {
    /// What must hold in each phase.
    obligations: Vec<Obligations>,
    /// How many ops the first phase has.
    ops: usize,
}

impl Checker<'_> {
    /// Reads the model in one way, and checks it in each phase at the values that it has there.
    fn way(&mut self, options: &Options) -> Result<(Model, Checked), Failure> {
        let preset = options.preset.as_deref();
        self.spend(self.text.len())?;
        let model = Model::read(self.name, self.text, options)
            .map_err(|errors| of_preset(errors, preset))?;
        let checked = self.phases(&model, model.values(), preset)?;
        Ok((model, checked))
    }

    /// Checks a model in each phase at some values. One ledger is held at a time.
    fn phases(
        &mut self,
        model: &Model,
        values: &Values,
        preset: Option<&str>,
    ) -> Result<Checked, Failure> {
        let within = |errors| of_preset(errors, preset);
        let mut checked = Checked {
            obligations: Vec::new(),
            ops: 0,
        };
        for (at, phase) in model.each_phase().iter().enumerate() {
            let ledger = model.ledger_at(values, phase, &self.profile);
            let ledger = ledger.map_err(within)?;
            let size = ledger.rows.len() + ledger.symbols.len() + ledger.conditions.len();
            self.spend(ROW_COST * size)?;
            let obligations = model.obligations(&ledger).map_err(within)?;
            model
                .check_at(&obligations, &ledger.numbers)
                .map_err(within)?;
            checked.obligations.push(obligations);
            if at == 0 {
                checked.ops = ops_of(&ledger);
            }
        }
        Ok(checked)
    }

    fn spend(&mut self, cost: usize) -> Result<(), Failure> {
        self.cost += cost;
        if self.cost <= MAX_CHECK_COST {
            return Ok(());
        }
        Err(Failure::Failed(format!(
            "error[limit]: checking {} in all ways takes more than {MAX_CHECK_COST} steps, the limit\n  \
             help: each phase, each switch in use and each preset that sets switches costs as much as the whole model",
            self.name
        )))
    }
}

/// Errors that say which preset they belong to, if they belong to one.
fn of_preset(errors: Diagnostics, preset: Option<&str>) -> Diagnostics {
    match preset {
        Some(preset) => errors.within(&format!("preset `{preset}`")),
        None => errors,
    }
}

/// How many ops a ledger enters in one stage of its phase.
fn ops_of(ledger: &Ledger) -> usize {
    let first = ledger.rows.first().map(|row| &row.stage);
    ledger
        .rows
        .iter()
        .filter(|row| Some(&row.stage) == first)
        .count()
}
