//! The last two axes exchanged. In: x of shape (lines, tall, wide). Out: y of shape
//! (lines, wide, tall). The gradient is the same with the axes exchanged.

use rayon::prelude::*;

use super::super::blocks::{BLOCK, rows_per_task, vectorised};

/// Side of the squares in which a matrix is turned, so that both sides stay in the cache.
const SQUARE: usize = 16;

/// An exchange of two axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transpose {
    pub(crate) tall: usize,
    pub(crate) wide: usize,
}

impl Transpose {
    /// Fills `y`.
    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32]) {
        let Transpose { tall, wide } = *self;
        let size = tall * wide;
        y.par_chunks_mut(size)
            .zip(x.par_chunks(size))
            .with_min_len(rows_per_task(size))
            .for_each(|(y, x)| match tall.min(wide) <= SQUARE && size <= BLOCK {
                true => self.narrow(x, y),
                false => self.in_squares(x, y),
            });
    }

    /// A matrix that is narrow one way and lies in the cache as a whole.
    fn narrow(&self, x: &[f32], y: &mut [f32]) {
        let Transpose { tall, wide } = *self;
        vectorised(
            #[inline(always)]
            || {
                for (j, y) in y.chunks_exact_mut(tall).enumerate() {
                    for (y, row) in y.iter_mut().zip(x.chunks_exact(wide)) {
                        *y = row.get(j).copied().unwrap_or(0.0);
                    }
                }
            },
        );
    }

    fn in_squares(&self, x: &[f32], y: &mut [f32]) {
        let Transpose { tall, wide } = *self;
        for row in (0..tall).step_by(SQUARE) {
            for column in (0..wide).step_by(SQUARE) {
                for j in column..wide.min(column + SQUARE) {
                    let to = y.iter_mut().skip(j * tall + row).take(SQUARE);
                    let from = x.iter().skip(row * wide + j).step_by(wide);
                    let left = tall - row;
                    let pairs = to.take(left).zip(from.take(left));
                    pairs.for_each(|(to, from)| *to = *from);
                }
            }
        }
    }

    /// Fills `gx`.
    pub(crate) fn backward(&self, gy: &[f32], gx: &mut [f32]) {
        let turned = Transpose {
            tall: self.wide,
            wide: self.tall,
        };
        turned.forward(gy, gx);
    }
}

#[cfg(test)]
mod tests {
    use super::super::differences::random;
    use super::*;

    #[test]
    fn every_number_changes_its_two_places() {
        for (tall, wide, lines) in [(1, 1, 1), (2, 3, 2), (17, 40, 3), (33, 16, 2)] {
            let turn = Transpose { tall, wide };
            let x = random(lines * tall * wide, 1);
            let mut y = vec![f32::NAN; x.len()];
            turn.forward(&x, &mut y);
            for line in 0..lines {
                let start = line * tall * wide;
                for i in 0..tall {
                    for j in 0..wide {
                        assert_eq!(y[start + j * tall + i], x[start + i * wide + j]);
                    }
                }
            }
            // Linear, and its own inverse: the gradient of ⟨y, w⟩ is w turned back.
            let mut back = vec![f32::NAN; x.len()];
            turn.backward(&y, &mut back);
            assert_eq!(back, x);
        }
    }

    #[test]
    fn dfdx_exchanges_alike() {
        use dfdx::prelude::{Axes3, Cpu, PermuteTo, TensorFromVec};
        let x = random(3 * 4 * 5, 1);
        let t = Cpu::default().tensor_from_vec(x.clone(), (3usize, 4usize, 5usize));
        let theirs = t.permute::<(usize, usize, usize), Axes3<0, 2, 1>>();
        let mut y = vec![f32::NAN; x.len()];
        let turn = Transpose { tall: 4, wide: 5 };
        turn.forward(&x, &mut y);
        let all = (0..60).map(|k| theirs[[k / 20, k / 4 % 5, k % 4]]);
        assert!(y.into_iter().eq(all));
    }
}
