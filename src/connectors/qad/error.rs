//! Answers to errors: the only place where a status or a refusal becomes an [`Error`].
//!
//! Takes an answer and whether it answers a read or a write; hands on the JSON that it
//! carries, or what went wrong. Invariant: a write whose fate the answer does not tell
//! ends in [`Effect::Unknown`].

use super::profile::Errors as Codes;
use crate::connector::{Effect, Error, ErrorKind, FieldSpec, Permanence, SpecType};
use crate::value::{Date, Span, Timestamp, Value, from_json_slice};
use crate::world::HttpResponse;
use indexmap::IndexMap;

/// The code of a text that is too long, seen at one site.
const TOO_LONG: &str = "47";

/// The catalogue's fields whose day must lie in a period that is open.
const PERIOD_DAYS: [&str; 2] = ["posting_date", "payment_date"];

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Read,
    Write,
}

impl Purpose {
    /// What may have happened when the answer does not say.
    pub fn effect(self) -> Effect {
        match self {
            Self::Read => Effect::None,
            Self::Write => Effect::Unknown,
        }
    }
}

/// One entry of an `errors` list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Complaint {
    pub field: String,
    pub value: String,
    pub code: String,
    pub message: String,
}

impl Complaint {
    /// The entries of an `errors` list; empty if there is none.
    pub fn list(errors: Option<&Value>) -> Vec<Self> {
        let entries = errors.and_then(Value::as_list).unwrap_or_default().iter().filter_map(Value::as_record);
        let text = |value: Option<&Value>| value.map(ToString::to_string).unwrap_or_default();
        entries
            .map(|entry| Self {
                field: text(entry.get("fieldName")),
                value: text(entry.get("fieldValue")),
                code: text(entry.get("code")),
                message: text(entry.get("message")),
            })
            .collect()
    }
}

/// The JSON of an answer with a good status; `None` when it has no body.
pub fn body_of(response: &HttpResponse, purpose: Purpose, now: Timestamp) -> Result<Option<Value>, Error> {
    if !(200..300).contains(&response.status) {
        return Err(of_status(response, purpose, now));
    }
    if response.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    if is_html(response) {
        return Err(challenge(response.status, purpose));
    }
    from_json_slice(&response.body).map(Some).map_err(|error| {
        Error::new(ErrorKind::Malformed, Permanence::Temporary, format!("QAD's answer is {error}"))
            .mend("if this goes on, ask QAD support what stands between the integration and the tenant")
            .status(response.status)
            .effect(purpose.effect())
    })
}

/// When the other side asks to be left alone until.
pub fn retry_at(response: &HttpResponse, now: Timestamp) -> Option<Timestamp> {
    let text = response.header("Retry-After")?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(now.plus(Span::from_secs(seconds)));
    }
    // An instant by the other side's clock, which need not go as ours does.
    let until = Timestamp::from_http_date(text)?;
    let there = response.header("Date").and_then(Timestamp::from_http_date);
    Some(there.map_or(until, |there| now.plus(until.since(there))))
}

/// A status that is not a good one.
pub fn of_status(response: &HttpResponse, purpose: Purpose, now: Timestamp) -> Error {
    let said = said(response);
    let base = |kind, permanence, message: String| Error::new(kind, permanence, message).status(response.status);
    match response.status {
        300..=399 => base(
            ErrorKind::Configuration,
            Permanence::Permanent,
            format!("QAD redirects ({}) instead of answering", response.status),
        )
        .mend("write the final address into `url` of the connection, with its context root"),
        401 => base(ErrorKind::Credentials, Permanence::Permanent, format!("QAD does not accept the session{said}"))
            .mend("check the user name, password and client id of the connection's credential"),
        404 if is_html(response) => base(
            ErrorKind::Configuration,
            Permanence::Permanent,
            "there is no QAD interface at this address".to_owned(),
        )
        .mend("check `url` (with its context root) and the resource's path in the tenant profile"),
        _ if is_html(response) => challenge(response.status, purpose).retry_at(retry_at(response, now)),
        403 => {
            base(ErrorKind::Permission, Permanence::Permanent, format!("QAD does not let this user do that here{said}"))
                .mend("give the user's role the API permission of this resource in this domain and entity")
        }
        404 => base(ErrorKind::NotFound, Permanence::Permanent, format!("QAD has no such record or resource{said}"))
            .mend("check the resource's path in the tenant profile"),
        409 => base(ErrorKind::Conflict, Permanence::Permanent, format!("the record changed in QAD meanwhile{said}"))
            .mend("nothing was changed; the next run reads it again"),
        429 => base(ErrorKind::RateLimit, Permanence::Temporary, format!("QAD asks for fewer requests{said}"))
            .retry_at(retry_at(response, now)),
        408 | 500.. => base(
            ErrorKind::Unavailable,
            Permanence::Temporary,
            format!("QAD could not answer (status {}){said}", response.status),
        )
        .mend("if this goes on, ask whoever runs the QAD tenant")
        .effect(purpose.effect())
        .retry_at(retry_at(response, now)),
        status => {
            base(ErrorKind::Refused, Permanence::Permanent, format!("QAD refuses the request (status {status}){said}"))
                .mend("check the resource's path, keys and names in the tenant profile")
        }
    }
}

/// A page for people where JSON was due: something in front of QAD answered, because it
/// stops the request, or because QAD is down behind it.
pub fn challenge(status: u16, purpose: Purpose) -> Error {
    let (message, mend) = if status >= 500 {
        (
            format!("QAD is not available (status {status}): a web page came back instead of an answer"),
            "if this goes on, ask whoever runs the QAD tenant",
        )
    } else {
        (
            "a web page came back instead of an answer: something in front of QAD stopped the request".to_owned(),
            "ask whoever runs the QAD tenant to let the integration's address and User-Agent through",
        )
    };
    Error::new(ErrorKind::Unavailable, Permanence::Temporary, message)
        .mend(mend)
        .status(status)
        .effect(purpose.effect())
}

/// What a good status refuses all the same: `submitResult.success` is false, or bare `errors`.
pub fn refusal(complaints: &[Complaint], fields: &IndexMap<String, FieldSpec>, codes: &Codes) -> Error {
    if complaints.iter().any(|complaint| codes.stale_lock.contains(&complaint.code)) {
        return Error::new(ErrorKind::Conflict, Permanence::Permanent, "the record changed in QAD since it was read")
            .mend("nothing was changed; the next run reads it again");
    }
    if let Some(denied) = complaints.iter().find(|complaint| complaint.code == "403") {
        return Error::new(
            ErrorKind::Permission,
            Permanence::Permanent,
            format!("QAD does not let this user do that here: {}", sentence_end(&denied.message)),
        )
        .mend("give the user's role the API permission of this resource in this domain and entity");
    }
    let Some(first) = complaints.first() else {
        return Error::new(ErrorKind::Refused, Permanence::Permanent, "QAD refuses the record and does not say why")
            .mend("enter it once by hand in QAD to see the reason");
    };
    let told: Vec<String> = complaints.iter().map(|complaint| told(complaint, fields)).collect();
    let told = told.join("; ");
    if complaints.iter().all(|complaint| is_of_period(complaint, fields)) {
        return Error::new(
            ErrorKind::NotYet,
            Permanence::Permanent,
            format!("QAD does not take the record yet: {told}"),
        )
        .mend(
            "open the period in QAD for purchases, or change the date of the record at its source; the posting \
                 date is never moved by itself",
        );
    }
    Error::new(ErrorKind::Refused, Permanence::Permanent, format!("QAD refuses the record: {told}"))
        .mend(mend(first, fields))
}

/// The day that decides the period is one that we made, so what is wrong with it is its
/// period: closed, or not there. The code of that message is not known, and its wording
/// follows the user's language.
fn is_of_period(complaint: &Complaint, fields: &IndexMap<String, FieldSpec>) -> bool {
    let day = field_of(&complaint.field, fields).is_some_and(|(name, _)| PERIOD_DAYS.contains(&name));
    day && complaint.value.parse::<Date>().is_ok()
}

fn told(complaint: &Complaint, fields: &IndexMap<String, FieldSpec>) -> String {
    let message = sentence_end(&complaint.message);
    let message = if message.is_empty() { format!("error {}", complaint.code) } else { message.to_owned() };
    let mut told = match field_of(&complaint.field, fields) {
        Some((name, _)) => format!("{name}: {message}"),
        None if complaint.field.is_empty() => message,
        None => format!("{}: {message}", complaint.field),
    };
    if !complaint.value.is_empty() && !complaint.message.contains(&complaint.value) {
        told.push_str(&format!(" (sent `{}`)", complaint.value));
    }
    told
}

/// What to do, by what is known of the answer; never by the message's wording, since that
/// follows the user's language.
fn mend(complaint: &Complaint, fields: &IndexMap<String, FieldSpec>) -> String {
    let (name, ty) = match field_of(&complaint.field, fields) {
        Some((name, spec)) => (name, Some(spec.ty)),
        None => (complaint.field.as_str(), None),
    };
    match ty {
        _ if complaint.code == TOO_LONG => {
            format!("shorten `{name}` in the mapping, or correct its longest length in the tenant profile")
        }
        Some(SpecType::Date) => {
            format!("check `{name}` in the mapping, and the date format of the entity in the tenant profile")
        }
        // A payment over more than is open is no matter of the mapping.
        Some(SpecType::Decimal) if fields.contains_key("allocations") => {
            "compare the payment with what is open of its invoice in QAD: if too much was paid, agree with the \
             supplier; if the payment is wrong, correct it at its source"
                .to_owned()
        }
        Some(SpecType::Decimal) => format!("check `{name}` and the lines in the mapping"),
        Some(_) if complaint.value.is_empty() => format!("give `{name}` a value in the mapping"),
        Some(_) => format!(
            "check `{}` in QAD: it must exist, be active and be allowed here, in this domain and entity \
             (QAD also says \"mandatory\" of a code that it does not know)",
            complaint.value
        ),
        None => "correct the record, or what QAD's message names, and replay it".to_owned(),
    }
}

/// The catalogue's field of a wire name, in any of QAD's spellings (`postingDate`, `PostingDate`).
fn field_of<'a>(wire: &str, fields: &'a IndexMap<String, FieldSpec>) -> Option<(&'a str, &'a FieldSpec)> {
    fields.iter().find_map(|(name, spec)| {
        if spec.wire_name(name).eq_ignore_ascii_case(wire) {
            return Some((name.as_str(), spec));
        }
        field_of(wire, &spec.fields)
    })
}

fn said(response: &HttpResponse) -> String {
    let body = from_json_slice(&response.body).unwrap_or_default();
    let errors =
        body.as_record().and_then(|body| body.get("errors").or_else(|| body.at("submitResult.errors")).cloned());
    let messages: Vec<String> = Complaint::list(errors.as_ref())
        .iter()
        .map(|complaint| sentence_end(&complaint.message).to_owned())
        .filter(|message| !message.is_empty())
        .collect();
    if messages.is_empty() { String::new() } else { format!(": {}", messages.join("; ")) }
}

fn sentence_end(message: &str) -> &str {
    message.trim().trim_end_matches('.')
}

/// Whether a page for people came.
pub fn is_html(response: &HttpResponse) -> bool {
    let typed = response.header("Content-Type").is_some_and(|value| value.to_ascii_lowercase().contains("text/html"));
    let start: Vec<u8> = response
        .body
        .iter()
        .copied()
        .skip_while(u8::is_ascii_whitespace)
        .take(5)
        .map(|b| b.to_ascii_lowercase())
        .collect();
    typed || start.starts_with(b"<!doc") || start.starts_with(b"<html")
}

#[cfg(test)]
mod tests {
    use super::retry_at;
    use crate::value::Timestamp;
    use crate::world::HttpResponse;

    #[test]
    fn a_wait_is_told_in_seconds_or_by_a_date_of_the_other_sides_clock() {
        let now: Timestamp = "2026-11-02T08:00:00Z".parse().expect("instant");
        let asks = |headers: &[(&str, &str)]| {
            let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            retry_at(&HttpResponse { status: 503, headers, body: Vec::new() }, now).map(|at| at.to_string())
        };
        assert_eq!(asks(&[("Retry-After", "30")]).as_deref(), Some("2026-11-02T08:00:30Z"));
        let date = ("Retry-After", "Mon, 02 Nov 2026 09:01:00 GMT");
        assert_eq!(asks(&[date]).as_deref(), Some("2026-11-02T09:01:00Z"));
        let there = ("Date", "Mon, 02 Nov 2026 09:00:00 GMT");
        assert_eq!(asks(&[date, there]).as_deref(), Some("2026-11-02T08:01:00Z"), "their clock is an hour ahead");
        assert_eq!(asks(&[("Retry-After", "soon")]), None);
    }
}
