//! Files of every quality put through every reader: good and bad files of the tests,
//! changed at random. No input may end in a panic or take longer than five seconds.
//!
//! `TMO_FUZZ_RUNS` says how many inputs each reader gets (a few hundred without it),
//! `TMO_FUZZ_ONLY` names one reader, `TMO_FUZZ_SEED` the first seed. Every input follows
//! from its seed; the peak of the program's memory is told at the end.

use std::fs;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use tmo::chem::formats::cif::{hall, operator::Operator};
use tmo::chem::formats::{Disorder, Format, Labels, Settings, Source, each_of, page};
use tmo::chem::{OnBad, read_from};

use crate::project::files_in;

/// Longer than this is a hang.
const SLOW: Duration = Duration::from_secs(5);

/// What is read, and which files of the tests begin it, by ending.
const READERS: &[(&str, Reader, &[&str])] = &[
    ("cif", Reader::File(Format::Cif), &["cif"]),
    ("poscar", Reader::File(Format::Poscar), &["vasp"]),
    ("extxyz", Reader::File(Format::ExtXyz), &["xyz", "extxyz"]),
    ("json", Reader::File(Format::Json), &["json"]),
    (
        "json lines",
        Reader::File(Format::JsonLines),
        &["json", "jsonl"],
    ),
    ("ase db", Reader::File(Format::AseDb), &["db"]),
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
enum Reader {
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

fn read(reader: Reader, bytes: &[u8], seed: u64) {
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

/// The files of the tests with those endings.
fn seeds(endings: &[&str]) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for folder in ["formats/good", "formats/bad", "good", "bad"] {
        for ending in endings {
            for file in files_in(&format!("tests/data/{folder}"), ending) {
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

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn changed_files_are_read_or_refused() {
    let runs = number("TMO_FUZZ_RUNS");
    let only = std::env::var("TMO_FUZZ_ONLY").ok();
    let first = number("TMO_FUZZ_SEED").unwrap_or(0);
    let mut failed = Vec::new();
    for (name, reader, endings) in READERS {
        if only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        let seeds = seeds(endings);
        let began = Instant::now();
        let mut slowest = (Duration::ZERO, 0);
        for seed in first..first + runs.unwrap_or(300) {
            let mut chance = Chance(seed);
            let bytes = changed(&seeds, &mut chance);
            let start = Instant::now();
            let fine = catch_unwind(AssertUnwindSafe(|| read(*reader, &bytes, seed)));
            let time = start.elapsed();
            slowest = slowest.max((time, seed));
            if fine.is_err() || time > SLOW {
                failed.push(format!("{name}, seed {seed}, {time:?}"));
                let kept = Path::new(env!("CARGO_TARGET_TMPDIR"));
                fs::write(kept.join(format!("{name}-{seed}")), &bytes).unwrap();
            }
        }
        if runs.is_some() {
            let (time, seed) = slowest;
            eprintln!(
                "{name}: {} inputs from seed {first} in {:.0} s, {} failures, slowest \
                 {:.0} ms (seed {seed}), peak {} MB",
                runs.unwrap_or_default(),
                began.elapsed().as_secs_f64(),
                failed.len(),
                time.as_secs_f64() * 1e3,
                peak_megabytes(),
            );
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The most memory the program has had, where the system tells.
fn peak_megabytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kilobytes.unwrap_or(0) / 1024
}
