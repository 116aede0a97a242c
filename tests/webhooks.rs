//! `mlc serve` takes deliveries over TCP, is killed and started again, and loses none that it
//! answered. What is hostile has no effect but the right one.

mod load;

use crate::costs::standards_in;
use crate::reckoning_costs::{compare_papers, direct_cost_papers};
use crate::support::{Books, scratch};
use load::{Door, Figures, Sent};
use mlc::connector::contractor::Contractor;
use mlc::connectors::drivers;
use mlc::sandbox::{Sandbox, SandboxOptions, contractor};
use mlc::store::{Delivery, DeliveryContent, DeliveryState, SledStore, Store as _};
use mlc::value::Timestamp;
use mlc::world::CredentialSource;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const PATH: &str = "/webhooks/procore/direct_costs.procore";

/// `mlc serve` at work. Killed when it is dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(folder: &Path, listen: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mlc"))
            .args(["serve", "direct_costs.mlc", "--listen", listen])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a ready line");
        let address = line.split_whitespace().nth(1).and_then(|url| url.strip_prefix("http://"));
        let address = address.unwrap_or_else(|| panic!("`{line}` names no address")).to_owned();
        Self { child, address }
    }

    /// Asks it to end, and waits.
    fn stop(mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill");
        assert!(asked.success());
        self.child.wait().expect("it ends");
    }

    fn kill(&mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The standard flow of direct costs, run by webhooks; the vendors that it names are there.
fn pipeline_in(folder: &Path) {
    standards_in(folder);
    let file = folder.join("direct_costs.mlc");
    let text = fs::read_to_string(&file).expect("the flow");
    assert!(text.contains("run every 15m"), "{text}");
    fs::write(&file, text.replace("run every 15m", "run on webhook")).expect("a pipeline");
    let mut run = Command::new(env!("CARGO_BIN_EXE_mlc"));
    run.args(["run", "direct_costs.mlc", "--flow", "vendors", "--quiet"]).current_dir(folder);
    // 1: a vendor waits for a person.
    assert_eq!(run.output().expect("it runs").status.code(), Some(1));
    let mut invite = Command::new(env!("CARGO_BIN_EXE_mlc"));
    invite.args(["console", "invite", "mae", "direct_costs.mlc", "--role", "viewer", "--format", "json"]);
    let told = invite.env("USER", "root").current_dir(folder).output().expect("it invites");
    let told: Value = serde_json::from_slice(&told.stdout).expect("an object");
    fs::write(folder.join("token"), told["token"].as_str().expect("a token")).expect("a token");
}

/// What the sandbox of the first seed asks deliveries to bring along.
fn secret() -> String {
    let sandbox = Sandbox::open(None, drivers(), SandboxOptions::default()).expect("a sandbox");
    let source = CredentialSource::Sandbox("procore".to_owned());
    let credential = sandbox.world().secrets.credential(&source, &[]).expect("its credential");
    credential.get("webhook_secret").expect("a secret for webhooks").expose_secret().to_owned()
}

fn deliveries(folder: &Path) -> Vec<Delivery> {
    let place = folder.join(".mlc/direct_costs/sandbox/store");
    let store = SledStore::open_existing(&place, Timestamp::from_unix(0)).expect("it opens").expect("a store");
    [store.deliveries(true).expect("waiting"), store.deliveries(false).expect("settled")].concat()
}

/// A delivery in one of the three forms in which they come.
fn body(number: usize, project: i64, record: i64) -> String {
    let id = format!("01KQ{number:022}");
    let body = match number % 3 {
        0 => json!({
            "id": id, "timestamp": "2026-04-02T01:33:13.204518Z", "reason": "update",
            "company_id": "562949953421312", "project_id": project.to_string(), "user_id": "9011",
            "resource_type": "Direct Costs", "resource_id": record.to_string(),
        }),
        form => json!({
            "id": number, "ulid": id, "timestamp": "2026-04-02T01:33:13.204518Z",
            "metadata": {"source_user_id": 9011, "source_project_id": project, "source_application_id": null},
            "user_id": 9011, "company_id": 562_949_953_421_312_i64, "project_id": project,
            "api_version": if form == 1 { "v2" } else { "v3.0" }, "event_type": "update",
            "resource_name": "Direct Costs", "resource_id": record, "related_resources": [],
        }),
    };
    body.to_string()
}

fn id_of(body: &str) -> String {
    let body: Value = serde_json::from_str(body).expect("a body of ours");
    body["ulid"].as_str().or(body["id"].as_str()).expect("an id").to_owned()
}

/// Deliveries over all direct costs, each with an id of its own.
fn bodies(contractor: &Contractor, count: usize) -> Vec<String> {
    let costs = &contractor.direct_costs;
    (0..count)
        .map(|number| {
            let cost = &costs[number % costs.len()];
            body(number, cost.project, cost.id)
        })
        .collect()
}

/// Waits until nothing waits any more. After a kill that takes more than a minute: a write that
/// was on its way then is asked for again when it can no longer arrive.
fn settled(folder: &Path, server: Server) -> Vec<Delivery> {
    let token = fs::read_to_string(folder.join("token")).expect("a token");
    let began = Instant::now();
    while waiting(&server.address, &token) > 0 {
        assert!(began.elapsed() < Duration::from_secs(300), "{} wait for ever", waiting(&server.address, &token));
        std::thread::sleep(Duration::from_secs(1));
    }
    server.stop();
    let known = deliveries(folder);
    assert!(known.iter().all(|delivery| !delivery.is_waiting()), "the server said that none waits");
    known
}

/// How many wait, as the server tells.
fn waiting(address: &str, token: &str) -> u64 {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let head = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n");
    stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let line = answer.lines().find(|line| line.starts_with("mlc_webhook_deliveries_waiting{"));
    let count = line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    count.unwrap_or_else(|| panic!("it does not say how many wait:\n{answer}")) as u64
}

/// Sends a load, kills the server in the middle of it, starts it again, and counts.
async fn killed_in_the_middle(a_second: u32, seconds: u32) {
    let dir = scratch();
    pipeline_in(dir.path());
    let contractor = contractor(1);
    let bodies = bodies(&contractor, (a_second * seconds) as usize);
    let mut server = Server::start(dir.path(), "127.0.0.1:0");
    let address = server.address.clone();
    let door = Arc::new(Door::new(&address, PATH, &secret()));
    let sending = tokio::spawn({
        let (door, bodies) = (Arc::clone(&door), bodies.clone());
        async move { door.send_all(&bodies, a_second).await }
    });
    tokio::time::sleep(Duration::from_millis(u64::from(seconds) * 500)).await;
    let killed = Instant::now();
    server.kill();
    door.forget_connections();
    let folder = dir.path().to_owned();
    let server = tokio::task::spawn_blocking(move || Server::start(&folder, &address)).await.expect("it starts");
    let outage = killed.elapsed();
    let sent = sending.await.expect("all were sent");
    println!("{a_second} a second for {seconds} s: {}", Figures::of(&sent));
    println!("killed and ready again after {outage:?}");

    // What was not answered comes again, as the other side does it.
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut again = 0;
    for (body, sent) in bodies.iter().zip(&sent) {
        if !sent.is_taken() {
            again += 1;
            door.forget_connections();
            assert_eq!(door.post(body).await, Some(200));
        }
        taken.insert(id_of(body));
    }
    let known = tokio::task::spawn_blocking({
        let folder = dir.path().to_owned();
        move || settled(&folder, server)
    })
    .await
    .expect("all settled");
    let by_id: BTreeMap<&str, &Delivery> = known.iter().map(|delivery| (delivery.id.as_str(), delivery)).collect();
    assert_eq!(by_id.len(), known.len(), "each is known once");
    let lost: Vec<&String> = taken.iter().filter(|id| !by_id.contains_key(id.as_str())).collect();
    assert!(lost.is_empty(), "{} were answered and are not known: {lost:?}", lost.len());
    assert_eq!(known.len(), bodies.len());
    let mut runs: BTreeSet<&str> = BTreeSet::new();
    for delivery in &known {
        let DeliveryState::Done { run, .. } = &delivery.state else { panic!("{delivery:?}") };
        runs.insert(run);
    }
    println!("{again} sent again; {} known, each settled by one of {} runs", known.len(), runs.len());

    // And each record that they told of stands once in the books, as if nothing had happened.
    let books = Books::of_pipeline(dir.path(), "direct_costs");
    let standing = compare_papers(&contractor, &direct_cost_papers(&contractor), &books.qad);
    assert!(standing.len() > 50, "{}", standing.len());
    check(&sent, seconds);
}

/// The promise of the long form, on a machine that has nothing else to do.
fn check(sent: &[Sent], seconds: u32) {
    let figures = Figures::of(sent);
    let taken = sent.iter().filter(|one| one.is_taken()).count();
    assert!(taken > sent.len() / 3, "{figures}");
    if seconds >= 30 {
        assert!(figures.p99 < Duration::from_millis(250), "{figures}");
    }
    assert!(!figures.by_status.keys().any(|status| status.starts_with('4')), "{figures}");
}

#[test]
fn deliveries_that_were_answered_outlive_a_kill() {
    runtime().block_on(killed_in_the_middle(150, 3));
}

#[test]
#[ignore = "takes a minute of a calm machine and the release build: 500 a second for 30 s"]
fn five_hundred_deliveries_a_second_outlive_a_kill() {
    let seconds = std::env::var("MLC_DELIVERIES_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(30);
    runtime().block_on(killed_in_the_middle(500, seconds));
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// One exchange by hand; 0 where the server cut it.
fn exchange(address: &str, head: &str, body: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(8))).expect("a timeout");
    stream.write_all(head.as_bytes()).expect("a head");
    // A server that has said no already need not take all of it.
    let _ = stream.write_all(body);
    let mut answer = [0; 64];
    let read = stream.read(&mut answer).unwrap_or(0);
    String::from_utf8_lossy(&answer[..read]).split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

fn post(address: &str, path: &str, secret: &str, body: &[u8]) -> u16 {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {secret}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    exchange(address, &head, body)
}

#[test]
fn what_is_hostile_has_no_effect_but_the_right_one() {
    let dir = scratch();
    pipeline_in(dir.path());
    let contractor = contractor(1);
    let cost = &contractor.direct_costs[0];
    let good = body(0, cost.project, cost.id);
    let server = Server::start(dir.path(), "127.0.0.1:0");
    let (address, secret) = (server.address.as_str(), secret());
    let good_bytes = good.as_bytes();
    for (path, with) in [
        (PATH, "forged"),
        (PATH, ""),
        (PATH, &secret[1..]),
        ("/webhooks/procore/direct_costs.nobody", &secret),
        ("/webhooks/procore/nobody.procore", &secret),
        ("/webhooks/qad/direct_costs.qad", &secret),
        ("/webhooks/procore/..%2F..%2Fetc", &secret),
    ] {
        assert_eq!(post(address, path, with, good_bytes), 401, "{path} {with}");
    }
    let large = vec![b'a'; 10 << 20];
    assert!([401, 0].contains(&post(address, PATH, "forged", &large)));
    assert!([413, 0].contains(&post(address, PATH, &secret, &large)));
    let unsaid =
        format!("POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: {secret}\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunks = [format!("{:x}\r\n", 100_000).as_bytes(), &vec![b'a'; 100_000], b"\r\n0\r\n\r\n"].concat();
    assert!([413, 0].contains(&exchange(address, &unsaid, &chunks)));
    assert_eq!(post(address, PATH, &secret, b""), 400);
    let began = Instant::now();
    let promised = format!("POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: {secret}\r\nContent-Length: 900\r\n\r\n");
    assert_eq!(exchange(address, &promised, b"{"), 408, "a body that does not come");
    assert!(began.elapsed() < Duration::from_secs(5));

    // These know the secret: kept, though two cannot be read.
    assert_eq!(post(address, PATH, &secret, b"\xff\xfe{\"id\":1}"), 200);
    assert_eq!(post(address, PATH, &secret, "[".repeat(60_000).as_bytes()), 200);
    assert_eq!(post(address, PATH, &secret, good_bytes), 200);
    assert_eq!(post(address, PATH, &secret, good_bytes), 200, "twice");
    let mut gone = body(1, cost.project, cost.id);
    gone = gone.replace("\"update\"", "\"delete\"");
    assert_eq!(post(address, PATH, &secret, gone.as_bytes()), 200, "a deletion that never was, before its creation");
    assert_eq!(post(address, PATH, &secret, body(2, 999_999, 424_242).as_bytes()), 200, "nothing that is there");
    let strange = body(3, cost.project, cost.id).replace("Direct Costs", "Timesheets");
    assert_eq!(post(address, PATH, &secret, strange.as_bytes()), 200);

    let known = settled(dir.path(), server);
    assert_eq!(known.len(), 6, "{known:#?}");
    let unreadable = known.iter().filter(|one| matches!(one.content, DeliveryContent::Unreadable { .. })).count();
    let ignored = known.iter().filter(|one| matches!(one.state, DeliveryState::Ignored { .. })).count();
    assert_eq!((unreadable, ignored), (2, 1));
    // Those that could not be read had everything looked at; it stands as it should.
    let books = Books::of_pipeline(dir.path(), "direct_costs");
    let standing = compare_papers(&contractor, &direct_cost_papers(&contractor), &books.qad);
    assert!(standing.len() > 50, "{}", standing.len());
}
