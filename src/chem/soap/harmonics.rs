//! Real solid harmonics: vectors come in, Rˡ Yₗₘ of each go out, a block of vectors at
//! once.

#![allow(clippy::indexing_slicing, reason = "kernel over arrays by l and m")]

use crate::chem::vectors::LANES;

/// One number for each vector of a block.
pub(super) type Block = [f64; LANES];

/// Normalisation of the harmonics up to a degree.
#[derive(Clone, Debug)]
pub(super) struct Harmonics {
    l_max: usize,
    /// By l(l+1)/2 + m.
    norms: Vec<f64>,
}

impl Harmonics {
    pub(super) fn new(l_max: usize) -> Harmonics {
        let mut norms = Vec::new();
        for l in 0..=l_max {
            for m in 0..=l {
                // (l − m)! / (l + m)!
                let ratio: f64 = (l - m + 1..=l + m).map(|k| 1.0 / k as f64).product();
                let twice = if m == 0 { 1.0 } else { 2.0 };
                let area = (2 * l + 1) as f64 / (4.0 * std::f64::consts::PI);
                norms.push((area * ratio * twice).sqrt());
            }
        }
        Harmonics { l_max, norms }
    }

    /// Number of harmonics.
    pub(super) fn count(&self) -> usize {
        (self.l_max + 1) * (self.l_max + 1)
    }

    /// Rˡ Yₗₘ of the vectors (x, y, z), at place l² + l + m of `values`; the order of m
    /// within l does not matter to a power spectrum.
    #[inline(always)]
    pub(super) fn fill(&self, x: &Block, y: &Block, z: &Block, values: &mut [Block]) {
        let mut square = [0.0; LANES];
        for k in 0..LANES {
            square[k] = x[k] * x[k] + y[k] * y[k] + z[k] * z[k];
        }
        // (x + iy)^m.
        let (mut re, mut im) = ([1.0; LANES], [0.0; LANES]);
        let mut odd = 1.0;
        for m in 0..=self.l_max {
            // Pₗᵐ without its sin^m, times R^(l−m): from (2m − 1)!! by recurrence in l.
            let (mut before, mut now) = ([0.0; LANES], [odd; LANES]);
            for l in m..=self.l_max {
                let norm = self.norms[l * (l + 1) / 2 + m];
                let place = l * l + l;
                let up = &mut values[place + m];
                for k in 0..LANES {
                    up[k] = norm * now[k] * re[k];
                }
                if m > 0 {
                    let down = &mut values[place - m];
                    for k in 0..LANES {
                        down[k] = norm * now[k] * im[k];
                    }
                }
                let next = 1.0 / (l + 1 - m) as f64;
                let (p, q) = ((2 * l + 1) as f64 * next, (l + m) as f64 * next);
                let mut after = [0.0; LANES];
                for k in 0..LANES {
                    after[k] = p * z[k] * now[k] - q * square[k] * before[k];
                }
                (before, now) = (now, after);
            }
            odd *= (2 * m + 1) as f64;
            for k in 0..LANES {
                let (r, i) = (re[k], im[k]);
                re[k] = x[k] * r - y[k] * i;
                im[k] = x[k] * i + y[k] * r;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_harmonics_are_the_known_ones() {
        let harmonics = Harmonics::new(2);
        let mut values = vec![[0.0; LANES]; harmonics.count()];
        let (x, y, z) = (0.3, -0.7, 1.1);
        harmonics.fill(&[x; LANES], &[y; LANES], &[z; LANES], &mut values);
        let four_pi = 4.0 * std::f64::consts::PI;
        let first = (3.0 / four_pi).sqrt();
        let second = (15.0 / four_pi).sqrt();
        let expected = [
            (1.0 / four_pi).sqrt(),
            first * y,
            first * z,
            first * x,
            second * x * y,
            second * y * z,
            (5.0 / (4.0 * four_pi)).sqrt() * (2.0 * z * z - x * x - y * y),
            second * x * z,
            0.5 * second * (x * x - y * y),
        ];
        for (value, expected) in values.iter().zip(expected) {
            assert!((value[3] - expected).abs() < 1e-15, "{value:?} {expected}");
        }
    }

    #[test]
    fn squares_of_a_degree_sum_to_a_constant() {
        let l_max = 20;
        let harmonics = Harmonics::new(l_max);
        let mut values = vec![[0.0; LANES]; harmonics.count()];
        let v: [f64; 3] = [0.48, -0.6, 0.64];
        let [x, y, z] = v.map(|c| [c; LANES]);
        harmonics.fill(&x, &y, &z, &mut values);
        for l in 0..=l_max {
            let sum: f64 = values[l * l..(l + 1) * (l + 1)]
                .iter()
                .map(|v| v[0] * v[0])
                .sum();
            let expected = (2 * l + 1) as f64 / (4.0 * std::f64::consts::PI);
            assert!((sum / expected - 1.0).abs() < 1e-12, "{l}: {sum}");
        }
    }
}
