//! Where a value comes from, as far as it has parts: each part by itself.
//!
//! Beside every value of a traced evaluation stands one of these, of the same form. What is
//! taken out of a value takes its part of the lineage with it, so that the account of one
//! line is traced to the fields of that line and not to the whole invoice.

use super::trail::Trail;
use super::{Of, Part, Path};
use crate::diag::Span;
use std::rc::Rc;
use std::sync::Arc;

#[derive(Clone, Default)]
pub(super) struct Lineage {
    pub shape: Shape,
    /// Of the whole, whatever its parts are.
    pub trail: Trail,
}

#[derive(Clone, Default)]
pub(super) enum Shape {
    /// Nothing is known of its parts.
    #[default]
    Made,
    /// It stands in a record that was read; the span says where the pipeline asks for it.
    Read(Arc<Of>, Path, Span),
    Fields(Rc<Vec<FieldOf>>),
    Items(Rc<Vec<Lineage>>),
}

/// A field that a map or a row gives.
#[derive(Clone)]
pub(super) struct FieldOf {
    pub name: Arc<str>,
    pub span: Span,
    pub from: Lineage,
}

impl Lineage {
    pub fn made(trail: Trail) -> Self {
        Self { shape: Shape::Made, trail }
    }

    pub fn read(of: Of, span: Span) -> Self {
        Self { shape: Shape::Read(Arc::new(of), Path::default(), span), trail: Trail::default() }
    }

    pub fn fields(fields: Vec<FieldOf>) -> Self {
        Self { shape: Shape::Fields(Rc::new(fields)), trail: Trail::default() }
    }

    pub fn items(items: Vec<Self>) -> Self {
        Self { shape: Shape::Items(Rc::new(items)), trail: Trail::default() }
    }

    #[must_use]
    pub fn with(mut self, trail: &Trail) -> Self {
        self.trail = self.trail.and(trail);
        self
    }

    /// As it was asked for here.
    #[must_use]
    pub fn asked_at(mut self, at: Span) -> Self {
        if let Shape::Read(_, _, span) = &mut self.shape {
            *span = at;
        }
        self
    }

    /// Of a field of it, and where the pipeline gives that field, if a map does.
    pub fn field(&self, name: &Arc<str>) -> (Self, Option<Span>) {
        match &self.shape {
            Shape::Read(of, path, span) => (self.part(of, path.then(Part::Field(name.clone())), *span), None),
            Shape::Fields(fields) => match fields.iter().find(|field| field.name == *name) {
                Some(field) => (field.from.clone().with(&self.trail), Some(field.span)),
                None => (Self::made(self.trail.clone()), None),
            },
            Shape::Made | Shape::Items(_) => (Self::made(self.trail.clone()), None),
        }
    }

    pub fn item(&self, index: usize) -> Self {
        match &self.shape {
            Shape::Read(of, path, span) => self.part(of, path.then(Part::Item(index)), *span),
            Shape::Items(items) => match items.get(index) {
                Some(item) => item.clone().with(&self.trail),
                None => Self::made(self.trail.clone()),
            },
            Shape::Made | Shape::Fields(_) => Self::made(self.trail.clone()),
        }
    }

    pub fn at(&self, path: &Path) -> Self {
        path.0.iter().fold(self.clone(), |lineage, part| match part {
            Part::Field(name) => lineage.field(name).0,
            Part::Item(index) => lineage.item(*index),
        })
    }

    fn part(&self, of: &Arc<Of>, path: Path, span: Span) -> Self {
        Self { shape: Shape::Read(of.clone(), path, span), trail: self.trail.clone() }
    }
}
