//! The card of a summary: what a model is compared by.

use super::read::Read;
use super::{Descriptor, Quantity, Totals};
use crate::formula::FormulaError;
use crate::ledger::{Amounts, Ledger};
use crate::part::{Part, Role};
use crate::sym::{Poly, Sym};

impl Read<'_> {
    /// The descriptors that people blur into "neurons", each by its name.
    pub(super) fn card(
        &mut self,
        meanings: &[(Sym, Option<Role>, String)],
        ledger: &Ledger,
        totals: &Totals,
        [fewest, mean, most]: &[Quantity; 3],
    ) -> Result<Vec<Descriptor>, FormulaError> {
        let mut card = Vec::new();
        let plain = |name: &str, quantity| Descriptor {
            name: name.to_owned(),
            symbol: None,
            quantity,
        };
        let of = |wanted: Role| {
            meanings
                .iter()
                .find(|(_, role, _)| *role == Some(wanted))
                .map(|(sym, ..)| *sym)
        };
        let shown = [
            Role::Layers,
            Role::Width,
            Role::Heads,
            Role::KvHeads,
            Role::HeadSize,
            Role::MlpWidth,
            Role::Vocabulary,
        ];
        for role in shown {
            let Some(sym) = of(role) else { continue };
            let poly = ledger
                .symbols
                .definition(sym)
                .cloned()
                .unwrap_or_else(|| Poly::symbol(sym));
            card.push(Descriptor {
                name: role.label(),
                symbol: Some(ledger.symbols.name(sym).to_owned()),
                quantity: self.quantity(&poly)?,
            });
        }
        card.push(plain("parameters", totals.params.clone()));
        // What a table costs is memory, and what sizes are compared by is often without it.
        let outside = |pick: fn(&Amounts) -> &Poly| {
            let rows = ledger.rows.iter().filter(|row| row.part != Part::Embedding);
            Poly::sum(rows.map(|row| pick(&row.amounts)))
        };
        let owned = self.count(&outside(|amounts| amounts.params.poly()))?;
        let embeds = !owned.poly.is_zero() && owned.poly != totals.params.poly;
        if embeds {
            card.push(plain("parameters outside embedding", owned));
        }
        if totals.params_active.poly != totals.params.poly {
            let active = totals.params_active.clone();
            card.push(plain("active parameters, tables included", active));
            if embeds {
                let active = self.count(&outside(|amounts| amounts.params_active.poly()))?;
                card.push(plain("active parameters outside embedding", active));
            }
        }
        let read = format!("weights read, bytes at {}", self.dtype.name);
        // As formulas they are as long as the model; `formula` prints them.
        let bound = most.value.is_some();
        if bound && fewest.poly == most.poly {
            card.push(plain(&read, fewest.clone()));
        } else if bound {
            card.push(plain(&format!("{read}, at least"), fewest.clone()));
            card.push(plain(&format!("{read}, expected"), mean.clone()));
            card.push(plain(&format!("{read}, at most"), most.clone()));
        }
        if !totals.kv_cache_bytes.poly.is_zero() {
            let name = format!("KV cache, bytes at {}", self.dtype.name);
            card.push(plain(&name, (*totals.kv_cache_bytes).clone()));
        }
        if !totals.state_bytes.poly.is_zero() {
            let name = format!("state, bytes at {}", self.dtype.name);
            card.push(plain(&name, (*totals.state_bytes).clone()));
        }
        card.push(plain("output scalars a pass (dots)", totals.dots.clone()));
        if let (Some(layers), Some(width)) = (of(Role::Layers), of(Role::MlpWidth)) {
            let units = Poly::symbol(layers) * Poly::symbol(width);
            card.push(plain(
                "hidden units summed over layers",
                self.quantity(&units)?,
            ));
        }
        let put = self.cx.substitute(&ledger.result.elements(), &ledger.phase);
        let result = put.map_err(|error| FormulaError(error.message(self.symbols)))?;
        card.push(plain("scalars of the result", self.quantity(&result)?));
        Ok(card)
    }
}
