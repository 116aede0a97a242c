//! SOAP Faults and framework exceptions: what failed before or beside the business rules.
//!
//! A fault comes with status 500 or 200; the status says nothing. Invariant: only what is
//! known to have failed before a session began is called without effect.

use super::super::error::{self, Purpose};
use super::xml::Element;
use crate::connector::{Effect, Error, ErrorKind, Permanence};
use crate::value::Timestamp;
use crate::world::HttpResponse;

/// No session could be started: all agents are taken.
const NO_SESSION: &str = "ProcessException001";
/// A session did not answer in time.
const TIMED_OUT: &str = "ProcessException009";

/// How that is told.
pub const NO_AGENT: &str = "all QXtend agents are taken, so it could start no session";

/// What a `Fault` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// `Client`, `Server`, `VersionMismatch` or `MustUnderstand`.
    pub code: String,
    pub text: String,
}

impl Fault {
    /// The fault in the body of an envelope, if it is one.
    pub fn of(content: &Element) -> Option<Self> {
        if content.name != "Fault" {
            return None;
        }
        let code = content.text_of("faultcode");
        let code = code.rsplit(':').next().unwrap_or(code);
        let stated = content.text_of("faultstring");
        // The tenant's own services tell the reason in the detail.
        let detail = content.child("detail").map(|detail| detail.all("errorMessage")).unwrap_or_default();
        let reason = detail.first().map(|message| message.text.trim()).filter(|text| !text.is_empty());
        let text = match reason {
            Some(reason) if stated.is_empty() || reason.contains(stated) => reason.to_owned(),
            Some(reason) => format!("{stated}: {reason}"),
            None => stated.to_owned(),
        };
        Some(Self { code: code.split('.').next().unwrap_or(code).to_owned(), text })
    }

    pub fn error(&self, purpose: Purpose, status: u16) -> Error {
        if let Some(error) = framework(&self.text, purpose) {
            return error.status(status);
        }
        let text = self.text.trim_end_matches('.');
        let error = match self.code.as_str() {
            "Client" => configuration(format!("QXtend does not accept the message: {text}"))
                .mend("check `qxtend` in the tenant profile: receiver (capitals count), version, document names; and the credential"),
            "VersionMismatch" | "MustUnderstand" => {
                configuration(format!("QXtend does not understand the envelope ({}): {text}", self.code))
                    .mend("check that `qxtend.webapp` and `qxtend.path` in the tenant profile lead to QXtend Inbound")
            }
            _ => Error::new(ErrorKind::Unavailable, Permanence::Temporary, format!("QXtend could not do it: {text}"))
                .mend("if this goes on, ask whoever runs QXtend to look at its log")
                .effect(purpose.effect()),
        };
        error.status(status)
    }
}

/// Exceptions of the framework bear codes, in a fault or in a row of messages.
pub fn framework(text: &str, purpose: Purpose) -> Option<Error> {
    let temporary = |message: &str| Error::new(ErrorKind::Unavailable, Permanence::Temporary, message);
    let error = if text.contains(NO_SESSION) {
        temporary(NO_AGENT)
            .mend("it is tried again; if this goes on, lower `qxtend.concurrency` in the tenant profile or enlarge the receiver's pool")
            .effect(Effect::None)
    } else if text.contains(TIMED_OUT) {
        temporary("QAD did not answer QXtend in time")
            .mend("if this goes on, ask whoever runs QXtend for a longer time-out, or for the native adapter of this document")
            .effect(purpose.effect())
    } else if text.contains("ProcessException") || text.contains("EventException") {
        temporary(&format!("QXtend failed: {}", text.trim_end_matches('.')))
            .mend("if this goes on, ask whoever runs QXtend to look at its log")
            .effect(purpose.effect())
    } else {
        return None;
    };
    Some(error)
}

/// An answer that holds no envelope.
pub fn of_status(response: &HttpResponse, purpose: Purpose, now: Timestamp) -> Error {
    match response.status {
        401 => Error::new(ErrorKind::Credentials, Permanence::Permanent, "QXtend does not accept the user or password")
            .mend("check the credential, and `qxtend.credentials` in the tenant profile (context, basic or both)")
            .status(401),
        404 => configuration("there is no QXtend at this address")
            .mend("check the host of `url`, and `qxtend.webapp` and `qxtend.path` in the tenant profile")
            .status(404),
        200..=299 if error::is_html(response) => error::challenge(response.status, purpose),
        200..=299 => Error::new(ErrorKind::Malformed, Permanence::Temporary, "QAD's answer holds no SOAP envelope")
            .mend("check `qxtend.webapp` and `qxtend.path` in the tenant profile")
            .status(response.status)
            .effect(purpose.effect()),
        _ => error::of_status(response, purpose, now),
    }
}

fn configuration(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, Permanence::Permanent, message)
}

#[cfg(test)]
mod tests {
    use super::super::super::error::Purpose;
    use super::Fault;
    use crate::connector::{Effect, ErrorKind, Permanence};
    use crate::connectors::qad::qxtend::xml::read;

    fn fault(code: &str, rest: &str) -> Fault {
        let text = format!("<f:Fault xmlns:f='urn:f'><faultcode>{code}</faultcode>{rest}</f:Fault>");
        Fault::of(&read(text.as_bytes()).expect("XML")).expect("fault")
    }

    #[test]
    fn faults_are_told_apart() {
        let said = |text: &str| format!("<faultstring>{text}</faultstring>");
        for (code, text, kind, permanence, effect) in [
            ("soapenv:Client", "no receiver", ErrorKind::Configuration, Permanence::Permanent, Effect::None),
            ("SOAP-ENV:Server", "Broken.", ErrorKind::Unavailable, Permanence::Temporary, Effect::Unknown),
            ("soapenv:Server.userException", "Broken.", ErrorKind::Unavailable, Permanence::Temporary, Effect::Unknown),
            ("Server", "ProcessException001: none", ErrorKind::Unavailable, Permanence::Temporary, Effect::None),
            ("Server", "ProcessException009: late", ErrorKind::Unavailable, Permanence::Temporary, Effect::Unknown),
            ("Client", "EventException001: x", ErrorKind::Unavailable, Permanence::Temporary, Effect::Unknown),
            ("VersionMismatch", "SOAP 1.2", ErrorKind::Configuration, Permanence::Permanent, Effect::None),
        ] {
            let error = fault(code, &said(text)).error(Purpose::Write, 200);
            assert_eq!((error.kind, error.permanence, error.effect), (kind, permanence, effect), "{code} {text}");
            assert_eq!(fault(code, &said(text)).error(Purpose::Read, 200).effect, Effect::None);
        }
    }

    #[test]
    fn a_service_of_the_tenants_own_tells_its_reason_in_the_detail() {
        let rest = "<faultstring>Error</faultstring><detail><n:FaultDetail xmlns:n='urn:n'>\
                    <n:errorMessage>no procedure supplier_lst (10893)</n:errorMessage></n:FaultDetail></detail>";
        assert_eq!(fault("Server", rest).text, "Error: no procedure supplier_lst (10893)");
    }
}
