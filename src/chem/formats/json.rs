//! JSON text comes in; objects cut into fields, lists handed over item by item, and
//! plain values as columns go out.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::code;
use super::source::{Bad, Source};
use crate::chem::fault::code as known;
use crate::chem::records::{Cell, list_cell};

/// Longest text kept as a column, in bytes.
const MAX_TEXT: usize = 1_000;
/// Longest name of a column, in bytes.
const MAX_NAME: usize = 200;

/// The fields of an object, still as text.
pub(super) type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// Where a part of the source begins.
pub(super) fn place(source: &Source<'_>, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(source.bytes.as_ptr() as usize)
}

/// The source as text without a byte-order mark.
pub(super) fn text<'a>(source: &Source<'a>) -> Result<&'a str, Bad> {
    let text = std::str::from_utf8(source.bytes).map_err(|error| {
        Bad::syntax(error.valid_up_to(), "the file is not UTF-8 text")
            .help("save the file in the UTF-8 encoding")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

pub(super) fn fields<'a>(source: &Source<'a>, text: &'a str) -> Result<Fields<'a>, Bad> {
    serde_json::from_str(text).map_err(|error| not_json(source, text, &error))
}

/// Read a value whose form is known; `what` says what it should be.
pub(super) fn typed<T: DeserializeOwned>(
    source: &Source<'_>,
    raw: &RawValue,
    field: &str,
    what: &str,
) -> Result<T, Bad> {
    serde_json::from_str(raw.get()).map_err(|error| {
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or_default();
        let said: String = said.chars().take(120).collect();
        let title = format!("`{field}` cannot be read: {said}");
        Bad::new(
            known::WRONG_TYPE,
            error_place(source, raw.get(), &error),
            title,
        )
        .field(field)
        .help(format!("`{field}` holds {what}"))
    })
}

/// The byte of the source that an error speaks of.
fn error_place(source: &Source<'_>, text: &str, error: &serde_json::Error) -> usize {
    let line = error.line().saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let within = (start + error.column().saturating_sub(1)).min(text.len());
    place(source, text) + within
}

pub(super) fn not_json(
    source: &Source<'_>,
    text: &str,
    error: &serde_json::Error,
) -> Bad {
    let at = error_place(source, text, error);
    // Python writes NaN and Infinity, which JSON has not.
    let around = source.bytes.get(at.saturating_sub(2)..).unwrap_or_default();
    let around = around.get(..14).unwrap_or(around);
    let holds = |word: &[u8]| around.windows(word.len()).any(|part| part == word);
    if error.is_syntax() && (holds(b"NaN") || holds(b"Infinity")) {
        let title = "a number is NaN or infinite";
        return Bad::new(known::NOT_FINITE, at, title).help(
            "write null where there is no value; a structure needs all its numbers",
        );
    }
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    let said: String = said.chars().take(120).collect();
    if error.is_eof() {
        return Bad::syntax(at, "the JSON ends too early")
            .help("fetch the file again: it was cut off");
    }
    Bad::new(
        code::SYNTAX,
        at,
        format!("this is not the JSON it should be: {said}"),
    )
    .help("write the file again with the program that made it")
}

/// Hand over the items of a list one by one, as text.
pub(super) fn each_item<'a>(
    source: &Source<'a>,
    text: &'a str,
    take: &mut dyn FnMut(&'a RawValue) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Bad> {
    struct Each<'t, 'a> {
        take: &'t mut dyn FnMut(&'a RawValue) -> ControlFlow<()>,
        stopped: &'t mut bool,
    }
    impl<'a> Visitor<'a> for Each<'_, 'a> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<(), A::Error> {
            while let Some(raw) = list.next_element::<&'a RawValue>()? {
                if (self.take)(raw).is_break() {
                    *self.stopped = true;
                    return Err(serde::de::Error::custom("stopped"));
                }
            }
            Ok(())
        }
    }
    impl<'a> DeserializeSeed<'a> for Each<'_, 'a> {
        type Value = ();

        fn deserialize<D: Deserializer<'a>>(
            self,
            deserializer: D,
        ) -> Result<(), D::Error> {
            deserializer.deserialize_seq(self)
        }
    }
    let mut stopped = false;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let each = Each {
        take,
        stopped: &mut stopped,
    };
    let read = each
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end());
    match read {
        _ if stopped => Ok(ControlFlow::Break(())),
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) => Err(not_json(source, text, &error)),
    }
}

/// The kind of a JSON value, by its first byte.
pub(super) fn first_byte(raw: &RawValue) -> u8 {
    raw.get().bytes().next().unwrap_or(b'n')
}

/// The fields that are plain values or short lists of them, as columns. Null, other lists
/// and objects are no columns; nor is the text `na`, by which JARVIS says that there is no value.
pub(super) fn columns(
    source: &Source<'_>,
    fields: &Fields<'_>,
    except: &[&str],
) -> Result<BTreeMap<String, Cell>, Bad> {
    let mut columns = BTreeMap::new();
    for (name, raw) in fields {
        let skipped = except.contains(&name.as_str())
            || name.starts_with('@')
            || name.len() > MAX_NAME
            || name.is_empty();
        if skipped {
            continue;
        }
        let cell = match first_byte(raw) {
            b'"' => match serde_json::from_str::<String>(raw.get()) {
                Ok(text) if text == "na" || text.len() > MAX_TEXT => continue,
                Ok(text) => Cell::Text(text),
                Err(_) => continue,
            },
            b't' => Cell::Bool(true),
            b'f' => Cell::Bool(false),
            b'[' if raw.get().len() > MAX_TEXT => continue,
            b'[' => match list_cell(raw) {
                Some(cell) => cell,
                None => continue,
            },
            b'{' | b'n' => continue,
            _ => match serde_json::from_str::<f64>(raw.get()) {
                Ok(x) if x.is_finite() => Cell::Number(x),
                _ => {
                    let title = format!("`{name}` is no finite number");
                    return Err(Bad::new(
                        known::NOT_FINITE,
                        place(source, raw.get()),
                        title,
                    )
                    .field(name.clone())
                    .help("write null where there is no value"));
                }
            },
        };
        columns.insert(name.clone(), cell);
    }
    Ok(columns)
}

/// The first of these fields that is a text, as the record's id; a number is its text.
pub(super) fn id_of(fields: &Fields<'_>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        let raw = fields.get(*name)?;
        let id = match first_byte(raw) {
            b'"' => serde_json::from_str::<String>(raw.get()).ok()?,
            b'0'..=b'9' => raw.get().to_owned(),
            _ => return None,
        };
        (!id.trim().is_empty() && id.len() <= MAX_NAME).then_some(id)
    })
}
