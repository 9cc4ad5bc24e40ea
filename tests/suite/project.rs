//! What the tests share: the files of the project, scripts told as `tmo run` tells them,
//! and the program itself. Tests start in the project's folder, so paths are relative.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tmo::diagnostic::{Problem, draw};
use tmo::nn::Threads;
use tmo::run::interrupt::Interrupt;
use tmo::run::progress::Silent;
use tmo::run::store::Store;
use tmo::session::{CHECKPOINT_EVERY, Options, Ran, Session};
use tmo::source::Sources;
use tmo::tools::planned::asked_twice;
use tmo::world::{Disk, World};

/// The files of a folder that end in `.extension`, sorted; not those of its folders.
pub fn files_in(folder: &str, extension: &str) -> Vec<PathBuf> {
    let found = fs::read_dir(folder).unwrap_or_else(|e| panic!("{folder}: {e}"));
    let mut files: Vec<PathBuf> = found
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && path.extension().is_some_and(|e| e == extension))
        .collect();
    files.sort();
    files
}

/// The folders of a folder, sorted.
pub fn folders_in(folder: &str) -> Vec<PathBuf> {
    let found = fs::read_dir(folder).unwrap_or_else(|e| panic!("{folder}: {e}"));
    let mut folders: Vec<PathBuf> = found
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

/// Every file below a folder that ends in `.extension`, sorted.
pub fn files_below(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut files = files_in(folder, extension);
    for inner in folders_in(folder) {
        files.extend(files_below(inner.to_str().unwrap(), extension));
    }
    files.sort();
    files
}

/// The last part of a path, without its extension.
pub fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// What a user is told about a script.
pub struct Told {
    /// The messages, in the order they are printed.
    pub problems: Vec<Problem>,
    /// The texts they point into.
    pub sources: Sources,
}

impl Told {
    /// The messages as `tmo` prints them, without colour.
    pub fn drawn(&self) -> String {
        let one = |problem: &Problem| {
            let text = draw(problem, &self.sources, false);
            format!("{}\n", text.trim_end())
        };
        self.problems.iter().map(one).collect()
    }

    /// One line a message, for what a failed test says.
    pub fn short(&self) -> String {
        let one = |problem: &Problem| tmo::diagnostic::short(problem, &self.sources);
        self.problems.iter().map(one).collect::<Vec<_>>().join("\n")
    }
}

/// Check a script of the project.
pub fn check(path: &Path) -> Told {
    let text = fs::read_to_string(path).unwrap();
    check_text(&Disk, path.to_str().unwrap(), &text)
}

/// Check a text.
pub fn check_text(world: &dyn World, path: &str, text: &str) -> Told {
    let mut session = Session::new(world);
    let problems = session.check(path, text).problems;
    Told {
        problems,
        sources: session.sources().clone(),
    }
}

/// Check a text and, if nothing is wrong with it, run it in a new store.
pub fn run_text(world: &dyn World, path: &str, text: &str) -> (Told, Option<Ran>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    run_in(&store, world, path, text, Interrupt::new())
}

/// The same in a store, under an interrupt.
pub fn run_in(
    store: &Store,
    world: &dyn World,
    path: &str,
    text: &str,
    interrupt: Interrupt,
) -> (Told, Option<Ran>) {
    let mut session = Session::new(world);
    let script = session.check(path, text);
    let mut problems = script.problems.clone();
    let mut ran = None;
    if !script.failed() {
        match session.plan(&script) {
            Err(problem) => problems.push(problem),
            Ok(plan) => {
                if let Some(problem) = asked_twice(&plan, &[], store) {
                    problems.push(problem.help(
                        "`tmo plan` says what they are; `tmo run --yes` runs them all",
                    ));
                    let sources = session.sources().clone();
                    return (Told { problems, sources }, None);
                }
                let threads = Threads::new(Some(1)).unwrap();
                let options = Options {
                    store,
                    progress: &Silent,
                    interrupt,
                    threads: &threads,
                    checkpoint_every: CHECKPOINT_EVERY,
                };
                let done = session.run(&script.program, &plan, &[], &options);
                problems.extend(done.problems.clone());
                ran = Some(done);
            }
        }
    }
    (
        Told {
            problems,
            sources: session.sources().clone(),
        },
        ran,
    )
}

/// The program, with its arguments, colours off.
pub fn tmo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tmo"));
    command
        .args(arguments)
        .env("NO_COLOR", "1")
        .env_remove("COLUMNS");
    command
}

/// What a program said, both streams, and its exit code.
pub fn said(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    let code = output
        .status
        .code()
        .map_or("a signal".into(), |code| code.to_string());
    let mut text = format!("exit code {code}\n");
    for (name, stream) in [("standard output", out), ("standard error", err)] {
        if !stream.is_empty() {
            text.push_str(&format!("── {name}\n{}\n", stream.trim_end()));
        }
    }
    text
}

/// Every file below a folder: path within it → content.
pub fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    gather(folder, folder, &mut all);
    all
}

fn gather(top: &Path, folder: &Path, all: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(top, &path, all);
        } else {
            let name = path.strip_prefix(top).unwrap().to_str().unwrap().to_owned();
            all.insert(name, fs::read(&path).unwrap());
        }
    }
}
