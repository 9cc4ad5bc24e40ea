//! What is kept of a featurizer from run to run: the features of every structure it was
//! ever given, whatever data set that came with.
//!
//! A featurizer with its settings has a series of entries in the store, numbered from 0;
//! each holds the features of the structures that those before it lack. Nothing in it
//! depends on ids, names or the order of rows.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::stored::{GRAPHS, Packer, numbers};
use crate::builtins::Registry;
use crate::chem::Structure;
use crate::chem::graph::CrystalGraph;
use crate::chem::graph::file::GraphFile;
use crate::diagnostic::Problem;
use crate::ir::{Call, Canonical, Expr, Lambda, Setting, canonical};
use crate::plan::Builtins;
use crate::run::store::{Found, Key, Stored};
use crate::run::{Features, Runner, Work, store_problem};

/// The hash of a structure.
pub type Id = [u8; 32];

const STRUCTURES: &str = "structures";
/// Entries of a series: a store with more is not one this wrote.
const MOST: u64 = 1 << 20;

/// The hash of a structure: of its lattice, elements and coordinates.
pub fn id(structure: &Structure) -> Id {
    let mut hasher = blake3::Hasher::new();
    let vectors = structure.lattice().iter().chain(structure.frac());
    for x in vectors.flatten() {
        hasher.update(&x.to_bits().to_le_bytes());
    }
    for element in structure.species() {
        hasher.update(&[element.z()]);
    }
    *hasher.finalize().as_bytes()
}

/// One entry of a series.
enum Entry {
    Numbers(Vec<f32>),
    Graphs(GraphFile<memmap2::Mmap>),
}

/// The features known of a featurizer.
pub struct Pack {
    series: Key,
    /// Numbers of a structure.
    width: usize,
    entries: Vec<Entry>,
    /// Where the features of a structure are: entry, and place in it.
    at: BTreeMap<Id, (usize, usize)>,
    next: u64,
}

/// A featurizer's canonical bytes need nothing of a plan.
struct Alone;

impl Canonical for Alone {
    fn key_of(&self, _expr: &Expr) -> Option<[u8; 32]> {
        None
    }

    fn content_of(&self, _path: &Path) -> Option<[u8; 32]> {
        None
    }

    fn carried_by(&self, _call: &Call) -> Option<[u8; 32]> {
        None
    }

    fn version_of(&self, builtin: &str) -> u32 {
        Registry.version(builtin)
    }
}

fn series(work: &Work<'_>, lambda: &Lambda) -> Key {
    let call = Call {
        builtin: work.call.builtin.clone(),
        settings: vec![("by".into(), Setting::Lambda(lambda.clone()))],
        inputs: Vec::new(),
        site: None,
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"tmo features 1");
    hasher.update(&canonical(&call, &Alone));
    Key::from(hasher.finalize())
}

fn entry_key(series: Key, number: u64) -> Key {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"tmo features entry 1");
    hasher.update(series.as_bytes());
    hasher.update(&number.to_le_bytes());
    Key::from(hasher.finalize())
}

impl Pack {
    /// What the store has of the featurizer of that work.
    pub fn open(
        runner: &mut Runner<'_>,
        work: &Work<'_>,
        lambda: &Lambda,
        width: usize,
    ) -> Result<Pack, Problem> {
        let mut pack = Pack {
            series: series(work, lambda),
            width,
            entries: Vec::new(),
            at: BTreeMap::new(),
            next: 0,
        };
        while pack.next < MOST && pack.read_next(runner)? {}
        Ok(pack)
    }

    /// Read the next entry of the series; whether there was one. What is damaged is said
    /// and moved aside, so that its structures are computed again.
    fn read_next(&mut self, runner: &mut Runner<'_>) -> Result<bool, Problem> {
        let key = entry_key(self.series, self.next);
        let store = runner.settings.store;
        let artifact = match store.get(key).map_err(|e| store_problem(&e))? {
            Found::Nothing => return Ok(false),
            Found::Damaged(damaged) => {
                runner.warn_damaged(&damaged.to_string());
                return Ok(false);
            }
            Found::Intact(artifact) => artifact,
        };
        self.next += 1;
        let ids = artifact
            .files
            .get(STRUCTURES)
            .map_or(&[][..], Vec::as_slice);
        let ids: Vec<Id> = ids
            .chunks_exact(32)
            .filter_map(|id| id.try_into().ok())
            .collect();
        let entry = if artifact.files.contains_key(GRAPHS) {
            // The bytes were verified just now; from here on they are read where they lie.
            drop(artifact);
            let path = store.root().join(key.to_string()).join(GRAPHS);
            match GraphFile::map(&path) {
                Ok(file) if file.len() == ids.len() => Entry::Graphs(file),
                Ok(_) | Err(_) => return Ok(true),
            }
        } else {
            match numbers(&artifact.files, ids.len(), self.width) {
                Some(values) => Entry::Numbers(values),
                None => return Ok(true),
            }
        };
        let number = self.entries.len();
        self.entries.push(entry);
        for (place, id) in ids.into_iter().enumerate() {
            self.at.entry(id).or_insert((number, place));
        }
        Ok(true)
    }

    /// How many numbers a structure has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Whether the features of a structure are known.
    pub fn has(&self, id: &Id) -> bool {
        self.at.contains_key(id)
    }

    /// Keep the features of these structures, and read them back.
    pub fn add(
        &mut self,
        runner: &mut Runner<'_>,
        packer: Packer,
        ids: &[Id],
    ) -> Result<(), Problem> {
        if ids.is_empty() {
            return Ok(());
        }
        let cannot = |error: String| super::cannot(crate::source::Span::NOWHERE, error);
        let (name, bytes) = packer.finish(self.width).map_err(cannot)?;
        let files = BTreeMap::from([
            (name.to_string(), bytes),
            (STRUCTURES.to_string(), ids.concat()),
        ]);
        let words = BTreeMap::from([("series".to_string(), self.series.to_string())]);
        // Another run may have added to the series since it was read.
        while self.next < MOST {
            let key = entry_key(self.series, self.next);
            let put = runner
                .settings
                .store
                .put(key, "feature pack", &words, &files);
            let put = put.map_err(|e| store_problem(&e))?;
            self.read_next(runner)?;
            if !matches!(put, Stored::AlreadyDiffers { .. }) {
                break;
            }
        }
        Ok(())
    }

    /// The features of these structures, which must all be known.
    pub fn collect(
        &self,
        ids: &[Id],
        sizes: &[usize],
        names: Vec<String>,
    ) -> Option<Features> {
        let mut values: Vec<f32> = Vec::with_capacity(ids.len() * self.width);
        let mut graphs: Vec<Arc<CrystalGraph>> = Vec::new();
        for id in ids {
            let (entry, place) = *self.at.get(id)?;
            match self.entries.get(entry)? {
                Entry::Numbers(all) => {
                    let range = place * self.width..(place + 1) * self.width;
                    values.extend_from_slice(all.get(range)?);
                }
                Entry::Graphs(file) => graphs.push(Arc::new(file.get(place).ok()?)),
            }
        }
        if graphs.len() == ids.len() && !ids.is_empty() {
            return Some(Features::Graphs(Arc::new(graphs)));
        }
        Some(Features::Vector {
            sizes: sizes.to_vec(),
            values: Arc::new(values),
            names: Arc::new(names),
        })
    }
}
