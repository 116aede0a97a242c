//! The register: those who were invited, with the hashes of their tokens.

use super::token::{hash, same};
use crate::serve::http::{Caller, Role};
use crate::value::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where the register lies: a file that only its owner may read.
pub trait Register: Send + Sync {
    /// `None` if nobody was ever invited.
    fn read(&self) -> Result<Option<String>, RegisterError>;
    /// Puts the text in place of what was there, all or nothing.
    fn write(&self, text: &str) -> Result<(), RegisterError>;
}

/// Why the register cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RegisterError {
    pub message: String,
    pub mend: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    pub people: Vec<Person>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    pub name: String,
    pub roles: BTreeSet<Role>,
    /// `None` for all pipelines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipelines: Option<BTreeSet<String>>,
    /// SHA-256 of each token, in hex, and until when it holds.
    pub tokens: Vec<Invited>,
}

/// One token of a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invited {
    pub hash: String,
    /// Who invited.
    pub by: String,
    pub at: Timestamp,
    pub until: Timestamp,
}

impl People {
    pub fn read(register: &dyn Register) -> Result<Self, RegisterError> {
        let Some(text) = register.read()? else { return Ok(Self::default()) };
        serde_json::from_str(&text).map_err(|error| RegisterError {
            message: format!("the register of people cannot be read: {error}"),
            mend: "put back what stood there, or remove the file and invite everybody again".to_owned(),
        })
    }

    pub fn write(&self, register: &dyn Register) -> Result<(), RegisterError> {
        let text = serde_json::to_string_pretty(self).expect("names, roles and times");
        register.write(&(text + "\n"))
    }

    pub fn by_name(&self, name: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.name == name)
    }

    /// Whose token it is. Every hash is looked at, whichever fits.
    pub fn by_token(&self, token: &str, now: Timestamp) -> Option<&Person> {
        let hash = hash(token);
        let mut found = None;
        for person in &self.people {
            if person.has(&hash, now) {
                found = Some(person);
            }
        }
        found
    }

    /// Nobody could sign in.
    pub fn is_empty(&self, now: Timestamp) -> bool {
        !self.people.iter().flat_map(|person| &person.tokens).any(|token| now < token.until)
    }

    /// Gives a person another token; roles and pipelines become these. Tokens that have ended go.
    pub fn invite(&mut self, name: &str, roles: BTreeSet<Role>, pipelines: Option<BTreeSet<String>>, token: Invited) {
        let now = token.at;
        let mut tokens = vec![token];
        if let Some(index) = self.people.iter().position(|person| person.name == name) {
            let before = self.people.remove(index);
            tokens.extend(before.tokens.into_iter().filter(|token| now < token.until));
        }
        self.people.push(Person { name: name.to_owned(), roles, pipelines, tokens });
        self.people.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// Whether there was such a person.
    pub fn revoke(&mut self, name: &str) -> bool {
        let before = self.people.len();
        self.people.retain(|person| person.name != name);
        self.people.len() < before
    }
}

impl Person {
    /// Whether the hash is of a token that holds.
    pub fn has(&self, hash: &str, now: Timestamp) -> bool {
        self.tokens.iter().fold(false, |found, token| found | (same(&token.hash, hash) & (now < token.until)))
    }

    pub fn caller(&self, csrf: String) -> Caller {
        Caller { name: self.name.clone(), roles: self.roles.clone(), pipelines: self.pipelines.clone(), csrf }
    }
}

#[cfg(test)]
mod tests {
    use super::{Invited, People};
    use crate::serve::door::token::hash;
    use crate::serve::http::Role;
    use crate::value::Timestamp;
    use std::collections::BTreeSet;

    fn token(text: &str, until: i64) -> Invited {
        Invited {
            hash: hash(text),
            by: "root".to_owned(),
            at: Timestamp::from_unix(0),
            until: Timestamp::from_unix(until),
        }
    }

    #[test]
    fn a_token_holds_until_it_ends_or_its_person_is_revoked() {
        let mut people = People::default();
        people.invite("mae", BTreeSet::from([Role::Approver]), None, token("a", 100));
        people.invite("mae", BTreeSet::from([Role::Viewer]), None, token("b", 50));
        let at = |seconds| Timestamp::from_unix(seconds);
        assert_eq!(
            people.by_token("a", at(99)).expect("known").roles,
            BTreeSet::from([Role::Viewer]),
            "the later word"
        );
        assert!(people.by_token("a", at(100)).is_none() && people.by_token("b", at(50)).is_none());
        assert!(people.by_token("c", at(1)).is_none() && people.by_token("", at(1)).is_none());
        assert!(!people.is_empty(at(99)) && people.is_empty(at(100)));
        assert!(people.revoke("mae") && !people.revoke("mae"));
        assert!(people.by_token("a", at(1)).is_none());
    }
}
