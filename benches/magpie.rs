//! Magpie features per second: ours on one thread, and matminer's on the same
//! compositions, with the largest difference between the two.
//!
//! `cargo bench --bench magpie`; the environment variable `TMO_BENCH_PYTHON` names a
//! Python that has matminer (default `python3`). Where there is none, the noted figure
//! stands beside ours and is marked so.

use std::hint::black_box;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tmo::chem::bundled::bundled;
use tmo::chem::composition::Composition;
use tmo::chem::magpie::{FEATURES, Imputation, magpie_into};

/// Compositions per second of matminer 0.10.1 on one core of the machine on which the
/// reference numbers of the project were made, over 1,000 oxides.
const NOTED_PEER: f64 = 1224.0;

/// The compositions take the place of `@`. Prints JSON: matminer's version,
/// compositions per second (best of three passes, processor time), the features.
const PEER: &str = r#"
import os, json, time, warnings
for name in ("OMP", "MKL", "OPENBLAS"):
    os.environ[name + "_NUM_THREADS"] = "1"
warnings.filterwarnings("ignore")
from importlib.metadata import version
from pymatgen.core import Composition
from matminer.featurizers.composition import ElementProperty
compositions = [Composition(c).fractional_composition for c in @]
featurizer = ElementProperty.from_preset("magpie")
for c in compositions[:20]:
    featurizer.featurize(c)
best = float("inf")
for _ in range(3):
    start = time.process_time()
    rows = [featurizer.featurize(c) for c in compositions]
    best = min(best, time.process_time() - start)
rows = [[float(x) for x in row] for row in rows]
print(json.dumps([version("matminer"), len(compositions) / best, rows]))
"#;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let set = bundled("flla-2015")
        .ok_or("the bundled set is missing")?
        .read()?;
    let compositions: Vec<Composition> = set
        .rows
        .iter()
        .map(|row| row.structure.composition())
        .collect();
    println!(
        "magpie, {FEATURES} features, {} oxides of flla-2015",
        set.rows.len()
    );
    let ours = measure(&compositions)?;
    println!("  tmo, one thread     {ours:>10.0} compositions/s");
    let python = std::env::var("TMO_BENCH_PYTHON").unwrap_or("python3".to_owned());
    let peer = match run_peer(&python, &compositions) {
        Ok((version, peer, rows)) => {
            println!("  matminer {version:<10} {peer:>10.0} compositions/s (run now)");
            let difference = largest_difference(&compositions, &rows)?;
            println!("  largest relative difference of a value: {difference:.1e}");
            peer
        }
        Err(why) => {
            println!("  matminer 0.10.1     {NOTED_PEER:>10.0} compositions/s (noted)");
            println!("  not run now: {why}; set TMO_BENCH_PYTHON");
            NOTED_PEER
        }
    };
    println!("  ratio               {:>10.0}", ours / peer);
    Ok(())
}

/// Compositions per second: the best of five runs of at least 0.2 s.
fn measure(compositions: &[Composition]) -> Result<f64, Failure> {
    let mut row = [0.0; FEATURES];
    let mut best = 0.0_f64;
    for _ in 0..5 {
        let (start, mut done) = (Instant::now(), 0);
        while start.elapsed() < Duration::from_millis(200) {
            for composition in compositions {
                magpie_into(black_box(composition), Imputation::None, &mut row)?;
                black_box(&row);
            }
            done += compositions.len();
        }
        best = best.max(done as f64 / start.elapsed().as_secs_f64());
    }
    Ok(best)
}

/// Relative to the value, or to 1 where the value is smaller.
fn largest_difference(
    compositions: &[Composition],
    theirs: &[Vec<f64>],
) -> Result<f64, Failure> {
    if theirs.len() != compositions.len() {
        return Err("matminer gave another number of rows".into());
    }
    let mut largest = 0.0_f64;
    let mut ours = [0.0; FEATURES];
    for (composition, theirs) in compositions.iter().zip(theirs) {
        magpie_into(composition, Imputation::Mean, &mut ours)?;
        if theirs.len() != ours.len() {
            return Err("matminer gave another number of features".into());
        }
        for (x, y) in ours.iter().zip(theirs) {
            largest = largest.max((x - y).abs() / y.abs().max(1.0));
        }
    }
    Ok(largest)
}

/// Version, compositions per second and features of matminer, run by `python`.
fn run_peer(
    python: &str,
    compositions: &[Composition],
) -> Result<(String, f64, Vec<Vec<f64>>), Failure> {
    let as_json = |c: &Composition| {
        let pairs: Vec<_> = c.iter().map(|(e, x)| format!("\"{e}\": {x}")).collect();
        format!("{{{}}}", pairs.join(", "))
    };
    let list: Vec<_> = compositions.iter().map(as_json).collect();
    let script = PEER.replace('@', &format!("[{}]", list.join(", ")));
    let mut child = Command::new(python)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{python} does not start ({error})"))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(script.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.trim().lines().last().unwrap_or("no message");
        return Err(format!("{python}: {last}").into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
