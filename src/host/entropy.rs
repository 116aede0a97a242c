//! Random numbers of the operating system.

use crate::world::Entropy;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// For ids and jitter.
#[derive(Clone, Copy, Debug)]
pub struct MachineEntropy;

impl Entropy for MachineEntropy {
    fn next_u64(&self) -> u64 {
        // The standard library seeds its hashers by other means where the first one fails.
        getrandom::u64().unwrap_or_else(|_| RandomState::new().build_hasher().finish())
    }
}

#[cfg(test)]
mod tests {
    use super::MachineEntropy;
    use crate::world::Entropy;
    use std::collections::BTreeSet;

    #[test]
    fn numbers_differ() {
        let numbers: BTreeSet<u64> = (0..100).map(|_| MachineEntropy.next_u64()).collect();
        assert_eq!(numbers.len(), 100);
    }
}
