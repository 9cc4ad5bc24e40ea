//! The tests of the whole program, in one binary: it links once.
//!
//! The unit tests beside the code hold one part each; what is here goes through the doors
//! a user has: a script's text, the `tmo` program, the files it leaves.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking; clippy lets only functions marked as tests do so"
)]

#[path = "suite/algebra.rs"]
mod algebra;
#[path = "suite/architecture.rs"]
mod architecture;
#[path = "suite/brackets.rs"]
mod brackets;
#[path = "suite/cli.rs"]
mod cli;
#[path = "suite/crystals.rs"]
mod crystals;
#[path = "suite/data_errors.rs"]
mod data_errors;
#[path = "suite/depth.rs"]
mod depth;
#[path = "suite/docs.rs"]
mod docs;
#[path = "suite/figures.rs"]
mod figures;
#[path = "suite/fix.rs"]
mod fix;
#[path = "suite/goldens.rs"]
mod goldens;
#[path = "suite/interrupts.rs"]
mod interrupts;
#[path = "suite/key_laws.rs"]
mod key_laws;
#[path = "suite/keys.rs"]
mod keys;
#[path = "suite/library.rs"]
mod library;
#[path = "suite/long_script.rs"]
mod long_script;
#[path = "suite/misspelt.rs"]
mod misspelt;
#[path = "suite/named.rs"]
mod named;
#[path = "suite/on_graphs.rs"]
mod on_graphs;
#[path = "suite/pages.rs"]
mod pages;
#[path = "suite/picked.rs"]
mod picked;
#[path = "suite/places.rs"]
mod places;
#[path = "suite/primitives.rs"]
mod primitives;
#[path = "suite/project.rs"]
mod project;
#[path = "suite/readers.rs"]
mod readers;
#[path = "suite/repl.rs"]
mod repl;
#[path = "suite/run.rs"]
mod run;
#[path = "suite/shapes.rs"]
mod shapes;
#[path = "suite/sources.rs"]
mod sources;
#[path = "suite/spec.rs"]
mod spec;
#[path = "suite/speed.rs"]
mod speed;
#[path = "suite/tables.rs"]
mod tables;
#[path = "suite/tools.rs"]
mod tools;
#[path = "suite/training.rs"]
mod training;
#[path = "suite/tried.rs"]
mod tried;
#[path = "suite/types_md.rs"]
mod types_md;
#[path = "suite/ui.rs"]
mod ui;
#[path = "suite/unsure.rs"]
mod unsure;
#[path = "suite/weights.rs"]
mod weights;
