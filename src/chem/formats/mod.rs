//! Files that other programs write come in, records go out: CIF, POSCAR, extended XYZ,
//! JSON of pymatgen, the Materials Project, JARVIS, matbench and OPTIMADE, ASE
//! databases, JSON lines; folders, zip and tar archives of them; each plain or gzip.
//! And back: CIF, POSCAR, extended XYZ, JSON lines.
//!
//! A file is read whole, up to [`Limits::file_bytes`]; its records are handed over one
//! by one. What is wrong with one record is a [`Fault`] with file, line and help.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::fault::Fault;
use super::records::{OnBad, Record, Records};

mod archive;
mod ase_db;
mod bytes;
pub mod cif;
pub mod code;
mod detect;
mod extxyz;
mod folder;
mod gather;
mod items;
mod jarvis;
mod json;
mod labels;
mod lines;
mod matbench;
mod merge;
mod number;
mod optimade;
mod poscar;
mod pymatgen;
mod source;
#[cfg(test)]
mod tests;
pub mod write;

pub use bytes::{Limits, head, unreadable};
pub use detect::{Format, detect, stem};
pub use labels::Labels;
pub use optimade::{Page, page};
pub use source::Source;

/// What is done with the records of a file, one by one; `Break` ends the reading.
pub type Sink<'s> = dyn FnMut(Result<Record, Fault>) -> ControlFlow<()> + 's;

/// What to do with a crystal that has partly filled or shared sites.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Disorder {
    /// It is a fault ([`code::DISORDERED`]): it has no single structure.
    #[default]
    Refuse,
    /// Each position more than half filled holds its most frequent element.
    Majority,
}

/// How to read.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What to do about a bad record.
    pub on_bad: OnBad,
    /// What to do about a disordered one.
    pub disorder: Disorder,
    /// Sites nearer than this are one, Å.
    pub tolerance: f64,
    /// Whether coordinates of a CIF that give 1/3 or 2/3 to the decimals they have
    /// (`0.3333`, at least four) are that: so pymatgen reads them.
    pub thirds: bool,
    /// The format, where name and content do not tell it.
    pub format: Option<Format>,
    /// A CSV file of columns by id, beside the files.
    pub labels: Option<PathBuf>,
    /// How much may be read.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            on_bad: OnBad::Fail,
            disorder: Disorder::Refuse,
            tolerance: 0.05,
            thirds: true,
            format: None,
            labels: None,
            limits: Limits::default(),
        }
    }
}

/// Read a file, an archive or a folder.
///
/// # Errors
/// It cannot be read or holds no usable record; with [`OnBad::Fail`] also the first bad
/// record.
pub fn read_path(path: &Path, settings: &Settings) -> Result<Records, Fault> {
    let labels = match &settings.labels {
        Some(path) => Some(labels::read(path, &settings.limits)?),
        None => folder::own_labels(path, &settings.limits)?,
    };
    let name = path.display().to_string();
    gather::gather(
        &name,
        settings.on_bad,
        path.is_dir(),
        labels,
        usize::MAX,
        |sink| each_in(path, settings, sink),
    )
}

/// Read the content of one file or archive; `file` is what messages call it.
///
/// # Errors
/// As [`read_path`].
pub fn read_bytes(
    file: &str,
    bytes: &[u8],
    settings: &Settings,
) -> Result<Records, Fault> {
    gather::gather(file, settings.on_bad, false, None, usize::MAX, |sink| {
        each_of(file, bytes, settings, sink)
    })
}

/// The records, at most `most` of them, that `read` hands over one by one, with the
/// columns of `labels`; `file` is what messages call their source. `many` says that it is
/// a folder, so that one of its files that cannot be read is one bad record of many.
///
/// # Errors
/// As [`read_path`].
pub fn read_each(
    file: &str,
    on_bad: OnBad,
    many: bool,
    labels: Option<Labels>,
    most: usize,
    read: impl FnOnce(&mut Sink<'_>) -> ControlFlow<()>,
) -> Result<Records, Fault> {
    gather::gather(file, on_bad, many, labels, most, read)
}

/// Whether a file of that name is read where it lies in a folder: it has a structure, of
/// the format asked for.
pub fn in_folder(file: &str, asked: Option<Format>) -> bool {
    match (detect::by_name(file), asked) {
        (Some(Format::Zip | Format::Tar) | None, _) => false,
        (Some(is), Some(asked)) => is == asked,
        (Some(_), None) => true,
    }
}

/// Hand the records of a file, an archive or a folder to `sink` one by one, in the
/// order of the file, members of folders by name. Ids may repeat.
pub fn each_in(path: &Path, settings: &Settings, sink: &mut Sink<'_>) -> ControlFlow<()> {
    if path.is_dir() {
        return folder::read(path, settings, sink);
    }
    let file = path.display().to_string();
    match bytes::read(path, &settings.limits) {
        Ok(bytes) => each_of(&file, &bytes, settings, sink),
        Err(fault) => sink(Err(fault)),
    }
}

/// Hand the records of one file's content to `sink`; gzip is unpacked.
pub fn each_of(
    file: &str,
    bytes: &[u8],
    settings: &Settings,
    sink: &mut Sink<'_>,
) -> ControlFlow<()> {
    let unpacked = match bytes::unpack(file, bytes, &settings.limits) {
        Ok(unpacked) => unpacked,
        Err(fault) => return sink(Err(fault)),
    };
    let source = Source::new(file, &unpacked);
    let Some(format) = settings.format.or_else(|| detect(file, &unpacked)) else {
        return sink(Err(detect::unknown(&source)));
    };
    match format {
        Format::Zip | Format::Tar => archive::read(&source, format, settings, sink),
        _ => read_plain(&source, format, settings, sink),
    }
}

/// Read what is no archive.
fn read_plain(
    source: &Source<'_>,
    format: Format,
    settings: &Settings,
    sink: &mut Sink<'_>,
) -> ControlFlow<()> {
    let stem = stem(source.file);
    match format {
        Format::Cif => cif::read(source, &stem, settings, sink),
        Format::Poscar => sink(poscar::read(source, &stem)),
        Format::ExtXyz => extxyz::read(source, &stem, sink),
        Format::Json => items::read(source, &stem, settings, sink),
        Format::JsonLines => lines::read(source, &stem, settings, sink),
        Format::AseDb => ase_db::read(source, &stem, sink),
        Format::Zip | Format::Tar => sink(Err(archive::nested(source))),
    }
}

/// A record without columns.
fn record_of(id: String, structure: super::structure::Structure, line: u64) -> Record {
    Record {
        id,
        formula: structure.composition().reduced_formula(),
        structure,
        columns: BTreeMap::new(),
        line,
    }
}
