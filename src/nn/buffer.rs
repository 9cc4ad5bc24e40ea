//! Storage of every number in `nn`: a dfdx tensor whose place in memory is known, and a
//! pool that lends such tensors again instead of asking the system for fresh pages. In:
//! lengths. Out: [`Buffer`]s.
#![allow(
    unsafe_code,
    reason = "dfdx 0.13 keeps a tensor's storage private: reading it without a copy \
              needs the pointer taken before the tensor was made"
)]

use std::collections::BTreeMap;
use std::ptr::NonNull;

use dfdx::prelude::{Cpu, Tensor, TensorFromVec};

/// A flat dfdx tensor of run-time length.
pub(crate) type Flat = Tensor<(usize,), f32, Cpu>;

/// A dfdx tensor owned by one holder, whose numbers can be read and written in place.
pub(crate) struct Buffer {
    #[cfg_attr(not(test), allow(dead_code, reason = "it owns what `first` points to"))]
    tensor: Flat,
    first: NonNull<f32>,
    length: usize,
}

// SAFETY: `first` points into the storage that `tensor` owns. That storage is never shared
// (the tensor is not cloned while the buffer lives), so a buffer is as free to move
// between threads as the `Vec<f32>` it was made from.
unsafe impl Send for Buffer {}
// SAFETY: a shared buffer only gives `&[f32]`.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// A buffer holding `values`.
    pub(crate) fn from_vec(mut values: Vec<f32>) -> Buffer {
        let length = values.len();
        // The address of a vector's numbers stays when the vector moves into the tensor.
        let first = NonNull::new(values.as_mut_ptr()).unwrap_or(NonNull::dangling());
        let tensor = Cpu::default().tensor_from_vec(values, (length,));
        Buffer {
            tensor,
            first,
            length,
        }
    }

    /// A buffer of `length` zeros.
    pub(crate) fn zeros(length: usize) -> Buffer {
        Buffer::from_vec(vec![0.0; length])
    }

    /// The numbers.
    pub(crate) fn values(&self) -> &[f32] {
        // SAFETY: `first` is the start of the `length` numbers `tensor` owns, the tensor
        // lives as long as `self`, and writing needs `&mut self`.
        unsafe { std::slice::from_raw_parts(self.first.as_ptr(), self.length) }
    }

    /// The numbers, to be written.
    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `values`; the storage has no other holder, since the tensor is
        // handed out only by `into_tensor`, which consumes the buffer.
        unsafe { std::slice::from_raw_parts_mut(self.first.as_ptr(), self.length) }
    }

    /// The tensor itself under the shape (`rows`, `width`), for operations of dfdx.
    /// `rows`·`width` must be the buffer's length.
    #[cfg(test)]
    pub(crate) fn into_tensor(
        self,
        rows: usize,
        width: usize,
    ) -> Tensor<(usize, usize), f32, Cpu> {
        assert_eq!(rows * width, self.length, "shape of a buffer");
        dfdx::prelude::ReshapeTo::reshape_like(self.tensor, &(rows, width))
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Buffer {
        Buffer::from_vec(self.values().to_vec())
    }
}

impl std::fmt::Debug for Buffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Buffer({} numbers)", self.length)
    }
}

/// Buffers between two uses, by length.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    free: BTreeMap<usize, Vec<Buffer>>,
}

impl Pool {
    /// A buffer of `length` numbers whose values are unspecified.
    pub(crate) fn take(&mut self, length: usize) -> Buffer {
        let used = self.free.get_mut(&length).and_then(Vec::pop);
        used.unwrap_or_else(|| Buffer::zeros(length))
    }

    /// Takes back a buffer no longer needed.
    pub(crate) fn give(&mut self, buffer: Buffer) {
        self.free.entry(buffer.length).or_default().push(buffer);
    }

    /// How many buffers lie here.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.free.values().map(Vec::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_dfdx_sees() {
        let mut buffer = Buffer::from_vec(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        buffer.values_mut()[4] = 50.0;
        let copy = buffer.clone();
        let tensor = buffer.into_tensor(2, 3);
        assert_eq!(tensor.as_vec(), [1.0, 2.0, 3.0, 4.0, 50.0, 6.0]);
        let doubled = tensor * 2.0;
        assert_eq!(doubled.as_vec()[4], 100.0);
        assert_eq!(copy.values()[4], 50.0);
    }

    #[test]
    fn the_pool_lends_the_same_memory_again() {
        let mut pool = Pool::default();
        let a = pool.take(100);
        let place = a.values().as_ptr();
        pool.give(a);
        assert_ne!(pool.take(99).values().as_ptr(), place);
        assert_eq!(pool.take(100).values().as_ptr(), place);
        assert_eq!(pool.take(0).values(), [0.0; 0]);
    }
}
