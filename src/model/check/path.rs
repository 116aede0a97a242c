//! Paths: a name in scope and the segments after it.

use super::Checker;
use super::expr::{named, with_article};
use super::narrow::narrowed;
use super::scope::Scope;
use crate::diag::{Diagnostic, Span, codes, nearest};
use crate::model::observe::Seen;
use crate::model::{Expr, ExprKind};
use crate::syntax::{Name, Path, Segment, SegmentKind};
use crate::value::{Kind, RecordType, Type};
use std::sync::Arc;

/// The farthest item that RFC 9535 lets a path name.
const FARTHEST: u64 = (1 << 53) - 1;

impl Checker<'_> {
    pub(super) fn path(&mut self, scope: &mut Scope, path: &Path) -> Expr {
        let whole = path.segments.last().map_or(path.root.span, |last| path.root.span.to(last.span));
        let value = self.root(scope, &path.root);
        self.followed(scope, value, &path.segments, whole)
    }

    /// What stands at the end of some steps into a value.
    pub(super) fn followed(&mut self, scope: &Scope, mut value: Expr, segments: &[Segment], whole: Span) -> Expr {
        // Whether what stands so far are several values, of each of which the rest is taken.
        let mut several = false;
        for segment in segments {
            if value.ty.is_unknown() {
                return Expr::unknown(whole);
            }
            if several && !matches!(segment.kind, SegmentKind::Field(_)) {
                self.of_each(&value, segment.span);
                return Expr::unknown(whole);
            }
            several |= matches!(segment.kind, SegmentKind::Wildcard | SegmentKind::Query(_));
            value = self.segment(value, segment);
            several |= matches!(value.kind, ExprKind::Project(..));
        }
        narrowed(scope, value)
    }

    fn root(&mut self, scope: &mut Scope, name: &Name) -> Expr {
        if let Some(local) = scope.find(&name.text) {
            self.tell_name(scope, name, &scope.ty(local));
            return Expr { kind: ExprKind::Local(local), ty: scope.ty(local), span: name.span };
        }
        if let Some((local, Type { kind: Kind::Record(record), .. })) = scope.record()
            && record.fields.contains_key(&name.text)
        {
            let record = Expr { kind: ExprKind::Local(local), ty: scope.ty(local), span: name.span };
            return self.field(record, &name.text, name.span);
        }
        if let Some(value) = self.declared_name(scope, name) {
            return value;
        }
        let lost = |word| super::lost::may_be(&self.lost, word, &name.text);
        let unclear = lost("let") || lost("vars");
        let unclear = unclear || scope.may_be_lost(&name.text) || scope.record().is_some_and(|(_, ty)| ty.is_unknown());
        if !unclear {
            self.unknown_name(scope, name);
        }
        self.tell_unknown(scope, name);
        Expr::unknown(name.span)
    }

    fn unknown_name(&mut self, scope: &mut Scope, name: &Name) {
        if let Some(later) = scope.set_later(&name.text, name.span) {
            scope.want(&name.text);
            self.report(
                Diagnostic::error(
                    &codes::LATER_NAME,
                    name.span,
                    format!("`{}` is used before it is set; a flow is read from top to bottom", name.text),
                )
                .label("not set yet")
                .related(later, "set here")
                .hint(format!("move the line that sets `{}` above this one", name.text)),
            );
            return;
        }
        let mut names = scope.names();
        names.extend(self.declared_names(false));
        let hint = match nearest(&name.text, names.iter().map(|name| &**name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "write a text in quotes, or a number".to_owned(),
            None => format!("the names that can stand here are {}; texts stand in quotes", listed_once(&names)),
        };
        self.report(
            Diagnostic::error(&codes::UNKNOWN_NAME, name.span, format!("there is no `{}` here", name.text))
                .label("not known")
                .hint(hint),
        );
    }

    /// In JSONPath `[0]` after a filter is the first of each value that the filter kept, which
    /// nobody means who writes it.
    fn of_each(&mut self, value: &Expr, place: Span) {
        let (text, so_far) = (self.text(place), self.text(value.span));
        self.report(
            Diagnostic::error(
                &codes::PATH_QUERY,
                place,
                format!("`{text}` would be taken of each of several values, not of their list"),
            )
            .label("not of the list")
            .hint(format!(
                "one of the list is `first({0})` or `last({0})`; for anything else name the list with a `let` first",
                super::operands::short(&so_far)
            )),
        );
    }

    fn segment(&mut self, value: Expr, segment: &Segment) -> Expr {
        let span = value.span.to(segment.span);
        let optional = value.ty.optional;
        match (&segment.kind, &value.ty.kind) {
            (SegmentKind::Field(name), _) => self.field(value, name, segment.span),
            (SegmentKind::Index(index), Kind::List(_)) if index.unsigned_abs() > FARTHEST => {
                self.report(
                    Diagnostic::error(&codes::PATH_QUERY, segment.span, "no list has so many items")
                        .label("beyond what JSONPath counts")
                        .hint("count from 0, or from the end with -1"),
                );
                Expr::unknown(span)
            }
            (SegmentKind::Index(index), Kind::List(item)) => {
                let ty = (**item).clone().optional();
                Expr { kind: ExprKind::Index(Box::new(value), *index), ty, span }
            }
            (SegmentKind::Wildcard, Kind::List(_)) => Expr { span, ..value },
            (SegmentKind::Query(text), Kind::List(item)) if self.query(text, item, segment.span) => {
                let ty = Type { kind: value.ty.kind.clone(), optional };
                Expr { kind: ExprKind::Query(Box::new(value), text.clone()), ty, span }
            }
            (SegmentKind::Query(_), Kind::List(_)) => Expr::unknown(span),
            (SegmentKind::Query(text), _) if text.starts_with("..") => {
                self.query(text, &Type::unknown(), segment.span);
                Expr::unknown(span)
            }
            (SegmentKind::Wildcard, Kind::Record(_)) => {
                self.report(
                    Diagnostic::error(
                        &codes::PATH_QUERY,
                        segment.span,
                        "the fields of a record are of different types and cannot be taken all at once",
                    )
                    .label("this is not a list")
                    .hint("name the field that is meant"),
                );
                Expr::unknown(span)
            }
            _ => {
                let text = self.text(segment.span);
                self.no_list(value.span, &value.ty, &format!("`{text}`"));
                Expr::unknown(span)
            }
        }
    }

    /// `value.name`; on a list the field of each record in it.
    fn field(&mut self, value: Expr, name: &Arc<str>, place: Span) -> Expr {
        let span = value.span.to(place);
        self.tell_field(&value.ty, name, place);
        match &value.ty.kind {
            Kind::Record(record) => match record.fields.get(name) {
                Some(field) => {
                    let ty = Type { kind: field.ty.kind.clone(), optional: field.ty.optional || value.ty.optional };
                    Expr { kind: ExprKind::Field(Box::new(value), name.clone()), ty, span }
                }
                None => {
                    let record = record.clone();
                    self.unknown_field(&record, name, place);
                    Expr::unknown(span)
                }
            },
            Kind::List(item) => match &item.kind {
                Kind::Record(record) => match record.fields.get(name) {
                    Some(field) => {
                        let list = Type::list(field.ty.clone().settled());
                        let ty = Type { optional: value.ty.optional, ..list };
                        Expr { kind: ExprKind::Project(Box::new(value), name.clone()), ty, span }
                    }
                    None => {
                        let record = record.clone();
                        self.unknown_field(&record, name, place);
                        Expr::unknown(span)
                    }
                },
                Kind::Unknown => Expr::unknown(span),
                _ => self.no_fields(&value, name, place),
            },
            Kind::Unknown => Expr::unknown(span),
            _ => self.no_fields(&value, name, place),
        }
    }

    fn tell_field(&mut self, of: &Type, name: &Arc<str>, place: Span) {
        // The step is `.name`; the word is what is told of.
        let dotted = (place.end - place.start) as usize == name.len() + 1;
        let place = Span { start: place.start + u32::from(dotted), ..place };
        self.tell(place, || {
            let record = match &of.kind {
                Kind::List(item) => &item.kind,
                kind => kind,
            };
            let field = match record {
                Kind::Record(record) => record.fields.get(name).map(|field| field.ty.clone()),
                _ => None,
            };
            let ty = field.map(|ty| if of.optional { ty.optional() } else { ty });
            Seen::Field { of: of.clone(), name: name.clone(), ty }
        });
    }

    fn no_fields(&mut self, value: &Expr, name: &str, place: Span) -> Expr {
        let text = self.text(value.span);
        self.report(
            Diagnostic::error(
                &codes::NO_FIELDS,
                place,
                format!("{} is {} and has no fields", super::operands::shown(&text), with_article(&value.ty)),
            )
            .label(format!("no `{name}` in here"))
            .hint(format!("use the value itself: take `.{name}` out")),
        );
        Expr::unknown(value.span.to(place))
    }

    pub(super) fn unknown_field(&mut self, record: &RecordType, name: &str, place: Span) {
        let names = || record.fields.keys().map(|name| &**name);
        let hint = match nearest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => match holder(record, name) {
                Some(path) => format!("it has `{path}`"),
                None => format!("its fields are {}", super::listed(names(), 12)),
            },
        };
        self.report(
            Diagnostic::error(&codes::UNKNOWN_FIELD, place, format!("{} has no field `{name}`", named(&record.name)))
                .label("no such field")
                .hint(hint),
        );
    }
}

/// `summary.current_payment_due` if a record inside this one has the field.
fn holder(record: &RecordType, name: &str) -> Option<String> {
    record.fields.iter().find_map(|(inner, field)| match &field.ty.kind {
        Kind::Record(nested) if nested.fields.contains_key(name) => Some(format!("{inner}.{name}")),
        _ => None,
    })
}

/// Names once each, innermost first.
fn listed_once(names: &[Arc<str>]) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for name in names {
        if !seen.contains(&&**name) {
            seen.push(name);
        }
    }
    super::listed(seen, 12)
}
