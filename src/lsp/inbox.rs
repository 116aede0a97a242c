//! Messages that wait: taken in their order, without those that came to nothing.
//!
//! A request that the client took back, or a completion in a text that has changed since,
//! is not worked on; it is answered with the reason.

use lsp_server::{Connection, ErrorCode, Message, Request, RequestId, Response};
use lsp_types::notification::{Cancel, DidChangeTextDocument, Notification as _};
use lsp_types::request::{Completion, Request as _};
use serde_json::Value;
use std::collections::VecDeque;
use std::time::Duration;

/// How long typing must rest before what was found is shown.
const REST: Duration = Duration::from_millis(80);

pub struct Inbox<'a> {
    connection: &'a Connection,
    waiting: VecDeque<Message>,
}

/// What came.
pub enum Next {
    Message(Message),
    /// Nothing for a while.
    Rest,
    /// The client is gone.
    Gone,
}

impl<'a> Inbox<'a> {
    pub fn new(connection: &'a Connection) -> Self {
        Self { connection, waiting: VecDeque::new() }
    }

    /// The next message; with `restless`, or [`Next::Rest`] when none comes for a while.
    pub fn next(&mut self, restless: bool) -> Next {
        self.waiting.extend(self.connection.receiver.try_iter());
        if let Some(message) = self.waiting.pop_front() {
            return Next::Message(message);
        }
        if !restless {
            return self.connection.receiver.recv().map_or(Next::Gone, Next::Message);
        }
        match self.connection.receiver.recv_timeout(REST) {
            Ok(message) => Next::Message(message),
            Err(error) if error.is_timeout() => Next::Rest,
            Err(_) => Next::Gone,
        }
    }

    /// Why a request need not be worked on, as its answer.
    pub fn stale(&self, request: &Request) -> Option<Response> {
        let notifications = || {
            self.waiting.iter().filter_map(|message| match message {
                Message::Notification(notification) => Some(notification),
                _ => None,
            })
        };
        let refuse =
            |code: ErrorCode, text: &str| Some(Response::new_err(request.id.clone(), code as i32, text.to_owned()));
        let cancelled = notifications()
            .any(|sent| sent.method == Cancel::METHOD && id_of(&sent.params) == Some(request.id.clone()));
        if cancelled {
            return refuse(ErrorCode::RequestCanceled, "taken back");
        }
        let changed = request.method == Completion::METHOD
            && notifications().any(|sent| {
                sent.method == DidChangeTextDocument::METHOD && address(&sent.params) == address(&request.params)
            });
        if changed {
            return refuse(ErrorCode::ContentModified, "the text has changed since");
        }
        None
    }
}

fn id_of(params: &Value) -> Option<RequestId> {
    serde_json::from_value(params.get("id")?.clone()).ok()
}

fn address(params: &Value) -> Option<&str> {
    params.get("textDocument")?.get("uri")?.as_str()
}
