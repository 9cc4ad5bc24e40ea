//! `sine_coulomb.json`: the sine Coulomb matrix in both conventions, and its spectrum.

use std::path::Path;

use tmo::chem::coulomb::{Convention, sine_coulomb_matrix};

use super::descriptor_support::{
    Comparison, Summary, field, list, numbers, of, read, structures,
};

/// Compare every structure of the folder.
pub fn check(folder: &Path) -> Result<Summary, String> {
    let structures = structures(folder)?;
    let mut comparison = Comparison::new("sine Coulomb matrix", 1e-10);
    for golden in list(field(&read(folder, "sine_coulomb.json")?, "data")?)? {
        let (gid, structure) = of(&structures, golden)?;
        let said = |error| format!("{gid}: {error}");
        let dscribe =
            sine_coulomb_matrix(structure, Convention::Dscribe).map_err(said)?;
        let matminer =
            sine_coulomb_matrix(structure, Convention::Matminer).map_err(said)?;
        let diagonal: Vec<f64> = (0..dscribe.order())
            .filter_map(|k| dscribe.row(k).get(k).copied())
            .collect();
        let mut compare = |field: &str, ours: &[f64]| {
            comparison.compare(&format!("{gid} {field}"), ours, &numbers(golden, field)?)
        };
        compare("dscribe_diag", &diagonal)?;
        compare("dscribe_row0", dscribe.row(0))?;
        compare("matminer_row0", matminer.row(0))?;
        compare(
            "dscribe_eigenspectrum",
            &dscribe.eigenspectrum().map_err(said)?,
        )?;
        compare(
            "matminer_eigvals_sorted_by_abs",
            &matminer.eigenspectrum().map_err(said)?,
        )?;
        comparison.count_structure();
    }
    comparison.finish()
}
