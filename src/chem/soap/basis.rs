//! The radial basis: settings come in, exponents and the matrices that make the radial
//! functions orthonormal go out.

#![allow(clippy::indexing_slicing, reason = "small matrices of known order")]

use super::SoapSettings;
use super::harmonics::Harmonics;
use crate::chem::vectors::padded;

/// Share of a Gaussian that may be cut off, and of a radial function at its aₙ.
const THRESHOLD: f64 = 1e-3;

/// What the expansion needs to know of the settings.
#[derive(Clone, Debug)]
pub(super) struct Basis {
    pub(super) n_max: usize,
    pub(super) l_max: usize,
    /// Atoms within this distance count, Å.
    pub(super) reach: f64,
    /// −α η / (α + η) by l, then n, padded: a neighbour at R enters radial function
    /// (n, l) with e^(this · R²).
    pub(super) exponents: Vec<f64>,
    /// By l, n, n': what turns these exponentials into coefficients of the orthonormal
    /// functions, the factor of the power spectrum included.
    pub(super) mixing: Vec<f64>,
    pub(super) harmonics: Harmonics,
}

impl Basis {
    /// `None` where the functions are too alike to be told apart.
    pub(super) fn new(settings: &SoapSettings) -> Option<Basis> {
        let SoapSettings {
            r_cut,
            n_max,
            l_max,
            sigma,
        } = *settings;
        let eta = 0.5 / (sigma * sigma);
        let mut exponents = Vec::with_capacity(padded(n_max * (l_max + 2) + 8));
        let mut mixing = Vec::with_capacity((l_max + 1) * n_max * n_max);
        for l in 0..=l_max {
            let alphas: Vec<f64> = (0..n_max).map(|n| alpha(n, l, settings)).collect();
            if alphas.iter().any(|a| !(a.is_finite() && *a > 0.0)) {
                return None;
            }
            let power = l as f64 + 1.5;
            let half_gamma = 0.5 * libm::tgamma(power);
            let mut overlap = vec![0.0; n_max * n_max];
            for (n, a) in alphas.iter().enumerate() {
                for (m, b) in alphas.iter().enumerate() {
                    overlap[n * n_max + m] = half_gamma * libm::pow(a + b, -power);
                }
            }
            let beta = inverse_square_root(overlap, n_max)?;
            let shape = std::f64::consts::PI * (8.0 / (2 * l + 1) as f64).sqrt();
            for n in 0..n_max {
                for (m, a) in alphas.iter().enumerate() {
                    let gauss = libm::pow(std::f64::consts::PI / (a + eta), 1.5)
                        * libm::pow(eta / (a + eta), l as f64);
                    mixing.push(beta[n * n_max + m] * gauss * shape.sqrt());
                }
            }
            exponents.extend(alphas.iter().map(|a| -a * eta / (a + eta)));
        }
        // The expansion reads whole blocks from the start of each l.
        let length = padded(l_max * n_max + padded(n_max));
        exponents.resize(length, 0.0);
        Some(Basis {
            n_max,
            l_max,
            reach: r_cut + sigma * (-2.0 * libm::log(THRESHOLD)).sqrt(),
            exponents,
            mixing,
            harmonics: Harmonics::new(l_max),
        })
    }
}

/// −ln(10⁻³ / aₙˡ) / aₙ².
fn alpha(n: usize, l: usize, settings: &SoapSettings) -> f64 {
    let steps = settings.n_max.saturating_sub(1).max(1) as f64;
    let a = 1.0 + n as f64 * (settings.r_cut - 1.0) / steps;
    -libm::log(THRESHOLD / libm::pow(a, l as f64)) / (a * a)
}

/// S^(−1/2) of a symmetric positive matrix, by Jacobi rotations: they keep the small
/// eigenvalues of such a matrix accurate. `None` if one is not above 0.
fn inverse_square_root(mut s: Vec<f64>, order: usize) -> Option<Vec<f64>> {
    let mut vectors = vec![0.0; order * order];
    for k in 0..order {
        vectors[k * order + k] = 1.0;
    }
    // A few sweeps do; more cannot help.
    for _ in 0..60 {
        let mut rotated = false;
        for p in 0..order {
            for q in p + 1..order {
                rotated |= rotate(&mut s, &mut vectors, order, p, q);
            }
        }
        if !rotated {
            break;
        }
    }
    let mut roots = Vec::with_capacity(order);
    for k in 0..order {
        let value = s[k * order + k];
        if !(value.is_finite() && value > 0.0) {
            return None;
        }
        roots.push(1.0 / value.sqrt());
    }
    let mut inverse = vec![0.0; order * order];
    for i in 0..order {
        for j in 0..order {
            inverse[i * order + j] = (0..order)
                .map(|k| vectors[i * order + k] * roots[k] * vectors[j * order + k])
                .sum();
        }
    }
    Some(inverse)
}

/// Rotate the element (p, q) of `s` away, unless it is negligible.
fn rotate(s: &mut [f64], vectors: &mut [f64], order: usize, p: usize, q: usize) -> bool {
    let (pp, qq, pq) = (s[p * order + p], s[q * order + q], s[p * order + q]);
    if pq.abs() <= 1e-17 * (pp.abs() * qq.abs()).sqrt() {
        return false;
    }
    let theta = (qq - pp) / (2.0 * pq);
    let t = 1.0_f64.copysign(theta) / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let sine = t * c;
    for k in 0..order {
        if k != p && k != q {
            let (kp, kq) = (s[k * order + p], s[k * order + q]);
            let (new_p, new_q) = (c * kp - sine * kq, sine * kp + c * kq);
            (s[k * order + p], s[p * order + k]) = (new_p, new_p);
            (s[k * order + q], s[q * order + k]) = (new_q, new_q);
        }
        let (kp, kq) = (vectors[k * order + p], vectors[k * order + q]);
        vectors[k * order + p] = c * kp - sine * kq;
        vectors[k * order + q] = sine * kp + c * kq;
    }
    s[p * order + p] = pp - t * pq;
    s[q * order + q] = qq + t * pq;
    (s[p * order + q], s[q * order + p]) = (0.0, 0.0);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_square_root_undoes_the_matrix() {
        let order = 4;
        let mut s = vec![0.0; 16];
        for i in 0..order {
            for j in 0..order {
                s[i * order + j] = 1.0 / (i + j + 1) as f64;
            }
        }
        let root = inverse_square_root(s.clone(), order).unwrap();
        let product = |a: &[f64], b: &[f64]| -> Vec<f64> {
            let one = |i: usize, j: usize| {
                (0..order)
                    .map(|k| a[i * order + k] * b[k * order + j])
                    .sum()
            };
            (0..16).map(|k| one(k / order, k % order)).collect()
        };
        let one = product(&product(&root, &s), &root);
        for (k, x) in one.iter().enumerate() {
            let expected = if k % 5 == 0 { 1.0 } else { 0.0 };
            assert!((x - expected).abs() < 1e-9, "{k}: {x}");
        }
    }

    #[test]
    fn a_matrix_that_is_not_positive_has_none() {
        assert!(inverse_square_root(vec![1.0, 2.0, 2.0, 1.0], 2).is_none());
    }
}
