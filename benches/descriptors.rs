//! Descriptors per second, ours on one thread and on two, and the peers' on the same
//! structures: density features, XRD vector, sine Coulomb spectrum, ACSF, SOAP.
//!
//! `cargo bench --bench descriptors [-- name …]`. `TMO_BENCH_STRUCTURES` names a JSON or
//! JSON.gz file, a list of {id, lattice, species, frac_coords}; without it the bundled
//! data set is taken. `TMO_BENCH_PYTHON` names a Python that has matminer, dscribe and
//! ase (default `python3`). Where a peer is not importable the noted figure stands in
//! its place and is marked so.

mod crystals;
mod rate;

use std::cell::RefCell;
use std::hint::black_box;
use std::io::Write;
use std::process::{Command, Stdio};

use rate::Rates;
use rayon::prelude::*;
use serde::Deserialize;
use tmo::chem::acsf::{AcsfSettings, Angular, acsf_in};
use tmo::chem::coulomb::{Convention, sine_coulomb_matrix};
use tmo::chem::density::density_features;
use tmo::chem::neighbours::Finder;
use tmo::chem::soap::{Average, Soap, SoapSettings};
use tmo::chem::species::SpeciesList;
use tmo::chem::structure::Structure;
use tmo::chem::xrd::{VectorSettings, powder_vector};

type Failure = Box<dyn std::error::Error>;

/// One descriptor: its name, the peer, structures per second of the peer as noted (one
/// thread, on 1,000 oxides of 20 sites on average, on the machine on which the reference
/// numbers of the project were made), and the peer's call in Python, where `s` is a
/// pymatgen structure and `a` an ase one.
struct Case {
    name: &'static str,
    peer: &'static str,
    noted: Option<f64>,
    python: &'static str,
    ours: fn(&Structure) -> Result<f64, Failure>,
}

const CASES: [Case; 6] = [
    Case {
        name: "density",
        peer: "matminer DensityFeatures",
        noted: Some(1611.0),
        python: "lambda s, a: density.featurize(s)",
        ours: |s| Ok(density_features(s)?.density),
    },
    Case {
        name: "xrd",
        peer: "matminer XRDPowderPattern",
        noted: Some(66.0),
        python: "lambda s, a: xrd.featurize(s)",
        ours: |s| first(&powder_vector(s, &VectorSettings::default())?),
    },
    Case {
        name: "sine-coulomb",
        peer: "dscribe SineMatrix, eigenspectrum",
        noted: Some(1309.0),
        python: "lambda s, a: sine.create(a)",
        ours: |s| {
            let matrix = sine_coulomb_matrix(s, Convention::Dscribe)?;
            first(&matrix.eigenspectrum()?)
        },
    },
    Case {
        name: "acsf",
        peer: "dscribe ACSF r 6, 4 G2, 4 G4",
        noted: Some(256.0),
        python: "lambda s, a: ACSF(r_cut=6.0, g2_params=g2, g4_params=g4, \
                 species=own(a), periodic=True).create(a)",
        ours: |s| {
            thread_local! {
                static FINDER: RefCell<Finder> = RefCell::new(Finder::new());
            }
            let (settings, species) = (acsf_settings(), SpeciesList::of(s));
            let rows = FINDER
                .with_borrow_mut(|finder| acsf_in(finder, s, &settings, &species))?;
            first(rows.values())
        },
    },
    Case {
        name: "soap",
        peer: "dscribe SOAP r 5 n 6 l 4, inner",
        noted: Some(1291.0),
        python: "lambda s, a: SOAP(r_cut=5.0, n_max=6, l_max=4, sigma=0.5, \
                 species=own(a), periodic=True, average='inner').create(a)",
        ours: |s| soap(s, 5.0, 6, 4, Average::Inner),
    },
    Case {
        name: "soap-sites",
        peer: "dscribe SOAP r 5 n 6 l 4, each site",
        noted: None,
        python: "lambda s, a: SOAP(r_cut=5.0, n_max=6, l_max=4, sigma=0.5, \
                 species=own(a), periodic=True).create(a)",
        ours: |s| soap(s, 5.0, 6, 4, Average::Off),
    },
];

/// The structures come in on standard input; `%` is a list of (name, call). Prints JSON: the processor
/// seconds per structure of each, or why it did not run.
const PEERS: &str = r#"
import os, json, gzip, sys, time, warnings
for name in ("OMP", "MKL", "OPENBLAS", "NUMBA"):
    os.environ[name + "_NUM_THREADS"] = "1"
warnings.filterwarnings("ignore")
from pymatgen.core import Structure, Lattice
records = json.load(sys.stdin)
crystals = [Structure(Lattice(r["lattice"]), r["species"], r["frac_coords"]) for r in records]
problem = {}
try:
    from matminer.featurizers.structure import XRDPowderPattern, DensityFeatures
    xrd, density = XRDPowderPattern(), DensityFeatures()
except Exception as error:
    problem["matminer"] = str(error)
atoms = [None] * len(crystals)
try:
    from pymatgen.io.ase import AseAtomsAdaptor
    from dscribe.descriptors import SineMatrix, SOAP, ACSF
    atoms = [AseAtomsAdaptor.get_atoms(s) for s in crystals]
    sine = SineMatrix(n_atoms_max=max(map(len, atoms)), permutation="eigenspectrum")
except Exception as error:
    problem["dscribe"] = str(error)
own = lambda a: sorted(set(a.get_chemical_symbols()))
g2 = [[0.05, 0.0], [0.5, 0.0], [1.0, 2.0], [4.0, 3.0]]
g4 = [[0.005, 1, 1], [0.005, 1, -1], [0.01, 2, 1], [0.01, 4, -1]]
result = []
for peer, call in [%]:
    package = peer.split()[0]
    if package in problem:
        result.append(problem[package])
        continue
    for s, a in list(zip(crystals, atoms))[:3]:
        call(s, a)
    begin, done = time.process_time(), 0
    for s, a in zip(crystals, atoms):
        call(s, a)
        done += 1
        if time.process_time() - begin > 10:
            break
    result.append((time.process_time() - begin) / done)
print(json.dumps(result))
"#;

fn main() -> Result<(), Failure> {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let is_wanted =
        |case: &&Case| wanted.is_empty() || wanted.iter().any(|name| name == case.name);
    let cases: Vec<&Case> = CASES.iter().filter(is_wanted).collect();
    let (origin, structures) = crystals::read()?;
    let sites: usize = structures.iter().map(Structure::sites).sum();
    println!(
        "descriptors, {} structures of {origin}, {:.1} sites on average",
        structures.len(),
        sites as f64 / structures.len() as f64
    );
    let peers = run_peers(&cases, &structures);
    if let Err(why) = &peers {
        println!("peers not run now: {why}; set TMO_BENCH_PYTHON");
    }
    println!(
        "{:<13} {:>20} {:>9}  gain, peer",
        "", "1 thread (processor)", "2 threads"
    );
    for (k, case) in cases.iter().enumerate() {
        let Rates { one, two, gain } = measure(&structures, case)?;
        let (peer, how) = match peers.as_ref().ok().and_then(|list| list.get(k)) {
            Some(Time::Seconds(seconds)) => (Some(1.0 / seconds), "run now".to_owned()),
            Some(Time::Problem(why)) => (case.noted, format!("noted; {why}")),
            None => (case.noted, "noted".to_owned()),
        };
        let peer = match peer {
            Some(peer) => {
                format!(
                    "{peer:.0}/s {} ({how}), ratio {:.1}",
                    case.peer,
                    one.processor / peer
                )
            }
            None => format!("no figure of {} ({how})", case.peer),
        };
        println!(
            "{:<13} {:>8.0} ({:>9.0}) {:>9.0}  {:.2}  {peer}",
            case.name, one.clock, one.processor, two.clock, gain,
        );
    }
    Ok(())
}

fn first(values: &[f64]) -> Result<f64, Failure> {
    values.first().copied().ok_or_else(|| "no values".into())
}

fn soap(
    structure: &Structure,
    r_cut: f64,
    n_max: usize,
    l_max: usize,
    average: Average,
) -> Result<f64, Failure> {
    thread_local! {
        static READY: RefCell<(Option<Soap>, Finder)> =
            RefCell::new((None, Finder::new()));
    }
    let settings = SoapSettings {
        r_cut,
        n_max,
        l_max,
        sigma: 0.5,
    };
    READY.with_borrow_mut(|(ready, finder)| {
        if ready
            .as_ref()
            .is_none_or(|soap| *soap.settings() != settings)
        {
            *ready = Some(Soap::new(settings)?);
        }
        let soap = ready.as_ref().ok_or("no basis")?;
        let rows =
            soap.spectra_in(finder, structure, &SpeciesList::of(structure), average)?;
        first(rows.values())
    })
}

fn acsf_settings() -> AcsfSettings {
    let angular = |eta, zeta, lambda| Angular { eta, zeta, lambda };
    AcsfSettings {
        r_cut: 6.0,
        g2: vec![[0.05, 0.0], [0.5, 0.0], [1.0, 2.0], [4.0, 3.0]],
        g3: vec![],
        g4: vec![
            angular(0.005, 1.0, 1.0),
            angular(0.005, 1.0, -1.0),
            angular(0.01, 2.0, 1.0),
            angular(0.01, 4.0, -1.0),
        ],
        g5: vec![],
    }
}

fn measure(structures: &[Structure], case: &Case) -> Result<Rates, Failure> {
    Rates::of(structures.len(), || {
        structures.par_iter().try_for_each(|structure| {
            let value = (case.ours)(black_box(structure));
            black_box(value)
                .map(drop)
                .map_err(|error| error.to_string())
        })
    })
}

/// Processor seconds per structure of a peer, or why it did not run.
#[derive(Deserialize)]
#[serde(untagged)]
enum Time {
    Seconds(f64),
    Problem(String),
}

fn run_peers(cases: &[&Case], structures: &[Structure]) -> Result<Vec<Time>, Failure> {
    let python = std::env::var("TMO_BENCH_PYTHON").unwrap_or("python3".to_owned());
    let calls: Vec<String> = cases
        .iter()
        .map(|case| format!("({:?}, {})", case.peer, case.python))
        .collect();
    let script = PEERS.replace('%', &calls.join(",\n    "));
    let as_json = |s: &Structure| {
        serde_json::json!({
            "lattice": s.lattice(), "species": s.species(), "frac_coords": s.frac()
        })
    };
    let records: Vec<_> = structures.iter().map(as_json).collect();
    let mut child = Command::new(&python)
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{python} does not start ({error})"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A script that fails early closes the pipe: its own message says why.
        let _ = stdin.write_all(&serde_json::to_vec(&records)?);
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.trim().lines().last().unwrap_or("no message");
        return Err(format!("{python}: {last}").into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
