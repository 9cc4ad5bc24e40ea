//! A file's name and first bytes come in, its format goes out.

use super::code;
use super::source::Source;
use crate::chem::fault::Fault;

/// Formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Crystallographic Information File.
    Cif,
    /// VASP structure, POSCAR and CONTCAR, of VASP 4 and 5.
    Poscar,
    /// Extended XYZ, with `Lattice="…"`.
    ExtXyz,
    /// JSON of pymatgen, the Materials Project, JARVIS, matbench or OPTIMADE.
    Json,
    /// One JSON object per line.
    JsonLines,
    /// SQLite database of ASE.
    AseDb,
    /// Zip archive.
    Zip,
    /// Tar archive.
    Tar,
}

/// Endings of names, without those of compression.
const ENDINGS: [(&str, Format); 14] = [
    ("cif", Format::Cif),
    ("mcif", Format::Cif),
    ("mmcif", Format::Cif),
    ("poscar", Format::Poscar),
    ("contcar", Format::Poscar),
    ("vasp", Format::Poscar),
    ("xyz", Format::ExtXyz),
    ("extxyz", Format::ExtXyz),
    ("json", Format::Json),
    ("jsonl", Format::JsonLines),
    ("ndjson", Format::JsonLines),
    ("db", Format::AseDb),
    ("zip", Format::Zip),
    ("tar", Format::Tar),
];

/// How much of a file is looked at.
const HEAD: usize = 64 << 10;

/// The format of a file by the first bytes where they tell it, else by its name, else
/// by how its first lines look. The content must be unpacked.
pub fn detect(file: &str, bytes: &[u8]) -> Option<Format> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Some(Format::Zip);
    }
    if bytes.starts_with(b"SQLite format 3\0") {
        return Some(Format::AseDb);
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return Some(Format::Tar);
    }
    let named = by_name(file);
    match named {
        // JSON lines are often called .json, and JSON .jsonl.
        Some(Format::Json | Format::JsonLines) | None => {}
        Some(_) => return named,
    }
    by_look(bytes).or(named)
}

/// The format that a name promises.
pub(super) fn by_name(file: &str) -> Option<Format> {
    let name = last_part(file).to_ascii_lowercase();
    let bare = name.strip_suffix(".gz").unwrap_or(&name);
    if bare.starts_with("poscar") || bare.starts_with("contcar") {
        return Some(Format::Poscar);
    }
    if let Some(bare) = bare.strip_suffix(".tgz") {
        return (!bare.is_empty()).then_some(Format::Tar);
    }
    let (_, ending) = bare.rsplit_once('.')?;
    ENDINGS
        .iter()
        .find(|(known, _)| *known == ending)
        .map(|(_, format)| *format)
}

fn last_part(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or(file)
}

/// What a record of a file is called: the file's name without folder and endings that
/// are known; for a file called just POSCAR, its folder's.
pub fn stem(file: &str) -> String {
    let mut name = last_part(file);
    if name.eq_ignore_ascii_case("poscar") || name.eq_ignore_ascii_case("contcar") {
        let mut parts = file.rsplit(['/', '\\']).skip(1);
        if let Some(folder) = parts.next().filter(|p| !matches!(*p, "" | "." | "..")) {
            name = folder;
        }
        return name.to_owned();
    }
    let cut = |name: &str, ending: &str| -> Option<usize> {
        let at = name.len().checked_sub(ending.len() + 1)?;
        let (dot, tail) = (name.get(at..=at)?, name.get(at + 1..)?);
        (dot == "." && tail.eq_ignore_ascii_case(ending) && at > 0).then_some(at)
    };
    for compression in ["gz", "tgz"] {
        if let Some(at) = cut(name, compression) {
            name = name.get(..at).unwrap_or(name);
        }
    }
    for (ending, _) in ENDINGS {
        if let Some(at) = cut(name, ending) {
            return name.get(..at).unwrap_or(name).to_owned();
        }
    }
    name.to_owned()
}

fn by_look(bytes: &[u8]) -> Option<Format> {
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}');
    let first = text.trim_start().chars().next()?;
    if first == '[' {
        return Some(Format::Json);
    }
    if first == '{' {
        return Some(if is_record_line(text) {
            Format::JsonLines
        } else {
            Format::Json
        });
    }
    let starts = |line: &str, word: &str| {
        line.get(..word.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(word))
    };
    if text.lines().any(|line| starts(line.trim_start(), "data_")) {
        return Some(Format::Cif);
    }
    let mut lines = text.lines();
    let (one, two) = (lines.next()?, lines.next().unwrap_or_default());
    if one.trim().parse::<usize>().is_ok() && two.contains('=') {
        return Some(Format::ExtXyz);
    }
    let numbers = |line: &str, count: usize| {
        let mut words = line.split_whitespace();
        (0..count).all(|_| words.next().is_some_and(|w| w.parse::<f64>().is_ok()))
    };
    let vectors = lines
        .by_ref()
        .take(3)
        .filter(|line| numbers(line, 3))
        .count();
    (numbers(two, 1) && vectors == 3).then_some(Format::Poscar)
}

/// Whether the first line is a whole JSON object and more follow, or it is a record.
fn is_record_line(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let Some(first) = lines.next() else {
        return false;
    };
    let whole = serde_json::from_str::<serde::de::IgnoredAny>(first).is_ok();
    let record = ["\"lattice\"", "\"species\"", "\"frac\""]
        .iter()
        .all(|name| first.contains(name));
    (whole && lines.next().is_some_and(|line| line.starts_with('{'))) || record
}

pub(super) fn unknown(source: &Source<'_>) -> Fault {
    let title = match source.bytes.is_empty() {
        true => "the file is empty",
        false => "the format of the file is not known, by name or content",
    };
    Fault::of_file(code::UNKNOWN_FORMAT, source.file, title.to_owned()).help(
        "CIF, POSCAR, extended XYZ, JSON (pymatgen, Materials Project, JARVIS, matbench, \
         OPTIMADE), JSON lines and ASE databases are read, also from zip and tar",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_formats_and_stems() {
        for (name, format, is) in [
            ("a/mp-1.cif", Some(Format::Cif), "mp-1"),
            ("mp-1.p1.CIF.gz", Some(Format::Cif), "mp-1.p1"),
            ("run7/POSCAR", Some(Format::Poscar), "run7"),
            ("POSCAR", Some(Format::Poscar), "POSCAR"),
            ("POSCAR-3.vasp", Some(Format::Poscar), "POSCAR-3"),
            ("x.json.gz", Some(Format::Json), "x"),
            ("x.tar.gz", Some(Format::Tar), "x"),
            (".cif", Some(Format::Cif), ".cif"),
            ("notes.txt", None, "notes.txt"),
        ] {
            assert_eq!(by_name(name), format, "{name}");
            assert_eq!(stem(name), is, "{name}");
        }
    }

    #[test]
    fn content_tells_formats() {
        let look = |text: &str| detect("x", text.as_bytes());
        assert_eq!(look("# a\ndata_x\n"), Some(Format::Cif));
        assert_eq!(look("2\nLattice=\"1\"\n"), Some(Format::ExtXyz));
        assert_eq!(
            look("c\n1.0\n1 0 0\n0 1 0\n0 0 1\nH\n"),
            Some(Format::Poscar)
        );
        assert_eq!(look("[{}]"), Some(Format::Json));
        assert_eq!(look("{\"id\":1}\n{\"id\":2}"), Some(Format::JsonLines));
        assert_eq!(look("{\n\"data\": []}"), Some(Format::Json));
        assert_eq!(look("SQLite format 3\0"), Some(Format::AseDb));
        assert_eq!(look("PK\u{3}\u{4}"), Some(Format::Zip));
        assert_eq!(look("hello"), None);
        assert_eq!(look(""), None);
    }
}
