//! Records of either side, as whoever closes a month reads them: the catalogue's `paper`
//! says which field is the day, the party, the lines.

use crate::connector::{PaperSpec, ResourceSpec};
use crate::engine::ask;
use crate::value::{Date, Decimal, Record, Value};

/// One record of a resource that is a paper.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub spec: &'a ResourceSpec,
    pub paper: &'a PaperSpec,
    pub record: &'a Record,
}

/// What of a line counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line {
    pub code: String,
    pub beside: Vec<String>,
    pub project: String,
    pub amount: Decimal,
}

impl<'a> Look<'a> {
    /// `None` for a resource that is no paper.
    pub fn at(spec: &'a ResourceSpec, record: &'a Record) -> Option<Self> {
        Some(Self { spec, paper: spec.paper.as_ref()?, record })
    }

    pub fn day(self) -> Option<Date> {
        self.paper.day.iter().find_map(|field| match self.record.get(field) {
            Some(Value::Date(day)) => Some(*day),
            _ => None,
        })
    }

    pub fn amount(self) -> Option<Decimal> {
        ask::amount(self.spec, self.record)
    }

    pub fn party(self) -> Option<String> {
        text(self.record, &self.paper.party)
    }

    /// `None` where the record does not show them.
    pub fn lines(self) -> Option<Vec<Line>> {
        let items = self.items()?;
        (!items.is_empty()).then(|| items.into_iter().map(|item| self.line(item)).collect())
    }

    /// The lines that the system shows, as they are.
    pub fn items(self) -> Option<Vec<&'a Record>> {
        Some(self.record.get(&self.paper.lines)?.as_list()?.iter().filter_map(Value::as_record).collect())
    }

    fn line(self, item: &Record) -> Line {
        let first = self.paper.code.iter().find_map(|path| text(item, path));
        Line {
            code: first.unwrap_or_default(),
            beside: self.paper.beside.iter().map(|path| text(item, path).unwrap_or_default()).collect(),
            project: self.paper.project.as_ref().and_then(|path| text(item, path)).unwrap_or_default(),
            amount: item.at(&self.paper.amount).and_then(Value::as_decimal).unwrap_or_default(),
        }
    }
}

/// A text that says something, without the blanks around it.
pub(super) fn text(record: &Record, path: &str) -> Option<String> {
    let text = record.at(path).filter(|value| !value.is_null())?.to_string();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A sum beyond 28 digits stays at what it was, as in reports of runs.
pub(super) fn plus(sum: Decimal, amount: Decimal) -> Decimal {
    sum.checked_add(amount).unwrap_or(sum)
}

pub(super) fn less(from: Decimal, amount: Decimal) -> Decimal {
    plus(from, amount.negated())
}

/// Codes are told apart without regard to case and blanks, as ledgers do.
pub(super) fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}
