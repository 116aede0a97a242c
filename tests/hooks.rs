//! `mlc hooks` from outside: against the sandbox in memory, and against one that is served,
//! which then really sends.

use crate::served::Server;
use crate::support::{Outcome, mlc_in, scratch};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Flows that wait for changes of these resources.
fn pipeline(folder: &Path, connect: &str, sources: &[&str]) {
    let mut text =
        format!("pipeline \"told\" {{\n  timezone = \"America/Chicago\"\n  currency = \"USD\"\n}}\n{connect}");
    for (at, source) in sources.iter().enumerate() {
        text.push_str(&format!(
            "\nflow told{at} {{\n  from {source}\n  map {{\n    supplier = \"S100\"\n    reference = \"{{{{ x.id }}}}\"\n    \
             invoice_date = 2026-10-31\n    lines = [{{ gl_account = \"5100\"  amount = 1.00 }}]\n    total = 1.00\n  }}\n  \
             to qad.supplier_invoices {{\n    key supplier, reference\n  }}\n  run on webhook\n}}\n"
        ));
    }
    fs::write(folder.join("told.mlc"), text).expect("a pipeline");
}

const SANDBOX: &str = "connect procore { sandbox }\nconnect qad { sandbox }\n";
const COSTS: &str = "procore.direct_costs as x per project";
const VENDORS: &str = "procore.vendors as x";

fn read(outcome: &Outcome) -> Value {
    assert_eq!(outcome.code, 0, "{outcome}");
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome}"))
}

fn kinds(answer: &Value) -> Vec<&str> {
    let changes = answer["connections"][0]["changes"].as_array().expect("changes");
    changes.iter().map(|change| change["what"].as_str().expect("a word")).collect()
}

#[test]
fn what_the_pipeline_wants_is_brought_about_once() {
    let dir = scratch();
    pipeline(dir.path(), SANDBOX, &[COSTS, VENDORS]);
    let json = |arguments: &[&str]| {
        let all = [&["hooks"][..], arguments, &["--format", "json"]].concat();
        read(&mlc_in(dir.path(), &all))
    };
    let url = ["--url", "https://mlc.acme.example/"];
    let dry = json(&[&["sync", "told.mlc", "--dry-run"][..], &url].concat());
    assert!(kinds(&dry).contains(&"created") && dry["dry_run"] == true, "{dry:#}");
    let first = json(&[&["sync", "told.mlc"][..], &url].concat());
    assert_eq!(kinds(&first), kinds(&dry));
    assert_eq!(first["connections"][0]["refused"], json!([]));
    let again = json(&[&["sync", "told.mlc"][..], &url].concat());
    assert_eq!(kinds(&again), [""; 0]);
    assert_eq!(again["connections"][0]["standing"], first["connections"][0]["standing"]);

    let listed = json(&["list", "told.mlc"]);
    let hooks = listed["connections"][0]["hooks"].as_array().expect("hooks");
    assert_eq!(json!(hooks.len()), first["connections"][0]["standing"]);
    for hook in hooks {
        assert_eq!(hook["destination"], "https://mlc.acme.example/webhooks/procore/told.procore");
        assert_eq!((&hook["ours"], &hook["status"], &hook["form"]), (&json!(true), &json!("active"), &json!("v4.0")));
    }

    // The flow of costs no longer waits for them.
    pipeline(dir.path(), SANDBOX, &[VENDORS]);
    let fewer = json(&[&["sync", "told.mlc", "--rotate"][..], &url].concat());
    assert_eq!(kinds(&fewer).iter().filter(|kind| **kind == "removed").count(), hooks.len() - 1);
    assert_eq!(kinds(&fewer).iter().filter(|kind| **kind == "secret_given").count(), 1);
    assert_eq!(json(&["discarded", "told.mlc"])["connections"][0]["discarded"], json!([]));
    assert_eq!(kinds(&json(&["remove", "told.mlc"])), ["removed"]);
    assert_eq!(json(&["list", "told.mlc"])["connections"][0]["hooks"], json!([]));
    let text = mlc_in(dir.path(), &["hooks", "remove", "told.mlc"]);
    assert!(text.code == 0 && text.stdout.contains("nothing to change"), "{text}");
}

#[test]
fn what_cannot_be_done_is_said_with_its_mend() {
    let dir = scratch();
    pipeline(dir.path(), SANDBOX, &[VENDORS]);
    for (arguments, said) in [
        (&["sync", "told.mlc", "--url", "http://mlc.acme.example"] as &[&str], "is no address that deliveries"),
        (
            &["sync", "told.mlc", "--url", "https://a.example", "--connection", "procor"],
            "there is no connection `procor`",
        ),
        (&["list", "told.mlc", "--connection", "qad"], "has no webhooks"),
        (&["discarded", "told.mlc", "--since", "soon"], "is no length of time"),
    ] {
        let outcome = mlc_in(dir.path(), &[&["hooks"][..], arguments].concat());
        assert_eq!(outcome.code, 2, "{outcome}");
        assert!(outcome.stderr.contains(said) && outcome.stderr.contains("help:"), "{outcome}");
    }
}

/// Somebody who is told: hands on each request, and answers the first with this status.
fn listener(first: u16) -> (String, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (heard, hears) = channel();
    std::thread::spawn(move || {
        let mut status = first;
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let (head, body) = request(&mut stream);
            let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).expect("an answer");
            status = 204;
            if heard.send((head, body)).is_err() {
                return;
            }
        }
    });
    (address, hears)
}

fn request(stream: &mut TcpStream) -> (String, String) {
    let mut text = Vec::new();
    let mut part = [0; 4096];
    loop {
        let read = stream.read(&mut part).expect("a request");
        text.extend_from_slice(&part[..read]);
        let whole = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = whole.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")
                .map(|n| n.trim().parse::<usize>().expect("a number"))
        });
        if read == 0 || body.len() >= length.unwrap_or(0) {
            return (head.to_owned(), body.to_owned());
        }
    }
}

/// With these variables, and this on standard input.
fn mlc(folder: &Path, variables: &BTreeMap<String, String>, input: &str, arguments: &[&str]) -> Outcome {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mlc"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .envs(variables)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("mlc starts");
    // One that fails early does not read it.
    let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
    let outcome: Outcome = child.wait_with_output().expect("it ends").into();
    assert!(!outcome.stderr.contains("panicked"), "{outcome}");
    outcome
}

#[test]
fn a_served_sandbox_sends_what_changes_and_again_what_was_not_taken() {
    let dir = scratch();
    let server = Server::start(dir.path(), "");
    let mut variables = server.environment();
    let connect = server.connect(&server.addresses());
    pipeline(dir.path(), &connect, &[VENDORS]);
    let (address, hears) = listener(500);
    let sync = ["hooks", "sync", "told.mlc", "--url", &address, "--format", "json"];

    let secret = variables.remove("PROCORE_WEBHOOK_SECRET").expect("the sandbox makes one up");
    let without = mlc(dir.path(), &variables, "", &sync);
    assert!(without.code == 3 && without.stderr.contains("set PROCORE_WEBHOOK_SECRET"), "{without}");
    variables.insert("PROCORE_WEBHOOK_SECRET".to_owned(), secret.clone());
    let made = read(&mlc(dir.path(), &variables, "", &sync));
    assert_eq!(kinds(&made), ["created", "added"]);

    let vendor = server.new_vendor("Larch Glazing");
    let (head, body) = hears.recv_timeout(Duration::from_secs(20)).expect("it is told");
    assert!(head.starts_with("POST /webhooks/procore/told.procore HTTP/1.1"), "{head}");
    assert!(head.to_ascii_lowercase().contains(&format!("authorization: {secret}")), "the secret comes along");
    let (_, again) = hears.recv_timeout(Duration::from_secs(20)).expect("it is told again");
    assert_eq!(again, body);
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((&body["resource_type"], &body["reason"]), (&json!("Company Vendors"), &json!("create")));
    assert_eq!(body["resource_id"], vendor);
    assert!(hears.recv_timeout(Duration::from_secs(3)).is_err(), "what was taken is not sent again");
}

#[test]
fn a_secret_is_made_kept_in_the_vault_and_changed() {
    let dir = scratch();
    let server = Server::start(dir.path(), "");
    let real = server.environment();
    let connect = server
        .connect(&server.addresses())
        .replace("env(\"PROCORE\")", "vault(\"acme/procore\")")
        .replace("env(\"QAD\")", "vault(\"acme/qad\")");
    pipeline(dir.path(), &connect, &[VENDORS]);
    let variables: BTreeMap<String, String> = [
        ("MLC_VAULT_KEY", "5aC3".repeat(16)),
        ("MLC_VAULT", "vault".to_owned()),
        ("MLC_VAULT_SEEN", "seen".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let keep = |name: &str, fields: Value| {
        let kept = mlc(dir.path(), &variables, &fields.to_string(), &["vault", "set", name]);
        assert_eq!(kept.code, 0, "{kept}");
    };
    keep(
        "acme/procore",
        json!({"client_id": real["PROCORE_CLIENT_ID"], "client_secret": real["PROCORE_CLIENT_SECRET"]}),
    );
    keep(
        "acme/qad",
        json!({"client_id": real["QAD_CLIENT_ID"], "username": real["QAD_USERNAME"], "password": real["QAD_PASSWORD"]}),
    );
    let (address, hears) = listener(204);
    let sync = ["hooks", "sync", "told.mlc", "--url", &address, "--format", "json"];
    let without = mlc(dir.path(), &variables, "", &sync);
    assert!(without.code == 3 && without.stderr.contains("--rotate"), "{without}");
    let rotate = [sync.as_slice(), &["--rotate"]].concat();
    assert_eq!(kinds(&read(&mlc(dir.path(), &variables, "", &rotate))), ["created", "added"]);
    let sent = || {
        server.new_vendor("Larch Glazing");
        let (head, _) = hears.recv_timeout(Duration::from_secs(20)).expect("it is told");
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("authorization:")).map(str::to_owned);
        line.expect("a secret")
    };
    let first = sent();
    let rotated = read(&mlc(dir.path(), &variables, "", &rotate));
    assert_eq!(kinds(&rotated), ["secret_given"]);
    assert_ne!(sent(), first);
    let listed = mlc(dir.path(), &variables, "", &["vault", "list"]);
    assert!(listed.stdout.contains("webhook_secret_before") && listed.stdout.contains("client_secret"), "{listed}");
    assert!(kinds(&read(&mlc(dir.path(), &variables, "", &sync))).is_empty());
}
