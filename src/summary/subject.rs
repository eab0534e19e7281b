//! What a summary says of a model itself. It knows no formula.

use crate::model::Model;
use crate::origin::Origin;
use crate::part::Role;
use crate::sym::{Bindings, Sym};

/// What a summary says of a model itself: a model that has its ledgers need not be kept for it.
pub(crate) struct Subject {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) switches: Vec<(String, bool)>,
    pub(super) meanings: Vec<(Sym, Option<Role>, String)>,
    pub(super) numbers: Bindings,
    pub(super) origin: Option<Origin>,
}

impl Subject {
    pub(crate) fn of(model: &Model) -> Subject {
        Subject {
            name: model.name().to_owned(),
            about: model.about().to_owned(),
            switches: model.switches().to_vec(),
            meanings: model.meanings().to_vec(),
            numbers: model.values().numbers.clone(),
            origin: model.origin().cloned(),
        }
    }
}
