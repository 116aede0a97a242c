//! Lookups: where their rows come from, what they give, and what is verified.

use super::carrier::Carrier;
use super::expr::common;
use super::lookup_filter::Place;
use super::per::PerOf;
use super::resource::Found;
use super::scope::{Scope, Sort};
use super::{Checker, Signature, listed, lost};
use crate::connector::ResourceSpec;
use crate::diag::{Diagnostic, Span, codes, nearest};
use crate::model::{Lookup, LookupResource, Missing, Row, Verify, functions};
use crate::syntax::{self as ast, LookupEntry, Name, ResourceName};
use crate::value::{FieldType, Kind, RecordType, Type, Value};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Where a lookup's rows come from.
#[derive(Default)]
struct Origin<'a> {
    /// The first row or file.
    table: Option<Span>,
    resource: Option<(FromResource<'a>, Span)>,
}

/// `from office.vendors [per project] [where …]`
struct FromResource<'a> {
    name: &'a ResourceName,
    per: Option<&'a ast::Per>,
    filter: Option<&'a ast::Expr>,
}

/// One output, and the values that the rows give it.
struct Output {
    name: Arc<str>,
    ty: Type,
    values: Vec<Arc<str>>,
    /// The rows give no other value.
    closed: bool,
}

impl Checker<'_> {
    pub(super) fn lookup(&mut self, lookup: &ast::Lookup) -> Lookup {
        self.lookup_name(lookup);
        self.distinct(&lookup.inputs, "input");
        self.distinct(&lookup.outputs, "output");
        let origin = self.origin(lookup);
        let (resource, inputs, outputs) = match &origin.resource {
            Some((from, _)) if origin.table.is_none() => self.rows_of(lookup, from),
            _ => {
                let unclear = origin.resource.is_some() || lost::any(&lookup.lost, "from");
                let ty = if unclear { Type::unknown() } else { Type::text() };
                let text = |name: &Name| (name.text.clone(), ty.clone());
                (None, lookup.inputs.iter().map(text).collect(), lookup.outputs.iter().map(text).collect::<Vec<_>>())
            }
        };
        let before = self.found.len();
        let rows = if origin.resource.is_none() { self.rows(lookup) } else { Vec::new() };
        let whole = lookup.lost.is_empty() && !self.found.iter().skip(before).any(Diagnostic::is_error);
        let mut outputs: Vec<Output> =
            outputs.into_iter().map(|(name, ty)| Output { name, ty, values: Vec::new(), closed: false }).collect();
        if origin.resource.is_none() {
            from_rows(&mut outputs, &rows, whole);
        }
        let verifies = self.verifies(lookup, &mut outputs);
        let missing = self.missing_rule(lookup, &inputs, &rows);
        if self.lookups.iter().all(|known| known.name != lookup.name.text) {
            self.lookups.push(Signature {
                name: lookup.name.text.clone(),
                inputs,
                record: Some(Arc::new(record_of(&lookup.name.text, &outputs))),
                missing: missing.is_some() || lost::any(&lookup.lost, "missing"),
                dated: (whole && !lost::any(&lookup.lost, "from")).then(|| rows.iter().any(Row::is_dated)),
                span: lookup.name.span,
                used: false,
            });
        }
        let outputs = outputs.into_iter().map(|output| (output.name, output.ty)).collect();
        Lookup {
            name: lookup.name.text.clone(),
            inputs: lookup.inputs.iter().map(|name| name.text.clone()).collect(),
            outputs,
            rows,
            resource,
            verifies,
            missing,
            span: lookup.span,
        }
    }

    fn lookup_name(&mut self, lookup: &ast::Lookup) {
        if let Some(first) = self.lookups.iter_mut().find(|known| known.name == lookup.name.text) {
            (first.record, first.used) = (None, true);
            let span = first.span;
            self.taken(&lookup.name, "lookup", span);
        } else if functions::find(&lookup.name.text).is_some() {
            self.report(
                Diagnostic::error(
                    &codes::NAME_TAKEN,
                    lookup.name.span,
                    format!("`{}` is a function of the language", lookup.name.text),
                )
                .label("already means a function")
                .hint("give the lookup another name"),
            );
        }
    }

    fn distinct(&mut self, names: &[Name], what: &str) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for name in names {
            match seen.get(&*name.text) {
                Some(first) => self.taken(name, &format!("lookup's {what}"), *first),
                None => drop(seen.insert(&name.text, name.span)),
            }
        }
    }

    /// A lookup takes its rows from the pipeline and its files, or from one resource.
    fn origin<'a>(&mut self, lookup: &'a ast::Lookup) -> Origin<'a> {
        let mut origin = Origin::default();
        for entry in &lookup.entries {
            match entry {
                LookupEntry::Row(row) => origin.table = origin.table.or(Some(row.span)),
                LookupEntry::FromFile { span, .. } => origin.table = origin.table.or(Some(*span)),
                LookupEntry::FromResource { resource, per, filter, span } => match origin.resource {
                    Some((_, first)) => self.two_sources(*span, first),
                    None => {
                        let from = FromResource { name: resource, per: per.as_ref(), filter: filter.as_ref() };
                        origin.resource = Some((from, *span));
                    }
                },
                LookupEntry::Verify { .. } | LookupEntry::Missing { .. } => {}
            }
        }
        match (origin.table, &origin.resource) {
            (Some(table), Some((from, span))) => {
                // Marks the connection as used.
                self.resource(from.name);
                self.two_sources((*span).max(table), (*span).min(table));
            }
            (None, None) if lookup.lost.is_empty() => self.no_rows(lookup),
            _ => {}
        }
        origin
    }

    fn two_sources(&mut self, place: Span, first: Span) {
        self.report(
            Diagnostic::error(
                &codes::LOOKUP_SOURCE,
                place,
                "a lookup takes its rows from the pipeline and its files, or from one resource",
            )
            .label("a second kind of place")
            .related(first, "its rows come from here")
            .hint("make two lookups, the first without `missing`, and use the second where the first gives nothing (`??`)"),
        );
    }

    fn no_rows(&mut self, lookup: &ast::Lookup) {
        self.report(
            Diagnostic::error(
                &codes::LOOKUP_EMPTY,
                lookup.name.span,
                format!("the lookup `{}` has no rows", lookup.name.text),
            )
            .label("nothing to look up")
            .hint(
                "add rows such as `\"03-3*\", _ => \"5310\", \"C300\"`, `from csv \"…\"` or `from CONNECTION.RESOURCE`",
            ),
        );
    }

    #[expect(clippy::type_complexity, reason = "the three parts of one signature")]
    fn rows_of(
        &mut self,
        lookup: &ast::Lookup,
        from: &FromResource,
    ) -> (Option<LookupResource>, Vec<(Arc<str>, Type)>, Vec<(Arc<str>, Type)>) {
        let found = self.resource(from.name).filter(|found| self.can_list(found, from.name));
        let Some(found) = found else {
            let unknown = |name: &Name| (name.text.clone(), Type::unknown());
            return (None, lookup.inputs.iter().map(unknown).collect(), lookup.outputs.iter().map(unknown).collect());
        };
        let line = |checker: &Self| format!("from {}", checker.text(from.name.span()));
        let mut carrier = match self.per_of(&found, from.per, from.name.span(), line) {
            PerOf::Whole | PerOf::Wrong => None,
            PerOf::Of(spec, per) => {
                self.scope_filter_waits(lookup.span, per, found.scope_type(spec));
                Some(Carrier::new(spec, found.scope_type(spec)))
            }
        };
        let inputs = self.row_fields(&lookup.inputs, &found, carrier.as_mut());
        let inputs: Vec<(Arc<str>, Type)> = inputs.into_iter().map(|(name, ty)| (name, ty.settled())).collect();
        for (name, (_, ty)) in lookup.inputs.iter().zip(&inputs) {
            self.plain_input(name, ty);
        }
        let outputs = self.row_fields(&lookup.outputs, &found, carrier.as_mut());
        self.filter_waits(lookup.span, Place::Rows, &found, from.filter);
        let resource = LookupResource {
            connection: found.connection.clone(),
            resource: found.resource.clone(),
            inputs: inputs.iter().map(|(name, _)| name.clone()).collect(),
            outputs: outputs.iter().map(|(name, _)| name.clone()).collect(),
            filter: None,
            locals: 1,
            scope: carrier.map(Carrier::scope),
        };
        (Some(resource), inputs, outputs)
    }

    /// Fields of the resource, and of its scope's record: `project_id`.
    fn row_fields(
        &mut self,
        names: &[Name],
        found: &Found,
        mut carrier: Option<&mut Carrier>,
    ) -> Vec<(Arc<str>, Type)> {
        let own = found.spec().source_type();
        let mut fields = Vec::with_capacity(names.len());
        for name in names {
            let carried = carrier.as_mut().filter(|_| !own.fields.contains_key(&name.text));
            match carried.and_then(|carrier| carrier.carry(&name.text)) {
                Some(ty) => fields.push((name.text.clone(), ty)),
                None => fields.extend(self.resource_fields(std::slice::from_ref(name), found.spec())),
            }
        }
        fields
    }

    fn resource_fields(&mut self, names: &[Name], spec: &ResourceSpec) -> Vec<(Arc<str>, Type)> {
        let record = spec.source_type();
        let mut fields = Vec::with_capacity(names.len());
        for name in names {
            let ty = match record.fields.get(&name.text) {
                Some(field) => field.ty.clone(),
                None => {
                    self.unknown_field(&record, &name.text, name.span);
                    Type::unknown()
                }
            };
            fields.push((name.text.clone(), ty));
        }
        fields
    }

    fn plain_input(&mut self, name: &Name, ty: &Type) {
        if let Kind::List(_) | Kind::Record(_) = ty.kind {
            self.report(
                Diagnostic::error(
                    &codes::VERIFY_TYPE,
                    name.span,
                    format!("`{}` is a {ty}; a lookup finds rows by plain values", name.text),
                )
                .label("cannot be looked up by")
                .hint("use a field that holds a text, a number, a day or true and false"),
            );
        }
    }

    fn verifies(&mut self, lookup: &ast::Lookup, outputs: &mut [Output]) -> Vec<Verify> {
        let before = self.found.len();
        let mut verifies = Vec::new();
        for entry in &lookup.entries {
            let LookupEntry::Verify { output, resource, field, filter, span } = entry else { continue };
            if let Some((verify, found)) = self.verify(output, resource, field, *span, outputs) {
                self.filter_waits(lookup.span, Place::Verify(*span), &found, filter.as_ref());
                verifies.push(verify);
            }
        }
        if self.found.iter().skip(before).any(Diagnostic::is_error) {
            // What would have been certain of the outputs is not known now.
            outputs.iter_mut().for_each(|output| output.ty = Type::unknown());
        }
        verifies
    }

    fn verify(
        &mut self,
        output: &Name,
        resource: &ResourceName,
        field: &Name,
        span: Span,
        outputs: &mut [Output],
    ) -> Option<(Verify, Found)> {
        let index = outputs.iter().position(|known| known.name == output.text);
        if index.is_none() {
            self.no_output(output, outputs);
        }
        let found = self.resource(resource).filter(|found| self.can_list_whole(found, resource, "`verify`"))?;
        let wanted = self.resource_fields(std::slice::from_ref(field), found.spec());
        let (output_index, ty) = (index?, wanted.first().map(|(_, ty)| ty)?);
        let given = &mut outputs.get_mut(output_index)?.ty;
        if common(given, ty).is_some() {
            narrow(given, ty);
        } else {
            let given = given.kind.clone();
            self.report(
                Diagnostic::error(
                    &codes::VERIFY_TYPE,
                    field.span,
                    format!("`{}` gives {given}, and `{}` holds {}", output.text, field.text, ty.kind),
                )
                .label("never equal")
                .hint("verify in a field of the same type"),
            );
        }
        let verify = Verify {
            output: output_index,
            connection: found.connection.clone(),
            resource: found.resource.clone(),
            title: Arc::from(found.spec().title.as_str()),
            field: field.text.clone(),
            filter: None,
            locals: 1,
            span,
        };
        Some((verify, found))
    }

    fn no_output(&mut self, output: &Name, outputs: &[Output]) {
        let names = || outputs.iter().map(|output| &*output.name);
        let hint = match nearest(&output.text, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its outputs are {}", listed(names(), 12)),
        };
        self.report(
            Diagnostic::error(
                &codes::LOOKUP_OUTPUT,
                output.span,
                format!("the lookup has no output `{}`", output.text),
            )
            .label("not an output")
            .hint(hint),
        );
    }

    fn missing_rule(&mut self, lookup: &ast::Lookup, inputs: &[(Arc<str>, Type)], rows: &[Row]) -> Option<Missing> {
        let mut rule: Option<(Missing, Span)> = None;
        for entry in &lookup.entries {
            let LookupEntry::Missing { outcome, sentence, span } = entry else { continue };
            if let Some((_, first)) = &rule {
                let first = *first;
                self.missing_twice(*span, first);
                continue;
            }
            let mut scope = Scope::default();
            for (name, (_, ty)) in lookup.inputs.iter().zip(inputs) {
                let local = scope.local(name.text.clone(), ty.clone());
                scope.bind(name, local, Sort::Alias);
                self.tell_given(name, Sort::Alias, ty);
            }
            let sentence = self.sentence(&mut scope, sentence);
            self.never_missing(*span, rows);
            rule = Some((Missing { outcome: *outcome, sentence }, *span));
        }
        rule.map(|(missing, _)| missing)
    }

    fn missing_twice(&mut self, span: Span, first: Span) {
        self.report(
            Diagnostic::error(&codes::MISSING_TWICE, span, "a lookup has one `missing`, here is a second one")
                .label("second one")
                .related(first, "first one")
                .hint("keep one of the two"),
        );
    }

    /// A row for everything leaves nothing for `missing`.
    fn never_missing(&mut self, span: Span, rows: &[Row]) {
        let Some(row) = rows
            .iter()
            .find(|row| !row.is_dated() && row.patterns.iter().all(|pattern| *pattern == crate::model::Pattern::Any))
        else {
            return;
        };
        self.report(
            Diagnostic::warning(
                &codes::UNREACHABLE_ROW,
                span,
                "one row takes everything, so that none is ever missing",
            )
            .label("never reached")
            .related(row.span, "takes everything")
            .hint("take one of the two out"),
        );
    }
}

/// The longest text and the values that the rows give; unknown if some could not be read.
fn from_rows(outputs: &mut [Output], rows: &[Row], whole: bool) {
    for (index, output) in outputs.iter_mut().enumerate() {
        let values = rows.iter().filter_map(|row| row.values.get(index)).filter_map(Value::as_text);
        let values: BTreeSet<&str> = values.collect();
        let longest = values.iter().map(|value| value.chars().count()).max().unwrap_or(0);
        output.ty = if whole { Type::new(Kind::Text { max: u32::try_from(longest).ok() }) } else { Type::unknown() };
        output.closed = whole;
        output.values = values.into_iter().map(Arc::from).collect();
    }
}

/// A verified text is one that the field holds, so it is no longer than the field.
fn narrow(given: &mut Type, held: &Type) {
    if let (Kind::Text { max: given }, Kind::Text { max: Some(held) }) = (&mut given.kind, &held.kind) {
        *given = Some(given.map_or(*held, |given| given.min(*held)));
    }
}

fn record_of(name: &str, outputs: &[Output]) -> RecordType {
    let field = |output: &Output| {
        let field = FieldType {
            ty: output.ty.clone(),
            doc: Arc::from(""),
            values: output.values.clone(),
            closed: output.closed,
        };
        (output.name.clone(), field)
    };
    RecordType { name: Arc::from(format!("`{name}`")), fields: outputs.iter().map(field).collect() }
}
