//! A clock that stands still until somebody sleeps.

use crate::value::{Span, Timestamp};
use crate::world::Clock;
use async_trait::async_trait;
use std::sync::Mutex;

/// Sleeping takes no real time, but moves the clock and lets others run.
pub(in crate::engine) struct TestClock(Mutex<Timestamp>);

impl TestClock {
    pub fn at(instant: Timestamp) -> Self {
        Self(Mutex::new(instant))
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("clock")
    }

    async fn sleep(&self, span: Span) {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        let mut now = self.0.lock().expect("clock");
        *now = now.plus(span);
    }
}
