//! What fails is made smaller: fewer and simpler choices, then fewer pieces of the model.

use crate::random::Draft;

/// Most trials of either way.
const TRIALS: usize = 3000;

/// The shortest and simplest bytes at hand that still fail.
pub(super) fn bytes(mut bytes: Vec<u8>, fails: &mut dyn FnMut(&[u8]) -> bool) -> Vec<u8> {
    let mut trials = 0;
    let mut attempt = |candidate: Vec<u8>, bytes: &mut Vec<u8>| {
        trials += 1;
        let better = trials < TRIALS && candidate != *bytes && fails(&candidate);
        if better {
            *bytes = candidate;
        }
        better
    };
    loop {
        let before = bytes.clone();
        for length in [64, 16, 8, 4, 2, 1] {
            let mut at = 0;
            while at < bytes.len() {
                let end = (at + length).min(bytes.len());
                let mut without = bytes.clone();
                without.drain(at..end);
                let mut simple = bytes.clone();
                simple[at..end].fill(0);
                if !attempt(without, &mut bytes) {
                    attempt(simple, &mut bytes);
                    at += length;
                }
            }
        }
        if bytes == before {
            return bytes;
        }
    }
}

/// The model without what need not be there.
pub(super) fn draft(mut draft: Draft, fails: &mut dyn FnMut(&Draft) -> bool) -> Draft {
    for _ in 0..200 {
        let better = smaller(&draft)
            .into_iter()
            .find(|candidate| fails(candidate));
        match better {
            Some(better) => draft = better,
            None => break,
        }
    }
    draft
}

/// Every model with a piece less.
fn smaller(draft: &Draft) -> Vec<Draft> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Draft)| {
        let mut other = draft.clone();
        change(&mut other);
        all.push(other);
    };
    for at in 0..draft.blocks.len() {
        with(&|draft| _ = draft.blocks.remove(at));
    }
    for at in 0..draft.phases.len() {
        with(&|draft| _ = draft.phases.remove(at));
    }
    for at in 0..draft.own.len() {
        with(&|draft| _ = draft.own.remove(at));
    }
    for block in 0..=draft.blocks.len() {
        let nodes = draft.blocks.get(block).unwrap_or(&draft.body).nodes.clone();
        for (at, node) in nodes.iter().enumerate() {
            with(&|draft| {
                let body = draft.blocks.get_mut(block).unwrap_or(&mut draft.body);
                body.nodes.remove(at);
            });
            with(&|draft| {
                let body = draft.blocks.get_mut(block).unwrap_or(&mut draft.body);
                body.nodes[at].part = None;
                body.nodes[at].once = false;
            });
            for read in &node.reads {
                with(&|draft| {
                    let body = draft.blocks.get_mut(block).unwrap_or(&mut draft.body);
                    body.nodes.remove(at);
                    for other in &mut body.nodes {
                        other.text = renamed(&other.text, &node.name, read);
                        for name in &mut other.reads {
                            *name = renamed(name, &node.name, read);
                        }
                    }
                    body.output = renamed(&body.output, &node.name, read);
                });
            }
        }
        let inputs = draft
            .blocks
            .get(block)
            .unwrap_or(&draft.body)
            .inputs
            .clone();
        let names = nodes.iter().map(|node| &node.name);
        for name in names.chain(inputs.iter().map(|(name, _)| name)) {
            with(&|draft| {
                let body = draft.blocks.get_mut(block).unwrap_or(&mut draft.body);
                body.output.clone_from(name);
            });
        }
    }
    for at in 0..draft.body.inputs.len() {
        with(&|draft| _ = draft.body.inputs.remove(at));
    }
    for at in 0..draft.symbols.len() {
        with(&|draft| _ = draft.symbols.remove(at));
    }
    for at in 0..draft.relations.len() {
        with(&|draft| _ = draft.relations.remove(at));
    }
    for at in 0..draft.switches.len() {
        with(&|draft| _ = draft.switches.remove(at));
    }
    let text = draft.text();
    all.retain(|other| other.text() != text);
    all
}

/// A text with another name in the place of one.
fn renamed(text: &str, from: &str, to: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        out.push_str(if word == from { to } else { &word });
        word.clear();
        if c != '\0' {
            out.push(c);
        }
    }
    out
}
