//! The running mean of the weights. In: weights after a step. Out: their mean over the
//! steps, newer ones counting more: what is validated and kept in place of the weights.

use super::blocks::each_with;
use super::failure::Failure;
use super::optimizer::share;
use super::weights::Weights;

/// An error unless the share of the past is in [0, 1).
pub(crate) fn check(past: Option<f64>) -> Result<(), Failure> {
    past.map_or(Ok(()), |past| share("ema", past))
}

/// mean = past·mean + (1 - past)·weight, after each step; after the first the mean is the
/// weights, as torch's AveragedModel has it. Running statistics are means already: they
/// are taken over as they are.
pub(crate) fn follow(mean: &mut Option<Weights>, weights: &Weights, past: f64) {
    let Some(mean) = mean else {
        *mean = Some(weights.clone());
        return;
    };
    let (past, now) = (past as f32, (1.0 - past) as f32);
    let pairs = mean.buffers.iter_mut().zip(&weights.buffers);
    for (spec, (mean, weight)) in weights.specs.iter().zip(pairs) {
        let trained = spec.trained;
        each_with(mean.values_mut(), weight.values(), |mean, weight| {
            if !trained {
                mean.copy_from_slice(weight);
                return;
            }
            for (m, w) in mean.iter_mut().zip(weight) {
                *m = past * *m + now * w;
            }
        });
    }
}
