//! A field that cannot be read comes in; what is wrong with it, and what it should
//! hold, goes out in words.

use serde_json::value::RawValue;

use super::columns::Cell;

/// What to write in a required field.
pub(super) fn asked(field: &str) -> &'static str {
    match field {
        "id" => "a text that no other record has, such as \"mp-19399\"",
        "lattice" => "three rows of three numbers, the cell vectors a, b, c in Å",
        "species" => {
            "a list with the symbol of each site, such as [\"Ti\", \"O\", \"O\"]"
        }
        _ => "for each site three fractional coordinates, such as [[0.0, 0.5, 0.25]]",
    }
}

/// Names that other programs give the required fields.
pub(super) fn other_names(field: &str) -> &'static [&'static str] {
    match field {
        "id" => &[
            "material_id",
            "mp_id",
            "mpid",
            "jid",
            "entry_id",
            "_id",
            "ID",
            "name",
        ],
        "lattice" => &[
            "cell",
            "lattice_mat",
            "matrix",
            "lattice_vectors",
            "Lattice",
        ],
        "species" => &["elements", "symbols", "atoms", "sites", "labels"],
        _ => &[
            "frac_coords",
            "coords",
            "scaled_positions",
            "fractional",
            "positions",
        ],
    }
}

/// What is wrong with a list of triples.
pub(super) fn wrong_rows(field: &str, raw: &RawValue, expected: Option<usize>) -> String {
    let Some(rows) = list(raw) else {
        return format!("`{field}` is {}, not a list", kind_of(raw));
    };
    for (i, row) in rows.iter().enumerate() {
        let Some(numbers) = list(row) else {
            let kind = kind_of(row);
            return format!("`{field}[{i}]` is {kind}, not a list of three numbers");
        };
        for (j, number) in numbers.iter().enumerate() {
            if serde_json::from_str::<f64>(number.get()).is_err() {
                let kind = kind_of(number);
                return format!("`{field}[{i}][{j}]` is {kind}, not a number");
            }
        }
        if numbers.len() != 3 {
            return format!(
                "`{field}[{i}]` has {}, not 3",
                counted(numbers.len(), "number")
            );
        }
    }
    match expected {
        Some(expected) if rows.len() != expected => {
            format!(
                "`{field}` has {}, not {expected}",
                counted(rows.len(), "row")
            )
        }
        _ => format!("`{field}` cannot be read"),
    }
}

/// A cell as a message says it: `text ("n/a")`.
pub(super) fn told(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => format!("text (\"{}\")", shorten(text)),
        Cell::Number(x) => format!("a number ({x})"),
        Cell::Bool(_) | Cell::Numbers(_) | Cell::Texts(_) => {
            cell.kind().said().to_owned()
        }
    }
}

/// What a JSON value is, as a message says it.
pub(super) fn kind_of(raw: &RawValue) -> &'static str {
    match raw.get().bytes().next() {
        Some(b'"') => "text",
        Some(b'[') => "a list",
        Some(b'{') => "an object",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// The items of a JSON list.
pub(super) fn list(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

pub(super) fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

pub(super) fn shorten(text: &str) -> String {
    cut(text, 40)
}

pub(super) fn shorten_title(text: String) -> String {
    cut(&text, 120)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
