//! Figures as plain data: what a figure shows comes in, SVG, PNG and CSV go out, the same
//! bytes for the same data. What cannot be drawn (a value that is missing or not finite)
//! is left out and told in a line below the figure.

mod bars;
mod boxes;
mod chart;
mod colours;
mod data;
mod grid;
mod heatmap;
mod histogram;
mod legend;
mod marks;
mod periodic;
mod points;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub(super) use marks::alike;
pub use marks::number;

use super::figure::Drawing;
use super::{
    OutcomeFile, Prediction, Quantity, ReportProblem, Training, curve, parity,
    score_splits, to_png,
};
use crate::chem::Element;

/// A figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "figure", rename_all = "snake_case")]
pub enum Figure {
    /// A bar for each row, or a group of bars for each x.
    Bars(Bars),
    /// How often values fall into ranges of equal width.
    Histogram(Histogram),
    /// Lines through the rows of each series, by ascending x.
    Lines(Points),
    /// A mark for each row.
    Scatter(Points),
    /// For each x the quartiles of its rows, and the rows far from them.
    Boxes(Points),
    /// A coloured and annotated cell for each pair of x and y.
    Heatmap(Heatmap),
    /// A value for each element, over the whole periodic table.
    PeriodicTable(PeriodicTable),
    /// Predicted against actual values.
    Parity(Parity),
    /// Losses by epoch.
    LearningCurve(Training),
    /// Several figures in rows.
    Grid(Grid),
}

/// A place on an axis. What is not finite counts as missing, and reads back as that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Mark {
    /// A number.
    Number(f64),
    /// A name: a category.
    Name(String),
    /// Nothing: the row is not drawn.
    Missing,
}

/// One row of a figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Where it lies along x.
    pub x: Mark,
    /// Its value; what is missing or not finite is not drawn.
    pub y: Option<f64>,
    /// The series it belongs to; empty where there is one only.
    #[serde(default)]
    pub series: String,
}

/// Rows with the names of what they hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Points {
    /// What x is.
    pub x: Quantity,
    /// What y is.
    pub y: Quantity,
    /// What tells the series apart, where there are several.
    pub by: Option<Quantity>,
    /// The rows.
    pub points: Vec<Point>,
}

/// The order of bars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Numbers by size, names as the rows have them.
    #[default]
    Given,
    /// The smallest bar first.
    Ascending,
    /// The largest bar first.
    Descending,
}

/// Bars from zero; with series, those of one x side by side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bars {
    /// The rows: one for each pair of x and series.
    pub data: Points,
    /// Which bar comes first.
    pub order: Order,
}

/// Counts of values in ranges of equal width.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// What the values are.
    pub of: Quantity,
    /// The values.
    pub values: Vec<Option<f64>>,
    /// How many ranges; at least one.
    pub bins: usize,
    /// Values at which a line says which share of the values is at most as large.
    #[serde(default)]
    pub shares: Vec<f64>,
}

/// One cell of a heat map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Its column.
    pub x: Mark,
    /// Its row.
    pub y: Mark,
    /// Its value; what is missing or not finite is not coloured.
    pub value: Option<f64>,
}

/// Cells coloured by value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Heatmap {
    /// What x is.
    pub x: Quantity,
    /// What y is.
    pub y: Quantity,
    /// What the colours show.
    pub value: Quantity,
    /// The cells, at most one for each pair.
    pub cells: Vec<Cell>,
}

/// A value for some elements. A range of more than two decades has a logarithmic scale.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PeriodicTable {
    /// What the values are.
    pub value: Quantity,
    /// Element and value; each element once.
    pub elements: Vec<(Element, Option<f64>)>,
}

/// Predicted against actual values, with the scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parity {
    /// What is predicted.
    pub target: Quantity,
    /// The rows of every split.
    pub rows: Vec<Prediction>,
    /// Whose values these are; empty where that needs no saying.
    #[serde(default)]
    pub title: String,
}

/// Figures side by side, marked (a), (b) and so on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    /// The figures, row by row.
    pub figures: Vec<Figure>,
    /// How many stand side by side; at least one.
    pub columns: usize,
}

impl Mark {
    /// A number, a name, or nothing where the number is not finite.
    fn drawable(&self) -> bool {
        match self {
            Mark::Number(x) => drawable(*x),
            Mark::Name(_) => true,
            Mark::Missing => false,
        }
    }
}

/// Numbers beyond this are not drawn: differences of two would not be finite.
const FARTHEST: f64 = 1e300;

fn drawable(x: f64) -> bool {
    x.abs() <= FARTHEST
}

/// The value, where it can be drawn.
fn drawn(value: Option<f64>) -> Option<f64> {
    value.filter(|x| drawable(*x))
}

impl Figure {
    /// A word for the kind of figure, fit for a file's name.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Figure::Bars(_) => "bars",
            Figure::Histogram(_) => "histogram",
            Figure::Lines(_) => "lines",
            Figure::Scatter(_) => "scatter",
            Figure::Boxes(_) => "boxes",
            Figure::Heatmap(_) => "heatmap",
            Figure::PeriodicTable(_) => "periodic_table",
            Figure::Parity(_) => "parity",
            Figure::LearningCurve(_) => "learning_curve",
            Figure::Grid(_) => "grid",
        }
    }

    /// What the figure shows, as one sentence.
    #[must_use]
    pub fn said(&self) -> String {
        match self {
            Figure::Bars(bars) => bars.data.said("Bars"),
            Figure::Lines(points) => points.said("Lines"),
            Figure::Scatter(points) => points.said("Marks"),
            Figure::Boxes(points) => points.said("Boxes"),
            Figure::Histogram(one) => format!("Histogram of {}", one.of.name),
            Figure::Heatmap(map) => format!(
                "Heat map: {} by {} and {}",
                map.value.name, map.x.name, map.y.name
            ),
            Figure::PeriodicTable(table) => {
                format!("Periodic table: {} of each element", table.value.name)
            }
            Figure::Parity(parity) => format!(
                "Parity plot of {}: predicted against computed",
                parity.target.name
            ),
            Figure::LearningCurve(_) => "Learning curve: loss by epoch".to_owned(),
            Figure::Grid(grid) => {
                let parts: Vec<String> = grid.figures.iter().map(Figure::said).collect();
                parts.join("; ")
            }
        }
    }

    /// The figure as SVG.
    ///
    /// # Errors
    /// Two rows for one bar or cell; rows of a parity plot that cannot be scored; a loss
    /// that is not finite.
    pub fn svg(&self) -> Result<String, ReportProblem> {
        Ok(self.draw()?.svg())
    }

    /// The figure's files, `stem.svg`, `stem.png` and `stem.csv`; of a grid the data of
    /// each part by itself: `stem_a.csv`.
    ///
    /// # Errors
    /// As [`Figure::svg`].
    pub fn files(&self, stem: &str) -> Result<Vec<OutcomeFile>, ReportProblem> {
        let svg = self.svg()?;
        let file = |end: &str, bytes| OutcomeFile {
            name: format!("{stem}.{end}"),
            bytes,
        };
        let mut files = vec![file("png", to_png(&svg)?), file("svg", svg.into_bytes())];
        data::files(self, stem, &mut files)?;
        Ok(files)
    }

    fn draw(&self) -> Result<Drawing, ReportProblem> {
        let said = self.said();
        match self {
            Figure::Bars(bars) => bars::draw(bars, &said),
            Figure::Histogram(one) => histogram::draw(one, &said),
            Figure::Lines(points) => points::lines(points, &said),
            Figure::Scatter(points) => points::scatter(points, &said),
            Figure::Boxes(points) => boxes::draw(points, &said),
            Figure::Heatmap(map) => heatmap::draw(map, &said),
            Figure::PeriodicTable(table) => periodic::draw(table, &said),
            Figure::Parity(one) => {
                let scores = score_splits(&one.rows)?;
                parity::draw(&one.target, &one.rows, &scores)
            }
            Figure::LearningCurve(training) => match curve::draw(training)? {
                Some(drawing) => Ok(drawing),
                None => points::lines(&Points::of_losses(training), &said),
            },
            Figure::Grid(grid) => grid::draw(grid, &said),
        }
    }
}

impl Points {
    fn said(&self, what: &str) -> String {
        let by = match &self.by {
            Some(by) => format!(", for each {}", by.name),
            None => String::new(),
        };
        format!("{what}: {} by {}{by}", self.y.name, self.x.name)
    }

    /// The axes of a training without epochs.
    fn of_losses(training: &Training) -> Points {
        Points {
            x: Quantity::new("epoch", ""),
            y: Quantity::new(format!("loss ({})", training.loss), ""),
            ..Points::default()
        }
    }
}
