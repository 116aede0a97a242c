//! Reading subcontractor invoices: lists, single ones, and their lines.
//!
//! A list belongs to one project. The newer version names the vendor by id and can show
//! the lines; the older one does neither.

use super::errors::{answer, missing, not_found};
use super::filters::Filters;
use super::g702::{Application, Line, Summary, percent, total};
use super::paging::{REQUISITIONS, Sizes, page};
use super::request::Request;
use super::shapes::{currency, day, form_day, full_currency, instant, merged, money, short_money, without};
use super::stock::{Requisition, Stock};
use super::taxes;
use super::wbs::{BudgetCode, wbs_code};
use crate::connector::contractor::{BillingPeriod, Commitment};
use crate::value::Decimal;
use crate::world::HttpResponse;
use serde_json::{Value as Json, json};

/// Lists and single invoices come in two versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    V1_0,
    V1_1,
}

/// `GET /rest/v1.x/requisitions?project_id=`
pub fn list(stock: &Stock, request: &Request<'_>, version: Version) -> HttpResponse {
    let Some(project) = request.integer("project_id") else { return missing("project_id") };
    if stock.visible_project(project).is_none() {
        return not_found("Project");
    }
    let filters = Filters::of(request);
    let keep = |requisition: &&Requisition| {
        let invoice = &requisition.invoice;
        filters.allows_id("id", invoice.id)
            && filters.allows_id("commitment_id", invoice.commitment)
            && filters.allows_id("period_id", invoice.period)
            && filters.allows("status", Some(&invoice.status))
            && filters.allows("origin_id", requisition.origin_id.as_deref())
            && filters.allows_instant("created_at", invoice.created)
            && filters.allows_instant("updated_at", invoice.updated)
            && (version == Version::V1_0
                || filters.allows("is_last", Some(if is_last(stock, requisition) { "true" } else { "false" })))
    };
    let kept: Vec<(&Requisition, &Commitment)> = stock
        .requisitions()
        .filter_map(|requisition| Some((requisition, stock.commitment(requisition.invoice.commitment)?)))
        .filter(|(_, commitment)| commitment.project == project)
        .filter(|(requisition, _)| keep(requisition))
        .collect();
    page(request, sizes(stock, project), &kept, |(requisition, commitment)| {
        show(stock, request, version, requisition, commitment)
    })
}

/// `GET /rest/v1.x/requisitions/{id}?project_id=`
pub fn one(stock: &Stock, request: &Request<'_>, version: Version, id: i64) -> HttpResponse {
    let Some(project) = request.integer("project_id") else { return missing("project_id") };
    match find(stock, project, id) {
        Some((requisition, commitment)) => answer(200, &show(stock, request, version, requisition, commitment)),
        None => not_found("Requisition"),
    }
}

/// The invoice, if it is there, in that project, and the project can be seen.
pub fn find(stock: &Stock, project: i64, id: i64) -> Option<(&Requisition, &Commitment)> {
    stock.visible_project(project)?;
    let requisition = stock.requisition(id)?;
    let commitment = stock.commitment(requisition.invoice.commitment)?;
    (commitment.project == project).then_some((requisition, commitment))
}

/// The server gives smaller pages for one project in five, whatever is asked for.
fn sizes(stock: &Stock, project: i64) -> Sizes {
    if stock.project_index(project) % 5 == 1 { Sizes { default: 20, largest: 20 } } else { REQUISITIONS }
}

/// Whether it is the newest of its commitment.
pub fn is_last(stock: &Stock, requisition: &Requisition) -> bool {
    stock.chain(requisition.invoice.commitment).last().map(|last| last.invoice.id) == Some(requisition.invoice.id)
}

/// One invoice in the form that the request asks for.
pub fn show(
    stock: &Stock,
    request: &Request<'_>,
    version: Version,
    requisition: &Requisition,
    commitment: &Commitment,
) -> Json {
    let application = stock.application(commitment, requisition.invoice.id);
    let summary = application.summary();
    let mut body = header(stock, requisition, commitment, &application, &summary);
    let period = stock.contractor.periods.iter().find(|period| period.id == requisition.invoice.period);
    body["requisition_start"] = day(period.map(|period| period.start));
    body["requisition_end"] = day(period.map(|period| period.end));
    body["summary"] = sums(requisition, &summary, taxes::on_payment(stock, &application), period);
    if version == Version::V1_0 {
        body["comment"] = Json::Null;
        body["action_policy"] = json!({});
        body["currency_configuration"] = currency(&stock.contractor.currency);
        let only_newer = ["new_materials", "new_materials_quantity", "stored_materials", "stored_materials_quantity"];
        body["summary"] = without(body["summary"].take(), &only_newer);
        let only_newer =
            ["vendor_id", "previous_requisition_id", "invoice_type", "move_materials_to_previous_work_completed"];
        return without(body, &only_newer);
    }
    body["summary_text"] = wording(stock, requisition, commitment, period);
    if matches!(request.parameter("view"), Some("items" | "extended")) {
        let lines = application.lines.iter().enumerate();
        body["items"] = lines.map(|(index, line)| item(stock, requisition, commitment, index, line)).collect();
        body["item_packages"] = packages(&application, commitment);
    }
    body
}

fn header(
    stock: &Stock,
    requisition: &Requisition,
    commitment: &Commitment,
    application: &Application<'_>,
    summary: &Summary,
) -> Json {
    let invoice = &requisition.invoice;
    let vendor = stock.vendor(commitment.vendor);
    let chain = stock.chain(commitment.id);
    let at = chain.iter().position(|other| other.invoice.id == invoice.id).unwrap_or_default();
    let previous = at.checked_sub(1).and_then(|before| chain.get(before)).map(|before| before.invoice.id);
    let last = at + 1 == chain.len();
    let erp_status = match (&requisition.origin_id, requisition.is_approved()) {
        (Some(_), _) => "synced",
        (None, true) => "ready_to_export",
        (None, false) => "not_in_erp",
    };
    let claimed = total(application.lines.iter().map(|line| line.period.gross()));
    json!({
        "id": invoice.id,
        "previous_requisition_id": previous,
        "project_id": commitment.project,
        "commitment_id": commitment.id,
        "commitment_type": if commitment.subcontract { "WorkOrderContract" } else { "PurchaseOrderContract" },
        "contract_name": format!("{} - {}", commitment.number, commitment.title),
        "vendor_id": commitment.vendor,
        "vendor_name": vendor.map(|vendor| &vendor.name),
        "number": invoice.number,
        "invoice_number": invoice.invoice_number,
        "invoice_type": null,
        "period_id": invoice.period,
        "billing_date": day(invoice.billing_date),
        "payment_date": null,
        "submitted_at": day((invoice.status != "draft").then(|| invoice.created.date())),
        "status": invoice.status,
        "erp_status": erp_status,
        "percent_complete": format!("{}%", percent(summary.completed_and_stored, summary.contract_sum).fixed(2)),
        "total_claimed_amount": money(claimed),
        "final": invoice.is_final,
        "deletable": last && requisition.is_open() && requisition.origin_id.is_none(),
        "origin_id": requisition.origin_id,
        "origin_data": requisition.origin_data,
        "electronic_signature_id": null,
        "move_materials_to_previous_work_completed": false,
        "created_at": instant(invoice.created),
        "updated_at": instant(invoice.updated),
        "created_by": {
            "id": commitment.vendor % 1_000_000 + 9_100,
            "name": "Accounts Receivable",
            "login": vendor.map(|vendor| &vendor.email),
            "company_name": vendor.map(|vendor| &vendor.name),
        },
        "currency_configuration": full_currency(&stock.contractor.currency),
        "custom_fields": {},
        "attachments": [],
    })
}

fn sums(requisition: &Requisition, sums: &Summary, tax: Decimal, period: Option<&BillingPeriod>) -> Json {
    let zero = Decimal::ZERO;
    let first = requisition.invoice.number <= 1;
    let (new, before) = if first { (sums, None) } else { (&Summary::default(), Some(sums)) };
    let formatted = period.map(|period| format!("{} - {}", form_day(period.start), form_day(period.end)));
    json!({
        "original_contract_sum": money(sums.original),
        "net_change_by_change_orders": money(sums.change_orders),
        "contract_sum_to_date": money(sums.contract_sum),
        "total_completed_and_stored_to_date": money(sums.completed_and_stored),
        "completed_work_retainage_percent": percent(sums.retainage_on_work, sums.work).fixed(2),
        "completed_work_retainage_amount": money(sums.retainage_on_work),
        "stored_materials_retainage_percent":
            percent(sums.retainage_on_materials, sums.stored_materials).fixed(2),
        "stored_materials_retainage_amount": money(sums.retainage_on_materials),
        "total_retainage": money(sums.retainage),
        "total_earned_less_retainage": money(sums.earned_less_retainage),
        "less_previous_certificates_for_payment": money(sums.less_previous),
        "current_payment_due": money(sums.due),
        "balance_to_finish_including_retainage": money(sums.balance_to_finish),
        "tax_applicable_to_this_payment": money(tax),
        "formatted_period": formatted,
        "positive_change_order_item_total": money(sums.additions),
        "negative_change_order_item_total": money(sums.deductions),
        "positive_new_change_order_item_total": money(new.additions),
        "negative_new_change_order_item_total": money(new.deductions),
        "positive_previous_change_order_item_total": money(before.map_or(zero, |sums| sums.additions)),
        "negative_previous_change_order_item_total": money(before.map_or(zero, |sums| sums.deductions)),
        "new_materials": money(sums.new_materials),
        "new_materials_quantity": "0.0",
        "stored_materials": money(sums.stored_materials),
        "stored_materials_quantity": "0.0",
    })
}

fn wording(stock: &Stock, requisition: &Requisition, commitment: &Commitment, period: Option<&BillingPeriod>) -> Json {
    let project = stock.project(commitment.project);
    let vendor = stock.vendor(commitment.vendor);
    json!({
        "project_name": project.map(|project| &project.name),
        "project_number": project.map(|project| &project.number),
        "to_general_contractor": stock.contractor.company_name,
        "requisition_period_start": day(period.map(|period| period.start)),
        "requisition_period_end": day(period.map(|period| period.end)),
        "subcontractor_name": vendor.map(|vendor| &vendor.name),
        "subcontractor_street": null,
        "subcontractor_city": vendor.map(|vendor| &vendor.city),
        "subcontractor_state_code": vendor.map(|vendor| &vendor.state),
        "subcontractor_zip": null,
        "subcontractor_country_code": "US",
        "application_number": requisition.invoice.number.to_string(),
        "contract_for": commitment.title,
        "contract_date": day(Some(commitment.date)),
    })
}

fn item(stock: &Stock, requisition: &Requisition, commitment: &Commitment, index: usize, line: &Line<'_>) -> Json {
    let code = line.scheduled.map(|scheduled| scheduled.cost_code);
    // While an invoice is reviewed, nothing is decided for its lines.
    let status = if requisition.is_approved() { "approved" } else { "no_action" };
    let change_order = line.scheduled.is_some_and(|scheduled| scheduled.change_order);
    let described = line.billed.map(|billed| billed.description.as_deref());
    let description = described.unwrap_or_else(|| line.scheduled.map(|scheduled| scheduled.description.as_str()));
    let named = json!({
        "id": item_id(requisition, line, index),
        "item_type": if change_order { "change_order_item" } else { "contract_item" },
        "accounting_method": "amount",
        "line_item_id": line.billed.map(|billed| billed.line).or(line.scheduled.map(|scheduled| scheduled.id)),
        "cost_code_id": code.map(|code| stock.project_cost_code_id(commitment.project, code)),
        "wbs_code": line.scheduled.map(|scheduled| {
            wbs_code(stock, commitment.project, BudgetCode::of_line(stock, scheduled))
        }),
        "description_of_work": description,
        "uom": null,
        "taxes": [],
        "comment": null,
        "status": status,
        "position": index + 1,
        "line_number": (index + 1).to_string(),
        "ssr_manual_override": false,
        "previous_progress_id": null,
        "currency_configuration": full_currency(&stock.contractor.currency),
    });
    merged(merged(named, work_of(line)), retainage_of(line))
}

fn work_of(line: &Line<'_>) -> Json {
    let (before, period, after) = (line.before, line.period, line.after());
    let scheduled = line.scheduled_value();
    json!({
        "scheduled_value": money(scheduled),
        "work_completed_from_previous_application": money(before.work),
        "work_completed_this_period": money(period.work),
        "materials_presently_stored": money(after.materials),
        "materials_presently_stored_from_previous_progress": money(before.materials),
        "total_completed_and_stored_to_date": money(after.completed()),
        "total_completed_and_stored_to_date_percent": percent(after.completed(), scheduled).fixed(2),
        "total_completed_and_stored_to_date_from_previous": money(before.completed()),
        // These two come with as few decimals as they need, as some lists print them.
        "net_amount": short_money(line.net()),
        "gross_amount": short_money(period.gross()),
        "materials_moved": "0.0",
        "subcontractor_claimed_amount": money(period.gross()),
        "scheduled_quantity": "1.0",
        "scheduled_unit_price": scheduled.fixed(4),
        "work_completed_this_period_quantity": "0.0",
        "work_completed_from_previous_application_quantity": "0.0",
        "materials_presently_stored_quantity": "0.0",
        "materials_previously_stored_quantity": "0.0",
    })
}

fn retainage_of(line: &Line<'_>) -> Json {
    let (before, period, after) = (line.before, line.period, line.after());
    json!({
        "work_completed_retainage_from_previous_application": money(before.held_work),
        "work_completed_retainage_retained_this_period": money(period.retained_work),
        "work_completed_retainage_percent_this_period": percent(period.retained_work, period.work).fixed(2),
        "work_completed_retainage_released_this_period": money(period.released_work),
        "materials_stored_retainage_currently_retained": money(after.held_materials),
        "materials_stored_retainage_percent_this_period":
            percent(period.retained_materials, period.materials).fixed(2),
        "materials_stored_retainage_new_materials": money(period.retained_materials),
        "materials_stored_retainage_released_this_period": money(period.released_materials),
        "materials_retainage_retained_moved": "0.0",
    })
}

/// Lines that are not billed have no id of the contractor's: theirs lie above 2^53, where
/// a reader that takes JSON numbers for floats would lose the last digit.
fn item_id(requisition: &Requisition, line: &Line<'_>, index: usize) -> i64 {
    let index = i64::try_from(index).unwrap_or_default();
    line.billed
        .map_or(9_100_000_000_000_001 + requisition.invoice.id % 1_000_000_000 * 1_000 + index, |billed| billed.id)
}

fn packages(application: &Application<'_>, commitment: &Commitment) -> Json {
    let changed = application.lines.iter().filter_map(|line| line.scheduled).find(|line| line.change_order);
    changed.map_or_else(
        || json!([]),
        |line| {
            json!([{
                "id": line.id % 1_000_000,
                "contract_id": commitment.id,
                "change_order_id": line.id % 1_000_000,
                "number": "001",
                "title": line.description,
                "status": "approved",
                "position": 1,
                "change_order_acronym_number": "CO 001",
                "change_order_request": null,
                "batch": null,
            }])
        },
    )
}
