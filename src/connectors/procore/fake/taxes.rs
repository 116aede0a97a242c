//! Tax codes, and what a tax comes to.
//!
//! No source says how the real one rounds. Here each line's tax is rounded to the cent,
//! so that the sum of the lines is the tax of the whole.

use super::errors::{answer, missing, not_found};
use super::g702::{Application, total};
use super::paging::{Sizes, page};
use super::request::Request;
use super::stock::Stock;
use crate::connector::contractor::TaxCode;
use crate::value::Decimal;
use crate::world::HttpResponse;
use serde_json::{Value as Json, json};

const SIZES: Sizes = Sizes { default: 100, largest: 100 };

/// `GET /rest/v1.0/tax_codes?company_id=`
pub fn list(stock: &Stock, request: &Request<'_>) -> HttpResponse {
    if request.integer("company_id").is_none() {
        return missing("company_id");
    }
    page(request, SIZES, &stock.contractor.tax_codes, show)
}

/// `GET /rest/v1.0/tax_codes/{id}?company_id=`
pub fn one(stock: &Stock, request: &Request<'_>, id: i64) -> HttpResponse {
    if request.integer("company_id").is_none() {
        return missing("company_id");
    }
    let found = stock.contractor.tax_codes.iter().find(|code| code.id == id);
    found.map_or_else(|| not_found("TaxCode"), |code| answer(200, &show(code)))
}

fn show(code: &TaxCode) -> Json {
    // A number and not a text: the only amount of its kind.
    let rate: Json = serde_json::from_str(&code.rate.fixed(code.rate.places().max(1))).unwrap_or_default();
    json!({
        "id": code.id,
        "code": code.code,
        "description": code.description,
        "rate1": rate,
        "archived": !code.active,
        "default_tax_code": false,
        "origin_id": null,
        "origin_data": null,
    })
}

/// The tax on an amount; `tax_code` is an index into the contractor's codes.
pub fn of(stock: &Stock, tax_code: Option<usize>, amount: Decimal) -> Decimal {
    let rate = tax_code.and_then(|at| stock.contractor.tax_codes.get(at)).map(|code| code.rate);
    let tax = rate.and_then(|rate| amount.checked_mul(rate)).and_then(|tax| tax.checked_div(Decimal::from(100_i64)));
    tax.unwrap_or_default().rounded(2)
}

/// The tax on what an application makes payable now, by the tax codes of its commitment's lines.
pub fn on_payment(stock: &Stock, application: &Application<'_>) -> Decimal {
    let tax_code = |line: i64| stock.contractor.taxed_lines.get(&line).copied();
    total(application.lines.iter().filter_map(|line| {
        let scheduled = line.scheduled?;
        Some(of(stock, tax_code(scheduled.id), line.net()))
    }))
}
