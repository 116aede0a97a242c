//! The session context: who asks, where, and under which version of a document.
//!
//! Invariant: a name or password never leaves this file but in the message itself; what
//! others print goes through [`Login::scrubbed`].

use super::super::auth::signal;
use super::profile::{Credentials, Qxtend};
use super::xml::Element;
use crate::connector::{Error, ErrorKind, Noting, Permanence, Wire};
use crate::world::{Credential, HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

/// The user of the integration.
pub struct Login {
    username: SecretString,
    password: SecretString,
    how: Credentials,
}

/// What a document says of itself, beside the user.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub version: &'a str,
    /// Only documents of the Financials API have one.
    pub action: Option<&'a str>,
}

impl Login {
    /// The error names the credential field that is missing.
    pub fn new(credential: &Credential, how: Credentials) -> Result<Self, Error> {
        let field = |name: &str| {
            credential.get(name).cloned().ok_or_else(|| {
                Error::new(ErrorKind::Credentials, Permanence::Permanent, format!("the QAD credential has no `{name}`"))
                    .mend("put it where `credentials` of the connection points")
            })
        };
        Ok(Self { username: field("username")?, password: field("password")?, how })
    }

    /// The `Authorization` header, where the tenant wants one.
    pub fn header(&self) -> Option<(String, String)> {
        matches!(self.how, Credentials::Basic | Credentials::Both).then(|| self.basic())
    }

    /// The same, whether or not QXtend wants it.
    pub fn basic(&self) -> (String, String) {
        let login = format!("{}:{}", self.username.expose_secret(), self.password.expose_secret());
        ("Authorization".to_owned(), format!("Basic {}", STANDARD.encode(login)))
    }

    /// A text of the other side without what it may repeat of the user's secrets.
    pub fn scrubbed(&self, text: &str) -> String {
        let password = self.password.expose_secret();
        if password.trim().is_empty() { text.to_owned() } else { text.replace(password, "***") }
    }

    /// Sends a message that holds them; what is kept of it does not.
    pub async fn noted(&self, wire: &Wire, request: HttpRequest) -> Result<HttpResponse, Error> {
        let hidden = [self.password.expose_secret()];
        wire.send_noted(request, Noting { headers: &[], hidden: &hidden }, signal).await
    }

    /// `qcom:dsSessionContext`. Rows without a value are left out, but for the user's, which
    /// some receivers want to see empty.
    pub fn context(&self, style: &Qxtend, domain: &str, entity: &str, context: Context<'_>) -> Element {
        let inside = matches!(self.how, Credentials::Context | Credentials::Both);
        let secret = |secret: &SecretString| if inside { secret.expose_secret().to_owned() } else { String::new() };
        let flag = |flag: bool| if flag { "true" } else { "false" }.to_owned();
        let mut rows = vec![
            row("domain", domain.to_owned()),
            row("scopeTransaction", flag(style.scope_transaction)),
            row("version", context.version.to_owned()),
            row("mnemonicsRaw", flag(style.mnemonics_raw)),
            row("username", secret(&self.username)),
            row("password", secret(&self.password)),
        ];
        if let Some(action) = context.action {
            rows.push(row("action", action.to_owned()));
            rows.push(row("entity", entity.to_owned()));
        }
        Element::new("qcom:dsSessionContext").with_all(rows)
    }
}

fn row(name: &str, value: String) -> Element {
    Element::new("qcom:ttContext")
        .with(Element::leaf("qcom:propertyQualifier", "QAD"))
        .with(Element::leaf("qcom:propertyName", name))
        .with(Element::leaf("qcom:propertyValue", value))
}

/// The values of a context that was read, by their names; for the fake and for tests.
pub fn property<'a>(context: &'a Element, name: &str) -> Option<&'a str> {
    let rows = context.children.iter().filter(|row| row.name == "ttContext");
    let mut named = rows.filter(|row| row.text_of("propertyName") == name && row.text_of("propertyQualifier") == "QAD");
    named.next().map(|row| row.text_of("propertyValue"))
}
