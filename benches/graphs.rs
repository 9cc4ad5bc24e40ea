//! Neighbour lists and graphs per second: ours on one thread and on two, and the
//! reference codes' on the same structures.
//!
//! `cargo bench --bench graphs`. `TMO_BENCH_STRUCTURES` names the structures: a JSON
//! list of `{id, lattice, species, frac_coords}`, plain or gzipped; without it, those of
//! the bundled set. `TMO_BENCH_PYTHON` names a Python with pymatgen and ase (default
//! `python3`). A reference that does not run there is given by the noted figure, and
//! marked so.

mod crystals;
mod rate;

use std::hint::black_box;
use std::io::Write;
use std::process::{Command, Stdio};

use rate::Rates;
use rayon::prelude::*;
use serde::Serialize;
use tmo::chem::Structure;
use tmo::chem::element::Element;
use tmo::chem::graph::{
    AlignnGraph, CgcnnGraph, MegnetGraph, NearestImageGraph, Recipe, Workspace,
};
use tmo::chem::neighbours::{Neighbours, Search};

type Failure = Box<dyn std::error::Error>;

/// A job, the reference code, and its structures per second on one core over 1,000
/// oxides of 20 atoms on the machine on which the reference numbers of the project were
/// made; none where it was not measured.
struct Job {
    name: &'static str,
    kind: Kind,
    peer: &'static str,
    noted: Option<f64>,
}

#[derive(Clone, Copy)]
enum Kind {
    List(f64),
    Graph(Recipe),
}

/// Prints JSON: structures per second of each reference that can be imported, processor
/// time, best of three passes. Structures come by standard input.
const PEERS: &str = r#"
import os, sys, json, time, warnings
for name in ("OMP", "MKL", "OPENBLAS"):
    os.environ[name + "_NUM_THREADS"] = "1"
warnings.filterwarnings("ignore")
records = json.load(sys.stdin)
def rate(run, items):
    best = float("inf")
    for item in items[:3]:
        run(item)
    for _ in range(3):
        start, done = time.process_time(), 0
        for item in items:
            run(item)
            done += 1
            if time.process_time() - start > 4:
                break
        best = min(best, (time.process_time() - start) / done)
    return 1 / best
out = {}
try:
    from pymatgen.core import Lattice, Structure
    crystals = [Structure(Lattice(r["lattice"]), r["species"], r["frac_coords"]) for r in records]
    for cutoff in (5, 8):
        out[f"pymatgen {cutoff}"] = rate(lambda s: s.get_neighbor_list(float(cutoff)), crystals)
except ImportError:
    pass
try:
    from ase import Atoms
    atoms = [Atoms(r["species"], cell=r["lattice"], scaled_positions=r["frac_coords"], pbc=True) for r in records]
    out["ase mic"] = rate(lambda a: a.get_all_distances(mic=True), atoms)
except ImportError:
    pass
try:
    from jarvis.core.atoms import Atoms as J
    from jarvis.core.graphs import nearest_neighbor_edges, build_undirected_edgedata
    crystals = [J(lattice_mat=r["lattice"], coords=r["frac_coords"], elements=r["species"]) for r in records]
    def edges(a):
        build_undirected_edgedata(a, nearest_neighbor_edges(atoms=a, cutoff=8, max_neighbors=12))
    out["jarvis edges"] = rate(edges, crystals)
except ImportError:
    pass
print(json.dumps(out))
"#;

#[derive(Serialize)]
struct Record {
    lattice: [[f64; 3]; 3],
    species: Vec<Element>,
    frac_coords: Vec<[f64; 3]>,
}

fn main() -> Result<(), Failure> {
    let (_, structures) = crystals::read()?;
    let sites: usize = structures.iter().map(Structure::sites).sum();
    let mean = sites as f64 / structures.len() as f64;
    println!(
        "{} structures of {mean:.1} atoms on average",
        structures.len()
    );
    println!(
        "structures/s                one thread  two threads  gain                 reference"
    );
    println!("(by the clock; in brackets per second of processor time)");
    let peers = run_peers(&structures);
    if let Err(why) = &peers {
        println!("references not run now: {why}; set TMO_BENCH_PYTHON");
    }
    let ran = peers.unwrap_or_default();
    for job in jobs() {
        let Rates { one, two, gain } = measure(&structures, job.kind)?;
        let run = ran.get(job.peer).and_then(serde_json::Value::as_f64);
        let peer = match (run, job.noted) {
            (Some(peer), _) => Some((peer, "run now")),
            (None, Some(noted)) => Some((noted, "noted")),
            (None, None) => None,
        };
        let said = match peer {
            Some((peer, how)) => {
                let ratio = one.processor / peer;
                format!("{peer:.0} ({}, {how}), ratio {ratio:.0}", job.peer)
            }
            None => "none".to_owned(),
        };
        println!(
            "{:26}{:>12.0} ({:.0}) {:>13.0}  {:.2}   {said}",
            job.name, one.clock, one.processor, two.clock, gain
        );
    }
    Ok(())
}

fn jobs() -> Vec<Job> {
    let job = |name, kind, peer, noted| Job {
        name,
        kind,
        peer,
        noted,
    };
    let graph = |recipe| Kind::Graph(recipe);
    let edges_only = AlignnGraph {
        line: false,
        ..AlignnGraph::default()
    };
    let alignn = Recipe::Alignn(AlignnGraph::default());
    let megnet = Recipe::Megnet(MegnetGraph::default());
    let gat = Recipe::NearestImage(NearestImageGraph::default());
    let cgcnn = Recipe::Cgcnn(CgcnnGraph::default());
    vec![
        job(
            "neighbours 5 Å",
            Kind::List(5.0),
            "pymatgen 5",
            Some(8788.6),
        ),
        job(
            "neighbours 8 Å",
            Kind::List(8.0),
            "pymatgen 8",
            Some(4226.5),
        ),
        job(
            "neighbours 12 Å",
            Kind::List(12.0),
            "pymatgen 12",
            Some(1527.0),
        ),
        job(
            "ALIGNN edges",
            graph(Recipe::Alignn(edges_only)),
            "jarvis edges",
            None,
        ),
        job(
            "ALIGNN with line graph",
            graph(alignn),
            "alignn 2026.8.11 on torch",
            Some(653.5),
        ),
        job(
            "MEGNet 5 Å",
            graph(megnet),
            "megnet 1.3.2 CrystalGraph",
            Some(10512.2),
        ),
        job(
            "DeeperGATGNN",
            graph(gat),
            "its process.py on ase",
            Some(1080.5),
        ),
        job(
            "CGCNN",
            graph(cgcnn),
            "pymatgen get_all_neighbors",
            Some(55.5),
        ),
    ]
}

fn measure(structures: &[Structure], kind: Kind) -> Result<Rates, Failure> {
    Rates::of(structures.len(), || match kind {
        Kind::List(cutoff) => all_lists(structures, cutoff),
        Kind::Graph(recipe) => all_graphs(structures, &recipe),
    })
}

fn all_lists(structures: &[Structure], cutoff: f64) -> Result<(), String> {
    let fresh = || (Search::new(), Neighbours::default());
    structures
        .par_chunks(16)
        .try_for_each_init(fresh, |memory, block| {
            let (search, list) = memory;
            for structure in block {
                let found = search.run(black_box(structure), cutoff, list);
                found.map_err(|error| error.to_string())?;
                black_box(&list);
            }
            Ok(())
        })
}

fn all_graphs(structures: &[Structure], recipe: &Recipe) -> Result<(), String> {
    structures
        .par_chunks(16)
        .try_for_each_init(Workspace::new, |workspace, block| {
            for structure in block {
                let made = recipe.make(black_box(structure), workspace);
                black_box(&made.map_err(|error| error.to_string())?);
            }
            Ok(())
        })
}

/// Structures per second by reference.
fn run_peers(
    structures: &[Structure],
) -> Result<serde_json::Map<String, serde_json::Value>, Failure> {
    let python = std::env::var("TMO_BENCH_PYTHON").unwrap_or("python3".to_owned());
    let records: Vec<Record> = structures
        .iter()
        .map(|structure| Record {
            lattice: *structure.lattice(),
            species: structure.species().to_vec(),
            frac_coords: structure.frac().to_vec(),
        })
        .collect();
    let mut child = Command::new(&python)
        .args(["-c", PEERS])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{python} does not start ({error})"))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(&serde_json::to_vec(&records)?)?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.trim().lines().last().unwrap_or("no message");
        return Err(format!("{python}: {last}").into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
