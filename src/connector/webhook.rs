//! What a system tells by itself: deliveries that say that something changed, and the hooks
//! by which it is asked to send them.
//!
//! Only names travel. Whatever a delivery says, the record is read again before anything is
//! done about it, so that duplicates, disorder and forgeries cost a request and nothing else.
//! Who listens, keeps and answers is no matter of a connector: it reads a body, and it keeps
//! the hooks at the other side as they are wanted.

use crate::value::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt;

/// What a delivery says happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The other side's id of the event: the same for each delivery of it.
    pub delivery: String,
    /// The first resource of our catalogue that this name tells of; `None` if it tells of none.
    /// A name can tell of several: [`Catalogue::told_by`](super::Catalogue::told_by).
    pub resource: Option<String>,
    /// As the vendor calls it.
    pub named: String,
    pub event: NoticeEvent,
    /// The id of the record.
    pub record: String,
    /// The id of the scope record (the project), where the record lies in one.
    pub scope: Option<String>,
    /// The tenant's id at the vendor.
    pub tenant: Option<String>,
    pub at: Option<Timestamp>,
    /// Who made the change, as the vendor numbers users.
    pub user: Option<String>,
    /// The program by which it was made, where the delivery says so.
    pub application: Option<String>,
}

/// What happened to the record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeEvent {
    Create,
    Update,
    Delete,
    /// A word that is not known here. The record is read again like any other.
    Other(String),
}

impl NoticeEvent {
    /// Reads the vendor's word, in whatever case.
    pub fn of(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "create" => Self::Create,
            "update" => Self::Update,
            "delete" => Self::Delete,
            _ => Self::Other(word.to_owned()),
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for NoticeEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A body that is no delivery of this vendor. Nothing of the body is repeated: it may come from anybody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NoticeError {
    pub message: String,
}

impl NoticeError {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// How a vendor's deliveries are received.
#[derive(Clone, Copy)]
pub struct Receiving {
    /// The header whose value is the secret that the hook was made with, as it is.
    pub secret_header: &'static str,
    /// A longer body is no delivery; in bytes.
    pub body_limit: usize,
    /// Reads a body. Never panics, whatever it is handed.
    pub read: fn(&[u8]) -> Result<Notice, NoticeError>,
}

/// Which changes of a resource the vendor tells of. The hook lies in each scope record where the
/// resource has a scope, else it is the tenant's.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSpec {
    /// What the vendor calls it in deliveries; several where the resource is made up of several.
    pub names: Vec<String>,
    pub events: Vec<NoticeEvent>,
}

impl WebhookSpec {
    /// Whether deliveries of that name are of this resource.
    pub fn tells_of(&self, named: &str) -> bool {
        self.names.iter().any(|name| name == named)
    }
}

/// `Direct Costs (create, update, delete)`
impl fmt::Display for WebhookSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events: Vec<&str> = self.events.iter().map(NoticeEvent::name).collect();
        write!(f, "{} ({})", self.names.join(", "), events.join(", "))
    }
}

/// A hook as it stands at the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    pub id: String,
    /// Whose it is; ours is [`namespace`] of the pipeline and the connection.
    pub namespace: String,
    /// Where deliveries go.
    pub destination: String,
    /// The scope record (the project) that it listens in; `None`: the whole tenant.
    pub scope: Option<String>,
    /// The form of its deliveries, as the vendor numbers them.
    pub form: String,
    pub status: HookStatus,
    pub triggers: Vec<Trigger>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookStatus {
    Active,
    /// The other side has stopped sending.
    Disabled,
    Other(String),
}

impl HookStatus {
    pub fn name(&self) -> &str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Other(word) => word,
        }
    }
}

/// One kind of change that a hook is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    pub id: String,
    /// As the vendor calls the resource.
    pub named: String,
    pub event: NoticeEvent,
}

/// The hooks that a connection needs. Without resources it needs none.
#[derive(Clone, Debug)]
pub struct WantedHooks {
    /// `PIPELINE.CONNECTION`: by it our hooks are told from those of others.
    pub name: String,
    /// Where deliveries are to go.
    pub destination: String,
    /// What each delivery is to bring along.
    pub secret: SecretString,
    /// The resources of our catalogue whose changes are wanted.
    pub resources: BTreeSet<String>,
    /// Hands the secret over even where the one that is there looks the same.
    pub rotate: bool,
    /// Changes nothing, and says what would be changed.
    pub dry: bool,
}

/// What was (or would be) changed. Nothing at all if everything stood as it is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookChanges {
    pub changes: Vec<HookChange>,
    /// Hooks that stand as they are wanted, those that were changed among them.
    pub standing: usize,
    /// What the other side did not take, in a sentence each.
    pub refused: Vec<String>,
}

impl HookChanges {
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.refused.is_empty()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookChange {
    /// Its id; `None` for one that is yet to be made.
    pub hook: Option<String>,
    pub scope: Option<String>,
    pub what: HookChangeKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookChangeKind {
    Created,
    /// It sent to another place, or in another form.
    Redirected,
    /// It was given the secret.
    SecretGiven,
    Reactivated,
    /// Kinds of changes that it is told of from now on: `Direct Costs update`.
    Added(Vec<String>),
    /// And those that it is no longer told of.
    Dropped(Vec<String>),
    /// Nobody needs it any more.
    Removed,
}

/// A delivery that the vendor gave up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discarded {
    pub hook: String,
    pub notice: Notice,
    /// When it was last tried, else when the change was made.
    pub at: Option<Timestamp>,
    /// What the last attempt was answered with, if it was answered.
    pub status: Option<u16>,
    /// What the vendor says of it, in one line; may be empty.
    pub said: String,
}

/// The namespace of our hooks: small letters, digits and dashes, and never the same for two
/// names, so that two pipelines in one tenant leave each other's hooks alone.
pub fn namespace(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let word: String = name.chars().take(40).map(plain).collect();
    let digest = Sha256::digest(name.as_bytes());
    let mark: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{NAMESPACES}{word}-{mark}")
}

/// How each namespace of ours begins.
pub const NAMESPACES: &str = "mlc-";

#[cfg(test)]
mod tests {
    use super::{NoticeEvent, namespace};

    #[test]
    fn names_that_look_alike_have_namespaces_of_their_own() {
        let names = ["acme-builders.erp", "acme.builders-erp", "Acme-Builders.erp", "Ä.erp", "", &"x".repeat(300)];
        for (at, name) in names.iter().enumerate() {
            let space = namespace(name);
            assert!(space.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{space}");
            assert!(space.starts_with("mlc-") && space.len() <= 60, "{space}");
            assert!(names[at + 1..].iter().all(|other| namespace(other) != space), "{name}");
        }
    }

    #[test]
    fn a_word_that_nobody_knows_is_kept_as_it_is() {
        assert_eq!(NoticeEvent::of("UPDATE"), NoticeEvent::Update);
        assert_eq!(NoticeEvent::of("Status-Changed").name(), "Status-Changed");
    }
}
