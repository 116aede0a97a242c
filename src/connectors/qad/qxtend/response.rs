//! The answer to a document: `result`, and the messages that qualify it.
//!
//! Takes the response element; hands on warnings, or the one error that the messages come
//! to. Invariant: a success in which a key, a reference, a code or an amount was cut or
//! left aside is no success.

use super::super::error::{self, Complaint, Purpose};
use super::super::profile::Errors as Codes;
use super::faults;
use super::messages::{Message, Severity};
use super::wire::{Document, Name, QxtendWire};
use super::xml::Element;
use crate::connector::{Effect, Error, ErrorKind, FieldSpec, Permanence, ResourceSpec};
use indexmap::IndexMap;

/// What is needed to understand the messages of an answer.
pub struct Judge<'a> {
    pub spec: &'a ResourceSpec,
    pub wire: &'a QxtendWire,
    /// `None` for a query.
    pub document: Option<&'a Document>,
    pub purpose: Purpose,
    pub codes: &'a Codes,
}

/// What an answer warns of that counts as a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub text: String,
    /// The catalogue's path of the text that was cut or left aside.
    pub about: Option<String>,
}

impl Judge<'_> {
    /// The warnings of an answer that counts as a success.
    pub fn warnings(&self, answer: &Element) -> Result<Vec<Warning>, Error> {
        let messages = Message::list(answer);
        let result = answer.text_of("result");
        match result {
            "success" | "warning" => {}
            "error" => return Err(self.refusal(&messages)),
            _ => {
                return Err(Error::new(
                    ErrorKind::Malformed,
                    Permanence::Temporary,
                    format!("QXtend's answer `{}` has no result that is known", answer.name),
                )
                .mend("check the document's name and version in the tenant profile")
                .effect(self.purpose.effect()));
            }
        }
        match messages.iter().find(|message| self.falsifies(message)) {
            Some(message) => Err(self.falsified(message)),
            None => {
                let warnings = messages.iter().map(|message| self.warning(message));
                Ok(warnings.filter(|warning| !warning.text.is_empty()).collect())
            }
        }
    }

    fn warning(&self, message: &Message) -> Warning {
        let about = self.path_of(&message.field);
        let name = about.as_ref().unwrap_or(&message.field);
        let text = if message.is_truncation() {
            format!("QXtend cut `{name}` to fit")
        } else if message.is_unused() {
            format!("QXtend left `{name}` aside")
        } else {
            return Warning { text: message.text.clone(), about: None };
        };
        Warning { text, about }
    }

    /// Something that must arrive whole was cut or left aside.
    fn falsifies(&self, message: &Message) -> bool {
        if !message.is_truncation() && !message.is_unused() {
            return false;
        }
        if self.purpose == Purpose::Read || message.is_unused_rows() {
            return true;
        }
        match self.path_of(&message.field) {
            Some(path) => self.must_be_whole(&path),
            // A name that is not ours to know is nothing that was mapped.
            None => message.is_truncation(),
        }
    }

    /// All but free texts: a code, a day or an amount that is missing makes another record.
    fn must_be_whole(&self, path: &str) -> bool {
        let is_ours = field_at(&self.spec.fields, path).is_some() || path.contains('.');
        is_ours && !path.ends_with("description")
    }

    fn falsified(&self, message: &Message) -> Error {
        let name = self.path_of(&message.field).unwrap_or_else(|| message.field.clone());
        if self.purpose == Purpose::Read {
            return Error::new(
                ErrorKind::Configuration,
                Permanence::Permanent,
                format!("QXtend does not use `{name}` when it is asked for {}: {}", self.spec.plural, message.text),
            )
            .mend("correct the name under `resources` in the tenant profile");
        }
        let (what, mend) = if message.is_truncation() {
            (format!("QXtend cut `{name}` to fit"), "correct its longest length in the tenant profile")
        } else if message.is_unused_rows() {
            (
                format!("QXtend left rows of the {} aside", self.spec.title),
                "correct the table's name in the tenant profile",
            )
        } else {
            (format!("QXtend left `{name}` aside"), "correct the field's name in the tenant profile")
        };
        Error::new(
            ErrorKind::Refused,
            Permanence::Permanent,
            format!("{what}, and wrote the rest: {} ({})", message.text, message.place),
        )
        .mend(format!("look for the {} in QAD and correct it there; {mend}; the next run looks again", self.spec.title))
        .status(200)
        .effect(Effect::Altered)
    }

    /// `result` is `error`. Screens that QXtend drives have been seen to post all the same.
    fn refusal(&self, messages: &[Message]) -> Error {
        if let Some(error) = messages.iter().find_map(|message| {
            let said = format!("{} {}", message.number, message.text);
            faults::framework(&said, self.purpose)
        }) {
            return error;
        }
        let errors: Vec<&Message> = messages.iter().filter(|message| message.severity == Severity::Error).collect();
        if let Some(broken) = errors.iter().find(|message| message.number.starts_with("OE-")) {
            return Error::new(
                ErrorKind::Unavailable,
                Permanence::Temporary,
                format!("QAD broke off with {}: {}", broken.number, broken.text),
            )
            .mend("if this goes on, ask whoever runs QAD to look at the app-server's log")
            .effect(self.purpose.effect());
        }
        let complaints: Vec<Complaint> = errors.into_iter().map(|message| self.complaint(message)).collect();
        error::refusal(&complaints, &self.spec.fields, self.codes).effect(self.purpose.effect())
    }

    fn complaint(&self, message: &Message) -> Complaint {
        let field = self.path_of(&message.field).map_or_else(
            || message.field.clone(),
            |path| {
                let last = path.rsplit('.').next().unwrap_or(&path).to_owned();
                field_at(&self.spec.fields, &path).map_or(last.clone(), |spec| spec.wire_name(&last).to_owned())
            },
        );
        Complaint { field, value: message.data.clone(), code: message.number.clone(), message: message.text.clone() }
    }

    /// The catalogue's path of a name on the wire.
    fn path_of(&self, name: &str) -> Option<String> {
        self.search(&self.spec.fields, "", name).or_else(|| self.search_added(name))
    }

    /// What the connector adds to a record: the rows of an order, the receipts that are matched.
    fn search_added(&self, wanted: &str) -> Option<String> {
        let documents = self.document.iter().flat_map(|document| &document.fields);
        let named = documents.chain(&self.wire.fields).find(|(_, name)| match name {
            Name::One(one) => one.eq_ignore_ascii_case(wanted),
            Name::Sides { plus, minus } => [plus, minus].iter().any(|side| side.eq_ignore_ascii_case(wanted)),
        });
        named.map(|(path, _)| path.clone())
    }

    fn search(&self, fields: &IndexMap<String, FieldSpec>, list: &str, wanted: &str) -> Option<String> {
        if wanted.is_empty() {
            return None;
        }
        fields.iter().find_map(|(name, spec)| {
            let path = if list.is_empty() { name.clone() } else { format!("{list}.{name}") };
            let is = |name: &str| name.eq_ignore_ascii_case(wanted);
            let named = match self.wire.name(self.document, &path, Some(spec)).as_deref() {
                Some(Name::One(one)) => is(one),
                Some(Name::Sides { plus, minus }) => is(plus) || is(minus),
                None => false,
            };
            if named { Some(path) } else { self.search(&spec.fields, &path, wanted) }
        })
    }
}

fn field_at<'a>(fields: &'a IndexMap<String, FieldSpec>, path: &str) -> Option<&'a FieldSpec> {
    match path.split_once('.') {
        None => fields.get(path),
        Some((head, rest)) => fields.get(head).and_then(|field| field_at(&field.fields, rest)),
    }
}
