//! Numbers that are the same for every row. In: what one row is. Out: all rows. The
//! gradient of the one is the sum over all.

use rayon::prelude::*;

use super::super::blocks::{column_sums, rows_per_task};

/// Fills every row of `y` with `w`.
pub(crate) fn spread_rows(w: &[f32], y: &mut [f32]) {
    y.par_chunks_mut(w.len().max(1))
        .with_min_len(rows_per_task(w.len()))
        .for_each(|y| y.copy_from_slice(w));
}

/// Fills `gw` with the sum of the rows of `gy`.
pub(crate) fn collect_rows(gy: &[f32], gw: &mut [f32]) {
    column_sums(gy, gw);
}

#[cfg(test)]
mod tests {
    use super::super::differences::{check, random, weighted};
    use super::*;

    #[test]
    fn every_row_is_the_weight_and_sends_its_gradient() {
        for (rows, width) in [(1, 1), (5, 3), (300, 7)] {
            let (w, g) = (random(width, 1), random(rows * width, 2));
            let run = |w: &[f32]| {
                let mut y = vec![f32::NAN; rows * width];
                spread_rows(w, &mut y);
                y
            };
            assert!(run(&w).chunks(width).all(|row| row == w));
            let mut gw = vec![f32::NAN; width];
            collect_rows(&g, &mut gw);
            check("weight", &w, &gw, |w| weighted(&run(w), &g));
        }
    }
}
