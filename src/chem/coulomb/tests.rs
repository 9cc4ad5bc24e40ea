use super::*;

fn structure(lattice: [[f64; 3]; 3], sites: &[(&str, [f64; 3])]) -> Structure {
    let species = sites.iter().map(|(s, _)| s.parse().unwrap()).collect();
    let frac = sites.iter().map(|(_, f)| *f).collect();
    Structure::new(lattice, species, frac).unwrap()
}

fn cube(sites: &[(&str, [f64; 3])]) -> Structure {
    structure([[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 4.0]], sites)
}

#[test]
fn two_sites_have_the_values_of_the_formula() {
    let pair = cube(&[("O", [0.0; 3]), ("Li", [0.75, 0.0, 0.0])]);
    let value = |matrix: Result<SymmetricMatrix, _>| matrix.unwrap().row(0)[1];
    let direct = value(coulomb_matrix(&pair, Convention::Dscribe));
    assert!((direct - 24.0 / 3.0).abs() < 1e-12);
    let nearest = value(coulomb_matrix(&pair, Convention::Matminer));
    assert!((nearest - 24.0 / BOHR_PER_ANGSTROM).abs() < 1e-12);
    // sin²(0.75 π) = 1/2, times 4 Å.
    let sine = value(sine_coulomb_matrix(&pair, Convention::Dscribe));
    assert!((sine - 24.0 / 2.0).abs() < 1e-12);
    let bohr = value(sine_coulomb_matrix(&pair, Convention::Matminer));
    assert!((bohr - 12.0 / BOHR_PER_ANGSTROM).abs() < 1e-12);
    let matrix = coulomb_matrix(&pair, Convention::Dscribe).unwrap();
    assert_eq!(matrix.order(), 2);
    assert!((matrix.row(0)[0] - 0.5 * libm::pow(8.0, 2.4)).abs() < 1e-12);
    assert_eq!(matrix.values().len(), 4);
    assert!(matrix.row(2).is_empty());
}

#[test]
fn the_nearest_image_is_found_in_a_skewed_cell() {
    // The same lattice by a skewed basis: distances must not change.
    let sites = [("O", [0.1, 0.2, 0.3]), ("Ti", [0.85, 0.4, 0.75])];
    let plain = cube(&sites);
    let skewed = [[4.0, 0.0, 0.0], [28.0, 4.0, 0.0], [-12.0, 20.0, 4.0]];
    // f' with f'·skewed = f·cube.
    let moved = sites.map(|(symbol, [x, y, z])| {
        (symbol, [x - 7.0 * (y - 5.0 * z) + 3.0 * z, y - 5.0 * z, z])
    });
    let skewed = structure(skewed, &moved);
    let [p, q] = [&plain, &skewed]
        .map(|s| coulomb_matrix(s, Convention::Matminer).unwrap().row(0)[1]);
    assert!((p - q).abs() < 1e-9, "{p} {q}");
    // Δ = (0.25, −0.2, −0.45) · 4 Å after wrapping.
    let d = 4.0 * (0.25_f64.powi(2) + 0.2_f64.powi(2) + 0.45_f64.powi(2)).sqrt();
    assert!((p - 8.0 * 22.0 / (d * BOHR_PER_ANGSTROM)).abs() < 1e-9);
}

#[test]
fn the_spectrum_is_sorted_and_padded() {
    let three = cube(&[("O", [0.0; 3]), ("Li", [0.5; 3]), ("Fe", [0.5, 0.0, 0.3])]);
    let matrix = sine_coulomb_matrix(&three, Convention::Dscribe).unwrap();
    let spectrum = padded_eigenspectrum(&matrix, 5).unwrap();
    assert_eq!(spectrum.len(), 5);
    assert_eq!(spectrum[3..], [0.0, 0.0]);
    assert!(spectrum.windows(2).all(|w| w[0].abs() >= w[1].abs()));
    let trace: f64 = (0..3).map(|k| matrix.row(k)[k]).sum();
    assert!((spectrum.iter().sum::<f64>() - trace).abs() < 1e-9);
    assert_eq!(
        padded_eigenspectrum(&matrix, 2),
        Err(CoulombError::SizeTooSmall { sites: 3, size: 2 })
    );
}

#[test]
fn sites_at_one_place_are_refused() {
    let twice = cube(&[("O", [0.0; 3]), ("Li", [1.0, 0.0, 0.0])]);
    let error = sine_coulomb_matrix(&twice, Convention::Dscribe).unwrap_err();
    assert_eq!(error, CoulombError::SamePlace(0, 1));
    assert_eq!(
        error.to_string(),
        "sites 1 and 2 lie at the same place, so they repel without limit"
    );
    assert!(coulomb_matrix(&twice, Convention::Matminer).is_err());
    // As they lie in the cell, they are 4 Å apart.
    assert!(coulomb_matrix(&twice, Convention::Dscribe).is_ok());
}

#[test]
fn too_many_sites_are_refused() {
    let many = structure(
        [[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 4.0]],
        &vec![("O", [0.0; 3]); MAX_ORDER + 1],
    );
    assert_eq!(
        coulomb_matrix(&many, Convention::Dscribe),
        Err(CoulombError::TooManySites {
            sites: MAX_ORDER + 1
        })
    );
}
