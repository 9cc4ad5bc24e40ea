//! Box plots: for each x the quartiles of its rows, whiskers to the farthest rows within
//! one and a half times the box's height (Tukey's rule), and a mark for each row beyond.

use super::super::ReportProblem;
use super::super::figure::{Axis, Drawing, Frame, Marker, Pen, colour};
use super::chart::{self, Chart, Scale, slot};
use super::marks::{self, Categories};
use super::{Points, colours, drawn};

/// What a box shows.
#[derive(Clone, Debug, PartialEq)]
struct Summary {
    quartiles: [f64; 3],
    whiskers: [f64; 2],
    beyond: Vec<f64>,
}

/// The boxes as a figure. Series are not told apart.
pub(super) fn draw(data: &Points, said: &str) -> Result<Drawing, ReportProblem> {
    let categories = Categories::of(data.points.iter().map(|one| &one.x));
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); categories.len()];
    for one in &data.points {
        let group = categories.number(&one.x).and_then(|at| values.get_mut(at));
        if let (Some(group), Some(y)) = (group, drawn(one.y)) {
            group.push(y);
        }
    }
    let range = marks::range(values.iter().flatten().copied());
    let y = match range {
        Some((low, high)) => Scale::Numbers(Axis::linear(low, high, 0.06, 6)),
        None => chart::blank(),
    };
    let boxes: Vec<Option<Summary>> = values.into_iter().map(summary).collect();
    let chart = Chart {
        name: "boxes",
        said,
        x: Scale::Names(categories.labels()),
        y: y.clone(),
        titles: [data.x.title(), data.y.title()],
        legend: Vec::new(),
        colours: None,
        notes: marks::omitted(&data.points).into_iter().collect(),
        high: chart::HIGH,
        empty: range.is_none(),
    };
    chart.draw(|pen, frame| {
        let Scale::Numbers(axis) = &y else {
            return Ok(());
        };
        for (number, one) in boxes.iter().enumerate() {
            if let Some(one) = one {
                let across = slot(number, boxes.len(), frame.left, frame.right);
                draw_box(pen, frame, axis, across, one)?;
            }
        }
        Ok(())
    })
}

fn draw_box(
    pen: &Pen<'_>,
    frame: Frame,
    axis: &Axis,
    (from, to): (i32, i32),
    one: &Summary,
) -> Result<(), ReportProblem> {
    let (paint, _) = colours::series(0);
    let middle = (from + to) / 2;
    let half = ((to - from) * 3 / 10).clamp(1, 90);
    let along = |y: f64| axis.along(y, frame.bottom, frame.top);
    let [first, median, third] = one.quartiles.map(along);
    for (whisker, edge) in one.whiskers.map(along).into_iter().zip([first, third]) {
        pen.line(&[(middle, whisker), (middle, edge)], colour::INK, 3)?;
        let cap = half / 2;
        pen.line(
            &[(middle - cap, whisker), (middle + cap, whisker)],
            colour::INK,
            3,
        )?;
    }
    let filled = Frame {
        left: middle - half,
        top: third,
        right: middle + half,
        bottom: first.max(third + 1),
    };
    pen.rectangle(filled, Some(paint), Some((colour::INK, 3)))?;
    // On a box too low to hold it, a white line would hide the box.
    let line = if first - third > 14 {
        colour::PAPER
    } else {
        colour::INK
    };
    let ends = [(middle - half, median), (middle + half, median)];
    pen.line(&ends, line, 6)?;
    for y in &one.beyond {
        pen.marker((middle, along(*y)), Marker::Disc, paint, 7)?;
    }
    Ok(())
}

fn summary(mut values: Vec<f64>) -> Option<Summary> {
    values.sort_by(f64::total_cmp);
    let quartiles = [
        quantile(&values, 0.25)?,
        quantile(&values, 0.5)?,
        quantile(&values, 0.75)?,
    ];
    let [first, _, third] = quartiles;
    let reach = 1.5 * (third - first);
    let near = |y: &f64| (first - reach..=third + reach).contains(y);
    let within: Vec<f64> = values.iter().copied().filter(near).collect();
    Some(Summary {
        quartiles,
        // Quartiles lie between rows, so a whisker may not fall short of the box.
        whiskers: [within.first()?.min(first), within.last()?.max(third)],
        beyond: values.into_iter().filter(|y| !near(y)).collect(),
    })
}

/// The value at a share of sorted values, between two neighbours where it falls there.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let at = share * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    let (low, high) = (sorted.get(low)?, sorted.get(high)?);
    Some(low + (high - low) * at.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_whiskers_and_what_lies_beyond() {
        let one = summary(vec![5.0, 1.0, 2.0, 3.0, 4.0, 100.0]).unwrap();
        assert_eq!(one.quartiles, [2.25, 3.5, 4.75]);
        assert_eq!(one.whiskers, [1.0, 5.0]);
        assert_eq!(one.beyond, [100.0]);
        let alone = summary(vec![2.0]).unwrap();
        assert_eq!(alone.quartiles, [2.0; 3]);
        assert_eq!(alone.whiskers, [2.0; 2]);
        assert_eq!(summary(Vec::new()), None);
    }
}
