//! Reduced lattices: three lattice vectors come in, an obtuse superbase and the
//! nearest image of a point go out.

#![allow(
    clippy::indexing_slicing,
    reason = "3 × 3 lattice algebra with constant indices"
)]

/// A vector in Å.
pub(super) type Vec3 = [f64; 3];

pub(super) fn dot(u: &Vec3, v: &Vec3) -> f64 {
    u[0] * v[0] + u[1] * v[1] + u[2] * v[2]
}

pub(super) fn cross(u: &Vec3, v: &Vec3) -> Vec3 {
    [
        u[1] * v[2] - u[2] * v[1],
        u[2] * v[0] - u[0] * v[2],
        u[0] * v[1] - u[1] * v[0],
    ]
}

pub(super) fn sub(u: &Vec3, v: &Vec3) -> Vec3 {
    [u[0] - v[0], u[1] - v[1], u[2] - v[2]]
}

pub(super) fn add(u: &Vec3, v: &Vec3) -> Vec3 {
    [u[0] + v[0], u[1] + v[1], u[2] + v[2]]
}

/// Σ x_k · rows_k.
pub(super) fn combine(rows: &[Vec3; 3], x: &Vec3) -> Vec3 {
    let mut sum = [0.0; 3];
    for (row, x) in rows.iter().zip(x) {
        for (s, r) in sum.iter_mut().zip(row) {
            *s += x * r;
        }
    }
    sum
}

/// A lattice by three of its shortest vectors.
#[derive(Clone, Debug)]
pub(super) struct Reduced {
    /// Basis vectors as rows, Å.
    pub(super) rows: [Vec3; 3],
    /// The same as whole combinations of the vectors given.
    pub(super) whole: [[i64; 3]; 3],
    /// Reciprocal vectors: frac_k = inverse_k · x.
    pub(super) inverse: [Vec3; 3],
    /// Distances between the lattice planes along each vector, Å.
    pub(super) spacing: Vec3,
    /// Volume, Å^3.
    pub(super) volume: f64,
    /// The seven vectors (with their opposites, fourteen) whose planes bound the
    /// lattice's own Voronoi cell.
    relevant: [Vec3; 7],
}

/// More steps than any lattice within the limits of a `Structure` takes.
const MOST_STEPS: usize = 100_000;

impl Reduced {
    /// Selling's reduction: of the superbase b0 + b1 + b2 + b3 = 0, pairs with a
    /// positive scalar product are exchanged until there are none (Conway and Sloane,
    /// Proc. R. Soc. Lond. A 436, 55 (1992)). The sums of its vectors are then the
    /// lattice's Voronoi vectors. Whole numbers are carried along, so that the
    /// vectors are made from the given ones with one rounding.
    pub(super) fn new(given: &[Vec3; 3]) -> Reduced {
        let mut whole = shorten_pairwise(given);
        let real = |w: &[i64; 3]| combine(given, &w.map(|x| x as f64));
        let opposite = |w: &[[i64; 3]]| [0, 1, 2].map(|k| -(w[0][k] + w[1][k] + w[2][k]));
        let mut superbase = [whole[0], whole[1], whole[2], opposite(&whole)];
        for _ in 0..MOST_STEPS {
            let vectors = superbase.map(|w| real(&w));
            let Some((i, j)) = acute_pair(&vectors) else {
                break;
            };
            let moved = superbase[i];
            for (k, w) in superbase.iter_mut().enumerate() {
                if k != i && k != j {
                    *w = [0, 1, 2].map(|x| w[x] + moved[x]);
                }
            }
            superbase[i] = moved.map(|x| -x);
        }
        let length = |w: &[i64; 3]| dot(&real(w), &real(w));
        // A stable order: the longest of the four is left out.
        superbase.sort_by(|u, v| length(u).total_cmp(&length(v)));
        whole.copy_from_slice(&superbase[..3]);
        let rows = whole.map(|w| real(&w));
        let [a, b, c] = &rows;
        let oriented = dot(a, &cross(b, c));
        let inverse = [cross(b, c), cross(c, a), cross(a, b)]
            .map(|normal| normal.map(|x| x / oriented));
        Reduced {
            spacing: inverse.map(|row| 1.0 / dot(&row, &row).sqrt()),
            relevant: [
                *a,
                *b,
                *c,
                add(a, b),
                add(a, c),
                add(b, c),
                add(&add(a, b), c),
            ],
            volume: oriented.abs(),
            rows,
            whole,
            inverse,
        }
    }

    /// Coordinates of a point in the basis.
    pub(super) fn fractions(&self, x: &Vec3) -> Vec3 {
        [0, 1, 2].map(|k| dot(&self.inverse[k], x))
    }

    /// Whole numbers of the vectors given, from whole numbers of the reduced ones.
    pub(super) fn to_given(&self, image: &[i64; 3]) -> [i64; 3] {
        [0, 1, 2].map(|k| (0..3).map(|m| image[m] * self.whole[m][k]).sum())
    }

    /// The whole numbers n for which `x` − Σ n_k rows_k is shortest, and that
    /// difference: rounding first, then steps along the Voronoi vectors as long as
    /// one shortens it.
    pub(super) fn nearest(&self, x: &Vec3) -> ([i64; 3], Vec3) {
        const WHOLE: [[i64; 3]; 7] = [
            [1, 0, 0],
            [0, 1, 0],
            [0, 0, 1],
            [1, 1, 0],
            [1, 0, 1],
            [0, 1, 1],
            [1, 1, 1],
        ];
        let mut count = self.fractions(x).map(|f| f.round() as i64);
        let mut rest = sub(x, &combine(&self.rows, &count.map(|n| n as f64)));
        for _ in 0..MOST_STEPS {
            let mut stepped = false;
            for (vector, whole) in self.relevant.iter().zip(&WHOLE) {
                let steps = (dot(&rest, vector) / dot(vector, vector)).round();
                if steps == 0.0 {
                    continue;
                }
                let shorter = sub(&rest, &vector.map(|v| v * steps));
                if dot(&shorter, &shorter) < dot(&rest, &rest) * (1.0 - 1e-14) {
                    rest = shorter;
                    count = [0, 1, 2].map(|k| count[k] + whole[k] * steps as i64);
                    stepped = true;
                }
            }
            if !stepped {
                break;
            }
        }
        (count, rest)
    }
}

/// The first pair of the superbase with a positive scalar product, if any is positive
/// beyond rounding.
fn acute_pair(vectors: &[Vec3; 4]) -> Option<(usize, usize)> {
    for i in 0..4 {
        for j in i + 1..4 {
            let (u, v) = (&vectors[i], &vectors[j]);
            let product = dot(u, v);
            if product > 1e-12 * dot(u, u).min(dot(v, v)) {
                return Some((i, j));
            }
        }
    }
    None
}

/// Whole multiples of shorter vectors are taken from longer ones as long as that
/// shortens them: very skewed cells then need few steps of Selling's.
fn shorten_pairwise(given: &[Vec3; 3]) -> [[i64; 3]; 3] {
    let mut whole = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
    for _ in 0..MOST_STEPS {
        let mut shortened = false;
        for (i, j) in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)] {
            let real = |w: &[i64; 3]| combine(given, &w.map(|x| x as f64));
            let (u, v) = (real(&whole[i]), real(&whole[j]));
            let times = (dot(&u, &v) / dot(&v, &v)).round();
            let rest = sub(&u, &v.map(|x| x * times));
            if dot(&rest, &rest) < dot(&u, &u) * (1.0 - 1e-10) {
                let w = whole[j];
                whole[i] = [0, 1, 2].map(|k| whole[i][k] - w[k] * times as i64);
                shortened = true;
            }
        }
        if !shortened {
            break;
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skewed_cube_is_a_cube_again() {
        let given = [[2.0, 0.0, 0.0], [-14.0, 2.0, 0.0], [38.0, 110.0, 2.0]];
        let reduced = Reduced::new(&given);
        assert_eq!(reduced.volume, 8.0);
        for row in &reduced.rows {
            assert_eq!(dot(row, row), 4.0);
        }
        for (whole, row) in reduced.whole.iter().zip(&reduced.rows) {
            assert_eq!(combine(&given, &whole.map(|x| x as f64)), *row);
        }
    }

    #[test]
    fn the_nearest_image_is_the_nearest_of_many() {
        let given = [[3.0, 0.1, 0.0], [1.4, 2.9, 0.2], [-1.3, 1.2, 3.3]];
        let reduced = Reduced::new(&given);
        for step in 0..200 {
            let x = [0.37, -0.71, 0.53].map(|u| u * f64::from(step));
            let (_, rest) = reduced.nearest(&x);
            let base = reduced.fractions(&x).map(f64::round);
            let mut least = f64::INFINITY;
            for n in 0..125_i32 {
                let shift = [n / 25 - 2, n / 5 % 5 - 2, n % 5 - 2].map(f64::from);
                let image = combine(&reduced.rows, &add(&base, &shift));
                let d = sub(&x, &image);
                least = least.min(dot(&d, &d));
            }
            assert!((dot(&rest, &rest) - least).abs() < 1e-9, "{x:?}");
        }
    }
}
