//! A Procore answer that is no success becomes an [`Error`] here, and only here.
//!
//! Bodies differ by endpoint: `errors` as a text, a list or an object of lists,
//! `message`, `error`, `reason`, an OAuth pair, plain text, HTML. All are read leniently;
//! what the status means does not depend on the body, with one exception: a missing
//! company header is a matter of settings whatever status it comes with.

use crate::connector::{Effect, Error, ErrorKind, Permanence, RateSignal};
use crate::value::{Span, Timestamp, Value, from_wire_json};
use crate::world::HttpResponse;

/// The error that an answer with a status of 300 and more stands for. `what` was asked
/// for, in words (`subcontractor invoices of project 7`); `write` if it would change something.
pub fn refusal(response: &HttpResponse, now: Timestamp, what: &str, write: bool) -> Error {
    let said = said(&response.body);
    let status = response.status;
    let (kind, permanence, mend) = meaning(status, &said);
    let effect = if write && permanence == Permanence::Temporary && !matches!(status, 409 | 429) {
        Effect::Unknown
    } else {
        Effect::None
    };
    let words = if said.is_empty() { String::new() } else { format!(": {said}") };
    Error::new(kind, permanence, format!("Procore answered {status} when asked for {what}{words}"))
        .mend(mend)
        .status(status)
        .effect(effect)
        .retry_at(retry_at(response, now))
}

fn meaning(status: u16, said: &str) -> (ErrorKind, Permanence, &'static str) {
    use ErrorKind::{
        Configuration, Conflict, Credentials, Malformed, NotFound, Permission, RateLimit, Refused, Unavailable,
    };
    use Permanence::{Permanent, Temporary};
    let lower = said.to_lowercase();
    if lower.contains("procore-company-id") {
        return (
            Configuration,
            Permanent,
            "set `company_id` in the `connect` block to the company's number in Procore",
        );
    }
    match status {
        300..=399 => (Configuration, Permanent, "check `url` and `auth_url`: Procore's interface does not redirect"),
        401 => (
            Credentials,
            Permanent,
            "check the client id and secret, and that `url` and `auth_url` are of the same Procore environment",
        ),
        403 if lower.contains("not connected to this company") => (
            Configuration,
            Permanent,
            "check `company_id`, and have a company administrator install the app in that company under App Management",
        ),
        403 => (
            Permission,
            Permanent,
            "have a company administrator grant the app's service account this tool and this project in Procore",
        ),
        404 => (
            NotFound,
            Permanent,
            "check that the record exists and that its project is among the app's permitted projects in Procore",
        ),
        408 => (Unavailable, Temporary, "Procore found the list too long; the next attempt may fare better"),
        409 => (Conflict, Temporary, "another writer was at the same record; it is read again and retried"),
        413 => (Refused, Permanent, "too much was sent at once"),
        406 => {
            (Malformed, Permanent, "Procore does not know a field or a format that was asked for; please report this")
        }
        422 => (Refused, Permanent, "correct the record, or unlock it in Procore if it is linked to a ledger"),
        429 => {
            (RateLimit, Temporary, "the rate limit of this credential is used up; it goes on when the window resets")
        }
        500..=599 => (Unavailable, Temporary, "Procore is down or overloaded; see status.procore.com"),
        _ => (Refused, Permanent, "Procore did not accept the request; please report this"),
    }
}

/// An answer of 200 whose body is not what was agreed. A torn or a wrong body may be whole next time.
pub fn malformed(response: &HttpResponse, what: &str, problem: &str) -> Error {
    let kind = if is_html(&response.body) { ErrorKind::Unavailable } else { ErrorKind::Malformed };
    Error::new(kind, Permanence::Temporary, format!("Procore's answer for {what} cannot be read: {problem}"))
        .mend("if it stays so, a proxy stands between, or Procore changed its answer: please report this")
        .status(response.status)
}

/// What the rate headers say.
pub fn rate_signal(response: &HttpResponse, now: Timestamp) -> RateSignal {
    let number = |name: &str| response.header(name).and_then(|text| text.trim().parse::<u64>().ok());
    RateSignal {
        limit: number("X-Rate-Limit-Limit"),
        remaining: number("X-Rate-Limit-Remaining"),
        reset: reset(response),
        there: date(response),
        retry_at: number("Retry-After").map(|seconds| now.plus(Span::from_secs(seconds))),
        refused: response.status == 429,
    }
}

/// For a refused request: the later of `Retry-After` and the window's reset.
fn retry_at(response: &HttpResponse, now: Timestamp) -> Option<Timestamp> {
    let signal = rate_signal(response, now);
    match response.status {
        429 => signal.retry_at.max(signal.reset_here(now)),
        _ => signal.retry_at,
    }
}

/// The server's own time. Its clock and ours need not agree, and windows are counted by its own.
fn date(response: &HttpResponse) -> Option<Timestamp> {
    response.header("Date").and_then(Timestamp::from_http_date)
}

fn reset(response: &HttpResponse) -> Option<Timestamp> {
    response.header("X-Rate-Limit-Reset").and_then(|text| text.trim().parse().ok()).map(Timestamp::from_unix)
}

/// What a body says to people, in one line of at most 300 characters. Empty if nothing.
fn said(body: &[u8]) -> String {
    let text = match from_wire_json(body) {
        Ok(value) => words(&value),
        Err(_) if is_html(body) => String::new(),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 300 { line } else { line.chars().take(297).collect::<String>() + "..." }
}

fn words(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::List(items) => items.iter().map(words).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("; "),
        Value::Record(record) => {
            let said = ["errors", "message", "error_description", "error", "reason"]
                .iter()
                .filter_map(|name| record.get(name))
                .map(|value| match value {
                    Value::Record(fields) => by_field(fields),
                    other => words(other),
                })
                .find(|said| !said.is_empty());
            said.unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// `{"status":["is not in the list"]}` as `status is not in the list`. In the newer form of
/// `error` the message stands in an object of its own.
fn by_field(fields: &crate::value::Record) -> String {
    if let Some(message) = fields.get("message").and_then(Value::as_text) {
        return message.to_owned();
    }
    let lines = fields.iter().map(|(name, value)| format!("{name} {}", words(value)));
    lines.collect::<Vec<_>>().join("; ")
}

fn is_html(body: &[u8]) -> bool {
    body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
}

#[cfg(test)]
mod tests {
    use super::{malformed, rate_signal, refusal};
    use crate::connector::{Effect, ErrorKind};
    use crate::value::Timestamp;
    use crate::world::HttpResponse;

    fn answer(status: u16, body: &str, headers: &[(&str, &str)]) -> HttpResponse {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        HttpResponse { status, headers, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn every_form_of_error_body_is_read() {
        for (body, said) in [
            (r#"{"errors":["App is gone."]}"#, ": App is gone."),
            (r#"{"errors":{"assignees":["required","too few"]}}"#, ": assignees required; too few"),
            (r#"{"errors":"text"}"#, ": text"),
            (r#"{"message":"no such thing","exception":"X"}"#, ": no such thing"),
            (r#"{"error":"invalid_client","error_description":"unknown client"}"#, ": unknown client"),
            (r#"{"error":{"code":"x","message":"in the newer form","details":[]}}"#, ": in the newer form"),
            ("plain words", ": plain words"),
            ("<html>oops</html>", ""),
            ("", ""),
        ] {
            let error = refusal(&answer(422, body, &[]), Timestamp::from_unix(0), "vendors", false);
            assert_eq!(error.message, format!("Procore answered 422 when asked for vendors{said}"));
        }
    }

    #[test]
    fn a_missing_company_header_is_a_matter_of_settings_whatever_the_status() {
        for status in [400, 401, 404] {
            let body = r#"{"message":"Missing Procore-Company-Id header! It is needed."}"#;
            let error = refusal(&answer(status, body, &[]), Timestamp::from_unix(0), "vendors", false);
            assert_eq!(error.kind, ErrorKind::Configuration);
        }
        let body = r#"{"errors":["App is not connected to this company."]}"#;
        let error = refusal(&answer(403, body, &[]), Timestamp::from_unix(0), "vendors", false);
        assert_eq!(error.kind, ErrorKind::Configuration);
        assert_eq!(
            refusal(&answer(403, "{}", &[]), Timestamp::from_unix(0), "vendors", false).kind,
            ErrorKind::Permission
        );
    }

    #[test]
    fn a_refusal_for_rate_waits_for_the_later_of_both() {
        let now = Timestamp::from_unix(1000);
        for (retry, reset, at) in [("5", "1010", 1010), ("30", "1010", 1030)] {
            let response = answer(429, "slow down", &[("Retry-After", retry), ("x-rate-limit-reset", reset)]);
            let error = refusal(&response, now, "vendors", true);
            assert_eq!((error.kind, error.retry_at), (ErrorKind::RateLimit, Some(Timestamp::from_unix(at))));
            assert_eq!(error.effect, Effect::None);
            assert!(rate_signal(&response, now).refused);
        }
    }

    #[test]
    fn a_clock_that_is_off_does_not_change_how_long_to_wait() {
        let now = Timestamp::from_unix(1_000);
        // Seven seconds before the window's end by the server's clock, whatever ours says.
        let headers = [("Date", "Tue, 24 Nov 2026 12:19:03 GMT"), ("x-rate-limit-reset", "1795522750")];
        let error = refusal(&answer(429, "slow down", &headers), now, "vendors", false);
        assert_eq!(error.retry_at, Some(Timestamp::from_unix(1_007)));
    }

    #[test]
    fn a_write_that_broke_at_the_server_may_have_happened() {
        let now = Timestamp::from_unix(0);
        assert_eq!(refusal(&answer(502, "<html>", &[]), now, "vendors", true).effect, Effect::Unknown);
        assert_eq!(refusal(&answer(502, "<html>", &[]), now, "vendors", false).effect, Effect::None);
        assert_eq!(refusal(&answer(422, "{}", &[]), now, "vendors", true).effect, Effect::None);
    }

    #[test]
    fn a_page_of_html_is_an_outage_and_a_torn_body_is_malformed() {
        assert_eq!(malformed(&answer(200, " <html>", &[]), "vendors", "x").kind, ErrorKind::Unavailable);
        assert_eq!(malformed(&answer(200, "[{", &[]), "vendors", "x").kind, ErrorKind::Malformed);
    }
}
