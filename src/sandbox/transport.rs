//! HTTP in memory: a request is carried to the fake whose host it names, through the
//! faults that were asked for. Nothing leaves the process.

use super::faults::{Fault, Faults, refusal, torn};
use super::station::Station;
use crate::value::Span;
use crate::world::{Clock, HttpRequest, HttpResponse, Transport, TransportError};
use async_trait::async_trait;
use std::sync::Arc;

/// How long a fake takes for an answer, in its own time.
const LATENCY: Span = Span::from_millis(150);
/// And how long when it is slow.
const SLOW: Span = Span::from_secs(20);

pub struct MemoryTransport {
    pub stations: Arc<Vec<Station>>,
    pub faults: Arc<Faults>,
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Transport for MemoryTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let host = host(&request.url);
        let Some(station) = self.stations.iter().find(|station| self::host(&station.base_url) == host) else {
            return Err(lost(false, false, format!("the sandbox has no host {host} and reaches nothing outside")));
        };
        let fault = self.faults.decide(&request);
        self.clock.sleep(if fault == Some(Fault::Slow) { SLOW } else { LATENCY }).await;
        match fault {
            Some(Fault::Status(status)) => Ok(refusal(status)),
            Some(Fault::Timeout) => {
                self.clock.sleep(request.timeout).await;
                let waited = crate::value::render_duration(request.timeout);
                Err(lost(true, true, format!("no answer from {host} within {waited}")))
            }
            Some(Fault::Lost) => {
                self.answer(station, &request)?;
                Err(lost(true, false, format!("the connection to {host} broke before the answer came")))
            }
            Some(Fault::Torn) => Ok(torn(self.answer(station, &request)?)),
            Some(Fault::Slow) | None => self.answer(station, &request),
        }
    }
}

impl MemoryTransport {
    fn answer(&self, station: &Station, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        // The fake knows the change, its journal does not: nobody can tell whether it holds.
        let now = self.clock.now();
        let mut response = station.answer(request, now).map_err(|error| lost(true, false, error.message))?;
        // As every server does.
        response.headers.extend(now.http_date().map(|date| ("Date".to_owned(), date)));
        Ok(response)
    }
}

/// `https://a.example/b` has `a.example`.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

fn lost(maybe_sent: bool, timeout: bool, message: String) -> TransportError {
    TransportError { maybe_sent, timeout, message }
}
