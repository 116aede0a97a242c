//! What a program wants of its connections.

use super::program;
use crate::connector::{Operation, Signature};

const PIPELINE: &str = r#"
connect site { company = 7
  sandbox }
lookup vendor(id) -> (code) {
  from site.vendors where active
  missing hold "no vendor {{ id }}"
}
lookup account(code) -> (account) {
  _ => "5100"
  verify account in site.accounts.code where active
}
flow bills {
  from site.bills as bill per job
  let mark = "bill/{{ bill.id }}"
  let found = vendor(bill.vendor)
  map {
    supplier  = "S1"
    reference = bill.number | shorten(20)
    note      = mark
    lines = each bill.lines as line {
      let to = account(line.code) else hold "no account"
      account = to.account
      amount  = line.amount
      note    = found.code
    }
    total = sum(lines.amount)
  }
  to site.vouchers {
    key supplier, reference
  }
}
"#;

#[test]
fn resources_of_flows_scopes_and_lookups_are_wanted_with_their_operations() {
    let program = program(PIPELINE);
    let wanted = program.wanted("site");
    let operations = |name: &str| wanted.resources.get(name).cloned().unwrap_or_default();
    for listed in ["bills", "jobs", "vendors", "accounts"] {
        assert_eq!(operations(listed), [Operation::List], "{listed}");
    }
    assert_eq!(operations("vouchers"), [Operation::List, Operation::Create]);
    assert_eq!(wanted.resources.len(), 5);
    let note = &wanted.signatures[&("vouchers".to_owned(), "note".to_owned())];
    assert_eq!(note, &Signature { begins: "bill/".to_owned(), longest: note.longest });
    let supplier = &wanted.signatures[&("vouchers".to_owned(), "supplier".to_owned())];
    assert_eq!(supplier, &Signature { begins: "S1".to_owned(), longest: Some(2) });
    assert_eq!(program.wanted("elsewhere"), crate::connector::Wanted::default());
}

const TELLING: &str = r#"
connect site { company = 7
  sandbox }
flow payees {
  from site.vendors as vendor
  map {
    supplier  = "V"
    reference = vendor.code ?? "none"
    lines = each [vendor] as one {
      account = "5100"
      amount  = 1
    }
    total = 1
  }
  to site.vouchers {
    key supplier, reference
    settle accounts for 24h
    mark = code
  }
}
"#;

#[test]
fn what_is_marked_is_written_and_what_is_waited_for_is_read() {
    let wanted = program(TELLING).wanted("site");
    let operations = |name: &str| wanted.resources.get(name).cloned().unwrap_or_default();
    assert_eq!(operations("vendors"), [Operation::List, Operation::Update]);
    assert_eq!(operations("accounts"), [Operation::List]);
    assert_eq!(operations("jobs"), [Operation::List]);
    let mark = &wanted.signatures[&("vendors".to_owned(), "code".to_owned())];
    assert!(!mark.tells(), "what the other system calls its records is not known");
}
