//! The zoo: the models that are shipped, each a file of `models/`, and which of them knows a kind of configuration.

use crate::ast::file::mapped;

/// A model file that maps configurations: one that is shipped, or a caller's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family<'t> {
    /// The name that it is found and shown under.
    pub name: &'t str,
    /// Its text.
    pub text: &'t str,
}

/// All that are shipped, by name.
pub const ZOO: &[Family<'static>] = include!(concat!(env!("OUT_DIR"), "/zoo.rs"));

impl Family<'static> {
    /// The family of a name.
    pub fn find(name: &str) -> Option<Family<'static>> {
        ZOO.iter().find(|family| family.name == name).copied()
    }
}

impl Family<'_> {
    /// The kinds of configuration that it maps, by their `model_type`.
    pub fn kinds(self) -> Vec<String> {
        let Ok(mapped) = mapped(self.name, self.text) else {
            return Vec::new();
        };
        let each = mapped.configs.iter().flat_map(|config| {
            let others = config.also.iter().map(|other| other.text.to_string());
            std::iter::once(config.name.text.to_owned()).chain(others)
        });
        each.collect()
    }

    /// Whether its text may have a mapping of a kind; it need not be read to say that it has none.
    pub(super) fn may_map(self, kind: &str) -> bool {
        let part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let word = |at: usize| {
            let before = self.text.get(..at).unwrap_or_default();
            let after = self.text.get(at + kind.len()..).unwrap_or_default();
            !before.ends_with(part) && !after.starts_with(part)
        };
        self.text.match_indices(kind).any(|(at, _)| word(at))
    }
}
