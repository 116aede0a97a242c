//! What is kept as evidence beside the events: payloads, and what went over the wire.

use crate::connector::Exchange;
use crate::connector::exchange::Body;
use crate::store::{Operation, Payload};
use serde_json::{Value as Json, json};

/// Evidence on its way into the store, with the events that name it.
#[derive(Default)]
pub(super) struct Evidence {
    payloads: Vec<Payload>,
}

impl Evidence {
    /// Keeps the payload; how an event names it.
    pub fn keep(&mut self, payload: Payload) -> Json {
        let reference = payload.reference();
        self.payloads.push(payload);
        reference
    }

    pub fn keep_json(&mut self, value: &Json) -> Json {
        self.keep(Payload::of_json(value))
    }

    /// Keeps the bodies; what an event says of the exchanges.
    pub fn exchanges(&mut self, exchanges: Vec<Exchange>) -> Json {
        exchanges.into_iter().map(|exchange| self.exchange(exchange)).collect::<Vec<_>>().into()
    }

    fn exchange(&mut self, exchange: Exchange) -> Json {
        let mut told = json!({
            "at": exchange.at, "method": exchange.method, "url": exchange.url,
            "headers": headers(exchange.headers), "request": self.body(exchange.request),
        });
        match exchange.answer {
            Ok(answer) => {
                told["status"] = answer.status.into();
                told["answer_headers"] = headers(answer.headers);
                told["answer"] = self.body(answer.body);
            }
            Err(why) => told["no_answer"] = why.into(),
        }
        told
    }

    fn body(&mut self, body: Body) -> Json {
        match body {
            Body::Empty => Json::Null,
            Body::Length(bytes) => json!({ "not_kept": bytes }),
            Body::Kept { bytes, removed } => {
                let mut reference = self.keep(Payload::new(bytes));
                if removed {
                    reference["secrets_removed"] = true.into();
                }
                reference
            }
        }
    }

    /// To be written with the events that name it.
    pub fn into_operations(self) -> impl Iterator<Item = Operation> {
        self.payloads.into_iter().map(Operation::PutPayload)
    }
}

fn headers(headers: Vec<(String, String)>) -> Json {
    Json::Object(headers.into_iter().map(|(name, value)| (name, value.into())).collect())
}
