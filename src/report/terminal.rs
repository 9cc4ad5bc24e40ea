//! The result table in the terminal. In: a report. Out: lines of text: scores of each
//! split, and the baseline below a rule.

use super::numbers::{count, r2, significant};
use super::{ReportProblem, Scores, StudyReport, score_splits, sentences};

/// What the terminal can show; the caller knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether bold and dim may be used.
    pub colour: bool,
    /// Whether lines may be drawn with box characters; ASCII otherwise.
    pub unicode: bool,
}

const COLUMNS: usize = 6;
type Row = [String; COLUMNS];

/// Where a rule stands.
#[derive(Clone, Copy)]
enum Rule {
    Top,
    Middle,
    Bottom,
}

/// The table of a study, each line ended.
///
/// # Errors
/// The rows cannot be scored.
pub fn result_table(report: &StudyReport, look: Look) -> Result<String, ReportProblem> {
    let scores = score_splits(&report.predictions)?;
    let head: Row = ["split", "rows", "RMSE", "MAE", "R²", "max error"]
        .map(|title| plain(title.to_owned(), look));
    let row = |name: &str, s: &Scores| -> Row {
        let cells = [
            name.to_owned(),
            count(s.n as u64),
            significant(s.rmse),
            significant(s.mae),
            r2(s.r2),
            significant(s.max_error),
        ];
        cells.map(|cell| plain(cell, look))
    };
    let splits: Vec<Row> = scores
        .iter()
        .map(|one| row(one.split.as_str(), &one.scores))
        .collect();
    let last = scores.last();
    let baseline = last.map(|one| {
        row(
            &format!("{} by the mean of train", one.split.as_str()),
            &one.baseline,
        )
    });

    let mut widths = [0; COLUMNS];
    for cells in splits.iter().chain(&baseline).chain([&head]) {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = (*width).max(cell.chars().count());
        }
    }

    let title = report.target.with_unit(&report.target.name);
    let mut lines = vec![bold(&format!("{}: {title}", report.study), look)];
    lines.push(rule(Rule::Top, &widths, look));
    lines.push(line(sides(&head), &widths, look, bold));
    lines.push(rule(Rule::Middle, &widths, look));
    lines.extend(
        splits
            .iter()
            .map(|cells| line(sides(cells), &widths, look, as_is)),
    );
    if let Some(cells) = &baseline {
        lines.push(rule(Rule::Middle, &widths, look));
        lines.push(line(sides(cells), &widths, look, dim));
    }
    lines.push(rule(Rule::Bottom, &widths, look));
    lines.extend(sentences(report).into_iter().map(|line| plain(line, look)));
    Ok(lines.join("\n") + "\n")
}

/// The text in the characters the terminal has.
pub(super) fn plain(text: String, look: Look) -> String {
    if look.unicode {
        return text;
    }
    text.replace('²', "2")
        .replace('–', "-")
        .replace('\u{202f}', " ")
}

/// Columns, each with its head first, numbers set to the right: lines of text.
pub(super) fn grid(columns: &[(bool, Vec<String>)], look: Look) -> String {
    let cells: Vec<(bool, Vec<String>)> = columns
        .iter()
        .map(|(right, cells)| {
            let cells = cells
                .iter()
                .map(|cell| plain(cell.replace('\n', " "), look));
            (*right, cells.collect())
        })
        .collect();
    let width = |cells: &[String]| cells.iter().map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = cells
        .iter()
        .map(|(_, cells)| width(cells).unwrap_or(0))
        .collect();
    let rows = cells
        .iter()
        .map(|(_, cells)| cells.len())
        .max()
        .unwrap_or(0);
    let mut lines = vec![rule(Rule::Top, &widths, look)];
    for at in 0..rows {
        let row = cells
            .iter()
            .map(|(right, cells)| (*right, cells.get(at).map_or("", String::as_str)));
        let dress = if at == 0 { bold } else { as_is };
        lines.push(line(row, &widths, look, dress));
        if at == 0 {
            lines.push(rule(Rule::Middle, &widths, look));
        }
    }
    lines.push(rule(Rule::Bottom, &widths, look));
    lines.join("\n") + "\n"
}

fn rule(place: Rule, widths: &[usize], look: Look) -> String {
    let [left, cross, right] = match (look.unicode, place) {
        (false, _) => ["+", "+", "+"],
        (true, Rule::Top) => ["┌", "┬", "┐"],
        (true, Rule::Middle) => ["├", "┼", "┤"],
        (true, Rule::Bottom) => ["└", "┴", "┘"],
    };
    let dash = if look.unicode { "─" } else { "-" };
    let parts: Vec<String> = widths.iter().map(|width| dash.repeat(width + 2)).collect();
    format!("{left}{}{right}", parts.join(cross))
}

/// Names to the left, numbers to the right.
fn line<'t>(
    cells: impl Iterator<Item = (bool, &'t str)>,
    widths: &[usize],
    look: Look,
    dress: fn(&str, Look) -> String,
) -> String {
    let bar = if look.unicode { "│" } else { "|" };
    let mut text = bar.to_owned();
    for ((right, cell), width) in cells.zip(widths) {
        let padded = if right {
            format!("{cell:>width$}")
        } else {
            format!("{cell:<width$}")
        };
        text += &format!(" {} {bar}", dress(&padded, look));
    }
    text
}

/// The cells of a row of scores: the first names it, the rest are numbers.
fn sides(row: &Row) -> impl Iterator<Item = (bool, &str)> {
    row.iter()
        .enumerate()
        .map(|(at, cell)| (at > 0, cell.as_str()))
}

fn as_is(text: &str, _look: Look) -> String {
    text.to_owned()
}

pub(super) fn bold(text: &str, look: Look) -> String {
    if look.colour {
        format!("\x1b[1m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

fn dim(text: &str, look: Look) -> String {
    if look.colour {
        format!("\x1b[2m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}
