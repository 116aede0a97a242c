//! HTTP over the real network.
//!
//! Takes one [`HttpRequest`] and makes one attempt: no redirect, no retry. Invariant:
//! `maybe_sent` is false only if the request cannot have left this machine, and no
//! message holds a path, a query or a header value.

use crate::world::{HttpRequest, HttpResponse, Method, Transport, TransportError};
use async_trait::async_trait;
use reqwest::{Client, ClientBuilder, Url};
use rustls::crypto::ring;
use std::error::Error as StdError;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// The most bytes of an answer, unpacked: 64 MiB.
const LARGEST: usize = 64 << 20;

/// For finding the host, the connection and TLS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Idle connections are given up before most servers do it: a request that goes out on
/// one that is just being closed is a request whose fate is not known.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Keeps connections open between requests.
pub struct HttpTransport {
    /// Through the proxy where the environment names one. The error is a sentence.
    outside: Result<Client, String>,
    /// For this machine itself, never through a proxy.
    inside: Result<Client, String>,
}

impl HttpTransport {
    pub fn new() -> Self {
        Self { outside: client(|builder| builder), inside: client(ClientBuilder::no_proxy) }
    }

    fn client(&self, url: &Url) -> Result<&Client, TransportError> {
        let client = if is_this_machine(url) { &self.inside } else { &self.outside };
        client.as_ref().map_err(|sentence| not_sent(sentence.clone()))
    }
}

impl Default for HttpTransport {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let url = parse(&request.url)?;
        let host = host(&url);
        let client = self.client(&url)?;
        let prepared = prepare(client, url, &host, request)?;
        let limit = prepared.timeout().copied().unwrap_or_default();
        let answer = client.execute(prepared).await.map_err(|error| unanswered(&host, limit, &error))?;
        receive(answer, &host, limit).await
    }
}

/// What all encrypted connections of this process are encrypted with.
pub fn choose_cryptography() {
    // Fails only if it was chosen already.
    let _ = ring::default_provider().install_default();
}

/// Trusts what the machine trusts, so that a company's own authority is accepted; on a
/// machine without any, the roots that ship with the program.
fn client(adapt: fn(ClientBuilder) -> ClientBuilder) -> Result<Client, String> {
    choose_cryptography();
    let builder = || {
        adapt(Client::builder())
            .user_agent(concat!("mlc/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
    };
    let built = builder().build().or_else(|_| builder().tls_backend_preconfigured(shipped_roots()).build());
    built.map_err(|error| format!("the HTTP client cannot be made: {}", root_cause(&error)))
}

fn shipped_roots() -> rustls::ClientConfig {
    let roots: rustls::RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows the default protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn parse(text: &str) -> Result<Url, TransportError> {
    // The text is not repeated: a query may hold a secret.
    let url = Url::parse(text).map_err(|error| not_sent(format!("the address of a request is not a URL: {error}")))?;
    match (url.scheme(), url.host_str()) {
        ("http" | "https", Some(_)) => Ok(url),
        (scheme, _) => Err(not_sent(format!("an address begins with `{scheme}:`, not with https:// or http://"))),
    }
}

/// Host and port, for people.
fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

fn is_this_machine(url: &Url) -> bool {
    let name = url.host_str().unwrap_or_default();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn prepare(client: &Client, url: Url, host: &str, request: HttpRequest) -> Result<reqwest::Request, TransportError> {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    };
    let mut builder = client.request(method, url).timeout(request.timeout);
    for (name, value) in &request.headers {
        let value = reqwest::header::HeaderValue::from_str(value);
        let value = value.map_err(|_| not_sent(format!("the header {name} for {host} holds a forbidden character")))?;
        builder = builder.header(name.as_str(), value);
    }
    if !request.body.is_empty() || request.method != Method::Get {
        builder = builder.body(request.body);
    }
    builder.build().map_err(|error| not_sent(format!("the request to {host} cannot be made: {}", root_cause(&error))))
}

async fn receive(mut answer: reqwest::Response, host: &str, limit: Duration) -> Result<HttpResponse, TransportError> {
    let status = answer.status().as_u16();
    let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| broken_off(host, limit, body.len(), &error))? {
        if body.len() + chunk.len() > LARGEST {
            return Err(lost(format!("the answer of {host} is larger than {} MiB", LARGEST >> 20)));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(HttpResponse { status, headers, body })
}

/// No answer came.
fn unanswered(host: &str, limit: Duration, error: &reqwest::Error) -> TransportError {
    if error.is_connect() {
        return unreachable(host, error);
    }
    if error.is_builder() {
        return not_sent(format!("the request to {host} cannot be made: {}", root_cause(error)));
    }
    if error.is_timeout() {
        return late(host, limit);
    }
    lost(format!("{host} closed the connection before it answered ({})", root_cause(error)))
}

/// There was never a connection over which a request could have gone.
fn unreachable(host: &str, error: &reqwest::Error) -> TransportError {
    let cause = root_cause(error);
    if error.is_timeout() {
        let message = format!("no connection to {host} within {} s", CONNECT_TIMEOUT.as_secs());
        return TransportError { timeout: true, ..not_sent(message) };
    }
    if error.is_dns() || cause.contains("lookup address") {
        return not_sent(format!("the host {host} is not known ({cause})"));
    }
    if causes(error).any(|cause| cause.is::<rustls::Error>()) {
        return not_sent(format!("no trusted connection to {host}: {cause}"));
    }
    not_sent(format!("no connection to {host}: {cause}"))
}

fn broken_off(host: &str, limit: Duration, received: usize, error: &reqwest::Error) -> TransportError {
    if error.is_timeout() {
        return late(host, limit);
    }
    lost(format!("the answer of {host} broke off after {received} bytes ({})", root_cause(error)))
}

fn late(host: &str, limit: Duration) -> TransportError {
    let limit = crate::value::render_duration(limit);
    TransportError { timeout: true, ..lost(format!("no whole answer from {host} within {limit}")) }
}

fn not_sent(message: String) -> TransportError {
    TransportError { maybe_sent: false, timeout: false, message }
}

fn lost(message: String) -> TransportError {
    TransportError { maybe_sent: true, timeout: false, message }
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |cause| cause_of(*cause))
}

/// An I/O error names its inner error's source as its own, and so leaves out the inner error.
fn cause_of<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// The innermost error: the outer ones repeat the address.
fn root_cause(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| "no reason given".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests;
