//! Dropout. In: values and a seed. Out: the same slice with each number zeroed with
//! probability `rate`, or divided by 1 - rate. The mask is a function of (seed, place), so
//! the backward pass draws it again instead of reading it back.

use super::super::blocks::each;
use crate::draw::Field;

/// A dropout.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Dropout {
    pub(crate) rate: f64,
    /// What its seed is drawn by, beside the training step.
    pub(crate) site: u64,
}

impl Dropout {
    /// Applies the mask of `seed` in place: to values, or to their gradient.
    pub(crate) fn apply(&self, seed: u64, x: &mut [f32]) {
        let field = Field::new(seed);
        let dropped_below = (self.rate * 4_294_967_296.0) as u32;
        let scale = (1.0 / (1.0 - self.rate)) as f32;
        each(x, |first, x| {
            for (place, x) in (first as u32..).zip(x) {
                let kept = field.at(place) >= dropped_below;
                *x = if kept { *x * scale } else { 0.0 };
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::differences::{check, random, weighted};
    use super::*;

    #[test]
    fn the_share_of_zeros_is_the_rate_and_the_mean_stays() {
        for rate in [0.0, 0.3, 0.5, 0.9] {
            let layer = Dropout { rate, site: 0 };
            let n = 200_000;
            let mut x = vec![1.0f32; n];
            layer.apply(11, &mut x);
            let zeros = x.iter().filter(|&&x| x == 0.0).count() as f64 / n as f64;
            assert!((zeros - rate).abs() < 0.005, "{rate}: {zeros}");
            let mean = x.iter().map(|&x| f64::from(x)).sum::<f64>() / n as f64;
            assert!((mean - 1.0).abs() < 0.02, "{rate}: {mean}");
            let mut y = vec![1.0f32; n];
            layer.apply(12, &mut y);
            assert_eq!(x == y, rate == 0.0);
        }
    }

    #[test]
    fn the_gradient_has_the_mask_of_the_values() {
        let layer = Dropout { rate: 0.4, site: 3 };
        let (x, w) = (random(40, 1), random(40, 2));
        let run = |x: &[f32]| {
            let mut y = x.to_vec();
            layer.apply(5, &mut y);
            y
        };
        let mut gradient = w.clone();
        layer.apply(5, &mut gradient);
        check("dropout", &x, &gradient, |x| weighted(&run(x), &w));
    }
}
