//! Mail, as far as the house sends any.

use async_trait::async_trait;

/// A letter to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub to: String,
    /// One line.
    pub subject: String,
    pub text: String,
    /// The same for those whose program shows it.
    pub html: Option<String>,
}

/// Takes letters to their readers.
#[async_trait]
pub trait Post: Send + Sync {
    /// One attempt, no retry.
    async fn send(&self, letter: &Letter) -> Result<(), PostError>;
}

/// Why a letter was not taken.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct PostError {
    /// In plain words, without a secret.
    pub message: String,
    /// The next attempt would end the same way.
    pub permanent: bool,
}
