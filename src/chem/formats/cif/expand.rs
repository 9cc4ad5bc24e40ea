//! Sites of the asymmetric unit and operators come in, all sites of the cell go out.

#![allow(
    clippy::indexing_slicing,
    reason = "3 × 3 algebra with constant indices"
)]

use super::operator::{Operator, wrap};
use crate::chem::formats::merge::{distance2, offset};
use crate::chem::structure::MAX_SITES;

/// More sites than a structure may have.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// The images of each position, in the order of the operators; images nearer than
/// `tolerance` Å are one site, at their mean: so a site on a symmetry element that is
/// written with few digits comes to lie on it exactly.
pub(super) fn expand(
    lattice: &[[f64; 3]; 3],
    positions: &[[f64; 3]],
    operators: &[Operator],
    tolerance: f64,
) -> Result<Vec<Vec<[f64; 3]>>, TooMany> {
    if let [one] = operators
        && *one == Operator::IDENTITY
    {
        return Ok(positions.iter().map(|x| vec![*x]).collect());
    }
    let limit = tolerance * tolerance;
    let mut total = 0;
    let mut all = Vec::with_capacity(positions.len());
    let mut sums: Vec<([f64; 3], f64)> = Vec::new();
    for position in positions {
        let mut images: Vec<[f64; 3]> = Vec::new();
        sums.clear();
        for operator in operators {
            let image = operator.apply(position).map(wrap);
            let near = images
                .iter()
                .position(|other| distance2(lattice, other, &image) <= limit);
            match near {
                Some(i) => {
                    let d = offset(&images[i], &image);
                    for (sum, d) in sums[i].0.iter_mut().zip(d) {
                        *sum += d;
                    }
                    sums[i].1 += 1.0;
                }
                None => {
                    images.push(image);
                    sums.push(([0.0; 3], 1.0));
                    total += 1;
                    if total > MAX_SITES {
                        return Err(TooMany);
                    }
                }
            }
        }
        for (image, (sum, count)) in images.iter_mut().zip(&sums) {
            for (x, d) in image.iter_mut().zip(sum) {
                *x = wrap(*x + d / count);
            }
        }
        all.push(images);
    }
    Ok(all)
}

/// The first operator that changes the lengths or angles of the cell by more than a
/// hundredth: it belongs to another cell.
pub(super) fn misfit(lattice: &[[f64; 3]; 3], operators: &[Operator]) -> Option<usize> {
    let dot = |i: usize, j: usize| -> f64 {
        (0..3).map(|k| lattice[i][k] * lattice[j][k]).sum()
    };
    let metric = [0, 1, 2].map(|i| [0, 1, 2].map(|j| dot(i, j)));
    operators.iter().position(|operator| {
        let r = operator.rotation.map(|row| row.map(f64::from));
        (0..3).any(|i| {
            (0..3).any(|j| {
                let mut turned = 0.0;
                for (k, row) in metric.iter().enumerate() {
                    for (l, g) in row.iter().enumerate() {
                        turned += r[k][i] * g * r[l][j];
                    }
                }
                let scale = (metric[i][i] * metric[j][j]).sqrt();
                (turned - metric[i][j]).abs() > 0.02 * scale
            })
        })
    })
}
