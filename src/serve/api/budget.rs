//! What is left of the calls that each system allows.

use super::answer::{At, Wrong, customer};
use crate::connector::Pace as _;
use crate::serve::House;
use crate::serve::http::Caller;
use axum::extract::State;
use axum::{Extension, Json};
use serde_json::{Value, json};
use std::sync::Arc;

pub async fn of(
    State(house): State<Arc<House>>,
    Extension(caller): Extension<Caller>,
    At(pipeline): At<String>,
) -> Result<Json<Value>, Wrong> {
    let customer = customer(&house, &caller, &pipeline)?;
    let opened = customer.opened();
    let connections = opened.setup.paces.iter().map(|(name, pace)| {
        let windows = pace.allowances().into_iter();
        json!({
            "connection": name,
            "requests": pace.requests(),
            "windows": windows.map(|window| json!({
                "limit": window.limit, "used": window.used, "ends": window.ends,
            })).collect::<Vec<_>>(),
        })
    });
    Ok(Json(json!({ "connections": connections.collect::<Vec<_>>() })))
}
