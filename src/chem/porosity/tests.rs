use std::f64::consts::PI;

use super::*;
use crate::chem::voronoi::tests::{BCC, DIAMOND, FCC, Random, crystal, cube};

/// Void fraction and radii of equal spheres on a lattice of edge 1.
fn of(frac: &[[f64; 3]], a: f64, radius: f64) -> Porosity {
    let structure = crystal(cube(a), frac);
    porosity(&structure, &vec![radius; frac.len()]).unwrap()
}

fn assert_near(x: f64, y: f64) {
    assert!((x - y).abs() < 1e-9, "{x}, not {y}");
}

/// Volume of the cap of a ball of radius r beyond a plane at distance h.
fn cap(r: f64, h: f64) -> f64 {
    PI / 3.0 * (r - h) * (r - h) * (2.0 * r + h)
}

#[test]
fn spheres_that_do_not_overlap() {
    let a = 4.0;
    // Each lattice: sites, largest included and free centre distances in units of a.
    let lattices: [(&[[f64; 3]], f64, f64); 4] = [
        (&[[0.0; 3]], 0.75_f64.sqrt(), 0.5_f64.sqrt()),
        (&BCC, 5.0_f64.sqrt() / 4.0, 18.0_f64.sqrt() / 8.0),
        (&FCC, 0.5, (1.0_f64 / 6.0).sqrt()),
        (&DIAMOND, 3.0_f64.sqrt() / 4.0, (1.0_f64 / 6.0).sqrt()),
    ];
    for (frac, included, free) in lattices {
        for radius in [0.0, 0.3, 0.8] {
            let found = of(frac, a, radius);
            let spheres = frac.len() as f64 * 4.0 / 3.0 * PI * radius * radius * radius;
            assert_near(found.void_fraction, 1.0 - spheres / (a * a * a));
            assert_near(found.included_radius, included * a - radius);
            assert_near(found.free_radius, free * a - radius);
        }
    }
}

#[test]
fn spheres_that_overlap_lose_their_caps() {
    // Simple cubic: 6 caps, as long as they do not meet (r below a/√2).
    let (a, r) = (1.0, 0.6);
    let filled = 4.0 / 3.0 * PI * r * r * r - 6.0 * cap(r, 0.5);
    let found = of(&[[0.0; 3]], a, r);
    assert_near(found.void_fraction, 1.0 - filled);
    // Body-centred: 8 caps at √3/4, 6 planes at 1/2 not reached.
    let r = 0.47;
    let filled = 2.0 * (4.0 / 3.0 * PI * r * r * r - 8.0 * cap(r, 0.75_f64.sqrt() / 2.0));
    assert_near(of(&BCC, a, r).void_fraction, 1.0 - filled);
}

#[test]
fn spheres_that_fill_everything_leave_nothing() {
    let found = of(&FCC, 1.0, 0.51);
    assert_near(found.void_fraction, 0.0);
    assert_eq!((found.included_radius, found.free_radius), (0.0, 0.0));
    // Holes left, but closed ones.
    let found = of(&[[0.0; 3]], 1.0, 0.8);
    assert!(found.void_fraction > 0.0 && found.included_radius > 0.0);
    assert_eq!(found.free_radius, 0.0);
}

#[test]
fn a_tunnel_is_as_wide_as_its_neck() {
    // Walls of spheres around an empty column of square cross-section along c.
    let n = 6;
    let mut frac = Vec::new();
    for x in 0..n {
        for y in 0..n {
            if (2..5).contains(&x) && (2..5).contains(&y) {
                continue;
            }
            for z in 0..2 {
                frac.push([x, y, z * 3].map(|k| f64::from(k) / f64::from(n)));
            }
        }
    }
    let lattice = [[6.0, 0.0, 0.0], [0.0, 6.0, 0.0], [0.0, 0.0, 2.0]];
    let structure = crystal(lattice, &frac);
    let radius = 0.5;
    let found = porosity(&structure, &vec![radius; frac.len()]).unwrap();
    // The column's axis at (3.5, 3.5) − half a step is 2 Å from the walls' rows.
    let neck = 2.0 - radius;
    assert_near(found.free_radius, neck);
    let wide = (4.0_f64 + 0.25).sqrt() - radius;
    assert_near(found.included_radius, wide);
}

/// The same lattice by shorter vectors: counting needs all images around a cell.
fn plump(lattice: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let mut rows = *lattice;
    let dot = |u: &[f64; 3], v: &[f64; 3]| -> f64 { (0..3).map(|k| u[k] * v[k]).sum() };
    for _ in 0..100 {
        for (i, j) in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)] {
            let times = (dot(&rows[i], &rows[j]) / dot(&rows[j], &rows[j])).round();
            let other = rows[j];
            for k in 0..3 {
                rows[i][k] -= times * other[k];
            }
        }
    }
    rows
}

/// Share of random points that lie outside all spheres, and its standard error.
fn counted(structure: &Structure, radii: &[f64], random: &mut Random) -> (f64, f64) {
    const POINTS: usize = 4_000;
    let lattice = plump(structure.lattice());
    let length = |row: &[f64; 3]| row.iter().map(|x| x * x).sum::<f64>().sqrt();
    // Points of the cell around the first site, and the images that can hold them.
    let reach = lattice.iter().map(length).sum::<f64>() / 2.0 + 2.0;
    let mut around = Vec::new();
    let mut tessellator = Tessellator::new(structure);
    tessellator.around(0, reach, &mut around).unwrap();
    around.push((0, [0.0; 3]));
    let mut outside = 0;
    for _ in 0..POINTS {
        let x = [0; 3].map(|_| random.next() - 0.5);
        let point: [f64; 3] =
            [0, 1, 2].map(|k| (0..3).map(|m| x[m] * lattice[m][k]).sum());
        let free = around.iter().all(|(site, centre)| {
            let square: f64 = (0..3).map(|k| (point[k] - centre[k]).powi(2)).sum();
            square > radii[*site] * radii[*site]
        });
        outside += usize::from(free);
    }
    let share = outside as f64 / POINTS as f64;
    (share, (share * (1.0 - share) / POINTS as f64).sqrt())
}

#[test]
fn random_cells_agree_with_counting() {
    let mut random = Random(42);
    let mut worst = 0.0_f64;
    for _ in 0..200 {
        let (structure, radii) = random.structure();
        let exact = void_fraction(&structure, &radii).unwrap();
        let (share, error) = counted(&structure, &radii, &mut random);
        assert!(
            (exact - share).abs() < 5.0 * error + 1e-3,
            "{exact}, counted {share} ± {error}"
        );
        worst = worst.max(error);
    }
    assert!(worst > 0.0 && worst < 0.01);
}

#[test]
fn spheres_touch_no_other_and_percolate() {
    let mut random = Random(3);
    for _ in 0..40 {
        let (structure, radii) = random.structure();
        let found = porosity(&structure, &radii).unwrap();
        assert!(found.free_radius <= found.included_radius + 1e-9);
        assert!((0.0..=1.0).contains(&found.void_fraction));
        // Larger atoms by δ: smaller spheres by δ where radii are equal.
        let equal = porosity(&structure, &vec![0.5; radii.len()]).unwrap();
        let grown = porosity(&structure, &vec![0.6; radii.len()]).unwrap();
        if grown.included_radius > 0.0 {
            assert_near(equal.included_radius - grown.included_radius, 0.1);
        }
        if grown.free_radius > 0.0 {
            assert_near(equal.free_radius - grown.free_radius, 0.1);
        }
    }
}

#[test]
fn coordination_by_solid_angles() {
    let faces = |frac: &[[f64; 3]]| {
        let cells = crate::chem::voronoi::voronoi(&crystal(cube(3.0), frac)).unwrap();
        cells[0].coordination(0.0).unwrap()
    };
    assert_eq!(faces(&[[0.0; 3]]).faces, 6);
    assert_near(faces(&FCC).effective, 12.0);
    let bcc = faces(&BCC);
    assert_eq!(bcc.faces, 14);
    assert!(bcc.effective > 8.0 && bcc.effective < 14.0);
    assert_eq!(faces(&DIAMOND).faces, 16);
    let cells = crate::chem::voronoi::voronoi(&crystal(cube(3.0), &DIAMOND)).unwrap();
    assert_eq!(cells[0].coordination(0.5).unwrap().faces, 4);
}

#[test]
fn radii_come_from_the_table_or_from_the_caller() {
    let lattice = cube(4.2);
    let species = ["Mg", "O"].map(|s| s.parse::<Element>().unwrap()).to_vec();
    let structure = Structure::new(lattice, species, vec![[0.0; 3], [0.5; 3]]).unwrap();
    assert_eq!(atomic_radii(&structure).unwrap(), [1.5, 0.6]);
    let helium: Element = "He".parse().unwrap();
    let noble = Structure::new(lattice, vec![helium], vec![[0.0; 3]]).unwrap();
    assert_eq!(
        atomic_radii(&noble),
        Err(PorosityError::NoRadius { element: helium })
    );
    assert!(porosity(&noble, &[1.0]).is_ok());
    assert!(matches!(
        porosity(&noble, &[]),
        Err(PorosityError::Voronoi(VoronoiError::CountsDiffer { .. }))
    ));
}
