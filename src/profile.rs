//! Profiles: conventions under which work becomes FLOPs. A profile is data, read from a RON file.

use crate::ast::profile::read;
use crate::diag::Diagnostics;
use crate::mask::MaskCounting;
use crate::sym::Coeff;
use crate::work::{Flops, Kind, Macs, Ops};

/// A convention of counting.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name, in the header of every report.
    pub name: String,
    /// What it counts, in a line.
    pub about: String,
    /// Where the convention comes from.
    pub source: String,
    /// How masks are counted.
    pub masks: MaskCounting,
    /// FLOPs that a multiply-accumulate is priced at.
    pub flops_per_mac: i64,
    /// FLOPs that an elementwise operation of each kind is priced at; kinds that are not listed are free.
    pub elementwise: Vec<(Kind, i64)>,
}

/// The profiles that are shipped, by name, with their texts.
const SHIPPED: &[(&str, &str)] =
    &[("exact", include_str!("profiles/exact.ron")), ("torch", include_str!("profiles/torch.ron"))];

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
        read(name, text)
    }

    /// What work costs under this profile.
    pub fn price(&self, macs: &Macs, elementwise: &[(Kind, Ops)]) -> Flops {
        let of_macs = macs.0.scale(&Coeff::from(self.flops_per_mac));
        let of_ops = elementwise.iter().map(|(kind, count)| {
            let price = self.elementwise.iter().find(|(known, _)| known == kind).map_or(0, |(_, price)| *price);
            count.0.scale(&Coeff::from(price))
        });
        Flops(crate::sym::Poly::sum(std::iter::once(of_macs).chain(of_ops)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_profile_can_be_read() {
        for name in Profile::names() {
            assert_eq!(Profile::shipped(name).map(|profile| profile.name).as_deref(), Some(name));
        }
    }
}
