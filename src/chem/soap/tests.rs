use super::*;

fn structure(lattice: [[f64; 3]; 3], sites: &[(&str, [f64; 3])]) -> Structure {
    let species = sites.iter().map(|(s, _)| s.parse().unwrap()).collect();
    let frac = sites.iter().map(|(_, f)| *f).collect();
    Structure::new(lattice, species, frac).unwrap()
}

const CELL: [[f64; 3]; 3] = [[3.9, 0.1, 0.0], [-0.4, 4.3, 0.2], [0.3, 0.0, 5.0]];
const SITES: [(&str, [f64; 3]); 4] = [
    ("Ti", [0.02, 0.0, 0.1]),
    ("O", [0.5, 0.5, 0.03]),
    ("O", [0.5, 0.1, 0.6]),
    ("Li", [0.6, 0.55, 0.48]),
];

fn settings() -> SoapSettings {
    SoapSettings {
        r_cut: 3.5,
        n_max: 4,
        l_max: 3,
        sigma: 0.4,
    }
}

fn spectra(structure: &Structure, average: Average) -> SoapRows {
    let soap = Soap::new(settings()).unwrap();
    soap.spectra(structure, &SpeciesList::of(structure), average)
        .unwrap()
}

fn assert_close(ours: &[f64], expected: &[f64]) {
    assert_eq!(ours.len(), expected.len());
    let scale = expected.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    for (k, (x, y)) in ours.iter().zip(expected).enumerate() {
        assert!((x - y).abs() < 1e-11 * scale, "{k}: {x} {y}");
    }
}

#[test]
fn turning_the_crystal_changes_nothing() {
    let (s, c) = libm::sincos(0.7);
    let (t, d) = libm::sincos(-1.9);
    let turn = |[x, y, z]: [f64; 3]| {
        let [x, y] = [c * x - s * y, s * x + c * y];
        [x, d * y - t * z, t * y + d * z]
    };
    let plain = structure(CELL, &SITES);
    let turned = structure(CELL.map(turn), &SITES);
    for average in [Average::Off, Average::Outer, Average::Inner] {
        assert_close(
            spectra(&turned, average).values(),
            spectra(&plain, average).values(),
        );
    }
}

#[test]
fn a_supercell_has_the_same_averages() {
    let [a, b, c] = CELL;
    let double = [a, b, c.map(|x| 2.0 * x)];
    let sites: Vec<_> = SITES
        .iter()
        .flat_map(|(symbol, [x, y, z])| {
            [
                (*symbol, [*x, *y, z / 2.0]),
                (*symbol, [*x, *y, z / 2.0 + 0.5]),
            ]
        })
        .collect();
    let (single, double) = (structure(CELL, &SITES), structure(double, &sites));
    for average in [Average::Outer, Average::Inner] {
        assert_close(
            spectra(&double, average).values(),
            spectra(&single, average).values(),
        );
    }
}

#[test]
fn the_outer_average_is_the_mean_of_the_rows() {
    let s = structure(CELL, &SITES);
    let rows = spectra(&s, Average::Off);
    assert_eq!(rows.rows().len(), 4);
    let mut mean = vec![0.0; rows.width()];
    for row in rows.rows() {
        for (sum, x) in mean.iter_mut().zip(row) {
            *sum += x / 4.0;
        }
    }
    assert_close(spectra(&s, Average::Outer).values(), &mean);
}

/// The density overlap itself: for one Gaussian at distance R, the coefficient of l = 0
/// is an integral over r that can be taken by sums.
#[test]
fn two_atoms_have_the_coefficients_of_the_integral() {
    // So far apart that only the two atoms of one cell see each other.
    let distance = 2.1;
    let edge = 60.0;
    let pair = structure(
        [[edge, 0.0, 0.0], [0.0, edge, 0.0], [0.0, 0.0, edge]],
        &[("O", [0.0; 3]), ("O", [0.0, 0.0, distance / edge])],
    );
    let settings = SoapSettings {
        r_cut: 3.5,
        n_max: 1,
        l_max: 1,
        sigma: 0.4,
    };
    let soap = Soap::new(settings).unwrap();
    let species = SpeciesList::of(&pair);
    let rows = soap.spectra(&pair, &species, Average::Off).unwrap();
    // With n_max 1, a = 1: g(r) = N r^l e^(−α r²), α = −ln 10⁻³ + l ln 1.
    let alpha = -libm::log(1e-3);
    let eta = 0.5 / (0.4 * 0.4);
    let radial = |l: i32, r: f64| r.powi(l) * libm::exp(-alpha * r * r);
    let (steps, far) = (20_000, 8.0);
    let h = far / f64::from(steps);
    let sum = |f: &dyn Fn(f64) -> f64| -> f64 {
        (0..steps).map(|k| f((f64::from(k) + 0.5) * h) * h).sum()
    };
    for l in 0..2 {
        let norm = sum(&|r| r * r * radial(l, r) * radial(l, r)).sqrt();
        // Gaussian at distance R along z: ∫ Y_l0 e^(−η |r − R|²) dΩ =
        // 4π i_l(2 η r R) e^(−η (r² + R²)) Y_l0(z).
        let around = |distance: f64| {
            let wave = |r: f64| {
                let x = 2.0 * eta * r * distance;
                let bessel = match (l, x < 1e-6) {
                    (0, true) => 1.0,
                    (0, false) => libm::sinh(x) / x,
                    (_, true) => 0.0,
                    (_, false) => libm::cosh(x) / x - libm::sinh(x) / (x * x),
                };
                let gauss = libm::exp(-eta * (r * r + distance * distance));
                4.0 * std::f64::consts::PI * bessel * gauss
            };
            let y = (f64::from(2 * l + 1) / (4.0 * std::f64::consts::PI)).sqrt();
            sum(&|r| r * r * radial(l, r) * wave(r)) * y / norm
        };
        let own = if l == 0 { around(0.0) } else { 0.0 };
        let c = own + around(distance);
        let shape = std::f64::consts::PI * (8.0 / f64::from(2 * l + 1)).sqrt();
        let expected = shape * c * c;
        let found = rows.values()[l as usize];
        assert!(
            (found / expected - 1.0).abs() < 1e-6,
            "{l}: {found} {expected}"
        );
    }
}

#[test]
fn labels_name_each_value() {
    let s = structure(CELL, &SITES);
    let soap = Soap::new(settings()).unwrap();
    let labels = soap.labels(&SpeciesList::of(&s));
    assert_eq!(labels.len(), soap.width(3));
    assert_eq!(labels[0], "Li-Li l0 n1 n1");
    assert_eq!(labels[4], "Li-Li l0 n2 n2");
    assert_eq!(labels.last().unwrap(), "Ti-Ti l3 n4 n4");
    assert_eq!(soap.settings(), &settings());
}

#[test]
fn more_species_make_columns_of_zeros() {
    let s = structure(CELL, &SITES);
    let soap = Soap::new(settings()).unwrap();
    let symbols = ["Li", "O", "Ti", "Fe"];
    let list = SpeciesList::new(symbols.map(|s| s.parse().unwrap()));
    let wide = soap.spectra(&s, &list, Average::Inner).unwrap();
    let own = spectra(&s, Average::Inner);
    let kept: Vec<f64> = soap
        .labels(&list)
        .iter()
        .zip(wide.values())
        .filter(|(label, _)| !label.contains("Fe"))
        .map(|(_, x)| *x)
        .collect();
    assert_close(&kept, own.values());
    assert_eq!(wide.width(), soap.width(4));
    assert_eq!(wide.clone().into_values(), wide.values());
}

#[test]
fn what_cannot_be_computed_is_said() {
    let with = |change: fn(&mut SoapSettings)| {
        let mut settings = settings();
        change(&mut settings);
        Soap::new(settings).unwrap_err()
    };
    assert_eq!(with(|s| s.r_cut = 1.0), SoapError::Cutoff(1.0));
    assert_eq!(with(|s| s.n_max = 0), SoapError::RadialSize(0));
    assert_eq!(with(|s| s.l_max = 21), SoapError::Degree(21));
    assert_eq!(with(|s| s.sigma = 0.0), SoapError::Width(0.0));
    let soap = Soap::new(settings()).unwrap();
    let iron = SpeciesList::new(["Fe".parse().unwrap()]);
    let error = soap.spectra(&structure(CELL, &SITES), &iron, Average::Off);
    assert!(matches!(error, Err(SoapError::Unlisted(_))));
}
