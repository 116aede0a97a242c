//! Requests: headers, workspace, session, and the few requests in flight that a tenant bears.
//!
//! Takes a path below the base address, a query and a body; hands on the JSON of the
//! answer. A rejected token is renewed once and then signed in for once, before the
//! request fails; such a request was not carried out, so a write may be sent again.

use super::auth::{Renewal, Sessions, signal};
use super::error::{self, Purpose};
use super::profile::Profile;
use super::query::Query;
use crate::connector::{Effect, Error, Noting, Wire};
use crate::value::{Record, Span, Value, to_json_string};
use crate::world::{HttpRequest, HttpResponse, Method};
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;

/// Names domain and entity.
const WORKSPACE: &str = "x-qad-workspace-id";

/// Carries requests to one tenant.
pub struct Client {
    wire: Wire,
    base: String,
    workspace: String,
    user_agent: String,
    language: String,
    timeout: Span,
    sessions: Sessions,
    permits: Semaphore,
}

struct Call<'a> {
    method: Method,
    path: &'a str,
    query: &'a Query,
    body: Vec<u8>,
}

impl Client {
    /// `workspace` is `{domain}_{entity}`: without it, QAD works in the user's default entity.
    pub fn new(wire: Wire, base: &str, workspace: String, profile: &Profile, sessions: Sessions) -> Self {
        Self {
            wire,
            base: base.to_owned(),
            workspace,
            user_agent: profile.http.user_agent.clone(),
            language: profile.http.language.clone(),
            timeout: profile.timeout(),
            sessions,
            permits: Semaphore::new(profile.http.concurrency),
        }
    }

    /// As [`Sessions::forgive`].
    pub fn forgive(&self) {
        self.sessions.forgive();
    }

    /// Reads; `None` for an answer without a body.
    pub async fn get(&self, path: &str, query: &Query) -> Result<Option<Value>, Error> {
        let call = Call { method: Method::Get, path, query, body: Vec::new() };
        self.exchange(&call, Purpose::Read).await
    }

    /// Creates or updates; `None` for an answer without a body, which some writes give.
    pub async fn post(&self, path: &str, query: &Query, body: Record) -> Result<Option<Value>, Error> {
        let body = to_json_string(&Value::record(body)).into_bytes();
        let call = Call { method: Method::Post, path, query, body };
        self.exchange(&call, Purpose::Write).await
    }

    /// An error that repeats what QAD said, without what it may have repeated of the secrets.
    pub fn veiled(&self, error: Error) -> Error {
        self.sessions.veil().error(error)
    }

    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Reads; the answer as it is, whatever it says.
    pub async fn response(&self, path: &str, query: &Query) -> Result<HttpResponse, Error> {
        self.answered(&Call { method: Method::Get, path, query, body: Vec::new() }, Purpose::Read).await
    }

    async fn exchange(&self, call: &Call<'_>, purpose: Purpose) -> Result<Option<Value>, Error> {
        let response = self.answered(call, purpose).await?;
        error::body_of(&response, purpose, self.wire.clock.now())
    }

    async fn answered(&self, call: &Call<'_>, purpose: Purpose) -> Result<HttpResponse, Error> {
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let mut bearer = self.sessions.bearer().await?;
        let mut response = self.send(call, bearer.value.token().expose_secret(), purpose).await?;
        for how in [Renewal::Refresh, Renewal::Login] {
            if response.status != 401 {
                break;
            }
            bearer = self.sessions.renewed(&bearer, how).await?;
            response = self.send(call, bearer.value.token().expose_secret(), purpose).await?;
        }
        self.sessions.used();
        Ok(self.sessions.veil().response(response))
    }

    async fn send(&self, call: &Call<'_>, token: &str, purpose: Purpose) -> Result<HttpResponse, Error> {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut headers = vec![
            header("Authorization", &format!("Bearer {token}")),
            header(WORKSPACE, &self.workspace),
            header("Accept", "application/json"),
            header("Accept-Language", &self.language),
            header("User-Agent", &self.user_agent),
        ];
        if !call.body.is_empty() {
            headers.push(header("Content-Type", "application/json"));
        }
        let request = HttpRequest {
            method: call.method,
            url: format!("{}{}?{}", self.base, call.path, call.query.encoded()),
            headers,
            body: call.body.clone(),
            timeout: self.timeout,
        };
        let noting = Noting { headers: &[WORKSPACE], veil: Some(self.sessions.veil()) };
        self.wire.send_noted(request, noting, signal).await.map_err(|error| match purpose {
            Purpose::Read => error.effect(Effect::None),
            Purpose::Write => error,
        })
    }
}
