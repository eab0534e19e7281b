//! Mutates texts by their tokens and brackets, so that more of what is made up can be read than of mutated bytes.

use libfuzzer_sys::fuzzer_mutate;

/// Numbers, expressions and values that stand for others.
const WORDS: &[&str] = &[
    "0",
    "1",
    "2",
    "-1",
    "3",
    "1/2",
    "4096",
    "4097",
    "9223372036854775807",
    "18446744073709551616",
    "T",
    "W",
    "C",
    "d",
    "z",
    "(T + W)",
    "(T - W)",
    "T*W",
    "T^2",
    "2^T",
    "1/T",
    "floor(T/2)",
    "ceil(d/C)",
    "min(T, W)",
    "max(C, d)",
    "mod(T, C)",
    "clamp(T, C, d)",
    "sum(i, 1, T, i)",
    "sum(i, 1, W, floor(i/C))",
    "x",
    "y",
    "true",
    "none",
    "\"n d\"",
    "\"d -> d\"",
    "[x, x]",
    "Linear(x, \"d -> f\")",
    "Map(add, [x, x])",
    "Repeat(same, \"L\", x)",
    "Cache(x, \"n\")",
    "Norm(x, rms, \"d\")",
    "If(tied, x, y)",
    "Derived(\"2*d\", \"\")",
];

/// A mutation of the first `size` bytes, of at most `most`; its length.
pub fn mutate(data: &mut [u8], size: usize, most: usize, seed: u32) -> usize {
    let mut random = Random(u64::from(seed) | 1 << 40);
    let text = std::str::from_utf8(data.get(..size).unwrap_or_default());
    let Ok(text) = text.map(str::to_owned) else {
        return fuzzer_mutate(data, size, most);
    };
    if text.is_empty() || random.below(3) == 0 {
        return fuzzer_mutate(data, size, most);
    }
    let mut tokens = tokens(&text);
    for _ in 0..=random.below(3) {
        change(&mut tokens, &mut random);
    }
    let made = tokens.concat();
    match data.get_mut(..made.len().min(most)) {
        Some(room) if made.len() <= most => {
            room.copy_from_slice(made.as_bytes());
            made.len()
        }
        _ => fuzzer_mutate(data, size, most),
    }
}

struct Random(u64);

impl Random {
    /// A number below `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % end
    }
}

/// Words and numbers, runs of blanks, and all other characters one by one.
fn tokens(text: &str) -> Vec<&str> {
    let class = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 1,
        c if c.is_whitespace() => 2,
        _ => 0,
    };
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let own = class(first);
        let run = rest.find(|c| class(c) != own).unwrap_or(rest.len());
        let (token, after) = rest.split_at(if own == 0 { first.len_utf8() } else { run });
        found.push(token);
        rest = after;
    }
    found
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// A token, or all that a bracket or quote from there on holds, with the name before it.
fn group(tokens: &[&str], random: &mut Random) -> std::ops::Range<usize> {
    let start = random.below(tokens.len());
    let opens = match tokens.get(start + 1) {
        Some(&"(") if is_word(tokens[start]) => start + 1,
        _ => start,
    };
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(opens) {
        match *token {
            "\"" if depth == 0 && at == opens => {
                let end = tokens.iter().skip(at + 1).position(|token| *token == "\"");
                return start..end.map_or(at, |end| at + 1 + end) + 1;
            }
            "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return start..at + 1;
        }
    }
    start..start + 1
}

fn change(tokens: &mut Vec<&str>, random: &mut Random) {
    if tokens.is_empty() {
        return;
    }
    let here = group(tokens, random);
    let other = group(tokens, random);
    match random.below(6) {
        0 => drop(tokens.drain(here)),
        1 => {
            let copy = tokens[other].to_vec();
            tokens.splice(here, copy);
        }
        2 => {
            let copy = tokens[other].to_vec();
            tokens.splice(here.end..here.end, [", "].into_iter().chain(copy));
        }
        3 => {
            let at = random.below(tokens.len());
            let from = random.below(tokens.len());
            if is_word(tokens[at]) && is_word(tokens[from]) {
                tokens.swap(at, from);
            }
        }
        4 => {
            let operators = [" + ", " - ", "*", "/", "^", "//", "%"];
            let copy = tokens[other].to_vec();
            let operator = operators[random.below(operators.len())];
            tokens.splice(here.end..here.end, [operator].into_iter().chain(copy));
        }
        _ => {
            let word = WORDS[random.below(WORDS.len())];
            tokens.splice(here, [word]);
        }
    }
}
