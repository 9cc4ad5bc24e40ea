use super::*;
use crate::chem::element::Element;

fn structure(edge: f64, sites: &[(&str, [f64; 3])]) -> Structure {
    let lattice = [[edge, 0.0, 0.0], [0.0, edge, 0.0], [0.0, 0.0, edge]];
    let species = sites.iter().map(|(s, _)| s.parse().unwrap()).collect();
    let frac = sites.iter().map(|(_, f)| *f).collect();
    Structure::new(lattice, species, frac).unwrap()
}

fn settings() -> AcsfSettings {
    let angular = |eta, zeta, lambda| Angular { eta, zeta, lambda };
    AcsfSettings {
        r_cut: 4.5,
        g2: vec![[0.5, 0.0], [1.0, 2.0]],
        g3: vec![1.5],
        g4: vec![
            angular(0.01, 1.0, 1.0),
            angular(0.02, 4.0, -1.0),
            angular(0.01, 3.0, 0.5),
            angular(0.03, 1.5, 1.0),
        ],
        g5: vec![angular(0.01, 2.0, -1.0)],
    }
}

/// The formulas written out over all images.
fn by_formula(s: &Structure, settings: &AcsfSettings, site: usize) -> Vec<f64> {
    let species = SpeciesList::of(s);
    let edge = s.lattice()[0][0];
    let mut around: Vec<(Element, [f64; 3])> = Vec::new();
    let reach = 3;
    for (k, f) in s.frac().iter().enumerate() {
        for a in -reach..=reach {
            for b in -reach..=reach {
                for c in -reach..=reach {
                    let image = [a, b, c].map(f64::from);
                    let mut v = [0.0; 3];
                    for axis in 0..3 {
                        v[axis] = (f[axis] + image[axis] - s.frac()[site][axis]) * edge;
                    }
                    let r = length(&v);
                    if r > 1e-8 && r < settings.r_cut {
                        around.push((s.species()[k], v));
                    }
                }
            }
        }
    }
    let cut = |r: f64| match r < settings.r_cut {
        true => 0.5 * (libm::cos(std::f64::consts::PI * r / settings.r_cut) + 1.0),
        false => 0.0,
    };
    let mut row = Vec::new();
    for &element in species.elements() {
        let of: Vec<f64> = around
            .iter()
            .filter(|(e, _)| *e == element)
            .map(|(_, v)| length(v))
            .collect();
        row.push(of.iter().map(|&r| cut(r)).sum());
        for [eta, centre] in &settings.g2 {
            let g = |r: f64| libm::exp(-eta * (r - centre) * (r - centre)) * cut(r);
            row.push(of.iter().map(|&r| g(r)).sum());
        }
        for kappa in &settings.g3 {
            row.push(of.iter().map(|&r| libm::cos(kappa * r) * cut(r)).sum());
        }
    }
    for (k, &second) in species.elements().iter().enumerate() {
        for &first in &species.elements()[..=k] {
            for (list, closed) in [(&settings.g4, true), (&settings.g5, false)] {
                for f in list {
                    let mut sum = 0.0;
                    for (p, (e, u)) in around.iter().enumerate() {
                        for (g, v) in &around[p + 1..] {
                            if (*e.min(g), *e.max(g)) != (first, second) {
                                continue;
                            }
                            let apart = [u[0] - v[0], u[1] - v[1], u[2] - v[2]];
                            let (p, q, r) = (length(u), length(v), length(&apart));
                            let dot: f64 = u.iter().zip(v).map(|(x, y)| x * y).sum();
                            let mut term = cut(p) * cut(q);
                            let mut squares = p * p + q * q;
                            if closed {
                                term *= cut(r);
                                squares += r * r;
                            }
                            term *= libm::exp(-f.eta * squares);
                            let base = (1.0 + f.lambda * dot / (p * q)).max(0.0);
                            term *= libm::pow(base, f.zeta);
                            sum += libm::pow(2.0, 1.0 - f.zeta) * term;
                        }
                    }
                    row.push(sum);
                }
            }
        }
    }
    row
}

fn length(v: &[f64; 3]) -> f64 {
    (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt()
}

#[test]
fn values_are_those_of_the_formulas() {
    let s = structure(
        3.9,
        &[
            ("Ti", [0.02, 0.0, 0.0]),
            ("O", [0.5, 0.5, 0.03]),
            ("O", [0.5, 0.0, 0.5]),
            ("Li", [0.6, 0.55, 0.48]),
        ],
    );
    let settings = settings();
    let species = SpeciesList::of(&s);
    let rows = acsf(&s, &settings, &species).unwrap();
    assert_eq!(rows.width(), settings.width(3));
    assert_eq!(rows.width(), settings.labels(&species).len());
    for (site, row) in rows.rows().enumerate() {
        for (k, (x, y)) in row.iter().zip(by_formula(&s, &settings, site)).enumerate() {
            assert!((x - y).abs() < 1e-12, "site {site} function {k}: {x} {y}");
        }
    }
    let mean = rows.mean();
    let first: f64 = rows.rows().map(|row| row[0]).sum();
    assert!((mean[0] - first / 4.0).abs() < 1e-14);
    assert_eq!(rows.values().len(), 4 * rows.width());
}

/// More neighbours of one species than are related at once, and more pairs than are worked
/// on at once.
#[test]
fn many_neighbours_are_as_the_formulas_say() {
    let s = structure(
        3.9,
        &[
            ("O", [0.02, 0.0, 0.0]),
            ("O", [0.5, 0.5, 0.03]),
            ("O", [0.5, 0.0, 0.5]),
            ("Li", [0.6, 0.55, 0.48]),
        ],
    );
    let settings = AcsfSettings {
        r_cut: 9.0,
        ..settings()
    };
    let rows = acsf(&s, &settings, &SpeciesList::of(&s)).unwrap();
    for (site, row) in rows.rows().enumerate().skip(2) {
        let due = by_formula(&s, &settings, site);
        for (k, (x, y)) in row.iter().zip(due).enumerate() {
            let off = (x - y).abs() / y.abs().max(1.0);
            assert!(off < 1e-12, "site {site} function {k}: {x} {y}");
        }
    }
}

#[test]
fn more_species_make_columns_of_zeros() {
    let s = structure(4.0, &[("O", [0.0; 3])]);
    let list = SpeciesList::new(["Li", "O"].map(|s| s.parse().unwrap()));
    let settings = settings();
    let rows = acsf(&s, &settings, &list).unwrap();
    let own = acsf(&s, &settings, &SpeciesList::of(&s)).unwrap();
    let labels = settings.labels(&list);
    let kept: Vec<f64> = labels
        .iter()
        .zip(rows.values())
        .filter(|(label, _)| !label.contains("Li"))
        .map(|(_, x)| *x)
        .collect();
    assert_eq!(kept, own.values());
    assert_eq!(labels[0], "Li G1");
    for (label, x) in labels.iter().zip(rows.values()) {
        assert!(!label.contains("Li") || *x == 0.0);
    }
}

#[test]
fn without_neighbours_all_is_zero() {
    let s = structure(30.0, &[("O", [0.0; 3])]);
    let rows = acsf(&s, &settings(), &SpeciesList::of(&s)).unwrap();
    assert!(rows.values().iter().all(|x| *x == 0.0));
}

#[test]
fn what_cannot_be_computed_is_said() {
    let s = structure(4.0, &[("Fe", [0.0; 3])]);
    let own = SpeciesList::of(&s);
    let lithium = SpeciesList::new(["Li".parse().unwrap()]);
    let error = acsf(&s, &settings(), &lithium).unwrap_err();
    assert!(matches!(error, AcsfError::Unlisted(_)), "{error}");
    let cutoff = AcsfSettings {
        r_cut: -1.0,
        ..settings()
    };
    assert_eq!(acsf(&s, &cutoff, &own), Err(AcsfError::Cutoff(-1.0)));
    let mut lambda = settings();
    lambda.g5[0].lambda = 2.0;
    let error = acsf(&s, &lambda, &own).unwrap_err();
    assert_eq!(error.to_string(), "G5: λ is 2; it must be within −1 and 1");
    let mut zeta = settings();
    zeta.g4[1].zeta = 0.0;
    assert!(
        acsf(&s, &zeta, &own)
            .unwrap_err()
            .to_string()
            .starts_with("G4: ζ")
    );
    let mut eta = settings();
    eta.g2[0][0] = f64::NAN;
    assert!(
        acsf(&s, &eta, &own)
            .unwrap_err()
            .to_string()
            .starts_with("G2: η")
    );
}
