//! Lines and scattered marks: numbers against numbers or names, by series.

use std::collections::BTreeSet;

use super::super::ReportProblem;
use super::super::figure::{Axis, Drawing, Frame, Pen, Spot};
use super::chart::{self, Chart, Scale, slot};
use super::legend::{self, Key};
use super::marks::{self, Categories};
use super::{Mark, Point, Points, colours, drawn};

/// Lines with at most so many rows have a mark at each; longer ones at some.
const MARKED: usize = 30;
const SOME: usize = 12;

/// Where rows lie in the frame.
struct Places<'a> {
    x: &'a Scale,
    y: &'a Scale,
    categories: &'a Categories,
}

impl Places<'_> {
    fn of(&self, one: &Point, frame: Frame) -> Option<Spot> {
        let Frame {
            left,
            top,
            right,
            bottom,
        } = frame;
        let x = match (self.x, &one.x) {
            (Scale::Numbers(axis), Mark::Number(x)) if one.x.drawable() => {
                axis.along(*x, left, right)
            }
            (Scale::Names(names), mark) => {
                let number = self.categories.number(mark)?;
                let (from, to) = slot(number, names.len(), left, right);
                (from + to) / 2
            }
            _ => return None,
        };
        let Scale::Numbers(axis) = self.y else {
            return None;
        };
        Some((x, axis.along(drawn(one.y)?, bottom, top)))
    }
}

/// A line for each series, its rows by ascending x; a missing value breaks it.
pub(super) fn lines(data: &Points, said: &str) -> Result<Drawing, ReportProblem> {
    let key = |number| {
        let (paint, marker) = colours::series(number);
        Key::Line(paint, marker)
    };
    draw(
        data,
        "lines",
        said,
        key,
        |pen, frame, places, number, rows| {
            let (paint, marker) = colours::series(number);
            let mut rows: Vec<&Point> = rows
                .iter()
                .copied()
                .filter(|one| one.x.drawable())
                .collect();
            rows.sort_by(|a, b| match (&a.x, &b.x) {
                (Mark::Number(a), Mark::Number(b)) => a.total_cmp(b),
                (a, b) => places
                    .categories
                    .number(a)
                    .cmp(&places.categories.number(b)),
            });
            let spots: Vec<Option<Spot>> =
                rows.iter().map(|one| places.of(one, frame)).collect();
            for run in spots.split(Option::is_none) {
                let mut run: Vec<Spot> = run.iter().copied().flatten().collect();
                run.dedup();
                if run.len() > 1 {
                    pen.line(&run, paint, 5)?;
                }
            }
            let every = match spots.len() {
                0..=MARKED => 1,
                many => many.div_ceil(SOME),
            };
            // A line alone needs marks only where they are rows.
            for spot in spots.iter().step_by(every).flatten() {
                if every == 1 || number > 0 {
                    pen.marker(*spot, marker, paint, 10)?;
                }
            }
            Ok(())
        },
    )
}

/// A mark for each row.
pub(super) fn scatter(data: &Points, said: &str) -> Result<Drawing, ReportProblem> {
    let radius = match data.points.len() {
        0..=200 => 11,
        201..=1500 => 9,
        1501..=6000 => 7,
        6001..=30_000 => 5,
        _ => 4,
    };
    let key = |number| {
        let (paint, marker) = colours::series(number);
        Key::Mark(paint, marker)
    };
    draw(
        data,
        "scatter",
        said,
        key,
        |pen, frame, places, number, rows| {
            let (paint, marker) = colours::series(number);
            // Rows on one spot look like one: each spot is drawn once.
            let spots: BTreeSet<Spot> = rows
                .iter()
                .filter_map(|one| places.of(one, frame))
                .collect();
            for spot in spots {
                pen.marker(spot, marker, paint, radius)?;
            }
            Ok(())
        },
    )
}

/// Axes, legend and notes; `paint` draws one series.
fn draw(
    data: &Points,
    name: &'static str,
    said: &str,
    key: impl Fn(usize) -> Key,
    paint: impl Fn(
        &Pen<'_>,
        Frame,
        &Places<'_>,
        usize,
        &[&Point],
    ) -> Result<(), ReportProblem>,
) -> Result<Drawing, ReportProblem> {
    let points = &data.points;
    let fit = |one: &&Point| one.x.drawable() && drawn(one.y).is_some();
    let categories = Categories::of(points.iter().map(|one| &one.x));
    let xs = points.iter().filter(fit).filter_map(|one| match one.x {
        Mark::Number(x) => Some(x),
        Mark::Name(_) | Mark::Missing => None,
    });
    let ys = marks::range(points.iter().filter(fit).filter_map(|one| drawn(one.y)));
    let x = match marks::range(xs) {
        _ if !categories.numbers => Scale::Names(categories.labels()),
        Some((low, high)) => Scale::Numbers(Axis::linear(low, high, 0.04, 8)),
        None => chart::blank(),
    };
    let y = match ys {
        Some((low, high)) => Scale::Numbers(Axis::linear(low, high, 0.06, 6)),
        None => chart::blank(),
    };
    let series = marks::series(points);
    let entries = data
        .by
        .as_ref()
        .map(|by| legend::of_series(&by.title(), series.iter().copied(), key));
    let chart = Chart {
        name,
        said,
        x: x.clone(),
        y: y.clone(),
        titles: [data.x.title(), data.y.title()],
        legend: entries.unwrap_or_default(),
        colours: None,
        notes: marks::omitted(points).into_iter().collect(),
        high: chart::HIGH,
        empty: ys.is_none(),
    };
    let mut of_series: Vec<Vec<&Point>> = vec![Vec::new(); series.len()];
    for one in points {
        let number = series.get_index_of(one.series.as_str());
        if let Some(rows) = number.and_then(|number| of_series.get_mut(number)) {
            rows.push(one);
        }
    }
    chart.draw(|pen, frame| {
        let places = Places {
            x: &x,
            y: &y,
            categories: &categories,
        };
        for (number, rows) in of_series.iter().enumerate() {
            paint(pen, frame, &places, number, rows)?;
        }
        Ok(())
    })
}
