//! The data of figures as CSV (RFC 4180, LF line ends): units in the header, numbers the
//! shortest text that reads back as the same f64, nothing where a value is missing.

use super::super::{OutcomeFile, Quantity, ReportProblem, Training, csv as report_csv};
use super::{Figure, Mark, Points, grid, histogram};

const NAME: &str = "the data of a figure";

/// Adds the data of a figure: `stem.csv`, or one file for each part of a grid.
pub(super) fn files(
    figure: &Figure,
    stem: &str,
    files: &mut Vec<OutcomeFile>,
) -> Result<(), ReportProblem> {
    let bytes = match figure {
        Figure::Bars(bars) => points(&bars.data)?,
        Figure::Lines(data) | Figure::Scatter(data) | Figure::Boxes(data) => {
            points(data)?
        }
        Figure::Histogram(one) => {
            let [from, to] = ["from", "to"].map(|what| one.of.with_unit(what));
            let bins = histogram::bins(one);
            let rows = bins.iter().map(|bin| {
                let [from, to] = [bin.from, bin.to].map(number);
                vec![from, to, bin.count.to_string()]
            });
            table(&[from, to, "count".to_owned()], rows)?
        }
        Figure::Heatmap(map) => {
            let header = [&map.x, &map.y, &map.value].map(column);
            let rows = map
                .cells
                .iter()
                .map(|one| vec![mark(&one.x), mark(&one.y), value(one.value)]);
            table(&header, rows)?
        }
        Figure::PeriodicTable(all) => {
            let header = ["element".to_owned(), column(&all.value)];
            let rows = all
                .elements
                .iter()
                .map(|(element, x)| vec![element.symbol().to_owned(), value(*x)]);
            table(&header, rows)?
        }
        Figure::Parity(one) => report_csv::predictions(&one.target, &one.rows)?,
        Figure::LearningCurve(training) => losses(training)?,
        Figure::Grid(grid) => {
            for (number, part) in grid.figures.iter().enumerate() {
                let letter = grid::letter(number);
                self::files(part, &format!("{stem}_{letter}"), files)?;
            }
            return Ok(());
        }
    };
    files.push(OutcomeFile {
        name: format!("{stem}.csv"),
        bytes,
    });
    Ok(())
}

fn points(data: &Points) -> Result<Vec<u8>, ReportProblem> {
    let mut header = vec![column(&data.x), column(&data.y)];
    header.extend(data.by.as_ref().map(column));
    let rows = data.points.iter().map(|one| {
        let mut row = vec![mark(&one.x), value(one.y)];
        row.extend(data.by.as_ref().map(|_| one.series.clone()));
        row
    });
    table(&header, rows)
}

fn losses(training: &Training) -> Result<Vec<u8>, ReportProblem> {
    let header = ["epoch", "train", "val"].map(str::to_owned);
    let rows = training
        .history
        .iter()
        .map(|one| vec![one.epoch.to_string(), number(one.train), value(one.val)]);
    table(&header, rows)
}

fn table(
    header: &[String],
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<Vec<u8>, ReportProblem> {
    let problem = |e: csv::Error| ReportProblem::compose(NAME, e);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).map_err(problem)?;
    for row in rows {
        writer.write_record(&row).map_err(problem)?;
    }
    writer
        .into_inner()
        .map_err(|e| ReportProblem::compose(NAME, e))
}

fn column(quantity: &Quantity) -> String {
    quantity.with_unit(&quantity.name)
}

fn mark(mark: &Mark) -> String {
    match mark {
        Mark::Number(x) => number(*x),
        Mark::Name(name) => name.clone(),
        Mark::Missing => String::new(),
    }
}

fn value(x: Option<f64>) -> String {
    x.map(number).unwrap_or_default()
}

/// Whole numbers without a point: most are counts.
fn number(x: f64) -> String {
    if x.fract() == 0.0 && x.abs() < 1e15 {
        return format!("{x}");
    }
    format!("{x:?}")
}
