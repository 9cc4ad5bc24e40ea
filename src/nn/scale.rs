//! Targets of zero mean and unit spread. In: targets. Out: the same on a scale on which
//! networks start well, and predictions back on the scale of the targets; what a file of
//! weights says of that scale.

use super::archive::Remarks;

/// The keys of a file's remarks.
const MEAN: &str = "target_mean";
const SPREAD: &str = "target_spread";
const UNIT: &str = "target_unit";

/// target = mean + spread · what the network sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TargetScale {
    /// What becomes 0.
    pub mean: f64,
    /// How far from it becomes 1; above 0.
    pub spread: f64,
}

impl TargetScale {
    /// Targets as they are.
    pub const NONE: TargetScale = TargetScale {
        mean: 0.0,
        spread: 1.0,
    };

    /// The mean of `values` and their standard deviation (n - 1 in the denominator, as
    /// torch's `std` and the reference code of CGCNN have it); none when there are fewer
    /// than two, or all are alike.
    pub fn of(values: &[f64]) -> Option<TargetScale> {
        let count = values.len() as f64;
        if count < 2.0 || values.iter().all(|x| Some(x) == values.first()) {
            return None;
        }
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
        let spread = (squares / (count - 1.0)).sqrt();
        (spread > 0.0 && spread.is_finite()).then_some(TargetScale { mean, spread })
    }

    /// A target as the network sees it.
    pub fn scaled(self, target: f64) -> f64 {
        (target - self.mean) / self.spread
    }

    /// A prediction of the network in the target's unit.
    pub fn restored(self, predicted: f64) -> f64 {
        self.mean + self.spread * predicted
    }

    /// What a file of weights says of a scale in that unit: nothing of targets as they are.
    pub(crate) fn remarks(self, unit: &str) -> Remarks {
        if self == TargetScale::NONE {
            return Remarks::new();
        }
        Remarks::from([
            (MEAN, self.mean.to_string()),
            (SPREAD, self.spread.to_string()),
            (UNIT, unit.to_owned()),
        ])
    }

    /// The scale that a file's remarks tell of, for targets in that unit: targets as they
    /// are, where it says nothing.
    ///
    /// # Errors
    /// One number without the other; what is no number, or no spread; another unit.
    pub(crate) fn told(remarks: &Remarks, unit: &str) -> Result<TargetScale, String> {
        let number = |key: &str| match remarks.get(key) {
            None => Ok(None),
            Some(text) => match text.trim().parse::<f64>() {
                Ok(x) if x.is_finite() && (key != SPREAD || x > 0.0) => Ok(Some(x)),
                _ => Err(format!(
                    "its header says {key} {text:?}: no such number is due"
                )),
            },
        };
        let (mean, spread) = match (number(MEAN)?, number(SPREAD)?) {
            (None, None) => return Ok(TargetScale::NONE),
            (Some(mean), Some(spread)) => (mean, spread),
            (None, _) => return Err(format!("its header has {SPREAD} without {MEAN}")),
            (_, None) => return Err(format!("its header has {MEAN} without {SPREAD}")),
        };
        match remarks.get(UNIT) {
            Some(of) if of != unit => Err(format!(
                "its header says that the target is in {}; here it is in {}: `target` \
                 has to show it in the same unit",
                named(of),
                named(unit)
            )),
            _ => Ok(TargetScale { mean, spread }),
        }
    }
}

/// A unit in a message.
fn named(unit: &str) -> &str {
    if unit.is_empty() { "no unit" } else { unit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // Mean 3, squares 4 + 0 + 4: 8 over two, so the spread is 2.
        let scale = TargetScale::of(&[1.0, 3.0, 5.0]).unwrap();
        assert_eq!((scale.mean, scale.spread), (3.0, 2.0));
        assert_eq!((scale.scaled(5.0), scale.restored(1.0)), (1.0, 5.0));
        assert_eq!(TargetScale::NONE.restored(0.3), 0.3);
    }

    #[test]
    fn what_a_file_says_is_read_or_refused() {
        let scale = TargetScale {
            mean: -1.25,
            spread: 0.1 + 0.2,
        };
        let remarks = scale.remarks("eV/atom");
        assert_eq!(TargetScale::told(&remarks, "eV/atom"), Ok(scale));
        assert_eq!(TargetScale::NONE.remarks("eV"), Remarks::new());
        let none = TargetScale::told(&Remarks::new(), "eV");
        assert_eq!(none, Ok(TargetScale::NONE));
        let refused = |key: &'static str, text: Option<&str>| {
            let mut remarks = remarks.clone();
            match text {
                Some(text) => remarks.insert(key, text.to_owned()),
                None => remarks.remove(key),
            };
            TargetScale::told(&remarks, "eV/atom").unwrap_err()
        };
        assert!(refused(UNIT, Some("GPa")).contains("is in GPa; here it is in eV/atom"));
        assert!(refused(SPREAD, Some("0")).contains("target_spread \"0\""));
        assert!(refused(MEAN, Some("NaN")).contains("target_mean \"NaN\""));
        assert!(refused(MEAN, None).contains("without target_mean"));
        assert!(refused(SPREAD, None).contains("without target_spread"));
    }

    #[test]
    fn values_without_a_spread_have_no_scale() {
        for values in [&[][..], &[1.0], &[0.1, 0.1, 0.1]] {
            assert_eq!(TargetScale::of(values), None);
        }
    }
}
