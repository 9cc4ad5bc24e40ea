//! The arithmetic of each layer, forward and backward, on slices of numbers. In: shapes
//! fixed when the graph was lowered, values, weights. Out: values and gradients. Rows
//! (the leading axis) are as many as the slices hold.

mod avg_pool1d;
mod batch_norm;
mod conv1d;
mod dense;
mod dropout;
mod encode;
mod gather;
mod group;
mod joint;
mod layer_norm;
mod map;
mod math;
mod max_last;
mod pair;
mod range;
mod reduce;
mod relu;
mod softmax;
mod softmax_group;
mod spread;
mod transpose;

pub(crate) use avg_pool1d::Pooling;
pub(crate) use batch_norm::BatchNorm;
pub(crate) use conv1d::Convolution;
pub(crate) use dense::Dense;
pub(crate) use dropout::Dropout;
pub(crate) use encode::{Gaussians, OneHot, collect_classes, look_up};
pub(crate) use gather::{gather, sum_groups};
pub(crate) use group::Group;
pub(crate) use joint::{Concat, Slice};
pub(crate) use layer_norm::LayerNorm;
pub(crate) use map::Map;
pub(crate) use max_last::MaxLast;
pub(crate) use pair::{Arithmetic, Pair, Side, spread};
pub(crate) use range::{scale, scale_back, widen};
pub(crate) use reduce::Reduce;
pub(crate) use softmax::Softmax;
pub(crate) use softmax_group::SoftmaxGroup;
pub(crate) use spread::{collect_rows, spread_rows};
pub(crate) use transpose::Transpose;

#[cfg(test)]
pub(crate) mod differences;
