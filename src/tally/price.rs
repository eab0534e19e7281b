//! What a row costs under the profile. Amounts that only some profiles price are put together only for those.

use super::Tally;
use crate::ledger::Row;
use crate::profile::{Lookups, Priced};
use crate::sym::{AlgebraError, Poly};
use crate::work::{Flops, Macs, Ops, WeightRole, Work};

impl Tally<'_, '_> {
    /// FLOPs of a row; `whole` is the price of an element of its first input, where the op has one, and `runs` how often
    /// it runs in a step.
    pub(super) fn flops(
        &mut self,
        row: &Row,
        work: &Work,
        whole: Option<i64>,
        runs: &Poly,
    ) -> Result<Flops, AlgebraError> {
        let profile = self.profile;
        if profile.leaves_out.contains(&row.part) {
            return Ok(Flops::zero());
        }
        let whole = match (whole, row.inputs.first()) {
            (Some(price), Some(input)) => {
                let elements = self.total(&input.elements(), runs)?;
                Some((price, Ops(elements)))
            }
            _ => None,
        };
        let vectors = work
            .weights
            .iter()
            .filter(|weight| weight.role != WeightRole::Operand)
            .map(|_| row.output.elements());
        let vectors = match profile.vectors {
            0 => None,
            _ => Some(Ops(self.total(&Poly::sum(vectors), runs)?)),
        };
        let lookup = match (profile.lookups, &work.lookup) {
            (Lookups::Matmul, Some(product)) => {
                let macs = product.macs(None);
                Some(Macs(self.total(&macs.0, runs)?))
            }
            _ => None,
        };
        Ok(profile.price(&Priced {
            macs: &row.amounts.macs,
            elementwise: &row.elementwise,
            whole,
            vectors,
            lookup,
        }))
    }
}
