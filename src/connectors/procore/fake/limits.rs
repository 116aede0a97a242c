//! The fake's two rate windows: an hour, and a spike of ten seconds.
//!
//! Every answer says how the window stands that is nearer to its end. A refused
//! request does not count; a failed one does.

use crate::value::Timestamp;
use crate::world::HttpResponse;

/// Requests in an hour.
pub const HOURLY: u64 = 3600;
/// Requests in ten seconds.
pub const SPIKE: u64 = 25;

/// Both windows of the credential.
pub struct Limits {
    windows: [Window; 2],
    refusals: u64,
}

struct Window {
    limit: u64,
    seconds: i64,
    /// Which stretch of `seconds` since the epoch `used` belongs to.
    stretch: i64,
    used: u64,
}

impl Limits {
    pub fn new(hourly: u64, spike: u64) -> Self {
        let window = |limit, seconds| Window { limit, seconds, stretch: i64::MIN, used: 0 };
        Self { windows: [window(hourly, 3600), window(spike, 10)], refusals: 0 }
    }

    /// Counts a request; the refusal if a window is full.
    pub fn admit(&mut self, now: Timestamp) -> Option<HttpResponse> {
        for window in &mut self.windows {
            window.turn(now);
        }
        if let Some(full) = self.windows.iter().find(|window| window.used >= window.limit) {
            let seconds = full.reset().unix().saturating_sub(now.unix()).max(1);
            self.refusals += 1;
            return Some(self.refusal(seconds));
        }
        for window in &mut self.windows {
            window.used += 1;
        }
        None
    }

    /// The words are the same whichever window is full. Every other refusal also says how long to wait.
    fn refusal(&self, seconds: i64) -> HttpResponse {
        let words = "You have surpassed the max number of requests for an hour. Please wait until your limit resets.";
        let mut headers = vec![("Content-Type".to_owned(), "text/plain; charset=utf-8".to_owned())];
        if self.refusals.is_multiple_of(2) {
            headers.push(("Retry-After".to_owned(), seconds.to_string()));
        }
        HttpResponse { status: 429, headers, body: words.as_bytes().to_vec() }
    }

    /// Puts the headers of the window that is nearer to its end on an answer.
    pub fn stamp(&self, response: &mut HttpResponse) {
        // Compared as shares: left/limit of one against left/limit of the other.
        let [hour, spike] = &self.windows;
        let nearer = if hour.left() * spike.limit < spike.left() * hour.limit { hour } else { spike };
        for (name, value) in [
            ("X-Rate-Limit-Limit", nearer.limit.to_string()),
            ("X-Rate-Limit-Remaining", nearer.left().to_string()),
            ("X-Rate-Limit-Reset", nearer.reset().unix().to_string()),
        ] {
            response.headers.push((name.to_owned(), value));
        }
    }
}

impl Window {
    fn turn(&mut self, now: Timestamp) {
        let stretch = now.unix().div_euclid(self.seconds);
        if stretch != self.stretch {
            self.stretch = stretch;
            self.used = 0;
        }
    }

    fn left(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }

    fn reset(&self) -> Timestamp {
        Timestamp::from_unix(self.stretch.saturating_add(1).saturating_mul(self.seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::Limits;
    use crate::value::Timestamp;
    use crate::world::HttpResponse;

    fn stamped(limits: &Limits) -> HttpResponse {
        let mut response = HttpResponse { status: 200, headers: vec![], body: vec![] };
        limits.stamp(&mut response);
        response
    }

    #[test]
    fn the_spike_window_refuses_and_begins_anew() {
        let mut limits = Limits::new(100, 3);
        for _ in 0..3 {
            assert!(limits.admit(Timestamp::from_unix(1005)).is_none());
        }
        let refusal = limits.admit(Timestamp::from_unix(1006)).expect("full");
        assert_eq!(refusal.status, 429);
        let response = stamped(&limits);
        assert_eq!(response.header("x-rate-limit-limit"), Some("3"));
        assert_eq!(response.header("x-rate-limit-reset"), Some("1010"));
        let second = limits.admit(Timestamp::from_unix(1006)).expect("still full");
        assert_eq!(second.header("retry-after"), Some("4"));
        assert!(limits.admit(Timestamp::from_unix(1010)).is_none());
    }

    #[test]
    fn the_hour_is_shown_when_it_is_almost_used_up() {
        let mut limits = Limits::new(5, 3);
        for second in [0, 10, 20, 30] {
            assert!(limits.admit(Timestamp::from_unix(second)).is_none());
        }
        let response = stamped(&limits);
        assert_eq!(response.header("X-Rate-Limit-Limit"), Some("5"));
        assert_eq!(response.header("X-Rate-Limit-Remaining"), Some("1"));
        assert_eq!(response.header("X-Rate-Limit-Reset"), Some("3600"));
    }
}
