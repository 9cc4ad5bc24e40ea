//! A table as plain data, and what is made of it: lines for the terminal, CSV, HTML.

use serde::{Deserialize, Serialize};

use super::numbers::significant;
use super::terminal::Look;
use super::{Named, OutcomeFile, Provenance, ReportProblem, Script, escape, marked};

/// Rows shown in a terminal before the rest is counted only.
const SHOWN: usize = 40;

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlainTable {
    /// Its columns, each with one entry a row.
    pub columns: Vec<PlainColumn>,
}

/// A column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlainColumn {
    /// Its name.
    pub name: String,
    /// The unit its numbers are in; empty for plain numbers.
    pub unit: String,
    /// Its entries.
    pub cells: Vec<PlainCell>,
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PlainCell {
    /// A number, in the unit of its column.
    Number(f64),
    /// A text.
    Text(String),
    /// Nothing is there.
    Missing,
    /// It could not be computed, and why.
    Failed(String),
}

/// The outcome of a study that is a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableReport {
    /// The study's name in the script.
    pub study: String,
    /// Its `///` text.
    pub doc: String,
    /// The table.
    pub table: PlainTable,
    /// Sentences about where the rows came from.
    pub notes: Vec<String>,
    /// The script.
    pub script: Script,
    /// What else the numbers depend on.
    pub provenance: Provenance,
}

impl PlainTable {
    /// How many rows it has.
    pub fn rows(&self) -> usize {
        let longest = self.columns.iter().map(|column| column.cells.len()).max();
        longest.unwrap_or(0)
    }

    /// Whether a column holds numbers, for which side its entries are set to.
    pub(super) fn numeric(column: &PlainColumn) -> bool {
        let number = |cell: &PlainCell| matches!(cell, PlainCell::Number(_));
        column.cells.iter().any(number)
            && !column
                .cells
                .iter()
                .any(|cell| matches!(cell, PlainCell::Text(_)))
    }
}

impl PlainColumn {
    /// The name with the unit in brackets, where there is one.
    pub fn head(&self) -> String {
        match self.unit.as_str() {
            "" => self.name.clone(),
            unit => format!("{} ({unit})", self.name),
        }
    }
}

impl PlainCell {
    /// As people read it: four digits, whole numbers whole.
    pub fn said(&self) -> String {
        match self {
            PlainCell::Number(x) if x.fract() == 0.0 && x.abs() < 1e7 => format!("{x}"),
            PlainCell::Number(x) => significant(*x),
            PlainCell::Text(text) => text.clone(),
            PlainCell::Missing => "–".into(),
            PlainCell::Failed(_) => "failed".into(),
        }
    }

    /// As a program reads it: every digit; nothing where there is no value.
    pub fn exact(&self) -> String {
        match self {
            PlainCell::Number(x) if x.fract() == 0.0 && x.abs() < 1e15 => format!("{x}"),
            PlainCell::Number(x) => format!("{x:?}"),
            PlainCell::Text(text) => text.clone(),
            PlainCell::Missing | PlainCell::Failed(_) => String::new(),
        }
    }
}

/// The table in the terminal, under the study's name; at most 40 rows.
pub fn table_lines(report: &TableReport, look: Look) -> String {
    let table = &report.table;
    let rows = table.rows();
    let shown = rows.min(SHOWN);
    let mut columns: Vec<(bool, Vec<String>)> = Vec::new();
    for column in &table.columns {
        let cells = column.cells.iter().take(shown).map(PlainCell::said);
        let all = std::iter::once(column.head()).chain(cells).collect();
        columns.push((PlainTable::numeric(column), all));
    }
    let text = super::terminal::grid(&columns, look);
    let more = match rows - shown {
        0 => String::new(),
        more => format!("and {more} more of {rows} rows\n"),
    };
    let title = super::terminal::bold(&report.study, look);
    format!("{title}\n{text}{more}")
}

/// `table.csv` (RFC 4180, LF line ends): units in the header, every number the shortest
/// text that reads back as the same f64, nothing where a value is missing or failed.
///
/// # Errors
/// The table cannot be written down.
pub fn table_csv(table: &PlainTable) -> Result<Vec<u8>, ReportProblem> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let problem = |e: csv::Error| ReportProblem::compose("table.csv", e);
    writer
        .write_record(table.columns.iter().map(PlainColumn::head))
        .map_err(problem)?;
    for at in 0..table.rows() {
        let cell = |column: &PlainColumn| column.cells.get(at).map(PlainCell::exact);
        let cells = table.columns.iter().map(|c| cell(c).unwrap_or_default());
        writer.write_record(cells).map_err(problem)?;
    }
    writer
        .into_inner()
        .map_err(|e| ReportProblem::compose("table.csv", e))
}

/// The table as one JSON object a row, numbers in the units of the columns, without what
/// is missing or failed.
///
/// # Errors
/// The table cannot be written down.
pub fn table_jsonl(table: &PlainTable) -> Result<Vec<u8>, ReportProblem> {
    let mut bytes = Vec::new();
    for at in 0..table.rows() {
        let mut row = serde_json::Map::new();
        for column in &table.columns {
            let value = match column.cells.get(at) {
                Some(PlainCell::Number(x)) if x.fract() == 0.0 && x.abs() < 1e15 => {
                    (*x as i64).into()
                }
                Some(PlainCell::Number(x)) => (*x).into(),
                Some(PlainCell::Text(text)) => text.as_str().into(),
                Some(PlainCell::Missing | PlainCell::Failed(_)) | None => continue,
            };
            row.insert(column.name.clone(), value);
        }
        serde_json::to_writer(&mut bytes, &row)
            .map_err(|e| ReportProblem::compose("a table", e))?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// The files of a study that is a table.
///
/// # Errors
/// The table cannot be written down.
pub fn table_files(report: &TableReport) -> Result<Vec<OutcomeFile>, ReportProblem> {
    let file = |name: &str, bytes| OutcomeFile {
        name: name.into(),
        bytes,
    };
    Ok(vec![
        file("report.html", page(report).into_bytes()),
        file("table.csv", table_csv(&report.table)?),
    ])
}

const STYLE: &str = "body{margin:0;background:#f6f7f9;color:#22262b;font:16px/1.55 \
    \"Noto Sans\",system-ui,sans-serif}main{max-width:74rem;margin:0 auto;padding:2.5rem \
    1.25rem 4rem}section{margin-top:1.25rem;padding:1.25rem 1.4rem;background:#fff;\
    border:1px solid #dfe3e8;border-radius:8px;overflow-x:auto}table{border-collapse:\
    collapse;font-variant-numeric:tabular-nums}th,td{padding:.35rem .7rem;text-align:left;\
    border-bottom:1px solid #dfe3e8}th{color:#5f6873;font-size:.88rem}.number{text-align:\
    right}pre{overflow-x:auto;font-size:.86rem}";

/// `report.html`: the table, what it was made from and how.
fn page(report: &TableReport) -> String {
    let mut text = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n");
    text += "<meta charset=\"utf-8\">\n";
    text += "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src 'unsafe-inline'\">\n";
    let study = escape(&report.study);
    text += &format!("<title>{study}</title>\n<style>{STYLE}</style>\n</head>\n<body>");
    text += &format!("<main>\n<h1>{study}</h1>\n");
    for paragraph in report.doc.split("\n\n").filter(|text| !text.is_empty()) {
        text += &format!("<p>{}</p>\n", escape(paragraph));
    }
    text += "<section>\n<table>\n<thead><tr>";
    let class = |column: &PlainColumn| match PlainTable::numeric(column) {
        true => " class=\"number\"",
        false => "",
    };
    for column in &report.table.columns {
        text += &format!("<th{}>{}</th>", class(column), escape(&column.head()));
    }
    text += "</tr></thead>\n<tbody>\n";
    for at in 0..report.table.rows() {
        text += "<tr>";
        for column in &report.table.columns {
            let cell = column.cells.get(at).unwrap_or(&PlainCell::Missing);
            let title = match cell {
                PlainCell::Failed(why) => format!(" title=\"{}\"", escape(why)),
                _ => String::new(),
            };
            let said = escape(&cell.said());
            text += &format!("<td{}{title}>{said}</td>", class(column));
        }
        text += "</tr>\n";
    }
    text += "</tbody>\n</table>\n</section>\n";
    if !report.notes.is_empty() {
        text += "<section>\n<h2>Data</h2>\n<ul>\n";
        for note in &report.notes {
            text += &format!("<li>{}</li>\n", marked(note));
        }
        text += "</ul>\n</section>\n";
    }
    let script = (escape(&report.script.name), escape(&report.script.text));
    text += &format!(
        "<section>\n<h2>{}</h2>\n<pre>{}</pre>\n",
        script.0, script.1
    );
    text += "</section>\n<section>\n<h2>Keys and seeds</h2>\n<table>\n";
    let facts = &report.provenance;
    let version = Named::new("tmo", &facts.tmo_version);
    for fact in [&version]
        .into_iter()
        .chain(&facts.keys)
        .chain(&facts.seeds)
    {
        let (name, value) = (escape(&fact.name), escape(&fact.value));
        text += &format!("<tr><td>{name}</td><td>{value}</td></tr>\n");
    }
    text + "</table>\n</section>\n</main>\n</body>\n</html>\n"
}
