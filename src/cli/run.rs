//! What each command does.

use std::path::Path;

use super::args::{Arguments, By, Check, Command, Formula, Ops, QuantityName, Report, Selectors};
use super::files::{self, Open};
use super::{Failure, Said, check, diagnostics, output, source, verify, zoo};
use crate::diag::{Diagnostics, did_you_mean};
use crate::dtype::{DTYPES, Dtype};
use crate::formula::{Formula as Quantity, FormulaError};
use crate::ledger::Ledger;
use crate::model::{Model, NARROWER};
use crate::ops::structure::STRUCTURE;
use crate::ops::{OPS, reference};
use crate::profile::Profile;
use crate::report::{Cut, Style, render};
use crate::summary::{Against, Asked, Compared, Grouping, Subject, basis_of, summarize_of};
use crate::sym::{Sym, Syntax, metered};
use crate::work::Bound;

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        Failure::Failed(diagnostics::render(&diagnostics))
    }
}

impl From<FormulaError> for Failure {
    fn from(error: FormulaError) -> Self {
        Failure::Failed(format!("error[dimension]: {error}"))
    }
}

/// There is nothing of this name: what was meant perhaps, and `more` that helps.
pub(super) fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    more: &str,
) -> Failure {
    let help = did_you_mean(name, known).unwrap_or_default();
    Failure::Failed(format!(
        "error: there is no {what} `{name}`\n  help: {help}{more}"
    ))
}

/// Runs a command.
pub(super) fn run(arguments: &Arguments, open: Open<'_>) -> Result<Said, Failure> {
    match &arguments.command {
        Command::Check(check) => self::check(check, open),
        Command::Verify(args) => verify::run(args, open),
        Command::Report(report) => within_limits(|| self::report(report, open)),
        Command::Formula(formula) => within_limits(|| self::formula(formula, open)),
        Command::Import(args) => within_limits(|| zoo::import(args, open)),
        Command::List(args) => zoo::list(args, open),
        Command::Show(args) => zoo::show(args),
        Command::New(args) => zoo::new(args),
        Command::Ops(ops) => self::ops(ops),
        Command::Profile(args) => show_profile(args.name.as_deref()),
    }
}

/// Makes an answer within the steps that one may take.
fn within_limits(make: impl FnOnce() -> Result<Said, Failure>) -> Result<Said, Failure> {
    match metered(make) {
        // An error at a place says more.
        (Ok(_), Some(limit)) => Err(Failure::Failed(format!(
            "error[limit]: {limit}\n  help: {NARROWER}"
        ))),
        (made, _) => made,
    }
}

/// Checks every file, and says what is wrong with each before it fails.
fn check(check: &Check, open: Open<'_>) -> Result<Said, Failure> {
    let mut said = String::new();
    let mut notes = Vec::new();
    let mut wrong = Vec::new();
    for path in &check.files {
        let source = source::read(path, check.family.as_deref(), open);
        let checked = source.and_then(|source| {
            let name = &source.name;
            let (ways, limit) = metered(|| match source.imported()? {
                Some(imported) => {
                    notes.extend(source::notes(Some(&imported.origin)));
                    check::config(&imported)
                }
                None => check::ways(name, &source.text),
            });
            let ways = ways?;
            if let Some(limit) = limit {
                return Err(Failure::Failed(format!(
                    "error[limit]: {name}: {limit}\n  help: {NARROWER}"
                )));
            }
            said.push_str(&format!("{name}: ok, {ways}\n"));
            Ok(())
        });
        match checked {
            Ok(()) => {}
            Err(Failure::Failed(message) | Failure::Usage(message)) => wrong.push(message),
        }
    }
    if wrong.is_empty() {
        Ok(Said {
            notes,
            ..Said::from(said)
        })
    } else {
        Err(Failure::Failed(wrong.join("\n\n")))
    }
}

/// What the selectors select.
struct Selection {
    model: Model,
    profile: Profile,
    ledger: Ledger,
    basis: Vec<Sym>,
    dtype: Dtype,
}

/// The names and values of `--set`, each name once.
pub(super) fn settings(texts: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let mut set: Vec<(String, String)> = Vec::with_capacity(texts.len());
    for text in texts {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Failure::Usage(format!(
                "error: --set wants NAME=VALUE, not `{text}`"
            )));
        };
        let (name, value) = (name.trim(), value.trim());
        if set.iter().any(|(known, _)| known == name) {
            return Err(Failure::Usage(format!("error: --set {name} stands twice")));
        }
        set.push((name.to_owned(), value.to_owned()));
    }
    Ok(set)
}

fn select(selectors: &Selectors, open: Open<'_>) -> Result<Selection, Failure> {
    let set = settings(&selectors.set)?;
    let profile = profile(&selectors.profile, open)?;
    let dtype = dtype(&selectors.dtype)?;
    let source = source::read(&selectors.file, selectors.family.as_deref(), open)?;
    let model = source.model(selectors.preset.as_deref(), set)?;
    let basis = basis_of(&model, &selectors.basis)?;
    let ledger = model.ledger(&selectors.phase, &profile)?;
    model.check_values(&ledger)?;
    Ok(Selection {
        model,
        profile,
        ledger,
        basis,
        dtype,
    })
}

/// A type of stored scalars.
pub(super) fn dtype(name: &str) -> Result<Dtype, Failure> {
    Dtype::find(name).ok_or_else(|| {
        let known = DTYPES.iter().map(|dtype| dtype.name);
        unknown("type", name, known, "")
    })
}

/// A profile that is shipped, or one in a file.
pub(super) fn profile(name: &str, open: Open<'_>) -> Result<Profile, Failure> {
    if let Some(profile) = Profile::shipped(name) {
        return Ok(profile);
    }
    if name.ends_with(".ron") {
        let (name, text) = files::read(name.as_ref(), "Profile", open)?;
        return Ok(Profile::parse(&name, &text)?);
    }
    let more = "; a file ends in `.ron`";
    Err(unknown("profile", name, Profile::names(), more))
}

fn report(report: &Report, open: Open<'_>) -> Result<Said, Failure> {
    let cut = report.by.map(By::cut);
    let against = report.against.as_ref();
    let against = against.map(|name| Ok::<_, Failure>((name, compared(cut)?)));
    let against = against.transpose()?;
    let Selection {
        model,
        profile,
        ledger,
        basis,
        dtype,
    } = select(&report.selectors, open)?;
    let phase = &report.selectors.phase;
    let other = match against {
        None => None,
        Some((name, by)) => {
            let profile = self::profile(name, open)?;
            let ledger = model.ledger(phase, &profile)?;
            model.check_values(&ledger)?;
            Some((profile, ledger, by))
        }
    };
    let preset = report.selectors.preset.as_deref();
    let asked = Asked {
        phase,
        profile: &profile,
        dtype,
        preset,
        basis: &basis,
        against: other.as_ref().map(|(profile, ledger, by)| Against {
            profile,
            ledger,
            by: *by,
        }),
    };
    // What has a header says it there.
    let headed = report.by.is_none() && report.format != super::args::ReportFormat::Csv;
    let notes = match headed {
        true => Vec::new(),
        false => source::notes(model.origin()),
    };
    // The summary of a large model takes as much memory as the model did.
    let subject = Subject::of(&model);
    drop(model);
    let summary = summarize_of(subject, &ledger, &asked)?;
    if report.show == Some(super::args::ShowWhat::Numbers) {
        let total = ledger.total();
        let columns = [
            total.dots.poly(),
            total.macs.poly(),
            total.flops.poly(),
            total.params.poly(),
        ];
        let mut columns: Vec<Quantity> = columns
            .map(|poly| ledger.formula(poly))
            .into_iter()
            .collect();
        columns.extend(other.as_ref().map(|(_, other, _)| other.flops()));
        all_bound(&columns)?;
    }
    let file = report.output.as_deref().and_then(output::file);
    let style = Style {
        cut: if other.is_some() {
            Some(Cut::Against)
        } else {
            cut
        },
        show: report.show.map(super::args::ShowWhat::show),
        width: width(file),
    };
    Ok(Said {
        notes,
        output: file.map(Path::to_owned),
        ..Said::from(render(&summary, report.format.format(), &style))
    })
}

/// What two profiles are compared by: parts, where the call says nothing.
fn compared(cut: Option<Cut>) -> Result<Compared, Failure> {
    match cut {
        None => Ok(Compared::Groups(Grouping::Part)),
        Some(Cut::Rows) => Ok(Compared::Rows),
        Some(Cut::Group(grouping)) => Ok(Compared::Groups(grouping)),
        Some(Cut::Lengths | Cut::Against) => Err(Failure::Usage(String::from(
            "error: --against compares FLOPs, and dots of one length have none of their own\n  \
             help: --by node, block, part, op, mixing or stage",
        ))),
    }
}

/// Lines are no wider than this, however wide the terminal says that it is.
const MAX_WIDTH: usize = 10_000;

/// The width of the terminal that the report is for; none for files and pipes.
fn width(output: Option<&Path>) -> Option<usize> {
    if let Some(columns) = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok())
    {
        return Some(MAX_WIDTH.min(columns));
    }
    if output.is_some() {
        return None;
    }
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

fn formula(formula: &Formula, open: Open<'_>) -> Result<Said, Failure> {
    let Selection {
        model,
        ledger,
        basis,
        dtype,
        ..
    } = select(&formula.selectors, open)?;
    let quantity = match formula.quantity {
        QuantityName::Dots => ledger.dots(),
        QuantityName::Macs => ledger.macs(),
        QuantityName::Flops => ledger.flops(),
        QuantityName::Params => ledger.params(),
        QuantityName::ParamsActive => ledger.params_active(),
        QuantityName::Elementwise => ledger.formula(ledger.total().elementwise.poly()),
        QuantityName::KvCacheBytes => ledger.kv_cache_bytes(dtype),
        QuantityName::StateBytes => ledger.state_bytes(dtype),
        QuantityName::CacheReadBytes => ledger.cache_read_bytes(dtype),
        QuantityName::CacheWriteBytes => ledger.cache_write_bytes(dtype),
        QuantityName::WeightBytesLower => ledger.weight_bytes(Bound::Lower, dtype),
        QuantityName::WeightBytesExpected => ledger.weight_bytes(Bound::Expected, dtype),
        QuantityName::WeightBytesUpper => ledger.weight_bytes(Bound::Upper, dtype),
    };
    let (basis, syntax) = if formula.value {
        all_bound(std::slice::from_ref(&quantity))?;
        (&[][..], Syntax::Ascii)
    } else {
        (&*basis, formula.syntax.syntax())
    };
    let quantity = match &formula.per {
        Some(text) => per(&quantity, &model, basis, text)?,
        None => quantity,
    };
    let (mut text, said) = quantity.bound(basis, formula.form.form(), syntax)?;
    let mut notes = source::notes(model.origin());
    notes.extend(said);
    if text.len() > LONGEST_FRACTION
        && quantity.free().is_empty()
        && let Some(rounded) = quantity.rounded()
        && let Some((over, under)) = text.split_once('/')
    {
        let digits = over.len().max(under.len());
        notes.push(format!(
            "rounded; the exact value is a fraction of numbers of {digits} digits"
        ));
        text = rounded.to_string();
    }
    text.push('\n');
    Ok(Said {
        notes,
        ..Said::from(text)
    })
}

/// Fractions longer than this, such as the mean of what many positions choose, are printed rounded, and said to be.
const LONGEST_FRACTION: usize = 80;

/// A formula divided by what a caller gives. Its values are put in where those of the formula are.
fn per(quantity: &Quantity, model: &Model, basis: &[Sym], text: &str) -> Result<Quantity, Failure> {
    let mut divisor = model.divisor("--per", text)?;
    if basis.is_empty() {
        divisor = quantity.with_values(&divisor)?;
    }
    let quotient = quantity.per(&divisor);
    quotient.map_err(|error| Failure::Failed(format!("error[dimension]: --per: {error}")))
}

/// Refuses formulas that have no numbers, and says which symbols are free in them.
fn all_bound(formulas: &[Quantity]) -> Result<(), Failure> {
    let mut free: Vec<String> = Vec::new();
    for name in formulas.iter().flat_map(Quantity::free) {
        if !free.contains(&name) {
            free.push(name);
        }
    }
    if free.is_empty() {
        return Ok(());
    }
    let set: Vec<String> = free.iter().map(|name| format!("--set {name}=..")).collect();
    let message = format!(
        "error[dimension]: there is no number without a value of {}",
        free.join(", ")
    );
    Err(Failure::Failed(format!(
        "{message}\n  help: choose a --preset, or give {}",
        set.join(" ")
    )))
}

fn ops(ops: &Ops) -> Result<Said, Failure> {
    let Some(name) = &ops.name else {
        return Ok(Said::from(reference::markdown()));
    };
    let word = STRUCTURE
        .iter()
        .find(|word| word.name.eq_ignore_ascii_case(name));
    match (
        OPS.iter().find(|def| def.name.eq_ignore_ascii_case(name)),
        word,
    ) {
        (Some(def), _) => Ok(Said::from(format!(
            "{}\n\n{}",
            reference::page(def),
            reference::fields(def)
        ))),
        (None, Some(word)) => Ok(Said::from(format!("{}\n", word.page))),
        (None, None) => {
            let words = STRUCTURE.iter().map(|word| word.name);
            Err(unknown(
                "op",
                name,
                OPS.iter().map(|def| def.name).chain(words),
                "",
            ))
        }
    }
}

/// Lists the profiles that are shipped, or prints the text of one.
fn show_profile(name: Option<&str>) -> Result<Said, Failure> {
    let Some(name) = name else {
        let profiles = Profile::names().filter_map(Profile::shipped);
        let longest = Profile::names().map(str::len).max().unwrap_or(0);
        let line = |profile: Profile| format!("{:<longest$}  {}\n", profile.name, profile.about);
        let lines = profiles.map(line);
        return Ok(Said::from(lines.collect::<String>()));
    };
    match Profile::text(name) {
        Some(text) => Ok(Said::from(text.to_owned())),
        None => Err(unknown("profile", name, Profile::names(), "")),
    }
}
