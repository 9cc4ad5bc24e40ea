//! Scripts of `explain` pages tried as their fences say: files made for them, runs in stores
//! that something befell.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use tmo::diagnostic::explain::{Form, Tried};
use tmo::run::interrupt::Interrupt;
use tmo::run::store::{Artifact, Found, Store};
use tmo::run::store_problem;
use tmo::world::Memory;

use crate::project::{Told, check_text, run_in, run_text};

/// What pages call their scripts.
const PAGE: &str = "page.tmo";

/// What a user is told of a script that is tried so.
pub fn told(world: &Memory, text: &str, how: Tried) -> Told {
    let folder = tempfile::tempdir().unwrap();
    let run = |interrupt| {
        let store = Store::open(folder.path()).unwrap();
        run_in(&store, world, PAGE, text, interrupt).0
    };
    match how {
        Tried::Checked => check_text(world, PAGE, text),
        Tried::Run => run_text(world, PAGE, text).0,
        Tried::Interrupted => {
            let interrupt = Interrupt::new();
            interrupt.raise();
            run(interrupt)
        }
        Tried::Damaged => {
            fine(&run(Interrupt::new()));
            damage(folder.path());
            run(Interrupt::new())
        }
        Tried::Exchanged => {
            fine(&run(Interrupt::new()));
            exchange(&Store::open(folder.path()).unwrap());
            run(Interrupt::new())
        }
        Tried::Storeless => {
            let mut told = check_text(world, PAGE, text);
            fine(&told);
            let place = folder.path().join("store");
            fs::write(&place, "a file").unwrap();
            let problem = Store::open(&place).unwrap_err();
            told.problems.push(store_problem(&problem));
            told
        }
    }
}

/// The first run of two goes well, or the second shows nothing.
fn fine(told: &Told) {
    assert!(told.problems.is_empty(), "{}", told.drawn());
}

/// Change a byte of the first file of every entry.
fn damage(store: &Path) {
    let mut damaged = 0;
    for entry in fs::read_dir(store).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().len() != 64 {
            continue;
        }
        let files = fs::read_dir(entry.path()).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.retain(|file| file.file_name().unwrap() != "manifest.json");
        files.sort();
        let mut bytes = fs::read(&files[0]).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&files[0], bytes).unwrap();
        damaged += 1;
    }
    assert!(damaged > 0, "nothing is stored");
}

/// Let two trained entries change their weights, and forget what was made of them.
fn exchange(store: &Store) {
    let mut trained: Vec<Artifact> = Vec::new();
    for entry in store.entries().unwrap() {
        let Found::Intact(artifact) = store.get(entry.key).unwrap() else {
            panic!("{} is not intact", entry.key);
        };
        if matches!(&*artifact.kind, "trained" | "evaluated") {
            fs::remove_dir_all(store.root().join(entry.key.to_string())).unwrap();
        }
        if artifact.kind == "trained" {
            trained.push(artifact);
        }
    }
    let [one, other] = trained.as_slice() else {
        panic!("{} trainings", trained.len());
    };
    for (of, from) in [(one, other), (other, one)] {
        let mut files = of.files.clone();
        let name = "weights.safetensors".to_owned();
        files.insert(name.clone(), from.files[&name].clone());
        store.put(of.key, &of.kind, &of.inputs, &files).unwrap();
    }
}

/// The bytes of a file of that form.
pub fn made(text: &str, form: &Form) -> Vec<u8> {
    match form {
        Form::Text => text.into(),
        Form::Compressed => compressed(text),
        Form::CutShort => {
            let mut bytes = compressed(text);
            bytes.truncate(bytes.len() / 2);
            bytes
        }
        Form::Holding(member) => {
            let mut header = tar::Header::new_old();
            // Set as it is: `set_path` takes no path that climbs.
            header.as_old_mut().name[..member.len()].copy_from_slice(member.as_bytes());
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            let mut archive = tar::Builder::new(Vec::new());
            archive.append(&header, text.as_bytes()).unwrap();
            archive.into_inner().unwrap()
        }
    }
}

fn compressed(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}
