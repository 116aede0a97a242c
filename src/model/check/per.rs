//! `per`: the resource that a list is read per one of, as the catalogue says.

use super::Checker;
use super::resource::Found;
use crate::connector::ScopeSpec;
use crate::diag::{Diagnostic, Span, codes, nearest};
use crate::syntax as ast;
use crate::value::{Kind, RecordType, Type};
use std::sync::Arc;

/// What the catalogue makes of `per`, or of its absence.
pub(super) enum PerOf<'f> {
    /// One list, and no `per`.
    Whole,
    /// It is as the catalogue says.
    Of(&'f ScopeSpec, &'f ast::Per),
    /// It is not, and that has been said.
    Wrong,
}

impl Checker<'_> {
    /// Checks `per` against the catalogue. `line` is what would be right before `per`.
    pub(super) fn per_of<'f>(
        &mut self,
        found: &'f Found,
        per: Option<&'f ast::Per>,
        place: Span,
        line: impl FnOnce(&Self) -> String,
    ) -> PerOf<'f> {
        let plural = &found.spec().plural;
        let diagnostic = match (&found.spec().scope, per) {
            (None, None) => return PerOf::Whole,
            (Some(spec), Some(per)) if *per.name.text == *spec.name => return PerOf::Of(spec, per),
            (Some(spec), Some(per)) => {
                let hint = match nearest(&per.name.text, [spec.name.as_str()]) {
                    Some(near) => format!("did you mean `per {near}`?"),
                    None => format!("write `per {}`", spec.name),
                };
                let message = format!("{plural} are read per {}, not per {}", spec.name, per.name.text);
                Diagnostic::error(&codes::SCOPE, per.name.span, message).label("not what they are read by").hint(hint)
            }
            (Some(spec), None) => {
                let message = format!("{plural} are read {} by {}", spec.name, spec.name);
                Diagnostic::error(&codes::SCOPE, place, message)
                    .label(format!("`per {}` is missing", spec.name))
                    .hint(format!("write `{} per {}`", line(self), spec.name))
            }
            (None, Some(per)) => {
                Diagnostic::error(&codes::SCOPE, per.name.span, format!("{plural} are read as one list"))
                    .label("`per` has no meaning here")
                    .hint("take `per …` out; a `where` of its own line keeps some of the records")
            }
        };
        self.report(diagnostic);
        PerOf::Wrong
    }
}

impl Found {
    /// The record that a scope selects by.
    pub(super) fn scope_type(&self, scope: &ScopeSpec) -> Option<Arc<RecordType>> {
        self.catalogue.resources.get(&scope.resource).map(|resource| resource.source_type())
    }
}

/// The type of a scope's record, where its resource is known.
pub(super) fn record_or_unknown(record: Option<Arc<RecordType>>) -> Type {
    record.map_or_else(Type::unknown, |record| Type::new(Kind::Record(record)))
}
