//! Diagnostics as the editor shows them: at their places, with code, mend and related places.

use super::address::uri_of;
use super::analysis::Analysis;
use super::document::Document;
use super::position::{Encoding, Lines};
use crate::diag::{self, Span, codes};
use lsp_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location,
    NumberOrString, Range, Uri,
};
use std::collections::BTreeMap;

/// The scheme of an explain page's address; `mlc/explain` gives its text.
pub const EXPLAIN: &str = "mlc-explain";

/// What was found, by the address of the text that it lies in. The document itself is
/// always among them, so that what was mended is cleared.
pub fn by_address(document: &Document, analysis: &Analysis, encoding: Encoding) -> BTreeMap<String, Vec<Diagnostic>> {
    let places = Places { document, analysis, encoding };
    let mut found: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
    found.entry(document.uri.as_str().to_owned()).or_default();
    for diagnostic in &analysis.diagnostics {
        if let Some(Location { uri, range }) = places.location(diagnostic.label.span) {
            found.entry(uri.as_str().to_owned()).or_default().push(places.shown(diagnostic, range));
        }
    }
    found
}

/// The address of a code's page.
pub fn page(code: &str) -> Option<Uri> {
    format!("{EXPLAIN}:/{code}.md").parse().ok()
}

struct Places<'a> {
    document: &'a Document,
    analysis: &'a Analysis,
    encoding: Encoding,
}

impl Places<'_> {
    fn shown(&self, diagnostic: &diag::Diagnostic, range: Range) -> Diagnostic {
        let related = diagnostic.related.iter().filter_map(|label| {
            Some(DiagnosticRelatedInformation { location: self.location(label.span)?, message: label.text.clone() })
        });
        let related: Vec<_> = related.collect();
        Diagnostic {
            range,
            severity: Some(match diagnostic.severity {
                diag::Severity::Error => DiagnosticSeverity::ERROR,
                diag::Severity::Warning => DiagnosticSeverity::WARNING,
            }),
            code: Some(NumberOrString::String(diagnostic.code.id.to_owned())),
            code_description: page(diagnostic.code.id).map(|href| CodeDescription { href }),
            source: Some("mlc".to_owned()),
            message: message(diagnostic),
            related_information: (!related.is_empty()).then_some(related),
            tags: is_unused(diagnostic.code).then(|| vec![DiagnosticTag::UNNECESSARY]),
            data: None,
        }
    }

    fn location(&self, span: Span) -> Option<Location> {
        let source = self.analysis.sources.get(span.source)?;
        let (start, end) = (span.start as usize, span.end as usize);
        if span.source.0 == 0 {
            return Some(Location::new(self.document.uri.clone(), self.document.range(start, end, self.encoding)));
        }
        let range = Lines::of(&source.text).range(&source.text, start, end, self.encoding);
        Some(Location::new(uri_of(&source.path)?, range))
    }
}

/// What is wrong, what is wrong just there, and what to write instead.
fn message(diagnostic: &diag::Diagnostic) -> String {
    let mut text = diagnostic.message.clone();
    if !diagnostic.label.text.is_empty() {
        text.push_str(": ");
        text.push_str(&diagnostic.label.text);
    }
    if let Some(hint) = &diagnostic.hint {
        text.push_str("\nhelp: ");
        text.push_str(hint);
    }
    text
}

fn is_unused(code: &diag::Code) -> bool {
    [&codes::UNUSED_LET, &codes::UNUSED_LOOKUP, &codes::UNUSED_CONNECTION, &codes::UNREACHABLE_ROW].contains(&code)
}
