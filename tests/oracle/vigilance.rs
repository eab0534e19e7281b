//! The comparison itself is tested: a count that is wrong by one, a row that is missing, a wrong direction is noticed.

use dotledger::Ledger;
use dotledger::ledger::Row;
use dotledger::part::{Mixing, Part};
use dotledger::shape::{Axis, Shape};
use dotledger::sym::{Bindings, Poly};
use dotledger::verify::compare::{Walked, compare};
use dotledger::work::{Bounds, Length};

use crate::harness::Bench;
use crate::models::shipped;
use crate::sample::{Random, small};

/// A change that makes a row wrong, by what another row amounts to: one dot of one product, one addition, two parameters.
type Fault = (&'static str, fn(&mut Row, &Row));

fn one_more(poly: &Poly) -> Poly {
    poly + &Poly::one()
}

/// A shape with an axis more, of one element.
fn longer(shape: &Shape) -> Shape {
    Shape::new(
        shape
            .axes()
            .iter()
            .cloned()
            .chain([Axis::feature(Poly::one())]),
    )
}

/// Faults that must be noticed in every row.
const FAULTS: [Fault; 11] = [
    ("dots", |row, one| {
        row.amounts.dots = row.amounts.dots.clone() + one.amounts.dots.clone()
    }),
    ("macs", |row, one| {
        row.amounts.macs = row.amounts.macs.clone() + one.amounts.macs.clone()
    }),
    ("flops", |row, one| {
        row.amounts.flops = row.amounts.flops.clone() + one.amounts.flops.clone()
    }),
    ("params", |row, one| {
        row.amounts.params = row.amounts.params.clone() + one.amounts.params.clone()
    }),
    ("elementwise by kind", |row, one| {
        row.elementwise.extend(one.elementwise.clone())
    }),
    ("all elementwise", |row, one| {
        row.amounts.elementwise = row.amounts.elementwise.clone() + one.amounts.elementwise.clone();
    }),
    ("weights read", |row, _| {
        let read = row
            .weights_read
            .as_deref()
            .map_or_else(Poly::zero, |read| read.expected.clone());
        row.weights_read = Some(Box::new(Bounds::certain(one_more(&read))));
    }),
    ("repeat", |row, _| row.repeat = one_more(&row.repeat)),
    ("op", |row, _| row.op = "attention".into()),
    ("part", |row, _| {
        row.part = if row.part == Part::Head {
            Part::Other
        } else {
            Part::Head
        }
    }),
    ("output", |row, _| row.output = longer(&row.output).into()),
];

/// Faults that must be noticed in every row with dots.
const FAULTS_OF_DOTS: [Fault; 2] = [
    ("no length", |row, _| row.length = None),
    ("length", |row, _| {
        row.length = row.length.take().map(|length| match length {
            Length::Fixed(length) => Length::Fixed(one_more(&length)),
            Length::Varies { min, max, mean } => Length::Varies {
                min: one_more(&min),
                max,
                mean,
            },
        });
    }),
];

/// A model with its walk at some numbers, and a row of one dot.
struct Watched {
    ledger: Ledger,
    numbers: Bindings,
    stages: Vec<Walked>,
    one: Row,
}

fn watched(file: &str) -> Watched {
    let single = r#"Model(name: "one", symbols: (N: "unused"), inputs: (x: "1"),
        nodes: (y: Linear(x, "1 -> 1", true)), output: y)"#;
    let one = Bench::new("one", single, &[])
        .ledger("forward", "exact")
        .rows
        .remove(0);
    let bench = Bench::new(file, &shipped()[file], &[]);
    let mut random = Random::new(17);
    let ledger = bench.ledger("forward", "exact");
    loop {
        let numbers = small(&bench.model, "forward", &mut random, 4);
        let Ok(stages) = bench.stages("forward", &numbers, true) else {
            continue;
        };
        let mut entries = stages.iter().flat_map(|stage| &stage.run.entries);
        let several = entries.all(|entry| {
            let mut shapes = entry.shapes.iter();
            shapes.all(|shapes| shapes.output.iter().product::<usize>() > 1)
        });
        if several
            && compare(&ledger, &numbers, &stages, 2)
                .differences
                .is_empty()
        {
            return Watched {
                ledger,
                numbers,
                stages,
                one,
            };
        }
    }
}

impl Watched {
    fn notices(&self, change: impl FnOnce(&mut Ledger)) -> bool {
        let mut ledger = self.ledger.clone();
        change(&mut ledger);
        !compare(&ledger, &self.numbers, &self.stages, 2)
            .differences
            .is_empty()
    }
}

#[test]
fn a_wrong_row_is_noticed_whatever_is_wrong_with_it() {
    for file in ["llama.ron", "gpt2.ron", "vit.ron"] {
        let watched = watched(file);
        for (at, row) in watched.ledger.rows.iter().enumerate() {
            let of_dots = if row.length.is_some() {
                &FAULTS_OF_DOTS[..]
            } else {
                &[]
            };
            for (what, fault) in FAULTS.iter().chain(of_dots) {
                let noticed = watched.notices(|ledger| fault(&mut ledger.rows[at], &watched.one));
                assert!(noticed, "{file}: `{}` may have wrong {what}", row.path);
            }
        }
    }
}

#[test]
fn a_missing_row_and_a_row_too_many_are_noticed() {
    let watched = watched("llama.ron");
    for at in 0..watched.ledger.rows.len() {
        let missing = watched.notices(|ledger| drop(ledger.rows.remove(at)));
        let twice = watched.notices(|ledger| ledger.rows.push(ledger.rows[at].clone()));
        assert!(
            missing && twice,
            "`{}`: missing {missing}, twice {twice}",
            watched.ledger.rows[at].path
        );
    }
}

#[test]
fn a_row_that_hides_its_mixing_is_noticed() {
    let watched = watched("llama.ron");
    let mut horizontal = 0;
    for (at, row) in watched
        .ledger
        .rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.mixing == Mixing::Horizontal)
    {
        assert!(
            watched.notices(|ledger| ledger.rows[at].mixing = Mixing::Vertical),
            "`{}`",
            row.path
        );
        horizontal += 1;
    }
    assert!(
        horizontal >= 4,
        "scores, their scale, weights and mixing are horizontal"
    );
}

#[test]
fn a_wrong_total_shape_is_noticed() {
    let watched = watched("gpt2.ron");
    assert!(watched.notices(|ledger| ledger.result = longer(&ledger.result).into()));
}

#[test]
fn other_numbers_than_those_of_the_walk_are_noticed() {
    let watched = watched("llama.ron");
    for (sym, value) in watched.numbers.iter() {
        let mut numbers = watched.numbers.clone();
        numbers.insert(sym, value.clone() + 1);
        let name = watched.ledger.symbols.name(sym);
        if ["N", "C", "P", "classes"].contains(&name) {
            // Other phases count in these, and other heads.
            continue;
        }
        assert!(
            !compare(&watched.ledger, &numbers, &watched.stages, 2)
                .differences
                .is_empty(),
            "{name} does not matter"
        );
    }
}

/// A model of layers, experts, caches and a recurrence, with one word after another to change.
const STRUCTURE: &str = r#"Model(name: "structure", phases: [forward, prefill, decode, chunk, generate],
    symbols: (T: context, N: "tokens", C: "new", P: "before", L: layers, E: experts, k: active_experts, W: window, d: width, S: "source"),
    relations: ["k <= E"],
    blocks: (
        wide:   Block(dims: [w], inputs: (x: "n d"), nodes: (y: Linear(x, "d -> w"), z: Linear(y, "w -> d")), output: z),
        layer:  Block(inputs: (x: "n d"), nodes: (y: Linear(x, "d -> d", true), keys: Cache(y, "n", "W"), z: Map(gelu, [y])), output: z),
        other:  Block(inputs: (x: "n d"), nodes: (
            q:      Linear(x, "d -> d"),
            keys:   Cache(q, "n"),
            scores: Einsum("n e, s e -> n s", [q, keys], Window(n, s, "W")),
            mixed:  Einsum("n s, s e -> n e", [scores, keys], Window(n, s, "W")),
        ), output: mixed),
        cell:   Block(inputs: (h: "d", x: "d"), nodes: (y: Linear(h, "d -> d"), z: Map(add, [y, x])), output: z),
    ),
    inputs: (x: "@n d", source: "@S d"),
    nodes: (
        kept:    Once(memory: Linear(source, "d -> d")),
        repeats: Repeat(layer, "L", x),
        grows:   Repeat(wide, "L", repeats, (w: "2*i")),
        shares:  Share(layer, "2*L", grows),
        cycles:  Cycle([layer, layer, other], "L", shares),
        every:   Every("k + 1", other, layer, "L", cycles),
        routed:  Route(layer, "E", "k", every),
        roomy:   Route(block: layer, experts: "E", active: "k", inputs: routed, capacity: "2"),
        states:  Scan(cell, "n", roomy),
        taps:    Previous(states, "n", "W"),
        cut:     Slice(taps, "W + n", "n"),
        last:    Slice(cut, "n", "o"),
        logits:  Linear(last, "d -> d"),
    ), output: logits)"#;

/// What is written in the model, and what stands there instead: the ledger of the one is not what a walk of the other counts.
const CHANGES: [(&str, &str); 22] = [
    (r#"Repeat(layer, "L", x)"#, r#"Repeat(layer, "L + 1", x)"#),
    (r#"Repeat(layer, "L", x)"#, r#"Share(layer, "L", x)"#),
    (r#"Repeat(layer, "L", x)"#, r#"Call(layer, x)"#),
    (r#"(w: "2*i")"#, r#"(w: "i + 1")"#),
    (r#"(w: "2*i")"#, r#"(w: "L + 1")"#),
    (
        r#"Share(layer, "2*L", grows)"#,
        r#"Repeat(layer, "2*L", grows)"#,
    ),
    ("[layer, layer, other]", "[layer, other, layer]"),
    ("[layer, layer, other]", "[layer, other]"),
    (
        r#"Every("k + 1", other, layer,"#,
        r#"Every("k + 2", other, layer,"#,
    ),
    (
        r#"Every("k + 1", other, layer,"#,
        r#"Every("k + 1", layer, other,"#,
    ),
    (
        r#"Route(layer, "E", "k", every)"#,
        r#"Route(layer, "2*E", "k", every)"#,
    ),
    (
        r#"Route(layer, "E", "k", every)"#,
        r#"Route(layer, "k", "k", every)"#,
    ),
    (
        r#"Route(layer, "E", "k", every)"#,
        r#"Route(layer, "E", "1", every)"#,
    ),
    (r#"capacity: "2""#, r#"capacity: "1""#),
    (r#"capacity: "2""#, r#"capacity: "9/4""#),
    (
        r#"kept:    Once(memory: Linear(source, "d -> d")),"#,
        r#"memory: Linear(source, "d -> d"),"#,
    ),
    (r#"Cache(y, "n", "W")"#, r#"Cache(y, "n", "W + 1")"#),
    (r#"Cache(y, "n", "W")"#, r#"Cache(y, "n")"#),
    (r#"Window(n, s, "W")"#, r#"Window(n, s, "W + 1")"#),
    (r#"Window(n, s, "W")"#, "Causal(n, s)"),
    (r#"Window(n, s, "W")"#, r#"Chunk(n, s, "W")"#),
    ("y: Linear(h, \"d -> d\")", "y: Linear(h, \"d -> d\", true)"),
];

#[test]
fn structure_that_is_entered_wrongly_is_noticed() {
    let bench = Bench::new("structure", STRUCTURE, &[]);
    for (written, instead) in CHANGES {
        assert!(STRUCTURE.contains(written), "{written}");
        let changed = Bench::new("changed", &STRUCTURE.replace(written, instead), &[]);
        let mut random = Random::new(23);
        let mut noticed = false;
        for phase in bench.phases() {
            let ledger = changed.ledger(&phase, "exact");
            for _ in 0..6 {
                let numbers = small(&bench.model, &phase, &mut random, 4);
                let stages = bench.stages(&phase, &numbers, true);
                let found = stages.map(|stages| compare(&ledger, &numbers, &stages, 2));
                noticed |= found.is_ok_and(|found| !found.differences.is_empty());
            }
        }
        assert!(noticed, "{instead} may stand for {written}");
    }
}

#[test]
fn a_model_of_all_structure_is_what_a_walk_counts() {
    let mut bench = Bench::new("structure", STRUCTURE, &[]);
    bench.compare_at_random(&mut Random::new(29), 12, 4);
    bench.all_horizontal_rows_were_seen();
}
