//! Scripts of every quality put through `check` or `fmt`.
//!
//! Comes in: `check` or `fmt`, how many inputs, and the first seed. Goes out: a count, or
//! the inputs that ended in a panic or took longer than [`SLOW`], saved in
//! `fuzz/corpus/`. Every input follows from its seed; what the corpus holds is tried
//! first.

#[path = "../../src/syntax/pretty/generate.rs"]
mod generate;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tmo::session::Session;
use tmo::source::Sources;
use tmo::syntax::{format, parse};
use tmo::world::Memory;

/// Longer than this is a hang.
const SLOW: Duration = Duration::from_secs(5);

/// More memory than this is too much, in bytes.
const LARGEST: u64 = 1 << 30;

/// Folders whose scripts are changed, below the project's.
const SEEDS: [&str; 4] = ["examples", "stdlib", "tests/fmt", "tests/ui"];

/// The input at hand, for the watcher to save when it takes too long.
#[derive(Default)]
struct Current {
    text: Mutex<String>,
    /// What [`spent`] gave when it began, in milliseconds plus one; zero between inputs.
    since: AtomicU64,
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let what = args.next().unwrap_or_default();
    let count = args.next().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let first: u64 = args.next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let attempt: fn(&str) = match &*what {
        "check" => check,
        "fmt" => fmt,
        _ => {
            eprintln!("usage: fuzz check|fmt [INPUTS] [FIRST SEED]");
            return ExitCode::FAILURE;
        }
    };
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let current = Arc::new(Current::default());
    let start = Instant::now();
    watch(current.clone(), start, corpus.clone(), what.clone());
    let mut failures = 0_u64;
    let mut bytes = 0_usize;
    let mut slowest = (Duration::ZERO, 0);
    for (name, text) in kept(&corpus) {
        if !survives(attempt, &text, &current, start) {
            println!("still fails: {name}");
            failures += 1;
        }
    }
    let scripts = scripts();
    for seed in first..first + count {
        let text = input(seed, &scripts);
        bytes += text.len();
        let began = Instant::now();
        if !survives(attempt, &text, &current, start) {
            failures += 1;
            save(&corpus, &format!("{what}-{seed}.tmo"), &text);
        }
        slowest = slowest.max((began.elapsed(), seed));
        let done = seed - first + 1;
        if done.is_multiple_of(10_000) {
            let (time, at) = slowest;
            let rate = done as f64 / start.elapsed().as_secs_f64();
            println!(
                "{what}: {done} inputs, {} MB, {failures} failures, {rate:.0}/s, \
                 slowest {:.0} ms (seed {at})",
                bytes >> 20,
                time.as_secs_f64() * 1e3
            );
        }
    }
    let memory = memory();
    println!(
        "{what}: {count} inputs from seed {first}, {failures} failures, at most {} MB",
        memory >> 20
    );
    match failures == 0 && memory < LARGEST {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// The input of a seed: noise, a script by the grammar, or a script with changes.
fn input(seed: u64, scripts: &[String]) -> String {
    let own = seed / 4;
    match seed % 4 {
        0 => generate::noise(own),
        1 => generate::script(own),
        2 => generate::mutated(&generate::script(own), own),
        _ => {
            let at = own as usize % scripts.len().max(1);
            let script = scripts.get(at).map_or("", String::as_str);
            generate::mutated(part(script, own), own)
        }
    }
}

/// Every script of the project, in the order of their paths.
fn scripts() -> Vec<String> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut open: Vec<_> = SEEDS.iter().map(|folder| project.join(folder)).collect();
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match path.extension() {
                Some(end) if end == "tmo" => files.push(path),
                _ if path.is_dir() => open.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    let read = |path: &std::path::PathBuf| fs::read_to_string(path).ok();
    files.iter().filter_map(read).collect()
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

/// A long script from one of its items on, so that an input stays small.
fn part(text: &str, seed: u64) -> &str {
    const LONG: usize = 4_000;
    if text.len() <= LONG {
        return text;
    }
    let mut start = generate::Chance(seed).below(text.len() - LONG);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let mut end = start + LONG;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[start..end]
}

/// Check a script in a world without files.
fn check(text: &str) {
    let world = Memory::default();
    let mut session = Session::new(&world);
    let checked = session.check("fuzz.tmo", text);
    for problem in &checked.problems {
        let drawn = tmo::diagnostic::short(problem, session.sources());
        assert!(!drawn.is_empty());
    }
}

/// Format a script; what is formatted parses and stays as it is.
fn fmt(text: &str) {
    let source = |text: &str| Sources::default().add("fuzz.tmo", text);
    let Ok(once) = format(&source(text)) else {
        return;
    };
    assert_eq!(parse(&source(&once)).problems, []);
    assert_eq!(format(&source(&once)).as_deref(), Ok(&*once));
    let comments = |text: &str| parse(&source(text)).comments.len();
    assert_eq!(comments(text), comments(&once));
}

fn survives(attempt: fn(&str), text: &str, current: &Current, start: Instant) -> bool {
    if let Ok(mut kept) = current.text.lock() {
        text.clone_into(&mut kept);
    }
    let now = spent(start).as_millis() as u64 + 1;
    current.since.store(now, Ordering::Release);
    let survived = catch_unwind(AssertUnwindSafe(|| attempt(text))).is_ok();
    current.since.store(0, Ordering::Release);
    survived
}

/// Save the input at hand and end the program once it has taken too long.
fn watch(current: Arc<Current>, start: Instant, corpus: PathBuf, what: String) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(500));
            let since = current.since.load(Ordering::Acquire);
            let now = spent(start).as_millis() as u64 + 1;
            if since > 0 && Duration::from_millis(now.saturating_sub(since)) > SLOW {
                if let Ok(text) = current.text.lock() {
                    save(&corpus, &format!("{what}-hang-{since}.tmo"), &text);
                }
                println!("{what}: an input took longer than {SLOW:?}");
                std::process::exit(1);
            }
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

fn save(corpus: &Path, name: &str, text: &str) {
    let path = corpus.join(name);
    let saved = fs::create_dir_all(corpus).and_then(|()| fs::write(&path, text));
    match saved {
        Ok(()) => println!("saved {}", path.display()),
        Err(error) => println!("{} cannot be saved: {error}", path.display()),
    }
}

/// What the corpus holds, in the order of its names.
fn kept(corpus: &Path) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = fs::read_dir(corpus)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            Some((name, fs::read_to_string(entry.path()).ok()?))
        })
        .collect();
    all.sort();
    all
}
