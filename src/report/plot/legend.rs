//! Legends: rows of keys above the frame, where nothing drawn can be covered.

use plotters::style::RGBColor;

use super::super::ReportProblem;
use super::super::figure::{Marker, Pen, Side, TEXT, colour, fitted, width};

/// One entry.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub text: String,
    pub key: Key,
}

/// What stands before an entry's text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Key {
    /// Nothing: the text says what the entries are.
    None,
    Patch(RGBColor),
    Mark(RGBColor, Marker),
    Line(RGBColor, Marker),
}

impl Key {
    fn width(self) -> i32 {
        match self {
            Key::None => 0,
            Key::Patch(_) => 34,
            Key::Mark(..) => 24,
            Key::Line(..) => 64,
        }
    }

    fn gap(self) -> i32 {
        if matches!(self, Key::None) { 0 } else { 14 }
    }
}

/// Height of a row of entries.
pub(super) const ROW: i32 = 52;
/// Entries beyond this many are counted instead of shown.
const MOST: usize = 24;
/// Room between entries.
const GAP: i32 = 44;
/// No entry's text is wider.
const WIDEST: f64 = 560.0;

/// The legend of series: the name of what tells them apart, then each with its key.
pub(super) fn of_series<'a>(
    by: &str,
    names: impl Iterator<Item = &'a str>,
    key: impl Fn(usize) -> Key,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    if !by.is_empty() {
        let (text, key) = (format!("{by}:"), Key::None);
        entries.push(Entry { text, key });
    }
    let names: Vec<&str> = names.collect();
    let shown = if names.len() > MOST {
        MOST - 1
    } else {
        names.len()
    };
    for (number, name) in names.iter().enumerate().take(shown) {
        let text = fitted(name, TEXT, WIDEST);
        let key = key(number);
        entries.push(Entry { text, key });
    }
    if names.len() > shown {
        let text = format!("and {} more", names.len() - shown);
        entries.push(Entry {
            text,
            key: Key::None,
        });
    }
    entries
}

/// Where each entry begins: its row and x, flowing from `left` to `right`.
pub(super) fn places(entries: &[Entry], left: i32, right: i32) -> Vec<(i32, i32)> {
    let (mut row, mut x) = (0, left);
    let mut places = Vec::new();
    for entry in entries {
        let wide = extent(entry);
        if x > left && x + wide > right {
            row += 1;
            x = left;
        }
        places.push((row, x));
        x += wide + GAP;
    }
    places
}

/// Other fonts may be a little wider than ours.
fn extent(entry: &Entry) -> i32 {
    let text = (1.04 * width(&entry.text, TEXT)).round() as i32;
    entry.key.width() + entry.key.gap() + text
}

/// Draws the entries, the middle of the first row at `top`.
pub(super) fn draw(
    pen: &Pen<'_>,
    entries: &[Entry],
    places: &[(i32, i32)],
    top: i32,
) -> Result<(), ReportProblem> {
    for (entry, (row, x)) in entries.iter().zip(places) {
        let y = top + row * ROW;
        let wide = entry.key.width();
        let middle = (x + wide / 2, y);
        let text_colour = match entry.key {
            Key::None => colour::SOFT,
            Key::Patch(paint) => {
                pen.patch([(*x, y - 15), (x + wide, y + 15)], paint)?;
                colour::INK
            }
            Key::Mark(paint, marker) => {
                pen.marker(middle, marker, paint, 11)?;
                colour::INK
            }
            Key::Line(paint, marker) => {
                pen.line(&[(*x, y), (x + wide, y)], paint, 6)?;
                pen.marker(middle, marker, paint, 11)?;
                colour::INK
            }
        };
        let spot = (x + wide + entry.key.gap(), y);
        pen.text(&entry.text, spot, Side::Right, TEXT, text_colour, false)?;
    }
    Ok(())
}
