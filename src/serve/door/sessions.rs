//! Who is signed in just now. In memory alone: a server that starts again asks everybody again.

use super::token::{Token, hash};
use crate::value::{Span, Timestamp};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So long a session holds at most.
pub const LONGEST: Span = Span::from_secs(12 * 60 * 60);
/// So long it holds without being used.
const IDLE: Span = Span::from_secs(60 * 60);
/// More than a house of people has; the oldest gives way.
const MOST: usize = 1_000;

#[derive(Default)]
pub struct Sessions(Mutex<HashMap<String, Session>>);

#[derive(Clone, Debug)]
pub struct Session {
    pub name: String,
    /// The hash of the token by which it began: it ends with that one.
    pub token: String,
    pub csrf: String,
    begun: Timestamp,
    used: Timestamp,
}

impl Session {
    fn holds(&self, now: Timestamp) -> bool {
        now.since(self.begun) < LONGEST && now.since(self.used) < IDLE
    }
}

impl Sessions {
    pub fn begin(&self, number: &Token, name: &str, token: &str, csrf: &str, now: Timestamp) {
        let session =
            Session { name: name.to_owned(), token: hash(token), csrf: csrf.to_owned(), begun: now, used: now };
        let mut sessions = self.lock();
        sessions.retain(|_, session| session.holds(now));
        if sessions.len() >= MOST {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.used).map(|(number, _)| number.clone());
            oldest.map(|number| sessions.remove(&number));
        }
        sessions.insert(number.hash(), session);
    }

    pub fn find(&self, number: &str, now: Timestamp) -> Option<Session> {
        let mut sessions = self.lock();
        let session = sessions.get_mut(&hash(number)).filter(|session| session.holds(now))?;
        session.used = now;
        Some(session.clone())
    }

    pub fn end(&self, number: &str) {
        self.lock().remove(&hash(number));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Sessions;
    use crate::serve::door::token::{Random, Token};
    use crate::value::{Span, Timestamp};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU8, Ordering};

    fn counting() -> Random {
        let next = AtomicU8::new(1);
        Arc::new(move |bytes| {
            bytes.fill(next.fetch_add(1, Ordering::Relaxed));
            true
        })
    }

    #[test]
    fn a_session_ends_when_it_is_not_used_and_after_a_day_s_work() {
        let (sessions, random, start) = (Sessions::default(), counting(), Timestamp::from_unix(0));
        let at = |minutes: u64| start.plus(Span::from_secs(minutes * 60));
        let number = Token::new(&random).expect("a token");
        sessions.begin(&number, "mae", "t", "c", start);
        assert!(sessions.find(number.reveal(), at(59)).is_some());
        assert!(sessions.find(number.reveal(), at(59 + 60)).is_none(), "an hour without use");
        sessions.begin(&number, "mae", "t", "c", start);
        for minutes in (30..720).step_by(30) {
            assert!(sessions.find(number.reveal(), at(minutes)).is_some(), "{minutes}");
        }
        assert!(sessions.find(number.reveal(), at(720)).is_none());
    }

    #[test]
    fn whoever_leaves_is_gone() {
        let (sessions, random, now) = (Sessions::default(), counting(), Timestamp::from_unix(0));
        let number = Token::new(&random).expect("a token");
        sessions.begin(&number, "mae", "t", "c", now);
        sessions.end(number.reveal());
        assert!(sessions.find(number.reveal(), now).is_none());
    }

    #[test]
    fn their_number_is_bounded() {
        let (sessions, now) = (Sessions::default(), Timestamp::from_unix(0));
        for count in 0..1_100_u32 {
            let random: Random = Arc::new(move |bytes| {
                bytes[..4].copy_from_slice(&count.to_be_bytes());
                true
            });
            sessions.begin(&Token::new(&random).expect("a token"), "mae", "t", "c", now);
        }
        assert_eq!(sessions.lock().len(), super::MOST);
    }
}
