//! One line of a data file comes in; the fields of its JSON object, still as text and
//! each with its place in the line, go out.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::scan::find_odd_number;
use crate::chem::fault::{Fault, code};

/// What a message says about the form of a data file.
const FORM: &str = "each line holds one whole JSON object, `{\"id\": …}`";

/// A line with its fields.
pub(super) struct Line<'a> {
    file: &'a str,
    number: u64,
    text: &'a str,
    /// The record's id, once it is known.
    pub(super) id: Option<String>,
    /// The fields by name.
    pub(super) fields: BTreeMap<String, &'a RawValue>,
}

impl<'a> Line<'a> {
    /// Cut a line into fields; `None` if it is blank.
    pub(super) fn read(
        file: &'a str,
        number: u64,
        bytes: &'a [u8],
    ) -> Result<Option<Line<'a>>, Fault> {
        let (text, sound) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, true),
            Err(error) => (sound_part(bytes, error.valid_up_to()), false),
        };
        let bare = text
            .strip_prefix('\u{feff}')
            .filter(|_| number == 1)
            .unwrap_or(text);
        let mut line = Line {
            file,
            number,
            text: bare,
            id: None,
            fields: BTreeMap::new(),
        };
        if !sound {
            line.id = find_id(bare);
            let fault = line
                .fault(code::NOT_A_RECORD, "the line is not UTF-8 text")
                .help("save the file in the UTF-8 encoding");
            let column = text.chars().count() as u64 + 1;
            return Err(Fault {
                column: Some(column),
                ..fault
            });
        }
        if bare.trim().is_empty() {
            return Ok(None);
        }
        let fields: Fields = match serde_json::from_str(bare) {
            Ok(fields) => fields,
            Err(error) => return Err(line.not_json(&error)),
        };
        if let Some(name) = fields.twice {
            line.id = find_id(bare);
            return Err(line
                .field_fault(
                    code::CONTRADICTION,
                    &name,
                    format!("the field `{name}` stands twice"),
                )
                .help("leave one of the two"));
        }
        line.fields = fields.map;
        Ok(Some(line))
    }

    /// A fault of this line.
    pub(super) fn fault(&self, code: &'static str, title: impl Into<String>) -> Fault {
        Fault {
            line: self.number,
            record: self.id.clone(),
            ..Fault::of_file(code, self.file, title.into())
        }
    }

    /// A fault of one field, placed where its value begins.
    pub(super) fn field_fault(
        &self,
        code: &'static str,
        field: &str,
        title: impl Into<String>,
    ) -> Fault {
        let value = self.fields.get(field).map(|raw| raw.get());
        let column = value.and_then(|value| self.column_of(value));
        let fault = self.fault(code, title);
        Fault {
            field: Some(field.to_owned()),
            column,
            ..fault
        }
    }

    /// The fault of a number that is not finite, if the field holds one.
    pub(super) fn odd_number(&self, field: Option<&str>) -> Option<Fault> {
        let odd = find_odd_number(self.text, field)?;
        let title = format!("`{}` is {}, not a finite number", odd.path, odd.token);
        let needed = matches!(odd.field.as_str(), "lattice" | "frac");
        let help = if needed {
            "a structure needs all its numbers: correct the record or remove its line"
        } else {
            "write null (or leave the field out) where there is no value"
        };
        let fault = self.fault(code::NOT_FINITE, title).help(help);
        Some(Fault {
            field: Some(odd.field),
            column: Some(odd.column),
            ..fault
        })
    }

    /// Character, from 1, at which a part of this line begins.
    fn column_of(&self, part: &str) -> Option<u64> {
        let start = (part.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize)?;
        Some(self.text.get(..start)?.chars().count() as u64 + 1)
    }

    /// Why a line is no JSON object.
    fn not_json(&mut self, error: &serde_json::Error) -> Fault {
        self.id = find_id(self.text);
        if let Some(fault) = self.odd_number(None) {
            return fault;
        }
        let first = self.text.trim_start().chars().next();
        if first == Some('[') {
            return self
                .fault(code::NOT_A_RECORD, "the line begins a JSON array")
                .help(format!(
                    "{FORM}; rewrite the array with one element per line"
                ));
        }
        if first != Some('{') {
            let begin: String = self.text.trim().chars().take(30).collect();
            let title = format!("the line is no JSON object: it begins with `{begin}`");
            return self.fault(code::NOT_A_RECORD, title).help(FORM);
        }
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or_default();
        let (title, help) = match error.classify() {
            Category::Eof => (
                "the line ends in the middle of a record".to_owned(),
                format!("{FORM}; an indented file must be rewritten so"),
            ),
            Category::Syntax if said == "trailing characters" => (
                "something follows the record on its line".to_owned(),
                format!("{FORM}; put the next one on a line of its own"),
            ),
            _ => (format!("the line is not JSON: {said}"), FORM.to_owned()),
        };
        let before = self.text.get(..error.column().saturating_sub(1));
        let column = before.map(|text| text.chars().count() as u64 + 1);
        Fault {
            column,
            ..self.fault(code::NOT_A_RECORD, title).help(help)
        }
    }
}

fn sound_part(bytes: &[u8], end: usize) -> &str {
    bytes
        .get(..end)
        .and_then(|part| std::str::from_utf8(part).ok())
        .unwrap_or_default()
}

/// The id of a record whose line cannot be read as a whole.
fn find_id(text: &str) -> Option<String> {
    let (_, after) = text.split_once("\"id\"")?;
    let value = after.trim_start().strip_prefix(':')?;
    let mut values = serde_json::Deserializer::from_str(value).into_iter::<String>();
    values.next()?.ok()
}

/// The fields of an object, and the first name that stands twice.
struct Fields<'a> {
    map: BTreeMap<String, &'a RawValue>,
    twice: Option<String>,
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsMap;
        impl<'de> Visitor<'de> for AsMap {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                mut access: A,
            ) -> Result<Self::Value, A::Error> {
                let mut fields = Fields {
                    map: BTreeMap::new(),
                    twice: None,
                };
                while let Some((name, value)) =
                    access.next_entry::<String, &RawValue>()?
                {
                    if fields.map.contains_key(&name) && fields.twice.is_none() {
                        fields.twice = Some(name.clone());
                    }
                    fields.map.insert(name, value);
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(AsMap)
    }
}
