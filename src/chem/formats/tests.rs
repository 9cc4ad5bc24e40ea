//! Files of every format, sound ones and broken ones.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::cif::write::{Symmetry, p1, reduce, symmetric};
use super::merge::distance2;
use super::*;
use crate::chem::records::Cell;
use crate::chem::structure::Structure;
use crate::chem::symmetry::SymmetrySettings;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/formats")
        .join(name)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().file_name().to_string_lossy().into_owned()
    };
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

fn good(name: &str) -> Records {
    let bytes = std::fs::read(folder("good").join(name)).unwrap();
    read_bytes(name, &bytes, &Settings::default())
        .unwrap_or_else(|f| panic!("{name}: {f}"))
}

fn reference() -> Vec<Record> {
    good("reference.json").rows
}

fn cell(structure: &Structure) -> [f64; 6] {
    let ([a, b, c], [alpha, beta, gamma]) = (structure.lengths(), structure.angles());
    [a, b, c, alpha, beta, gamma]
}

/// The largest difference of cells (Å, degrees) and of sites (Å), sites in any order.
fn difference(a: &Structure, b: &Structure) -> f64 {
    if a.sites() != b.sites() {
        return f64::INFINITY;
    }
    let mut largest = 0.0_f64;
    for (x, y) in cell(a).iter().zip(cell(b)) {
        largest = largest.max((x - y).abs());
    }
    for (x, element) in a.frac().iter().zip(a.species()) {
        let of = |(y, e): (&[f64; 3], &crate::chem::element::Element)| {
            (e == element).then(|| distance2(a.lattice(), x, y).sqrt())
        };
        let nearest = b.frac().iter().zip(b.species()).filter_map(of);
        largest = largest.max(nearest.fold(f64::INFINITY, f64::min));
    }
    largest
}

#[test]
fn every_format_reads_to_the_same_five_structures() {
    let expected = reference();
    let by_id: BTreeMap<&str, &Record> =
        expected.iter().map(|r| (r.id.as_str(), r)).collect();
    for (name, energy) in [
        ("frames.extxyz", "formation_energy_per_atom"),
        ("ase.db", "formation_energy_per_atom"),
        ("mp_documents.json", "formation_energy_per_atom"),
        ("jarvis.json", "formation_energy_peratom"),
        ("matbench.json", "e_form"),
        ("optimade.json", "_x_formation_energy"),
        ("pymatgen_entries.json.gz", "energy"),
        ("pymatgen_structures.json", ""),
        ("blocks.cif", ""),
        ("set.zip", ""),
        ("set.tar.gz", ""),
    ] {
        let read = good(name);
        assert_eq!(read.rows.len(), 5, "{name}");
        for (row, i) in read.rows.iter().zip(0..) {
            let id = row.id.rsplit('/').next().unwrap();
            let same = by_id.get(id).copied().unwrap_or(&expected[i]);
            let d = difference(&row.structure, &same.structure);
            assert!(d < 2e-6, "{name} {}: {d}", row.id);
            if !energy.is_empty() {
                let per_atom = row.columns[energy].number().unwrap()
                    / if energy == "energy" {
                        row.structure.sites() as f64
                    } else {
                        1.0
                    };
                let known = same.columns["formation_energy_per_atom"].number().unwrap();
                assert!((per_atom - known).abs() < 1e-12, "{name} {}", row.id);
            }
        }
    }
}

#[test]
fn flavours_of_one_structure_read_alike() {
    let expected = &reference()[0].structure;
    for name in [
        "icsd_flavour.cif",
        "cod_flavour.cif",
        "vesta_flavour.cif",
        "new_names.cif",
        "split_occupancies.cif",
        "vasp4.vasp",
        "vasp5.vasp",
        "vasp_hash.vasp",
    ] {
        let d = difference(&good(name).rows[0].structure, expected);
        assert!(d < 2e-6, "{name}: {d}");
    }
}

#[test]
fn cif_of_pymatgen_with_and_without_symmetry() {
    for row in reference() {
        let plain = good(&format!("{}.p1.cif", row.id));
        assert_eq!(plain.rows[0].id, format!("{}.p1", row.id));
        let d = difference(&plain.rows[0].structure, &row.structure);
        assert!(d < 5e-6, "{}: {d}", row.id);
        let with = &good(&format!("{}.symmetry.cif", row.id)).rows[0].structure;
        let volume = |s: &Structure| s.volume() / s.sites() as f64;
        assert!((volume(with) / volume(&row.structure) - 1.0).abs() < 1e-4);
        assert!(
            with.composition()
                .same_ratio(&row.structure.composition(), 1e-9)
        );
    }
}

#[test]
fn what_is_written_reads_back() {
    let bundled = crate::chem::bundled::bundled("flla-2015")
        .unwrap()
        .read()
        .unwrap();
    let settings = Settings::default();
    let symmetry = SymmetrySettings { symprec: 1e-3 };
    let mut groups = std::collections::BTreeSet::new();
    for row in bundled.rows.iter().step_by(6) {
        let back = |name: &str, text: &str| {
            let mut read = read_bytes(name, text.as_bytes(), &settings)
                .unwrap_or_else(|fault| panic!("{} {fault}\n{text}", row.id));
            read.rows.remove(0)
        };
        for (name, text) in [
            ("x.cif", p1(&row.id, &row.structure)),
            ("x.vasp", write::poscar(&row.id, &row.structure)),
        ] {
            let d = difference(&back(name, &text).structure, &row.structure);
            assert!(d < 1e-6, "{} {name}: {d}", row.id);
        }
        let frame = back("x.extxyz", &write::extxyz(row));
        assert!(difference(&frame.structure, &row.structure) < 1e-6);
        assert_eq!((&frame.id, &frame.columns), (&row.id, &row.columns));
        let line = back("x.jsonl", &write::json_line(row));
        assert_eq!(
            Record {
                line: row.line,
                ..line
            },
            *row
        );
        let crystal = reduce(&row.structure, &symmetry).unwrap();
        groups.insert(crystal.setting.number);
        for said in [
            Symmetry::Full,
            Symmetry::Operators,
            Symmetry::HermannMauguin,
            Symmetry::Hall,
        ] {
            let text = symmetric(&row.id, &crystal, said);
            let d = difference(&back("x.cif", &text).structure, &crystal.cell);
            assert!(d < 1e-6, "{} {said:?}: {d}", row.id);
        }
    }
    assert!(groups.len() > 20, "{} groups", groups.len());
}

#[test]
fn bad_files_say_what_is_wrong() {
    let folder = folder("bad");
    let mut said = String::new();
    for name in names(&folder) {
        if name == "EXPECTED.txt" {
            continue;
        }
        let bytes = std::fs::read(folder.join(&name)).unwrap();
        let fault = read_bytes(&name, &bytes, &Settings::default())
            .expect_err(&format!("{name} is read"));
        assert!(!fault.help.is_empty(), "{name}");
        writeln!(said, "{fault}").unwrap();
    }
    let expected = std::fs::read_to_string(folder.join("EXPECTED.txt")).unwrap();
    for (is, should) in said.lines().zip(expected.lines()) {
        assert_eq!(is, should);
    }
    assert_eq!(said.lines().count(), expected.lines().count());
    assert!(said.lines().count() >= 90);
}

#[test]
fn codes_and_lines_of_bad_files() {
    for (name, code, line) in [
        ("open_quote.cif", "E0714", 2),
        ("short_row.cif", "E0714", 16),
        ("operator_code.cif", "E0715", 11),
        ("ambiguous_origin.cif", "E0715", 8),
        ("partly_filled.cif", "E0716", 16),
        ("second_block_bad.cif", "E0716", 32),
        ("lattice_in_metres.cif", "E0706", 2),
        ("missing_site.vasp", "E0714", 10),
        ("short_atom.xyz", "E0714", 4),
        ("climbs.zip", "E0717", 0),
        ("unknown.txt", "E0718", 0),
    ] {
        let bytes = std::fs::read(folder("bad").join(name)).unwrap();
        let fault = read_bytes(name, &bytes, &Settings::default()).unwrap_err();
        assert_eq!((fault.code, fault.line), (code, line), "{name}");
    }
}

#[test]
fn a_folder_is_read_by_name_with_its_bad_files_counted() {
    let settings = Settings {
        on_bad: OnBad::Skip,
        format: Some(Format::Cif),
        ..Settings::default()
    };
    let read = read_path(&folder("bad"), &settings).unwrap();
    // Of the file with two blocks the first is sound.
    assert_eq!(read.rows.len(), 1);
    assert_eq!(read.rows[0].id, "second_block_bad/bad");
    assert!(read.bad_total() > 40);
    assert!(read.bad_counts["E0715"] > 5);
    let fail = Settings {
        on_bad: OnBad::Fail,
        ..settings
    };
    assert!(read_path(&folder("bad"), &fail).is_err());
}

#[test]
fn labels_become_columns() {
    let settings = Settings {
        labels: Some(folder("good").join("labels.csv")),
        ..Settings::default()
    };
    let read = read_path(&folder("good").join("set.zip"), &settings).unwrap();
    let expected = reference();
    for row in &read.rows {
        let same = expected.iter().find(|r| r.id == row.id).unwrap();
        assert_eq!(
            row.columns["e_form"],
            same.columns["formation_energy_per_atom"]
        );
        assert_eq!(row.columns["note"], Cell::Text("ok".to_owned()));
    }
    let missing = read_path(&folder("good").join("vasp5.vasp"), &settings).unwrap_err();
    assert_eq!(missing.code, "E0703");
}

#[test]
fn disorder_may_be_settled_by_majority() {
    let bytes = std::fs::read(folder("bad").join("partly_filled.cif")).unwrap();
    let settings = Settings {
        disorder: Disorder::Majority,
        ..Settings::default()
    };
    let read = read_bytes("partly_filled.cif", &bytes, &settings).unwrap();
    assert_eq!(read.rows[0].formula, "TiO");
}

#[test]
fn what_unpacks_to_too_much_is_refused() {
    use std::io::Write as _;
    let mut packer =
        flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&vec![b' '; 40 << 20]).unwrap();
    let packed = packer.finish().unwrap();
    let fault = read_bytes("x.cif", &packed, &Settings::default()).unwrap_err();
    assert_eq!(fault.code, "E0701");
    assert!(fault.title.contains("unpacks to more than"), "{fault}");
}

#[test]
fn an_optimade_page_says_whether_more_follow() {
    let text =
        br#"{"data": [], "meta": {"data_returned": 12, "more_data_available": true},
        "links": {"next": {"href": "http://localhost/next"}}}"#;
    let page = page(&Source::new("p.json", text)).unwrap();
    assert_eq!(page.returned, Some(12));
    assert_eq!(page.next.as_deref(), Some("http://localhost/next"));
    assert!(page.more);
}

/// A fixed sequence of numbers (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }
}

/// Change some bytes, cut some out, put some in twice.
fn damage(dice: &mut Dice, seed: &[u8]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..1 + dice.roll(5) {
        let length = bytes.len();
        let at = dice.roll(length);
        let span = dice.roll(40).min(length - at);
        match dice.roll(5) {
            0 if length > 0 => bytes[at] ^= 1 << dice.roll(8),
            1 => drop(bytes.drain(at..at + span)),
            2 => {
                let part = bytes[at..at + span].to_vec();
                let to = dice.roll(length);
                bytes.splice(to..to, part);
            }
            3 if dice.roll(4) == 0 => bytes.truncate(at),
            _ => {
                let words: [&[u8]; 8] =
                    [b"'", b"\n;", b"loop_ ", b"?", b"1e308", b"-1", b"{", b"\0"];
                bytes.splice(at..at, words[dice.roll(words.len())].iter().copied());
            }
        }
    }
    bytes
}

#[test]
fn damaged_files_end_in_records_or_faults() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let mut seeds = Vec::new();
    for kind in ["good", "bad"] {
        for name in names(&folder(kind)) {
            let bytes = std::fs::read(folder(kind).join(&name)).unwrap();
            if bytes.len() < 8_000 && !name.ends_with(".txt") && !name.ends_with(".csv") {
                seeds.push((name, bytes));
            }
        }
    }
    let (mut records, mut faults) = (0, 0);
    for round in 0..4_000 {
        let (name, seed) = &seeds[round % seeds.len()];
        let bytes = damage(&mut dice, seed);
        let _ = each_of(name, &bytes, &Settings::default(), &mut |next| {
            match next {
                Ok(_) => records += 1,
                Err(fault) => {
                    assert!(
                        !fault.title.is_empty() && !fault.help.is_empty(),
                        "{fault:?}"
                    );
                    faults += 1;
                }
            }
            ControlFlow::Continue(())
        });
    }
    assert!(
        records > 200 && faults > 2_000,
        "{records} records, {faults} faults"
    );
}
