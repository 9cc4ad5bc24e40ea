//! Neighbour lists against counting over all images, and hand-checked lattices.

use super::super::element::Element;
use super::super::structure::Structure;
use super::*;

/// A sequence of numbers in 0..1, the same for ever (splitmix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.next() * count as f64) as usize
    }
}

/// A random cell: tiny to large, compact to strongly skewed, with atoms inside or
/// some cells outside.
pub(crate) fn random_structure(numbers: &mut Numbers, atoms: usize) -> Structure {
    loop {
        let size = 2.0 + 6.0 * numbers.next();
        let mut cell = [[0.0; 3]; 3].map(|row| row.map(|_| numbers.next() - 0.5));
        for (k, row) in cell.iter_mut().enumerate() {
            row[k] += 1.0;
            *row = row.map(|x| x * size);
        }
        // Other vectors for the same lattice: the longer, the more skewed the cell.
        for _ in 0..numbers.below(5) {
            let (i, j) = (numbers.below(3), numbers.below(3));
            let times = numbers.below(5) as f64 - 2.0;
            if i != j {
                cell[i] = [0, 1, 2].map(|k| cell[i][k] + times * cell[j][k]);
            }
        }
        let outside = if numbers.next() < 0.3 { 6.0 } else { 1.0 };
        let frac = (0..atoms)
            .map(|_| [0; 3].map(|_| (numbers.next() - 0.3) * outside))
            .collect();
        if let Ok(made) = Structure::new(cell, vec![Element::O; atoms], frac) {
            return made;
        }
    }
}

/// Centre, neighbour, image and distance of every pair, by trying all images that
/// could be near enough.
fn by_counting(structure: &Structure, cutoff: f64) -> Vec<(u32, u32, [i32; 3], f64)> {
    let lattice = structure.lattice();
    let heights = {
        let [a, b, c] = lattice;
        let cross = |u: &[f64; 3], v: &[f64; 3]| {
            [
                u[1] * v[2] - u[2] * v[1],
                u[2] * v[0] - u[0] * v[2],
                u[0] * v[1] - u[1] * v[0],
            ]
        };
        let area = |v: [f64; 3]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
        [cross(b, c), cross(c, a), cross(a, b)].map(|v| structure.volume() / area(v))
    };
    let mut found = Vec::new();
    for (i, f) in structure.frac().iter().enumerate() {
        for (j, g) in structure.frac().iter().enumerate() {
            let range = [0, 1, 2].map(|k| {
                let far = cutoff / heights[k] + 0.01;
                let off = g[k] - f[k];
                (-far - off).ceil() as i32..=(far - off).floor() as i32
            });
            for l in range[0].clone() {
                for m in range[1].clone() {
                    for n in range[2].clone() {
                        let image = [l, m, n];
                        let off = [0, 1, 2].map(|k| g[k] - f[k] + f64::from(image[k]));
                        let at = [0, 1, 2].map(|k| {
                            (0..3).map(|row| off[row] * lattice[row][k]).sum::<f64>()
                        });
                        let d = at.iter().map(|x| x * x).sum::<f64>().sqrt();
                        if d <= cutoff + TOLERANCE && (i != j || image != [0; 3]) {
                            found.push((i as u32, j as u32, image, d));
                        }
                    }
                }
            }
        }
    }
    found.sort_by_key(|entry| (entry.0, entry.1, entry.2));
    found
}

fn entries(list: &Neighbours) -> Vec<(u32, u32, [i32; 3], f64)> {
    let mut all: Vec<_> = (0..list.centres())
        .flat_map(|centre| {
            let row = list.row(centre);
            (0..row.index.len()).map(move |k| {
                (centre as u32, row.index[k], row.image[k], row.distance[k])
            })
        })
        .collect();
    all.sort_by_key(|entry| (entry.0, entry.1, entry.2));
    all
}

fn assert_same(structure: &Structure, cutoff: f64, list: &Neighbours) {
    let (ours, theirs) = (entries(list), by_counting(structure, cutoff));
    assert_eq!(ours.len(), theirs.len(), "{structure:?} at {cutoff}");
    for (a, b) in ours.iter().zip(&theirs) {
        assert_eq!(
            (a.0, a.1, a.2),
            (b.0, b.1, b.2),
            "{structure:?} at {cutoff}"
        );
        assert!((a.3 - b.3).abs() < 1e-9, "{} and {}", a.3, b.3);
    }
}

#[test]
fn three_hundred_random_cells_agree_with_counting() {
    let mut numbers = Numbers(1);
    let (mut search, mut list) = (Search::new(), Neighbours::default());
    let mut pairs = 0;
    for round in 0..300 {
        let atoms = 1 + numbers.below(if round % 10 == 0 { 40 } else { 6 });
        let structure = random_structure(&mut numbers, atoms);
        let cutoff = [1.0, 3.0, 5.0, 8.0][numbers.below(4)];
        search.run(&structure, cutoff, &mut list).unwrap();
        assert_same(&structure, cutoff, &list);
        pairs += list.pairs();
    }
    assert!(pairs > 100_000, "{pairs} pairs are too few for a test");
}

#[test]
fn linked_cells_agree_with_counting() {
    let mut numbers = Numbers(2);
    let (mut search, mut list) = (Search::new(), Neighbours::default());
    for (atoms, cutoff) in [(1, 25.0), (2, 22.0), (60, 9.0), (400, 4.0), (400, 2.0)] {
        for _ in 0..4 {
            let structure = random_structure(&mut numbers, atoms);
            search.run(&structure, cutoff, &mut list).unwrap();
            assert_same(&structure, cutoff, &list);
        }
    }
}

#[test]
fn displacements_fit_images_and_distances() {
    let mut numbers = Numbers(3);
    for _ in 0..50 {
        let structure = random_structure(&mut numbers, 5);
        let list = neighbours(&structure, 5.0).unwrap();
        let lattice = structure.lattice();
        for centre in 0..list.centres() {
            let row = list.row(centre);
            for k in 0..row.index.len() {
                let f = structure.frac()[centre];
                let g = structure.frac()[row.index[k] as usize];
                let off = [0, 1, 2].map(|x| g[x] + f64::from(row.image[k][x]) - f[x]);
                for (x, ours) in row.displacement[k].iter().enumerate() {
                    let at: f64 = off.iter().zip(lattice).map(|(f, v)| f * v[x]).sum();
                    assert!((at - ours).abs() < 1e-9);
                }
                let square: f64 = row.displacement[k].iter().map(|x| x * x).sum();
                assert!((square.sqrt() - row.distance[k]).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn shells_of_the_simple_cubic_lattice() {
    let cube = [[3.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 3.0]];
    let structure = Structure::new(cube, vec![Element::O], vec![[0.1; 3]]).unwrap();
    let count = |cutoff| neighbours(&structure, cutoff).unwrap().pairs();
    // 6 at a, 12 at √2 a, 8 at √3 a, 6 at 2 a; the cutoff belongs to the sphere.
    assert_eq!(count(2.9), 0);
    assert_eq!(count(3.0), 6);
    assert_eq!(count(3.0 * 2.0_f64.sqrt()), 18);
    assert_eq!(count(5.3), 26);
    assert_eq!(count(6.0), 32);
}

#[test]
fn the_same_lattice_in_other_vectors_has_the_same_distances() {
    let cell = [[4.0, 0.0, 0.0], [0.7, 5.0, 0.0], [0.4, -0.9, 6.0]];
    let frac = [[0.1, 0.2, 0.3], [0.6, 0.4, 0.9]];
    let one = Structure::new(cell, vec![Element::O; 2], frac.to_vec()).unwrap();
    // a, b + 40 a, c - 30 b: positions in Å stay.
    let b = [0, 1, 2].map(|k| cell[1][k] + 40.0 * cell[0][k]);
    let c = [0, 1, 2].map(|k| cell[2][k] - 30.0 * b[k]);
    let skewed = frac.map(|[x, y, z]| {
        let y = y + 30.0 * z;
        [x - 40.0 * y, y, z]
    });
    let two = Structure::new([cell[0], b, c], vec![Element::O; 2], skewed.to_vec());
    let (one, two) = (
        neighbours(&one, 9.0).unwrap(),
        neighbours(&two.unwrap(), 9.0).unwrap(),
    );
    assert_eq!(one.offsets(), two.offsets());
    let sorted = |list: &Neighbours| {
        let mut all = list.distance().to_vec();
        all.sort_by(f64::total_cmp);
        all
    };
    for (x, y) in sorted(&one).iter().zip(sorted(&two)) {
        assert!((x - y).abs() < 1e-8);
    }
}

#[test]
fn order_does_not_depend_on_the_cutoff_nor_on_linked_cells() {
    let mut numbers = Numbers(4);
    for atoms in [3, 50] {
        let structure = random_structure(&mut numbers, atoms);
        let (short, long) = (
            neighbours(&structure, 5.0).unwrap(),
            neighbours(&structure, 14.0).unwrap(),
        );
        for centre in 0..atoms {
            let (short, long) = (short.row(centre), long.row(centre));
            let near = long.distance.iter().enumerate();
            let near = near.filter(|(_, d)| **d <= 5.0 + TOLERANCE);
            let near: Vec<_> =
                near.map(|(k, _)| (long.index[k], long.image[k])).collect();
            let all: Vec<_> = short
                .index
                .iter()
                .copied()
                .zip(short.image.iter().copied())
                .collect();
            assert_eq!(near, all);
        }
    }
}

#[test]
fn a_large_cell_is_searched_quickly_enough_to_test() {
    let mut numbers = Numbers(5);
    let side = 90.0;
    let cell = [[side, 0.0, 0.0], [10.0, side, 0.0], [-20.0, 5.0, side]];
    let frac: Vec<_> = (0..20_000)
        .map(|_| [0; 3].map(|_| numbers.next()))
        .collect();
    let structure = Structure::new(cell, vec![Element::O; 20_000], frac).unwrap();
    let list = neighbours(&structure, 5.0).unwrap();
    let expected =
        20_000.0 / structure.volume() * 4.0 / 3.0 * std::f64::consts::PI * 125.0;
    let mean = list.pairs() as f64 / 20_000.0;
    assert!((mean / expected - 1.0).abs() < 0.02, "{mean} of {expected}");
    // An entry is in the list of both its atoms.
    let back: f64 = list.displacement().iter().map(|v| v[0] + v[1] + v[2]).sum();
    assert!(back.abs() < 1e-6);
}

#[test]
fn what_cannot_be_searched_is_an_error() {
    let cube = [[0.1, 0.0, 0.0], [0.0, 0.1, 0.0], [0.0, 0.0, 0.1]];
    let structure = Structure::new(cube, vec![Element::O], vec![[0.0; 3]]).unwrap();
    for cutoff in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let said = neighbours(&structure, cutoff).unwrap_err();
        assert!(matches!(said, NeighbourError::Cutoff { .. }));
    }
    let said = neighbours(&structure, 100.0).unwrap_err();
    assert_eq!(
        said.to_string(),
        "too many neighbours within 100 Å: choose a shorter cutoff"
    );
    assert!(matches!(
        neighbours(&structure, 1e300).unwrap_err(),
        NeighbourError::TooMany { .. }
    ));
}

#[test]
fn atoms_on_the_same_spot_are_neighbours() {
    let cube = [[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 4.0]];
    let frac = vec![[0.5; 3], [0.5; 3]];
    let structure = Structure::new(cube, vec![Element::O; 2], frac).unwrap();
    let list = neighbours(&structure, 1.0).unwrap();
    assert_eq!(list.index(), [1, 0]);
    assert_eq!(list.distance(), [0.0, 0.0]);
}
