//! Around one centre: points come in, those within the cutoff go out.
//!
//! Up to [`DIRECT`] points are all compared. More are sorted into linked cells first:
//! boxes along the axes of the work cell, half a cutoff wide, each a run of points.

#![allow(
    clippy::indexing_slicing,
    reason = "kernel over arrays whose lengths are set together"
)]

use pulp::Arch;

use super::cell::WorkCell;
use super::points::Points;

/// Up to this many points are compared with every centre; measured.
const DIRECT: usize = 1000;

/// Up to this many points hits are put in order by a bit per point, beyond it by
/// sorting: reading all bits takes longer then.
const MARKED: usize = 1 << 16;

/// Linked cells and what was found around the last centre.
#[derive(Default)]
pub(super) struct Scan {
    arch: Arch,
    /// Square of the cutoff, Å².
    limit: f64,
    boxes: Option<Boxes>,
    sorted: Sorted,
    /// Points found, and the squares of their distances in Å².
    hits: Vec<u32>,
    squares: Vec<f64>,
    /// Squares of the distances of all points compared.
    all: Vec<f64>,
    /// For putting hits in order: a bit per point, or pairs where points are many.
    marks: Vec<u64>,
    pairs: Vec<(u32, f64)>,
}

/// How space is divided.
#[derive(Clone, Copy)]
struct Boxes {
    count: [usize; 3],
    low: [f64; 3],
    per_frac: [f64; 3],
    /// The cutoff in fractions of each axis.
    reach: [f64; 3],
}

/// The points sorted by box.
#[derive(Default)]
struct Sorted {
    start: Vec<u32>,
    which: Vec<u32>,
    point: Vec<u32>,
    x: Vec<f64>,
    y: Vec<f64>,
    z: Vec<f64>,
}

impl Scan {
    /// Take the points of a search; `reach` in Å.
    pub(super) fn prepare(&mut self, cell: &WorkCell, points: &Points, reach: f64) {
        self.limit = reach * reach;
        let count = points.x.len();
        if self.all.len() < count {
            self.all.resize(count, 0.0);
            self.hits.resize(count, 0);
            self.squares.resize(count, 0.0);
        }
        self.marks.clear();
        self.marks.resize(count.div_ceil(64), 0);
        self.boxes = (count > DIRECT).then(|| Boxes::new(cell, points, reach));
        if let Some(boxes) = &self.boxes {
            self.sorted.fill(boxes, cell, points);
        }
    }

    /// The points within the cutoff of a centre, without the centre itself, in the
    /// order of the points, and the squares of their distances.
    pub(super) fn around(
        &mut self,
        cell: &WorkCell,
        points: &Points,
        centre: usize,
    ) -> (&[u32], &[f64]) {
        let found = match self.boxes {
            None => self.compare_all(cell, points, centre),
            Some(boxes) => self.compare_boxes(&boxes, cell, centre),
        };
        let home = points.home[centre];
        let Ok(own) = self.hits[..found].binary_search(&home) else {
            unreachable!("an atom lies within any distance of itself")
        };
        self.hits.copy_within(own + 1..found, own);
        self.squares.copy_within(own + 1..found, own);
        (&self.hits[..found - 1], &self.squares[..found - 1])
    }

    fn compare_all(&mut self, cell: &WorkCell, points: &Points, centre: usize) -> usize {
        let at = cell.position[centre];
        let Points { x, y, z, .. } = points;
        let (all, hits) = (&mut self.all[..], &mut self.hits[..]);
        let (squares, limit) = (&mut self.squares[..], self.limit);
        self.arch.dispatch(
            #[inline(always)]
            || {
                let all = &mut all[..x.len()];
                square_distances(x, y, z, at, all);
                keep(all, limit, hits, squares, |k| k as u32)
            },
        )
    }

    fn compare_boxes(&mut self, boxes: &Boxes, cell: &WorkCell, centre: usize) -> usize {
        let at = cell.position[centre];
        let frac = &cell.frac[centre];
        let low = [0, 1, 2].map(|k| boxes.find(k, frac[k] - boxes.reach[k]));
        let high = [0, 1, 2].map(|k| boxes.find(k, frac[k] + boxes.reach[k]));
        let mut found = 0;
        for l in low[0]..=high[0] {
            for m in low[1]..=high[1] {
                let run = (l * boxes.count[1] + m) * boxes.count[2];
                let start = self.sorted.start[run + low[2]] as usize;
                let end = self.sorted.start[run + high[2] + 1] as usize;
                let Sorted { point, x, y, z, .. } = &self.sorted;
                let all = &mut self.all[..end - start];
                let hits = &mut self.hits[found..];
                let (squares, limit) = (&mut self.squares[found..], self.limit);
                found += self.arch.dispatch(
                    #[inline(always)]
                    || {
                        let (x, y, z) = (&x[start..end], &y[start..end], &z[start..end]);
                        let point = &point[start..end];
                        square_distances(x, y, z, at, all);
                        keep(all, limit, hits, squares, |k| point[k])
                    },
                );
            }
        }
        self.order(found);
        found
    }

    /// Put what was found in the order of the points.
    fn order(&mut self, found: usize) {
        let (hits, squares) = (&mut self.hits[..found], &mut self.squares[..found]);
        if self.marks.len() > MARKED / 64 {
            self.pairs.clear();
            self.pairs
                .extend(hits.iter().copied().zip(squares.iter().copied()));
            self.pairs.sort_unstable_by_key(|&(hit, _)| hit);
            for (place, &(hit, square)) in self.pairs.iter().enumerate() {
                hits[place] = hit;
                squares[place] = square;
            }
            return;
        }
        for (&hit, &square) in hits.iter().zip(squares.iter()) {
            self.marks[hit as usize / 64] |= 1 << (hit % 64);
            self.all[hit as usize] = square;
        }
        let mut place = 0;
        for (word, marks) in self.marks.iter_mut().enumerate() {
            let mut left = std::mem::take(marks);
            while left != 0 {
                let hit = word * 64 + left.trailing_zeros() as usize;
                hits[place] = hit as u32;
                squares[place] = self.all[hit];
                place += 1;
                left &= left - 1;
            }
        }
    }
}

#[inline(always)]
fn square_distances(x: &[f64], y: &[f64], z: &[f64], at: [f64; 3], all: &mut [f64]) {
    let count = all.len();
    let (x, y, z) = (&x[..count], &y[..count], &z[..count]);
    for k in 0..count {
        let (dx, dy, dz) = (x[k] - at[0], y[k] - at[1], z[k] - at[2]);
        all[k] = (dx * dx + dy * dy) + dz * dz;
    }
}

/// Write number and square of each point within the limit; how many there are.
#[inline(always)]
fn keep(
    all: &[f64],
    limit: f64,
    hits: &mut [u32],
    squares: &mut [f64],
    name: impl Fn(usize) -> u32,
) -> usize {
    let mut found = 0;
    let (hits, squares) = (&mut hits[..all.len()], &mut squares[..all.len()]);
    for (k, &square) in all.iter().enumerate() {
        hits[found] = name(k);
        squares[found] = square;
        found += usize::from(square <= limit);
    }
    found
}

impl Boxes {
    fn new(cell: &WorkCell, points: &Points, reach: f64) -> Boxes {
        let span = points.frac.map(|[low, high]| high - low);
        let wide = [0, 1, 2].map(|k| span[k] * cell.heights[k]);
        let most = points.x.len();
        let mut count = wide.map(|w| ((2.0 * w / reach) as usize).clamp(1, most));
        // No more boxes than points: most would be empty.
        while count.iter().map(|&n| n as u128).product::<u128>() > most as u128 {
            let [a, b, c] = count;
            let longest = if a >= b && a >= c {
                0
            } else {
                1 + usize::from(c > b)
            };
            count[longest] = count[longest].div_ceil(2);
        }
        Boxes {
            count,
            low: points.frac.map(|[low, _]| low),
            per_frac: [0, 1, 2].map(|k| count[k] as f64 / span[k]),
            reach: cell
                .heights
                .map(|height| (reach + cell.slack) / height + 1e-9),
        }
    }

    /// Which box along an axis a fractional coordinate lies in.
    fn find(&self, axis: usize, frac: f64) -> usize {
        let place = (frac - self.low[axis]) * self.per_frac[axis];
        (place as usize).min(self.count[axis] - 1)
    }
}

impl Sorted {
    /// Counting sort of the points by box.
    fn fill(&mut self, boxes: &Boxes, cell: &WorkCell, points: &Points) {
        let inverse = inverse(&cell.basis);
        let count = points.x.len();
        self.which.clear();
        self.start.clear();
        self.start
            .resize(boxes.count.iter().product::<usize>() + 1, 0);
        for k in 0..count {
            let at = [points.x[k], points.y[k], points.z[k]];
            let place = [0, 1, 2].map(|axis| {
                let column = &inverse[axis];
                let frac = at[0] * column[0] + at[1] * column[1] + at[2] * column[2];
                boxes.find(axis, frac)
            });
            let which =
                (place[0] * boxes.count[1] + place[1]) * boxes.count[2] + place[2];
            self.which.push(which as u32);
            self.start[which + 1] += 1;
        }
        for k in 1..self.start.len() {
            self.start[k] += self.start[k - 1];
        }
        for list in [&mut self.x, &mut self.y, &mut self.z] {
            list.resize(count, 0.0);
        }
        self.point.resize(count, 0);
        // Backwards, each box's end runs down to its start, and order is kept.
        for k in (0..count).rev() {
            let end = &mut self.start[self.which[k] as usize + 1];
            *end -= 1;
            let place = *end as usize;
            self.point[place] = k as u32;
            self.x[place] = points.x[k];
            self.y[place] = points.y[k];
            self.z[place] = points.z[k];
        }
        // Each entry is now the start of the box before it.
        self.start.remove(0);
        self.start.push(count as u32);
    }
}

/// For each axis the vector whose product with a position is its fractional coordinate.
fn inverse(basis: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let [a, b, c] = basis;
    let cross = |u: &[f64; 3], v: &[f64; 3]| {
        [
            u[1] * v[2] - u[2] * v[1],
            u[2] * v[0] - u[0] * v[2],
            u[0] * v[1] - u[1] * v[0],
        ]
    };
    let faces = [cross(b, c), cross(c, a), cross(a, b)];
    let volume = a[0] * faces[0][0] + a[1] * faces[0][1] + a[2] * faces[0][2];
    faces.map(|face| face.map(|x| x / volume))
}
