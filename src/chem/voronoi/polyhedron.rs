//! A convex polyhedron around the origin: planes come in, one after the other, and cut
//! it down; its vertices and faces go out.
//!
//! Three planes meet in every vertex, and three edges leave it: where more planes meet
//! in a point, several vertices lie there. A vertex counts as cut off if it lies
//! further than a tolerance outside a plane; a plane that only touches cuts nothing.

#![allow(
    clippy::indexing_slicing,
    reason = "vertices and planes are numbered by construction; the innermost loop"
)]

use super::lattice::{Reduced, Vec3, add, dot};

/// What a plane did to the polyhedron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Nothing: all of it lies inside.
    Missed,
    /// A part was cut off.
    Made,
    /// All of it was cut off.
    Emptied,
    /// The vertices cut off are no connected cap: the tolerance fell between vertices
    /// that rounding alone tells apart.
    Torn,
}

/// No vertex.
const NONE: u16 = u16::MAX;
/// More planes than this through one cell are taken for rounding errors.
const MOST: usize = 60_000;

/// The polyhedron. Coordinates lie apart so that a plane is tested against all
/// vertices at once.
#[derive(Clone, Debug, Default)]
pub(super) struct Polyhedron {
    x: Vec<f64>,
    y: Vec<f64>,
    z: Vec<f64>,
    /// The planes that meet in a vertex.
    planes: Vec<[u16; 3]>,
    /// Neighbour k lies on the edge of the two planes other than plane k.
    next: Vec<[u16; 3]>,
    /// Signed distance of each vertex from the plane in work.
    outside: Vec<f64>,
    /// For each plane, the new vertex that waits for its partner on that plane.
    waiting: Vec<u16>,
    fresh: Vec<Fresh>,
    /// Vertices cut off.
    dead: Vec<u16>,
    /// Largest distance of a vertex from the origin, Å.
    pub(super) radius: f64,
}

/// A vertex to be: where a kept edge meets the new plane.
#[derive(Clone, Copy, Debug)]
struct Fresh {
    point: Vec3,
    /// The kept end of the edge, and which of its neighbours was the lost end.
    kept: u16,
    slot: u8,
    /// The two planes of the edge.
    sides: [u16; 2],
    /// The new vertices on `sides[0]` and `sides[1]`, by number in `fresh`.
    partners: [u16; 2],
}

impl Polyhedron {
    /// Number of vertices.
    pub(super) fn vertices(&self) -> usize {
        self.x.len()
    }

    /// Where a vertex lies, Å.
    pub(super) fn vertex(&self, v: usize) -> Vec3 {
        [self.x[v], self.y[v], self.z[v]]
    }

    /// The six planes halfway to ± the lattice's three vectors: plane 2k is that of
    /// + row k, plane 2k + 1 that of − row k.
    pub(super) fn start(&mut self, lattice: &Reduced) {
        self.x.clear();
        self.y.clear();
        self.z.clear();
        self.planes.clear();
        self.next.clear();
        // s_k · x = ± |row_k|² / 2 for the three rows: x = Σ ± h_k · dual_k.
        let half = lattice.rows.map(|row| dot(&row, &row) / 2.0);
        let duals = invert_transposed(&lattice.rows);
        for corner in 0..8_u16 {
            let minus = |k: usize| (corner >> k) & 1;
            let mut point = [0.0; 3];
            for k in 0..3 {
                let sign = if minus(k) == 1 { -1.0 } else { 1.0 };
                point = add(&point, &duals[k].map(|d| d * half[k] * sign));
            }
            self.x.push(point[0]);
            self.y.push(point[1]);
            self.z.push(point[2]);
            self.planes.push([0, 1, 2].map(|k| 2 * k as u16 + minus(k)));
            // Across the edge of the other two planes, plane k changes its sign.
            self.next.push([0, 1, 2].map(|k| corner ^ (1 << k)));
        }
        self.waiting.clear();
        self.waiting.resize(6, NONE);
        self.measure();
    }

    /// Cut off what lies beyond `normal` · x = `offset` (unit normal) by more than
    /// `tolerance`. The new plane's number is the count of `Made` cuts before, plus 6.
    pub(super) fn cut(&mut self, normal: &Vec3, offset: f64, tolerance: f64) -> Cut {
        let [a, b, c] = *normal;
        self.outside.clear();
        let points = self.x.iter().zip(&self.y).zip(&self.z);
        self.outside
            .extend(points.map(|((x, y), z)| a * x + b * y + c * z - offset));
        let mut lost = 0;
        for &s in &self.outside {
            lost += usize::from(s > tolerance);
        }
        if lost == 0 {
            return Cut::Missed;
        }
        if lost == self.outside.len() {
            return Cut::Emptied;
        }
        if self.waiting.len() >= MOST || self.x.len() >= MOST {
            return Cut::Torn;
        }
        if !self.meet(tolerance) || !self.pair_up() {
            return Cut::Torn;
        }
        let plane = self.waiting.len() as u16;
        self.waiting.push(NONE);
        self.replace(plane);
        self.measure();
        Cut::Made
    }

    /// Find where the edges between kept and lost vertices meet the plane. False where
    /// that makes no polygon.
    fn meet(&mut self, tolerance: f64) -> bool {
        self.fresh.clear();
        self.dead.clear();
        for v in 0..self.x.len() {
            if self.outside[v] <= tolerance {
                continue;
            }
            self.dead.push(v as u16);
            for k in 0..3 {
                let kept = self.next[v][k];
                let inside = self.outside[kept as usize];
                if inside > tolerance {
                    continue;
                }
                let outside = self.outside[v];
                let share = (inside / (inside - outside)).clamp(0.0, 1.0);
                let (from, to) = (self.vertex(kept as usize), self.vertex(v));
                let [p, q] = [self.planes[v][(k + 1) % 3], self.planes[v][(k + 2) % 3]];
                let Some(slot) = self.slot(kept, v as u16, p, q) else {
                    return false;
                };
                self.fresh.push(Fresh {
                    point: [0, 1, 2].map(|i| from[i] + share * (to[i] - from[i])),
                    kept,
                    slot,
                    sides: [p, q],
                    partners: [NONE; 2],
                });
            }
        }
        self.fresh.len() >= 3
    }

    /// Which of `kept`'s edges is that of the planes p and q to `lost`.
    fn slot(&self, kept: u16, lost: u16, p: u16, q: u16) -> Option<u8> {
        let planes = &self.planes[kept as usize];
        let next = &self.next[kept as usize];
        (0..3_u8).find(|&k| {
            let [s, t] = [planes[(k as usize + 1) % 3], planes[(k as usize + 2) % 3]];
            next[k as usize] == lost && ((s == p && t == q) || (s == q && t == p))
        })
    }

    /// Every old plane that the new one crosses holds exactly two new vertices, and the
    /// chain of partners is one ring through all of them.
    fn pair_up(&mut self) -> bool {
        let mut whole = true;
        for f in 0..self.fresh.len() {
            for side in 0..2 {
                let plane = self.fresh[f].sides[side] as usize;
                let first = self.waiting[plane];
                if first == NONE {
                    self.waiting[plane] = f as u16;
                    continue;
                }
                let first = first as usize;
                let at = usize::from(self.fresh[first].sides[0] as usize != plane);
                whole &= self.fresh[first].partners[at] == NONE;
                self.fresh[first].partners[at] = f as u16;
                self.fresh[f].partners[side] = first as u16;
            }
        }
        for f in &self.fresh {
            whole &= f.partners[0] != NONE && f.partners[1] != NONE;
            self.waiting[f.sides[0] as usize] = NONE;
            self.waiting[f.sides[1] as usize] = NONE;
        }
        whole && self.is_one_ring()
    }

    fn is_one_ring(&self) -> bool {
        let (mut at, mut plane, mut steps) = (0, self.fresh[0].sides[0], 0);
        loop {
            let here = &self.fresh[at];
            let side = usize::from(here.sides[0] != plane);
            let to = here.partners[side] as usize;
            let there = &self.fresh[to];
            plane = if there.sides[0] == plane {
                there.sides[1]
            } else {
                there.sides[0]
            };
            steps += 1;
            at = to;
            if at == 0 || steps > self.fresh.len() {
                return steps == self.fresh.len();
            }
        }
    }

    /// Put the new vertices where the lost ones were, and close the gaps left.
    fn replace(&mut self, plane: u16) {
        let before = self.x.len();
        let grown = self.fresh.len().saturating_sub(self.dead.len());
        for _ in 0..grown {
            self.dead.push(self.x.len() as u16);
            self.x.push(0.0);
            self.y.push(0.0);
            self.z.push(0.0);
            self.planes.push([0; 3]);
            self.next.push([0; 3]);
        }
        debug_assert!(self.x.len() == before + grown);
        for (f, &v) in self.fresh.iter().zip(&self.dead) {
            let v = v as usize;
            [self.x[v], self.y[v], self.z[v]] = f.point;
            self.planes[v] = [plane, f.sides[0], f.sides[1]];
            // Across the edge of the new plane and sides[0] lies the partner there.
            let [first, second] = f.partners.map(|p| self.dead[p as usize]);
            self.next[v] = [f.kept, second, first];
        }
        for (f, &v) in self.fresh.iter().zip(&self.dead) {
            self.next[f.kept as usize][f.slot as usize] = v;
        }
        let mut gaps = self.dead.split_off(self.fresh.len());
        // From the highest gap down, so that the last vertex is never a gap itself.
        gaps.sort_unstable_by(|a, b| b.cmp(a));
        for gap in gaps {
            self.fill(gap);
        }
    }

    /// Move the last vertex into `gap`.
    fn fill(&mut self, gap: u16) {
        let (last, gap) = (self.x.len() - 1, gap as usize);
        self.x.swap_remove(gap);
        self.y.swap_remove(gap);
        self.z.swap_remove(gap);
        self.planes.swap_remove(gap);
        self.next.swap_remove(gap);
        if gap == last {
            return;
        }
        for k in 0..3 {
            let neighbour = self.next[gap][k] as usize;
            for slot in &mut self.next[neighbour] {
                if *slot as usize == last {
                    *slot = gap as u16;
                }
            }
        }
    }

    fn measure(&mut self) {
        let mut largest = 0.0_f64;
        for ((x, y), z) in self.x.iter().zip(&self.y).zip(&self.z) {
            let square = x * x + y * y + z * z;
            if square > largest {
                largest = square;
            }
        }
        self.radius = largest.sqrt();
    }

    /// For each plane that still has a face, one vertex on it, by ascending plane.
    pub(super) fn faces(&self, into: &mut Vec<(u16, u16)>) {
        into.clear();
        let mut first = vec![NONE; self.waiting.len()];
        for (v, planes) in self.planes.iter().enumerate() {
            for &plane in planes {
                if first[plane as usize] == NONE {
                    first[plane as usize] = v as u16;
                }
            }
        }
        for (plane, &v) in first.iter().enumerate() {
            if v != NONE {
                into.push((plane as u16, v));
            }
        }
    }

    /// The corners of the face on `plane` in order around it, from `start` on. False
    /// where the walk does not come back.
    pub(super) fn walk(&self, plane: u16, start: u16, corners: &mut Vec<u32>) -> bool {
        let (mut at, mut from) = (start, NONE);
        for _ in 0..=self.x.len() {
            corners.push(u32::from(at));
            let (planes, next) = (&self.planes[at as usize], &self.next[at as usize]);
            let mut onward = NONE;
            for k in 0..3 {
                if planes[k] != plane && next[k] != from {
                    onward = next[k];
                    break;
                }
            }
            if onward == NONE {
                return false;
            }
            if onward == start {
                return true;
            }
            from = at;
            at = onward;
        }
        false
    }

    /// Every edge once.
    pub(super) fn edges(&self, into: &mut Vec<[u32; 2]>) {
        for (v, next) in self.next.iter().enumerate() {
            for &w in next {
                if usize::from(w) > v {
                    into.push([v as u32, u32::from(w)]);
                }
            }
        }
    }
}

/// Vectors with dual_k · row_m = 1 where k = m and 0 elsewhere.
fn invert_transposed(rows: &[Vec3; 3]) -> [Vec3; 3] {
    use super::lattice::cross;
    let [a, b, c] = rows;
    let volume = dot(a, &cross(b, c));
    [cross(b, c), cross(c, a), cross(a, b)].map(|n| n.map(|x| x / volume))
}
