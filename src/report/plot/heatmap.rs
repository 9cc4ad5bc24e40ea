//! Heat maps: a cell for each pair of x and y, coloured by its value and annotated with it
//! where there is room; a bar says what the colours mean.

use indexmap::IndexMap;

use super::super::ReportProblem;
use super::super::figure::{Axis, Drawing, Frame, Pen, Side, TEXT, colour, width};
use super::chart::{Chart, ColourBar, Scale, slot};
use super::marks::{self, Categories};
use super::{Heatmap, colours, drawn};

/// Annotations are not set smaller.
const LEAST: f64 = 18.0;
/// Height of a row of cells, and of all.
const CELL: i32 = 130;
const HIGHEST: i32 = 1300;

/// The heat map as a figure.
pub(super) fn draw(map: &Heatmap, said: &str) -> Result<Drawing, ReportProblem> {
    let columns = Categories::of(map.cells.iter().map(|one| &one.x));
    let rows = Categories::of(map.cells.iter().map(|one| &one.y));
    let mut cells: IndexMap<(usize, usize), Option<f64>> = IndexMap::new();
    for one in &map.cells {
        let (Some(column), Some(row)) = (columns.number(&one.x), rows.number(&one.y))
        else {
            continue;
        };
        // Numbers rise upwards, names read downwards.
        let row = if rows.numbers {
            rows.len() - 1 - row
        } else {
            row
        };
        if cells.insert((column, row), drawn(one.value)).is_some() {
            let (x, by) = (marks::label(&one.x), marks::label(&one.y));
            return Err(ReportProblem::Twice {
                what: "cell",
                x,
                by,
            });
        }
    }
    let range = marks::range(cells.values().copied().flatten());
    let mut names = rows.labels();
    if rows.numbers {
        names.reverse();
    }
    let axis = match range {
        Some((low, high)) => Axis::linear(low, high, 0.0, 6),
        None => Axis::linear(0.0, 1.0, 0.0, 6),
    };
    let fit = map
        .cells
        .iter()
        .map(|one| one.x.drawable() && one.y.drawable() && drawn(one.value).is_some());
    let many = rows.len().max(1) as i32;
    let chart = Chart {
        name: "heatmap",
        said,
        x: Scale::Names(columns.labels()),
        y: Scale::Names(names),
        titles: [map.x.title(), map.y.title()],
        legend: Vec::new(),
        colours: range.is_some().then(|| ColourBar {
            axis: axis.clone(),
            title: map.value.title(),
        }),
        notes: marks::omission(fit, "cell").into_iter().collect(),
        high: (many.saturating_mul(CELL)).clamp(440, HIGHEST),
        empty: range.is_none(),
    };
    chart.draw(|pen, frame| {
        let painter = Painter {
            pen,
            frame,
            axis: &axis,
            columns: columns.len(),
            rows: rows.len(),
        };
        painter.all(&cells)
    })
}

struct Painter<'a, 'b> {
    pen: &'a Pen<'b>,
    frame: Frame,
    axis: &'a Axis,
    columns: usize,
    rows: usize,
}

impl Painter<'_, '_> {
    fn all(
        &self,
        cells: &IndexMap<(usize, usize), Option<f64>>,
    ) -> Result<(), ReportProblem> {
        let values: Vec<f64> = cells.values().copied().flatten().collect();
        let texts = marks::alike(&values);
        let size = self.size(&texts);
        let mut texts = texts.iter();
        let apart = self.high() > 40 && self.wide() > 40;
        for ((column, row), value) in cells {
            let Frame {
                left,
                top,
                right,
                bottom,
            } = self.cell(*column, *row);
            let gap = if apart { 2 } else { 0 };
            let corners = [(left + gap, top + gap), (right - gap, bottom - gap)];
            let middle = ((left + right) / 2, (top + bottom) / 2);
            let Some(value) = value else {
                self.pen.patch(corners, colour::GRID)?;
                if apart {
                    self.pen.text(
                        "–",
                        middle,
                        Side::Middle,
                        TEXT,
                        colour::SOFT,
                        false,
                    )?;
                }
                continue;
            };
            let paint = colours::of_share(share(self.axis, *value));
            self.pen.patch(corners, paint)?;
            let text = texts.next();
            if let (Some(size), Some(text)) = (size, text) {
                let ink = colours::ink_on(paint);
                self.pen
                    .text(text, middle, Side::Middle, size, ink, false)?;
            }
        }
        Ok(())
    }

    fn cell(&self, column: usize, row: usize) -> Frame {
        let (left, right) = slot(column, self.columns, self.frame.left, self.frame.right);
        let (top, bottom) = slot(row, self.rows, self.frame.top, self.frame.bottom);
        Frame {
            left,
            top,
            right,
            bottom,
        }
    }

    fn wide(&self) -> i32 {
        (self.frame.right - self.frame.left) / self.columns.max(1) as i32
    }

    fn high(&self) -> i32 {
        (self.frame.bottom - self.frame.top) / self.rows.max(1) as i32
    }

    /// The size of all annotations, if they fit.
    fn size(&self, texts: &[String]) -> Option<f64> {
        let widest = texts
            .iter()
            .map(|text| width(text, TEXT))
            .fold(1.0, f64::max);
        let by_width = TEXT * (f64::from(self.wide()) - 16.0) / widest;
        let by_height = 0.7 * f64::from(self.high());
        let size = by_width.min(by_height).min(TEXT);
        (size >= LEAST).then_some(size)
    }
}

/// The share of an axis that lies below a value.
pub(super) fn share(axis: &Axis, value: f64) -> f64 {
    (value - axis.low) / (axis.high - axis.low)
}
