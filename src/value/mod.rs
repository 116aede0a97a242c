//! Values: what a pipeline reads, computes and writes.
//!
//! Every phase to the right of the language speaks in [`Value`]: connectors
//! decode their answers into it, mappings compute with it, the store keeps it.
//! There is no float among the variants; money is an exact [`Decimal`].
//! Invariant: a `Value` never loses a digit of the text that it was read from.

mod decimal;
mod json;
mod json_place;
mod misfit;
mod time;
mod types;

pub use decimal::Decimal;
pub use json::{JsonError, from_json, from_json_slice, from_wire_json, to_json, to_json_string};
pub use json_place::json_place;
pub use misfit::Misfit;
pub use time::{Date, Span, TimeError, Timestamp, is_time_zone, parse_duration, render_duration};
pub use types::{FieldType, Kind, RecordType, Type};

use indexmap::IndexMap;
use std::fmt;
use std::sync::Arc;

/// A value of the language.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value {
    /// An absent optional value. JSON `null` and a missing key are the same here.
    #[default]
    Null,
    Bool(bool),
    Integer(i64),
    Decimal(Decimal),
    Text(Arc<str>),
    /// A calendar day without a time zone. Never shifted.
    Date(Date),
    /// An instant in UTC.
    DateTime(Timestamp),
    /// A length of time.
    Duration(Span),
    List(Arc<Vec<Value>>),
    Record(Arc<Record>),
}

/// Fields in the order in which they were read or written.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Record(IndexMap<Arc<str>, Value>);

impl Record {
    pub fn new() -> Self {
        Self::default()
    }

    /// The field's value; `None` if the record has no such field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The value at a dotted path of plain names (`summary.current_payment_due`).
    pub fn at(&self, path: &str) -> Option<&Value> {
        let (head, rest) = path.split_once('.').unwrap_or((path, ""));
        let value = self.get(head)?;
        if rest.is_empty() {
            return Some(value);
        }
        match value {
            Value::Record(inner) => inner.at(rest),
            _ => None,
        }
    }

    pub fn insert(&mut self, name: impl Into<Arc<str>>, value: impl Into<Value>) {
        self.0.insert(name.into(), value.into());
    }

    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.shift_remove(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(Arc<str>, Value)> for Record {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Value)>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}

impl Value {
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(Arc::from(text.as_ref()))
    }

    pub fn list(items: Vec<Value>) -> Self {
        Self::List(Arc::new(items))
    }

    pub fn record(record: Record) -> Self {
        Self::Record(Arc::new(record))
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The number as an exact decimal; integers widen.
    pub fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Self::Decimal(number) => Some(*number),
            Self::Integer(number) => Some(Decimal::from(*number)),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_record(&self) -> Option<&Record> {
        match self {
            Self::Record(record) => Some(record),
            _ => None,
        }
    }
}

/// How a value stands in a sentence or a template: text as it is, amounts with
/// the digits that they carry, days as `YYYY-MM-DD`, an absent value as nothing.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Decimal(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::Date(date) => write!(f, "{date}"),
            Self::DateTime(instant) => write!(f, "{instant}"),
            Self::Duration(span) => write!(f, "{}", render_duration(*span)),
            Self::List(_) | Self::Record(_) => f.write_str(&to_json_string(self)),
        }
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}
impl From<Decimal> for Value {
    fn from(number: Decimal) -> Self {
        Self::Decimal(number)
    }
}
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Arc::from(text))
    }
}
impl From<Date> for Value {
    fn from(date: Date) -> Self {
        Self::Date(date)
    }
}
impl From<Timestamp> for Value {
    fn from(instant: Timestamp) -> Self {
        Self::DateTime(instant)
    }
}
impl From<Record> for Value {
    fn from(record: Record) -> Self {
        Self::record(record)
    }
}
impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::list(items)
    }
}
