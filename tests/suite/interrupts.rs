//! Ctrl-C and worse, at any moment: what is left behind is a store that the next run uses,
//! and the results are those of a run nobody touched.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tmo::draw::Stream;

use crate::project::{contents, tmo};

/// A study that trains for long.
const LONG: &str = "tests/scripts/long.tmo";
/// Studies that do little but write features, graphs and tables.
const FILES: &str = "tests/scripts/files.tmo";
/// SIGINT.
const INTERRUPT: i32 = 2;
/// SIGKILL.
const KILL: i32 = 9;

fn start(folder: &Path) -> Child {
    start_of(LONG, folder)
}

fn start_of(script: &str, folder: &Path) -> Child {
    let (store, out) = (folder.join("store"), folder.join("out"));
    let (store, out) = (store.to_str().unwrap(), out.to_str().unwrap());
    tmo(&[
        "run",
        script,
        "--threads",
        "1",
        // As often as it is worth: the runs are short.
        "--checkpoint-every",
        "0",
        "--store",
        store,
        "--out",
        out,
    ])
    .stdout(Stdio::null())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap()
}

/// Start a run, send it a signal after a while, and wait for its end.
fn struck(folder: &Path, after: Duration, signal: i32) -> (ExitStatus, String) {
    struck_as(start(folder), after, signal)
}

fn struck_as(child: Child, after: Duration, signal: i32) -> (ExitStatus, String) {
    sleep(after);
    let id = child.id().to_string();
    // It may have ended already: then nobody hears the signal.
    let _ = Command::new("kill")
        .args([&format!("-{signal}"), &id])
        .output()
        .unwrap();
    let done = child.wait_with_output().unwrap();
    (
        done.status,
        String::from_utf8_lossy(&done.stderr).into_owned(),
    )
}

/// A run nobody touches: how long it took, and its files.
fn untouched() -> (Duration, std::collections::BTreeMap<String, Vec<u8>>) {
    let folder = tempfile::tempdir().unwrap();
    let begin = Instant::now();
    let done = start(folder.path()).wait_with_output().unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    (begin.elapsed(), contents(&folder.path().join("out")))
}

/// What struck runs came to.
#[derive(Debug, Default)]
struct Struck {
    /// Runs that a signal ended.
    stopped: u32,
    /// Runs that went on from a checkpoint of a training.
    resumed: u32,
}

/// Signals at `count` random moments of a run. A store is used again and again until a run
/// on it comes to its end.
fn strike(count: u32, signal: i32) -> Struck {
    let (mut time, expected) = untouched();
    let mut moments = Stream::new(u64::from(count) + signal as u64);
    let mut found = Struck::default();
    let (mut folder, mut fresh) = (TempDir::new().unwrap(), true);
    for _ in 0..count {
        let after = time.mul_f64(moments.next_f64());
        let begin = Instant::now();
        let (status, told) = struck(folder.path(), after, signal);
        if status.success() && fresh {
            // The machine was busier before: later moments would miss such a run.
            time = time.min(begin.elapsed());
        }
        fresh = status.success();
        // Before the program listens, the signal ends it as the system does; a shell
        // shows both as 130.
        let ended_by_signal =
            status.code() == Some(130) || status.signal() == Some(signal);
        assert!(
            ended_by_signal || status.success(),
            "after {after:?}: {status}\n{told}"
        );
        found.resumed += u32::from(told.contains("going on after"));
        if status.success() {
            assert!(
                contents(&folder.path().join("out")) == expected,
                "after {after:?}"
            );
            folder = TempDir::new().unwrap();
        } else {
            found.stopped += 1;
        }
        if status.code() == Some(130) {
            assert!(told.contains("E0809"), "after {after:?}: {told}");
        }
        assert!(
            !told.contains("W0901"),
            "after {after:?}: a damaged store\n{told}"
        );
    }
    let done = start(folder.path()).wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{told}");
    assert!(!told.contains("W0901"), "{told}");
    assert!(
        contents(&folder.path().join("out")) == expected,
        "the files differ"
    );
    found
}

/// How many signals: `TMO_KILLS` asks for a longer campaign.
fn signals() -> u32 {
    let asked = std::env::var("TMO_KILLS").ok();
    asked.map_or(20, |count| {
        count.parse().expect("TMO_KILLS is a whole number")
    })
}

#[test]
fn interrupts_leave_a_store_that_the_next_run_uses() {
    let count = signals();
    let found = strike(count, INTERRUPT);
    assert!(found.stopped >= count / 4, "of {count}: {found:?}");
    assert!(found.resumed >= count.div_ceil(10), "of {count}: {found:?}");
}

#[test]
fn kills_leave_a_store_that_the_next_run_uses() {
    let count = signals();
    let found = strike(count, KILL);
    assert!(found.stopped >= count / 4, "of {count}: {found:?}");
    assert!(found.resumed >= count.div_ceil(10), "of {count}: {found:?}");
    let _ = writeln!(std::io::stderr().lock(), "of {count} kills: {found:?}");
}

/// Whatever a run is killed in the middle of writing, no name shows half a file, the next
/// run uses the store, and what was left over goes.
#[test]
fn kills_leave_no_half_written_file() {
    let count = signals() / 2;
    let whole = tempfile::tempdir().unwrap();
    let begin = Instant::now();
    let done = start_of(FILES, whole.path()).wait_with_output().unwrap();
    let time = begin.elapsed();
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{told}");
    let expected = contents(&whole.path().join("out"));

    let (folder, mut moments) = (TempDir::new().unwrap(), Stream::new(u64::from(count)));
    let out = folder.path().join("out");
    let (mut killed, mut left) = (0, 0);
    for round in 0..count {
        // With the store of the run before, a run has little to do but write the files.
        let after = time.mul_f64(moments.next_f64());
        let (status, told) = struck_as(start_of(FILES, folder.path()), after, KILL);
        assert!(!told.contains("W0901"), "a damaged store\n{told}");
        killed += u32::from(!status.success());
        let there = match out.is_dir() {
            true => contents(&out),
            false => std::collections::BTreeMap::new(),
        };
        for (name, bytes) in there {
            let file = name.rsplit('/').next().unwrap();
            let partial = file.starts_with('.') && file.ends_with(".partial");
            left += u32::from(partial);
            assert!(partial || expected.get(&name) == Some(&bytes), "{name}");
        }
        if round % 3 == 2 {
            std::fs::remove_dir_all(folder.path().join("store")).unwrap();
            let _ = std::fs::remove_dir_all(&out);
        }
    }
    let _ = writeln!(
        std::io::stderr().lock(),
        "of {count} kills {killed} came in time, {left} left a partial file"
    );
    assert!(killed >= count / 4, "of {count}: {killed}");
    let done = start_of(FILES, folder.path()).wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && !told.contains("W0901"), "{told}");
    assert!(contents(&out) == expected, "something is left or differs");
    let staging = std::fs::read_dir(folder.path().join("store/.staging")).unwrap();
    assert_eq!(staging.count(), 0, "the store keeps what a killed run left");
}

/// Start a run and interrupt it as soon as it says that it trains.
fn struck_in_training(folder: &Path) -> ExitStatus {
    let mut child = start(folder);
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let trains = lines.any(|line| line.unwrap().starts_with("train: up to"));
    assert!(trains, "the run says nothing of its training");
    let id = child.id().to_string();
    let _ = Command::new("kill").args(["-2", &id]).output().unwrap();
    // Let it say what it has to say.
    lines.for_each(drop);
    child.wait().unwrap()
}

#[test]
fn an_interrupted_training_goes_on_where_it_stopped() {
    let (_, expected) = untouched();
    // On a busy machine a training may end before the signal comes: then once more.
    for _ in 0..10 {
        let folder = TempDir::new().unwrap();
        let status = struck_in_training(folder.path());
        if status.success() {
            continue;
        }
        assert_eq!(status.code(), Some(130), "{status}");
        let done = start(folder.path()).wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(
            done.status.success() && told.contains("going on after"),
            "{told}"
        );
        assert!(
            contents(&folder.path().join("out")) == expected,
            "the files differ"
        );
        return;
    }
    panic!("ten trainings ended before they could be interrupted");
}
