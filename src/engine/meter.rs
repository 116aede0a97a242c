//! What each list cost in requests when a plan read it: the measure by which is told what
//! schedules will cost.

use crate::connector::Fetch;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

/// A list, as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct List {
    pub connection: String,
    pub resource: String,
    /// The id of its scope record.
    pub scope: Option<String>,
    filters: String,
    /// Only what changed lately.
    pub since: bool,
}

impl List {
    /// All of a resource.
    pub fn whole(connection: &str, resource: &str) -> Self {
        Self {
            connection: connection.to_owned(),
            resource: resource.to_owned(),
            scope: None,
            filters: String::new(),
            since: false,
        }
    }

    pub fn of(connection: &str, request: &Fetch) -> Self {
        let mut filters = String::new();
        for (field, value) in &request.filters {
            let _ = write!(filters, "{field}={value} ");
        }
        Self {
            scope: request.scope.as_ref().map(ToString::to_string),
            filters,
            since: request.changed_since.is_some(),
            ..Self::whole(connection, &request.resource)
        }
    }

    /// The same of one scope.
    pub fn within(self, scope: Option<String>, since: bool) -> Self {
        Self { scope, since, ..self }
    }

    fn is_of(&self, connection: &str, resource: &str) -> bool {
        self.connection == connection && self.resource == resource
    }
}

/// What it took to read a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub requests: u64,
    pub pages: u64,
    /// The longest page that another one followed: so many records are on a page.
    full_page: u64,
}

impl Cost {
    /// Requests for one page, its details among them.
    pub fn a_page(&self) -> u64 {
        self.requests.div_ceil(self.pages.max(1)).max(1)
    }
}

/// One page as it came.
pub(super) struct Turned {
    pub first: bool,
    pub last: bool,
    pub records: u64,
    pub requests: u64,
}

#[derive(Default)]
pub(super) struct Meter(Mutex<BTreeMap<List, Cost>>);

impl Meter {
    /// What is read once more counts as it was read last.
    pub fn turn(&self, list: &List, page: &Turned) {
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cost = lists.entry(list.clone()).or_default();
        if page.first {
            *cost = Cost { full_page: cost.full_page, ..Cost::default() };
        }
        // A connection that sends nothing has been asked all the same.
        cost.requests += page.requests.max(1);
        cost.pages += 1;
        if !page.last {
            cost.full_page = cost.full_page.max(page.records);
        }
    }

    pub fn of(&self, list: &List) -> Option<Cost> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(list).copied()
    }

    /// The lists of a resource without regard to scopes and filters; not those of changes.
    pub fn lists(&self, connection: &str, resource: &str) -> Vec<List> {
        let lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lists.keys().filter(|list| list.is_of(connection, resource) && !list.since).cloned().collect()
    }

    /// How many records of it are on a page, as far as was seen.
    pub fn page(&self, connection: &str, resource: &str) -> Option<u64> {
        let lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_here = lists.iter().filter(|(list, _)| list.is_of(connection, resource));
        of_here.map(|(_, cost)| cost.full_page).max().filter(|records| *records > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::{List, Meter, Turned};

    #[test]
    fn a_list_that_is_read_again_counts_once_and_pages_are_measured() {
        let meter = Meter::default();
        let list = List::whole("office", "bills").within(Some("1".to_owned()), false);
        for _ in 0..2 {
            meter.turn(&list, &Turned { first: true, last: false, records: 30, requests: 3 });
            meter.turn(&list, &Turned { first: false, last: true, records: 2, requests: 2 });
        }
        let cost = meter.of(&list).expect("read");
        assert_eq!((cost.requests, cost.pages, cost.a_page()), (5, 2, 3));
        assert_eq!(meter.page("office", "bills"), Some(30));
        assert_eq!(meter.page("office", "projects"), None);
        assert_eq!(meter.lists("office", "bills"), [list]);
    }
}
