//! The outside as traits: one HTTP request, time, secrets, randomness.
//!
//! Everything that is not computation goes through here. `host` makes a world out
//! of the real machine, `sandbox` one out of memory, and nothing else may touch
//! the network, a clock, the environment or a random number.

mod notebook;
mod post;

pub use notebook::Notebook;
pub use post::{Letter, Post, PostError};

use crate::value::{Span, Timestamp};
use async_trait::async_trait;
use secrecy::SecretString;
use std::sync::Arc;

/// What a run may touch of the outside.
#[derive(Clone)]
pub struct World {
    pub transport: Arc<dyn Transport>,
    pub clock: Arc<dyn Clock>,
    pub secrets: Arc<dyn Secrets>,
    pub entropy: Arc<dyn Entropy>,
}

/// Carries one HTTP request to its host and its answer back.
#[async_trait]
pub trait Transport: Send + Sync {
    /// One attempt, no retry, no redirect followed.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
}

#[derive(Clone, Debug, PartialEq, Eq, Copy, Hash)]
pub enum Method {
    Get,
    Post,
    Patch,
    Delete,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A request, whole. `Debug` leaves out header values and the body: they may hold secrets.
#[derive(Clone)]
pub struct HttpRequest {
    pub method: Method,
    /// Absolute, with the query.
    pub url: String,
    /// Names in any case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// For the whole exchange.
    pub timeout: Span,
}

impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({} bytes)", self.method.as_str(), self.url, self.body.len())
    }
}

impl HttpRequest {
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }
}

/// An answer, whole: bodies are bounded by the transport (64 MiB).
#[derive(Clone, Debug)]
pub struct HttpResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl HttpResponse {
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }
}

fn find_header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct TransportError {
    /// Whether the request may have reached the other side. `false` only when it is
    /// certain that it did not (no name, no connection, no TLS).
    pub maybe_sent: bool,
    pub timeout: bool,
    /// In plain words, without a secret.
    pub message: String,
}

/// Time, and waiting.
#[async_trait]
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
    async fn sleep(&self, span: Span);
}

/// Where credentials come from.
pub trait Secrets: Send + Sync {
    /// The credential named by `source`, its fields as `fields` names them.
    fn credential(&self, source: &CredentialSource, fields: &[&str]) -> Result<Credential, SecretError>;

    /// Those of the fields that are there: none has to be.
    fn also(&self, source: &CredentialSource, fields: &[&str]) -> Result<Credential, SecretError> {
        let _ = (source, fields);
        Ok(Credential::default())
    }
}

/// Where a pipeline says that a credential lies. Never the credential itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CredentialSource {
    /// `env("ACME")`: the variables `ACME_CLIENT_ID`, `ACME_CLIENT_SECRET` and so on.
    Environment(String),
    /// `vault("acme/office")`, and the connector that it is a credential for.
    Vault { name: String, system: &'static str },
    /// The sandbox's own.
    Sandbox(String),
}

/// What a name in the vault may be: it stands in pipelines, on command lines and in lists.
pub const VAULT_NAMES: &str = "names in the vault are letters, digits, `-`, `_`, `.` and `/`, at most 100 of them";

pub fn is_vault_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let parts = name.split('/').all(|part| !part.is_empty());
    name.len() <= 100 && name.chars().all(plain) && parts && !name.starts_with('-')
}

/// A credential's fields. `Debug` shows none of them.
#[derive(Clone, Debug, Default)]
pub struct Credential {
    pub fields: Vec<(String, SecretString)>,
}

impl Credential {
    pub fn get(&self, name: &str) -> Option<&SecretString> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, secret)| secret)
    }
}

/// Why a credential cannot be had: what is missing and where to put it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct SecretError {
    pub message: String,
    pub hint: String,
}

/// Randomness, for ids and jitter.
pub trait Entropy: Send + Sync {
    fn next_u64(&self) -> u64;
}
