//! What one hook waits to be told.
//!
//! While all is well several events are under way at once. A delivery that fails stops the
//! queue; then one is tried at a time, after one second, after two, and so on up to an hour.
//! Twelve hours without a success, and everything that waits is dropped; twice that, and the
//! hook is disabled. One success makes all of it forgotten. Some events are told twice, and
//! some before those that happened first, as is documented.

use super::event::Event;
use crate::value::{Span, Timestamp};
use std::collections::{BTreeMap, VecDeque};

const FIRST_PAUSE: Span = Span::from_secs(1);
const LONGEST_PAUSE: Span = Span::from_secs(3600);
const PATIENCE: Span = Span::from_secs(12 * 3600);
/// After so many flushes without a success it is not tried any more.
const FLUSHES: u32 = 2;
/// Under way at once.
const AT_ONCE: usize = 8;
/// More are not kept, of what waits and of what was.
const KEPT: usize = 10_000;
const LOGGED: usize = 1_000;
/// One event in so many is told twice, and one overtakes the one before it.
const TWICE: i64 = 13;
const OVERTAKES: i64 = 11;

/// The queue of a hook.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: VecDeque<Event>,
    flying: BTreeMap<u64, Event>,
    not_before: Option<Timestamp>,
    failing_since: Option<Timestamp>,
    pause: Span,
    flushes: u32,
    /// What became of each event, oldest first.
    log: VecDeque<Logged>,
}

/// What became of an event.
#[derive(Clone, Debug)]
pub struct Logged {
    pub event: Event,
    pub became: Became,
    pub tries: Vec<Try>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    Enqueued,
    Retrying,
    Delivered,
    Discarded,
}

/// One attempt.
#[derive(Clone, Copy, Debug)]
pub struct Try {
    pub at: Timestamp,
    /// `None`: nobody answered.
    pub status: Option<u16>,
}

impl Queue {
    /// Takes an event; `number` is how many there were before it.
    pub fn take(&mut self, event: Event, number: i64) {
        self.log.push_back(Logged { event: event.clone(), became: Became::Enqueued, tries: Vec::new() });
        if self.log.len() > LOGGED {
            self.log.pop_front();
        }
        if self.waiting.len() >= KEPT {
            self.waiting.pop_front();
        }
        if number % TWICE == TWICE - 1 {
            self.waiting.push_back(event.clone());
        }
        let overtaken = (number % OVERTAKES == OVERTAKES - 1).then(|| self.waiting.pop_back()).flatten();
        self.waiting.push_back(event);
        self.waiting.extend(overtaken);
    }

    /// The events that go out now, each by the number of its attempt.
    pub fn due(&mut self, now: Timestamp, next: &mut u64) -> Vec<(u64, Event)> {
        if self.not_before.is_some_and(|until| now < until) {
            return Vec::new();
        }
        let room = if self.failing_since.is_some() { 1 } else { AT_ONCE };
        let mut due = Vec::new();
        while self.flying.len() < room
            && let Some(event) = self.waiting.pop_front()
        {
            *next += 1;
            self.flying.insert(*next, event.clone());
            due.push((*next, event));
        }
        due
    }

    pub fn has(&self, attempt: u64) -> bool {
        self.flying.contains_key(&attempt)
    }

    pub fn answered(&mut self, attempt: u64, status: Option<u16>, now: Timestamp) {
        let Some(event) = self.flying.remove(&attempt) else { return };
        let good = status.is_some_and(|status| (200..300).contains(&status));
        self.log(&event, if good { Became::Delivered } else { Became::Retrying }, Some(Try { at: now, status }));
        if good {
            self.begin_anew();
            return;
        }
        self.waiting.push_front(event);
        self.failing_since.get_or_insert(now);
        // What was under way at the same time is one failure.
        if self.not_before.is_none_or(|until| now >= until) {
            self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
            self.not_before = Some(now.plus(self.pause));
        }
    }

    /// What is to be dropped now, and whether the hook is to be disabled with it.
    pub fn given_up(&self, now: Timestamp) -> Option<(Vec<Event>, bool)> {
        let since = self.failing_since?;
        (now >= since.plus(PATIENCE)).then(|| (self.waiting.iter().cloned().collect(), self.flushes + 1 >= FLUSHES))
    }

    /// Drops everything that waits, and these.
    pub fn discard(&mut self, events: &[Event], at: Timestamp) {
        self.waiting.clear();
        self.flushes += 1;
        // Still failing: only a success says otherwise.
        self.failing_since = self.failing_since.map(|_| at);
        for event in events {
            if !self.log.iter().any(|logged| logged.event.ulid == event.ulid) {
                self.log.push_back(Logged { event: event.clone(), became: Became::Discarded, tries: Vec::new() });
            }
            self.log(event, Became::Discarded, None);
        }
    }

    pub fn begin_anew(&mut self) {
        (self.not_before, self.failing_since, self.pause, self.flushes) = (None, None, Span::ZERO, 0);
    }

    /// What became of each event, newest first.
    pub fn logged(&self) -> impl Iterator<Item = &Logged> {
        self.log.iter().rev()
    }

    fn log(&mut self, event: &Event, became: Became, tried: Option<Try>) {
        let Some(logged) = self.log.iter_mut().rev().find(|logged| logged.event.ulid == event.ulid) else { return };
        // One that came twice and was told once is told.
        if logged.became != Became::Delivered {
            logged.became = became;
        }
        logged.tries.extend(tried);
    }
}

#[cfg(test)]
mod tests {
    use super::{Became, Event, Queue};
    use crate::value::{Span, Timestamp};

    fn event(number: i64) -> Event {
        Event {
            id: number,
            ulid: format!("{number:026}"),
            at: Timestamp::from_unix(0),
            user: 1,
            application: None,
            happened: "update".to_owned(),
            named: "Projects".to_owned(),
            record: number,
            project: None,
            parent: None,
        }
    }

    /// Lets nobody answer for so long; gives the instants at which it was tried.
    fn fail_for(queue: &mut Queue, from: i64, seconds: i64) -> Vec<i64> {
        let (mut next, mut tried) = (1_000, Vec::new());
        for second in from..from + seconds {
            let now = Timestamp::from_unix(second);
            if let Some((events, _)) = queue.given_up(now) {
                queue.discard(&events, now);
            }
            for (attempt, _) in queue.due(now, &mut next) {
                tried.push(second);
                queue.answered(attempt, Some(503), now);
            }
        }
        tried
    }

    #[test]
    fn a_failing_queue_is_tried_ever_more_rarely() {
        let mut queue = Queue::default();
        (0..3).for_each(|number| queue.take(event(number), number));
        assert_eq!(fail_for(&mut queue, 0, 40), [0, 0, 0, 1, 3, 7, 15, 31]);
        let later = fail_for(&mut queue, 40, 40_000);
        assert!(later.windows(2).all(|pair| pair[1] - pair[0] <= 3_600), "{later:?}");
        assert_eq!(later.windows(2).last().map(|pair| pair[1] - pair[0]), Some(3_600));
    }

    #[test]
    fn one_success_lets_everything_go_on() {
        let mut queue = Queue::default();
        (0..3).for_each(|number| queue.take(event(number), number));
        fail_for(&mut queue, 0, 100);
        let (now, mut next) = (Timestamp::from_unix(200), 5_000);
        let due = queue.due(now, &mut next);
        assert_eq!(due.len(), 1);
        queue.answered(due[0].0, Some(204), now);
        assert_eq!(queue.due(now, &mut next).len(), 2);
    }

    #[test]
    fn after_twelve_hours_what_waits_is_dropped_and_after_a_day_the_hook() {
        let mut queue = Queue::default();
        queue.take(event(0), 0);
        fail_for(&mut queue, 0, 60);
        assert!(queue.given_up(Timestamp::from_unix(12 * 3600 - 1)).is_none());
        let now = Timestamp::from_unix(12 * 3600);
        let (events, disabled) = queue.given_up(now).expect("given up");
        assert!(events.len() == 1 && !disabled);
        queue.discard(&events, now);
        assert_eq!(queue.logged().next().map(|logged| logged.became), Some(Became::Discarded));
        let (_, disabled) = queue.given_up(now.plus(Span::from_secs(12 * 3600))).expect("given up again");
        assert!(disabled);
    }

    #[test]
    fn some_are_told_twice_and_some_too_early() {
        let mut queue = Queue::default();
        (0..26).for_each(|number| queue.take(event(number), number));
        let (mut next, mut told) = (0, Vec::new());
        loop {
            let due = queue.due(Timestamp::from_unix(0), &mut next);
            if due.is_empty() {
                break;
            }
            for (attempt, event) in due {
                told.push(event.record);
                queue.answered(attempt, Some(200), Timestamp::from_unix(0));
            }
        }
        assert_eq!(told.len(), 28);
        assert!(!told.is_sorted());
        told.sort_unstable();
        told.dedup();
        assert_eq!(told.len(), 26);
    }
}
