//! A record of JSON as the rows of a table: its plain values, each with its place, below the
//! names of what they are in.

use crate::value::{Decimal, Kind, RecordType};
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// More rows of one record are only counted.
const ROWS: usize = 1_500;
/// Deeper ones stand as deep as this.
const DEPTH: usize = 5;

#[derive(Serialize)]
pub struct Row {
    pub depth: usize,
    pub name: String,
    /// JSON pointer: `/lines/0/gl_account`.
    pub pointer: String,
    /// As a pipeline writes it: `lines[0].gl_account`.
    pub path: String,
    /// `None` for the name of what comes below.
    pub value: Option<String>,
    pub number: bool,
    /// The value that is asked about, or comes from what is.
    pub marked: bool,
    /// Where it is told where the value comes from.
    pub href: Option<String>,
    /// Pointers into the source, for who looks at the value.
    pub from: String,
}

/// What is shown of a record, and how.
#[derive(Default)]
pub struct Shown<'a> {
    /// Pointers of the rows to be marked; they are shown even if they say nothing.
    pub marked: BTreeSet<String>,
    /// By path, where a value comes from: the page that tells, and the pointers.
    pub links: BTreeMap<&'a str, (String, String)>,
    /// Also fields that say nothing.
    pub all: bool,
    /// Says which values are decimal numbers.
    pub ty: Option<Arc<RecordType>>,
}

/// The rows, and how many were left out because they say nothing.
pub fn rows(record: &Json, shown: &Shown<'_>) -> (Vec<Row>, usize) {
    let mut tree = Tree { shown, rows: Vec::new(), left_out: 0 };
    tree.below(record, shown.ty.clone().map(Kind::Record).as_ref(), "", "", 0);
    (tree.rows, tree.left_out)
}

struct Tree<'a> {
    shown: &'a Shown<'a>,
    rows: Vec<Row>,
    left_out: usize,
}

impl Tree<'_> {
    fn below(&mut self, value: &Json, kind: Option<&Kind>, pointer: &str, path: &str, depth: usize) {
        match value {
            Json::Object(fields) => {
                // Plain fields first: what is nested below them is about the record too.
                for plain in [true, false] {
                    for (name, value) in fields.iter().filter(|(_, value)| is_plain(value) == plain) {
                        let step = name.replace('~', "~0").replace('/', "~1");
                        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                        self.one(name.clone(), value, field(kind, name), &format!("{pointer}/{step}"), path, depth);
                    }
                }
            }
            Json::Array(items) => {
                let name = path.rsplit('.').next().unwrap_or(path);
                for (index, item) in items.iter().enumerate() {
                    let title = format!("{name} {}", index + 1);
                    self.one(
                        title,
                        item,
                        element(kind),
                        &format!("{pointer}/{index}"),
                        format!("{path}[{index}]"),
                        depth,
                    );
                }
            }
            _ => {}
        }
    }

    fn one(&mut self, name: String, value: &Json, kind: Option<&Kind>, pointer: &str, path: String, depth: usize) {
        let marked = self.shown.marked.contains(pointer);
        if self.rows.len() >= ROWS || !(marked || self.shown.all || says(value) || self.holds_mark(pointer)) {
            self.left_out += 1;
            return;
        }
        let link = self.shown.links.get(path.as_str());
        let number = decimal(value, kind);
        let row = Row {
            depth: depth.min(DEPTH),
            name,
            pointer: pointer.to_owned(),
            path: path.clone(),
            value: is_plain(value).then(|| number.map_or_else(|| plain(value), Decimal::money)),
            number: number.is_some() || value.is_number(),
            marked,
            href: link.map(|(href, _)| href.clone()),
            from: link.map(|(_, from)| from.clone()).unwrap_or_default(),
        };
        if is_plain(value) {
            self.rows.push(row);
            return;
        }
        // A list of records needs no name of its own above the names of its records.
        let named = !matches!(value, Json::Array(items) if items.iter().all(|item| !is_plain(item)));
        if named {
            self.rows.push(row);
        }
        self.below(value, kind, pointer, &path, if named { depth + 1 } else { depth });
    }

    fn holds_mark(&self, pointer: &str) -> bool {
        let below = format!("{pointer}/");
        self.shown.marked.range(below.clone()..).next().is_some_and(|marked| marked.starts_with(&below))
    }
}

fn is_plain(value: &Json) -> bool {
    !(value.is_object() || value.is_array())
}

/// The kind of a field, where that of its record is known.
fn field<'k>(kind: Option<&'k Kind>, name: &str) -> Option<&'k Kind> {
    let Some(Kind::Record(ty)) = kind else { return None };
    ty.fields.get(name).map(|field| &field.ty.kind)
}

/// The kind of what a list holds.
fn element(kind: Option<&Kind>) -> Option<&Kind> {
    let Some(Kind::List(ty)) = kind else { return None };
    Some(&ty.kind)
}

/// The number that stands as text in the JSON of a decimal field.
fn decimal(value: &Json, kind: Option<&Kind>) -> Option<Decimal> {
    matches!(kind, Some(Kind::Decimal)).then(|| value.as_str()?.parse().ok()).flatten()
}

/// Whether there is something to say: not absent and not empty.
fn says(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::String(text) => !text.is_empty(),
        Json::Array(items) => items.iter().any(says),
        Json::Object(fields) => fields.values().any(says),
        Json::Bool(_) | Json::Number(_) => true,
    }
}

/// A plain value as people read it.
pub fn plain(value: &Json) -> String {
    match value {
        Json::Null => "nothing".to_owned(),
        Json::Bool(true) => "yes".to_owned(),
        Json::Bool(false) => "no".to_owned(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Shown, rows};
    use crate::value::{FieldType, Kind, RecordType, Type};
    use serde_json::json;
    use std::collections::BTreeSet;
    use std::sync::Arc;

    fn record_of(fields: &[(&str, Kind)]) -> Arc<RecordType> {
        let field =
            |kind: &Kind| FieldType { ty: Type::new(kind.clone()), doc: "".into(), values: Vec::new(), closed: false };
        let fields = fields.iter().map(|(name, kind)| ((*name).into(), field(kind))).collect();
        Arc::new(RecordType { name: "record".into(), fields })
    }

    #[test]
    fn decimals_stand_as_people_write_them() {
        let line = record_of(&[("amount", Kind::Decimal), ("version", Kind::Text { max: None })]);
        let lines = Kind::List(Box::new(Type::new(Kind::Record(line))));
        let shown = Shown { ty: Some(record_of(&[("gross", Kind::Decimal), ("lines", lines)])), ..Shown::default() };
        let record = json!({"gross": "-12345.5", "lines": [{"amount": "7.0", "version": "1234.5"}], "old": "1.0"});
        let (rows, _) = rows(&record, &shown);
        let told: Vec<(Option<&str>, bool)> = rows.iter().map(|row| (row.value.as_deref(), row.number)).collect();
        assert_eq!(
            told,
            [
                (Some("-12,345.50"), true),
                (Some("1.0"), false),
                (None, false),
                (Some("7.00"), true),
                (Some("1234.5"), false),
            ]
        );
    }

    #[test]
    fn every_value_has_its_place_and_what_says_nothing_is_left_out() {
        let record = json!({
            "lines": [{"amount": "12.50", "to": {"account": null}}, {"amount": "1.00"}],
            "id": 7, "note": "", "tags": ["a", "b"],
        });
        let marked = BTreeSet::from(["/lines/0/to/account".to_owned()]);
        let (rows, left_out) = rows(&record, &Shown { marked, ..Shown::default() });
        let told: Vec<String> = rows
            .iter()
            .map(|row| format!("{} {} {}={}", row.depth, row.pointer, row.path, row.value.as_deref().unwrap_or("…")))
            .collect();
        assert_eq!(
            told,
            [
                "0 /id id=7",
                "0 /lines/0 lines[0]=…",
                "1 /lines/0/amount lines[0].amount=12.50",
                "1 /lines/0/to lines[0].to=…",
                "2 /lines/0/to/account lines[0].to.account=nothing",
                "0 /lines/1 lines[1]=…",
                "1 /lines/1/amount lines[1].amount=1.00",
                "0 /tags tags=…",
                "1 /tags/0 tags[0]=a",
                "1 /tags/1 tags[1]=b",
            ]
        );
        assert_eq!(left_out, 1);
    }
}
