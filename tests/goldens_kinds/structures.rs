//! The structures of a folder of goldens: `structures.json` comes in, crystals by their
//! `gid` go out.

use std::path::Path;

use serde::Deserialize;
use tmo::chem::Structure;
use tmo::chem::element::Element;

#[derive(Deserialize)]
struct Record {
    gid: Option<String>,
    id: Option<String>,
    lattice: [[f64; 3]; 3],
    species: Vec<Element>,
    frac_coords: Vec<[f64; 3]>,
}

/// Read them, in the order of the file.
pub fn read(folder: &Path) -> Result<Vec<(String, Structure)>, String> {
    let path = folder.join("structures.json");
    let said = |why: String| format!("{}: {why}", path.display());
    let text = std::fs::read_to_string(&path).map_err(|error| said(error.to_string()))?;
    from_list(text.as_bytes()).map_err(said)
}

/// Read a JSON list of structures with their ids.
pub fn from_list(list: impl std::io::Read) -> Result<Vec<(String, Structure)>, String> {
    let list = std::io::BufReader::new(list);
    let records: Vec<Record> =
        serde_json::from_reader(list).map_err(|error| error.to_string())?;
    let each = records.into_iter().map(|record| {
        let name = record.gid.or(record.id).unwrap_or_default();
        let made = Structure::new(record.lattice, record.species, record.frac_coords);
        match made {
            Ok(structure) => Ok((name, structure)),
            Err(error) => Err(format!("{name}: {error}")),
        }
    });
    each.collect()
}
