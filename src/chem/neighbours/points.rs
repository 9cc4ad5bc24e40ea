//! The points of a search: a cell comes in; the atoms and all images of them that lie
//! within the cutoff of some atom go out, ordered by atom, then by image.

#![allow(
    clippy::indexing_slicing,
    reason = "3 × 3 lattice algebra with constant indices"
)]

use super::MAX_POINTS;
use super::cell::WorkCell;

/// Atoms and their images; all vectors but `home` have one entry per point.
#[derive(Default)]
pub(super) struct Points {
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    pub(super) z: Vec<f64>,
    /// The atom it is, or is an image of.
    pub(super) atom: Vec<u32>,
    /// Its translation from the coordinates the structure gives, without the centre's
    /// own: see [`WorkCell::shift`].
    pub(super) image: Vec<[i32; 3]>,
    /// Per atom, the point that is the atom itself.
    pub(super) home: Vec<u32>,
    /// Least and greatest fractional coordinates of the points.
    pub(super) frac: [[f64; 2]; 3],
}

/// More than [`MAX_POINTS`], or images too far to count.
pub(super) struct TooMany;

/// The least box, with sides along x, y, z, that holds all atoms.
struct Bounds {
    low: [f64; 3],
    high: [f64; 3],
}

impl Points {
    /// Lay out all points within `reach` (Å) of the atoms.
    pub(super) fn lay_out(&mut self, cell: &WorkCell, reach: f64) -> Result<(), TooMany> {
        self.clear();
        // A point within reach of an atom is, along each axis, within reach / height
        // of the atoms' fractional coordinates. The hair more keeps what rounding
        // might lose.
        let far = reach + cell.slack;
        let margin = cell.heights.map(|height| far / height + 1e-9);
        let (least, most) = extent(&cell.frac);
        let low = [0, 1, 2].map(|k| least[k] - margin[k]);
        let high = [0, 1, 2].map(|k| most[k] + margin[k]);
        self.frac = [0, 1, 2].map(|k| [low[k], high[k]]);
        let images: f64 = (0..3).map(|k| high[k] - low[k] + 1.0).product();
        let points = images * cell.frac.len() as f64;
        if points.is_nan() || points > 8.0 * MAX_POINTS as f64 {
            return Err(TooMany);
        }
        // The corners decide for all whether images fit into 32 bits.
        for corner in 0..8 {
            let corner = [0, 1, 2].map(|k| {
                if corner >> k & 1 == 0 {
                    low[k].floor() - 1.0
                } else {
                    high[k].ceil()
                }
            });
            cell.own_image(corner).map_err(|_| TooMany)?;
        }
        let (low_xyz, high_xyz) = extent(&cell.position);
        let bounds = Bounds {
            low: low_xyz,
            high: high_xyz,
        };
        for atom in 0..cell.frac.len() {
            let frac = &cell.frac[atom];
            let from = [0, 1, 2].map(|k| (low[k] - frac[k]).ceil());
            let to = [0, 1, 2].map(|k| (high[k] - frac[k]).floor());
            self.add_images(cell, atom, [from, to], &bounds, reach)?;
        }
        Ok(())
    }

    /// Add the images of one atom, from translation `from` to translation `to`.
    fn add_images(
        &mut self,
        cell: &WorkCell,
        atom: usize,
        [from, to]: [[f64; 3]; 2],
        bounds: &Bounds,
        reach: f64,
    ) -> Result<(), TooMany> {
        let [a, b, c] = &cell.basis;
        let at = cell.position[atom];
        let shift = cell.shift[atom];
        let beyond = (reach + 1e-9) * (reach + 1e-9);
        let turn = &cell.turn;
        let mut l = from[0];
        while l <= to[0] {
            let mut m = from[1];
            while m <= to[1] {
                let plane = [0, 1, 2].map(|k| l * a[k] + m * b[k]);
                let mut n = from[2];
                while n <= to[2] {
                    let at = [0, 1, 2].map(|k| (plane[k] + n * c[k]) + at[k]);
                    if bounds.square_outside(&at) <= beyond {
                        if self.x.len() >= MAX_POINTS {
                            return Err(TooMany);
                        }
                        if [l, m, n] == [0.0; 3] {
                            self.home.push(self.x.len() as u32);
                        }
                        self.x.push(at[0]);
                        self.y.push(at[1]);
                        self.z.push(at[2]);
                        self.atom.push(atom as u32);
                        let (l, m, n) = (l as i64, m as i64, n as i64);
                        self.image.push([0, 1, 2].map(|k| {
                            let own = l * turn[0][k] + m * turn[1][k] + n * turn[2][k];
                            own as i32 - shift[k]
                        }));
                    }
                    n += 1.0;
                }
                m += 1.0;
            }
            l += 1.0;
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.x.clear();
        self.y.clear();
        self.z.clear();
        self.atom.clear();
        self.image.clear();
        self.home.clear();
    }
}

impl Bounds {
    /// Square of the distance from the box, 0 inside.
    #[inline]
    fn square_outside(&self, at: &[f64; 3]) -> f64 {
        let off =
            [0, 1, 2].map(|k| (self.low[k] - at[k]).max(at[k] - self.high[k]).max(0.0));
        off[0] * off[0] + off[1] * off[1] + off[2] * off[2]
    }
}

/// Least and greatest of each coordinate.
fn extent(triples: &[[f64; 3]]) -> ([f64; 3], [f64; 3]) {
    let mut low = [f64::INFINITY; 3];
    let mut high = [f64::NEG_INFINITY; 3];
    for triple in triples {
        for k in 0..3 {
            low[k] = low[k].min(triple[k]);
            high[k] = high[k].max(triple[k]);
        }
    }
    (low, high)
}
