//! `mark = origin_id`: the source's field into which the target's reference is written back.

use super::resource::Found;
use super::{Checker, listed};
use crate::connector::Operation;
use crate::diag::{Diagnostic, Span, codes, nearest};
use crate::syntax::{self as ast, Name, Rule};
use std::sync::Arc;

/// A resource whose records a flow marks.
pub(super) struct Marked {
    connection: Arc<str>,
    resource: Arc<str>,
    span: Span,
}

impl Checker<'_> {
    pub(super) fn mark(&mut self, to: &ast::To, from: Option<&ast::From>) -> Option<Arc<str>> {
        let field = to.rules.iter().find_map(|rule| match rule {
            Rule::Mark { field, .. } => Some(field),
            _ => None,
        })?;
        let found = from.and_then(|from| self.resource(&from.resource))?;
        let Some(mark) = found.spec().marks.get(&*field.text).filter(|_| found.spec().can(Operation::Update)) else {
            self.no_mark(field, &found);
            return None;
        };
        if let Some(locks) = mark.locks.clone() {
            self.locks(field, &found, &locks);
        }
        self.marked_once(field, &found);
        Some(field.text.clone())
    }

    fn no_mark(&mut self, field: &Name, found: &Found) {
        let names = || found.spec().marks.keys().map(String::as_str);
        let hint = match nearest(&field.text, names()) {
            Some(near) => format!("did you mean `mark = {near}`?"),
            None if found.spec().marks.is_empty() => {
                format!("take the rule out: {} of {} take no mark", found.spec().plural, found.catalogue.title)
            }
            None => format!("what can be written there: {}", listed(names(), 6)),
        };
        self.report(
            Diagnostic::error(
                &codes::MARK_FIELD,
                field.span,
                format!("`{}` of {} cannot hold a mark", field.text, found.target_name()),
            )
            .label("cannot be written back")
            .hint(hint),
        );
    }

    fn locks(&mut self, field: &Name, found: &Found, sentence: &str) {
        self.report(
            Diagnostic::warning(
                &codes::MARK_LOCKS,
                field.span,
                format!("the mark locks each {} in {}", found.spec().title, found.catalogue.title),
            )
            .label("cannot be changed there once it is marked")
            .hint(sentence),
        );
    }

    /// Two flows would write over each other's marks.
    fn marked_once(&mut self, field: &Name, found: &Found) {
        let same = |marked: &&Marked| marked.connection == found.connection && marked.resource == found.resource;
        if let Some(first) = self.marks.iter().find(same).map(|marked| marked.span) {
            self.report(
                Diagnostic::error(&codes::MARK_TWICE, field.span, format!("two flows mark {}", found.target_name()))
                    .label("marked again")
                    .related(first, "marked here")
                    .hint("let one of the flows mark, and take the rule out of the other"),
            );
            return;
        }
        let (connection, resource) = (found.connection.clone(), found.resource.clone());
        self.marks.push(Marked { connection, resource, span: field.span });
    }
}
