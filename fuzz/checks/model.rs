//! Models: what can be read has a ledger in each phase that checks, or an error, and each ledger has its reports.

use std::collections::BTreeSet;

use dotledger::dtype::{DTYPES, Dtype};
use dotledger::report::{Cut, Format, Show, Style, disagreement, render};
use dotledger::summary::{Against, Asked, Compared, Grouping, Summary, basis_of, summarize};
use dotledger::sym::Poly;
use dotledger::verify::{Plan, verify};
use dotledger::work::Bound;
use dotledger::{Diagnostics, Formula, Ledger, Model, Options, Profile};

use super::{command, laws, prints};

/// Checks the text of a model.
pub fn check(text: &str) {
    let checked = command::ask(["dotledger", "check", "-"], &|_| Some(text.to_owned()));
    let model = match Model::read("m.ron", text, &Options::default()) {
        Ok(model) => model,
        Err(errors) => {
            assert!(checked.code != 0, "read is stricter than check: {errors}");
            return refused(&errors);
        }
    };
    laws::steps(&model, text);
    laws::expressions(&model, text);
    if checked.code == 0 {
        counted(text);
    }
    let phases = model.phases();
    for (at, phase) in phases.iter().enumerate() {
        match self::phase(&model, phase, &Profile::exact(), (at, phases.len())) {
            Ok(()) => {}
            Err(why) => assert!(checked.code != 0, "{phase} is stricter than check: {why}"),
        }
    }
}

/// Small sizes that are walked come to what the formulas say, unless there is too much to walk.
fn counted(text: &str) {
    let plan = Plan {
        rounds: 1,
        largest: 3,
        most: 20_000,
        ..Plan::default()
    };
    if let Ok(verdict) = verify("m.ron", text, &Options::default(), &plan)
        && let Some(found) = verdict.disagreement
    {
        panic!("{}", disagreement("m.ron", &found));
    }
}

/// Errors say where and what.
pub(crate) fn refused(errors: &Diagnostics) {
    assert!(errors.iter().next().is_some(), "refused without a reason");
    for error in errors.iter() {
        assert!(!error.message.is_empty());
        if let Some(span) = error.span {
            assert!(
                errors.sources().position(span).is_some(),
                "{error:?} has no place"
            );
        }
    }
    assert!(!errors.to_string().is_empty());
}

/// Everything that can be asked of a model in a phase; or the error that its ledger ends in. Of several phases each has its
/// `share` of the ways in which a report is laid out.
pub(crate) fn phase(
    model: &Model,
    phase: &str,
    profile: &Profile,
    share: (usize, usize),
) -> Result<(), String> {
    let say = |errors: Diagnostics| {
        refused(&errors);
        errors.to_string()
    };
    let ledger = model.ledger(phase, profile).map_err(say)?;
    let checked = model.check_values(&ledger).map_err(say);
    let torch = Profile::shipped("torch").expect("the profile is shipped");
    let against = model.ledger(phase, &torch).map_err(say)?;
    let first: Vec<String> = model
        .symbols()
        .iter()
        .take(2)
        .map(|(_, name)| name.to_owned())
        .collect();
    let mut summarized = Ok(());
    for basis in [&[][..], &first] {
        let asked = Asked {
            phase,
            profile,
            dtype: Dtype::BF16,
            preset: None,
            basis: &basis_of(model, basis).map_err(say)?,
            against: Some(Against {
                profile: &torch,
                ledger: &against,
                by: Compared::Groups(Grouping::Op),
            }),
        };
        match summarize(model, &ledger, &asked) {
            Ok(summary) if basis.is_empty() => reports(&summary, share),
            Ok(summary) => prints::json(&render(&summary, Format::Json, &Style::default())),
            // Checking a model proves its shapes; its totals may still be beyond a limit.
            Err(error) if error.0.ends_with("the limit") => {}
            Err(error) if basis.is_empty() => summarized = Err(error.to_string()),
            Err(_) => {}
        }
    }
    prints::formula(ledger.macs().poly(), &ledger.symbols);
    let all = formulas(&ledger);
    let distinct: BTreeSet<&Poly> = all.iter().map(Formula::poly).collect();
    prints::each(distinct, &ledger.symbols);
    laws::rewritten(&ledger, &first);
    checked.and(summarized)
}

/// Every format, as it is and cut, narrow and wide.
fn reports(summary: &Summary<'_>, (at, of): (usize, usize)) {
    let styles = [
        (Format::Table, None, None, None),
        (Format::Table, Some(Show::Both), Some(Cut::Against), Some(0)),
        (
            Format::Table,
            Some(Show::Formulas),
            Some(Cut::Lengths),
            Some(40),
        ),
        (Format::Markdown, Some(Show::Numbers), None, None),
        (Format::Latex, None, None, None),
        (Format::Csv, Some(Show::Both), Some(Cut::Rows), None),
        (Format::Json, None, None, None),
    ];
    for (format, show, cut, width) in styles.into_iter().skip(at).step_by(of) {
        let text = render(summary, format, &Style { cut, show, width });
        match format {
            Format::Json => prints::json(&text),
            Format::Csv => prints::csv(&text),
            _ => assert!(!text.is_empty()),
        }
    }
}

fn formulas(ledger: &Ledger) -> Vec<Formula> {
    let mut all = vec![
        ledger.dots(),
        ledger.macs(),
        ledger.flops(),
        ledger.params(),
        ledger.params_active(),
        ledger.formula(ledger.total().elementwise.poly()),
    ];
    for dtype in DTYPES.iter().filter(|dtype| dtype.name == "int4") {
        all.extend([
            ledger.kv_cache_bytes(*dtype),
            ledger.state_bytes(*dtype),
            ledger.cache_read_bytes(*dtype),
            ledger.cache_write_bytes(*dtype),
            ledger.weight_bytes(Bound::Lower, *dtype),
            ledger.weight_bytes(Bound::Expected, *dtype),
            ledger.weight_bytes(Bound::Upper, *dtype),
        ]);
    }
    all
}
