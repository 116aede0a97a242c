//! A faithful small QAD: tokens with their clocks, browses with their silences, and a
//! ledger that takes supplier invoices and payments as the real one does.
//!
//! It is laid out of a [`Contractor`] and serves the shipped catalogue and the default
//! profile, or the tenant's profile that it is furnished with. Invariant: the contractor and the changes that were taken are its whole state;
//! sessions are not, so a client signs in anew after a restart.

mod answer;
mod browses;
mod entities;
mod evaluated;
mod filter;
mod ledger;
mod masters;
mod matching;
mod names;
mod paying;
mod payments;
mod posting;
mod purchasing;
mod session;
mod soap;
mod swagger;

use super::catalogue::{Tenant, shipped_tenant};
use super::error::Complaint;
use super::query::Query;
use crate::connector::contractor::Contractor;
use crate::connector::{Fake, FakeChange, Settings};
use crate::value::{Date, Timestamp, Value};
use crate::world::{Credential, HttpRequest, HttpResponse, Method};
#[cfg(test)]
pub use {entities::answers_nothing, filter::Filter};

use ledger::Ledger;
use masters::Masters;
use payments::Side;
use session::Sessions;
use std::collections::BTreeMap;

/// The context root of a cloud tenant.
const CONTEXT: &str = "/clouderp";
const BROWSES: &str = "/api/qracore/browses";

/// One tenant in memory.
pub struct QadFake {
    tenant: &'static Tenant,
    domain: String,
    /// The entities of the domain, each with books of its own; the first is the user's default.
    entities: Vec<String>,
    /// The one in which the request at hand works.
    entity: String,
    currency: String,
    /// Periods before this day are closed for purchases, though the general ledger may be open.
    open_from: Date,
    sessions: Sessions,
    masters: Masters,
    ledger: Ledger,
    changes: Vec<FakeChange>,
    agents: soap::Agents,
    /// Paths of the business entities, and the resources that they name.
    paths: BTreeMap<String, String>,
}

/// A fake that is stocked with this contractor.
pub fn stocked(contractor: &Contractor) -> Box<dyn Fake> {
    Box::new(QadFake::new(contractor))
}

impl QadFake {
    pub fn new(contractor: &Contractor) -> Self {
        let tenant = shipped_tenant();
        let or = |text: &str, default: &str| if text.is_empty() { default.to_owned() } else { text.to_owned() };
        let entity = or(&contractor.entity, "10USACO");
        let currency = masters::currency(contractor).to_owned();
        let (spec, _) = tenant.resource("supplier_invoices").expect("the shipped catalogue has supplier invoices");
        let mut ledger = Ledger::new(spec);
        ledger.stock(contractor, &entity, &currency);
        evaluated::settle(&mut ledger, contractor, &entity, &currency);
        let entities = std::iter::once(&entity).chain(&contractor.further_entities).cloned().collect();
        Self {
            tenant,
            domain: or(&contractor.domain, "10USA"),
            entities,
            entity,
            currency,
            open_from: contractor
                .ledger_closed_through
                .map_or(Date::new(2026, 7, 1).expect("a day of the calendar"), |closed| closed.plus_days(1)),
            sessions: Sessions::new(contractor.seed),
            masters: Masters::new(contractor),
            ledger,
            changes: Vec::new(),
            agents: soap::Agents::default(),
            paths: paths(tenant),
        }
    }

    /// Another first day of the open periods.
    #[cfg(test)]
    pub fn open_from(&mut self, day: Date) {
        self.open_from = day;
    }

    /// Every request but those for tokens.
    fn interface(&mut self, path: &str, request: &HttpRequest, query: &Query, now: Timestamp) -> HttpResponse {
        if !self.sessions.admits(request, now) {
            return answer::json(401, answer::record([("error", "invalid_token".into())]));
        }
        if path == "/api/qracore/securityControl" {
            return self.security_control();
        }
        let Some(entity) = self.workspace(request) else { return answer::bare(403, "Access is denied") };
        self.entity = entity;
        match path.trim_end_matches('/') {
            swagger::PATH if request.method == Method::Get => self.swagger(),
            BROWSES if request.method == Method::Get => self.browse(query),
            path if path.strip_prefix(BROWSES) == Some("/totalCount") => self.browse_count(query),
            path => match self.paths.get(path).cloned() {
                Some(name) => self.entity(&name, request, query, now),
                None => answer::bare(404, "Not found"),
            },
        }
    }

    /// The entity of the workspace that the request names; without the header, QAD works in
    /// the user's default workspace. `None` for one that the user may not work in.
    fn workspace(&self, request: &HttpRequest) -> Option<String> {
        let Some(id) = request.header("x-qad-workspace-id") else { return self.entities.first().cloned() };
        self.entities.iter().find(|entity| id == format!("{}_{entity}", self.domain)).cloned()
    }

    fn security_control(&self) -> HttpResponse {
        let minutes = |minutes: u64| Value::Integer(i64::try_from(minutes).unwrap_or(i64::MAX));
        let control = answer::record([
            ("clientId", self.sessions.client_id.as_str().into()),
            ("sessionLength", minutes(session::SESSION_MINUTES)),
            ("timeoutMinutes", minutes(session::IDLE_MINUTES)),
        ]);
        answer::data("securityControls", vec![control.into()], None)
    }
}

impl Fake for QadFake {
    fn base_url(&self) -> String {
        "https://qad.sandbox.invalid".to_owned()
    }

    fn settings(&self, base_url: &str) -> Settings {
        let settings = [
            ("url", format!("{}{CONTEXT}", base_url.trim_end_matches('/'))),
            ("domain", self.domain.clone()),
            ("entity", self.entities.first().cloned().unwrap_or_default()),
        ];
        Settings(settings.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
    }

    fn settings_for(&self, base_url: &str, wanted: &Settings) -> Settings {
        let mut settings = self.settings(base_url);
        let entity = wanted.text("entity").filter(|wanted| self.entities.iter().any(|entity| entity == wanted));
        settings.0.extend(entity.map(|entity| ("entity".to_owned(), entity.into())));
        settings
    }

    fn furnish(&mut self, profile: &str) -> Result<(), String> {
        // A sandbox is opened once, and what is read of its tenant outlives every request.
        let tenant: &'static Tenant = Box::leak(Box::new(Tenant::read(Some(profile))?));
        let (spec, _) = tenant.resource("supplier_invoices").ok_or("the profile leaves no supplier invoices")?;
        self.ledger = self.ledger.shown_as(spec);
        self.tenant = tenant;
        self.paths = paths(tenant);
        Ok(())
    }

    fn credential(&self) -> Credential {
        let fields = [
            ("username", &self.sessions.username),
            ("password", &self.sessions.password),
            ("client_id", &self.sessions.client_id),
        ];
        Credential { fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value.clone().into())).collect() }
    }

    fn answer(&mut self, request: &HttpRequest, now: Timestamp) -> HttpResponse {
        if request.header("User-Agent").is_none_or(|agent| agent.trim().is_empty()) {
            return answer::challenge();
        }
        let (path, query) = split(&request.url);
        if let Some(answer) = self.soap(path, request, now) {
            return answer;
        }
        let Some(path) = path.strip_prefix(CONTEXT) else { return answer::nowhere() };
        let query = Query::parse(query);
        match path {
            "/oauth/token" if request.method == Method::Post => self.sessions.token(request, &query, now),
            path if path.starts_with("/api/") => self.interface(path, request, &query, now),
            _ => answer::nowhere(),
        }
    }

    fn refuse(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let (path, _) = split(&request.url);
        if path.ends_with("/oauth/token") {
            return None;
        }
        if !path.starts_with(CONTEXT) {
            return Some(soap::busy());
        }
        let complaint =
            Complaint { code: "9001".to_owned(), message: "Try again later.".to_owned(), ..Complaint::default() };
        Some(answer::refused(&[complaint]))
    }

    fn forget(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let (path, _) = split(&request.url);
        (!path.ends_with("/oauth/token") && !path.starts_with(CONTEXT)).then(soap::timed_out)
    }

    fn take_changes(&mut self) -> Vec<FakeChange> {
        std::mem::take(&mut self.changes)
    }

    fn apply(&mut self, change: &FakeChange) {
        let written = "a change that this fake wrote";
        if let Some(key) = change.0.get("deleted") {
            return self.ledger.delete(&serde_json::from_value(key.clone()).expect(written));
        }
        match change.0.get("payment") {
            Some(payment) => self.ledger.pay(serde_json::from_value(payment.clone()).expect(written)),
            None => self.ledger.save(serde_json::from_value(change.0.clone()).expect(written)),
        }
    }

    fn books(&self) -> serde_json::Value {
        serde_json::json!({
            "supplier_invoices": self.ledger.books(),
            "ap_payments": self.ledger.payments.books(Side::Supplier),
            "customer_payments": self.ledger.payments.books(Side::Customer),
            "purchase_orders": purchasing::books(&self.masters),
        })
    }
}

/// Paths of the business entities, and the resources that they name.
fn paths(tenant: &Tenant) -> BTreeMap<String, String> {
    let path = |name: &String| {
        let (_, wire) = tenant.resource(name).filter(|(_, wire)| !wire.path.is_empty())?;
        Some((wire.path.clone(), name.clone()))
    };
    tenant.catalogue.resources.keys().filter_map(path).collect()
}

/// Path and query of an absolute URL, or of what a server was asked for.
fn split(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest.find('/').map_or("/", |slash| &rest[slash..]));
    rest.split_once('?').unwrap_or((rest, ""))
}
