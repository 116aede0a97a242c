//! Requests by their methods.

use super::view::View;
use super::{completion, definition, folding, formatting, hover, lens, outline, rename, tokens};
use crate::diag;
use lsp_server::{ErrorCode, Request};
use lsp_types::request::{
    CodeLensRequest, Completion, DocumentSymbolRequest, FoldingRangeRequest, Formatting, GotoDefinition, HoverRequest,
    PrepareRenameRequest, References, Rename, Request as Method, SemanticTokensFullRequest,
};
use lsp_types::{
    DocumentSymbolResponse, GotoDefinitionResponse, Position, SemanticTokensResult, TextDocumentIdentifier,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where documents are looked at.
pub trait Desk {
    /// Looks at a document; `None` if no pipeline of that address is open.
    fn look<T>(&mut self, address: &str, at: impl FnOnce(&View) -> T) -> Option<T>;
}

/// Why there is no answer.
pub struct Refusal {
    pub code: ErrorCode,
    pub text: String,
}

type Answer = Result<Value, Refusal>;

/// The text of an explain page, for an editor that opens its address.
enum Explain {}

#[derive(Debug, Serialize, Deserialize)]
struct ExplainParams {
    code: String,
}

impl Method for Explain {
    type Params = ExplainParams;
    type Result = Option<String>;
    const METHOD: &'static str = "mlc/explain";
}

pub fn answer(desk: &mut impl Desk, request: &Request) -> Answer {
    match request.method.as_str() {
        HoverRequest::METHOD => with::<HoverRequest>(request, |params| {
            let place = params.text_document_position_params;
            Ok(at(desk, &place.text_document, place.position, hover::hover).flatten())
        }),
        Completion::METHOD => with::<Completion>(request, |params| {
            let place = params.text_document_position;
            Ok(at(desk, &place.text_document, place.position, completion::complete))
        }),
        GotoDefinition::METHOD => with::<GotoDefinition>(request, |params| {
            let place = params.text_document_position_params;
            let found = at(desk, &place.text_document, place.position, definition::definition).flatten();
            Ok(found.map(GotoDefinitionResponse::Scalar))
        }),
        References::METHOD => with::<References>(request, |params| {
            let place = params.text_document_position;
            let all = params.context.include_declaration;
            let look = |view: &View, offset| definition::references(view, offset, all);
            Ok(at(desk, &place.text_document, place.position, look).flatten())
        }),
        PrepareRenameRequest::METHOD => with::<PrepareRenameRequest>(request, |place| {
            at(desk, &place.text_document, place.position, rename::prepare).transpose().map_err(refused)
        }),
        Rename::METHOD => with::<Rename>(request, |params| {
            let place = params.text_document_position;
            let look = |view: &View, offset| rename::rename(view, offset, &params.new_name);
            at(desk, &place.text_document, place.position, look).transpose().map_err(refused)
        }),
        DocumentSymbolRequest::METHOD => with::<DocumentSymbolRequest>(request, |params| {
            Ok(desk.look(params.text_document.uri.as_str(), outline::outline).map(DocumentSymbolResponse::Nested))
        }),
        FoldingRangeRequest::METHOD => with::<FoldingRangeRequest>(request, |params| {
            Ok(desk.look(params.text_document.uri.as_str(), folding::folding))
        }),
        Formatting::METHOD => with::<Formatting>(request, |params| {
            Ok(desk.look(params.text_document.uri.as_str(), formatting::formatting).flatten())
        }),
        SemanticTokensFullRequest::METHOD => with::<SemanticTokensFullRequest>(request, |params| {
            Ok(desk.look(params.text_document.uri.as_str(), tokens::tokens).map(SemanticTokensResult::Tokens))
        }),
        CodeLensRequest::METHOD => {
            with::<CodeLensRequest>(request, |params| Ok(desk.look(params.text_document.uri.as_str(), lens::lenses)))
        }
        Explain::METHOD => with::<Explain>(request, |params| Ok(diag::explain(params.code.trim()).map(str::to_owned))),
        method => Err(Refusal { code: ErrorCode::MethodNotFound, text: format!("`{method}` is not offered") }),
    }
}

/// Reads the parameters and writes the result of one method.
fn with<M: Method>(request: &Request, work: impl FnOnce(M::Params) -> Result<M::Result, Refusal>) -> Answer {
    let params = serde_json::from_value(request.params.clone())
        .map_err(|error| Refusal { code: ErrorCode::InvalidParams, text: error.to_string() })?;
    serde_json::to_value(work(params)?)
        .map_err(|error| Refusal { code: ErrorCode::InternalError, text: error.to_string() })
}

fn at<T>(
    desk: &mut impl Desk,
    document: &TextDocumentIdentifier,
    position: Position,
    look: impl FnOnce(&View, usize) -> T,
) -> Option<T> {
    desk.look(document.uri.as_str(), |view| look(view, view.offset(position)))
}

fn refused(text: String) -> Refusal {
    Refusal { code: ErrorCode::InvalidParams, text }
}
