//! The value of a formula's text, by plain rationals in the order in which it is written. Knows no rule of the algebra.

use dashu_int::ops::BitTest;
use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

/// Values by name.
pub(crate) type At<'a> = [(&'a str, i64)];

/// Numbers longer than this are not followed.
const MAX_BITS: usize = 2000;
/// Sums of more steps, and steps in all, are not followed.
const MAX_STEPS: usize = 20_000;

enum Node {
    Number(RBig),
    Name(String),
    Neg(Box<Node>),
    /// The first operand, then operations from left to right.
    Chain(Box<Node>, Vec<(char, Node)>),
    Call(String, Vec<Node>),
    /// Index, first, last, one past the last, body.
    Sum(String, Box<[Node; 3]>, bool),
}

/// The value; none where it is not defined, or takes too long. The text is a formula.
pub(crate) fn value(text: &str, at: &At<'_>) -> Option<RBig> {
    let mut reader = Reader {
        rest: text,
        depth: 0,
    };
    let node = reader.sum()?;
    reader.blanks();
    let mut run = Run {
        at,
        bound: Vec::new(),
        steps: 0,
    };
    if reader.rest.is_empty() {
        run.value(&node)
    } else {
        None
    }
}

struct Reader<'t> {
    rest: &'t str,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn blanks(&mut self) {
        self.rest = self
            .rest
            .trim_start_matches([' ', '\t', '\n', '\r', '\u{a0}']);
    }

    fn accept(&mut self, words: &[&str]) -> bool {
        self.blanks();
        let rest = words.iter().find_map(|word| self.rest.strip_prefix(word));
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn take(&mut self, keep: impl Fn(char) -> bool) -> &'t str {
        let length = self.rest.find(|c| !keep(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn sum(&mut self) -> Option<Node> {
        self.depth += 1;
        if self.depth > 120 {
            return None;
        }
        let first = self.chain()?;
        let mut rest = Vec::new();
        loop {
            let op = match () {
                () if self.accept(&["+"]) => '+',
                () if self.accept(&["-", "−"]) => '-',
                () => break,
            };
            rest.push((op, self.chain()?));
        }
        self.depth -= 1;
        Some(Node::Chain(Box::new(first), rest))
    }

    fn chain(&mut self) -> Option<Node> {
        let first = self.unary()?;
        let mut rest = Vec::new();
        loop {
            let op = match () {
                () if self.accept(&["//"]) => 'f',
                () if self.accept(&["*", "·", "×", "⋅"]) => '*',
                () if self.accept(&["/", "÷"]) => '/',
                () if self.accept(&["%"]) => '%',
                () => return Some(Node::Chain(Box::new(first), rest)),
            };
            rest.push((op, self.unary()?));
        }
    }

    fn unary(&mut self) -> Option<Node> {
        self.depth += 1;
        if self.depth > 120 {
            return None;
        }
        let node = match () {
            () if self.accept(&["+"]) => self.unary()?,
            () if self.accept(&["-", "−"]) => Node::Neg(Box::new(self.unary()?)),
            () => self.power()?,
        };
        self.depth -= 1;
        Some(node)
    }

    fn power(&mut self) -> Option<Node> {
        let mut base = self.primary()?;
        self.blanks();
        let raised = self.take(|c| digit(c).is_some());
        if !raised.is_empty() {
            let digits: String = raised.chars().filter_map(digit).collect();
            let exponent = Node::Number(RBig::from(digits.parse::<IBig>().ok()?));
            base = Node::Chain(Box::new(base), vec![('^', exponent)]);
        }
        if self.accept(&["**", "^"]) {
            base = Node::Chain(Box::new(base), vec![('^', self.unary()?)]);
        }
        Some(base)
    }

    fn primary(&mut self) -> Option<Node> {
        self.blanks();
        let first = self.rest.chars().next()?;
        if first.is_ascii_digit() || first == '.' {
            return self.number();
        }
        if first.is_alphabetic() || first == '_' {
            let name = self.name();
            return match self.accept(&["("]) {
                true => self.call(name),
                false => Some(Node::Name(name)),
            };
        }
        let (open, close, name) = [("(", ")", "id"), ("⌊", "⌋", "floor"), ("⌈", "⌉", "ceil")]
            .into_iter()
            .find(|(open, ..)| self.rest.starts_with(open))?;
        self.accept(&[open]);
        let inner = self.sum()?;
        self.accept(&[close])
            .then(|| Node::Call(name.to_owned(), vec![inner]))
    }

    fn number(&mut self) -> Option<Node> {
        let plain = |text: &str| text.replace('_', "");
        let whole = plain(self.take(|c| c.is_ascii_digit() || c == '_'));
        let mut decimals = String::new();
        if let Some(rest) = self.rest.strip_prefix('.')
            && rest.starts_with(|c: char| c.is_ascii_digit())
        {
            self.rest = rest;
            decimals = plain(self.take(|c| c.is_ascii_digit() || c == '_'));
        }
        let digits: IBig = format!("0{whole}{decimals}").parse().ok()?;
        let scale = UBig::from(10_u8).pow(decimals.len());
        Some(Node::Number(RBig::from_parts(digits, scale)))
    }

    fn name(&mut self) -> String {
        let part = |c: char| (c.is_alphanumeric() || c == '_') && digit(c).is_none();
        let mut name = self.take(part).to_owned();
        while let Some(rest) = self.rest.strip_prefix('.')
            && rest.starts_with(|c: char| c.is_alphabetic() || c == '_')
        {
            self.rest = rest;
            name = format!("{name}.{}", self.take(part));
        }
        name
    }

    fn call(&mut self, name: String) -> Option<Node> {
        let mut arguments = vec![self.sum()?];
        if name == "sum" && self.accept(&["for"]) {
            self.blanks();
            let index = self.name();
            let ahead = self.accept(&["in"]) && self.accept(&["range"]) && self.accept(&["("]);
            let lo = ahead.then(|| self.sum())??;
            let hi = self.accept(&[","]).then(|| self.sum())??;
            let closed = self.accept(&[")"]) && self.accept(&[")"]);
            let body = arguments.pop()?;
            return closed.then(|| Node::Sum(index, Box::new([lo, hi, body]), true));
        }
        while self.accept(&[","]) {
            arguments.push(self.sum()?);
        }
        if !self.accept(&[")"]) {
            return None;
        }
        if name != "sum" {
            return Some(Node::Call(name, arguments));
        }
        let [index, lo, hi, body] = <[Node; 4]>::try_from(arguments).ok()?;
        match index {
            Node::Name(index) => Some(Node::Sum(index, Box::new([lo, hi, body]), false)),
            _ => None,
        }
    }
}

fn digit(c: char) -> Option<char> {
    if c == '⁻' {
        return Some('-');
    }
    let at = "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|own| own == c)?;
    char::from_digit(u32::try_from(at).ok()?, 10)
}

struct Run<'a> {
    at: &'a At<'a>,
    bound: Vec<(&'a str, RBig)>,
    steps: usize,
}

impl<'a> Run<'a> {
    fn value(&mut self, node: &'a Node) -> Option<RBig> {
        self.steps += 1;
        let value = self.step(node)?;
        let bits = value.numerator().bit_len() + value.denominator().bit_len();
        (self.steps < MAX_STEPS && bits < MAX_BITS).then_some(value)
    }

    fn step(&mut self, node: &'a Node) -> Option<RBig> {
        match node {
            Node::Number(value) => Some(value.clone()),
            Node::Name(name) => {
                let bound = self.bound.iter().rev().find(|(own, _)| own == name);
                let given = || self.at.iter().find(|(own, _)| own == name);
                bound
                    .map(|(_, value)| value.clone())
                    .or_else(|| given().map(|(_, n)| RBig::from(*n)))
            }
            Node::Neg(inner) => Some(-self.value(inner)?),
            Node::Chain(first, rest) => {
                let mut value = self.value(first)?;
                for (op, operand) in rest {
                    let b = self.value(operand)?;
                    value = match op {
                        '+' => value + b,
                        '-' => value - b,
                        '*' => value * b,
                        '/' => quotient(&value, &b)?,
                        'f' => floor(&quotient(&value, &b)?),
                        '%' => modulo(&value, &b)?,
                        _ => power(&value, &b)?,
                    };
                }
                Some(value)
            }
            Node::Call(name, arguments) => {
                let mut values = Vec::new();
                for argument in arguments {
                    values.push(self.value(argument)?);
                }
                match (name.as_str(), &*values) {
                    ("id", [x]) => Some(x.clone()),
                    ("floor", [x]) => Some(floor(x)),
                    ("ceil", [x]) => Some(-floor(&-x.clone())),
                    ("mod", [a, b]) => modulo(a, b),
                    ("min" | "Min", all) => all.iter().min().cloned(),
                    ("max" | "Max", all) => all.iter().max().cloned(),
                    ("clamp", [x, lo, hi]) => Some(lo.max(x.min(hi)).clone()),
                    _ => None,
                }
            }
            Node::Sum(index, parts, half_open) => {
                let [lo, hi, body] = &**parts;
                let (lo, mut end) = (whole(&self.value(lo)?)?, whole(&self.value(hi)?)?);
                if !half_open {
                    end += 1;
                }
                // A sum that goes backwards is one that the algebra refuses by a condition.
                if end < lo || end - lo > 1000 {
                    return None;
                }
                let mut total = RBig::ZERO;
                for i in lo..end {
                    self.bound.push((index, RBig::from(i)));
                    let value = self.value(body);
                    self.bound.pop();
                    total += value?;
                }
                Some(total)
            }
        }
    }
}

fn whole(value: &RBig) -> Option<i64> {
    value
        .is_int()
        .then(|| i64::try_from(value.numerator().clone()).ok())?
}

fn floor(value: &RBig) -> RBig {
    RBig::from(value.floor())
}

fn quotient(a: &RBig, b: &RBig) -> Option<RBig> {
    (*b != RBig::ZERO).then(|| a.clone() / b.clone())
}

fn modulo(a: &RBig, b: &RBig) -> Option<RBig> {
    Some(a.clone() - b.clone() * floor(&quotient(a, b)?))
}

fn power(base: &RBig, exponent: &RBig) -> Option<RBig> {
    let times = whole(exponent).filter(|times| times.unsigned_abs() < 2000)?;
    if *base == RBig::ZERO && times <= 0 {
        return None;
    }
    let bits = base.numerator().bit_len() + base.denominator().bit_len();
    if bits * usize::try_from(times.unsigned_abs()).ok()? > 4 * MAX_BITS {
        return None;
    }
    let power = base.pow(isize::try_from(times.unsigned_abs()).ok()?);
    if times < 0 {
        quotient(&RBig::ONE, &power)
    } else {
        Some(power)
    }
}
