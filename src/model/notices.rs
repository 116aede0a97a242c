//! Whom a pipeline tells, and of what. It changes nothing of what is posted.

use crate::value::{Decimal, Span};
use crate::world::CredentialSource;
use secrecy::SecretString;
use std::sync::Arc;

/// The connector's name under which the vault keeps an address that is told of trouble.
pub const ALERTS: &str = "alerts";

/// The field of such a credential.
pub const ALERTS_URL: &str = "url";

/// `notify { … }`
#[derive(Clone, Debug, Default)]
pub struct Notices {
    /// Addresses of people.
    pub mail: Vec<Arc<str>>,
    pub webhooks: Vec<Webhook>,
    /// `on parked after 4h`
    pub parked: Option<Span>,
    /// `on nothing read`
    pub nothing_read: bool,
    /// `on budget above 80%`: the share, 0 to 100.
    pub budget: Option<Decimal>,
    /// `on failed run`
    pub failed_run: bool,
    /// `digest daily at 07:00`: minutes after midnight in the pipeline's time zone.
    pub digest: Option<u32>,
}

/// Where a message is posted. An address alone often is the secret, so none is ever shown.
#[derive(Clone, Debug)]
pub enum Webhook {
    Address(SecretString),
    /// Its field `url` is the address.
    Credential(CredentialSource),
}
