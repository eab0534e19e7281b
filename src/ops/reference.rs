//! The op reference, generated from the list of ops: the header of each op's file and the fields that it takes.

use super::args::{Field, FieldKind};
use super::structure::STRUCTURE;
use super::{OPS, OpDef};
use crate::mask::FORMS;

/// The reference of all ops in Markdown; `docs/ops.md` is this text.
pub fn markdown() -> String {
    let mut out = String::from(
        "# Ops\n\nGenerated from the list of ops. Every op may be written with its fields in order, \
         `Linear(x, \"d -> f\")`, or by name, `Linear(x: x, map: \"d -> f\")`; never mixed. \
         Where an op takes an axis by its size, it is the last of that size; of several that are equal by a definition or a \
         relation only, the last that is written so.\n",
    );
    for def in OPS {
        out.push_str(&format!(
            "\n## {}\n\n{}\n\n{}",
            def.name,
            page(def),
            fields(def)
        ));
    }
    out.push_str("\n# Calls, groups and choices\n\nThey stand where an op stands.\n");
    for word in STRUCTURE {
        out.push_str(&format!("\n## {}\n\n{}\n", word.name, word.page));
    }
    out.push_str(
        "\n# Masks\n\nA mask pairs the label of the queries and that of the keys. Its fields stand in order or by name, \
         `Causal(queries: n, keys: s, align: top_left)`.\n\n",
    );
    for form in FORMS {
        let size = form.size.map(|name| format!(", \"{name}\""));
        let plain = format!("`{}(n, s{}", form.name, size.unwrap_or_default());
        let mut line = format!("- {plain})`");
        let (name, words) = form.choice.unwrap_or_default();
        for word in words.iter().skip(1) {
            line.push_str(&format!(", {plain}, {word})`"));
        }
        line.push_str(&format!(": {}", form.doc));
        if !words.is_empty() {
            line.push_str(&format!("; `{name}` is `{}`", words.join("` or `")));
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// The header of an op's file, without the comment marks.
pub fn page(def: &OpDef) -> String {
    let lines = def
        .source
        .lines()
        .map_while(|line| line.strip_prefix("//!"));
    lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The fields of an op as a table.
pub fn fields(def: &OpDef) -> String {
    let mut out = String::from("| field | form | |\n|---|---|---|\n");
    for Field {
        name,
        kind,
        required,
        doc,
    } in def.fields
    {
        if kind.is_written() {
            let optional = if *required { "" } else { " (optional)" };
            out.push_str(&format!(
                "| `{name}`{optional} | {} | {doc} |\n",
                form(*kind)
            ));
        }
    }
    out
}

/// What is written in a field of a kind.
pub fn form(kind: FieldKind) -> String {
    match kind {
        FieldKind::Input => String::from("a node"),
        FieldKind::Inputs => String::from("`[a, b]`, nodes"),
        FieldKind::Axes => String::from("`\"V d\"`, axes; `@n` marks positions"),
        FieldKind::Dims => String::from("`\"P P\"`, sizes"),
        FieldKind::Map => String::from("`\"d -> H dh\"`, sizes"),
        FieldKind::Dim => String::from("`\"4*d\"`, a size"),
        FieldKind::Sizes => String::from("`\"h = H, e = dh\"`, sizes of labels"),
        FieldKind::Equation => String::from("`\"n e, s e -> n s\"`, labels"),
        FieldKind::Word(words) => words
            .iter()
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(" "),
        FieldKind::Flag => String::from("`true`, `false` or a switch"),
        FieldKind::Mask => String::from("a mask, or `none`"),
        FieldKind::Past | FieldKind::New => String::new(),
    }
}
