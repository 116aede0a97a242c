//! The OpenAPI document.

use axum::Json;
use serde_json::Value;
use std::sync::LazyLock;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_yaml::from_str(include_str!("openapi.yaml")).expect("the document is embedded, and a test reads it")
});

/// OpenAPI 3.1, as JSON.
pub fn document() -> &'static Value {
    &DOCUMENT
}

pub async fn answer() -> Json<&'static Value> {
    Json(document())
}
