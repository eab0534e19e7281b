//! Profiles: those that are shipped, and the reading of their texts.

use super::read::{Reader, Slot};
use super::ron;
use crate::diag::{Code, Diagnostic, Diagnostics, Sources, did_you_mean};
use crate::mask::MaskCounting;
use crate::ops::OPS;
use crate::part::Part;
use crate::profile::{Lookups, OpPrice, Profile};
use crate::work::Kind;

/// What a profile writes. Of what it leaves out nothing is priced: no op, no gain or bias, no lookup, no backward pass;
/// and all parts are counted.
const PROFILE: &[Slot; 11] = &[
    ("name", true),
    ("about", true),
    ("source", true),
    ("masks", true),
    ("flops_per_mac", true),
    ("elementwise", true),
    ("ops", false),
    ("vectors", false),
    ("lookups", false),
    ("leaves_out", false),
    ("backward", false),
];

/// Ways of counting masks, by their words.
const COUNTINGS: &[(&str, MaskCounting)] = &[
    ("exact", MaskCounting::Exact),
    ("full", MaskCounting::Full),
    ("half", MaskCounting::Half),
];

/// Ways of pricing lookups, by their words.
const LOOKUPS: &[(&str, Lookups)] = &[("free", Lookups::Free), ("matmul", Lookups::Matmul)];

/// Declares the profiles that are shipped, each a file of its name.
macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../profiles/", $name, ".ron")))),*]
    };
}

/// The profiles that are shipped, by name, with their texts.
const SHIPPED: &[(&str, &str)] = shipped![
    "exact",
    "torch",
    "fvcore",
    "megatron",
    "torchtitan",
    "palm",
    "chinchilla",
    "chinchilla_printed",
    "kaplan",
];

impl Profile {
    /// Names of the profiles that are shipped.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// The text of a profile that is shipped, to read or to start another from.
    pub fn text(name: &str) -> Option<&'static str> {
        let mut shipped = SHIPPED.iter();
        let found = shipped.find(|(known, _)| super::file::same_name(name, known));
        found.map(|(_, text)| *text)
    }

    /// A profile that is shipped; the default is `exact`.
    pub fn shipped(name: &str) -> Option<Profile> {
        Profile::parse(name, Profile::text(name)?).ok()
    }

    /// The default: masks as the model declares them, 2 FLOPs a MAC.
    pub fn exact() -> Profile {
        Profile::shipped("exact").expect("the profile is shipped, and a test reads it")
    }

    /// Reads a profile from the text of a file called `name`.
    ///
    /// # Errors
    /// All that is wrong with the text.
    pub fn parse(name: &str, text: &str) -> Result<Profile, Diagnostics> {
        let mut sources = Sources::default();
        let file = sources.add(name, text);
        let mut diagnostics = Diagnostics::new(sources);
        let profile = match ron::parse(text) {
            Ok(tree) => Reader::new(file, &mut diagnostics).profile(&tree),
            Err(error) => {
                diagnostics.push(super::syntax_error(file, error));
                None
            }
        };
        match profile {
            Some(profile) if diagnostics.is_empty() => Ok(profile),
            _ => Err(diagnostics.sorted()),
        }
    }
}

impl Reader<'_> {
    fn profile(&mut self, tree: &ron::Tree<'_>) -> Option<Profile> {
        let slots = self.slots(tree, "Profile", PROFILE)?;
        let masks = self.word_of(slots[3]?, COUNTINGS, "no way of counting masks");
        let mut elementwise = Vec::new();
        for (word, tree) in self.section(slots[5]?, "prices") {
            let kinds = Kind::ALL.iter().map(|kind| (kind.word(), *kind));
            let kind = self.one_of(word, kinds, "no kind of elementwise arithmetic");
            elementwise.extend(kind.zip(self.price(tree)));
        }
        let lookups = slots[8].map_or(Some(Lookups::Free), |tree| {
            self.word_of(tree, LOOKUPS, "no way of pricing lookups")
        });
        let mut leaves_out = Vec::new();
        for tree in slots[9].and_then(|tree| self.list(tree)).unwrap_or(&[]) {
            let parts = Part::ALL.iter().map(|part| (part.word(), *part));
            let word = self.name(tree);
            leaves_out
                .extend(word.and_then(|word| self.one_of(word, parts, "no part of a network")));
        }
        Some(Profile {
            name: self.text(slots[0]?)?.text.into_owned(),
            about: self.text(slots[1]?)?.text.into_owned(),
            source: self.text(slots[2]?)?.text.into_owned(),
            masks: masks?,
            flops_per_mac: self.price(slots[4]?)?,
            elementwise,
            ops: slots[6].map_or_else(Vec::new, |tree| self.op_prices(tree)),
            vectors: slots[7].map_or(Some(0), |tree| self.price(tree))?,
            lookups: lookups?,
            leaves_out,
            backward: slots[10].map_or(Some(0), |tree| self.price(tree))?,
        })
    }

    /// What a name stands for among those of a list.
    fn word_of<T: Copy>(
        &mut self,
        tree: &ron::Tree<'_>,
        known: &[(&'static str, T)],
        otherwise: &str,
    ) -> Option<T> {
        let word = self.name(tree)?;
        self.one_of(word, known.iter().copied(), otherwise)
    }

    /// `(softmax: 3, norm: (layer: 5))`: a price for all of an op, or one for each of its words.
    fn op_prices(&mut self, tree: &ron::Tree<'_>) -> Vec<OpPrice> {
        let mut prices = Vec::new();
        let names: Vec<String> = OPS.iter().map(|def| def.name.to_lowercase()).collect();
        for (word, tree) in self.section(tree, "prices of ops") {
            let mut defs = OPS.iter().zip(&names);
            let Some((def, _)) = defs.find(|(_, name)| *name == word.text) else {
                let message = format!("`{}` is no op", word.text);
                let help = did_you_mean(word.text, names.iter().map(String::as_str));
                let problem = Diagnostic::at(Code::Unknown, word.span, message);
                self.diagnostics.push(problem.maybe_help(help));
                continue;
            };
            let mut add = |word, flops| {
                prices.push(OpPrice {
                    op: def.name,
                    word,
                    flops,
                });
            };
            if def.choices().is_empty() || matches!(tree.kind, ron::Kind::Number(_)) {
                self.price(tree)
                    .into_iter()
                    .for_each(|flops| add(None, flops));
                continue;
            }
            for (choice, tree) in self.section(tree, "prices, or a price,") {
                let words = def.choices().iter().map(|word| (*word, *word));
                let otherwise = format!("no word of `{}`", def.name);
                let choice = self.one_of(choice, words, &otherwise);
                let price = choice.zip(self.price(tree));
                price
                    .into_iter()
                    .for_each(|(word, flops)| add(Some(word), flops));
            }
        }
        prices
    }

    /// An integer that is not negative.
    fn price(&mut self, tree: &ron::Tree<'_>) -> Option<i64> {
        let price = self.integer(tree)?;
        if price < 0 {
            let span = self.span(&tree.span);
            self.error(Code::Form, span, "a price is not negative");
        }
        Some(price)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_profile_can_be_read_states_its_source_and_writes_every_field() {
        for name in Profile::names() {
            let profile = Profile::shipped(name).expect("it can be read");
            assert_eq!(profile.name, name);
            assert!(!profile.about.is_empty() && !profile.source.is_empty());
            let text = Profile::text(name).expect("it is shipped");
            for (field, _) in PROFILE {
                assert!(
                    text.contains(&format!("\n    {field}: ")),
                    "{name} lacks {field}"
                );
            }
        }
    }

    #[test]
    fn the_profile_that_explains_the_fields_names_all_kinds() {
        let text = Profile::text("exact").expect("it is shipped");
        let line = text.lines().find(|line| line.contains("elementwise: "));
        let words: Vec<&str> = line.expect("a line").split_whitespace().collect();
        for kind in Kind::ALL {
            assert!(words.contains(&kind.word()), "{kind}");
        }
    }

    #[test]
    fn what_a_profile_leaves_out_is_not_priced() {
        let text = "Profile(name: \"bare\", about: \"\", source: \"\", masks: full, flops_per_mac: 2, elementwise: ())";
        let bare = Profile::parse("bare.ron", text).expect("it can be read");
        assert_eq!((bare.vectors, bare.backward), (0, 0));
        assert!(bare.ops.is_empty() && bare.leaves_out.is_empty());
        assert_eq!(bare.lookups, Lookups::Free);
    }

    #[test]
    fn slips_in_a_profile_are_shown_at_their_places() {
        let text = "Profile(name: \"slips\", about: \"\", source: \"\", masks: full, flops_per_mac: -2, elementwise: (exq: 3),\n\
            ops: (nrom: 5, norm: (layr: 5), softmax: (exp: 3)), vectors: 2, lookups: fre, leaves_out: [haed], backward: 2)";
        let errors = Profile::parse("slips.ron", text).expect_err("it has slips");
        let said = errors.to_string();
        for part in [
            "slips.ron:1:75: error[form]: a price is not negative",
            "`exq` is no kind of elementwise arithmetic",
            "slips.ron:2:7: error[unknown]: `nrom` is no op\n  help: did you mean `norm`?",
            "`layr` is no word of `Norm`\n  help: did you mean `layer`?",
            "an integer belongs here",
            "`fre` is no way of pricing lookups",
        ] {
            assert!(said.contains(part), "{part}:\n{said}");
        }
    }
}
