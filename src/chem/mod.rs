//! Chemistry: crystals come in (as records), numbers per crystal go out.
//!
//! Knows nothing of the language. `records` turns files into [`records::Record`]s,
//! each holding a checked [`structure::Structure`]; `magpie` turns a
//! [`composition::Composition`] into features; `bundled` holds the data sets that
//! come with the program; every data error is a [`fault::Fault`].

#![allow(
    clippy::result_large_err,
    reason = "a Fault ends the reading or is counted: there are few, and none is hot"
)]

pub mod bundled;
pub mod composition;
pub mod element;
pub mod fault;
mod formula;
pub mod graph;
pub mod magpie;
pub mod neighbours;
pub mod records;
pub mod structure;

pub use bundled::{Bundled, bundled, names as bundled_names};
pub use composition::Composition;
pub use element::Element;
pub use fault::Fault;
pub use records::{Cell, Column, Kind, OnBad, Record, Records, read_from, schema_from};
pub use structure::Structure;
