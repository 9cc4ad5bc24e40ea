//! Magpie features of compositions and of the structures they belong to, against
//! matminer's.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tmo::chem::magpie::{FEATURES, Imputation, labels, magpie_into};
use tmo::chem::{Composition, Element};

/// Every composition of `magpie.json`, called in the three ways it was made.
pub fn check(folder: &Path) -> Result<String, String> {
    let magpie = read(&folder.join("magpie.json"));
    assert_eq!(serde_json::json!(labels()), magpie["labels"]);
    let structures = read(&folder.join("structures.json"));
    let structures = structures.as_array().unwrap();
    let data = magpie["data"].as_array().unwrap();
    for golden in data {
        let of = |structure: &&Value| structure["gid"] == golden["gid"];
        let structure = structures.iter().find(of).unwrap_or_else(|| {
            panic!("structures.json has no {}", golden["gid"]);
        });
        let counted = composition_of(&structure["species"]);
        compare(golden, "x", &counted, Imputation::Mean);
        for (composition, values, imputation) in [
            ("fractional", "x", Imputation::Mean),
            ("comp", "x_nonfractional", Imputation::Mean),
            ("fractional", "x_noimpute", Imputation::None),
        ] {
            compare(golden, values, &written(&golden[composition]), imputation);
        }
    }
    assert!(!data.is_empty());
    Ok(format!("{} structures, each in 4 ways", data.len()))
}

/// Ours to 1e-9 of each value; a spread of equal values may be off by rounding.
fn compare(
    golden: &Value,
    values: &str,
    composition: &Composition,
    imputation: Imputation,
) {
    let mut ours = [f64::NAN; FEATURES];
    magpie_into(composition, imputation, &mut ours).unwrap();
    let theirs = golden[values].as_array().unwrap();
    assert_eq!(theirs.len(), FEATURES);
    for ((x, y), label) in ours.iter().zip(theirs).zip(labels()) {
        let y = y.as_f64().unwrap();
        let near = (x - y).abs() <= 1e-9 * y.abs() + 1e-12;
        assert!(near, "{} {values} {label}: {x}, not {y}", golden["gid"]);
    }
}

fn composition_of(species: &Value) -> Composition {
    let sites = species.as_array().unwrap().iter();
    let element = |site: &Value| -> Element { site.as_str().unwrap().parse().unwrap() };
    Composition::new(sites.map(|site| (element(site), 1.0))).unwrap()
}

fn written(value: &Value) -> Composition {
    let pairs = value.as_object().unwrap().iter();
    Composition::new(pairs.map(|(e, x)| (e.parse().unwrap(), x.as_f64().unwrap())))
        .unwrap()
}

fn read(path: &Path) -> Value {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&bytes).unwrap()
}
