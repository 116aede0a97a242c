//! A small Procore in memory, behind Procore's own HTTP.
//!
//! Takes a contractor as its stock and requests as its callers send them; hands on
//! answers with the status, the headers, the bodies and the oddities of the real one.
//! The order of the gate: rate window, token, company header, company, then the path.
//! Invariant: stock and journal of changes are the whole state; tokens and rate windows
//! begin anew with each opening.

mod auth;
mod budget;
mod change_orders;
mod changes;
mod commitments;
mod direct_costs;
mod errors;
mod filters;
mod g702;
mod hooks;
mod limits;
mod money_changes;
mod paging;
mod payments;
mod prime_contracts;
mod projects;
mod request;
mod requisitions;
mod routes;
mod shapes;
mod stock;
mod structure;
mod taxes;
mod vendors;
mod wbs;

use crate::connector::contractor::Contractor;
use crate::connector::{Delivery, Fake, FakeChange, Settings};
use crate::value::{Decimal, Timestamp, Value};
use crate::world::{Credential, HttpRequest, HttpResponse, Method};
use auth::Tokens;
use changes::Change;
use limits::Limits;
use request::Request;
use serde_json::{Value as Json, json};
use stock::{Requisition, Stock};

/// The fake, stocked with a contractor.
pub fn stocked(contractor: &Contractor) -> Box<dyn Fake> {
    Box::new(ProcoreFake::new(contractor))
}

struct ProcoreFake {
    stock: Stock,
    tokens: Tokens,
    limits: Limits,
    changes: Vec<FakeChange>,
}

impl ProcoreFake {
    fn new(contractor: &Contractor) -> Self {
        Self {
            stock: Stock::new(contractor),
            tokens: Tokens::new(contractor.seed),
            limits: Limits::new(limits::HOURLY, limits::SPIKE),
            changes: Vec::new(),
        }
    }

    fn resource(&mut self, request: &Request<'_>, now: Timestamp) -> HttpResponse {
        if let Some(refusal) = self.tokens.check(request, now) {
            return refusal;
        }
        match request.header("Procore-Company-Id").map(|id| id.trim().parse::<i64>()) {
            None => errors::no_company_header(),
            Some(Ok(id)) if id == self.stock.contractor.company_id => self.company(request, now),
            // The companies of the app are told whichever of them is named.
            Some(Ok(_)) if request.method == Method::Get && request.path == "/rest/v1.0/companies" => {
                routes::dispatch(&mut self.stock, request, now).0
            }
            Some(_) => errors::not_connected(),
        }
    }

    /// Past the gate. A company id in the query must be the same as in the header.
    fn company(&mut self, request: &Request<'_>, now: Timestamp) -> HttpResponse {
        if request.integer("company_id").is_some_and(|id| id != self.stock.contractor.company_id) {
            return errors::not_connected();
        }
        let (response, change) = routes::dispatch(&mut self.stock, request, now);
        if let Some(change) = &change {
            self.changes.push(change.to_journal());
            self.tell(change, request, now);
        }
        response
    }

    /// Tells the hooks of a change. That another made it, a person, is said by a header that
    /// only this fake knows.
    fn tell(&mut self, change: &Change, request: &Request<'_>, now: Timestamp) {
        let person = request.header("Sandbox-User").and_then(|id| id.trim().parse().ok());
        let author = hooks::Author::of(person, self.tokens.client_id());
        for event in hooks::events(&mut self.stock, change, request.method, &author, now) {
            self.stock.hooks.tell(&event);
        }
    }
}

impl Fake for ProcoreFake {
    fn base_url(&self) -> String {
        "https://procore.sandbox.invalid".to_owned()
    }

    fn settings(&self, base_url: &str) -> Settings {
        let mut settings = Settings::default();
        settings.0.insert("company_id".to_owned(), Value::Integer(self.stock.contractor.company_id));
        settings.0.insert("url".to_owned(), base_url.into());
        settings.0.insert("auth_url".to_owned(), base_url.into());
        settings
    }

    fn credential(&self) -> Credential {
        self.tokens.credential()
    }

    fn answer(&mut self, raw: &HttpRequest, now: Timestamp) -> HttpResponse {
        let request = Request::new(raw);
        // The login host has neither company nor rate headers.
        match (request.method, request.path.as_str()) {
            (Method::Post, "/oauth/token") => return self.tokens.issue(&request, now),
            (Method::Post, "/oauth/revoke") => return self.tokens.revoke(&request),
            _ => {}
        }
        let mut response = match self.limits.admit(now) {
            Some(refusal) => refusal,
            None => self.resource(&request, now),
        };
        self.limits.stamp(&mut response);
        response
    }

    fn routes(&self) -> Vec<String> {
        routes::all().map(|route| format!("{} {}", route.method.as_str(), route.path)).collect()
    }

    fn take_changes(&mut self) -> Vec<FakeChange> {
        std::mem::take(&mut self.changes)
    }

    fn apply(&mut self, change: &FakeChange) {
        if let Some(change) = Change::from_journal(change) {
            change.apply(&mut self.stock);
        }
    }

    fn due(&mut self, now: Timestamp) -> Vec<Delivery> {
        self.changes.extend(self.stock.hooks.give_up(now).iter().map(Change::to_journal));
        self.stock.hooks.due(self.stock.contractor.company_id, now)
    }

    fn answered(&mut self, delivery: u64, status: Option<u16>, now: Timestamp) {
        self.stock.hooks.answered(delivery, status, now);
    }

    fn tidings(&self, before: &Contractor, at: Timestamp) -> Vec<Vec<u8>> {
        hooks::tidings(before, &self.stock.contractor, at)
    }

    /// Approved invoices with what each line of them comes to. Lines that come to nothing are left out.
    fn books(&self) -> Json {
        let approved = self.stock.requisitions().filter(|requisition| requisition.is_approved());
        let payment = |payment: &payments::Payment| {
            let project = self.stock.project_of_contract(payment.contract).unwrap_or_default();
            payments::show(project, payment)
        };
        json!({
            "vendors": vendors::book(&self.stock),
            "requisitions": approved.map(|requisition| self.book(requisition)).collect::<Vec<_>>(),
            "direct_costs": self.stock.costs().map(|cost| direct_costs::book(&self.stock, cost)).collect::<Vec<_>>(),
            "payments": self.stock.payments().map(payment).collect::<Vec<_>>(),
        })
    }
}

impl ProcoreFake {
    fn book(&self, requisition: &Requisition) -> Json {
        let invoice = &requisition.invoice;
        let commitment = self.stock.commitment(invoice.commitment);
        let project = commitment.and_then(|commitment| self.stock.project(commitment.project));
        let line_of = |id: i64| commitment.and_then(|commitment| commitment.lines.iter().find(|line| line.id == id));
        let lines: Vec<Json> = invoice
            .lines
            .iter()
            .filter(|line| !line.net().is_zero())
            .map(|line| {
                let scheduled = line_of(line.line);
                json!({
                    "id": line.id,
                    "cost_code": scheduled.and_then(|line| self.stock.cost_code(line.cost_code)).map(|code| code.full_code()),
                    "cost_type": scheduled.and_then(|line| self.stock.cost_type(line.cost_type)).map(|kind| &kind.code),
                    "net": line.net().fixed(2),
                })
            })
            .collect();
        let due = invoice.lines.iter().fold(Decimal::ZERO, |sum, line| g702::add(sum, line.net()));
        json!({
            "id": invoice.id,
            "project": commitment.map(|commitment| commitment.project),
            "project_number": project.map(|project| &project.number),
            "project_active": project.map(|project| project.active),
            "project_permitted": project.map(|project| project.permitted),
            "commitment": invoice.commitment,
            "vendor": commitment.map(|commitment| commitment.vendor),
            "number": invoice.number,
            "status": invoice.status,
            "invoice_number": invoice.invoice_number,
            "origin_id": requisition.origin_id,
            "billing_date": invoice.billing_date.map(|day| day.to_string()),
            "due": due.fixed(2),
            "lines": lines,
        })
    }
}
