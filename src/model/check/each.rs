//! Blocks that set fields: the body of a `map` and of an `each`, and the lets in them.

use super::Checker;
use super::scope::{Scope, Sort};
use crate::diag::{Diagnostic, Span, codes};
use crate::model::{Each, Expr, ExprKind, Let, LocalId, Otherwise, Step};
use crate::syntax::{self as ast, MapEntry, Name};
use crate::value::{FieldType, Kind, RecordType, Type};
use std::collections::HashMap;
use std::sync::Arc;

impl Checker<'_> {
    pub(super) fn each(&mut self, scope: &mut Scope, each: &ast::Each, span: Span) -> Expr {
        let list = self.settled(scope, &each.list, "`each`");
        let item = self.items(&list, "`each`");
        let mark = scope.enter();
        let local = self.alias(scope, &each.alias, item);
        let filter = each.filter.as_ref().map(|filter| self.condition(scope, filter));
        announce(scope, &each.body);
        let steps = self.body(scope, &each.body);
        scope.leave(&mark);
        self.lost_in.insert(span, each.body.lost.clone());
        let record = RecordType { name: each.alias.text.clone(), fields: fields_of(&steps, scope) };
        let ty = Type::list(Type::new(Kind::Record(Arc::new(record))));
        Expr { kind: ExprKind::Each(Box::new(Each { list, item: local, filter, steps })), ty, span }
    }

    /// The entries of a `map` or `each`, in order. The second of two fields of one name is left out.
    pub(super) fn body(&mut self, scope: &mut Scope, map: &ast::Map) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut seen: HashMap<Arc<str>, Span> = HashMap::new();
        for entry in &map.entries {
            match entry {
                MapEntry::Let(entry) => steps.push(self.let_step(scope, entry)),
                MapEntry::Field { name, value, .. } => {
                    let value = self.expr(scope, value);
                    if let Some(first) = seen.get(&name.text) {
                        self.mapped_twice(name, *first);
                        continue;
                    }
                    seen.insert(name.text.clone(), name.span);
                    self.tell_given(name, Sort::Field, &value.ty);
                    steps.push(field_step(scope, name, value));
                }
            }
        }
        steps
    }

    pub(super) fn let_step(&mut self, scope: &mut Scope, entry: &ast::Let) -> Step {
        let mut value = match (&entry.value.kind, &entry.otherwise) {
            (ast::ExprKind::Match(cases), Some(_)) => self.cases(scope, cases, entry.value.span, true),
            _ => self.expr(scope, &entry.value),
        };
        if let Some(otherwise) = &entry.otherwise
            && !value.ty.optional
            && !value.ty.is_unknown()
        {
            let text = self.text(value.span);
            self.report(
                Diagnostic::warning(
                    &codes::NEVER_ABSENT,
                    otherwise.span,
                    format!("{} is always there", super::operands::shown(&text)),
                )
                .label("never taken")
                .related(value.span, "always has a value")
                .hint("take the `else` out, or say with `require … else` what must hold"),
            );
        }
        let otherwise = entry.otherwise.as_ref().map(|otherwise| self.stop(scope, otherwise));
        let ty = if otherwise.is_some() { value.ty.clone().settled() } else { value.ty.clone() };
        let local = scope.local(entry.name.text.clone(), ty);
        if is_cut(&value, scope) {
            scope.mark_cut(local);
        }
        self.bind(scope, &entry.name, local, if otherwise.is_some() { Sort::Check } else { Sort::Let });
        if value.ty.is_unknown() {
            value.ty.optional = false;
        }
        Step::Let(Let { local, value, otherwise })
    }

    /// What stands after `else`.
    pub(super) fn stop(&mut self, scope: &mut Scope, otherwise: &ast::Otherwise) -> Otherwise {
        Otherwise {
            outcome: otherwise.outcome,
            sentence: self.sentence(scope, &otherwise.sentence),
            span: otherwise.span,
        }
    }

    /// A new local for a record, under a name.
    pub(super) fn alias(&mut self, scope: &mut Scope, name: &Name, ty: Type) -> LocalId {
        let local = scope.local(name.text.clone(), ty);
        self.bind(scope, name, local, Sort::Alias);
        local
    }

    /// Gives a local its name, unless that would hide another.
    fn bind(&mut self, scope: &mut Scope, name: &Name, local: LocalId, sort: Sort) {
        let holder = scope.holder(&name.text).map(|holder| (holder.sort.word(), holder.span));
        if let Some((word, span)) = holder.or_else(|| self.declared_holder(&name.text)) {
            self.taken(name, word, span);
            scope.want(&name.text);
        }
        scope.bind(name, local, sort);
        self.tell_given(name, sort, &scope.ty(local));
    }

    fn mapped_twice(&mut self, name: &Name, first: Span) {
        self.report(
            Diagnostic::error(&codes::MAPPED_TWICE, name.span, format!("`{}` is mapped twice", name.text))
                .label("mapped again")
                .related(first, "first mapped here")
                .hint("keep one of the two"),
        );
    }
}

fn field_step(scope: &mut Scope, name: &Name, value: Expr) -> Step {
    let local = scope.local(name.text.clone(), value.ty.clone());
    if is_cut(&value, scope) {
        scope.mark_cut(local);
    }
    scope.bind(name, local, Sort::Field);
    Step::Field { name: name.text.clone(), local, value, span: name.span }
}

/// Tells the names that a block sets, so that a use before its line can be explained.
pub(super) fn announce(scope: &mut Scope, map: &ast::Map) {
    scope.lose(&map.lost);
    for entry in &map.entries {
        match entry {
            MapEntry::Let(entry) => scope.announce(&entry.name),
            MapEntry::Field { name, .. } => scope.announce(name),
        }
    }
}

pub(super) fn fields_of(steps: &[Step], scope: &Scope) -> indexmap::IndexMap<Arc<str>, FieldType> {
    let fields = steps.iter().filter_map(|step| match step {
        Step::Field { name, local, .. } => Some((name.clone(), scope.ty(*local))),
        _ => None,
    });
    fields.map(|(name, ty)| (name, FieldType { ty, doc: Arc::from(""), values: Vec::new(), closed: false })).collect()
}

/// Whether a text was made shorter in a way by which two texts can become one.
pub(super) fn is_cut(value: &Expr, scope: &Scope) -> bool {
    match &value.kind {
        ExprKind::Call(function, arguments) => {
            let lasts = function.name == "shorten";
            function.name == "take" || (!lasts && arguments.iter().any(|argument| is_cut(argument, scope)))
        }
        ExprKind::Local(local) => scope.is_cut(*local),
        ExprKind::Otherwise(left, right) => is_cut(left, scope) || is_cut(right, scope),
        ExprKind::If(choice) => {
            is_cut(&choice.then, scope) || choice.otherwise.as_ref().is_some_and(|value| is_cut(value, scope))
        }
        ExprKind::Match(cases) => cases.arms.iter().any(|arm| is_cut(&arm.value, scope)),
        ExprKind::Apply(function, arguments) => {
            scope.is_cutting(*function) || arguments.iter().any(|argument| is_cut(argument, scope))
        }
        ExprKind::Template(template) => template.pieces.iter().any(|piece| match piece {
            crate::model::Piece::Value { value, .. } => is_cut(value, scope),
            crate::model::Piece::Literal(_) => false,
        }),
        _ => false,
    }
}
