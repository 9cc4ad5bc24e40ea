//! What figures with two axes share: how large the margins are, axes of numbers or of
//! names, titles, a legend above, a bar of colours beside, and lines of notes below.

use super::super::ReportProblem;
use super::super::figure::{
    self, Axis, Drawing, Frame, Pen, Side, TEXT, TITLE, colour, fitted, width,
};
use super::legend::{self, Entry};

/// Width of a figure in canvas units.
pub(super) const WIDE: i32 = 1600;
/// Usual height of the frame.
pub(super) const HIGH: i32 = 800;
/// Size of the notes.
const SMALL: f64 = 28.0;
const NOTE: i32 = 42;
/// Length of a tick, and room between it and its label.
const TICK: i32 = 10;
const GAP: i32 = 12;
/// No name beside an axis is wider, none below one longer.
const WIDEST: f64 = 520.0;
const LONGEST: f64 = 380.0;
/// Room that two labels keep between them.
const APART: f64 = 18.0;

/// What an axis shows.
#[derive(Clone, Debug)]
pub(super) enum Scale {
    /// Numbers, with ticks.
    Numbers(Axis),
    /// Names in slots of equal size: from the left, or from the top.
    Names(Vec<String>),
}

/// A figure with two axes, before anything is drawn in its frame.
pub(super) struct Chart<'a> {
    /// What a failure calls it.
    pub name: &'static str,
    /// What it shows, in words.
    pub said: &'a str,
    pub x: Scale,
    pub y: Scale,
    /// Titles of x and y.
    pub titles: [String; 2],
    pub legend: Vec<Entry>,
    pub colours: Option<ColourBar>,
    pub notes: Vec<String>,
    /// Height of the frame.
    pub high: i32,
    /// Whether there is nothing to draw; the figure then says so.
    pub empty: bool,
}

/// What the colours stand for.
pub(super) struct ColourBar {
    pub axis: Axis,
    pub title: String,
}

/// An axis without ticks, for figures without rows.
pub(super) fn blank() -> Scale {
    Scale::Numbers(Axis {
        low: 0.0,
        high: 1.0,
        ticks: Vec::new(),
    })
}

/// The edges of slot `number` of `count` between `from` and `to`.
pub(super) fn slot(number: usize, count: usize, from: i32, to: i32) -> (i32, i32) {
    let edge = |number: usize| {
        let share = number as f64 / count.max(1) as f64;
        from + (share * f64::from(to - from)).round() as i32
    };
    (edge(number), edge(number + 1))
}

/// How the names below a frame are set.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Below {
    upright: bool,
    /// One label in so many is shown.
    every: usize,
}

impl Chart<'_> {
    /// Draws the figure; `paint` fills the frame.
    pub(super) fn draw(
        &self,
        paint: impl FnOnce(&Pen<'_>, Frame) -> Result<(), ReportProblem>,
    ) -> Result<Drawing, ReportProblem> {
        let [x_title, y_title] = &self.titles;
        let widest = self.widest_beside();
        let title_room = if y_title.is_empty() { 0 } else { 66 };
        let left = (24 + title_room + widest.ceil() as i32 + GAP + TICK).max(120);
        let right = WIDE - self.right_margin();
        let places = legend::places(&self.legend, left, right);
        let rows = places.last().map_or(0, |(row, _)| row + 1);
        let top = if rows == 0 {
            40
        } else {
            34 + rows * legend::ROW
        };
        let bottom = top + self.high;
        let frame = Frame {
            left,
            top,
            right,
            bottom,
        };
        let below = self.below(right - left);
        let labels = self.height_below(below);
        let mut base = bottom + TICK + labels + 16;
        let title_at = base + 34;
        if !x_title.is_empty() {
            base += 66;
        }
        let noted = base + 26;
        let notes = self.notes.len() as i32;
        let high = base + 14 + if notes > 0 { 12 + notes * NOTE } else { 0 };

        let size = (WIDE.unsigned_abs(), high.unsigned_abs());
        figure::draw(self.name, self.said, size, |pen| {
            self.grid(pen, frame)?;
            paint(pen, frame)?;
            pen.rectangle(frame, None, Some((colour::INK, 3)))?;
            self.labels_below(pen, frame, below)?;
            self.labels_beside(pen, frame)?;
            title(
                pen,
                x_title,
                ((left + right) / 2, title_at),
                right - left,
                false,
            )?;
            let beside = (24 + 22, (top + bottom) / 2);
            title(pen, y_title, beside, bottom - top, true)?;
            legend::draw(pen, &self.legend, &places, 30)?;
            if let Some(bar) = &self.colours {
                bar.draw(pen, frame)?;
            }
            for (note, number) in self.notes.iter().zip(0..) {
                let room = f64::from(WIDE - left.min(150) - 40);
                let text = fitted(note, SMALL, room);
                let spot = (left.min(150), noted + number * NOTE);
                pen.text(&text, spot, Side::Right, SMALL, colour::SOFT, false)?;
            }
            if self.empty {
                let middle = ((left + right) / 2, (top + bottom) / 2);
                pen.text("no data", middle, Side::Middle, TITLE, colour::SOFT, false)?;
            }
            Ok(())
        })
    }

    fn right_margin(&self) -> i32 {
        let last = match &self.x {
            Scale::Numbers(axis) => axis
                .ticks
                .iter()
                .map(|(_, label)| width(label, TEXT) / 2.0)
                .fold(0.0, f64::max),
            Scale::Names(_) => 0.0,
        };
        match &self.colours {
            Some(bar) => bar.width().max(last.ceil() as i32 + 16),
            None => (last.ceil() as i32 + 16).max(56),
        }
    }

    fn widest_beside(&self) -> f64 {
        let wide = |label: &str| width(label, TEXT);
        match &self.y {
            Scale::Numbers(axis) => axis
                .ticks
                .iter()
                .map(|(_, label)| wide(label))
                .fold(0.0, f64::max),
            Scale::Names(names) => names
                .iter()
                .map(|name| wide(name).min(WIDEST))
                .fold(0.0, f64::max),
        }
    }

    /// How the labels below are set in a frame of that width.
    fn below(&self, room: i32) -> Below {
        let room = f64::from(room);
        let upright = false;
        match &self.x {
            Scale::Numbers(axis) => {
                let labels = axis.ticks.iter().map(|(_, label)| label.as_str());
                let widest = widest(labels, TEXT);
                let spots: Vec<f64> =
                    axis.ticks.iter().map(|(value, _)| *value).collect();
                let nearest = spots
                    .iter()
                    .zip(spots.iter().skip(1))
                    .map(|(a, b)| (b - a) / (axis.high - axis.low) * room)
                    .fold(room, f64::min);
                let every = round((widest + APART) / nearest.max(1.0));
                Below { upright, every }
            }
            Scale::Names(names) => {
                let slot = room / names.len().max(1) as f64;
                let widest = widest(names.iter().map(String::as_str), TEXT);
                if widest + APART <= slot {
                    return Below { upright, every: 1 };
                }
                // Short labels, such as numbers, are rather left out than set upright.
                let every = round((widest + APART) / slot);
                if widest < 3.0 * TEXT {
                    return Below { upright, every };
                }
                let every = round((TEXT + 0.5 * APART) / slot);
                Below {
                    upright: true,
                    every,
                }
            }
        }
    }

    fn height_below(&self, below: Below) -> i32 {
        match &self.x {
            Scale::Names(names) if below.upright => {
                let longest = widest(names.iter().map(String::as_str), TEXT);
                GAP + longest.min(LONGEST).ceil() as i32
            }
            Scale::Numbers(axis) if axis.ticks.is_empty() => 0,
            _ => 46,
        }
    }

    fn grid(&self, pen: &Pen<'_>, frame: Frame) -> Result<(), ReportProblem> {
        let Frame {
            left,
            top,
            right,
            bottom,
        } = frame;
        if let Scale::Numbers(axis) = &self.x {
            for (value, _) in &axis.ticks {
                let at = axis.along(*value, left, right);
                pen.line(&[(at, top), (at, bottom)], colour::GRID, 2)?;
            }
        }
        if let Scale::Numbers(axis) = &self.y {
            for (value, _) in &axis.ticks {
                let at = axis.along(*value, bottom, top);
                pen.line(&[(left, at), (right, at)], colour::GRID, 2)?;
            }
        }
        Ok(())
    }

    fn labels_below(
        &self,
        pen: &Pen<'_>,
        frame: Frame,
        below: Below,
    ) -> Result<(), ReportProblem> {
        let Frame {
            left,
            right,
            bottom,
            ..
        } = frame;
        let shown = |number: usize| number.is_multiple_of(below.every);
        match &self.x {
            Scale::Numbers(axis) => {
                for (number, (value, label)) in axis.ticks.iter().enumerate() {
                    let at = axis.along(*value, left, right);
                    pen.line(&[(at, bottom), (at, bottom + TICK)], colour::INK, 3)?;
                    if shown(number) {
                        let spot = (at, bottom + TICK + 28);
                        pen.text(label, spot, Side::Middle, TEXT, colour::INK, false)?;
                    }
                }
            }
            Scale::Names(names) => {
                for (number, name) in names.iter().enumerate().filter(|(n, _)| shown(*n))
                {
                    let (from, to) = slot(number, names.len(), left, right);
                    let at = (from + to) / 2;
                    if below.every > 1 {
                        pen.line(&[(at, bottom), (at, bottom + TICK)], colour::INK, 3)?;
                    }
                    if below.upright {
                        let name = fitted(name, TEXT, LONGEST);
                        let spot = (at, bottom + TICK + GAP);
                        pen.text(&name, spot, Side::Below, TEXT, colour::INK, false)?;
                    } else {
                        let spot = (at, bottom + TICK + 28);
                        pen.text(name, spot, Side::Middle, TEXT, colour::INK, false)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn labels_beside(&self, pen: &Pen<'_>, frame: Frame) -> Result<(), ReportProblem> {
        let Frame {
            left, top, bottom, ..
        } = frame;
        match &self.y {
            Scale::Numbers(axis) => {
                for (value, label) in &axis.ticks {
                    let at = axis.along(*value, bottom, top);
                    pen.line(&[(left - TICK, at), (left, at)], colour::INK, 3)?;
                    let spot = (left - TICK - GAP, at);
                    pen.text(label, spot, Side::Left, TEXT, colour::INK, false)?;
                }
            }
            Scale::Names(names) => {
                let high = f64::from(bottom - top) / names.len().max(1) as f64;
                let every = round((TEXT + 0.4 * APART) / high);
                // Counted from below, as numbers rise.
                let shown = |(number, _): &(usize, &String)| {
                    (names.len() - 1 - number).is_multiple_of(every)
                };
                for (number, name) in names.iter().enumerate().filter(shown) {
                    let (from, to) = slot(number, names.len(), top, bottom);
                    let name = fitted(name, TEXT, WIDEST);
                    let spot = (left - TICK - GAP, (from + to) / 2);
                    pen.text(&name, spot, Side::Left, TEXT, colour::INK, false)?;
                }
            }
        }
        Ok(())
    }
}

/// The least round number of labels, of which one is shown, that is not below `needed`.
fn round(needed: f64) -> usize {
    let steps = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500];
    let found = steps.into_iter().find(|step| *step as f64 >= needed);
    found.unwrap_or_else(|| (needed / 1000.0).ceil() as usize * 1000)
}

fn widest<'a>(labels: impl Iterator<Item = &'a str>, size: f64) -> f64 {
    labels.map(|label| width(label, size)).fold(0.0, f64::max)
}

/// A title, smaller or cut where it would not fit.
fn title(
    pen: &Pen<'_>,
    text: &str,
    spot: (i32, i32),
    room: i32,
    upwards: bool,
) -> Result<(), ReportProblem> {
    const LEAST: f64 = 0.7;
    if text.is_empty() {
        return Ok(());
    }
    let room = f64::from(room);
    let size = TITLE * (room / width(text, TITLE)).clamp(LEAST, 1.0);
    let text = fitted(text, size, room);
    let side = if upwards { Side::Upwards } else { Side::Middle };
    pen.text(&text, spot, side, size, colour::INK, false)
}

impl ColourBar {
    const BEFORE: i32 = 36;
    const BAR: i32 = 44;

    fn labels(&self) -> f64 {
        let labels = self.axis.ticks.iter().map(|(_, label)| label.as_str());
        widest(labels, TEXT)
    }

    fn width(&self) -> i32 {
        let labels = self.labels().ceil() as i32;
        let title = if self.title.is_empty() { 16 } else { 78 };
        Self::BEFORE + Self::BAR + TICK + GAP + labels + title
    }

    fn draw(&self, pen: &Pen<'_>, frame: Frame) -> Result<(), ReportProblem> {
        let Frame {
            top, right, bottom, ..
        } = frame;
        let left = right + Self::BEFORE;
        let bar = Frame {
            left,
            top,
            right: left + Self::BAR,
            bottom,
        };
        gradient(pen, bar, true)?;
        let ticked = bar.right + TICK;
        for (value, label) in &self.axis.ticks {
            let at = self.axis.along(*value, bottom, top);
            pen.line(&[(bar.right, at), (ticked, at)], colour::INK, 3)?;
            let spot = (ticked + GAP, at);
            pen.text(label, spot, Side::Right, TEXT, colour::INK, false)?;
        }
        let beside = (
            ticked + GAP + self.labels().ceil() as i32 + 42,
            (top + bottom) / 2,
        );
        title(pen, &self.title, beside, bottom - top, true)
    }
}

/// A frame filled with the colours of values, the smallest at the bottom or the left.
pub(super) fn gradient(
    pen: &Pen<'_>,
    frame: Frame,
    upwards: bool,
) -> Result<(), ReportProblem> {
    const STEPS: usize = 128;
    for step in 0..STEPS {
        let paint = super::colours::of_share((step as f64 + 0.5) / STEPS as f64);
        let corners = if upwards {
            let (from, to) = slot(step, STEPS, frame.bottom, frame.top);
            [(frame.left, to), (frame.right, from)]
        } else {
            let (from, to) = slot(step, STEPS, frame.left, frame.right);
            [(from, frame.top), (to, frame.bottom)]
        };
        pen.patch(corners, paint)?;
    }
    pen.rectangle(frame, None, Some((colour::INK, 3)))
}
