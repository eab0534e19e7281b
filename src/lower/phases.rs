//! The phases of a model: what each sets the symbols of positions to, in expressions that are read here.

use std::collections::HashSet;

use super::scope::{self, Local};
use super::symbols::Positions;
use crate::ast::model::{Model, Node, Pattern, Phase as AstPhase, Text, Value};
use crate::diag::{Code, Diagnostic, Diagnostics, did_you_mean};
use crate::phase::{PHASES, WHOLE, find};
use crate::sym::{Context, Poly, Subst, Sym, Symbols};

/// A way of running a model.
#[derive(Clone, Debug)]
pub(crate) struct Phase {
    pub(crate) name: String,
    pub(crate) stages: Vec<Stage>,
}

/// A part of a phase.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) name: String,
    /// Whether nothing is past: a request begins, and what runs once in it runs now.
    pub(crate) begins: bool,
    /// What takes the place of the symbols of positions.
    pub(crate) sets: Subst,
    /// How many steps there are, where there are several.
    pub(crate) steps: Option<Poly>,
}

/// The phases that a model names, or the one of a model without a sequence.
pub(super) fn lower(
    model: &Model<'_>,
    table: &Symbols,
    positions: Option<Positions>,
    diagnostics: &mut Diagnostics,
) -> Vec<Phase> {
    let Some(positions) = positions else {
        let stage = Stage {
            name: WHOLE.to_owned(),
            begins: true,
            sets: Subst::new(),
            steps: None,
        };
        return vec![Phase {
            name: WHOLE.to_owned(),
            stages: vec![stage],
        }];
    };
    let mut phases: Vec<Phase> = Vec::new();
    let mut seen = HashSet::new();
    let blocks = model.blocks.iter().chain([&model.body]);
    let outlasting = blocks.flat_map(|block| &block.nodes).any(outlasts);
    for ast in &model.phases {
        if !seen.insert(ast.name.text) {
            let message = format!("phase `{}` stands twice", ast.name.text);
            diagnostics.push(Diagnostic::at(Code::Duplicate, ast.name.span, message));
            continue;
        }
        let mut lower = Lower {
            table,
            positions,
            outlasting,
            diagnostics: &mut *diagnostics,
        };
        phases.extend(lower.phase(ast));
    }
    phases
}

/// Whether a node runs once a request or has a state.
fn outlasts(node: &Node<'_>) -> bool {
    let has_state = match &node.value {
        Value::Op(def, _) => def.name == "Previous",
        Value::Call(call) => matches!(call.pattern, Pattern::Scan { .. }),
        _ => false,
    };
    node.once || has_state
}

struct Lower<'a> {
    table: &'a Symbols,
    positions: Positions,
    /// Whether a first pass makes what later ones find, other than caches.
    outlasting: bool,
    diagnostics: &'a mut Diagnostics,
}

impl Lower<'_> {
    fn phase(&mut self, ast: &AstPhase<'_>) -> Option<Phase> {
        let name = ast.name;
        let own = |text: &str| Text {
            text: text.to_owned().into(),
            span: name.span,
        };
        let mut stages = Vec::new();
        if let Some(stage) = &ast.own {
            if find(name.text).is_some() {
                let message = format!("`{}` is a phase of every model", name.text);
                self.diagnostics.push(
                    Diagnostic::at(Code::Duplicate, name.span, message).help("choose another name"),
                );
                return None;
            }
            let texts = [&stage.new, &stage.past, &stage.wanted];
            stages.push(self.stage(name.text, texts, stage.steps.as_ref())?);
        } else if let Some(phase) = find(name.text) {
            for stage in phase.stages {
                let texts = [stage.new, stage.past, stage.wanted].map(own);
                let steps = stage.steps.map(own);
                if !self.declared(phase.name, texts.iter().chain(&steps), name.span) {
                    return None;
                }
                stages.push(self.stage(stage.name, texts.each_ref(), steps.as_ref())?);
            }
        } else {
            let help = did_you_mean(name.text, PHASES.iter().map(|phase| phase.name));
            let message = format!("there is no phase `{}`", name.text);
            self.diagnostics
                .push(Diagnostic::at(Code::Unknown, name.span, message).maybe_help(help));
            return None;
        }
        Some(Phase {
            name: name.text.to_owned(),
            stages,
        })
    }

    /// Whether a model declares the symbols that a phase of the table counts in.
    fn declared<'t, 's: 't>(
        &mut self,
        phase: &str,
        texts: impl Iterator<Item = &'t Text<'s>>,
        span: crate::diag::Span,
    ) -> bool {
        let mut missing: Vec<String> = Vec::new();
        for text in texts {
            let names = crate::sym::parse(&text.text).map(|expr| {
                let names = expr.names().into_iter().map(|(name, _)| name.to_owned());
                names.collect::<Vec<String>>()
            });
            for name in names.unwrap_or_default() {
                if self.table.lookup(&name).is_none() && !missing.contains(&name) {
                    missing.push(name);
                }
            }
        }
        if missing.is_empty() {
            return true;
        }
        let message = format!(
            "phase `{phase}` counts in `{}`, which is not declared",
            missing.join("`, `")
        );
        let help = format!("declare it: `{}: \"..\"`; `T` is the context", missing[0]);
        self.diagnostics
            .push(Diagnostic::at(Code::Unknown, span, message).help(help));
        false
    }

    fn stage(
        &mut self,
        name: &str,
        texts: [&Text<'_>; 3],
        steps: Option<&Text<'_>>,
    ) -> Option<Stage> {
        let mut cx = Context::new(self.table);
        let all = self.positions.all();
        let without_step = self.positions.set();
        let mut read = |text: &Text<'_>, hidden: &[Sym]| {
            let local = Local {
                hidden: hidden.into(),
                ..Local::default()
            };
            scope::size(text, &local, &mut cx, self.diagnostics)
        };
        let count = steps.map(|text| read(text, &all));
        let hidden: &[Sym] = if count.is_some() { &without_step } else { &all };
        let [new, past, wanted] = texts.map(|text| read(text, hidden));
        let steps = match count {
            Some(count) => Some(count?),
            None => None,
        };
        let past = past?;
        let begins = past.is_zero();
        let first = Subst::from_iter([(self.positions.step, Poly::one())]);
        let at_first = cx
            .substitute(&past, &first)
            .is_ok_and(|past| past.is_zero());
        if at_first && !begins && self.outlasting {
            let message =
                format!("a request begins at the first step of `{name}` and goes on at the others");
            let help = "make the first step a phase of its own: what runs once, and states, are made there";
            let diagnostic =
                Diagnostic::at(Code::Form, texts[1].span, message).help(help.to_owned());
            self.diagnostics.push(diagnostic);
        }
        let mut sets = Subst::new();
        sets.insert(self.positions.new, new?);
        sets.insert(self.positions.past, past);
        sets.insert(self.positions.wanted, wanted?);
        Some(Stage {
            name: name.to_owned(),
            begins,
            sets,
            steps,
        })
    }
}
