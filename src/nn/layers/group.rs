//! What is made of rows that a map leads to the same place: sum, mean, largest. In: x, one
//! row for each entry of the map. Out: y, one row for each place; 0 where nothing leads.

use rayon::prelude::*;

use super::super::batch::Map;
use super::super::blocks::{rows_per_task, vectorised};
use super::super::domain::Grouping;
use super::gather::{gather, sum_groups};

/// A reduction over groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) grouping: Grouping,
    /// Numbers per row.
    pub(crate) width: usize,
}

impl Group {
    /// Whether the backward pass reads what went in and what came out.
    pub(crate) fn keeps(&self) -> bool {
        self.grouping == Grouping::Max
    }

    /// Fills `y`.
    pub(crate) fn forward(&self, map: &Map, x: &[f32], y: &mut [f32]) {
        match self.grouping {
            Grouping::Sum => sum_groups(map, self.width, x, y, |_| 1.0),
            Grouping::Mean => sum_groups(map, self.width, x, y, share),
            Grouping::Max => self.largest(map, x, y),
        }
    }

    /// Fills `gx`.
    pub(crate) fn backward(
        &self,
        map: &Map,
        x: &[f32],
        y: &[f32],
        gy: &[f32],
        gx: &mut [f32],
    ) {
        match self.grouping {
            Grouping::Sum => gather(map, self.width, gy, gx),
            Grouping::Mean => {
                gather(map, self.width, gy, gx);
                gx.par_chunks_mut(self.width.max(1))
                    .zip(&map.to)
                    .with_min_len(rows_per_task(self.width))
                    .for_each(|(gx, place)| {
                        let factor = share(map.group(*place as usize).len());
                        gx.iter_mut().for_each(|gx| *gx *= factor);
                    });
            }
            Grouping::Max => self.send_to_largest(map, x, y, gy, gx),
        }
    }

    fn largest(&self, map: &Map, x: &[f32], y: &mut [f32]) {
        let width = self.width;
        y.par_chunks_mut(width.max(1))
            .enumerate()
            .for_each(|(g, y)| {
                vectorised(
                    #[inline(always)]
                    || {
                        let group = map.group(g);
                        y.fill(if group.is_empty() {
                            0.0
                        } else {
                            f32::NEG_INFINITY
                        });
                        for member in group {
                            let start = map.member(member) * width;
                            let x = x.get(start..start + width).unwrap_or(&[]);
                            // A NaN stays: it is not larger, and nothing is larger than it.
                            let pairs = y.iter_mut().zip(x);
                            pairs.for_each(|(y, x)| {
                                *y = if *x > *y || x.is_nan() { *x } else { *y };
                            });
                        }
                    },
                );
            });
    }

    /// The first of the largest gets the gradient.
    fn send_to_largest(
        &self,
        map: &Map,
        x: &[f32],
        y: &[f32],
        gy: &[f32],
        gx: &mut [f32],
    ) {
        let width = self.width;
        gx.par_chunks_mut(width.max(1))
            .enumerate()
            .with_min_len(rows_per_task(width))
            .for_each(|(entry, gx)| {
                let place = map.to.get(entry).map_or(0, |place| *place as usize);
                let row = |x: &[f32], k: usize, channel: usize| {
                    x.get(k * width + channel).copied().unwrap_or(0.0)
                };
                for (channel, gx) in gx.iter_mut().enumerate() {
                    let top = row(y, place, channel);
                    let mut members = map.group(place).map(|k| map.member(k));
                    let first = members.find(|member| row(x, *member, channel) == top);
                    *gx = if first == Some(entry) {
                        row(gy, place, channel)
                    } else {
                        0.0
                    };
                }
            });
    }
}

/// 1 over the number of members.
fn share(members: usize) -> f32 {
    1.0 / members.max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::super::differences::{check, random, weighted};
    use super::*;

    fn map(to: &[u32], places: usize) -> Map {
        Map::new(to.to_vec(), places)
    }

    #[test]
    fn by_hand_with_an_empty_group() {
        let map = map(&[2, 0, 2, 0], 3);
        let x = [1.0, -5.0, 2.0, -7.0];
        for (grouping, expected) in [
            (Grouping::Sum, [-12.0, 0.0, 3.0]),
            (Grouping::Mean, [-6.0, 0.0, 1.5]),
            (Grouping::Max, [-5.0, 0.0, 2.0]),
        ] {
            let mut y = [f32::NAN; 3];
            Group { grouping, width: 1 }.forward(&map, &x, &mut y);
            assert_eq!(y, expected);
        }
    }

    #[test]
    fn gradients_are_finite_differences() {
        let maps = [
            map(&[], 2),
            map(&[0], 1),
            map(&[3, 1, 1, 0, 3, 3, 1], 5),
            map(&[0, 0, 1, 1, 1, 4], 5),
        ];
        for map in maps {
            for width in [1, 4] {
                for grouping in [Grouping::Sum, Grouping::Mean, Grouping::Max] {
                    let group = Group { grouping, width };
                    let x = random(map.to.len() * width, 1);
                    let w = random(map.places() * width, 2);
                    let run = |x: &[f32]| {
                        let mut y = vec![f32::NAN; w.len()];
                        group.forward(&map, x, &mut y);
                        y
                    };
                    let y = run(&x);
                    let mut gx = vec![f32::NAN; x.len()];
                    group.backward(&map, &x, &y, &w, &mut gx);
                    check("group", &x, &gx, |x| weighted(&run(x), &w));
                }
            }
        }
    }
}
