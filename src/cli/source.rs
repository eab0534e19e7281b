//! What FILE holds: a model, or a configuration of a published one.

use std::path::Path;

use super::Failure;
use super::files::{self, Open};
use crate::import::{Family, Imported, import, is_config};
use crate::model::{Model, Options};
use crate::origin::Origin;

/// A file that was read, with a family of the caller's own beside it.
pub(super) struct Source {
    /// The name that it is shown under.
    pub(super) name: String,
    pub(super) text: String,
    family: Option<(String, String)>,
}

/// Reads FILE, and the model file of a family that is not shipped.
pub(super) fn read(path: &Path, family: Option<&Path>, open: Open<'_>) -> Result<Source, Failure> {
    let (name, text) = files::read(path, "Model", open)?;
    let family = family.map(|path| files::read(path, "Model", open));
    let family = family.transpose()?;
    if family.is_some() && !is_config(&text) {
        return Err(Failure::Usage(format!(
            "error: --family maps a configuration, and {name} is a model"
        )));
    }
    Ok(Source { name, text, family })
}

impl Source {
    /// The configuration, if the file is one.
    pub(super) fn imported(&self) -> Result<Option<Imported<'_>>, Failure> {
        if !is_config(&self.text) {
            return Ok(None);
        }
        let own = self.family.as_ref();
        let own = own.map(|(name, text)| Family { name, text });
        Ok(Some(import(&self.name, &self.text, own)?))
    }

    /// The model, at a preset and values of the caller's.
    pub(super) fn model(
        &self,
        preset: Option<&str>,
        set: Vec<(String, String)>,
    ) -> Result<Model, Failure> {
        match (self.imported()?, preset) {
            (Some(imported), None) => Ok(imported.model(set)?),
            (Some(_), Some(preset)) => Err(Failure::Usage(format!(
                "error: --preset {preset}: a configuration has sizes of its own\n  \
                 help: --set changes single ones; `dotledger import` makes a model file of it"
            ))),
            (None, preset) => {
                let options = Options {
                    preset: preset.map(str::to_owned),
                    set,
                    ..Options::default()
                };
                Ok(Model::read(&self.name, &self.text, &options)?)
            }
        }
    }
}

/// What is said beside a result whose values are from a configuration.
pub(super) fn notes(origin: Option<&Origin>) -> Vec<String> {
    let notes = origin.into_iter().flat_map(|origin| {
        let name = &origin.name;
        origin
            .notes
            .iter()
            .map(move |note| format!("note: {name}: {note}"))
    });
    notes.collect()
}
