//! Eigenvalues of a symmetric matrix: its rows come in, its eigenvalues go out.
//!
//! Householder reflections make it tridiagonal, the QL iteration with implicit shifts
//! does the rest (Wilkinson and Reinsch, Handbook for Automatic Computation II (1971),
//! II/1 and II/4).

#![allow(
    clippy::indexing_slicing,
    reason = "kernel over an order × order matrix"
)]

use crate::chem::vectors::vectorised;

/// Steps the iteration may take for one eigenvalue; three are usual.
const MOST_STEPS: usize = 60;

/// The eigenvalues of the symmetric matrix with these rows, in no particular order.
pub(super) fn eigenvalues(mut matrix: Vec<f64>, order: usize) -> Option<Vec<f64>> {
    let (mut diagonal, mut beside) = vectorised(
        #[inline(always)]
        || tridiagonalise(&mut matrix, order),
    );
    iterate(&mut diagonal, &mut beside)?;
    Some(diagonal)
}

/// Diagonal and subdiagonal (the last value of which is 0) of a tridiagonal matrix with
/// the same eigenvalues. Only elementwise loops over whole rows, which become vector
/// instructions; the sums of products run over columns for the same reason.
#[inline(always)]
fn tridiagonalise(matrix: &mut [f64], order: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut diagonal, mut beside) = (vec![0.0; order], vec![0.0; order]);
    let (mut v, mut p) = (vec![0.0; order], vec![0.0; order]);
    for k in 0..order {
        diagonal[k] = matrix[k * order + k];
        let from = k + 1;
        if from >= order {
            break;
        }
        // Reflect what lies right of the diagonal onto its first element.
        let (v, p) = (&mut v[from..], &mut p[from..]);
        v.copy_from_slice(&matrix[k * order + from..(k + 1) * order]);
        let scale = v.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        if scale <= 0.0 || v.len() == 1 {
            beside[k] = v[0];
            continue;
        }
        let squares: f64 = v.iter().map(|x| (x / scale) * (x / scale)).sum();
        let length = squares.sqrt() * scale;
        let onto = if v[0] > 0.0 { -length } else { length };
        beside[k] = onto;
        v[0] -= onto;
        // H = 1 − β v vᵀ; the rest A becomes A − v qᵀ − q vᵀ with p = β A v and
        // q = p − (β/2) (p · v) v.
        let beta = 2.0 / v.iter().map(|x| x * x).sum::<f64>();
        p.fill(0.0);
        for (row, factor) in v.iter().enumerate() {
            let start = (from + row) * order;
            let values = &matrix[start + from..start + order];
            for (p, a) in p.iter_mut().zip(values) {
                *p += factor * a;
            }
        }
        let mut along = 0.0;
        for (p, v) in p.iter_mut().zip(v.iter()) {
            *p *= beta;
            along += *p * v;
        }
        let half = 0.5 * beta * along;
        for (p, v) in p.iter_mut().zip(v.iter()) {
            *p -= half * v;
        }
        for row in 0..v.len() {
            let start = (from + row) * order;
            let values = &mut matrix[start + from..start + order];
            let (vr, pr) = (v[row], p[row]);
            for ((a, v), p) in values.iter_mut().zip(v.iter()).zip(p.iter()) {
                *a -= vr * p + pr * v;
            }
        }
    }
    (diagonal, beside)
}

/// Turn the diagonal into the eigenvalues. `None` if it takes too many steps.
fn iterate(d: &mut [f64], e: &mut [f64]) -> Option<()> {
    let order = d.len();
    for low in 0..order {
        for step in 0.. {
            // The block from `low` ends where the subdiagonal vanishes.
            let high = (low..order - 1)
                .find(|&k| e[k].abs() <= f64::EPSILON * (d[k].abs() + d[k + 1].abs()))
                .unwrap_or(order - 1);
            if high == low {
                break;
            }
            if step == MOST_STEPS {
                return None;
            }
            let g = (d[low + 1] - d[low]) / (2.0 * e[low]);
            let r = (g * g + 1.0).sqrt();
            let mut g = d[high] - d[low] + e[low] / (g + r.copysign(g));
            let (mut s, mut c, mut shift) = (1.0, 1.0, 0.0);
            let mut whole = true;
            for k in (low..high).rev() {
                let f = s * e[k];
                let b = c * e[k];
                let r = (f * f + g * g).sqrt();
                e[k + 1] = r;
                if r <= 0.0 {
                    // The block falls apart here: begin anew.
                    d[k + 1] -= shift;
                    e[high] = 0.0;
                    whole = false;
                    break;
                }
                s = f / r;
                c = g / r;
                g = d[k + 1] - shift;
                let r = (d[k] - g) * s + 2.0 * c * b;
                shift = s * r;
                d[k + 1] = g + shift;
                g = c * r - b;
            }
            if whole {
                d[low] -= shift;
                e[low] = g;
                e[high] = 0.0;
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(matrix: Vec<f64>, order: usize) -> Vec<f64> {
        let mut values = eigenvalues(matrix, order).unwrap();
        values.sort_by(f64::total_cmp);
        values
    }

    #[test]
    fn small_matrices_have_their_eigenvalues() {
        assert_eq!(sorted(vec![5.0], 1), [5.0]);
        let two = sorted(vec![2.0, 1.0, 1.0, 2.0], 2);
        assert!((two[0] - 1.0).abs() < 1e-15 && (two[1] - 3.0).abs() < 1e-15);
        assert_eq!(sorted(vec![0.0; 9], 3), [0.0; 3]);
        let diagonal = vec![3.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 2.0];
        assert_eq!(sorted(diagonal, 3), [-1.0, 2.0, 3.0]);
    }

    #[test]
    fn the_chain_has_cosines() {
        // −1 beside the diagonal: eigenvalues −2 cos(k π / (n + 1)).
        let n = 40;
        let mut matrix = vec![0.0; n * n];
        for k in 1..n {
            matrix[k * n + k - 1] = -1.0;
            matrix[(k - 1) * n + k] = -1.0;
        }
        for (k, value) in sorted(matrix, n).iter().enumerate() {
            let angle = std::f64::consts::PI * (k + 1) as f64 / (n + 1) as f64;
            assert!((value + 2.0 * libm::cos(angle)).abs() < 1e-13);
        }
    }

    #[test]
    fn a_matrix_built_from_its_eigenvalues_gives_them_back() {
        // Q diag(λ) Qᵀ with Q a product of reflections, among them equal and zero λ.
        let n = 30;
        let wanted: Vec<f64> = (0..n).map(|k| f64::from(k / 3) - 4.0).collect();
        let n = n as usize;
        let mut matrix = vec![0.0; n * n];
        for k in 0..n {
            matrix[k * n + k] = wanted[k];
        }
        for seed in 1..6 {
            let v: Vec<f64> =
                (0..n).map(|k| libm::sin((k * seed) as f64 + 0.3)).collect();
            let beta = 2.0 / v.iter().map(|x| x * x).sum::<f64>();
            let reflect = |a: &mut [f64]| {
                let along: f64 = a.iter().zip(&v).map(|(x, y)| x * y).sum();
                for (x, y) in a.iter_mut().zip(&v) {
                    *x -= beta * along * y;
                }
            };
            for _ in 0..2 {
                matrix.chunks_exact_mut(n).for_each(reflect);
                for i in 0..n {
                    for j in 0..i {
                        matrix.swap(i * n + j, j * n + i);
                    }
                }
            }
        }
        for (found, wanted) in sorted(matrix, n).iter().zip(&wanted) {
            assert!((found - wanted).abs() < 1e-12, "{found} {wanted}");
        }
    }
}
