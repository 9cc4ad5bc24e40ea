//! Documents: figures, tables, texts and studies under one title. In: a [`Document`],
//! plain data. Out: `report.html` (self-contained), `report.md`, and each figure and table
//! as files of its own. The same document gives the same bytes.

mod html;
mod markdown;
mod parts;
mod terminal;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::plot::Figure;
use super::{OutcomeFile, PlainTable, Provenance, ReportProblem, Script, StudyReport};

/// What a `report` says, as plain data that can be stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The heading.
    pub title: String,
    /// Words about it; empty lines part paragraphs.
    pub doc: String,
    /// What it is made of.
    pub sections: Vec<Section>,
    /// The script.
    pub script: Script,
    /// What else the numbers depend on.
    pub provenance: Provenance,
}

/// A part of a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// Its heading; empty for none.
    pub title: String,
    /// What it shows.
    pub content: Content,
    /// Where it comes from, where that is known.
    pub origin: Option<Origin>,
}

/// What a section shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// A table.
    Table(PlainTable),
    /// A figure.
    Figure(Figure),
    /// Words; empty lines part paragraphs.
    Text(String),
    /// A study: its scores, its parity plot and its learning curve.
    Study(Box<StudyReport>),
}

/// Where a figure or table comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The study's name; empty where it has none.
    pub study: String,
    /// The key of the result, 64 digits; empty where it has none.
    pub key: String,
    /// First and last line in the script, from 1.
    pub lines: Option<(u32, u32)>,
}

impl Document {
    /// The document's files, in a fixed order; no disk is touched. Figures and tables are
    /// numbered as they stand in the document: `01_bars.svg`, `02_table.csv`.
    ///
    /// # Errors
    /// A figure that cannot be drawn; a study that cannot be scored.
    pub fn files(&self) -> Result<Vec<OutcomeFile>, ReportProblem> {
        let parts = parts::of(self, true)?;
        let mut files: Vec<OutcomeFile> = Vec::new();
        for part in &parts {
            files.extend(part.files.iter().cloned());
        }
        for (name, text) in [
            ("report.md", markdown::render(self, &parts)),
            ("report.html", html::render(self, &parts)?),
        ] {
            files.push(OutcomeFile {
                name: name.to_owned(),
                bytes: text.into_bytes(),
            });
        }
        Ok(files)
    }
}
