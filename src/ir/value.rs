//! Values known before a run.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::chem::Element;
use crate::types::Dimension;

/// A number with its dimension, in canonical units.
#[derive(Clone, Debug, PartialEq)]
pub struct Real {
    /// The number.
    pub value: f64,
    /// Its dimension.
    pub dimension: Dimension,
    /// The unit it was written in or converted to; how it is shown.
    pub shown: Option<Arc<str>>,
}

/// A known value.
#[derive(Clone, Debug, PartialEq)]
pub enum Static {
    /// A whole number.
    Int(i64),
    /// Any other number.
    Real(Real),
    /// `true` or `false`.
    Bool(bool),
    /// A text.
    Text(Arc<str>),
    /// A file, as written and as found.
    Path {
        /// As written in the script.
        written: Arc<str>,
        /// Where it lies, relative to where the session started.
        found: PathBuf,
    },
    /// An element.
    Element(Element),
    /// A named constant: `mse`, `keras`.
    Symbol(Arc<str>),
    /// What a builtin makes of settings alone: `adam(form: keras)`.
    Made(Made),
    /// A list.
    List(Vec<Static>),
    /// A tuple.
    Tuple(Vec<Static>),
    /// A record, fields in written order.
    Record(Vec<(Arc<str>, Static)>),
    /// A range.
    Range(Box<Static>, Box<Static>, bool),
}

impl Static {
    /// The unit a number is shown in; empty for what is none or has none.
    pub fn unit(&self) -> Arc<str> {
        match self {
            Static::Real(real) => match &real.shown {
                Some(unit) => unit.clone(),
                None if real.dimension.is_none() => "".into(),
                None => real.dimension.unit().into(),
            },
            _ => "".into(),
        }
    }
}

/// A builtin's settings without an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// Its full name, `prelude.adam`.
    pub builtin: Arc<str>,
    /// Its settings in declared order.
    pub settings: Vec<(Arc<str>, Static)>,
}

impl Made {
    /// The setting of that name.
    pub fn setting(&self, name: &str) -> Option<&Static> {
        self.settings
            .iter()
            .find(|(known, _)| &**known == name)
            .map(|(_, value)| value)
    }
}

impl Static {
    /// The number it is, whole or not, in canonical units.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Static::Int(value) => Some(*value as f64),
            Static::Real(real) => Some(real.value),
            _ => None,
        }
    }
}

impl fmt::Display for Static {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Static::Int(value) => write!(f, "{value}"),
            Static::Real(real) => f.write_str(&show_real(real)),
            Static::Bool(value) => write!(f, "{value}"),
            Static::Text(text) => write!(f, "{text:?}"),
            Static::Path { written, .. } => write!(f, "{written:?}"),
            Static::Element(element) => f.write_str(element.symbol()),
            Static::Symbol(name) => f.write_str(name.rsplit('.').next().unwrap_or(name)),
            Static::Made(made) => {
                let name = made.builtin.rsplit('.').next().unwrap_or(&made.builtin);
                let settings: Vec<String> = made
                    .settings
                    .iter()
                    .map(|(name, value)| format!("{name}: {value}"))
                    .collect();
                write!(f, "{name}({})", settings.join(", "))
            }
            Static::List(all) => write!(f, "[{}]", joined(all)),
            Static::Tuple(all) => write!(f, "({})", joined(all)),
            Static::Record(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("{name}: {value}"))
                    .collect();
                write!(f, "{{ {} }}", fields.join(", "))
            }
            Static::Range(from, to, inclusive) => {
                write!(f, "{from}{}{to}", if *inclusive { "..=" } else { ".." })
            }
        }
    }
}

fn joined(all: &[Static]) -> String {
    all.iter()
        .map(Static::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

/// A number in the unit it is shown in, `5 Å`, `20%`.
pub fn show_real(real: &Real) -> String {
    use crate::types::Unit;
    match real.shown.as_deref() {
        Some("%") => format!("{}%", short(real.value * 100.0)),
        Some(unit) => match Unit::parse(unit) {
            Ok(parsed) => format!("{} {unit}", short(parsed.count_in(real.value))),
            Err(_) => short(real.value),
        },
        None if real.dimension.is_none() => short(real.value),
        None => format!("{} {}", short(real.value), real.dimension.unit()),
    }
}

/// Twelve significant digits at most, so that 0.1 + 0.2 reads 0.3.
fn short(value: f64) -> String {
    let rounded: f64 = format!("{value:.11e}").parse().unwrap_or(value);
    let size = rounded.abs();
    if size != 0.0 && !(1e-4..1e15).contains(&size) {
        return format!("{rounded:e}");
    }
    format!("{rounded}")
}
