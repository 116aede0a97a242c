//! A small generator of random numbers (splitmix64) that yields the same numbers
//! for the same seed for ever, on every machine: the sandbox's stories depend on it.

/// A stream of numbers.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A stream of its own for each `topic`, so that one more draw in one topic
    /// does not move what another topic draws.
    pub fn new(seed: u64, topic: &str) -> Self {
        Self(hash(seed, &[topic.as_bytes()]))
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        scramble(self.0)
    }

    /// A number from 0 up to but without `bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.draw()) * (bound as u128);
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = usize::try_from(high - low + 1).unwrap_or(1);
        low + i64::try_from(self.below(span)).unwrap_or(0)
    }

    /// True in `percent` of a hundred draws.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.draw() % 100 < percent
    }

    /// One of the items.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// The same 64 bits for the same parts. Parts are kept apart: `["ab", ""]` is not `["a", "b"]`.
pub fn hash(seed: u64, parts: &[&[u8]]) -> u64 {
    let mut state = scramble(seed ^ 0xD6E8_FEB8_6659_FD93);
    for part in parts {
        for byte in *part {
            state = (state ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
        state = scramble(state ^ (part.len() as u64).rotate_left(32));
    }
    scramble(state)
}

fn scramble(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::{Random, hash};

    #[test]
    fn the_numbers_are_the_published_ones() {
        // The reference vector of splitmix64 for seed 1234567.
        let mut random = Random(1_234_567);
        assert_eq!(random.draw(), 6_457_827_717_110_365_317);
        assert_eq!(random.draw(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn draws_stay_inside_their_bounds() {
        let mut random = Random::new(7, "bounds");
        for _ in 0..1_000 {
            assert!(random.below(3) < 3);
            assert!((-2..=2).contains(&random.between(-2, 2)));
        }
    }

    #[test]
    fn parts_are_kept_apart() {
        assert_ne!(hash(1, &[b"ab", b""]), hash(1, &[b"a", b"b"]));
        assert_ne!(hash(1, &[b"a"]), hash(2, &[b"a"]));
    }
}
