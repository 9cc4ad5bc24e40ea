//! Types, units and shapes: a resolved program in, the typed [`crate::ir`] out.
//!
//! There is no unification. An expression's type is known from its parts; a call fits
//! its arguments to the written types one way and puts what it learned into the result.
//! Functions are checked where they are applied, a user's layer besides once by itself
//! with letters for its sizes. Recursion does not exist, so checking by applying ends.

mod angles;
mod apply;
mod bind;
mod builtin;
mod check;
mod closing;
mod dimension;
mod fields;
mod generic;
mod graphs;
mod holes;
mod infer;
mod listed;
mod literal;
mod look;
mod matching;
mod numeric;
mod operators;
mod pattern;
mod problems;
mod ranges;
mod report;
mod rules;
mod sharing;
mod signature;
mod sites;
mod size;
mod source;
mod subst;
mod tensors;
mod training;
mod ty;
mod unit;
mod value;
mod verbs;
mod widths;

pub use check::{Checked, Given, Shown, check, show, types_by_place};
pub use dimension::{Dimension, Exponent};
pub use fields::mass;
pub use look::{Seen, look};
pub use pattern::type_names;
pub use rules::RULES;
pub use size::Size;
pub use ty::{Axes, DatasetTy, Domain, TableTy, TrainedTy, Ty};
pub use unit::{NotAUnit, Unit};
pub use verbs::{VERBS, Verb};
