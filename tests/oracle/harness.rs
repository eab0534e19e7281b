//! A model, its numbers, its phases: reads, walks and compares, and says where it was when something differs.

use std::collections::BTreeMap;

use dotledger::sym::Bindings;
use dotledger::verify::compare::{Difference, Walked, compare, witnesses};
use dotledger::verify::passes::walk_phase;
use dotledger::verify::walk::{MAX_WALKED, Misfit, Run};
use dotledger::{Ledger, Model, Options, Profile};

use crate::sample::{Random, free, small, wide};

/// The profiles that are compared, with whether masked pairs are left out, and FLOPs a MAC.
const PROFILES: [(&str, bool, u64); 2] = [("exact", true, 2), ("torch", false, 2)];

/// A model under test, with wide numbers by which its axes are told apart.
pub(crate) struct Bench {
    pub(crate) model: Model,
    name: String,
    text: String,
    switches: Vec<(String, String)>,
    pub(crate) wide: Bindings,
    horizontal: BTreeMap<String, bool>,
}

impl Bench {
    /// Reads a model, switches set as given.
    pub(crate) fn new(name: &str, text: &str, switches: &[(String, bool)]) -> Bench {
        Bench::of(name, text, switches, |model| {
            wide(model, &mut Random::new(7))
        })
        .unwrap_or_else(|message| panic!("{name} is no model:\n{message}"))
    }

    /// Reads a model that is told its wide numbers, or says what is wrong with it.
    pub(crate) fn of(
        name: &str,
        text: &str,
        switches: &[(String, bool)],
        wide: impl Fn(&Model) -> Bindings,
    ) -> Result<Bench, String> {
        let switches: Vec<_> = switches
            .iter()
            .map(|(switch, on)| (switch.clone(), on.to_string()))
            .collect();
        let model = read(name, text, switches.clone())?;
        let wide = wide(&model);
        Ok(Bench {
            model,
            name: name.to_owned(),
            text: text.to_owned(),
            switches,
            wide,
            horizontal: BTreeMap::new(),
        })
    }

    /// Numbers for symbols, by their names.
    pub(crate) fn numbers(&self, named: &[(&str, i64)]) -> Bindings {
        let find = |name: &str| {
            let known = self.model.symbols().lookup(name);
            known.unwrap_or_else(|| panic!("no symbol `{name}`"))
        };
        let pairs = named.iter();
        pairs.map(|(name, value)| (find(name), *value)).collect()
    }

    /// The ledger of a phase under a shipped profile.
    pub(crate) fn ledger(&self, phase: &str, profile: &str) -> Ledger {
        let profile = Profile::shipped(profile).expect("a profile that is shipped");
        self.model
            .ledger(phase, &profile)
            .unwrap_or_else(|e| panic!("{} in {phase}:\n{}", self.name, e))
    }

    /// The names of its phases.
    pub(crate) fn phases(&self) -> Vec<String> {
        let phases = self.model.phases().into_iter();
        phases.map(str::to_owned).collect()
    }

    /// Walks the stages of a phase at some numbers.
    pub(crate) fn stages(
        &self,
        phase: &str,
        numbers: &Bindings,
        masks: bool,
    ) -> Result<Vec<Walked>, Misfit> {
        walk_phase(&self.model, phase, (numbers, &self.wide), masks, MAX_WALKED)
    }

    /// Walks the model in a phase of one stage at some numbers.
    pub(crate) fn walk(&self, phase: &str, numbers: &Bindings, masks: bool) -> Result<Run, Misfit> {
        let mut stages = self.stages(phase, numbers, masks)?;
        assert_eq!(stages.len(), 1, "{phase} is of one stage");
        Ok(stages.remove(0).run)
    }

    /// What differs between the ledger of a phase under a profile and its walk.
    pub(crate) fn differences(
        &self,
        (phase, profile): (&str, &str),
        numbers: &Bindings,
    ) -> Result<Vec<Difference>, Misfit> {
        let found = PROFILES.iter().find(|(name, ..)| *name == profile);
        let (_, masks, flops_per_mac) = *found.expect("a profile that is compared");
        let stages = self.stages(phase, numbers, masks)?;
        let ledger = self.ledger(phase, profile);
        Ok(compare(&ledger, numbers, &stages, flops_per_mac).differences)
    }

    /// Compares everything at some numbers in a phase, under both profiles.
    pub(crate) fn compare(&mut self, phase: &str, numbers: &Bindings) -> Result<(), Misfit> {
        for (profile, masks, flops_per_mac) in PROFILES {
            let stages = self.stages(phase, numbers, masks)?;
            let ledger = self.ledger(phase, profile);
            let found = compare(&ledger, numbers, &stages, flops_per_mac).differences;
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            let at = self.words(numbers);
            assert!(
                found.is_empty(),
                "{} in {phase} under {profile} at {at}:\n  {}",
                self.name,
                found.join("\n  ")
            );
            if let [stage] = stages.as_slice() {
                witnesses(&ledger, &stage.run, &mut self.horizontal);
            }
        }
        Ok(())
    }

    /// Compares at sizes drawn until so many fit, in every phase of the model.
    pub(crate) fn compare_at_random(&mut self, random: &mut Random, samples: usize, high: i64) {
        for phase in &self.phases() {
            let (mut fitting, mut drawn) = (0, 0);
            while fitting < samples {
                drawn += 1;
                assert!(
                    drawn <= 200 * samples,
                    "{} in {phase}: hardly any sizes fit",
                    self.name
                );
                let numbers = small(&self.model, phase, random, high);
                match self.compare(phase, &numbers) {
                    Ok(()) => {
                        fitting += 1;
                        self.accepts(phase, &numbers);
                    }
                    Err(misfit) => {
                        assert!(misfit.of_numbers, "{} in {phase}: {misfit}", self.name);
                        self.refuses(phase, &numbers, &misfit.why);
                    }
                }
            }
        }
    }

    /// Compares where every symbol is the same number, so that no axis of a symbol is too short to see two positions on.
    pub(crate) fn compare_at_equal_sizes(&mut self, size: i64) {
        let numbers = free(&self.model)
            .into_iter()
            .map(|sym| (sym, size))
            .collect();
        for phase in &self.phases() {
            self.compare(phase, &numbers)
                .unwrap_or_else(|why| panic!("{} at {size} everywhere: {why}", self.name));
        }
    }

    /// Whether the ledger called some row horizontal in what was compared.
    pub(crate) fn claims_horizontal(&self) -> bool {
        !self.horizontal.is_empty()
    }

    /// Rows that the ledger calls horizontal, of which no output scalar saw two positions yet.
    pub(crate) fn unseen(&self) -> Vec<&String> {
        let unseen = self.horizontal.iter().filter(|(_, seen)| !**seen);
        unseen.map(|(path, _)| path).collect()
    }

    /// Every row that the ledger calls horizontal was seen to be: some output scalar saw two positions.
    pub(crate) fn all_horizontal_rows_were_seen(&self) {
        let unseen = self.unseen();
        assert!(
            unseen.is_empty(),
            "{}: horizontal in the ledger, vertical at every size: {unseen:?}",
            self.name
        );
    }

    /// Whether the library accepts the numbers when they are given as a user gives them.
    pub(crate) fn accepted(&self, phase: &str, numbers: &Bindings) -> Result<(), String> {
        let symbols = self.model.symbols();
        let values = numbers
            .iter()
            .map(|(sym, value)| (symbols.name(sym).to_owned(), value.to_string()));
        let model = read(
            &self.name,
            &self.text,
            self.switches.iter().cloned().chain(values).collect(),
        )?;
        let ledger = model
            .ledger(phase, &Profile::exact())
            .map_err(|e| e.to_string())?;
        model.check_values(&ledger).map_err(|e| e.to_string())
    }

    fn accepts(&self, phase: &str, numbers: &Bindings) {
        if let Err(why) = self.accepted(phase, numbers) {
            panic!(
                "{} in {phase} at {} can be walked and is refused:\n{why}",
                self.name,
                self.words(numbers)
            );
        }
    }

    fn refuses(&self, phase: &str, numbers: &Bindings, why: &str) {
        let accepted = self.accepted(phase, numbers).is_ok();
        assert!(
            !accepted,
            "{} in {phase} at {} is accepted, but {why}",
            self.name,
            self.words(numbers)
        );
    }

    fn words(&self, numbers: &Bindings) -> String {
        let pairs = numbers
            .iter()
            .map(|(sym, value)| format!("{}={value}", self.model.symbols().name(sym)));
        pairs.collect::<Vec<_>>().join(" ")
    }
}

/// Reads a model, or gives what is wrong with it as text.
pub(crate) fn read(name: &str, text: &str, set: Vec<(String, String)>) -> Result<Model, String> {
    Model::read(
        name,
        text,
        &Options {
            set,
            ..Options::default()
        },
    )
    .map_err(|diagnostics| diagnostics.to_string())
}

/// A model without phases, its symbols all sizes: symbols, relations, inputs, nodes, output.
pub(crate) fn flat(
    symbols: &str,
    relations: &str,
    inputs: &str,
    nodes: &str,
    output: &str,
) -> String {
    let symbols: String = symbols
        .split(' ')
        .map(|name| format!("{name}: \"a size\", "))
        .collect();
    format!(
        "Model(name: \"case\", symbols: ({symbols}), relations: [{relations}], inputs: ({inputs}), nodes: ({nodes}), \
         output: {output})"
    )
}

/// Compares a model in every phase at a few sizes up to `high`, and looks for a witness of every horizontal row.
pub(crate) fn check(name: &str, text: &str, high: i64) {
    let mut bench = Bench::new(name, text, &[]);
    bench.compare_at_random(&mut Random::new(1), 6, high);
    bench.all_horizontal_rows_were_seen();
}
