//! A powder pattern smoothed: peaks come in, the density at evenly spaced angles goes
//! out (scipy's `gaussian_kde` over the peaks, each as often as its intensity says).

use super::merge::Line;
use super::{VectorSettings, XrdError};
use crate::chem::vectors::{exp, vectorised};

const MAX_LENGTH: usize = 1_000_000;

/// Number of values asked for.
pub(super) fn length(settings: &VectorSettings) -> Result<usize, XrdError> {
    settings.xrd.check()?;
    let [low, high] = settings.xrd.two_theta;
    let length = match settings.length {
        Some(length) => length,
        None => (high - low) as usize + 1,
    };
    if !(2..=MAX_LENGTH).contains(&length) {
        return Err(XrdError::Length(length));
    }
    if !(settings.bandwidth.is_finite() && settings.bandwidth > 0.0) {
        return Err(XrdError::Bandwidth(settings.bandwidth));
    }
    Ok(length)
}

/// The angles of the values, degrees.
pub(super) fn angles(settings: &VectorSettings) -> Result<Vec<f64>, XrdError> {
    let length = length(settings)?;
    let [low, high] = settings.xrd.two_theta;
    let step = (high - low) / (length - 1) as f64;
    Ok((0..length).map(|k| low + k as f64 * step).collect())
}

/// Σ w e^(−(t − x)²/2c) / (N √(2π c)) at each angle t, with the peaks' angles x, their
/// truncated intensities w, N = Σ w and c = bandwidth² · variance of x under w.
pub(super) fn smooth(
    lines: &[Line],
    angles: &[f64],
    bandwidth: f64,
) -> Result<Vec<f64>, XrdError> {
    let counted: Vec<(f64, f64)> = lines
        .iter()
        .map(|line| (line.two_theta, line.intensity.trunc()))
        .filter(|&(_, count)| count >= 1.0)
        .collect();
    let total: f64 = counted.iter().map(|(_, count)| count).sum();
    let mean = counted.iter().map(|(x, count)| x * count).sum::<f64>() / total;
    let spread: f64 = counted
        .iter()
        .map(|(x, count)| (x - mean) * (x - mean) * count)
        .sum();
    let variance = spread / (total - 1.0) * bandwidth * bandwidth;
    if counted.len() < 2 || variance <= 0.0 {
        return Err(XrdError::SinglePeak);
    }
    let norm = 1.0 / (total * (std::f64::consts::TAU * variance).sqrt());
    let scale = -0.5 / variance;
    let mut density = vec![0.0; angles.len()];
    vectorised(
        #[inline(always)]
        || {
            for &(x, count) in &counted {
                for (value, angle) in density.iter_mut().zip(angles) {
                    let distance = angle - x;
                    *value += count * exp(scale * distance * distance);
                }
            }
        },
    );
    density.iter_mut().for_each(|value| *value *= norm);
    Ok(density)
}
