//! What became of deliveries since the process began, for whoever measures it.

use crate::value::Span;
use std::sync::atomic::{AtomicU64, Ordering};

/// Each goes up only. What waits now is told by [`super::waiting()`].
#[derive(Debug, Default)]
pub struct Counts {
    /// Kept, and answered with 200; those that could not be read among them.
    pub received: AtomicU64,
    /// Known already, and answered with 200.
    pub duplicate: AtomicU64,
    /// Knew the secret, and the connector could not read it.
    pub unreadable: AtomicU64,
    /// Did not know the secret, or named no connection that has one: 401.
    pub forged: AtomicU64,
    /// No body, or one that broke off: 400.
    pub broken: AtomicU64,
    /// 413.
    pub too_large: AtomicU64,
    /// The body did not come in time: 408.
    pub too_slow: AtomicU64,
    /// Could not be kept, or not in time: 503, so that the other side tries again.
    pub refused: AtomicU64,
    /// Settled by a run.
    pub done: AtomicU64,
    /// Settled, since nothing was to be done.
    pub ignored: AtomicU64,
    /// Runs for deliveries that ended well.
    pub runs: AtomicU64,
    /// And those that did not; what they were for waits on.
    pub failed_runs: AtomicU64,
    /// From the last byte of a delivery to its place on the disk.
    pub durable: Durations,
}

impl Counts {
    pub(super) fn one(count: &AtomicU64) {
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn many(count: &AtomicU64, number: usize) {
        count.fetch_add(number as u64, Ordering::Relaxed);
    }
}

/// How long something took, in steps.
#[derive(Debug, Default)]
pub struct Durations {
    /// By the place in [`Durations::BOUNDS`]; the last for what took longer than all of them.
    steps: [AtomicU64; Self::BOUNDS.len() + 1],
    millis: AtomicU64,
}

impl Durations {
    /// In milliseconds; each step goes up to its bound.
    pub const BOUNDS: [u64; 10] = [2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500];

    pub fn add(&self, span: Span) {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let step = Self::BOUNDS.iter().position(|bound| millis <= *bound).unwrap_or(Self::BOUNDS.len());
        self.steps[step].fetch_add(1, Ordering::Relaxed);
        self.millis.fetch_add(millis, Ordering::Relaxed);
    }

    /// How many took at most so long as each bound says, and how many there are.
    pub fn up_to(&self) -> ([u64; Self::BOUNDS.len()], u64) {
        let mut sum = 0;
        let mut counted = |step: &AtomicU64| {
            sum += step.load(Ordering::Relaxed);
            sum
        };
        let steps = std::array::from_fn(|place| counted(&self.steps[place]));
        (steps, counted(&self.steps[Self::BOUNDS.len()]))
    }

    /// Of all together.
    pub fn total(&self) -> Span {
        Span::from_millis(self.millis.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::Durations;
    use crate::value::Span;

    #[test]
    fn durations_are_counted_up_to_each_bound() {
        let durations = Durations::default();
        [1, 2, 3, 240, 9_000].into_iter().for_each(|millis| durations.add(Span::from_millis(millis)));
        let (steps, all) = durations.up_to();
        assert_eq!(steps, [2, 3, 3, 3, 3, 3, 4, 4, 4, 4]);
        assert_eq!((all, durations.total()), (5, Span::from_millis(9_246)));
    }
}
