//! The periodic table as a map of values: all 118 elements in eighteen groups, the f-block
//! in two rows below; the bar of colours stands where the table leaves room.

use std::collections::BTreeMap;

use super::super::ReportProblem;
use super::super::figure::{
    self, Axis, Drawing, Frame, Pen, Side, TITLE, colour, fitted, width,
};
use super::chart::gradient;
use super::heatmap::share;
use super::{PeriodicTable, colours, drawn, marks};
use crate::chem::Element;

/// A cell's width and height, and the room between the table and the f-block.
const CELL: (i32, i32) = (128, 132);
const APART: i32 = 46;
const MARGIN: i32 = 30;
/// Sizes of the atomic number, the symbol and the value.
const NUMBER: f64 = 22.0;
const SYMBOL: f64 = 46.0;
const VALUE: f64 = 30.0;
const LEAST: f64 = 20.0;
const NOTE: f64 = 30.0;
/// Values that span more than this many decades are coloured by their logarithm.
const DECADES: f64 = 2.0;

/// Row and column of an element, both from 0; rows 7 and 8 are the f-block.
fn place(element: Element) -> (i32, i32) {
    let z = i32::from(element.z());
    match z {
        1 => (0, 0),
        2 => (0, 17),
        57..=71 => (7, z - 55),
        89..=103 => (8, z - 87),
        _ => {
            // The last element of each period before, and whether the period has a gap.
            let (row, last) = match z {
                3..=10 => (1, 2),
                11..=18 => (2, 10),
                19..=36 => (3, 18),
                37..=54 => (4, 36),
                55..=86 => (5, 54),
                _ => (6, 86),
            };
            let at = z - last;
            let column = match (row, at) {
                (_, 1 | 2) => at - 1,
                (1 | 2, _) => at + 9,
                (3 | 4, _) => at - 1,
                // Fourteen of the f-block and the one in its group's place.
                _ => at - 15,
            };
            (row, column)
        }
    }
}

/// What the values are coloured by.
struct Colours {
    axis: Axis,
    log: bool,
}

impl Colours {
    fn of(values: &[f64]) -> Option<Colours> {
        let (low, high) = marks::range(values.iter().copied())?;
        let log = low > 0.0 && libm::log10(high) - libm::log10(low) > DECADES;
        let axis = match log {
            true => Axis::log(low, high, 0.0),
            // Counts begin at none, unless all lie far above it.
            false if low > 0.0 && low < 0.5 * high => Axis::linear(0.0, high, 0.0, 5),
            false => Axis::linear(low, high, 0.0, 5),
        };
        Some(Colours { axis, log })
    }

    fn share(&self, value: f64) -> f64 {
        let value = if self.log { libm::log10(value) } else { value };
        share(&self.axis, value)
    }
}

/// The periodic table as a figure.
pub(super) fn draw(table: &PeriodicTable, said: &str) -> Result<Drawing, ReportProblem> {
    let mut values: BTreeMap<Element, Option<f64>> = BTreeMap::new();
    for (element, value) in &table.elements {
        if values.insert(*element, drawn(*value)).is_some() {
            let x = element.symbol().to_owned();
            let by = String::new();
            return Err(ReportProblem::Twice {
                what: "cell",
                x,
                by,
            });
        }
    }
    let known: Vec<f64> = values.values().copied().flatten().collect();
    let colours = Colours::of(&known);
    let texts: BTreeMap<Element, String> = values
        .iter()
        .filter_map(|(element, value)| value.map(|_| *element))
        .zip(marks::alike(&known))
        .collect();
    let fit = table
        .elements
        .iter()
        .map(|(_, value)| drawn(*value).is_some());
    let note = marks::omission(fit, "value");

    let (cell_wide, cell_high) = CELL;
    let wide = 2 * MARGIN + 18 * cell_wide;
    let table_high = 2 * MARGIN + 9 * cell_high + APART;
    let high = table_high + if note.is_some() { 44 } else { 0 };
    let size = (wide.unsigned_abs(), high.unsigned_abs());
    figure::draw("periodic_table", said, size, |pen| {
        for element in Element::all() {
            let value = values.get(&element).copied().flatten();
            let share = value.and_then(|x| {
                Some((texts.get(&element)?.as_str(), colours.as_ref()?.share(x)))
            });
            draw_element(pen, element, share)?;
        }
        for (row, text) in [(5, "57–71"), (6, "89–103")] {
            let frame = cell(row, 2);
            pen.rectangle(frame, None, Some((colour::GRID, 2)))?;
            pen.text(text, middle(frame), Side::Middle, 26.0, colour::SOFT, false)?;
        }
        match &colours {
            Some(colours) => draw_bar(pen, table, colours)?,
            None => {
                let spot = (bar().left, bar().top - 34);
                let text = format!("{}: no data", table.value.title());
                pen.text(&text, spot, Side::Right, TITLE, colour::SOFT, false)?;
            }
        }
        if let Some(note) = &note {
            let text = fitted(note, NOTE, f64::from(wide - 2 * MARGIN));
            let spot = (MARGIN, table_high);
            pen.text(&text, spot, Side::Right, NOTE, colour::SOFT, false)?;
        }
        Ok(())
    })
}

/// The frame of a cell, a little apart from its neighbours.
fn cell(row: i32, column: i32) -> Frame {
    let (wide, high) = CELL;
    let below = if row > 6 { APART } else { 0 };
    let (left, top) = (MARGIN + column * wide, MARGIN + row * high + below);
    Frame {
        left: left + 3,
        top: top + 3,
        right: left + wide - 3,
        bottom: top + high - 3,
    }
}

fn middle(frame: Frame) -> (i32, i32) {
    (
        (frame.left + frame.right) / 2,
        (frame.top + frame.bottom) / 2,
    )
}

fn draw_element(
    pen: &Pen<'_>,
    element: Element,
    value: Option<(&str, f64)>,
) -> Result<(), ReportProblem> {
    let (row, column) = place(element);
    let frame = cell(row, column);
    let (x, _) = middle(frame);
    let (paint, ink) = match value {
        Some((_, share)) => {
            let paint = colours::of_share(share);
            (Some(paint), colours::ink_on(paint))
        }
        None => (None, colour::FAINT),
    };
    let edge = paint.is_none().then_some((colour::GRID, 2));
    pen.rectangle(frame, paint, edge)?;
    let number = element.z().to_string();
    let corner = (frame.left + 9, frame.top + 20);
    pen.text(&number, corner, Side::Right, NUMBER, ink, false)?;
    let spot = (x, frame.top + if value.is_some() { 60 } else { 70 });
    pen.text(element.symbol(), spot, Side::Middle, SYMBOL, ink, true)?;
    let Some((text, _)) = value else {
        return Ok(());
    };
    let room = f64::from(frame.right - frame.left - 10);
    let size = (VALUE * room / width(text, VALUE)).clamp(LEAST, VALUE);
    let text = fitted(text, size, room);
    let spot = (x, frame.bottom - 24);
    pen.text(&text, spot, Side::Middle, size, ink, false)
}

/// Where the bar of colours stands: above the transition metals.
fn bar() -> Frame {
    let first = cell(1, 3);
    let last = cell(1, 10);
    Frame {
        left: first.left,
        top: first.top - 18,
        right: last.right,
        bottom: first.top + 26,
    }
}

fn draw_bar(
    pen: &Pen<'_>,
    table: &PeriodicTable,
    colours: &Colours,
) -> Result<(), ReportProblem> {
    let bar = bar();
    gradient(pen, bar, false)?;
    let axis = &colours.axis;
    let mut free = i32::MIN;
    for (value, label) in &axis.ticks {
        let at = axis.along(*value, bar.left, bar.right);
        pen.line(&[(at, bar.bottom), (at, bar.bottom + 10)], colour::INK, 3)?;
        let half = (width(label, VALUE) / 2.0).ceil() as i32;
        if at - half > free {
            let spot = (at, bar.bottom + 36);
            pen.text(label, spot, Side::Middle, VALUE, colour::INK, false)?;
            free = at + half + 14;
        }
    }
    let scale = if colours.log {
        ", logarithmic scale"
    } else {
        ""
    };
    let title = format!("{}{scale}", table.value.title());
    let room = f64::from(bar.right - bar.left);
    let size = (TITLE * room / width(&title, TITLE)).clamp(0.7 * TITLE, TITLE);
    let title = fitted(&title, size, room);
    let spot = ((bar.left + bar.right) / 2, bar.top - 34);
    pen.text(&title, spot, Side::Middle, size, colour::INK, false)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_element_has_its_own_cell_in_its_group() {
        let of = |symbol: &str| place(symbol.parse().unwrap());
        for (symbol, at) in [
            ("H", (0, 0)),
            ("He", (0, 17)),
            ("Li", (1, 0)),
            ("B", (1, 12)),
            ("Ne", (1, 17)),
            ("Al", (2, 12)),
            ("Sc", (3, 2)),
            ("Zn", (3, 11)),
            ("Kr", (3, 17)),
            ("Ag", (4, 10)),
            ("Ba", (5, 1)),
            ("Hf", (5, 3)),
            ("Au", (5, 10)),
            ("Rn", (5, 17)),
            ("Ra", (6, 1)),
            ("Rf", (6, 3)),
            ("Og", (6, 17)),
            ("La", (7, 2)),
            ("Lu", (7, 16)),
            ("Ac", (8, 2)),
            ("U", (8, 5)),
            ("Lr", (8, 16)),
        ] {
            assert_eq!(of(symbol), at, "{symbol}");
        }
        let places: BTreeSet<_> = Element::all().map(place).collect();
        assert_eq!(places.len(), 118);
        assert!(!places.contains(&(5, 2)) && !places.contains(&(6, 2)));
    }
}
