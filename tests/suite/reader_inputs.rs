//! Inputs for the readers of files: good and bad files of the tests, changed at random.
//! Every input follows from its seed. The fuzz package puts the same through them.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use tmo::chem::formats::cif::{hall, operator::Operator};
use tmo::chem::formats::{Disorder, Format, Labels, Settings, Source, each_of, page};
use tmo::chem::{OnBad, read_from};

/// What is read, and which files of the tests begin it, by ending.
pub const READERS: &[(&str, Reader, &[&str])] = &[
    ("cif", Reader::File(Format::Cif), &["cif"]),
    ("poscar", Reader::File(Format::Poscar), &["vasp"]),
    ("extxyz", Reader::File(Format::ExtXyz), &["xyz", "extxyz"]),
    ("json", Reader::File(Format::Json), &["json"]),
    (
        "json-lines",
        Reader::File(Format::JsonLines),
        &["json", "jsonl"],
    ),
    ("ase-db", Reader::File(Format::AseDb), &["db"]),
    ("zip", Reader::File(Format::Zip), &["zip"]),
    ("tar", Reader::File(Format::Tar), &["tar"]),
    ("packed", Reader::Any, &["gz"]),
    (
        "any",
        Reader::Any,
        &["cif", "vasp", "xyz", "json", "db", "zip", "tar", "gz"],
    ),
    ("records", Reader::Records, &["jsonl"]),
    ("labels", Reader::Labels, &["csv"]),
    ("page", Reader::Page, &["json"]),
    ("operator", Reader::Operator, &["cif"]),
    ("hall", Reader::Hall, &["cif"]),
];

#[derive(Clone, Copy)]
pub enum Reader {
    File(Format),
    Any,
    Records,
    Labels,
    Page,
    Operator,
    Hall,
}

/// Draws numbers from a seed (Steele, Lea and Flood's splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

/// What readers stumble over.
const WORDS: &[&str] = &[
    "nan",
    "inf",
    "-inf",
    "1e308",
    "1e-308",
    "-1",
    "0",
    "99999999999999999999",
    "1e999",
    "\0",
    "\u{feff}",
    "\"",
    "'",
    ";",
    "\n;\n",
    "\n",
    "\r",
    "{",
    "}",
    "[",
    "]",
    "null",
    "loop_\n",
    "data_x\n",
    "_cell_length_a 1e300\n",
    "1/0",
    "x+y+z",
    "-x,-y,-z",
    "_symmetry_equiv_pos_as_xyz\n",
    "'F d -3 m'",
    "Lattice=\"",
    "Properties=species:S:1",
    "\"lattice\":",
    "\"sites\":",
    "4294967295",
    "2147483648",
    "é",
    "\\u0000",
    ",",
    " ",
];

/// The input of a seed: one of the files, changed here and there.
pub fn input(seed: u64, seeds: &[Vec<u8>]) -> Vec<u8> {
    changed(seeds, &mut Chance(seed))
}

fn changed(seeds: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = seeds[chance.below(seeds.len())].clone();
    for _ in 0..=chance.below(6) {
        let at = chance.below(bytes.len() + 1);
        let some = 1 + chance.below(40);
        let end = (at + some).min(bytes.len());
        match chance.below(9) {
            0 => bytes.truncate(at),
            1 => {
                bytes.drain(at..end);
            }
            2 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            3 if at < bytes.len() => bytes[at] = chance.next() as u8,
            4 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
            5 | 6 => {
                let word = WORDS[chance.below(WORDS.len())];
                bytes.splice(
                    at..if chance.below(2) == 0 { at } else { end },
                    word.bytes(),
                );
            }
            7 => {
                // The end of another file.
                let other = &seeds[chance.below(seeds.len())];
                let from = chance.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            _ => {
                // A line taken twice or moved.
                let lines: Vec<Vec<u8>> = bytes
                    .split(|byte| *byte == b'\n')
                    .map(<[u8]>::to_vec)
                    .collect();
                let line = lines[chance.below(lines.len())].clone();
                bytes.splice(at..at, line);
            }
        }
    }
    bytes
}

/// Put an input through a reader; what it makes of it is of no interest.
pub fn read(reader: Reader, bytes: &[u8], seed: u64) {
    let settings = Settings {
        on_bad: OnBad::Skip,
        disorder: if seed.is_multiple_of(2) {
            Disorder::Refuse
        } else {
            Disorder::Majority
        },
        format: match reader {
            Reader::File(format) => Some(format),
            _ => None,
        },
        ..Settings::default()
    };
    match reader {
        Reader::File(_) | Reader::Any => {
            let _ = each_of("x", bytes, &settings, &mut |record| {
                // What is handed over can be said and measured.
                match record {
                    Ok(record) => assert!(record.structure.volume() > 0.0),
                    Err(fault) => assert!(!fault.to_string().is_empty()),
                }
                ControlFlow::Continue(())
            });
        }
        Reader::Records => {
            let _ = read_from("x.jsonl", bytes, OnBad::Skip);
        }
        Reader::Labels => {
            let _ = Labels::parse("x.csv", bytes);
        }
        Reader::Page => {
            let _ = page(&Source::new("x.json", bytes));
        }
        Reader::Operator => {
            for line in bytes.split(|byte| matches!(byte, b'\n' | b'\'')).take(50) {
                let _ = Operator::parse(line);
            }
        }
        Reader::Hall => {
            for line in bytes.split(|byte| matches!(byte, b'\n' | b'\'')).take(50) {
                let _ = hall::operators(&String::from_utf8_lossy(line));
            }
        }
    }
}

/// The files of the tests with those endings, below the folder of the project.
pub fn seeds(project: &Path, endings: &[&str]) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for folder in ["formats/good", "formats/bad", "good", "bad"] {
        let folder = project.join("tests/data").join(folder);
        let mut files: Vec<PathBuf> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        for file in files {
            let ending = file.extension().and_then(|ending| ending.to_str());
            if endings.iter().any(|wanted| ending == Some(wanted)) {
                seeds.push(fs::read(file).unwrap());
            }
        }
    }
    assert!(!seeds.is_empty(), "{endings:?}");
    // Small ones come first and often: they are what changes are felt in.
    seeds.sort_by_key(Vec::len);
    seeds.retain(|bytes| bytes.len() < 200_000);
    seeds
}
