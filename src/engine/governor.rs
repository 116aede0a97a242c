//! The rate budget of one credential: as fast as the limits allow, and no faster.
//!
//! A system may keep several windows at once (an hour, ten seconds) and speak in each
//! answer only of the one that is nearest to its end. Windows are told apart by their
//! limit, and what was learnt of one stays known until it begins anew. Between answers
//! the governor counts down by itself, so that requests in flight are in the count.
//! It waits only for a reason: a window that is used up, or a refusal.

use crate::connector::{Pace, RateSignal};
use crate::value::{Span, Timestamp};
use crate::world::Clock;
use async_trait::async_trait;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A refusal that says neither when to come back nor when the window ends: wait so
/// long, and twice as long after each further one, up to [`LONGEST_SILENCE`].
const FIRST_SILENCE: Span = Span::from_secs(1);
const LONGEST_SILENCE: Span = Span::from_secs(60);

/// A request that was not answered for so long will not be answered any more.
const LONGEST_FLIGHT: Span = Span::from_secs(90);
/// How often it is looked whether an answer has told of the window that began anew.
const GLANCE: Span = Span::from_millis(100);

/// A window that ends later than so is the one of an hour.
const LONGEST_SPIKE: Span = Span::from_secs(120);

/// After a wait, requests of several processes should not start in the same instant.
const JITTER_MILLIS: i64 = 250;

/// Paces the requests of one credential.
pub struct Governor {
    clock: Arc<dyn Clock>,
    /// Whose turn it is; fair, so that nobody starves.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
    admitted: AtomicU64,
    /// By the first digit of the status; 0 for requests that were not answered.
    answers: [AtomicU64; 6],
}

/// One of the other side's windows, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Requests that it takes.
    pub limit: u64,
    pub used: u64,
    /// When it begins anew by our clock; `None` if it is over and the next one not known yet.
    pub ends: Option<Timestamp>,
}

#[derive(Default)]
struct State {
    /// By limit.
    windows: BTreeMap<u64, Window>,
    silent_until: Option<Timestamp>,
    /// The limit of the window that is an hour long, as it was told last.
    hourly: Option<u64>,
    /// Refusals since the last answer that was none.
    refusals: u32,
    /// When those were admitted that are not answered yet, the oldest first.
    flying: VecDeque<Timestamp>,
}

#[derive(Clone, Copy)]
struct Window {
    /// What is left, as far as is known.
    remaining: u64,
    /// When it begins anew by the other side's clock: tells this window from the next.
    reset: Timestamp,
    /// The same instant by our clock; `None` once it is over, until an answer tells of the
    /// next one. What was admitted since is counted all the same.
    until: Option<Timestamp>,
}

impl Governor {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            turn: tokio::sync::Mutex::default(),
            state: Mutex::default(),
            admitted: AtomicU64::new(0),
            answers: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// The windows that are known, the shortest limit first. One that is over counts as unused.
    pub fn allowances(&self) -> Vec<Allowance> {
        let now = self.clock.now();
        let allowance = |(limit, window): (&u64, &Window)| {
            let ends = window.until.filter(|until| *until > now);
            let used = if ends.is_some() { limit.saturating_sub(window.remaining) } else { 0 };
            Allowance { limit: *limit, used, ends }
        };
        self.state().windows.iter().map(allowance).collect()
    }

    /// Answers since the start, by the first digit of their status; the first for those without one.
    pub fn answers(&self) -> [u64; 6] {
        std::array::from_fn(|class| self.answers[class].load(Ordering::Relaxed))
    }

    /// How many requests an hour holds, where an answer has told of such a window.
    pub fn hourly(&self) -> Option<u64> {
        self.state().hourly
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Pace for Governor {
    async fn admit(&self) {
        let _turn = self.turn.lock().await;
        loop {
            let now = self.clock.now();
            let wait = self.state().take(now);
            let Some(until) = wait else { break };
            let jitter = Span::from_millis(now.unix_millis().rem_euclid(JITTER_MILLIS).unsigned_abs());
            self.clock.sleep(until.since(now) + jitter).await;
        }
        self.admitted.fetch_add(1, Ordering::Relaxed);
    }

    fn observe(&self, signal: &RateSignal) {
        self.state().learn(signal, self.clock.now());
    }

    fn requests(&self) -> u64 {
        self.admitted.load(Ordering::Relaxed)
    }

    fn answered(&self, status: Option<u16>) {
        let class = status.map_or(0, |status| usize::from(status / 100));
        if let Some(count) = self.answers.get(class) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl State {
    /// Takes one request out of every window, or says until when to wait.
    fn take(&mut self, now: Timestamp) -> Option<Timestamp> {
        while self.flying.front().is_some_and(|admitted| now.since(*admitted) >= LONGEST_FLIGHT) {
            self.flying.pop_front();
        }
        let flying = self.flying();
        for (limit, window) in &mut self.windows {
            if window.until.is_some_and(|until| until <= now) {
                // What is still on its way may count in the new window.
                (window.until, window.remaining) = (None, limit.saturating_sub(flying));
            }
        }
        if let Some(until) = self.used_up(now).max(self.silent_until.filter(|until| *until > now)) {
            return Some(until);
        }
        for window in self.windows.values_mut() {
            window.remaining = window.remaining.saturating_sub(1);
        }
        self.flying.push_back(now);
        None
    }

    /// When to look again, where a window has no place left. One that began anew is known
    /// by the next answer; where all were answered and none spoke of it, it is no more.
    fn used_up(&mut self, now: Timestamp) -> Option<Timestamp> {
        let flying = self.flying();
        self.windows.retain(|_, window| window.remaining > 0 || window.until.is_some() || flying > 0);
        let full = self.windows.values().filter(|window| window.remaining == 0);
        full.map(|window| window.until.unwrap_or(now.plus(GLANCE))).max()
    }

    fn flying(&self) -> u64 {
        self.flying.len() as u64
    }

    /// Which one was answered is not told: the oldest is taken for it.
    fn learn(&mut self, signal: &RateSignal, now: Timestamp) {
        self.flying.pop_front();
        let ends = signal.reset_here(now);
        if let (Some(limit), Some(remaining), Some(reset), Some(until)) =
            (signal.limit, signal.remaining, signal.reset, ends)
        {
            // No other window that is known of is so long.
            if until.since(now) > LONGEST_SPIKE {
                self.hourly = Some(limit);
            }
            let remaining = if signal.refused { 0 } else { remaining };
            self.learn_window(limit, Window { remaining, reset, until: Some(until) });
        }
        if let Some(until) = signal.retry_at {
            self.be_silent(until);
        }
        if !signal.refused {
            self.refusals = 0;
            return;
        }
        // The later of both: a short `Retry-After` does not open a window that is used up.
        self.refusals = self.refusals.saturating_add(1);
        match signal.retry_at.max(ends).filter(|until| *until > now) {
            Some(until) => self.be_silent(until),
            // Nothing was said, or it lies in the past: a clock is wrong.
            None => {
                let factor = 2_u32.saturating_pow(self.refusals - 1);
                self.be_silent(now.plus(FIRST_SILENCE.saturating_mul(factor).min(LONGEST_SILENCE)));
            }
        }
    }

    /// Answers come out of order: within one window only the smaller count is news, and
    /// an answer that speaks of a window before is stale.
    fn learn_window(&mut self, limit: u64, told: Window) {
        // Those that are on their way are not in the other side's count yet.
        let unseen = Window { remaining: told.remaining.saturating_sub(self.flying()), ..told };
        let Some(window) = self.windows.get_mut(&limit) else {
            self.windows.insert(limit, unseen);
            return;
        };
        let over = window.until.is_none();
        if told.reset > window.reset {
            // Since the last one was over, our own count knows those on their way as well.
            let remaining = if over { window.remaining.min(told.remaining) } else { unseen.remaining };
            *window = Window { remaining, ..told };
        } else if told.reset == window.reset && !over {
            window.remaining = window.remaining.min(told.remaining);
            // Their clock is shown in whole seconds, so each answer places the end a little late.
            window.until = window.until.min(told.until);
        }
    }

    fn be_silent(&mut self, until: Timestamp) {
        self.silent_until = self.silent_until.max(Some(until));
    }
}

#[cfg(test)]
mod tests {
    use super::Governor;
    use crate::connector::{Pace, RateSignal};
    use crate::engine::tests::clock::TestClock;
    use crate::value::Timestamp;
    use crate::world::Clock;
    use std::sync::Arc;

    const START: i64 = 1_790_000_000;

    fn governor() -> (Governor, Arc<TestClock>) {
        let clock = Arc::new(TestClock::at(Timestamp::from_unix(START)));
        (Governor::new(clock.clone()), clock)
    }

    fn signal(limit: u64, remaining: u64, reset: i64) -> RateSignal {
        RateSignal {
            limit: Some(limit),
            remaining: Some(remaining),
            reset: Some(Timestamp::from_unix(START + reset)),
            ..RateSignal::default()
        }
    }

    fn seconds(clock: &TestClock) -> i64 {
        clock.now().unix() - START
    }

    #[tokio::test]
    async fn nothing_is_waited_for_while_nothing_is_known() {
        let (governor, clock) = governor();
        for _ in 0..1_000 {
            governor.admit().await;
            governor.observe(&RateSignal::default());
        }
        assert_eq!(governor.requests(), 1_000);
        assert_eq!(seconds(&clock), 0);
    }

    #[tokio::test]
    async fn what_is_used_of_a_window_can_be_seen() {
        let (governor, clock) = governor();
        assert!(governor.allowances().is_empty());
        governor.observe(&signal(3_600, 900, 1_800));
        governor.admit().await;
        let [allowance] = governor.allowances()[..] else { panic!("one window") };
        assert_eq!((allowance.limit, allowance.used), (3_600, 2_701));
        clock.sleep(crate::value::Span::from_secs(1_800)).await;
        assert_eq!(governor.allowances()[0].used, 0, "it began anew");
        for status in [Some(200), Some(404), Some(429), None, Some(999)] {
            governor.answered(status);
        }
        assert_eq!(governor.answers(), [1, 0, 1, 0, 2, 0]);
    }

    #[tokio::test]
    async fn a_window_is_used_to_its_end_and_then_waited_for() {
        let (governor, clock) = governor();
        governor.observe(&signal(25, 3, 10));
        for _ in 0..3 {
            governor.admit().await;
        }
        assert_eq!(seconds(&clock), 0, "what is left may be used at once, answers or not");
        governor.admit().await;
        assert!((10..=11).contains(&seconds(&clock)), "{}", seconds(&clock));
    }

    #[tokio::test]
    async fn the_hour_is_remembered_while_answers_speak_of_the_ten_seconds() {
        let (governor, clock) = governor();
        governor.observe(&signal(3_600, 2, 1_800));
        governor.admit().await;
        governor.observe(&signal(25, 20, 10));
        governor.admit().await;
        governor.observe(&signal(25, 19, 10));
        governor.admit().await;
        assert!(seconds(&clock) >= 1_800, "{}", seconds(&clock));
        assert_eq!(governor.hourly(), Some(3_600));
    }

    #[tokio::test]
    async fn the_later_of_retry_after_and_reset_counts() {
        for (retry, reset, least) in [(5, 30, 30), (40, 30, 40)] {
            let (governor, clock) = governor();
            let refusal = RateSignal {
                retry_at: Some(Timestamp::from_unix(START + retry)),
                refused: true,
                ..signal(25, 0, reset)
            };
            governor.observe(&refusal);
            governor.admit().await;
            assert!((least..=least + 1).contains(&seconds(&clock)), "{}", seconds(&clock));
        }
    }

    #[tokio::test]
    async fn a_refusal_without_a_word_is_answered_with_growing_silence() {
        let (governor, clock) = governor();
        let refusal = RateSignal { refused: true, ..RateSignal::default() };
        for least in [1, 3, 7] {
            governor.observe(&refusal);
            governor.admit().await;
            assert!(seconds(&clock) >= least, "{}", seconds(&clock));
        }
    }

    #[tokio::test]
    async fn a_clock_that_is_off_is_reckoned_with() {
        for off in [-40 * 86_400, -30, 30, 40 * 86_400] {
            let (governor, clock) = governor();
            let there = Some(Timestamp::from_unix(START + off));
            governor.observe(&RateSignal { there, ..signal(25, 1, off + 8) });
            governor.admit().await;
            governor.admit().await;
            assert!((8..=9).contains(&seconds(&clock)), "{off}: {}", seconds(&clock));
        }
    }

    #[tokio::test]
    async fn a_refusal_whose_window_is_long_over_is_no_leave_to_go_on() {
        let (governor, clock) = governor();
        for least in [1, 3, 7] {
            governor.observe(&RateSignal { refused: true, ..signal(25, 0, -600) });
            governor.admit().await;
            assert!(seconds(&clock) >= least, "{}", seconds(&clock));
        }
    }

    #[tokio::test]
    async fn answers_out_of_order_do_not_open_a_window() {
        let (governor, clock) = governor();
        governor.observe(&signal(25, 1, 10));
        governor.observe(&signal(25, 9, 10));
        governor.observe(&signal(25, 24, 0));
        governor.admit().await;
        governor.admit().await;
        assert!(seconds(&clock) >= 10, "{}", seconds(&clock));
    }

    #[tokio::test]
    async fn many_at_once_take_no_more_than_there_is() {
        let (governor, clock) = governor();
        let governor = Arc::new(governor);
        governor.observe(&signal(25, 5, 10));
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (governor, clock) = (governor.clone(), clock.clone());
                tokio::spawn(async move {
                    governor.admit().await;
                    clock.now().unix() - START
                })
            })
            .collect();
        let mut at_once = 0;
        for task in tasks {
            at_once += usize::from(task.await.expect("task") < 10);
        }
        assert_eq!(at_once, 5);
    }
}
