//! A model that was read: its shapes are proven, its ledger can be asked for.

use std::sync::Arc;

use foldhash::{HashSet, HashSetExt};

use crate::ast;
use crate::ast::file::Choice;
use crate::diag::{Code, Diagnostic, Diagnostics, MAX_LISTED, Sources, did_you_mean, nearest};
use crate::formula::check;
use crate::graph::{Graph, Rules};
use crate::infer::{Traced, infer};
use crate::ledger::Ledger;
use crate::lower::{Lowered, Phase, Positions, lower};
use crate::origin::Origin;
use crate::part::Role;
use crate::phase;
use crate::profile::Profile;
use crate::sym::{
    AlgebraError, Bindings, Condition, Conditions, Context, Poly, Subst, Sym, Symbols, metered,
    parse_poly,
};
use crate::tally::{Stage, tally};
use crate::values::{Values, closed};

/// What is chosen when a model is read: a preset, and values for single symbols and switches.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A preset of the model.
    pub preset: Option<String>,
    /// Values by name, over those of the preset: numbers or expressions for symbols, `true` or `false` for switches.
    pub set: Vec<(String, String)>,
    /// Other rules for ops than their own.
    pub rules: Option<Rules>,
    /// Where `set` comes from, if from a configuration.
    pub origin: Option<Origin>,
}

/// A model whose shapes all fit.
#[derive(Debug)]
pub struct Model {
    lowered: Lowered,
    traced: Traced,
    values: Values,
    sources: Sources,
    origin: Option<Origin>,
}

/// What helps where formulas take too many steps.
pub(crate) const NARROWER: &str =
    "sums that are multiplied grow fast: give such a sum a symbol of its own";

/// The values of a preset, or why they are none.
type PresetValues = Result<Values, Diagnostics>;

/// What must hold for a ledger to be one: its conditions, and that each dimension is a count.
pub(crate) struct Obligations {
    conditions: Conditions,
    /// Each size once, with the path of the row that has it first.
    dims: Vec<(String, Poly)>,
}

impl Obligations {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.conditions.len() + self.dims.len()
    }
}

/// Reads a model and proves its shapes, with no preset and the switches as the file has them.
///
/// # Errors
/// All that is wrong with the text, each at its line and column.
pub fn trace(text: &str) -> Result<Model, Diagnostics> {
    Model::read("model.ron", text, &Options::default())
}

impl Model {
    /// Reads a model from the text of a file called `name`, and proves its shapes.
    ///
    /// # Errors
    /// All that is wrong with the text or the options.
    pub fn read(name: &str, text: &str, options: &Options) -> Result<Model, Diagnostics> {
        let (model, limit) = metered(|| Model::read_freely(name, text, options));
        match (model, limit) {
            (model, None) => model,
            (model, Some(limit)) => {
                let found = model.err().unwrap_or_default();
                Err(found.only(Code::Limit, &limit.to_string(), NARROWER))
            }
        }
    }

    fn read_freely(name: &str, text: &str, options: &Options) -> Result<Model, Diagnostics> {
        let mut sources = Sources::default();
        let file = sources.add(name, text);
        let mut diagnostics = Diagnostics::new(sources.clone());
        let choice = Choice {
            preset: options.preset.clone(),
            set: options.set.clone(),
        };
        let tree = match ast::ron::parse(text) {
            Ok(tree) => tree,
            Err(error) => {
                diagnostics.push(ast::syntax_error(file, error));
                return Err(diagnostics);
            }
        };
        let model = ast::file::read(&tree, file, &choice, &mut diagnostics);
        drop(tree);
        let lowered = model.and_then(|model| lower(&model, &choice, &mut diagnostics));
        let traced = lowered.and_then(|mut lowered| {
            if let Some(rules) = options.rules {
                lowered.graph.ruled(rules);
            }
            let symbols = lowered.symbols.clone();
            let mut cx = Context::new(&symbols);
            let traced = infer(&lowered.graph, lowered.positions, &mut cx, &mut diagnostics)?;
            lowered.conditions.extend(cx.used);
            Some((lowered, traced))
        });
        let values = traced
            .as_ref()
            .map(|(lowered, _)| Values::new(&lowered.values, &lowered.symbols));
        match (traced, values) {
            (Some((lowered, traced)), Some(Ok(values))) if diagnostics.is_empty() => Ok(Model {
                lowered,
                traced,
                values,
                sources,
                origin: options.origin.clone(),
            }),
            (_, values) => {
                if let Some(Err(message)) = values {
                    diagnostics.push(Diagnostic::nowhere(Code::Dimension, message));
                }
                Err(diagnostics.sorted())
            }
        }
    }

    /// The name that the file gives.
    pub fn name(&self) -> &str {
        &self.lowered.name
    }

    /// What the file says of it.
    pub fn about(&self) -> &str {
        &self.lowered.about
    }

    /// Its blocks as graphs of ops, before any phase.
    pub fn graph(&self) -> &Graph {
        &self.lowered.graph
    }

    /// The configuration that its values are from, if they are from one.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// The symbols of its formulas.
    pub fn symbols(&self) -> &Symbols {
        &self.lowered.symbols
    }

    /// The phases that it can run in.
    pub fn phases(&self) -> Vec<&str> {
        let phases = self.lowered.phases.iter();
        phases.map(|phase| phase.name.as_str()).collect()
    }

    /// The phases themselves.
    pub(crate) fn each_phase(&self) -> &[Phase] {
        &self.lowered.phases
    }

    /// The symbols of its positions, where it has a sequence.
    pub(crate) fn positions(&self) -> Option<Positions> {
        self.lowered.positions
    }

    /// The names of its presets.
    pub fn presets(&self) -> impl Iterator<Item = &str> {
        self.lowered
            .presets
            .iter()
            .map(|preset| preset.name.as_str())
    }

    /// Each preset with its values; none where it sets switches, and with them another graph.
    pub(crate) fn preset_values(&self) -> impl Iterator<Item = (&str, Option<PresetValues>)> {
        self.lowered.presets.iter().map(|preset| {
            let values = || {
                Values::new(&preset.values, self.symbols()).map_err(|message| {
                    let mut diagnostics = self.no_diagnostics();
                    diagnostics.push(Diagnostic::nowhere(Code::Dimension, message));
                    diagnostics
                })
            };
            (preset.name.as_str(), (!preset.switches).then(values))
        })
    }

    /// Its switches with the values that they have here.
    pub fn switches(&self) -> &[(String, bool)] {
        &self.lowered.switches
    }

    /// The switches that were asked for when the model was read: turning another changes nothing.
    pub(crate) fn deciding_switches(&self) -> impl Iterator<Item = &(String, bool)> {
        let deciding = self.lowered.deciding.iter();
        deciding.filter_map(|at| self.lowered.switches.get(*at))
    }

    /// What its symbols stand for: role and description, in the order of declaration.
    pub fn meanings(&self) -> &[(Sym, Option<Role>, String)] {
        &self.lowered.meanings
    }

    /// The symbols of a role that have no definition.
    pub(crate) fn of_role(&self, role: Role) -> impl Iterator<Item = Sym> {
        let symbols = self.symbols();
        let meanings = self.meanings().iter();
        let of_role = meanings.filter(move |(sym, known, _)| {
            *known == Some(role) && symbols.definition(*sym).is_none()
        });
        of_role.map(|(sym, ..)| *sym)
    }

    /// The values that it was read with.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// The ledger of a phase under a profile.
    ///
    /// # Errors
    /// When the model has no such phase, or a formula cannot be built.
    pub fn ledger(&self, phase: &str, profile: &Profile) -> Result<Ledger, Diagnostics> {
        self.ledger_at(&self.values, self.phase(phase)?, profile)
    }

    /// The ledger of a phase under a profile, at other values than those that the model was read with.
    pub(crate) fn ledger_at(
        &self,
        values: &Values,
        phase: &Phase,
        profile: &Profile,
    ) -> Result<Ledger, Diagnostics> {
        let (ledger, limit) = metered(|| self.ledger_freely(values, phase, profile));
        match limit {
            None => ledger,
            Some(limit) => {
                Err(self
                    .no_diagnostics()
                    .only(Code::Limit, &limit.to_string(), NARROWER))
            }
        }
    }

    fn ledger_freely(
        &self,
        values: &Values,
        phase: &Phase,
        profile: &Profile,
    ) -> Result<Ledger, Diagnostics> {
        let stages = self.stages(phase, &values.expressions)?;
        let Lowered { graph, symbols, .. } = &self.lowered;
        // What an expression comes to is known only where its symbols have values.
        let mut conditions = self.lowered.conditions.clone();
        let open = values.expressions.iter();
        conditions.extend(open.map(|(sym, _)| Condition::in_domain(sym, symbols)));
        tally(
            (graph, &self.traced),
            symbols,
            &conditions,
            &stages,
            &values.numbers,
            profile,
        )
        .map_err(|error| self.problem(&error))
    }

    /// The ledger of a forward pass under the default profile.
    ///
    /// # Errors
    /// When the model has no phase `forward`, or a formula cannot be built.
    pub fn forward(&self) -> Result<Ledger, Diagnostics> {
        self.ledger(phase::WHOLE, &Profile::exact())
    }

    /// Checks that all dimensions are non-negative integers and all conditions hold at the numbers of a ledger, as far
    /// as these decide them.
    ///
    /// # Errors
    /// The obligation that fails, with the values that fail it.
    pub fn check_values(&self, ledger: &Ledger) -> Result<(), Diagnostics> {
        self.check_at(&self.obligations(ledger)?, &ledger.numbers)
    }

    /// What must hold at the numbers that a ledger is read at.
    pub(crate) fn obligations(&self, ledger: &Ledger) -> Result<Obligations, Diagnostics> {
        let mut cx = Context::new(&ledger.symbols);
        let mut shapes = HashSet::new();
        let mut known = HashSet::new();
        let mut dims = Vec::new();
        for row in &ledger.rows {
            for shape in row.inputs.iter().chain([&row.output]) {
                if !shapes.insert((Arc::as_ptr(shape), row.stage.as_ptr())) {
                    continue;
                }
                for axis in shape.axes() {
                    let dim = cx
                        .substitute(axis.dim.poly(), &row.phase)
                        .map_err(|error| self.problem(&error))?;
                    if known.insert(dim.clone()) {
                        dims.push((row.path.clone(), dim));
                    }
                }
            }
        }
        Ok(Obligations {
            conditions: ledger.conditions.clone(),
            dims,
        })
    }

    /// Checks obligations at numbers, as far as these decide them.
    pub(crate) fn check_at(
        &self,
        obligations: &Obligations,
        numbers: &Bindings,
    ) -> Result<(), Diagnostics> {
        let symbols = self.symbols();
        let fail = |message: String| {
            let mut diagnostics = self.no_diagnostics();
            let keys = self
                .origin
                .as_ref()
                .and_then(|origin| origin.behind(&message));
            let diagnostic = Diagnostic::nowhere(Code::Dimension, message);
            diagnostics.push(diagnostic.maybe_help(keys));
            diagnostics
        };
        check(&obligations.conditions, numbers, symbols).map_err(|error| fail(error.0))?;
        for (path, dim) in &obligations.dims {
            if let Err(error) = dim.count_bound(numbers, symbols) {
                let why = error.message(symbols);
                return Err(fail(format!("a dimension of `{path}`: {why}")));
            }
        }
        Ok(())
    }

    /// An empty list of diagnostics over the model's text.
    pub(crate) fn no_diagnostics(&self) -> Diagnostics {
        Diagnostics::new(self.sources.clone())
    }

    /// The diagnostic of a flag that names a symbol which is not declared.
    pub(crate) fn unknown_symbol(&self, flag: &str, name: &str) -> Diagnostic {
        let known = self.symbols().iter().map(|(_, name)| name);
        let message = format!("{flag}: no symbol `{name}` is declared");
        Diagnostic::nowhere(Code::Unknown, message).maybe_help(did_you_mean(name, known))
    }

    /// What a caller divides by: an expression in the model's own symbols, in which those that have an expression are
    /// replaced by it.
    ///
    /// # Errors
    /// When the text is no formula, or one of a symbol that a phase sets.
    pub(crate) fn divisor(&self, flag: &str, text: &str) -> Result<Poly, Diagnostics> {
        let symbols = self.symbols();
        let set = self
            .lowered
            .positions
            .map_or_else(Vec::new, |all| all.all().to_vec());
        let mut cx = Context::new(symbols);
        let mut diagnostics = self.no_diagnostics();
        let mut say = |message: String, help: Option<String>| {
            let message = format!("{flag} \"{text}\": {message}");
            let diagnostic = Diagnostic::nowhere(Code::Dimension, message);
            diagnostics.push(diagnostic.maybe_help(help));
        };
        let divisor = match parse_poly(text, &mut cx) {
            Ok(divisor) => divisor,
            Err(errors) => {
                for error in errors {
                    // Those that a phase sets and the dimensions of single blocks are not the caller's.
                    let own = symbols
                        .iter()
                        .filter(|(sym, name)| !set.contains(sym) && !name.contains('.'));
                    let known = own.map(|(_, name)| name);
                    let near = error.unknown.and_then(|name| did_you_mean(&name, known));
                    say(error.message, error.hint.or(near));
                }
                return Err(diagnostics);
            }
        };
        if let Some(sym) = set.iter().find(|sym| divisor.mentions(**sym)) {
            let name = symbols.name(*sym);
            let help = String::from("write it in the symbols that the model declares");
            say(format!("`{name}` is set by the phase"), Some(help));
            return Err(diagnostics);
        }
        let given = closed(self.values.expressions.clone(), symbols);
        given
            .and_then(|given| cx.substitute(&divisor, &given))
            .map_err(|error| self.problem(&error))
    }

    fn problem(&self, error: &AlgebraError) -> Diagnostics {
        let mut diagnostics = self.no_diagnostics();
        diagnostics.push(Diagnostic::nowhere(
            Code::Limit,
            error.message(&self.lowered.symbols),
        ));
        diagnostics
    }

    fn phase(&self, name: &str) -> Result<&Phase, Diagnostics> {
        let found = self.lowered.phases.iter().find(|phase| phase.name == name);
        found.ok_or_else(|| {
            let known = self.phases();
            let more = match known.len().saturating_sub(MAX_LISTED) {
                0 => String::new(),
                others => format!(" and {others} others"),
            };
            let shown = known[..known.len().min(MAX_LISTED)].join(", ");
            let has = format!("`{}` runs in: {shown}{more}", self.name());
            let message = if phase::find(name).is_some() {
                format!("this model has no phase `{name}`")
            } else {
                format!("there is no phase `{name}`")
            };
            let help = nearest(name, known).map_or(has, |known| format!("did you mean `{known}`?"));
            let mut diagnostics = self.no_diagnostics();
            diagnostics.push(Diagnostic::nowhere(Code::Unknown, message).help(help));
            diagnostics
        })
    }

    /// What each stage of a phase, and the expressions that are `given` for symbols, put in place of symbols.
    fn stages(&self, phase: &Phase, given: &Subst) -> Result<Vec<Stage>, Diagnostics> {
        let Lowered {
            symbols, positions, ..
        } = &self.lowered;
        let mut stages = Vec::with_capacity(phase.stages.len());
        for stage in &phase.stages {
            let mut cx = Context::new(symbols);
            let mut put = |poly| {
                cx.substitute(poly, given)
                    .map_err(|error| self.problem(&error))
            };
            let mut puts = given.clone();
            for (sym, value) in stage.sets.iter() {
                puts.insert(sym, put(value)?);
            }
            let steps = match (&stage.steps, positions) {
                (Some(count), Some(positions)) => Some((positions.step, put(count)?)),
                _ => None,
            };
            let puts = closed(puts, symbols).map_err(|error| self.problem(&error))?;
            stages.push(Stage {
                name: stage.name.clone(),
                begins: stage.begins,
                puts,
                steps,
            });
        }
        Ok(stages)
    }
}
