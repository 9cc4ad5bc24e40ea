//! Numbers written as rows: a learnt or fixed row for each whole number, a 1 at its place,
//! or Gaussians around centres. In: x, one number each. Out: y, one row each.

use rayon::prelude::*;

use super::super::batch::Map;
use super::super::blocks::{rows_per_task, vectorised};
use super::gather::sum_groups;
use super::math::exp;

/// Fills `y` with the rows of `table`, `width` numbers long, that the whole numbers `x`
/// say; zeros outside the table.
pub(crate) fn look_up(table: &[f32], width: usize, x: &[f32], y: &mut [f32]) {
    let rows = rows_per_task(width);
    y.par_chunks_mut(rows * width)
        .zip(x.par_chunks(rows))
        .for_each(|(y, x)| {
            for (y, x) in y.chunks_exact_mut(width).zip(x) {
                let start = (*x as usize).saturating_mul(width);
                match table.get(start..start.saturating_add(width)) {
                    Some(row) if *x >= 0.0 => y.copy_from_slice(row),
                    _ => y.fill(0.0),
                }
            }
        });
}

/// Fills the gradient `gt` of a table of `classes` rows.
pub(crate) fn collect_classes(
    classes: usize,
    width: usize,
    x: &[f32],
    gy: &[f32],
    gt: &mut [f32],
) {
    let to = x.iter().map(|x| *x as u32).collect();
    sum_groups(&Map::new(to, classes), width, gy, gt, |_| 1.0);
}

/// 1 at the place of a whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OneHot {
    pub(crate) low: i64,
    pub(crate) classes: usize,
}

impl OneHot {
    /// Fills `y`.
    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32]) {
        y.fill(0.0);
        for (y, x) in y.chunks_exact_mut(self.classes).zip(x) {
            let place = usize::try_from(*x as i64 - self.low);
            if let Some(y) = place.ok().and_then(|place| y.get_mut(place)) {
                *y = 1.0;
            }
        }
    }
}

/// What counts as nothing beside the Gaussians nearby. Without it most of a row would be
/// numbers too small to be normal, or products of such, with which processors are slow.
const FAINT: f32 = 1e-24;

/// Gaussians around centres.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gaussians {
    centres: Vec<f32>,
    /// 1/width².
    sharpness: f32,
}

impl Gaussians {
    /// `count` centres from `low` to `high`, a Gaussian having fallen to 1/e at `width`.
    pub(crate) fn new(count: usize, low: f64, high: f64, width: f64) -> Gaussians {
        let step = (high - low) / (count.max(2) - 1) as f64;
        Gaussians {
            centres: (0..count).map(|k| (low + step * k as f64) as f32).collect(),
            sharpness: (1.0 / (width * width)) as f32,
        }
    }

    /// Fills `y`.
    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32]) {
        let width = self.centres.len();
        let rows = rows_per_task(width);
        y.par_chunks_mut(rows * width)
            .zip(x.par_chunks(rows))
            .for_each(|(y, x)| {
                vectorised(
                    #[inline(always)]
                    || {
                        for (y, x) in y.chunks_exact_mut(width).zip(x) {
                            for (y, c) in y.iter_mut().zip(&self.centres) {
                                let off = x - c;
                                let value = exp(-(off * off) * self.sharpness);
                                *y = if value < FAINT { 0.0 } else { value };
                            }
                        }
                    },
                );
            });
    }

    /// Fills `gx`.
    pub(crate) fn backward(&self, x: &[f32], y: &[f32], gy: &[f32], gx: &mut [f32]) {
        let width = self.centres.len();
        let rows = gx.iter_mut().zip(x);
        let rows = rows.zip(y.chunks_exact(width).zip(gy.chunks_exact(width)));
        for ((gx, x), (y, gy)) in rows {
            let places = y.iter().zip(gy).zip(&self.centres);
            let slopes = places.map(|((y, g), c)| g * y * (x - c));
            *gx = -2.0 * self.sharpness * slopes.sum::<f32>();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::differences::{check, check_curved, random, weighted};
    use super::*;

    #[test]
    fn rows_of_a_table_and_ones_at_their_places() {
        let table = [1.0, 2.0, 3.0, 4.0];
        let mut y = [f32::NAN; 8];
        look_up(&table, 2, &[1.0, 0.0, 2.0, -1.0], &mut y);
        assert_eq!(y, [3.0, 4.0, 1.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
        let mut y = [f32::NAN; 9];
        OneHot { low: 1, classes: 3 }.forward(&[1.0, 3.0, 4.0], &mut y);
        assert_eq!(y, [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn the_gradient_of_a_table_is_finite_differences() {
        let (x, table, g) = ([2.0, 0.0, 2.0], random(9, 1), random(9, 2));
        let mut gt = vec![f32::NAN; 9];
        collect_classes(3, 3, &x, &g, &mut gt);
        check("embedding", &table, &gt, |table| {
            let mut y = vec![f32::NAN; 9];
            look_up(table, 3, &x, &mut y);
            weighted(&y, &g)
        });
    }

    #[test]
    fn gaussians_by_definition_and_their_slopes() {
        let gaussians = Gaussians::new(5, -1.0, 1.0, 0.7);
        let (x, g) = (random(7, 1), random(35, 2));
        let run = |x: &[f32]| {
            let mut y = vec![f32::NAN; 35];
            gaussians.forward(x, &mut y);
            y
        };
        let y = run(&x);
        for (k, y) in y.iter().enumerate() {
            let off = f64::from(x[k / 5]) - (-1.0 + 0.5 * (k % 5) as f64);
            let exact = libm::exp(-off * off / 0.49);
            assert!((f64::from(*y) - exact).abs() < 1e-6);
        }
        let mut gx = vec![f32::NAN; 7];
        gaussians.backward(&x, &y, &g, &mut gx);
        check_curved("gaussians", &x, &gx, |x| weighted(&run(x), &g));
    }
}
