//! The most additions and multiplications of single precision a machine does: what no matrix
//! product can be faster than.

use std::hint::black_box;
use std::time::Instant;

use pulp::{Simd, WithSimd};

/// Sums that do not wait for each other.
const SUMS: usize = 24;
/// Rounds of a burst: some tenths of a second.
const ROUNDS: usize = 10_000_000;

/// Operations per second of so many threads at once, a multiply-add counted as two: the
/// best of three bursts.
pub fn operations_per_second(threads: usize) -> f64 {
    let all = || {
        let begun = Instant::now();
        let lanes: usize = std::thread::scope(|scope| {
            let burst = || pulp::Arch::new().dispatch(Burst);
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(burst)).collect();
            let lanes = running.into_iter().map(|thread| thread.join());
            lanes.map(Result::unwrap_or_default).sum()
        });
        (2 * SUMS * ROUNDS * lanes) as f64 / begun.elapsed().as_secs_f64()
    };
    (0..3).map(|_| all()).fold(0.0, f64::max)
}

/// Multiply-adds that stay in registers. Gives how many numbers a register holds.
struct Burst;

impl WithSimd for Burst {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        let factor = black_box(simd.splat_f32s(0.999_999_9));
        let mut sums = [factor; SUMS];
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = simd.mul_add_f32s(*sum, factor, factor);
            }
        }
        black_box(sums);
        S::F32_LANES
    }
}
