//! Credentials of the machine: from the vault, or from the environment, where `env("ACME")`
//! with the fields `client_id` and `client_secret` reads `ACME_CLIENT_ID` and
//! `ACME_CLIENT_SECRET`.

use super::vault::VaultSecrets;
use crate::world::{Credential, CredentialSource, SecretError, Secrets};
use secrecy::SecretString;
use std::ffi::OsString;

/// The process's environment variables, and the user's vault.
pub struct MachineSecrets {
    read: fn(&str) -> Option<OsString>,
    vault: VaultSecrets,
}

impl MachineSecrets {
    pub fn new() -> Self {
        Self { read: |name| std::env::var_os(name), vault: VaultSecrets::default() }
    }

    fn environment(&self, prefix: &str, fields: &[&str]) -> Result<Credential, SecretError> {
        let mut credential = Credential::default();
        let mut missing = Vec::new();
        for field in fields {
            let name = variable(prefix, field);
            match (self.read)(&name).filter(|value| !value.is_empty()).map(OsString::into_string) {
                Some(Ok(value)) => credential.fields.push(((*field).to_owned(), SecretString::from(value))),
                Some(Err(_)) => return Err(not_text(&name)),
                None => missing.push(name),
            }
        }
        if missing.is_empty() { Ok(credential) } else { Err(incomplete(prefix, &missing)) }
    }
}

impl Default for MachineSecrets {
    fn default() -> Self {
        Self::new()
    }
}

impl Secrets for MachineSecrets {
    fn credential(&self, source: &CredentialSource, fields: &[&str]) -> Result<Credential, SecretError> {
        match source {
            CredentialSource::Environment(prefix) => self.environment(prefix, fields),
            CredentialSource::Vault { name, system } => self.vault.credential(name, system, fields),
            CredentialSource::Sandbox(name) => Err(SecretError {
                message: format!("the credential of the sandbox's {name} exists in the sandbox only"),
                hint: "run with --sandbox, or name a credential of the real system".to_owned(),
            }),
        }
    }

    fn also(&self, source: &CredentialSource, fields: &[&str]) -> Result<Credential, SecretError> {
        match source {
            CredentialSource::Environment(prefix) => {
                let set = |field: &&&str| (self.read)(&variable(prefix, field)).is_some_and(|value| !value.is_empty());
                let there: Vec<&str> = fields.iter().filter(set).copied().collect();
                self.environment(prefix, &there)
            }
            CredentialSource::Vault { name, system } => self.vault.also(name, system, fields),
            CredentialSource::Sandbox(_) => Ok(Credential::default()),
        }
    }
}

/// Prefix and field in capitals, with `_` for whatever a variable's name cannot hold.
fn variable(prefix: &str, field: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    prefix.chars().chain(['_']).chain(field.chars()).map(plain).collect()
}

fn incomplete(prefix: &str, missing: &[String]) -> SecretError {
    let (are, them) = if missing.len() == 1 { ("is", "it") } else { ("are", "them") };
    let names = list(missing);
    SecretError {
        message: format!("the credential env(\"{prefix}\") is not complete: {names} {are} not set in the environment"),
        hint: format!("set {them} in the environment of this process; an empty value counts as not set"),
    }
}

fn not_text(name: &str) -> SecretError {
    SecretError {
        message: format!("the environment variable {name} is not text in UTF-8"),
        hint: "set it again, without bytes from another encoding".to_owned(),
    }
}

/// `A`, `A and B`, `A, B and C`.
fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::MachineSecrets;
    use crate::world::{CredentialSource, Secrets};
    use secrecy::ExposeSecret as _;

    fn fake() -> MachineSecrets {
        MachineSecrets {
            vault: super::VaultSecrets::default(),
            read: |name| match name {
                "ACME_PROD_CLIENT_ID" => Some("id-1".into()),
                "ACME_PROD_CLIENT_SECRET" => Some("hush".into()),
                "ACME_PROD_EMPTY" => Some("".into()),
                _ => None,
            },
        }
    }

    #[test]
    fn fields_are_read_by_their_variables() {
        let source = CredentialSource::Environment("acme-prod".to_owned());
        let credential = fake().credential(&source, &["client_id", "client_secret"]).expect("complete");
        assert_eq!(credential.get("client_secret").expect("field").expose_secret(), "hush");
        assert!(!format!("{credential:?}").contains("hush"));
    }

    #[test]
    fn what_need_not_be_there_is_read_where_it_is() {
        let source = CredentialSource::Environment("acme-prod".to_owned());
        let also = fake().also(&source, &["client_secret", "empty", "user"]).expect("nothing is missing");
        assert_eq!(also.fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["client_secret"]);
    }

    #[test]
    fn every_missing_variable_is_named_and_no_value_shown() {
        let source = CredentialSource::Environment("ACME_PROD".to_owned());
        let error = fake().credential(&source, &["client_secret", "user", "empty", "password"]).expect_err("missing");
        assert!(
            error.message.contains("ACME_PROD_USER, ACME_PROD_EMPTY and ACME_PROD_PASSWORD are not set"),
            "{}",
            error.message
        );
        assert!(!error.message.contains("hush") && !error.hint.contains("hush"));
        let error = fake().credential(&source, &["user"]).expect_err("missing");
        assert!(error.message.contains("ACME_PROD_USER is not set"), "{}", error.message);
    }

    #[test]
    fn other_places_say_what_to_do() {
        let error = fake().credential(&CredentialSource::Sandbox("erp".to_owned()), &[]).expect_err("no sandbox");
        assert!(error.hint.contains("--sandbox"), "{error:?}");
    }
}
