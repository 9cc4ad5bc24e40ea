use super::*;

const A: f64 = 4.0;

fn cubic(species: &[&str], frac: &[[f64; 3]]) -> Structure {
    let lattice = [[A, 0.0, 0.0], [0.0, A, 0.0], [0.0, 0.0, A]];
    let species = species.iter().map(|s| s.parse().unwrap()).collect();
    Structure::new(lattice, species, frac.to_vec()).unwrap()
}

fn iron() -> Structure {
    cubic(&["Fe", "Fe"], &[[0.0; 3], [0.5; 3]])
}

#[test]
fn body_centred_iron_shows_even_sums_only() {
    let pattern = powder_pattern(&iron(), &XrdSettings::default()).unwrap();
    let found: Vec<([i32; 3], u32)> = pattern
        .peaks
        .iter()
        .take(4)
        .map(|peak| (peak.families[0].hkl, peak.families[0].multiplicity))
        .collect();
    let expected = [
        ([1, 1, 0], 12),
        ([2, 0, 0], 6),
        ([2, 1, 1], 24),
        ([2, 2, 0], 12),
    ];
    assert_eq!(found, expected);
    assert!(!pattern.hexagonal);
    let first = &pattern.peaks[0];
    assert!((first.d - A / 2.0_f64.sqrt()).abs() < 1e-12);
    let theta = libm::asin(CU_KA / (2.0 * first.d));
    assert!((first.two_theta - (2.0 * theta).to_degrees()).abs() < 1e-12);
    let strongest = pattern
        .peaks
        .iter()
        .map(|p| p.intensity)
        .fold(0.0, f64::max);
    assert!((strongest - 100.0).abs() < 1e-9);
}

#[test]
fn one_peak_holds_two_families_that_coincide() {
    // 300 and 221 have the same d in a cubic lattice; so have 330 and 411.
    let one = cubic(&["Fe"], &[[0.0; 3]]);
    let pattern = powder_pattern(&one, &XrdSettings::default()).unwrap();
    let d = A / 3.0;
    let peak = pattern
        .peaks
        .iter()
        .find(|p| (p.d - d).abs() < 1e-9)
        .unwrap();
    let mut families: Vec<_> = peak
        .families
        .iter()
        .map(|f| (f.hkl, f.multiplicity))
        .collect();
    families.sort_unstable();
    assert_eq!(families, [([2, 2, 1], 24), ([3, 0, 0], 6)]);
}

#[test]
fn shifting_all_atoms_changes_nothing() {
    let shift = |s: &Structure| {
        let frac = s.frac().iter().map(|x| x.map(|x| x + 3.218)).collect();
        Structure::new(*s.lattice(), s.species().to_vec(), frac).unwrap()
    };
    let salt = cubic(&["Li", "O", "Co"], &[[0.0; 3], [0.5; 3], [0.1, 0.7, 0.3]]);
    let before = powder_pattern(&salt, &XrdSettings::default()).unwrap();
    let after = powder_pattern(&shift(&salt), &XrdSettings::default()).unwrap();
    assert_eq!(before.peaks.len(), after.peaks.len());
    for (p, q) in before.peaks.iter().zip(&after.peaks) {
        assert!((p.intensity - q.intensity).abs() < 1e-9);
        assert_eq!(p.families, q.families);
    }
}

#[test]
fn a_supercell_has_the_same_peaks() {
    let doubled = Structure::new(
        [[A, 0.0, 0.0], [0.0, A, 0.0], [0.0, 0.0, 2.0 * A]],
        vec!["Fe".parse().unwrap(); 4],
        vec![
            [0.0, 0.0, 0.0],
            [0.5, 0.5, 0.25],
            [0.0, 0.0, 0.5],
            [0.5, 0.5, 0.75],
        ],
    )
    .unwrap();
    let single = powder_vector(&iron(), &VectorSettings::default()).unwrap();
    let double = powder_vector(&doubled, &VectorSettings::default()).unwrap();
    for (p, q) in single.iter().zip(&double) {
        assert!((p - q).abs() < 1e-12, "{p} {q}");
    }
}

#[test]
fn a_range_keeps_the_peaks_inside() {
    let settings = XrdSettings {
        two_theta: [50.0, 100.0],
        ..XrdSettings::default()
    };
    let pattern = powder_pattern(&iron(), &settings).unwrap();
    assert!(pattern.peaks.len() > 2);
    for peak in &pattern.peaks {
        assert!((50.0..=100.0).contains(&peak.two_theta));
    }
}

#[test]
fn a_longer_wavelength_moves_peaks_up() {
    let settings = XrdSettings {
        wavelength: 2.0,
        ..XrdSettings::default()
    };
    let long = powder_pattern(&iron(), &settings).unwrap();
    let short = powder_pattern(&iron(), &XrdSettings::default()).unwrap();
    assert!(long.peaks[0].two_theta > short.peaks[0].two_theta);
    assert!((long.peaks[0].d - short.peaks[0].d).abs() < 1e-12);
}

#[test]
fn hexagonal_families_count_the_fourth_index() {
    let h = 0.75_f64.sqrt();
    let cell = Structure::new(
        [[3.0, 0.0, 0.0], [-1.5, 3.0 * h, 0.0], [0.0, 0.0, 5.0]],
        vec!["Mg".parse().unwrap()],
        vec![[0.0; 3]],
    )
    .unwrap();
    let pattern = powder_pattern(&cell, &XrdSettings::default()).unwrap();
    assert!(pattern.hexagonal);
    let peak = pattern
        .peaks
        .iter()
        .find(|p| (p.d - 3.0 * h).abs() < 1e-9)
        .unwrap();
    // 10-10, 01-10, 1-100 and their opposites are one family of six.
    let [family] = peak.families[..] else {
        unreachable!("{peak:?}")
    };
    assert_eq!((family.hkil(), family.multiplicity), ([1, 0, -1, 0], 6));
}

#[test]
fn bins_part_what_an_edge_divides() {
    // b a little longer than a: the two d are closer than the tolerance but need not
    // share a bin. Over many lattices some pair must straddle an edge.
    let (mut parted, mut joined) = (0, 0);
    for k in 0..50 {
        let a = 4.0 + 1e-3 * f64::from(k);
        let lattice = [[a, 0.0, 0.0], [0.0, a + 2e-7, 0.0], [0.0, 0.0, 4.7]];
        let cell = Structure::new(lattice, vec![Element::O], vec![[0.0; 3]]).unwrap();
        let count = |merging| {
            let settings = XrdSettings {
                merging,
                ..XrdSettings::default()
            };
            powder_pattern(&cell, &settings).unwrap().peaks.len()
        };
        let (tolerance, bins) = (count(Merging::Tolerance), count(Merging::Bins));
        assert!(bins >= tolerance);
        if bins > tolerance {
            parted += 1
        } else {
            joined += 1
        }
    }
    assert!(parted > 5, "{parted} parted, {joined} joined");
}

#[test]
fn the_vector_is_a_density() {
    let settings = VectorSettings::default();
    let vector = powder_vector(&iron(), &settings).unwrap();
    assert_eq!(vector.len(), 128);
    assert_eq!(vector_length(&settings), Ok(128));
    assert!(vector.iter().all(|x| *x >= 0.0));
    let fine = VectorSettings {
        length: Some(12_701),
        ..settings
    };
    let fine = powder_vector(&iron(), &fine).unwrap();
    let integral: f64 = fine.iter().sum::<f64>() * 0.01;
    assert!((integral - 1.0).abs() < 0.01, "{integral}");
    assert!((fine[4500] - vector[45]).abs() < 1e-12);
    assert_eq!(labels(2), ["xrd_0", "xrd_1"]);
}

#[test]
fn settings_out_of_range_are_refused() {
    let with = |wavelength, two_theta| {
        let settings = XrdSettings {
            wavelength,
            two_theta,
            merging: Merging::Tolerance,
        };
        powder_pattern(&iron(), &settings).unwrap_err()
    };
    assert_eq!(with(0.0, [0.0, 90.0]), XrdError::Wavelength(0.0));
    assert!(matches!(
        with(f64::NAN, [0.0, 90.0]),
        XrdError::Wavelength(_)
    ));
    assert_eq!(with(1.5, [90.0, 10.0]), XrdError::Range(90.0, 10.0));
    assert_eq!(with(1.5, [0.0, 180.0]), XrdError::Range(0.0, 180.0));
    assert_eq!(with(1.5, [0.0, 5.0]), XrdError::NoReflections);
    assert!(matches!(
        with(0.001, [0.0, 90.0]),
        XrdError::TooManyReflections(_)
    ));
    let vector = |bandwidth, length| {
        let settings = VectorSettings {
            bandwidth,
            length,
            ..VectorSettings::default()
        };
        powder_vector(&iron(), &settings).unwrap_err()
    };
    assert_eq!(vector(-1.0, None), XrdError::Bandwidth(-1.0));
    assert_eq!(vector(0.05, Some(1)), XrdError::Length(1));
}

#[test]
fn what_cannot_be_computed_is_said() {
    let einsteinium = cubic(&["Es"], &[[0.0; 3]]);
    let error = powder_pattern(&einsteinium, &XrdSettings::default()).unwrap_err();
    assert_eq!(error.to_string(), "no X-ray form factor is known for Es");
    let settings = VectorSettings {
        xrd: XrdSettings {
            two_theta: [30.0, 33.0],
            ..XrdSettings::default()
        },
        ..VectorSettings::default()
    };
    assert_eq!(powder_vector(&iron(), &settings), Err(XrdError::SinglePeak));
}
