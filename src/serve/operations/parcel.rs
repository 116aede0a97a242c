//! A message on its way to one reader, kept until it is delivered.

use super::memory::Stage;
use super::trouble::Kind;
use crate::value::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Given up after so long; what was not delivered by then is news to nobody.
pub const PATIENCE: Span = Span::from_secs(48 * 60 * 60);

const FIRST_WAIT: Span = Span::from_secs(60);
const LONGEST_WAIT: Span = Span::from_secs(60 * 60);

/// Whom it goes to. An address that messages are posted to is a secret, so its place in the
/// pipeline stands for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reader {
    Mail(String),
    Webhook(usize),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parcel {
    /// The same for each attempt, so that a reader can tell a second one from a second message.
    pub id: String,
    pub to: Reader,
    pub kind: Kind,
    pub stage: Stage,
    pub subject: String,
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// What a webhook is sent.
    pub body: serde_json::Value,
    pub made: Timestamp,
    #[serde(default)]
    pub tries: u32,
    /// Not tried again before.
    #[serde(default)]
    pub next: Option<Timestamp>,
    /// Why the last attempt failed.
    #[serde(default)]
    pub error: Option<String>,
}

impl Parcel {
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.next.is_none_or(|next| next <= now)
    }

    pub fn is_too_old(&self, now: Timestamp) -> bool {
        now.since(self.made) >= PATIENCE
    }

    /// Waits twice as long after each attempt that failed.
    pub fn failed(&mut self, why: String, now: Timestamp) {
        let wait = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(self.tries)).min(LONGEST_WAIT);
        self.tries += 1;
        self.next = Some(now.plus(wait));
        self.error = Some(why);
    }
}
