//! Each rule of each op is broken in turn, and the verifier must notice: a rule that may be wrong unseen is not checked.

use std::cell::Cell;
use std::sync::Arc;

use dotledger::ops::{Inferred, OPS, Op, OpDef, OpError};
use dotledger::shape::{Axis, Shape};
use dotledger::sym::{Context, Poly};
use dotledger::verify::{Plan, verify};
use dotledger::work::{Contraction, Kind, Store, Weight, WeightRole, Work};
use dotledger::{Model, Options, Profile};

use crate::cases::cases;
use crate::harness::flat;
use crate::recurrence::{shared, state_space};

/// What is made wrong in an op.
#[derive(Clone, Copy)]
enum Fault {
    Shape(fn(&mut Inferred)),
    Work(fn(&mut Work)),
}

fn twice(poly: &Poly) -> Poly {
    poly + poly
}

fn one_more(poly: &Poly) -> Poly {
    poly + &Poly::one()
}

/// The output with its axis at `at` changed, if it has one there.
fn with_axis(inferred: &mut Inferred, at: usize, change: impl Fn(&Axis) -> Option<Axis>) {
    let axes = inferred.output.axes().iter().enumerate();
    let axes = axes.filter_map(|(place, axis)| match place == at {
        true => change(axis),
        false => Some(axis.clone()),
    });
    inferred.output = Shape::new(axes);
}

fn in_dots(work: &mut Work, change: impl Fn(&mut Contraction)) {
    work.contractions.iter_mut().for_each(change);
}

fn in_weights(work: &mut Work, change: impl Fn(&mut Weight)) {
    work.weights.iter_mut().for_each(change);
}

const FAULTS: [(&str, Fault); 24] = [
    (
        "its first axis is one longer",
        Fault::Shape(|it| with_axis(it, 0, |axis| Some(axis.resized(one_more(axis.dim.poly()))))),
    ),
    (
        "its first axis is twice as long",
        Fault::Shape(|it| with_axis(it, 0, |axis| Some(axis.resized(twice(axis.dim.poly()))))),
    ),
    (
        "its last axis is one longer",
        Fault::Shape(|it| {
            let last = it.output.rank().saturating_sub(1);
            with_axis(it, last, |axis| {
                Some(axis.resized(one_more(axis.dim.poly())))
            });
        }),
    ),
    (
        "its first axis is lost",
        Fault::Shape(|it| with_axis(it, 0, |_| None)),
    ),
    (
        "its last axis is lost",
        Fault::Shape(|it| {
            let last = it.output.rank().saturating_sub(1);
            with_axis(it, last, |_| None);
        }),
    ),
    (
        "there is an axis more",
        Fault::Shape(|it| {
            let axes = it
                .output
                .axes()
                .iter()
                .cloned()
                .chain([Axis::feature(Poly::one())]);
            it.output = Shape::new(axes.collect::<Vec<_>>());
        }),
    ),
    (
        "its axes stand in the other order",
        Fault::Shape(|it| {
            let axes: Vec<Axis> = it.output.axes().iter().rev().cloned().collect();
            it.output = Shape::new(axes);
        }),
    ),
    (
        "it is said to sum over positions where it does not, and not where it does",
        Fault::Shape(|it| it.sums_positions ^= true),
    ),
    (
        "no axis is one of positions",
        Fault::Shape(|it| {
            let axes: Vec<Axis> = it
                .output
                .axes()
                .iter()
                .map(|axis| Axis::feature(axis.dim.clone()))
                .collect();
            it.output = Shape::new(axes);
        }),
    ),
    (
        "there are twice as many dots",
        Fault::Work(|work| in_dots(work, |dots| dots.outputs = twice(&dots.outputs))),
    ),
    (
        "there is one dot more",
        Fault::Work(|work| in_dots(work, |dots| dots.outputs = one_more(&dots.outputs))),
    ),
    (
        "dots are twice as long",
        Fault::Work(|work| in_dots(work, |dots| dots.summed = twice(&dots.summed))),
    ),
    (
        "dots are one longer",
        Fault::Work(|work| in_dots(work, |dots| dots.summed = one_more(&dots.summed))),
    ),
    (
        "dots and lengths are exchanged",
        Fault::Work(|work| {
            in_dots(work, |dots| {
                std::mem::swap(&mut dots.outputs, &mut dots.summed)
            })
        }),
    ),
    (
        "there are no dots",
        Fault::Work(|work| work.contractions.clear()),
    ),
    (
        "the mask is ignored",
        Fault::Work(|work| {
            in_dots(work, |dots| {
                if let Some(pair) = dots.pair.take() {
                    dots.outputs = Poly::product([&dots.outputs, &pair.axes.queries]);
                    dots.summed = Poly::product([&dots.summed, &pair.axes.keys]);
                }
            })
        }),
    ),
    (
        "queries and keys are exchanged",
        Fault::Work(|work| {
            in_dots(work, |dots| {
                if let Some(pair) = &mut dots.pair {
                    std::mem::swap(&mut pair.axes.queries, &mut pair.axes.keys);
                }
            })
        }),
    ),
    (
        "there is no arithmetic",
        Fault::Work(|work| work.elementwise.clear()),
    ),
    (
        "there is twice the arithmetic",
        Fault::Work(|work| {
            work.elementwise
                .iter_mut()
                .for_each(|(_, count)| *count = count.times(&Poly::int(2)));
        }),
    ),
    (
        "arithmetic is of another kind",
        Fault::Work(|work| {
            for (kind, _) in &mut work.elementwise {
                *kind = if *kind == Kind::Log {
                    Kind::Erf
                } else {
                    Kind::Log
                };
            }
        }),
    ),
    (
        "weights are one larger",
        Fault::Work(|work| {
            in_weights(work, |weight| {
                weight.dims = Arc::new([one_more(weight.params().poly())])
            })
        }),
    ),
    (
        "there are no weights",
        Fault::Work(|work| work.weights.clear()),
    ),
    (
        "there is a weight more",
        Fault::Work(|work| {
            work.weights.push(Weight {
                role: WeightRole::Bias,
                dims: Arc::new([Poly::one()]),
            });
        }),
    ),
    (
        "what is kept is twice as much",
        Fault::Work(|work| {
            if let Some(kept) = &mut work.kept {
                kept.held = kept.held.times(&Poly::int(2));
            }
        }),
    ),
];

/// Faults of what an op keeps for later passes, beside those of all ops.
const FAULTS_OF_STORES: [(&str, Fault); 4] = [
    (
        "it reads nothing",
        Fault::Work(|work| {
            if let Some(kept) = &mut work.kept {
                kept.read = kept.read.times(&Poly::zero());
            }
        }),
    ),
    (
        "it writes twice as much",
        Fault::Work(|work| {
            if let Some(kept) = &mut work.kept {
                kept.written = kept.written.times(&Poly::int(2));
            }
        }),
    ),
    (
        "a cache is a state, and a state a cache",
        Fault::Work(|work| {
            if let Some(kept) = &mut work.kept {
                kept.store = match kept.store {
                    Store::Cache => Store::State,
                    Store::State => Store::Cache,
                };
            }
        }),
    ),
    ("it keeps nothing", Fault::Work(|work| work.kept = None)),
];

/// Models of one op each: a shape that is wrong is handed to nothing that would refuse it.
fn alone() -> Vec<String> {
    let phased = |node: &str| {
        format!(
            r#"Model(name: "alone", phases: [forward, decode], symbols: (T: context, d: width, w: window), inputs: (x: "@n d"),
                nodes: (y: {node}), output: y)"#
        )
    };
    let mut texts = vec![
        phased(r#"Cache(x, "n")"#),
        phased(r#"Previous(x, "n", "w")"#),
        phased(r#"Reduce(k, sum, "s"), k: Cache(x, "n")"#),
    ];
    let nodes = [
        r#"Param("D E")"#,
        r#"Constant("@N D")"#,
        r#"Linear(x, "D -> E", true)"#,
        r#"Einsum("n d, d e -> n e", [x, w])"#,
        r#"MatMul([x, w])"#,
        r#"Conv(x: x, map: "N -> E", kernel: "1", stride: "1")"#,
        r#"Map(add, [x, x])"#,
        r#"Softmax(x, "D")"#,
        r#"Norm(x, layer, "D")"#,
        r#"Reduce(x, sum, "D")"#,
        r#"Gather(w, i)"#,
        r#"TopK(x, "D", "1")"#,
        r#"Rearrange(x, "n d -> d n")"#,
        r#"Concat([x, x], "D")"#,
        r#"Slice(x, "D", "1")"#,
        r#"Pad(x, "D", "2")"#,
        r#"Expand(x, "-> E")"#,
    ];
    let inputs = r#"x: "@N D", w: "D E", i: "@N""#;
    texts.extend(nodes.map(|node| flat("N D E", "", inputs, &format!("y: {node}"), "y")));
    texts
}

thread_local! {
    /// The op that is broken, and how.
    static BROKEN: Cell<Option<(&'static str, Fault)>> = const { Cell::new(None) };
    /// Whether that changed anything.
    static CHANGED: Cell<bool> = const { Cell::new(false) };
}

/// An op that does what another does, but for a fault.
#[derive(Debug)]
struct Faulty(Arc<dyn Op>);

impl Op for Faulty {
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError> {
        let sound = self.0.infer(inputs, cx)?;
        let mut broken = sound.clone();
        if let Some((_, Fault::Shape(change))) = BROKEN.get() {
            change(&mut broken);
        }
        let same = broken.output == sound.output && broken.sums_positions == sound.sums_positions;
        CHANGED.set(CHANGED.get() || !same);
        Ok(broken)
    }

    fn work(&self, inputs: &[&Shape], output: &Shape, cx: &mut Context<'_>) -> Work {
        let sound = self.0.work(inputs, output, cx);
        let mut broken = sound.clone();
        if let Some((_, Fault::Work(change))) = BROKEN.get() {
            change(&mut broken);
        }
        CHANGED.set(CHANGED.get() || broken != sound);
        broken
    }

    fn looks_up(&self) -> bool {
        self.0.looks_up()
    }

    fn stays(&self) -> Option<Store> {
        self.0.stays()
    }

    fn is_trained(&self) -> bool {
        self.0.is_trained()
    }
}

fn rules(def: &'static OpDef, op: Arc<dyn Op>) -> Arc<dyn Op> {
    match BROKEN.get() {
        Some((name, _)) if name == def.name => Arc::new(Faulty(op)),
        _ => op,
    }
}

/// What came of a fault in a model.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It changes nothing there.
    NoChange,
    /// Shapes no longer fit, and the model is refused.
    Refused,
    /// The verifier found it.
    Noticed,
    Missed,
}

fn outcome(op: &'static str, fault: Fault, text: &str) -> Outcome {
    BROKEN.set(Some((op, fault)));
    CHANGED.set(false);
    let options = Options {
        rules: Some(rules),
        ..Options::default()
    };
    let plan = Plan {
        rounds: 3,
        ..Plan::default()
    };
    // Without a change there is nothing to notice.
    let ledgers = Model::read("broken.ron", text, &options).and_then(|model| {
        let phases = model.phases().into_iter();
        let ledgers = phases.map(|phase| model.ledger(phase, &Profile::exact()).map(drop));
        ledgers.collect::<Result<(), _>>()
    });
    let verdict = match CHANGED.get() {
        true => ledgers.and_then(|()| verify("broken.ron", text, &options, &plan)),
        false => {
            BROKEN.set(None);
            return Outcome::NoChange;
        }
    };
    BROKEN.set(None);
    match verdict {
        Err(_) => Outcome::Refused,
        Ok(verdict) if !verdict.holds() || !verdict.unconfirmed.is_empty() => Outcome::Noticed,
        Ok(_) => Outcome::Missed,
    }
}

#[test]
fn a_broken_rule_of_any_op_is_noticed() {
    let cases = cases().into_iter().map(|(_, text, _)| text);
    let texts: Vec<String> = cases
        .chain([state_space(), shared()])
        .chain(alone())
        .collect();
    let mut noticed = 0;
    let mut missed = Vec::new();
    for def in OPS {
        let used = format!("{}(", def.name);
        for (what, fault) in FAULTS.iter().chain(&FAULTS_OF_STORES) {
            let with_op = texts.iter().filter(|text| text.contains(&used));
            let mut outcomes = with_op.map(|text| outcome(def.name, *fault, text));
            let mut worst = Outcome::NoChange;
            let found = outcomes.find(|outcome| {
                if *outcome != Outcome::NoChange && worst != Outcome::Missed {
                    worst = *outcome;
                }
                *outcome == Outcome::Noticed
            });
            match found.unwrap_or(worst) {
                Outcome::NoChange => {}
                Outcome::Noticed => noticed += 1,
                Outcome::Refused | Outcome::Missed => missed.push(format!("{}: {what}", def.name)),
            }
        }
    }
    assert!(missed.is_empty(), "not noticed:\n{}", missed.join("\n"));
    assert!(noticed >= 250, "{noticed} noticed");
}
