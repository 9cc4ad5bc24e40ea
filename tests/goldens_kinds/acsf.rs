//! `acsf.json`: the first sites' symmetry functions and the mean over all sites.

use std::path::Path;

use serde_json::Value;
use tmo::chem::acsf::{AcsfSettings, Angular, acsf};
use tmo::chem::species::SpeciesList;

use super::descriptor_support::{
    Comparison, Summary, field, list, numbers, of, parse, read, structures,
};

/// Compare every structure of the folder.
pub fn check(folder: &Path) -> Result<Summary, String> {
    let structures = structures(folder)?;
    let file = read(folder, "acsf.json")?;
    let settings = settings(&file)?;
    let mut comparison = Comparison::new("ACSF", 1e-10);
    for golden in list(field(&file, "data")?)? {
        let (gid, structure) = of(&structures, golden)?;
        let species = SpeciesList::of(structure);
        let z: Vec<u8> = species.elements().iter().map(|e| e.z()).collect();
        if z != parse::<Vec<u8>>(golden, "species_order_Z")? {
            return Err(format!("ACSF: {gid}: species {z:?}"));
        }
        let rows =
            acsf(structure, &settings, &species).map_err(|e| format!("{gid}: {e}"))?;
        let first: Vec<Vec<f64>> = parse(golden, "first_atoms")?;
        for (site, (ours, theirs)) in rows.rows().zip(&first).enumerate() {
            comparison.compare(&format!("{gid} site {site}"), ours, theirs)?;
        }
        let mean = numbers(golden, "mean")?;
        comparison.compare(&format!("{gid} mean"), &rows.mean(), &mean)?;
        comparison.count_structure();
    }
    comparison.finish()
}

fn settings(file: &Value) -> Result<AcsfSettings, String> {
    let angular = |field: &str| -> Result<Vec<Angular>, String> {
        let list: Vec<[f64; 3]> = parse(file, field)?;
        let one = |[eta, zeta, lambda]: [f64; 3]| Angular { eta, zeta, lambda };
        Ok(list.into_iter().map(one).collect())
    };
    Ok(AcsfSettings {
        r_cut: parse(file, "r_cut")?,
        g2: parse(file, "g2")?,
        g3: parse(file, "g3")?,
        g4: angular("g4")?,
        g5: angular("g5")?,
    })
}
