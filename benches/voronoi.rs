//! Voronoi cells, orbital field matrices, porosity and symmetry of structures per
//! second: ours on one thread and on two, and the peers' on the same structures.
//!
//! `cargo bench --bench voronoi`; `TMO_BENCH_STRUCTURES` names a file of structures, JSON
//! or gzipped: a list of {id, lattice, species, frac_coords} (default: the bundled data
//! set); `TMO_BENCH_PYTHON` names a Python that has matminer and pymatgen (default
//! `python3`). Where there is none, the noted figures stand beside ours, marked so.

mod crystals;
mod rate;

use std::hint::black_box;
use std::io::Write;
use std::process::{Command, Stdio};

use rate::Rates;
use rayon::prelude::*;
use serde_json::json;
use tmo::chem::ofm::{FEATURES, ofm_into};
use tmo::chem::porosity::porosity;
use tmo::chem::structure::Structure;
use tmo::chem::symmetry::{SymmetrySettings, symmetry};
use tmo::chem::voronoi::voronoi;

type Failure = Box<dyn std::error::Error>;

/// A thing that is measured: its name, the peer's, and the peer's structures per second
/// on one core of the machine on which the project's reference numbers were made, over
/// the 1,000 oxides of its bench set.
struct Kind {
    name: &'static str,
    run: fn(&Structure) -> bool,
    peer: Option<(&'static str, &'static str, f64)>,
}

/// Radii of O and of all others, Å: about those of atoms in oxides.
fn radii(structure: &Structure) -> Vec<f64> {
    let of = |z: u8| if z == 8 { 0.6 } else { 1.35 };
    structure.species().iter().map(|e| of(e.z())).collect()
}

const KINDS: [Kind; 4] = [
    Kind {
        name: "Voronoi cells",
        run: |structure| black_box(voronoi(structure)).is_ok(),
        peer: Some(("VoronoiNN", "voronoi", 3.9)),
    },
    Kind {
        name: "orbital field matrix",
        run: |structure| {
            let mut matrix = [0.0; FEATURES];
            let settings = SymmetrySettings::default();
            let done = ofm_into(structure, &settings, &mut matrix).is_ok();
            black_box(&matrix);
            done
        },
        peer: Some(("OrbitalFieldMatrix", "ofm", 1.7)),
    },
    Kind {
        name: "symmetry",
        run: |structure| {
            black_box(symmetry(structure, &SymmetrySettings::default())).is_ok()
        },
        peer: Some(("SpacegroupAnalyzer", "symmetry", 983.8)),
    },
    Kind {
        name: "porosity",
        run: |structure| black_box(porosity(structure, &radii(structure))).is_ok(),
        peer: None,
    },
];

/// Reads {"kind", "structures"} from standard input; prints the peer's structures per
/// second of processor time (as many as fit in 10 s, at least 3) and how many they were.
const PEER: &str = r#"
import os
for name in ("OMP", "MKL", "OPENBLAS"):
    os.environ[name + "_NUM_THREADS"] = "1"
import json, sys, time, warnings
warnings.filterwarnings("ignore")
from pymatgen.core import Lattice, Structure
given = json.load(sys.stdin)
kind = given["kind"]
if kind == "ofm":
    from matminer.featurizers.structure import OrbitalFieldMatrix
    run = OrbitalFieldMatrix(period_tag=False).featurize
elif kind == "voronoi":
    from pymatgen.analysis.local_env import VoronoiNN
    run = VoronoiNN().get_all_nn_info
else:
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer
    run = lambda s: SpacegroupAnalyzer(s, symprec=0.01).get_space_group_number()
structures = [Structure(Lattice(l), s, f) for l, s, f in given["structures"]]
run(structures[0].copy())
start, done = time.process_time(), 0
for s in structures:
    run(s.copy())
    done += 1
    if done >= 3 and time.process_time() - start > 10:
        break
print(json.dumps([done / (time.process_time() - start), done]))
"#;

fn main() -> Result<(), Failure> {
    let (_, structures) = crystals::read()?;
    let sites: usize = structures.iter().map(Structure::sites).sum();
    println!(
        "{} structures, {:.1} sites on average",
        structures.len(),
        sites as f64 / structures.len() as f64
    );
    let python = std::env::var("TMO_BENCH_PYTHON").unwrap_or("python3".to_owned());
    for kind in &KINDS {
        let failed = structures.iter().filter(|s| !(kind.run)(s)).count();
        let Rates { one, two, gain } = Rates::of(structures.len(), || {
            structures.par_iter().with_max_len(8).for_each(|structure| {
                black_box((kind.run)(black_box(structure)));
            });
            Ok(())
        })?;
        let rate = one.clock;
        println!("{}", kind.name);
        println!("  tmo, one thread   {rate:>10.0} /s   ({failed} structures refused)");
        println!(
            "  tmo, two threads  {:>10.0} /s   gain {gain:.2}",
            two.clock
        );
        let Some((peer, call, noted)) = kind.peer else {
            continue;
        };
        let theirs = match run_peer(&python, call, &structures) {
            Ok((theirs, count)) => {
                println!("  {peer:<17} {theirs:>10.1} /s   (run now on {count})");
                theirs
            }
            Err(why) => {
                println!("  {peer:<17} {noted:>10.1} /s   (noted; not run now: {why})");
                noted
            }
        };
        println!("  ratio             {:>10.0}", rate / theirs);
    }
    Ok(())
}

/// The peer's structures per second, run by `python`, and how many it did.
fn run_peer(
    python: &str,
    call: &str,
    structures: &[Structure],
) -> Result<(f64, usize), Failure> {
    // A stride through the set: the peers do a few only.
    let chosen = structures
        .iter()
        .step_by(7)
        .map(|s| json!([s.lattice(), s.species(), s.frac()]));
    let given = json!({"kind": call, "structures": chosen.collect::<Vec<_>>()});
    let mut child = Command::new(python)
        .arg("-c")
        .arg(PEER)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{python} does not start ({error})"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A child that ends before it has read everything says why on its stderr.
        let _ = stdin.write_all(given.to_string().as_bytes());
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.trim().lines().last().unwrap_or("no message");
        return Err(format!("{python}: {last}").into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
