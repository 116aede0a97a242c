//! The sandbox's time: it begins where the sandbox's story stands and runs faster than
//! ours, so that a run that waits for rate windows is over in seconds.
//!
//! The only file outside `host` that looks at the machine's clock, and only to know how
//! much time has passed.

#![expect(
    clippy::disallowed_methods,
    reason = "virtual time is stretched real time: what passes is measured here, what time it is never"
)]

use crate::value::{Span, Timestamp};
use crate::world::Clock;
use async_trait::async_trait;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Virtual time: a base, and what has passed since, times a scale.
pub struct SandboxClock {
    base: Mutex<Timestamp>,
    started: Instant,
    scale: u32,
}

impl SandboxClock {
    /// `scale` virtual seconds pass in one real second.
    pub fn new(base: Timestamp, scale: u32) -> Self {
        Self { base: Mutex::new(base), started: Instant::now(), scale: scale.max(1) }
    }

    /// Jumps ahead so that no instant before `instant` is shown any more.
    pub fn not_before(&self, instant: Timestamp) {
        let late = instant.since(self.now());
        let mut base = self.base.lock().unwrap_or_else(PoisonError::into_inner);
        *base = base.plus(late);
    }

    /// The instant at which this clock was started, jumps included.
    pub fn base(&self) -> Timestamp {
        *self.base.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for SandboxClock {
    fn now(&self) -> Timestamp {
        self.base().plus(self.started.elapsed().saturating_mul(self.scale))
    }

    async fn sleep(&self, span: Span) {
        tokio::time::sleep(span / self.scale).await;
    }
}

#[cfg(test)]
mod tests {
    use super::SandboxClock;
    use crate::value::{Span, Timestamp};
    use crate::world::Clock;

    #[test]
    fn a_jump_never_goes_back() {
        let clock = SandboxClock::new(Timestamp::from_unix(1_000), 1);
        clock.not_before(Timestamp::from_unix(5_000));
        assert!(clock.now() >= Timestamp::from_unix(5_000));
        clock.not_before(Timestamp::from_unix(2_000));
        assert!(clock.now() >= Timestamp::from_unix(5_000));
        assert!(clock.now() < Timestamp::from_unix(5_060));
    }

    #[tokio::test]
    async fn a_long_sleep_is_short() {
        let clock = SandboxClock::new(Timestamp::from_unix(0), 100);
        clock.sleep(Span::from_secs(2)).await;
        assert!(clock.now() >= Timestamp::from_unix(2));
    }
}
