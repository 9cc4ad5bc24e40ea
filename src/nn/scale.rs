//! Targets of zero mean and unit spread. In: targets. Out: the same on a scale on which
//! networks start well, and predictions back on the scale of the targets.

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
    fn values_without_a_spread_have_no_scale() {
        for values in [&[][..], &[1.0], &[0.1, 0.1, 0.1]] {
            assert_eq!(TargetScale::of(values), None);
        }
    }
}
