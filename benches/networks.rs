//! The graph networks of the standard library: the time of a training step of ALIGNN at the
//! size at which PyTorch was measured, crystals per second in training and predicting over
//! real crystals, and what a layer written by a user costs beside the library's.
//!
//! `cargo bench --bench networks`. `TMO_BENCH_STRUCTURES` names the structures: a JSON
//! list of `{id, lattice, species, frac_coords}`, plain or gzipped; without it, those of
//! the bundled set. `TMO_BENCH_TORCH` names a script that prints
//! `torch alignn fwd/bwd/adam s: F B A` (default: none, and noted figures are shown);
//! `TMO_BENCH_PYTHON` the Python that runs it. Arguments choose parts: `step`, `real`,
//! `own`, and `where`: where the time of a step goes, by kind of work, and how fast it could
//! be at most if nothing took time but its matrix products at the machine's peak; and, by
//! name, the networks of `real` and `where`.

mod crystals;
mod peak;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use tmo::builtins::lower;
use tmo::chem::Structure;
use tmo::chem::graph::{
    AlignnGraph, CgcnnGraph, CrystalGraph, MegnetGraph, NearestImageGraph, Recipe,
    Workspace,
};
use tmo::draw::{Draws, Stream};
use tmo::nn::{
    Adam, BatchProgress, Begin, Crystal, Features, Go, Graph, Line, Observer, Rows,
    Settings, Spent, Threads, TrainingState, Weights, predict, profile, train,
};
use tmo::session::Session;
use tmo::types::Given;
use tmo::world::Memory;

type Failure = Box<dyn std::error::Error>;

/// Crystals per batch.
const BATCH: usize = 32;

/// A network on real crystals, and what the reference code reached with two threads of the
/// machine on which the reference numbers of the project were made.
struct Job {
    name: &'static str,
    call: &'static str,
    module: &'static str,
    input: &'static str,
    recipe: Recipe,
    noted: Option<f64>,
}

fn main() -> Result<(), Failure> {
    let parts: Vec<String> = std::env::args().skip(1).collect();
    let asked = |part: &str| {
        let named = ["step", "real", "own", "where"];
        let none = !parts.iter().any(|p| named.contains(&p.as_str()));
        none || parts.iter().any(|p| p == part)
    };
    if asked("step") {
        step()?;
    }
    if asked("real") {
        real()?;
    }
    if asked("own") {
        own()?;
    }
    if asked("where") {
        spent()?;
    }
    Ok(())
}

/// Where the time of a training step goes.
fn spent() -> Result<(), Failure> {
    let (_, structures) = crystals::read()?;
    let peak = peak::operations_per_second(2);
    for job in jobs() {
        let graph = library(job.module, job.call, job.input)?;
        let crystals = crystals(&structures, &job, BATCH)?;
        let steps = profiled(&graph, &crystals, 3)?;
        let operations: f64 = steps.iter().map(|step| step.operations).sum();
        let mut kinds: BTreeMap<String, (usize, f64, f64)> = BTreeMap::new();
        for step in steps {
            let (_, what) = step.step.split_once(" = ").unwrap_or(("", &step.step));
            // A function of a product is done within it.
            let product = what.find("dense ").and_then(|at| what.get(at..));
            let what = product.unwrap_or(what);
            let name = what.split(['(', ' ']).next().unwrap_or(what);
            let place = what.rsplit(' ').find(|word| {
                ["atoms", "bonds", "angles", "rows", "once"]
                    .contains(&word.trim_end_matches(':'))
            });
            let size = match name {
                "dense" => what.split(['(', ' ']).nth(1).unwrap_or_default(),
                _ => "",
            };
            let place = place.unwrap_or_default().trim_end_matches(':');
            let kind = kinds
                .entry(format!("{name} {size} over {place}"))
                .or_default();
            *kind = (kind.0 + 1, kind.1 + step.forward, kind.2 + step.backward);
        }
        let (bonds, angles): (usize, usize) = crystals.iter().fold((0, 0), |sum, c| {
            let angles = c.line.as_ref().map_or(0, |line| line.0.len());
            (sum.0 + c.src.len(), sum.1 + angles)
        });
        println!("{}: {bonds} bonds, {angles} angles; ms per step", job.name);
        println!(
            "  {:<34}{:>6}{:>10}{:>10}",
            "", "steps", "forward", "backward"
        );
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort_by(|(_, a), (_, b)| (b.1 + b.2).total_cmp(&(a.1 + a.2)));
        for (kind, (count, forward, backward)) in kinds.iter().take(14) {
            let (forward, backward) = (1e3 * forward, 1e3 * backward);
            println!("  {kind:<34}{count:>6}{forward:>10.1}{backward:>10.1}");
        }
        println!(
            "  products: {:.1} GFLOP, at {:.0} GFLOP/s {:.1} ms: {:.0} crystals/s at most",
            operations / 1e9,
            peak / 1e9,
            1e3 * operations / peak,
            BATCH as f64 * peak / operations,
        );
    }
    Ok(())
}

/// What each step of a batch takes.
fn profiled(
    graph: &Graph,
    crystals: &[Owned],
    passes: usize,
) -> Result<Vec<Spent>, Failure> {
    let views: Vec<Crystal> = crystals.iter().map(Owned::crystal).collect();
    let targets = vec![0.5; views.len()];
    let ids: Vec<u64> = (0..views.len() as u64).collect();
    let rows = Rows {
        features: Features::Crystals(&views),
        targets: &targets,
        ids: &ids,
    };
    let weights = Weights::start(graph, &Draws::new(1, 1));
    Ok(profile(
        graph,
        &weights,
        rows,
        passes,
        &Threads::new(Some(2))?,
    )?)
}

/// The training step at PyTorch's size: 32 crystals of 20 atoms, 12 bonds each, 12 angles
/// each.
fn step() -> Result<(), Failure> {
    let graph = library("alignn", "alignn()", "g: Crystal[n, e, t]")?;
    let crystals: Vec<Owned> = (0..BATCH as u64).map(Owned::random).collect();
    // Before and after the other, for a machine that is faster for a while.
    let before = best(&steps(&graph, &crystals, 4, 2)?);
    let theirs = torch();
    let ours = before.min(best(&steps(&graph, &crystals, 4, 2)?));
    println!("ALIGNN 4+4, 32 crystals, 7,680 bonds, 92,160 angles, 2 threads:");
    println!("  tmo, a step of training            {ours:>7.3} s");
    println!(
        "  most memory                        {:>7.2} GB",
        most_memory()
    );
    match theirs {
        Ok(theirs) => println!(
            "  PyTorch, run now                   {theirs:>7.3} s   ratio {:.2}",
            theirs / ours
        ),
        Err(why) => println!(
            "  PyTorch 2.15, noted                  3.900 s   ratio {:.2} ({why})",
            3.9 / ours
        ),
    }
    let profiled = profiled(&graph, &crystals, 0)?;
    let operations: f64 = profiled.iter().map(|step| step.operations).sum();
    let peak = peak::operations_per_second(2);
    println!(
        "  its products at the machine's peak {:>7.3} s   ({:.0} GFLOP, {:.0} GFLOP/s)",
        operations / peak,
        operations / 1e9,
        peak / 1e9,
    );
    Ok(())
}

/// Seconds of PyTorch's step: the best of those its script prints.
fn torch() -> Result<f64, Failure> {
    let script = std::env::var("TMO_BENCH_TORCH")
        .map_err(|_| "TMO_BENCH_TORCH names no script".to_owned())?;
    let python = std::env::var("TMO_BENCH_PYTHON").unwrap_or("python3".to_owned());
    let output = Command::new(python).arg(script).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter(|l| l.starts_with("torch alignn"));
    let sums = lines.filter_map(|line| {
        let (_, numbers) = line.split_once(':')?;
        let numbers = numbers.split_whitespace().map(str::parse::<f64>);
        numbers.sum::<Result<f64, _>>().ok()
    });
    let best = sums.fold(f64::INFINITY, f64::min);
    match best.is_finite() {
        true => Ok(best),
        false => Err("its script printed no time".into()),
    }
}

/// Crystals per second over real ones.
fn real() -> Result<(), Failure> {
    let (_, structures) = crystals::read()?;
    println!("crystals/s, batches of {BATCH}, 2 threads   training  ratio   predicting");
    for job in jobs() {
        let graph = library(job.module, job.call, job.input)?;
        let count = if job.name == "ALIGNN" { 96 } else { 320 };
        let crystals = crystals(&structures, &job, count)?;
        let per_epoch = crystals.len().div_ceil(BATCH);
        let times = steps(&graph, &crystals, 3 * per_epoch, 2)?;
        let epoch = times.chunks(per_epoch).map(|t| t.iter().sum::<f64>());
        let epoch = epoch.fold(f64::INFINITY, f64::min);
        let trained = crystals.len() as f64 / epoch;
        let predicted = predicting(&graph, &crystals)?;
        let ratio = job
            .noted
            .map_or(String::new(), |noted| format!("{:.1}", trained / noted));
        println!(
            "  {:<34}{trained:>10.1}{ratio:>7}{predicted:>13.1}",
            job.name
        );
    }
    Ok(())
}

/// The first crystals as a network takes them.
fn crystals(
    structures: &[Structure],
    job: &Job,
    count: usize,
) -> Result<Vec<Owned>, Failure> {
    let mut workspace = Workspace::new();
    let made = structures.iter().take(count).map(|structure| {
        let made = job.recipe.make(structure, &mut workspace);
        Ok(Owned::of(&made.map_err(|error| error.to_string())?))
    });
    made.collect()
}

/// The networks: those that an argument names, or all.
fn jobs() -> Vec<Job> {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let all = known_jobs();
    let named = |job: &Job| asked.iter().any(|name| name == job.name);
    match all.iter().any(named) {
        true => all.into_iter().filter(named).collect(),
        false => all.into(),
    }
}

fn known_jobs() -> [Job; 4] {
    [
        Job {
            name: "ALIGNN",
            module: "alignn",
            call: "alignn()",
            input: "g: Crystal[n, e, t]",
            recipe: Recipe::Alignn(AlignnGraph::default()),
            noted: Some(9.35),
        },
        Job {
            name: "MEGNet",
            module: "megnet",
            call: "megnet()",
            input: "g: Crystal[n, e]",
            recipe: Recipe::Megnet(MegnetGraph::default()),
            noted: Some(239.0),
        },
        Job {
            name: "DeeperGATGNN",
            module: "gatgnn",
            call: "deeper_gatgnn()",
            input: "g: Crystal[n, e]",
            recipe: Recipe::NearestImage(NearestImageGraph::default()),
            noted: Some(69.0),
        },
        Job {
            name: "CGCNN",
            module: "cgcnn",
            call: "cgcnn()",
            input: "g: Crystal[n, e]",
            recipe: Recipe::Cgcnn(CgcnnGraph::default()),
            noted: None,
        },
    ]
}

/// Crystals predicted per second: the best of three passes.
fn predicting(graph: &Graph, crystals: &[Owned]) -> Result<f64, Failure> {
    let views: Vec<Crystal> = crystals.iter().map(Owned::crystal).collect();
    let weights = Weights::start(graph, &Draws::new(1, 1));
    let threads = Threads::new(Some(2))?;
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let start = Instant::now();
        predict(graph, &weights, Features::Crystals(&views), &threads)?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(crystals.len() as f64 / best)
}

/// Scripts with two models each: `theirs` with a layer of the library, `own` with the same
/// layer as a user may write it.
const OWN: [(&str, &str); 3] = [
    ("edge-gated convolution", include_str!("own/edge_gated.tmo")),
    ("MEGNet update", include_str!("own/megnet_update.tmo")),
    ("graph attention", include_str!("own/attention.tmo")),
];

/// What users' own layers cost beside the library's: the best of steps that take turns.
fn own() -> Result<(), Failure> {
    println!("seconds per step, 2 threads        library      own    ratio");
    let crystals: Vec<Owned> = (0..BATCH as u64).map(Owned::random).collect();
    for (name, script) in OWN {
        let graphs = [shown(script, "theirs")?, shown(script, "own")?];
        let mut least = [f64::INFINITY; 2];
        for _ in 0..3 {
            for (graph, least) in graphs.iter().zip(&mut least) {
                *least = least.min(best(&steps(graph, &crystals, 4, 2)?));
            }
        }
        let [theirs, mine] = least;
        println!(
            "  {name:<30}{theirs:>10.3}{mine:>9.3}{:>9.2}",
            mine / theirs
        );
    }
    Ok(())
}

fn best(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

/// Seconds of each of so many training steps, after one that is not counted.
fn steps(
    graph: &Graph,
    crystals: &[Owned],
    count: usize,
    threads: usize,
) -> Result<Vec<f64>, Failure> {
    let views: Vec<Crystal> = crystals.iter().map(Owned::crystal).collect();
    let mut stream = Stream::new(7);
    let targets: Vec<f32> = views.iter().map(|_| stream.uniform(-1.0, 1.0)).collect();
    let ids: Vec<u64> = (0..views.len() as u64).collect();
    let rows = Rows {
        features: Features::Crystals(&views),
        targets: &targets,
        ids: &ids,
    };
    let draws = Draws::new(1, 1);
    let per_epoch = views.len().div_ceil(BATCH);
    let epochs = (count + 1).div_ceil(per_epoch) + 1;
    let settings = Settings::new(BATCH, epochs, Adam::torch(1e-4), draws);
    let mut watch = Watch {
        last: None,
        times: Vec::new(),
        count,
    };
    let begin = Begin::Weights(Weights::start(graph, &draws));
    let threads = Threads::new(Some(threads))?;
    train(graph, begin, rows, None, &settings, &threads, &mut watch)?;
    Ok(watch.times)
}

/// Times steps, and stops when there are enough.
struct Watch {
    last: Option<Instant>,
    times: Vec<f64>,
    count: usize,
}

impl Observer for Watch {
    fn batch(&mut self, _: &BatchProgress, _: &TrainingState<'_>) -> Go {
        let now = Instant::now();
        if let Some(last) = self.last.replace(now) {
            let passed: Duration = now - last;
            self.times.push(passed.as_secs_f64());
        }
        if self.times.len() < self.count {
            Go::On
        } else {
            Go::Stop
        }
    }
}

/// The most memory the program has had, GB.
fn most_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes =
        line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.map_or(f64::NAN, |kb| kb / 1e6)
}

/// A network of the standard library.
fn library(module: &str, call: &str, input: &str) -> Result<Graph, Failure> {
    let name = call.split('(').next().unwrap_or_default();
    let script = format!(
        "tmo 1\n\nuse std.models.{module}.{{{name}}}\n\n\
         model timed()({input}) -> [rows, 1] =\n  g |> {call}\n"
    );
    shown(&script, "timed")
}

/// A network of a script.
fn shown(script: &str, name: &str) -> Result<Graph, Failure> {
    let world = Memory::default();
    let mut session = Session::new(&world);
    let checked = session.check("bench.tmo", script);
    if let Some(problem) = checked.problems.first() {
        return Err(format!("{problem:?}").into());
    }
    let given = Given {
        length: 1,
        radius: 5.0,
    };
    let shown = session.show(&checked.program, name, given);
    let shown = shown.ok_or("the network cannot be shown")?;
    let network = shown.network.ok_or("a model is shown as a network")?;
    Ok(lower(&network).map_err(|problem| format!("{problem:?}"))?)
}

/// One crystal.
struct Owned {
    species: Vec<u8>,
    src: Vec<u32>,
    dst: Vec<u32>,
    distance: Vec<f32>,
    line: Option<(Vec<u32>, Vec<u32>, Vec<f32>)>,
}

impl Owned {
    /// 20 atoms, 12 bonds to each, 12 angles to each bond.
    fn random(seed: u64) -> Owned {
        let mut stream = Stream::new(seed);
        let mut ends = |places: u32| -> (Vec<u32>, Vec<u32>) {
            let dst: Vec<u32> = (0..places * 12).map(|k| k / 12).collect();
            let src = dst.iter().map(|_| stream.below(u64::from(places)) as u32);
            (src.collect(), dst)
        };
        let ((src, dst), (from, to)) = (ends(20), ends(240));
        let mut stream = Stream::new(seed + 1000);
        let mut numbers = |n: usize, low: f32, high: f32| -> Vec<f32> {
            (0..n).map(|_| stream.uniform(low, high)).collect()
        };
        let species = numbers(20, 1.0, 80.0).iter().map(|z| *z as u8).collect();
        let distance = numbers(src.len(), 1.5, 6.0);
        let cosine = numbers(from.len(), -1.0, 1.0);
        Owned {
            species,
            src,
            dst,
            distance,
            line: Some((from, to, cosine)),
        }
    }

    fn of(graph: &CrystalGraph) -> Owned {
        let line = graph.line.as_ref();
        Owned {
            species: graph.species.iter().map(|element| element.z()).collect(),
            src: graph.src.to_vec(),
            dst: graph.dst.to_vec(),
            distance: graph.distance.to_vec(),
            line: line.map(|l| (l.src.to_vec(), l.dst.to_vec(), l.cosine.to_vec())),
        }
    }

    fn crystal(&self) -> Crystal<'_> {
        Crystal {
            species: Cow::Borrowed(&self.species),
            src: &self.src,
            dst: &self.dst,
            distance: &self.distance,
            line: self
                .line
                .as_ref()
                .map(|(src, dst, cosine)| Line { src, dst, cosine }),
        }
    }
}
