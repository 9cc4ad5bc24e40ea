//! Neural networks on dfdx tensors, knowing nothing of the language. In: a graph built
//! layer by layer, rows of features and targets, settings. Out: trained weights,
//! predictions, histories, checkpoints. The same bits come out for any number of threads.
//!
//! The way through: [`GraphBuilder`] checks shapes and makes a [`Graph`]; `lower` turns it
//! into steps; `run` takes a batch through them forward and back, on buffers that are dfdx
//! tensors lent by a pool; `layers` holds the arithmetic. That is the fused executor;
//! `reference` runs the graph itself on operations of dfdx. [`train`] and [`predict()`] loop
//! over either, through `engine`. This folder is the only place that names dfdx.

mod archive;
mod batch;
mod blocks;
mod buffer;
mod builder;
mod chain;
mod checkpoint;
mod domain;
mod ema;
mod engine;
mod failure;
mod features;
mod graph;
mod layers;
mod loss;
mod lower;
mod names;
mod observe;
mod optimizer;
mod order;
mod predict;
mod processor;
mod product;
mod profile;
mod reference;
mod run;
mod scale;
mod schedule;
mod settings;
mod threads;
mod train;
mod weights;

pub use builder::GraphBuilder;
pub use checkpoint::{Best, Checkpoint};
pub use domain::{Domain, Field, Grouping, Link, Route};
pub use engine::Executor;
pub use failure::Failure;
pub use features::{Crystal, Crystals, Features, Line};
pub use graph::{Conv1d, Fed, Graph, Init, Node, NodeId, Op, Start, WeightSpec};
pub use loss::Loss;
pub use lower::lowered;
pub use names::{
    Imported, Named, Naming, architectures, export_file, export_named, import_file,
    import_named, reference_names,
};
pub use observe::{BatchProgress, EpochRecord, Go, Observer, Silent, TrainingState};
pub use optimizer::{Adam, AdamForm, AdamW, Clip, Optimizer, Sgd};
pub use order::Batching;
pub use predict::{Gradients, evaluate_loss, gradients, predict, predict_dropped};
pub use product::on_tiles;
pub use profile::{Spent, profile};
pub use scale::TargetScale;
pub use schedule::{OneCycle, Plateau, Schedule, Watch};
pub use settings::{Keep, Rows, Settings};
pub use threads::Threads;
pub use train::{Begin, Ended, Trained, fit_ranges, train};
pub use weights::Weights;
