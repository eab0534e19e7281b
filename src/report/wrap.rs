//! Lines of a given width: where a text may be broken, and its columns on a terminal. Must never break a number.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

/// What a text is, which says where it may be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breaks {
    /// Nowhere.
    Number,
    /// In front of a sign; a product that is too long after a factor.
    Formula,
    /// In front of `x` and `->`, after a shape.
    Shapes,
    /// After a comma; a part that is too long as a formula.
    Length,
    /// Between words.
    Words,
    /// Nowhere; a path may take a line of its own.
    Path,
}

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    let mut columns = 0;
    for c in text.chars() {
        if !in_formulas(c) {
            return text.width();
        }
        columns += 1;
    }
    columns
}

/// Whether a character is one of those that formulas are made of, each of which takes one column.
fn in_formulas(c: char) -> bool {
    matches!(c, ' '..='~' | '·' | '×' | '¹' | '²' | '³' | '⁰' | '⁴'..='⁹')
}

/// The pieces that a text may be broken into.
pub(super) fn chunks(text: &str, breaks: Breaks) -> Vec<&str> {
    if matches!(breaks, Breaks::Number | Breaks::Path) {
        return vec![text];
    }
    let mut chunks = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, c) in text.char_indices() {
        match c {
            _ if breaks == Breaks::Words => {}
            '(' | '[' | '⌊' | '⌈' => depth += 1,
            ')' | ']' | '⌋' | '⌉' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c != ' ' || depth > 0 {
            continue;
        }
        if breaks == Breaks::Length && !text[..at].ends_with(',') {
            continue;
        }
        // What stays with the piece after it has its space after it: a sign, `x`, `->`, the word before a mean length.
        let piece = &text[start..at];
        let leads = matches!(piece, "+" | "-" | "x" | "->") || start == 0 && piece == "mean";
        if breaks == Breaks::Words || !leads {
            chunks.push(piece);
            start = at + 1;
        }
    }
    chunks.push(&text[start..]);
    chunks
}

/// The widest piece.
pub(super) fn widest(text: &str, breaks: Breaks) -> usize {
    chunks(text, breaks)
        .into_iter()
        .map(width)
        .max()
        .unwrap_or(0)
}

/// A text in lines that are no wider than `limit`.
pub(super) fn wrap(text: &str, breaks: Breaks, limit: usize) -> Vec<Cow<'_, str>> {
    if width(text) <= limit {
        return vec![Cow::Borrowed(text)];
    }
    let mut lines: Vec<Cow<'_, str>> = Vec::new();
    let mut line = String::new();
    // The columns of the line.
    let mut used = 0;
    for chunk in chunks(text, breaks) {
        if !line.is_empty() && used + 1 + width(chunk) > limit {
            lines.push(Cow::Owned(std::mem::take(&mut line)));
            used = 0;
        }
        if !line.is_empty() {
            line.push(' ');
            used += 1;
        }
        let mut rest = chunk;
        if breaks == Breaks::Length && width(rest) > limit {
            lines.extend(wrap(rest, Breaks::Formula, limit));
            continue;
        }
        let mut left = width(rest);
        while used + left > limit && !rest.is_empty() {
            let (head, tail) = cut(rest, limit.saturating_sub(used).max(1));
            line.push_str(head);
            lines.push(Cow::Owned(std::mem::take(&mut line)));
            used = 0;
            left = left.saturating_sub(width(head));
            rest = tail;
        }
        line.push_str(rest);
        used += left;
    }
    if !line.is_empty() {
        lines.push(Cow::Owned(line));
    }
    lines
}

/// Cuts a piece that fits no line: after the last factor, comma or name that fits, and where there is none anywhere.
fn cut(text: &str, limit: usize) -> (&str, &str) {
    let mut fits = 0;
    let mut after_joint = 0;
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += width(c.encode_utf8(&mut [0; 4]));
        if used > limit {
            break;
        }
        fits = at + c.len_utf8();
        if matches!(c, '·' | '.' | ' ' | ',' | '/') {
            after_joint = fits;
        }
    }
    let first = text.chars().next().map_or(0, char::len_utf8);
    text.split_at(if after_joint > 0 {
        after_joint
    } else {
        fits.max(first)
    })
}

/// Text on one line, without characters that steer a terminal.
pub(super) fn tame(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let spaced = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Cow::Owned(spaced.replace(char::is_control, "\u{fffd}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_break_in_front_of_signs_outside_parentheses() {
        let text = "2·L·T·d·f - (a + b)·c + ⌊T/2 + 1⌋";
        assert_eq!(
            chunks(text, Breaks::Formula),
            ["2·L·T·d·f", "- (a + b)·c", "+ ⌊T/2 + 1⌋"]
        );
        assert_eq!(
            wrap(text, Breaks::Formula, 12),
            ["2·L·T·d·f", "- (a + b)·c", "+ ⌊T/2 + 1⌋"]
        );
        assert_eq!(
            wrap("a·bb·ccc·dddd", Breaks::Formula, 6),
            ["a·bb·", "ccc·", "dddd"]
        );
    }

    #[test]
    fn shapes_break_between_shapes_only() {
        let text = "[T, H, dh], [S, H, dh] x [d] -> [H, T, S]";
        assert_eq!(
            chunks(text, Breaks::Shapes),
            ["[T, H, dh],", "[S, H, dh]", "x [d]", "-> [H, T, S]"]
        );
    }

    #[test]
    fn lengths_break_in_front_of_their_mean() {
        assert_eq!(
            chunks("1..T, mean T/2 + 1/2", Breaks::Length),
            ["1..T,", "mean T/2 + 1/2"]
        );
        assert_eq!(
            wrap("1..W, mean W·T/2 - W²/2 + 1/2", Breaks::Length, 14),
            ["1..W,", "mean W·T/2", "- W²/2 + 1/2"]
        );
    }

    #[test]
    fn characters_of_formulas_take_a_column_each() {
        for c in ('\0'..='\u{ffff}').filter(|c| in_formulas(*c)) {
            assert_eq!(c.to_string().width(), 1, "{c:?}");
        }
    }

    #[test]
    fn numbers_are_whole() {
        assert_eq!(wrap("1,000,000", Breaks::Number, 9), ["1,000,000"]);
        assert_eq!(widest("1,000,000", Breaks::Number), 9);
    }

    #[test]
    fn texts_never_steer_a_terminal() {
        assert_eq!(tame("a\u{1b}[31m b\n c"), "a\u{fffd}[31m b c");
    }
}
