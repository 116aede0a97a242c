//! Records that somebody else told of: what a run for webhook notices is about.
//!
//! Only names travel. Each record is read again from its source, so a notice that is forged,
//! late, twice or out of order can do no more than cost a request.

use super::pass::escape;
use crate::program::Flow;
use crate::value::Timestamp;
use std::collections::BTreeSet;

/// What a burst of notices names. It is dealt with when the run's report tells of no stop and
/// of no scope that failed; else the same is to be asked for again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    pub records: BTreeSet<TouchedRecord>,
    /// When the first of it happened, as the notices say. A read that begins later would miss it.
    pub since: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TouchedRecord {
    /// As the pipeline names it.
    pub connection: String,
    /// As the catalogue names it.
    pub resource: String,
    /// The id of the scope record (the project), where the notice names one.
    pub scope: Option<String>,
    /// The record's id.
    pub record: String,
    /// The notice says that it was deleted.
    pub deleted: bool,
}

impl Touched {
    /// Those that this flow reads.
    pub(super) fn of<'t>(&'t self, flow: &Flow) -> impl Iterator<Item = &'t TouchedRecord> {
        let source = flow.source();
        let (connection, resource) = (source.connection.clone(), source.resource.clone());
        self.records.iter().filter(move |touched| *touched.connection == *connection && *touched.resource == *resource)
    }
}

impl TouchedRecord {
    /// Whether a record with this key is meant; `scoped`: keys of the flow begin with their scope.
    pub(super) fn is(&self, key: &str, scoped: bool) -> bool {
        let record = escape(&self.record);
        match (&self.scope, scoped) {
            (Some(scope), true) => key == format!("{}/{record}", escape(scope)),
            (None, true) => key.split_once('/').is_some_and(|(_, own)| own == record),
            (_, false) => key == record,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TouchedRecord;

    fn touched(scope: Option<&str>) -> TouchedRecord {
        TouchedRecord {
            connection: "office".to_owned(),
            resource: "bills".to_owned(),
            scope: scope.map(str::to_owned),
            record: "1/2".to_owned(),
            deleted: false,
        }
    }

    #[test]
    fn a_record_is_known_by_its_scope_and_its_id() {
        assert!(touched(Some("7")).is("7/1%2F2", true));
        assert!(!touched(Some("8")).is("7/1%2F2", true));
        assert!(touched(None).is("7/1%2F2", true));
        assert!(!touched(None).is("7/2", true));
        assert!(touched(Some("7")).is("1%2F2", false));
    }
}
