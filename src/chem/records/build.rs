//! The fields of one line come in, a checked [`Record`] goes out, or what is wrong
//! with the first field that is.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::Record;
use super::columns::{Cell, Kind, standard_unit};
use super::explain::{
    asked, counted, kind_of, list, other_names, shorten, shorten_title, told, wrong_rows,
};
use super::line::Line;
use super::species::Species;
use crate::chem::composition::Composition;
use crate::chem::element::Element;
use crate::chem::fault::{Fault, code};
use crate::chem::structure::{LENGTH_RANGE, MAX_FRACTION, Structure, StructureError};

/// Fields that describe the structure; every other field is a column.
pub(super) const OWN_FIELDS: [&str; 7] = [
    "id", "formula", "nelem", "nsites", "lattice", "species", "frac",
];

/// Fractions of a formula with decimals may differ this much from the structure's,
/// since such amounts are rounded (`Li0.33CoO2`).
const ROUNDED_FORMULA: f64 = 2e-3;
/// Fractions of a formula with whole numbers are the structure's up to rounding.
const WHOLE_FORMULA: f64 = 1e-9;
/// Longest id and longest name of a field, in characters.
const MAX_NAME: usize = 200;
/// Largest whole number up to which every one is held exactly, 2^53.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Make the record of a line.
pub(super) fn build(mut line: Line<'_>, number: u64) -> Result<Record, Fault> {
    let id = read_id(&line)?;
    line.id = Some(id.clone());
    let lattice = typed(&line, "lattice", |raw| wrong_rows("lattice", raw, Some(3)))?;
    let species = read_species(&line)?;
    let frac = typed(&line, "frac", |raw| wrong_rows("frac", raw, None))?;
    let structure = Structure::new(lattice, species, frac)
        .map_err(|error| impossible(&line, &error))?;
    let formula = check_own_account(&line, &structure)?;
    let mut columns = BTreeMap::new();
    for (name, raw) in &line.fields {
        if OWN_FIELDS.contains(&name.as_str()) {
            continue;
        }
        if is_long(name) {
            let title = format!("a field's name is longer than {MAX_NAME} characters");
            let fault = line.field_fault(code::WRONG_TYPE, name, title);
            return Err(Fault {
                field: Some(shorten(name)),
                ..fault
            }
            .help("shorten it"));
        }
        if let Some(cell) = read_cell(&line, name, raw)? {
            columns.insert(name.clone(), cell);
        }
    }
    Ok(Record {
        id,
        formula,
        structure,
        columns,
        line: number,
    })
}

fn is_long(name: &str) -> bool {
    name.chars().nth(MAX_NAME).is_some()
}

fn required<'a>(line: &Line<'a>, field: &str) -> Result<&'a RawValue, Fault> {
    if let Some(raw) = line.fields.get(field) {
        return Ok(raw);
    }
    let nested = line
        .fields
        .get("structure")
        .is_some_and(|raw| kind_of(raw) == "an object");
    let mut alike = other_names(field)
        .iter()
        .filter(|name| line.fields.contains_key(**name));
    let help = if nested && field != "id" {
        "the fields inside `structure` are not read: write `lattice`, `species` and \
         `frac` beside `id`"
            .to_owned()
    } else if let Some(name) = alike.next() {
        format!("if `{name}` is meant, call it `{field}`: {}", asked(field))
    } else {
        format!("add `{field}`: {}", asked(field))
    };
    let title = format!("the record has no `{field}`");
    Err(line
        .field_fault(code::MISSING_FIELD, field, title)
        .help(help))
}

fn wrong_type(line: &Line<'_>, field: &str, title: String) -> Fault {
    line.field_fault(code::WRONG_TYPE, field, title)
}

fn read_id(line: &Line<'_>) -> Result<String, Fault> {
    let raw = required(line, "id")?;
    match serde_json::from_str::<String>(raw.get()) {
        Ok(id) if id.trim().is_empty() => {
            let fault = wrong_type(line, "id", "`id` is empty".to_owned());
            Err(fault.help(format!("give {}", asked("id"))))
        }
        Ok(id) if is_long(&id) => {
            let title = format!("`id` is longer than {MAX_NAME} characters");
            Err(wrong_type(line, "id", title).help(format!("give {}", asked("id"))))
        }
        Ok(id) => Ok(id),
        Err(_) => {
            let title = format!("`id` is {}, not text", kind_of(raw));
            let help = match kind_of(raw) {
                "a number" => format!("write it in quotes: \"{}\"", shorten(raw.get())),
                _ => format!("give {}", asked("id")),
            };
            Err(wrong_type(line, "id", title).help(help))
        }
    }
}

/// Read a required field; where that fails, `explain` finds what is wrong with it.
fn typed<T: DeserializeOwned>(
    line: &Line<'_>,
    field: &str,
    explain: impl Fn(&RawValue) -> String,
) -> Result<T, Fault> {
    let raw = required(line, field)?;
    serde_json::from_str(raw.get()).map_err(|_| {
        line.odd_number(Some(field)).unwrap_or_else(|| {
            let help = format!("`{field}` holds {}", asked(field));
            wrong_type(line, field, explain(raw)).help(help)
        })
    })
}

fn read_species(line: &Line<'_>) -> Result<Vec<Element>, Fault> {
    let raw = required(line, "species")?;
    if let Ok(Species(elements)) = serde_json::from_str(raw.get()) {
        return Ok(elements);
    }
    let help = format!("`species` holds {}", asked("species"));
    let Some(items) = list(raw) else {
        let title = format!("`species` is {}, not a list", kind_of(raw));
        return Err(wrong_type(line, "species", title).help(help));
    };
    for (site, item) in items.into_iter().enumerate() {
        let Ok(symbol) = serde_json::from_str::<String>(item.get()) else {
            let title = format!("`species[{site}]` is {}, not text", kind_of(item));
            return Err(wrong_type(line, "species", title).help(help));
        };
        if let Err(error) = symbol.parse::<Element>() {
            let title = format!("`species[{site}]`: {error}");
            let help = match error.suggestion {
                Some(element) => format!("write `{element}`: the bare symbol"),
                None => "write symbols of the periodic table, such as `Fe`".to_owned(),
            };
            let fault = line.field_fault(code::UNKNOWN_ELEMENT, "species", title);
            return Err(fault.help(help));
        }
    }
    Err(wrong_type(line, "species", "`species` cannot be read".to_owned()).help(help))
}

/// Why the numbers make no crystal.
fn impossible(line: &Line<'_>, error: &StructureError) -> Fault {
    let [least, most] = LENGTH_RANGE;
    let (code, field, help) = match error {
        StructureError::NoSites | StructureError::TooManySites { .. } => (
            code::WRONG_TYPE,
            "species",
            "a structure has between 1 and 100,000 sites".to_owned(),
        ),
        StructureError::CountsDiffer { .. } => (
            code::CONTRADICTION,
            "frac",
            "`species` and `frac` list the same sites in the same order".to_owned(),
        ),
        StructureError::LatticeNotFinite { .. } => (
            code::NOT_FINITE,
            "lattice",
            format!("write {}", asked("lattice")),
        ),
        StructureError::Length { .. } => (
            code::IMPOSSIBLE_LATTICE,
            "lattice",
            format!(
                "write the cell vectors in Å, each between {least} and {most} Å long"
            ),
        ),
        StructureError::Flat => (
            code::IMPOSSIBLE_LATTICE,
            "lattice",
            "write three vectors of which none lies in the plane of the other two"
                .to_owned(),
        ),
        StructureError::Coordinate { .. } => (
            code::IMPOSSIBLE_SITE,
            "frac",
            format!(
                "`frac` holds fractions of the cell vectors, at most {MAX_FRACTION}; \
                 are these Cartesian coordinates?"
            ),
        ),
    };
    line.field_fault(code, field, error.to_string()).help(help)
}

/// Compare what the record says of itself with its structure; its formula goes out.
fn check_own_account(line: &Line<'_>, structure: &Structure) -> Result<String, Fault> {
    let composition = structure.composition();
    check_count(line, "nsites", structure.sites(), "site")?;
    check_count(line, "nelem", composition.len(), "element")?;
    let Some(raw) = present(line, "formula") else {
        return Ok(composition.reduced_formula());
    };
    let Ok(formula) = serde_json::from_str::<String>(raw.get()) else {
        let title = format!("`formula` is {}, not text", kind_of(raw));
        return Err(wrong_type(line, "formula", title)
            .help("write it in quotes, or leave it out: it follows from `species`"));
    };
    let written = match formula.parse::<Composition>() {
        Ok(composition) => composition,
        Err(error) => {
            let title = format!("`formula`: {error}");
            return Err(wrong_type(line, "formula", title).help(
                "write it as `LiCoO2`, or leave it out: it follows from `species`",
            ));
        }
    };
    let tolerance = if written.is_whole() {
        WHOLE_FORMULA
    } else {
        ROUNDED_FORMULA
    };
    if !written.same_ratio(&composition, tolerance) {
        let title = format!(
            "`formula` is {}, but the sites make {}",
            shorten(&formula),
            composition.reduced_formula()
        );
        return Err(line
            .field_fault(code::CONTRADICTION, "formula", title)
            .help("correct the structure or the formula; without `formula` it follows from the sites"));
    }
    Ok(formula)
}

fn check_count(
    line: &Line<'_>,
    field: &str,
    counted_there: usize,
    what: &str,
) -> Result<(), Fault> {
    let Some(raw) = present(line, field) else {
        return Ok(());
    };
    let there = counted(counted_there, what);
    match serde_json::from_str::<f64>(raw.get()) {
        Ok(written) if written == counted_there as f64 => Ok(()),
        Ok(written) => {
            let title = format!("`{field}` is {written}, but the structure has {there}");
            Err(line
                .field_fault(code::CONTRADICTION, field, title)
                .help(format!(
                    "is the structure whole? without `{field}` the number is counted"
                )))
        }
        Err(_) => Err(line.odd_number(Some(field)).unwrap_or_else(|| {
            let title = format!("`{field}` is {}, not a number", kind_of(raw));
            let help = format!("write {counted_there}, or leave it out: it is counted");
            wrong_type(line, field, title).help(help)
        })),
    }
}

/// An optional field that is there and not null.
fn present<'a>(line: &Line<'a>, field: &str) -> Option<&'a RawValue> {
    line.fields
        .get(field)
        .copied()
        .filter(|raw| kind_of(raw) != "null")
}

/// A list of numbers or of texts as a cell; `None` where it is neither.
pub fn list_cell(raw: &RawValue) -> Option<Cell> {
    if let Ok(texts) = serde_json::from_str(raw.get()) {
        return Some(Cell::Texts(texts));
    }
    let numbers: Vec<f64> = serde_json::from_str(raw.get()).ok()?;
    let sound = numbers.iter().all(|x| x.is_finite());
    sound.then_some(Cell::Numbers(numbers))
}

/// The cell of a column; `None` where it is null.
fn read_cell(line: &Line<'_>, name: &str, raw: &RawValue) -> Result<Option<Cell>, Fault> {
    let cell = match kind_of(raw) {
        "null" => return Ok(None),
        "text" => serde_json::from_str(raw.get()).ok().map(Cell::Text),
        "true or false" => Some(Cell::Bool(raw.get() == "true")),
        "a number" => serde_json::from_str(raw.get()).ok().map(Cell::Number),
        "a list" => match list_cell(raw) {
            Some(cell) => Some(cell),
            None => {
                let title = format!("`{name}` is a list that no column can hold");
                return Err(wrong_type(line, name, title)
                    .help("a list in a column holds numbers only, or texts only"));
            }
        },
        kind => {
            let title = format!("`{name}` is {kind}, which no column can hold");
            return Err(wrong_type(line, name, title).help(
                "columns hold numbers, texts, true/false, lists of them or null; leave \
                 the field out or give each of its values a column of its own",
            ));
        }
    };
    let Some(cell) = cell else {
        return Err(line.odd_number(Some(name)).unwrap_or_else(|| {
            let title = format!("`{name}` cannot be read: {}", shorten(raw.get()));
            wrong_type(line, name, title).help("write a number or a text in quotes")
        }));
    };
    if let Cell::Number(x) = cell
        && x.abs() > MAX_EXACT
        && !raw.get().contains(['.', 'e', 'E'])
    {
        let title = format!("`{name}` is {}: too large to be kept exactly", raw.get());
        return Err(wrong_type(line, name, shorten_title(title))
            .help("write such a number in quotes, as text, or with a decimal point"));
    }
    if let Some(unit) = standard_unit(name)
        && cell.kind() != Kind::Number
    {
        let title = format!("`{name}` is {}, not a number", told(&cell));
        return Err(wrong_type(line, name, title).help(format!(
            "write the bare number, in {unit}, or null where there is no value"
        )));
    }
    Ok(Some(cell))
}
