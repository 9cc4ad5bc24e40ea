//! What the standard library's builtins do in Rust.
//!
//! Each is declared once, in `stdlib/*.tmo`, with its signature, words and example. Here
//! is the table from its name to a function, and those functions, a file for each kind.

mod data;
mod features;
mod fields;
mod layers;
mod registry;
mod rows;
mod settings;
mod sources;
mod splits;
mod summary;
mod table;
mod tables;
mod train;

pub use fields::{field, scored};
pub use layers::lower;
pub use registry::{Body, Registry, find, names};
pub use summary::Evaluation;
pub use table::{LayerShape, layer_table, weight_count};
pub use tables::{plain, table_report};
pub use train::{EVALUATION, WEIGHTS};
