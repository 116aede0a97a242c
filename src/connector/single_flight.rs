//! Signing in, by one request however many wait.
//!
//! Whoever needs what is held takes a [`Turn`]: it finds what somebody brought meanwhile,
//! or asks. Invariants: one attempt is under way at a time; those who waited for an attempt
//! that failed share its failure; a credential that was refused is not tried again until a
//! person asks for it, since the next try could lock the account.

use super::{Error, ErrorKind};
use crate::value::{Span, Timestamp};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Mutex, MutexGuard};

/// What is held for all.
pub struct SingleFlight<T> {
    /// Attempts that came to an end; read before waiting for a turn.
    attempts: AtomicU64,
    state: Mutex<State<T>>,
    /// How long what was refused for good is not tried again; where nothing is named, a
    /// credential never is.
    refusal: Option<Span>,
}

struct State<T> {
    held: Option<Held<T>>,
    failure: Option<Failure>,
}

struct Failure {
    attempt: u64,
    at: Timestamp,
    error: Error,
}

/// What an attempt brought.
#[derive(Clone, Debug)]
pub struct Held<T> {
    pub value: T,
    /// The attempt that brought it: tells it from the next.
    serial: u64,
}

impl<T: Clone> SingleFlight<T> {
    pub fn new(refusal: Option<Span>) -> Self {
        Self { attempts: AtomicU64::new(0), state: Mutex::new(State { held: None, failure: None }), refusal }
    }

    /// A credential that was refused may be tried once more.
    pub fn forgive(&self) {
        // Whoever is asking at this moment is trying already.
        if let Ok(mut state) = self.state.try_lock() {
            state.failure = None;
        }
    }

    /// Waits until nobody else is asking.
    pub async fn turn(&self) -> Turn<'_, T> {
        let seen = self.attempts.load(Ordering::Acquire);
        Turn { flight: self, state: self.state.lock().await, seen }
    }
}

/// The right to look, and to ask.
pub struct Turn<'a, T> {
    flight: &'a SingleFlight<T>,
    state: MutexGuard<'a, State<T>>,
    /// How many attempts had ended when this turn was first wanted.
    seen: u64,
}

impl<T: Clone> Turn<'_, T> {
    pub fn held(&self) -> Option<&Held<T>> {
        self.state.held.as_ref()
    }

    /// What somebody else has brought since `refused` was handed out.
    pub fn other_than(&self, refused: &Held<T>) -> Option<Held<T>> {
        self.held().filter(|held| held.serial != refused.serial).cloned()
    }

    /// What is held is of no use any more, whatever comes of the attempt.
    pub fn forget(&mut self) {
        self.state.held = None;
    }

    /// Refuses where an attempt failed while this turn waited, or the credential was refused.
    pub fn may_ask(&self, now: Timestamp) -> Result<(), Error> {
        let Some(failure) = &self.state.failure else { return Ok(()) };
        let shared = failure.attempt > self.seen;
        let counts = match self.flight.refusal {
            Some(span) => now.since(failure.at) < span,
            None => failure.error.kind == ErrorKind::Credentials,
        };
        let refused = !failure.error.is_temporary() && counts;
        if shared || refused { Err(failure.error.clone()) } else { Ok(()) }
    }

    /// Ends an attempt.
    pub fn settle(&mut self, asked: Result<T, Error>, now: Timestamp) -> Result<Held<T>, Error> {
        let attempt = self.flight.attempts.load(Ordering::Acquire) + 1;
        self.flight.attempts.store(attempt, Ordering::Release);
        match asked {
            Ok(value) => {
                let held = Held { value, serial: attempt };
                self.state.held = Some(held.clone());
                self.state.failure = None;
                Ok(held)
            }
            Err(error) => {
                self.state.failure = Some(Failure { attempt, at: now, error: error.clone() });
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SingleFlight;
    use crate::connector::{Error, ErrorKind, Permanence};
    use crate::value::{Span, Timestamp};
    use futures_util::future::join_all;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn start() -> Timestamp {
        Timestamp::from_unix(1_790_000_000)
    }

    /// Signs in as a connector does; the number tells one token from the next.
    async fn token(
        flight: &SingleFlight<u64>,
        asked: &AtomicU64,
        ends: Option<Permanence>,
        now: Timestamp,
    ) -> Result<u64, Error> {
        let mut turn = flight.turn().await;
        if let Some(held) = turn.held() {
            return Ok(held.value);
        }
        turn.may_ask(now)?;
        let number = asked.fetch_add(1, Ordering::Relaxed) + 1;
        tokio::task::yield_now().await;
        let asked = ends.map_or(Ok(number), |ends| Err(Error::new(ErrorKind::Credentials, ends, "no")));
        turn.settle(asked, now).map(|held| held.value)
    }

    #[tokio::test]
    async fn sixteen_wait_for_one_attempt_whatever_comes_of_it() {
        for ends in [None, Some(Permanence::Temporary), Some(Permanence::Permanent)] {
            let (flight, asked) = (SingleFlight::new(None), AtomicU64::new(0));
            let all = join_all((0..16).map(|_| token(&flight, &asked, ends, start()))).await;
            assert_eq!(asked.load(Ordering::Relaxed), 1, "{ends:?}");
            assert!(all.iter().all(|one| one.is_ok() == ends.is_none()));
        }
    }

    #[tokio::test]
    async fn a_refusal_holds_as_long_as_it_was_made_to_and_a_mishap_does_not() {
        let late = start().plus(Span::from_secs(61));
        for (ends, refusal, again) in [
            (Permanence::Temporary, None, 2),
            (Permanence::Permanent, None, 1),
            (Permanence::Permanent, Some(Span::from_secs(60)), 2),
            (Permanence::Permanent, Some(Span::from_secs(62)), 1),
        ] {
            let (flight, asked) = (SingleFlight::new(refusal), AtomicU64::new(0));
            for now in [start(), late] {
                token(&flight, &asked, Some(ends), now).await.expect_err("refused");
            }
            assert_eq!(asked.load(Ordering::Relaxed), again, "{ends:?} {refusal:?}");
        }
    }

    #[tokio::test]
    async fn a_refusal_that_is_forgiven_is_tried_once_more() {
        let (flight, asked) = (SingleFlight::new(None), AtomicU64::new(0));
        for _ in 0..2 {
            token(&flight, &asked, Some(Permanence::Permanent), start()).await.expect_err("refused");
        }
        flight.forgive();
        for _ in 0..2 {
            token(&flight, &asked, Some(Permanence::Permanent), start()).await.expect_err("refused again");
        }
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn what_was_refused_is_brought_anew_once() {
        let (flight, asked) = (SingleFlight::new(None), AtomicU64::new(0));
        token(&flight, &asked, None, start()).await.expect("first");
        let refused = flight.turn().await.held().cloned().expect("held");
        assert!(flight.turn().await.other_than(&refused).is_none());
        let mut turn = flight.turn().await;
        turn.settle(Ok(2), start()).expect("brought");
        drop(turn);
        assert_eq!(flight.turn().await.other_than(&refused).expect("another").value, 2);
    }
}
