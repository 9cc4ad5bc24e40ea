//! A folder of files of other programs that hold the same few oxides, those of its
//! `reference.json`: every file reads to the same structures and energies. OPTIMADE pages
//! of other structures read to what their JSON says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tmo::chem::Structure;
use tmo::chem::element::Element;
use tmo::chem::formats::{Settings, read_path};
use tmo::chem::neighbours::{Neighbours, Search};
use tmo::chem::records::Record;

use super::cifs::difference;

/// Å (and degrees) by which a structure may differ: files give six decimals or more.
const TOLERANCE: f64 = 5e-6;
/// Å by which distances in a refined conventional cell may differ: a program that looks
/// for symmetry moves sites by up to its own tolerance.
const REFINED: f64 = 2e-3;
/// Å up to which neighbours are compared.
const CUTOFF: f64 = 4.0;
/// What the energy of an atom is called by one program or another.
const ENERGIES: [&str; 4] = [
    "formation_energy_per_atom",
    "formation_energy_peratom",
    "e_form",
    "_x_formation_energy",
];

#[derive(Debug, Default)]
#[allow(dead_code, reason = "told through Debug")]
pub struct Summary {
    pub files: usize,
    pub structures: usize,
    pub energies: usize,
    /// Largest difference, Å or degrees.
    pub largest: f64,
    /// Files of a conventional cell, and how far its distances are off.
    pub refined: usize,
    pub largest_refined: f64,
    /// OPTIMADE pages of other structures, and how many these are.
    pub pages: usize,
    pub on_pages: usize,
}

pub fn check(folder: &Path) -> Result<Summary, String> {
    let reference = rows(&folder.join("reference.json"))?;
    let mut summary = Summary::default();
    for path in files(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name == "reference.json" {
            continue;
        }
        let said = |why: String| format!("{name}: {why}");
        let read = rows(&path)?;
        let known = read.iter().any(|row| find(&reference, row).is_some());
        if name.starts_with("optimade") && !known {
            page(&path, &read, &mut summary).map_err(said)?;
            continue;
        }
        summary.files += 1;
        let whole = read.len() == reference.len();
        if !whole && read.len() != 1 {
            return Err(said(format!("{} structures", read.len())));
        }
        for (place, row) in read.iter().enumerate() {
            // Without an id they stand in the order of the reference.
            let of = find(&reference, row).unwrap_or(&reference[place]);
            one(&name, row, of, &mut summary).map_err(said)?;
        }
    }
    Ok(summary)
}

/// Compare one structure with that of the reference.
fn one(
    name: &str,
    row: &Record,
    of: &Record,
    summary: &mut Summary,
) -> Result<(), String> {
    let said = |what: &str, off: f64| format!("{}: {what} {off} off", row.id);
    summary.structures += 1;
    if name.contains(".symmetry.") {
        summary.refined += 1;
        let off = cells_apart(&row.structure, &of.structure)?;
        summary.largest_refined = summary.largest_refined.max(off);
        return match off > REFINED {
            true => Err(said("the distances are", off)),
            false => Ok(()),
        };
    }
    let off = difference(&row.structure, &of.structure);
    summary.largest = summary.largest.max(off);
    if off > TOLERANCE {
        return Err(said("the structure is", off));
    }
    let number =
        |row: &Record, name: &str| row.columns.get(name).and_then(|c| c.number());
    let energy = |row: &Record| {
        let of_atom = ENERGIES.iter().find_map(|name| number(row, name));
        let of_cell = number(row, "energy").map(|e| e / row.structure.sites() as f64);
        of_atom.or(of_cell)
    };
    let (Some(ours), Some(due)) = (energy(row), energy(of)) else {
        return Ok(());
    };
    summary.energies += 1;
    match (ours - due).abs() > 1e-9 {
        true => Err(said("the energy is", ours - due)),
        false => Ok(()),
    }
}

/// The row of the reference that this one names.
fn find<'a>(reference: &'a [Record], row: &Record) -> Option<&'a Record> {
    let id = row.id.rsplit('/').next().unwrap_or_default();
    let stem = id.split('.').next().unwrap_or_default();
    reference.iter().find(|known| known.id == stem)
}

/// How far two cells of one crystal are apart, Å: per site they have the same volume, and
/// of each pair of elements the same distances.
fn cells_apart(a: &Structure, b: &Structure) -> Result<f64, String> {
    if !a.composition().same_ratio(&b.composition(), 1e-9) {
        return Err("another composition".to_owned());
    }
    let room = |s: &Structure| libm::cbrt(s.volume() / s.sites() as f64);
    let mut largest = (room(a) - room(b)).abs();
    let (ours, theirs) = (distances(a)?, distances(b)?);
    // As many times as the other's cell has sites each list has as many entries.
    let (times, others) = (b.sites(), a.sites());
    for (pair, list) in &ours {
        let other = theirs.get(pair).ok_or("a pair of elements is missing")?;
        let (n, m) = (list.len() * times, other.len() * others);
        for at in 0..n.min(m) {
            largest = largest.max((list[at / times] - other[at / others]).abs());
        }
        // Beyond the shorter list there may be what lies at the cutoff itself.
        let rest = match n > m {
            true => &list[m / times..],
            false => &other[n / others..],
        };
        if rest.iter().any(|d| *d < CUTOFF - REFINED) {
            return Err(format!("other numbers of neighbours: {n} and {m}"));
        }
    }
    Ok(largest)
}

/// The distances up to the cutoff of each pair of elements, ascending.
fn distances(s: &Structure) -> Result<BTreeMap<[Element; 2], Vec<f64>>, String> {
    let mut list = Neighbours::default();
    let found = Search::new().run(s, CUTOFF, &mut list);
    found.map_err(|error| error.to_string())?;
    let mut pairs: BTreeMap<_, Vec<f64>> = BTreeMap::new();
    for (centre, element) in s.species().iter().enumerate() {
        let row = list.row(centre);
        for (index, distance) in row.index.iter().zip(row.distance) {
            let other = s.species()[*index as usize];
            pairs.entry([*element, other]).or_default().push(*distance);
        }
    }
    for list in pairs.values_mut() {
        list.sort_by(f64::total_cmp);
    }
    Ok(pairs)
}

/// Compare what was read of an OPTIMADE page with its JSON.
fn page(path: &Path, read: &[Record], summary: &mut Summary) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let page: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let all = page["data"].as_array().ok_or("no data")?;
    if all.len() != read.len() {
        return Err(format!("{} of {} structures", read.len(), all.len()));
    }
    for (row, entry) in read.iter().zip(all) {
        if entry["id"] != row.id.as_str() {
            return Err(format!("{} is not {}", row.id, entry["id"]));
        }
        let off = difference_of_page(&row.structure, &entry["attributes"])
            .ok_or_else(|| format!("{}: its JSON is not understood", row.id))?;
        if off > TOLERANCE {
            return Err(format!("{}: {off} Å from its JSON", row.id));
        }
        summary.largest = summary.largest.max(off);
    }
    summary.pages += 1;
    summary.on_pages += read.len();
    Ok(())
}

/// Å by which a structure differs from the attributes of an entry, sites in their order;
/// nothing where these lack something.
fn difference_of_page(structure: &Structure, entry: &Value) -> Option<f64> {
    let numbers = |name: &str| -> Option<Vec<[f64; 3]>> {
        serde_json::from_value(entry[name].clone()).ok()
    };
    let symbol = |of: &Value| {
        let all = entry["species"].as_array()?;
        let species = all.iter().find(|species| species["name"] == *of)?;
        serde_json::from_value::<Element>(species["chemical_symbols"][0].clone()).ok()
    };
    let (cell, sites) = (
        numbers("lattice_vectors")?,
        numbers("cartesian_site_positions")?,
    );
    let species = entry["species_at_sites"].as_array()?.iter().map(symbol);
    if species.collect::<Option<Vec<_>>>()? != structure.species() {
        return None;
    }
    let ours = [structure.lattice().to_vec(), structure.cartesian()].concat();
    let theirs = [cell, sites].concat();
    let both = ours.as_flattened().iter().zip(theirs.as_flattened());
    Some(both.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max))
}

/// The files of structures of a folder, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let said = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(said)? {
        let path = entry.map_err(said)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let no_structures = name.ends_with(".md")
            || name.ends_with(".csv")
            || name.starts_with("optimade_info");
        if !no_structures {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn rows(path: &Path) -> Result<Vec<Record>, String> {
    let read = read_path(path, &Settings::default());
    Ok(read.map_err(|fault| fault.to_string())?.rows)
}
