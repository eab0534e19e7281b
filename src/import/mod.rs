//! Configurations of published models become values of a family's symbols and switches.
//!
//! A Hugging Face `config.json` names its `model_type`. The family that has a mapping for it says, in its RON file, which key
//! gives which symbol; [`import`] applies it. The code here knows no family: adding one is adding a file to `models/`.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::string_slice))]

use crate::ast::config::{Config, Rule};
use crate::ast::file::{Mapped, mapped};
use crate::ast::model::Word;
use crate::diag::{Code, Diagnostic, Diagnostics, Sources, Span, did_you_mean, listed};
use crate::model::{Model, Options};
use crate::origin::Origin;

mod common;
mod json;
mod mapping;
mod rules;
mod text;
mod zoo;

pub use zoo::{Family, ZOO};

use json::{Json, Key, Object};
use mapping::Mapper;

/// What a configuration says, in the symbols and switches of a family.
#[derive(Clone, Debug)]
pub struct Imported<'t> {
    /// The family.
    pub family: Family<'t>,
    /// What it says, and where.
    pub origin: Origin,
}

impl Imported<'_> {
    /// What a model of the family is read with. Values of the caller's stand over those of the configuration.
    pub fn options(&self, set: Vec<(String, String)>) -> Options {
        let own = self.origin.settings.iter().filter(|setting| {
            let given = set.iter().any(|(name, _)| *name == setting.name);
            !given
        });
        let own = own.map(|setting| (setting.name.clone(), setting.value.clone()));
        Options {
            set: own.chain(set.clone()).collect(),
            origin: Some(self.origin.clone()),
            ..Options::default()
        }
    }

    /// The model that it configures.
    ///
    /// # Errors
    /// When the values contradict each other.
    pub fn model(&self, set: Vec<(String, String)>) -> Result<Model, Diagnostics> {
        let options = self.options(set);
        Model::read(self.family.name, self.family.text, &options)
            .map_err(|errors| errors.helped(|message| self.origin.behind(message)))
    }
}

/// Whether a text is a configuration, and no model.
pub fn is_config(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// Reads a configuration from the text of a file called `name`, by the families that are shipped or by one of the caller's
/// own.
///
/// # Errors
/// All that is wrong with the configuration, at its keys; a `model_type` that no family knows.
pub fn import<'t>(
    name: &str,
    text: &str,
    own: Option<Family<'t>>,
) -> Result<Imported<'t>, Diagnostics> {
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    let families = own.map_or_else(|| ZOO.to_vec(), |own| vec![own]);
    let reading = Reading {
        name,
        file,
        sources,
        families,
    };
    let object = match json::parse(text) {
        Ok(Json::Object(object)) => object,
        Ok(other) => {
            let message = format!("a configuration is an object, not {}", other.described());
            return Err(reading.error(reading.at(None, Code::Form, message)));
        }
        Err(error) => {
            let code = match error.limit {
                true => Code::Limit,
                false => Code::Syntax,
            };
            let span = Span::new(file, error.at, error.at + 1);
            return Err(reading.error(Diagnostic::at(code, span, error.message)));
        }
    };
    reading.object(&object)
}

/// The object of a model of several towers that is the one which makes text.
const TEXT_CONFIG: &str = "text_config";

/// What is known while one configuration is read.
struct Reading<'r, 't> {
    name: &'r str,
    file: u32,
    sources: Sources,
    families: Vec<Family<'t>>,
}

/// A family that has a mapping for a kind.
struct Found<'t> {
    family: Family<'t>,
    switches: Vec<String>,
    config: Config<'t>,
}

/// A class of the published code, and what it sets.
type Class<'c, 't> = (Word<'t>, &'c [(Word<'t>, Rule<'t>)]);

impl<'t> Reading<'_, 't> {
    fn error(&self, diagnostic: Diagnostic) -> Diagnostics {
        let mut diagnostics = Diagnostics::new(self.sources.clone());
        diagnostics.push(diagnostic);
        diagnostics
    }

    /// An error at a key, or at none.
    fn at(&self, key: Option<&Key<'_>>, code: Code, message: String) -> Diagnostic {
        match key.and_then(|key| key.span.as_ref()) {
            Some(span) => Diagnostic::at(code, Span::new(self.file, span.start, span.end), message),
            None => Diagnostic::nowhere(code, format!("{}: {message}", self.name)),
        }
    }

    /// Reads the outermost object as its type says, or the object inside of it that makes text.
    fn object(&self, object: &Object<'_>) -> Result<Imported<'t>, Diagnostics> {
        let (key, kind) = self.kind(object)?;
        if let Some(found) = self.family(kind)? {
            return self.mapping(&found, kind, object);
        }
        if let Some((_, Json::Object(inner))) = object.get(TEXT_CONFIG)
            && let Ok((_, inner_kind)) = self.kind(inner)
            && let Some(found) = self.family(inner_kind)?
        {
            let mut imported = self.mapping(&found, inner_kind, inner)?;
            imported
                .origin
                .notes
                .insert(0, beside(object, kind, inner_kind));
            return Ok(imported);
        }
        let known = self.kinds();
        let help = did_you_mean(kind, known.iter().map(String::as_str))
            .unwrap_or_else(|| format!("known are {}", known.join(", ")));
        let message = format!("no family is of the type `{kind}`");
        Err(self.error(self.at(Some(key), Code::Unknown, message).help(help)))
    }

    /// The `model_type` of an object.
    fn kind<'o>(&self, object: &'o Object<'_>) -> Result<(&'o Key<'o>, &'o str), Diagnostics> {
        let Some((key, value)) = object.get("model_type") else {
            let help = match object.get("weight_map") {
                Some(_) => {
                    "this is an index of weights; the configuration is beside it, in `config.json`"
                }
                None => "a Hugging Face `config.json` names its family: \"model_type\": \"llama\"",
            };
            let message = String::from("`model_type` is missing");
            return Err(self.error(self.at(None, Code::Form, message).help(help)));
        };
        match value {
            Json::Text(kind) => Ok((key, kind)),
            other => {
                let message = format!("`model_type` is {}, not a text", other.described());
                Err(self.error(self.at(Some(key), Code::Form, message)))
            }
        }
    }

    /// The family that maps a kind.
    fn family(&self, kind: &str) -> Result<Option<Found<'t>>, Diagnostics> {
        for family in &self.families {
            if !family.may_map(kind) {
                continue;
            }
            let Mapped { switches, configs } = mapped(family.name, family.text)?;
            let maps = |config: &Config<'_>| {
                config.name.text == kind || config.also.iter().any(|other| other.text == kind)
            };
            if let Some(config) = configs.into_iter().find(maps) {
                return Ok(Some(Found {
                    family: *family,
                    switches,
                    config,
                }));
            }
        }
        Ok(None)
    }

    /// All kinds that a family maps.
    fn kinds(&self) -> Vec<String> {
        let mut kinds: Vec<String> = self
            .families
            .iter()
            .flat_map(|family| family.kinds())
            .collect();
        kinds.sort();
        kinds
    }

    /// Applies the mapping of a family to an object.
    fn mapping(
        &self,
        found: &Found<'t>,
        kind: &str,
        object: &Object<'_>,
    ) -> Result<Imported<'t>, Diagnostics> {
        let mut diagnostics = Diagnostics::new(self.sources.clone());
        let mut mapper = Mapper::new(self.file, &found.switches, &mut diagnostics);
        mapper.map("", object, &found.config);
        let class = match self.class(object, &found.config) {
            Ok(class) => class,
            Err(diagnostic) => {
                mapper.diagnostics.push(diagnostic);
                None
            }
        };
        if let Some(((name, sets), given)) = &class {
            if !given {
                mapper.notes.push(format!(
                    "`architectures` is not given: `{}` is counted",
                    name.text
                ));
            }
            mapper.class(object, sets);
        }
        let Mapper {
            settings, notes, ..
        } = mapper;
        if !diagnostics.is_empty() {
            return Err(diagnostics.within(self.name).sorted());
        }
        Ok(Imported {
            family: found.family,
            origin: Origin {
                name: self.name.to_owned(),
                kind: kind.to_owned(),
                class: class.map(|((name, _), _)| name.text.to_owned()),
                settings,
                notes,
            },
        })
    }

    /// The class that is counted, and whether the configuration names it; none in a family of one class.
    fn class<'c>(
        &self,
        object: &Object<'_>,
        config: &'c Config<'t>,
    ) -> Result<Option<(Class<'c, 't>, bool)>, Diagnostic> {
        let of = |(name, sets): &'c (Word<'t>, Vec<(Word<'t>, Rule<'t>)>)| (*name, sets.as_slice());
        let Some((key, value)) = object
            .get("architectures")
            .filter(|(_, v)| **v != Json::Null)
        else {
            return Ok(config.classes.first().map(|class| (of(class), false)));
        };
        let named = match value {
            Json::List(list) => match list.as_slice() {
                [] => return Ok(config.classes.first().map(|class| (of(class), false))),
                [Json::Text(named), ..] => named,
                [other, ..] => {
                    let message =
                        format!("`architectures` holds {}, not a name", other.described());
                    return Err(self.at(Some(key), Code::Form, message));
                }
            },
            other => {
                let message = format!("`architectures` is {}, not a list", other.described());
                return Err(self.at(Some(key), Code::Form, message));
            }
        };
        if config.classes.is_empty() {
            return Ok(None);
        }
        match config.classes.iter().find(|(name, _)| name.text == named) {
            Some(class) => Ok(Some((of(class), true))),
            None => {
                let message = format!("`architectures`: the class `{named}` is not known here");
                let known: Vec<&str> = config.classes.iter().map(|(name, _)| name.text).collect();
                let help = format!(
                    "its graph may differ from those that are: {}",
                    known.join(", ")
                );
                Err(self.at(Some(key), Code::Unknown, message).help(help))
            }
        }
    }
}

/// What is said where only one tower of a model is counted.
fn beside(object: &Object<'_>, kind: &str, inner: &str) -> String {
    let towers = object.0.iter().filter(|(key, value)| {
        key.text != TEXT_CONFIG && key.text.ends_with("_config") && matches!(value, Json::Object(_))
    });
    let towers: Vec<&str> = towers.map(|(key, _)| &*key.text).collect();
    let left = match towers.as_slice() {
        [] => String::from("all else is left out"),
        towers => {
            let towers = listed(towers.iter().copied());
            format!("{towers} and what joins the towers are left out")
        }
    };
    format!(
        "no family is of the type `{kind}`: its `{TEXT_CONFIG}` alone, a `{inner}`, is counted; {left}"
    )
}
