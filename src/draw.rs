//! Deterministic draws. In: the run's root seed, a node's seed, a purpose and ids.
//! Out: streams of numbers that depend on nothing else: not on names, on the order of
//! a file, on threads, on the platform or on how much another stream has drawn.

/// The increment of the Weyl sequence behind [`Stream`] (2^64 / golden ratio, odd).
const WEYL: u64 = 0x9E37_79B9_7F4A_7C15;

/// All draws of one node: a function of (root seed, node seed, purpose, ids).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    root: u64,
    node: u64,
}

impl Draws {
    /// The draws of the node seeded `node_seed` in a run seeded `root_seed`.
    pub fn new(root_seed: u64, node_seed: u64) -> Draws {
        Draws {
            root: root_seed,
            node: node_seed,
        }
    }

    /// The seed of the stream for `purpose` and `ids`: the first eight bytes of a BLAKE3
    /// hash over all of them, so that near seeds give unrelated streams.
    pub fn seed(&self, purpose: &str, ids: &[u64]) -> u64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"tmo draw 1\0");
        hasher.update(&self.root.to_le_bytes());
        hasher.update(&self.node.to_le_bytes());
        hasher.update(&(purpose.len() as u64).to_le_bytes());
        hasher.update(purpose.as_bytes());
        for id in ids {
            hasher.update(&id.to_le_bytes());
        }
        let mut first = [0u8; 8];
        hasher.finalize_xof().fill(&mut first);
        u64::from_le_bytes(first)
    }

    /// The stream for `purpose` and `ids`.
    pub fn stream(&self, purpose: &str, ids: &[u64]) -> Stream {
        Stream::new(self.seed(purpose, ids))
    }

    /// A random order of rows: positions into `row_ids`, sorted by a draw of
    /// (purpose, ids, row id). Since a row's draw depends on its id alone, the rows come
    /// in the same order wherever they stand in the file and whoever their neighbours are.
    pub fn order(&self, purpose: &str, ids: &[u64], row_ids: &[u64]) -> Vec<usize> {
        let seed = self.seed(purpose, ids);
        let mut keyed: Vec<(u64, u64, usize)> = row_ids
            .iter()
            .enumerate()
            .map(|(position, &id)| (mix(seed ^ mix(id.wrapping_add(WEYL))), id, position))
            .collect();
        keyed.sort_unstable();
        keyed.into_iter().map(|(_, _, position)| position).collect()
    }
}

/// A stream of uniform numbers: SplitMix64 (Steele, Lea, Flood 2014), the `n`-th number
/// being a function of (seed, n).
#[derive(Clone, Debug)]
pub struct Stream {
    state: u64,
}

impl Stream {
    /// The stream with this seed, at its start.
    pub fn new(seed: u64) -> Stream {
        Stream { state: seed }
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(WEYL);
        mix(self.state)
    }

    /// The next number in [0, 1), a multiple of 2^-53.
    pub fn next_f64(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// The next number in [0, 1), a multiple of 2^-24.
    pub fn next_f32(&mut self) -> f32 {
        (self.next_u64() >> 40) as f32 * (1.0 / (1u32 << 24) as f32)
    }

    /// The next number between `low` (included) and `high`.
    pub fn uniform(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.next_f32()
    }

    /// The next integer in 0..`bound`, without bias (Lemire 2019); 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let rejected_below = bound.wrapping_neg() % bound;
        loop {
            let wide = u128::from(self.next_u64()) * u128::from(bound);
            if wide as u64 >= rejected_below {
                return (wide >> 64) as u64;
            }
        }
    }

    /// Puts `items` into a random order (Fisher-Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }
}

/// Random bits addressed by position, cheap enough to be drawn twice (a dropout mask is
/// drawn again in the backward pass, not stored) and free of 64-bit products, so that a
/// loop over positions vectorises.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    before: u32,
    between: u32,
}

impl Field {
    /// The field with this seed.
    pub fn new(seed: u64) -> Field {
        Field {
            before: seed as u32,
            between: (seed >> 32) as u32,
        }
    }

    /// The 32 random bits at `position`. The constants are those of "lowbias32"
    /// (C. Wellons, hash prospector).
    #[inline(always)]
    pub fn at(self, position: u32) -> u32 {
        let mut bits = position.wrapping_mul(0x9E37_79B9).wrapping_add(self.before);
        bits ^= bits >> 16;
        bits = bits.wrapping_mul(0x21F0_AAAD) ^ self.between;
        bits ^= bits >> 15;
        bits = bits.wrapping_mul(0x735A_2D97);
        bits ^ (bits >> 15)
    }
}

/// The finaliser of SplitMix64 (Stafford's variant 13): a permutation of 64-bit words.
fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_fixed_for_ever() {
        // SplitMix64 with seed 1234567, from its reference implementation.
        let mut stream = Stream::new(1_234_567);
        assert_eq!(stream.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(stream.next_u64(), 3_203_168_211_198_807_973);
        let draws = Draws::new(1, 2);
        assert_eq!(
            draws.seed("shuffle", &[3]),
            Draws::new(1, 2).seed("shuffle", &[3])
        );
    }

    #[test]
    fn every_part_of_the_address_matters() {
        let seeds = [
            Draws::new(1, 2).seed("shuffle", &[3]),
            Draws::new(2, 1).seed("shuffle", &[3]),
            Draws::new(1, 2).seed("shuffl", &[3]),
            Draws::new(1, 2).seed("shuffle", &[4]),
            Draws::new(1, 2).seed("shuffle", &[3, 0]),
            Draws::new(1, 2).seed("shuffle", &[]),
        ];
        for (i, a) in seeds.iter().enumerate() {
            for b in seeds.iter().skip(i + 1) {
                assert_ne!(a, b);
            }
        }
    }

    #[test]
    fn uniform_numbers_fill_their_range_evenly() {
        let mut stream = Draws::new(7, 0).stream("test", &[]);
        let mut counts = [0u32; 10];
        for _ in 0..100_000 {
            let x = stream.next_f64();
            assert!((0.0..1.0).contains(&x));
            counts[(x * 10.0) as usize] += 1;
            let y = stream.uniform(-2.0, 3.0);
            assert!((-2.0..=3.0).contains(&y));
        }
        assert!(counts.iter().all(|&c| (9_500..10_500).contains(&c)));
    }

    #[test]
    fn below_has_no_bias() {
        let mut stream = Stream::new(3);
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[stream.below(7) as usize] += 1;
        }
        assert!(counts.iter().all(|&c| (9_600..10_400).contains(&c)));
        assert_eq!(stream.below(0), 0);
        assert_eq!(stream.below(1), 0);
    }

    #[test]
    fn shuffles_are_permutations_of_all_kinds() {
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..200 {
            let mut items = [0, 1, 2, 3];
            Stream::new(seed).shuffle(&mut items);
            let mut sorted = items;
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3]);
            seen.insert(items);
        }
        assert_eq!(seen.len(), 24);
    }

    #[test]
    fn row_order_follows_ids_and_not_places() {
        let draws = Draws::new(5, 6);
        let ids: Vec<u64> = (100..150).collect();
        let mut turned = ids.clone();
        turned.reverse();
        let a: Vec<u64> = draws
            .order("shuffle", &[1], &ids)
            .into_iter()
            .map(|i| ids[i])
            .collect();
        let b: Vec<u64> = draws
            .order("shuffle", &[1], &turned)
            .into_iter()
            .map(|i| turned[i])
            .collect();
        assert_eq!(a, b);
        assert_ne!(a, ids);
        let c = draws.order("shuffle", &[2], &ids);
        assert_ne!(c, draws.order("shuffle", &[1], &ids));
    }

    #[test]
    fn field_bits_are_balanced_and_differ_between_seeds() {
        let (a, b) = (Field::new(1), Field::new(1 << 32));
        let n = 100_000u32;
        for bit in 0..32 {
            let ones = (0..n).filter(|&i| (a.at(i) >> bit) & 1 == 1).count();
            assert!((49_000..51_000).contains(&ones), "bit {bit}: {ones}");
        }
        let agree = (0..n).filter(|&i| (a.at(i) ^ b.at(i)) >> 31 == 0).count();
        assert!((49_000..51_000).contains(&agree), "{agree}");
        let follow = (0..n).filter(|&i| (a.at(i) ^ a.at(i + 1)) >> 31 == 0);
        assert!((49_000..51_000).contains(&follow.count()));
    }
}
