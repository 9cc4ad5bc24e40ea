//! Files of structures, seen through a [`World`]: the checker reads their head for the
//! columns, a run reads all of them for the rows.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::chem::fault::code;
use crate::chem::formats::{self, Format, Labels, Limits, Settings};
use crate::chem::{Fault, OnBad, Records};
use crate::world::World;

/// Bytes of a file that are read to know its columns, where they hold as many records as
/// that needs.
const HEAD_BYTES: u64 = 2 << 20;

/// The labels file that graph networks' data folders hold, without a header.
const OWN_LABELS: &str = "id_prop.csv";

/// How a source is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The only format wanted, if any.
    pub format: Option<Format>,
    /// Whether what is no JSON is refused.
    pub json: bool,
    /// What to do about a bad structure.
    pub on_bad: OnBad,
    /// A CSV file of columns by id.
    pub labels: Option<PathBuf>,
    /// Units of columns, by name, instead of those they have by convention.
    pub units: Vec<(String, String)>,
}

impl Reading {
    /// How the source of that name reads, when it is one.
    pub fn of(source: &str, on_bad: OnBad) -> Option<Reading> {
        let (format, json) = match source {
            "structures" => (None, false),
            "cif_folder" => (Some(Format::Cif), false),
            "extxyz" => (Some(Format::ExtXyz), false),
            "ase_db" => (Some(Format::AseDb), false),
            "materials_project" | "matbench" | "jarvis" | "optimade" => (None, true),
            _ => return None,
        };
        Some(Reading {
            format,
            json,
            on_bad,
            labels: None,
            units: Vec::new(),
        })
    }
}

/// Whether a file of a folder is read as one of its structures, or labels them.
pub fn is_read(path: &Path) -> bool {
    path.ends_with(OWN_LABELS) || formats::in_folder(&path.display().to_string(), None)
}

/// The structures of a file, an archive or a folder; at most the first `most`.
///
/// # Errors
/// It cannot be read or holds no usable structure; with [`OnBad::Fail`] also the first
/// bad one.
pub fn read(
    world: &dyn World,
    path: &Path,
    reading: &Reading,
    most: usize,
) -> Result<Records, Fault> {
    let settings = Settings {
        on_bad: reading.on_bad,
        format: reading.format,
        ..Settings::default()
    };
    let name = path.display().to_string();
    let members = world
        .list(path)
        .map_err(|error| formats::unreadable(&name, &error))?;
    let labels = labels(world, path, reading, members.as_deref(), &settings.limits)?;
    let Some(members) = members else {
        let records = one_file(world, path, reading, &settings, labels, most)?;
        return Ok(with_units(records, reading));
    };
    let records =
        formats::read_each(&name, reading.on_bad, true, labels, most, |sink| {
            for member in members {
                let name = member.display().to_string();
                if !formats::in_folder(&name, settings.format) {
                    continue;
                }
                match content(world, &member, &settings.limits) {
                    Ok(bytes) => formats::each_of(&name, &bytes, &settings, sink)?,
                    Err(fault) => sink(Err(fault))?,
                }
            }
            std::ops::ControlFlow::Continue(())
        })?;
    Ok(with_units(records, reading))
}

/// The records of a file. Where only the first `most` are wanted, the head of it is read,
/// and the rest only if that does not give them.
fn one_file(
    world: &dyn World,
    path: &Path,
    reading: &Reading,
    settings: &Settings,
    labels: Option<Labels>,
    most: usize,
) -> Result<Records, Fault> {
    let name = path.display().to_string();
    let read = |bytes: &[u8], labels| {
        formats::read_each(&name, reading.on_bad, false, labels, most, |sink| {
            match refused(&name, bytes, reading) {
                Some(fault) => sink(Err(fault)),
                None => formats::each_of(&name, bytes, settings, sink),
            }
        })
    };
    let mut file = world
        .open(path)
        .map_err(|error| formats::unreadable(&name, &error))?;
    let mut bytes = Vec::new();
    if most < usize::MAX {
        fill(&mut *file, &name, HEAD_BYTES, &mut bytes)?;
        if bytes.len() as u64 == HEAD_BYTES
            && let Some(head) = formats::head(&bytes)
            && let Ok(records) = read(&head, labels.clone())
            && records.rows.len() == most
        {
            return Ok(records);
        }
    }
    rest(&mut *file, &name, &settings.limits, &mut bytes)?;
    read(&bytes, labels)
}

/// The records with the units that the script gives columns.
fn with_units(mut records: Records, reading: &Reading) -> Records {
    for (name, unit) in &reading.units {
        let column = records
            .columns
            .iter_mut()
            .find(|column| column.name == *name);
        if let Some(column) = column {
            column.unit = Some(unit.clone());
        }
    }
    records
}

fn labels(
    world: &dyn World,
    path: &Path,
    reading: &Reading,
    members: Option<&[PathBuf]>,
    limits: &Limits,
) -> Result<Option<Labels>, Fault> {
    let own = path.join(OWN_LABELS);
    let file = match &reading.labels {
        Some(file) => file,
        None if members.is_some_and(|members| members.contains(&own)) => &own,
        None => return Ok(None),
    };
    let bytes = content(world, file, limits)?;
    Labels::read(&file.display().to_string(), &bytes, limits).map(Some)
}

/// A file of another format than the source promises.
fn refused(name: &str, bytes: &[u8], reading: &Reading) -> Option<Fault> {
    let packed = bytes.starts_with(&[0x1f, 0x8b]);
    if !reading.json || packed {
        return None;
    }
    let is_json = matches!(
        formats::detect(name, bytes),
        Some(Format::Json | Format::JsonLines) | None
    );
    (!is_json).then(|| Fault {
        code: formats::code::UNKNOWN_FORMAT,
        file: name.to_owned(),
        line: 0,
        column: None,
        record: None,
        field: None,
        title: "the file is no JSON".to_owned(),
        help: "this source reads JSON; `structures(…)` reads every format by its content"
            .to_owned(),
    })
}

/// The bytes of a file, no more than the limits allow.
fn content(world: &dyn World, path: &Path, limits: &Limits) -> Result<Vec<u8>, Fault> {
    let name = path.display().to_string();
    let mut reader = world
        .open(path)
        .map_err(|error| formats::unreadable(&name, &error))?;
    let mut bytes = Vec::new();
    rest(&mut *reader, &name, limits, &mut bytes)?;
    Ok(bytes)
}

/// Read `most` bytes, or all there are.
fn fill(
    reader: &mut dyn Read,
    name: &str,
    most: u64,
    bytes: &mut Vec<u8>,
) -> Result<(), Fault> {
    reader
        .take(most)
        .read_to_end(bytes)
        .map(drop)
        .map_err(|error| formats::unreadable(name, &error))
}

/// Read on to the end.
fn rest(
    reader: &mut dyn Read,
    name: &str,
    limits: &Limits,
    bytes: &mut Vec<u8>,
) -> Result<(), Fault> {
    let most = limits.file_bytes + 1 - bytes.len() as u64;
    fill(reader, name, most, bytes)?;
    if bytes.len() as u64 > limits.file_bytes {
        return Err(Fault {
            code: code::UNREADABLE,
            file: name.to_owned(),
            line: 0,
            column: None,
            record: None,
            field: None,
            title: format!("the file is larger than {} MB", limits.file_bytes >> 20),
            help: "split it into several files".to_owned(),
        });
    }
    Ok(())
}
