//! The crystals the benchmarks run over: those `TMO_BENCH_STRUCTURES` names, a JSON list
//! of `{id, lattice, species, frac_coords}`, plain or gzipped; without it those of the
//! bundled set.

use std::io::Read;

use serde::Deserialize;
use tmo::chem::Structure;
use tmo::chem::bundled::bundled;
use tmo::chem::element::Element;

type Failure = Box<dyn std::error::Error>;

#[derive(Deserialize)]
struct Record {
    lattice: [[f64; 3]; 3],
    species: Vec<Element>,
    frac_coords: Vec<[f64; 3]>,
}

/// Where they come from, and the structures.
pub fn read() -> Result<(String, Vec<Structure>), Failure> {
    let Some(path) = std::env::var_os("TMO_BENCH_STRUCTURES") else {
        let set = bundled("flla-2015").ok_or("the bundled set is missing")?;
        let rows = set.read()?.rows;
        let structures = rows.into_iter().map(|row| row.structure).collect();
        return Ok((set.name.to_owned(), structures));
    };
    let mut bytes = std::fs::read(&path)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain)?;
        bytes = plain;
    }
    let records: Vec<Record> = serde_json::from_slice(&bytes)?;
    let each = records
        .into_iter()
        .map(|r| Structure::new(r.lattice, r.species, r.frac_coords));
    let structures = each.collect::<Result<_, _>>()?;
    Ok((path.to_string_lossy().into_owned(), structures))
}
