//! The audit log.

use super::answer::{Asked, At, Wrong, customer};
use super::records::event;
use crate::serve::House;
use crate::serve::http::Caller;
use axum::extract::State;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

const LONGEST: usize = 1_000;
const USUAL: usize = 100;
/// The largest whole number that every reader of JSON keeps; no log has so many entries.
const LAST: u64 = (1 << 53) - 1;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wanted {
    /// The number of the first entry; without it, the latest ones are given.
    from: Option<u64>,
    limit: Option<usize>,
}

pub async fn list(
    State(house): State<Arc<House>>,
    Extension(caller): Extension<Caller>,
    At(pipeline): At<String>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Value>, Wrong> {
    let customer = customer(&house, &caller, &pipeline)?;
    let limit = wanted.limit.unwrap_or(USUAL);
    if limit == 0 || limit > LONGEST {
        return Err(Wrong::bad(format!("`limit` is {limit}"), format!("give a number from 1 to {LONGEST}")));
    }
    if let Some(from) = wanted.from.filter(|from| *from > LAST) {
        return Err(Wrong::bad(format!("`from` is {from}"), format!("give a number from 0 to {LAST}")));
    }
    let store = customer.store();
    let head = store.head()?;
    let latest = head.number.saturating_sub(limit as u64) + 1;
    let entries = store.audit(wanted.from.unwrap_or(latest).max(1), limit)?;
    let head = json!({ "number": head.number, "hash": head.hash });
    Ok(Json(json!({ "head": head, "entries": entries.iter().map(event).collect::<Vec<_>>() })))
}
