//! The arithmetic of each layer, forward and backward, on slices of numbers. In: shapes
//! fixed when the graph was lowered, values, weights. Out: values and gradients. Rows
//! (the leading axis) are as many as the slices hold.

mod avg_pool1d;
mod conv1d;
mod dense;
mod dropout;
mod relu;

pub(crate) use avg_pool1d::Pooling;
pub(crate) use conv1d::Convolution;
pub(crate) use dense::Dense;
pub(crate) use dropout::Dropout;
pub(crate) use relu::{pass_positive, rectify};

#[cfg(test)]
pub(crate) mod differences;
