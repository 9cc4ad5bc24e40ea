//! `xrd_pymatgen2024.json` and `xrd.json`: peaks and the 128-vector in both dialects of
//! merging; the second also has plane distances, families and the strongest intensity.

use std::path::Path;

use serde_json::Value;
use tmo::chem::xrd::{
    Merging, Pattern, VectorSettings, XrdSettings, powder_pattern, powder_vector,
};

use super::descriptor_support::{
    Comparison, Summary, field, list, numbers, of, parse, read, structures,
};

/// Compare every structure of the folder with `xrd_pymatgen2024.json`.
pub fn check_2024(folder: &Path) -> Result<Summary, String> {
    check_file(folder, "xrd_pymatgen2024.json", Merging::Tolerance)
}

/// Compare every structure of the folder with `xrd.json`.
pub fn check_2026(folder: &Path) -> Result<Summary, String> {
    check_file(folder, "xrd.json", Merging::Bins)
}

fn check_file(folder: &Path, file: &str, merging: Merging) -> Result<Summary, String> {
    let structures = structures(folder)?;
    let kind = match merging {
        Merging::Tolerance => "xrd, merged by tolerance",
        Merging::Bins => "xrd, merged by bins",
    };
    let mut comparison = Comparison::new(kind, 1e-9);
    for golden in list(field(&read(folder, file)?, "data")?)? {
        let (gid, structure) = of(&structures, golden)?;
        let xrd = XrdSettings {
            merging,
            ..XrdSettings::default()
        };
        let said = |error| format!("{gid}: {error}");
        let pattern = powder_pattern(structure, &xrd).map_err(said)?;
        let of_peaks = |value: fn(&tmo::chem::xrd::Peak) -> f64| -> Vec<f64> {
            pattern.peaks.iter().map(value).collect()
        };
        let mut compare = |field: &str, ours: &[f64]| {
            comparison.compare(&format!("{gid} {field}"), ours, &numbers(golden, field)?)
        };
        compare("two_theta", &of_peaks(|peak| peak.two_theta))?;
        compare("intensity", &of_peaks(|peak| peak.intensity))?;
        let settings = VectorSettings {
            xrd,
            ..VectorSettings::default()
        };
        let vector = powder_vector(structure, &settings).map_err(said)?;
        let (what, theirs) = (format!("{gid} vec128"), numbers(golden, "vec128")?);
        if strongest(golden)? < 100.0 {
            let why = "the peer's strongest peak is 99.99999999999999, counted as 99";
            comparison.except(&what, &vector, &theirs, 2e-2, why)?;
        } else {
            comparison.compare(&what, &vector, &theirs)?;
        }
        if golden.get("hkls").is_some() {
            comparison.compare(
                &format!("{gid} d"),
                &of_peaks(|peak| peak.d),
                &numbers(golden, "d")?,
            )?;
            let largest = [parse::<f64>(golden, "intensity_unscaled_max")?];
            comparison.compare(
                &format!("{gid} strongest"),
                &[pattern.largest],
                &largest,
            )?;
            check_families(&gid, &pattern, golden)?;
        }
        comparison.count_structure();
    }
    comparison.finish()
}

fn strongest(golden: &Value) -> Result<f64, String> {
    Ok(numbers(golden, "intensity")?
        .into_iter()
        .fold(0.0, f64::max))
}

/// Families as sets: their order within a peak is that of |g| to the last bit.
fn check_families(gid: &str, pattern: &Pattern, golden: &Value) -> Result<(), String> {
    let theirs: Vec<Vec<(Vec<i32>, u32)>> = parse(golden, "hkls")?;
    for (k, (peak, mut theirs)) in pattern.peaks.iter().zip(theirs).enumerate() {
        let indices = |family: &tmo::chem::xrd::Family| match pattern.hexagonal {
            true => family.hkil().to_vec(),
            false => family.hkl.to_vec(),
        };
        let mut ours: Vec<(Vec<i32>, u32)> = peak
            .families
            .iter()
            .map(|family| (indices(family), family.multiplicity))
            .collect();
        ours.sort();
        theirs.sort();
        if ours != theirs {
            return Err(format!(
                "xrd: {gid}: peak {k} is of {ours:?}, the golden has {theirs:?}"
            ));
        }
    }
    Ok(())
}
