//! What somebody sent with a form. That it came from a page of ours was looked at before.

use super::visit::Here;
use crate::serve::House;
use crate::store::RecordId;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::Response;
use std::sync::Arc;

pub struct Sent {
    pub here: Here,
    fields: Vec<(String, String)>,
}

impl Sent {
    /// Without the white space around it; empty for a field that was not sent.
    pub fn text(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, text)| text.trim())
    }

    /// The records that were ticked, each once.
    pub fn records(&self) -> Vec<RecordId> {
        let mut records = Vec::new();
        for (_, text) in self.fields.iter().filter(|(name, _)| name == "record") {
            if let Some((flow, key)) = text.split_once('/') {
                let id = RecordId { flow: flow.to_owned(), key: key.to_owned() };
                if !records.contains(&id) {
                    records.push(id);
                }
            }
        }
        records
    }
}

impl FromRequest<Arc<House>> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, house: &Arc<House>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let here = Here::from_request_parts(&mut parts, house).await?;
        let bytes = Bytes::from_request(Request::from_parts(parts, body), house).await.unwrap_or_default();
        let fields = form_urlencoded::parse(&bytes).into_owned().collect();
        Ok(Self { here, fields })
    }
}
