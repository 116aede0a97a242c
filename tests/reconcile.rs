//! `mlc reconcile` from outside: what is planted in the two systems is found, named rightly
//! and added up; what is not there is not told.

mod world;

use crate::reckoning::{Verdict, reckon};
use crate::support::{Books, Outcome, mlc_in, quickstart_in, scratch};
use mlc::connector::contractor::Contractor;
use mlc::sandbox::contractor;
use mlc::value::Decimal;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use world::{World, add, is_last, money, net};

const MONTH: &str = "2026-07";

fn reconcile(folder: &Path, more: &[&str]) -> (Outcome, Json) {
    let mut all = vec!["reconcile", "quickstart.mlc", "--period", MONTH, "--quiet", "--format", "json"];
    all.extend(more);
    let outcome = mlc_in(folder, &all);
    let told = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome}"));
    (outcome, told)
}

/// Each cause with the paper (its key, else its name in the ledger) and its amount.
fn causes(told: &Json) -> BTreeSet<(String, String, String)> {
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let mut all = BTreeSet::new();
    for paper in told["papers"].as_array().expect("papers") {
        let name = if paper["key"] == "" { text(&paper["reference"]) } else { text(&paper["key"]) };
        for finding in paper["findings"].as_array().expect("findings") {
            assert_ne!(finding["sentence"], "", "{paper:#}");
            all.insert((text(&finding["cause"]), name.clone(), money(&finding["amount"]).fixed(2)));
        }
    }
    all
}

/// Every table comes to the total, and every row to what it is made of.
fn adds_up(told: &Json) {
    let names = ["held", "awaiting_approval", "rejected", "failed", "in_doubt", "not_seen", "other"];
    let total = &told["total"];
    for table in ["projects", "suppliers", "cost_codes", "accounts"] {
        for column in ["approved", "posted"].into_iter().chain(names) {
            let rows = told[table].as_array().expect("rows").iter();
            let sum = rows.fold(Decimal::ZERO, |sum, row| add(sum, money(&row[column])));
            assert_eq!(sum, money(&total[column]), "{table}.{column}");
        }
        for row in told[table].as_array().expect("rows") {
            let parts = names.iter().fold(money(&row["posted"]), |sum, name| add(sum, money(&row[*name])));
            assert_eq!(parts, money(&row["approved"]), "{table}: {row}");
        }
    }
    let explained =
        causes(told).iter().fold(Decimal::ZERO, |sum, (_, _, amount)| add(sum, amount.parse().expect("money")));
    assert_eq!(explained, add(money(&total["approved"]), money(&total["posted"]).negated()), "the causes come to it");
}

/// Reckoned from the contractor's own books: by project number what is approved, and by
/// project what stands in QAD of what the month has.
fn reckoned(contractor: &Contractor, books: &Books) -> (BTreeMap<String, Decimal>, BTreeMap<String, Decimal>) {
    let verdicts = reckon(contractor).verdicts;
    let mut approved: BTreeMap<String, Decimal> = BTreeMap::new();
    for invoice in &contractor.invoices {
        let waits = matches!(verdicts.get(&invoice.id), Some(verdict) if !matches!(verdict, Verdict::Skipped));
        let in_month = invoice.billing_date.is_none_or(|day| day.to_string().starts_with(MONTH));
        if waits && in_month {
            let commitment = contractor.commitments.iter().find(|one| one.id == invoice.commitment).expect("there");
            let project = contractor.projects.iter().find(|one| one.id == commitment.project).expect("there");
            let sum = approved.entry(project.number.clone()).or_default();
            *sum = add(*sum, net(invoice));
        }
    }
    let mut posted: BTreeMap<String, Decimal> = BTreeMap::new();
    for bill in books.qad["supplier_invoices"].as_array().expect("bills") {
        if bill["posting_date"].as_str().is_some_and(|day| day.starts_with(MONTH)) {
            let job = bill["lines"][0]["project"].as_str().unwrap_or_default();
            let project = contractor.projects.iter().find(|one| one.ledger_code == job);
            let name = project.map_or_else(|| "(no project)".to_owned(), |project| project.number.clone());
            let sum = posted.entry(name).or_default();
            *sum = add(*sum, money(&bill["amount"]));
        }
    }
    for sums in [&mut approved, &mut posted] {
        sums.retain(|_, sum| !sum.is_zero());
    }
    (approved, posted)
}

fn by_project(told: &Json, column: &str) -> BTreeMap<String, Decimal> {
    let rows = told["projects"].as_array().expect("rows").iter();
    let sums = rows.map(|row| (row["name"].as_str().expect("a name").to_owned(), money(&row[column])));
    sums.filter(|(_, sum)| !sum.is_zero()).collect()
}

/// Twelve people do twelve things, each of another kind. Tells what is to be found.
fn plant(folder: &Path, contractor: &Contractor) -> BTreeSet<(String, String, String)> {
    let mut world = World::open(folder);
    let mut planted = BTreeSet::new();
    let mut told = |cause: &str, name: &str, amount: Decimal| {
        planted.insert((cause.to_owned(), name.to_owned(), amount.fixed(2)));
    };
    let positive = |pair: &world::Pair<'_>| pair.total() > Decimal::from(1_000_i64);

    // The table first: what it is for must not be touched by anything else.
    let (row, alone) = rare_row(&world, contractor);
    let pair = world.pick(contractor, MONTH, |pair| pair.key == alone);
    told("mapped_otherwise", &pair.key, Decimal::ZERO);
    let csv = folder.join("cost-codes.csv");
    let table = fs::read_to_string(&csv).expect("the table");
    let mut cells: Vec<&str> = row.split(',').collect();
    cells[2] = if cells[2] == "5390" { "5310" } else { "5900" };
    fs::write(&csv, table.replace(&row, &cells.join(","))).expect("the table");

    let pair = world.pick(contractor, MONTH, positive);
    world.qad(&json!({"deleted": pair.bill["key"]}));
    told("gone", &pair.key, pair.total());

    let pair = world.pick(contractor, MONTH, positive);
    world.qad(&pair.plus("-100.00"));
    told("changed_there", &pair.key, Decimal::from(100_i64));

    let pair = world.pick(contractor, MONTH, positive);
    let mut bill = pair.bill.clone();
    bill["posting_date"] = "2026-08-01".into();
    world.qad(&bill);
    told("moved", &pair.key, pair.total());

    let pair = world.pick(contractor, MONTH, |pair| pair.lines() > 1 && positive(pair));
    let mut bill = pair.bill.clone();
    let line = bill["lines"].as_array_mut().and_then(Vec::pop).expect("a line");
    bill["total"] = add(pair.total(), money(&line["amount"]).negated()).to_string().into();
    world.qad(&bill);
    told("partial", &pair.key, money(&line["amount"]));

    let pair = world.pick(contractor, MONTH, positive);
    world.qad(&pair.plus("-0.01"));
    told("rounding", &pair.key, Decimal::cents(1));

    let pair = world.pick(contractor, MONTH, positive);
    let mut bill = pair.bill.clone();
    bill["key"]["voucher"] = 9_001.into();
    bill["reference"] = "SECOND COPY".into();
    world.qad(&bill);
    told("twice", "10USACO/2026/SI/9001", pair.total().negated());

    let pair = world.pick(contractor, MONTH, positive);
    let mut bill = pair.bill.clone();
    bill["key"]["voucher"] = 9_002.into();
    bill["reference"] = "BY HAND".into();
    bill["total"] = "777.00".into();
    bill["lines"] = json!([{"gl_account": "5310", "sub_account": "", "cost_center": "C030", "project": pair.job,
        "amount": "777.00", "description": "By hand"}]);
    world.qad(&bill);
    told("foreign", "10USACO/2026/SI/9002", Decimal::from(-777_i64));

    let pair = world.pick(contractor, MONTH, positive);
    let line = &pair.invoice.lines[0];
    let work = add(line.work, Decimal::from(250_i64));
    world.edit(pair.invoice, json!({}), json!([{"id": line.id, "work": work.to_string()}]));
    told("changed", &pair.key, Decimal::from(250_i64));

    let pair = world.pick(contractor, MONTH, positive);
    world.edit(pair.invoice, json!({"status": "revise_and_resubmit"}), json!([]));
    told("withdrawn", &pair.key, pair.total().negated());

    let pair = world.pick(contractor, MONTH, positive);
    world.procore(json!({"change": "requisition_deleted", "id": pair.invoice.id}));
    told("deleted", &pair.key, pair.total().negated());

    let (draft, key) = draft(contractor);
    world.edit(draft, json!({"status": "approved", "billing_date": "2026-07-20"}), json!([]));
    told("not_seen", &key, net(draft));
    planted
}

/// A row of the accountants' table that just one invoice of the month was coded by.
fn rare_row(world: &World, contractor: &Contractor) -> (String, String) {
    let mut users: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for pair in world.pairs(contractor, MONTH) {
        let commitment = contractor.commitments.iter().find(|one| one.id == pair.invoice.commitment).expect("there");
        for line in pair.invoice.lines.iter().filter(|line| !line.net().is_zero()) {
            let of = commitment.lines.iter().find(|one| one.id == line.line).expect("there");
            let code = contractor.cost_codes[of.cost_code].full_code();
            let kind = contractor.cost_types[of.cost_type].code.clone();
            users.entry((code, kind)).or_default().insert(pair.key.clone());
        }
    }
    let text = fs::read_to_string(crate::support::root().join("examples/cost-codes.csv")).expect("the table");
    let rows = text.lines().skip(1).filter_map(|row| {
        let mut cells = row.split(',').map(str::to_owned);
        let users = users.get(&(cells.next()?, cells.next()?)).filter(|users| users.len() == 1)?;
        Some((row.to_owned(), users.first()?.clone()))
    });
    rows.into_iter().next().expect("the month has a rare cost code")
}

/// An invoice that nobody has approved yet and that no later one builds on.
fn draft(contractor: &Contractor) -> (&mlc::connector::contractor::Invoice, String) {
    let found = contractor.invoices.iter().find_map(|invoice| {
        let commitment = contractor.commitments.iter().find(|one| one.id == invoice.commitment)?;
        let project = contractor.projects.iter().find(|one| one.id == commitment.project)?;
        let wanted = ["draft", "under_review"].contains(&invoice.status.as_str())
            && project.active
            && project.permitted
            && is_last(contractor, invoice)
            && net(invoice) > Decimal::ZERO;
        wanted.then(|| (invoice, format!("{}/{}", project.id, invoice.id)))
    });
    found.expect("somebody has not approved something yet")
}

#[test]
fn twelve_planted_differences_are_found_and_named_and_no_other() {
    let dir = scratch();
    quickstart_in(dir.path());
    assert_eq!(mlc_in(dir.path(), &["run", "quickstart.mlc", "--quiet"]).code, 1);
    let contractor = contractor(1);

    let (outcome, before) = reconcile(dir.path(), &[]);
    assert_eq!(outcome.code, 1, "{outcome}");
    adds_up(&before);
    let (approved, posted) = reckoned(&contractor, &Books::read(dir.path()));
    assert_eq!(by_project(&before, "approved"), approved);
    assert_eq!(by_project(&before, "posted"), posted);
    let known = causes(&before);
    let kinds: BTreeSet<&str> = known.iter().map(|(cause, _, _)| cause.as_str()).collect();
    assert_eq!(kinds, BTreeSet::from(["failed", "foreign", "held"]), "{known:#?}");

    let planted = plant(dir.path(), &contractor);
    assert_eq!(planted.len(), 12);
    let (outcome, after) = reconcile(dir.path(), &[]);
    assert_eq!(outcome.code, 1, "{outcome}");
    adds_up(&after);
    let found: BTreeSet<_> = causes(&after).difference(&known).cloned().collect();
    assert_eq!(found, planted);
    assert!(known.is_subset(&causes(&after)), "nothing that was told before is gone");
}
