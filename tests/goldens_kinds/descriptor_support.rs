//! What the checks of descriptors share: reading a folder of goldens, comparing arrays.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use tmo::chem::element::Element;
use tmo::chem::structure::Structure;

/// What a check found: it passed.
#[derive(Debug)]
pub struct Summary {
    /// The goldens compared.
    pub kind: &'static str,
    /// Structures compared.
    pub structures: usize,
    /// Largest difference, relative to the largest value of its array.
    pub largest: f64,
    /// Where a wider bound was taken, and why.
    pub exceptions: Vec<String>,
}

/// Differences, relative to the largest value of the golden array, collected over
/// structures; the first beyond the bound is an error.
pub struct Comparison {
    summary: Summary,
    bound: f64,
}

impl Comparison {
    /// Nothing compared yet.
    pub fn new(kind: &'static str, bound: f64) -> Comparison {
        Comparison {
            summary: Summary {
                kind,
                structures: 0,
                largest: 0.0,
                exceptions: Vec::new(),
            },
            bound,
        }
    }

    /// Another structure is being compared.
    pub fn count_structure(&mut self) {
        self.summary.structures += 1;
    }

    /// Compare two arrays; `what` names them in the error.
    pub fn compare(
        &mut self,
        what: &str,
        ours: &[f64],
        golden: &[f64],
    ) -> Result<(), String> {
        let difference = self.difference(what, ours, golden, self.bound)?;
        self.summary.largest = self.summary.largest.max(difference);
        Ok(())
    }

    /// The same for an array known to differ up to `bound`, because of `why`.
    pub fn except(
        &mut self,
        what: &str,
        ours: &[f64],
        golden: &[f64],
        bound: f64,
        why: &str,
    ) -> Result<(), String> {
        let difference = self.difference(what, ours, golden, bound)?;
        self.summary
            .exceptions
            .push(format!("{what}: {difference:.1e}: {why}"));
        Ok(())
    }

    fn difference(
        &self,
        what: &str,
        ours: &[f64],
        golden: &[f64],
        bound: f64,
    ) -> Result<f64, String> {
        let kind = self.summary.kind;
        if ours.len() != golden.len() {
            let (n, m) = (ours.len(), golden.len());
            return Err(format!("{kind}: {what}: {n} values, the golden has {m}"));
        }
        let scale = golden.iter().fold(f64::MIN_POSITIVE, |m, x| m.max(x.abs()));
        let mut largest = 0.0_f64;
        for (k, (x, y)) in ours.iter().zip(golden).enumerate() {
            let difference = (x - y).abs() / scale;
            if difference.is_nan() || difference > bound {
                return Err(format!(
                    "{kind}: {what}: value {k} is {x}, the golden has {y}: off by \
                     {difference:.1e} of the largest"
                ));
            }
            largest = largest.max(difference);
        }
        Ok(largest)
    }

    /// The summary, if the file held anything at all.
    pub fn finish(self) -> Result<Summary, String> {
        match self.summary.structures {
            0 => Err(format!("{}: the golden file is empty", self.summary.kind)),
            _ => Ok(self.summary),
        }
    }
}

/// A JSON file of the folder.
pub fn read(folder: &Path, file: &str) -> Result<Value, String> {
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The structures of the folder by their `gid`.
pub fn structures(folder: &Path) -> Result<BTreeMap<String, Structure>, String> {
    let mut structures = BTreeMap::new();
    for record in list(&read(folder, "structures.json")?)? {
        let gid = text(record, "gid")?;
        let lattice: [[f64; 3]; 3] = parse(record, "lattice")?;
        let species: Vec<Element> = parse(record, "species")?;
        let frac: Vec<[f64; 3]> = parse(record, "frac_coords")?;
        let structure = Structure::new(lattice, species, frac)
            .map_err(|error| format!("structures.json: {gid}: {error}"))?;
        structures.insert(gid, structure);
    }
    Ok(structures)
}

/// The structure a golden belongs to.
pub fn of<'a>(
    structures: &'a BTreeMap<String, Structure>,
    golden: &Value,
) -> Result<(String, &'a Structure), String> {
    let gid = text(golden, "gid")?;
    match structures.get(&gid) {
        Some(structure) => Ok((gid, structure)),
        None => Err(format!("structures.json has no {gid}")),
    }
}

/// The value as a list.
pub fn list(value: &Value) -> Result<&Vec<Value>, String> {
    value.as_array().ok_or_else(|| "expected a list".to_owned())
}

/// A field that must be there.
pub fn field<'a>(value: &'a Value, field: &str) -> Result<&'a Value, String> {
    value
        .get(field)
        .ok_or_else(|| format!("there is no field {field}"))
}

/// A field as a type.
pub fn parse<T: serde::de::DeserializeOwned>(
    value: &Value,
    name: &str,
) -> Result<T, String> {
    serde_json::from_value(field(value, name)?.clone())
        .map_err(|error| format!("field {name}: {error}"))
}

/// A field as numbers.
pub fn numbers(value: &Value, field: &str) -> Result<Vec<f64>, String> {
    parse(value, field)
}

fn text(value: &Value, field: &str) -> Result<String, String> {
    parse(value, field)
}
