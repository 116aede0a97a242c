//! The machine's clock.

use crate::value::{Span, Timestamp};
use crate::world::Clock;
use async_trait::async_trait;
use std::time::{SystemTime, UNIX_EPOCH};

/// Real time, to the millisecond.
#[derive(Clone, Copy, Debug)]
pub struct MachineClock;

#[async_trait]
impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        // A clock that is set before 1970 reads as 1970.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_unix_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    async fn sleep(&self, span: Span) {
        tokio::time::sleep(span).await;
    }
}

#[cfg(test)]
mod tests {
    use super::MachineClock;
    use crate::value::{Span, Timestamp};
    use crate::world::Clock;

    #[tokio::test]
    async fn it_goes_forward() {
        let start = MachineClock.now();
        assert!(start > Timestamp::from_unix(1_700_000_000), "{start}");
        MachineClock.sleep(Span::from_millis(5)).await;
        assert!(MachineClock.now() > start);
    }
}
