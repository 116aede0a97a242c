//! What costs are planned and sorted by, read by the real client: lines of contracts, change
//! orders, budgets, budget codes.

use super::contractor::{commitment, day};
use super::{Outside, PROJECT, START, amount, at, everything};
use crate::connector::contractor::{
    BudgetLine, ChangeOrder, CommitmentLine, Contract, Contractor, Segment, SegmentValue, SubJob,
};
use crate::connector::{Error, ErrorKind, Fetch};
use crate::value::{Decimal, Record, Timestamp, Value};

/// A purchase order, a deleted contract, change orders, a budget, a fund on one line, sub jobs.
pub fn furnish(contractor: &mut Contractor) {
    let line = contractor.commitments[0].lines[2].clone();
    let order = |id: i64, contract: Contract, status: &str, lines: Vec<CommitmentLine>| ChangeOrder {
        id,
        project: PROJECT,
        contract,
        number: format!("{id:03}"),
        title: "Rock".into(),
        status: status.into(),
        amount: Decimal::cents(1_250_050),
        due: Some(day("2025-11-01")),
        approved: (status == "approved").then(|| day("2025-10-20")),
        lines,
        created: Timestamp::from_unix(START - 86_400 * 100),
        updated: Timestamp::from_unix(START - 86_400 * id),
        deleted: (status == "void").then(|| Timestamp::from_unix(START - 86_400)),
    };
    contractor.change_orders = vec![
        order(11, Contract::Commitment(701), "approved", vec![line]),
        order(12, Contract::Commitment(701), "pending", Vec::new()),
        order(13, Contract::Commitment(701), "void", Vec::new()),
        order(14, Contract::Prime(541), "approved", Vec::new()),
    ];
    let mut purchase = commitment(704, PROJECT);
    purchase.subcontract = false;
    contractor.commitments.extend([purchase, commitment(705, PROJECT)]);
    contractor.deleted_commitments = [(705, Timestamp::from_unix(START - 86_400))].into();
    let planned = |id: i64, cost_code: usize| BudgetLine {
        id,
        project: PROJECT,
        cost_code,
        cost_type: 0,
        original: Decimal::cents(95_000_000),
    };
    contractor.budget = vec![planned(51, 0), planned(52, 1)];
    let value = |id: i64, code: &str| SegmentValue { id, code: code.into(), name: format!("Fund {code}") };
    contractor.segment =
        Some(Segment { id: 7, name: "Funding".into(), values: vec![value(71, "OWN"), value(72, "GRANT")] });
    contractor.segmented_lines = [(7_011, 1)].into();
    contractor.sub_jobs = vec![SubJob { id: 61, project: PROJECT, code: "A".into(), name: "Tower".into() }];
}

fn of(resource: &str) -> Fetch {
    Fetch { scope: Some(Value::Integer(PROJECT)), ..Fetch::all(resource) }
}

fn filtered(resource: &str, name: &str, value: &str) -> Fetch {
    Fetch { filters: vec![(name.to_owned(), value.into())], ..of(resource) }
}

async fn read(outside: &std::sync::Arc<Outside>, fetch: Fetch) -> Vec<Record> {
    everything(&*outside.connect(), fetch).await.expect("read").0
}

fn ids(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| at(record, "id")).collect()
}

#[tokio::test]
async fn lines_of_contracts_cost_one_request_a_contract() {
    let outside = Outside::open();
    let lines = read(&outside, of("work_order_contract_line_items")).await;
    assert_eq!(ids(&lines), ["7010", "7011", "7012"], "those of a deleted contract are not there");
    assert_eq!((at(&lines[0], "holder.id"), at(&lines[0], "cost_code.full_code")), ("701".into(), "03-300".into()));
    assert_eq!(at(&lines[1], "wbs_code.flat_code"), "05-100.S.GRANT");
    assert_eq!((outside.asked_for("/work_order_contracts?"), outside.asked_for("/line_items?")), (1, 1));
    let lines = read(&outside, of("purchase_order_contract_line_items")).await;
    assert_eq!((lines.len(), at(&lines[0], "holder.holder_type").as_str()), (3, "PurchaseOrderContract"));
    assert_eq!(outside.asked_for("/line_items?"), 2);
}

#[tokio::test]
async fn only_lines_that_changed_are_asked_for_and_in_every_contract() {
    let outside = Outside::open();
    let since = |text: &str| Some(text.parse::<Timestamp>().expect("an instant"));
    let fetch = |text: &str| Fetch { changed_since: since(text), ..of("work_order_contract_line_items") };
    assert_eq!(read(&outside, fetch("2025-06-01T00:00:00Z")).await.len(), 3);
    assert_eq!(read(&outside, fetch("2025-08-01T00:00:00Z")).await.len(), 0);
    assert_eq!(outside.asked_for("filters%5Bupdated_at%5D=2025-08-01"), 1, "of lines, not of contracts");
    let one = read(&outside, filtered("work_order_contract_line_items", "id", "7011")).await;
    assert_eq!(ids(&one), ["7011"]);
}

#[tokio::test]
async fn commitments_are_both_lists_one_after_the_other() {
    let outside = Outside::open();
    let all = read(&outside, of("commitments")).await;
    let kinds: Vec<String> = all.iter().map(|one| at(one, "type")).collect();
    assert_eq!(
        (ids(&all), kinds),
        (
            vec!["701".to_owned(), "704".to_owned()],
            vec!["WorkOrderContract".to_owned(), "PurchaseOrderContract".to_owned()],
        )
    );
    assert_eq!(amount(&all[0], "pending_change_orders"), Decimal::cents(1_250_050));
    let with = read(&outside, filtered("commitments", "include_deleted", "with")).await;
    assert_eq!(ids(&with), ["701", "705", "704"]);
    let gone = read(&outside, filtered("commitments", "include_deleted", "only")).await;
    assert_eq!((ids(&gone), at(&gone[0], "deleted_at")), (vec!["705".to_owned()], at(&gone[0], "updated_at")));
    let since = Some(Timestamp::from_unix(START - 86_400 * 2));
    let news = Fetch { changed_since: since, ..filtered("commitments", "include_deleted", "with") };
    assert_eq!(ids(&read(&outside, news).await), ["705"], "a deletion is a change");
}

#[tokio::test]
async fn a_place_between_two_lists_is_taken_up_again() {
    let outside = Outside::open();
    let connector = outside.connect();
    let first = connector.fetch(&of("commitments")).await.expect("a page");
    let rest =
        everything(&*outside.connect(), Fetch { page: first.next, ..of("commitments") }).await.expect("the rest");
    assert_eq!((first.records.len(), ids(&rest.0)), (1, vec!["704".to_owned()]));
    let page = Some(crate::connector::PageToken("soon".to_owned()));
    let error: Error = connector.fetch(&Fetch { page, ..of("commitments") }).await.expect_err("no page");
    assert_eq!(error.kind, ErrorKind::Configuration);
}

#[tokio::test]
async fn change_orders_of_all_contracts_stand_in_one_list_and_apart() {
    let outside = Outside::open();
    assert_eq!(ids(&read(&outside, of("change_orders")).await), ["11", "12", "14"]);
    let with = read(&outside, filtered("change_orders", "include_deleted", "only")).await;
    assert_eq!(ids(&with), ["13"]);
    let since = Some(Timestamp::from_unix(START - 86_400 * 12));
    let news = read(&outside, Fetch { changed_since: since, ..of("change_orders") }).await;
    assert_eq!(ids(&news), ["11", "12"]);
    let of_commitments = read(&outside, of("commitment_change_orders")).await;
    let packages: Vec<String> = of_commitments.iter().map(|one| at(one, "legacy_package_id")).collect();
    assert_eq!(packages, ["11", "12"]);
    let approved = read(&outside, filtered("commitment_change_orders", "status", "approved")).await;
    assert_eq!((approved.len(), amount(&approved[0], "grand_total")), (1, Decimal::cents(1_250_050)));
    assert_eq!(at(&read(&outside, of("prime_change_orders")).await[0], "contract_id"), "541");
    assert_eq!(outside.asked_for("commitment_change_orders?page"), 0, "a list without pages is asked for none");
}

#[tokio::test]
async fn the_budget_is_read_from_one_of_its_views() {
    let outside = Outside::open();
    let budget = read(&outside, of("budget_line_items")).await;
    assert_eq!((ids(&budget), outside.asked_for("detail_rows")), (vec!["51".to_owned(), "52".to_owned()], 1));
    assert_eq!(amount(&budget[0], "original_budget_amount"), Decimal::cents(95_000_000));
    let codes = read(&outside, of("wbs_codes")).await;
    assert!(codes.iter().any(|code| at(code, "id") == at(&budget[0], "wbs_code_id")), "its code is among the codes");
}

#[tokio::test]
async fn budget_codes_tell_their_segments_the_company_s_own_too() {
    let outside = Outside::open();
    let codes = read(&outside, of("wbs_codes")).await;
    let funded: Vec<&Record> = codes.iter().filter(|code| at(code, "custom_segment") == "GRANT").collect();
    assert_eq!(funded.len(), 1);
    assert_eq!(at(funded[0], "flat_code"), "05-100.S.GRANT");
    assert_eq!((at(funded[0], "cost_code"), at(funded[0], "cost_type")), ("05-100".into(), "S".into()));
    let segments = read(&outside, of("wbs_segments")).await;
    let names: Vec<String> = segments.iter().map(|segment| at(segment, "name")).collect();
    assert_eq!(names, ["Cost Code", "Cost Type", "Funding"]);
    let none = read(&outside, filtered("wbs_codes", "status", "inactive")).await;
    assert!(none.is_empty());
    let since = Some(Timestamp::from_unix(START - 86_400 * 196));
    let news = read(&outside, Fetch { changed_since: since, ..of("wbs_codes") }).await;
    assert!(!news.is_empty() && news.len() < codes.len());
}

#[tokio::test]
async fn an_invoice_line_tells_the_company_s_own_segment() {
    let outside = Outside::open();
    let invoices = read(&outside, of("requisitions")).await;
    let items = invoices[0].get("items").and_then(Value::as_list).expect("items");
    let segment = |index: usize| {
        let item: &Record = items[index].as_record().expect("a line");
        (at(item, "wbs_code.cost_code"), item.at("wbs_code.custom_segment").cloned().expect("declared"))
    };
    assert_eq!(segment(1), ("05-100".to_owned(), "GRANT".into()));
    assert_eq!(segment(0), ("03-300".to_owned(), Value::Null));
}
