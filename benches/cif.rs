//! CIF files read per second: ours on one thread and on two, and pymatgen's on the same
//! files.
//!
//! `cargo bench --bench cif`; `TMO_BENCH_CIF` names a `.tar.gz` of CIF files (without
//! it, the bundled data set is written as CIF in memory); `TMO_BENCH_PYTHON` names a
//! Python that has pymatgen (default `python3`). Where there is none, the noted figure
//! stands beside ours and is marked so.

mod rate;

use std::hint::black_box;
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::process::{Command, Stdio};

use flate2::read::GzDecoder;
use rate::Rates;
use rayon::prelude::*;
use tmo::chem::Fault;
use tmo::chem::bundled::bundled;
use tmo::chem::formats::{Settings, Source, cif};

/// Files per second of pymatgen 2026.10.24 on one core of the machine on which the
/// reference numbers of the project were made, over 1,000 oxides in P 1.
const NOTED_PEER: f64 = 532.4;

/// Reads a JSON list of texts from standard input; prints JSON: pymatgen's version and
/// files per second (processor time, at most 200 files).
const PEER: &str = r#"
import json, os, sys, time, warnings
for name in ("OMP", "MKL", "OPENBLAS"):
    os.environ[name + "_NUM_THREADS"] = "1"
warnings.filterwarnings("ignore")
from importlib.metadata import version
from pymatgen.core import Structure
texts = json.load(sys.stdin)
texts = texts[:: max(1, len(texts) // 200)][:200]
for text in texts[:5]:
    Structure.from_str(text, fmt="cif")
start = time.process_time()
for text in texts:
    Structure.from_str(text, fmt="cif")
print(json.dumps([version("pymatgen"), len(texts) / (time.process_time() - start)]))
"#;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let (origin, files) = match std::env::var_os("TMO_BENCH_CIF") {
        Some(path) => (path.to_string_lossy().into_owned(), from_archive(&path)?),
        None => ("flla-2015, written as CIF".to_owned(), from_bundled()?),
    };
    let bytes: usize = files.iter().map(String::len).sum();
    println!("cif: {} files of {origin}, {bytes} bytes", files.len());
    let Rates { one, two, gain } = measure(&files)?;
    println!(
        "  tmo, one thread     {:>10.0} files/s ({:.0} per second of processor time)",
        one.clock, one.processor
    );
    println!(
        "  tmo, two threads    {:>10.0} files/s, gain {:.2}",
        two.clock, gain
    );
    let python = std::env::var("TMO_BENCH_PYTHON").unwrap_or("python3".to_owned());
    let peer = match run_peer(&python, &files) {
        Ok((version, peer)) => {
            println!("  pymatgen {version:<10} {peer:>10.0} files/s (run now)");
            peer
        }
        Err(why) => {
            println!("  pymatgen 2026.10.24 {NOTED_PEER:>10.0} files/s (noted)");
            println!("  not run now: {why}; set TMO_BENCH_PYTHON");
            NOTED_PEER
        }
    };
    println!("  ratio               {:>10.0}", one.processor / peer);
    Ok(())
}

fn from_archive(path: &std::ffi::OsStr) -> Result<Vec<String>, Failure> {
    let mut archive = tar::Archive::new(GzDecoder::new(std::fs::File::open(path)?));
    let mut files = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        if entry.header().entry_type().is_file() {
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            files.push(text);
        }
    }
    Ok(files)
}

fn from_bundled() -> Result<Vec<String>, Failure> {
    let set = bundled("flla-2015")
        .ok_or("the bundled set is missing")?
        .read()?;
    let write = |row: &tmo::chem::Record| cif::write::p1(&row.id, &row.structure);
    Ok(set.rows.iter().map(write).collect())
}

fn measure(files: &[String]) -> Result<Rates, Failure> {
    let settings = Settings::default();
    // So often that the time in which threads wake does not count; a few files at a time,
    // for halves would not be equally long.
    const OFTEN: usize = 8;
    Rates::of(OFTEN * files.len(), || {
        (0..OFTEN)
            .into_par_iter()
            .flat_map(|_| files.par_chunks(8))
            .try_for_each(|few| read_all(few, &settings))
            .map_err(|error| error.to_string())
    })
}

fn read_all(files: &[String], settings: &Settings) -> Result<(), Fault> {
    for text in files {
        let source = Source::new("bench.cif", text.as_bytes());
        let mut bad = None;
        let _ = cif::read(black_box(&source), "bench", settings, &mut |next| {
            match next {
                Ok(record) => {
                    black_box(&record);
                }
                Err(fault) => bad = Some(fault),
            }
            ControlFlow::Continue(())
        });
        if let Some(fault) = bad {
            return Err(fault);
        }
    }
    Ok(())
}

/// Version and files per second of pymatgen, run by `python`.
fn run_peer(python: &str, files: &[String]) -> Result<(String, f64), Failure> {
    let mut child = Command::new(python)
        .args(["-c", PEER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{python} does not start ({error})"))?;
    let list = serde_json::to_vec(files)?;
    // A Python that cannot import stops before it has read all.
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(&list);
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.trim().lines().last().unwrap_or("no message");
        return Err(format!("{python}: {last}").into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
