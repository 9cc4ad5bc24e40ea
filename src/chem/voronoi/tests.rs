use super::lattice::{Vec3, combine, cross, dot};
use super::*;
use crate::chem::element::Element;

/// Structures of one element.
pub(crate) fn crystal(lattice: [Vec3; 3], frac: &[Vec3]) -> Structure {
    Structure::new(lattice, vec![Element::O; frac.len()], frac.to_vec()).unwrap()
}

/// A cubic lattice of edge `a`.
pub(crate) fn cube(a: f64) -> [Vec3; 3] {
    [[a, 0.0, 0.0], [0.0, a, 0.0], [0.0, 0.0, a]]
}

pub(crate) const BCC: [Vec3; 2] = [[0.0; 3], [0.5; 3]];
pub(crate) const FCC: [Vec3; 4] =
    [[0.0; 3], [0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.5, 0.5]];
pub(crate) const DIAMOND: [Vec3; 8] = [
    [0.0; 3],
    [0.5, 0.5, 0.0],
    [0.5, 0.0, 0.5],
    [0.0, 0.5, 0.5],
    [0.25, 0.25, 0.25],
    [0.75, 0.75, 0.25],
    [0.75, 0.25, 0.75],
    [0.25, 0.75, 0.75],
];

/// Numbers in 0..1, the same in every run (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A triclinic cell of edges 2 to 9 Å, from plump to badly skewed, with 1 to 12
    /// sites at least 0.8 Å apart, and radii from 0.3 to 1.8 Å.
    pub(crate) fn structure(&mut self) -> (Structure, Vec<f64>) {
        loop {
            let mut lattice = [[0.0; 3]; 3];
            for row in &mut lattice {
                let length = 2.0 + 7.0 * self.next();
                let way = [0; 3].map(|_| self.next() * 2.0 - 1.0);
                let norm = dot(&way, &way).sqrt();
                *row = way.map(|x| x * length / norm);
            }
            // A third of the cells: whole vectors added until the cell is skewed.
            if self.next() < 0.33 {
                let times = (self.next() * 9.0).floor() - 4.0;
                lattice[2] = [0, 1, 2].map(|k| lattice[2][k] + times * lattice[0][k]);
                let times = (self.next() * 9.0).floor() - 4.0;
                lattice[1] = [0, 1, 2].map(|k| lattice[1][k] + times * lattice[2][k]);
            }
            let volume = dot(&lattice[0], &cross(&lattice[1], &lattice[2])).abs();
            let sites = 1 + (self.next() * 12.0) as usize;
            if volume / (sites as f64) < 4.0 || volume / (sites as f64) > 60.0 {
                continue;
            }
            let frac: Vec<Vec3> = (0..sites)
                .map(|_| [0; 3].map(|_| self.next() * 4.0 - 2.0))
                .collect();
            let radii: Vec<f64> = (0..sites).map(|_| 0.3 + 1.5 * self.next()).collect();
            let Ok(structure) = Structure::new(lattice, vec![Element::O; sites], frac)
            else {
                continue;
            };
            let cells = voronoi(&structure).unwrap();
            let faces = cells.iter().flat_map(|cell| &cell.faces);
            if faces.map(|face| face.distance).fold(9.0, f64::min) >= 0.8 {
                return (structure, radii);
            }
        }
    }
}

/// Volumes sum to the cell's; every face is seen alike from both sides; the solid
/// angles fill the sphere where the site is inside its cell.
fn check(structure: &Structure, cells: &[VoronoiCell]) {
    let sum: f64 = cells.iter().map(|cell| cell.volume).sum();
    let relative = (sum / structure.volume() - 1.0).abs();
    assert!(relative < 1e-9, "volumes sum to {sum}: {relative:e}");
    for (site, cell) in cells.iter().enumerate() {
        let inside = cell.faces.iter().all(|face| face.plane > 0.0);
        let angles: f64 = cell.faces.iter().map(|face| face.solid_angle).sum();
        let full = 4.0 * std::f64::consts::PI;
        // Digits are lost where far corners of a near face are seen from the site.
        let near = cell.faces.iter().map(|f| f.plane.abs()).fold(9e9, f64::min);
        let far = cell.vertices.iter().map(|v| dot(v, v)).fold(0.0, f64::max);
        let error = 1e-9 + 1e-15 * far / (near * near);
        let outside = !inside || cell.faces.is_empty();
        assert!(
            (angles - full).abs() < error || (outside && angles.abs() < error),
            "{angles} of site {site}, not {full}"
        );
        assert_eq!(cell.vertices.len() * 3, cell.edges.len() * 2);
        for face in &cell.faces {
            let back = face.image.map(|n| -n);
            let twin = cells[face.neighbour]
                .faces
                .iter()
                .find(|other| other.neighbour == site && other.image == back);
            let area = twin.map_or(0.0, |twin| twin.area);
            let scale = cell.faces.iter().map(|f| f.area).fold(0.0, f64::max);
            assert!(
                (area - face.area).abs() < 1e-9 * scale,
                "{area} from the other side of {face:?}"
            );
            check_face(structure, site, cell, face);
        }
    }
}

/// The face lies where its neighbour says.
fn check_face(structure: &Structure, site: usize, cell: &VoronoiCell, face: &Face) {
    let frac = structure.frac();
    let apart = [0, 1, 2]
        .map(|k| frac[face.neighbour][k] + f64::from(face.image[k]) - frac[site][k]);
    let vector = combine(structure.lattice(), &apart);
    let distance = dot(&vector, &vector).sqrt();
    assert!((distance - face.distance).abs() < 1e-9 * (1.0 + distance));
    for &corner in cell.corners(face) {
        let vertex = &cell.vertices[corner as usize];
        let off = dot(vertex, &vector) / distance - face.plane;
        assert!(off.abs() < 1e-9, "corner {off} Å off the plane");
    }
}

/// Areas, distances and counts of the faces larger than 1e-9 Å^2.
fn faces(cell: &VoronoiCell) -> Vec<(f64, f64, f64)> {
    let large = cell.faces.iter().filter(|face| face.area > 1e-9);
    large
        .map(|face| (face.distance, face.area, face.solid_angle))
        .collect()
}

#[test]
fn simple_cubic_is_a_cube() {
    let structure = crystal(cube(3.0), &[[0.2, 0.9, -0.4]]);
    let cells = voronoi(&structure).unwrap();
    check(&structure, &cells);
    let faces = faces(&cells[0]);
    assert_eq!(faces.len(), 6);
    for (distance, area, angle) in faces {
        assert!((distance - 3.0).abs() < 1e-12 && (area - 9.0).abs() < 1e-10);
        assert!((angle - 4.0 * std::f64::consts::PI / 6.0).abs() < 1e-12);
    }
}

#[test]
fn body_centred_cubic_is_a_truncated_octahedron() {
    let a = 2.87;
    let structure = crystal(cube(a), &BCC);
    let cells = voronoi(&structure).unwrap();
    check(&structure, &cells);
    let edge = a * 2.0_f64.sqrt() / 4.0;
    for cell in &cells {
        assert!((cell.volume - a * a * a / 2.0).abs() < 1e-10);
        let faces = faces(cell);
        assert_eq!(faces.len(), 14);
        for (k, (distance, area, _)) in faces.into_iter().enumerate() {
            let (d, s) = if k < 8 {
                (a * 0.75_f64.sqrt(), 1.5 * 3.0_f64.sqrt() * edge * edge)
            } else {
                (a, edge * edge)
            };
            assert!((distance - d).abs() < 1e-10 && (area - s).abs() < 1e-10);
        }
        assert_eq!((cell.vertices.len(), cell.edges.len()), (24, 36));
    }
}

#[test]
fn close_packings_have_twelve_rhombi() {
    let a = 4.05;
    let structure = crystal(cube(a), &FCC);
    let cells = voronoi(&structure).unwrap();
    check(&structure, &cells);
    for cell in &cells {
        assert!((cell.volume - a * a * a / 4.0).abs() < 1e-10);
        assert_eq!(faces(cell).len(), 12);
    }
    let (c, h) = ((8.0_f64 / 3.0).sqrt(), 0.75_f64.sqrt());
    let hexagonal = [[1.0, 0.0, 0.0], [-0.5, h, 0.0], [0.0, 0.0, c]];
    let third = 1.0 / 3.0;
    let hcp = crystal(
        hexagonal,
        &[[third, 2.0 * third, 0.25], [2.0 * third, third, 0.75]],
    );
    let cells = voronoi(&hcp).unwrap();
    check(&hcp, &cells);
    for cell in &cells {
        let faces = faces(cell);
        assert_eq!(faces.len(), 12);
        assert!(faces.iter().all(|face| (face.0 - 1.0).abs() < 1e-9));
    }
}

#[test]
fn diamond_has_four_near_and_twelve_far_faces() {
    let a = 3.567;
    let structure = crystal(cube(a), &DIAMOND);
    let cells = voronoi(&structure).unwrap();
    check(&structure, &cells);
    for cell in &cells {
        let distances: Vec<f64> = faces(cell).iter().map(|face| face.0).collect();
        assert_eq!(distances.len(), 16);
        let near = a * 3.0_f64.sqrt() / 4.0;
        let far = a / 2.0_f64.sqrt();
        assert!(distances[..4].iter().all(|d| (d - near).abs() < 1e-9));
        assert!(distances[4..].iter().all(|d| (d - far).abs() < 1e-9));
    }
}

#[test]
fn random_cells_fill_space() {
    let mut random = Random(7);
    for _ in 0..200 {
        let (structure, radii) = random.structure();
        check(&structure, &voronoi(&structure).unwrap());
        check(&structure, &radical_voronoi(&structure, &radii).unwrap());
    }
}

#[test]
fn equal_radii_give_the_plain_cells() {
    let (structure, radii) = Random(11).structure();
    let plain = voronoi(&structure).unwrap();
    let radical = radical_voronoi(&structure, &vec![1.5; radii.len()]).unwrap();
    for (p, r) in plain.iter().zip(&radical) {
        assert!((p.volume - r.volume).abs() < 1e-9);
        assert_eq!(p.faces.len(), r.faces.len());
    }
}

#[test]
fn the_cell_chosen_does_not_matter() {
    let (structure, radii) = Random(5).structure();
    let cells = radical_voronoi(&structure, &radii).unwrap();
    let [a, b, c] = *structure.lattice();
    let skewed = [
        a,
        [0, 1, 2].map(|k| b[k] + 25.0 * a[k]),
        [0, 1, 2].map(|k| c[k] - 13.0 * b[k] + 7.0 * a[k]),
    ];
    // x·L = y·L': y_c = x_c, y_b = x_b + 13 y_c, y_a = x_a − 25 y_b − 7 y_c.
    let frac: Vec<Vec3> = structure
        .frac()
        .iter()
        .map(|&[x, y, z]| {
            let (second, third) = (y + 13.0 * z, z);
            [x - 25.0 * second - 7.0 * third, second, third]
        })
        .collect();
    let same = crystal(skewed, &frac);
    let again = radical_voronoi(&same, &radii).unwrap();
    check(&same, &again);
    for (u, v) in cells.iter().zip(&again) {
        assert!((u.volume - v.volume).abs() < 1e-8);
    }
}

#[test]
fn a_large_sphere_may_leave_a_small_one_no_cell() {
    let structure = crystal(cube(6.0), &[[0.0; 3], [0.1, 0.0, 0.0]]);
    let cells = radical_voronoi(&structure, &[2.5, 0.2]).unwrap();
    check(&structure, &cells);
    assert!(cells[1].faces.is_empty() && cells[1].volume == 0.0);
    // Its centre lies inside the large sphere's part, its own part further out.
    let cells = radical_voronoi(&structure, &[2.0, 1.6]).unwrap();
    check(&structure, &cells);
    assert!(cells[1].volume > 0.0);
    assert!(cells[1].faces.iter().any(|face| face.plane < 0.0));
}

#[test]
fn rods_and_sheets_of_vacuum_are_no_trouble() {
    let lattice = [[0.3, 0.0, 0.0], [0.1, 0.4, 0.0], [3.0, 40.0, 9_000.0]];
    let structure = crystal(lattice, &[[0.1; 3]]);
    check(&structure, &voronoi(&structure).unwrap());
    let lattice = [[3.0, 0.0, 0.0], [0.0, 3.1, 0.0], [0.4, 0.2, 800.0]];
    let frac = [[0.0; 3], [0.5, 0.5, 0.001], [0.1, 0.4, 0.003]];
    let structure = crystal(lattice, &frac);
    check(&structure, &voronoi(&structure).unwrap());
    check(
        &structure,
        &radical_voronoi(&structure, &[1.0, 1.4, 0.6]).unwrap(),
    );
}

#[test]
fn many_sites_on_a_grid_touch_in_points() {
    let frac: Vec<Vec3> = (0..216)
        .map(|n| [n / 36, n / 6 % 6, n % 6].map(|k| f64::from(k) / 6.0))
        .collect();
    let structure = crystal(cube(7.2), &frac);
    let cells = voronoi(&structure).unwrap();
    check(&structure, &cells);
    for cell in &cells {
        assert_eq!(faces(cell).len(), 6);
    }
}

#[test]
fn what_has_no_cells_is_refused() {
    let twice = crystal(cube(4.0), &[[0.1; 3], [0.9, 0.9, 0.9], [1.1, 0.1, 0.1]]);
    let error = voronoi(&twice).unwrap_err();
    assert!(
        matches!(
            error,
            VoronoiError::Coincident {
                first: 0,
                second: 2,
                ..
            }
        ),
        "{error}"
    );
    let one = crystal(cube(4.0), &[[0.0; 3]]);
    assert!(matches!(
        radical_voronoi(&one, &[1.0, 2.0]),
        Err(VoronoiError::CountsDiffer { radii: 2, sites: 1 })
    ));
    for radius in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            radical_voronoi(&one, &[radius]),
            Err(VoronoiError::Radius { site: 0, .. })
        ));
    }
    let mut cell = VoronoiCell::default();
    assert_eq!(
        Tessellator::new(&one).cell_into(1, &mut cell),
        Err(VoronoiError::NoSuchSite { site: 1, sites: 1 })
    );
}
