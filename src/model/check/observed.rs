//! Telling an observer what was resolved. Without one nothing is computed.

use super::Checker;
use super::scope::{Scope, Sort};
use crate::diag::Span;
use crate::model::observe::{Giver, Seen, Visible};
use crate::syntax::Name;
use crate::value::{Kind, Type};

impl Checker<'_> {
    pub(super) fn tell(&mut self, span: Span, what: impl FnOnce() -> Seen) {
        if let Some(observer) = &mut self.observer {
            observer.saw(span, what());
        }
    }

    /// A name is given to a value.
    pub(super) fn tell_given(&mut self, name: &Name, sort: Sort, ty: &Type) {
        self.tell(name.span, || Seen::Given { giver: sort.into(), ty: ty.clone() });
    }

    /// A name of the scope is used.
    pub(super) fn tell_name(&mut self, scope: &Scope, name: &Name, ty: &Type) {
        if let Some((definition, sort)) = scope.definition(&name.text) {
            self.tell(name.span, || Seen::Name { definition, giver: sort.into(), ty: ty.clone() });
        }
    }

    /// A name is used that the scope does not have.
    pub(super) fn tell_unknown(&mut self, scope: &Scope, name: &Name) {
        let declared = if self.observer.is_some() { self.declared_visible() } else { Vec::new() };
        self.tell(name.span, || {
            let mut visible = scope.visible();
            visible.extend(declared);
            if let Some((_, Type { kind: Kind::Record(record), .. })) = scope.record() {
                visible.extend(record.fields.iter().map(|(name, field)| Visible {
                    name: name.clone(),
                    ty: field.ty.clone(),
                    giver: Giver::Field,
                }));
            }
            Seen::Unknown { visible }
        });
    }
}

impl From<Sort> for Giver {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Alias => Self::Alias,
            Sort::Let | Sort::Check => Self::Let,
            Sort::Field => Self::Field,
        }
    }
}
