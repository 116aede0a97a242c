//! What the checker told of a pipeline's words, kept by their places.

use crate::connector::{Catalogue, ResourceSpec};
use crate::diag::Span;
use crate::model::observe::{Observer, Seen};
use std::sync::Arc;

/// All that was told, in the order in which it was told.
#[derive(Default)]
pub struct Facts(Vec<(Span, Seen)>);

impl Observer for Facts {
    fn saw(&mut self, span: Span, what: Seen) {
        self.0.push((span, what));
    }
}

/// A resource and the catalogue that it is of.
#[derive(Clone)]
pub struct Known {
    pub catalogue: Arc<Catalogue>,
    pub name: Arc<str>,
}

impl Known {
    pub fn spec(&self) -> Option<&ResourceSpec> {
        self.catalogue.resources.get(&*self.name)
    }
}

impl Facts {
    /// The narrowest fact about the word at a byte of the pipeline file, its end included.
    pub fn at(&self, offset: usize) -> Option<(Span, &Seen)> {
        self.all()
            .filter(|(span, _)| span.source.0 == 0 && (span.start as usize..=span.end as usize).contains(&offset))
            .min_by_key(|(span, _)| span.end - span.start)
    }

    pub fn all(&self) -> impl Iterator<Item = (Span, &Seen)> {
        self.0.iter().map(|(span, seen)| (*span, seen))
    }

    /// The catalogues of all connections, by the places of the connections' names.
    pub fn catalogues(&self) -> impl Iterator<Item = (Span, &Arc<Catalogue>)> {
        self.all().filter_map(|(span, seen)| match seen {
            Seen::Connection { catalogue } => catalogue.as_ref().map(|catalogue| (span, catalogue)),
            _ => None,
        })
    }
}
