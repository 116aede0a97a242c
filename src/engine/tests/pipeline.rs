//! The pipeline of these tests, through every phase that a real one goes through.

use super::side;
use crate::connector::{Catalogue, Driver};
use crate::diag::{Sources, Style, render};
use crate::model::{FileText, Files, check};
use crate::program::{Program, compile};
use crate::syntax::parse;
use std::sync::Arc;

const PIPELINE: &str = r#"
pipeline "bench" {
  currency = "USD"
}

connect office { credentials = env("OFFICE") }
connect books { credentials = env("BOOKS") }

lookup account(code) -> (ledger) {
  "a*" => "L1"
  "b*" => "L9"
  verify ledger in books.accounts.code where active
  missing hold "no account for {{ code }}"
}

flow bills {
  from office.bills as bill per project where project.active
  where bill.status == "approved"

  let payee = bill.supplier else hold "no supplier yet"
  let to = account(bill.account)
  require bill.amount != 0 else reject "nothing due"

  map {
    supplier  = payee
    reference = "{{ project.code }}-{{ bill.number }}"
    total     = bill.amount
    note      = bill.note
    account   = to.ledger
  }

  to books.invoices {
    key supplier, reference
    RULES
  }
}
"#;

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<FileText, String> {
        Err(format!("{path} is not there"))
    }
}

/// The pipeline with these rules in its `to` block.
pub(super) fn program(rules: &str) -> Arc<Program> {
    amended(&[("RULES", rules)])
}

/// The pipeline with parts of its text replaced by others.
pub(super) fn amended(parts: &[(&str, &str)]) -> Arc<Program> {
    let mut text = PIPELINE.to_owned();
    for (from, to) in parts.iter().chain(&[("RULES", "")]) {
        assert!(text.contains(from) || *from == "RULES", "the pipeline has no `{from}`");
        text = text.replace(from, to);
    }
    let mut sources = Sources::new();
    let id = sources.add("bench.mlc", text);
    let parsed = parse(&sources, id);
    assert!(parsed.diagnostics.is_empty(), "{}", render(&parsed.diagnostics, &sources, Style::Plain));
    let checked =
        check(&parsed.file, &mut sources, &NoFiles, &[driver("office", side::office), driver("books", side::books)]);
    let model = checked.model;
    Arc::new(compile(model.unwrap_or_else(|| panic!("{}", render(&checked.diagnostics, &sources, Style::Plain)))))
}

fn driver(name: &'static str, catalogue: fn() -> &'static Catalogue) -> Driver {
    Driver {
        name,
        catalogue,
        profiled: |_| Err("no profiles here".to_owned()),
        open: |_| unreachable!("the bench opens its connections itself"),
        fake: |_| unreachable!("nothing is imitated here"),
        webhook: None,
    }
}
