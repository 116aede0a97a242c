//! How the API takes and answers: objects, and errors that say how to mend them.

use crate::serve::http::Caller;
use crate::serve::{Customer, House};
use crate::store::StoreError;
use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Why a request is not answered as it hoped.
#[derive(Debug)]
pub struct Wrong {
    pub status: StatusCode,
    pub message: String,
    pub mend: String,
}

impl Wrong {
    pub fn new(status: StatusCode, message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { status, message: message.into(), mend: mend.into() }
    }

    pub fn not_found(message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message, mend)
    }

    pub fn bad(message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message, mend)
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": { "message": self.message, "mend": self.mend } }))).into_response()
    }
}

impl From<StoreError> for Wrong {
    fn from(error: StoreError) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error.message, error.hint)
    }
}

/// The customer of this name, if the caller may know that it is there.
pub fn customer(house: &House, caller: &Caller, name: &str) -> Result<Arc<Customer>, Wrong> {
    let customer = house.customer(name).filter(|_| caller.sees(name));
    customer.ok_or_else(|| {
        Wrong::not_found(format!("there is no pipeline `{name}`"), "GET /api/v1/pipelines names those that you may see")
    })
}

/// The parts of the path.
pub struct At<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for At<T> {
    type Rejection = Wrong;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Wrong> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(inner)| Self(inner)).map_err(|error| Wrong::bad(error.body_text(), "see /api/v1/openapi.json"))
    }
}

/// What stands behind the `?`.
pub struct Asked<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Wrong;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Wrong> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(inner)| Self(inner)).map_err(|error| Wrong::bad(error.body_text(), "see /api/v1/openapi.json"))
    }
}

/// The object that was sent.
pub struct Sent<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = Wrong;

    async fn from_request(request: Request, state: &S) -> Result<Self, Wrong> {
        let wrong = |status: StatusCode, what: String| Wrong::new(status, what, "see /api/v1/openapi.json");
        let body = Json::<Map<String, Value>>::from_request(request, state).await;
        // By way of an object: a list of its values in their order would be taken for it too.
        let Json(body) = body.map_err(|error| wrong(error.status(), error.body_text()))?;
        let inner = serde_json::from_value(Value::Object(body));
        inner.map(Self).map_err(|error| wrong(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))
    }
}
