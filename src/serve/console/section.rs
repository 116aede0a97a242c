//! The pages of one customer, as the navigation names them.

use crate::serve::http;
use std::collections::BTreeSet;
use std::sync::OnceLock;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Today,
    Work,
    Reconciliation,
    Audit,
    Runs,
    Budget,
}

impl Section {
    const ALL: [Self; 6] = [Self::Today, Self::Work, Self::Reconciliation, Self::Audit, Self::Runs, Self::Budget];

    pub fn title(self) -> &'static str {
        match self {
            Self::Today => "Today",
            Self::Work => "Work",
            Self::Reconciliation => "Reconciliation",
            Self::Audit => "Audit",
            Self::Runs => "Runs",
            Self::Budget => "Rate budget",
        }
    }

    /// As the table of routes has it.
    fn path(self) -> &'static str {
        match self {
            Self::Today => "/{customer}",
            Self::Work => "/{customer}/work",
            Self::Reconciliation => "/{customer}/reconciliation",
            Self::Audit => "/{customer}/audit",
            Self::Runs => "/{customer}/runs",
            Self::Budget => "/{customer}/budget",
        }
    }

    pub fn href(self, customer: &str) -> String {
        self.path().replace("{customer}", customer)
    }

    /// Those that the server has.
    pub fn there() -> impl Iterator<Item = Self> {
        static THERE: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
        let there = THERE.get_or_init(|| http::routes().into_iter().map(|route| route.path).collect());
        Self::ALL.into_iter().filter(|section| there.contains(section.path()))
    }
}
