//! The names that an expression may use, and the frame that they stand in.
//!
//! Lets, aliases and items come before map fields, inner ones before outer ones. In the
//! filter of a lookup the fields of the record are names themselves.

use super::super::observe::Visible;
use super::super::{FunctionId, Local, LocalId};
use crate::diag::Span;
use crate::syntax::{Lost, Name};
use crate::value::{Kind, Type};
use std::collections::BTreeSet;
use std::sync::Arc;

/// One flow's (or filter's) names. Locals stay; names come and go with their block.
#[derive(Default)]
pub(super) struct Scope {
    locals: Vec<Local>,
    bindings: Vec<Binding>,
    /// Names that blocks around this place set, wherever they do.
    announced: Vec<Name>,
    /// Names whose lines could not be read.
    lost: Vec<Lost>,
    /// Names that were used before their lines.
    wanted: BTreeSet<Arc<str>>,
    /// A record whose fields are names.
    record: Option<LocalId>,
    /// Locals whose text was cut with `take`.
    cut: BTreeSet<usize>,
    /// Functions of the file that cut their result with `take`, as far as they were called here.
    cutting: BTreeSet<usize>,
    /// Texts that a `where` or `require` keeps short: a local, the fields after it, the longest.
    bounds: Vec<(LocalId, Vec<Arc<str>>, u32)>,
    /// Lets that went out of sight unused.
    unused: Vec<Name>,
}

/// A name that stands for a local.
#[derive(Clone)]
pub(super) struct Binding {
    pub name: Arc<str>,
    pub local: LocalId,
    pub span: Span,
    pub sort: Sort,
    used: bool,
}

/// What gave the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// `from … as`, `per`, `each … as`, a lookup's input.
    Alias,
    Let,
    /// A let that also stops records: useful even when nothing reads it.
    Check,
    Field,
}

impl Sort {
    /// As people call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Alias => "record",
            Self::Let | Self::Check => "`let`",
            Self::Field => "field of the map",
        }
    }
}

/// Where a block began.
pub(super) struct Mark {
    bindings: usize,
    announced: usize,
}

impl Scope {
    /// A scope whose only names are the fields of local 0.
    pub fn of_record(ty: Type) -> Self {
        let mut scope = Self::default();
        let record = scope.local("record", ty);
        scope.record = Some(record);
        scope
    }

    /// A new place in the frame, without a name that expressions could use.
    pub fn local(&mut self, name: impl Into<Arc<str>>, ty: Type) -> LocalId {
        self.locals.push(Local { name: name.into(), ty });
        LocalId(self.locals.len() - 1)
    }

    /// Names an existing local.
    pub fn bind(&mut self, name: &Name, local: LocalId, sort: Sort) {
        self.bindings.push(Binding { name: name.text.clone(), local, span: name.span, sort, used: false });
    }

    /// What already has this name and would be hidden. Fields hide nothing and are not hidden.
    pub fn holder(&self, name: &str) -> Option<&Binding> {
        self.bindings.iter().rev().find(|binding| binding.sort != Sort::Field && &*binding.name == name)
    }

    /// The local of a name; marks it as used.
    pub fn find(&mut self, name: &str) -> Option<LocalId> {
        let index = self.index(name)?;
        let binding = self.bindings.get_mut(index)?;
        binding.used = true;
        Some(binding.local)
    }

    fn index(&self, name: &str) -> Option<usize> {
        let at = |binding: &Binding, field: bool| (binding.sort == Sort::Field) == field && &*binding.name == name;
        let place = |field: bool| self.bindings.iter().rposition(|binding| at(binding, field));
        place(false).or_else(|| place(true))
    }

    /// Where a name is given, and by what.
    pub fn definition(&self, name: &str) -> Option<(Span, Sort)> {
        self.bindings.get(self.index(name)?).map(|binding| (binding.span, binding.sort))
    }

    /// All names that may stand here, with their types, innermost first.
    pub fn visible(&self) -> Vec<Visible> {
        let visible = |binding: &Binding| Visible {
            name: binding.name.clone(),
            ty: self.ty(binding.local),
            giver: binding.sort.into(),
        };
        self.bindings.iter().rev().map(visible).collect()
    }

    pub fn ty(&self, local: LocalId) -> Type {
        self.locals.get(local.0).map_or_else(Type::unknown, |local| local.ty.clone())
    }

    /// The record whose fields are names, and its type.
    pub fn record(&self) -> Option<(LocalId, Type)> {
        self.record.map(|local| (local, self.ty(local)))
    }

    /// All names that may stand here, for suggestions.
    pub fn names(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = self.bindings.iter().rev().map(|binding| binding.name.clone()).collect();
        if let Some((_, Type { kind: Kind::Record(record), .. })) = self.record() {
            names.extend(record.fields.keys().cloned());
        }
        names
    }

    /// Tells that the blocks around this place set a name somewhere.
    pub fn announce(&mut self, name: &Name) {
        self.announced.push(name.clone());
    }

    /// Tells of lines of the blocks around this place that could not be read.
    pub fn lose(&mut self, lost: &[Lost]) {
        self.lost.extend_from_slice(lost);
    }

    /// Whether a line that could not be read may set the name.
    pub fn may_be_lost(&self, name: &str) -> bool {
        let sets = |lost: &Lost| lost.keyword.as_deref().is_none_or(|word| matches!(word, "let" | "from" | "map"));
        self.lost.iter().any(|lost| sets(lost) && lost.name.as_ref().is_none_or(|known| &*known.text == name))
    }

    /// A name that is used before its line: it is not unused.
    pub fn want(&mut self, name: &Arc<str>) {
        self.wanted.insert(name.clone());
    }

    /// Where a name is set, if that is after `place`.
    pub fn set_later(&self, name: &str, place: Span) -> Option<Span> {
        self.announced
            .iter()
            .find(|later| &*later.text == name && later.span.source == place.source && later.span.end > place.start)
            .map(|later| later.span)
    }

    pub fn enter(&self) -> Mark {
        Mark { bindings: self.bindings.len(), announced: self.announced.len() }
    }

    /// Leaves a block: its names are gone, its locals stay.
    pub fn leave(&mut self, mark: &Mark) {
        let wanted = &self.wanted;
        let gone = self.bindings.drain(mark.bindings..);
        self.unused.extend(
            gone.filter(|binding| binding.sort == Sort::Let && !binding.used && !wanted.contains(&binding.name))
                .map(|binding| Name { text: binding.name, span: binding.span }),
        );
        self.announced.truncate(mark.announced);
    }

    /// Tells that a text has at most so many characters from here on.
    pub fn bound(&mut self, local: LocalId, fields: Vec<Arc<str>>, most: u32) {
        self.bounds.push((local, fields, most));
    }

    /// The longest that a text can be by what was required of it.
    pub fn bound_of(&self, local: LocalId, fields: &[Arc<str>]) -> Option<u32> {
        let same = self.bounds.iter().filter(|(of, path, _)| *of == local && **path == *fields);
        same.map(|(_, _, most)| *most).min()
    }

    /// How much is known of texts here, for [`Scope::forget`].
    pub fn bounds(&self) -> usize {
        self.bounds.len()
    }

    /// Forgets what was learnt since.
    pub fn forget(&mut self, bounds: usize) {
        self.bounds.truncate(bounds);
    }

    pub fn mark_cut(&mut self, local: LocalId) {
        self.cut.insert(local.0);
    }

    pub fn is_cut(&self, local: LocalId) -> bool {
        self.cut.contains(&local.0)
    }

    pub fn mark_cutting(&mut self, function: FunctionId) {
        self.cutting.insert(function.0);
    }

    pub fn is_cutting(&self, function: FunctionId) -> bool {
        self.cutting.contains(&function.0)
    }

    /// The frame, and the lets that nothing used.
    pub fn close(mut self) -> (Vec<Local>, Vec<Name>) {
        self.leave(&Mark { bindings: 0, announced: 0 });
        (self.locals, self.unused)
    }

    pub fn len(&self) -> usize {
        self.locals.len()
    }
}
