//! A verdict as text: what was tried, and a disagreement with both of its sides. Knows nothing of how it was found.

use std::fmt::Display;

use super::numbers::grouped;
use super::plain::{self, Align};
use crate::sym::Coeff;
use crate::verify::Verdict;
use crate::verify::verdict::{Disagreement, Trial, Unconfirmed, What};

/// Most differences that are shown.
const SHOWN: usize = 12;

/// The trials of a verdict as a table under a line that sums them up; `name` is what the file is called.
pub fn verdict(name: &str, verdict: &Verdict) -> String {
    let sum = |pick: fn(&Trial) -> usize| verdict.trials.iter().map(pick).sum::<usize>();
    let result = match (&verdict.disagreement, verdict.holds()) {
        (Some(_), _) => "ledger and walk disagree",
        (None, true) => "verified",
        (None, false) => "verified in part",
    };
    let mut text = format!(
        "{name}: {result}; {} in {} walked, {} refused, {} numbers and shapes compared, seed {}\n",
        count(sum(|trial| trial.rounds), "set of sizes", "sets of sizes"),
        count(sum(|trial| trial.passes), "pass", "passes"),
        sum(|trial| trial.refused),
        separated(sum(|trial| trial.compared) as u64),
        verdict.seed,
    );
    text.push_str(&table(&verdict.trials));
    for trial in &verdict.trials {
        let at = place(&trial.phase, &trial.switches);
        if let Some(why) = &trial.stopped {
            text.push_str(&format!("  {at}: not walked: {why}\n"));
        }
    }
    for Unconfirmed { row, switches } in &verdict.unconfirmed {
        let with = match switches.as_slice() {
            [] => String::new(),
            switches => format!(" with {}", words(switches)),
        };
        text.push_str(&format!(
            "  `{row}`{with} is called horizontal, and no output was seen to be of two positions\n"
        ));
    }
    text
}

/// A disagreement, with the call that shows it again.
pub fn disagreement(name: &str, found: &Disagreement) -> String {
    let mut text = format!("error[verify]: {name}: ");
    match &found.what {
        What::Differs(differences) => {
            text.push_str("the ledger does not say what a walk counts\n");
            for difference in differences.iter().take(SHOWN) {
                let rows = match difference.rows.as_slice() {
                    [] => String::new(),
                    rows => format!("{}: ", rows.join(", ")),
                };
                text.push_str(&format!("  {rows}{}\n", difference.what));
                let formula = difference.formula.as_ref();
                let formula = formula.map_or(String::new(), |formula| format!("{formula} = "));
                text.push_str(&format!("    ledger: {formula}{}\n", difference.ledger));
                text.push_str(&format!("    walk:   {}\n", difference.walked));
            }
            if differences.len() > SHOWN {
                let more = differences.len() - SHOWN;
                text.push_str(&format!("  and {more} more\n"));
            }
        }
        What::Refused(why) => {
            text.push_str("refused at sizes at which it can be walked\n");
            let lines = why.lines().map(|line| format!("  {line}\n"));
            text.extend(lines);
        }
        What::Accepted(why) => {
            text.push_str(&format!(
                "accepted at sizes at which it cannot be walked\n  {why}\n"
            ));
        }
    }
    let sizes = assigned(&found.sizes);
    let at = place(&found.phase, &found.switches);
    text.push_str(&format!(
        "  in {at} under {}, at {}\n",
        found.profile,
        sizes.join(" ")
    ));
    let set = assigned(&found.switches).into_iter().chain(sizes);
    let set: Vec<String> = set.map(|set| format!(" --set {set}")).collect();
    text.push_str(&format!(
        "  help: dotledger verify {name} --phase {} --rounds 1{} shows it again",
        found.phase,
        set.concat()
    ));
    text
}

fn count(number: usize, one: &str, many: &str) -> String {
    let number_text = separated(number as u64);
    format!("{number_text} {}", if number == 1 { one } else { many })
}

fn separated(number: u64) -> String {
    i64::try_from(number).map_or_else(
        |_| number.to_string(),
        |number| grouped(&Coeff::from(number)),
    )
}

fn place(phase: &str, switches: &[(String, bool)]) -> String {
    match switches {
        [] => phase.to_owned(),
        _ => format!("{phase} with {}", words(switches)),
    }
}

fn words(switches: &[(String, bool)]) -> String {
    assigned(switches).join(" ")
}

/// Each name with its value: `tied=true`.
fn assigned(values: &[(String, impl Display)]) -> Vec<String> {
    let each = values.iter();
    each.map(|(name, value)| format!("{name}={value}"))
        .collect()
}

fn table(trials: &[Trial]) -> String {
    let switched = trials.iter().any(|trial| !trial.switches.is_empty());
    let mut titles = vec![("phase", Align::Left)];
    titles.extend(switched.then_some(("switches", Align::Left)));
    let figures = ["sizes", "passes", "compared", "dots", "MACs"];
    titles.extend(figures.map(|title| (title, Align::Right)));
    let row = |trial: &Trial| {
        let mut row = vec![trial.phase.clone()];
        row.extend(switched.then(|| words(&trial.switches)));
        row.extend([
            separated(trial.rounds as u64),
            separated(trial.passes as u64),
            separated(trial.compared as u64),
            separated(trial.dots),
            separated(trial.macs),
        ]);
        row
    };
    let rows: Vec<Vec<String>> = trials.iter().map(row).collect();
    let table = plain::table(&titles, &rows);
    table.lines().map(|line| format!("  {line}\n")).collect()
}
