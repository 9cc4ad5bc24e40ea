//! `tmo`: a small declarative language for machine learning on transition-metal oxides
//! as battery hosts, and its interpreter.
//!
//! A script goes through stages, each with a tree of its own:
//!
//! | stage | in → out | lives in |
//! |---|---|---|
//! | parse | text → [`syntax::ast::File`] | [`syntax`] |
//! | resolve | files → [`names::Program`], every name bound | [`names`] |
//! | check | program → [`ir::Module`]: types, units, shapes | [`types`] |
//! | plan | IR → [`plan::Plan`]: nodes with keys | [`plan`] |
//! | run | plan → artifacts in a store | [`run`], [`builtins`] |
//! | report | artifacts → tables, figures, HTML | [`report`] |
//!
//! [`session::Session`] leads a script through them; the command line is one of its
//! users. [`chem`] and [`nn`] know nothing of the language.

pub mod builtins;
pub mod chem;
pub mod cli;
pub mod diagnostic;
pub mod draw;
pub mod files;
pub mod ir;
pub mod names;
pub mod nn;
pub mod plan;
pub mod report;
pub mod run;
pub mod session;
pub mod source;
pub mod syntax;
pub mod types;
pub mod world;
