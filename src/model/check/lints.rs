//! Warnings about what is declared and not used.

use super::Checker;
use crate::diag::{Diagnostic, SourceId, Span, codes};
use crate::syntax::{self as ast, Item, Name};
use std::sync::Arc;

impl Checker<'_> {
    /// What no flow uses. Nothing is said if the file has no flow at all but that.
    pub(super) fn unused(&mut self, file: &ast::File) {
        if !file.items.iter().any(|item| matches!(item, Item::Flow(_))) {
            self.nothing_to_do(file);
            return;
        }
        let lookups: Vec<(Arc<str>, Span)> = self
            .lookups
            .iter()
            .filter(|lookup| !lookup.used && !self.is_brought(lookup.span))
            .map(|lookup| (lookup.name.clone(), lookup.span))
            .collect();
        for (name, span) in lookups {
            self.report(
                Diagnostic::warning(&codes::UNUSED_LOOKUP, span, format!("no flow uses the lookup `{name}`"))
                    .label("never used")
                    .hint(format!("call it as `{name}(…)` in a flow, or take it out")),
            );
        }
        self.unused_declared();
        let connections: Vec<(Arc<str>, Span)> = self
            .connections
            .iter()
            .filter(|bound| !bound.used && bound.catalogue.is_some() && !self.is_brought(bound.span))
            .map(|bound| (bound.name.clone(), bound.span))
            .collect();
        for (name, span) in connections {
            self.report(
                Diagnostic::warning(&codes::UNUSED_CONNECTION, span, format!("nothing uses the connection `{name}`"))
                    .label("never used")
                    .hint(format!("read from it with `from {name}.…`, write to it with `to {name}.…`, or take it out")),
            );
        }
    }

    fn nothing_to_do(&mut self, file: &ast::File) {
        if file.items.is_empty() && !self.is_blank() {
            // The text was refused as a whole, and that was said.
            return;
        }
        let place = file.items.iter().find_map(|item| match item {
            Item::Pipeline(pipeline) => Some(pipeline.name.span),
            _ => None,
        });
        let place = place.unwrap_or_else(|| Span::new(SourceId(0), 0, 0));
        self.report(
            Diagnostic::warning(&codes::NOTHING_TO_DO, place, "the pipeline has no flow, so that nothing is moved")
                .label("nothing to do")
                .hint("add a flow: `flow NAME { from … map { … } to … { … } }`"),
        );
    }

    /// Whether the pipeline file holds nothing but comments.
    fn is_blank(&self) -> bool {
        let text = self.sources.get(SourceId(0)).map_or("", |source| &source.text);
        text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#'))
    }

    /// Whether a place lies in a file that was brought in: what is not used of it is not
    /// for this one to mend.
    pub(super) fn is_brought(&self, place: Span) -> bool {
        self.folders.contains_key(&place.source)
    }

    pub(super) fn unused_let(&mut self, name: &Name) {
        if self.is_brought(name.span) {
            return;
        }
        self.report(
            Diagnostic::warning(&codes::UNUSED_LET, name.span, format!("nothing uses `{}`", name.text))
                .label("never used")
                .hint("take the line out, or use the name"),
        );
    }
}
