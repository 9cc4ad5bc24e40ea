//! What the figures share: a canvas with a frame and two axes, drawn with plotters' SVG
//! backend. In: shapes in data or canvas units. Out: SVG text, and PNG bytes from it.

mod axis;
mod font;
mod raster;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

pub(super) use axis::{Axis, minus};
pub(super) use font::{fitted, width};
pub use raster::to_png;
#[cfg(test)]
pub(super) use raster::tree;

use super::ReportProblem;

/// Canvas units per pixel at the size a figure asks for. Plotters rounds to whole canvas
/// units, so the canvas is finer than the picture.
const FINENESS: f64 = 2.5;

/// Text sizes in canvas units.
pub(super) const TEXT: f64 = 34.0;
pub(super) const TITLE: f64 = 38.0;

/// Colours, from the palette of Okabe and Ito, which colour-blind readers can tell apart.
pub(super) mod colour {
    use plotters::style::RGBColor;

    pub const INK: RGBColor = RGBColor(0x22, 0x26, 0x2b);
    pub const SOFT: RGBColor = RGBColor(0x6b, 0x72, 0x7c);
    pub const FAINT: RGBColor = RGBColor(0x9a, 0xa2, 0xac);
    pub const GRID: RGBColor = RGBColor(0xea, 0xec, 0xef);
    pub const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);
    pub const TRAIN: RGBColor = RGBColor(0xc3, 0xca, 0xd4);
    pub const TRAIN_LINE: RGBColor = RGBColor(0x7d, 0x88, 0x97);
    pub const VAL: RGBColor = RGBColor(0xe6, 0x9f, 0x00);
    pub const TEST: RGBColor = RGBColor(0x00, 0x72, 0xb2);
}

/// A point in canvas units, y downwards.
pub(super) type Spot = (i32, i32);

/// Where a text stands relative to its spot.
#[derive(Clone, Copy)]
pub(super) enum Side {
    /// The text begins at the spot.
    Right,
    /// The text ends at the spot.
    Left,
    /// The text is centred on the spot.
    Middle,
    /// Centred, and read from below.
    Upwards,
    /// Read from below, its end at the spot: a long label under an axis.
    Below,
}

/// The marker of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Disc,
    Triangle,
    Square,
    Diamond,
}

/// The rectangle that data are drawn in, in canvas units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

impl Frame {
    /// Whether a spot is inside or on the edge.
    pub(super) fn holds(&self, (x, y): Spot) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }
}

/// Draws with plotters; every mark opaque.
pub(super) struct Pen<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    name: &'static str,
}

/// A finished figure: what it shows in words, its size in canvas units, and its marks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Drawing {
    said: String,
    pub size: (u32, u32),
    marks: String,
}

impl Drawing {
    /// The figure as an SVG file: no time, no ids.
    pub(super) fn svg(&self) -> String {
        let (wide, high) = self.size;
        let [w, h] = [wide, high].map(|units| f64::from(units) / FINENESS);
        let (said, marks) = (escaped(&self.said), &self.marks);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" \
             viewBox=\"0 0 {wide} {high}\" role=\"img\">\n<title>{said}</title>{marks}</svg>\n"
        )
    }

    /// The figure as a part of another, in a place there.
    fn inset(&self, place: Frame) -> String {
        let (wide, high) = self.size;
        let Frame {
            left,
            top,
            right,
            bottom,
        } = place;
        let [w, h] = [right - left, bottom - top];
        let marks = &self.marks;
        format!(
            "\n<svg x=\"{left}\" y=\"{top}\" width=\"{w}\" height=\"{h}\" \
             viewBox=\"0 0 {wide} {high}\">{marks}</svg>"
        )
    }
}

/// Several figures in one, each in its place; `paint` draws beside and above them.
pub(super) fn compose(
    name: &'static str,
    said: &str,
    size: (u32, u32),
    parts: &[(Drawing, Frame)],
    paint: impl FnOnce(&Pen<'_>) -> Result<(), ReportProblem>,
) -> Result<Drawing, ReportProblem> {
    let mut whole = draw(name, said, size, paint)?;
    for (drawing, place) in parts {
        whole.marks.push_str(&drawing.inset(*place));
    }
    Ok(whole)
}

/// Text that may stand in XML: what marks up is escaped, what XML forbids is a blank.
fn escaped(text: &str) -> String {
    printable(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The text with blanks for control characters and for what XML forbids, in characters
/// the font has as far as there are some that say the same.
fn printable(text: &str) -> String {
    let fit = |c: char| match c {
        c if c.is_control() => ' ',
        '\u{fffe}' | '\u{ffff}' => ' ',
        c => font::known(c),
    };
    text.chars().map(fit).collect()
}

/// Draws a figure of `size` canvas units. `name` is what a failure calls it, `said` what
/// a reader who cannot see it is told.
pub(super) fn draw(
    name: &'static str,
    said: &str,
    (wide, high): (u32, u32),
    paint: impl FnOnce(&Pen<'_>) -> Result<(), ReportProblem>,
) -> Result<Drawing, ReportProblem> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (wide, high)).into_drawing_area();
        let pen = Pen { area, name };
        pen.check(pen.area.fill(&colour::PAPER))?;
        paint(&pen)?;
        pen.check(pen.area.present())?;
    }
    // Plotters writes the canvas size as the picture's; ours is finer: only what stands
    // between its first and last tag is kept.
    let marks = svg
        .split_once('>')
        .and_then(|(_, rest)| rest.rsplit_once("</svg>"));
    let Some((marks, _)) = marks else {
        return Err(ReportProblem::compose(name, "the drawing is empty"));
    };
    Ok(Drawing {
        said: said.to_owned(),
        size: (wide, high),
        marks: marks.to_owned(),
    })
}

impl Pen<'_> {
    fn check<T, E: std::fmt::Display>(
        &self,
        drawn: Result<T, E>,
    ) -> Result<T, ReportProblem> {
        drawn.map_err(|e| ReportProblem::compose(self.name, e))
    }

    /// A line through spots.
    pub(super) fn line(
        &self,
        spots: &[Spot],
        colour: RGBColor,
        thick: u32,
    ) -> Result<(), ReportProblem> {
        let style = colour.stroke_width(thick);
        self.check(self.area.draw(&PathElement::new(spots.to_vec(), style)))
    }

    /// A straight broken line.
    pub(super) fn dashes(
        &self,
        from: Spot,
        to: Spot,
        colour: RGBColor,
        thick: u32,
    ) -> Result<(), ReportProblem> {
        const DASH: f64 = 18.0;
        const GAP: f64 = 13.0;
        let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        let length = (dx * dx + dy * dy).sqrt();
        let spot = |along: f64| {
            let share = (along / length).min(1.0);
            let [x, y] = [dx * share, dy * share].map(|d| d.round() as i32);
            (from.0 + x, from.1 + y)
        };
        let mut along = 0.0;
        while along < length {
            self.line(&[spot(along), spot(along + DASH)], colour, thick)?;
            along += DASH + GAP;
        }
        Ok(())
    }

    /// A filled rectangle, with an edge where one is given.
    pub(super) fn rectangle(
        &self,
        frame: Frame,
        fill: Option<RGBColor>,
        edge: Option<(RGBColor, u32)>,
    ) -> Result<(), ReportProblem> {
        let corners = [(frame.left, frame.top), (frame.right, frame.bottom)];
        if let Some(fill) = fill {
            self.check(self.area.draw(&Rectangle::new(corners, fill.filled())))?;
        }
        if let Some((colour, thick)) = edge {
            let style = colour.stroke_width(thick);
            self.check(self.area.draw(&Rectangle::new(corners, style)))?;
        }
        Ok(())
    }

    /// A filled rectangle between two corners, without an edge.
    pub(super) fn patch(
        &self,
        corners: [Spot; 2],
        fill: RGBColor,
    ) -> Result<(), ReportProblem> {
        self.check(self.area.draw(&Rectangle::new(corners, fill.filled())))
    }

    /// A marker; all but the smallest have a thin white edge that keeps neighbours apart.
    pub(super) fn marker(
        &self,
        spot: Spot,
        marker: Marker,
        colour: RGBColor,
        radius: i32,
    ) -> Result<(), ReportProblem> {
        let (paper, colour) = (colour::PAPER.filled(), colour.filled());
        let edged = radius > 5;
        match marker {
            Marker::Disc => {
                if edged {
                    self.check(self.area.draw(&Circle::new(spot, radius + 2, paper)))?;
                }
                self.check(self.area.draw(&Circle::new(spot, radius, colour)))
            }
            Marker::Triangle => {
                // Its corners lie on the circle: larger, to look as large as a disc.
                let radius = radius + radius / 3;
                if edged {
                    let edge = TriangleMarker::new(spot, radius + 4, paper);
                    self.check(self.area.draw(&edge))?;
                }
                let inner = TriangleMarker::new(spot, radius, colour);
                self.check(self.area.draw(&inner))
            }
            Marker::Square | Marker::Diamond => {
                let corners = |radius: i32| -> Vec<Spot> {
                    let (x, y) = spot;
                    let r = if marker == Marker::Square {
                        radius - radius / 8
                    } else {
                        radius + radius / 3
                    };
                    if marker == Marker::Square {
                        return vec![
                            (x - r, y - r),
                            (x + r, y - r),
                            (x + r, y + r),
                            (x - r, y + r),
                        ];
                    }
                    vec![(x, y - r), (x + r, y), (x, y + r), (x - r, y)]
                };
                if edged {
                    self.check(
                        self.area.draw(&Polygon::new(corners(radius + 3), paper)),
                    )?;
                }
                self.check(self.area.draw(&Polygon::new(corners(radius), colour)))
            }
        }
    }

    /// A text whose capitals are centred on the height of the spot (for [`Side::Upwards`]:
    /// on its x).
    pub(super) fn text(
        &self,
        text: &str,
        (x, y): Spot,
        side: Side,
        size: f64,
        colour: RGBColor,
        bold: bool,
    ) -> Result<(), ReportProblem> {
        // The backend sets the baseline 0.76 em below the spot; capitals are 0.714 em
        // high, so their middle is 0.403 em below it.
        let up = (0.403 * size).round() as i32;
        let (anchor, spot) = match side {
            Side::Right => (HPos::Left, (x, y - up)),
            Side::Left => (HPos::Right, (x, y - up)),
            Side::Middle => (HPos::Center, (x, y - up)),
            Side::Upwards => (HPos::Center, (x - up, y)),
            Side::Below => (HPos::Right, (x - up, y)),
        };
        let style = if bold {
            FontStyle::Bold
        } else {
            FontStyle::Normal
        };
        // The backend divides sizes by 1.24.
        let family = FontFamily::Name(font::FAMILIES);
        let mut font = FontDesc::new(family, size * 1.24, style);
        if matches!(side, Side::Upwards | Side::Below) {
            font = font.transform(FontTransform::Rotate270);
        }
        let style = font.color(&colour).pos(Pos::new(anchor, VPos::Top));
        self.check(self.area.draw(&Text::new(printable(text), spot, style)))
    }

    /// Grid, frame, ticks, tick labels and axis titles.
    pub(super) fn axes(
        &self,
        frame: Frame,
        [x, y]: [&Axis; 2],
        [x_title, y_title]: [&str; 2],
    ) -> Result<(), ReportProblem> {
        const TICK: i32 = 10;
        let Frame {
            left,
            top,
            right,
            bottom,
        } = frame;
        for (value, _) in &x.ticks {
            let at = x.along(*value, left, right);
            self.line(&[(at, top), (at, bottom)], colour::GRID, 2)?;
        }
        for (value, _) in &y.ticks {
            let at = y.along(*value, bottom, top);
            self.line(&[(left, at), (right, at)], colour::GRID, 2)?;
        }
        self.rectangle(frame, None, Some((colour::INK, 3)))?;

        // Long labels are set smaller, so that they reach neither the title beside them
        // nor, below, each other.
        let labels = x
            .ticks
            .iter()
            .chain(&y.ticks)
            .map(|(_, label)| width(label, TEXT));
        let widest = labels.fold(1.0, f64::max);
        let room = f64::from(left - TICK - 12 - 70);
        let size = TEXT * (room / widest).min(1.0);
        for (value, label) in &x.ticks {
            let at = x.along(*value, left, right);
            self.line(&[(at, bottom), (at, bottom + TICK)], colour::INK, 3)?;
            let spot = (at, bottom + TICK + 28);
            self.text(label, spot, Side::Middle, size, colour::INK, false)?;
        }
        for (value, label) in &y.ticks {
            let at = y.along(*value, bottom, top);
            self.line(&[(left - TICK, at), (left, at)], colour::INK, 3)?;
            let spot = (left - TICK - 12, at);
            self.text(label, spot, Side::Left, size, colour::INK, false)?;
        }

        let below = ((left + right) / 2, bottom + TICK + 88);
        let size = fitting(x_title, right - left);
        self.text(x_title, below, Side::Middle, size, colour::INK, false)?;
        let beside = (
            left - TICK - 12 - widest.min(room) as i32 - 44,
            (top + bottom) / 2,
        );
        let size = fitting(y_title, bottom - top);
        self.text(y_title, beside, Side::Upwards, size, colour::INK, false)
    }
}

/// The title's size, smaller where it would not fit.
fn fitting(title: &str, room: i32) -> f64 {
    let needed = width(title, TITLE);
    TITLE * (f64::from(room) / needed).min(1.0)
}
