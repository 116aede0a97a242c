//! Takes parcels to their readers. What cannot be delivered waits for the next look, is counted
//! and logged, and is given up only after two days, which is logged too.

use super::Means;
use super::meters::{Meters, Told};
use super::parcel::{Parcel, Reader};
use crate::model::{ALERTS_URL, Notices, Webhook};
use crate::value::{Span, Timestamp};
use crate::world::{HttpRequest, Letter, Method, Transport};
use futures_util::future::join_all;
use secrecy::{ExposeSecret as _, SecretString};

const TIMEOUT: Span = Span::from_secs(10);

/// Everything that a delivery needs of one customer.
pub struct Way<'a> {
    pub pipeline: &'a str,
    pub wanted: Option<&'a Notices>,
    pub transport: &'a dyn Transport,
    pub means: Option<&'a Means>,
    pub meters: &'a Meters,
}

/// Tries all that are due, side by side, and hands back those that are still to be delivered.
pub async fn deliver(way: &Way<'_>, parcels: Vec<Parcel>, now: Timestamp) -> Vec<Parcel> {
    let tried = parcels.into_iter().map(|parcel| attempt(way, parcel, now));
    join_all(tried).await.into_iter().flatten().collect()
}

/// `None` when it needs no further attempt.
async fn attempt(way: &Way<'_>, mut parcel: Parcel, now: Timestamp) -> Option<Parcel> {
    if !parcel.is_due(now) {
        return Some(parcel);
    }
    let (pipeline, kind, id) = (way.pipeline, parcel.kind, parcel.id.clone());
    let Err(why) = send(way, &parcel).await else {
        way.meters.notice(pipeline, kind, Told::Sent);
        tracing::info!(pipeline, message = id, kind = kind.word(), "told");
        return None;
    };
    if parcel.is_too_old(now) {
        way.meters.notice(pipeline, kind, Told::GivenUp);
        tracing::error!(pipeline, message = id, kind = kind.word(), subject = parcel.subject, why, "given up telling");
        return None;
    }
    way.meters.notice(pipeline, kind, Told::Failed);
    tracing::warn!(pipeline, message = id, kind = kind.word(), tries = parcel.tries + 1, why, "could not be told yet");
    parcel.failed(why, now);
    Some(parcel)
}

async fn send(way: &Way<'_>, parcel: &Parcel) -> Result<(), String> {
    match &parcel.to {
        Reader::Mail(address) => mail(way, parcel, address).await,
        Reader::Webhook(place) => webhook(way, parcel, *place).await,
    }
}

async fn mail(way: &Way<'_>, parcel: &Parcel, address: &str) -> Result<(), String> {
    let post = way.means.and_then(|means| means.post.as_ref());
    let post = post.ok_or_else(|| "no mail server is known: set MLC_SMTP_URL".to_owned())?;
    let letter = Letter {
        to: address.to_owned(),
        subject: parcel.subject.clone(),
        text: parcel.text.clone(),
        html: parcel.html.clone(),
    };
    post.send(&letter).await.map_err(|error| error.message)
}

/// Neither the address nor what the other side answers is repeated: both may hold a secret.
async fn webhook(way: &Way<'_>, parcel: &Parcel, place: usize) -> Result<(), String> {
    let wanted = way.wanted.and_then(|wanted| wanted.webhooks.get(place));
    let wanted = wanted.ok_or_else(|| "the pipeline does not name this webhook any more".to_owned())?;
    let request = HttpRequest {
        method: Method::Post,
        url: address(way, wanted)?.expose_secret().to_owned(),
        headers: vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("user-agent".to_owned(), concat!("mlc/", env!("CARGO_PKG_VERSION")).to_owned()),
            ("idempotency-key".to_owned(), parcel.id.clone()),
        ],
        body: parcel.body.to_string().into_bytes(),
        timeout: TIMEOUT,
    };
    match way.transport.send(request).await {
        Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
        Ok(answer) => Err(format!("the webhook answered with status {}", answer.status)),
        Err(error) if error.timeout => Err("the webhook did not answer in time".to_owned()),
        Err(_) => Err("the webhook cannot be reached".to_owned()),
    }
}

fn address(way: &Way<'_>, wanted: &Webhook) -> Result<SecretString, String> {
    let source = match wanted {
        Webhook::Address(address) => return Ok(address.clone()),
        Webhook::Credential(source) => source,
    };
    let means = way.means.ok_or_else(|| "this server cannot read the vault".to_owned())?;
    let credential = means.secrets.credential(source, &[ALERTS_URL]).map_err(|error| error.message)?;
    let address = credential.get(ALERTS_URL).cloned().ok_or_else(|| "the credential has no `url`".to_owned())?;
    let text = address.expose_secret();
    let safe = text.starts_with("https://")
        || ["http://localhost", "http://127.0.0.1", "http://[::1]"].iter().any(|here| {
            text.strip_prefix(here).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/', '?']))
        });
    if safe { Ok(address) } else { Err("the webhook's address is not https".to_owned()) }
}
