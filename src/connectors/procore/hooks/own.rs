//! As whom the credential writes, and what a delivery has to bring along.
//!
//! The newest form of a delivery names the user only. Procore tells a service account its
//! own number when it asks; `user_id` in the `connect` block stands for it where the two
//! numbers differ. The older forms may name the application too, by which it is certain.

use super::super::client::Procore;
use super::super::error;
use crate::connector::{Error, Notice, Settings};
use crate::value::from_wire_json;
use crate::world::Credential;
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::OnceLock;

/// The fields of the credential, the one that counts first.
const SECRETS: [&str; 2] = ["webhook_secret", "webhook_secret_before"];

/// What is known of ourselves.
pub struct Own {
    application: Option<SecretString>,
    /// As set, or as Procore told.
    user: OnceLock<String>,
    secrets: Vec<SecretString>,
}

impl Own {
    pub fn new(settings: &Settings, credential: &Credential) -> Self {
        let user = OnceLock::new();
        if let Some(id) = settings.integer("user_id") {
            let _ = user.set(id.to_string());
        }
        let given = |name: &&str| credential.get(name).filter(|secret| !secret.expose_secret().trim().is_empty());
        Self {
            application: credential.get("client_id").cloned(),
            user,
            secrets: SECRETS.iter().filter_map(given).cloned().collect(),
        }
    }

    pub fn secrets(&self) -> &[SecretString] {
        &self.secrets
    }

    pub fn wrote(&self, notice: &Notice) -> bool {
        let application = self.application.as_ref().map(|id| id.expose_secret());
        let by_application = notice.application.is_some() && notice.application.as_deref() == application;
        let by_user = notice.user.is_some() && notice.user.as_ref() == self.user.get();
        by_application || by_user
    }
}

impl Procore {
    /// One request, the first time.
    pub(in super::super) async fn ask_own_user(&self) -> Result<(), Error> {
        const WHAT: &str = "who the credential is";
        if self.own().user.get().is_some() {
            return Ok(());
        }
        let response = self.get(&self.at("/rest/v1.0/me"), WHAT).await?;
        let body = from_wire_json(&response.body).ok();
        let id = body.as_ref().and_then(|body| body.as_record()?.get("id")?.as_integer());
        let id = id.ok_or_else(|| error::malformed(&response, WHAT, "it holds no `id`"))?;
        // Whoever asked at the same time was told the same.
        let _ = self.own().user.set(id.to_string());
        Ok(())
    }
}
