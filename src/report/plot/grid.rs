//! Grids: figures side by side in columns of equal width, each row as high as its highest,
//! with a letter above each.

use super::super::ReportProblem;
use super::super::figure::{self, Drawing, Frame, Side, TITLE, colour, fitted};
use super::chart::WIDE;
use super::{Figure, Grid};

/// Room between figures, and above each for its letter.
const GAP: i32 = 36;
const LETTER: i32 = 50;
/// No grid is wider or higher, in canvas units.
const MOST: f64 = 7600.0;

/// The letter of a part: a to z, then aa, ab and so on.
pub(super) fn letter(number: usize) -> String {
    let last = char::from(b'a' + u8::try_from(number % 26).unwrap_or_default());
    match (number / 26).checked_sub(1) {
        Some(before) => format!("{}{last}", letter(before)),
        None => last.to_string(),
    }
}

/// The grid as a figure.
pub(super) fn draw(grid: &Grid, said: &str) -> Result<Drawing, ReportProblem> {
    let mut drawings = Vec::new();
    for figure in &grid.figures {
        drawings.push(figure.draw()?);
    }
    let columns = grid.columns.clamp(1, drawings.len().max(1));
    // The largest width at which the whole stays within bounds.
    let mut wide = f64::from(WIDE);
    let (mut places, mut size) = arrange(&drawings, columns, wide);
    for _ in 0..8 {
        let over = f64::from(size.0.max(size.1)) / MOST;
        if over <= 1.0 {
            break;
        }
        wide /= over;
        (places, size) = arrange(&drawings, columns, wide);
    }
    let parts: Vec<(Drawing, Frame)> =
        drawings.into_iter().zip(places.iter().copied()).collect();
    let size = (size.0.unsigned_abs(), size.1.unsigned_abs());
    figure::compose("grid", said, size, &parts, |pen| {
        if places.is_empty() {
            let spot = (WIDE / 2, 100);
            return pen.text("no data", spot, Side::Middle, TITLE, colour::SOFT, false);
        }
        for ((number, figure), place) in (0..).zip(&grid.figures).zip(&places) {
            let title = match figure {
                Figure::Parity(one) => one.title.as_str(),
                _ => "",
            };
            let text = format!("({}) {title}", letter(number));
            let text = fitted(text.trim_end(), TITLE, wide - 24.0);
            let spot = (place.left + 12, place.top - LETTER / 2);
            pen.text(&text, spot, Side::Right, TITLE, colour::INK, true)?;
        }
        Ok(())
    })
}

/// Where each figure stands when a column is that wide, and the size of the whole.
fn arrange(drawings: &[Drawing], columns: usize, wide: f64) -> (Vec<Frame>, (i32, i32)) {
    let across = wide.round() as i32;
    let mut places = Vec::new();
    let mut top = 0;
    for row in drawings.chunks(columns) {
        let mut below = top;
        for (drawing, column) in row.iter().zip(0..) {
            let (w, h) = drawing.size;
            let high = wide * f64::from(h) / f64::from(w.max(1));
            let left = column * (across + GAP);
            let frame = Frame {
                left,
                top: top + LETTER,
                right: left + across,
                bottom: top + LETTER + high.round() as i32,
            };
            below = below.max(frame.bottom);
            places.push(frame);
        }
        top = below + GAP;
    }
    let columns = columns as i32;
    let size = (columns * (across + GAP) - GAP, (top - GAP).max(200));
    (places, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!(letter(0), "a");
        assert_eq!(letter(25), "z");
        assert_eq!(letter(26), "aa");
        assert_eq!(letter(52), "ba");
    }
}
