//! Operations: health, metrics, and what is told to whom, with a clock that tests turn.

use crate::house::{CALLER, InMemory, Trusting};
use crate::support::{finish, quickstart_in, scratch};
use async_trait::async_trait;
use mlc::engine::Options;
use mlc::serve::operations::{Means, Watchman, metrics};
use mlc::serve::{Customer, House, Opened, Opener, Outside, Refusal, http};
use mlc::store::{Batch, Operation, Outcome, RecordEntry};
use mlc::value::{Span, Timestamp};
use mlc::world::{
    Clock, Credential, CredentialSource, HttpRequest, HttpResponse, Letter, Notebook, Post, PostError, SecretError,
    Secrets, Transport, TransportError,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Whoever sleeps so long waits for others to set the time, such as who watches over a run.
const LONG: Span = Span::from_secs(600);

/// Shows the time that it was set to; whoever sleeps for a short time sets it.
struct Hand(Mutex<Timestamp>);

impl Hand {
    fn turn(&self, span: Span) {
        let mut now = self.0.lock().expect("the time");
        *now = now.plus(span);
    }

    fn hours(&self, hours: u64) {
        self.turn(Span::from_secs(hours * 3_600));
    }
}

#[async_trait]
impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("the time")
    }

    async fn sleep(&self, span: Span) {
        if span < LONG {
            self.turn(span);
            return tokio::task::yield_now().await;
        }
        let until = self.now().plus(span);
        while self.now() < until {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Opens in memory, on the test's time.
struct Timed {
    inner: InMemory,
    clock: Arc<Hand>,
}

impl Opener for Timed {
    fn open(&self, file: &Path, kept: Option<&Opened>) -> Result<Opened, Refusal> {
        let mut opened = self.inner.open(file, kept)?;
        opened.setup.clock = Arc::clone(&self.clock) as _;
        Ok(opened)
    }
}

/// Answers every webhook with one status, and remembers what came.
struct Hooks {
    status: Mutex<Option<u16>>,
    came: Mutex<Vec<(String, Value)>>,
}

#[async_trait]
impl Transport for Hooks {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let Some(status) = *self.status.lock().expect("the status") else {
            return Err(TransportError { maybe_sent: false, timeout: false, message: format!("no {}", request.url) });
        };
        let body = serde_json::from_slice(&request.body).expect("JSON");
        self.came.lock().expect("what came").push((request.url, body));
        Ok(HttpResponse { status, headers: Vec::new(), body: Vec::new() })
    }
}

#[derive(Default)]
struct Letters(Mutex<Vec<Letter>>);

#[async_trait]
impl Post for Letters {
    async fn send(&self, letter: &Letter) -> Result<(), PostError> {
        self.0.lock().expect("letters").push(letter.clone());
        Ok(())
    }
}

#[derive(Default)]
struct Notes(Mutex<BTreeMap<PathBuf, String>>);

impl Notebook for Notes {
    fn read(&self, place: &Path) -> Result<Option<String>, String> {
        Ok(self.0.lock().expect("notes").get(place).cloned())
    }

    fn write(&self, place: &Path, text: &str) -> Result<(), String> {
        self.0.lock().expect("notes").insert(place.to_owned(), text.to_owned());
        Ok(())
    }
}

/// Keeps one address.
struct Kept;

impl Secrets for Kept {
    fn credential(&self, _: &CredentialSource, fields: &[&str]) -> Result<Credential, SecretError> {
        assert_eq!(fields, ["url"]);
        Ok(Credential { fields: vec![("url".to_owned(), "https://hooks.example/T0/hush".into())] })
    }
}

struct Bench {
    house: Arc<House>,
    clock: Arc<Hand>,
    hooks: Arc<Hooks>,
    letters: Arc<Letters>,
    notes: Arc<Notes>,
    watchman: Watchman,
    folder: TempDir,
}

const START: &str = "2026-11-24T12:00:00Z";

impl Bench {
    /// Customers of these names; each is the quickstart with this block.
    fn of(names: &[&str], notify: &str) -> Self {
        let folder = scratch();
        quickstart_in(folder.path());
        let text = fs::read_to_string(folder.path().join("quickstart.mlc")).expect("the quickstart");
        let clock = Arc::new(Hand(Mutex::new(START.parse().expect("an instant"))));
        let hooks = Arc::new(Hooks { status: Mutex::new(Some(200)), came: Mutex::default() });
        let (letters, notes) = (Arc::new(Letters::default()), Arc::new(Notes::default()));
        let outside = Outside {
            clock: Arc::clone(&clock) as _,
            entropy: mlc::host::world().entropy,
            transport: Arc::clone(&hooks) as _,
        };
        let opener = Timed { inner: InMemory::default(), clock: Arc::clone(&clock) };
        let house = Arc::new(House::new(outside, Arc::new(opener), Arc::new(Trusting)));
        let post: Option<Arc<dyn Post>> = Some(Arc::clone(&letters) as _);
        house.operations.equip(Means { secrets: Arc::new(Kept), post, notebook: Arc::clone(&notes) as _ });
        for name in names {
            let flow = "    guard 25% rejected        # stops the run before it does mass harm\n  }\n";
            assert!(text.contains(flow));
            let text = text
                .replace("pipeline \"quickstart\"", &format!("pipeline \"{name}\""))
                .replace(flow, &format!("{flow}\n  run every 15m\n"));
            let file = folder.path().join(format!("{name}.mlc"));
            fs::write(&file, format!("{text}\n{notify}\n")).expect("written");
            house.admit(&file).unwrap_or_else(|refusal| panic!("{refusal}"));
        }
        Self { house, clock, hooks, letters, notes, watchman: Watchman::default(), folder }
    }

    fn customer(&self) -> Arc<Customer> {
        self.house.customers().first().cloned().expect("a customer")
    }

    async fn run_all(&self) {
        for customer in self.house.customers() {
            customer.run(&Options::default()).await.expect("it runs");
        }
    }

    /// One look; what was told by mail and by webhook in it.
    async fn tick(&mut self) -> (Vec<Letter>, Vec<(String, Value)>) {
        self.watchman.tick(&self.house).await;
        let letters = std::mem::take(&mut *self.letters.0.lock().expect("letters"));
        (letters, std::mem::take(&mut *self.hooks.came.lock().expect("what came")))
    }

    /// Somebody mended everything.
    async fn settle_all(&self) {
        let store = self.customer().store();
        let put =
            |entry: RecordEntry| Operation::PutRecord(Box::new(RecordEntry { outcome: Outcome::Skipped, ..entry }));
        let waiting = store.records(None).expect("records").into_iter().filter(|one| one.outcome.needs_attention());
        let operations = waiting.map(put).collect();
        store.commit(Batch { operations, events: Vec::new() }).await.expect("kept");
    }

    fn metrics(&self) -> String {
        metrics::text(&self.house, &|_| true).expect("metrics")
    }
}

const ALL: &str = "notify {\n  mail = [\"ap@acme.example\"]\n  webhook = vault(\"acme/alerts\")\n  on parked after 4h\n  on nothing read\n  on budget above 80%\n  on failed run\n}";

#[tokio::test]
async fn parked_records_are_told_once_then_daily_then_when_they_are_gone() {
    let mut bench = Bench::of(&["acme"], ALL);
    bench.run_all().await;
    assert_eq!(bench.tick().await, (Vec::new(), Vec::new()), "nothing waits for long yet");
    bench.clock.hours(5);
    let (letters, hooks) = bench.tick().await;
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert!(letter.subject.starts_with("[acme, sandbox] subcontractor_invoices: "), "{}", letter.subject);
    assert!(letter.text.contains("What to do: "), "{}", letter.text);
    let [(url, body)] = hooks.as_slice() else { panic!("{hooks:?}") };
    assert_eq!(url, "https://hooks.example/T0/hush");
    assert_eq!((&body["kind"], &body["stage"]), (&"parked".into(), &"begun".into()));
    assert!(body["records"].as_u64().is_some_and(|records| records > 0), "{body}");
    assert_eq!(bench.tick().await, (Vec::new(), Vec::new()), "once is enough");

    // The process starts again.
    bench.watchman = Watchman::default();
    bench.clock.hours(1);
    assert_eq!(bench.tick().await, (Vec::new(), Vec::new()), "a restart tells nothing again");
    let notes = bench.notes.0.lock().expect("notes").values().cloned().collect::<String>();
    assert!(notes.contains("parked") && !notes.contains("hush"), "{notes}");

    bench.clock.hours(24);
    let (letters, _) = bench.tick().await;
    assert!(letters[0].subject.contains("] still: "), "{letters:?}");
    bench.settle_all().await;
    let (letters, hooks) = bench.tick().await;
    assert!(letters[0].subject.contains("] over: "), "{letters:?}");
    assert_eq!(hooks[0].1["stage"], "over");
}

#[tokio::test]
async fn an_alert_that_cannot_be_delivered_is_seen_and_tried_again() {
    let mut bench = Bench::of(&["acme"], ALL);
    bench.run_all().await;
    bench.clock.hours(5);
    *bench.hooks.status.lock().expect("the status") = None;
    let (letters, hooks) = bench.tick().await;
    assert_eq!((letters.len(), hooks.len()), (1, 0), "one that is away keeps no other back");
    let metrics = bench.metrics();
    for line in [
        "mlc_notices_waiting{pipeline=\"acme\"} 1",
        "mlc_notices_total{pipeline=\"acme\",kind=\"parked\",result=\"failed\"} 1",
        "mlc_notices_total{pipeline=\"acme\",kind=\"parked\",result=\"sent\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    // Also after a restart.
    bench.watchman = Watchman::default();
    *bench.hooks.status.lock().expect("the status") = Some(200);
    assert_eq!(bench.tick().await.1.len(), 0, "not at once");
    bench.clock.turn(Span::from_secs(61));
    let (letters, hooks) = bench.tick().await;
    assert_eq!((letters.len(), hooks.len()), (0, 1));
    assert!(bench.metrics().contains("mlc_notices_waiting{pipeline=\"acme\"} 0"));

    // For two days nobody answers: then it is given up, and that is counted.
    *bench.hooks.status.lock().expect("the status") = Some(500);
    bench.clock.hours(24);
    for _ in 0..60 {
        bench.tick().await;
        bench.clock.hours(1);
    }
    let given_up = "mlc_notices_total{pipeline=\"acme\",kind=\"parked\",result=\"given_up\"} 1";
    assert!(bench.metrics().contains(given_up), "{}", bench.metrics());
}

#[tokio::test]
async fn a_run_that_does_not_come_to_its_end_is_told() {
    let mut bench = Bench::of(&["acme"], ALL);
    bench.run_all().await;
    bench.tick().await;
    let store = bench.customer().store();
    let mut broken = store.runs(1).expect("runs").remove(0);
    bench.clock.hours(1);
    (broken.id, broken.started) = ("0-broken".to_owned(), bench.clock.now());
    (broken.ended, broken.report) = (None, None);
    let put = Operation::PutRun(Box::new(broken));
    store.commit(Batch { operations: vec![put], events: Vec::new() }).await.expect("kept");
    assert_eq!(bench.tick().await.0, [], "it may have begun just now");
    let (letters, _) = bench.tick().await;
    assert!(letters[0].subject.contains("did not come to its end"), "{letters:?}");
    bench.run_all().await;
    bench.tick().await;
    bench.clock.hours(1);
    let (letters, _) = bench.tick().await;
    assert!(letters.iter().any(|letter| letter.subject.contains("over: runs come to their end")), "{letters:?}");
    assert!(bench.metrics().contains("mlc_runs_total{pipeline=\"acme\",result=\"broken\"} 1"), "{}", bench.metrics());
}

#[tokio::test]
async fn who_looks_after_two_customers_gets_one_digest() {
    let digest = "notify {\n  mail = [\"ap@acme.example\"]\n  digest daily at 07:00\n}";
    let mut bench = Bench::of(&["north", "south"], digest);
    bench.run_all().await;
    assert_eq!(bench.tick().await.0, [], "not before its time");
    // 07:00 in Chicago.
    let seven: Timestamp = "2026-11-24T13:00:00Z".parse().expect("an instant");
    bench.clock.turn(seven.since(bench.clock.now()));
    let (letters, _) = bench.tick().await;
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert!(letter.subject.starts_with("[north, south] 2026-11-24: "), "{}", letter.subject);
    let html = letter.html.as_ref().expect("a page");
    for part in ["north", "south", "waiting", "USD"] {
        assert!(letter.text.contains(part) && html.contains(part), "{part}\n{}\n{html}", letter.text);
    }
    assert_eq!(bench.tick().await.0, [], "once a day");
    bench.clock.hours(24);
    assert_eq!(bench.tick().await.0.len(), 1);
}

/// The status and the body of an answer.
async fn get(address: std::net::SocketAddr, path: &str, caller: Option<&str>) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let header = caller.map(|caller| format!("{CALLER}: {caller}\r\n")).unwrap_or_default();
    let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{header}\r\n");
    stream.write_all(request.as_bytes()).await.expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

async fn listen(house: &Arc<House>) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(http::serve(listener, http::router(house), std::future::pending()));
    address
}

#[tokio::test]
async fn health_tells_live_ready_and_current_and_names_nobody() {
    let bench = Bench::of(&["acme"], ALL);
    let address = listen(&bench.house).await;
    let (status, body) = get(address, "/healthz", None).await;
    let health: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((status, &health["ready"], &health["current"]), (503, &true.into(), &false.into()), "never run");
    bench.run_all().await;
    let (status, body) = get(address, "/healthz", None).await;
    assert_eq!(status, 200, "{body}");
    bench.clock.turn(Span::from_secs(34 * 60));
    assert_eq!(get(address, "/healthz?check=current", None).await.0, 200);
    bench.clock.turn(Span::from_secs(2 * 60));
    let (status, body) = get(address, "/healthz?check=current", None).await;
    assert_eq!(status, 503);
    assert!(!body.contains("acme"), "{body}");
    let (_, body) = get(address, "/healthz", Some("dana viewer")).await;
    assert!(body.contains("\"flows_behind\":[{\"pipeline\":\"acme\""), "{body}");
    for check in ["live", "ready"] {
        assert_eq!(get(address, &format!("/healthz?check={check}"), None).await.0, 200, "{check}");
    }
    assert_eq!(get(address, "/healthz?check=alive", None).await.0, 400);

    let closed = bench.folder.path().join("closed.mlc");
    fs::write(&closed, "flow a {").expect("written");
    bench.house.admit(&closed).map(|_| ()).expect_err("it does not check");
    assert_eq!(get(address, "/healthz?check=ready", None).await.0, 503);
    assert_eq!(get(address, "/healthz?check=live", None).await.0, 200);
}

#[tokio::test]
async fn metrics_tell_records_money_requests_and_runs_to_those_who_may_look() {
    let bench = Bench::of(&["acme"], ALL);
    let address = listen(&bench.house).await;
    assert_eq!(get(address, "/metrics", None).await.0, 401);
    get(address, "/metrics", Some("prometheus viewer")).await;
    bench.run_all().await;
    let (status, body) = get(address, "/metrics", Some("prometheus viewer")).await;
    assert_eq!(status, 200, "{body}");
    for line in [
        "mlc_build_info{version=",
        "mlc_pipelines{state=\"open\"} 1",
        "mlc_records{pipeline=\"acme\",flow=\"subcontractor_invoices\",outcome=\"posted\"} ",
        "mlc_money_waiting{pipeline=\"acme\",currency=\"USD\"} ",
        "mlc_oldest_parked_age_seconds{pipeline=\"acme\"} ",
        "mlc_requests_total{pipeline=\"acme\",connection=\"procore\"} ",
        "mlc_answers_total{pipeline=\"acme\",connection=\"procore\",status=\"2xx\"} ",
        "mlc_refused_ratio{pipeline=\"acme\",connection=\"procore\"} ",
        "mlc_rate_budget_used_ratio{pipeline=\"acme\",connection=\"procore\",limit=",
        "mlc_runs_total{pipeline=\"acme\",result=\"well\"} 1",
        "mlc_run_duration_seconds_count{pipeline=\"acme\"} 1",
        "mlc_webhook_deliveries_total{result=\"forged\"} 0",
        "mlc_webhook_deliveries_waiting{pipeline=\"acme\"} 0",
        "mlc_schedule_lateness_seconds{pipeline=\"acme\"} 0",
        "mlc_last_good_run_timestamp_seconds{pipeline=\"acme\",flow=\"subcontractor_invoices\"} ",
    ] {
        assert!(body.contains(line), "{line} in\n{body}");
    }
    assert!(body.trim_end().ends_with("# EOF"), "{body}");
}

/// A run of the quickstart with these variables; what it wrote on standard error.
fn run_with(folder: &Path, variables: &[(&str, &str)]) -> crate::support::Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mlc"));
    command.args(["run", "quickstart.mlc", "--quiet"]).current_dir(folder).envs(variables.iter().copied());
    finish(&mut command)
}

#[test]
fn a_log_in_json_names_run_flow_and_record_and_holds_no_secret() {
    let folder = scratch();
    quickstart_in(folder.path());
    let outcome = run_with(folder.path(), &[("MLC_LOG_FORMAT", "json"), ("MLC_LOG", "mlc=debug")]);
    assert_eq!(outcome.code, 1, "{outcome}");
    let lines: Vec<Value> = outcome.stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of = |message: &str| lines.iter().filter(|line| line["message"] == message).collect::<Vec<_>>();
    let settled = of("settled");
    assert!(settled.len() > 10, "{outcome}");
    for line in settled {
        assert!(line["record"].as_str().is_some_and(|record| record.contains('/')), "{line}");
        assert_eq!((&line["spans"][0]["name"], &line["spans"][1]["name"]), (&"run".into(), &"flow".into()), "{line}");
        assert!(line["spans"][0]["run"].as_str().is_some_and(|run| run.len() == 36), "{line}");
    }
    let asked = of("asked");
    let within = |line: &&&Value| {
        line["spans"].as_array().is_some_and(|spans| spans.iter().any(|span| span["name"] == "record"))
    };
    assert!(asked.iter().any(|line| within(&line)), "no request of a record");
    assert!(!of("the run ended").is_empty(), "{outcome}");
    for line in &lines {
        let text = line.to_string();
        for secret in ["Bearer", "client_secret", "password", "access_token", "Tallow Creek", "?"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[cfg(not(feature = "otlp"))]
#[test]
fn a_build_that_sends_no_spans_says_so() {
    let folder = scratch();
    quickstart_in(folder.path());
    let outcome = run_with(folder.path(), &[("MLC_OTLP_ENDPOINT", "http://127.0.0.1:4318")]);
    assert_eq!(outcome.code, 2, "{outcome}");
    assert!(outcome.stderr.contains("`otlp`"), "{outcome}");
}

#[cfg(feature = "otlp")]
#[test]
fn spans_reach_a_collector() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let collector = std::thread::spawn(move || {
        let mut bodies = String::new();
        while let Ok((mut stream, _)) = listener.accept() {
            let mut reader = BufReader::new(stream.try_clone().expect("both ways"));
            let (mut line, mut length) = (String::new(), 0);
            reader.read_line(&mut line).expect("a request");
            if line.starts_with("STOP") {
                break;
            }
            assert!(line.starts_with("POST /v1/traces "), "{line}");
            while line.trim_end() != "" {
                line.clear();
                reader.read_line(&mut line).expect("a header");
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a length");
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("the body");
            bodies.push_str(&String::from_utf8(body).expect("JSON"));
            let answer =
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
            stream.write_all(answer.as_bytes()).expect("answered");
        }
        bodies
    });
    let folder = scratch();
    quickstart_in(folder.path());
    let outcome = run_with(folder.path(), &[("MLC_OTLP_ENDPOINT", &address)]);
    assert_eq!(outcome.code, 1, "{outcome}");
    let place = address.trim_start_matches("http://");
    std::net::TcpStream::connect(place).expect("it listens").write_all(b"STOP\n").expect("stopped");
    let bodies = collector.join().expect("the collector");
    for part in ["\"run\"", "\"flow\"", "\"record\"", "subcontractor_invoices", "quickstart"] {
        assert!(bodies.contains(part), "{part} in {}", &bodies[..bodies.len().min(2_000)]);
    }
}

/// A server of the pipeline `acme.mlc` in a folder. Killed when it is dropped.
struct Served {
    child: Child,
    address: std::net::SocketAddr,
}

impl Served {
    fn start(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mlc"))
            .args(["serve", "acme.mlc", "--listen", "127.0.0.1:0"])
            .current_dir(folder)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a ready line");
        let url = line.split_whitespace().find_map(|word| word.strip_prefix("http://"));
        let address = url.and_then(|url| url.parse().ok()).unwrap_or_else(|| panic!("no address in `{line}`"));
        Self { child, address }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Takes one letter over SMTP; its text.
fn mail_sink(listener: &std::net::TcpListener) -> String {
    let (mut stream, _) = listener.accept().expect("a caller");
    let lines = BufReader::new(stream.try_clone().expect("both ways")).lines();
    stream.write_all(b"220 sink\r\n").expect("greeted");
    let (mut said, mut in_letter) = (String::new(), false);
    for line in lines.map_while(Result::ok) {
        said.push_str(&line);
        said.push('\n');
        let answer: &[u8] = match line.as_str() {
            "." => {
                stream.write_all(b"250 taken\r\n").expect("answered");
                return said;
            }
            _ if in_letter => continue,
            "DATA" => {
                in_letter = true;
                b"354 go on\r\n"
            }
            _ => b"250 well\r\n",
        };
        stream.write_all(answer).expect("answered");
    }
    said
}

/// Takes one POST; its head and body.
fn hook_sink(listener: &std::net::TcpListener) -> (String, Value) {
    let (mut stream, _) = listener.accept().expect("a caller");
    let mut reader = BufReader::new(stream.try_clone().expect("both ways"));
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let from = head.len();
        assert!(reader.read_line(&mut head).expect("a line") > 0, "{head}");
        if let Some(value) = head[from..].to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("the body");
    stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").expect("answered");
    (head, serde_json::from_slice(&body).expect("JSON"))
}

#[test]
fn the_server_tells_by_mail_and_webhook_and_a_restart_tells_nothing_again() {
    let folder = scratch();
    quickstart_in(folder.path());
    let bind = || std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let (mail, hook) = (bind(), bind());
    let (mail_at, hook_at) = (mail.local_addr().expect("an address"), hook.local_addr().expect("an address"));
    let text = fs::read_to_string(folder.path().join("quickstart.mlc")).expect("the quickstart");
    let text = text.replace("pipeline \"quickstart\"", "pipeline \"acme\"");
    let notify = format!(
        "notify {{\n  mail = [\"ap@acme.example\"]\n  webhook = \"http://{hook_at}/T0/hush\"\n  on parked after 1m\n}}\n"
    );
    fs::write(folder.path().join("acme.mlc"), format!("{text}\n{notify}")).expect("written");
    let mut run = Command::new(env!("CARGO_BIN_EXE_mlc"));
    assert_eq!(finish(run.args(["run", "acme.mlc", "--quiet"]).current_dir(folder.path())).code, 1);
    let smtp = format!("smtp://{mail_at}");
    let variables = [("MLC_SMTP_URL", smtp.as_str()), ("MLC_SMTP_FROM", "mlc <mlc@acme.example>")];
    let letter = std::thread::spawn(move || (mail_sink(&mail), mail));
    let post = std::thread::spawn(move || (hook_sink(&hook), hook));

    let served = Served::start(folder.path(), &variables);
    let (letter, mail) = letter.join().expect("a letter");
    let ((head, body), hook) = post.join().expect("a message");
    for part in ["MAIL FROM:<mlc@acme.example>", "RCPT TO:<ap@acme.example>", "What to do:"] {
        assert!(letter.contains(part), "{part} in {letter}");
    }
    assert!(head.starts_with("POST /T0/hush HTTP/1.1\r\n"), "{head}");
    assert_eq!((&body["pipeline"], &body["kind"], &body["stage"]), (&"acme".into(), &"parked".into(), &"begun".into()));
    let ask = |path: &str| {
        let mut stream = std::net::TcpStream::connect(served.address).expect("it listens");
        let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer
    };
    assert!(ask("/healthz?check=ready").starts_with("HTTP/1.1 200 "));
    assert!(ask("/metrics").starts_with("HTTP/1.1 401 "));
    // What was told is noted when it was delivered; a little later it certainly is.
    let notes = folder.path().join(".mlc/acme/sandbox/notices.json");
    let noted = || fs::read_to_string(&notes).is_ok_and(|text| text.contains("\"outbox\": []"));
    for _ in 0..100 {
        if noted() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(noted(), "{:?}", fs::read_to_string(&notes));
    drop(served);

    for listener in [&mail, &hook] {
        listener.set_nonblocking(true).expect("it does not wait");
    }
    let _served = Served::start(folder.path(), &variables);
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert!(mail.accept().is_err() && hook.accept().is_err(), "a restart tells it again");
}
