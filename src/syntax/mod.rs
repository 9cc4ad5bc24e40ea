//! Text in, [`ast`] out, with every problem of the text at once.

pub mod ast;
mod explain;
mod failure;
mod lower;
mod nesting;
mod parse;
mod pretty;
mod recover;
mod tokens;
mod unclosed;

pub use parse::{EDITION, Parsed, parse};
pub use pretty::format;
