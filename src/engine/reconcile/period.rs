//! The days that a reconciliation is about.

use crate::value::Date;
use std::fmt;

/// Whole days from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: Date,
    pub to: Date,
}

impl Period {
    /// `2026-10` for a month, `2026` for a year, `2026-10-01..2026-10-15` for any days.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let (from, to) = match text.split_once("..") {
            Some((from, to)) => (from.parse().ok()?, to.parse().ok()?),
            None if text.len() == 4 => (format!("{text}-01-01").parse().ok()?, format!("{text}-12-31").parse().ok()?),
            None if text.len() == 7 => {
                let first: Date = format!("{text}-01").parse().ok()?;
                (first, first.end_of_month())
            }
            None => return None,
        };
        (from <= to).then_some(Self { from, to })
    }

    pub fn has(self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        if *from == from.start_of_month() && *to == from.end_of_month() {
            write!(f, "{:04}-{:02}", from.year(), from.month())
        } else {
            write!(f, "{from}..{to}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Period;

    #[test]
    fn months_years_and_days_are_read() {
        let october = Period::read("2026-10").expect("a month");
        assert_eq!((october.from.to_string(), october.to.to_string()), ("2026-10-01".into(), "2026-10-31".into()));
        assert_eq!(october.to_string(), "2026-10");
        let days = Period::read("2026-10-01..2026-10-15").expect("days");
        assert_eq!(days.to_string(), "2026-10-01..2026-10-15");
        assert!(days.has(days.to) && !days.has(october.to));
        assert!(Period::read("2026").is_some());
        for wrong in ["", "october", "2026-13", "2026-10-31..2026-10-01", "26-10"] {
            assert_eq!(Period::read(wrong), None, "{wrong}");
        }
    }
}
