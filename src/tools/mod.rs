//! What stands around the language: the reference, pages for a terminal, colours, and the
//! dialogue of `tmo repl`. Users of [`crate::session`], as the command line is.

pub mod dialogue;
pub mod doc;
pub mod highlight;
pub mod layers;
pub mod markdown;
pub mod outcome;
pub mod planned;
pub mod repl;
