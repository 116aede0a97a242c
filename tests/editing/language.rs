//! What a file declares for all of it, and the younger parts of the language.

use super::{Client, URI, marked, offered, place, position, under};
use serde_json::{Value, json};

const PIPELINE: &str = r#"vars { limit: decimal = 250_000 }
let prefix = "P-"
fn net(amount: decimal, held: decimal) = amount - held

connect procore { sandbox }
connect qad { sandbox }

lookup dimension(code) -> (account) {
  "01-*" => "5900"
  missing hold "{{ code }} has no account"
}

flow vendors {
  from qad.suppliers as supplier
  match procore.vendors as vendor {
    vendor.origin_id == supplier.code
    ambiguous hold "{{ supplier.name }} is there {{ matches | length }} times"
  }
  map {
    name      = supplier.name
    origin_id = supplier.code
  }
  to procore.vendors {
    key origin_id
    on change update
  }
}

flow invoices {
  from procore.requisitions as invoice per project
  where invoice.status == "approved"
  let payee = linked(vendors, invoice.vendor_id) else hold "no supplier"
  map {
    supplier     = payee.code
    reference    = "{{ prefix }}{{ invoice.id }}" | shorten(40)
    invoice_date = invoice.billing_date ?? 2026-01-31
    type = match invoice.status {
      "approved" => "INVOICE"
      _ => "CREDITNOTE"
    }
    lines = each invoice.items as item {
      let to     = dimension(item.wbs_code.cost_code ?? "x")
      gl_account = to.account
      amount     = net(item.net_amount, 0)
    }
    total = sum(lines.amount)
  }
  require total < limit else hold "{{ total }} is more than {{ limit }}"
  to qad.supplier_invoices {
    key supplier, reference
  }
}

test "one" {
  flow invoices
  given { status = "draft" }
  expect skipped
}
"#;

fn with(from: &str, to: &str) -> String {
    assert!(PIPELINE.contains(from), "{from}");
    PIPELINE.replacen(from, to, 1)
}

fn has(offered: &[String], wanted: &[&str]) {
    for one in wanted {
        assert!(offered.iter().any(|label| label == one), "{one} in {offered:?}");
    }
}

fn hovered(word: &str) -> String {
    let offset = PIPELINE.find(word).expect("the word is there");
    let mut client = Client::open(PIPELINE);
    let hover = client.ask("textDocument/hover", place(&position(PIPELINE, offset + 1)));
    hover["contents"]["value"].as_str().unwrap_or("").to_owned()
}

#[test]
fn the_pipeline_of_these_tests_is_right() {
    let errors: Vec<Value> =
        Client::open(PIPELINE).diagnostics(URI).into_iter().filter(|one| one["severity"] == 1).collect();
    assert_eq!(errors, Vec::<Value>::new());
}

#[test]
fn what_the_file_declares_is_offered() {
    let names = offered(&with("supplier     = payee.code", "supplier     = §"));
    has(&names, &["payee", "prefix", "limit", "net", "dimension", "linked", "if", "match"]);
    has(&offered(&with("total < limit", "total < §")), &["limit", "prefix"]);
    has(&offered(&with("= amount - held", "= amount - §")), &["amount", "held", "prefix"]);
    has(&offered(&with("let prefix = \"P-\"", "let prefix = §")), &["limit"]);
    has(&offered(&with("held: decimal", "held: §")), &["decimal", "list of", "procore"]);
    has(&offered(&with("limit: decimal", "limit: §")), &["decimal", "date"]);
    has(&offered(&with("{{ prefix }}", "{{ § }}")), &["prefix", "limit", "payee"]);
    has(&offered(&with("item.net_amount, 0)", "item.net_amount, 0) | §")), &["net", "round"]);
    has(&offered(&with("linked(vendors,", "linked(§,")), &["vendors"]);
    has(&offered(&with("payee.code", "payee.§")), &["code", "name"]);
}

#[test]
fn words_are_offered_where_they_can_stand() {
    has(&offered(&format!("{PIPELINE}§")), &["use", "extend flow", "fn", "let", "vars", "test", "notify"]);
    let clauses = offered(&with("  match procore.vendors", "  §\n  match procore.vendors"));
    has(&clauses, &["match", "run every", "reconcile", "require"]);
    assert!(!clauses.contains(&"key".to_owned()), "{clauses:?}");
    has(&offered(&with("match procore.vendors as", "match § as")), &["procore", "qad"]);
    has(&offered(&with("match procore.vendors as", "match procore.§ as")), &["vendors"]);
    has(&offered(&with("    ambiguous hold", "    §\n    ambiguous hold")), &["ambiguous", "vendor", "supplier"]);
    has(&offered(&with("vendor.origin_id ==", "vendor.§ ==")), &["origin_id", "name"]);
    assert_eq!(offered(&with("ambiguous hold", "ambiguous §")), ["hold", "reject", "skip"]);
    has(&offered(&with("    key supplier, reference\n", "    §\n")), &["approve when", "retry", "guard"]);
    let approve = offered(&with("    key supplier, reference\n", "    key supplier, reference\n    approve when §\n"));
    has(&approve, &["total", "limit"]);
    has(&offered(&with("  expect skipped", "  §")), &["expect", "given json", "with"]);
    has(&offered(&with("  expect skipped", "  with §")), &["dimension"]);
    has(&offered(&format!("{PIPELINE}notify {{\n  §\n}}")), &["mail", "webhook", "on parked after", "digest"]);
    assert_eq!(
        offered(&format!("{PIPELINE}notify {{\n  on §\n}}")),
        ["parked after", "nothing read", "budget above", "failed run"]
    );
    assert_eq!(offered(&format!("{PIPELINE}extend flow §")), ["vendors", "invoices"]);
    assert_eq!(
        offered(&with("    on change update", "    on change update\n  }\n  run §\n  to x.y {")),
        ["every", "on webhook"]
    );
    let choice = offered(&with("total = sum(lines.amount)", "total = if invoice.final §"));
    has(&choice, &["then"]);
}

#[test]
fn known_values_are_offered_with_and_without_quotes() {
    let bare = offered(&with("== \"approved\"", "== §"));
    has(&bare, &["\"approved\"", "\"draft\"", "invoice"]);
    let quoted = offered(&with("== \"approved\"", "== \"app§\""));
    has(&quoted, &["approved", "approved_as_noted"]);
    assert!(!quoted.contains(&"invoice".to_owned()), "{quoted:?}");
    has(&offered(&with("== \"approved\"", "in [\"draft\", \"§\"]")), &["approved"]);
    has(&offered(&with("== \"approved\"", "in [§]")), &["\"approved\""]);
    has(&offered(&with("== \"approved\"", "not in [\"draft\", §]")), &["\"approved\""]);
    has(&offered(&with("\"approved\" => ", "\"§\" => ")), &["approved", "draft"]);
    has(&offered(&with("_ => \"CREDITNOTE\"", "§")), &["_", "\"draft\""]);
    let kinds = offered(&with("invoice_date = invoice", "type = \"§\"\n    invoice_date = invoice"));
    has(&kinds, &["INVOICE", "PREPAYMENT"]);
    assert!(offered(&with("\"no supplier\"", "\"no § supplier\"")).is_empty());
}

#[test]
fn rules_and_settings_are_offered_by_what_the_systems_know() {
    let rule = |rule: &str| {
        offered(&with("    key supplier, reference\n", &format!("    key supplier, reference\n    {rule}\n")))
    };
    has(&rule("§"), &["settle", "mark"]);
    assert_eq!(rule("settle §"), ["receipts"]);
    assert_eq!(rule("settle receipts §"), ["for"]);
    assert_eq!(rule("mark = §"), ["origin_id"]);
    let vendors = offered(&with("    on change update\n", "    §\n"));
    assert!(!vendors.iter().any(|word| word == "mark" || word == "settle"), "{vendors:?}");
    assert_eq!(offered(&with("connect qad { sandbox }", "connect qad { api = \"§\" }")), ["rest", "qxtend"]);
    has(&offered(&with("connect qad { sandbox }", "connect qad { api = § }")), &["\"rest\"", "\"qxtend\"", "limit"]);
    has(&offered(&with("\"01-*\" => \"5900\"", "§")), &["from csv", "from xlsx"]);
    has(&offered(&with("\"01-*\" => \"5900\"", "from §")), &["csv", "xlsx", "qad"]);
    assert_eq!(offered(&with("\"01-*\" => \"5900\"", "from xlsx \"codes.xlsx\" §")), ["sheet"]);
    has(&offered(&with("linked(vendors,", "posted(§,")), &["vendors"]);
    has(&offered(&with("  expect skipped", "  with §")), &["dimension", "linked", "posted"]);
}

#[test]
fn what_used_files_declare_is_offered() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("standard.mlc");
    std::fs::write(path, PIPELINE).expect("a file");
    let uri = format!("file://{}", folder.path().join("acme.mlc").display());
    let at = |text: &str| {
        let (text, position) = marked(text);
        let mut client = Client::start(json!({}));
        client.tell_open(&uri, &text);
        let params = json!({ "textDocument": { "uri": uri }, "position": position });
        let list = client.ask("textDocument/completion", params);
        let items = list["items"].as_array().expect("items").clone();
        items.iter().map(|item| item["label"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>()
    };
    let uses = "use \"standard.mlc\"";
    has(&at(&format!("{uses}\nlet own = §")), &["net", "dimension", "prefix", "limit"]);
    has(&at(&format!("{uses}\nlet own = 1 | §")), &["net", "round"]);
    assert_eq!(at(&format!("{uses} §")), ["without"]);
    assert_eq!(at(&format!("{uses} without §")), ["vendors", "invoices"]);
    assert_eq!(at(&format!("{uses} without vendors, §")), ["vendors", "invoices"]);
    assert_eq!(at(&format!("{uses}\nextend flow §")), ["vendors", "invoices"]);
    has(&at(&format!("{uses}\nconnect qad {{ entity = § }}")), &["limit"]);
}

#[test]
fn hovering_tells_of_what_the_file_declares() {
    let function = hovered("net(item");
    assert!(function.contains("fn net(amount: decimal, held: decimal)") && function.contains("gives decimal"));
    assert_eq!(function, hovered("net(amount"));
    let var = hovered("limit }}");
    assert!(var.contains("limit: decimal") && var.contains("--var"), "{var}");
    assert_eq!(var, hovered("limit: decimal"));
    let constant = hovered("prefix }}");
    assert!(constant.contains("let prefix: text") && constant.contains("for the whole file"), "{constant}");
    assert!(hovered("held\n").contains("held: decimal"));
    assert!(hovered("linked(").contains("source record of another flow"));
}

#[test]
fn what_the_file_declares_is_found_and_renamed() {
    let mut client = Client::open(PIPELINE);
    for (used, declared, places) in [
        ("net(item", "net(amount", 2),
        ("limit else", "limit: ", 3),
        ("prefix }}", "prefix =", 2),
        ("held\n", "held: ", 2),
    ] {
        let at = |word: &str| position(PIPELINE, PIPELINE.find(word).expect("the word is there"));
        let found = client.ask("textDocument/definition", place(&at(used)));
        assert_eq!(found["range"]["start"], at(declared), "{used}");
        for word in [used, declared] {
            let params = json!({ "textDocument": { "uri": URI }, "position": at(word), "newName": "another_name" });
            let edit = client.ask("textDocument/rename", params);
            assert_eq!(edit["changes"][URI].as_array().map(Vec::len), Some(places), "{word}: {edit}");
        }
    }
    let params = json!({
        "textDocument": { "uri": URI },
        "position": position(PIPELINE, PIPELINE.find("prefix =").expect("there")), "newName": "limit",
    });
    assert!(client.refusal("textDocument/rename", params).1.contains("limit"));
}

#[test]
fn colours_tell_what_each_word_is() {
    let mut client = Client::start(json!({}));
    client.tell_open(URI, PIPELINE);
    let told = client.ask("textDocument/semanticTokens/full", json!({ "textDocument": { "uri": URI } }));
    let numbers: Vec<u64> = told["data"].as_array().expect("data").iter().filter_map(Value::as_u64).collect();
    let (mut line, mut column) = (0, 0);
    let mut tokens: Vec<(&str, u64, u64)> = Vec::new();
    for token in numbers.chunks(5) {
        column = if token[0] == 0 { column + token[1] } else { token[1] };
        line += token[0];
        let end = json!({ "line": line, "character": column + token[2] });
        let range = json!({ "start": { "line": line, "character": column }, "end": end });
        tokens.push((under(PIPELINE, &range), token[3], token[4]));
    }
    let find = |text: &str, nth: usize| {
        let found = tokens.iter().filter(|(word, ..)| *word == text).nth(nth);
        found.map_or_else(|| panic!("no {text} {nth}"), |(_, sort, bits)| (*sort, *bits))
    };
    assert_eq!(find("flow", 0), (0, 0), "a keyword");
    assert_eq!(find("limit", 0), (1, 3), "given, for the whole file");
    assert_eq!(find("limit", 1), (1, 2));
    assert_eq!(find("net", 0), (4, 1));
    assert_eq!(find("net", 1), (4, 0));
    assert_eq!(find("requisitions", 0), (6, 0));
    assert_eq!(find("billing_date", 0), (3, 0), "a field");
    assert_eq!(find("prefix", 1), (1, 2), "a name in a text");
    assert_eq!(find("procore", 1), (5, 0));
    assert_eq!(find("250_000", 0).0, 8);
    assert_eq!(find("invoice", 0), (2, 1), "the record of the flow");
}

#[test]
fn files_beside_the_pipeline_are_offered() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("fixtures")).expect("a folder");
    for name in ["acme.mlc", "standard.mlc", "codes.csv", "tenant.yaml", "fixtures/one.json"] {
        std::fs::write(folder.path().join(name), "").expect("a file");
    }
    let uri = format!("file://{}", folder.path().join("acme.mlc").display());
    let at = |text: &str| {
        let (text, position) = marked(text);
        let mut client = Client::start(json!({}));
        client.tell_open(&uri, &text);
        let params = json!({ "textDocument": { "uri": uri }, "position": position });
        let list = client.ask("textDocument/completion", params);
        let items = list["items"].as_array().expect("items").clone();
        items.iter().map(|item| item["label"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(at("use \"§\""), ["fixtures/", "standard.mlc"]);
    assert_eq!(at(&with("\"01-*\" => \"5900\"", "from csv \"co§\"")), ["codes.csv", "fixtures/"]);
    assert_eq!(at("connect qad {\n  profile = \"§\n}"), ["fixtures/", "tenant.yaml"]);
    assert_eq!(at("test \"a\" {\n  given json \"fixtures/§\"\n}"), ["one.json"]);
}
