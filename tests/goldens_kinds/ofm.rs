//! `ofm.json`: orbital field matrices, against matminer's.

use std::path::Path;

use serde_json::Value;
use tmo::chem::ofm::{FEATURES, labels, ofm_into};
use tmo::chem::symmetry::SymmetrySettings;

use super::descriptor_support::{
    Comparison, Summary, numbers, of, parse, read, structures,
};

/// Structures of nearly a higher symmetry, by id and number of sites: the reference allows
/// angles 5° and finds I4 (g31) and I4_1/a (h17), where ours, within 0.01 Å, are C2 and
/// C2/c. The mean is then taken over other orbits.
const NEARLY_HIGHER: [(&str, usize); 2] = [("g31", 10), ("h17", 14)];
const THEIR_BOUND: f64 = 2e-3;

/// Compare every structure of the folder.
pub fn check(folder: &Path) -> Result<Summary, String> {
    let structures = structures(folder)?;
    let mut comparison = Comparison::new("ofm", 1e-6);
    let whole = read(folder, "ofm.json")?;
    let names: Vec<String> = parse(&whole, "labels")?;
    if names != labels() {
        return Err("ofm: other labels, or in another order".to_owned());
    }
    let data: Vec<Value> = parse(&whole, "data")?;
    for golden in &data {
        let (gid, structure) = of(&structures, golden)?;
        let theirs = numbers(golden, "x")?;
        let mut ours = [0.0; FEATURES];
        ofm_into(structure, &SymmetrySettings::default(), &mut ours)
            .map_err(|error| format!("ofm: {gid}: {error}"))?;
        let what = format!("{gid} matrix");
        if NEARLY_HIGHER.contains(&(gid.as_str(), structure.sites())) {
            comparison.except(
                &what,
                &ours,
                &theirs,
                THEIR_BOUND,
                "its symmetry depends on the tolerance of angles",
            )?;
        } else {
            comparison.compare(&what, &ours, &theirs)?;
        }
        comparison.count_structure();
    }
    comparison.finish()
}
