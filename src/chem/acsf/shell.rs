//! The neighbours of one atom, ordered by species, in arrays the kernels run over; and
//! the functions of one neighbour: G1, G2, G3.

#![allow(
    clippy::indexing_slicing,
    reason = "kernel over arrays whose lengths are set together"
)]

use super::AcsfSettings;
use crate::chem::neighbours::Row;
use crate::chem::vectors::{cos_pi_sqrt, exp, padded, vectorised};

/// Neighbours of one atom. Arrays are padded with neighbours of weight 0.
pub(super) struct Shell {
    r_cut: f64,
    /// Where each species begins; one more than there are species.
    pub(super) starts: Vec<usize>,
    /// Unit vectors towards the neighbours.
    pub(super) unit: [Vec<f64>; 3],
    /// Distances, Å.
    pub(super) r: Vec<f64>,
    /// Cutoff function.
    pub(super) cut: Vec<f64>,
    value: Vec<f64>,
}

impl Shell {
    pub(super) fn new(settings: &AcsfSettings, species: usize) -> Shell {
        Shell {
            r_cut: settings.r_cut,
            starts: vec![0; species + 1],
            unit: [const { Vec::new() }; 3],
            r: Vec::new(),
            cut: Vec::new(),
            value: Vec::new(),
        }
    }

    /// Take the neighbours of a row; `places` gives the species of each site.
    pub(super) fn fill(&mut self, row: Row<'_>, places: &[usize]) {
        let count = row.index.len();
        let length = padded(count);
        self.starts.fill(0);
        for &site in row.index {
            self.starts[places[site as usize] + 1] += 1;
        }
        for k in 1..self.starts.len() {
            self.starts[k] += self.starts[k - 1];
        }
        for array in self.unit.iter_mut().chain([&mut self.r, &mut self.value]) {
            array.clear();
            array.resize(length, 0.0);
        }
        self.cut.clear();
        self.cut.resize(length, 0.0);
        // Of each species, where its next neighbour goes.
        let mut next = self.starts.clone();
        for ((&site, &r), vector) in
            row.index.iter().zip(row.distance).zip(row.displacement)
        {
            let place = &mut next[places[site as usize]];
            self.r[*place] = r;
            // Two atoms at one place have no direction.
            let inverse = if r > 0.0 { 1.0 / r } else { 0.0 };
            for (unit, x) in self.unit.iter_mut().zip(vector) {
                unit[*place] = x * inverse;
            }
            *place += 1;
        }
        let (r, cut) = (&self.r[..length], &mut self.cut[..length]);
        let scale = 1.0 / (self.r_cut * self.r_cut);
        vectorised(
            #[inline(always)]
            || {
                for (cut, r) in cut.iter_mut().zip(r) {
                    *cut = cutoff(r * r * scale);
                }
            },
        );
        self.cut[count..].fill(0.0);
    }

    /// Whether no neighbour is of that species.
    pub(super) fn lacks(&self, species: usize) -> bool {
        self.starts[species] == self.starts[species + 1]
    }

    /// Add G1, G2 and G3 of each species to `row`.
    pub(super) fn add_radial(&mut self, settings: &AcsfSettings, row: &mut [f64]) {
        let width = settings.radial();
        let starts = &self.starts;
        let mut add = |function: usize, value: &[f64]| {
            for (species, range) in starts.windows(2).enumerate() {
                let sum: f64 = value[range[0]..range[1]].iter().sum();
                row[species * width + function] += sum;
            }
        };
        add(0, &self.cut);
        let (r, cut, value) = (&self.r[..], &self.cut[..], &mut self.value[..]);
        for (k, &[eta, centre]) in settings.g2.iter().enumerate() {
            vectorised(
                #[inline(always)]
                || {
                    for ((value, r), cut) in value.iter_mut().zip(r).zip(cut) {
                        let apart = r - centre;
                        *value = exp(-eta * (apart * apart)) * cut;
                    }
                },
            );
            add(1 + k, value);
        }
        for (k, &kappa) in settings.g3.iter().enumerate() {
            for ((value, r), cut) in value.iter_mut().zip(r).zip(cut) {
                *value = libm::cos(kappa * r) * cut;
            }
            add(1 + settings.g2.len() + k, value);
        }
    }
}

/// fc of (r / r_cut)²: ½ (cos(π r / r_cut) + 1), 0 beyond.
#[inline(always)]
pub(super) fn cutoff(square: f64) -> f64 {
    let inside = if square < 1.0 { square } else { 1.0 };
    let value = 0.5 * cos_pi_sqrt(inside) + 0.5;
    if square < 1.0 { value } else { 0.0 }
}
