//! Yes, no, again, and now.

use super::answer::{At, Sent, Wrong, customer};
use super::pipelines::name;
use crate::program::Flow;
use crate::serve::House;
use crate::serve::act::{self, ActError, ActErrorKind, Again};
use crate::serve::http::Caller;
use crate::store::{RecordEntry, RecordId};
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use std::sync::Arc;

impl From<ActError> for Wrong {
    fn from(error: ActError) -> Self {
        let status = match error.kind {
            ActErrorKind::Unknown => StatusCode::NOT_FOUND,
            ActErrorKind::Wrong => StatusCode::BAD_REQUEST,
            ActErrorKind::Conflict => StatusCode::CONFLICT,
            ActErrorKind::Busy | ActErrorKind::World => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, error.message, error.mend)
    }
}

/// One record, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    #[serde(deserialize_with = "named")]
    record: RecordId,
    #[serde(default)]
    because: String,
    /// As `seen` of the record was when the decision was made.
    seen: Option<String>,
}

pub async fn approve(
    State(house): State<Arc<House>>,
    Extension(caller): Extension<Caller>,
    At(pipeline): At<String>,
    Sent(wanted): Sent<Decide>,
) -> Result<Json<Value>, Wrong> {
    let customer = customer(&house, &caller, &pipeline)?;
    let entry = act::approve(&customer, &caller, &wanted.record, &wanted.because, wanted.seen).await?;
    Ok(Json(json!({ "record": entry })))
}

pub async fn reject(
    State(house): State<Arc<House>>,
    Extension(caller): Extension<Caller>,
    At(pipeline): At<String>,
    Sent(wanted): Sent<Decide>,
) -> Result<Json<Value>, Wrong> {
    let customer = customer(&house, &caller, &pipeline)?;
    let entry = act::reject(&customer, &caller, &wanted.record, &wanted.because, wanted.seen).await?;
    Ok(Json(json!({ "record": entry })))
}

/// Records, and how they are tried again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    #[serde(deserialize_with = "all_named")]
    records: Vec<RecordId>,
    #[serde(default)]
    because: String,
    #[serde(default)]
    afresh: bool,
    /// Say what would be sent, and send nothing.
    #[serde(default)]
    preview: bool,
    /// As `shown` of a preview was: nothing else is sent.
    shown: Option<String>,
}

pub async fn replay(
    State(house): State<Arc<House>>,
    Extension(caller): Extension<Caller>,
    At(pipeline): At<String>,
    Sent(wanted): Sent<Replay>,
) -> Result<Json<Value>, Wrong> {
    let customer = customer(&house, &caller, &pipeline)?;
    let again = Again { records: wanted.records, afresh: wanted.afresh, because: wanted.because };
    let replayed = if wanted.preview {
        act::preview(&customer, &caller, &again).await?
    } else {
        // Whoever asked may go away: what was begun comes to its end.
        let shown = wanted.shown;
        let replaying = async move { act::replay(&customer, &caller, &again, shown.as_deref()).await };
        tokio::spawn(replaying).await.unwrap_or_else(|error| Err(ActError::broken(&error)))?
    };
    let records = replayed.records.iter().map(|record| {
        json!({
            "before": brief(&record.before),
            "after": brief(&record.after),
            "outcome": name(record.outcome),
            "sent": record.sent.as_ref().map(|draft| json!({
                "target": draft.target, "target_hash": draft.target_hash, "key": draft.key, "changes": draft.changes,
            })),
        })
    });
    let records: Vec<Value> = records.collect();
    Ok(Json(json!({
        "preview": wanted.preview, "shown": act::shown_as(&replayed), "records": records, "report": replayed.report,
    })))
}

fn brief(entry: &RecordEntry) -> Value {
    json!({
        "flow": entry.id.flow, "key": entry.id.key, "outcome": name(entry.outcome), "reason": entry.reason,
        "mend": entry.mend, "reference": entry.reference, "amount": entry.amount,
    })
}

/// Which flows.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Flows {
    flows: Vec<String>,
}

pub async fn run(
    State(house): State<Arc<House>>,
    Extension(caller): Extension<Caller>,
    At(pipeline): At<String>,
    Sent(wanted): Sent<Flows>,
) -> Result<Json<Value>, Wrong> {
    let customer = customer(&house, &caller, &pipeline)?;
    let opened = customer.opened();
    let known: Vec<&str> = opened.setup.program.flows().iter().map(Flow::name).collect();
    if let Some(unknown) = wanted.flows.iter().find(|flow| !known.contains(&flow.as_str())) {
        let mend = format!("it has: {}", known.join(", "));
        return Err(Wrong::not_found(format!("the pipeline has no flow `{unknown}`"), mend));
    }
    let report = act::run(&customer, &caller, wanted.flows).await?;
    Ok(Json(json!({ "report": report })))
}

/// One record, named by an object: a list of flow and key would be taken for it too.
fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RecordId, D::Error> {
    id(Map::deserialize(deserializer)?)
}

fn all_named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RecordId>, D::Error> {
    Vec::<Map<String, Value>>::deserialize(deserializer)?.into_iter().map(id).collect()
}

fn id<E: serde::de::Error>(object: Map<String, Value>) -> Result<RecordId, E> {
    serde_json::from_value(Value::Object(object)).map_err(E::custom)
}
