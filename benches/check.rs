//! How long `check` takes: every example, every file of the standard library, and a script
//! of 5,000 lines. `cargo bench --bench check`; the best of several rounds.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tmo::session::Session;
use tmo::world::Disk;

#[path = "../tests/suite/long_script.rs"]
mod long_script;

/// Rounds of which the best counts.
const ROUNDS: usize = 9;

fn main() {
    let mut slowest = (Duration::ZERO, String::new());
    for folder in ["examples", "stdlib", "stdlib/models", "stdlib/prelude"] {
        for path in scripts(Path::new(folder)) {
            let Ok(text) = fs::read_to_string(&path) else {
                continue;
            };
            let name = path.display().to_string();
            let took = best(&name, &text);
            println!("{:8.2} ms  {name}", took.as_secs_f64() * 1e3);
            slowest = slowest.max((took, name));
        }
    }
    let (took, name) = slowest;
    println!(
        "{:8.2} ms  the slowest of them, {name}",
        took.as_secs_f64() * 1e3
    );
    for lines in [500, 5_000, 50_000] {
        let text = long_script::long_script(lines);
        let took = best("long.tmo", &text);
        println!(
            "{:8.2} ms  a script of {lines} lines",
            took.as_secs_f64() * 1e3
        );
    }
}

fn scripts(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "tmo"))
        .collect();
    found.sort();
    found
}

fn best(name: &str, text: &str) -> Duration {
    let one = || {
        let began = Instant::now();
        let mut session = Session::new(&Disk);
        let checked = session.check(name, text);
        let took = began.elapsed();
        drop(checked);
        took
    };
    (0..ROUNDS).map(|_| one()).min().unwrap_or_default()
}
