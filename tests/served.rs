//! `mlc sandbox` on loopback, and pipelines that reach it as they would reach the real
//! systems: over TCP, in real time, with credentials from the environment.

use crate::reckoning::{compare, reckon};
use crate::support::{Books, Outcome, root, scratch};
use mlc::sandbox::contractor;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The systems that are served.
const SYSTEMS: [&str; 2] = ["procore", "qad"];

/// A served sandbox. Killed when it is dropped, as a server elsewhere may die.
pub struct Server {
    child: Child,
    /// What its ready line said.
    ready: Value,
}

impl Server {
    /// Serves the sandbox that is kept in `folder/served`, at any free ports.
    pub fn start(folder: &Path, faults: &str) -> Self {
        Self::start_at(folder, faults, ["127.0.0.1:0".to_owned(), "127.0.0.1:0".to_owned()])
    }

    fn start_at(folder: &Path, faults: &str, [procore, qad]: [String; 2]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mlc"))
            .args(["sandbox", "--procore", &procore, "--qad", &qad, "--state", "served", "--format", "json"])
            .args(["--faults", faults])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the sandbox starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a ready line");
        let ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in `{line}`"));
        Self { child, ready }
    }

    /// Where it listens: `127.0.0.1:4001`.
    fn address(&self, system: &str) -> String {
        let url = self.ready["systems"][system]["url"].as_str().expect("a URL");
        let rest = url.strip_prefix("http://").expect("plain HTTP");
        rest.split('/').next().unwrap_or(rest).to_owned()
    }

    pub fn addresses(&self) -> [String; 2] {
        SYSTEMS.map(|system| self.address(system))
    }

    /// The variables that hold its credentials.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let variables = SYSTEMS
            .iter()
            .flat_map(|system| self.ready["systems"][system]["environment"].as_object().expect("variables").clone());
        variables.map(|(name, value)| (name, value.as_str().expect("text").to_owned())).collect()
    }

    /// A `connect` block for each system, reached at these addresses.
    pub fn connect(&self, addresses: &[String; 2]) -> String {
        let block = |(system, address): (&&str, &String)| {
            let settings = self.ready["systems"][system]["settings"].as_object().expect("settings");
            let own = self.address(system);
            let lines: Vec<String> =
                settings.iter().map(|(name, value)| format!("  {name} = {value}").replace(&own, address)).collect();
            format!(
                "connect {system} {{\n{}\n  credentials = env(\"{}\")\n}}\n",
                lines.join("\n"),
                system.to_uppercase()
            )
        };
        SYSTEMS.iter().zip(addresses).map(block).collect()
    }

    /// Somebody enters a vendor in Procore. Gives its number, as a text.
    pub fn new_vendor(&self, name: &str) -> String {
        let clerk = Clerk::sign_in(self);
        let company: i64 = clerk.company.parse().expect("a number");
        let body = json!({"company_id": company, "vendor": {"name": name}}).to_string();
        let bearer = format!("Bearer {}", clerk.token);
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Procore-Company-Id", &clerk.company),
            ("Content-Type", "application/json"),
            ("Sandbox-User", "9011"),
        ];
        let (status, answer) = http(&clerk.address, "POST", "/rest/v1.0/vendors", &headers, &body);
        assert_eq!(status, 201, "{answer}");
        answer["id"].to_string()
    }

    /// Asks it to end, and waits.
    fn stop(mut self) -> i32 {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill");
        assert!(asked.success());
        self.child.wait().expect("the sandbox ends").code().unwrap_or(-1)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes the quickstart for a served sandbox, with parts of its text replaced.
pub fn pipeline_in(folder: &Path, connect: &str, parts: &[(&str, &str)]) {
    let mut text = fs::read_to_string(root().join("examples/quickstart.mlc")).expect("the quickstart");
    for (from, to) in
        [("connect procore { sandbox }\n", connect), ("connect qad     { sandbox }\n", "")].iter().chain(parts)
    {
        assert!(text.contains(from), "the quickstart has no `{from}`");
        text = text.replace(from, to);
    }
    fs::write(folder.join("served.mlc"), text).expect("a pipeline");
    fs::copy(root().join("examples/cost-codes.csv"), folder.join("cost-codes.csv")).expect("its table");
}

/// Two projects only.
pub const SMALL: (&str, &str) =
    ("where project.active", "where project.active and (project.project_number ?? \"\") in [\"24-011\", \"24-014\"]");

pub fn command(folder: &Path, environment: &BTreeMap<String, String>, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mlc"));
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1").envs(environment);
    command
}

fn mlc(folder: &Path, environment: &BTreeMap<String, String>, arguments: &[&str]) -> Outcome {
    let outcome: Outcome = command(folder, environment, arguments).output().expect("mlc starts").into();
    assert!(!outcome.stderr.contains("panicked"), "{outcome}");
    outcome
}

fn run(folder: &Path, environment: &BTreeMap<String, String>) -> (i32, Value) {
    let outcome = mlc(folder, environment, &["run", "served.mlc", "--yes", "--quiet", "--format", "json"]);
    let report = serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome}"));
    (outcome.code, report)
}

/// One exchange by hand, as any other program would have it.
fn http(address: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
    .expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, serde_json::from_str(body).unwrap_or_default())
}

/// Somebody at work in the served Procore.
struct Clerk {
    address: String,
    token: String,
    company: String,
}

impl Clerk {
    fn sign_in(server: &Server) -> Self {
        let (address, variables) = (server.address("procore"), server.environment());
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            variables["PROCORE_CLIENT_ID"], variables["PROCORE_CLIENT_SECRET"]
        );
        let kind = [("Content-Type", "application/x-www-form-urlencoded")];
        let (status, body) = http(&address, "POST", "/oauth/token", &kind, &form);
        assert_eq!(status, 200, "{body}");
        let company = server.ready["systems"]["procore"]["settings"]["company_id"].to_string();
        Self { address, token: body["access_token"].as_str().expect("a token").to_owned(), company }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let bearer = format!("Bearer {}", self.token);
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Procore-Company-Id", &self.company),
            ("Content-Type", "application/json"),
        ];
        let (status, answer) = http(&self.address, method, path, &headers, body);
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    /// Changes an invoice. Waits first, so that the change is later than what was read.
    fn change(&self, invoice: &Value, project: &str, requisition: Value) {
        std::thread::sleep(Duration::from_millis(1_100));
        let project: i64 = project.parse().expect("a number");
        let body = json!({
            "project_id": project, "commitment_id": invoice["commitment_id"], "requisition": requisition,
        });
        self.ask("PATCH", &format!("/rest/v1.1/requisitions/{}", invoice["id"]), &body.to_string());
    }
}

/// What `status` says of all records, by key.
fn status(folder: &Path, environment: &BTreeMap<String, String>) -> BTreeMap<String, Value> {
    let outcome = mlc(folder, environment, &["status", "served.mlc", "--all", "--format", "json"]);
    let records: Vec<Value> =
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome}"));
    records.into_iter().map(|record| (record["key"].as_str().expect("a key").to_owned(), record)).collect()
}

fn served_books(folder: &Path) -> Books {
    Books::of(&folder.join("served"))
}

/// The invoices in QAD's books with this reference.
fn in_qad(folder: &Path, reference: &str) -> Vec<Value> {
    let books = served_books(folder).qad;
    let invoices = books["supplier_invoices"].as_array().or_else(|| books["invoices"].as_array()).expect("invoices");
    invoices.iter().filter(|invoice| invoice["reference"] == reference).cloned().collect()
}

/// Every approved invoice of the contractor, within the rate windows as they really are.
#[test]
fn the_whole_job_over_loopback() {
    let dir = scratch();
    let server = Server::start(dir.path(), "");
    pipeline_in(dir.path(), &server.connect(&server.addresses()), &[]);
    let environment = server.environment();
    let started = Instant::now();
    let (code, report) = run(dir.path(), &environment);
    assert_eq!(code, 1, "{report:#}");
    assert_eq!(report["sandbox"], false, "{report:#}");
    compare(&reckon(&contractor(1)), &served_books(dir.path())).unwrap_or_else(|differences| panic!("{differences}"));
    // 25 requests in ten seconds are allowed: the others wait, and none is sent in vain.
    let asked = report["requests_by_connection"]["procore"].as_u64().expect("a count");
    assert!((26..=40).contains(&asked), "{asked} requests to Procore in {:?}", started.elapsed());
    let (_, again) = run(dir.path(), &environment);
    assert_eq!(again["posted"], 0, "{again:#}");
    assert_eq!(server.stop(), 0, "asked to end, the server ends well");
}

/// The run is killed, then the server under the next run, which goes on when the server
/// is back: it knows nothing of the old tokens, and some of its answers are lost.
#[test]
fn runs_and_servers_that_die() {
    let dir = scratch();
    let server = Server::start(dir.path(), "");
    let (addresses, environment) = (server.addresses(), server.environment());
    pipeline_in(dir.path(), &server.connect(&addresses), &[SMALL]);

    let quiet = ["run", "served.mlc", "--yes", "--quiet"];
    let start = || command(dir.path(), &environment, &quiet).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut first = start().expect("mlc starts");
    wait_until(|| journal_lines(dir.path()) > 10);
    first.kill().expect("it can be killed");
    first.wait().expect("it ends");

    let second = start().expect("mlc starts");
    let reached = journal_lines(dir.path());
    std::thread::sleep(Duration::from_millis(400));
    drop(server);
    std::thread::sleep(Duration::from_secs(1));
    let server = Server::start_at(dir.path(), "lost=4%,500=4%,torn=2%", addresses);
    let output: Outcome = second.wait_with_output().expect("it ends").into();
    assert!(!output.stderr.contains("panicked"), "{output}");
    assert!(matches!(output.code, 1 | 3), "{output}");

    let mut last = run(dir.path(), &environment);
    // A fault that outlasts the attempts stops a run; the next one goes on.
    for _ in 0..3 {
        if last.0 == 1 {
            break;
        }
        last = run(dir.path(), &environment);
    }
    assert_eq!(last.0, 1, "{:#}", last.1);
    assert!(reached > 10);
    drop(server);

    let undisturbed = scratch();
    let server = Server::start(undisturbed.path(), "");
    pipeline_in(undisturbed.path(), &server.connect(&server.addresses()), &[SMALL]);
    run(undisturbed.path(), &server.environment());
    drop(server);
    let (books, wanted) = (served_books(dir.path()), served_books(undisturbed.path()));
    assert_eq!(books.procore, wanted.procore);
    assert_eq!(books.qad, wanted.qad);
    let verified = mlc(dir.path(), &environment, &["audit", "verify", "served.mlc"]);
    assert_eq!(verified.code, 0, "{verified}");
}

fn journal_lines(folder: &Path) -> usize {
    fs::read_to_string(folder.join("served/qad.ndjson")).map_or(0, |text| text.lines().count())
}

fn wait_until(done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(60), "this should have happened by now");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Somebody changes invoices in Procore after they were posted.
#[test]
fn changes_through_the_api_are_seen_by_the_next_run() {
    let dir = scratch();
    let server = Server::start(dir.path(), "");
    let (connect, environment) = (server.connect(&server.addresses()), server.environment());
    pipeline_in(dir.path(), &connect, &[SMALL]);
    run(dir.path(), &environment);
    let posted: Vec<Value> =
        status(dir.path(), &environment).into_values().filter(|record| record["outcome"] == "posted").collect();
    let clerk = Clerk::sign_in(&server);
    let id_of = |record: &Value| {
        record["key"].as_str().and_then(|key| key.split_once('/')).map(|(p, i)| (p.to_owned(), i.to_owned()))
    };
    let fetch = |record: &Value| {
        let (project, id) = id_of(record).expect("a key of two parts");
        let path = format!("/rest/v1.1/requisitions/{id}?project_id={project}&view=items");
        (project.clone(), clerk.ask("GET", &path, ""))
    };

    // Another billing date: held, and what was posted is not forgotten.
    let before = &posted[0];
    let (project, invoice) = fetch(before);
    let key = before["key"].as_str().expect("a key");
    clerk.change(&invoice, &project, json!({ "billing_date": "2026-10-07" }));
    let (code, report) = run(dir.path(), &environment);
    assert_eq!((code, &report["posted"]), (1, &json!(0)), "{report:#}");
    let held = status(dir.path(), &environment).remove(key).expect("the record");
    assert_eq!(held["outcome"], "held", "{held:#}");
    assert!(held["reason"].as_str().is_some_and(|reason| reason.contains("invoice_date was")), "{held:#}");
    for same in ["reference", "target_key", "amount"] {
        assert_eq!(held[same], before[same], "{same}");
    }

    // With `on change update` the same change is carried over, once.
    pipeline_in(dir.path(), &connect, &[SMALL, ("on change hold   ", "on change update")]);
    let (_, report) = run(dir.path(), &environment);
    assert_eq!(report["posted"], 1, "{report:#}");
    let updated = status(dir.path(), &environment).remove(key).expect("the record");
    assert_eq!((&updated["outcome"], &updated["reference"]), (&json!("posted"), &before["reference"]), "{updated:#}");
    let (_, report) = run(dir.path(), &environment);
    assert_eq!(report["posted"], 0, "{report:#}");

    // An approval that is taken back, under `update` too, waits for a person.
    let (project, invoice) = fetch(&posted[1]);
    clerk.change(&invoice, &project, json!({ "status": "under_review" }));
    run(dir.path(), &environment);
    let taken_back = status(dir.path(), &environment).remove(posted[1]["key"].as_str().expect("a key")).expect("it");
    assert_eq!(taken_back["outcome"], "held", "{taken_back:#}");

    // One that waited for its number goes by itself when it has one.
    let waiting = status(dir.path(), &environment)
        .into_values()
        .find(|record| record["reason"].as_str().is_some_and(|reason| reason.contains("no invoice number")));
    let waiting = waiting.expect("the contractor has an invoice without a number");
    let (project, invoice) = fetch(&waiting);
    clerk.change(&invoice, &project, json!({ "invoice_number": "LATE-1" }));
    let (_, report) = run(dir.path(), &environment);
    assert_eq!(report["posted"], 1, "{report:#}");
    drop(server);

    let reference =
        |record: &Value| record["label"].as_str().and_then(|label| label.split(' ').nth(2)).map(str::to_owned);
    let of_first = in_qad(dir.path(), &format!("24-011-{}", reference(before).expect("its number")));
    assert_eq!(of_first.len(), 1, "{of_first:#?}");
    assert!(of_first[0].to_string().contains("2026-10-07"), "{of_first:#?}");
    assert_eq!(in_qad(dir.path(), "24-011-LATE-1").len() + in_qad(dir.path(), "24-014-LATE-1").len(), 1);
}

/// Passes bytes on, and keeps what the client sent.
struct Tap {
    address: String,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    fn before(upstream: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let heard: Arc<Mutex<Vec<u8>>> = Arc::default();
        let kept = Arc::clone(&heard);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(&upstream) else { continue };
                let (from, to) = (client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || pass_on(from, to, Some(&kept)));
                std::thread::spawn(move || pass_on(server, client, None));
            }
        });
        Self { address, heard }
    }

    fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().expect("what was heard")).into_owned()
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, keep: Option<&Mutex<Vec<u8>>>) {
    let mut buffer = [0; 16_384];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if let Some(keep) = keep {
            keep.lock().expect("what was heard").extend_from_slice(&buffer[..read]);
        }
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    // The other direction may have closed it.
    let _ = to.shutdown(Shutdown::Both);
}

/// Secrets and tokens go over the wire, and nowhere else.
#[test]
fn no_secret_reaches_screen_or_disk() {
    let dir = scratch();
    let server = Server::start(dir.path(), "500=3%,lost=3%");
    let taps = server.addresses().map(Tap::before);
    let connect = server.connect(&taps.each_ref().map(|tap| tap.address.clone()));
    pipeline_in(dir.path(), &connect, &[SMALL]);
    let mut environment = server.environment();
    environment.insert("MLC_LOG".to_owned(), "trace".to_owned());
    let mut said = String::new();
    for arguments in [
        &["plan", "served.mlc", "-v"] as &[&str],
        &["run", "served.mlc", "-v"],
        &["run", "served.mlc", "--format", "json"],
        &["status", "served.mlc", "--all", "--format", "json"],
        &["audit", "list", "served.mlc", "--from", "1", "--most", "100000", "--format", "json"],
        &["show", "served.mlc", "1412007", "--format", "json"],
    ] {
        said.push_str(&mlc(dir.path(), &environment, arguments).to_string());
    }
    // What lies deflated on disk is read as an auditor reads it.
    let packed = mlc(dir.path(), &environment, &["audit", "export", "served.mlc", "--pack", "pack.zip"]);
    assert_eq!(packed.code, 0, "{packed}");
    let bodies = crate::evidence::unpacked(&dir.path().join("pack.zip"));
    assert!(bodies.keys().filter(|name| name.starts_with("payloads/")).count() > 10, "{:?}", bodies.keys());
    said.push_str(&bodies.values().map(|bytes| String::from_utf8_lossy(bytes)).collect::<String>());
    assert!(said.contains("x-qad-workspace-id"), "no request was kept");

    // Wrong ones, marked, with letters that forms and headers write in other ways.
    let marked = "S3cret/mark+\u{fc} =&%~";
    let mut secrets = vec![marked.to_owned()];
    for name in ["PROCORE_CLIENT_SECRET", "QAD_PASSWORD", "QAD_CLIENT_ID"] {
        secrets.push(environment[name].clone());
        let mut wrong = environment.clone();
        wrong.insert(name.to_owned(), marked.to_owned());
        let outcome = mlc(dir.path(), &wrong, &["run", "served.mlc", "--yes", "-v", "--state", "other"]);
        assert_eq!(outcome.code, 3, "{outcome}");
        said.push_str(&outcome.to_string());
    }
    let unprintable: BTreeMap<_, _> = environment
        .iter()
        .map(|(name, value)| {
            (name.clone(), if name == "QAD_PASSWORD" { format!("{marked}\n\u{7}") } else { value.clone() })
        })
        .collect();
    said.push_str(
        &mlc(dir.path(), &unprintable, &["run", "served.mlc", "--yes", "-v", "--state", "other"]).to_string(),
    );
    assert!(said.contains("TRACE") || said.contains("DEBUG"), "nothing was traced");

    secrets.extend(taps.iter().flat_map(|tap| bearers(&tap.heard())));
    assert!(secrets.len() >= 6, "tokens were heard: {}", secrets.len());
    let needles: Vec<String> = secrets.iter().flat_map(|secret| forms(secret)).collect();
    for needle in &needles {
        assert!(!said.contains(needle.as_str()), "`{needle}` was said");
    }
    for path in files(dir.path()) {
        let bytes = fs::read(&path).expect("a file");
        for needle in &needles {
            let there = bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
            assert!(!there, "`{needle}` stands in {}", path.display());
        }
    }
}

/// The tokens in what a client sent.
fn bearers(heard: &str) -> Vec<String> {
    let mut tokens: Vec<String> = heard
        .split("Bearer ")
        .skip(1)
        .filter_map(|rest| rest.split(['\r', '\n']).next().map(str::to_owned))
        .filter(|token| token.len() >= 16)
        .collect();
    tokens.sort();
    tokens.dedup();
    tokens
}

/// A secret as it is, and as base64, forms and Rust write it.
fn forms(secret: &str) -> Vec<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let encoded = |keep: &str, blank: &str| -> String {
        let write = |byte: u8| match byte {
            b' ' => blank.to_owned(),
            byte if byte.is_ascii_alphanumeric() || keep.as_bytes().contains(&byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        secret.bytes().map(write).collect()
    };
    let mut forms = vec![
        secret.to_owned(),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        encoded("-_.~", "%20"),
        encoded("-_.*", "+"),
        format!("{secret:?}").trim_matches('"').to_owned(),
    ];
    forms.sort();
    forms.dedup();
    forms
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
