//! Profiles: conventions under which work becomes FLOPs. A profile is data; `ast` reads it from a RON file.

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

impl Profile {
    /// What work costs under this profile.
    pub fn price(&self, macs: &Macs, elementwise: &[(Kind, Ops)]) -> Flops {
        let of_macs = macs.0.scale(&Coeff::from(self.flops_per_mac));
        let of_ops = elementwise.iter().filter_map(|(kind, count)| {
            let (_, price) = self.elementwise.iter().find(|(known, _)| known == kind)?;
            Some(count.0.scale(&Coeff::from(*price)))
        });
        Flops(crate::sym::Poly::sum(
            std::iter::once(of_macs).chain(of_ops),
        ))
    }
}
