//! The range of the training rows made 0 to 1. In: x, the least and the largest of the
//! training rows. Out: (x - low)/(high - low); 0 if the two are the same.

use super::super::blocks::{each, each_with};

/// The factor by which differences grow.
fn factor(low: f32, high: f32) -> f32 {
    if high > low { 1.0 / (high - low) } else { 0.0 }
}

/// Fills `y`.
pub(crate) fn scale(low: f32, high: f32, x: &[f32], y: &mut [f32]) {
    let factor = factor(low, high);
    each_with(y, x, |y, x| {
        y.iter_mut()
            .zip(x)
            .for_each(|(y, x)| *y = (x - low) * factor);
    });
}

/// Turns the gradient of y into that of x, in place.
pub(crate) fn scale_back(low: f32, high: f32, g: &mut [f32]) {
    let factor = factor(low, high);
    each(g, |_, g| g.iter_mut().for_each(|g| *g *= factor));
}

/// Widens (low, high) to hold every number of `x`.
pub(crate) fn widen(range: (f32, f32), x: &[f32]) -> (f32, f32) {
    x.iter()
        .fold(range, |(low, high), x| (low.min(*x), high.max(*x)))
}

#[cfg(test)]
mod tests {
    use super::super::differences::{check, random, weighted};
    use super::*;

    #[test]
    fn ends_become_0_and_1_and_an_empty_range_0() {
        let x = [2.0, 3.0, 6.0];
        let (low, high) = widen((f32::INFINITY, f32::NEG_INFINITY), &x);
        let mut y = [f32::NAN; 3];
        scale(low, high, &x, &mut y);
        assert_eq!(y, [0.0, 0.25, 1.0]);
        scale(2.0, 2.0, &x, &mut y);
        assert_eq!(y, [0.0; 3]);
        let (x, w) = (random(5, 1), random(5, 2));
        let mut g = w.clone();
        scale_back(-1.0, 2.0, &mut g);
        check("range_scale", &x, &g, |x| {
            let mut y = vec![f32::NAN; 5];
            scale(-1.0, 2.0, x, &mut y);
            weighted(&y, &w)
        });
    }
}
