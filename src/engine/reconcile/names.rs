//! How parties and projects are called on both sides: the target knows them by codes, the
//! source by names, and the papers that were mapped know both.

use super::item::Item;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct Names {
    /// By the target's code.
    parties: BTreeMap<String, BTreeSet<String>>,
    projects: BTreeMap<String, BTreeSet<String>>,
}

impl Names {
    pub fn party(&mut self, code: &str, name: &str) {
        learn(&mut self.parties, code, name);
    }

    pub fn project(&mut self, code: &str, name: &str) {
        learn(&mut self.projects, code, name);
    }

    pub fn knows_project(&self, code: &str) -> bool {
        self.projects.contains_key(code)
    }

    /// The source's name of a target's project.
    pub fn project_of(&self, code: &str) -> String {
        only(&self.projects, code).unwrap_or(code).to_owned()
    }

    /// Gives every party the one name that both sides know it by.
    pub fn tell(&self, items: &mut [Item]) {
        for item in items {
            for party in [&mut item.approved.party, &mut item.posted.party] {
                *party = self.told(party);
            }
        }
    }

    /// `S00417 Ash Concrete`, of a code or of a name.
    fn told(&self, party: &str) -> String {
        if party.is_empty() {
            return "(no supplier)".to_owned();
        }
        if self.parties.contains_key(party) {
            return only(&self.parties, party).map_or_else(|| party.to_owned(), |name| format!("{party} {name}"));
        }
        let mut codes = self.parties.iter().filter(|(_, names)| names.contains(party)).map(|(code, _)| code);
        match (codes.next(), codes.next()) {
            (Some(code), None) => self.told(code),
            _ => party.to_owned(),
        }
    }
}

fn learn(known: &mut BTreeMap<String, BTreeSet<String>>, code: &str, name: &str) {
    if !code.is_empty() && !name.is_empty() {
        known.entry(code.to_owned()).or_default().insert(name.to_owned());
    }
}

/// The first name of a code.
fn only<'a>(known: &'a BTreeMap<String, BTreeSet<String>>, code: &str) -> Option<&'a str> {
    known.get(code)?.iter().next().map(String::as_str)
}
