//! A VASP structure file (POSCAR, CONTCAR; VASP 4 and 5) comes in, a record goes out.

use super::jarvis;
use super::number::decimal;
use super::source::{Bad, Source, impossible, quoted};
use crate::chem::element::Element;
use crate::chem::fault::{Fault, code as known};
use crate::chem::records::Record;
use crate::chem::structure::{MAX_SITES, Structure};

/// The lines of a file, each with the byte at which it begins.
pub(super) struct Rows<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Rows<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Rows<'a> {
        Rows { bytes, at: 0 }
    }
}

impl<'a> Iterator for Rows<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<(usize, &'a [u8])> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        let length = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        self.at += length + 1;
        let line = rest.get(..length).unwrap_or_default();
        Some((start, line.strip_suffix(b"\r").unwrap_or(line)))
    }
}

/// The words of a line.
pub(super) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|b| b.is_ascii_whitespace())
        .filter(|word| !word.is_empty())
}

pub(super) fn read(source: &Source<'_>, stem: &str) -> Result<Record, Fault> {
    match parse(source) {
        Ok(structure) => Ok(super::record_of(stem.to_owned(), structure, 1)),
        Err(bad) => Err(source.fault(bad, Some(stem))),
    }
}

fn parse(source: &Source<'_>) -> Result<Structure, Bad> {
    let mut rows = Rows::new(source.bytes);
    let end = source.bytes.len();
    let mut line = |what: &str| {
        rows.next().ok_or_else(|| {
            Bad::syntax(end, format!("the file ends where {what} should stand"))
                .help("a POSCAR holds a title, a scale, three vectors, symbols, counts and sites")
        })
    };
    let (_, title) = line("the title")?;
    let (scale_at, scale) = line("the scale")?;
    let lattice_at = scale_at;
    let mut lattice = [[0.0; 3]; 3];
    for row in &mut lattice {
        let (at, text) = line("a cell vector")?;
        *row = triple(text, at, "cell vector")?;
    }
    let scale = read_scale(scale, scale_at, &lattice)?;
    for row in &mut lattice {
        scale_by(row, &scale);
    }
    let (at, text) = line("the symbols or the counts")?;
    let mut symbols: Option<(usize, Vec<&[u8]>)> = None;
    let (counts_at, counts) = match words(text).next() {
        Some(word) if word.iter().all(u8::is_ascii_digit) => (at, text),
        _ => {
            symbols = Some((at, words(text).collect()));
            line("the counts")?
        }
    };
    let counts = read_counts(counts, counts_at)?;
    let total: usize = counts.iter().sum();
    let (mut at, mut mode) = line("`Direct` or `Cartesian`")?;
    let first = |text: &[u8]| words(text).next().and_then(|word| word.first().copied());
    if matches!(first(mode), Some(b's' | b'S')) {
        (at, mode) = line("`Direct` or `Cartesian`")?;
    }
    let cartesian = match first(mode) {
        Some(b'c' | b'C' | b'k' | b'K') => true,
        Some(b'd' | b'D') => false,
        _ => {
            let title = format!("`{}` is neither `Direct` nor `Cartesian`", quoted(mode));
            return Err(Bad::syntax(at, title)
                .help("the line before the sites says how they are given"));
        }
    };
    let sites_at = at;
    let mut sites = Vec::with_capacity(total);
    let mut ends = Vec::with_capacity(total);
    for _ in 0..total {
        let (at, text) = line("a site")?;
        let mut site = triple(text, at, "site")?;
        if cartesian {
            scale_by(&mut site, &scale);
        }
        sites.push(site);
        ends.push(words(text).skip(3).find(|word| !is_flag(word)));
    }
    let species = match symbols {
        Some((at, symbols)) => read_symbols(&symbols, &counts, at)?,
        None => old_symbols(title, &counts, &ends, counts_at)?,
    };
    jarvis::structure(lattice, species, sites, cartesian).map_err(|error| {
        let at = match error {
            crate::chem::structure::StructureError::Coordinate { .. } => sites_at,
            _ => lattice_at,
        };
        impossible(&error, at, "of the list")
    })
}

/// `T` and `F` of selective dynamics, and numbers.
fn is_flag(word: &[u8]) -> bool {
    let flags: [&[u8]; 6] = [b"T", b"F", b".T.", b".F.", b".TRUE.", b".FALSE."];
    flags.iter().any(|flag| word.eq_ignore_ascii_case(flag)) || decimal(word).is_some()
}

pub(super) fn triple(text: &[u8], at: usize, what: &str) -> Result<[f64; 3], Bad> {
    let mut numbers = [0.0; 3];
    let mut words = words(text);
    for number in &mut numbers {
        let Some(word) = words.next() else {
            return Err(Bad::syntax(at, format!("the {what} has not three numbers"))
                .help("write three numbers, with blanks between"));
        };
        *number = decimal(word).ok_or_else(|| {
            let title = format!("`{}` of the {what} is no number", quoted(word));
            Bad::new(known::WRONG_TYPE, at, title).help("write a finite decimal number")
        })?;
    }
    Ok(numbers)
}

fn scale_by(row: &mut [f64; 3], scale: &[f64; 3]) {
    for (x, factor) in row.iter_mut().zip(scale) {
        *x *= factor;
    }
}

/// One factor, three factors (of x, y and z), or the negative of the volume in Å^3.
fn read_scale(text: &[u8], at: usize, lattice: &[[f64; 3]; 3]) -> Result<[f64; 3], Bad> {
    let numbers: Vec<f64> = words(text).map_while(decimal).take(3).collect();
    let wrong = || {
        Bad::syntax(at, format!("`{}` is no scale", quoted(text)))
            .help("write one factor, three factors, or minus the cell's volume in Å^3")
    };
    match numbers.as_slice() {
        [x, y, z] if *x > 0.0 && *y > 0.0 && *z > 0.0 => Ok([*x, *y, *z]),
        [x, ..] if *x > 0.0 => Ok([*x; 3]),
        [x, ..] if *x < 0.0 => {
            let [a, b, c] = lattice;
            let volume = a[0] * (b[1] * c[2] - b[2] * c[1])
                - a[1] * (b[0] * c[2] - b[2] * c[0])
                + a[2] * (b[0] * c[1] - b[1] * c[0]);
            let factor = libm::cbrt(-x / volume.abs());
            if factor.is_finite() {
                Ok([factor; 3])
            } else {
                Err(wrong())
            }
        }
        _ => Err(wrong()),
    }
}

fn read_counts(text: &[u8], at: usize) -> Result<Vec<usize>, Bad> {
    let mut counts = Vec::new();
    let mut total = 0_usize;
    for word in words(text) {
        let count = std::str::from_utf8(word)
            .ok()
            .and_then(|w| w.parse::<usize>().ok());
        match count {
            Some(count) => {
                total = total.saturating_add(count);
                counts.push(count);
            }
            // A comment may follow.
            None if !counts.is_empty() && matches!(word.first(), Some(b'!' | b'#')) => {
                break;
            }
            None => {
                let title = format!("`{}` is no number of atoms", quoted(word));
                return Err(Bad::syntax(at, title)
                    .help("the line after the symbols counts the atoms of each"));
            }
        }
    }
    match total {
        1..=MAX_SITES => Ok(counts),
        _ => Err(Bad::new(
            known::WRONG_TYPE,
            at,
            format!("the counts make {total} atoms"),
        )
        .help("a structure has between 1 and 100,000 sites")),
    }
}

/// `Fe`, and what VASP writes: `Fe_pv`, `Fe/1a2b3c`.
fn symbol(word: &[u8]) -> Option<Element> {
    let end = word
        .iter()
        .position(|b| !b.is_ascii_alphabetic())
        .unwrap_or(word.len());
    std::str::from_utf8(word.get(..end)?).ok()?.parse().ok()
}

fn read_symbols(
    symbols: &[&[u8]],
    counts: &[usize],
    at: usize,
) -> Result<Vec<Element>, Bad> {
    let symbols: Vec<&&[u8]> = symbols
        .iter()
        .take_while(|word| !matches!(word.first(), Some(b'!' | b'#')))
        .collect();
    if symbols.len() != counts.len() {
        let title = format!("{} symbols but {} counts", symbols.len(), counts.len());
        return Err(Bad::new(known::CONTRADICTION, at, title)
            .help("give each symbol one count, on the next line"));
    }
    let mut species = Vec::new();
    for (word, count) in symbols.iter().zip(counts) {
        let Some(element) = symbol(word) else {
            let title = format!("`{}` is not a chemical element", quoted(word));
            return Err(Bad::new(known::UNKNOWN_ELEMENT, at, title)
                .help("write symbols of the periodic table, such as `Fe`"));
        };
        species.extend(std::iter::repeat_n(element, *count));
    }
    Ok(species)
}

/// VASP 4 names no elements: they stand after the sites, or in the title.
fn old_symbols(
    title: &[u8],
    counts: &[usize],
    ends: &[Option<&[u8]>],
    at: usize,
) -> Result<Vec<Element>, Bad> {
    let after: Option<Vec<Element>> =
        ends.iter().map(|word| word.and_then(symbol)).collect();
    if let Some(after) = after {
        return Ok(after);
    }
    let titled: Option<Vec<Element>> = words(title)
        .take(counts.len() + 1)
        .map(exact_symbol)
        .collect();
    match titled {
        Some(titled) if titled.len() == counts.len() => {
            let each = titled.iter().zip(counts);
            Ok(each
                .flat_map(|(e, count)| std::iter::repeat_n(*e, *count))
                .collect())
        }
        _ => Err(Bad::new(
            known::MISSING_FIELD,
            at,
            "the file does not name its elements",
        )
        .help(
            "this is the VASP 4 form: write a line with the symbols before the \
                 counts, `Ti O`",
        )),
    }
}

fn exact_symbol(word: &[u8]) -> Option<Element> {
    std::str::from_utf8(word).ok()?.parse().ok()
}
