//! Every block of pipeline text in the readme and in `docs/` is run: a page that says what
//! the language does not do fails here.
//!
//! The words after the fence say how a block is read:
//! `mlc` is a whole file, or items that stand beside two sandbox connections;
//! `mlc clauses` stands inside a flow; `mlc map` inside its `map`;
//! `mlc values` is a list of `expression  # what it shows`;
//! `mlc shortened` must stand line by line in the quickstart;
//! a trailing code (`mlc clauses E0302`) means that `check` must say just that.

use crate::support::root;
use mlc::connector::decode;
use mlc::connectors::drivers;
use mlc::diag::{Sources, Style, render};
use mlc::model::{self, FileBytes, FileText, Files};
use mlc::program::{Evaluation, Program, Tables, compile};
use mlc::syntax::parse;
use mlc::value::from_json;
use std::fs;
use std::path::PathBuf;

struct Block {
    page: String,
    line: usize,
    words: Vec<String>,
    text: String,
}

/// The example's files; a page may name them.
struct Examples;

impl Files for Examples {
    fn read(&self, path: &str) -> Result<FileText, String> {
        let found = ["pipelines", "examples", "docs/files"]
            .iter()
            .map(|folder| root().join(folder).join(path))
            .find(|path| path.exists());
        let path = found.ok_or("there is no such file")?;
        let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
        Ok(FileText { path, text: text.into() })
    }

    /// The spreadsheet is made of the table of the same name.
    #[cfg(feature = "xlsx")]
    fn bytes(&self, path: &str) -> Result<FileBytes, String> {
        let FileText { path, text } = self.read(&path.replace(".xlsx", ".csv"))?;
        Ok(FileBytes { path, bytes: crate::spreadsheet::of_csv(&text, "Codes") })
    }
}

fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md")];
    let docs = fs::read_dir(root().join("docs")).expect("docs");
    pages.extend(
        docs.map(|entry| entry.expect("entry").path()).filter(|path| path.extension().is_some_and(|end| end == "md")),
    );
    pages.sort();
    pages
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    for path in pages() {
        let page = path.file_name().expect("name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("page");
        let mut open: Option<Block> = None;
        for (index, line) in text.lines().enumerate() {
            match (&mut open, line.strip_prefix("```")) {
                (None, Some(info)) => {
                    let words = info.split_whitespace().map(str::to_owned).collect();
                    open = Some(Block { page: page.clone(), line: index + 1, words, text: String::new() });
                }
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some(block), None) => {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{page}: a fence is not closed");
    }
    blocks.into_iter().filter(|block| block.words.first().is_some_and(|word| word == "mlc")).collect()
}

const CONNECTIONS: &str = "connect procore { sandbox }\nconnect qad { sandbox }\n";

/// A flow around what a page shows of one.
fn flow(clauses: &str, map: &str) -> String {
    format!(
        "pipeline \"page\" {{ }}\n{CONNECTIONS}\n\
         lookup vendor(id) -> (name, origin_code) {{\n  from procore.vendors\n  missing hold \"no vendor {{{{ id }}}}\"\n}}\n\
         lookup dimension(cost_code, cost_type) -> (gl_account, cost_center) {{\n  \"03-*\", _ => \"5310\", \"C030\"\n  missing hold \"no account for {{{{ cost_code }}}}\"\n}}\n\
         flow invoices {{\n  from procore.requisitions as invoice per project where project.active\n{clauses}\n  map {{\n{map}\n  }}\n  \
         to qad.supplier_invoices {{ key supplier, reference }}\n}}\n"
    )
}

const FIELDS: [(&str, &str); 5] = [
    ("supplier", "    supplier = 'S1'\n"),
    ("reference", "    reference = \"{{ invoice.id }}\"\n"),
    ("invoice_date", "    invoice_date = 2026-10-31\n"),
    (
        "lines",
        "    lines = each invoice.items as line {\n      gl_account = '5310'\n      cost_center = 'C030'\n      amount = line.net_amount\n    }\n",
    ),
    ("total", "    total = invoice.summary.current_payment_due\n"),
];

/// The fields that the page's own map leaves out.
fn fields_without(map: &str) -> String {
    let mapped = |name: &str| map.lines().any(|line| line.trim_start().starts_with(&format!("{name} ")));
    FIELDS.iter().filter(|(name, _)| !mapped(name)).map(|(_, text)| *text).collect()
}

fn whole(block: &Block) -> String {
    let has = |word: &str| block.words.iter().any(|known| known == word);
    if has("clauses") {
        let target = "\n  to qad.supplier_invoices { key supplier, reference }";
        // What the page shows takes the place of what stands there otherwise.
        if block.text.trim_start().starts_with("to ") {
            return flow("", &fields_without("")).replace(target, &format!("\n{}", block.text));
        }
        let text = flow(&block.text, &fields_without(""));
        if block.text.lines().any(|line| line.trim_start().starts_with("map {")) {
            let map = text.rfind("\n  map {").expect("the flow's map")..text.rfind(target).expect("the flow's target");
            return text.replace(&text[map], "");
        }
        text
    } else if has("map") {
        flow("", &format!("{}{}", block.text, fields_without(&block.text)))
    } else if block.text.contains("pipeline \"") {
        block.text.clone()
    } else {
        let connections = if block.text.contains("connect ") { "" } else { CONNECTIONS };
        format!("{connections}{}", block.text)
    }
}

/// What `check` says, as codes and as people see it, and the program.
fn check(text: &str) -> (Vec<&'static str>, String, Option<Program>) {
    let mut sources = Sources::new();
    let id = sources.add("page.mlc", text);
    let parsed = parse(&sources, id);
    let checked = model::check(&parsed.file, &mut sources, &Examples, drivers());
    let mut diagnostics = parsed.diagnostics;
    diagnostics.extend(checked.diagnostics);
    let shown = render(&diagnostics, &sources, Style::Plain);
    (diagnostics.iter().map(|diagnostic| diagnostic.code.id).collect(), shown, checked.model.map(compile))
}

/// Codes that say that a page shows a part of a file only.
const PARTIAL: [&str; 4] = ["W0001", "W0002", "W0003", "W0004"];

#[test]
fn every_block_of_the_pages_is_true() {
    let mut wrong = Vec::new();
    let blocks = blocks();
    assert!(blocks.len() > 10, "the pages have {} blocks", blocks.len());
    for block in blocks {
        let place = format!("{}:{}", block.page, block.line);
        if block.words.iter().any(|word| word == "shortened") {
            continue;
        }
        if block.words.iter().any(|word| word == "values") {
            wrong.extend(values(&block).into_iter().map(|problem| format!("{place}: {problem}")));
            continue;
        }
        let expected = block.words.iter().find(|word| word.starts_with('E') || word.starts_with('W')).cloned();
        let text = whole(&block);
        let (codes, shown, _) = check(&text);
        let errors: Vec<&str> = codes.iter().copied().filter(|code| code.starts_with('E')).collect();
        match expected {
            Some(code) if codes.contains(&code.as_str()) && errors.iter().all(|found| **found == *code) => {}
            Some(code) => wrong.push(format!("{place}: not just {code}:\n{shown}\nin\n{text}")),
            None if errors.is_empty() || errors.iter().all(|code| PARTIAL.contains(code)) => {}
            None => wrong.push(format!("{place}:\n{shown}\nin\n{text}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Each line `expression  # shown` of a block, evaluated.
fn values(block: &Block) -> Vec<String> {
    let mut wrong = Vec::new();
    for line in block.text.lines().filter(|line| !line.trim().is_empty()) {
        let Some((expression, shown)) = line.rsplit_once("# ") else {
            wrong.push(format!("`{line}` says not what it shows"));
            continue;
        };
        let lets = format!("  let value = {}\n", expression.trim());
        let map = format!("    description = \"{{{{ value }}}}\" | take(40)\n{}", fields_without(""));
        let (_, said, program) = check(&flow(&lets, &map));
        match program.map(|program| evaluate(&program)) {
            None => wrong.push(format!("`{expression}` is refused:\n{said}")),
            Some(value) if value == shown.trim() => {}
            Some(value) => wrong.push(format!("`{expression}` shows `{value}`, not `{}`", shown.trim())),
        }
    }
    wrong
}

/// The description that the flow makes of one plain invoice.
fn evaluate(program: &Program) -> String {
    let catalogue = (drivers()[0].catalogue)();
    let read = |resource: &str, json: &str| {
        let fields = &catalogue.resources[resource].fields;
        decode(resource, "id", fields, &from_json(json).expect("json")).expect("a record")
    };
    let invoice = read(
        "requisitions",
        r#"{"id":1412207,"project_id":7,"commitment_id":9,"status":"approved","updated_at":"2026-10-31T10:00:00Z",
            "invoice_number":"TCC-0192","vendor_name":"Tallow Creek Concreting","billing_date":"2026-10-31",
            "summary":{"current_payment_due":"900.00"},
            "items":[{"id":1,"net_amount":"600.00","description_of_work":"Pile caps"},{"id":2,"net_amount":"0.00"},
                     {"id":3,"net_amount":"300.00","description_of_work":"Slab"}]}"#,
    );
    let project = read("projects", r#"{"id":7,"name":"Riverside","active":true,"project_number":"24-017"}"#);
    let flow = &program.flows()[0];
    match flow.evaluate(&Tables::new(program), &invoice, Some(&project)) {
        Evaluation::Mapped(mapped) => mapped.target.get("description").map(ToString::to_string).unwrap_or_default(),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_readme_shows_the_quickstart_as_it_is() {
    let readme = fs::read_to_string(root().join("README.md")).expect("readme");
    let quickstart = fs::read_to_string(root().join("examples/quickstart.mlc")).expect("quickstart");
    let lines: Vec<&str> = quickstart.lines().map(str::trim).collect();
    let shown = readme.split("```mlc shortened").nth(1).and_then(|rest| rest.split("```").next()).expect("a block");
    let missing: Vec<&str> =
        shown.lines().map(str::trim).filter(|line| !line.is_empty() && !lines.contains(line)).collect();
    assert!(missing.is_empty(), "not in the quickstart: {missing:#?}");
}
