//! Positions in a cell come in; which of them coincide goes out. Each position is
//! compared with those of its own small box only, so that 100,000 take no longer per
//! position than ten.

#![allow(
    clippy::indexing_slicing,
    reason = "3 × 3 algebra with constant indices"
)]

use std::collections::BTreeMap;

/// Up to so many positions each pair is compared.
const FEW: usize = 48;
/// Most boxes along an axis.
const MAX_BOXES: f64 = 1_048_576.0;

/// Squared distance in Å² between two positions, of the image that is nearest by
/// wrapping each coordinate. Exact for distances that are small against the cell.
#[inline]
pub(super) fn distance2(lattice: &[[f64; 3]; 3], from: &[f64; 3], to: &[f64; 3]) -> f64 {
    let d = offset(from, to);
    let along =
        |i: usize| d[0] * lattice[0][i] + d[1] * lattice[1][i] + d[2] * lattice[2][i];
    let (x, y, z) = (along(0), along(1), along(2));
    x * x + y * y + z * z
}

/// `to − from`, each coordinate wrapped to [−1/2, 1/2].
#[inline]
pub(super) fn offset(from: &[f64; 3], to: &[f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|i| {
        let d = to[i] - from[i];
        d - (d + 0.5).floor()
    })
}

/// For each position the first one that lies within `tolerance` Å of it: itself where
/// there is none before.
pub(super) fn firsts(
    lattice: &[[f64; 3]; 3],
    positions: &[[f64; 3]],
    tolerance: f64,
) -> Vec<usize> {
    let limit = tolerance * tolerance;
    if positions.len() <= FEW {
        let mut firsts: Vec<usize> = (0..positions.len()).collect();
        for i in 1..positions.len() {
            let near = |j: &usize| {
                firsts[*j] == *j
                    && distance2(lattice, &positions[*j], &positions[i]) <= limit
            };
            if let Some(first) = (0..i).find(near) {
                firsts[i] = first;
            }
        }
        return firsts;
    }
    let heights = heights(lattice);
    let boxes = heights.map(|h| (h / (10.0 * tolerance)).floor().clamp(1.0, MAX_BOXES));
    let reach = heights.map(|h| tolerance / h);
    let mut kept: BTreeMap<[u32; 3], Vec<usize>> = BTreeMap::new();
    let mut firsts = Vec::with_capacity(positions.len());
    for (i, position) in positions.iter().enumerate() {
        let near = boxes_near(position, &boxes, &reach)
            .filter_map(|key| kept.get(&key))
            .flatten()
            .filter(|j| distance2(lattice, &positions[**j], position) <= limit)
            .min();
        match near {
            Some(first) => firsts.push(*first),
            None => {
                firsts.push(i);
                kept.entry(key(position, &boxes)).or_default().push(i);
            }
        }
    }
    firsts
}

fn key(position: &[f64; 3], boxes: &[f64; 3]) -> [u32; 3] {
    [0, 1, 2].map(|i| place(position[i], boxes[i]))
}

fn place(x: f64, boxes: f64) -> u32 {
    ((x - x.floor()) * boxes).min(boxes - 1.0) as u32
}

/// The boxes that reach to within `reach` of a position, each once.
fn boxes_near(
    position: &[f64; 3],
    boxes: &[f64; 3],
    reach: &[f64; 3],
) -> impl Iterator<Item = [u32; 3]> {
    let sides: [Vec<u32>; 3] = [0, 1, 2].map(|i| {
        let mut side: Vec<u32> = [-reach[i], 0.0, reach[i]]
            .iter()
            .map(|d| place(position[i] + d, boxes[i]))
            .collect();
        side.sort_unstable();
        side.dedup();
        side
    });
    let [a, b, c] = sides;
    a.into_iter().flat_map(move |x| {
        let c = c.clone();
        b.clone()
            .into_iter()
            .flat_map(move |y| c.clone().into_iter().map(move |z| [x, y, z]))
    })
}

/// Distances between opposite faces of the cell, Å.
fn heights(lattice: &[[f64; 3]; 3]) -> [f64; 3] {
    let cross = |u: &[f64; 3], v: &[f64; 3]| {
        [
            u[1] * v[2] - u[2] * v[1],
            u[2] * v[0] - u[0] * v[2],
            u[0] * v[1] - u[1] * v[0],
        ]
    };
    [0, 1, 2].map(|i| {
        let n = cross(&lattice[(i + 1) % 3], &lattice[(i + 2) % 3]);
        let volume = (0..3).map(|k| n[k] * lattice[i][k]).sum::<f64>().abs();
        volume / (n[0] * n[0] + n[1] * n[1] + n[2] * n[2]).sqrt()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_find_what_pairs_find() {
        let lattice = [[4.0, 0.3, 0.0], [-1.0, 5.0, 0.5], [0.7, 0.2, 6.0]];
        // A simple congruential sequence; every third position repeats an earlier one.
        let mut state = 1_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let mut positions: Vec<[f64; 3]> = Vec::new();
        for i in 0..600 {
            let fresh = [next(), next(), next()];
            let repeated = positions.get(i / 2).filter(|_| i % 3 == 2);
            positions.push(match repeated {
                Some(p) => [p[0] + 1.0, p[1] - 1e-4, p[2] - 2.0],
                None => fresh,
            });
        }
        positions.push([0.0, 0.5, 0.5]);
        positions.push([-1e-5, 0.5, 0.5]);
        let found = firsts(&lattice, &positions, 0.01);
        for (i, first) in found.iter().enumerate() {
            let near = |j: &usize| {
                found[*j] == *j
                    && distance2(&lattice, &positions[*j], &positions[i]) <= 1e-4
            };
            assert_eq!(*first, (0..i).find(near).unwrap_or(i));
        }
        assert_eq!(found[601], 600);
        assert!(found.iter().enumerate().filter(|(i, j)| i != *j).count() >= 200);
    }
}
