//! Files of every quality put through every reader. No input may end in a panic or take
//! longer than five seconds. A few hundred inputs a reader; the fuzz package puts millions
//! through them.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

mod reader_inputs;

use reader_inputs::{READERS, input, read, seeds};

/// Longer than this is a hang.
const SLOW: Duration = Duration::from_secs(5);

/// Inputs of each reader.
const RUNS: u64 = 300;

#[test]
fn changed_files_are_read_or_refused() {
    let mut failed = Vec::new();
    for (name, reader, endings) in READERS {
        let seeds = seeds(Path::new("."), endings);
        for seed in 0..RUNS {
            let bytes = input(seed, &seeds);
            let start = Instant::now();
            let fine = catch_unwind(AssertUnwindSafe(|| read(*reader, &bytes, seed)));
            let time = start.elapsed();
            if fine.is_err() || time > SLOW {
                failed.push(format!("{name}, seed {seed}, {time:?}"));
                let kept = Path::new(env!("CARGO_TARGET_TMPDIR"));
                fs::write(kept.join(format!("{name}-{seed}")), &bytes).unwrap();
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// What a campaign of the fuzz package saved once is read or refused ever after.
#[test]
fn kept_inputs_are_read_or_refused() {
    for entry in fs::read_dir("fuzz/corpus").unwrap() {
        let file = entry.unwrap().path();
        let named = file.file_name().unwrap().to_str().unwrap();
        for (name, reader, _) in READERS {
            if named.starts_with(&format!("{name}-")) {
                read(*reader, &fs::read(&file).unwrap(), 0);
            }
        }
    }
}
