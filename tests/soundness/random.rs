//! A seeded row of numbers: the same seed makes the same pipeline and the same records.

/// SplitMix64, after the choices that somebody else has made.
pub struct Random {
    state: u64,
    /// Taken first, one for each number.
    given: std::vec::IntoIter<u8>,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self { state: seed, given: Vec::new().into_iter() }
    }

    /// A row that begins with these, so that a fuzzer can change one choice at a time.
    #[allow(dead_code, reason = "only the fuzz targets and their replay steer")]
    pub fn steered(choices: &[u8]) -> Self {
        Self { state: 0, given: Vec::from(choices).into_iter() }
    }

    pub fn next(&mut self) -> u64 {
        if let Some(given) = self.given.next() {
            return u64::from(given);
        }
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0, less than `end`; 0 if there is nothing to choose from.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.next() % end as u64) as usize }
    }

    /// True so many times of a hundred.
    pub fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    pub fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}
