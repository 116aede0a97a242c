//! Who asks, and what they may.

use super::refusal;
use crate::value::Timestamp;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::Response;
use std::collections::BTreeSet;

/// What a person may do. Whoever is signed in may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Says yes or no to records that wait for it, and has records tried again.
    Approver,
    /// Starts runs, has records and deliveries tried again.
    Operator,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Approver, Self::Operator];

    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Approver => "approver",
            Self::Operator => "operator",
        }
    }
}

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Stands in the log.
    pub name: String,
    pub roles: BTreeSet<Role>,
    /// The pipelines that they may see; `None` for all.
    pub pipelines: Option<BTreeSet<String>>,
    /// The word that each of their forms must hold. Empty for a program, which has a token of
    /// its own in every request and cannot be lured into sending it.
    pub csrf: String,
}

impl Caller {
    pub fn has(&self, role: Role) -> bool {
        role == Role::Viewer || self.roles.contains(&role)
    }

    /// Whether they may know that this pipeline is there.
    pub fn sees(&self, pipeline: &str) -> bool {
        self.pipelines.as_ref().is_none_or(|pipelines| pipelines.contains(pipeline))
    }
}

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing: the sign-in page, what it looks like, health, webhooks (which have a secret of their own).
    Open,
    /// One of these roles.
    Any(&'static [Role]),
}

impl Access {
    /// Whoever is signed in.
    pub const SIGNED_IN: Self = Self::Any(&[Role::Viewer]);
    pub const APPROVE: Self = Self::Any(&[Role::Approver]);
    pub const REPLAY: Self = Self::Any(&[Role::Approver, Role::Operator]);
    pub const OPERATE: Self = Self::Any(&[Role::Operator]);

    pub fn lets(self, caller: Option<&Caller>) -> bool {
        match self {
            Self::Open => true,
            Self::Any(roles) => caller.is_some_and(|caller| roles.iter().any(|role| caller.has(*role))),
        }
    }
}

/// Knows people by what their browser or program sends along.
pub trait Door: Send + Sync {
    /// `None` for nobody that is known (any more).
    fn caller(&self, headers: &HeaderMap, now: Timestamp) -> Option<Caller>;

    /// What somebody gets who may not come in.
    fn turn_away(&self, request: &Request, signed_in: bool) -> Response {
        refusal(request.uri().path(), signed_in)
    }

    /// The cookie of a new session, for whoever shows this token.
    fn sign_in(&self, token: &str, now: Timestamp) -> Option<String> {
        let _ = (token, now);
        None
    }

    /// Ends the session, and gives the cookie that takes the old one away.
    fn sign_out(&self, headers: &HeaderMap) -> String {
        let _ = headers;
        String::new()
    }

    /// Nobody could sign in: nobody was invited, or all invitations have ended.
    fn is_empty(&self, now: Timestamp) -> bool {
        let _ = now;
        false
    }
}

/// A door without a key: nobody comes in.
pub struct Closed;

impl Door for Closed {
    fn caller(&self, _: &HeaderMap, _: Timestamp) -> Option<Caller> {
        None
    }
}
