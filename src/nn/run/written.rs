//! The gradients of the weights, and which have been written in this pass: what is written
//! again is added.

use super::Kernels;

/// Where the gradients of the weights go, in ordinal order.
pub(super) struct Written<'a, N> {
    gradients: &'a mut [N],
    seen: Vec<bool>,
}

impl<'a, N> Written<'a, N> {
    pub(super) fn new(gradients: &'a mut [N]) -> Written<'a, N> {
        Written {
            seen: vec![false; gradients.len()],
            gradients,
        }
    }

    /// Lets `fill` write the gradients of weights that follow each other. If one of them has
    /// been written, what it writes is added; `part` says that it adds to what is there by
    /// itself, and leaves what is not its own.
    pub(super) fn write<K: Kernels<Numbers = N>>(
        &mut self,
        (first, count): (usize, usize),
        part: bool,
        device: &mut K,
        fill: impl FnOnce(&mut K, &mut [N]),
    ) {
        let places = first..first + count;
        let (Some(own), Some(seen)) = (
            self.gradients.get_mut(places.clone()),
            self.seen.get_mut(places),
        ) else {
            return;
        };
        let again = seen.iter().any(|seen| *seen);
        for (own, seen) in own.iter_mut().zip(seen) {
            // What was not written in this pass is still an earlier batch's.
            if !std::mem::replace(seen, true) && (part || again) {
                device.clear(own);
            }
        }
        if !part && !again {
            return fill(device, own);
        }
        let mut parts: Vec<N> = Vec::with_capacity(count);
        for own in own.iter() {
            let mut fresh = device.take(K::length(own));
            if part {
                device.clear(&mut fresh);
            }
            parts.push(fresh);
        }
        fill(device, &mut parts);
        for (own, part) in own.iter_mut().zip(parts) {
            device.add(&part, own);
            device.give(part);
        }
    }
}
