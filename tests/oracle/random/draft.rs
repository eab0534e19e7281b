//! A model before it is text: what is written where, so that pieces of it can be taken away again.

use super::size::Size;

/// A node of a block.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) text: String,
    /// The names that it reads.
    pub(crate) reads: Vec<String>,
    /// The group that says its part.
    pub(crate) part: Option<&'static str>,
    /// Whether it stands in a group that runs once a request.
    pub(crate) once: bool,
}

/// A block, or the body of a model.
#[derive(Clone, Debug, Default)]
pub(crate) struct BlockDraft {
    pub(crate) name: String,
    pub(crate) part: Option<&'static str>,
    pub(crate) dims: Vec<String>,
    /// Names and shapes as they are written.
    pub(crate) inputs: Vec<(String, String)>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) output: String,
}

/// A phase of a model's own: `n`, `p`, `o`, and its steps if there are several.
#[derive(Clone, Debug)]
pub(crate) struct OwnPhase {
    pub(crate) name: &'static str,
    pub(crate) sets: [Size; 3],
    pub(crate) steps: Option<Size>,
}

/// What the comparison must know of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traits {
    /// Whether sizes depend on the number of a round.
    pub(crate) numbered: bool,
    /// Whether experts have a capacity.
    pub(crate) capacity: bool,
}

/// A whole model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    /// Phases of the table.
    pub(crate) phases: Vec<&'static str>,
    pub(crate) own: Vec<OwnPhase>,
    /// Names and what they are declared as.
    pub(crate) symbols: Vec<(String, String)>,
    pub(crate) relations: Vec<String>,
    /// A number for each symbol, at which all that is declared holds and different sizes differ.
    pub(crate) wide: Vec<(String, i64)>,
    pub(crate) switches: Vec<(String, bool)>,
    pub(crate) blocks: Vec<BlockDraft>,
    pub(crate) body: BlockDraft,
    pub(crate) traits: Traits,
}

impl Draft {
    /// The text of the model.
    pub(crate) fn text(&self) -> String {
        self.written().replace(['{', '}'], "")
    }

    /// The text with numbers in the places of symbols, which are not declared then.
    pub(crate) fn at(&self, numbers: &[(String, String)]) -> String {
        let mut draft = self.clone();
        let known = |name: &String| numbers.iter().any(|(known, _)| known == name);
        draft.symbols.retain(|(name, _)| !known(name));
        if draft.symbols.is_empty() {
            draft
                .symbols
                .push((String::from("nothing"), String::from("\"\"")));
        }
        draft.relations.clear();
        let mut text = draft.written();
        for (name, value) in numbers {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text.replace(['{', '}'], "")
    }

    fn written(&self) -> String {
        let mut text = String::from("Model(\n    name: \"generated\",\n");
        let own = self.own.iter().map(|phase| {
            let [n, p, o] = phase.sets.each_ref().map(Size::text);
            let steps = phase.steps.as_ref();
            let steps = steps.map_or(String::new(), |steps| {
                format!(", steps: \"{}\"", steps.text())
            });
            format!(
                "Phase(name: {}, n: \"{n}\", p: \"{p}\", o: \"{o}\"{steps})",
                phase.name
            )
        });
        let phases: Vec<String> = self
            .phases
            .iter()
            .map(|p| (*p).to_owned())
            .chain(own)
            .collect();
        if !phases.is_empty() {
            text.push_str(&format!("    phases: [{}],\n", phases.join(", ")));
        }
        let pairs = |pairs: &[(String, String)]| {
            let pairs = pairs.iter().map(|(name, text)| format!("{name}: {text}"));
            pairs.collect::<Vec<_>>().join(", ")
        };
        text.push_str(&format!("    symbols: ({}),\n", pairs(&self.symbols)));
        if !self.relations.is_empty() {
            let relations: Vec<String> = self
                .relations
                .iter()
                .map(|text| format!("\"{text}\""))
                .collect();
            text.push_str(&format!("    relations: [{}],\n", relations.join(", ")));
        }
        if !self.switches.is_empty() {
            let switches = self
                .switches
                .iter()
                .map(|(name, on)| (name.clone(), on.to_string()));
            let switches: Vec<_> = switches.collect();
            text.push_str(&format!("    switches: ({}),\n", pairs(&switches)));
        }
        if !self.blocks.is_empty() {
            text.push_str("    blocks: (\n");
            for block in &self.blocks {
                text.push_str(&format!("        {}: Block(\n", block.name));
                if let Some(part) = block.part {
                    text.push_str(&format!("            part: {part},\n"));
                }
                if !block.dims.is_empty() {
                    text.push_str(&format!("            dims: [{}],\n", block.dims.join(", ")));
                }
                block.write(&mut text, "            ");
                text.push_str("        ),\n");
            }
            text.push_str("    ),\n");
        }
        self.body.write(&mut text, "    ");
        text.push_str(")\n");
        text
    }
}

impl BlockDraft {
    fn write(&self, text: &mut String, indent: &str) {
        let inputs = self
            .inputs
            .iter()
            .map(|(name, shape)| format!("{name}: \"{shape}\""));
        let inputs: Vec<String> = inputs.collect();
        text.push_str(&format!(
            "{indent}inputs: ({}),\n{indent}nodes: (\n",
            inputs.join(", ")
        ));
        let mut at = 0;
        let mut groups = 0;
        while let Some(first) = self.nodes.get(at) {
            let same = |node: &&Node| (node.part, node.once) == (first.part, first.once);
            let count = self.nodes[at..].iter().take_while(same).count();
            let (mut open, mut close) = (String::new(), "");
            match (first.part, first.once) {
                (Some(part), false) => (open, close) = (format!("{part}: Part("), ")"),
                (None, true) => (open, close) = (format!("once{groups}: Once("), ")"),
                (Some(part), true) => {
                    (open, close) = (format!("once{groups}: Once({part}: Part("), "))");
                }
                (None, false) => {}
            }
            groups += usize::from(first.once);
            if !open.is_empty() {
                text.push_str(&format!("{indent}    {open}\n"));
            }
            for node in &self.nodes[at..at + count] {
                text.push_str(&format!("{indent}    {}: {},\n", node.name, node.text));
            }
            if !close.is_empty() {
                text.push_str(&format!("{indent}    {close},\n"));
            }
            at += count;
        }
        text.push_str(&format!("{indent}),\n{indent}output: {},\n", self.output));
    }
}
