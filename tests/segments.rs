//! A segment of the company's own decides the account: a lookup with three inputs, of which
//! the third comes from the budget code of each line, run over the sandbox.

use crate::support::{Books, mlc_in, root, scratch};
use mlc::connector::contractor::{Contractor, Invoice};
use mlc::sandbox::{DEFAULT_SEED, contractor};
use mlc::value::Decimal;
use std::collections::BTreeMap;
use std::fs;

/// The quickstart, with a table that goes by the fund.
fn pipeline() -> String {
    let text = fs::read_to_string(root().join("examples/quickstart.mlc")).expect("the quickstart");
    let begin = text.find("lookup dimension(").expect("the table");
    let end = text.find("flow subcontractor_invoices").expect("the flow");
    let tests = text.find("# What must stay true").expect("the tests");
    let table = r#"
lookup dimension(cost_code, cost_type, fund) -> (gl_account, cost_center) {
  _, _, "GRANT" => "5320", "C070"
  _, _, "BOND"  => "5330", "C090"
  _, _, "OWN"   => "5310", "C030"
  _, _, "(none)" => "5350", "C310"
  verify gl_account in qad.gl_accounts.code where active
  missing hold "no account for {{ cost_code }}, {{ cost_type }}, fund {{ fund }}"
}

"#;
    let call = "dimension(item.wbs_code.cost_code ?? \"(none)\", item.wbs_code.cost_type ?? \"(none)\")";
    let flow = &text[end..tests];
    assert!(flow.contains(call), "the quickstart's call has changed");
    let with = call.replace("\"(none)\")", "\"(none)\", item.wbs_code.custom_segment ?? \"(none)\")");
    format!("{}{table}{}", &text[..begin], flow.replace(call, &with))
}

/// The account that each invoice's lines come to, by reference; two of one reference are left out.
fn wanted(contractor: &Contractor) -> BTreeMap<String, BTreeMap<&'static str, Decimal>> {
    let mut wanted: BTreeMap<String, Vec<BTreeMap<&'static str, Decimal>>> = BTreeMap::new();
    for invoice in &contractor.invoices {
        let of = |id: i64| contractor.commitments.iter().find(|commitment| commitment.id == id).expect("a commitment");
        let project = of(invoice.commitment).project;
        let project = contractor.projects.iter().find(|one| one.id == project).expect("a project");
        let number = invoice.invoice_number.as_deref().unwrap_or_default();
        wanted.entry(format!("{}-{number}", project.number)).or_default().push(sums(contractor, invoice));
    }
    wanted.into_iter().filter_map(|(key, mut all)| (all.len() == 1).then(|| (key, all.remove(0)))).collect()
}

fn sums(contractor: &Contractor, invoice: &Invoice) -> BTreeMap<&'static str, Decimal> {
    let mut sums = BTreeMap::new();
    for line in invoice.lines.iter().filter(|line| !line.net().is_zero()) {
        let account = match contractor.segmented_lines.get(&line.line) {
            Some(0) => "5310",
            Some(1) => "5330",
            Some(_) => "5320",
            None => "5350",
        };
        add(&mut sums, account, line.net());
    }
    sums
}

fn add<K: Ord>(sums: &mut BTreeMap<K, Decimal>, key: K, amount: Decimal) {
    let sum = sums.entry(key).or_insert(Decimal::ZERO);
    *sum = sum.checked_add(amount).expect("in range");
}

#[test]
fn each_line_is_posted_to_the_account_of_its_fund() {
    let dir = scratch();
    fs::write(dir.path().join("funds.mlc"), pipeline().replace("\"quickstart\"", "\"funds\"")).expect("written");
    let outcome = mlc_in(dir.path(), &["run", "funds.mlc", "--format", "json"]);
    assert_eq!(outcome.code, 1, "{outcome}");
    let books = Books::of_pipeline(dir.path(), "funds");
    let contractor = contractor(DEFAULT_SEED);
    let wanted = wanted(&contractor);
    let keyed: Vec<&str> = contractor.ledger.iter().map(|entry| entry.reference.as_str()).collect();
    let (mut compared, mut funded) = (0, 0);
    for entry in books.qad["supplier_invoices"].as_array().expect("books") {
        let reference = entry["reference"].as_str().expect("text");
        let Some(wanted) = wanted.get(reference).filter(|_| !keyed.contains(&reference)) else { continue };
        let mut posted: BTreeMap<String, Decimal> = BTreeMap::new();
        for line in entry["lines"].as_array().expect("lines") {
            let text = |name: &str| line[name].as_str().expect("text");
            add(&mut posted, text("gl_account").to_owned(), text("amount").parse().expect("an amount"));
        }
        let wanted: BTreeMap<String, Decimal> =
            wanted.iter().map(|(account, sum)| ((*account).to_owned(), *sum)).collect();
        assert_eq!(posted, wanted, "{reference}");
        compared += 1;
        funded += usize::from(!wanted.contains_key("5350"));
    }
    assert!(compared > 500 && funded > 80, "{compared} compared, {funded} of them with funds");
}
