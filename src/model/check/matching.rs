//! `match`: by which natural keys a record of the source finds its like in the target.
//!
//! Each key compares an expression over the matched record with one over the source. A
//! side that is absent or empty matches nothing. After the clause the matched record is a
//! name like any other, of an optional record.

use super::expr::common;
use super::resource::Found;
use super::scope::{Scope, Sort};
use super::{Checker, operands};
use crate::diag::{Diagnostic, Span, codes};
use crate::model::{Expr, ExprKind, LocalId, MatchKey, Matching, Otherwise, Piece, Step, Template};
use crate::syntax::{self as ast, Operator, Rule};
use crate::value::{Kind, Type};
use std::sync::Arc;

impl Checker<'_> {
    /// The step, if its parts are clear.
    pub(super) fn matching(
        &mut self,
        scope: &mut Scope,
        matching: &ast::Matching,
        to: Option<&ast::To>,
    ) -> Option<Step> {
        let found =
            self.resource(&matching.resource).filter(|found| self.can_list_whole(found, &matching.resource, "`match`"));
        if let Some(to) = to {
            self.same_target(matching, to);
            self.matched_are_not_corrected(to, found.as_ref());
        }
        let record =
            found.as_ref().map_or_else(Type::unknown, |found| Type::new(Kind::Record(found.spec().source_type())));
        let mark = scope.enter();
        let candidate = self.alias(scope, &matching.alias, record.clone());
        let keys: Vec<MatchKey> =
            matching.keys.iter().filter_map(|key| self.match_key(scope, key, candidate, &matching.alias)).collect();
        scope.leave(&mark);
        if matching.keys.is_empty() {
            let place = matching.resource.span();
            self.no_keys(place, &matching.alias.text);
        }
        let mark = scope.enter();
        let matches = scope.local("matches", Type::list(record.clone()));
        scope.bind(&ast::Name { text: Arc::from("matches"), span: matching.alias.span }, matches, Sort::Alias);
        let ambiguous = self.ambiguous(scope, matching);
        scope.leave(&mark);
        let local = self.alias(scope, &matching.alias, Type { optional: true, ..record });
        let found = found?;
        let [identity] = found.spec().identity.as_slice() else {
            self.cannot_match(&matching.resource, &found.spec().plural);
            return None;
        };
        let complete = keys.len() == matching.keys.len();
        let (ambiguous, identity) = (ambiguous?, Arc::from(identity.as_str()));
        complete.then(|| {
            Step::Match(Box::new(Matching {
                connection: found.connection.clone(),
                resource: found.resource.clone(),
                title: Arc::from(found.spec().title.as_str()),
                identity,
                candidate,
                keys,
                matches,
                ambiguous,
                local,
            }))
        })
    }

    /// What `match` finds was posted by others, line by line nobody knows what.
    fn matched_are_not_corrected(&mut self, to: &ast::To, found: Option<&Found>) {
        let mut actions = to.rules.iter().filter_map(|rule| match rule {
            Rule::OnChange { action, .. } if *action.text == *"correct" => Some(action.span),
            _ => None,
        });
        let correctable = found.filter(|found| found.spec().correction.is_some());
        if let Some((action, found)) = actions.next_back().zip(correctable) {
            self.cannot_correct(action, found, "what `match` finds was posted by others");
        }
    }

    fn same_target(&mut self, matching: &ast::Matching, to: &ast::To) {
        let (theirs, ours) = (&to.resource, &matching.resource);
        if (&theirs.connection.text, &theirs.resource.text) == (&ours.connection.text, &ours.resource.text) {
            return;
        }
        let name = format!("{}.{}", theirs.connection.text, theirs.resource.text);
        self.report(
            Diagnostic::error(&codes::MATCH_TARGET, ours.span(), "a flow matches the records that it writes")
                .label("another resource than that of `to`")
                .related(theirs.span(), "the flow writes here")
                .hint(format!(
                    "write `match {name} as {}`; a record of another resource is found by a lookup",
                    matching.alias.text
                )),
        );
    }

    fn cannot_match(&mut self, name: &ast::ResourceName, plural: &str) {
        self.report(
            Diagnostic::error(
                &codes::MATCH_TARGET,
                name.span(),
                format!("{plural} have no number of their own by which one is told from another"),
            )
            .label("cannot be matched")
            .hint("leave `match` out; the target is asked by its key"),
        );
    }

    fn no_keys(&mut self, place: Span, alias: &str) {
        self.report(
            Diagnostic::error(&codes::MATCH_KEY, place, "a `match` needs a key")
                .label("nothing to match by")
                .hint(format!("add a line such as `{alias}.code == record.code`")),
        );
    }

    fn match_key(
        &mut self,
        scope: &mut Scope,
        key: &ast::Expr,
        candidate: LocalId,
        alias: &ast::Name,
    ) -> Option<MatchKey> {
        let ast::ExprKind::Binary { operator: Operator::Equal, operator_span, left, right } = &key.kind else {
            self.no_match_key(key.span, "not an equality", &alias.text);
            return None;
        };
        let (left, right) = (self.expr(scope, left), self.expr(scope, right));
        if left.ty.is_unknown() || right.ty.is_unknown() {
            return None;
        }
        let plain = |ty: &Type| !matches!(ty.kind, Kind::List(_) | Kind::Record(_));
        if common(&left.ty, &right.ty).is_none() || !plain(&left.ty) {
            self.report(
                Diagnostic::error(
                    &codes::COMPARISON,
                    *operator_span,
                    format!("`{}` cannot be matched with `{}`", left.ty, right.ty),
                )
                .label("`==` compares plain values of one type")
                .hint("compare fields of one type; a number becomes a text with `text(…)`"),
            );
            return None;
        }
        let text: Arc<str> = Arc::from(operands::short(&self.text(key.span)));
        match (mentions(&left, candidate), mentions(&right, candidate)) {
            (true, false) => Some(MatchKey { theirs: left, ours: right, text }),
            (false, true) => Some(MatchKey { theirs: right, ours: left, text }),
            (true, true) => {
                self.no_match_key(key.span, "both sides speak of the matched record", &alias.text);
                None
            }
            (false, false) => {
                self.no_match_key(key.span, "neither side speaks of the matched record", &alias.text);
                None
            }
        }
    }

    fn no_match_key(&mut self, place: Span, label: &str, alias: &str) {
        self.report(
            Diagnostic::error(
                &codes::MATCH_KEY,
                place,
                "a key of `match` compares the matched record with the record of the flow",
            )
            .label(label)
            .hint(format!("write such as `{alias}.code == record.code`, with `{alias}` on one side only")),
        );
    }

    /// What becomes of a record with several matches.
    fn ambiguous(&mut self, scope: &mut Scope, matching: &ast::Matching) -> Option<Otherwise> {
        for second in matching.ambiguous.iter().skip(1) {
            let first = matching.ambiguous[0].span;
            self.report(
                Diagnostic::error(&codes::RULE_TWICE, second.span, "`ambiguous` stands twice")
                    .label("said again")
                    .related(first, "first said here")
                    .hint("keep one of the two"),
            );
        }
        match matching.ambiguous.first() {
            Some(otherwise) => Some(self.stop(scope, otherwise)),
            None => {
                self.report(
                    Diagnostic::error(
                        &codes::MATCH_AMBIGUOUS,
                        matching.resource.span(),
                        "nothing says what becomes of a record that several others match",
                    )
                    .label("no `ambiguous`")
                    .hint("add a line to the block: `ambiguous hold \"… matches {{ matches | length }} records\"`"),
                );
                None
            }
        }
    }
}

/// Whether a local is read anywhere in an expression.
fn mentions(expr: &Expr, local: LocalId) -> bool {
    let in_template = |template: &Template| {
        template.pieces.iter().any(|piece| match piece {
            Piece::Value { value, .. } => mentions(value, local),
            Piece::Literal(_) => false,
        })
    };
    match &expr.kind {
        ExprKind::Constant(_) => false,
        ExprKind::Local(this) => *this == local,
        ExprKind::Field(base, _) | ExprKind::Project(base, _) | ExprKind::Index(base, _) | ExprKind::Query(base, _) => {
            mentions(base, local)
        }
        ExprKind::Template(template) => in_template(template),
        ExprKind::List(items) | ExprKind::Call(_, items) | ExprKind::Lookup(_, items) | ExprKind::Apply(_, items) => {
            items.iter().any(|item| mentions(item, local))
        }
        ExprKind::Linked(_, _, value) | ExprKind::Not(value) | ExprKind::Negate(value) => mentions(value, local),
        ExprKind::Binary(_, left, right) | ExprKind::Otherwise(left, right) => {
            mentions(left, local) || mentions(right, local)
        }
        ExprKind::Each(each) => {
            mentions(&each.list, local) || each.filter.as_ref().is_some_and(|filter| mentions(filter, local))
        }
        ExprKind::Record(steps) => steps.iter().any(|step| match step {
            Step::Let(entry) => mentions(&entry.value, local),
            Step::Field { value, .. } => mentions(value, local),
            Step::Where { .. } | Step::Require { .. } | Step::Match(_) => false,
        }),
        ExprKind::If(choice) => {
            mentions(&choice.condition, local)
                || mentions(&choice.then, local)
                || choice.otherwise.as_ref().is_some_and(|value| mentions(value, local))
        }
        ExprKind::Match(choice) => {
            mentions(&choice.value, local) || choice.arms.iter().any(|arm| mentions(&arm.value, local))
        }
    }
}
