//! Records out of JSON files: as a connector reads them off the wire, or as `mlc test
//! --capture` kept them. What is wrong in a file is shown in the file itself.

use super::Checker;
use crate::connector::{DecodeError, FieldSpec, ResourceSpec, decode, fitting};
use crate::diag::{Diagnostic, SourceId, Span, codes};
use crate::syntax::{Name, Text};
use crate::value::{Record, Value, from_wire_json, json_place};
use indexmap::IndexMap;
use std::sync::Arc;

/// The member that a captured file begins with: the resource that its record is of.
pub(super) const CAPTURED: &str = "captured";
/// Its source record, by our names.
const RECORD: &str = "record";
/// Its scope record.
const SCOPE: &str = "scope";

/// What a file holds.
pub(super) struct Read {
    pub record: Record,
    /// The scope's record, and where it stands; its type is not known here.
    pub scope: Option<(Value, Kept)>,
}

/// A part of a file that is still to be decoded.
pub(super) struct Kept {
    source: SourceId,
    text: Arc<str>,
    named: Span,
    path: &'static str,
}

impl Checker<'_> {
    pub(super) fn fixture_file(&mut self, format: &Name, path: &Text, spec: &ResourceSpec) -> Option<Read> {
        if *format.text != *"json" {
            self.report(
                Diagnostic::error(
                    &codes::FIXTURE_FILE,
                    format.span,
                    format!("a fixture is not read from {}", format.text),
                )
                .label("not a format of fixtures")
                .hint("write `given json \"fixtures/….json\"`"),
            );
            return None;
        }
        let file = match self.files.read(&path.text) {
            Ok(file) => file,
            Err(reason) => {
                self.report(
                    Diagnostic::error(&codes::FILE_UNREADABLE, path.span, format!("`{}` cannot be read", path.text))
                        .label(reason)
                        .hint("the path starts at the folder of the pipeline file; the file must be text in UTF-8"),
                );
                return None;
            }
        };
        let (text, named) = (file.text.clone(), path.span);
        let source = self.sources.add(file.path, text.clone());
        let place = |path: &'static str| Kept { source, text: text.clone(), named, path };
        let whole = place("");
        let json = match from_wire_json(text.as_bytes()) {
            Ok(json) => json,
            Err(error) => {
                self.not_json(&error, &whole);
                return None;
            }
        };
        let captured = json.as_record().filter(|record| record.get(CAPTURED).is_some());
        let Some(captured) = captured else {
            return self.decoded(&json, &whole, spec, &spec.fields).map(|record| Read { record, scope: None });
        };
        let kept = place(RECORD);
        let record = captured.get(RECORD).cloned().unwrap_or_default();
        let record = self.kept_record(&record, &kept, spec)?;
        let scope = captured.get(SCOPE).filter(|scope| !scope.is_null());
        Some(Read { record, scope: scope.map(|scope| (scope.clone(), place(SCOPE))) })
    }

    /// A record that was captured: by our names, not by those on the wire.
    pub(super) fn kept_record(&mut self, json: &Value, place: &Kept, spec: &ResourceSpec) -> Option<Record> {
        self.decoded(json, place, spec, &by_our_names(&spec.fields))
    }

    fn decoded(
        &mut self,
        json: &Value,
        place: &Kept,
        spec: &ResourceSpec,
        fields: &IndexMap<String, FieldSpec>,
    ) -> Option<Record> {
        let identity = spec.identity.first().map_or("", String::as_str);
        let identity = fields.get(identity).map_or(identity, |field| field.wire_name(identity));
        let decoded = decode(&spec.title, identity, fields, json);
        match decoded.and_then(|record| fitting(spec, &spec.source_type(), record)) {
            Ok(record) => Some(record),
            Err(error) => {
                self.not_decoded(&error, place, spec, fields);
                None
            }
        }
    }

    fn not_json(&mut self, error: &crate::value::JsonError, place: &Kept) {
        let at = error.offset(&place.text);
        let span = Span::new(place.source, at, place.text.len().min(at + 1));
        self.report(
            Diagnostic::error(&codes::FIXTURE_FILE, span, "the fixture is not readable as JSON")
                .label(error.reason())
                .related(place.named, "read from here")
                .hint("a fixture is one record, as the system sends it"),
        );
    }

    fn not_decoded(
        &mut self,
        error: &DecodeError,
        place: &Kept,
        spec: &ResourceSpec,
        fields: &IndexMap<String, FieldSpec>,
    ) {
        let mut path = wire_path(&error.field, fields);
        if !place.path.is_empty() {
            path.insert(0, vec![place.path.to_owned()]);
        }
        let hint = match error.field.is_empty() {
            true => "a fixture is one record: where a system sends a list, take one out of it",
            false => {
                "put in what the system sends: `mlc schema` shows the fields of a resource, with those that are always there"
            }
        };
        let (start, end) = json_place(&place.text, &path);
        let message = match error.field.is_empty() {
            true => format!("the fixture is no {}: it {}", spec.title, error.problem),
            false => format!("`{}` of the {} {}", error.field, spec.title, error.problem),
        };
        self.report(
            Diagnostic::error(&codes::FIXTURE_FILE, Span::new(place.source, start, end), message)
                .label("read as the connector reads it")
                .related(place.named, "read from here")
                .hint(hint),
        );
    }
}

/// The fields as they are named here: without wire names, and with those that are derived given.
fn by_our_names(fields: &IndexMap<String, FieldSpec>) -> IndexMap<String, FieldSpec> {
    let own = |field: &FieldSpec| FieldSpec {
        wire: None,
        aliases: Vec::new(),
        derive: Vec::new(),
        fields: by_our_names(&field.fields),
        ..field.clone()
    };
    fields.iter().map(|(name, field)| (name.clone(), own(field))).collect()
}

/// The names that each step of a field's path may have on the wire.
fn wire_path(path: &str, fields: &IndexMap<String, FieldSpec>) -> Vec<Vec<String>> {
    let mut steps = Vec::new();
    let mut fields = Some(fields);
    for step in path.split('.').filter(|step| !step.is_empty()) {
        match fields.and_then(|fields| fields.get(step)) {
            Some(field) => {
                let names = [field.wire_name(step), step].into_iter().chain(field.aliases.iter().map(String::as_str));
                steps.push(names.map(str::to_owned).collect());
                fields = Some(&field.fields);
            }
            None => steps.push(vec![step.to_owned()]),
        }
    }
    steps
}
