//! Verification: the values that a lookup gives must stand in a list of the other side.
//!
//! Takes the records of that list and marks the rows whose value is not among them. A
//! record that meets a marked row is held with the sentence; all others go on.

use super::table::{Tables, canonical};
use super::{Program, Stop};
use crate::model::{Connection, Expr, ExprKind, LocalId, LookupId, Verify};
use crate::syntax::Outcome;
use crate::value::{Record, Value};
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Rows that were looked at.
    pub checked: usize,
    /// A sentence for each row that is refused: what, where.
    pub refused: Vec<String>,
}

impl Tables {
    /// Marks the rows of a lookup whose value is not among the records' field values, the
    /// filter applied. No record at all refuses every row: a list that came back empty
    /// proves nothing.
    pub fn verify(&mut self, program: &Program, lookup: LookupId, verify: usize, records: &[Record]) -> Verified {
        let Some(rule) = program.lookups().get(lookup.0).and_then(|lookup| lookup.verifies.get(verify)) else {
            return Verified::default();
        };
        let kept = self.kept(self.verify_filter(lookup, verify), rule.locals, records);
        let fields = records.iter().zip(kept).filter_map(|(record, kept)| kept.then(|| record.at(&rule.field))?);
        let known: HashSet<Cow<str>> = fields.filter_map(canonical).collect();
        let words = Words::new(rule, program.connections(), records.is_empty());
        let mut verified = Verified::default();
        let Some(table) = self.tables.get_mut(lookup.0) else { return verified };
        for row in &mut Arc::make_mut(table).rows {
            let Some(value) = row.values.get(rule.output) else { continue };
            let Some(text) = canonical(value) else { continue };
            verified.checked += 1;
            if !known.contains(&text) {
                let stop = words.stop(value, &row.place);
                verified.refused.push(stop.sentence.clone());
                row.stop.get_or_insert(stop);
            }
        }
        verified
    }
}

/// The words of the sentences about one rule.
struct Words<'a> {
    rule: &'a Verify,
    /// `active GL accounts`
    list: String,
    /// What people call the system of the list.
    title: String,
    empty: bool,
}

impl<'a> Words<'a> {
    fn new(rule: &'a Verify, connections: &[Connection], empty: bool) -> Self {
        let quality = match &rule.filter {
            None => String::new(),
            Some(filter) => quality(filter).unwrap_or_default(),
        };
        let connection = connections.iter().find(|connection| connection.name == rule.connection);
        let title =
            connection.map_or_else(|| rule.connection.to_string(), |found| (found.driver.catalogue)().title.clone());
        Self { rule, list: format!("{quality}{}", plural(rule, connections)), title, empty }
    }

    fn stop(&self, value: &Value, place: &str) -> Stop {
        let Self { rule, list, .. } = self;
        let source = format!("{}.{}", rule.connection, rule.resource);
        let (title, title_there) = (&rule.title, &self.title);
        let what = format!("{title} \"{value}\" ({place})");
        let (sentence, kind, mend) = if self.empty {
            (
                format!("{what} could not be verified: {source} came back empty"),
                format!("the list of {list} came back empty"),
                format!("check that the user of the connection `{}` may read {source}", rule.connection),
            )
        } else {
            (
                format!("{what} is not in the list of {list}"),
                format!("a {title} is not in the list of {list}"),
                format!("open or activate it in {title_there}, or mend the row"),
            )
        };
        let mend = format!("{mend}; the record is looked at again on every run");
        Stop { outcome: Outcome::Hold, sentence: super::text::plain(&sentence), kind, mend }
    }
}

/// What an accountant calls several of them, out of the catalogue.
fn plural(rule: &Verify, connections: &[Connection]) -> String {
    let connection = connections.iter().find(|connection| connection.name == rule.connection);
    let resource = connection.and_then(|connection| (connection.driver.catalogue)().resources.get(&*rule.resource));
    resource.map_or_else(|| format!("{}s", rule.title), |resource| resource.plural.clone())
}

/// A filter as a word before the list: `active ` for `where active`. `None` for what is
/// not so simple.
fn quality(filter: &Expr) -> Option<String> {
    match &filter.kind {
        ExprKind::Field(record, name) if matches!(record.kind, ExprKind::Local(LocalId(0))) => {
            Some(format!("{} ", name.replace('_', " ")))
        }
        ExprKind::Not(inner) => quality(inner).map(|word| format!("not {word}")),
        _ => None,
    }
}
