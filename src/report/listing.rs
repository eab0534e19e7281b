//! The zoo as a table. Nothing is computed here.

use serde::Serialize;

use super::Format;
use super::numbers::separated;
use super::plain::{self, Align};
use crate::summary::listing::{Figures, Listed, Listing};

/// Titles of the columns, for readers and for machines.
const COLUMNS: [(&str, &str, Align); 8] = [
    ("family", "family", Align::Left),
    ("preset", "preset", Align::Left),
    ("parameters", "params", Align::Right),
    ("active", "params_active", Align::Right),
    ("T", "context", Align::Right),
    ("FLOPs", "flops", Align::Right),
    ("per", "unit", Align::Left),
    ("KV bytes a token", "kv_cache_bytes", Align::Right),
];

#[derive(Serialize)]
struct Document<'l> {
    schema: &'static str,
    profile: &'l str,
    dtype: &'l str,
    context: u64,
    presets: Vec<Entry<'l>>,
}

#[derive(Serialize)]
struct Entry<'l> {
    family: &'l str,
    model_types: &'l [String],
    preset: &'l str,
    params: Option<&'l str>,
    params_active: Option<&'l str>,
    context: Option<String>,
    flops: Option<&'l str>,
    unit: Option<&'static str>,
    kv_cache_bytes: Option<&'l str>,
    error: Option<&'l str>,
}

/// A list as text.
pub fn listing(listed: &[Listed], asked: &Listing<'_>, format: Format) -> String {
    let head = format!(
        "B = 1; profile {}, caches in {}",
        asked.profile.name, asked.dtype.name
    );
    let titles = COLUMNS.map(|(title, _, align)| (title, align));
    match format {
        Format::Table => format!("{head}\n\n{}", plain::table(&titles, &rows(listed, true))),
        Format::Markdown => format!(
            "{head}\n\n{}",
            plain::markdown(&titles, &rows(listed, true))
        ),
        Format::Latex => plain::latex(&titles, &rows(listed, true)),
        Format::Csv => {
            let keys = COLUMNS.map(|(_, key, _)| key);
            plain::csv(&keys, &rows(listed, false))
        }
        Format::Json => json(listed, asked),
    }
}

/// The cells of each preset, for readers with separators in numbers.
fn rows(listed: &[Listed], grouped: bool) -> Vec<Vec<String>> {
    let number = |text: &str| match grouped {
        true if text.bytes().all(|byte| byte.is_ascii_digit()) => separated(text),
        _ => text.to_owned(),
    };
    let row = |entry: &Listed| {
        let mut row = vec![entry.family.clone(), entry.preset.clone()];
        match &entry.figures {
            Ok(figures) => row.extend([
                number(&figures.params),
                number(&figures.params_active),
                context(figures),
                number(&figures.flops),
                figures.unit.word().to_owned(),
                figures
                    .kv_cache_bytes
                    .as_deref()
                    .map_or_else(String::new, number),
            ]),
            Err(_) => row.extend(std::iter::repeat_n(String::new(), 6)),
        }
        row
    };
    listed.iter().map(row).collect()
}

/// The context that figures are of; nothing of images.
fn context(figures: &Figures) -> String {
    figures
        .context
        .as_ref()
        .map_or_else(String::new, ToString::to_string)
}

fn json(listed: &[Listed], asked: &Listing<'_>) -> String {
    let presets = listed
        .iter()
        .map(|entry| {
            let figures = entry.figures.as_ref().ok();
            Entry {
                family: &entry.family,
                model_types: &entry.kinds,
                preset: &entry.preset,
                params: figures.map(|figures| figures.params.as_str()),
                params_active: figures.map(|figures| figures.params_active.as_str()),
                context: figures.map(context).filter(|context| !context.is_empty()),
                flops: figures.map(|figures| figures.flops.as_str()),
                unit: figures.map(|figures| figures.unit.word()),
                kv_cache_bytes: figures.and_then(|figures| figures.kv_cache_bytes.as_deref()),
                error: entry.figures.as_ref().err().map(String::as_str),
            }
        })
        .collect();
    let document = Document {
        schema: "dotledger.list/1",
        profile: &asked.profile.name,
        dtype: asked.dtype.name,
        context: asked.context,
        presets,
    };
    let mut text =
        serde_json::to_string_pretty(&document).expect("names and texts are all that is written");
    text.push('\n');
    text
}
