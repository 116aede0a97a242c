//! Whether the period of a posting date takes purchases.

use crate::connector::Readiness;
use crate::value::{Date, Record, Value};
use std::collections::BTreeMap;

/// The periods of the years that matter.
pub struct Periods(Vec<Period>);

struct Period {
    name: String,
    from: Date,
    to: Date,
    open: bool,
}

impl Periods {
    pub fn of(records: BTreeMap<String, Vec<Record>>) -> Self {
        Self(records.values().flatten().filter_map(Period::read).collect())
    }

    /// Why nothing can be posted on this day; `None` where something can, or where no period
    /// holds the day: QAD itself then says what it thinks of it.
    pub fn closed(&self, day: Option<Date>) -> Option<Readiness> {
        let day = day?;
        let period = self.0.iter().find(|period| period.from <= day && day <= period.to)?;
        (!period.open).then(|| Readiness::Waits {
            reason: format!("period {} is closed for purchases, and the posting date is {day}", period.name),
            mend: "open the period in QAD for purchases, or map another posting date; the date is never moved \
                   by itself"
                .to_owned(),
        })
    }
}

impl Period {
    fn read(record: &Record) -> Option<Self> {
        let day = |name: &str| match record.get(name) {
            Some(Value::Date(day)) => Some(*day),
            _ => None,
        };
        let number = |name: &str| record.get(name).and_then(Value::as_integer);
        Some(Self {
            name: format!("{}/{:02}", number("year")?, number("period")?),
            from: day("from")?,
            to: day("to")?,
            open: record.get("open_for_purchases").and_then(Value::as_bool)?,
        })
    }
}
