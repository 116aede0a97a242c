//! When flows are due: a program's schedules become instants. Pure.
//!
//! `run every 15m` is due at each quarter of an hour, counted from the epoch, so that it means
//! the same before and after a restart. `reconcile daily at 05:00` is due when the clocks of the
//! pipeline's time zone show five, once a day whatever they do to change to summer time.
//!
//! All of a pipeline is shifted by one and the same span, which its name decides: forty customers
//! who all write 05:00 do not all call at once, and flows of one customer that fall due together
//! stay together, since they are run together.

use crate::model::{Reconcile, RunWhen};
use crate::program::Program;
use crate::value::{Span, Timestamp};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Nothing is shifted by more than this, nor by more than a tenth of its pause.
pub const LONGEST_SHIFT: Span = Span::from_secs(300);
const DAY: Span = Span::from_secs(86_400);

/// When the flows of a program are due, in the program's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timetable {
    pub lines: Vec<Line>,
    /// How much later than written everything of it begins.
    pub shift: Span,
}

/// When one flow is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub flow: String,
    /// `run every …`.
    pub every: Option<Rhythm>,
    /// `run on webhook`.
    pub on_notice: bool,
    pub reconcile: Option<(Rhythm, Span)>,
}

/// Instants that come again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rhythm {
    Every { pause: Span, shift: Span },
    Daily { minute_of_day: u32, zone: Option<Arc<str>>, shift: Span },
}

impl Timetable {
    pub fn of(program: &Program) -> Self {
        let schedules = || program.flows().iter().map(|flow| flow.schedule());
        let pauses = schedules().flat_map(|schedule| {
            let every = match schedule.run {
                Some(RunWhen::Every(pause)) => Some(pause),
                _ => None,
            };
            [every, schedule.reconcile.map(|_| DAY)]
        });
        let shift = shift(program.name(), pauses.flatten());
        let zone: Option<Arc<str>> = program.timezone().map(Arc::from);
        let daily = |Reconcile { minute_of_day, lookback }: Reconcile| {
            (Rhythm::Daily { minute_of_day, zone: zone.clone(), shift }, lookback)
        };
        let line = |flow: &crate::program::Flow| Line {
            flow: flow.name().to_owned(),
            every: match flow.schedule().run {
                Some(RunWhen::Every(pause)) => Some(Rhythm::Every { pause, shift }),
                _ => None,
            },
            on_notice: flow.schedule().run == Some(RunWhen::Webhook),
            reconcile: flow.schedule().reconcile.map(daily),
        };
        Self { lines: program.flows().iter().map(line).collect(), shift }
    }
}

impl Rhythm {
    /// The first of its instants after this one; `None` at the end of the calendar.
    pub fn next_after(&self, instant: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Every { pause, shift } => {
                let (pause, shift) = (millis(*pause).max(1), millis(*shift));
                let passed = instant.unix_millis().checked_sub(shift)?.div_euclid(pause);
                let next = passed.checked_add(1)?.checked_mul(pause)?.checked_add(shift)?;
                Some(Timestamp::from_unix_millis(next)).filter(|next| *next > instant)
            }
            Self::Daily { minute_of_day, zone, shift } => {
                let zone = zone.as_deref();
                let today = instant.minus(*shift).date_in(zone);
                // A day whose hour was leapt over may be due on the next one, and a zone may leave out a day.
                let days = (-1..=2).map(|days| today.plus_days(days));
                let dues = days.filter_map(|day| Some(day.at_minute(*minute_of_day, zone)?.plus(*shift)));
                dues.filter(|due| *due > instant).min()
            }
        }
    }
}

/// By how much a pipeline of this name is shifted: less than a tenth of the shortest pause.
fn shift(pipeline: &str, pauses: impl Iterator<Item = Span>) -> Span {
    let room = pauses.map(|pause| pause / 10).fold(LONGEST_SHIFT, Span::min);
    let digest = Sha256::digest(pipeline.as_bytes());
    let share = digest.iter().take(4).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    // Both are below 2^32.
    let millis = u64::try_from(room.as_millis()).unwrap_or_default();
    Span::from_millis((millis * share) >> 32)
}

fn millis(span: Span) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_SHIFT, Rhythm, shift};
    use crate::value::{Date, Span, Timestamp};
    use proptest::prelude::{ProptestConfig, Strategy, prop_assert, prop_assert_eq, proptest};
    use std::collections::BTreeSet;

    /// Among them: southern summers, half an hour of summer time, the date line, no summer time.
    const ZONES: [&str; 10] = [
        "America/Chicago",
        "America/New_York",
        "America/St_Johns",
        "Europe/Berlin",
        "Africa/Cairo",
        "Australia/Lord_Howe",
        "Australia/Sydney",
        "Pacific/Apia",
        "Pacific/Auckland",
        "Asia/Kolkata",
    ];

    fn daily(minute_of_day: u32, zone: &str, shift: Span) -> Rhythm {
        Rhythm::Daily { minute_of_day, zone: Some(zone.into()), shift }
    }

    fn instant(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    /// All that is due from one instant to another.
    fn dues(rhythm: &Rhythm, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
        let next = |last: &Timestamp| rhythm.next_after(*last).filter(|next| *next <= until);
        std::iter::successors(next(&from), next).collect()
    }

    fn days() -> impl Strategy<Value = Date> {
        (0_i64..365 * 27).prop_map(|day| Date::new(2010, 1, 1).expect("a day").plus_days(day))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        /// Through two changes of the clocks each.
        #[test]
        fn every_day_of_a_year_is_due_once(
            zone in 0..ZONES.len(), minute in 0_u32..1_440, start in days(), shift in 0_u64..=300,
        ) {
            let (zone, shift) = (ZONES[zone], Span::from_secs(shift));
            let rhythm = daily(minute, zone, shift);
            let begins = |day: Date| day.begins(Some(zone)).expect("a beginning");
            let found = dues(&rhythm, begins(start.plus_days(-1)), begins(start.plus_days(366)));
            for day in (0..365).map(|day| start.plus_days(day)) {
                let due = day.at_minute(minute, Some(zone)).expect("an instant").plus(shift);
                let times = found.iter().filter(|found| **found == due).count();
                prop_assert_eq!(times, 1, "{} in {}: {:?}", day, zone, due);
            }
            for pair in found.windows(2) {
                let apart = pair[1].since(pair[0]).as_secs();
                // A day has from 23 to 25 hours; where one is left out, its run and the next may be close.
                prop_assert!((1..=25 * 3_600).contains(&apart) || zone == "Pacific/Apia", "{:?} in {}", pair, zone);
            }
        }

        #[test]
        fn the_next_is_the_same_from_every_instant_before_it(
            zone in 0..ZONES.len(), minute in 0_u32..1_440, day in days(), back in 1_i64..80_000_000,
        ) {
            let rhythm = daily(minute, ZONES[zone], Span::from_secs(77));
            let due = rhythm.next_after(day.begins(None).expect("a beginning")).expect("a next one");
            let before = Timestamp::from_unix_millis(due.unix_millis() - back);
            let next = rhythm.next_after(before).expect("a next one");
            prop_assert!(next > before && next <= due, "{before} {next} {due}");
            prop_assert!(rhythm.next_after(due).expect("a next one") > due);
        }

        #[test]
        fn what_comes_every_so_often_comes_in_even_pauses(
            pause in 10_u64..2_678_400, name in "[a-z]{1,12}", at in 0_i64..4_000_000_000_000,
        ) {
            let pause = Span::from_secs(pause);
            let shift = shift(&name, std::iter::once(pause));
            prop_assert!(shift <= pause / 10 && shift <= LONGEST_SHIFT);
            let rhythm = Rhythm::Every { pause, shift };
            let now = Timestamp::from_unix_millis(at);
            let next = rhythm.next_after(now).expect("a next one");
            prop_assert!(next > now && next.since(now) <= pause);
            prop_assert_eq!(rhythm.next_after(next).expect("one more").since(next), pause);
        }
    }

    #[test]
    fn a_time_that_is_leapt_over_is_due_when_the_clocks_leap() {
        let rhythm = daily(150, "America/Chicago", Span::ZERO);
        let found = dues(&rhythm, instant("2026-03-07T00:00:00Z"), instant("2026-03-10T00:00:00Z"));
        let wanted = ["2026-03-07T08:30:00Z", "2026-03-08T08:00:00Z", "2026-03-09T07:30:00Z"].map(instant);
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_time_that_comes_twice_is_due_once() {
        let rhythm = daily(90, "America/Chicago", Span::ZERO);
        let found = dues(&rhythm, instant("2026-10-31T12:00:00Z"), instant("2026-11-02T12:00:00Z"));
        assert_eq!(found, ["2026-11-01T06:30:00Z", "2026-11-02T07:30:00Z"].map(instant));
    }

    #[test]
    fn forty_customers_do_not_call_at_once() {
        let day = Span::from_secs(86_400);
        let shifts: BTreeSet<Span> =
            (0..40).map(|number| shift(&format!("customer-{number}"), std::iter::once(day))).collect();
        assert_eq!(shifts.len(), 40);
        let (first, last) = (shifts.first().expect("some"), shifts.last().expect("some"));
        assert!(*first < Span::from_secs(30) && *last > Span::from_secs(270), "{first:?} {last:?}");
    }
}
