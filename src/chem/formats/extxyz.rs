//! Extended XYZ comes in, a record for each of its frames goes out. What the second
//! line of a frame gives beside `Lattice` and `Properties` becomes columns.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::Sink;
use super::jarvis;
use super::number::decimal;
use super::poscar::{Rows, words};
use super::source::{Bad, Source, impossible, quoted};
use crate::chem::element::Element;
use crate::chem::fault::code as known;
use crate::chem::records::{Cell, Record};
use crate::chem::structure::MAX_SITES;

/// Names of a frame in its second line.
const IDS: [&str; 7] = [
    "material_id",
    "mp_id",
    "jid",
    "id",
    "identifier",
    "name",
    "uid",
];
/// Most entries of a second line.
const MAX_ENTRIES: usize = 2_000;

pub(super) fn read(
    source: &Source<'_>,
    stem: &str,
    sink: &mut Sink<'_>,
) -> ControlFlow<()> {
    let mut rows = Rows::new(source.bytes).peekable();
    let mut number = 0;
    loop {
        while rows
            .next_if(|(_, line)| line.iter().all(u8::is_ascii_whitespace))
            .is_some()
        {}
        let Some((at, first)) = rows.next() else {
            if number == 0 {
                let bad = Bad::new(known::NO_RECORDS, 0, "the file holds no frame")
                    .help("a frame begins with its number of atoms");
                return sink(Err(source.fault(bad, None)));
            }
            return ControlFlow::Continue(());
        };
        number += 1;
        let fallback = format!("{stem}/{number}");
        let count = match read_count(first, at) {
            Ok(count) => count,
            // Where the next frame begins is not known.
            Err(bad) => return sink(Err(source.fault(bad, Some(&fallback)))),
        };
        let mut lines = Vec::with_capacity(count.min(MAX_SITES) + 1);
        while lines.len() < count + 1
            && let Some(row) = rows.next()
        {
            lines.push(row);
        }
        if lines.len() < count + 1 {
            let title =
                format!("the frame has {count} atoms, but the file ends before the last");
            let bad = Bad::syntax(at, title).help("fetch the file again: it was cut off");
            return sink(Err(source.fault(bad, Some(&fallback))));
        }
        let line = source.line_of(at);
        sink(frame(source, &lines, &fallback, line))?;
    }
}

fn read_count(text: &[u8], at: usize) -> Result<usize, Bad> {
    let text = text.trim_ascii();
    let count = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse::<usize>().ok());
    match count {
        Some(count @ 1..=MAX_SITES) => Ok(count),
        Some(count) => {
            Err(
                Bad::new(known::WRONG_TYPE, at, format!("a frame of {count} atoms"))
                    .help("a structure has between 1 and 100,000 sites"),
            )
        }
        None => Err(
            Bad::syntax(at, format!("`{}` is no number of atoms", quoted(text)))
                .help("a frame begins with a line that holds only its number of atoms"),
        ),
    }
}

fn frame(
    source: &Source<'_>,
    lines: &[(usize, &[u8])],
    fallback: &str,
    line: u64,
) -> Result<Record, crate::chem::fault::Fault> {
    let Some(((at, second), sites)) = lines.split_first() else {
        unreachable!("a frame has a second line");
    };
    let entries = match entries(second, *at) {
        Ok(entries) => entries,
        Err(bad) => return Err(source.fault(bad, Some(fallback))),
    };
    let id = IDS
        .iter()
        .find_map(|name| {
            entries
                .get(*name)
                .filter(|id| !id.is_empty() && id.len() <= 200)
        })
        .cloned()
        .unwrap_or_else(|| fallback.to_owned());
    let read = structure(&entries, sites, *at);
    let structure = read.map_err(|bad| source.fault(bad, Some(&id)))?;
    Ok(Record {
        columns: columns(&entries),
        ..super::record_of(id, structure, line)
    })
}

/// `key=value` pairs; values in quotes or brackets may hold blanks; a key alone is
/// true.
fn entries(text: &[u8], at: usize) -> Result<BTreeMap<String, String>, Bad> {
    let Ok(text) = std::str::from_utf8(text) else {
        return Err(Bad::syntax(at, "the line is not UTF-8 text")
            .help("save the file in the UTF-8 encoding"));
    };
    let mut entries = BTreeMap::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if entries.len() > MAX_ENTRIES {
            return Err(Bad::syntax(at, "the line has too many entries")
                .help("is this an extended XYZ file?"));
        }
        let (key, after) = take_word(rest, at)?;
        let mut value = "T".to_owned();
        rest = after.trim_start();
        if let Some(after) = rest.strip_prefix('=') {
            let (word, after) = take_word(after.trim_start(), at)?;
            value = word;
            rest = after.trim_start();
        }
        if key.is_empty() {
            return Err(Bad::syntax(at, "the line has a value without a name")
                .help("write `name=value`"));
        }
        entries.insert(key, value);
    }
    Ok(entries)
}

/// A word, or what stands between quotes or brackets, and what follows.
fn take_word(text: &str, at: usize) -> Result<(String, &str), Bad> {
    let close = match text.bytes().next() {
        Some(b'"') => '"',
        Some(b'\'') => '\'',
        Some(b'{') => '}',
        Some(b'[') => ']',
        _ => {
            let end = text
                .find(|c: char| c.is_whitespace() || c == '=')
                .unwrap_or(text.len());
            let (word, rest) = text.split_at_checked(end).unwrap_or((text, ""));
            return Ok((word.to_owned(), rest));
        }
    };
    let inside = text.get(1..).unwrap_or_default();
    let mut word = String::new();
    let (mut escaped, mut depth) = (false, 0);
    for (i, c) in inside.char_indices() {
        match c {
            _ if escaped => {
                word.push(c);
                escaped = false;
            }
            '\\' if close == '"' => escaped = true,
            '[' | '{' if close == ']' || close == '}' => {
                depth += 1;
                word.push(c);
            }
            ']' | '}' if depth > 0 => {
                depth -= 1;
                word.push(c);
            }
            c if c == close => {
                return Ok((word, inside.get(i + c.len_utf8()..).unwrap_or_default()));
            }
            c => word.push(c),
        }
    }
    Err(Bad::syntax(
        at,
        format!(
            "a value that begins with `{}` is not closed",
            text.chars().next().unwrap_or_default()
        ),
    )
    .help(format!("close it with `{close}` on the same line")))
}

fn structure(
    entries: &BTreeMap<String, String>,
    rows: &[(usize, &[u8])],
    at: usize,
) -> Result<crate::chem::structure::Structure, Bad> {
    let find = |name: &str| {
        entries
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    };
    let Some(cell) = find("Lattice") else {
        return Err(
            Bad::new(known::MISSING_FIELD, at, "the frame has no `Lattice`")
                .field("Lattice")
                .help(
                    "plain XYZ holds molecules; a crystal gives its cell: Lattice=\"…\"",
                ),
        );
    };
    let numbers: Option<Vec<f64>> = words(cell.as_bytes()).map(decimal).collect();
    let Some(&[ax, ay, az, bx, by, bz, cx, cy, cz]) = numbers.as_deref() else {
        return Err(
            Bad::new(known::WRONG_TYPE, at, "`Lattice` is not nine numbers")
                .field("Lattice")
                .help("write the three cell vectors one after the other, in Å"),
        );
    };
    if let Some(pbc) = find("pbc")
        && words(pbc.as_bytes())
            .any(|word| matches!(word.first(), Some(b'F' | b'f' | b'0')))
    {
        return Err(Bad::new(
            known::WRONG_TYPE,
            at,
            "the frame is not periodic in all directions",
        )
        .field("pbc")
        .help("crystals are read: pbc=\"T T T\""));
    }
    let layout = layout(find("Properties").unwrap_or("species:S:1:pos:R:3"), at)?;
    let (mut species, mut sites) = (Vec::new(), Vec::new());
    for (at, text) in rows {
        let words: Vec<&[u8]> = words(text).collect();
        let word = |i: usize| {
            words.get(i).copied().ok_or_else(|| {
                Bad::syntax(
                    *at,
                    format!("the atom has {} values, not {}", words.len(), layout.width),
                )
                .help("each atom gives the values that `Properties` names")
            })
        };
        word(layout.width.saturating_sub(1))?;
        let text = word(layout.species)?;
        let element: Option<Element> = match layout.by_number {
            true => decimal(text)
                .filter(|z| z.fract() == 0.0)
                .and_then(|z| Element::from_z(z as u8)),
            false => std::str::from_utf8(text)
                .ok()
                .and_then(|text| text.parse().ok()),
        };
        let Some(element) = element else {
            let title = format!("`{}` is not a chemical element", quoted(text));
            return Err(Bad::new(known::UNKNOWN_ELEMENT, *at, title)
                .field("species")
                .help("write symbols of the periodic table, such as `Fe`"));
        };
        let mut site = [0.0; 3];
        for (axis, x) in site.iter_mut().enumerate() {
            let text = word(layout.position + axis)?;
            *x = decimal(text).ok_or_else(|| {
                let title = format!("`{}` is no number", quoted(text));
                Bad::new(known::WRONG_TYPE, *at, title)
                    .field("pos")
                    .help("positions are finite numbers in Å")
            })?;
        }
        species.push(element);
        sites.push(site);
    }
    let lattice = [[ax, ay, az], [bx, by, bz], [cx, cy, cz]];
    jarvis::structure(lattice, species, sites, true)
        .map_err(|error| impossible(&error, at, "of the frame"))
}

/// In which columns what stands.
struct Layout {
    species: usize,
    by_number: bool,
    position: usize,
    width: usize,
}

fn layout(properties: &str, at: usize) -> Result<Layout, Bad> {
    let wrong = || {
        Bad::syntax(at, "`Properties` cannot be read")
            .field("Properties")
            .help("write it as `species:S:1:pos:R:3`, with at least these two")
    };
    let parts: Vec<&str> = properties.split(':').collect();
    let (mut species, mut numbers, mut position, mut width) = (None, None, None, 0_usize);
    for entry in parts.chunks(3) {
        let [name, kind, count] = entry else {
            return Err(wrong());
        };
        let count: usize = count.parse().map_err(|_| wrong())?;
        if count == 0 || count > 10_000 || width > 10_000 {
            return Err(wrong());
        }
        match (name.to_ascii_lowercase().as_str(), *kind, count) {
            ("species", "S", 1) => species = Some(width),
            ("z" | "numbers" | "atomic_numbers", "I", 1) => numbers = Some(width),
            ("pos" | "positions", "R", 3) => position = Some(width),
            _ => {}
        }
        width += count;
    }
    match (species, numbers, position) {
        (Some(species), _, Some(position)) => Ok(Layout {
            species,
            by_number: false,
            position,
            width,
        }),
        (None, Some(species), Some(position)) => Ok(Layout {
            species,
            by_number: true,
            position,
            width,
        }),
        _ => Err(wrong()),
    }
}

fn columns(entries: &BTreeMap<String, String>) -> BTreeMap<String, Cell> {
    let mut columns = BTreeMap::new();
    for (name, value) in entries {
        let own = ["lattice", "properties", "pbc"];
        let lower = name.to_ascii_lowercase();
        let skipped = own.contains(&lower.as_str())
            || IDS.contains(&name.as_str())
            || name.len() > 200
            || value.len() > 1_000
            || value.is_empty();
        if skipped {
            continue;
        }
        let cell = match (value.as_str(), decimal(value.as_bytes())) {
            (_, Some(x)) => Cell::Number(x),
            ("T" | "True" | "true" | "TRUE", _) => Cell::Bool(true),
            ("F" | "False" | "false" | "FALSE", _) => Cell::Bool(false),
            // A list of numbers, such as a stress, is no column.
            (list, _) if words(list.as_bytes()).all(|w| decimal(w).is_some()) => continue,
            (text, _) => Cell::Text(text.to_owned()),
        };
        columns.insert(name.clone(), cell);
    }
    columns
}
