//! The SOAP 1.1 envelope around every message, there and back.

use super::profile::Qxtend;
use super::xml::Element;

pub const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
pub const ADDRESSING: &str = "http://www.w3.org/2005/08/addressing";
pub const SERVICES: &str = "urn:schemas-qad-com:xml-services";
pub const COMMON: &str = "urn:schemas-qad-com:xml-services:common";
/// What stands before the name of a receiver.
pub const RECEIVER: &str = "urn:services-qad-com:";

/// A document for the receiver: its element, holding the session context and what follows it.
pub fn document(style: &Qxtend, element: &str, context: Element, rest: Vec<Element>) -> Element {
    let suppress = if style.suppress_response_detail { "true" } else { "false" };
    let header = Element::new("soapenv:Header")
        .with(Element::new("wsa:Action"))
        .with(Element::leaf("wsa:To", format!("{RECEIVER}{}", style.receiver)))
        .with(Element::leaf("wsa:MessageID", format!("{RECEIVER}:{}", style.receiver)))
        .with(Element::new("wsa:ReferenceParameters").with(Element::leaf("qcom:suppressResponseDetail", suppress)))
        .with(Element::new("wsa:ReplyTo").with(Element::leaf("wsa:Address", RECEIVER)));
    let body = Element::new("soapenv:Body").with(Element::new(element).with(context).with_all(rest));
    Element::new("soapenv:Envelope")
        .attribute("xmlns:soapenv", SOAP)
        .attribute("xmlns:wsa", ADDRESSING)
        .attribute("xmlns:qcom", COMMON)
        .attribute("xmlns", SERVICES)
        .with(header)
        .with(body)
}

/// A call of the tenant's own service, which is plain SOAP.
pub fn call(namespace: &str, procedure: &str, parameters: Vec<Element>) -> Element {
    let body = Element::new(procedure).attribute("xmlns", namespace).with_all(parameters);
    Element::new("soapenv:Envelope")
        .attribute("xmlns:soapenv", SOAP)
        .with(Element::new("soapenv:Header"))
        .with(Element::new("soapenv:Body").with(body))
}

/// What the body of an envelope holds; `None` where there is no envelope.
pub fn content(root: &Element) -> Option<&Element> {
    if root.name != "Envelope" || root.space != SOAP {
        return None;
    }
    root.child("Body")?.children.first()
}
