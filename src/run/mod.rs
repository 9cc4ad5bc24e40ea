//! Runs a plan: nodes in, artifacts in the store and values out.
//!
//! A node whose result lies in the store is not computed, nor is anything that only it
//! needs. Whatever a verb does is in [`crate::builtins`]; here are the order, the store,
//! the interrupt and the progress.

mod cell;
mod dataset;
mod executor;
pub mod interrupt;
pub mod progress;
mod rows;
pub mod store;
mod table;
mod values;

pub use cell::{Cell, Entry};
pub use dataset::{Dataset, Features, Part, Source, Target, row_id};
pub use executor::{
    Field, Runner, Settings, Sweep, Value, Verb, Work, interrupted, store_problem,
};
pub use rows::{Functions, Rows, Trouble, binary, function, known};
pub use table::{Column, Saved, Table};
