//! When to try again: how long to wait between attempts, and
//! the attempts of a read.
//!
//! Writes have a loop of their own (`send`), since a write whose answer is unknown must
//! not simply be repeated. A refusal for too many requests says nothing of the record,
//! so it does not use up its attempts.

use super::context::Context;
use crate::connector::{Error, ErrorKind};
use crate::model::Retry;
use crate::value::{Span, Timestamp};
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// Reads change nothing, so they are repeated longer than writes: a run of some hundred
/// reads at a fault rate of one in five should not lose one of them.
pub(super) const READS: Retry = Retry { times: 7, first: Span::from_secs(1), longest: Span::from_secs(60) };

/// So often a rate limit is waited for before it counts as a failure.
const RATE_PATIENCE: u32 = 30;

/// The waits between the attempts of one operation.
pub(super) struct Backoff {
    delays: ExponentialBackoff,
    longest: Span,
    patience: u32,
}

impl Backoff {
    /// `seed` is for the jitter.
    pub fn new(policy: Retry, seed: u64) -> Self {
        let delays = ExponentialBuilder::new()
            .with_factor(2.0)
            .with_min_delay(policy.first)
            .with_max_delay(policy.longest)
            .with_max_times(policy.times as usize)
            .with_jitter()
            .with_jitter_seed(seed)
            .build();
        Self { delays, longest: policy.longest, patience: RATE_PATIENCE }
    }

    /// How long to wait before the next attempt; `None` when there shall be none.
    pub fn next(&mut self, error: &Error, now: Timestamp) -> Option<Span> {
        let asked = error.retry_at.map_or(Span::ZERO, |instant| instant.since(now));
        if error.kind == ErrorKind::RateLimit && self.patience > 0 {
            self.patience -= 1;
            return Some(if asked.is_zero() { self.longest } else { asked });
        }
        self.delays.next().map(|delay| delay.max(asked))
    }
}

/// The attempts of one read.
pub(super) struct Reading(Backoff);

impl Reading {
    pub fn new(context: &Context) -> Self {
        Self(Backoff::new(READS, context.entropy.next_u64()))
    }

    /// Waits until the read may be tried again. Gives the error back when it is to stay:
    /// it does not pass by itself, it was tried often enough, or the brake is pulled.
    pub async fn again(&mut self, context: &Context, error: Error) -> Result<(), Error> {
        if !error.is_temporary() {
            return Err(error);
        }
        match self.0.next(&error, context.clock.now()) {
            Some(wait) if context.pause(wait).await => Ok(()),
            _ => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Backoff, RATE_PATIENCE, READS};
    use crate::connector::{Error, ErrorKind, Permanence};
    use crate::value::{Span, Timestamp};

    fn error(kind: ErrorKind) -> Error {
        Error::new(kind, Permanence::Temporary, "test")
    }

    #[test]
    fn waits_grow_and_end() {
        let now = Timestamp::from_unix(0);
        let mut backoff = Backoff::new(READS, 7);
        let waits: Vec<Span> = std::iter::from_fn(|| backoff.next(&error(ErrorKind::Unavailable), now)).collect();
        assert_eq!(waits.len(), 7);
        assert!(waits[0] >= Span::from_secs(1) && waits[0] <= Span::from_secs(2), "{waits:?}");
        assert!(waits[4] >= Span::from_secs(16), "{waits:?}");
    }

    #[test]
    fn what_the_other_side_asks_for_is_obeyed() {
        let now = Timestamp::from_unix(0);
        let mut backoff = Backoff::new(READS, 7);
        let wait = backoff.next(&error(ErrorKind::Unavailable).retry_at(Some(Timestamp::from_unix(90))), now);
        assert_eq!(wait, Some(Span::from_secs(90)));
    }

    #[test]
    fn a_rate_limit_does_not_use_up_attempts_but_ends_some_time() {
        let now = Timestamp::from_unix(0);
        let mut backoff = Backoff::new(READS, 7);
        for _ in 0..RATE_PATIENCE {
            assert!(backoff.next(&error(ErrorKind::RateLimit), now).is_some());
        }
        let rest = std::iter::from_fn(|| backoff.next(&error(ErrorKind::RateLimit), now)).count();
        assert_eq!(rest, 7);
    }
}
