//! What the standard library's builtins do in Rust.
//!
//! Each is declared once, in `stdlib/*.tmo`, with its signature, words and example. Here
//! is the table from its name to a function, and those functions, a file for each kind.

mod data;
mod features;
mod fed;
mod fields;
mod joined;
mod layers;
mod order;
mod overlap;
mod registry;
mod report;
mod rows;
mod saved;
mod settings;
mod sources;
mod splits;
mod summary;
mod sweeps;
mod table;
mod tables;
mod train;

pub use fields::{field, scored};
pub use layers::lower;
pub use overlap::warn_again;
pub use registry::{Body, Registry, find, names};
pub use report::{of_figure, undrawable};
pub use rows::functions;
pub use saved::saved_files;
pub use summary::Evaluation;
pub use sweeps::cells;
pub use table::{LayerShape, layer_table, weight_count};
pub use tables::{plain, table_report};
pub use train::{EVALUATION, WEIGHTS, exportable};
