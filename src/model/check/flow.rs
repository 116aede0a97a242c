//! Flows: from one resource, step by step, to another.

use super::each::announce;
use super::narrow::learn;
use super::per::{PerOf, record_or_unknown};
use super::resource::Found;
use super::scope::Scope;
use super::{Checker, listed, lost};
use crate::diag::{Diagnostic, Span, codes};
use crate::model::{self, Flow, LocalId, Source, Step, Target};
use crate::syntax::{self as ast, Clause};
use crate::value::{Kind, Type};
use std::sync::Arc;

/// The parts of a flow that stand once.
#[derive(Default)]
struct Parts<'a> {
    from: Option<&'a ast::From>,
    map: Option<&'a ast::Map>,
    to: Option<&'a ast::To>,
    matching: Option<&'a ast::Matching>,
}

impl Checker<'_> {
    /// A whole flow; `None` if its source or target is not clear.
    pub(super) fn flow(&mut self, flow: &ast::Flow) -> Option<Flow> {
        let parts = self.parts(flow);
        let mut scope = Scope::default();
        let source = match parts.from {
            Some(from) => self.from(&mut scope, from),
            None => {
                scope.local("record", Type::unknown());
                None
            }
        };
        // Of a clause whose keyword is misspelt nobody knows what it names.
        let lost: Vec<ast::Lost> = flow.lost.iter().cloned().map(lost::nameless).collect();
        scope.lose(&lost);
        for clause in &flow.clauses {
            match clause {
                Clause::Let(entry) => scope.announce(&entry.name),
                Clause::Map(map) => announce(&mut scope, map),
                _ => {}
            }
        }
        let without_source = parts.from.is_none();
        let mut steps = Vec::new();
        if !without_source {
            for clause in &flow.clauses {
                self.clause(&mut scope, clause, &parts, &mut steps);
            }
        }
        let target = parts.to.and_then(|to| self.to(to, parts.map, &steps, &mut scope));
        let mark = parts.to.and_then(|to| self.mark(to, parts.from));
        let schedule = self.schedule(flow, parts.from);
        let (locals, unused) = scope.close();
        for name in unused {
            self.unused_let(&name);
        }
        Some(Flow {
            name: flow.name.text.clone(),
            source: source?,
            steps,
            target: Target { mark, ..target? },
            links: Vec::new(),
            schedule,
            locals,
            span: flow.span,
        })
    }

    fn clause<'a>(&mut self, scope: &mut Scope, clause: &'a Clause, parts: &Parts<'a>, steps: &mut Vec<Step>) {
        match clause {
            Clause::Where { condition, .. } => {
                let condition = self.condition(scope, condition);
                learn(scope, &condition);
                steps.push(Step::Where { condition });
            }
            Clause::Let(entry) => {
                let step = self.let_step(scope, entry);
                steps.push(step);
            }
            Clause::Require(require) => {
                let condition = self.condition(scope, &require.condition);
                let otherwise = self.stop(scope, &require.otherwise);
                learn(scope, &condition);
                steps.push(Step::Require { condition, otherwise });
            }
            Clause::Map(map) if parts.map.is_some_and(|first| first.span == map.span) => {
                let body = self.body(scope, map);
                steps.extend(body);
            }
            Clause::Match(matching) if parts.matching.is_some_and(|first| first.span == matching.span) => {
                let step = self.matching(scope, matching, parts.to);
                steps.extend(step);
            }
            Clause::Map(_)
            | Clause::From(_)
            | Clause::To(_)
            | Clause::Match(_)
            | Clause::Run { .. }
            | Clause::Reconcile(_) => {}
        }
    }

    /// Finds the parts that must stand once, and says what is missing, twice or misplaced.
    fn parts<'a>(&mut self, flow: &'a ast::Flow) -> Parts<'a> {
        let mut parts = Parts::default();
        for clause in &flow.clauses {
            match clause {
                Clause::From(from) => match parts.from {
                    Some(first) => self.twice("from", from.span, first.span),
                    None => parts.from = Some(from),
                },
                Clause::Map(map) => match parts.map {
                    Some(first) => self.twice("map", map.span, first.span),
                    None => parts.map = Some(map),
                },
                Clause::To(to) => match parts.to {
                    Some(first) => self.twice("to", to.resource.span(), first.resource.span()),
                    None => parts.to = Some(to),
                },
                Clause::Match(matching) => match parts.matching {
                    Some(first) => self.twice("match", matching.resource.span(), first.resource.span()),
                    None => parts.matching = Some(matching),
                },
                _ => {}
            }
        }
        self.clause_order(flow, &parts);
        let missing: Vec<&str> =
            [("from", parts.from.is_none()), ("map", parts.map.is_none()), ("to", parts.to.is_none())]
                .into_iter()
                .filter_map(|(word, missing)| missing.then_some(word))
                .collect();
        // A line that cannot be read may have swallowed what seems to be missing.
        if !missing.is_empty() && flow.lost.is_empty() {
            self.report(
                Diagnostic::error(
                    &codes::FLOW_INCOMPLETE,
                    flow.name.span,
                    format!("the flow `{}` lacks {}", flow.name.text, listed(missing, 3)),
                )
                .label("not complete")
                .hint("a flow says `from` where records come, `map` what they become, `to` where they go"),
            );
        }
        parts
    }

    /// `from` comes first, `to` after the map and everything that computes.
    fn clause_order(&mut self, flow: &ast::Flow, parts: &Parts) {
        if let (Some(first), Some(from)) = (flow.clauses.iter().find(|clause| counts(clause)), parts.from)
            && !matches!(first, Clause::From(_))
        {
            self.misplaced(first.span(), "before `from`", from.span, "move `from` to the top of the flow");
        }
        if let (Some(map), Some(matching)) = (parts.map, parts.matching) {
            let at = |wanted: Span| flow.clauses.iter().position(|clause| clause.span() == wanted);
            if at(map.span) < at(matching.span) {
                let place = matching.resource.span();
                self.misplaced(place, "after `map`", map.span, "move `match` above `map`");
            }
        }
        let Some(to) = parts.to else { return };
        let after = flow.clauses.iter().skip_while(|clause| !matches!(clause, Clause::To(_)));
        let mut after = after.filter(|clause| counts(clause) && !matches!(clause, Clause::From(_) | Clause::To(_)));
        if let Some(clause) = after.next() {
            self.misplaced(clause.span(), "after `to`", to.resource.span(), "move it above `to`");
        }
    }

    fn misplaced(&mut self, place: Span, what: &str, related: Span, hint: &str) {
        self.report(
            Diagnostic::error(
                &codes::CLAUSE_ORDER,
                place,
                format!("this stands {what}; a flow is read from top to bottom"),
            )
            .label(format!("stands {what}"))
            .related(related, "here")
            .hint(hint),
        );
    }

    pub(super) fn twice(&mut self, word: &str, place: Span, first: Span) {
        self.report(
            Diagnostic::error(&codes::CLAUSE_ORDER, place, format!("a flow has one `{word}`, here is a second one"))
                .label("second one")
                .related(first, "first one")
                .hint(format!("put both into one `{word}`, or make a second flow")),
        );
    }

    /// Sets local 0 to the record and, with a scope, local 1 to the scope's record.
    fn from(&mut self, scope: &mut Scope, from: &ast::From) -> Option<Source> {
        let found = self.resource(&from.resource).filter(|found| self.can_list(found, &from.resource));
        let record =
            found.as_ref().map_or_else(Type::unknown, |found| Type::new(Kind::Record(found.spec().source_type())));
        let local = scope.local(from.alias.text.clone(), record);
        let per = match (&found, &from.per) {
            (Some(found), per) => self.scope_of(scope, found, per.as_ref(), from),
            (None, Some(per)) => {
                self.alias(scope, &per.name, Type::unknown());
                None
            }
            (None, None) => None,
        };
        if from.per.as_ref().is_some_and(|per| per.name.text == from.alias.text) {
            let per = from.per.as_ref().map_or(from.alias.span, |per| per.name.span);
            let alias = from.alias.clone();
            self.taken(&alias, "record", per);
        }
        if let Some((word, span)) = self.declared_holder(&from.alias.text) {
            self.taken(&from.alias, word, span);
        }
        scope.bind(&from.alias, local, super::scope::Sort::Alias);
        self.tell_given(&from.alias, super::scope::Sort::Alias, &scope.ty(local));
        let found = found?;
        Some(Source { connection: found.connection.clone(), resource: found.resource.clone(), scope: per })
    }

    /// Checks `per` against what the catalogue says of the resource.
    fn scope_of(
        &mut self,
        scope: &mut Scope,
        found: &Found,
        per: Option<&ast::Per>,
        from: &ast::From,
    ) -> Option<model::Scope> {
        let line = |checker: &Self| format!("from {} as {}", checker.text(from.resource.span()), from.alias.text);
        let (spec, per) = match self.per_of(found, per, from.resource.span(), line) {
            PerOf::Whole => return None,
            PerOf::Of(spec, per) => (spec, per),
            PerOf::Wrong => {
                self.unclear_scope(scope, found, per);
                return None;
            }
        };
        let record = record_or_unknown(found.scope_type(spec));
        let local: LocalId = self.alias(scope, &per.name, record);
        let filter = per.filter.as_ref().map(|filter| self.condition(scope, filter));
        Some(model::Scope {
            name: Arc::from(spec.name.as_str()),
            resource: Arc::from(spec.resource.as_str()),
            field: Arc::from(spec.field.as_str()),
            filter,
            local,
        })
    }

    /// The name of a scope is known even if nothing else of it is.
    fn unclear_scope(&mut self, scope: &mut Scope, found: &Found, per: Option<&ast::Per>) {
        match (per, &found.spec().scope) {
            (Some(per), _) => drop(self.alias(scope, &per.name, Type::unknown())),
            (None, Some(spec)) => drop(scope.local(spec.name.as_str(), Type::unknown())),
            (None, None) => {}
        }
    }
}

/// Whether the clause has a place in the order of a flow.
fn counts(clause: &Clause) -> bool {
    !matches!(clause, Clause::Run { .. } | Clause::Reconcile(_))
}
