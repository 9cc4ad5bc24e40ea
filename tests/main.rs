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

#[path = "suite/architecture.rs"]
mod architecture;
#[path = "suite/cli.rs"]
mod cli;
#[path = "suite/crystals.rs"]
mod crystals;
#[path = "suite/data_errors.rs"]
mod data_errors;
#[path = "suite/docs.rs"]
mod docs;
#[path = "suite/goldens.rs"]
mod goldens;
#[path = "suite/interrupts.rs"]
mod interrupts;
#[path = "suite/keys.rs"]
mod keys;
#[path = "suite/pages.rs"]
mod pages;
#[path = "suite/places.rs"]
mod places;
#[path = "suite/project.rs"]
mod project;
#[path = "suite/run.rs"]
mod run;
#[path = "suite/shapes.rs"]
mod shapes;
#[path = "suite/tables.rs"]
mod tables;
#[path = "suite/training.rs"]
mod training;
#[path = "suite/ui.rs"]
mod ui;
