//! One table of a report as comma-separated values: for each quantity its value, empty while a symbol is free, and its
//! formula in ASCII. Every line says of which model, phase and profile it is, so that files can be joined.

use super::sections::{Cell, Column, Holds, Section, sections, share};
use super::spell::Spell;
use super::{Cut, Show, Style, numbers};
use crate::summary::{LengthQuantity, Quantity, Summary};
use crate::sym::{Coeff, Symbols, Syntax};

pub(super) fn render(summary: &Summary<'_>, style: &Style) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for section in sections(summary, Some(style.cut.unwrap_or(Cut::Rows))) {
        let written = write(&mut writer, &section, summary);
        written
            .expect("memory takes what is written, and all records of a table are of one length");
    }
    let bytes = writer.into_inner().expect("memory takes what is written");
    String::from_utf8(bytes).expect("fields of strings are joined by commas")
}

fn write(
    writer: &mut csv::Writer<Vec<u8>>,
    section: &Section<'_>,
    summary: &Summary<'_>,
) -> csv::Result<()> {
    let about = [&summary.model, &summary.phase, &summary.profile];
    let mut titles: Vec<String> = ["model", "phase", "profile"].map(String::from).to_vec();
    let names: Vec<Vec<String>> = section.columns.iter().map(names).collect();
    titles.extend(names.iter().flatten().cloned());
    writer.write_record(&titles)?;
    let mut fields = Vec::with_capacity(titles.len());
    for row in section.rows.iter() {
        fields.clear();
        fields.extend(about.into_iter().cloned());
        for (cell, names) in row.iter().zip(&names) {
            spell(cell, names.len(), summary, &mut fields);
        }
        writer.write_record(&fields)?;
    }
    Ok(())
}

/// The names of the fields that a column becomes.
fn names(column: &Column<'_>) -> Vec<String> {
    let name = if column.key == "key" {
        &column.title
    } else {
        column.key
    };
    let both = |name: &str| [name.to_owned(), format!("{name}_formula")];
    match column.holds {
        Holds::Text | Holds::Names => vec![name.to_owned()],
        Holds::Shares => vec![String::from("macs_share")],
        Holds::Changes => vec![name.to_owned()],
        Holds::Quantities | Holds::Repeats | Holds::Shapes => both(name).to_vec(),
        Holds::Lengths => ["min", "max", "mean"]
            .iter()
            .flat_map(|part| both(&format!("{name}_{part}")))
            .collect(),
    }
}

/// The fields that a cell becomes, as many as its column has names.
fn spell(cell: &Cell<'_>, names: usize, summary: &Summary<'_>, fields: &mut Vec<String>) {
    let symbols = &summary.symbols;
    match cell {
        Cell::Empty => fields.extend(std::iter::repeat_n(String::new(), names)),
        Cell::Words(words) | Cell::Name(words) => fields.push((*words).to_owned()),
        Cell::Quantity(quantity) | Cell::Bound(quantity) | Cell::Repeat(quantity) => {
            fields.extend(both(quantity, symbols))
        }
        Cell::Length(length) => {
            let parts = match length {
                LengthQuantity::Fixed(fixed) => [Some(fixed); 3],
                LengthQuantity::Varies { min, max, mean } => [Some(min), Some(max), mean.as_ref()],
            };
            for part in parts {
                let both = part.map(|part| both(part, symbols));
                fields.extend(both.unwrap_or_default());
            }
        }
        Cell::Shapes(row) => {
            let formulas = Spell {
                symbols,
                show: Some(Show::Formulas),
                syntax: Syntax::Ascii,
            };
            fields.push(formulas.bound_shapes(row).unwrap_or_default());
            let mut shapes = String::new();
            formulas.shapes_line(&mut shapes, row, false);
            fields.push(shapes);
        }
        Cell::Change(difference, from) => {
            let percent = |share| numbers::rounded(&(&share * &Coeff::from(100)), 6);
            fields.push(share(difference, from).map(percent).unwrap_or_default());
        }
        Cell::Share(part, whole) => {
            fields.push(
                share(part, whole)
                    .map(|share| numbers::rounded(&share, 6))
                    .unwrap_or_default(),
            );
        }
    }
}

fn both(quantity: &Quantity, symbols: &Symbols) -> [String; 2] {
    [
        quantity
            .value
            .as_ref()
            .map(numbers::decimal)
            .unwrap_or_default(),
        quantity.poly.show(symbols),
    ]
}
