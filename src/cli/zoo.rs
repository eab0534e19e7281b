//! The commands around the zoo: a configuration as a model file, the text of a family, a start for an own architecture.

use std::path::Path;

use super::args::{Import, List, New, ShowFamily};
use super::files::Open;
use super::run::unknown;
use super::{Failure, Said, output, run, source};
use crate::ast::file::renamed;
use crate::import::{Family, ZOO};
use crate::origin::Origin;
use crate::report;
use crate::summary::listing::{self, Listing};
use crate::sym::metered;

/// Makes a model file of a configuration, after it was found to be right.
pub(super) fn import(args: &Import, open: Open<'_>) -> Result<Said, Failure> {
    let source = source::read(&args.file, args.family.as_deref(), open)?;
    let Some(imported) = source.imported()? else {
        return Err(Failure::Usage(format!(
            "error: {} is a model already, not a configuration",
            source.name
        )));
    };
    imported.model(Vec::new())?;
    let preset = match &args.name {
        Some(name) => identifier(name, "--name")?,
        None => of_file(&args.file, &imported.origin),
    };
    let file = args.output.as_deref().and_then(output::file);
    Ok(Said {
        notes: source::notes(Some(&imported.origin)),
        output: file.map(Path::to_owned),
        ..Said::from(imported.model_file(&preset))
    })
}

/// Lists the presets of families.
pub(super) fn list(args: &List, open: Open<'_>) -> Result<Said, Failure> {
    let families = match args.families.as_slice() {
        [] => ZOO.to_vec(),
        names => names
            .iter()
            .map(|name| family(name))
            .collect::<Result<_, _>>()?,
    };
    let profile = run::profile(&args.profile, open)?;
    let listing = Listing {
        profile: &profile,
        dtype: run::dtype(&args.dtype)?,
        context: args.context,
    };
    let mut listed = Vec::new();
    for family in families {
        let (found, limit) = metered(|| listing::list(family, &listing));
        listed.extend(found?);
        if let Some(limit) = limit {
            return Err(Failure::Failed(format!(
                "error[limit]: {}: {limit}",
                family.name
            )));
        }
    }
    let without = listed.iter().filter_map(|entry| {
        let why = entry.figures.as_ref().err()?;
        Some(format!("note: {}, {}: {why}", entry.family, entry.preset))
    });
    let file = args.output.as_deref().and_then(output::file);
    Ok(Said {
        notes: without.collect(),
        output: file.map(Path::to_owned),
        ..Said::from(report::listing(&listed, &listing, args.format.format()))
    })
}

/// Prints the text of a family.
pub(super) fn show(args: &ShowFamily) -> Result<Said, Failure> {
    Ok(Said::from(family(&args.name)?.text.to_owned()))
}

/// Prints the text of a family under another name.
pub(super) fn new(args: &New) -> Result<Said, Failure> {
    let name = identifier(&args.name, "NAME")?;
    let text = renamed(family(&args.from)?.text, &name);
    let path = match &args.output {
        Some(path) => path.clone(),
        None => format!("{name}.ron").into(),
    };
    let file = output::file(&path);
    if let Some(file) = file.filter(|file| file.exists()) {
        return Err(Failure::Usage(format!(
            "error: {} is there already\n  help: `-o` names another file, and `-o -` prints",
            file.display()
        )));
    }
    Ok(Said {
        output: file.map(Path::to_owned),
        ..Said::from(text)
    })
}

fn family(name: &str) -> Result<Family<'static>, Failure> {
    let known = || ZOO.iter().map(|family| family.name);
    Family::find(name).ok_or_else(|| unknown("family", name, known(), ""))
}

/// A name that a model file can have.
fn identifier(name: &str, what: &str) -> Result<String, Failure> {
    let made = name.replace(['-', '.', ' '], "_");
    let starts = made.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if starts && made.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(made);
    }
    Err(Failure::Usage(format!(
        "error: {what}: `{name}` is no name: letters, digits and `_`, and no digit first"
    )))
}

/// The name of a preset: that of the file, or the type where the file is called as all are.
fn of_file(path: &Path, origin: &Origin) -> String {
    let stem = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    let stem = stem.strip_suffix(".config").unwrap_or(stem);
    let stem = match stem {
        "config" | "-" => &origin.kind,
        stem => stem,
    };
    identifier(stem, "").unwrap_or_else(|_| String::from("imported"))
}
