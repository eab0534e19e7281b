//! The summary as JSON, by the schema `dotledger.report/1` (`docs/report.schema.json`).

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::numbers;
use super::sections::share;
use crate::summary::{
    Comparison, LengthGroup, LengthQuantity, Quantity, Summary, SummaryRow, Totals, Versus,
};
use crate::sym::{Coeff, Symbols};
use crate::work::Kind;

/// The name of the schema.
pub(super) const SCHEMA: &str = "dotledger.report/1";

/// Entries in their order, as an object.
struct Map<T>(Vec<(String, T)>);

impl<T: Serialize> Serialize for Map<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct JsonQuantity {
    formula: String,
    value: Option<String>,
}

#[derive(Serialize)]
struct JsonBounds {
    lower: JsonQuantity,
    expected: JsonQuantity,
    upper: JsonQuantity,
}

#[derive(Serialize)]
struct JsonTotals {
    dots: JsonQuantity,
    macs: JsonQuantity,
    flops: JsonQuantity,
    params: JsonQuantity,
    params_active: JsonQuantity,
    elementwise: JsonQuantity,
    kv_cache_bytes: JsonQuantity,
    state_bytes: JsonQuantity,
    cache_read_bytes: JsonQuantity,
    cache_write_bytes: JsonQuantity,
}

#[derive(Serialize)]
#[serde(untagged)]
enum JsonLength {
    Fixed(JsonQuantity),
    Varies {
        min: JsonQuantity,
        max: JsonQuantity,
        mean: JsonQuantity,
    },
}

#[derive(Serialize)]
struct JsonLengthGroup {
    length: JsonLength,
    dots: JsonQuantity,
    macs: JsonQuantity,
}

#[derive(Serialize)]
struct JsonRow<'s> {
    path: &'s str,
    op: &'s str,
    part: &'s str,
    mixing: &'s str,
    block: &'s str,
    repeat: JsonQuantity,
    inputs: Vec<Vec<String>>,
    weights: Vec<Vec<String>>,
    output: Vec<String>,
    dots: JsonQuantity,
    length: Option<JsonLength>,
    macs: JsonQuantity,
    flops: JsonQuantity,
    params: JsonQuantity,
    elementwise: Map<JsonQuantity>,
}

#[derive(Serialize)]
struct Document<'s> {
    schema: &'static str,
    model: &'s str,
    about: &'s str,
    phase: &'s str,
    profile: &'s str,
    convention: &'s str,
    dtype: &'s str,
    preset: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<JsonOrigin<'s>>,
    switches: Map<bool>,
    bindings: Map<&'s str>,
    valid_when: &'s [String],
    stays: &'s [String],
    card: Vec<JsonCard<'s>>,
    totals: JsonTotals,
    weight_bytes: JsonBounds,
    elementwise: Map<JsonQuantity>,
    groups: Map<Map<JsonTotals>>,
    lengths: Vec<JsonLengthGroup>,
    rows: Vec<JsonRow<'s>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<JsonComparison<'s>>,
}

/// The configuration that values are from.
#[derive(Serialize)]
struct JsonOrigin<'s> {
    name: &'s str,
    model_type: &'s str,
    class: Option<&'s str>,
    notes: &'s [String],
}

#[derive(Serialize)]
struct JsonComparison<'s> {
    profile: &'s str,
    convention: &'s str,
    by: &'static str,
    total: JsonVersus,
    groups: Map<JsonVersus>,
}

#[derive(Serialize)]
struct JsonVersus {
    flops: JsonQuantity,
    against: JsonQuantity,
    difference: JsonQuantity,
    percent: Option<String>,
}

#[derive(Serialize)]
struct JsonCard<'s> {
    name: &'s str,
    symbol: Option<&'s str>,
    #[serde(flatten)]
    quantity: JsonQuantity,
}

/// The summary as one object, indented.
pub(super) fn render(summary: &Summary<'_>) -> String {
    let symbols = &summary.symbols;
    let document = Document {
        schema: SCHEMA,
        model: &summary.model,
        about: &summary.about,
        phase: &summary.phase,
        profile: &summary.profile,
        convention: &summary.convention,
        dtype: summary.dtype.name,
        preset: summary.preset.as_deref(),
        config: summary.origin.as_ref().map(|origin| JsonOrigin {
            name: &origin.name,
            model_type: &origin.kind,
            class: origin.class.as_deref(),
            notes: &origin.notes,
        }),
        switches: Map(summary.switches.clone()),
        bindings: Map(summary
            .bindings
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str()))
            .collect()),
        valid_when: &summary.valid_when,
        stays: &summary.stays,
        card: summary
            .card
            .iter()
            .map(|descriptor| JsonCard {
                name: &descriptor.name,
                symbol: descriptor.symbol.as_deref(),
                quantity: quantity(&descriptor.quantity, symbols),
            })
            .collect(),
        totals: totals(&summary.totals, symbols),
        weight_bytes: bounds(&summary.weight_bytes, symbols),
        elementwise: kinds(&summary.elementwise, symbols),
        groups: Map(summary
            .groups
            .iter()
            .map(|(grouping, entries)| {
                let entries = entries
                    .iter()
                    .map(|(key, amounts)| (key.clone(), totals(amounts, symbols)));
                (grouping.word().to_owned(), Map(entries.collect()))
            })
            .collect()),
        lengths: summary
            .lengths
            .iter()
            .map(|group| length_group(group, symbols))
            .collect(),
        rows: summary
            .rows
            .iter()
            .map(|entry| row(entry, symbols))
            .collect(),
        against: summary
            .against
            .as_ref()
            .map(|against| comparison(against, symbols)),
    };
    let mut text =
        serde_json::to_string_pretty(&document).expect("names and strings are always JSON");
    text.push('\n');
    text
}

fn quantity(quantity: &Quantity, symbols: &Symbols) -> JsonQuantity {
    JsonQuantity {
        formula: quantity.poly.show(symbols),
        value: quantity.value.as_ref().map(numbers::decimal),
    }
}

fn kinds(counts: &[(Kind, Quantity)], symbols: &Symbols) -> Map<JsonQuantity> {
    Map(counts
        .iter()
        .map(|(kind, count)| (kind.word().to_owned(), quantity(count, symbols)))
        .collect())
}

fn totals(amounts: &Totals, symbols: &Symbols) -> JsonTotals {
    JsonTotals {
        dots: quantity(&amounts.dots, symbols),
        macs: quantity(&amounts.macs, symbols),
        flops: quantity(&amounts.flops, symbols),
        params: quantity(&amounts.params, symbols),
        params_active: quantity(&amounts.params_active, symbols),
        elementwise: quantity(&amounts.elementwise, symbols),
        kv_cache_bytes: quantity(&amounts.kv_cache_bytes, symbols),
        state_bytes: quantity(&amounts.state_bytes, symbols),
        cache_read_bytes: quantity(&amounts.cache_read_bytes, symbols),
        cache_write_bytes: quantity(&amounts.cache_write_bytes, symbols),
    }
}

fn bounds([lower, expected, upper]: &[Quantity; 3], symbols: &Symbols) -> JsonBounds {
    JsonBounds {
        lower: quantity(lower, symbols),
        expected: quantity(expected, symbols),
        upper: quantity(upper, symbols),
    }
}

/// Lengths of dots; an average that is no polynomial is the quotient of what there is.
fn length(of: &LengthQuantity, [dots, macs]: [&Quantity; 2], symbols: &Symbols) -> JsonLength {
    let quotient = || {
        let (over, under) = (macs.poly.show(symbols), dots.poly.show(symbols));
        let values = macs.value.as_ref().zip(dots.value.as_ref());
        let value = values.and_then(|(macs, dots)| macs.checked_div(dots));
        JsonQuantity {
            formula: format!("({over})/({under})"),
            value: value.as_ref().map(numbers::decimal),
        }
    };
    match of {
        LengthQuantity::Fixed(fixed) => JsonLength::Fixed(quantity(fixed, symbols)),
        LengthQuantity::Varies { min, max, mean } => JsonLength::Varies {
            min: quantity(min, symbols),
            max: quantity(max, symbols),
            mean: mean
                .as_ref()
                .map_or_else(quotient, |mean| quantity(mean, symbols)),
        },
    }
}

fn length_group(group: &LengthGroup, symbols: &Symbols) -> JsonLengthGroup {
    JsonLengthGroup {
        length: length(&group.length, [&group.dots, &group.macs], symbols),
        dots: quantity(&group.dots, symbols),
        macs: quantity(&group.macs, symbols),
    }
}

fn comparison<'s>(against: &'s Comparison, symbols: &Symbols) -> JsonComparison<'s> {
    let entries = against.entries.iter();
    let entries = entries.map(|(key, entry)| (key.clone(), versus(entry, symbols)));
    JsonComparison {
        profile: &against.profile,
        convention: &against.convention,
        by: against.by.word(),
        total: versus(&against.total, symbols),
        groups: Map(entries.collect()),
    }
}

fn versus(of: &Versus, symbols: &Symbols) -> JsonVersus {
    let percent = |share| numbers::decimal(&(&share * &Coeff::from(100)));
    JsonVersus {
        flops: quantity(&of.flops, symbols),
        against: quantity(&of.against, symbols),
        difference: quantity(&of.difference, symbols),
        percent: share(&of.difference, &of.against).map(percent),
    }
}

fn row<'s>(entry: &'s SummaryRow<'_>, symbols: &Symbols) -> JsonRow<'s> {
    let row = entry.row;
    let shape = |shape: &crate::shape::Shape| {
        shape
            .axes()
            .iter()
            .map(|axis| axis.dim.poly().show(symbols))
            .collect()
    };
    JsonRow {
        path: &row.path,
        op: &row.op,
        part: row.part.word(),
        mixing: row.mixing.word(),
        block: &row.block,
        repeat: quantity(&entry.repeat, symbols),
        inputs: row.inputs.iter().map(|input| shape(input)).collect(),
        weights: row
            .weights
            .iter()
            .map(|dims| dims.iter().map(|dim| dim.show(symbols)).collect())
            .collect(),
        output: shape(&row.output),
        dots: quantity(&entry.totals.dots, symbols),
        length: entry.length.as_ref().map(|of| {
            let totals = &entry.totals;
            length(of, [&totals.dots, &totals.macs], symbols)
        }),
        macs: quantity(&entry.totals.macs, symbols),
        flops: quantity(&entry.totals.flops, symbols),
        params: quantity(&entry.totals.params, symbols),
        elementwise: kinds(&entry.elementwise, symbols),
    }
}
