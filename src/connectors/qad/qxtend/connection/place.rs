//! Where a page of a list over QXtend begins.

use crate::connector::{Error, ErrorKind, PageToken, Permanence};

/// Where a page of a list begins, and what the page before began with.
pub(super) struct Place {
    pub(super) first: u64,
    pub(super) before: String,
}

impl Default for Place {
    fn default() -> Self {
        Self { first: 1, before: String::new() }
    }
}

impl Place {
    pub(super) fn write(&self) -> PageToken {
        PageToken(format!("{} {}", self.first, self.before))
    }

    pub(super) fn read(token: &PageToken) -> Result<Self, Error> {
        let parts = token.0.split_once(' ');
        let place =
            parts.and_then(|(first, before)| Some(Self { first: first.parse().ok()?, before: before.to_owned() }));
        place.ok_or_else(|| {
            Error::new(ErrorKind::Malformed, Permanence::Permanent, "this is no place in a QAD list")
                .mend("start the list anew")
        })
    }
}
