//! One delivery at the door: whether it knows the secret, what it says, kept, answered.
//!
//! The other side waits for five seconds and then takes it for lost; after some losses it sends
//! nothing more for a while. So every step is bounded in time, and what cannot be kept in time
//! is answered with 503: it comes again. Whoever does not know the secret learns nothing: not
//! what is there, and not what was wrong.

use super::counts::Counts;
use super::secret;
use crate::connector::{Connector, Receiving};
use crate::engine::mutant::{self, Mutant};
use crate::serve::{Customer, House};
use crate::store::audit::sha256;
use crate::store::{Batch, Delivery, DeliveryContent, DeliveryState, Operation};
use crate::value::{Span, Timestamp};
use crate::world::Clock;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use std::future::Future;
use std::sync::Arc;

/// In which a body must have come.
const READING: Span = Span::from_secs(2);

/// In which it must be on disk.
const KEEPING: Span = Span::from_millis(2_500);

/// No body is longer, whatever the connector allows.
const LONGEST: usize = 64 << 10;

/// When so many wait already, the other side is to wait too.
const MOST: usize = 100_000;

/// Of a body that cannot be read, so much is kept.
const BEGINNING: usize = 2_000;

/// A longer id is known by its hash.
const LONGEST_ID: usize = 120;

/// Where a delivery goes to.
struct Line {
    customer: Arc<Customer>,
    connection: String,
    connector: Arc<dyn Connector>,
    receiving: Receiving,
}

pub async fn receive(
    State(house): State<Arc<House>>,
    Path((driver, place)): Path<(String, String)>,
    request: Request,
) -> Response {
    let counts = &house.webhooks;
    let line = line(&house, &driver, &place);
    if !knows_secret(line.as_ref(), request.headers()) {
        Counts::one(&counts.forged);
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Some(line) = line else { return StatusCode::UNAUTHORIZED.into_response() };
    let clock = house.outside.clock.as_ref();
    let limit = line.receiving.body_limit.min(LONGEST);
    let (parts, body) = request.into_parts();
    let read = within(clock, READING, whole(&parts.headers, limit, body)).await;
    let body = match read {
        Some(Ok(body)) => body,
        Some(Err(Unfit::TooLarge)) => {
            Counts::one(&counts.too_large);
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        }
        Some(Err(Unfit::Broken)) => {
            Counts::one(&counts.broken);
            return StatusCode::BAD_REQUEST.into_response();
        }
        None => {
            Counts::one(&counts.too_slow);
            return StatusCode::REQUEST_TIMEOUT.into_response();
        }
    };
    let received = clock.now();
    let delivery = delivery(&line, &body, received);
    match keep(&house, &line, delivery).await {
        Kept::New => {
            Counts::one(&counts.received);
            counts.durable.add(clock.now().since(received));
            StatusCode::OK.into_response()
        }
        Kept::Known => {
            Counts::one(&counts.duplicate);
            StatusCode::OK.into_response()
        }
        Kept::Not => {
            Counts::one(&counts.refused);
            again()
        }
    }
}

/// The connection that the path names, if it is there and can be told by deliveries.
fn line(house: &House, driver: &str, place: &str) -> Option<Line> {
    let (pipeline, name) = place.rsplit_once('.')?;
    let customer = house.customer(pipeline)?;
    let opened = customer.opened();
    let connection = opened.setup.program.connections().iter().find(|connection| *connection.name == *name)?;
    let receiving = connection.driver.webhook.filter(|_| connection.driver.name == driver)?;
    let connector = Arc::clone(opened.setup.connections.get(name)?);
    Some(Line { customer, connection: name.to_owned(), connector, receiving })
}

/// The same work whether there is such a connection or not.
fn knows_secret(line: Option<&Line>, headers: &HeaderMap) -> bool {
    let name = line.map_or(header::AUTHORIZATION.as_str(), |line| line.receiving.secret_header);
    let offered = headers.get(name).map_or(&b""[..], HeaderValue::as_bytes);
    secret::is_one_of(offered, line.map_or(&[], |line| line.connector.webhook_secrets()))
}

enum Unfit {
    TooLarge,
    /// It is empty, or broke off.
    Broken,
}

async fn whole(headers: &HeaderMap, limit: usize, body: Body) -> Result<Vec<u8>, Unfit> {
    let said = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if said.is_some_and(|length| length > limit) {
        return Err(Unfit::TooLarge);
    }
    let mut pieces = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Unfit::Broken)?;
        if bytes.len() + piece.len() > limit {
            return Err(Unfit::TooLarge);
        }
        bytes.extend_from_slice(&piece);
    }
    if bytes.is_empty() { Err(Unfit::Broken) } else { Ok(bytes) }
}

/// What is kept of it. One that cannot be read is known by its bytes.
fn delivery(line: &Line, body: &[u8], received: Timestamp) -> Delivery {
    let (id, content) = match (line.receiving.read)(body) {
        Ok(notice) => {
            let id = id(&notice.delivery);
            match serde_json::to_value(&notice) {
                Ok(notice) => (id, DeliveryContent::Notice(notice)),
                Err(error) => (id, unreadable(body, error.to_string())),
            }
        }
        Err(error) => (format!("unreadable-{}", sha256(body)), unreadable(body, error.message)),
    };
    Delivery { connection: line.connection.clone(), id, received, content, state: DeliveryState::Waiting }
}

fn unreadable(body: &[u8], why: String) -> DeliveryContent {
    let beginning = String::from_utf8_lossy(&body[..body.len().min(BEGINNING)]).into_owned();
    DeliveryContent::Unreadable { why, bytes: body.len() as u64, beginning }
}

fn id(named: &str) -> String {
    let plain = !named.is_empty() && named.len() <= LONGEST_ID && !named.chars().any(char::is_control);
    if plain { named.to_owned() } else { format!("sha256-{}", sha256(named.as_bytes())) }
}

enum Kept {
    New,
    /// One of its id is on disk.
    Known,
    Not,
}

/// On disk, if the answer is not [`Kept::Not`]. One that is known goes to the writer too: it may
/// be known only since a moment ago, and not be on disk yet.
async fn keep(house: &House, line: &Line, delivery: Delivery) -> Kept {
    let store = line.customer.store();
    let known = matches!(store.delivery(&delivery.connection, &delivery.id), Ok(Some(_)));
    if !known && line.customer.index.waiting.len() >= MOST {
        return Kept::Not;
    }
    let told = match &delivery.content {
        DeliveryContent::Unreadable { why, .. } if !known => Some((why.clone(), delivery.id.clone())),
        _ => None,
    };
    let operations = vec![Operation::ReceiveDelivery(Box::new(delivery))];
    // In a task of its own: whoever stops waiting for it, it is kept and known to be waiting.
    let kept = tokio::spawn(async move { store.commit(Batch { operations, events: Vec::new() }).await });
    if mutant::is(Mutant::AnswerFirst) {
        return Kept::New;
    }
    match within(house.outside.clock.as_ref(), KEEPING, kept).await {
        Some(Ok(Ok(_))) => {}
        Some(Ok(Err(error))) => {
            tracing::error!(pipeline = line.customer.name, "a webhook delivery cannot be kept: {error}");
            return Kept::Not;
        }
        Some(Err(_)) | None => return Kept::Not,
    }
    if let Some((why, id)) = told {
        Counts::one(&house.webhooks.unreadable);
        let (pipeline, connection) = (&line.customer.name, &line.connection);
        tracing::warn!(pipeline, connection, id, "a webhook delivery cannot be read: {why}");
    }
    if known { Kept::Known } else { Kept::New }
}

/// What it comes to, if it comes to it in time. What it began goes on.
async fn within<T>(clock: &dyn Clock, span: Span, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        done = work => Some(done),
        () = clock.sleep(span) => None,
    }
}

fn again() -> Response {
    let mut response = StatusCode::SERVICE_UNAVAILABLE.into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}
