//! The CIF files of a folder of goldens against its `structures.json`: read, and written
//! and read again in each way symmetry can be said.

use std::path::Path;

use tmo::chem::Structure;
use tmo::chem::formats::cif::write::{Symmetry, p1, reduce, symmetric};
use tmo::chem::formats::{Settings, read_bytes};
use tmo::chem::symmetry::SymmetrySettings;

use super::structures;

/// Å (and degrees of the cell's angles) by which a structure may differ.
const TOLERANCE: f64 = 1e-6;

/// How far from a third, relative to it, pymatgen still reads one (its `frac_tolerance`).
const THIRD: f64 = 1e-4;

#[derive(Debug)]
#[allow(dead_code, reason = "told through Debug")]
pub struct Summary {
    kind: &'static str,
    files: usize,
    largest: f64,
    /// Files in which the peer reads a third where more decimals are given, and how many
    /// coordinates these are.
    thirds: [usize; 2],
    written: usize,
    largest_written: f64,
    /// Files without a reduced form: `moyo` finds no symmetry for them.
    not_reduced: usize,
}

/// Read `structures/*.cif`.
pub fn check(folder: &Path) -> Result<Summary, String> {
    let mut files = Vec::new();
    for (gid, structure) in structures::read(folder)? {
        let path = folder.join("structures").join(format!("{gid}.cif"));
        let bytes = std::fs::read(&path).map_err(|e| format!("{gid}.cif: {e}"))?;
        files.push((gid, bytes, structure));
    }
    compare(&files)
}

/// The CIF files of an archive against a JSON list of the structures they hold:
/// `TMO_BENCH_CIF` and `TMO_BENCH_STRUCTURES`, as the benchmarks take them.
pub fn check_archive(archive: &Path, list: &Path) -> Result<Summary, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let open = |path: &Path| {
        let file = std::fs::File::open(path).map_err(|e| said(&e))?;
        Ok::<_, String>(flate2::read::GzDecoder::new(file))
    };
    let known = structures::from_list(open(list)?)?;
    let mut files = Vec::new();
    let mut archive = tar::Archive::new(open(archive)?);
    for entry in archive.entries().map_err(|e| said(&e))? {
        let mut entry = entry.map_err(|e| said(&e))?;
        let name = entry.path().map_err(|e| said(&e))?;
        let id = name.file_stem().unwrap_or_default().to_string_lossy();
        let id = id.into_owned();
        // An id that is listed twice has one file: the one written last.
        let mut named = known.iter().rev();
        let Some((_, structure)) = named.find(|(known, _)| *known == id) else {
            continue;
        };
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).map_err(|e| said(&e))?;
        files.push((id, bytes, structure.clone()));
    }
    compare(&files)
}

/// Files with the structures they must read to.
pub fn compare(files: &[(String, Vec<u8>, Structure)]) -> Result<Summary, String> {
    let mut summary = Summary {
        kind: "CIF",
        files: files.len(),
        largest: 0.0,
        thirds: [0; 2],
        written: 0,
        largest_written: 0.0,
        not_reduced: 0,
    };
    for (id, bytes, structure) in files {
        let read = one(id, bytes)?;
        let mut off = difference(&read, structure);
        if off > TOLERANCE {
            let (as_peer, thirds) = with_thirds(&read)?;
            let then = difference(&as_peer, structure);
            if thirds == 0 || then > TOLERANCE {
                return Err(format!("{id}: reads {off} Å from its structure"));
            }
            off = then;
            summary.thirds[0] += 1;
            summary.thirds[1] += thirds;
        }
        summary.largest = summary.largest.max(off);
        let mut back = |text: &str, of: &Structure, how: &str| -> Result<(), String> {
            let off = difference(&one(id, text.as_bytes())?, of);
            if off > TOLERANCE {
                return Err(format!("{id} written with {how} reads {off} Å off\n{text}"));
            }
            summary.written += 1;
            summary.largest_written = summary.largest_written.max(off);
            Ok(())
        };
        back(&p1(id, structure), structure, "all its sites")?;
        let settings = SymmetrySettings { symprec: 1e-3 };
        let Ok(crystal) = reduce(structure, &settings) else {
            summary.not_reduced += 1;
            continue;
        };
        for (symmetry, how) in [
            (Symmetry::Full, "everything"),
            (Symmetry::Operators, "its operators only"),
            (Symmetry::HermannMauguin, "its Hermann–Mauguin symbol only"),
            (Symmetry::Hall, "its Hall symbol only"),
        ] {
            back(&symmetric(id, &crystal, symmetry), &crystal.cell, how)?;
        }
    }
    Ok(summary)
}

/// The structure as pymatgen reads it, and how many coordinates that changes: what lies
/// within a ten-thousandth of 1/3 or 2/3 is that third, whatever decimals the file gives.
fn with_thirds(read: &Structure) -> Result<(Structure, usize), String> {
    let (mut frac, mut changed) = (read.frac().to_vec(), 0);
    for x in frac.as_flattened_mut() {
        for third in [1.0 / 3.0, 2.0 / 3.0] {
            if *x != third && (*x / third - 1.0).abs() <= THIRD {
                // What is rounding of a third already is no case of its own.
                changed += usize::from((*x - third).abs() > 1e-9);
                *x = third;
            }
        }
    }
    let (lattice, species) = (*read.lattice(), read.species().to_vec());
    let made = Structure::new(lattice, species, frac);
    Ok((made.map_err(|error| error.to_string())?, changed))
}

fn one(id: &str, bytes: &[u8]) -> Result<Structure, String> {
    let read = read_bytes(&format!("{id}.cif"), bytes, &Settings::default());
    let mut records = read.map_err(|fault| format!("{id}: {fault}"))?;
    match records.rows.len() {
        1 => Ok(records.rows.remove(0).structure),
        many => Err(format!("{id}: {many} structures")),
    }
}

/// The largest difference of cells (Å, degrees) and of sites (Å), sites in any order.
pub fn difference(a: &Structure, b: &Structure) -> f64 {
    if a.sites() != b.sites() {
        return f64::INFINITY;
    }
    let cell = |s: &Structure| [s.lengths(), s.angles()].concat();
    let cells = cell(a).into_iter().zip(cell(b));
    let mut largest = cells.map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
    for (x, element) in a.frac().iter().zip(a.species()) {
        let mut nearest = f64::INFINITY;
        for (y, other) in b.frac().iter().zip(b.species()) {
            if element == other {
                nearest = nearest.min(distance(a.lattice(), x, y));
            }
        }
        largest = largest.max(nearest);
    }
    largest
}

/// Between the nearest images, by wrapping each coordinate.
fn distance(lattice: &[[f64; 3]; 3], x: &[f64; 3], y: &[f64; 3]) -> f64 {
    let d = [0, 1, 2].map(|i| {
        let d = y[i] - x[i];
        d - d.round()
    });
    let along = [0, 1, 2].map(|k| (0..3).map(|i| d[i] * lattice[i][k]).sum::<f64>());
    along.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[test]
fn the_peers_thirds_are_the_only_exception() {
    use tmo::chem::element::Element;
    let of = |x: f64| {
        let lattice = [[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 4.0]];
        let iron: Element = serde_json::from_str("\"Fe\"").unwrap();
        Structure::new(lattice, vec![iron], vec![[x, 0.25, 0.0]]).unwrap()
    };
    let file = |x: f64| ("x".to_owned(), p1("x", &of(x)).into_bytes(), of(2.0 / 3.0));
    let found = compare(&[file(0.666_693_289_3)]).unwrap();
    assert_eq!(found.thirds, [1, 1]);
    assert_eq!(compare(&[file(2.0 / 3.0)]).unwrap().thirds, [0, 0]);
    assert!(compare(&[file(0.666_74)]).is_err());
    let quarter = ("x".to_owned(), p1("x", &of(0.25001)).into_bytes(), of(0.25));
    assert!(compare(&[quarter]).is_err());
}
