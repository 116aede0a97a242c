//! Messages out and answers in: one agent at a time, and no try after a refused login.
//!
//! Takes a document or a call of the tenant's own service; hands on what the answer's
//! envelope holds. Invariant: no error that leaves this file repeats the password.

use super::super::error::{self, Purpose};
use super::super::profile::Profile;
use super::envelope;
use super::faults::{self, Fault};
use super::profile::Qxtend;
use super::session::{Context, Login};
use super::turns;
use super::xml::{self, Element};
use crate::connector::{Effect, Error, ErrorKind, Permanence, Wire};
use crate::value::Timestamp;
use crate::world::{HttpRequest, HttpResponse, Method};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Carries messages to one tenant.
pub struct Client {
    wire: Wire,
    /// Scheme, host and port.
    host: String,
    style: Qxtend,
    user_agent: String,
    language: String,
    domain: String,
    entity: String,
    login: Login,
    /// Shared with whatever else leads to this tenant.
    permits: Arc<Semaphore>,
    refused: Mutex<Option<Error>>,
}

/// One document to send.
pub struct Outgoing<'a> {
    pub element: &'a str,
    pub context: Context<'a>,
    pub rest: Vec<Element>,
    pub purpose: Purpose,
}

/// Where a message goes.
struct Destination {
    url: String,
    authorization: Option<(String, String)>,
}

impl Client {
    pub fn new(wire: Wire, url: &str, profile: &Profile, domain: String, entity: String, login: Login) -> Self {
        let permits = turns::of(&wire.transport, host(url), profile.qxtend.concurrency);
        Self {
            wire,
            host: host(url).to_owned(),
            style: profile.qxtend.clone(),
            user_agent: profile.http.user_agent.clone(),
            language: profile.http.language.clone(),
            domain,
            entity,
            login,
            permits,
            refused: Mutex::default(),
        }
    }

    /// Sends a document; hands on its response element.
    pub async fn document(&self, outgoing: Outgoing<'_>) -> Result<Element, Error> {
        let context = self.login.context(&self.style, &self.domain, &self.entity, outgoing.context);
        let message = envelope::document(&self.style, outgoing.element, context, outgoing.rest);
        let webapp = self.style.webapp.trim_matches('/');
        let to = Destination {
            url: format!("{}/{webapp}{}", self.host, self.style.path),
            authorization: self.login.header(),
        };
        self.exchange(&message, to, outgoing.purpose).await
    }

    /// Calls a procedure of the tenant's own service, which only reads.
    pub async fn call(&self, procedure: &str, parameters: Vec<Element>) -> Result<Element, Error> {
        let service = &self.style.custom_service;
        let message = envelope::call(&service.namespace, procedure, parameters);
        let to = Destination { url: format!("{}{}", self.host, service.path), authorization: Some(self.login.basic()) };
        self.exchange(&message, to, Purpose::Read).await
    }

    /// A text of the other side as it may be shown.
    pub fn scrubbed(&self, text: &str) -> String {
        self.login.scrubbed(text)
    }

    pub fn now(&self) -> Timestamp {
        self.wire.clock.now()
    }

    pub fn domain(&self) -> &str {
        &self.domain
    }

    pub fn entity(&self) -> &str {
        &self.entity
    }

    async fn exchange(&self, message: &Element, to: Destination, purpose: Purpose) -> Result<Element, Error> {
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        // The next try with a refused password could lock the account.
        if let Some(error) = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Err(error);
        }
        let response = self.send(message, to, purpose).await?;
        let content = self.content(&response, purpose).map_err(|mut error| {
            error.message = self.login.scrubbed(&error.message);
            error
        });
        if let Err(error) = &content
            && error.kind == ErrorKind::Credentials
        {
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
        }
        content
    }

    async fn send(&self, message: &Element, to: Destination, purpose: Purpose) -> Result<HttpResponse, Error> {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut headers = vec![
            header("Content-Type", "text/xml; charset=utf-8"),
            // Empty, and yet it must be there.
            header("SOAPAction", "\"\""),
            header("Accept", "text/xml"),
            header("Accept-Language", &self.language),
            header("User-Agent", &self.user_agent),
        ];
        headers.extend(to.authorization);
        let request = HttpRequest {
            method: Method::Post,
            url: to.url,
            headers,
            body: xml::write(message),
            timeout: self.style.timeout(),
        };
        self.login.noted(&self.wire, request).await.map_err(|error| match purpose {
            Purpose::Read => error.effect(Effect::None),
            Purpose::Write => error,
        })
    }

    /// What the envelope holds. A status other than a good one may come with a fault.
    fn content(&self, response: &HttpResponse, purpose: Purpose) -> Result<Element, Error> {
        let now = self.wire.clock.now();
        let good = (200..300).contains(&response.status);
        if (!good && response.status != 500) || error::is_html(response) {
            return Err(faults::of_status(response, purpose, now));
        }
        let root = match xml::read(&response.body) {
            Ok(root) => root,
            Err(_) if !good => return Err(faults::of_status(response, purpose, now)),
            Err(problem) => {
                return Err(Error::new(
                    ErrorKind::Malformed,
                    Permanence::Temporary,
                    format!("QAD's answer is {problem}"),
                )
                .mend("if this goes on, ask whoever runs QXtend what stands between the integration and it")
                .status(response.status)
                .effect(purpose.effect()));
            }
        };
        let Some(content) = envelope::content(&root) else { return Err(faults::of_status(response, purpose, now)) };
        match Fault::of(content) {
            Some(fault) => Err(fault.error(purpose, response.status)),
            None => Ok(content.clone()),
        }
    }
}

/// `https://acme.erp.example/clouderp` has `https://acme.erp.example`.
fn host(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    url.get(start..).and_then(|rest| rest.find('/')).map_or(url, |slash| &url[..start + slash])
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn only_the_host_of_an_address_counts() {
        assert_eq!(host("https://a.example:22079/clouderp/x"), "https://a.example:22079");
        assert_eq!(host("https://a.example"), "https://a.example");
    }
}
