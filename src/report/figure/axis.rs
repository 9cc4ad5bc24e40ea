//! Axes: in comes the range of the data, out come round ticks with labels and the place of
//! a value along the axis.

/// An axis from `low` to `high`. On a logarithmic one all three hold log₁₀ of the values.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct Axis {
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis that shows `low..=high` with `room` (a share of the range) left at both
    /// ends, and about `count` ticks.
    pub(in crate::report) fn linear(low: f64, high: f64, room: f64, count: u32) -> Axis {
        let (low, high) = spread(low, high, room);
        let step = round_step((high - low) / f64::from(count.max(1)), false);
        Axis {
            low,
            high,
            ticks: ticks(low, high, step),
        }
    }

    /// As [`Axis::linear`], with ticks at whole numbers only: for epochs.
    pub(in crate::report) fn whole(first: f64, last: f64, room: f64, count: u32) -> Axis {
        let (low, high) = spread(first, last, room);
        let step = round_step((high - low) / f64::from(count.max(1)), true).max(1.0);
        let mut ticks = ticks(low, high, step);
        // There is no epoch 0, though there is room for it.
        ticks.retain(|(value, _)| *value >= first);
        Axis { low, high, ticks }
    }

    /// A logarithmic axis for positive values.
    pub(in crate::report) fn log(low: f64, high: f64, room: f64) -> Axis {
        let (low, high) = spread(libm::log10(low), libm::log10(high), room);
        // Ticks at 1, 2 and 5, at 1 and 3, or at whole powers, as many as are readable.
        let marks: &[f64] = match high - low {
            decades if decades < 2.5 => &[1.0, 2.0, 5.0],
            decades if decades < 4.0 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let mut ticks = Vec::new();
        let (first, last) = (low.floor() as i32, high.ceil() as i32);
        let every = ((last - first) / 8).max(1);
        for power in (first..=last).filter(|power| power.rem_euclid(every) == 0) {
            for mark in marks {
                let at = f64::from(power) + libm::log10(*mark);
                if (low..=high).contains(&at) {
                    ticks.push((at, power_label(*mark, power)));
                }
            }
        }
        Axis { low, high, ticks }
    }

    /// Where `value` lies when `low` is at `from` and `high` at `to`.
    pub(in crate::report) fn along(&self, value: f64, from: i32, to: i32) -> i32 {
        let share = (value - self.low) / (self.high - self.low);
        from + (share * f64::from(to - from)).round() as i32
    }
}

/// The range with room at both ends; one value alone gets room too.
fn spread(low: f64, high: f64, room: f64) -> (f64, f64) {
    let range = high - low;
    let pad = if range > 0.0 {
        range * room
    } else {
        low.abs().max(1.0) * 0.5
    };
    (low - pad, high + pad)
}

/// The round step nearest above `raw`: 1, 2, 2.5 (not for whole numbers) or 5 times a
/// power of ten.
fn round_step(raw: f64, whole: bool) -> f64 {
    let power = libm::pow(10.0, libm::floor(libm::log10(raw)));
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter();
    let fits = |step: &f64| step * power >= raw && !(whole && *step == 2.5);
    steps.into_iter().find(fits).unwrap_or(10.0) * power
}

/// Multiples of `step` within the range, labelled with as many digits as the step has.
fn ticks(low: f64, high: f64, step: f64) -> Vec<(f64, String)> {
    // A range that ends at a tick keeps it, though the division may miss by a bit.
    const NEARLY: f64 = 1e-9;
    let first = (low / step - NEARLY).ceil();
    let count = ((high / step + NEARLY).floor() - first).clamp(0.0, 50.0) as u32;
    let largest = low.abs().max(high.abs());
    (0..=count)
        .map(|i| {
            let value = ((first + f64::from(i)) * step).clamp(low, high);
            (value, label(value, step, largest))
        })
        .collect()
}

fn label(value: f64, step: f64, largest: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if largest >= 1e6 || step < 1e-5 {
        // As many digits as tell two ticks apart.
        let places = libm::log10(largest / step).ceil().clamp(0.0, 15.0) as usize + 1;
        let text = format!("{value:.places$e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        return minus(&format!("{digits}e{power}"));
    }
    // Digits after the point until the step shows in full: 0.25 → 2, 0.5 → 1, 2 → 0.
    let digits = (0..6_usize).find(|digits| {
        let scaled = step * libm::pow(10.0, *digits as f64);
        (scaled - scaled.round()).abs() < 1e-6 * scaled
    });
    minus(&format!("{value:.*}", digits.unwrap_or(6)))
}

/// A real minus sign in the place of the hyphen before numbers.
pub(in crate::report) fn minus(text: &str) -> String {
    text.replace('-', "−")
}

/// "0.002", "50", or "2e−7" where zeros would have to be counted.
fn power_label(mark: f64, power: i32) -> String {
    if (-4..=4).contains(&power) {
        let digits = power.min(0).unsigned_abs() as usize;
        return format!("{:.*}", digits, mark * libm::pow(10.0, f64::from(power)));
    }
    minus(&format!("{mark}e{power}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_and_inside() {
        let axis = Axis::linear(-4.3, -0.2, 0.04, 6);
        assert_eq!(labels(&axis), ["−4", "−3", "−2", "−1", "0"][..4]);
        assert_eq!(labels(&Axis::linear(0.0, 1.0, 0.0, 5)).len(), 6);
        assert_eq!(labels(&Axis::linear(0.0, 1.0, 0.0, 4))[1], "0.25");
        let tiny = Axis::linear(0.0, 3e-8, 0.0, 3);
        assert_eq!(labels(&tiny), ["0", "1e−8", "2e−8", "3e−8"]);
        let cases = [
            (0.0, 1e-9),
            (-1e6, 1e6),
            (1.0, 1.0),
            (0.0, 0.0),
            (3.0, 3.1),
            (1_234_567.0, 1_234_567.5),
            (-1e300, 1e300),
        ];
        for (low, high) in cases {
            let axis = Axis::linear(low, high, 0.04, 6);
            assert!(
                (2..=12).contains(&axis.ticks.len()),
                "{low} {high}: {axis:?}"
            );
            assert!(
                axis.ticks
                    .iter()
                    .all(|(v, _)| (axis.low..=axis.high).contains(v)),
                "{low} {high}"
            );
            let mut names = labels(&axis);
            names.dedup();
            assert_eq!(names.len(), axis.ticks.len(), "labels differ: {axis:?}");
        }
    }

    #[test]
    fn whole_ticks_for_epochs() {
        assert_eq!(labels(&Axis::whole(1.0, 3.0, 0.0, 6)), ["1", "2", "3"]);
        assert_eq!(
            labels(&Axis::whole(1.0, 100.0, 0.0, 5)),
            ["20", "40", "60", "80", "100"]
        );
        assert!(
            Axis::whole(1.0, 1.0, 0.0, 5)
                .ticks
                .iter()
                .all(|(v, _)| v.fract() == 0.0)
        );
    }

    #[test]
    fn logarithmic_ticks() {
        let axis = Axis::log(0.01, 1.0, 0.0);
        assert_eq!(
            labels(&axis),
            ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]
        );
        let wide = Axis::log(1e-7, 1e2, 0.0);
        assert_eq!(labels(&wide)[..2], ["1e−7", "1e−6"]);
        assert_eq!(power_label(3.0, -15), "3e−15");
        assert_eq!(power_label(1.0, 48), "1e48");
    }

    #[test]
    fn places_along_an_axis() {
        let axis = Axis::linear(0.0, 10.0, 0.0, 5);
        assert_eq!(axis.along(0.0, 100, 600), 100);
        assert_eq!(axis.along(5.0, 600, 100), 350);
    }
}
