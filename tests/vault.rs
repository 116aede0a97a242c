//! `mlc vault` from outside: what is kept is used, every fault has its own sentence, and
//! nothing that was planted as a secret is ever shown.

use crate::served::{SMALL, Server, pipeline_in};
use crate::support::{Outcome, scratch};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

/// A user's home, with a vault that a key locks.
struct Home {
    folder: tempfile::TempDir,
    variables: BTreeMap<String, String>,
}

impl Home {
    fn new() -> Self {
        let variables = [
            ("MLC_VAULT_KEY", "5aC3".repeat(16)),
            ("MLC_VAULT", "vault".to_owned()),
            ("MLC_VAULT_SEEN", "seen".to_owned()),
        ];
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { folder: scratch(), variables }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn vault(&self) -> String {
        fs::read_to_string(self.path().join("vault")).expect("the vault")
    }

    fn put(&self, text: impl AsRef<[u8]>) {
        fs::write(self.path().join("vault"), text).expect("the vault is put");
    }

    fn variable(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    fn mlc(&self, arguments: &[&str]) -> Outcome {
        self.given("", arguments)
    }

    /// With this on standard input.
    fn given(&self, input: &str, arguments: &[&str]) -> Outcome {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mlc"))
            .args(arguments)
            .current_dir(self.path())
            .env("NO_COLOR", "1")
            .envs(&self.variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("mlc starts");
        let mut pipe = child.stdin.take().expect("its input");
        // One that fails early does not read it.
        let _ = pipe.write_all(input.as_bytes());
        drop(pipe);
        let outcome: Outcome = child.wait_with_output().expect("it ends").into();
        assert!(!outcome.stderr.contains("panicked"), "{outcome}");
        outcome
    }

    fn well(&self, input: &str, arguments: &[&str]) -> String {
        let outcome = self.given(input, arguments);
        assert_eq!(outcome.code, 0, "{outcome}");
        outcome.stdout
    }

    fn keep(&self, name: &str, fields: &[(&str, &str)]) {
        let fields: BTreeMap<_, _> = fields.iter().copied().collect();
        let system = if fields.contains_key("password") { "qad" } else { "procore" };
        let input = serde_json::to_string(&fields).expect("text");
        self.well(&input, &["vault", "set", name, "--for", system]);
    }

    /// What `list` says when it refuses.
    fn refused(&self) -> String {
        let outcome = self.mlc(&["vault", "list"]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{outcome}");
        outcome.stderr
    }
}

#[test]
fn each_fault_has_its_own_error() {
    let mut home = Home::new();
    home.keep("acme/one", &[("client_id", "id-1"), ("client_secret", "hush-1")]);
    let old = home.vault();
    home.keep("acme/two", &[("client_id", "id-2"), ("client_secret", "hush-2")]);
    let text = home.vault();
    assert!(!text.contains("hush") && !text.contains("id-1"));

    let mut said = Vec::new();
    let mut tried = |case: &str, home: &Home| said.push(format!("# {case}\n{}", home.refused()));
    home.variable("MLC_VAULT_KEY", &"07".repeat(32));
    tried("wrong key", &home);
    home.variable("MLC_VAULT_KEY", &"5aC3".repeat(16));
    home.put(&text[..text.len() - 40]);
    tried("cut file", &home);
    home.put(text.replace("acme/one", "x").replace("acme/two", "acme/one").replace("\"x\"", "\"acme/two\""));
    tried("swapped entries", &home);
    home.put(&old);
    tried("old copy", &home);
    let outcome = home.mlc(&["vault", "remove", "acme/one"]);
    assert_eq!(outcome.code, 3, "nothing is changed in an old copy either: {outcome}");
    let fewer: Vec<&str> = text.lines().filter(|line| !line.contains("acme/two")).collect();
    home.put(fewer.join("\n") + "\n");
    tried("an entry taken out", &home);
    home.put(text.replace("\"generation\":2", "\"generation\":9"));
    tried("a changed header", &home);
    home.put("a: 1\n");
    tried("no vault", &home);
    fs::remove_file(home.path().join("vault")).expect("removed");
    tried("no file", &home);
    insta::assert_snapshot!("faults", said.join("\n"));

    home.put(&text);
    open_to_all(&home.path().join("vault"));
    assert!(home.refused().contains("chmod 600 vault"));
    close(&home.path().join("vault"));
    home.put(&old);
    home.well("", &["vault", "accept"]);
    let kept = home.well("", &["vault", "list", "--format", "json"]);
    assert!(kept.contains("acme/one") && !kept.contains("acme/two"), "{kept}");
    home.put(&text);
    assert!(home.refused().contains("is an old copy"), "what was accepted is the newest now");
}

fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("its mode");
}

fn close(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("its mode");
}

#[test]
fn passphrases_key_files_and_rotation() {
    let mut home = Home::new();
    home.variables.remove("MLC_VAULT_KEY");
    let outcome = home.given("client_id=a\nclient_secret=b\n", &["vault", "set", "acme/procore"]);
    assert!(outcome.code == 3 && outcome.stderr.contains("set MLC_VAULT_PASSPHRASE"), "{outcome}");
    home.variable("MLC_VAULT_PASSPHRASE", "too short");
    let outcome = home.given("client_id=a\nclient_secret=b\n", &["vault", "set", "acme/procore"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("fewer than 12 characters"), "{outcome}");
    home.variable("MLC_VAULT_PASSPHRASE", "correct horse battery");
    home.well("client_id=a\nclient_secret=b\n", &["vault", "set", "acme/procore"]);
    home.variable("MLC_VAULT_PASSPHRASE", "correct horse batterx");
    assert!(home.refused().contains("the passphrase does not open the vault"));
    home.variable("MLC_VAULT_PASSPHRASE", "correct horse battery");

    home.well("", &["vault", "key", "keys/first"]);
    home.well("", &["vault", "rotate", "--new-key-file", "keys/first"]);
    assert!(home.refused().contains("locked by a key, and a passphrase was given"));
    home.variables.remove("MLC_VAULT_PASSPHRASE");
    home.variable("MLC_VAULT_KEY_FILE", "keys/first");
    assert!(home.well("", &["vault", "list"]).contains("client_id, client_secret"));
    open_to_all(&home.path().join("keys/first"));
    assert!(home.refused().contains("chmod 600 keys/first"));
    close(&home.path().join("keys/first"));
    home.well("", &["vault", "remove", "acme/procore"]);
    assert!(home.well("", &["vault", "list"]).contains("nothing is kept"));
}

#[test]
fn what_is_given_wrongly_is_refused_and_not_repeated() {
    let home = Home::new();
    for (input, arguments, words) in [
        ("client_secret=hush", &["vault", "set", "acme/procore"] as &[&str], "`client_id` is missing"),
        ("client_id=a\nclient_secert=hush", &["vault", "set", "acme/procore"], "did you mean `client_secret`?"),
        ("client_id=a\nclient_id=hush", &["vault", "set", "acme/procore"], "`client_id` was given twice"),
        ("hush", &["vault", "set", "acme/procore"], "has no `=` in line 1"),
        ("{\"client_id\": hush", &["vault", "set", "acme/procore"], "is not JSON: line 1"),
        ("", &["vault", "set", "acme/office"], "add --for CONNECTOR"),
        ("", &["vault", "set", "acme/office", "--for", "procure"], "did you mean --for procore?"),
        ("client_id=a\nclient_secret=hush", &["vault", "set", "a b", "--for", "procore"], "names in the vault are"),
    ] {
        let outcome = home.given(input, arguments);
        assert!(outcome.code == 2 && outcome.stderr.contains(words), "{words}: {outcome}");
        assert!(!outcome.stderr.contains("hush"), "{outcome}");
        assert!(!home.path().join("vault").exists());
    }
}

/// What the systems do with what they are asked.
const HONEST: u8 = 0;
/// They refuse the login, and repeat what it was tried with.
const NO_LOGIN: u8 = 1;
/// They break at the login, and show the request as it came.
const BROKEN_LOGIN: u8 = 2;
/// They take the login, and refuse all else with the token in their words.
const NO_ENTRY: u8 = 3;

/// Stands before a system: takes the planted secrets for the real ones, and answers as told.
#[derive(Clone)]
struct Gate {
    upstream: String,
    /// Planted, real.
    secrets: Vec<(String, String)>,
    manner: Arc<AtomicU8>,
    tokens: Arc<Mutex<Vec<String>>>,
}

impl Gate {
    fn open(self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let gate = self.clone();
                std::thread::spawn(move || gate.exchange(stream));
            }
        });
        address
    }

    /// One request, then the connection is closed. A side that goes away ends it as well.
    fn exchange(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let (mut head, mut length, mut authorization) = (String::new(), 0, String::new());
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let (name, value) = line.trim_end().split_once(':').unwrap_or(("", ""));
            match (name.to_ascii_lowercase().as_str(), head.is_empty()) {
                ("", false) => break,
                ("connection", _) => continue,
                ("content-length", _) => {
                    length = value.trim().parse().ok()?;
                    continue;
                }
                ("authorization", _) => value.trim().clone_into(&mut authorization),
                _ => {}
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let login = head.contains("/oauth/token");
        let sent = String::from_utf8_lossy(&body).into_owned();
        let planted: Vec<&str> = self.secrets.iter().map(|(planted, _)| planted.as_str()).collect();
        let answer = match (self.manner.load(Ordering::SeqCst), login) {
            (NO_LOGIN, true) => {
                let words = format!("{} is unknown, you sent {sent}", planted.join(" with "));
                refusal(
                    401,
                    "application/json",
                    &serde_json::json!({"error": "invalid_client", "error_description": words}).to_string(),
                )
            }
            (BROKEN_LOGIN, true) => refusal(
                500,
                "text/plain",
                &format!("{} {sent} {}", planted.join(" "), STANDARD_NO_PAD.encode(planted.join(":"))),
            ),
            (NO_ENTRY, false) => {
                let words = format!("{authorization} of {} may not", planted.join(" and "));
                let body = serde_json::json!({"message": words, "errors": [{"message": words, "code": "403"}]});
                refusal(403, "application/json", &body.to_string())
            }
            _ => self.forward(&head, &if login { self.real(&sent).into_bytes() } else { body })?,
        };
        (&stream).write_all(&answer).ok()
    }

    fn forward(&self, head: &str, body: &[u8]) -> Option<Vec<u8>> {
        let mut upstream = TcpStream::connect(&self.upstream).ok()?;
        write!(upstream, "{head}Connection: close\r\nContent-Length: {}\r\n\r\n", body.len()).ok()?;
        upstream.write_all(body).ok()?;
        let mut answer = Vec::new();
        upstream.read_to_end(&mut answer).ok()?;
        let text = String::from_utf8_lossy(&answer);
        let body: Value =
            text.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok()).unwrap_or_default();
        let tokens = ["access_token", "refresh_token"].into_iter().filter_map(|name| body[name].as_str());
        self.tokens.lock().ok()?.extend(tokens.map(str::to_owned));
        Some(answer)
    }

    /// A login form with the real secrets.
    fn real(&self, form: &str) -> String {
        let fields = form.split('&').map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            let value = decoded(value);
            let real = self.secrets.iter().find(|(planted, _)| *planted == value).map_or(&value, |(_, real)| real);
            format!("{name}={}", percent(real, "%20"))
        });
        fields.collect::<Vec<_>>().join("&")
    }
}

fn refusal(status: u16, kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} No\r\nContent-Type: {kind}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.replace('+', " ").into_bytes().into_iter();
    while let Some(byte) = rest.next() {
        let digits: Option<String> = (byte == b'%').then(|| rest.by_ref().take(2).map(char::from).collect());
        bytes.push(digits.map_or(byte, |digits| u8::from_str_radix(&digits, 16).expect("two digits")));
    }
    String::from_utf8(bytes).expect("text")
}

fn percent(text: &str, blank: &str) -> String {
    let write = |byte: u8| match byte {
        b' ' => blank.to_owned(),
        byte if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(write).collect()
}

/// A secret as it is, and as forms, JSON, Rust and base64 (wherever it begins) write it.
fn forms(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).expect("text");
    let mut forms = vec![
        secret.to_owned(),
        json.trim_matches('"').to_owned(),
        format!("{secret:?}").trim_matches('"').to_owned(),
        percent(secret, "%20"),
        percent(secret, "+"),
    ];
    for ahead in 0..3 {
        let bytes = [&vec![0; ahead], secret.as_bytes()].concat();
        let (from, to) = ((ahead * 4).div_ceil(3), bytes.len() / 3 * 4);
        forms.extend(
            [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)].map(|coded| coded[from..to].to_owned()),
        );
    }
    forms
}

/// Planted with characters that forms, JSON and shells write in other ways.
fn planted(name: &str) -> String {
    format!("pl4nted {name} \"q\"/\\ +\u{fc}=&%~")
}

#[test]
fn what_was_planted_as_a_secret_is_found_nowhere() {
    let mut home = Home::new();
    let server = Server::start(home.path(), "500=3%,lost=3%");
    let real = server.environment();
    let marks: BTreeMap<&str, String> = ["PROCORE_CLIENT_SECRET", "PROCORE_CLIENT_ID", "QAD_PASSWORD", "QAD_CLIENT_ID"]
        .into_iter()
        .map(|name| (name, planted(name)))
        .collect();
    let (manner, tokens) = (Arc::new(AtomicU8::new(HONEST)), Arc::new(Mutex::new(Vec::new())));
    let mut systems = ["PROCORE", "QAD"].into_iter();
    let addresses = server.addresses().map(|upstream| {
        let system = systems.next().expect("two systems");
        let own = marks.iter().filter(|(name, _)| name.starts_with(system));
        let secrets = own.map(|(name, mark)| (mark.clone(), real[*name].clone())).collect();
        Gate { upstream, secrets, manner: Arc::clone(&manner), tokens: Arc::clone(&tokens) }.open()
    });
    let connect = server.connect(&addresses);
    let connect =
        connect.replace("env(\"PROCORE\")", "vault(\"acme/procore\")").replace("env(\"QAD\")", "vault(\"acme/qad\")");
    assert_eq!(connect.matches("vault(").count(), 2);
    pipeline_in(home.path(), &connect, &[SMALL]);
    home.variable("MLC_LOG", "trace");
    let mut said = String::new();
    let mut tell = |home: &Home, code: i32, arguments: &[&str]| {
        let outcome = home.mlc(arguments);
        assert_eq!(outcome.code, code, "{arguments:?}: {outcome}");
        said.push_str(&outcome.to_string());
        outcome
    };

    // Before anything is kept, and with half of it.
    let without = tell(&home, 3, &["run", "served.mlc", "--yes", "--state", "other"]);
    assert!(without.stderr.contains("type `mlc vault set acme/procore --for procore`"), "{without}");
    home.keep(
        "acme/procore",
        &[("client_id", &marks["PROCORE_CLIENT_ID"]), ("client_secret", &marks["PROCORE_CLIENT_SECRET"])],
    );
    let half = tell(&home, 3, &["ping", "served.mlc"]);
    assert!(half.stdout.contains("mlc vault set acme/qad --for qad"), "{half}");
    home.keep(
        "acme/qad",
        &[
            ("username", &real["QAD_USERNAME"]),
            ("password", &marks["QAD_PASSWORD"]),
            ("client_id", &marks["QAD_CLIENT_ID"]),
        ],
    );

    tell(&home, 0, &["check", "served.mlc"]);
    tell(&home, 0, &["test", "served.mlc"]);
    tell(&home, 0, &["vault", "list", "--format", "json"]);
    for manner_now in [NO_LOGIN, BROKEN_LOGIN, NO_ENTRY] {
        manner.store(manner_now, Ordering::SeqCst);
        let outcome = tell(
            &home,
            3,
            &["run", "served.mlc", "--yes", "-v", "--state", "other", "--flow", "subcontractor_invoices"],
        );
        assert!(!outcome.stderr.contains("pl4nted"), "{outcome}");
        tell(&home, 3, &["ping", "served.mlc", "--format", "json"]);
    }
    manner.store(HONEST, Ordering::SeqCst);
    for arguments in [
        &["plan", "served.mlc", "-v"] as &[&str],
        &["run", "served.mlc", "--yes", "-v", "--format", "json"],
        &["status", "served.mlc", "--all", "--format", "json"],
        &["show", "served.mlc", "1412007", "--format", "json"],
        &["audit", "list", "served.mlc", "--from", "1", "--most", "100000", "--format", "json"],
        &["audit", "verify", "served.mlc"],
        &["ping", "served.mlc"],
    ] {
        said.push_str(&home.mlc(arguments).to_string());
    }
    home.variable("MLC_VAULT_KEY", &"c0".repeat(32));
    said.push_str(&home.mlc(&["run", "served.mlc", "--yes", "-v", "--state", "other"]).to_string());
    assert!(said.contains("TRACE") || said.contains("DEBUG"), "nothing was traced");
    assert!(said.contains("\"posted\""), "the run posted");

    let mut secrets: Vec<String> = marks.into_values().chain(["5aC3".repeat(16), "c0".repeat(32)]).collect();
    secrets.extend(tokens.lock().expect("tokens").iter().cloned());
    assert!(secrets.len() > 10, "tokens were heard: {}", secrets.len());
    let mut needles: Vec<String> = secrets.iter().flat_map(|secret| forms(secret)).collect();
    needles.push("pl4nted".to_owned());
    for needle in &needles {
        assert!(!said.contains(needle.as_str()), "`{needle}` was said");
    }
    for path in files(home.path()) {
        let text = String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned();
        for needle in &needles {
            assert!(!text.contains(needle.as_str()), "`{needle}` stands in {}", path.display());
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

#[test]
fn an_address_for_alerts_is_kept_like_a_credential() {
    let home = Home::new();
    let said = home.well("url=https://hooks.example/T0/hush-hush\n", &["vault", "set", "acme/alerts"]);
    assert!(said.contains("notify { webhook = vault(\"acme/alerts\") }") && !said.contains("hush"), "{said}");
    let listed = home.well("", &["vault", "list"]);
    assert!(listed.contains("alerts") && listed.contains("url") && !listed.contains("hush"), "{listed}");
    let wrong = home.given("token=hush-hush\n", &["vault", "set", "acme/alerts", "--for", "alerts"]);
    assert!(wrong.code == 2 && !wrong.stderr.contains("hush"), "{wrong}");
}
