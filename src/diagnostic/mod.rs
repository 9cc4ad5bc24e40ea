//! Messages: their codes, their form, and how they are shown.
//!
//! miette is the protocol, ariadne the pen: every failure is a [`Problem`], which is a
//! `miette::Diagnostic`; [`draw`] is the one place that knows ariadne.

mod code;
mod draw;
pub mod explain;
mod json;
mod nearest;
mod problem;

pub use code::{Code, Severity};
pub use draw::{draw, short};
pub use json::to_json;
pub use nearest::nearest;
pub use problem::{Label, Problem};
