//! max(x, 0). In: values. Out: the same slice, rectified; or a gradient, let through where
//! the output was positive.

use super::super::blocks::each_with;

/// `max(x, 0)` in place. NaN stays NaN, so that a broken training is seen.
#[inline(always)]
pub(crate) fn rectify_part(x: &mut [f32]) {
    for x in x {
        *x = if *x < 0.0 { 0.0 } else { *x };
    }
}

/// The gradient with respect to x, in place, from the output `y`: zero where y is.
pub(crate) fn pass_positive(gradient: &mut [f32], y: &[f32]) {
    each_with(
        gradient,
        y,
        #[inline(always)]
        |gradient, y| {
            for (g, y) in gradient.iter_mut().zip(y) {
                *g = if *y > 0.0 { *g } else { 0.0 };
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::super::differences::{check, random, weighted};
    use super::*;

    #[test]
    fn values_and_gradient() {
        let mut x = vec![-1.0, 0.0, 2.5, f32::NAN];
        rectify_part(&mut x);
        assert_eq!(x[..3], [0.0, 0.0, 2.5]);
        assert!(x[3].is_nan());
        for (n, seed) in [(1, 1), (17, 2), (70, 3)] {
            let (x, w) = (random(n, seed), random(n, seed + 10));
            let run = |x: &[f32]| {
                let mut y = x.to_vec();
                rectify_part(&mut y);
                y
            };
            let mut gradient = w.clone();
            pass_positive(&mut gradient, &run(&x));
            check("relu", &x, &gradient, |x| weighted(&run(x), &w));
        }
    }
}
