//! Rows taken by a map. In: x, one row for each place the map leads to. Out: y, one row
//! for each entry of the map. The gradient of a place is the sum over its entries, in
//! their order.

use rayon::prelude::*;

use super::super::batch::Map;
use super::super::blocks::{rows_per_task, vectorised};

/// Fills `y` with the rows of `x`, `width` numbers long, that `map` leads to.
pub(crate) fn gather(map: &Map, width: usize, x: &[f32], y: &mut [f32]) {
    let rows = rows_per_task(width);
    y.par_chunks_mut(rows * width)
        .zip(map.to.par_chunks(rows))
        .for_each(|(y, to)| {
            for (y, place) in y.chunks_exact_mut(width).zip(to) {
                let start = *place as usize * width;
                y.copy_from_slice(x.get(start..start + width).unwrap_or(&[]));
            }
        });
}

/// Fills `y` with `factor(members)` times the sum of the rows of `x` that lead to each
/// place.
pub(crate) fn sum_groups(
    map: &Map,
    width: usize,
    x: &[f32],
    y: &mut [f32],
    factor: impl Fn(usize) -> f32 + Sync,
) {
    // Groups are far from equal: a task is about as many as fill a block.
    let members = map.to.len() / map.places().max(1) + 1;
    let rows = (rows_per_task(width) / members).max(1);
    y.par_chunks_mut(rows * width)
        .enumerate()
        .for_each(|(task, y)| {
            vectorised(
                #[inline(always)]
                || {
                    for (k, y) in y.chunks_exact_mut(width).enumerate() {
                        let group = map.group(task * rows + k);
                        let count = group.len();
                        y.fill(0.0);
                        for member in group {
                            let start = map.member(member) * width;
                            let x = x.get(start..start + width).unwrap_or(&[]);
                            y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
                        }
                        let factor = factor(count);
                        if factor != 1.0 {
                            y.iter_mut().for_each(|y| *y *= factor);
                        }
                    }
                },
            );
        });
}

#[cfg(test)]
mod tests {
    use super::super::differences::{check, random, weighted};
    use super::*;
    use crate::draw::Stream;

    /// Maps of `entries` to `places`, sorted and not, with places nobody leads to.
    pub(crate) fn maps() -> Vec<Map> {
        let mut stream = Stream::new(3);
        let mut all = vec![Map::new(vec![], 3), Map::new(vec![0], 1)];
        for (entries, places) in [(5, 2), (40, 7), (3, 9), (700, 11)] {
            let mut to: Vec<u32> =
                (0..entries).map(|_| stream.below(places) as u32).collect();
            all.push(Map::new(to.clone(), places as usize));
            to.sort_unstable();
            all.push(Map::new(to, places as usize));
        }
        all
    }

    #[test]
    fn groups_hold_every_entry_once_in_order() {
        for map in maps() {
            let mut seen = vec![false; map.to.len()];
            for g in 0..map.places() {
                let members: Vec<usize> = map.group(g).map(|k| map.member(k)).collect();
                assert!(members.is_sorted());
                for member in members {
                    assert_eq!(map.to[member] as usize, g);
                    assert!(!std::mem::replace(&mut seen[member], true));
                }
            }
            assert!(seen.iter().all(|seen| *seen));
        }
    }

    #[test]
    fn gathering_and_summing_are_each_others_gradients() {
        for map in maps() {
            for width in [1, 3, 20] {
                let x = random(map.places() * width, 1);
                let w = random(map.to.len() * width, 2);
                let mut gx = vec![f32::NAN; x.len()];
                sum_groups(&map, width, &w, &mut gx, |_| 1.0);
                check("gather", &x, &gx, |x| {
                    let mut y = vec![f32::NAN; w.len()];
                    gather(&map, width, x, &mut y);
                    weighted(&y, &w)
                });
            }
        }
    }
}
