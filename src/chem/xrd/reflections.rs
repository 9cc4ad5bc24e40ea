//! Reflections of a crystal: a structure and a range of angles come in, Miller indices,
//! |g|² and intensity of one of each pair ±g go out.

#![allow(
    clippy::indexing_slicing,
    reason = "kernel: indices come from the ranges the arrays were made for"
)]

use super::scattering::{Terms, terms};
use super::{MAX_REFLECTIONS, XrdError, XrdSettings};
use crate::chem::structure::Structure;
use crate::chem::vectors::{LANES, exp, padded, vectorised};

/// Scale of the form factor's exponential part, Å² (pymatgen's constant).
const FORM_SCALE: f64 = 41.782_14;

/// One of each pair ±g in the range, in no particular order until `merge` sorts.
pub(super) struct Reflections {
    /// Miller indices, the first that is not 0 being positive.
    pub(super) hkl: Vec<[i32; 3]>,
    /// |g|², 1/Å².
    pub(super) g2: Vec<f64>,
    /// Intensity of both members of the pair together.
    pub(super) intensity: Vec<f64>,
}

/// Atoms of one element: which of the sorted atoms, Z, and the form factor's terms.
struct Group {
    atoms: std::ops::Range<usize>,
    z: f64,
    terms: &'static Terms,
}

/// All reflections of the structure in the range of angles.
pub(super) fn reflections(
    structure: &Structure,
    settings: &XrdSettings,
) -> Result<Reflections, XrdError> {
    settings.check()?;
    let [low, high] = settings
        .two_theta
        .map(|angle| 2.0 * libm::sin((angle / 2.0).to_radians()) / settings.wavelength);
    let expected = 2.0 / 3.0 * std::f64::consts::PI * high * high * high;
    let expected = expected * structure.volume();
    if expected > MAX_REFLECTIONS as f64 {
        return Err(XrdError::TooManyReflections(expected));
    }
    let (order, groups) = group_by_element(structure)?;
    let box_ = IndexBox::new(structure, high)?;
    let points = box_.points(low, high);
    if points.hkl.is_empty() {
        return Err(XrdError::NoReflections);
    }
    let phases = Phases::new(structure, &order, &box_);
    let mut intensity = vec![0.0; points.g2.len()];
    vectorised(
        #[inline(always)]
        || {
            let sums = sum_phases(&points, &phases, &groups);
            add_intensities(&points, &sums, &groups, settings.wavelength, &mut intensity);
        },
    );
    Ok(points.chosen(&box_, &intensity))
}

/// Sites ordered by element, and the range of each element in that order.
fn group_by_element(structure: &Structure) -> Result<(Vec<usize>, Vec<Group>), XrdError> {
    let species = structure.species();
    let mut order: Vec<usize> = (0..species.len()).collect();
    order.sort_by_key(|&site| species[site]);
    let mut groups: Vec<Group> = Vec::new();
    let mut last = None;
    for (place, &site) in order.iter().enumerate() {
        let element = species[site];
        if last != Some(element) {
            last = Some(element);
            let terms = terms(element).ok_or(XrdError::NoFormFactor { element })?;
            groups.push(Group {
                atoms: place..place,
                z: f64::from(element.z()),
                terms,
            });
        }
        if let Some(group) = groups.last_mut() {
            group.atoms.end = place + 1;
        }
    }
    Ok((order, groups))
}

/// The Miller indices that can lie in a sphere: along each axis up to `most`. The axes
/// are permuted so that the longest range is the last, along which the kernels run.
struct IndexBox {
    /// Which Miller index each of the permuted axes is.
    axes: [usize; 3],
    /// Largest index along each permuted axis.
    most: [i32; 3],
    /// Metric of the reciprocal lattice in the permuted axes, 1/Å².
    metric: [[f64; 3]; 3],
}

/// Points of reciprocal space, column by column: those of one column share their first
/// two indices. Columns are padded to whole blocks of [`LANES`].
struct Points {
    columns: Vec<Column>,
    /// Indices in permuted axes.
    hkl: Vec<[i32; 3]>,
    g2: Vec<f64>,
    /// Whether the point lies in the range (the padding does not).
    inside: Vec<bool>,
}

/// A run of points.
struct Column {
    first: i32,
    second: i32,
    /// Third index of the first point.
    start: i32,
    /// Where its points lie: a multiple of [`LANES`], and so is the length.
    place: usize,
    length: usize,
}

impl IndexBox {
    fn new(structure: &Structure, high: f64) -> Result<IndexBox, XrdError> {
        let lengths = structure.lengths();
        // h = g · a, so |h| ≤ |g| |a|.
        let most = lengths.map(|length| (high * length + 1e-9).floor());
        let box_size: f64 = most.iter().map(|m| 2.0 * m + 1.0).product();
        if box_size > 40.0 * MAX_REFLECTIONS as f64 {
            return Err(XrdError::TooManyReflections(box_size));
        }
        let mut axes = [0, 1, 2];
        axes.sort_by(|&p, &q| most[p].total_cmp(&most[q]));
        let reciprocal = reciprocal(structure.lattice());
        let product = |p: usize, q: usize| -> f64 {
            reciprocal[p]
                .iter()
                .zip(reciprocal[q])
                .map(|(x, y)| x * y)
                .sum()
        };
        Ok(IndexBox {
            axes,
            most: axes.map(|axis| most[axis] as i32),
            metric: axes.map(|p| axes.map(|q| product(p, q))),
        })
    }

    /// One of each pair ±g with low ≤ |g| ≤ high, g ≠ 0.
    fn points(&self, low: f64, high: f64) -> Points {
        let [low2, high2] = [low * low, high * high];
        let mut points = Points {
            columns: Vec::new(),
            hkl: Vec::new(),
            g2: Vec::new(),
            inside: Vec::new(),
        };
        let m = &self.metric;
        for first in 0..=self.most[0] {
            let least = if first == 0 { 0 } else { -self.most[1] };
            for second in least..=self.most[1] {
                let [p, q] = [f64::from(first), f64::from(second)];
                // |g|² = m22 r² + 2 b r + c over the third index r.
                let b = m[0][2] * p + m[1][2] * q;
                let c = m[0][0] * p * p + m[1][1] * q * q + 2.0 * m[0][1] * p * q;
                let middle = -b / m[2][2];
                let half2 = middle * middle + (high2 - c) / m[2][2];
                if half2 < -1e-9 {
                    continue;
                }
                let half = half2.max(0.0).sqrt() + 1e-9;
                let mut start = (middle - half).ceil() as i32;
                let end = (middle + half).floor() as i32;
                if first == 0 && second == 0 {
                    start = 1;
                }
                if end < start {
                    continue;
                }
                let (place, count) = (points.g2.len(), (end - start + 1) as usize);
                let length = padded(count);
                points.columns.push(Column {
                    first,
                    second,
                    start,
                    place,
                    length,
                });
                for k in 0..length {
                    let third = start + k as i32;
                    let r = f64::from(third);
                    let g2 = c + (2.0 * b + m[2][2] * r) * r;
                    points.hkl.push([first, second, third]);
                    points.g2.push(g2);
                    points.inside.push(k < count && g2 >= low2 && g2 <= high2);
                }
            }
        }
        points
    }
}

impl Points {
    /// The points inside the range, with indices in the lattice's own axes.
    fn chosen(&self, box_: &IndexBox, intensity: &[f64]) -> Reflections {
        let count = self.inside.iter().filter(|&&inside| inside).count();
        let mut chosen = Reflections {
            hkl: Vec::with_capacity(count),
            g2: Vec::with_capacity(count),
            intensity: Vec::with_capacity(count),
        };
        for (k, _) in self
            .inside
            .iter()
            .enumerate()
            .filter(|(_, inside)| **inside)
        {
            let mut hkl = [0; 3];
            for (axis, index) in box_.axes.iter().zip(self.hkl[k]) {
                hkl[*axis] = index;
            }
            if hkl < [0; 3] {
                hkl = hkl.map(|index| -index);
            }
            chosen.hkl.push(hkl);
            chosen.g2.push(self.g2[k]);
            chosen.intensity.push(intensity[k]);
        }
        chosen
    }
}

/// e^(2πi n x) of each atom for each index n along the three permuted axes.
struct Phases {
    atoms: usize,
    most: [i32; 3],
    /// Real and imaginary parts along the first two axes, by index, then atom.
    outer: [[Vec<f64>; 2]; 2],
    /// Along the third axis, by atom, then index from −most; rows of `width`, so long
    /// that a padded column never runs into the next row.
    inner: [Vec<f64>; 2],
    width: usize,
}

impl Phases {
    fn new(structure: &Structure, order: &[usize], box_: &IndexBox) -> Phases {
        let (atoms, most) = (order.len(), box_.most);
        let width = padded(2 * most[2] as usize + 1) + LANES;
        let table = |axis: usize| {
            let length = atoms * (2 * most[axis] as usize + 1);
            [vec![1.0; length], vec![0.0; length]]
        };
        let mut outer = [table(0), table(1)];
        let mut inner = [vec![0.0; atoms * width], vec![0.0; atoms * width]];
        for (atom, &site) in order.iter().enumerate() {
            let frac = structure.frac()[site];
            for (axis, &of) in box_.axes.iter().enumerate() {
                let x = frac[of] - frac[of].floor();
                let (sine, cosine) = libm::sincos(std::f64::consts::TAU * x);
                let (mut re, mut im) = (1.0, 0.0);
                for n in 0..=most[axis] as usize {
                    let zero = most[axis] as usize;
                    let [up, down] = [zero + n, zero - n].map(|row| match axis {
                        2 => atom * width + row,
                        _ => row * atoms + atom,
                    });
                    let into = match axis {
                        2 => &mut inner,
                        _ => &mut outer[axis],
                    };
                    (into[0][up], into[1][up]) = (re, im);
                    (into[0][down], into[1][down]) = (re, -im);
                    (re, im) = (re * cosine - im * sine, re * sine + im * cosine);
                }
            }
        }
        Phases {
            atoms,
            most,
            outer,
            inner,
            width,
        }
    }
}

/// Σ e^(2πi g·x) over the atoms of each group at each point: real parts of the points,
/// then imaginary parts, for one group after another.
#[inline(always)]
fn sum_phases(points: &Points, phases: &Phases, groups: &[Group]) -> Vec<f64> {
    let count = points.g2.len();
    let mut sums = vec![0.0; 2 * count * groups.len()];
    let mut re = vec![0.0; phases.atoms];
    let mut im = vec![0.0; phases.atoms];
    let row = |axis: usize, index: i32| {
        let first = (index + phases.most[axis]) as usize * phases.atoms;
        let [re, im] = &phases.outer[axis];
        let range = first..first + phases.atoms;
        (&re[range.clone()], &im[range])
    };
    for column in &points.columns {
        let (pr, pi) = row(0, column.first);
        let (qr, qi) = row(1, column.second);
        for atom in 0..phases.atoms {
            re[atom] = pr[atom] * qr[atom] - pi[atom] * qi[atom];
            im[atom] = pr[atom] * qi[atom] + pi[atom] * qr[atom];
        }
        let from = (column.start + phases.most[2]) as usize;
        for (g, group) in groups.iter().enumerate() {
            let (into_re, into_im) =
                sums[2 * g * count..2 * (g + 1) * count].split_at_mut(count);
            for offset in (0..column.length).step_by(LANES) {
                let (mut sum_re, mut sum_im) = ([0.0; LANES], [0.0; LANES]);
                for atom in group.atoms.clone() {
                    let first = atom * phases.width + from + offset;
                    let er = &phases.inner[0][first..first + LANES];
                    let ei = &phases.inner[1][first..first + LANES];
                    let (cr, ci) = (re[atom], im[atom]);
                    for lane in 0..LANES {
                        sum_re[lane] += cr * er[lane] - ci * ei[lane];
                        sum_im[lane] += cr * ei[lane] + ci * er[lane];
                    }
                }
                let place = column.place + offset;
                into_re[place..place + LANES].copy_from_slice(&sum_re);
                into_im[place..place + LANES].copy_from_slice(&sum_im);
            }
        }
    }
    sums
}

/// Intensity of g and −g together at each point.
#[inline(always)]
fn add_intensities(
    points: &Points,
    sums: &[f64],
    groups: &[Group],
    wavelength: f64,
    intensity: &mut [f64],
) {
    let count = points.g2.len();
    let g2 = &points.g2[..count];
    let mut factor = vec![0.0; 2 * count];
    let (factor_re, factor_im) = factor.split_at_mut(count);
    for (g, group) in groups.iter().enumerate() {
        let (re, im) = sums[2 * g * count..2 * (g + 1) * count].split_at(count);
        let [[a1, b1], [a2, b2], [a3, b3], [a4, b4]] = *group.terms;
        for k in 0..count {
            let s2 = 0.25 * g2[k];
            let sum = (a1 * exp(-b1 * s2) + a2 * exp(-b2 * s2))
                + (a3 * exp(-b3 * s2) + a4 * exp(-b4 * s2));
            let f = group.z - FORM_SCALE * s2 * sum;
            factor_re[k] += f * re[k];
            factor_im[k] += f * im[k];
        }
    }
    let quarter = 0.25 * wavelength * wavelength;
    let intensity = &mut intensity[..count];
    for k in 0..count {
        let sin2 = quarter * g2[k];
        let cos_2theta = 1.0 - 2.0 * sin2;
        // Beyond the range (padding) the value is not used.
        let cos_theta = (1.0 - sin2).abs().sqrt();
        let lorentz = (1.0 + cos_2theta * cos_2theta) / (sin2 * cos_theta);
        let f2 = factor_re[k] * factor_re[k] + factor_im[k] * factor_im[k];
        intensity[k] = 2.0 * f2 * lorentz;
    }
}

/// Rows a*, b*, c* with a · a* = 1, 1/Å.
fn reciprocal(lattice: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let cross = |u: &[f64; 3], v: &[f64; 3]| {
        [
            u[1] * v[2] - u[2] * v[1],
            u[2] * v[0] - u[0] * v[2],
            u[0] * v[1] - u[1] * v[0],
        ]
    };
    let [a, b, c] = lattice;
    let rows = [cross(b, c), cross(c, a), cross(a, b)];
    let volume: f64 = a.iter().zip(&rows[0]).map(|(x, y)| x * y).sum();
    rows.map(|row| row.map(|x| x / volume))
}
