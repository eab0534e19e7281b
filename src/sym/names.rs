//! Names as each syntax spells them. Must never let two symbols share a spelling by renaming one of them.

use super::lex::is_name_part;
use super::{Sym, Symbols, Syntax};

const PYTHON: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "max", "min", "nonlocal", "not", "or", "pass", "raise", "range",
    "return", "sum", "try", "while", "with", "yield",
];

const RUST: &[&str] = &[
    "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if",
    "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
    "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

const SQL: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "between",
    "both",
    "by",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "cross",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "false",
    "fetch",
    "for",
    "foreign",
    "from",
    "full",
    "glob",
    "grant",
    "group",
    "having",
    "in",
    "index",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "placing",
    "primary",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "set",
    "some",
    "symmetric",
    "table",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "update",
    "user",
    "using",
    "values",
    "when",
    "where",
    "window",
    "with",
];

/// How a syntax spells a symbol or a bound variable. SQL does not tell `K` from `k`: of symbols whose names differ only in
/// case, the first keeps its name and the others are numbered, `K_2`. LaTeX shows no number of underscores: of `a_b` and
/// `a__b` the second is primed, which no name is.
pub(super) fn spell(sym: Sym, symbols: &Symbols, syntax: Syntax) -> String {
    let name = match sym.bound_level() {
        Some(level) => return bound(level, symbols, syntax),
        None if sym.is_reserved() => return bound(0, symbols, syntax),
        None => symbols.name(sym),
    };
    let reserved: &[&str] = match syntax {
        Syntax::Unicode | Syntax::Ascii => return name.to_owned(),
        Syntax::Latex => return name.to_owned() + &"'".repeat(before(sym, symbols, syntax)),
        Syntax::Python => PYTHON,
        Syntax::Rust => RUST,
        Syntax::Sql => SQL,
    };
    let mut spelled: String = name
        .chars()
        .map(|c| if is_name_part(c) { c } else { '_' })
        .collect();
    let same = |word: &&str| match syntax {
        Syntax::Sql => word.eq_ignore_ascii_case(&spelled),
        _ => **word == spelled,
    };
    if reserved.iter().any(same) {
        spelled.push('_');
    }
    if syntax == Syntax::Sql {
        match before(sym, symbols, syntax) {
            0 => {}
            before => spelled.push_str(&format!("_{}", before + 1)),
        }
    }
    while spelled != name && taken(&spelled, symbols, syntax) {
        spelled.push('_');
    }
    spelled
}

impl Symbols {
    /// How a syntax spells a symbol whose name it reserves, or does not tell from that of another.
    pub(crate) fn spelled(&self, sym: Sym, syntax: Syntax) -> String {
        spell(sym, self, syntax)
    }
}

/// How many symbols that a syntax does not tell from this one have their names before it.
fn before(sym: Sym, symbols: &Symbols, syntax: Syntax) -> usize {
    let alike = symbols.alike(symbols.name(sym), syntax).iter();
    alike.take_while(|other| **other != sym).count()
}

/// Whether a symbol has this name, as the syntax tells names apart.
fn taken(name: &str, symbols: &Symbols, syntax: Syntax) -> bool {
    match syntax {
        Syntax::Sql => !symbols.alike(name, syntax).is_empty(),
        _ => symbols.lookup(name).is_some(),
    }
}

/// A name for a bound variable that no symbol has.
fn bound(level: u32, symbols: &Symbols, syntax: Syntax) -> String {
    let mut name = match level {
        0 => "i".to_owned(),
        1 => "j".to_owned(),
        2 => "k".to_owned(),
        _ => format!("i{level}"),
    };
    while taken(&name, symbols, syntax) {
        name.push('_');
    }
    name
}
