//! The same QAD behind QXtend Inbound, and behind a read service such as tenants write for
//! themselves.
//!
//! A message passes the envelope's rules, then finds an agent, then its document; each says
//! no in its own way: a fault, an exception of the framework, or `result` error.

mod agents;
mod answer;
mod documents;
mod filter;
mod queries;
mod service;

pub use agents::Agents;

use super::QadFake;
use crate::connector::ResourceSpec;
use crate::connectors::qad::qxtend::envelope::{COMMON, RECEIVER, SERVICES, SOAP};
use crate::connectors::qad::qxtend::profile::Qxtend;
use crate::connectors::qad::qxtend::session::property;
use crate::connectors::qad::qxtend::wire::QxtendWire;
use crate::connectors::qad::qxtend::xml::{self, Element};
use crate::value::Timestamp;
use crate::world::{HttpRequest, HttpResponse, Method};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The versions of documents that the adapters know.
const VERSIONS: [&str; 6] = ["eB_1", "eB_2", "eB2_2", "ERP3_1", "ERP3_2", "ERP3_3"];

/// An exception of the framework: no session could be started.
pub fn busy() -> HttpResponse {
    answer::exception("ProcessException001: No session could be started for the receiver")
}

/// Another one: the session did its work, and too late for whoever waited.
pub fn timed_out() -> HttpResponse {
    answer::exception("ProcessException009: The receiver did not answer in time")
}

/// A document that passed the envelope's rules.
pub struct Request<'a> {
    /// The element that names operation and object.
    pub operation: &'a Element,
    pub context: &'a Element,
    pub suppress_detail: bool,
    pub now: Timestamp,
}

/// A resource as QXtend knows it.
#[derive(Clone, Copy)]
pub struct Resource {
    pub name: &'static str,
    pub spec: &'static ResourceSpec,
    pub wire: &'static QxtendWire,
}

impl QadFake {
    /// The answer, if the path is one of QXtend's or of the read service.
    pub fn soap(&mut self, path: &str, request: &HttpRequest, now: Timestamp) -> Option<HttpResponse> {
        let style = &self.tenant.profile.qxtend;
        let inbound = format!("/{}{}", style.webapp, style.path);
        if path != inbound && path != style.custom_service.path {
            return None;
        }
        if request.method != Method::Post {
            return Some(answer::plain(405, "Method not allowed"));
        }
        if path != inbound {
            return Some(self.read_service(request));
        }
        Some(match self.received(request, now) {
            Ok(answer) => answer,
            Err(fault) => fault,
        })
    }

    /// What happens to a message for QXtend. The error is the answer too.
    fn received(&mut self, request: &HttpRequest, now: Timestamp) -> Result<HttpResponse, HttpResponse> {
        if request.header("SOAPAction").is_none() {
            return Err(answer::fault("Client", "no SOAPAction header!"));
        }
        let authorized = self.authorized(request)?;
        let root = xml::read(&request.body).map_err(|problem| answer::fault("Client", &problem))?;
        if root.name != "Envelope" || root.space != SOAP {
            return Err(answer::fault("VersionMismatch", "The envelope is not one of SOAP 1.1"));
        }
        let request = self.accepted(&root, authorized, now)?;
        if !self.agents.take(now) {
            return Err(busy());
        }
        let entity = property(request.context, "entity").filter(|entity| !entity.is_empty());
        self.entity = entity.or(self.entities.first().map(String::as_str)).unwrap_or_default().to_owned();
        Ok(self.process(&request))
    }

    /// `Some(true)` with the user's Basic header, `None` without one.
    fn authorized(&self, request: &HttpRequest) -> Result<bool, HttpResponse> {
        let Some(header) = request.header("Authorization") else { return Ok(false) };
        let login = header.strip_prefix("Basic ").and_then(|coded| STANDARD.decode(coded.trim()).ok());
        let own = format!("{}:{}", self.sessions.username, self.sessions.password);
        if login.is_some_and(|login| login == own.into_bytes()) {
            return Ok(true);
        }
        Err(answer::plain(401, "Unauthorized"))
    }

    /// The envelope's rules.
    fn accepted<'a>(&self, root: &'a Element, authorized: bool, now: Timestamp) -> Result<Request<'a>, HttpResponse> {
        let client = |text: &str| answer::fault("Client", text);
        let style = &self.tenant.profile.qxtend;
        let header = root.child("Header");
        let to = header.map_or("", |header| header.text_of("To"));
        let receiver = to.strip_prefix(RECEIVER).ok_or_else(|| client("wsa:To names no receiver"))?;
        // Capitals count.
        if receiver != style.receiver {
            return Err(client(&format!("Receiver {receiver} is not defined")));
        }
        let operation =
            root.child("Body").and_then(|body| body.children.first()).ok_or_else(|| client("The body is empty"))?;
        let context = operation.child("dsSessionContext").filter(|context| context.space == COMMON);
        let context = context.ok_or_else(|| client("dsSessionContext is missing"))?;
        if operation.space != SERVICES {
            return Err(client(&format!("{} is not in the namespace of the services", operation.name)));
        }
        let version = property(context, "version").unwrap_or_default();
        if version.is_empty() {
            return Err(client("The session context has no version"));
        }
        if !VERSIONS.contains(&version) || version != style.version {
            return Err(client(&format!("There is no adapter for {} {version}", operation.name)));
        }
        if property(context, "domain").is_some_and(|domain| domain != self.domain) {
            return Err(client("Domain is not valid for this receiver"));
        }
        let entity = property(context, "entity").filter(|entity| !entity.is_empty());
        if entity.is_some_and(|entity| !self.entities.iter().any(|own| own == entity)) {
            return Err(client("Entity is not valid for this domain"));
        }
        let user = (property(context, "username"), property(context, "password"));
        let own = (Some(self.sessions.username.as_str()), Some(self.sessions.password.as_str()));
        let blank = matches!(user, (None | Some(""), None | Some("")));
        if user != own && !(blank && authorized) {
            return Err(client("The user could not be authenticated"));
        }
        let suppress = header.is_some_and(|header| {
            header.all("suppressResponseDetail").iter().any(|element| element.text.trim() == "true")
        });
        Ok(Request { operation, context, suppress_detail: suppress, now })
    }

    fn process(&mut self, request: &Request<'_>) -> HttpResponse {
        let name = request.operation.name.as_str();
        let resources: Vec<Resource> = self.soap_resources().collect();
        if let Some(resource) = resources.iter().find(|resource| resource.wire.query == name) {
            return self.query(*resource, request);
        }
        let writes = resources.iter().find_map(|resource| {
            let document = resource.wire.documents.values().find(|document| document.element == name)?;
            Some((*resource, document))
        });
        match writes {
            Some((resource, document)) => self.document(resource, document, request),
            None => answer::fault("Client", &format!("There is no adapter for {name}")),
        }
    }

    /// Every resource that has names over QXtend.
    fn soap_resources(&self) -> impl Iterator<Item = Resource> + use<> {
        let tenant = self.tenant;
        tenant.catalogue.resources.keys().filter_map(move |name| {
            let (spec, wire) = tenant.resource(name)?;
            Some(Resource { name, spec, wire: wire.qxtend.as_ref()? })
        })
    }

    fn style(&self) -> &'static Qxtend {
        &self.tenant.profile.qxtend
    }
}
