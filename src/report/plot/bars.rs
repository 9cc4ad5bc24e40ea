//! Bars: from zero, one for each row or a group for each x, with the values beside them.
//! Names too long to stand below are put beside bars that lie.

use indexmap::{IndexMap, IndexSet};
use plotters::style::RGBColor;

use super::super::ReportProblem;
use super::super::figure::{Axis, Drawing, Frame, Pen, Side, Spot, TEXT, colour, width};
use super::chart::{self, Chart, Scale, slot};
use super::legend::{self, Key};
use super::marks::{self, Categories};
use super::{Bars, Order, Points, colours, drawn};

/// Size of the values at bars.
const VALUE: f64 = 28.0;
/// The share of a slot that bars fill, and the widest bar.
const FILLED: f64 = 0.78;
const BROADEST: f64 = 150.0;
/// Lying bars: the height of one, and beyond how many groups none lie.
const LYING: i32 = 68;
const MOST_LYING: usize = 60;

/// The bars of one x: series and value of each.
struct Group {
    label: String,
    bars: Vec<(usize, f64)>,
    /// What stands at each of its bars.
    values: Vec<String>,
}

impl Group {
    fn new(label: String, bars: Vec<(usize, f64)>) -> Group {
        let values = Vec::new();
        Group {
            label,
            bars,
            values,
        }
    }
}

/// The bars as a figure.
pub(super) fn draw(bars: &Bars, said: &str) -> Result<Drawing, ReportProblem> {
    let data = &bars.data;
    let series = marks::series(&data.points);
    let mut groups = groups(bars, &series)?;
    let lie = lies(data, &groups);
    let bars = groups.iter().flat_map(|one| &one.bars);
    let values: Vec<f64> = bars.map(|(_, y)| *y).collect();
    let mut texts = marks::alike(&values).into_iter();
    for group in &mut groups {
        group.values = texts.by_ref().take(group.bars.len()).collect();
    }
    let range = marks::range(values.iter().copied());
    let side_by_side = if data.by.is_some() {
        series.len().max(1)
    } else {
        1
    };
    let (length, names) = (axis(range, lie), groups.iter().map(|one| one.label.clone()));
    let names = Scale::Names(names.collect());
    let titles = [data.x.title(), data.y.title()];
    let (x, y, titles) = if lie {
        let [x, y] = titles;
        (length.clone(), names, [y, x])
    } else {
        (names, length.clone(), titles)
    };
    let by = data.by.as_ref().map(|by| by.title());
    let entries = by.map(|by| {
        let names = series.iter().copied();
        legend::of_series(&by, names, |number| Key::Patch(colours::series(number).0))
    });
    let bars_high = (side_by_side as i32 - 1).min(6) * 24 + LYING;
    let chart = Chart {
        name: "bars",
        said,
        x,
        y,
        titles,
        legend: entries.unwrap_or_default(),
        colours: None,
        notes: marks::omitted(&data.points).into_iter().collect(),
        high: match lie {
            true => (groups.len() as i32 * bars_high).max(200),
            false => chart::HIGH,
        },
        empty: range.is_none(),
    };
    chart.draw(|pen, frame| {
        let Scale::Numbers(axis) = &length else {
            return Ok(());
        };
        let painter = Painter {
            pen,
            frame,
            axis,
            lie,
            count: groups.len(),
            side_by_side,
        };
        painter.all(&groups)
    })
}

/// The groups in their order, with the bars that can be drawn.
fn groups(bars: &Bars, series: &IndexSet<&str>) -> Result<Vec<Group>, ReportProblem> {
    let Points { points, by, .. } = &bars.data;
    let categories = Categories::of(points.iter().map(|one| &one.x));
    let fit = |one: &&super::Point| one.x.drawable();
    let mut groups: Vec<(usize, Group)> = Vec::new();
    if by.is_none() {
        // Each row is a bar of its own, also where two have one name.
        for one in points.iter().filter(fit) {
            let at = categories.number(&one.x).unwrap_or_default();
            let label = marks::label(&one.x);
            let bars = drawn(one.y).map(|y| (0, y)).into_iter().collect();
            groups.push((at, Group::new(label, bars)));
        }
    } else {
        let labels = categories.labels();
        let mut cells: IndexMap<(usize, usize), Option<f64>> = IndexMap::new();
        for one in points.iter().filter(fit) {
            let at = categories.number(&one.x).unwrap_or_default();
            let number = series.get_index_of(one.series.as_str()).unwrap_or_default();
            if cells.insert((at, number), one.y).is_some() {
                let (x, by) = (marks::label(&one.x), one.series.clone());
                return Err(ReportProblem::Twice { what: "bar", x, by });
            }
        }
        for (at, label) in labels.into_iter().enumerate() {
            let bars = (0..series.len())
                .filter_map(|s| Some((s, drawn(*cells.get(&(at, s))?)?)))
                .collect();
            groups.push((at, Group::new(label, bars)));
        }
    }
    if categories.numbers {
        groups.sort_by_key(|(at, _)| *at);
    }
    let mut groups: Vec<Group> = groups.into_iter().map(|(_, group)| group).collect();
    // A group counts as its largest bar; those without come last.
    let largest = |group: &Group| {
        let values = group.bars.iter().map(|(_, y)| *y);
        values.reduce(f64::max)
    };
    match bars.order {
        Order::Given => {}
        Order::Ascending => groups.sort_by(|a, b| {
            let [a, b] = [a, b].map(|one| largest(one).unwrap_or(f64::INFINITY));
            a.total_cmp(&b)
        }),
        Order::Descending => groups.sort_by(|a, b| {
            let [a, b] = [a, b].map(|one| largest(one).unwrap_or(f64::NEG_INFINITY));
            b.total_cmp(&a)
        }),
    }
    Ok(groups)
}

/// Whether the bars lie: names that do not fit below, and not too many of them.
fn lies(data: &Points, groups: &[Group]) -> bool {
    let names = Categories::of(data.points.iter().map(|one| &one.x));
    if names.numbers || groups.len() > MOST_LYING {
        return false;
    }
    let widest = groups
        .iter()
        .map(|one| width(&one.label, TEXT))
        .fold(0.0, f64::max);
    let room = f64::from(chart::WIDE - 250) / groups.len().max(1) as f64;
    widest + 18.0 > room
}

/// The axis of the values: with zero, and with room for the numbers at the bars' ends.
fn axis(range: Option<(f64, f64)>, lie: bool) -> Scale {
    let Some((low, high)) = range else {
        return chart::blank();
    };
    let (low, high) = (low.min(0.0), high.max(0.0));
    if low == high {
        return Scale::Numbers(Axis::linear(0.0, 1.0, 0.0, 5));
    }
    let room = if lie { 0.14 } else { 0.1 } * (high - low);
    let low = if low < 0.0 { low - room } else { 0.0 };
    let high = if high > 0.0 { high + room } else { 0.0 };
    Scale::Numbers(Axis::linear(low, high, 0.0, 6))
}

struct Painter<'a, 'b> {
    pen: &'a Pen<'b>,
    frame: Frame,
    axis: &'a Axis,
    lie: bool,
    count: usize,
    side_by_side: usize,
}

impl Painter<'_, '_> {
    fn all(&self, groups: &[Group]) -> Result<(), ReportProblem> {
        let valued = self.valued(groups);
        for (number, group) in groups.iter().enumerate() {
            for ((series, y), text) in group.bars.iter().zip(&group.values) {
                let (paint, _) = colours::series(*series);
                self.bar(number, *series, *y, paint)?;
                if valued {
                    self.value(number, *series, *y, text)?;
                }
            }
        }
        let zero = self.along(0.0);
        let Frame {
            left,
            top,
            right,
            bottom,
        } = self.frame;
        let line = match self.lie {
            true => [(zero, top), (zero, bottom)],
            false => [(left, zero), (right, zero)],
        };
        self.pen.line(&line, colour::INK, 3)
    }

    fn along(&self, y: f64) -> i32 {
        let Frame {
            left,
            top,
            right,
            bottom,
        } = self.frame;
        match self.lie {
            true => self.axis.along(y, left, right),
            false => self.axis.along(y, bottom, top),
        }
    }

    /// Both edges of a bar across its length.
    fn edges(&self, number: usize, series: usize) -> (i32, i32) {
        let Frame {
            left,
            top,
            right,
            bottom,
        } = self.frame;
        let (from, to) = if self.lie {
            (top, bottom)
        } else {
            (left, right)
        };
        let (from, to) = slot(number, self.count, from, to);
        let many = self.side_by_side as f64;
        let broad = (f64::from(to - from) * FILLED / many).min(BROADEST);
        let first = f64::from(from + to) / 2.0 - broad * many / 2.0;
        let [a, b] = [series, series + 1].map(|at| (first + broad * at as f64).round());
        // Neighbours keep a hair between them, where bars are not hairs themselves.
        let gap = if broad > 12.0 { 2 } else { 0 };
        (a as i32 + gap, (b as i32 - gap).max(a as i32 + gap + 1))
    }

    fn bar(
        &self,
        number: usize,
        series: usize,
        y: f64,
        paint: RGBColor,
    ) -> Result<(), ReportProblem> {
        let (from, to) = self.edges(number, series);
        let (a, b) = (self.along(0.0), self.along(y));
        let (low, high) = (a.min(b), a.max(b));
        let corners = match self.lie {
            true => [(low, from), (high, to)],
            false => [(from, low), (to, high)],
        };
        self.pen.patch(corners, paint)
    }

    /// Whether all values fit beside their bars.
    fn valued(&self, groups: &[Group]) -> bool {
        let mut bars = groups.iter().enumerate().flat_map(|(number, group)| {
            let bars = group.bars.iter().zip(&group.values);
            bars.map(move |((series, _), text)| (number, *series, text))
        });
        bars.all(|(number, series, text)| {
            let (from, to) = self.edges(number, series);
            // A bar alone in its slot may have a value wider than itself.
            let room = match (self.lie, self.side_by_side) {
                (true, _) => f64::from(to - from) + 6.0,
                (false, 1) => f64::from(to - from) / FILLED - 8.0,
                (false, _) => f64::from(to - from) + 2.0,
            };
            let needed = if self.lie { VALUE } else { width(text, VALUE) };
            needed <= room
        })
    }

    fn value(
        &self,
        number: usize,
        series: usize,
        y: f64,
        text: &str,
    ) -> Result<(), ReportProblem> {
        let (from, to) = self.edges(number, series);
        let (across, end) = ((from + to) / 2, self.along(y));
        let up = y >= 0.0;
        let (spot, side): (Spot, Side) = match (self.lie, up) {
            (true, true) => ((end + 10, across), Side::Right),
            (true, false) => ((end - 10, across), Side::Left),
            (false, true) => ((across, end - 24), Side::Middle),
            (false, false) => ((across, end + 24), Side::Middle),
        };
        self.pen.text(text, spot, side, VALUE, colour::INK, false)
    }
}
