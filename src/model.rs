//! A model that was read: its shapes are proven, its ledger can be asked for.

use std::collections::HashSet;
use std::sync::Arc;

use crate::ast;
use crate::ast::file::Choice;
use crate::diag::{Code, Diagnostic, Diagnostics, Sources, did_you_mean, nearest};
use crate::formula::check;
use crate::graph::Graph;
use crate::infer::{Traced, infer};
use crate::ledger::Ledger;
use crate::lower::{Lowered, Positions, lower};
use crate::part::Role;
use crate::phase;
use crate::profile::Profile;
use crate::sym::{AlgebraError, Bindings, Context, EvalError, Poly, Sym, Symbols, parse_poly};
use crate::tally::{Stage, tally};
use crate::values::{Values, closed};

/// What is chosen when a model is read: a preset, and values for single symbols and switches.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A preset of the model.
    pub preset: Option<String>,
    /// Values by name, over those of the preset: numbers or expressions for symbols, `true` or `false` for switches.
    pub set: Vec<(String, String)>,
}

/// A model whose shapes all fit.
#[derive(Debug)]
pub struct Model {
    lowered: Lowered,
    traced: Traced,
    values: Values,
    sources: Sources,
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
        let lowered = ast::file::read(&tree, file, &choice, &mut diagnostics)
            .and_then(|model| lower(&model, &choice, &mut diagnostics));
        let traced = lowered.and_then(|mut lowered| {
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

    /// The symbols of its formulas.
    pub fn symbols(&self) -> &Symbols {
        &self.lowered.symbols
    }

    /// The phases that it can run in.
    pub fn phases(&self) -> Vec<&str> {
        let phases = self.lowered.phases.iter();
        phases.map(|phase| phase.name.as_str()).collect()
    }

    /// The names of its presets.
    pub fn presets(&self) -> impl Iterator<Item = &str> {
        self.lowered
            .presets
            .iter()
            .map(|preset| preset.name.as_str())
    }

    /// The numbers of a preset that sets nothing but symbols to numbers: the graph is this one.
    pub(crate) fn numbers_of(&self, preset: &str) -> Option<Bindings> {
        let preset = self
            .lowered
            .presets
            .iter()
            .find(|known| known.name == preset)?;
        if preset.switches || !self.values.numbers.is_empty() || !self.values.expressions.is_empty()
        {
            return None;
        }
        let number = |(sym, value): &(Sym, Poly)| Some((*sym, value.as_integer()?));
        preset.values.iter().map(number).collect()
    }

    /// Its switches with the values that they have here.
    pub fn switches(&self) -> &[(String, bool)] {
        &self.lowered.switches
    }

    /// What its symbols stand for: role and description, in the order of declaration.
    pub fn meanings(&self) -> &[(Sym, Option<Role>, String)] {
        &self.lowered.meanings
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
        let stages = self.stages(phase)?;
        let Lowered {
            graph,
            symbols,
            conditions,
            ..
        } = &self.lowered;
        let numbers = &self.values.numbers;
        tally(
            (graph, &self.traced),
            symbols,
            conditions,
            &stages,
            numbers,
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
        let fail = |message: String| {
            let mut diagnostics = self.no_diagnostics();
            diagnostics.push(Diagnostic::nowhere(Code::Dimension, message));
            diagnostics
        };
        check(&ledger.conditions, &ledger.numbers, &ledger.symbols)
            .map_err(|error| fail(error.0))?;
        let mut cx = Context::new(&ledger.symbols);
        let mut seen = HashSet::new();
        for row in &ledger.rows {
            for shape in row.inputs.iter().chain([&row.output]) {
                if !seen.insert((Arc::as_ptr(shape), row.stage.as_ptr())) {
                    continue;
                }
                for axis in shape.axes() {
                    let dim = cx
                        .substitute(axis.dim.poly(), &row.phase)
                        .map_err(|error| self.problem(&error))?;
                    if let Err(error) = dim.eval_count(&ledger.numbers, &ledger.symbols)
                        && !matches!(error, EvalError::Unbound(_))
                    {
                        let why = error.message(&ledger.symbols);
                        return Err(fail(format!("a dimension of `{}`: {why}", row.path)));
                    }
                }
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
                    let known = symbols.iter().map(|(_, name)| name);
                    let near = error.unknown.and_then(|name| did_you_mean(&name, known));
                    say(error.message, error.hint.or(near));
                }
                return Err(diagnostics);
            }
        };
        let mut set = self.lowered.positions.into_iter().flat_map(Positions::all);
        if let Some(sym) = set.find(|sym| divisor.mentions(*sym)) {
            let name = symbols.name(sym);
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

    /// What each stage of a phase, and expressions given for symbols, put in place of symbols.
    fn stages(&self, name: &str) -> Result<Vec<Stage>, Diagnostics> {
        let Lowered {
            symbols,
            positions,
            phases,
            ..
        } = &self.lowered;
        let Some(phase) = phases.iter().find(|phase| phase.name == name) else {
            let mut diagnostics = self.no_diagnostics();
            let known = self.phases();
            let has = format!("`{}` runs in: {}", self.name(), known.join(", "));
            let message = if phase::find(name).is_some() {
                format!("this model has no phase `{name}`")
            } else {
                format!("there is no phase `{name}`")
            };
            let help = nearest(name, known).map_or(has, |known| format!("did you mean `{known}`?"));
            diagnostics.push(Diagnostic::nowhere(Code::Unknown, message).help(help));
            return Err(diagnostics);
        };
        let given = &self.values.expressions;
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
