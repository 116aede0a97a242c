//! Types of the language, as the catalogues declare them and the checker infers them.

use indexmap::IndexMap;
use std::fmt;
use std::sync::Arc;

/// A kind, and whether the value may be absent (`T?`).
#[derive(Clone, Debug, PartialEq)]
pub struct Type {
    pub kind: Kind,
    pub optional: bool,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `max`: the longest it can be, in characters; `None` when nothing bounds it.
    Text {
        max: Option<u32>,
    },
    Integer,
    Decimal,
    Boolean,
    Date,
    DateTime,
    Duration,
    List(Box<Type>),
    Record(Arc<RecordType>),
    /// The type of what could not be typed. Whatever follows from it is silent,
    /// so that one mistake is reported once.
    Unknown,
}

/// A record with known fields.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct RecordType {
    /// What an accountant calls it, or the name that it has in the file.
    pub name: Arc<str>,
    pub fields: IndexMap<Arc<str>, FieldType>,
}

/// One field of a [`RecordType`].
#[derive(Clone, Debug, PartialEq)]
pub struct FieldType {
    pub ty: Type,
    /// One sentence for hover and `mlc schema`; may be empty.
    pub doc: Arc<str>,
    /// Values that are known; empty when any will do. Reading stays open to others.
    pub values: Vec<Arc<str>>,
    /// No other value than those can come.
    pub closed: bool,
}

impl Type {
    pub const fn new(kind: Kind) -> Self {
        Self { kind, optional: false }
    }

    /// Text that nothing bounds.
    pub const fn text() -> Self {
        Self::new(Kind::Text { max: None })
    }

    /// Text of at most `max` characters.
    pub const fn text_of(max: u32) -> Self {
        Self::new(Kind::Text { max: Some(max) })
    }

    pub const fn unknown() -> Self {
        Self::new(Kind::Unknown)
    }

    pub fn list(item: Self) -> Self {
        Self::new(Kind::List(Box::new(item)))
    }

    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    #[must_use]
    pub fn settled(mut self) -> Self {
        self.optional = false;
        self
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self.kind, Kind::Unknown)
    }

    pub fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Text { .. })
    }

    pub fn is_number(&self) -> bool {
        matches!(self.kind, Kind::Integer | Kind::Decimal)
    }
}

/// As an engineer writes it: `text`, `decimal?`, `list of record item`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if self.optional { f.write_str("?") } else { Ok(()) }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { .. } => f.write_str("text"),
            Self::Integer => f.write_str("integer"),
            Self::Decimal => f.write_str("decimal"),
            Self::Boolean => f.write_str("boolean"),
            Self::Date => f.write_str("date"),
            Self::DateTime => f.write_str("datetime"),
            Self::Duration => f.write_str("duration"),
            Self::List(item) => write!(f, "list of {item}"),
            Self::Record(record) => write!(f, "{} record", record.name),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}
