//! Text to tree: precedence climbing over the tokens. Must never resolve a name.

use std::ops::Range;

use dashu_int::IBig;

use super::expr::{Ast, ChainOp, Expr, Function, Node};
use super::lex::{Kind, Token, superscript, tokens};
use super::limits::{MAX_DEPTH, MAX_DIGITS};
use super::{Coeff, LimitError};

/// A text that is no formula.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// The bytes that earn the error.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What would mend it.
    pub hint: Option<String>,
}

impl ParseError {
    pub(super) fn new(
        span: Range<usize>,
        message: impl Into<String>,
        hint: Option<&str>,
    ) -> ParseError {
        ParseError {
            span,
            message: message.into(),
            hint: hint.map(str::to_owned),
        }
    }
}

/// Reads a formula: `+ - * / ^ ** // %`, parentheses, numbers, names, and the calls `floor`, `ceil`, `min`, `max`,
/// `mod`, `clamp` and `sum(i, first, last, body)`; `· × ⌊ ⌋ ⌈ ⌉` and superscripts too.
///
/// # Errors
/// The first place where the text is no formula.
pub fn parse(text: &str) -> Result<Expr, ParseError> {
    let mut parser = Parser {
        text,
        tokens: tokens(text)?,
        next: 0,
        depth: 0,
    };
    if parser.peek().kind == Kind::End {
        return Err(ParseError::new(
            0..text.len(),
            "a formula is expected here",
            None,
        ));
    }
    let root = parser.sum()?;
    match parser.peek() {
        token if token.kind == Kind::End => Ok(Expr {
            text: text.into(),
            root,
        }),
        token if token.kind == Kind::Close => Err(ParseError::new(
            token.span(),
            "this `)` closes nothing",
            None,
        )),
        token => Err(parser.unexpected(token)),
    }
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Token {
        // The last token is the end, and stays in reach.
        let end = Token {
            kind: Kind::End,
            start: 0,
            end: 0,
        };
        self.tokens
            .get(self.next)
            .or(self.tokens.last())
            .copied()
            .unwrap_or(end)
    }

    fn take(&mut self) -> Token {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn accept(&mut self, kind: Kind) -> bool {
        let found = self.peek().kind == kind;
        self.next += usize::from(found);
        found
    }

    fn slice(&self, token: Token) -> &'t str {
        self.text.get(token.span()).unwrap_or_default()
    }

    fn expect(&mut self, kind: Kind, what: &str, opened: Token) -> Result<Token, ParseError> {
        let token = self.take();
        if token.kind == kind {
            return Ok(token);
        }
        self.next -= 1;
        if starts_operand(token.kind) {
            return Err(self.unexpected(token));
        }
        let found = if token.kind == Kind::End {
            "the text ends".into()
        } else {
            format!("`{}`", self.slice(token))
        };
        let opened = self.slice(opened);
        Err(ParseError::new(
            token.span(),
            format!("{what} is expected after `{opened}`, found {found}"),
            None,
        ))
    }

    fn unexpected(&self, token: Token) -> ParseError {
        let text = self.slice(token);
        if starts_operand(token.kind)
            && let Some(before) = self.next.checked_sub(1).and_then(|i| self.tokens.get(i))
            && matches!(
                before.kind,
                Kind::Number | Kind::Name | Kind::Close | Kind::Superscript
            )
        {
            if before.kind == Kind::Number
                && let Some(zeros) = text.strip_prefix(['e', 'E'])
                && let Ok(zeros) = zeros.parse::<usize>()
            {
                let digits = self.slice(*before);
                let hint = if zeros <= 20 && !digits.contains('.') {
                    format!("write `{digits}{}`", "0".repeat(zeros))
                } else {
                    String::from("1e3 is `1000`")
                };
                return ParseError::new(
                    before.span().start..token.span().end,
                    "numbers are written out, without an exponent",
                    Some(&hint),
                );
            }
            let left = if before.kind == Kind::Close {
                "(..)"
            } else {
                self.slice(*before)
            };
            let right = if token.kind == Kind::Open {
                "(..)"
            } else {
                text
            };
            let hint = match text {
                "mod" => "write `mod(a, b)`".to_owned(),
                _ => format!("write `{left}*{right}`"),
            };
            return ParseError::new(
                before.span().start..token.span().end,
                "a product needs its `*`",
                Some(&hint),
            );
        }
        match token.kind {
            Kind::End => ParseError::new(token.span(), "the formula ends too early", None),
            _ => ParseError::new(token.span(), format!("`{text}` is not expected here"), None),
        }
    }

    fn nested<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, ParseError>,
    ) -> Result<T, ParseError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ParseError::new(
                self.peek().span(),
                LimitError::Depth.to_string(),
                None,
            ));
        }
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn sum(&mut self) -> Result<Ast, ParseError> {
        let first = self.chain()?;
        let start = first.start;
        let mut parts = vec![(false, first)];
        loop {
            let subtract = match self.peek().kind {
                Kind::Plus => false,
                Kind::Minus => true,
                _ => break,
            };
            self.next += 1;
            parts.push((subtract, self.chain()?));
        }
        let end = parts.last().map_or(start, |(_, part)| part.end);
        match parts.len() {
            1 => Ok(parts.swap_remove(0).1),
            _ => Ok(Ast {
                node: Node::Add(parts),
                start,
                end,
            }),
        }
    }

    fn chain(&mut self) -> Result<Ast, ParseError> {
        let first = self.unary()?;
        let mut rest: Vec<(ChainOp, Ast)> = Vec::new();
        loop {
            let op = match self.peek().kind {
                Kind::Star => ChainOp::Mul,
                Kind::Slash => ChainOp::Div,
                Kind::DoubleSlash => ChainOp::FloorDiv,
                Kind::Percent => ChainOp::Mod,
                _ => break,
            };
            self.next += 1;
            rest.push((op, self.unary()?));
        }
        match rest.last() {
            None => Ok(first),
            Some((_, last)) => {
                let (start, end) = (first.start, last.end);
                Ok(Ast {
                    node: Node::Chain(Box::new(first), rest),
                    start,
                    end,
                })
            }
        }
    }

    fn unary(&mut self) -> Result<Ast, ParseError> {
        let sign = self.peek();
        match sign.kind {
            Kind::Plus => {
                self.next += 1;
                self.nested(Self::unary)
            }
            Kind::Minus => {
                self.next += 1;
                let inner = self.nested(Self::unary)?;
                let end = inner.end;
                Ok(Ast {
                    node: Node::Neg(Box::new(inner)),
                    start: sign.start,
                    end,
                })
            }
            _ => self.power(),
        }
    }

    fn power(&mut self) -> Result<Ast, ParseError> {
        let mut base = self.primary()?;
        let token = self.peek();
        if token.kind == Kind::Superscript {
            self.next += 1;
            let digits: String = self.slice(token).chars().filter_map(superscript).collect();
            let number = self.integer(&digits, token)?;
            let exponent = Ast {
                node: Node::Number(number),
                start: token.start,
                end: token.end,
            };
            base = power(base, exponent);
        }
        if !self.accept(Kind::Caret) {
            return Ok(base);
        }
        // A bracket counts itself.
        let exponent = match self.peek().kind {
            Kind::Open => self.unary()?,
            _ => self.nested(Self::unary)?,
        };
        Ok(power(base, exponent))
    }

    fn primary(&mut self) -> Result<Ast, ParseError> {
        let token = self.take();
        let Token { kind, start, end } = token;
        match kind {
            Kind::Number => Ok(Ast {
                node: Node::Number(self.number(token)?),
                start,
                end,
            }),
            Kind::Name if self.peek().kind == Kind::Open => self.call(token),
            Kind::Name => Ok(Ast {
                node: Node::Name,
                start,
                end,
            }),
            Kind::Open => {
                let inner = self.nested(Self::sum)?;
                let close = self.expect(Kind::Close, "`)`", token)?;
                // The place of a name is its text.
                let named = matches!(inner.node, Node::Name);
                Ok(if named {
                    inner
                } else {
                    Ast {
                        node: inner.node,
                        start,
                        end: close.end,
                    }
                })
            }
            Kind::FloorOpen | Kind::CeilOpen => {
                let (function, close, what) = match kind {
                    Kind::FloorOpen => (Function::Floor, Kind::FloorClose, "`⌋`"),
                    _ => (Function::Ceil, Kind::CeilClose, "`⌉`"),
                };
                let inner = self.nested(Self::sum)?;
                let close = self.expect(close, what, token)?;
                Ok(Ast {
                    node: Node::Call(function, vec![inner]),
                    start,
                    end: close.end,
                })
            }
            _ => {
                self.next -= 1;
                Err(self.unexpected(token))
            }
        }
    }

    fn call(&mut self, name: Token) -> Result<Ast, ParseError> {
        let text = self.slice(name);
        let open = self.take();
        if text == "sum" {
            return self.nested(|parser| parser.summation(name, open));
        }
        let Some(function) = Function::from_name(text) else {
            let hint = format!(
                "the functions are floor, ceil, min, max, mod, clamp and sum; a product is `{text}*(..)`"
            );
            return Err(ParseError::new(
                name.span(),
                format!("`{text}` is not a function"),
                Some(&hint),
            ));
        };
        let mut arguments = Vec::new();
        if self.peek().kind != Kind::Close {
            arguments.push(self.nested(Self::sum)?);
            while self.accept(Kind::Comma) {
                arguments.push(self.nested(Self::sum)?);
            }
        }
        let close = self.expect(Kind::Close, "`,` or `)`", open)?;
        let (least, most) = function.arity();
        if !(least..=most).contains(&arguments.len()) {
            let wanted = match (least, most) {
                (1, 1) => "one argument".to_owned(),
                (a, b) if a == b => format!("{a} arguments"),
                (a, b) => format!("{a} to {b} arguments"),
            };
            let message = format!("`{text}` takes {wanted}, found {}", arguments.len());
            return Err(ParseError::new(
                name.span().start..close.span().end,
                message,
                None,
            ));
        }
        Ok(Ast {
            node: Node::Call(function, arguments),
            start: name.start,
            end: close.end,
        })
    }

    /// `sum(i, first, last, body)`, or Python's `sum(body for i in range(first, end))`.
    fn summation(&mut self, name: Token, open: Token) -> Result<Ast, ParseError> {
        let first = self.sum()?;
        let (index, range, half_open, body) = if self.accept_word("for") {
            let index = self.take();
            let usage = |at: Token| {
                ParseError::new(at.span(), "expected `for i in range(first, end)`", None)
            };
            if index.kind != Kind::Name || !self.accept_word("in") || !self.accept_word("range") {
                return Err(usage(index));
            }
            let open = self.expect(Kind::Open, "`(`", name)?;
            let lo = self.sum()?;
            self.expect(Kind::Comma, "`,`", open)?;
            let hi = self.sum()?;
            self.expect(Kind::Close, "`)`", open)?;
            ((index.start, index.end), (lo, hi), true, first)
        } else {
            let Node::Name = first.node else {
                let hint = "write `sum(i, first, last, body)`";
                return Err(ParseError::new(
                    first.span(),
                    "the index of a sum is a name",
                    Some(hint),
                ));
            };
            self.expect(Kind::Comma, "`,`", open)?;
            let lo = self.sum()?;
            self.expect(Kind::Comma, "`,`", open)?;
            let hi = self.sum()?;
            self.expect(Kind::Comma, "`,`", open)?;
            ((first.start, first.end), (lo, hi), false, self.sum()?)
        };
        let close = self.expect(Kind::Close, "`)`", open)?;
        let node = Node::Sum {
            index,
            range: Box::new(range),
            half_open,
            body: Box::new(body),
        };
        Ok(Ast {
            node,
            start: name.start,
            end: close.end,
        })
    }

    fn accept_word(&mut self, word: &str) -> bool {
        let token = self.peek();
        let found = token.kind == Kind::Name && self.slice(token) == word;
        self.next += usize::from(found);
        found
    }

    fn number(&self, token: Token) -> Result<Coeff, ParseError> {
        let text = self.slice(token);
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        if decimals.is_empty() {
            return self.integer(whole, token);
        }
        let digits = self.integer(&format!("{whole}{decimals}"), token)?;
        let places = decimals.chars().filter(char::is_ascii_digit).count();
        let scale = i32::try_from(places)
            .ok()
            .and_then(|p| Coeff::from(10).pow(-p));
        Ok(scale.map_or(digits.clone(), |scale| &digits * &scale))
    }

    fn integer(&self, text: &str, token: Token) -> Result<Coeff, ParseError> {
        if let Ok(small) = text.parse::<i64>() {
            return Ok(Coeff::from(small));
        }
        let digits: String = text.chars().filter(|c| *c != '_').collect();
        if digits.len() > MAX_DIGITS {
            let message = format!("this number has more than {MAX_DIGITS} digits, the limit");
            return Err(ParseError::new(token.span(), message, None));
        }
        match IBig::from_str_radix(&digits, 10) {
            Ok(value) => Ok(Coeff::from(value)),
            Err(_) => Err(ParseError::new(token.span(), "this is not a number", None)),
        }
    }
}

fn power(base: Ast, exponent: Ast) -> Ast {
    let (start, end) = (base.start, exponent.end);
    Ast {
        node: Node::Pow(Box::new(base), Box::new(exponent)),
        start,
        end,
    }
}

fn starts_operand(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Number | Kind::Name | Kind::Open | Kind::FloorOpen | Kind::CeilOpen
    )
}
