//! Structures come in; the text of a POSCAR, an extended XYZ frame or a JSON line goes
//! out. (CIF: [`super::cif::write`].)

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::jarvis::times;
use crate::chem::element::Element;
use crate::chem::records::{Cell, Record};
use crate::chem::structure::Structure;

/// VASP 5 POSCAR with fractional coordinates; sites of one element that follow each
/// other share a count, so the order of the sites is kept.
pub fn poscar(title: &str, structure: &Structure) -> String {
    let mut runs: Vec<(Element, usize)> = Vec::new();
    for element in structure.species() {
        match runs.last_mut() {
            Some((last, count)) if last == element => *count += 1,
            _ => runs.push((*element, 1)),
        }
    }
    let mut text = format!("{}\n1.0\n", one_line(title));
    for row in structure.lattice() {
        push_row(&mut text, row, "");
    }
    let symbols: Vec<&str> = runs.iter().map(|(element, _)| element.symbol()).collect();
    let counts: Vec<String> = runs.iter().map(|(_, count)| count.to_string()).collect();
    let _ = writeln!(text, "{}\n{}\nDirect", symbols.join(" "), counts.join(" "));
    for (position, element) in structure.frac().iter().zip(structure.species()) {
        push_row(&mut text, position, element.symbol());
    }
    text
}

fn push_row(text: &mut String, row: &[f64; 3], after: &str) {
    let [x, y, z] = row;
    let line = format!("{x:20.16} {y:20.16} {z:20.16} {after}");
    text.push_str(line.trim_end());
    text.push('\n');
}

/// One frame of extended XYZ with Cartesian positions in Å, the id and the columns.
pub fn extxyz(record: &Record) -> String {
    let structure = &record.structure;
    let cell: Vec<String> = structure
        .lattice()
        .iter()
        .flatten()
        .map(|x| format!("{x:.12}"))
        .collect();
    let mut text = format!(
        "{}\nLattice=\"{}\" Properties=species:S:1:pos:R:3 id={} pbc=\"T T T\"",
        structure.sites(),
        cell.join(" "),
        quoted(&record.id),
    );
    for (name, cell) in &record.columns {
        let value = match cell {
            Cell::Number(x) => format!("{x}"),
            Cell::Bool(true) => "T".to_owned(),
            Cell::Bool(false) => "F".to_owned(),
            Cell::Text(value) => quoted(value),
            Cell::Numbers(all) => {
                let all: Vec<String> = all.iter().map(f64::to_string).collect();
                quoted(&all.join(" "))
            }
            Cell::Texts(all) => quoted(&all.join(" ")),
        };
        let _ = write!(text, " {}={value}", quoted(name));
    }
    text.push('\n');
    for (position, element) in structure.frac().iter().zip(structure.species()) {
        let [x, y, z] = times(position, structure.lattice());
        let _ = writeln!(
            text,
            "{:<2} {x:16.10} {y:16.10} {z:16.10}",
            element.symbol()
        );
    }
    text
}

/// A word, or text in quotes where it has to be.
fn quoted(text: &str) -> String {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':');
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    let escaped = one_line(text).replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// The record as one line of JSON, which [`crate::chem::records`] reads back to the
/// same record; numbers have all their digits. Without a line feed.
pub fn json_line(record: &Record) -> String {
    let structure = &record.structure;
    let mut fields = Map::new();
    let own = [
        ("id", json!(record.id)),
        ("formula", json!(record.formula)),
        ("lattice", json!(structure.lattice())),
        ("species", json!(structure.species())),
        ("frac", json!(structure.frac())),
    ];
    for (name, value) in own {
        fields.insert(name.to_owned(), value);
    }
    for (name, cell) in &record.columns {
        fields.insert(name.clone(), json!(cell));
    }
    Value::Object(fields).to_string()
}
