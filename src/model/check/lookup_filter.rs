//! The `where` of a lookup's source, of its `per` and of its `verify`.
//!
//! They are checked when all names of the file are known, so that they may use its `let`s
//! and functions. Lookups and links are not asked in them: the rows are read before there
//! is anything to ask.

use super::Checker;
use super::resource::Found;
use super::scope::Scope;
use crate::connector::ResourceSpec;
use crate::diag::{Diagnostic, Span, codes};
use crate::model::{Expr, Lookup};
use crate::syntax as ast;
use crate::value::{Kind, RecordType, Type};
use std::sync::Arc;

/// A filter that was read and is to be checked.
pub(super) struct Waiting {
    /// Of the `lookup` item.
    pub lookup: Span,
    pub place: Place,
    record: Arc<RecordType>,
    filter: ast::Expr,
    /// The name of the record; without one its fields are the names.
    alias: Option<ast::Name>,
}

/// What is filtered.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Rows,
    /// The records that the rows are read per one of.
    Scope,
    /// What a `verify` looks into, by its place.
    Verify(Span),
}

impl Checker<'_> {
    pub(super) fn filter_waits(&mut self, lookup: Span, place: Place, found: &Found, filter: Option<&ast::Expr>) {
        let Some(filter) = filter.cloned() else { return };
        let record = ResourceSpec::source_type(found.spec());
        self.filters.push(Waiting { lookup, place, record, filter, alias: None });
    }

    /// The same for the `where` of a lookup's `per`.
    pub(super) fn scope_filter_waits(&mut self, lookup: Span, per: &ast::Per, record: Option<Arc<RecordType>>) {
        let (Some(filter), Some(record)) = (per.filter.clone(), record) else { return };
        self.filters.push(Waiting { lookup, place: Place::Scope, record, filter, alias: Some(per.name.clone()) });
    }

    /// Checks the filters of all lookups and puts them where they belong.
    pub(super) fn lookup_filters(&mut self, lookups: &mut [Lookup]) {
        for waiting in std::mem::take(&mut self.filters) {
            let (filter, locals) = self.record_filter(&waiting);
            let Some(lookup) = lookups.iter_mut().find(|lookup| lookup.span == waiting.lookup) else { continue };
            match waiting.place {
                Place::Rows => {
                    if let Some(resource) = &mut lookup.resource {
                        (resource.filter, resource.locals) = (Some(filter), locals);
                    }
                }
                Place::Scope => {
                    if let Some(scope) = lookup.resource.as_mut().and_then(|resource| resource.scope.as_mut()) {
                        (scope.filter, scope.locals) = (Some(filter), locals);
                    }
                }
                Place::Verify(place) => {
                    if let Some(verify) = lookup.verifies.iter_mut().find(|verify| verify.span == place) {
                        (verify.filter, verify.locals) = (Some(filter), locals);
                    }
                }
            }
        }
    }

    /// A filter over one record, and the size of its frame.
    fn record_filter(&mut self, waiting: &Waiting) -> (Expr, usize) {
        let record = Type::new(Kind::Record(waiting.record.clone()));
        let mut scope = match &waiting.alias {
            None => Scope::of_record(record),
            Some(name) => {
                let mut scope = Scope::default();
                self.alias(&mut scope, name, record);
                scope
            }
        };
        self.asked.clear();
        let filter = self.condition(&mut scope, &waiting.filter);
        if !std::mem::take(&mut self.asked).is_empty() {
            self.asks(waiting.filter.span);
        }
        (filter, scope.len())
    }

    fn asks(&mut self, place: Span) {
        self.report(
            Diagnostic::error(&codes::FILTER_ASKS, place, "the `where` of a lookup asks a lookup or a link")
                .label("asked before there are rows")
                .hint("speak of the record's own fields here, and ask the other lookup in the flow"),
        );
    }
}
