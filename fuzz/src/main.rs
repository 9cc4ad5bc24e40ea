//! Inputs of every quality put through what reads: scripts through `check` and `fmt`,
//! data files through each reader.
//!
//! Comes in: `check`, `fmt`, the name of a reader or `readers` for all of them; how many
//! inputs; the first seed. Goes out: a count, and the inputs that ended in a panic, took
//! longer than [`SLOW`] or more memory than [`LARGEST`], saved in `fuzz/corpus/`. Every
//! input follows from its seed; what the corpus holds is tried first.

#[path = "../../tests/suite/reader_inputs.rs"]
mod inputs;
mod scripts;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use inputs::{READERS, Reader};

/// Longer than this is a hang.
const SLOW: Duration = Duration::from_secs(5);

/// More memory than this is too much, in bytes.
const LARGEST: u64 = 1 << 30;

/// The input at hand, for the watcher to save when it takes too long.
#[derive(Default)]
struct Current {
    /// What its file is called, and what it is.
    input: Mutex<(String, Vec<u8>)>,
    /// What [`spent`] gave when it began, in milliseconds plus one; zero between inputs.
    since: AtomicU64,
}

/// What inputs are put through.
enum Target {
    Scripts(fn(&str), Vec<String>),
    Files(Reader, Vec<Vec<u8>>),
}

impl Target {
    fn input(&self, seed: u64) -> Vec<u8> {
        match self {
            Target::Scripts(_, scripts) => scripts::input(seed, scripts).into_bytes(),
            Target::Files(_, seeds) => inputs::input(seed, seeds),
        }
    }

    fn attempt(&self, input: &[u8], seed: u64) {
        match self {
            Target::Scripts(attempt, _) => attempt(&String::from_utf8_lossy(input)),
            Target::Files(reader, _) => inputs::read(*reader, input, seed),
        }
    }

    /// Whether a file of the corpus is for it.
    fn takes(&self, name: &str, file: &str) -> bool {
        match self {
            Target::Scripts(..) => file.ends_with(".tmo"),
            Target::Files(..) => file.starts_with(&format!("{name}-")),
        }
    }
}

/// The targets that are asked for, by name; none when there is none of that name.
fn targets(what: &str) -> Vec<(String, Target)> {
    let scripts = |attempt| Target::Scripts(attempt, scripts::scripts());
    match what {
        "check" => return vec![(what.to_owned(), scripts(scripts::check))],
        "fmt" => return vec![(what.to_owned(), scripts(scripts::fmt))],
        _ => {}
    }
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let wanted = READERS
        .iter()
        .filter(|(name, ..)| what == "readers" || what == *name);
    wanted
        .map(|(name, reader, endings)| {
            let target = Target::Files(*reader, inputs::seeds(&project, endings));
            ((*name).to_owned(), target)
        })
        .collect()
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let what = args.next().unwrap_or_default();
    let count = args.next().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let first: u64 = args.next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let targets = targets(&what);
    if targets.is_empty() {
        let readers: Vec<&str> = READERS.iter().map(|(name, ..)| *name).collect();
        let readers = readers.join("|");
        eprintln!("usage: fuzz check|fmt|readers|{readers} [INPUTS] [FIRST SEED]");
        return ExitCode::FAILURE;
    }
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let current = Arc::new(Current::default());
    let start = Instant::now();
    watch(current.clone(), start, corpus.clone());
    let mut failures = 0;
    for (name, target) in targets {
        failures += run(
            &name,
            &target,
            first..first + count,
            &corpus,
            &current,
            start,
        );
    }
    match failures {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// Put the corpus and the inputs of those seeds through a target; how many failed.
fn run(
    name: &str,
    target: &Target,
    seeds: std::ops::Range<u64>,
    corpus: &Path,
    current: &Current,
    start: Instant,
) -> u64 {
    let (mut failures, mut bytes) = (0_u64, 0_usize);
    let mut slowest = (Duration::ZERO, 0);
    for (file, input) in kept(corpus) {
        if target.takes(name, &file) && !survives(target, &file, input, 0, current, start)
        {
            println!("still fails: {file}");
            failures += 1;
        }
    }
    let (first, count) = (seeds.start, seeds.end - seeds.start);
    let ending = match target {
        Target::Scripts(..) => ".tmo",
        Target::Files(..) => "",
    };
    let began_all = Instant::now();
    for seed in seeds {
        let input = target.input(seed);
        bytes += input.len();
        let file = format!("{name}-{seed}{ending}");
        let began = Instant::now();
        if !survives(target, &file, input.clone(), seed, current, start) {
            failures += 1;
            save(corpus, &file, &input);
        }
        slowest = slowest.max((began.elapsed(), seed));
        let done = seed - first + 1;
        if done.is_multiple_of(100_000) || done == count {
            let (time, at) = slowest;
            let rate = done as f64 / began_all.elapsed().as_secs_f64();
            println!(
                "{name}: {done} inputs from seed {first}, {} MB, {failures} failures, \
                 {rate:.0}/s, slowest {:.0} ms (seed {at}), at most {} MB",
                bytes >> 20,
                time.as_secs_f64() * 1e3,
                memory() >> 20
            );
        }
    }
    failures
}

/// The most memory the program has had, in bytes; 0 where the system does not tell.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    kilobytes
        .and_then(|text| text.parse::<u64>().ok())
        .map_or(0, |kb| kb << 10)
}

fn survives(
    target: &Target,
    file: &str,
    input: Vec<u8>,
    seed: u64,
    current: &Current,
    start: Instant,
) -> bool {
    if let Ok(mut kept) = current.input.lock() {
        *kept = (file.to_owned(), input.clone());
    }
    let now = spent(start).as_millis() as u64 + 1;
    current.since.store(now, Ordering::Release);
    let attempt = AssertUnwindSafe(|| target.attempt(&input, seed));
    let survived = catch_unwind(attempt).is_ok();
    current.since.store(0, Ordering::Release);
    survived
}

/// Save the input at hand and end the program once it takes too long or too much.
fn watch(current: Arc<Current>, start: Instant, corpus: PathBuf) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(500));
            let since = current.since.load(Ordering::Acquire);
            let now = spent(start).as_millis() as u64 + 1;
            let long =
                since > 0 && Duration::from_millis(now.saturating_sub(since)) > SLOW;
            let large = memory() > LARGEST;
            if !long && !large {
                continue;
            }
            if let Ok(kept) = current.input.lock() {
                let (file, input) = &*kept;
                save(&corpus, file, input);
            }
            let why = if long {
                "took longer than 5 s"
            } else {
                "took more than 1 GB"
            };
            println!("an input {why}, or those before it did");
            std::process::exit(1);
        }
    });
}

/// Time the program has computed, so that a busy machine makes no hang; where the system
/// does not tell, time since its start.
fn spent(start: Instant) -> Duration {
    // In hundredths of a second: the 12th and 13th field after the name in brackets.
    let ticks = fs::read_to_string("/proc/self/stat").ok().and_then(|stat| {
        let (_, fields) = stat.rsplit_once(')')?;
        let mut fields = fields.split_whitespace().skip(11);
        let mut next = || fields.next()?.parse::<u64>().ok();
        Some(next()? + next()?)
    });
    ticks.map_or_else(
        || start.elapsed(),
        |ticks| Duration::from_millis(10 * ticks),
    )
}

fn save(corpus: &Path, name: &str, input: &[u8]) {
    let path = corpus.join(name);
    let saved = fs::create_dir_all(corpus).and_then(|()| fs::write(&path, input));
    match saved {
        Ok(()) => println!("saved {}", path.display()),
        Err(error) => println!("{} cannot be saved: {error}", path.display()),
    }
}

/// What the corpus holds, in the order of its names.
fn kept(corpus: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = fs::read_dir(corpus)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            Some((name, fs::read(entry.path()).ok()?))
        })
        .collect();
    all.sort();
    all
}
