//! The parts a document is set from: every section comes apart into texts, tables and
//! figures, numbered and captioned, with their files.

use super::super::plot::{Figure, Mark, Parity, shown, table_csv};
use super::super::{
    OutcomeFile, Quantity, ReportProblem, StudyReport, html, score_splits,
};
use super::{Content, Document, Origin, Table};

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

/// The parts of a document, in order.
pub(super) fn of(document: &Document) -> Result<Vec<Part<'_>>, ReportProblem> {
    let mut maker = Maker {
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
    Ok(maker.parts)
}

struct Maker<'a> {
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
        let body = Body::Figure {
            number: self.figures,
            said: figure.said(),
            svg: figure.svg()?,
            stem: stem.clone(),
        };
        self.push(body, origin, figure.files(&stem)?);
        Ok(())
    }

    fn table(
        &mut self,
        table: &Table,
        origin: Option<&'a Origin>,
    ) -> Result<(), ReportProblem> {
        self.files += 1;
        self.tables += 1;
        let stem = format!("{:02}_table", self.files);
        let bytes = table_csv(&table.columns, &table.rows)?;
        let name = format!("{stem}.csv");
        let (rows, numbers) = set(table);
        let body = Body::Table {
            number: self.tables,
            titles: table
                .columns
                .iter()
                .map(|one| one.with_unit(&one.name))
                .collect(),
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
        let column = |name: &str, unit: &str| Quantity::new(name, unit);
        let columns = vec![
            column("split", ""),
            column("rows", ""),
            column("RMSE", unit),
            column("MAE", unit),
            column("R²", ""),
            column("largest error", unit),
        ];
        let rows = scores.iter().map(|one| {
            let scores = &one.scores;
            let number = Mark::Number;
            vec![
                Mark::Name(one.split.as_str().to_owned()),
                number(scores.n as f64),
                number(scores.rmse),
                number(scores.mae),
                scores.r2.map_or(Mark::Missing, Mark::Number),
                number(scores.max_error),
            ]
        });
        let table = Table {
            columns,
            rows: rows.collect(),
        };
        let doc = match study.doc.is_empty() {
            true => String::new(),
            false => format!("{}\n\n", study.doc),
        };
        self.text(&format!("{doc}{}", html::headline(study, focus)), origin);
        self.table(&table, origin)?;
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
fn set(table: &Table) -> (Vec<Vec<String>>, Vec<bool>) {
    let mut columns = Vec::new();
    let mut numbers = Vec::new();
    for at in 0..table.columns.len() {
        let cells: Vec<&Mark> = table
            .rows
            .iter()
            .map(|row| row.get(at).unwrap_or(&Mark::Missing))
            .collect();
        numbers.push(!cells.iter().any(|cell| matches!(cell, Mark::Name(_))));
        columns.push(shown(&cells).into_iter());
    }
    let rows = table.rows.iter().map(|_| {
        let row = columns
            .iter_mut()
            .map(|column| column.next().unwrap_or_default());
        row.collect()
    });
    (rows.collect(), numbers)
}
