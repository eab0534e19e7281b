//! What runs in a phase: each stage as the passes that it takes, one after another, and the walk through all of them.
//!
//! The standard phases are written down anew here, in words of positions; of phases of a model's own the expressions are
//! evaluated at the number of each step.

use super::compare::Walked;
use super::walk::{Misfit, Positions, Setting, walk};
use crate::model::Model;
use crate::phase;
use crate::sym::{Bindings, EvalError, Poly, Sym};

/// Most passes of one stage.
pub const MAX_PASSES: i64 = 256;

/// A part of a phase.
struct Stage {
    name: String,
    passes: Vec<Pass>,
}

/// The graph, run once.
struct Pass {
    /// The positions, in a model of sequences.
    positions: Option<Positions>,
    /// The number of the step, where the stage takes several.
    step: Option<(Sym, i64)>,
}

/// Walks a model through a phase at some numbers, pass by pass. `wide` numbers tell its axes apart; `masks` says whether
/// masked pairs are left out, or executed all the same; a pass has at most so many points of index spaces.
///
/// # Errors
/// What does not fit at these numbers, or cannot be walked.
pub fn walk_phase(
    model: &Model,
    phase: &str,
    (numbers, wide): (&Bindings, &Bindings),
    masks: bool,
    most: u64,
) -> Result<Vec<Walked>, Misfit> {
    let mut walked = Vec::new();
    for stage in stages(model, phase, numbers)? {
        let mut run = None;
        for pass in &stage.passes {
            let setting = Setting::new(model.symbols(), numbers.clone(), wide.clone());
            let mut setting = setting.at_most(most);
            if let Some((number, step)) = pass.step {
                setting = setting.numbered(number, step);
            }
            if let Some(positions) = pass.positions {
                if positions.new < 1 || positions.wanted < 1 {
                    return Err(Misfit::new("a pass over no positions"));
                }
                setting = setting.at(positions);
            }
            let next = walk(model.graph(), &setting, masks)?;
            match &mut run {
                None => run = Some(next),
                Some(run) => run.then(next)?,
            }
        }
        if let Some(run) = run {
            walked.push(Walked {
                stage: stage.name,
                passes: stage.passes.len(),
                run,
            });
        }
    }
    Ok(walked)
}

/// What each pass of a phase sets the symbols of positions to; nothing in a model without a sequence.
pub(super) fn positions(
    model: &Model,
    phase: &str,
    numbers: &Bindings,
) -> Result<Vec<Vec<(Sym, i64)>>, Misfit> {
    let Some(symbols) = model.positions() else {
        return Ok(vec![Vec::new()]);
    };
    let stages = stages(model, phase, numbers)?;
    let passes = stages.into_iter().flat_map(|stage| stage.passes);
    let set = passes.map(|pass| {
        let set = pass.positions.into_iter().flat_map(|positions| {
            [
                (symbols.new, positions.new),
                (symbols.past, positions.past),
                (symbols.wanted, positions.wanted),
            ]
        });
        set.chain(pass.step).collect()
    });
    Ok(set.collect())
}

/// The stages of a phase at some numbers.
fn stages(model: &Model, phase: &str, numbers: &Bindings) -> Result<Vec<Stage>, Misfit> {
    let symbols = model.symbols();
    let words = |error: EvalError| Misfit::new(error.message(symbols));
    let number = |poly: &Poly, at: &Bindings| {
        let value = poly.eval_count(at, symbols).map_err(words)?;
        i64::try_from(value).map_err(|_| Misfit::beyond("more positions than can be walked"))
    };
    let named = |name: &str| match symbols.lookup(name) {
        Some(sym) => number(&Poly::symbol(sym), numbers),
        None => Err(Misfit::beyond(format!("no symbol `{name}`"))),
    };
    let one = |name: &str, new, past, wanted, begins| Stage {
        name: name.to_owned(),
        passes: vec![Pass {
            positions: Some(Positions {
                new,
                past,
                wanted,
                begins,
            }),
            step: None,
        }],
    };
    let Some(positions) = model.positions() else {
        return Ok(vec![Stage {
            name: phase::WHOLE.to_owned(),
            passes: vec![Pass {
                positions: None,
                step: None,
            }],
        }]);
    };
    let steps = |count: i64| match count {
        0..=MAX_PASSES => Ok(1..=count),
        _ => {
            let why = format!("{count} steps; {MAX_PASSES} are walked at most");
            Err(Misfit::beyond(why))
        }
    };
    // The context counts the current token.
    Ok(match phase {
        "forward" => vec![one(phase, named("T")?, 0, named("T")?, true)],
        "prefill" => vec![one(phase, named("T")?, 0, 1, true)],
        "decode" => vec![one(phase, 1, named("T")? - 1, 1, false)],
        "chunk" => vec![one(phase, named("C")?, named("P")?, 1, false)],
        "generate" => {
            let context = named("T")?;
            let step = |step| Pass {
                positions: Some(Positions {
                    new: 1,
                    past: context + step - 1,
                    wanted: 1,
                    begins: false,
                }),
                step: Some((positions.step, step)),
            };
            let decode = Stage {
                name: String::from("decode"),
                passes: steps(named("N")?)?.map(step).collect(),
            };
            vec![one("prefill", context, 0, 1, true), decode]
        }
        own => {
            let phases = model.each_phase().iter();
            let found = phases.into_iter().find(|phase| phase.name == own);
            let Some(found) = found else {
                return Err(Misfit::beyond(format!("there is no phase `{own}`")));
            };
            let mut stages = Vec::new();
            for stage in &found.stages {
                let count = match &stage.steps {
                    Some(count) => number(count, numbers)?,
                    None => 1,
                };
                let mut passes = Vec::new();
                for step in steps(count)? {
                    let mut at = numbers.clone();
                    at.insert(positions.step, step);
                    let set = |sym| {
                        let sets = stage.sets.iter();
                        let value = sets.into_iter().find(|(set, _)| *set == sym);
                        value.map_or(Ok(0), |(_, value)| number(value, &at))
                    };
                    passes.push(Pass {
                        positions: Some(Positions {
                            new: set(positions.new)?,
                            past: set(positions.past)?,
                            wanted: set(positions.wanted)?,
                            begins: stage.begins,
                        }),
                        step: stage.steps.is_some().then_some((positions.step, step)),
                    });
                }
                let name = stage.name.clone();
                stages.push(Stage { name, passes });
            }
            stages
        }
    })
}
