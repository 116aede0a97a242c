//! The secret that deliveries bring along: where it is, how it is set, and how it is changed.
//!
//! While it is being changed both are taken: the new one is kept first, with the one of before
//! beside it, and only then handed over.

use super::compose::Line;
use super::exit::Failure;
use crate::connector::Connector;
use crate::host::{self, VaultFile};
use crate::vault::Keep;
use crate::world::CredentialSource;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

const FIELD: &str = "webhook_secret";
const BEFORE: &str = "webhook_secret_before";

/// The secret of the credential, or how it is set.
pub fn current(line: &Line<'_>, open: &dyn Connector) -> Result<SecretString, Failure> {
    open.webhook_secrets().first().cloned().ok_or_else(|| {
        let name = &line.connection.name;
        let mend = match &line.connection.credentials {
            Some(CredentialSource::Environment(prefix)) => {
                format!("set {} to a long random text", variable(prefix, FIELD))
            }
            Some(CredentialSource::Vault { name, system }) => format!(
                "`mlc hooks sync … --rotate` makes one and keeps it in the vault; \
                 `mlc vault set {name} --for {system}` takes one of yours"
            ),
            _ => "the sandbox has one of its own; name a credential for the real system".to_owned(),
        };
        Failure::world(format!("the credential of connection `{name}` has no `{FIELD}`"), mend)
    })
}

/// Makes a new one and keeps it, and the one that counts now beside it.
pub fn next(line: &Line<'_>) -> Result<SecretString, Failure> {
    let (name, system) = match &line.connection.credentials {
        Some(CredentialSource::Vault { name, system }) => (name.as_str(), *system),
        Some(CredentialSource::Environment(prefix)) => {
            let (now, before) = (variable(prefix, FIELD), variable(prefix, BEFORE));
            return Err(Failure::wrong(
                format!("the credential env(\"{prefix}\") lies in the environment, where nothing can be kept"),
                format!(
                    "put the secret of {now} into {before} and a new long random text into {now}, start what serves \
                     again, and type the command without --rotate"
                ),
            ));
        }
        _ => return Err(Failure::wrong("the sandbox's secret cannot be changed", "leave --rotate away")),
    };
    let file = VaultFile::find(None)?;
    let changing = file.change()?;
    let mut vault = file.open(None)?;
    let kept: Vec<String> = vault.entry(name).map(|entry| entry.fields.clone()).unwrap_or_default();
    let kept: Vec<&str> = kept.iter().map(String::as_str).collect();
    let mut fields = vault.credential(name, system, &kept)?.fields;
    let fresh = long_random()?;
    let old = fields.iter().position(|(field, _)| field == FIELD).map(|at| fields.remove(at).1);
    if let Some(old) = old {
        fields.retain(|(field, _)| field != BEFORE);
        fields.push((BEFORE.to_owned(), old));
    }
    fields.push((FIELD.to_owned(), fresh.clone()));
    let at = host::world().clock.now();
    vault.set(&Keep { name, system, fields: &fields, at }, &host::random)?;
    file.write(&mut vault, 0, &changing)?;
    Ok(fresh)
}

/// 256 random bits, in letters that any header takes.
fn long_random() -> Result<SecretString, Failure> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    host::random(bytes.as_mut_slice())?;
    Ok(SecretString::from(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}

fn variable(prefix: &str, field: &str) -> String {
    format!("{prefix}_{field}").to_ascii_uppercase()
}

/// Whether a secret can travel in a header and is hard to guess.
pub fn is_fit(secret: &SecretString) -> Result<(), Failure> {
    let text = secret.expose_secret();
    let why = if text.chars().count() < 20 {
        "is shorter than 20 characters"
    } else if !text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') || text.trim() != text {
        "holds characters that no header takes, or begins or ends with a blank"
    } else {
        return Ok(());
    };
    Err(Failure::world(
        format!("the `{FIELD}` of the credential {why}"),
        "set a long random text of letters and digits",
    ))
}

#[cfg(test)]
mod tests {
    use super::{is_fit, long_random};
    use secrecy::ExposeSecret as _;

    #[test]
    fn a_new_secret_is_long_and_never_the_same() {
        let (first, second) = (long_random().expect("random"), long_random().expect("random"));
        assert!(first.expose_secret().len() == 64 && first.expose_secret() != second.expose_secret());
        assert!(is_fit(&first).is_ok());
    }

    #[test]
    fn what_is_short_or_strange_is_refused_and_not_shown() {
        for text in ["hush", "a long text with a line\nbreak in it", " 0123456789012345678901234567890", ""] {
            let failure = is_fit(&text.into()).expect_err(text);
            assert!(text.is_empty() || !failure.message.contains(text.trim()), "{}", failure.message);
        }
    }
}
