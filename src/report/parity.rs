//! The parity plot: predicted against actual for every row, both axes alike. In: the rows
//! and their scores. Out: SVG. On it the line y = x, the least-squares line and the scores
//! of the test rows (of val or train where there are none).

use std::collections::BTreeSet;

use plotters::style::RGBColor;

use super::figure::{
    self, Axis, Drawing, Frame, Marker, Pen, Side, Spot, TEXT, colour, minus, width,
};
use super::scores::trend;
use super::{Prediction, ReportProblem, Split, SplitScores, Target, numbers};

const SIZE: (u32, u32) = (1600, 1516);
const FRAME: Frame = Frame {
    left: 220,
    top: 36,
    right: 1536,
    bottom: 1352,
};
/// Distance of the boxes from the frame, padding within them, and height of their lines.
const GAP: i32 = 26;
const PAD: i32 = 26;
const LINE: i32 = 50;
/// About how many ticks an axis has.
const TICKS: u32 = 8;
/// Width of the key before a legend's text.
const KEY: i32 = 66;

/// A box of text in a corner of the frame.
struct Corner {
    frame: Frame,
    lines: Vec<String>,
}

/// The parity plot.
pub(super) fn draw(
    target: &Target,
    rows: &[Prediction],
    scores: &[SplitScores],
) -> Result<Drawing, ReportProblem> {
    let Some(focus) = scores.last() else {
        return Err(ReportProblem::NoRows);
    };
    let of_focus: Vec<(f64, f64)> = rows
        .iter()
        .filter(|row| row.split == focus.split)
        .map(|row| (row.actual, row.predicted))
        .collect();
    let trend = trend(&of_focus);

    let legend = legend(scores, focus.split, trend);
    let results = results(target, focus);
    let axis = axis(rows, [legend.frame, results.frame]);
    let name = sentence_case(&target.name);
    let titles = ["computed", "predicted"]
        .map(|which| target.with_unit(&format!("{name}, {which}")));

    let said = format!("Parity plot of {}: predicted against computed", target.name);
    figure::draw("parity.svg", &said, SIZE, |pen| {
        pen.axes(FRAME, [&axis, &axis], [&titles[0], &titles[1]])?;
        let corner = |value| spot(&axis, value, value);
        let (from, to) = (corner(axis.low), corner(axis.high));
        pen.dashes(from, to, colour::SOFT, 3)?;
        for one in scores {
            let seen = rows.iter().filter(|row| row.split == one.split);
            // Points on one spot look like one: each spot is drawn once.
            let spots: BTreeSet<Spot> = seen
                .map(|row| spot(&axis, row.actual, row.predicted))
                .collect();
            let (marker, paint) = look(one.split);
            let radius = radius(rows.len());
            for at in spots {
                pen.marker(at, marker, paint, radius)?;
            }
        }
        if let Some(line) = trend {
            draw_trend(pen, &axis, &of_focus, line)?;
        }
        draw_legend(pen, &legend, scores)?;
        draw_results(pen, &results, focus)
    })
}

/// Marker and colour of a split: train light, test strong.
fn look(split: Split) -> (Marker, RGBColor) {
    match split {
        Split::Train => (Marker::Disc, colour::TRAIN),
        Split::Val => (Marker::Triangle, colour::VAL),
        Split::Test => (Marker::Disc, colour::TEST),
    }
}

fn radius(rows: usize) -> i32 {
    match rows {
        0..=1500 => 9,
        1501..=6000 => 7,
        6001..=30_000 => 5,
        _ => 4,
    }
}

fn spot(axis: &Axis, x: f64, y: f64) -> Spot {
    let Frame {
        left,
        top,
        right,
        bottom,
    } = FRAME;
    (axis.along(x, left, right), axis.along(y, bottom, top))
}

/// The one axis for both directions, with as much room as keeps the boxes off the points;
/// where no room does, with little.
fn axis(rows: &[Prediction], boxes: [Frame; 2]) -> Axis {
    const LITTLE: f64 = 0.04;
    let values = rows.iter().flat_map(|row| [row.actual, row.predicted]);
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
        (l.min(v), h.max(v))
    });
    let covered = |axis: &Axis| {
        let spots = rows.iter().map(|row| spot(axis, row.actual, row.predicted));
        spots
            .into_iter()
            .any(|at| boxes.iter().any(|one| one.holds(at)))
    };
    [LITTLE, 0.1, 0.18, 0.28]
        .map(|room| Axis::linear(low, high, room, TICKS))
        .into_iter()
        .find(|axis| !covered(axis))
        .unwrap_or_else(|| Axis::linear(low, high, LITTLE, TICKS))
}

/// The least-squares line, from the least to the largest actual value, kept in the frame.
fn draw_trend(
    pen: &Pen<'_>,
    axis: &Axis,
    points: &[(f64, f64)],
    (slope, offset): (f64, f64),
) -> Result<(), ReportProblem> {
    let xs = points.iter().map(|(x, _)| *x);
    let (low, high) = xs.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| {
        (l.min(x), h.max(x))
    });
    let ends = [low, high].map(|x| {
        let y = slope * x + offset;
        let inside = y.clamp(axis.low, axis.high);
        // Where the line leaves the frame it ends at the edge, not beside it.
        let x = if inside == y {
            x
        } else {
            (inside - offset) / slope
        };
        spot(axis, x, inside)
    });
    pen.line(&ends, colour::PAPER, 10)?;
    pen.line(&ends, colour::INK, 5)
}

/// What the marks mean, in the upper left corner.
fn legend(scores: &[SplitScores], focus: Split, trend: Option<(f64, f64)>) -> Corner {
    let rows = |one: &SplitScores| {
        format!(
            "{} ({})",
            one.split.as_str(),
            numbers::count(one.scores.n as u64)
        )
    };
    let mut lines: Vec<String> = scores.iter().rev().map(rows).collect();
    lines.push("y = x".to_owned());
    if let Some((slope, offset)) = trend {
        let sign = if offset < 0.0 { '−' } else { '+' };
        let slope = minus(&format!("{slope:.3}"));
        let offset = match offset.abs() {
            small if small < 1000.0 => format!("{small:.3}"),
            large => numbers::significant(large),
        };
        lines.push(format!("{}: y = {slope} x {sign} {offset}", focus.as_str()));
    }
    let [wide, high] = extent(&lines, KEY);
    let (left, top) = (FRAME.left + GAP, FRAME.top + GAP);
    Corner {
        frame: Frame {
            left,
            top,
            right: left + wide,
            bottom: top + high,
        },
        lines,
    }
}

/// The scores, in the lower right corner; name and value parted by a tab.
fn results(target: &Target, focus: &SplitScores) -> Corner {
    let scores = &focus.scores;
    let lines = vec![
        format!("{} rows\t", focus.split.as_str()),
        format!("RMSE\t{}", target.value(scores.rmse)),
        format!("MAE\t{}", target.value(scores.mae)),
        format!("R²\t{}", minus(&numbers::r2(scores.r2))),
    ];
    let values: Vec<String> = lines
        .iter()
        .filter_map(|line| line.split_once('\t'))
        .map(|(_, value)| value.to_owned())
        .collect();
    let [wide, high] = extent(&values, NAMES);
    let (right, bottom) = (FRAME.right - GAP, FRAME.bottom - GAP);
    let frame = Frame {
        left: right - wide,
        top: bottom - high,
        right,
        bottom,
    };
    Corner { frame, lines }
}

/// Width of the names of scores.
const NAMES: i32 = 130;

/// Width and height of a box with these lines after keys of `key` units. Other fonts may
/// be a little wider than ours.
fn extent(lines: &[String], key: i32) -> [i32; 2] {
    let widest = lines
        .iter()
        .map(|line| width(line, TEXT))
        .fold(0.0, f64::max);
    let wide = 2 * PAD + key + (1.06 * widest).round() as i32;
    [
        wide,
        2 * PAD + LINE * (lines.len() as i32 - 1) + (0.72 * TEXT) as i32,
    ]
}

/// The middle of each line of a box.
fn middles(frame: Frame) -> impl Iterator<Item = i32> {
    let first = frame.top + PAD + (0.36 * TEXT) as i32;
    (0..).map(move |line| first + LINE * line)
}

fn draw_legend(
    pen: &Pen<'_>,
    corner: &Corner,
    scores: &[SplitScores],
) -> Result<(), ReportProblem> {
    let frame = corner.frame;
    pen.rectangle(frame, Some(colour::PAPER), Some((colour::GRID, 2)))?;
    let left = frame.left + PAD;
    let mut splits = scores.iter().rev();
    let mut lines_left = ["y = x", "trend"].into_iter();
    for (text, y) in corner.lines.iter().zip(middles(frame)) {
        let key = [(left, y), (left + KEY - 18, y)];
        if let Some(one) = splits.next() {
            let (marker, paint) = look(one.split);
            pen.marker((left + (KEY - 18) / 2, y), marker, paint, 11)?;
        } else if lines_left.next() == Some("y = x") {
            pen.dashes(key[0], key[1], colour::SOFT, 3)?;
        } else {
            pen.line(&key, colour::INK, 5)?;
        }
        pen.text(text, (left + KEY, y), Side::Right, TEXT, colour::INK, false)?;
    }
    Ok(())
}

fn draw_results(
    pen: &Pen<'_>,
    corner: &Corner,
    focus: &SplitScores,
) -> Result<(), ReportProblem> {
    let frame = corner.frame;
    pen.rectangle(frame, Some(colour::PAPER), Some((colour::GRID, 2)))?;
    let left = frame.left + PAD;
    let title_colour = match focus.split {
        Split::Test => colour::TEST,
        Split::Train | Split::Val => colour::INK,
    };
    for (at, (text, y)) in corner.lines.iter().zip(middles(frame)).enumerate() {
        let (name, value) = text.split_once('\t').unwrap_or((text, ""));
        let (paint, bold) = if at == 0 {
            (title_colour, true)
        } else {
            (colour::SOFT, false)
        };
        pen.text(name, (left, y), Side::Right, TEXT, paint, bold)?;
        if !value.is_empty() {
            pen.text(
                value,
                (left + NAMES, y),
                Side::Right,
                TEXT,
                colour::INK,
                false,
            )?;
        }
    }
    Ok(())
}

/// The first letter large.
pub(super) fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
