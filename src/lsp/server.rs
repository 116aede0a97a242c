//! The loop: one message after the other, and what was found once typing rests.

use super::analysis::{Analysis, House};
use super::capabilities;
use super::document::Document;
use super::findings;
use super::inbox::{Inbox, Next};
use super::overlay::Documents;
use super::position::Encoding;
use super::requests;
use super::view::View;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidChangeWatchedFiles, DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument, Exit,
    Notification as _, PublishDiagnostics,
};
use lsp_types::request::{Initialize, Request as _, Shutdown};
use lsp_types::{
    Diagnostic, DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams, InitializeParams,
    PublishDiagnosticsParams,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::rc::Rc;

/// How the conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By `shutdown` and then `exit`.
    Well,
    /// By `exit` alone, or the client is gone.
    Abruptly,
}

/// Answers one client until it is done.
pub fn serve(connection: &Connection, house: House) -> Ended {
    let mut server = Server::new(connection, house);
    let mut inbox = Inbox::new(connection);
    loop {
        match inbox.next(!server.unchecked.is_empty()) {
            Next::Message(Message::Request(request)) => {
                let answer = inbox.stale(&request).unwrap_or_else(|| server.answer(request));
                server.send(Message::Response(answer));
            }
            Next::Message(Message::Notification(notification)) if notification.method == Exit::METHOD => {
                return if server.phase == Phase::Over { Ended::Well } else { Ended::Abruptly };
            }
            Next::Message(Message::Notification(notification)) => server.hear(notification),
            Next::Message(Message::Response(_)) => {}
            Next::Rest => server.publish(),
            Next::Gone => return Ended::Abruptly,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Before `initialize`.
    New,
    Working,
    /// After `shutdown`.
    Over,
}

struct Server<'a> {
    connection: &'a Connection,
    house: House,
    phase: Phase,
    encoding: Encoding,
    snippets: bool,
    documents: Documents,
    /// Of documents that have not changed since.
    analyses: BTreeMap<String, Rc<Analysis>>,
    /// Documents of which it was not yet said what was found.
    unchecked: BTreeSet<String>,
    /// What was found, by document, then by the address of the text that it lies in.
    found: BTreeMap<String, BTreeMap<String, Vec<Diagnostic>>>,
}

impl<'a> Server<'a> {
    fn new(connection: &'a Connection, house: House) -> Self {
        Self {
            connection,
            house,
            phase: Phase::New,
            encoding: Encoding::default(),
            snippets: false,
            documents: Documents::new(),
            analyses: BTreeMap::new(),
            unchecked: BTreeSet::new(),
            found: BTreeMap::new(),
        }
    }

    /// A client that is gone is found out by the loop.
    fn send(&self, message: Message) {
        let _ = self.connection.sender.send(message);
    }

    fn answer(&mut self, request: Request) -> Response {
        let id = request.id.clone();
        let refuse = |code: ErrorCode, text: String| Response::new_err(id.clone(), code as i32, text);
        match (self.phase, request.method.as_str()) {
            (Phase::New, Initialize::METHOD) => match serde_json::from_value(request.params) {
                Ok(params) => Response::new_ok(id, self.initialize(&params)),
                Err(error) => refuse(ErrorCode::InvalidParams, error.to_string()),
            },
            (Phase::New, _) => refuse(ErrorCode::ServerNotInitialized, "`initialize` comes first".to_owned()),
            (_, Initialize::METHOD) => refuse(ErrorCode::InvalidRequest, "`initialize` comes once".to_owned()),
            (Phase::Over, _) => refuse(ErrorCode::InvalidRequest, "nothing comes after `shutdown`".to_owned()),
            (Phase::Working, Shutdown::METHOD) => {
                self.phase = Phase::Over;
                Response::new_ok(id, Value::Null)
            }
            (Phase::Working, _) => {
                // What is wrong with one answer must not end the others.
                let answered = catch_unwind(AssertUnwindSafe(|| requests::answer(self, &request)));
                match answered {
                    Ok(Ok(value)) => Response::new_ok(id, value),
                    Ok(Err(refusal)) => refuse(refusal.code, refusal.text),
                    Err(_) => refuse(ErrorCode::InternalError, format!("`{}` failed: this is our bug", request.method)),
                }
            }
        }
    }

    fn initialize(&mut self, params: &InitializeParams) -> Value {
        self.phase = Phase::Working;
        self.encoding = capabilities::encoding(&params.capabilities);
        self.snippets = capabilities::snippets(&params.capabilities);
        serde_json::to_value(capabilities::offered(self.encoding)).unwrap_or_default()
    }

    /// Notifications that are not known, or not to be understood, are passed over.
    fn hear(&mut self, notification: Notification) {
        if self.phase != Phase::Working {
            return;
        }
        match notification.method.as_str() {
            DidOpenTextDocument::METHOD => {
                if let Some(DidOpenTextDocumentParams { text_document }) = read(notification.params) {
                    self.keep(Document::opened(text_document));
                }
            }
            DidChangeTextDocument::METHOD => {
                if let Some(DidChangeTextDocumentParams { text_document, content_changes }) = read(notification.params)
                    && let Some(mut document) = self.documents.remove(text_document.uri.as_str())
                {
                    document.change(text_document.version, content_changes, self.encoding);
                    self.keep(document);
                }
            }
            DidCloseTextDocument::METHOD => {
                if let Some(DidCloseTextDocumentParams { text_document }) = read(notification.params) {
                    self.close(text_document.uri.as_str());
                }
            }
            // Files that nobody has open may have changed.
            DidSaveTextDocument::METHOD | DidChangeWatchedFiles::METHOD => self.forget(|_| true),
            _ => {}
        }
    }

    fn keep(&mut self, document: Document) {
        let key = document.uri.as_str().to_owned();
        self.forget_readers(&document.path);
        self.analyses.remove(&key);
        if document.is_pipeline {
            self.unchecked.insert(key.clone());
        }
        self.documents.insert(key, document);
    }

    fn close(&mut self, key: &str) {
        let Some(document) = self.documents.remove(key) else { return };
        self.analyses.remove(key);
        self.unchecked.remove(key);
        let before = self.found.remove(key).unwrap_or_default();
        self.show(before.into_keys());
        self.forget_readers(&document.path);
    }

    /// What was known of pipelines that name the file holds no longer.
    fn forget_readers(&mut self, path: &Path) {
        self.forget(|analysis| analysis.read.contains(path));
    }

    fn forget(&mut self, is_old: impl Fn(&Analysis) -> bool) {
        let old: Vec<String> =
            self.analyses.iter().filter(|(_, analysis)| is_old(analysis)).map(|(key, _)| key.clone()).collect();
        for key in old {
            self.analyses.remove(&key);
            self.unchecked.insert(key);
        }
    }

    /// Says what was found in the documents that changed.
    fn publish(&mut self) {
        for key in std::mem::take(&mut self.unchecked) {
            let checked = catch_unwind(AssertUnwindSafe(|| self.analysis(&key)));
            let Some((document, Ok(Some(analysis)))) = self.documents.get(&key).map(|document| (document, checked))
            else {
                continue;
            };
            let now = findings::by_address(document, &analysis, self.encoding);
            let mut touched: BTreeSet<String> = now.keys().cloned().collect();
            let before = self.found.insert(key, now).unwrap_or_default();
            touched.extend(before.into_keys());
            self.show(touched);
        }
    }

    /// Sends all that is known of each address; of several pipelines, if they share a file.
    fn show(&self, addresses: impl IntoIterator<Item = String>) {
        for address in addresses {
            let Ok(uri) = address.parse() else { continue };
            let mut diagnostics: Vec<Diagnostic> = Vec::new();
            for diagnostic in self.found.values().filter_map(|found| found.get(&address)).flatten() {
                if !diagnostics.contains(diagnostic) {
                    diagnostics.push(diagnostic.clone());
                }
            }
            let version = self.documents.get(&address).map(|document| document.version);
            let params = PublishDiagnosticsParams { uri, diagnostics, version };
            self.send(Message::Notification(Notification::new(PublishDiagnostics::METHOD.to_owned(), params)));
        }
    }

    fn analysis(&mut self, key: &str) -> Option<Rc<Analysis>> {
        if let Some(analysis) = self.analyses.get(key) {
            return Some(analysis.clone());
        }
        let document = self.documents.get(key).filter(|document| document.is_pipeline)?;
        let analysis = Rc::new(Analysis::of(document, &self.documents, self.house));
        self.analyses.insert(key.to_owned(), analysis.clone());
        Some(analysis)
    }
}

impl requests::Desk for Server<'_> {
    fn look<T>(&mut self, address: &str, at: impl FnOnce(&View) -> T) -> Option<T> {
        let analysis = self.analysis(address)?;
        let document = self.documents.get(address)?;
        Some(at(&View {
            document,
            analysis: &analysis,
            open: &self.documents,
            house: self.house,
            encoding: self.encoding,
            snippets: self.snippets,
        }))
    }
}

fn read<P: DeserializeOwned>(params: Value) -> Option<P> {
    serde_json::from_value(params).ok()
}
