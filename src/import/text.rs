//! A configuration becomes a model file: the family's, with the configuration's values as its one preset and without its
//! mappings.

use std::ops::Range;

use super::Imported;
use crate::ast::file::sections;

/// Lines of a preset are no longer than this.
const LINE: usize = 118;

/// A field of a model file with the blanks and comments before it, and where its value is.
struct Field {
    whole: Range<usize>,
    own: Range<usize>,
}

impl Imported<'_> {
    /// The model file, with a preset of the given name.
    pub fn model_file(&self, preset: &str) -> String {
        let text = self.family.text;
        let mut pieces: Vec<(Range<usize>, String)> = Vec::new();
        let preset = self.preset(preset);
        match field(text, "presets") {
            Some(field) => pieces.push((field.own, preset)),
            None => {
                let at = field(text, "inputs").map_or(0, |field| field.own.start);
                pieces.push((at..at, format!("{preset},\n    ")));
            }
        }
        pieces.extend(field(text, "configs").map(|field| (field.whole, String::new())));
        pieces.sort_by_key(|(range, _)| range.start);
        let mut made = self.heading();
        let mut done = 0;
        for (range, new) in pieces {
            made.push_str(text.get(done..range.start).unwrap_or_default());
            made.push_str(&new);
            done = range.end;
        }
        made.push_str(text.get(done..).unwrap_or_default());
        made
    }

    /// Where the values are from, as comments.
    fn heading(&self) -> String {
        let origin = &self.origin;
        let class = origin.class.iter().map(|class| format!(", class {class}"));
        let class: String = class.collect();
        let mut heading = format!(
            "// Values of {}, of type {}{class}.\n",
            origin.name, origin.kind
        );
        for note in &origin.notes {
            heading.push_str(&format!("// {note}.\n"));
        }
        heading.push_str("//\n");
        heading
    }

    /// The section of presets.
    fn preset(&self, name: &str) -> String {
        let mut lines = vec![format!("        {name}: (")];
        for setting in &self.origin.settings {
            let item = format!("{}: {}, ", setting.name, setting.value);
            match lines.last_mut() {
                Some(line) if line.len() + item.len() <= LINE => line.push_str(&item),
                _ => lines.push(format!("            {item}")),
            }
        }
        let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
        let values = lines.join("\n");
        format!("presets: (\n{}),\n    )", values.trim_end_matches(','))
    }
}

/// A field of the model, by its name.
fn field(text: &str, name: &str) -> Option<Field> {
    let fields = sections(text);
    let (_, own) = fields.iter().find(|(known, _)| *known == name)?;
    // The line that it begins on, with the comments above, and what is left of the one that it ends on.
    let mut start = own.start;
    for line in text.get(..own.start)?.split_inclusive('\n').rev() {
        let belongs = start == own.start || line.trim_start().starts_with("//");
        if !belongs || (start == own.start && !line.trim().is_empty()) {
            break;
        }
        start -= line.len();
    }
    let rest = text.get(own.end..)?;
    let comma = rest.len() - rest.strip_prefix(',').unwrap_or(rest).len();
    let rest = rest.get(comma..)?;
    let line = rest.find('\n').map_or(rest.len(), |end| end + 1);
    Some(Field {
        whole: start..own.end + comma + line,
        own: own.clone(),
    })
}
