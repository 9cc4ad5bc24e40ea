//! Chemistry: crystals come in (as records), numbers per crystal go out.
//!
//! Knows nothing of the language. `records` turns files into [`records::Record`]s,
//! each holding a checked [`structure::Structure`]; `magpie` turns a
//! [`composition::Composition`] into features; `bundled` holds the data sets that
//! come with the program; every data error is a [`fault::Fault`]. `formats` reads and
//! writes the files of other programs; `neighbours`, `graph`, `voronoi`,
//! `porosity`, `symmetry` and the descriptors `xrd`, `density`, `coulomb`, `acsf`, `soap`
//! and `ofm` say what a structure is like.

#![allow(
    clippy::result_large_err,
    reason = "a Fault ends the reading or is counted: there are few, and none is hot"
)]

pub mod acsf;
pub mod bundled;
mod cgcnn_atoms;
pub mod composition;
pub mod coulomb;
pub mod density;
pub mod element;
pub mod fault;
pub mod fingerprint;
pub mod formats;
mod formula;
pub mod graph;
pub mod magpie;
pub mod neighbours;
pub mod ofm;
pub mod periodic;
pub mod porosity;
pub mod prototype;
pub mod records;
pub mod soap;
pub mod species;
pub mod structure;
pub mod symmetry;
mod vectors;
pub mod voronoi;
pub mod xrd;

pub use bundled::{Bundled, bundled, names as bundled_names};
pub use cgcnn_atoms::{CGCNN_WIDTH, cgcnn_atoms};
pub use composition::Composition;
pub use element::Element;
pub use fault::Fault;
pub use records::{Cell, Column, Kind, OnBad, Record, Records, read_from, schema_from};
pub use structure::Structure;
