//! Histograms: how many values fall into each of some ranges of equal width, and lines
//! that say which share of the values is at most as large.

use super::super::ReportProblem;
use super::super::figure::{Axis, Drawing, Side, TEXT, colour, width};
use super::super::numbers;
use super::chart::{self, Chart, Scale};
use super::{Histogram, colours, drawn, marks};

/// One range: its edges and how many values lie in it, the lower edge with them; in the
/// last range the upper one too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bin {
    pub from: f64,
    pub to: f64,
    pub count: u64,
}

/// The ranges and their counts; none where no value can be drawn.
pub(super) fn bins(histogram: &Histogram) -> Vec<Bin> {
    let values = || histogram.values.iter().filter_map(|x| drawn(*x));
    let Some((low, high)) = marks::range(values()) else {
        return Vec::new();
    };
    let (low, high) = if low == high {
        let half = 0.5 * low.abs().max(1.0);
        (low - half, high + half)
    } else {
        (low, high)
    };
    let many = histogram.bins.clamp(1, 2000);
    let edge = |at: usize| low + (high - low) * (at as f64 / many as f64);
    let mut bins: Vec<Bin> = (0..many)
        .map(|at| Bin {
            from: edge(at),
            to: edge(at + 1),
            count: 0,
        })
        .collect();
    for x in values() {
        // Between two edges, whatever a division would say.
        let at = bins.partition_point(|bin| bin.from <= x).saturating_sub(1);
        if let Some(bin) = bins.get_mut(at) {
            bin.count += 1;
        }
    }
    bins
}

/// The histogram as a figure.
pub(super) fn draw(histogram: &Histogram, said: &str) -> Result<Drawing, ReportProblem> {
    let bins = bins(histogram);
    let most = bins.iter().map(|bin| bin.count).max();
    let (x, y) = match (bins.first(), bins.last(), most) {
        (Some(first), Some(last), Some(most)) => {
            let shares = histogram
                .shares
                .iter()
                .copied()
                .filter(|x| drawn(Some(*x)).is_some());
            let (low, high) =
                shares.fold((first.from, last.to), |(l, h), x| (l.min(x), h.max(x)));
            // Room above the bars for what the lines say.
            let room = 1.06 + 0.09 * histogram.shares.len().min(4) as f64;
            let x = Axis::linear(low, high, 0.02, 8);
            let y = Axis::whole(0.0, room * most as f64, 0.0, 6);
            (Scale::Numbers(x), Scale::Numbers(y))
        }
        _ => (chart::blank(), chart::blank()),
    };
    let fit = histogram.values.iter().map(|x| drawn(*x).is_some());
    let chart = Chart {
        name: "histogram",
        said,
        x: x.clone(),
        y: y.clone(),
        titles: [histogram.of.title(), "Count".to_owned()],
        legend: Vec::new(),
        colours: None,
        notes: marks::omission(fit, "row").into_iter().collect(),
        high: chart::HIGH,
        empty: bins.is_empty(),
    };
    chart.draw(|pen, frame| {
        let (Scale::Numbers(x), Scale::Numbers(y)) = (&x, &y) else {
            return Ok(());
        };
        let (paint, _) = colours::series(0);
        let along = |value: f64| x.along(value, frame.left, frame.right);
        for bin in bins.iter().filter(|bin| bin.count > 0) {
            let (left, right) = (along(bin.from), along(bin.to).max(along(bin.from) + 1));
            // Neighbours keep a hair between them, where bars are not hairs themselves.
            let gap = if right - left > 8 { 2 } else { 0 };
            let top = y.along(bin.count as f64, frame.bottom, frame.top);
            let bottom = frame.bottom;
            pen.patch([(left + gap, top), (right, bottom)], paint)?;
        }
        let all: Vec<f64> = histogram.values.iter().filter_map(|x| drawn(*x)).collect();
        if all.is_empty() {
            return Ok(());
        }
        let shares = histogram.shares.iter().filter_map(|x| drawn(Some(*x)));
        for share in shares.clone() {
            let at = along(share);
            pen.dashes((at, frame.bottom), (at, frame.top), colour::INK, 3)?;
        }
        for (number, share) in (0..).zip(shares) {
            let below = all.iter().filter(|x| **x <= share).count();
            let text = said_of(below, all.len(), share, &histogram.of.unit);
            let at = along(share);
            let line = frame.top + 36 + 50 * (number % 4);
            let wide = width(&text, TEXT).ceil() as i32;
            let (spot, side, from) = if at + wide + 30 < frame.right {
                ((at + 14, line), Side::Right, at + 6)
            } else {
                ((at - 14, line), Side::Left, at - wide - 22)
            };
            let corners = [(from, line - 22), (from + wide + 16, line + 22)];
            pen.patch(corners, colour::PAPER)?;
            pen.text(&text, spot, side, TEXT, colour::INK, false)?;
        }
        Ok(())
    })
}

fn said_of(below: usize, all: usize, share: f64, unit: &str) -> String {
    let percent = 100.0 * below as f64 / all as f64;
    let unit = if unit.is_empty() {
        String::new()
    } else {
        format!(" {unit}")
    };
    format!(
        "{percent:.1} % ({}) ≤ {}{unit}",
        numbers::count(below as u64),
        marks::number(share)
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::Quantity;
    use super::*;

    fn counts(values: &[f64], many: usize) -> Vec<u64> {
        let histogram = Histogram {
            of: Quantity::default(),
            values: values.iter().map(|x| Some(*x)).collect(),
            bins: many,
            shares: Vec::new(),
        };
        bins(&histogram).iter().map(|bin| bin.count).collect()
    }

    #[test]
    fn every_value_falls_into_one_range() {
        assert_eq!(counts(&[0.0, 0.5, 1.0, 1.5, 2.0], 2), [2, 3]);
        assert_eq!(counts(&[7.0; 5], 3), [0, 5, 0]);
        assert_eq!(counts(&[1.0, f64::NAN, 2.0], 1), [2]);
        assert!(counts(&[f64::NAN], 4).is_empty());
        // Tenths are no binary fractions, and still none is lost.
        let tenths: Vec<f64> = (0..=10).map(|i| f64::from(i) / 10.0).collect();
        assert_eq!(counts(&tenths, 10).iter().sum::<u64>(), 11);
        assert_eq!(counts(&[-1e300, 1e300], 4), [1, 0, 0, 1]);
    }
}
