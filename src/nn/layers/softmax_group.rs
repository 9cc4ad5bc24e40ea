//! e^x over the sum of e^x over the rows that a map leads to the same place, number by
//! number. In: x, one row for each entry of the map. Out: y of the same shape.

use rayon::prelude::*;

use super::super::batch::Map;
use super::super::blocks::vectorised;
use super::math::exp;

/// Shares within groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SoftmaxGroup {
    /// Numbers per row.
    pub(crate) width: usize,
}

/// What the passes note for each place: its largest number and its sum.
#[derive(Clone)]
struct Note {
    top: Vec<f32>,
    sum: Vec<f32>,
}

impl SoftmaxGroup {
    /// Fills `y`. The largest number of a group is taken off first, so that nothing
    /// overflows.
    pub(crate) fn forward(&self, map: &Map, x: &[f32], y: &mut [f32]) {
        let width = self.width;
        let row = |k: usize| {
            let start = map.member(k) * width;
            x.get(start..start + width).unwrap_or(&[])
        };
        let notes: Vec<Note> = (0..map.places())
            .into_par_iter()
            .with_min_len(16)
            .map(|g| {
                let mut note = Note {
                    top: vec![f32::NEG_INFINITY; width],
                    sum: vec![0.0; width],
                };
                vectorised(
                    #[inline(always)]
                    || {
                        for k in map.group(g) {
                            let pairs = note.top.iter_mut().zip(row(k));
                            pairs.for_each(|(top, x)| {
                                *top = if *x > *top { *x } else { *top };
                            });
                        }
                        for k in map.group(g) {
                            let tops = note.sum.iter_mut().zip(&note.top);
                            let pairs = tops.zip(row(k));
                            pairs.for_each(|((sum, top), x)| *sum += exp(x - top));
                        }
                    },
                );
                note
            })
            .collect();
        y.par_chunks_mut(width.max(1))
            .zip(x.par_chunks(width.max(1)))
            .zip(&map.to)
            .with_min_len(64)
            .for_each(|((y, x), place)| {
                let Some(note) = notes.get(*place as usize) else {
                    return;
                };
                vectorised(
                    #[inline(always)]
                    || {
                        let notes = note.top.iter().zip(&note.sum);
                        for ((y, x), (top, sum)) in y.iter_mut().zip(x).zip(notes) {
                            *y = exp(x - top) / sum;
                        }
                    },
                );
            });
    }

    /// Turns the gradient of y into that of x, in place: y·(g - Σ g·y).
    pub(crate) fn backward(&self, map: &Map, y: &[f32], g: &mut [f32]) {
        let width = self.width;
        let sums: Vec<Vec<f32>> = (0..map.places())
            .into_par_iter()
            .with_min_len(16)
            .map(|group| {
                let mut sum = vec![0.0; width];
                for k in map.group(group) {
                    let start = map.member(k) * width;
                    let y = y.get(start..start + width).unwrap_or(&[]);
                    let g = g.get(start..start + width).unwrap_or(&[]);
                    let pairs = sum.iter_mut().zip(y.iter().zip(g));
                    pairs.for_each(|(sum, (y, g))| *sum += y * g);
                }
                sum
            })
            .collect();
        g.par_chunks_mut(width.max(1))
            .zip(y.par_chunks(width.max(1)))
            .zip(&map.to)
            .with_min_len(64)
            .for_each(|((g, y), place)| {
                let sum = sums.get(*place as usize).map_or(&[][..], |sum| sum);
                for ((g, y), sum) in g.iter_mut().zip(y).zip(sum) {
                    *g = y * (*g - sum);
                }
            });
    }
}

#[cfg(test)]
mod tests {
    use super::super::differences::{check_curved, random, weighted};
    use super::*;

    #[test]
    fn shares_add_up_and_gradients_are_finite_differences() {
        for (to, places) in [
            (vec![], 2),
            (vec![0], 1),
            (vec![3, 1, 1, 0, 3, 3, 1], 5),
            (vec![0, 0, 1, 1, 1, 4], 5),
        ] {
            let map = Map::new(to, places);
            for width in [1, 4] {
                let softmax = SoftmaxGroup { width };
                let x = random(map.to.len() * width, 1);
                let w = random(x.len(), 2);
                let run = |x: &[f32]| {
                    let mut y = vec![f32::NAN; x.len()];
                    softmax.forward(&map, x, &mut y);
                    y
                };
                let y = run(&x);
                for place in 0..places {
                    let group = map.group(place);
                    for channel in 0..width {
                        let members = group.clone().map(|k| map.member(k) * width);
                        let sum: f32 = members.map(|start| y[start + channel]).sum();
                        assert!(group.is_empty() || (sum - 1.0).abs() < 1e-6);
                    }
                }
                let far: Vec<f32> = x.iter().map(|x| x + 1000.0).collect();
                for (a, b) in run(&far).iter().zip(&y) {
                    assert!((a - b).abs() < 1e-3);
                }
                let mut g = w.clone();
                softmax.backward(&map, &y, &mut g);
                check_curved("softmax by", &x, &g, |x| weighted(&run(x), &w));
            }
        }
    }
}
