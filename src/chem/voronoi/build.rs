//! One cell after the other: a structure comes in once, then the number of a site, and
//! its Voronoi cell goes out.

#![allow(
    clippy::indexing_slicing,
    reason = "sites and planes are numbered by construction; a hot loop"
)]

use std::f64::consts::PI;

use super::grid::{Grid, Near};
use super::lattice::{Vec3, cross, dot, sub};
use super::polyhedron::{Cut, Polyhedron};
use super::{Face, LEAST_DISTANCE, MOST_RADIUS, VoronoiCell, VoronoiError};
use crate::chem::structure::Structure;

/// Sites in the sphere that is searched first: more than most cells need, few enough
/// to sort.
const FIRST_SEARCH: f64 = 60.0;
/// By how much the sphere grows where that was not enough.
const GROWTH: f64 = 1.5;
/// Above so many sites in the next sphere, and so many per site of the cell, the
/// vertices are checked one by one instead.
const MOST_SEARCHED: f64 = 5_000.0;
const MOST_PER_SITE: f64 = 60.0;
/// How far outside a plane, relative to the polyhedron, a vertex must lie to be cut
/// off. The first is far above rounding; the others are tried where vertices that
/// should be one point happen to lie on both sides of it.
const TOLERANCES: [f64; 6] = [1e-12, 3e-12, 3e-13, 1e-11, 1e-13, 1e-10];

/// Makes the Voronoi cells of one structure, one at a time and without allocating
/// anew for each.
#[derive(Debug)]
pub struct Tessellator {
    grid: Grid,
    /// Squares of the radii, Å^2; empty for plain cells.
    weights: Vec<f64>,
    largest_weight: f64,
    work: Work,
}

#[derive(Debug, Default)]
struct Work {
    body: Polyhedron,
    near: Vec<Near>,
    /// Square of the distance, and number in `near`.
    order: Vec<(f64, u32)>,
    /// What made each plane.
    made_by: Vec<Near>,
    faces: Vec<(u16, u16)>,
}

impl Tessellator {
    /// For plain cells.
    pub fn new(structure: &Structure) -> Tessellator {
        Tessellator {
            grid: Grid::new(structure),
            weights: Vec::new(),
            largest_weight: 0.0,
            work: Work::default(),
        }
    }

    /// For radical cells, with one radius in Å for each site.
    ///
    /// # Errors
    /// Not one radius per site, or one that is negative, not finite or too large.
    pub fn radical(
        structure: &Structure,
        radii: &[f64],
    ) -> Result<Tessellator, VoronoiError> {
        if radii.len() != structure.sites() {
            return Err(VoronoiError::CountsDiffer {
                radii: radii.len(),
                sites: structure.sites(),
            });
        }
        for (site, &radius) in radii.iter().enumerate() {
            if !(0.0..=MOST_RADIUS).contains(&radius) {
                return Err(VoronoiError::Radius { site, radius });
            }
        }
        let weights: Vec<f64> = radii.iter().map(|r| r * r).collect();
        Ok(Tessellator {
            largest_weight: weights.iter().copied().fold(0.0, f64::max),
            weights,
            ..Tessellator::new(structure)
        })
    }

    /// The cells of all sites.
    ///
    /// # Errors
    /// As [`Tessellator::cell_into`].
    pub fn all(&mut self) -> Result<Vec<VoronoiCell>, VoronoiError> {
        let sites = self.grid.places.len();
        let mut cells = vec![VoronoiCell::default(); sites];
        for (site, cell) in cells.iter_mut().enumerate() {
            self.cell_into(site, cell)?;
        }
        Ok(cells)
    }

    /// Put the cell of `site` into `cell`, whatever was there.
    ///
    /// # Errors
    /// No such site; a site at the same place as this one; rounding errors beyond
    /// repair.
    pub fn cell_into(
        &mut self,
        site: usize,
        cell: &mut VoronoiCell,
    ) -> Result<(), VoronoiError> {
        let sites = self.grid.places.len();
        if site >= sites {
            return Err(VoronoiError::NoSuchSite { site, sites });
        }
        cell.clear();
        for tolerance in TOLERANCES {
            match self.carve(site, tolerance)? {
                Cut::Torn => {}
                Cut::Emptied => return Ok(()),
                Cut::Missed | Cut::Made => {
                    if self.write(site, cell) {
                        return Ok(());
                    }
                    cell.clear();
                }
            }
        }
        Err(VoronoiError::Degenerate { site })
    }

    /// The longest of the three vectors of the reduced cell, Å.
    pub fn longest(&self) -> f64 {
        let squares = self.grid.lattice.rows.iter().map(|row| dot(row, row));
        squares.fold(0.0, f64::max).sqrt()
    }

    /// Put the sites and images within `distance` Å of `site`, without itself, into
    /// `around`: which site, and the vector to it in Å.
    ///
    /// # Errors
    /// No such site.
    pub fn around(
        &mut self,
        site: usize,
        distance: f64,
        around: &mut Vec<(usize, [f64; 3])>,
    ) -> Result<(), VoronoiError> {
        let sites = self.grid.places.len();
        if site >= sites {
            return Err(VoronoiError::NoSuchSite { site, sites });
        }
        let near = &mut self.work.near;
        near.clear();
        self.grid.gather(site, -1.0, distance, near);
        around.clear();
        around.extend(near.iter().map(|near| (near.site as usize, near.vector)));
        Ok(())
    }

    /// Cut the polyhedron of `site` out of space. `Torn` where another tolerance is
    /// needed, `Emptied` where nothing is left.
    fn carve(&mut self, site: usize, tolerance: f64) -> Result<Cut, VoronoiError> {
        self.start();
        let density = self.grid.density();
        let mut outer = libm::cbrt(FIRST_SEARCH / density * 0.75 / PI);
        let mut inner_square = -1.0;
        loop {
            self.work.near.clear();
            self.grid
                .gather(site, inner_square, outer, &mut self.work.near);
            match self.cut_all(site, tolerance)? {
                Cut::Missed | Cut::Made => {}
                ended => return Ok(ended),
            }
            let safe = self.safe_distance(site);
            if safe <= outer {
                return Ok(Cut::Made);
            }
            inner_square = outer * outer;
            outer = safe.min(outer * GROWTH);
            let expected = 4.0 / 3.0 * PI * outer * outer * outer * density;
            let most = MOST_PER_SITE * self.grid.places.len() as f64;
            if expected > MOST_SEARCHED.max(most) {
                return self.check_vertices(site, tolerance);
            }
        }
    }

    fn start(&mut self) {
        let work = &mut self.work;
        work.body.start(&self.grid.lattice);
        work.made_by.clear();
        for (k, row) in self.grid.lattice.rows.iter().enumerate() {
            for sign in [1, -1] {
                let mut cell = [0; 3];
                cell[k] = sign;
                work.made_by.push(Near {
                    square: dot(row, row),
                    vector: row.map(|x| x * f64::from(sign)),
                    // The site itself: filled in where faces are written.
                    site: u32::MAX,
                    cell,
                });
            }
        }
    }

    /// No site further away than this can reach the polyhedron: with R the distance of
    /// its furthest vertex, (d² + r_i² − r_j²)/(2d) ≥ R for every r_j from there on.
    fn safe_distance(&self, site: usize) -> f64 {
        let radius = self.work.body.radius;
        let own = self.weight(site);
        let inside = radius * radius + (self.largest_weight - own).max(0.0);
        (radius + inside.sqrt()) * (1.0 + 1e-12)
    }

    fn weight(&self, site: usize) -> f64 {
        self.weights.get(site).copied().unwrap_or(0.0)
    }

    /// Cut by the sites gathered, the nearest first.
    fn cut_all(&mut self, site: usize, tolerance: f64) -> Result<Cut, VoronoiError> {
        let mut order = std::mem::take(&mut self.work.order);
        order.clear();
        let keyed = self.work.near.iter().enumerate();
        order.extend(keyed.map(|(k, near)| (near.square, k as u32)));
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut safe = self.safe_distance(site);
        let mut ended = Ok(Cut::Missed);
        for &(square, k) in &order {
            if square > safe * safe {
                break;
            }
            let near = self.work.near[k as usize];
            match self.cut_by(site, &near, tolerance) {
                Ok(Cut::Missed) => {}
                Ok(Cut::Made) => safe = self.safe_distance(site),
                other => {
                    ended = other;
                    break;
                }
            }
        }
        self.work.order = order;
        ended
    }

    fn cut_by(
        &mut self,
        site: usize,
        near: &Near,
        tolerance: f64,
    ) -> Result<Cut, VoronoiError> {
        if near.square < LEAST_DISTANCE * LEAST_DISTANCE {
            let second = near.site as usize;
            return Err(VoronoiError::Coincident {
                first: site.min(second),
                second: site.max(second),
                distance: near.square.sqrt(),
            });
        }
        let body = &mut self.work.body;
        let (normal, offset) = plane(near, &self.weights, site);
        if offset > body.radius {
            return Ok(Cut::Missed);
        }
        let cut = body.cut(&normal, offset, tolerance * body.radius.max(offset.abs()));
        if cut == Cut::Made {
            self.work.made_by.push(*near);
        }
        Ok(cut)
    }

    /// The way for cells far longer than wide: a polyhedron is the cell if no vertex
    /// lies nearer (in power) to another site than to its own, and the nearest image of
    /// each site to a point is found without looking at others.
    fn check_vertices(
        &mut self,
        site: usize,
        tolerance: f64,
    ) -> Result<Cut, VoronoiError> {
        'again: loop {
            let reach = tolerance * self.work.body.radius;
            for v in 0..self.work.body.vertices() {
                let vertex = self.work.body.vertex(v);
                let Some(near) = self.nearer(site, &vertex, reach) else {
                    continue;
                };
                match self.cut_by(site, &near, tolerance)? {
                    Cut::Made => continue 'again,
                    Cut::Missed => {}
                    ended => return Ok(ended),
                }
            }
            return Ok(Cut::Made);
        }
    }

    /// The site whose plane lies deepest inside `vertex` of the cell of `site`, if one
    /// lies inside by more than `reach`.
    fn nearer(&self, site: usize, vertex: &Vec3, reach: f64) -> Option<Near> {
        let centre = &self.grid.places[site];
        let mut deepest = reach;
        let mut found = None;
        for (other, place) in self.grid.places.iter().enumerate() {
            let apart = sub(place, centre);
            let (cell, rest) = self.grid.lattice.nearest(&sub(vertex, &apart));
            if other == site && cell == [0; 3] {
                continue;
            }
            let vector = sub(vertex, &rest);
            let near = Near {
                square: dot(&vector, &vector),
                vector,
                site: other as u32,
                cell: cell.map(|n| n as i32),
            };
            let (normal, offset) = plane(&near, &self.weights, site);
            let depth = dot(&normal, vertex) - offset;
            if depth > deepest {
                deepest = depth;
                found = Some(near);
            }
        }
        found
    }

    /// Write down the polyhedron. False where its faces do not close.
    fn write(&mut self, site: usize, cell: &mut VoronoiCell) -> bool {
        let work = &mut self.work;
        let body = &work.body;
        cell.vertices
            .extend((0..body.vertices()).map(|v| body.vertex(v)));
        body.edges(&mut cell.edges);
        body.faces(&mut work.faces);
        // The starting planes have no place in the order of distance.
        let made_by = &work.made_by;
        work.faces.sort_by(|a, b| {
            let square = |face: &(u16, u16)| made_by[face.0 as usize].square;
            square(a).total_cmp(&square(b))
        });
        for &(number, start) in &work.faces {
            let from = cell.corners.len();
            if !body.walk(number, start, &mut cell.corners) {
                return false;
            }
            let near = &work.made_by[number as usize];
            let (normal, offset) = plane(near, &self.weights, site);
            let corners = &cell.corners[from..];
            let area = area(&cell.vertices, corners, &normal);
            if area <= 0.0 {
                cell.corners.truncate(from);
                continue;
            }
            let neighbour = if near.site == u32::MAX {
                site
            } else {
                near.site as usize
            };
            cell.volume += area * offset / 3.0;
            let angle = solid_angle(&cell.vertices, corners);
            cell.faces.push(Face {
                neighbour,
                image: self.grid.image(site, neighbour, &near.cell),
                area,
                distance: near.square.sqrt(),
                plane: offset,
                solid_angle: angle.copysign(offset),
                normal,
                corners: from as u32..cell.corners.len() as u32,
            });
        }
        true
    }
}

/// Unit normal and distance of the plane between `site` and another.
fn plane(near: &Near, weights: &[f64], site: usize) -> (Vec3, f64) {
    let distance = near.square.sqrt();
    let normal = near.vector.map(|x| x / distance);
    let of = |site: usize| weights.get(site).copied().unwrap_or(0.0);
    // The starting planes lie between a site and itself.
    let other = if near.site == u32::MAX {
        site
    } else {
        near.site as usize
    };
    let offset = (near.square + of(site) - of(other)) / (2.0 * distance);
    (normal, offset)
}

/// Area of a polygon, Å^2: triangles from its first corner.
fn area(vertices: &[Vec3], corners: &[u32], normal: &Vec3) -> f64 {
    let at = |k: usize| &vertices[corners[k] as usize];
    let mut sum = [0.0; 3];
    for k in 1..corners.len() - 1 {
        let twice = cross(&sub(at(k), at(0)), &sub(at(k + 1), at(0)));
        for (s, x) in sum.iter_mut().zip(twice) {
            *s += x;
        }
    }
    dot(&sum, normal).abs() / 2.0
}

/// Solid angle of a convex polygon seen from the origin, sr (Van Oosterom and Strackee,
/// IEEE Trans. Biomed. Eng. 30, 125 (1983)), without sign.
///
/// The angles of the triangles add up as the arguments of complex numbers multiply:
/// one arc tangent for a face, not one for a triangle. Half the angle of a face seen
/// from the origin is less than π, and so is every sum on the way to it.
fn solid_angle(vertices: &[Vec3], corners: &[u32]) -> f64 {
    let at = |k: usize| &vertices[corners[k] as usize];
    let norm = |v: &Vec3| dot(v, v).sqrt();
    let first = at(0);
    let r0 = norm(first);
    let (mut re, mut im) = (1.0, 0.0);
    let mut v = at(1);
    let mut rv = norm(v);
    for k in 2..corners.len() {
        let w = at(k);
        let rw = norm(w);
        let triple = dot(first, &cross(v, w)).abs();
        let rest =
            r0 * rv * rw + rw * dot(first, v) + rv * dot(first, w) + r0 * dot(v, w);
        let size = r0 * rv * rw;
        // A corner at the origin itself: nothing to see of that triangle.
        if size > 0.0 {
            let (cosine, sine) = (rest / size, triple / size);
            (re, im) = (re * cosine - im * sine, re * sine + im * cosine);
        }
        (v, rv) = (w, rw);
    }
    2.0 * libm::atan2(im, re)
}
