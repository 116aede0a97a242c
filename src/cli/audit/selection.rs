//! Which entries of the log are wanted.

use crate::cli::arguments::AuditExport;
use crate::cli::exit::Failure;
use crate::cli::show::find;
use crate::store::{AuditEntry, RecordId, Store};
use crate::value::Date;

/// Conditions that all must hold.
pub struct Selection {
    from: Option<Bound>,
    to: Option<Bound>,
    record: Option<RecordId>,
    run: Option<String>,
    words: Vec<String>,
}

/// An entry's number, or a day in UTC.
#[derive(Clone, Copy)]
enum Bound {
    Number(u64),
    Day(Date),
}

impl Selection {
    pub fn of(arguments: &AuditExport, store: &dyn Store) -> Result<Self, Failure> {
        let mut words = Vec::new();
        let mut bound = |name: &str, text: &Option<String>| {
            let Some(text) = text else { return Ok(None) };
            words.push(format!("{name} {text}"));
            Bound::read(text).map(Some).ok_or_else(|| {
                Failure::wrong(
                    format!("--{name} {text} is neither an entry's number nor a day"),
                    "write a number such as 1200, or a day such as 2026-10-31 (UTC)",
                )
            })
        };
        let (mut from, mut to) = (bound("from", &arguments.from)?, bound("to", &arguments.to)?);
        if let Some(period) = &arguments.period {
            let first = month(period)?;
            (from, to) = (Some(Bound::Day(first)), Some(Bound::Day(first.end_of_month())));
            words.push(format!("period {period}"));
        }
        let record = match &arguments.record {
            Some(wanted) => Some(find(&store.records(None)?, wanted)?.id.clone()),
            None => None,
        };
        words.extend(record.as_ref().map(|id| format!("record {id}")));
        words.extend(arguments.run.as_ref().map(|run| format!("run {run}")));
        Ok(Self { from, to, record, run: arguments.run.clone(), words })
    }

    pub fn is_all(&self) -> bool {
        self.words.is_empty()
    }

    /// For people: `period 2026-10`.
    pub fn words(&self) -> String {
        if self.is_all() { "the whole log".to_owned() } else { self.words.join(", ") }
    }

    pub fn takes(&self, entry: &AuditEntry) -> bool {
        let event = &entry.event;
        self.from.is_none_or(|from| from.is_reached(entry))
            && self.to.is_none_or(|to| !to.is_passed(entry))
            && self.record.as_ref().is_none_or(|record| event.record.as_ref() == Some(record))
            && self.run.as_ref().is_none_or(|run| event.run == *run)
    }
}

impl Bound {
    fn read(text: &str) -> Option<Self> {
        text.parse().map(Self::Number).ok().or_else(|| text.parse().map(Self::Day).ok())
    }

    fn is_reached(self, entry: &AuditEntry) -> bool {
        match self {
            Self::Number(number) => entry.number >= number,
            Self::Day(day) => entry.event.at.date() >= day,
        }
    }

    fn is_passed(self, entry: &AuditEntry) -> bool {
        match self {
            Self::Number(number) => entry.number > number,
            Self::Day(day) => entry.event.at.date() > day,
        }
    }
}

/// The first day of `2026-10`.
fn month(text: &str) -> Result<Date, Failure> {
    let day = (text.len() == 7).then(|| format!("{text}-01").parse::<Date>().ok()).flatten();
    day.ok_or_else(|| Failure::wrong(format!("--period {text} is no month"), "write a month such as 2026-10"))
}
