//! The language server from its client's side, in memory; tests/lsp.rs drives the process.

use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use mlc::connectors::drivers;
use mlc::host::{DiskFiles, names_beside};
use mlc::lsp::{Ended, House, serve};
use serde_json::{Value, json};
use std::thread::JoinHandle;
use std::time::Duration;

mod language;

const URI: &str = "file:///nowhere/acme.mlc";

const PIPELINE: &str = r#"connect procore { sandbox }
connect qad { sandbox }

# Where the cost goes,
# by cost code.
lookup dimension(code) -> (account, center) {
  "01-*" => "5900", "C010"
  verify account in qad.gl_accounts.code
  missing hold "{{ code }} has no account"
}

flow invoices {
  from procore.requisitions as invoice per project
  let number = invoice.invoice_number else hold "no number on invoice {{ invoice.id }}"
  let job = project.project_number else hold "no number: {{ number }} of {{ project.name }}"
  require length(job) <= 8 else hold "{{ job }} is too long"
  map {
    supplier     = job | trim
    reference    = "{{ job }}-{{ number }}" | shorten(40)
    invoice_date = invoice.billing_date ?? 2026-01-31
    lines = each invoice.items as item where item.net_amount != 0 {
      let to = dimension(item.wbs_code.cost_code ?? "x")
      gl_account = to.account
      amount     = item.net_amount
    }
    total = sum(lines.amount)
  }
  to qad.supplier_invoices {
    key supplier, reference
  }
}
"#;

struct Client {
    connection: Connection,
    server: JoinHandle<Ended>,
    next: i32,
}

impl Client {
    fn start(capabilities: Value) -> Self {
        let (connection, other) = Connection::memory();
        let house =
            House { drivers: drivers(), disk: |pipeline| Box::new(DiskFiles::beside(pipeline)), list: names_beside };
        let server = std::thread::spawn(move || serve(&other, house));
        let mut client = Self { connection, server, next: 0 };
        let answer = client.ask("initialize", json!({ "capabilities": capabilities }));
        assert!(answer["capabilities"]["hoverProvider"].as_bool().unwrap_or(false), "{answer}");
        client.tell("initialized", json!({}));
        client
    }

    fn open(text: &str) -> Self {
        let client = Self::start(json!({}));
        client.tell_open(URI, text);
        client
    }

    fn tell_open(&self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "mlc", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    fn tell(&self, method: &str, params: Value) {
        let message = Notification { method: method.to_owned(), params };
        self.connection.sender.send(message.into()).expect("the server listens");
    }

    fn send(&mut self, method: &str, params: Value) -> RequestId {
        self.next += 1;
        let id = RequestId::from(self.next);
        let request = Request { id: id.clone(), method: method.to_owned(), params };
        self.connection.sender.send(request.into()).expect("the server listens");
        id
    }

    fn receive(&self) -> Message {
        self.connection.receiver.recv_timeout(Duration::from_secs(60)).expect("the server answers")
    }

    fn answer(&mut self, method: &str, params: Value) -> Response {
        let id = self.send(method, params);
        loop {
            if let Message::Response(response) = self.receive() {
                assert_eq!(response.id, id);
                return response;
            }
        }
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let response = self.answer(method, params);
        response.response_result.unwrap_or_else(|error| panic!("{method}: {error:?}"))
    }

    fn refusal(&mut self, method: &str, params: Value) -> (i32, String) {
        let error = self.answer(method, params).response_result.expect_err("a refusal");
        (error.code, error.message)
    }

    /// What the server says of a document after it rests.
    fn diagnostics(&self, uri: &str) -> Vec<Value> {
        loop {
            if let Message::Notification(sent) = self.receive()
                && sent.method == "textDocument/publishDiagnostics"
                && sent.params["uri"] == uri
            {
                return sent.params["diagnostics"].as_array().expect("a list").clone();
            }
        }
    }

    fn stop(mut self) -> Ended {
        assert_eq!(self.ask("shutdown", Value::Null), Value::Null);
        self.tell("exit", Value::Null);
        self.server.join().expect("the server does not panic")
    }
}

/// The position of a byte, as UTF-16 counts.
fn position(text: &str, offset: usize) -> Value {
    let before = &text[..offset];
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().unwrap_or("").encode_utf16().count();
    json!({ "line": line, "character": column })
}

/// The text without its mark, and where the mark stood.
fn marked(text: &str) -> (String, Value) {
    let offset = text.find('§').expect("a mark");
    let text = text.replacen('§', "", 1);
    let place = position(&text, offset);
    (text, place)
}

fn place(position: &Value) -> Value {
    json!({ "textDocument": { "uri": URI }, "position": position })
}

/// The labels that are offered at the mark, best first.
fn offered(text: &str) -> Vec<String> {
    let (text, position) = marked(text);
    let mut client = Client::open(&text);
    let list = client.ask("textDocument/completion", place(&position));
    let mut items = list["items"].as_array().expect("items").clone();
    items.sort_by_key(|item| item["sortText"].as_str().unwrap_or("").to_owned());
    assert_eq!(client.stop(), Ended::Well);
    items.iter().map(|item| item["label"].as_str().unwrap_or("").to_owned()).collect()
}

/// The text of a hover in the pipeline, over the n-th `word`.
fn hovered(word: &str, nth: usize) -> String {
    let (offset, _) = PIPELINE.match_indices(word).nth(nth).expect("the word is there");
    let mut client = Client::open(PIPELINE);
    let hover = client.ask("textDocument/hover", place(&position(PIPELINE, offset + 1)));
    assert_eq!(client.stop(), Ended::Well);
    hover["contents"]["value"].as_str().unwrap_or("").to_owned()
}

fn with(from: &str, to: &str) -> String {
    assert!(PIPELINE.contains(from), "{from}");
    PIPELINE.replacen(from, to, 1)
}

/// The texts under ranges.
fn under<'t>(text: &'t str, range: &Value) -> &'t str {
    let at = |end: &str| {
        let (line, column) = (range[end]["line"].as_u64(), range[end]["character"].as_u64());
        let start: usize = text.split_inclusive('\n').take(line.expect("a line") as usize).map(str::len).sum();
        start + column.expect("a column") as usize
    };
    &text[at("start")..at("end")]
}

#[test]
fn a_right_pipeline_has_no_findings_and_a_wrong_one_has_them_in_place() {
    let client = Client::open(PIPELINE);
    assert_eq!(client.diagnostics(URI), Vec::<Value>::new());
    let wrong = with("invoice.invoice_number", "invoice.invoice_numbr");
    client.tell(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": URI, "version": 2 }, "contentChanges": [{ "text": wrong }] }),
    );
    let found = client.diagnostics(URI);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["code"], "E0203");
    assert_eq!(found[0]["severity"], 1);
    assert_eq!(under(&wrong, &found[0]["range"]), ".invoice_numbr");
    assert_eq!(found[0]["codeDescription"]["href"], "mlc-explain:/E0203.md");
    assert!(found[0]["message"].as_str().is_some_and(|text| text.contains("did you mean `invoice_number`")));
    client.tell("textDocument/didClose", json!({ "textDocument": { "uri": URI } }));
    assert_eq!(client.diagnostics(URI), Vec::<Value>::new());
    assert_eq!(client.stop(), Ended::Well);
}

#[test]
fn related_places_and_unused_names_are_marked() {
    let twice =
        with("    total = sum(lines.amount)\n", "    total = sum(lines.amount)\n    total = 1\n    let idle = 2\n");
    let client = Client::open(&twice);
    let found = client.diagnostics(URI);
    let mapped = found.iter().find(|one| one["code"] == "E0403").expect("mapped twice");
    assert_eq!(under(&twice, &mapped["relatedInformation"][0]["location"]["range"]), "total");
    let unused = found.iter().find(|one| one["code"] == "W0002").expect("unused");
    assert_eq!((&unused["severity"], &unused["tags"][0]), (&json!(2), &json!(1)));
}

#[test]
fn open_files_beside_the_pipeline_count_before_those_on_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let address = |name: &str| format!("file://{}", folder.path().join(name).display());
    std::fs::write(folder.path().join("codes.csv"), "code,account,center\n01,5900,C010\n").expect("a file");
    let text = with("  \"01-*\" => \"5900\", \"C010\"\n", "  from csv \"codes.csv\"\n");
    let client = Client::start(json!({}));
    client.tell_open(&address("acme.mlc"), &text);
    assert_eq!(client.diagnostics(&address("acme.mlc")), Vec::<Value>::new());
    let csv =
        json!({ "uri": address("codes.csv"), "languageId": "csv", "version": 1, "text": "code,account\n01,5900\n" });
    client.tell("textDocument/didOpen", json!({ "textDocument": csv }));
    let found = client.diagnostics(&address("codes.csv"));
    assert_eq!(found[0]["code"], "E0505", "{found:?}");
    client.tell("textDocument/didClose", json!({ "textDocument": { "uri": address("codes.csv") } }));
    assert_eq!(client.diagnostics(&address("codes.csv")), Vec::<Value>::new());
}

#[test]
fn positions_count_as_agreed() {
    let text = with("\"{{ job }}-{{ number }}\"", "\"ü𝄞 {{ nobody }}\"").replace('\n', "\r\n");
    for (offered, column) in [(json!(["utf-8", "utf-16"]), 30), (json!(["utf-16"]), 27), (Value::Null, 27)] {
        let client = Client::start(json!({ "general": { "positionEncodings": offered } }));
        client.tell_open(URI, &text);
        let found = client.diagnostics(URI);
        let unknown = found.iter().find(|one| one["code"] == "E0201").expect("an unknown name");
        assert_eq!(unknown["range"]["start"], json!({ "line": 18, "character": column }));
        assert_eq!(unknown["range"]["end"], json!({ "line": 18, "character": column + 6 }));
    }
}

#[test]
fn fields_are_offered_by_the_type_before_the_dot() {
    let fields = offered(&with("let number = invoice.invoice_number else", "let number = invoice.§ else"));
    assert!(fields.contains(&"invoice_number".to_owned()) && fields.contains(&"items".to_owned()), "{fields:?}");
    assert!(!fields.contains(&"take".to_owned()));
    let nested = offered(&with("amount     = item.net_amount", "amount     = item.wbs_code.co§"));
    assert!(nested.contains(&"cost_code".to_owned()), "{nested:?}");
    let columns = offered(&with("gl_account = to.account", "gl_account = to.§"));
    assert_eq!(columns, ["account", "center"]);
    let list = offered(&with("sum(lines.amount)\n", "sum(lines.§\n"));
    assert_eq!(list, ["gl_account", "amount"]);
    let each = offered(&with("each invoice.items as item where item.net_amount != 0 {", "each invoice.§ {"));
    assert!(each.contains(&"items".to_owned()), "{each:?}");
    let condition = offered(&with("  map {\n", "  require invoice.§\n  map {\n"));
    assert!(condition.contains(&"status".to_owned()), "{condition:?}");
}

#[test]
fn names_and_functions_are_offered_in_expressions() {
    let names = offered(&with("supplier     = job | trim", "supplier     = §"));
    assert_eq!(names[..3], ["job", "number", "invoice"]);
    assert!(names.contains(&"dimension".to_owned()) && names.contains(&"shorten".to_owned()), "{names:?}");
    assert!(!names.contains(&"item".to_owned()));
    let piped = offered(&with("job | trim", "job | tr§"));
    assert!(piped.contains(&"trim".to_owned()) && !piped.contains(&"job".to_owned()), "{piped:?}");
    let argument = offered(&with("sum(lines.amount)", "sum(§"));
    assert!(argument.contains(&"lines".to_owned()), "{argument:?}");
}

#[test]
fn templates_are_completed_in_their_braces() {
    let names = offered(&with("\"{{ job }}-{{ number }}\"", "\"{{ job }}-{{ §"));
    assert_eq!(names[..2], ["supplier", "job"]);
    assert!(!names.contains(&"sum".to_owned()));
    let fields = offered(&with("{{ project.name }}", "{{ project.§ }}"));
    assert!(fields.contains(&"project_number".to_owned()), "{fields:?}");
    let filters = offered(&with("{{ job }}-", "{{ job | §"));
    assert!(filters.contains(&"default".to_owned()) && filters.contains(&"upper".to_owned()), "{filters:?}");
    assert!(offered(&with("no number on invoice", "no number§ on invoice")).is_empty());
    let columns = offered(&with("{{ code }} has", "{{ § }} has"));
    assert_eq!(columns, ["code"]);
}

#[test]
fn entries_are_offered_by_their_block() {
    assert_eq!(offered(&format!("{PIPELINE}§"))[..4], ["pipeline", "connect", "lookup", "flow"]);
    assert!(offered(&with("  map {\n", "  §\n  map {\n")).contains(&"require".to_owned()));
    let fields = offered(&with("    total = sum(lines.amount)\n", "    §\n"));
    assert_eq!(fields[0], "total", "what must be mapped comes first: {fields:?}");
    assert!(fields.contains(&"due_date".to_owned()) && !fields.contains(&"supplier".to_owned()), "{fields:?}");
    let line = offered(&with("      gl_account = to.account\n", "      §\n"));
    assert!(line.contains(&"gl_account".to_owned()) && !line.contains(&"supplier".to_owned()), "{line:?}");
    assert!(offered(&with("    key supplier, reference\n", "    §\n")).contains(&"on change".to_owned()));
    assert_eq!(offered(&with("key supplier, reference", "key supplier, §")), ["reference", "type"]);
    let settings = offered(&with("connect qad { sandbox }", "connect qad {\n  §\n}"));
    assert!(settings.contains(&"credentials".to_owned()) && settings.contains(&"profile".to_owned()), "{settings:?}");
    assert_eq!(offered(&with("else hold \"no number on", "else § \"no number on")), ["hold", "reject", "skip"]);
}

#[test]
fn resources_are_offered_as_they_can_be_used() {
    assert_eq!(offered(&with("from procore.requisitions as", "from § as")), ["procore", "qad"]);
    let read = offered(&with("from procore.requisitions as", "from procore.§ as"));
    assert!(read.contains(&"requisitions".to_owned()), "{read:?}");
    let written = offered(&with("to qad.supplier_invoices {", "to qad.§ {"));
    assert!(written.contains(&"supplier_invoices".to_owned()) && !written.contains(&"gl_accounts".to_owned()));
    let verified = offered(&with("qad.gl_accounts.code", "qad.gl_accounts.§"));
    assert!(verified.contains(&"code".to_owned()), "{verified:?}");
    assert_eq!(offered(&with("as invoice per project", "as invoice per §")), ["project"]);
    let rows = |line: &str| offered(&with("  \"01-*\" => \"5900\", \"C010\"", line));
    assert_eq!(rows("  from procore.wbs_codes §"), ["per", "where"]);
    assert_eq!(rows("  from procore.vendors §"), ["where"]);
    assert_eq!(rows("  from procore.wbs_codes per §"), ["project"]);
    let of_project = rows("  from procore.wbs_codes per project where project.§");
    assert!(of_project.contains(&"active".to_owned()), "{of_project:?}");
}

#[test]
fn hovering_tells_what_a_word_means() {
    let field = hovered("net_amount", 1);
    assert!(field.contains("net_amount: decimal") && field.contains("confirmed, OAS"), "{field}");
    let length = hovered("supplier     =", 0);
    assert!(length.contains("text(8)") && length.contains("must be mapped"), "{length}");
    let function = hovered("shorten(40)", 0);
    assert!(function.contains("shorten(") && function.contains(" is `"), "{function}");
    let resource = hovered("requisitions", 0);
    assert!(resource.contains("subcontractor invoices") && resource.contains("read per project"), "{resource}");
    let lookup = hovered("dimension", 1);
    assert!(lookup.contains("lookup dimension(code) -> (account, center)"), "{lookup}");
    let given = hovered("number =", 0);
    assert!(given.contains("let number: text"), "{given}");
    let column = hovered("account\n      amount", 0);
    assert!(column.contains("account: text"), "{column}");
    assert!(hovered("flow invoices", 0).contains("Moves records"), "a keyword");
    assert!(hovered("sandbox", 0).contains("in memory"));
    assert!(hovered("reference\n", 0).contains("text(40)"), "a field of the key");
    assert!(hovered("number }}\" | shorten", 0).contains("let number: text"), "a name in a template");
}

#[test]
fn definitions_and_references_are_found() {
    let mut client = Client::open(PIPELINE);
    let go = |client: &mut Client, word: &str| {
        let offset = PIPELINE.find(word).expect("the word is there");
        client.ask("textDocument/definition", place(&position(PIPELINE, offset + 1)))
    };
    let number = go(&mut client, "number }}\" | shorten");
    assert_eq!(under(PIPELINE, &number["range"]), "number");
    assert_eq!(number["range"]["start"]["line"], 13);
    assert_eq!(go(&mut client, "item.net_amount !=")["range"]["start"]["line"], 20);
    assert_eq!(go(&mut client, "dimension(item")["range"]["start"]["line"], 5);
    assert_eq!(go(&mut client, "account\n      amount")["range"]["start"]["line"], 5, "a column");
    assert_eq!(go(&mut client, "procore.requisitions")["range"]["start"]["line"], 0);
    let offset = PIPELINE.find("number =").expect("there");
    let params = json!({
        "textDocument": { "uri": URI }, "position": position(PIPELINE, offset), "context": { "includeDeclaration": false },
    });
    let used = client.ask("textDocument/references", params);
    assert_eq!(used.as_array().map(Vec::len), Some(2), "{used}");
}

#[test]
fn renaming_reaches_into_texts_and_refuses_what_would_go_wrong() {
    let mut client = Client::open(PIPELINE);
    let rename = |word: &str, name: &str| {
        let offset = PIPELINE.find(word).expect("the word is there");
        json!({ "textDocument": { "uri": URI }, "position": position(PIPELINE, offset), "newName": name })
    };
    let edit = client.ask("textDocument/rename", rename("number =", "invoice_no"));
    let edits = edit["changes"][URI].as_array().expect("edits").clone();
    assert_eq!(edits.len(), 3, "{edits:?}");
    assert!(edits.iter().all(|edit| under(PIPELINE, &edit["range"]) == "number" && edit["newText"] == "invoice_no"));
    let lookup = client.ask("textDocument/rename", rename("dimension(code)", "coding"));
    assert_eq!(lookup["changes"][URI].as_array().map(Vec::len), Some(2));
    let text = format!("{PIPELINE}\ntest \"a\" {{\n  flow invoices\n}}\n");
    client.tell(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": URI, "version": 2 }, "contentChanges": [{ "text": text }] }),
    );
    let flow = client.ask("textDocument/rename", rename("invoices {", "sub_invoices"));
    assert_eq!(flow["changes"][URI].as_array().map(Vec::len), Some(2), "{flow}");
    for (word, name, sentence) in [
        ("number =", "job", "already means"),
        ("number =", "each", "is no name"),
        ("number =", "2x", "is no name"),
        ("project\n", "job_site", "per"),
        ("supplier  ", "payee", "the target calls it"),
        ("sandbox", "x", "no name here"),
    ] {
        let (_, message) = client.refusal("textDocument/rename", rename(word, name));
        assert!(message.contains(sentence), "{word} to {name}: {message}");
    }
    let offset = PIPELINE.find("job =").expect("there");
    let prepared = client.ask("textDocument/prepareRename", place(&position(PIPELINE, offset)));
    assert_eq!(prepared["placeholder"], "job");
}

#[test]
fn a_name_that_would_be_caught_is_refused() {
    let text = with("    supplier     = job", "    description = \"x\"\n    supplier     = job").replacen(
        "sum(lines.amount)",
        "sum(lines.amount)\n    payment_note = description",
        1,
    );
    let mut client = Client::open(&text);
    let offset = text.find("job =").expect("there");
    let params =
        json!({ "textDocument": { "uri": URI }, "position": position(&text, offset), "newName": "description" });
    let (_, message) = client.refusal("textDocument/rename", params);
    assert!(message.contains("would be taken for another"), "{message}");
}

#[test]
fn outline_folding_and_lenses() {
    let text = format!("{PIPELINE}\ntest \"retainage stays\" {{\n  flow invoices\n}}\n");
    let mut client = Client::open(&text);
    let document = json!({ "textDocument": { "uri": URI } });
    let symbols = client.ask("textDocument/documentSymbol", document.clone());
    let names: Vec<&str> = symbols.as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names[..4], ["procore", "qad", "dimension", "invoices"]);
    let folds = client.ask("textDocument/foldingRange", document.clone());
    let folds = folds.as_array().expect("a list").clone();
    assert!(folds.iter().any(|fold| fold["kind"] == "comment" && fold["startLine"] == 3 && fold["endLine"] == 4));
    assert!(folds.iter().any(|fold| fold["startLine"] == 11), "the flow: {folds:?}");
    let lenses = client.ask("textDocument/codeLens", document);
    assert_eq!(lenses[0]["command"]["command"], "mlc.runTest");
    assert_eq!(lenses[0]["command"]["arguments"], json!(["/nowhere/acme.mlc", "retainage stays"]));
    let page = client.ask("mlc/explain", json!({ "code": "E0203" }));
    assert!(page.as_str().is_some_and(|page| page.starts_with("# E0203")));
}

#[test]
fn formatting_changes_only_what_differs() {
    let mut client = Client::open(PIPELINE);
    let options = json!({ "tabSize": 2, "insertSpaces": true });
    let params = json!({ "textDocument": { "uri": URI }, "options": options });
    let laid_out = client.ask("textDocument/formatting", params.clone());
    let edits = laid_out.as_array().expect("a list").clone();
    let mut right = PIPELINE.to_owned();
    for edit in edits {
        right = right.replacen(under(PIPELINE, &edit["range"]), edit["newText"].as_str().expect("a text"), 1);
    }
    let change = |version: i32, text: &str| json!({ "textDocument": { "uri": URI, "version": version }, "contentChanges": [{ "text": text }] });
    client.tell("textDocument/didChange", change(2, &right));
    assert_eq!(client.ask("textDocument/formatting", params.clone()), json!([]));
    let crooked = right.replacen("  require length", "      require   length", 1).replace('\n', "\r\n");
    client.tell("textDocument/didChange", change(3, &crooked));
    let edits = client.ask("textDocument/formatting", params.clone());
    assert_eq!(edits.as_array().map(Vec::len), Some(1));
    assert_eq!(edits[0]["newText"].as_str().map(|text| text.trim_end_matches("\r\n").contains('\n')), Some(false));
    assert_eq!(under(&crooked, &edits[0]["range"]).trim_start().get(..7), Some("require"));
    client.tell("textDocument/didChange", change(4, &right.replacen("map {", "map {{", 1)));
    assert_eq!(client.ask("textDocument/formatting", params), Value::Null);
}

#[test]
fn what_is_not_known_is_refused_and_the_order_is_kept() {
    let mut client = Client::open(PIPELINE);
    let not_found = ErrorCode::MethodNotFound as i32;
    assert_eq!(client.refusal("textDocument/nothing", json!({})).0, not_found);
    assert_eq!(client.refusal("textDocument/hover", json!({ "x": 1 })).0, ErrorCode::InvalidParams as i32);
    assert_eq!(client.refusal("initialize", json!({ "capabilities": {} })).0, ErrorCode::InvalidRequest as i32);
    client.tell("textDocument/didChange", json!({ "nonsense": true }));
    client.tell("$/whatever", json!({}));
    let unknown = json!({ "textDocument": { "uri": "file:///other.mlc" }, "position": { "line": 9, "character": 9 } });
    assert_eq!(client.ask("textDocument/hover", unknown), Value::Null);
    assert_eq!(client.ask("shutdown", Value::Null), Value::Null);
    assert_eq!(client.refusal("textDocument/hover", json!({})).0, ErrorCode::InvalidRequest as i32);
    client.tell("exit", Value::Null);
    assert_eq!(client.server.join().expect("no panic"), Ended::Well);

    let client = Client::start(json!({}));
    client.tell("exit", Value::Null);
    assert_eq!(client.server.join().expect("no panic"), Ended::Abruptly);

    let (connection, other) = Connection::memory();
    let house =
        House { drivers: drivers(), disk: |pipeline| Box::new(DiskFiles::beside(pipeline)), list: names_beside };
    let server = std::thread::spawn(move || serve(&other, house));
    let mut client = Client { connection, server, next: 0 };
    assert_eq!(client.refusal("textDocument/hover", json!({})).0, ErrorCode::ServerNotInitialized as i32);
    let Client { connection, server, .. } = client;
    drop(connection);
    assert_eq!(server.join().expect("no panic"), Ended::Abruptly);
}

#[test]
fn what_was_taken_back_is_not_worked_on() {
    let mut client = Client::start(json!({}));
    client.tell_open(URI, PIPELINE);
    // The server is at work on the first while the others arrive.
    let mut codes = Vec::new();
    for _ in 0..20 {
        let position = json!({ "line": 12, "character": 23 });
        let first = client.send("textDocument/completion", place(&position));
        let second = client.send("textDocument/hover", place(&position));
        client.tell("$/cancelRequest", json!({ "id": second }));
        let mut answers = 0;
        while answers < 2 {
            if let Message::Response(response) = client.receive() {
                assert!(response.id == first || response.id == second);
                codes.extend(response.response_result.err().map(|error| error.code));
                answers += 1;
            }
        }
    }
    assert!(codes.contains(&(ErrorCode::RequestCanceled as i32)), "{codes:?}");
}

/// Any text, any place: an answer and no panic.
#[test]
fn half_written_texts_are_no_trouble() {
    let mut client =
        Client::start(json!({ "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } } }));
    client.tell_open(URI, "");
    let ends: Vec<usize> = PIPELINE.char_indices().map(|(at, _)| at).step_by(7).collect();
    for (version, end) in ends.into_iter().enumerate() {
        let tail = ["", "\"", "{{ ", "\u{feff}𝄞ü", " }"][version % 5];
        let text = format!("{}{tail}", &PIPELINE[..end]);
        let position = position(&text, text.len());
        let change =
            json!({ "textDocument": { "uri": URI, "version": version }, "contentChanges": [{ "text": text }] });
        client.tell("textDocument/didChange", change);
        for method in
            ["completion", "hover", "definition", "documentSymbol", "foldingRange", "codeLens", "semanticTokens/full"]
        {
            client.ask(&format!("textDocument/{method}"), place(&position));
        }
        let answer = client.answer("textDocument/prepareRename", place(&position));
        assert!(answer.response_result.err().is_none_or(|error| error.code == ErrorCode::InvalidParams as i32));
    }
    assert_eq!(client.stop(), Ended::Well);
}
