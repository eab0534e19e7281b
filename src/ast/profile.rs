//! Profiles: those that are shipped, and the reading of their texts.

use super::read::{Reader, Slot};
use super::ron;
use crate::diag::{Diagnostics, Sources};
use crate::mask::MaskCounting;
use crate::profile::Profile;
use crate::work::Kind;

const PROFILE: &[Slot] = &[
    ("name", true),
    ("about", true),
    ("source", true),
    ("masks", true),
    ("flops_per_mac", true),
    ("elementwise", true),
];

/// Ways of counting masks, by their words.
const COUNTINGS: &[(&str, MaskCounting)] = &[
    ("exact", MaskCounting::Exact),
    ("full", MaskCounting::Full),
    ("half", MaskCounting::Half),
];

/// The profiles that are shipped, by name, with their texts.
const SHIPPED: &[(&str, &str)] = &[
    ("exact", include_str!("../profiles/exact.ron")),
    ("torch", include_str!("../profiles/torch.ron")),
];

impl Profile {
    /// Names of the profiles that are shipped.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// A profile that is shipped; the default is `exact`.
    pub fn shipped(name: &str) -> Option<Profile> {
        let (name, text) = SHIPPED.iter().find(|(known, _)| *known == name)?;
        Profile::parse(name, text).ok()
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
        let masks = self.name(slots[3]?)?;
        let masks = self.one_of(masks, COUNTINGS.iter().copied(), "no way of counting masks")?;
        let mut elementwise = Vec::new();
        for (word, tree) in self.section(slots[5]?, "prices") {
            let price = self.integer(tree)?;
            let kinds = Kind::ALL.iter().map(|kind| (kind.word(), *kind));
            let kind = self.one_of(word, kinds, "no kind of elementwise arithmetic");
            elementwise.extend(kind.map(|kind| (kind, price)));
        }
        Some(Profile {
            name: self.text(slots[0]?)?.text.into_owned(),
            about: self.text(slots[1]?)?.text.into_owned(),
            source: self.text(slots[2]?)?.text.into_owned(),
            masks,
            flops_per_mac: self.integer(slots[4]?)?,
            elementwise,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_profile_can_be_read() {
        for name in Profile::names() {
            assert_eq!(
                Profile::shipped(name)
                    .map(|profile| profile.name)
                    .as_deref(),
                Some(name)
            );
        }
    }
}
