//! `mlc lsp` driven by a client over pipes, as an editor does it.

use crate::support::{quickstart_in, scratch};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

struct Editor {
    process: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    uri: String,
    text: String,
    version: i64,
    next: i64,
}

impl Editor {
    /// Starts the server in a folder, with a document of it open.
    fn start(folder: &Path, name: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_mlc"))
            .arg("lsp")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("mlc starts");
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let input = process.stdin.take().expect("a pipe");
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut output = output;
            while let Some(message) = read_message(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let text = fs::read_to_string(folder.join(name)).expect("the document");
        let uri = format!("file://{}", folder.join(name).display());
        let mut editor = Self { process, input, messages, uri, text, version: 1, next: 0 };
        let answer = editor.ask("initialize", json!({ "processId": null, "rootUri": null, "capabilities": {} }));
        assert_eq!(answer["serverInfo"]["name"], "mlc");
        assert_eq!(answer["capabilities"]["positionEncoding"], "utf-16");
        editor.tell("initialized", json!({}));
        let document = json!({ "uri": editor.uri, "languageId": "mlc", "version": 1, "text": editor.text });
        editor.tell("textDocument/didOpen", json!({ "textDocument": document }));
        editor
    }

    fn write(&mut self, message: &Value) {
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("the server reads");
        self.input.flush().expect("the server reads");
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn receive(&self) -> Value {
        self.messages.recv_timeout(Duration::from_secs(60)).expect("the server answers")
    }

    fn answer(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.receive();
            if message["id"] == id {
                return message;
            }
        }
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.answer(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// What the server says of the document, in this version of it.
    fn diagnostics(&self) -> Vec<Value> {
        loop {
            let message = self.receive();
            let params = &message["params"];
            if message["method"] == "textDocument/publishDiagnostics"
                && params["uri"] == self.uri
                && params["version"] == self.version
            {
                return params["diagnostics"].as_array().expect("a list").clone();
            }
        }
    }

    /// Replaces a part of the text, as a person types it.
    fn edit(&mut self, from: &str, to: &str) {
        let start = self.text.find(from).expect("the part is there");
        let range = json!({ "start": self.position(start), "end": self.position(start + from.len()) });
        self.text = self.text.replacen(from, to, 1);
        self.version += 1;
        let document = json!({ "uri": self.uri, "version": self.version });
        let changes = json!([{ "range": range, "text": to }]);
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    }

    fn position(&self, offset: usize) -> Value {
        let before = &self.text[..offset];
        let column = before.rsplit('\n').next().unwrap_or("").encode_utf16().count();
        json!({ "line": before.matches('\n').count(), "character": column })
    }

    /// The parameters of a request at the first `word`, so many bytes into it.
    fn at(&self, word: &str, into: usize) -> Value {
        let offset = self.text.find(word).expect("the word is there") + into;
        json!({ "textDocument": { "uri": self.uri }, "position": self.position(offset) })
    }

    fn document(&self) -> Value {
        json!({ "textDocument": { "uri": self.uri } })
    }

    /// The bytes of a position.
    fn offset(&self, position: &Value) -> usize {
        let (line, column) = (position["line"].as_u64(), position["character"].as_u64());
        let lines = self.text.split_inclusive('\n');
        let start: usize = lines.take(line.expect("a line") as usize).map(str::len).sum();
        let mut units = column.expect("a column") as usize;
        let rest = self.text[start..].char_indices();
        let at = rest.into_iter().find(|(_, sign)| {
            let here = units == 0;
            units = units.saturating_sub(sign.len_utf16());
            here
        });
        start + at.map_or(self.text.len() - start, |(at, _)| at)
    }

    fn under(&self, range: &Value) -> &str {
        &self.text[self.offset(&range["start"])..self.offset(&range["end"])]
    }

    /// The text after edits.
    fn edited(&self, edits: &Value) -> String {
        let mut edits = edits.as_array().expect("edits").clone();
        edits.sort_by_key(|edit| std::cmp::Reverse(self.offset(&edit["range"]["start"])));
        let mut text = self.text.clone();
        for edit in edits {
            let range = self.offset(&edit["range"]["start"])..self.offset(&edit["range"]["end"]);
            text.replace_range(range, edit["newText"].as_str().expect("a text"));
        }
        text
    }

    fn stop(mut self) -> Option<i32> {
        assert_eq!(self.ask("shutdown", Value::Null), Value::Null);
        self.tell("exit", Value::Null);
        self.process.wait().expect("the server ends").code()
    }
}

fn read_message(output: &mut impl std::io::BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(": ") {
            Some(("Content-Length", number)) => length = number.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

#[test]
fn an_editor_writes_a_pipeline() {
    let folder = scratch();
    quickstart_in(folder.path());
    let path = folder.path().join("quickstart.mlc");
    let right = fs::read_to_string(&path).expect("the quickstart");
    fs::write(&path, right.replacen("invoice.status in", "invoice.staus in", 1)).expect("scratch file");
    let mut editor = Editor::start(folder.path(), "quickstart.mlc");

    let found = editor.diagnostics();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0]["code"].as_str(), editor.under(&found[0]["range"])), (Some("E0203"), ".staus"));
    editor.edit("invoice.staus in", "invoice.status in");
    assert_eq!(editor.text, right);
    assert_eq!(editor.diagnostics(), Vec::<Value>::new());

    // A line that is being written: fields with their types.
    editor.edit("  map {\n", "  let extra = invoice.\n  map {\n");
    let at = editor.at("let extra = invoice.", "let extra = invoice.".len());
    let offered = editor.ask("textDocument/completion", at);
    let offered = offered["items"].as_array().expect("items");
    let item = |label: &str| offered.iter().find(|item| item["label"] == label).unwrap_or_else(|| panic!("no {label}"));
    assert_eq!(item("invoice_number")["detail"], "text?");
    assert_eq!(item("items")["detail"], "list of item");
    assert!(item("status")["documentation"]["value"].as_str().is_some_and(|text| text.contains("approved_as_noted")));
    assert!(offered.iter().all(|item| item["label"] != "take"));
    editor.edit("  let extra = invoice.\n", "");

    let hover = editor.ask("textDocument/hover", editor.at("invoice.status", "invoice.s".len()));
    let hover = hover["contents"]["value"].as_str().expect("a text");
    assert!(hover.contains("status: text") && hover.contains("confirmed"), "{hover}");

    let definition = editor.ask("textDocument/definition", editor.at("{{ project_number }}-", 4));
    assert_eq!(editor.under(&definition["range"]), "project_number");
    let csv = editor.ask("textDocument/definition", editor.at("\"cost-codes.csv\"", 3));
    assert!(csv["uri"].as_str().is_some_and(|uri| uri.ends_with("/cost-codes.csv")), "{csv}");

    rename_everywhere(&mut editor);

    editor.edit("  require count(lines) > 0\n", "  require   count(lines)>0\n");
    let options = json!({ "tabSize": 2, "insertSpaces": true });
    let edits =
        editor.ask("textDocument/formatting", json!({ "textDocument": { "uri": editor.uri }, "options": options }));
    assert!(editor.edited(&edits).contains("  require count(lines) > 0\n"), "{edits}");

    let symbols = editor.ask("textDocument/documentSymbol", editor.document());
    assert!(symbols.as_array().is_some_and(|list| list.iter().any(|one| one["name"] == "subcontractor_invoices")));
    let answer = editor.answer("textDocument/willSave", editor.document());
    assert_eq!(answer["error"]["code"], -32601);
    assert_eq!(editor.stop(), Some(0));
}

/// A let with uses in expressions, texts and sentences.
fn rename_everywhere(editor: &mut Editor) {
    let mut params = editor.at("let project_number", 4);
    params["newName"] = json!("job_number");
    let edit = editor.ask("textDocument/rename", params);
    let edited = editor.edited(&edit["changes"][&editor.uri]);
    let wanted = editor
        .text
        .replace("let project_number", "let job_number")
        .replace("project {{ project_number }}", "project {{ job_number }}")
        .replace("{{ project_number }}-", "{{ job_number }}-");
    assert_eq!(edited, wanted);
    assert!(edited.contains("= project.project_number\n"), "the field of the record keeps its name");
    let before = editor.text.clone();
    editor.edit(&before, &edited);
    assert_eq!(editor.diagnostics(), Vec::<Value>::new());
}

/// Functions, variables and file names, as a person meets them while typing.
#[test]
fn an_editor_writes_what_holds_for_the_whole_file() {
    let folder = scratch();
    quickstart_in(folder.path());
    let path = folder.path().join("quickstart.mlc");
    let right = fs::read_to_string(&path).expect("the quickstart");
    let declared = "vars { longest = 40 }\nfn share(amount: decimal) = amount / 2\n\n";
    let text = right.replacen("flow ", &format!("{declared}flow "), 1).replacen(
        "  map {\n",
        "  require share(1) < longest else hold \"never\"\n  map {\n",
        1,
    );
    fs::write(&path, text).expect("scratch file");
    let mut editor = Editor::start(folder.path(), "quickstart.mlc");
    assert_eq!(editor.diagnostics(), Vec::<Value>::new());

    let hover = editor.ask("textDocument/hover", editor.at("share(1)", 2));
    assert!(hover["contents"]["value"].as_str().is_some_and(|text| text.contains("fn share(amount: decimal)")));
    let definition = editor.ask("textDocument/definition", editor.at("longest else", 2));
    assert_eq!(editor.under(&definition["range"]), "longest");
    let mut params = editor.at("fn share", 4);
    params["newName"] = json!("half");
    let edit = editor.ask("textDocument/rename", params);
    let edited = editor.edited(&edit["changes"][&editor.uri]);
    assert!(edited.contains("fn half(") && edited.contains("require half(1)"), "{edited}");

    let labels = |offered: &Value| -> Vec<String> {
        let items = offered["items"].as_array().expect("items");
        items.iter().map(|item| item["label"].as_str().expect("a label").to_owned()).collect()
    };
    let offered = editor.ask("textDocument/completion", editor.at("\"cost-codes.csv\"", 2));
    assert_eq!(labels(&offered), ["cost-codes.csv"]);
    editor.edit("require share(1)", "require invoice.status == \"\" and share(1)");
    let offered = editor.ask("textDocument/completion", editor.at("== \"\" and", 4));
    assert!(labels(&offered).contains(&"approved_as_noted".to_owned()), "{offered}");

    let colours = editor.ask("textDocument/semanticTokens/full", editor.document());
    assert!(colours["data"].as_array().is_some_and(|data| data.len() > 500 && data.len() % 5 == 0));
    assert_eq!(editor.stop(), Some(0));
}

#[test]
fn a_server_that_is_left_alone_ends_with_1() {
    let folder = scratch();
    quickstart_in(folder.path());
    let mut editor = Editor::start(folder.path(), "quickstart.mlc");
    editor.tell("exit", Value::Null);
    assert_eq!(editor.process.wait().expect("the server ends").code(), Some(1));

    let Editor { mut process, input, .. } = Editor::start(folder.path(), "quickstart.mlc");
    drop(input);
    assert_eq!(process.wait().expect("the server ends").code(), Some(1));
}
