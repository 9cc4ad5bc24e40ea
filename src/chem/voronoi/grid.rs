//! Sites by bins of the reduced cell: a site and two radii come in, the sites and
//! images between them go out.

#![allow(
    clippy::indexing_slicing,
    reason = "bins are numbered by construction; the inner loop of the tessellation"
)]

use super::lattice::{Reduced, Vec3, add, combine, dot, sub};
use crate::chem::structure::Structure;

/// A site or image near another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near {
    /// Square of the distance, Å^2.
    pub(super) square: f64,
    /// From the site to it, Å.
    pub(super) vector: Vec3,
    /// Which site.
    pub(super) site: u32,
    /// Which image of its place in the reduced cell.
    pub(super) cell: [i32; 3],
}

/// All sites, wrapped into the reduced cell, by bins.
#[derive(Debug)]
pub(super) struct Grid {
    pub(super) lattice: Reduced,
    /// Where each site lies in the reduced cell, Å.
    pub(super) places: Vec<Vec3>,
    /// Whole reduced vectors from the site as given to its place.
    wrapped: Vec<[i64; 3]>,
    fractions: Vec<Vec3>,
    bins: [i64; 3],
    /// Where each bin's sites begin in `order`.
    starts: Vec<u32>,
    order: Vec<u32>,
    /// Half of a bin's longest diagonal, Å.
    reach: f64,
}

/// Sites a bin holds on average.
const PER_BIN: f64 = 2.0;

impl Grid {
    pub(super) fn new(structure: &Structure) -> Grid {
        let lattice = Reduced::new(structure.lattice());
        let mut places = Vec::with_capacity(structure.sites());
        let mut wrapped = Vec::with_capacity(structure.sites());
        let mut fractions = Vec::with_capacity(structure.sites());
        for frac in structure.frac() {
            // Whole lattice vectors are taken off first: they carry no digits.
            let near = frac.map(|f| f - f.floor());
            let point = combine(structure.lattice(), &near);
            let inside = lattice.fractions(&point);
            let floor = inside.map(f64::floor);
            let place = sub(&point, &combine(&lattice.rows, &floor));
            places.push(place);
            fractions.push([0, 1, 2].map(|k| (inside[k] - floor[k]).clamp(0.0, 1.0)));
            let moved = lattice.to_given(&floor.map(|x| -(x as i64)));
            wrapped.push([0, 1, 2].map(|k| moved[k] - frac[k].floor() as i64));
        }
        let sites = structure.sites() as f64;
        let edge = libm::cbrt(lattice.volume / sites * PER_BIN);
        let bins = lattice
            .spacing
            .map(|s| ((s / edge) as i64).clamp(1, 1 + (sites / PER_BIN) as i64));
        let mut grid = Grid {
            reach: reach(&lattice.rows, &bins),
            starts: vec![0; (bins[0] * bins[1] * bins[2]) as usize + 1],
            order: vec![0; structure.sites()],
            lattice,
            places,
            wrapped,
            fractions,
            bins,
        };
        grid.fill();
        grid
    }

    /// Sort the sites by bin, by their number within one.
    fn fill(&mut self) {
        let bin_of: Vec<usize> = self.fractions.iter().map(|f| self.bin(f)).collect();
        for &bin in &bin_of {
            self.starts[bin + 1] += 1;
        }
        for bin in 1..self.starts.len() {
            self.starts[bin] += self.starts[bin - 1];
        }
        let mut next = self.starts.clone();
        for (site, &bin) in bin_of.iter().enumerate() {
            self.order[next[bin] as usize] = site as u32;
            next[bin] += 1;
        }
    }

    fn bin(&self, fractions: &Vec3) -> usize {
        let [x, y, z] = [0, 1, 2].map(|k| {
            let bin = (fractions[k] * self.bins[k] as f64) as i64;
            bin.clamp(0, self.bins[k] - 1)
        });
        ((x * self.bins[1] + y) * self.bins[2] + z) as usize
    }

    /// Sites per Å^3.
    pub(super) fn density(&self) -> f64 {
        self.places.len() as f64 / self.lattice.volume
    }

    /// The image of site `to` seen from site `from`, in lattice vectors as given and
    /// counted from the coordinates as given.
    pub(super) fn image(&self, from: usize, to: usize, cell: &[i32; 3]) -> [i32; 3] {
        let moved = self.lattice.to_given(&cell.map(i64::from));
        [0, 1, 2].map(|k| {
            let whole = moved[k] + self.wrapped[to][k] - self.wrapped[from][k];
            // |coordinates| ≤ 10,000 and reduced vectors keep this far inside i32.
            whole as i32
        })
    }

    /// Append the sites and images at most `outer` Å from `site` whose squared distance
    /// is above `inner_square`, in the order of the bins.
    pub(super) fn gather(
        &self,
        site: usize,
        inner_square: f64,
        outer: f64,
        near: &mut Vec<Near>,
    ) {
        let centre = &self.places[site];
        let at = &self.fractions[site];
        let range = |k: usize| {
            let around = outer / self.lattice.spacing[k];
            let count = self.bins[k] as f64;
            // Rounding at a bin's edge must not lose a site: one part in 10^9 more.
            let low = ((at[k] - around) * count - 1e-9 * (1.0 + around)).floor();
            let high = ((at[k] + around) * count + 1e-9 * (1.0 + around)).floor();
            low as i64..=high as i64
        };
        let [first, second, third] = &self.lattice.rows;
        let scaled = |row: &Vec3, x: f64| row.map(|r| r * x);
        let [nx, ny, nz] = self.bins;
        let outer_square = outer * outer;
        let far = (outer + self.reach) * (outer + self.reach) * (1.0 + 1e-12);
        for x in range(0) {
            let middle = (x as f64 + 0.5) / nx as f64;
            let from_x = sub(&scaled(first, middle), centre);
            let cell_x = x.div_euclid(nx);
            for y in range(1) {
                let middle = (y as f64 + 0.5) / ny as f64;
                let from_y = add(&from_x, &scaled(second, middle));
                let cell_y = y.div_euclid(ny);
                for z in range(2) {
                    let middle = (z as f64 + 0.5) / nz as f64;
                    let to_bin = add(&from_y, &scaled(third, middle));
                    if dot(&to_bin, &to_bin) > far {
                        continue;
                    }
                    let cell_z = z.div_euclid(nz);
                    let bin = ((x - cell_x * nx) * ny + (y - cell_y * ny)) * nz + z
                        - cell_z * nz;
                    let bin = bin as usize;
                    let cell = [cell_x as i32, cell_y as i32, cell_z as i32];
                    let shift = combine(&self.lattice.rows, &cell.map(f64::from));
                    let members =
                        self.starts[bin] as usize..self.starts[bin + 1] as usize;
                    for &other in &self.order[members] {
                        let there = &self.places[other as usize];
                        let vector = sub(&add(there, &shift), centre);
                        let square = dot(&vector, &vector);
                        if square > outer_square || square <= inner_square {
                            continue;
                        }
                        if other as usize == site && cell == [0, 0, 0] {
                            continue;
                        }
                        near.push(Near {
                            square,
                            vector,
                            site: other,
                            cell,
                        });
                    }
                }
            }
        }
    }
}

/// Half of the longest diagonal of one bin.
fn reach(rows: &[Vec3; 3], bins: &[i64; 3]) -> f64 {
    let edges = [0, 1, 2].map(|k| rows[k].map(|x| x / bins[k] as f64));
    let mut longest = 0.0_f64;
    for signs in [
        [1.0, 1.0, 1.0],
        [-1.0, 1.0, 1.0],
        [1.0, -1.0, 1.0],
        [1.0, 1.0, -1.0],
    ] {
        let diagonal = combine(&edges, &signs);
        longest = longest.max(dot(&diagonal, &diagonal).sqrt());
    }
    longest / 2.0
}
