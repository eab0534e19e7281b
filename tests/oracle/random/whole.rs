//! A whole model: phases, symbols, relations, switches, inputs, and a body of nodes.

use super::build::{Builder, Scope, Value};
use super::choices::Choices;
use super::draft::{BlockDraft, Draft, OwnPhase, Traits};
use super::shape::{Axis, Shape, marked};
use super::size::Size;
use super::wide::Wide;

const SYMBOLS: [(&str, &str); 12] = [
    ("d", "width"),
    ("H", "heads"),
    ("dh", "head_size"),
    ("B", "batch"),
    ("K", "kv_heads"),
    ("f", "mlp_width"),
    ("V", "vocabulary"),
    ("W", "window"),
    ("L", "layers"),
    ("E", "experts"),
    ("k", "active_experts"),
    ("S", "\"source tokens\""),
];

/// Draws a model.
pub(crate) fn model(choices: &mut Choices<'_>) -> Draft {
    let phased = !choices.chance(1, 4);
    let mut draft = Draft::default();
    let mut builder = Builder {
        choices,
        phased,
        symbols: Vec::new(),
        names: Vec::new(),
        wide: Vec::new(),
        vanishing: Vec::new(),
        switches: Vec::new(),
        blocks: Vec::new(),
        made: Vec::new(),
        named: 0,
        left: 0,
        work: 0,
        traits: Traits::default(),
    };
    builder.declare(&mut draft);
    if phased {
        builder.phases(&mut draft);
    }
    builder.left = 2 + builder.choices.below(24);
    draft.body = builder.body();
    draft.blocks = builder.blocks;
    draft.traits = builder.traits;
    draft
}

impl Builder<'_, '_> {
    fn declare(&mut self, draft: &mut Draft) {
        let count = 2 + self.choices.below(4);
        let order = self.choices.order(SYMBOLS.len());
        let mut plain: Vec<String> = Vec::new();
        let mut wide = Wide::default();
        for at in order.into_iter().take(count) {
            let (mut name, role) = SYMBOLS[at];
            if !self.phased && self.choices.chance(1, 8) {
                let own = self.choices.pick(&["n", "s", "i", "o", "p"]);
                if !self.symbols.iter().any(|known| known == own) {
                    name = own;
                }
            }
            let field = if role.starts_with('"') { "doc" } else { "role" };
            let (kind, max) = (self.choices.below(8), 59 + 31 * self.symbols.len() as i64);
            let declared = match kind {
                5 => format!("Symbol({field}: {role}, min: 0)"),
                6 => format!("Symbol({field}: {role}, max: {max})"),
                7 => format!("Symbol(doc: \"one\", min: 1, max: {max})"),
                _ => role.to_owned(),
            };
            if kind == 5 {
                self.vanishing.push(name.to_owned());
            }
            match kind {
                6 | 7 => draft.wide.push((name.to_owned(), max)),
                _ => {
                    wide.draw(name);
                    plain.push(name.to_owned());
                }
            }
            self.symbols.push(name.to_owned());
            draft.symbols.push((name.to_owned(), declared));
        }
        self.relate(&plain, &mut wide, draft);
        for name in ["u", "g"] {
            if plain.is_empty() || !self.choices.chance(1, 4) {
                continue;
            }
            let (a, b) = (self.choices.pick(&plain), self.choices.pick(&plain));
            let (one, other) = (Size::symbol(&a), Size::symbol(&b));
            let size = match self.choices.below(5) {
                0 => one.times(&Size::number(4)),
                1 => one.times(&other),
                2 => one.plus(&Size::number(1)),
                3 => one.plus(&other),
                _ => match one.over(&other) {
                    Some(quotient)
                        if plain.iter().position(|name| *name == b)
                            < plain.iter().position(|name| *name == a) =>
                    {
                        wide.multiples.push((b, a));
                        quotient
                    }
                    _ => one.times(&Size::number(2)),
                },
            };
            let role = if name == "u" { ", head_size" } else { "" };
            draft.symbols.push((
                name.to_owned(),
                format!("Derived(\"{}\"{role})", size.text()),
            ));
            let size = self.normal(&size);
            self.names.push((name.to_owned(), size));
        }
        draft.wide.extend(wide.settled());
        self.wide.clone_from(&draft.wide);
        for name in ["tied", "wide"] {
            if self.choices.chance(1, 4) {
                let on = self.choices.chance(1, 2);
                self.switches.push(name.to_owned());
                draft.switches.push((name.to_owned(), on));
            }
        }
    }

    fn relate(&mut self, plain: &[String], wide: &mut Wide, draft: &mut Draft) {
        let mut facts = plain.to_vec();
        if plain.len() > 2 && self.choices.chance(1, 4) {
            // The third is the product of the first two.
            let made = facts.remove(2);
            let (one, other) = (Size::symbol(&plain[0]), Size::symbol(&plain[1]));
            draft
                .relations
                .push(format!("{{{}}} * {{{}}} = {{{made}}}", plain[0], plain[1]));
            self.symbols.retain(|name| *name != made);
            wide.product = Some([made.clone(), plain[0].clone(), plain[1].clone()]);
            self.names.push((made, one.times(&other)));
        }
        if facts.len() > 1 && self.choices.chance(1, 4) {
            let (less, more) = (&facts[0], &facts[1]);
            draft.relations.push(match self.choices.below(3) {
                0 => format!("{{{less}}} <= {{{more}}}"),
                1 => format!("{{{less}}} | {{{more}}}"),
                _ => format!("{{{more}}} >= {{{less}}}"),
            });
            wide.multiples.push((less.clone(), more.clone()));
        }
    }

    fn phases(&mut self, draft: &mut Draft) {
        let span = Size::symbol("p").plus(&Size::symbol("n"));
        self.names.push((String::from("s"), span));
        for phase in ["forward", "prefill", "decode", "chunk", "generate"] {
            if self.choices.chance(2, 3) {
                draft.phases.push(phase);
            }
        }
        let (number, symbol) = (Size::number, Size::symbol);
        if draft.phases.is_empty() || self.choices.chance(1, 3) {
            let step = symbol("T").plus(&symbol("i")).minus(&number(1));
            let less = |by| symbol("T").minus(&number(by));
            let half = symbol("T").over(&number(2)).unwrap_or_else(|| symbol("T"));
            let sizes = [symbol("C"), symbol("T"), number(2), less(1), half];
            let own = match self.choices.below(7) {
                0 => ([number(2), symbol("T"), number(2)], None),
                1 => ([symbol("C"), symbol("P"), symbol("C")], None),
                2 => ([symbol("T"), number(0), number(1)], None),
                3 => ([number(1), step, number(1)], Some(symbol("N"))),
                4 => ([symbol("C"), less(2), less(1)], None),
                5 => (
                    [number(1), step, number(1)],
                    Some(symbol("N").minus(&number(2))),
                ),
                _ => {
                    let new = self.choices.pick(&sizes);
                    ([new.clone(), less(1), new], None)
                }
            };
            draft.own.push(OwnPhase {
                name: "draft",
                sets: own.0,
                steps: own.1,
            });
        }
        draft
            .symbols
            .push((String::from("T"), String::from("context")));
        for (name, value) in [("T", 1301), ("C", 1409), ("P", 1511), ("N", 5)] {
            draft.wide.push((name.to_owned(), value));
        }
        let used = |name: &str| {
            let by = |size: &Size| size.mentions(&|symbol| symbol == name);
            draft
                .own
                .iter()
                .any(|own| own.sets.iter().chain(&own.steps).any(by))
        };
        let chunk = draft.phases.contains(&"chunk");
        let declared = [
            ("C", chunk || used("C")),
            ("P", chunk || used("P")),
            ("N", draft.phases.contains(&"generate") || used("N")),
        ];
        let declared = declared.into_iter().filter(|(_, used)| *used);
        let declared = declared.map(|(name, _)| (name.to_owned(), format!("\"{name}\"")));
        draft.symbols.extend(declared);
    }

    fn body(&mut self) -> BlockDraft {
        let mut scope = Scope {
            times: 1,
            ..Scope::default()
        };
        for at in 0..1 + self.choices.below(3) {
            let shape = self.input(&scope, at);
            let name = ["x", "y", "z"][at].to_owned();
            scope.draft.inputs.push((name.clone(), marked(&shape)));
            scope.values.push(Value { name, shape });
        }
        while self.left > 0 && self.choices.chance(19, 20) {
            let before = self.left;
            self.step(&mut scope);
            self.left = self.left.min(before.saturating_sub(1));
        }
        scope.group_once = false;
        scope.inside.once = false;
        if let Some(value) = self.value(&scope) {
            scope.draft.output = value.name;
        }
        scope.draft
    }

    fn input(&mut self, scope: &Scope, at: usize) -> Shape {
        let sequence = self.phased && (at == 0 || self.choices.chance(1, 3));
        let mut shape: Shape = Vec::new();
        let place = self.choices.below(4);
        let count = 1 + self.choices.below(3);
        for axis in 0..count {
            if sequence && axis == place % count.max(1) {
                shape.push(Axis::position(Size::symbol("n")));
                continue;
            }
            let size = self.some_size(scope);
            let marked = self.choices.chance(1, if self.phased { 6 } else { 3 });
            shape.push(if marked {
                Axis::position(size)
            } else {
                Axis::feature(size)
            });
        }
        if self.elements(scope, &shape) > 60 {
            shape.truncate(1);
        }
        shape
    }
}
