//! `mlc ping` from outside: the quickstart in the sandbox, and systems over loopback with
//! something wrong, each thing with a sentence of its own.

use crate::served::{Server, pipeline_in};
use crate::support::{Outcome, mlc_in, quickstart_in, scratch};
use mlc::value::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

#[test]
fn the_quickstart_in_the_sandbox() {
    let dir = scratch();
    quickstart_in(dir.path());
    let outcome = mlc_in(dir.path(), &["ping", "quickstart.mlc"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    insta::assert_snapshot!("quickstart", outcome.stdout);
    assert!(!dir.path().join(".mlc").exists(), "looking leaves nothing behind");
    let outcome = mlc_in(dir.path(), &["ping", "nowhere.mlc"]);
    assert_eq!(outcome.code, 2, "{outcome}");
}

/// What stands between `mlc` and a system: it may answer in the system's place.
type Bend = fn(path: &str) -> Option<(u16, &'static str)>;

/// Forwards to `upstream`, with a clock that is so many seconds from ours.
fn relay(upstream: String, bend: Bend, skew: i64) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let upstream = upstream.clone();
            std::thread::spawn(move || exchange(stream, &upstream, bend, skew));
        }
    });
    address
}

/// One request, then the connection is closed. A side that goes away ends it as well.
fn exchange(stream: TcpStream, upstream: &str, bend: Bend, skew: i64) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let (mut head, mut length) = (first.clone(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let (name, value) = line.trim_end().split_once(':').unwrap_or(("", ""));
        match name.to_ascii_lowercase().as_str() {
            "" => break,
            "connection" => continue,
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let answer = match bend(first.split(' ').nth(1)?) {
        Some((status, body)) => format!(
            "HTTP/1.1 {status} Bent\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
        None => {
            let mut upstream = TcpStream::connect(upstream).ok()?;
            write!(upstream, "{head}Connection: close\r\n\r\n").ok()?;
            upstream.write_all(&body).ok()?;
            let mut answer = Vec::new();
            upstream.read_to_end(&mut answer).ok()?;
            answer
        }
    };
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let kept = head.lines().filter(|line| {
        let name = line.split(':').next().unwrap_or("").to_ascii_lowercase();
        name != "date" && name != "connection"
    });
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let date = Timestamp::from_unix(i64::try_from(now).ok()? + skew).http_date()?;
    let head = kept.collect::<Vec<_>>().join("\r\n");
    let mut stream = stream;
    write!(stream, "{head}\r\nDate: {date}\r\nConnection: close\r\n\r\n").ok()?;
    stream.write_all(&answer[end + 4..]).ok()
}

fn ping(folder: &Path, environment: &BTreeMap<String, String>, arguments: &[&str]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mlc"));
    command.args(["ping", "served.mlc"]).args(arguments).current_dir(folder).env("NO_COLOR", "1").envs(environment);
    let outcome: Outcome = command.output().expect("mlc starts").into();
    assert!(!outcome.stderr.contains("panicked"), "{outcome}");
    for secret in environment.iter().filter(|(name, _)| !name.ends_with("USERNAME")).map(|(_, value)| value) {
        assert!(!outcome.stdout.contains(secret) && !outcome.stderr.contains(secret), "a secret stands in {outcome}");
    }
    outcome
}

/// By connection and subject: health and finding.
fn probes(outcome: &Outcome) -> BTreeMap<String, (String, String)> {
    let seen: Value = serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome}"));
    let mut probes = BTreeMap::new();
    for connection in seen["connections"].as_array().expect("connections") {
        for probe in connection["probes"].as_array().expect("probes") {
            let text = |name: &str| probe[name].as_str().expect("a text").to_owned();
            let place = format!("{}: {}", connection["name"].as_str().expect("a name"), text("subject"));
            assert_eq!(text("mend").is_empty(), matches!(&*text("health"), "good" | "not_tried"), "{probe}");
            probes.insert(place, (text("health"), text("finding")));
        }
    }
    probes
}

fn has(probes: &BTreeMap<String, (String, String)>, place: &str, health: &str, finding: &str) {
    let (is, said) = probes.get(place).unwrap_or_else(|| panic!("no {place} in {probes:#?}"));
    assert!(is == health && said.contains(finding), "{place} is {is}: {said}");
}

/// No request comes to the other side but those that read.
#[test]
fn each_thing_that_is_wrong_has_its_own_sentence() {
    let dir = scratch();
    let server = Server::start(dir.path(), "");
    let environment = server.environment();
    let [procore, qad] = server.addresses();
    let json = ["--format", "json"];

    // A permission that is missing, and clocks that are off.
    let no_invoices: Bend = |path| path.contains("/requisitions").then_some((403, r#"{"errors":["No access."]}"#));
    let through = [relay(procore.clone(), no_invoices, 3600), relay(qad.clone(), |_| None, 0)];
    pipeline_in(dir.path(), &server.connect(&through), &[]);
    let outcome = ping(dir.path(), &environment, &json);
    assert_eq!(outcome.code, 3, "{outcome}");
    let seen = probes(&outcome);
    has(&seen, "procore: subcontractor invoices", "bad", "403");
    has(&seen, "procore: vendors", "good", "can be read");
    has(&seen, "procore: clock", "doubtful", "behind Procore's");
    has(&seen, "qad: supplier invoices", "good", "can be listed");
    has(&seen, "qad: clock", "good", "agree");
    let table = ping(dir.path(), &environment, &[]);
    assert!(table.stdout.contains("→ have a company administrator") && table.stdout.contains("1 bad"), "{table}");

    // Another company, and a Swagger that knows other names.
    let profile = "swagger: /api/docs/swagger.json\nresources:\n  supplier_invoices: {path: /api/erp/apInvoices}\n";
    fs::write(dir.path().join("tenant.yaml"), profile).expect("a profile");
    let connect = server.connect(&[procore.clone(), qad.clone()]);
    let company = connect.lines().find(|line| line.trim_start().starts_with("company_id")).expect("a company");
    let connect = connect
        .replace(company, "  company_id = 5")
        .replace("connect qad {\n", "connect qad {\n  profile = \"tenant.yaml\"\n");
    pipeline_in(dir.path(), &connect, &[]);
    let outcome = ping(dir.path(), &environment, &json);
    assert_eq!(outcome.code, 3, "{outcome}");
    let seen = probes(&outcome);
    has(&seen, "procore: company", "bad", "not connected to company 5; it sees 4264807 (Harrow & Pike Builders)");
    has(&seen, "qad: supplier invoices in the Swagger", "bad", "no path `/api/erp/apInvoices`");
    has(&seen, "qad: supplier invoices at /api/erp/apInvoices", "bad", "");
    has(&seen, "qad: GL accounts in the Swagger", "good", "all names");

    // A credential that is not there, and one that is refused.
    let mut environment = environment;
    environment.retain(|name, _| !name.starts_with("PROCORE"));
    let password = environment.get_mut("QAD_PASSWORD").expect("a password");
    *password = "Wrong-horse-7".to_owned();
    let outcome = ping(dir.path(), &environment, &json);
    assert_eq!(outcome.code, 3, "{outcome}");
    let seen = probes(&outcome);
    has(&seen, "procore: connection", "bad", "no credential for connection `procore`");
    has(&seen, "qad: sign-in", "bad", "does not accept");
}
