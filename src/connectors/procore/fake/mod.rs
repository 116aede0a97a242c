//! A small Procore in memory, behind Procore's own HTTP.
//!
//! Takes a contractor as its stock and requests as its callers send them; hands on
//! answers with the status, the headers, the bodies and the oddities of the real one.
//! The order of the gate: rate window, token, company header, company, then the path.
//! Invariant: stock and journal of changes are the whole state; tokens and rate windows
//! begin anew with each opening.

mod auth;
mod changes;
mod commitments;
mod errors;
mod filters;
mod g702;
mod limits;
mod paging;
mod projects;
mod request;
mod requisitions;
mod shapes;
mod stock;
mod structure;
mod vendors;

use crate::connector::contractor::Contractor;
use crate::connector::{Fake, FakeChange, Settings};
use crate::value::{Decimal, Timestamp, Value};
use crate::world::{Credential, HttpRequest, HttpResponse, Method};
use auth::Tokens;
use changes::Change;
use limits::Limits;
use request::Request;
use requisitions::Version;
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
                self.read(request)
            }
            Some(_) => errors::not_connected(),
        }
    }

    /// Past the gate. A company id in the query must be the same as in the header.
    fn company(&mut self, request: &Request<'_>, now: Timestamp) -> HttpResponse {
        if request.integer("company_id").is_some_and(|id| id != self.stock.contractor.company_id) {
            return errors::not_connected();
        }
        match request.method {
            Method::Get => self.read(request),
            Method::Post | Method::Patch | Method::Delete => self.write(request, now),
        }
    }

    fn read(&self, request: &Request<'_>) -> HttpResponse {
        let stock = &self.stock;
        let parts: Vec<&str> = request.path.split('/').skip(1).collect();
        match parts.as_slice() {
            ["rest", "v1.0", "companies"] => projects::companies(stock, request),
            ["rest", "v1.0", "me"] => projects::me(request),
            ["rest", version @ ("v1.0" | "v1.1"), "projects"] => projects::list(stock, request, *version == "v1.1"),
            ["rest", "v1.0", "vendors"] => vendors::list(stock, request),
            ["rest", "v1.0", "companies", id, "vendors", "inactive"]
                if id.parse() == Ok(stock.contractor.company_id) =>
            {
                vendors::inactive(stock, request)
            }
            ["rest", version @ ("v1.0" | "v1.1"), "requisitions"] => {
                requisitions::list(stock, request, version_of(version))
            }
            ["rest", "v1.0", "work_order_contracts"] => commitments::list(stock, request, true),
            ["rest", "v1.0", "purchase_order_contracts"] => commitments::list(stock, request, false),
            ["rest", "v1.0", "cost_codes"] => structure::cost_codes(stock, request),
            ["rest", "v1.0", "line_item_types"] => structure::line_item_types(stock, request),
            ["rest", version, rest @ ..] => self.read_one(request, version, rest),
            _ => errors::no_such_path(),
        }
    }

    /// Paths with an id in them.
    fn read_one(&self, request: &Request<'_>, version: &str, rest: &[&str]) -> HttpResponse {
        let stock = &self.stock;
        let Some(id) = rest.get(1).and_then(|text| text.parse::<i64>().ok()) else { return errors::no_such_path() };
        match (version, rest) {
            ("v1.0", ["projects", _]) => projects::one(stock, request, id),
            ("v1.0", ["projects", _, "billing_periods"]) => structure::billing_periods(stock, request, id),
            ("v1.0", ["projects", _, "billing_periods", period]) => match period.parse() {
                Ok(period) => structure::billing_period(stock, id, period),
                Err(_) => errors::no_such_path(),
            },
            ("v1.0", ["vendors", _]) => vendors::one(stock, request, id),
            ("v1.0" | "v1.1", ["requisitions", _]) => requisitions::one(stock, request, version_of(version), id),
            ("v1.0", [kind @ ("work_order_contracts" | "purchase_order_contracts"), _]) => {
                commitments::one(stock, request, *kind == "work_order_contracts", id)
            }
            ("v1.0", [kind @ ("work_order_contracts" | "purchase_order_contracts"), _, "line_items"]) => {
                commitments::line_items(stock, request, *kind == "work_order_contracts", id)
            }
            _ => errors::no_such_path(),
        }
    }

    fn write(&mut self, request: &Request<'_>, now: Timestamp) -> HttpResponse {
        let parts: Vec<&str> = request.path.split('/').skip(1).collect();
        let stock = &mut self.stock;
        let number = |text: &str| text.parse::<i64>();
        let (response, change) = match (request.method, parts.as_slice()) {
            (Method::Post, ["rest", "v1.0", "vendors"]) => vendors::write(stock, request, None, now),
            (Method::Patch, ["rest", "v1.0", "vendors", id]) if number(id).is_ok() => {
                vendors::write(stock, request, number(id).ok(), now)
            }
            (Method::Patch, ["rest", version @ ("v1.0" | "v1.1"), "requisitions", id]) => match number(id) {
                Ok(id) => changes::edit(stock, request, version_of(version), id, now),
                Err(_) => return errors::no_such_path(),
            },
            (Method::Delete, ["rest", "v1.0" | "v1.1", "requisitions", id]) => match number(id) {
                Ok(id) => changes::delete(stock, request, id),
                Err(_) => return errors::no_such_path(),
            },
            _ => return errors::no_such_path(),
        };
        self.changes.extend(change.as_ref().map(Change::to_journal));
        response
    }
}

fn version_of(text: &str) -> Version {
    if text == "v1.1" { Version::V1_1 } else { Version::V1_0 }
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

    fn take_changes(&mut self) -> Vec<FakeChange> {
        std::mem::take(&mut self.changes)
    }

    fn apply(&mut self, change: &FakeChange) {
        if let Some(change) = Change::from_journal(change) {
            change.apply(&mut self.stock);
        }
    }

    /// Approved invoices with what each line of them comes to. Lines that come to nothing are left out.
    fn books(&self) -> Json {
        let approved = self.stock.requisitions().filter(|requisition| requisition.is_approved());
        json!({"vendors": vendors::book(&self.stock), "requisitions": approved.map(|requisition| self.book(requisition)).collect::<Vec<_>>()})
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
            "billing_date": invoice.billing_date.map(|day| day.to_string()),
            "due": due.fixed(2),
            "lines": lines,
        })
    }
}
