//! The way to both other sides of one customer: a meter stands beside it, and on one day of the
//! season it may be shut.

use crate::simulation::clock::VirtualClock;
use crate::simulation::network::Line;
use crate::value::{Span, Timestamp};
use crate::world::{Clock as _, HttpRequest, HttpResponse, Transport, TransportError};
use async_trait::async_trait;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What a side that shows a rate window allows: so many requests in so many seconds, counted
/// from the epoch.
pub const WINDOWS: [(i64, u64); 2] = [(10, 25), (3_600, 3_600)];
const YEAR: Span = Span::from_secs(365 * 86_400);

/// What befalls one customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// Whatever is sent between these instants is never answered.
    Silence(Timestamp, Timestamp),
    /// The first request after this instant meets a fault of ours.
    Fault(Timestamp),
}

pub struct Road {
    pub line: Line,
    pub clock: Arc<VirtualClock>,
    pub mishap: Option<Mishap>,
    pub met: AtomicBool,
    pub meter: Mutex<Meter>,
}

/// Counts by the other side's own clock what it admitted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meter {
    pub requests: u64,
    /// Refused because a window was used up.
    pub refused: u64,
    /// By window: which stretch it is, how many it has, and the most that one had.
    windows: [(i64, u64, u64); 2],
}

impl Meter {
    /// The most requests that a window of each kind had.
    pub fn most(&self) -> [u64; 2] {
        self.windows.map(|(_, _, most)| most)
    }

    fn see(&mut self, response: &HttpResponse) {
        self.requests += 1;
        if response.header("X-Rate-Limit-Limit").is_none() {
            return;
        }
        if response.status == 429 {
            self.refused += 1;
            return;
        }
        let Some(at) = response.header("Date").and_then(Timestamp::from_http_date) else { return };
        for ((stretch, count, most), (seconds, _)) in self.windows.iter_mut().zip(WINDOWS) {
            let now = at.unix().div_euclid(seconds);
            // Answers may overtake each other; the few of a window that is over are counted there.
            if now > *stretch {
                (*stretch, *count) = (now, 0);
            }
            *count += 1;
            *most = (*most).max(*count);
        }
    }
}

#[async_trait]
impl Transport for Road {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let now = self.clock.now();
        match self.mishap {
            Some(Mishap::Silence(from, until)) if (from..until).contains(&now) => self.clock.sleep(YEAR).await,
            Some(Mishap::Fault(from)) if now >= from && !self.met.swap(true, Ordering::Relaxed) => {
                // As a panic does, without its word on the screen of who watches.
                std::panic::resume_unwind(Box::new("a fault that was planted"));
            }
            _ => {}
        }
        let answered = self.line.send(request).await;
        if let Ok(response) = &answered {
            self.meter.lock().unwrap_or_else(PoisonError::into_inner).see(response);
        }
        answered
    }
}
