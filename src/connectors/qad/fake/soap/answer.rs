//! Answers in QXtend's forms.

use crate::connectors::qad::qxtend::envelope::{COMMON, SERVICES, SOAP};
use crate::connectors::qad::qxtend::xml::{self, Element};
use crate::world::HttpResponse;

/// One row of messages.
#[derive(Clone, Debug, Default)]
pub struct Said {
    pub severity: &'static str,
    pub text: String,
    pub field: String,
    pub data: String,
    pub number: String,
    pub place: String,
}

/// A fault of the envelope, with the status that SOAP asks for.
pub fn fault(code: &str, text: &str) -> HttpResponse {
    faulty(500, code, text, None)
}

/// An exception of the framework; it comes with a good status.
pub fn exception(text: &str) -> HttpResponse {
    faulty(200, "Server", text, None)
}

/// A fault of a read service, which tells its reason in the detail.
pub fn service_fault(reason: &str) -> HttpResponse {
    let detail = Element::new("detail").with(
        Element::new("ns1:FaultDetail")
            .attribute("xmlns:ns1", "urn:soap-fault:details")
            .with(Element::leaf("ns1:errorMessage", reason)),
    );
    faulty(500, "Server", "An error was detected while executing the Web Service request.", Some(detail))
}

fn faulty(status: u16, code: &str, text: &str, detail: Option<Element>) -> HttpResponse {
    let fault = Element::new("SOAP-ENV:Fault")
        .with(Element::leaf("faultcode", format!("SOAP-ENV:{code}")))
        .with(Element::leaf("faultstring", text))
        .with_all(detail);
    enveloped(status, fault)
}

/// The response of a document: its result, the context without the user, the messages in a
/// prefix of their own, and the records.
pub fn response(operation: &Element, context: &Element, said: &[Said], data: Option<Element>) -> HttpResponse {
    let worst = |severity: &str| said.iter().any(|said| said.severity == severity);
    let result = if worst("error") {
        "error"
    } else if worst("warning") {
        "warning"
    } else {
        "success"
    };
    let rows = said.iter().enumerate().map(|(index, said)| row(index + 1, said));
    let response = Element::new(format!("{}Response", operation.name))
        .attribute("xmlns", SERVICES)
        .attribute("xmlns:ns2", COMMON)
        .attribute("xmlns:ns3", COMMON)
        .with(Element::leaf("result", result))
        .with(blanked(context))
        .with(Element::new("ns3:dsExceptions").with_all(rows))
        .with_all(data);
    enveloped(200, response)
}

/// Any other answer.
pub fn plain(status: u16, text: &str) -> HttpResponse {
    let headers = vec![("Content-Type".to_owned(), "text/plain".to_owned())];
    HttpResponse { status, headers, body: text.as_bytes().to_vec() }
}

/// A body in its envelope.
pub fn enveloped(status: u16, content: Element) -> HttpResponse {
    let envelope = Element::new("SOAP-ENV:Envelope")
        .attribute("xmlns:SOAP-ENV", SOAP)
        .with(Element::new("SOAP-ENV:Body").with(content));
    let headers = vec![("Content-Type".to_owned(), "text/xml; charset=utf-8".to_owned())];
    HttpResponse { status, headers, body: xml::write(&envelope) }
}

fn row(index: usize, said: &Said) -> Element {
    let cell = |name: &str, text: &str| Element::leaf(format!("ns3:{name}"), text);
    Element::new("ns3:temp_err_msg")
        .with(cell("tt_level", "1"))
        .with(cell("tt_msg_context", &said.place))
        .with(cell("tt_msg_data", &said.data))
        .with(cell("tt_msg_datetime", ""))
        .with(cell("tt_msg_desc", &said.text))
        .with(cell("tt_msg_field", &said.field))
        .with(cell("tt_msg_index", &index.to_string()))
        .with(cell("tt_msg_keys", ""))
        .with(cell("tt_msg_nbr", &said.number))
        .with(cell("tt_msg_processed", "false"))
        .with(cell("tt_msg_sev", said.severity))
}

/// The context as it came, but for the user and the password.
fn blanked(context: &Element) -> Element {
    let rows = context.children.iter().map(|row| {
        let name = row.text_of("propertyName");
        let value = if matches!(name, "username" | "password") { "" } else { row.text_of("propertyValue") };
        Element::new("ns2:ttContext")
            .with(Element::leaf("ns2:propertyQualifier", row.text_of("propertyQualifier")))
            .with(Element::leaf("ns2:propertyName", name))
            .with(Element::leaf("ns2:propertyValue", value))
    });
    Element::new("ns2:dsSessionContext").with_all(rows)
}
