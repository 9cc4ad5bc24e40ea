//! Storage of every number in `nn`: a dfdx tensor whose place in memory is known, and a
//! pool that lends such tensors again instead of asking the system for fresh pages. In:
//! lengths. Out: [`Buffer`]s.
#![allow(
    unsafe_code,
    reason = "dfdx 0.13 keeps a tensor's storage private: reading it without a copy \
              needs the pointer taken before the tensor was made"
)]

use std::collections::{BTreeMap, VecDeque};
use std::ptr::NonNull;

use dfdx::prelude::{Cpu, Tensor, TensorFromVec};

/// Numbers in a line of the cache.
const LINE: usize = 16;

/// Zeros with some more after them, and where among them `length` begin with a line of the
/// cache: so they do for as long as the vector is not made longer.
pub(crate) fn aligned(length: usize) -> (Vec<f32>, usize) {
    let values = vec![0.0; length + LINE];
    let start = values.as_ptr().align_offset(LINE * size_of::<f32>());
    (values, start.min(LINE))
}

/// Bytes from which on memory is asked for in large pages.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
const LARGE: usize = 4 << 20;

/// Lets the system back fresh memory by pages of megabytes, where it has such: touching
/// every small page for the first time, and finding it again, is a share of a step's time.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn in_large_pages(values: &[f32]) {
    const PAGE: usize = 4096;
    let bytes = std::mem::size_of_val(values);
    if bytes < LARGE {
        return;
    }
    let start = values.as_ptr().cast::<u8>();
    let skipped = start.align_offset(PAGE).min(bytes);
    let whole = (bytes - skipped) / PAGE * PAGE;
    // SAFETY: the pages lie within memory that `values` borrows. The call changes nothing
    // that can be read there, only how the system backs it; where it knows no such pages it
    // does nothing, which is as good.
    let _ = unsafe {
        let first = start.add(skipped).cast_mut();
        libc::madvise(first.cast(), whole, libc::MADV_HUGEPAGE)
    };
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn in_large_pages(_: &[f32]) {}

/// A flat dfdx tensor of run-time length.
pub(crate) type Flat = Tensor<(usize,), f32, Cpu>;

/// A dfdx tensor owned by one holder, whose numbers can be read and written in place.
pub(crate) struct Buffer {
    #[cfg_attr(not(test), allow(dead_code, reason = "it owns what `first` points to"))]
    tensor: Flat,
    first: NonNull<f32>,
    /// How many numbers are in use, of as many as the tensor has from there on.
    length: usize,
    capacity: usize,
}

// SAFETY: `first` points into the storage that `tensor` owns. That storage is never shared
// (the tensor is not cloned while the buffer lives), so a buffer is as free to move
// between threads as the `Vec<f32>` it was made from.
unsafe impl Send for Buffer {}
// SAFETY: a shared buffer only gives `&[f32]`.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// A buffer holding `values`.
    pub(crate) fn from_vec(values: Vec<f32>) -> Buffer {
        let length = values.len();
        Buffer::from_place(values, 0, length)
    }

    /// A buffer of the `length` numbers of `values` from place `start` on, as far as there
    /// are any.
    fn from_place(mut values: Vec<f32>, start: usize, length: usize) -> Buffer {
        // The address of a vector's numbers stays when the vector moves into the tensor.
        let own = values.get_mut(start..start + length).unwrap_or_default();
        let (first, length) = (NonNull::from(&mut *own).cast(), own.len());
        let all = values.len();
        Buffer {
            tensor: Cpu::default().tensor_from_vec(values, (all,)),
            first,
            length,
            capacity: length,
        }
    }

    /// A buffer of `length` zeros that begins with a line of the cache.
    fn aligned(length: usize) -> Buffer {
        let (values, start) = aligned(length);
        in_large_pages(&values);
        Buffer::from_place(values, start, length)
    }

    /// A buffer of `length` zeros.
    pub(crate) fn zeros(length: usize) -> Buffer {
        Buffer::from_vec(vec![0.0; length])
    }

    /// The numbers.
    pub(crate) fn values(&self) -> &[f32] {
        // SAFETY: `first` lies among the numbers `tensor` owns, at least `length` of them
        // from it on, the tensor lives as long as `self`, and writing needs `&mut self`.
        unsafe { std::slice::from_raw_parts(self.first.as_ptr(), self.length) }
    }

    /// The numbers, to be written.
    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `values`; the storage has no other holder, since the tensor is
        // handed out only by `into_tensor`, which consumes the buffer.
        unsafe { std::slice::from_raw_parts_mut(self.first.as_ptr(), self.length) }
    }

    /// The tensor itself under the shape (`rows`, `width`), for operations of dfdx.
    /// `rows`·`width` must be the buffer's length and all of it in use: for buffers made of
    /// vectors, not for those of a pool.
    #[cfg(test)]
    pub(crate) fn into_tensor(
        self,
        rows: usize,
        width: usize,
    ) -> Tensor<(usize, usize), f32, Cpu> {
        assert_eq!(rows * width, self.length, "shape of a buffer");
        assert_eq!(self.length, self.capacity, "a buffer is used whole");
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

/// Buffers between two uses, by capacity, the longest unused first. Batches of crystals
/// are of ever new sizes, so capacities are rounded up to an eighth of a power of two: a
/// buffer of a batch serves the next.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    free: BTreeMap<usize, VecDeque<Unused>>,
    /// Numbers that lie here, those that are lent, and the most that were lent at a time.
    idle: usize,
    lent: usize,
    most: usize,
    /// How many buffers have come back so far.
    returns: u64,
}

/// A buffer, and the number of its return.
#[derive(Debug)]
struct Unused {
    buffer: Buffer,
    since: u64,
}

/// Numbers that a buffer of `length` is made for.
fn capacity(length: usize) -> usize {
    let step = (length.next_power_of_two() / 16).max(1);
    length.next_multiple_of(step)
}

impl Pool {
    /// A buffer of `length` numbers whose values are unspecified.
    pub(crate) fn take(&mut self, length: usize) -> Buffer {
        let (least, most) = (capacity(length), length.saturating_mul(2));
        let fits = self.free.range(least..=most.max(least)).next();
        let fits = fits.map(|(capacity, _)| *capacity);
        let used = fits.and_then(|capacity| self.remove(capacity, VecDeque::pop_back));
        let mut buffer = used.unwrap_or_else(|| Buffer::aligned(least));
        buffer.length = length;
        self.lent += buffer.capacity;
        self.most = self.most.max(self.lent);
        buffer
    }

    /// Takes back a buffer no longer needed. When there are an eighth more than were ever
    /// in use at a time, those that have lain here longest are let go.
    pub(crate) fn give(&mut self, buffer: Buffer) {
        self.lent = self.lent.saturating_sub(buffer.capacity);
        self.idle += buffer.capacity;
        self.returns += 1;
        let since = self.returns;
        let list = self.free.entry(buffer.capacity).or_default();
        list.push_back(Unused { buffer, since });
        while self.idle + self.lent > self.most + self.most / 8 {
            let oldest =
                |list: &VecDeque<Unused>| list.front().map(|unused| unused.since);
            let longest = self.free.iter().min_by_key(|(_, list)| oldest(list));
            let Some(capacity) = longest.map(|(capacity, _)| *capacity) else {
                break;
            };
            self.remove(capacity, VecDeque::pop_front);
        }
    }

    /// One of the buffers of a capacity, no longer counted.
    fn remove(
        &mut self,
        capacity: usize,
        which: impl FnOnce(&mut VecDeque<Unused>) -> Option<Unused>,
    ) -> Option<Buffer> {
        let list = self.free.get_mut(&capacity)?;
        let unused = which(list);
        if list.is_empty() {
            self.free.remove(&capacity);
        }
        let buffer = unused?.buffer;
        self.idle -= buffer.capacity;
        Some(buffer)
    }

    /// How many buffers lie here.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.free.values().map(VecDeque::len).sum()
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
        assert_ne!(pool.take(40).values().as_ptr(), place);
        assert_ne!(pool.take(200).values().as_ptr(), place);
        let b = pool.take(97);
        assert_eq!((b.values().as_ptr(), b.values().len()), (place, 97));
        assert_eq!(pool.take(0).values(), [0.0; 0]);
    }

    #[test]
    fn the_pool_keeps_little_more_than_was_ever_in_use() {
        let mut pool = Pool::default();
        for size in [1000, 3000, 9000, 27_000, 81_000, 500] {
            let pair = [pool.take(size), pool.take(size)];
            pair.into_iter().for_each(|buffer| pool.give(buffer));
        }
        let held: usize = pool.free.iter().map(|(n, all)| n * all.len()).sum();
        assert!(8 * held <= 9 * 2 * capacity(81_000), "{held}");
    }
}
