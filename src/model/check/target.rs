//! `to`: whether the target can be written, and whether the map gives it what it needs.

use super::fit::Slot;
use super::resource::Found;
use super::scope::Scope;
use super::{Checker, listed, lost};
use crate::connector::{FieldSpec, Operation};
use crate::diag::{Diagnostic, Span, codes, nearest};
use crate::model::{Step, Target};
use crate::syntax::{self as ast, Name};
use std::sync::Arc;

impl Checker<'_> {
    pub(super) fn to(
        &mut self,
        to: &ast::To,
        map: Option<&ast::Map>,
        steps: &[Step],
        scope: &mut Scope,
    ) -> Option<Target> {
        let found = self.resource(&to.resource).filter(|found| self.can_create(found, to));
        let rules = self.rules(to, found.as_ref(), scope);
        let key: &[Name] = rules.key.map_or(&[], |(fields, _)| fields);
        let found = found?;
        let known = match rules.key {
            Some((fields, span)) => self.key_fields(fields, span, &found),
            None => {
                if !lost::any(&to.lost, "key") {
                    self.no_key(to, &found);
                }
                false
            }
        };
        if let Some(map) = map {
            self.fields(steps, key, &found, scope);
            self.missing(steps, map, to, &found);
            if known {
                self.keys_mapped(key, steps, map, &found);
            }
        }
        Some(Target {
            connection: found.connection.clone(),
            resource: found.resource.clone(),
            key: key.iter().map(|name| name.text.clone()).collect(),
            on_change: rules.on_change,
            retry: rules.retry,
            guard: rules.guard,
            settle: rules.settle,
            approve: rules.approve,
            mark: None,
            span: to.span,
        })
    }

    fn can_create(&mut self, found: &Found, to: &ast::To) -> bool {
        let spec = found.spec();
        if spec.can(Operation::Create) {
            return true;
        }
        let able: Vec<&str> = found
            .catalogue
            .resources
            .iter()
            .filter(|(_, spec)| spec.can(Operation::Create))
            .map(|(name, _)| name.as_str())
            .collect();
        let hint = if able.is_empty() {
            format!("nothing is written in {} by this release", found.catalogue.title)
        } else {
            format!("what can be written there: {}", listed(able, 20))
        };
        self.report(
            Diagnostic::error(
                &codes::CANNOT_CREATE,
                to.resource.span(),
                format!("{} are only read in {}, not written", spec.plural, found.catalogue.title),
            )
            .label("cannot be written")
            .hint(hint),
        );
        false
    }

    fn no_key(&mut self, to: &ast::To, found: &Found) {
        let hint = match found.spec().natural_keys.first() {
            Some(key) => format!("write `key {}` in the block", key.join(", ")),
            None => "no key is known for this resource".to_owned(),
        };
        self.report(
            Diagnostic::error(
                &codes::KEY_MISSING,
                to.resource.span(),
                "the target needs a key, so that nothing is posted twice",
            )
            .label("no `key`")
            .hint(hint),
        );
    }

    /// Whether all key fields are fields of the target.
    fn key_fields(&mut self, fields: &[Name], span: Span, found: &Found) -> bool {
        let spec = found.spec();
        let mut known = true;
        for (index, field) in fields.iter().enumerate() {
            if let Some(first) = fields.iter().take(index).find(|first| first.text == field.text) {
                self.rule_again(field, first.span);
                known = false;
            } else if !spec.fields.contains_key(&*field.text) {
                self.unknown_target_field(&field.text, field.span, &spec.fields, &found.target_name());
                known = false;
            }
        }
        if known {
            self.natural_key(fields, span, found);
        }
        known
    }

    fn rule_again(&mut self, field: &Name, first: Span) {
        self.report(
            Diagnostic::error(&codes::RULE_TWICE, field.span, format!("`{}` stands twice in the key", field.text))
                .label("named again")
                .related(first, "first named here")
                .hint("name each key field once"),
        );
    }

    /// Each mapped field against the field of the target.
    fn fields(&mut self, steps: &[Step], key: &[Name], found: &Found, scope: &Scope) {
        let fields = &found.spec().fields;
        for step in steps {
            let Step::Field { name, value, span, .. } = step else { continue };
            match self.target_field(name, *span, fields, &found.target_name()) {
                Some(spec) => {
                    let key = key.iter().any(|field| field.text == *name);
                    self.fit(value, &Slot { path: name.to_string(), name: *span, spec, key }, scope);
                }
                None => continue,
            }
        }
    }

    /// The target's field of this name, if it is there and can be written; says so if not.
    pub(super) fn target_field<'s>(
        &mut self,
        name: &Arc<str>,
        span: Span,
        fields: &'s indexmap::IndexMap<String, FieldSpec>,
        target: &str,
    ) -> Option<&'s FieldSpec> {
        let Some(spec) = fields.get(&**name) else {
            self.unknown_target_field(name, span, fields, target);
            return None;
        };
        if writable(spec) {
            return Some(spec);
        }
        self.report(
            Diagnostic::error(&codes::READ_ONLY_FIELD, span, format!("`{name}` of {target} is set by the other side"))
                .label("can only be read")
                .hint(format!("take the line out. {}", spec.doc)),
        );
        None
    }

    pub(super) fn unknown_target_field(
        &mut self,
        name: &str,
        span: Span,
        fields: &indexmap::IndexMap<String, FieldSpec>,
        target: &str,
    ) {
        let names = || writable_names(fields);
        let hint = match nearest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its fields are {}", listed(names(), 20)),
        };
        self.report(
            Diagnostic::error(&codes::UNKNOWN_TARGET_FIELD, span, format!("{target} has no field `{name}`"))
                .label("no such field")
                .hint(hint),
        );
    }

    fn missing(&mut self, steps: &[Step], map: &ast::Map, to: &ast::To, found: &Found) {
        let missing = missing_of(steps, &map.lost, &found.spec().fields);
        if missing.is_empty() {
            return;
        }
        let place = Span { end: map.span.start.saturating_add(3).min(map.span.end), ..map.span };
        self.report(
            Diagnostic::error(
                &codes::MISSING_TARGET_FIELD,
                place,
                format!("{} needs {}", found.target_name(), listed(missing.iter().map(|(name, _)| *name), 12)),
            )
            .label("not mapped here")
            .related(to.resource.span(), "needed by this target")
            .hint(lines_to_add(&missing)),
        );
    }

    /// A key field that is not mapped, unless it is missing as a required field already.
    fn keys_mapped(&mut self, key: &[Name], steps: &[Step], map: &ast::Map, found: &Found) {
        for field in key {
            let mapped = steps.iter().any(|step| matches!(step, Step::Field { name, .. } if *name == field.text));
            let required = found.spec().fields.get(&*field.text).is_some_and(|spec| spec.required);
            if !mapped && !required && !lost::may_be(&map.lost, "", &field.text) {
                self.report(
                    Diagnostic::error(
                        &codes::KEY_NOT_MAPPED,
                        field.span,
                        format!("the key field `{}` is not mapped", field.text),
                    )
                    .label("has no value")
                    .hint(format!("add a line to the map: `{} = …`", field.text)),
                );
            }
        }
    }
}

impl Found {
    /// `books.invoices`.
    pub(super) fn target_name(&self) -> String {
        format!("`{}.{}`", self.connection, self.resource)
    }
}

pub(super) fn writable(spec: &FieldSpec) -> bool {
    !spec.read_only && spec.derive.is_empty()
}

fn writable_names(fields: &indexmap::IndexMap<String, FieldSpec>) -> impl Iterator<Item = &str> {
    fields.iter().filter(|(_, spec)| writable(spec)).map(|(name, _)| name.as_str())
}

/// Required fields that no step sets.
pub(super) fn missing_of<'s>(
    steps: &[Step],
    lost: &[ast::Lost],
    fields: &'s indexmap::IndexMap<String, FieldSpec>,
) -> Vec<(&'s str, &'s FieldSpec)> {
    let set = |name: &str| steps.iter().any(|step| matches!(step, Step::Field { name: set, .. } if **set == *name));
    // A field that the target does not have is told to be a misspelling of its neighbour.
    let misspelt = |name: &str| {
        steps.iter().any(|step| match step {
            Step::Field { name: wrong, .. } if !fields.contains_key(&**wrong) => {
                nearest(wrong, writable_names(fields)) == Some(name)
            }
            _ => false,
        })
    };
    fields
        .iter()
        .filter(|(name, spec)| {
            spec.required && writable(spec) && !set(name) && !misspelt(name) && !lost::may_be(lost, "", name)
        })
        .map(|(name, spec)| (name.as_str(), spec))
        .collect()
}

/// `add: `supplier = …` (text; the supplier's code)`.
pub(super) fn lines_to_add(missing: &[(&str, &FieldSpec)]) -> String {
    let lines: Vec<String> = missing
        .iter()
        .take(6)
        .map(|(name, spec)| format!("`{name} = …` ({}: {})", spec.ty.name(), spec.doc.trim_end_matches('.')))
        .collect();
    format!("add {}", lines.join(", "))
}
