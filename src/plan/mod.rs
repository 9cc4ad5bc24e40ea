//! The plan: what a run would do, node by node, each with the key of its result.
//!
//! Comes in: the typed IR, and the world for the content of files. Goes out: a [`Plan`],
//! a graph without repetition in which every node's key says all that decides its
//! result: the builtin and its version, its settings, the keys of its inputs, the content
//! of files, the root seed, and the class of the processor where that matters.

mod device;
mod graph;
mod large;
mod show;

pub use device::device_class;
pub use graph::{Builtins, Node, NodeId, Plan, PlannedStudy, Work, plan};
pub use large::{MANY, large};
pub use show::{Standing, describe, grouped, show};
