//! `density.json`: density, volume per atom, packing fraction, lattice parameters.

use std::path::Path;

use tmo::chem::density::{LABELS, density_features, lattice_parameters};

use super::descriptor_support::{
    Comparison, Summary, list, numbers, of, parse, read, structures,
};

/// Compare every structure of the folder.
pub fn check(folder: &Path) -> Result<Summary, String> {
    let structures = structures(folder)?;
    let mut comparison = Comparison::new("density", 1e-10);
    for golden in list(&read(folder, "density.json")?)? {
        let (gid, structure) = of(&structures, golden)?;
        let labels: Vec<String> = parse(golden, "labels")?;
        if labels != LABELS {
            return Err(format!("density: {gid}: labels {labels:?}"));
        }
        let features = density_features(structure).map_err(|e| format!("{gid}: {e}"))?;
        // One by one: each against its own size.
        for (label, (ours, theirs)) in labels
            .iter()
            .zip(features.values().iter().zip(numbers(golden, "x")?))
        {
            comparison.compare(&format!("{gid} {label}"), &[*ours], &[theirs])?;
        }
        comparison.compare(
            &format!("{gid} lattice"),
            &lattice_parameters(structure),
            &numbers(golden, "lattice_params")?,
        )?;
        comparison.count_structure();
    }
    comparison.finish()
}
