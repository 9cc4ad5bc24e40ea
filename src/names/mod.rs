//! Names: the files a script uses, and what each name in them stands for.
//!
//! Comes in: the path of a script and a [`crate::world::World`]. Goes out: a
//! [`Program`], every item of every file with every name [`Bound`], and the problems
//! met on the way. A name that is not known is bound to [`Target::Missing`] and was
//! reported; later stages say nothing more about it.

mod deprecated;
mod imports;
mod load;
mod needs;
pub mod problems;
mod program;
mod resolve;
mod scope;
mod stdlib;

pub use deprecated::{DeprecatedUse, deprecated_uses, names_in_order};
pub use load::{Loaded, load};
pub use needs::{named_by, parts};
pub use program::{Body, Bound, Def, ItemId, Module, ModuleId, Program, Target};
pub use stdlib::{FILES as STDLIB, PRELUDE};
