//! A model verified: drawn sizes are walked and compared, and a disagreement is made as small as it gets.

use std::collections::BTreeMap;

use super::compare::{Walked, compare, witnesses};
use super::random::Random;
use super::verdict::{Disagreement, SCHEMA, Trial, Unconfirmed, Verdict, What};
use super::walk::{Count, MAX_WALKED, Misfit};
use super::{draw, passes};
use crate::diag::Diagnostics;
use crate::ledger::Ledger;
use crate::model::{Model, Options};
use crate::profile::Profile;
use crate::sym::{Bindings, Condition, Sym};

/// The profiles that are compared, with whether masked pairs are left out, and FLOPs a MAC.
const PROFILES: [(&str, bool, u64); 2] = [("exact", true, 2), ("torch", false, 2)];
/// Sets of sizes that are drawn for each that is to be walked.
const DRAWS: usize = 40;
/// Further sets of sizes in which a row is looked at that should mix positions and was not seen to.
const SECOND_LOOKS: usize = 20;
/// Most settings of the switches; of more, each is turned by itself.
const MAX_SETTINGS: usize = 16;

/// What is tried of a model.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Sets of sizes for each phase and setting of the switches.
    pub rounds: usize,
    /// The seed that they are drawn from.
    pub seed: u64,
    /// The largest number that is drawn for a symbol, where its domain has one so small.
    pub largest: i64,
    /// The only phase that is tried, if not all are.
    pub phase: Option<String>,
    /// Numbers of symbols that are not drawn.
    pub pinned: Vec<(String, i64)>,
    /// Most points of index spaces that a pass may have.
    pub most: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Plan {
            rounds: 6,
            seed: 1,
            largest: 4,
            phase: None,
            pinned: Vec::new(),
            most: MAX_WALKED,
        }
    }
}

/// Verifies a model: in every phase and setting of the switches that the options leave open, at sizes drawn by a plan.
///
/// # Errors
/// What is wrong with the model, the options or the plan.
pub fn verify(
    name: &str,
    text: &str,
    options: &Options,
    plan: &Plan,
) -> Result<Verdict, Diagnostics> {
    let model = Model::read(name, text, options)?;
    let mut verdict = Verdict {
        schema: SCHEMA,
        model: model.name().to_owned(),
        seed: plan.seed,
        trials: Vec::new(),
        unconfirmed: Vec::new(),
        disagreement: None,
    };
    let mut random = Random::new(plan.seed);
    for options in settings(&model, options) {
        let model = Model::read(name, text, &options)?;
        let phases: Vec<String> = match &plan.phase {
            Some(phase) => vec![phase.clone()],
            None => model.phases().into_iter().map(str::to_owned).collect(),
        };
        let pinned = pinned((name, text, &options), &model, &plan.pinned, &phases)?;
        let wide = draw::wide(&model, &mut random);
        let mut benches = Vec::with_capacity(phases.len());
        for phase in &phases {
            benches.push(Bench {
                read: (name, text, &options),
                model: &model,
                phase,
                ledgers: ledgers(&model, phase)?,
                pinned: &pinned,
                wide: wide.clone().unwrap_or_default(),
                largest: plan.largest.max(1),
                most: plan.most,
            });
        }
        // Whether a row mixes positions is the same in every phase, and shows in some.
        let mut seen = BTreeMap::new();
        let mut trials: Vec<Trial> = Vec::with_capacity(phases.len());
        let mut found = None;
        for bench in &mut benches {
            let mut trial = Trial {
                phase: bench.phase.to_owned(),
                switches: model.switches().to_vec(),
                ..Trial::default()
            };
            found = match wide {
                Some(_) => bench.rounds(plan.rounds, &mut random, &mut trial, &mut seen),
                None => {
                    let why = "no sizes were found at which the declarations hold and axes differ";
                    trial.stopped = Some(why.to_owned());
                    None
                }
            };
            trials.push(trial);
            if found.is_some() {
                break;
            }
        }
        for look in 0..SECOND_LOOKS {
            if found.is_some() || seen.values().all(|seen| *seen) {
                break;
            }
            let at = look % benches.len();
            let rounds = trials[at].rounds + 1;
            found = benches[at].rounds(rounds, &mut random, &mut trials[at], &mut seen);
        }
        let unseen = seen.into_iter().filter(|(_, seen)| !seen);
        verdict
            .unconfirmed
            .extend(unseen.map(|(row, _)| Unconfirmed {
                row,
                switches: model.switches().to_vec(),
            }));
        let last = trials.len().saturating_sub(1);
        verdict.trials.append(&mut trials);
        if let Some((at, numbers, what)) = found {
            verdict.disagreement = Some(benches[last].smallest(at, numbers, what));
            break;
        }
    }
    Ok(verdict)
}

/// The ledgers of a phase under each profile.
fn ledgers(model: &Model, phase: &str) -> Result<Vec<Ledger>, Diagnostics> {
    let shipped = |name| Profile::shipped(name).unwrap_or_else(Profile::exact);
    let ledgers = PROFILES
        .iter()
        .map(|(name, ..)| model.ledger(phase, &shipped(name)));
    ledgers.collect()
}

/// The symbols that are not drawn, with their numbers, at which the model is one in each phase.
fn pinned(
    (name, text, options): (&str, &str, &Options),
    model: &Model,
    given: &[(String, i64)],
    phases: &[String],
) -> Result<Bindings, Diagnostics> {
    let mut pinned = Bindings::new();
    if given.is_empty() {
        return Ok(pinned);
    }
    let mut set = options.clone();
    let values = given.iter();
    set.set
        .extend(values.map(|(symbol, value)| (symbol.clone(), value.to_string())));
    let bound = Model::read(name, text, &set)?;
    for phase in phases {
        bound.check_values(&bound.ledger(phase, &Profile::exact())?)?;
    }
    for (symbol, value) in given {
        let Some(sym) = draw::free_named(model, symbol) else {
            let mut diagnostics = model.no_diagnostics();
            diagnostics.push(model.unknown_symbol("--set", symbol));
            return Err(diagnostics);
        };
        pinned.insert(sym, *value);
    }
    Ok(pinned)
}

/// The options with the switches that they leave open turned in all ways.
fn settings(model: &Model, options: &Options) -> Vec<Options> {
    let given = |switch: &str| options.set.iter().any(|(name, _)| name == switch);
    let open: Vec<&(String, bool)> = model
        .switches()
        .iter()
        .filter(|(name, _)| !given(name))
        .collect();
    let with = |turned: &[&(String, bool)]| {
        let mut options = options.clone();
        let turned = turned.iter();
        let set = turned.map(|(name, on)| (name.clone(), (!on).to_string()));
        options.set.extend(set);
        options
    };
    let ways = 1_usize.checked_shl(u32::try_from(open.len()).unwrap_or(u32::MAX));
    match ways {
        Some(ways) if ways <= MAX_SETTINGS => (0..ways)
            .map(|way| {
                let places = open.iter().enumerate();
                let turned = places.filter(|(at, _)| way >> at & 1 == 1);
                with(&turned.map(|(_, switch)| *switch).collect::<Vec<_>>())
            })
            .collect(),
        _ => {
            let single = open.iter().map(|switch| with(&[switch]));
            std::iter::once(with(&[])).chain(single).collect()
        }
    }
}

/// A model in a phase, with its ledgers under each profile.
struct Bench<'m> {
    read: (&'m str, &'m str, &'m Options),
    model: &'m Model,
    phase: &'m str,
    ledgers: Vec<Ledger>,
    pinned: &'m Bindings,
    wide: Bindings,
    /// The largest number that is drawn.
    largest: i64,
    /// Most points of a pass.
    most: u64,
}

/// A disagreement under a profile, by its place among them, at some numbers.
type Found = (usize, Bindings, What);

impl Bench<'_> {
    /// Draws sizes and compares until there were so many rounds.
    fn rounds(
        &mut self,
        rounds: usize,
        random: &mut Random,
        trial: &mut Trial,
        seen: &mut BTreeMap<String, bool>,
    ) -> Option<Found> {
        let wished: Vec<Condition> = self.ledgers[0].conditions.iter().cloned().collect();
        let missing = rounds.saturating_sub(trial.rounds);
        for draw in 0..missing.saturating_mul(DRAWS) {
            if trial.rounds >= rounds {
                break;
            }
            // Half of all sizes are drawn without a look at what the ledger requires.
            let wished = if draw % 2 == 0 { &[] } else { &wished[..] };
            let sizes = (&mut *random, self.largest);
            let numbers = draw::small(self.model, self.phase, sizes, self.pinned, wished);
            let Some(numbers) = numbers else {
                break;
            };
            match self.compare(&numbers, trial, seen) {
                Ok(None) => {}
                Ok(Some((at, what))) => return Some((at, numbers, what)),
                Err(misfit) => {
                    trial.stopped = Some(misfit.why);
                    if self.largest == 1 {
                        break;
                    }
                    // Less may not be too much.
                    self.largest -= 1;
                }
            }
        }
        if trial.rounds > 0 {
            trial.stopped = None;
        } else if trial.stopped.is_none() {
            let why = "no sizes were found at which the declarations hold";
            trial.stopped = Some(why.to_owned());
        }
        None
    }

    /// Walks at some numbers and compares. What comes back wrong is what cannot be walked at all.
    fn compare(
        &self,
        numbers: &Bindings,
        trial: &mut Trial,
        seen: &mut BTreeMap<String, bool>,
    ) -> Result<Option<(usize, What)>, Misfit> {
        for (at, (_, masks, flops_per_mac)) in PROFILES.iter().enumerate() {
            let ledger = &self.ledgers[at];
            let stages = match self.walk(numbers, *masks) {
                Ok(stages) => stages,
                Err(misfit) if misfit.of_numbers => {
                    trial.refused += 1;
                    let accepted = self.accepted(numbers).is_ok();
                    return Ok(accepted.then_some((at, What::Accepted(misfit.why))));
                }
                Err(misfit) => return Err(misfit),
            };
            let found = compare(ledger, numbers, &stages, *flops_per_mac);
            trial.compared += found.compared;
            if !found.differences.is_empty() {
                return Ok(Some((at, What::Differs(found.differences))));
            }
            for stage in &stages {
                trial.passes += stage.passes;
                trial.points += stage.run.points;
                let counts = stage.run.entries.iter().map(|entry| &entry.count);
                trial.dots += counts.clone().map(Count::dots).sum::<u64>();
                trial.macs += counts.map(Count::macs).sum::<u64>();
            }
            if let [stage] = stages.as_slice() {
                witnesses(ledger, &stage.run, seen);
            }
        }
        trial.rounds += 1;
        let refused = self.accepted(numbers).err();
        Ok(refused.map(|why| (0, What::Refused(why))))
    }

    fn walk(&self, numbers: &Bindings, masks: bool) -> Result<Vec<Walked>, Misfit> {
        let numbers = (numbers, &self.wide);
        passes::walk_phase(self.model, self.phase, numbers, masks, self.most)
    }

    /// Whether the library takes the numbers when they are given as a user gives them; else why not.
    fn accepted(&self, numbers: &Bindings) -> Result<(), String> {
        let (name, text, options) = self.read;
        let symbols = self.model.symbols();
        let mut options = options.clone();
        let values = numbers.iter();
        let values = values.map(|(sym, value)| (symbols.name(sym).to_owned(), value.to_string()));
        options.set.extend(values);
        let check = || {
            let model = Model::read(name, text, &options)?;
            let ledger = model.ledger(self.phase, &Profile::exact())?;
            model.check_values(&ledger)
        };
        check().map_err(|errors| errors.to_string())
    }

    /// A disagreement at numbers as small as it is still one.
    fn smallest(&self, at: usize, mut numbers: Bindings, mut what: What) -> Disagreement {
        let symbols = self.model.symbols();
        let open: Vec<Sym> = draw::free(self.model)
            .into_iter()
            .filter(|sym| !self.pinned.contains(*sym))
            .collect();
        loop {
            let smaller = open.iter().find_map(|sym| {
                let value = i64::try_from(numbers.get(*sym)?).ok()?;
                let least = symbols.domain(*sym).min;
                (least..value).find_map(|value| {
                    let mut tried = numbers.clone();
                    tried.insert(*sym, value);
                    let what = self.disagrees(at, &tried)?;
                    Some((tried, what))
                })
            });
            match smaller {
                Some((smaller, found)) => (numbers, what) = (smaller, found),
                None => break,
            }
        }
        let sizes = numbers.iter().filter_map(|(sym, value)| {
            let value = i64::try_from(value).ok()?;
            Some((symbols.name(sym).to_owned(), value))
        });
        Disagreement {
            phase: self.phase.to_owned(),
            switches: self.model.switches().to_vec(),
            profile: PROFILES[at].0,
            sizes: sizes.collect(),
            what,
        }
    }

    /// The disagreement under a profile at some numbers, if there is one.
    fn disagrees(&self, at: usize, numbers: &Bindings) -> Option<What> {
        if !draw::declared_valid(self.model, self.phase, numbers) {
            return None;
        }
        match self.walk(numbers, PROFILES[at].1) {
            Ok(stages) => {
                let found = compare(&self.ledgers[at], numbers, &stages, PROFILES[at].2);
                match found.differences.is_empty() {
                    true => self.accepted(numbers).err().map(What::Refused),
                    false => Some(What::Differs(found.differences)),
                }
            }
            Err(misfit) if misfit.of_numbers => {
                let accepted = self.accepted(numbers).is_ok();
                accepted.then_some(What::Accepted(misfit.why))
            }
            Err(_) => None,
        }
    }
}
