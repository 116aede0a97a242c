//! Instants as the people of a customer read them: in the pipeline's time zone, and as an age.

use crate::serve::Customer;
use crate::value::{Date, Span, Timestamp};
use serde::Serialize;

/// An instant on a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct When {
    /// For machines: `2026-10-31T14:05:09Z`.
    pub stamp: String,
    /// For people: `31 Oct 2026, 09:05 CDT`.
    pub shown: String,
    /// `3 days`.
    pub age: String,
}

/// What a customer's clock shows, and where.
#[derive(Clone, Debug)]
pub struct Times {
    pub now: Timestamp,
    zone: Option<String>,
}

impl Times {
    /// A sandbox has a time of its own.
    pub fn of(customer: &Customer) -> Self {
        let opened = customer.opened();
        Self { now: opened.setup.clock.now(), zone: opened.setup.program.timezone().map(str::to_owned) }
    }

    pub fn when(&self, at: Timestamp) -> When {
        When { stamp: at.whole_seconds(), shown: at.shown_in(self.zone.as_deref()), age: age(self.now.since(at)) }
    }

    /// How long it is until then; `now` where it should have been.
    pub fn due(&self, at: Timestamp) -> When {
        let age = if at <= self.now { "now".to_owned() } else { format!("in {}", age(at.since(self.now))) };
        When { age, ..self.when(at) }
    }

    /// The day it is there.
    pub fn today(&self) -> Date {
        self.now.date_in(self.zone.as_deref())
    }

    /// When this day began.
    pub fn day_began(&self) -> Timestamp {
        self.now.day_began_in(self.zone.as_deref())
    }
}

/// `3 days`; nothing smaller beside it, since it is read at a glance.
fn age(span: Span) -> String {
    let minutes = span.as_secs() / 60;
    let (hours, days) = (minutes / 60, minutes / (24 * 60));
    let (number, unit) = match () {
        () if minutes == 0 => return "a moment".to_owned(),
        () if hours == 0 => (minutes, "minute"),
        () if days == 0 => (hours, "hour"),
        () if days < 60 => (days, "day"),
        () if days < 730 => (days * 10 / 304, "month"),
        () => (days / 365, "year"),
    };
    if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::age;
    use crate::value::Span;

    #[test]
    fn ages_are_said_as_people_say_them() {
        let day = 24 * 3_600;
        let ages = [0, 60, 3_599, 3_600, day - 1, day, 3 * day, 60 * day, 800 * day];
        let said: Vec<String> = ages.iter().map(|seconds| age(Span::from_secs(*seconds))).collect();
        let expected =
            ["a moment", "1 minute", "59 minutes", "1 hour", "23 hours", "1 day", "3 days", "1 month", "2 years"];
        assert_eq!(said, expected);
    }
}
