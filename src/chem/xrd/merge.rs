//! From reflections to peaks: reflections come in, are sorted by angle, and go out as
//! runs of those that coincide.

#![allow(
    clippy::indexing_slicing,
    reason = "places come from the arrays they index"
)]

use super::reflections::Reflections;
use super::{Family, LEAST_INTENSITY, Merging, XrdError, XrdSettings};
use crate::chem::structure::Structure;

/// Angles closer than this are one peak, degrees.
const TOLERANCE: f64 = 1e-5;

/// A peak: a run of the sorted reflections.
pub(super) struct Line {
    pub(super) two_theta: f64,
    /// The strongest line's being 100.
    pub(super) intensity: f64,
    pub(super) d: f64,
    members: std::ops::Range<usize>,
}

/// The peaks that are strong enough, by ascending angle.
pub(super) struct Lines {
    pub(super) kept: Vec<Line>,
    /// Intensity of the strongest before scaling.
    pub(super) largest: f64,
}

/// Sort the reflections by |g|, then by descending h, k, l, and merge them.
pub(super) fn merge(
    reflections: &mut Reflections,
    settings: &XrdSettings,
) -> Result<Lines, XrdError> {
    sort(reflections);
    let half = 0.5 * settings.wavelength;
    let angle = |g2: f64| {
        let theta = libm::asin((half * g2.sqrt()).min(1.0));
        (2.0 * theta).to_degrees()
    };
    let mut lines: Vec<Line> = Vec::new();
    // Of the last line: |g|² and bin of its first member.
    let (mut first_g2, mut bin) = (0.0, 0.0);
    for (k, &g2) in reflections.g2.iter().enumerate() {
        let intensity = reflections.intensity[k];
        if let Some(line) = lines.last_mut()
            && settings.merging == Merging::Tolerance
            && certainly_joins(first_g2, g2, half)
        {
            line.intensity += intensity;
            line.members.end = k + 1;
            continue;
        }
        let two_theta = angle(g2);
        let own_bin = (two_theta / TOLERANCE).round_ties_even();
        if let Some(line) = lines.last_mut()
            && match settings.merging {
                Merging::Tolerance => (two_theta - line.two_theta).abs() < TOLERANCE,
                Merging::Bins => own_bin == bin,
            }
        {
            line.intensity += intensity;
            line.members.end = k + 1;
            continue;
        }
        (first_g2, bin) = (g2, own_bin);
        lines.push(Line {
            two_theta,
            intensity,
            d: 1.0 / g2.sqrt(),
            members: k..k + 1,
        });
    }
    let largest = lines.iter().map(|line| line.intensity).fold(0.0, f64::max);
    if largest <= 0.0 {
        return Err(XrdError::NoReflections);
    }
    // The vector truncates intensities to whole numbers, so the strongest must come out
    // as 100 exactly. (pymatgen divides by largest / 100, which by rounding may make
    // 99.99999999999999 of it, and 99 in the vector.)
    for line in &mut lines {
        line.intensity = line.intensity / largest * 100.0;
    }
    lines.retain(|line| line.intensity > LEAST_INTENSITY);
    Ok(Lines {
        kept: lines,
        largest,
    })
}

/// Whether two |g|² are so close that their angles differ by far less than the
/// tolerance, without computing these: d(2θ) = tan θ · d(g²)/g², and tan θ < 100 where
/// sin² θ < 0.9999.
fn certainly_joins(first: f64, g2: f64, half_wavelength: f64) -> bool {
    g2 - first <= 1e-12 * first && half_wavelength * half_wavelength * g2 < 0.9999
}

fn sort(reflections: &mut Reflections) {
    let Reflections { hkl, g2, intensity } = reflections;
    let mut order: Vec<(u64, u32)> = g2
        .iter()
        .enumerate()
        // Bits of positive floats sort as the floats do.
        .map(|(k, g2)| (g2.to_bits(), k as u32))
        .collect();
    order.sort_unstable_by(|(p, i), (q, j)| {
        p.cmp(q)
            .then_with(|| hkl[*j as usize].cmp(&hkl[*i as usize]))
    });
    *g2 = order
        .iter()
        .map(|&(bits, _)| f64::from_bits(bits))
        .collect();
    *hkl = order.iter().map(|&(_, k)| hkl[k as usize]).collect();
    *intensity = order.iter().map(|&(_, k)| intensity[k as usize]).collect();
}

/// The families of a line's planes, −g included, in the order in which they are met.
pub(super) fn families(
    reflections: &Reflections,
    line: &Line,
    hexagonal: bool,
) -> Vec<Family> {
    let key = |[h, k, l]: [i32; 3]| {
        let mut key = [h.abs(), k.abs(), l.abs(), 0];
        if hexagonal {
            key[3] = (h + k).abs();
        }
        key.sort_unstable();
        key
    };
    let mut found: Vec<([i32; 4], Family)> = Vec::new();
    for &hkl in &reflections.hkl[line.members.clone()] {
        let key = key(hkl);
        // The positive one of ±g is the greater.
        match found.iter_mut().find(|(known, _)| *known == key) {
            Some((_, family)) => {
                family.hkl = family.hkl.max(hkl);
                family.multiplicity += 2;
            }
            None => found.push((
                key,
                Family {
                    hkl,
                    multiplicity: 2,
                },
            )),
        }
    }
    found.into_iter().map(|(_, family)| family).collect()
}

/// pymatgen's rule for a hexagonal lattice.
pub(super) fn is_hexagonal(structure: &Structure) -> bool {
    let (lengths, angles) = (structure.lengths(), structure.angles());
    let close = |x: f64, to: f64| (x - to).abs() <= 5.0;
    let right: Vec<usize> = (0..3).filter(|&k| close(angles[k], 90.0)).collect();
    let sharp = |&k: &usize| close(angles[k], 60.0) || close(angles[k], 120.0);
    let hexagonal = (0..3).filter(sharp).count() == 1;
    match right[..] {
        [p, q] => hexagonal && (lengths[p] - lengths[q]).abs() <= 0.01,
        _ => false,
    }
}
