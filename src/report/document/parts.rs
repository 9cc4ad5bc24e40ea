//! The parts a document is set from: every section comes apart into texts, tables and
//! figures, numbered and captioned, with their files.

use std::collections::BTreeMap;

use super::super::plot::{Figure, Parity, alike};
use super::super::{
    OutcomeFile, PlainCell, PlainColumn, PlainTable, ReportProblem, Scores, SplitScores,
    StudyReport, html, score_splits, sentences, table_csv,
};
use super::{Content, Document, Origin};

/// One part.
pub(super) struct Part<'a> {
    /// The heading of its section, before the section's first part.
    pub heading: &'a str,
    pub body: Body,
    pub origin: Option<&'a Origin>,
    pub files: Vec<OutcomeFile>,
}

/// What a part shows.
pub(super) enum Body {
    Text(String),
    Figure {
        number: usize,
        said: String,
        svg: String,
        stem: String,
    },
    Table {
        number: usize,
        titles: Vec<String>,
        /// Whether a column holds numbers.
        numbers: Vec<bool>,
        rows: Vec<Vec<String>>,
    },
}

/// The parts of a document, in order; their figures drawn where files are wanted.
pub(super) fn of(
    document: &Document,
    drawn: bool,
) -> Result<Vec<Part<'_>>, ReportProblem> {
    let mut maker = Maker {
        drawn,
        parts: Vec::new(),
        files: 0,
        figures: 0,
        tables: 0,
    };
    for section in &document.sections {
        let origin = section.origin.as_ref();
        let before = maker.parts.len();
        match &section.content {
            Content::Text(text) => maker.text(text, origin),
            Content::Table(table) => maker.table(table, origin)?,
            Content::Figure(figure) => maker.figure(figure, origin)?,
            Content::Study(study) => maker.study(study, origin)?,
        }
        if let Some(first) = maker.parts.get_mut(before) {
            first.heading = match &section.content {
                Content::Study(study) if section.title.is_empty() => &study.study,
                _ => &section.title,
            };
        }
    }
    tell_apart(&mut maker.parts);
    Ok(maker.parts)
}

/// Figures that would be called the same are told apart by their lines in the script.
fn tell_apart(parts: &mut [Part<'_>]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for part in parts.iter() {
        if let Body::Figure { said, .. } = &part.body {
            *seen.entry(said.clone()).or_default() += 1;
        }
    }
    for part in parts {
        let lines = part.origin.and_then(|origin| origin.lines);
        if let (Body::Figure { said, .. }, Some(lines)) = (&mut part.body, lines)
            && seen.get(said).is_some_and(|count| *count > 1)
        {
            *said = match lines {
                (first, last) if first == last => format!("{said} (script line {first})"),
                (first, last) => format!("{said} (script lines {first} to {last})"),
            };
        }
    }
}

struct Maker<'a> {
    drawn: bool,
    parts: Vec<Part<'a>>,
    files: usize,
    figures: usize,
    tables: usize,
}

impl<'a> Maker<'a> {
    fn push(&mut self, body: Body, origin: Option<&'a Origin>, files: Vec<OutcomeFile>) {
        let heading = "";
        self.parts.push(Part {
            heading,
            body,
            origin,
            files,
        });
    }

    fn text(&mut self, text: &str, origin: Option<&'a Origin>) {
        self.push(Body::Text(text.to_owned()), origin, Vec::new());
    }

    fn figure(
        &mut self,
        figure: &Figure,
        origin: Option<&'a Origin>,
    ) -> Result<(), ReportProblem> {
        self.files += 1;
        self.figures += 1;
        let stem = format!("{:02}_{}", self.files, figure.kind());
        let (svg, files) = match self.drawn {
            true => (figure.svg()?, figure.files(&stem)?),
            false => Default::default(),
        };
        let body = Body::Figure {
            number: self.figures,
            said: figure.said(),
            svg,
            stem,
        };
        self.push(body, origin, files);
        Ok(())
    }

    fn table(
        &mut self,
        table: &PlainTable,
        origin: Option<&'a Origin>,
    ) -> Result<(), ReportProblem> {
        self.files += 1;
        self.tables += 1;
        let stem = format!("{:02}_table", self.files);
        let bytes = table_csv(table)?;
        let name = format!("{stem}.csv");
        let (rows, numbers) = set(table);
        let body = Body::Table {
            number: self.tables,
            titles: table.columns.iter().map(PlainColumn::head).collect(),
            numbers,
            rows,
        };
        self.push(body, origin, vec![OutcomeFile { name, bytes }]);
        Ok(())
    }

    fn study(
        &mut self,
        study: &StudyReport,
        origin: Option<&'a Origin>,
    ) -> Result<(), ReportProblem> {
        let scores = score_splits(&study.predictions)?;
        let Some(focus) = scores.last() else {
            return Err(ReportProblem::NoRows);
        };
        let unit = &study.target.unit;
        let column = |name: &str, unit: &str, cells| PlainColumn {
            name: name.to_owned(),
            unit: unit.to_owned(),
            cells,
        };
        let numbers = |of: fn(&Scores) -> Option<f64>| {
            let cell = |one: &SplitScores| {
                of(&one.scores).map_or(PlainCell::Missing, PlainCell::Number)
            };
            scores.iter().map(cell).collect()
        };
        let names = scores.iter().map(|one| one.split.as_str().to_owned());
        let table = PlainTable {
            columns: vec![
                column("split", "", names.map(PlainCell::Text).collect()),
                column("rows", "", numbers(|one| Some(one.n as f64))),
                column("RMSE", unit, numbers(|one| Some(one.rmse))),
                column("MAE", unit, numbers(|one| Some(one.mae))),
                column("R²", "", numbers(|one| one.r2)),
                column("largest error", unit, numbers(|one| Some(one.max_error))),
            ],
        };
        let doc = match study.doc.is_empty() {
            true => String::new(),
            false => format!("{}\n\n", study.doc),
        };
        self.text(&format!("{doc}{}", html::headline(study, focus)), origin);
        self.table(&table, origin)?;
        let shares = sentences(study);
        if !shares.is_empty() {
            self.text(&format!("{}.", shares.join("; ")), origin);
        }
        let parity = Figure::Parity(Parity {
            target: study.target.clone(),
            rows: study.predictions.clone(),
            title: study.study.clone(),
        });
        self.figure(&parity, origin)?;
        if study.training.history.is_empty() {
            return Ok(());
        }
        self.figure(&Figure::LearningCurve(study.training.clone()), origin)
    }
}

/// The cells as texts, numbers of a column with digits alike, and which columns hold
/// numbers only.
fn set(table: &PlainTable) -> (Vec<Vec<String>>, Vec<bool>) {
    let mut columns = Vec::new();
    for column in &table.columns {
        columns.push(texts(&column.cells).into_iter());
    }
    let rows = (0..table.rows()).map(|_| {
        let row = columns
            .iter_mut()
            .map(|column| column.next().unwrap_or_default());
        row.collect()
    });
    let rows = rows.collect();
    let numbers = table.columns.iter().map(PlainTable::numeric);
    (rows, numbers.collect())
}

fn texts(cells: &[PlainCell]) -> Vec<String> {
    let numbers = cells.iter().filter_map(|cell| match cell {
        PlainCell::Number(x) => Some(*x),
        _ => None,
    });
    let numbers: Vec<f64> = numbers.collect();
    let mut numbers = alike(&numbers).into_iter();
    let text = |cell: &PlainCell| match cell {
        PlainCell::Number(_) => numbers.next().unwrap_or_default(),
        other => other.said(),
    };
    cells.iter().map(text).collect()
}
