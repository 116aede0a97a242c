//! What can go wrong on the way, aimed at one kind of request.

use async_trait::async_trait;
use mlc::sandbox::Sandbox;
use mlc::value::Span;
use mlc::world::{Clock, HttpRequest, HttpResponse, Method, Transport, TransportError};
use std::sync::{Arc, Mutex};

#[derive(Clone)]
pub enum Kind {
    /// Answered like this, and nothing took effect.
    Answer(u16, &'static [(&'static str, &'static str)], &'static str),
    /// Took effect, and the connection breaks before the answer.
    Lost,
    /// Took effect, and half of the answer arrives.
    Torn,
    /// Delivered twice by something on the way.
    Twice,
    /// Delivered so much later, in full.
    Later(Span),
}

#[derive(Clone)]
pub struct Mishap {
    on: fn(&HttpRequest) -> bool,
    times: usize,
    kind: Kind,
}

impl Mishap {
    pub fn new(on: fn(&HttpRequest) -> bool, times: usize, kind: Kind) -> Self {
        Self { on, times, kind }
    }
}

/// A new supplier invoice on its way to QAD.
pub fn posting(request: &HttpRequest) -> bool {
    request.method == Method::Post && request.url.contains("/supplierInvoices")
}

/// Invoices asked for in Procore.
pub fn reading(request: &HttpRequest) -> bool {
    request.method == Method::Get && request.url.contains("/requisitions")
}

/// The way through the sandbox, with mishaps.
pub struct Disturbed {
    inner: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    sandbox: Arc<Sandbox>,
    left: Mutex<Vec<Mishap>>,
}

impl Disturbed {
    pub fn new(sandbox: &Arc<Sandbox>, mishaps: Vec<Mishap>) -> Self {
        let world = sandbox.world();
        let (inner, clock) = (world.transport, world.clock);
        Self { inner, clock, sandbox: Arc::clone(sandbox), left: Mutex::new(mishaps) }
    }

    fn next(&self, request: &HttpRequest) -> Option<Kind> {
        let mut left = self.left.lock().expect("nobody panics with it");
        let mishap = left.iter_mut().find(|mishap| mishap.times > 0 && (mishap.on)(request))?;
        mishap.times -= 1;
        Some(mishap.kind.clone())
    }
}

#[async_trait]
impl Transport for Disturbed {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        match self.next(&request) {
            None => self.inner.send(request).await,
            Some(Kind::Answer(status, headers, body)) => Ok(HttpResponse {
                status,
                headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
                body: body.as_bytes().to_vec(),
            }),
            Some(Kind::Lost) => {
                self.inner.send(request).await?;
                let message = "the connection broke before the answer came".to_owned();
                Err(TransportError { maybe_sent: true, timeout: false, message })
            }
            Some(Kind::Torn) => {
                let mut answer = self.inner.send(request).await?;
                answer.body.truncate(answer.body.len() / 2);
                Ok(answer)
            }
            Some(Kind::Twice) => {
                self.inner.send(request.clone()).await?;
                self.inner.send(request).await
            }
            Some(Kind::Later(span)) => {
                self.sandbox.not_before(self.clock.now().plus(span));
                self.inner.send(request).await
            }
        }
    }
}
