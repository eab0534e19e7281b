//! Equations over labels of axes: `n h e, s h e -> h n s` and `b c h w -> b (h w) c`.

use std::ops::Range;

/// A label of an axis: a word that means one size wherever it stands.
pub type Label = String;

/// The inputs and the output of an op, axis by axis; an axis may be a group of labels in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equation {
    /// The axes of each input.
    pub inputs: Vec<Vec<Vec<Label>>>,
    /// The axes of the output.
    pub output: Vec<Vec<Label>>,
}

/// Why a text is not an equation, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EquationError {
    /// What is wrong.
    pub message: String,
    /// Bytes of the text.
    pub span: Range<usize>,
}

impl Equation {
    /// Reads an equation.
    pub fn parse(text: &str) -> Result<Equation, EquationError> {
        let whole = |message: &str| EquationError {
            message: message.to_owned(),
            span: 0..text.len(),
        };
        let Some((left, right)) = text.split_once("->") else {
            return Err(whole("an equation has the form `inputs -> output`"));
        };
        let mut inputs = Vec::new();
        let mut at = 0;
        for input in left.split(',') {
            inputs.push(axes(input, at)?);
            at += input.len() + 1;
        }
        let output = axes(right, left.len() + 2)?;
        Ok(Equation { inputs, output })
    }

    /// The labels of each input and of the output, for an equation without groups.
    pub fn ungrouped(&self) -> Option<(Vec<Vec<&str>>, Vec<&str>)> {
        let inputs = self
            .inputs
            .iter()
            .map(|axes| plain(axes))
            .collect::<Option<_>>()?;
        Some((inputs, plain(&self.output)?))
    }
}

/// The labels of axes of which none is a group.
fn plain(axes: &[Vec<Label>]) -> Option<Vec<&str>> {
    axes.iter()
        .map(|group| {
            <&[Label; 1]>::try_from(group.as_slice())
                .ok()
                .map(|[label]| label.as_str())
        })
        .collect()
}

/// Reads the axes of one operand; `at` is where `text` stands in the equation.
fn axes(text: &str, at: usize) -> Result<Vec<Vec<Label>>, EquationError> {
    let mut axes: Vec<Vec<Label>> = Vec::new();
    let mut group: Option<(Vec<Label>, usize)> = None;
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let here = at + text.len() - rest.len();
        let error = |message: String, length: usize| EquationError {
            message,
            span: here..here + length,
        };
        let Some(c) = rest.chars().next() else { break };
        let length = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        match c {
            '(' if group.is_none() => group = Some((Vec::new(), here)),
            ')' => match group.take() {
                Some((labels, _)) => axes.push(labels),
                None => return Err(error(String::from("`)` without `(`"), 1)),
            },
            _ if length > 0 => {
                let (label, after) = rest.split_at(length);
                let label = label.to_owned();
                match &mut group {
                    Some((labels, _)) => labels.push(label),
                    None => axes.push(vec![label]),
                }
                rest = after;
                continue;
            }
            other => {
                return Err(error(
                    format!("`{other}` is no label of an axis"),
                    other.len_utf8(),
                ));
            }
        }
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    match group {
        Some((_, open)) => Err(EquationError {
            message: String::from("`(` is not closed"),
            span: open..open + 1,
        }),
        None => Ok(axes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_labels_are_read() {
        let equation = Equation::parse("b c (h w), k -> b (c k) w").expect("well formed");
        assert_eq!(equation.inputs[0][2], ["h", "w"]);
        assert_eq!(equation.output[1], ["c", "k"]);
        assert!(equation.ungrouped().is_none());
    }

    #[test]
    fn mistakes_are_at_their_place() {
        for (text, span) in [
            ("a b", 0..3),
            ("a (b -> c", 2..3),
            ("a) -> b", 1..2),
            ("a -> b*c", 6..7),
        ] {
            assert_eq!(
                Equation::parse(text).expect_err("malformed").span,
                span,
                "{text}"
            );
        }
    }
}
