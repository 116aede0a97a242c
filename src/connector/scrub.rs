//! Taking secrets out of a text that is to be kept: those that are known, in each form that
//! they may have there, and whatever stands under a name that only secrets have.

use super::Veil;
use super::veil::forms;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use zeroize::Zeroizing;

/// What stands in place of a secret.
const REMOVED: &str = "(removed)";

/// In small letters, without `_` and `-`; a name that ends so.
const SECRET_NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "privatekey",
];

/// Whether what stands under this name is a secret.
pub fn is_secret_name(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_lowercase();
    SECRET_NAMES.iter().any(|secret| plain.ends_with(secret))
}

/// Knows what must not be kept.
pub struct Scrub {
    /// Longest first: one may hold another.
    secrets: Vec<Zeroizing<String>>,
}

impl Scrub {
    /// `headers` are values such as `Bearer …`; what the veil hides is not kept either.
    pub fn new<'a>(headers: impl Iterator<Item = &'a str>, veil: Option<&Veil>) -> Self {
        let mut plain: Vec<String> = veil.map(Veil::secrets).unwrap_or_default();
        for value in headers {
            plain.extend(parts(value));
        }
        let mut secrets: Vec<_> = plain.iter().flat_map(|secret| forms(secret)).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self { secrets }
    }

    /// The text without the known secrets.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), REMOVED);
            }
        }
        text
    }

    /// Also without what the query calls a secret.
    pub fn url(&self, url: &str) -> String {
        let url = self.text(url);
        let Some((address, query)) = url.split_once('?') else { return url };
        let pairs = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) if is_secret_name(name) => format!("{name}={REMOVED}"),
            _ => pair.to_owned(),
        });
        format!("{address}?{}", pairs.collect::<Vec<_>>().join("&"))
    }

    /// Also without what a JSON body calls a secret. Untouched, it stays byte for byte as it was.
    pub fn body(&self, text: &str) -> String {
        let text = self.text(text);
        let Ok(mut tree) = serde_json::from_str::<Value>(&text) else { return text };
        if remove(&mut tree) { tree.to_string() } else { text }
    }
}

/// Whether anything was removed.
fn remove(tree: &mut Value) -> bool {
    match tree {
        Value::Object(fields) => fields.iter_mut().fold(false, |removed, (name, value)| {
            if is_secret_name(name) && value.as_str().is_some_and(|text| !text.is_empty() && text != REMOVED) {
                *value = REMOVED.into();
                return true;
            }
            remove(value) || removed
        }),
        Value::Array(items) => items.iter_mut().filter_map(|item| remove(item).then_some(())).count() > 0,
        _ => false,
    }
}

/// `Bearer abc` has abc; `Basic dTpw` has also what it stands for, and the password in it.
fn parts(header: &str) -> Vec<String> {
    let value = header.split_once(' ').map_or(header, |(_, value)| value).trim();
    let mut parts = vec![value.to_owned()];
    parts.extend(header.split("; ").filter_map(|cookie| Some(cookie.split_once('=')?.1.to_owned())));
    if header.starts_with("Basic ")
        && let Some(login) = STANDARD.decode(value).ok().and_then(|login| String::from_utf8(login).ok())
    {
        parts.extend(login.split_once(':').map(|(_, password)| password.to_owned()));
        parts.push(login);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::{Scrub, is_secret_name};

    #[test]
    fn a_password_is_removed_in_each_of_its_forms() {
        let scrub = Scrub::new(["Basic YW5uYTpzZSJjcmV0"].into_iter(), None);
        assert_eq!(
            scrub.body(r#"{"login": "anna:se\"cret", "x": "se%22cret", "y": "c2UiY3JldA=="}"#),
            r#"{"login": "(removed)", "x": "(removed)", "y": "(removed)"}"#
        );
    }

    #[test]
    fn names_of_secrets_are_told_from_others() {
        for name in ["password", "client_secret", "refreshToken", "Authorization", "qcom:password", "X-Api-Key"] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["supplier", "secretary", "tokens_used", "description", "passed"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn a_body_without_secrets_stays_byte_for_byte() {
        let body = "{ \"a\":1.10,  \"token\": null }";
        assert_eq!(Scrub::new(std::iter::empty(), None).body(body), body);
    }
}
