//! What went wrong in the world, in the three questions that the engine asks:
//! what kind, does it pass by itself, and may the write have happened all the same.

use crate::value::Timestamp;
use crate::world::TransportError;

/// A failed operation.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub kind: ErrorKind,
    pub permanence: Permanence,
    pub effect: Effect,
    /// What happened, in plain words, without a secret.
    pub message: String,
    /// Who mends it, and where.
    pub mend: String,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// Not before this instant, where the other side said so.
    pub retry_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// No connection, or no answer.
    Network,
    /// The credential is refused.
    Credentials,
    /// The credential is good but may not do this.
    Permission,
    /// There is no such record, or it cannot be seen.
    NotFound,
    /// Too many requests.
    RateLimit,
    /// The other side is down or broken.
    Unavailable,
    /// The answer is not what the catalogue describes.
    Malformed,
    /// The other side understood the record and refuses it.
    Refused,
    /// The other side understood the record and will take it later, when something there
    /// has changed (a period that is closed today).
    NotYet,
    /// The record changed on the other side since it was read.
    Conflict,
    /// The connection's settings are wrong.
    Configuration,
}

/// Whether the same request can succeed later by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permanence {
    Permanent,
    Temporary,
}

/// Whether a write may have taken effect although it failed. Reads always say `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It certainly did not.
    None,
    /// It may have: ask before anything else is sent.
    Unknown,
    /// It did, and something of it is not there as it was sent: a person looks at it.
    Altered,
}

impl Error {
    pub fn new(kind: ErrorKind, permanence: Permanence, message: impl Into<String>) -> Self {
        Self {
            kind,
            permanence,
            effect: Effect::None,
            message: message.into(),
            mend: String::new(),
            status: None,
            retry_at: None,
        }
    }

    pub fn from_transport(error: TransportError) -> Self {
        Self {
            effect: if error.maybe_sent { Effect::Unknown } else { Effect::None },
            mend: "check the network and the address; the run goes on where it was".to_owned(),
            ..Self::new(ErrorKind::Network, Permanence::Temporary, error.message)
        }
    }

    #[must_use]
    pub fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = mend.into();
        self
    }

    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    #[must_use]
    pub fn retry_at(mut self, instant: Option<Timestamp>) -> Self {
        self.retry_at = instant;
        self
    }

    pub fn is_temporary(&self) -> bool {
        self.permanence == Permanence::Temporary
    }

    /// The world is at fault, not this record: the run cannot go on (exit code 3).
    pub fn stops_the_run(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Network
                | ErrorKind::Credentials
                | ErrorKind::Permission
                | ErrorKind::Configuration
                | ErrorKind::Unavailable
                | ErrorKind::RateLimit
        )
    }
}
