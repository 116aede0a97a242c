//! Whether a value fits the target's field: its type, that it is there, its length, its
//! allowed values, and the records of a list one by one.

use super::binary::values_of;
use super::each::is_cut;
use super::expr::with_article;
use super::operands::{instead, name_for, short, shown};
use super::scope::Scope;
use super::target::{lines_to_add, missing_of, writable};
use super::{Checker, listed};
use crate::connector::{FieldSpec, SpecType};
use crate::diag::{Diagnostic, Span, codes, nearest};
use crate::model::{Expr, ExprKind, Step};
use crate::syntax::Operator;
use crate::value::{Kind, RecordType, Type, Value};
use std::sync::Arc;

/// A place of the target.
pub(super) struct Slot<'a> {
    /// `lines.amount`.
    pub path: String,
    /// Where its name stands in the map.
    pub name: Span,
    pub spec: &'a FieldSpec,
    /// Part of the natural key.
    pub key: bool,
}

impl Checker<'_> {
    pub(super) fn fit(&mut self, value: &Expr, slot: &Slot, scope: &Scope) {
        if value.ty.is_unknown() {
            return;
        }
        match &value.kind {
            // Each branch is checked by itself, so that what is said of it stands at its place.
            ExprKind::If(choice) => match &choice.otherwise {
                Some(otherwise) => {
                    self.fit(&choice.then, slot, scope);
                    self.fit(otherwise, slot, scope);
                }
                None => {
                    self.present(value, slot);
                    self.shape(&choice.then, slot, scope);
                }
            },
            ExprKind::Match(cases) => {
                if cases.arms.iter().all(|arm| !arm.value.ty.optional) {
                    self.present(value, slot);
                }
                cases.arms.iter().for_each(|arm| self.fit(&arm.value, slot, scope));
            }
            _ => {
                self.present(value, slot);
                self.shape(value, slot, scope);
            }
        }
    }

    /// The type and what it holds; whether it is there does not matter here.
    fn shape(&mut self, value: &Expr, slot: &Slot, scope: &Scope) {
        if value.ty.is_unknown() {
            return;
        }
        match &value.kind {
            ExprKind::If(choice) => {
                self.shape(&choice.then, slot, scope);
                choice.otherwise.iter().for_each(|value| self.shape(value, slot, scope));
                return;
            }
            ExprKind::Match(cases) => return cases.arms.iter().for_each(|arm| self.shape(&arm.value, slot, scope)),
            _ => {}
        }
        match (&value.ty.kind, slot.spec.ty) {
            (Kind::Text { max }, SpecType::Text) => self.text_fits(value, *max, slot, scope),
            (Kind::Integer, SpecType::Integer | SpecType::Decimal)
            | (Kind::Decimal, SpecType::Decimal)
            | (Kind::Boolean, SpecType::Boolean)
            | (Kind::Date, SpecType::Date)
            | (Kind::DateTime, SpecType::Datetime) => {}
            (Kind::List(item), SpecType::List) => self.list_fits(value, item, slot, scope),
            (Kind::Record(_), SpecType::Record) => self.one_record_fits(value, slot, scope),
            _ => self.wrong_type(value, slot),
        }
    }

    /// A field that the target needs, or is asked by, must have a value.
    fn present(&mut self, value: &Expr, slot: &Slot) {
        if !value.ty.optional || !(slot.spec.required || slot.key) {
            return;
        }
        let text = self.text(value.span);
        let name = name_for(&text);
        let stop = format!("`let {name} = {} else hold \"…\"`", short(&text));
        let hint = match instead(&value.ty) {
            _ if matches!(value.kind, ExprKind::If(_)) => {
                "say what counts when the condition does not hold: `… else …`".to_owned()
            }
            Some(default) if !slot.key => {
                format!(
                    "stop the record first: {stop}; or say what counts when it is absent: `{} ?? {default}`",
                    short(&text)
                )
            }
            _ => format!("stop the record first: {stop}, and map `{} = {name}`", last(&slot.path)),
        };
        self.report(
            Diagnostic::error(
                &codes::MAY_BE_ABSENT,
                value.span,
                format!("`{}` always needs a value, and {} may be absent", slot.path, shown(&text)),
            )
            .label(format!("this is `{}`: it is not always there", value.ty))
            .hint(hint),
        );
    }

    fn wrong_type(&mut self, value: &Expr, slot: &Slot) {
        let text = self.text(value.span);
        let mend = mend(&value.ty, slot.spec, short(&text));
        let doc = slot.spec.doc.trim_end_matches('.');
        self.report(
            Diagnostic::error(
                &codes::TARGET_TYPE,
                value.span,
                format!("`{}` is {}, not {}", slot.path, wanted(slot.spec), with_article(&value.ty)),
            )
            .label(format!("this is `{}`", value.ty))
            .related(slot.name, format!("{doc} ({})", slot.spec.ty.name()))
            .hint(mend),
        );
    }

    fn text_fits(&mut self, value: &Expr, longest: Option<u32>, slot: &Slot, scope: &Scope) {
        if slot.key && is_cut(value, scope) {
            self.key_cut(value, slot);
        }
        if let Some(most) = slot.spec.max.filter(|most| longest.is_none_or(|longest| longest > *most)) {
            self.too_long(value, longest, most, slot);
        }
        self.allowed(value, slot);
    }

    fn key_cut(&mut self, value: &Expr, slot: &Slot) {
        let most = slot.spec.max.map_or_else(|| "40".to_owned(), |most| most.to_string());
        self.report(
            Diagnostic::error(
                &codes::KEY_CUT,
                value.span,
                format!("`{}` is part of the key and must not be cut: two records could become one", slot.path),
            )
            .label("cut with `take`")
            .related(slot.name, "part of the key")
            .hint(format!("use `shorten({most})`: it ends in a hash of the whole text when it must cut")),
        );
    }

    fn too_long(&mut self, value: &Expr, longest: Option<u32>, most: u32, slot: &Slot) {
        let text = self.text(value.span);
        let (label, hint) = match (&value.kind, longest) {
            (ExprKind::Constant(_), Some(longest)) => {
                (format!("this has {longest} characters"), format!("write at most {most} characters"))
            }
            (_, longest) => {
                let label = longest.map_or_else(
                    || "nothing bounds the length of this text".to_owned(),
                    |longest| format!("this can have {longest} characters"),
                );
                let cut = if slot.key { "shorten" } else { "take" };
                let refuse = match value.kind {
                    ExprKind::Local(_) | ExprKind::Field(..) if !slot.path.contains('.') => {
                        format!(", or refuse longer ones: `require length({}) <= {most} else hold \"…\"`", short(&text))
                    }
                    _ => String::new(),
                };
                let value = uncut(value);
                let text = self.text(value.span);
                let inner = if matches!(value.kind, ExprKind::Otherwise(..) | ExprKind::Binary(..)) {
                    format!("({})", short(&text))
                } else {
                    short(&text).to_owned()
                };
                let why =
                    if slot.key { "; a key is never just cut, `shorten` ends in a hash when it must" } else { "" };
                (label, format!("write `{inner} | {cut}({most})`{refuse}{why}"))
            }
        };
        self.report(
            Diagnostic::error(
                &codes::TEXT_TOO_LONG,
                value.span,
                format!("`{}` takes at most {most} characters", slot.path),
            )
            .label(label)
            .related(slot.name, format!("at most {most} characters"))
            .hint(hint),
        );
    }

    /// The values that the target knows, for each text that can come out of the expression.
    fn allowed(&mut self, value: &Expr, slot: &Slot) {
        if slot.spec.values.is_empty() {
            return;
        }
        if let ExprKind::Otherwise(left, right) = &value.kind {
            self.allowed(left, slot);
            self.allowed(right, slot);
            return;
        }
        if let ExprKind::If(choice) = &value.kind {
            self.allowed(&choice.then, slot);
            return choice.otherwise.iter().for_each(|value| self.allowed(value, slot));
        }
        if let ExprKind::Match(cases) = &value.kind {
            return cases.arms.iter().for_each(|arm| self.allowed(&arm.value, slot));
        }
        let is_known = |text: &str| slot.spec.values.iter().any(|value| value == text);
        match value.known() {
            Some(Value::Text(text)) if !is_known(&text) => self.not_allowed(value, &text, slot),
            Some(_) => {}
            None if slot.spec.closed => {
                let fits = values_of(value).is_some_and(|values| values.iter().all(|value| is_known(value)));
                let fits = fits && self.of_a_row(value);
                if !fits {
                    self.unchecked(value, slot);
                }
            }
            None => {}
        }
    }

    /// Whether the value is an output of a lookup, whose rows hold all that it can be. What is
    /// read may be another than the known values.
    fn of_a_row(&self, value: &Expr) -> bool {
        let ExprKind::Field(base, _) = &value.kind else { return false };
        let Kind::Record(record) = &base.ty.kind else { return false };
        let mut lookups = self.lookups.iter().filter_map(|lookup| lookup.record.as_ref());
        lookups.any(|outputs| Arc::ptr_eq(outputs, record))
    }

    fn not_allowed(&mut self, value: &Expr, text: &str, slot: &Slot) {
        let names = || slot.spec.values.iter().map(String::as_str);
        let hint = match names().find(|name| name.eq_ignore_ascii_case(text)).or_else(|| nearest(text, names())) {
            Some(near) => format!("did you mean `\"{near}\"`? It takes {}", listed(names(), 12)),
            None => format!("it takes {}", listed(names(), 12)),
        };
        let diagnostic = if slot.spec.closed {
            Diagnostic::error(
                &codes::VALUE_NOT_ALLOWED,
                value.span,
                format!("`{}` does not take \"{text}\"", slot.path),
            )
            .label("not one of its values")
        } else {
            Diagnostic::warning(
                &codes::UNKNOWN_VALUE,
                value.span,
                format!("`{}` is not known to take the value \"{text}\"", slot.path),
            )
            .label("not among its known values")
        };
        self.report(diagnostic.hint(hint));
    }

    fn unchecked(&mut self, value: &Expr, slot: &Slot) {
        let names = slot.spec.values.iter().map(String::as_str);
        self.report(
            Diagnostic::warning(
                &codes::UNCHECKED_VALUE,
                value.span,
                format!("`{}` takes only {}, and this text can be another", slot.path, listed(names, 12)),
            )
            .label("known only at run time")
            .hint("the other side refuses a record with another value; add a `require … in [ … ] else reject \"…\"`"),
        );
    }

    fn list_fits(&mut self, value: &Expr, item: &Type, slot: &Slot, scope: &Scope) {
        match &value.kind {
            ExprKind::Each(each) if !slot.spec.fields.is_empty() => {
                return self.body_fits(&each.steps, value.span, "each".len(), slot, scope);
            }
            ExprKind::Binary(Operator::Add, left, right) => {
                self.shape(left, slot, scope);
                return self.shape(right, slot, scope);
            }
            ExprKind::List(items) if !slot.spec.fields.is_empty() => {
                items.iter().for_each(|item| self.one_record_fits(item, slot, scope));
                return;
            }
            _ => {}
        }
        match &item.kind {
            Kind::Unknown => {}
            Kind::Record(record) if !slot.spec.fields.is_empty() => self.record_fits(&record.clone(), value.span, slot),
            kind => {
                let plain = slot.spec.item.is_some_and(|wanted| fits_plain(kind, wanted));
                if !plain {
                    self.wrong_type(value, slot);
                }
            }
        }
    }

    /// One record against the fields of the target.
    fn one_record_fits(&mut self, value: &Expr, slot: &Slot, scope: &Scope) {
        match (&value.kind, &value.ty.kind) {
            (_, Kind::Unknown) => {}
            (ExprKind::Record(steps), _) => self.body_fits(steps, value.span, "{".len(), slot, scope),
            (ExprKind::If(choice), _) => {
                self.one_record_fits(&choice.then, slot, scope);
                choice.otherwise.iter().for_each(|value| self.one_record_fits(value, slot, scope));
            }
            (ExprKind::Match(cases), _) => {
                cases.arms.iter().for_each(|arm| self.one_record_fits(&arm.value, slot, scope));
            }
            (_, Kind::Record(record)) => self.record_fits(&record.clone(), value.span, slot),
            _ => self.wrong_type(value, slot),
        }
    }

    /// The body of an `each` or of a record against the fields of the target. Its first
    /// `head` characters stand for it.
    fn body_fits(&mut self, steps: &[Step], place: Span, head: usize, slot: &Slot, scope: &Scope) {
        let target = match slot.spec.ty {
            SpecType::List => format!("a record of `{}`", slot.path),
            _ => format!("`{}`", slot.path),
        };
        for step in steps {
            let Step::Field { name, value, span, .. } = step else { continue };
            if let Some(spec) = self.target_field(name, *span, &slot.spec.fields, &target) {
                let path = format!("{}.{name}", slot.path);
                self.fit(value, &Slot { path, name: *span, spec, key: false }, scope);
            }
        }
        let lost = self.lost_in.get(&place).cloned().unwrap_or_default();
        let missing = missing_of(steps, &lost, &slot.spec.fields);
        if !missing.is_empty() {
            let head = u32::try_from(head).unwrap_or(u32::MAX);
            let place = Span { end: place.start.saturating_add(head).min(place.end), ..place };
            self.report(
                Diagnostic::error(
                    &codes::MISSING_TARGET_FIELD,
                    place,
                    format!("{target} needs {}", listed(missing.iter().map(|(name, _)| *name), 12)),
                )
                .label("not mapped in here")
                .hint(lines_to_add(&missing)),
            );
        }
    }

    /// A record that is not made in place: its type against the fields of the target.
    fn record_fits(&mut self, record: &Arc<RecordType>, place: Span, slot: &Slot) {
        let fields = &slot.spec.fields;
        let strange = record.fields.keys().filter(|name| fields.get(&***name).is_none_or(|spec| !writable(spec)));
        let strange: Vec<&str> = strange.map(|name| &**name).collect();
        let missing = fields
            .iter()
            .filter(|(name, spec)| spec.required && writable(spec) && !record.fields.contains_key(name.as_str()));
        let missing: Vec<&str> = missing.map(|(name, _)| name.as_str()).collect();
        if !(strange.is_empty() && missing.is_empty()) {
            let label = match missing.is_empty() {
                true => format!("`{}` has no {}", slot.path, listed(strange, 4)),
                false => format!("these have no {}", listed(missing, 4)),
            };
            self.report(
                Diagnostic::error(
                    &codes::TARGET_TYPE,
                    place,
                    format!("the records of `{}` are others than {} records", slot.path, record.name),
                )
                .label(label)
                .hint("say field by field what becomes of each: `each … as item { … }`"),
            );
            return;
        }
        for (name, field) in &record.fields {
            let Some(spec) = fields.get(&**name) else { continue };
            let part = Expr { kind: ExprKind::Constant(Value::Null), ty: field.ty.clone(), span: place };
            let slot = Slot { path: format!("{}.{name}", slot.path), name: slot.name, spec, key: false };
            self.fit(&part, &slot, &Scope::default());
        }
    }
}

fn fits_plain(kind: &Kind, wanted: SpecType) -> bool {
    matches!(
        (kind, wanted),
        (Kind::Text { .. }, SpecType::Text)
            | (Kind::Integer, SpecType::Integer | SpecType::Decimal)
            | (Kind::Decimal, SpecType::Decimal)
            | (Kind::Boolean, SpecType::Boolean)
            | (Kind::Date, SpecType::Date)
            | (Kind::DateTime, SpecType::Datetime)
    )
}

/// The text before it was cut, if cutting is the last thing that was done to it.
fn uncut(value: &Expr) -> &Expr {
    match &value.kind {
        ExprKind::Call(function, arguments) if matches!(function.name, "take" | "shorten") => {
            arguments.first().unwrap_or(value)
        }
        _ => value,
    }
}

/// `a text of at most 20 characters`, `a list of records`.
fn wanted(spec: &FieldSpec) -> String {
    match (spec.ty, spec.max) {
        (SpecType::Text, Some(max)) => format!("text of at most {max} characters"),
        (SpecType::Text, None) => "text".to_owned(),
        (SpecType::Integer, _) => "an integer".to_owned(),
        (SpecType::Datetime, _) => "a datetime (an instant)".to_owned(),
        (SpecType::List, _) if !spec.fields.is_empty() => "a list of records".to_owned(),
        (ty, _) => format!("a {}", ty.name()),
    }
}

/// How to make a value of the wanted type out of this one.
fn mend(ty: &Type, spec: &FieldSpec, text: &str) -> String {
    match (&ty.kind, spec.ty) {
        (Kind::List(_), SpecType::Text | SpecType::Integer | SpecType::Decimal | SpecType::Date) => {
            "name one of the list, `[0]`, or what `sum(…)` or `count(…)` make of it".to_owned()
        }
        (Kind::Record(_), SpecType::List) if text.starts_with('{') => "make a list of it: `[{ … }]`".to_owned(),
        (Kind::Record(_), SpecType::List) => "make a list of records: `each … as item { … }`, or `[{ … }]`".to_owned(),
        (Kind::Record(_), _) => "name one of its fields".to_owned(),
        (_, SpecType::Text) => format!("make it text: `text({text})`"),
        (Kind::DateTime, SpecType::Date) => format!("take its day: `date({text})`"),
        (Kind::Decimal, SpecType::Integer) => "map a field that holds a whole number".to_owned(),
        (Kind::Text { .. }, SpecType::Integer | SpecType::Decimal) => {
            "map a field that holds a number, or write the number without quotes".to_owned()
        }
        (Kind::Text { .. }, SpecType::Date) => {
            "map a field that holds a day, or write the day without quotes: `2026-10-31`".to_owned()
        }
        (_, SpecType::Boolean) => "write a comparison, `true` or `false`".to_owned(),
        (_, SpecType::List) => "make a list of records: `each … as item { … }`".to_owned(),
        _ => format!("map {}", wanted(spec)),
    }
}

/// The last name of a path.
fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
