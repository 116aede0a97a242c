//! The audit log as an auditor takes it away: verified without a line of `mlc`, and each
//! way of tampering found and named.

use crate::support::{Outcome, mlc_in, quickstart_in, root, scratch};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

/// A small run, and what was taken from it. Made once; its state is not touched again.
struct Taken {
    dir: TempDir,
    log: String,
    head: String,
}

fn taken() -> &'static Taken {
    static TAKEN: OnceLock<Taken> = OnceLock::new();
    TAKEN.get_or_init(|| {
        let dir = scratch();
        quickstart_in(dir.path());
        only_some(dir.path(), "1");
        assert_eq!(mlc_in(dir.path(), &["run", "quickstart.mlc", "-q"]).code, 1);
        let log = well(mlc_in(dir.path(), &["audit", "export", "quickstart.mlc"]));
        let head = well(mlc_in(dir.path(), &["audit", "head", "quickstart.mlc"]));
        well(mlc_in(dir.path(), &["audit", "export", "quickstart.mlc", "--pack", "all.zip"]));
        let record = first_posted(&log);
        well(mlc_in(dir.path(), &["audit", "export", "quickstart.mlc", "--pack", "one.zip", "--record", &record]));
        Taken { dir, log, head }
    })
}

/// Reads only projects whose number ends so.
fn only_some(folder: &Path, end: &str) {
    let path = folder.join("quickstart.mlc");
    let text = fs::read_to_string(&path).expect("the quickstart");
    let wanted = "per project where project.active";
    assert!(text.contains(wanted));
    let fewer = format!("{wanted} and ends_with(project.project_number ?? \"\", \"{end}\")");
    fs::write(&path, text.replace(wanted, &fewer)).expect("a smaller one");
}

fn well(outcome: Outcome) -> String {
    assert_eq!(outcome.code, 0, "{outcome}");
    outcome.stdout
}

fn first_posted(log: &str) -> String {
    let posted = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut posted = posted.filter(|entry| entry["event"]["kind"] == "posted");
    posted.next().and_then(|entry| Some(entry["event"]["record"]["key"].as_str()?.to_owned())).expect("one was posted")
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The files of a pack.
pub fn unpacked(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(fs::File::open(path).expect("a pack")).expect("a ZIP archive");
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).expect("a file");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("its bytes");
        let name = file.name().expect("a name").into_owned();
        files.insert(name, bytes);
    }
    files
}

/// From what docs/audit.md says, and nothing else: number and hash of the last entry.
fn reckoned_head(log: &str) -> (usize, String) {
    let mut previous = "0".repeat(64);
    for (index, line) in log.lines().enumerate() {
        let entry: Value = serde_json::from_str(line).expect("JSON");
        let number = index + 1;
        assert_eq!(entry["number"], number);
        let content = match entry["content"].as_str() {
            Some(content) => content.to_owned(),
            None => {
                let (start, _) = line.rsplit_once(",\"hash\":\"").expect("a hash");
                sha256(format!("{start}}}").as_bytes())
            }
        };
        let hash = sha256(format!("{previous}\n{number}\n{content}\n").as_bytes());
        if entry["event"].is_object() {
            assert_eq!((&entry["previous"], &entry["hash"]), (&json!(previous), &json!(hash)), "entry {number}");
        }
        previous = hash;
    }
    (log.lines().count(), previous)
}

#[test]
fn a_stranger_comes_to_the_same_head() {
    let Taken { dir, log, head } = taken();
    let (number, hash) = reckoned_head(log);
    assert!(number > 100, "{number}");
    assert!(head.starts_with(&format!("{number} {hash} 20")), "{head}");
    // What is not selected is there by its hash alone, and the chain stays whole.
    let part = unpacked(&dir.path().join("one.zip"));
    let part = std::str::from_utf8(&part["events.ndjson"]).expect("text");
    assert_eq!(reckoned_head(part), (number, hash));
    assert!(part.lines().filter(|line| line.contains("\"event\"")).count() < 15);
    assert!(part.len() < log.len() / 2);
}

/// Who, when, by which mapping; what was read, what was sent, what was answered.
#[test]
fn a_posted_record_is_told_whole() {
    let files = unpacked(&taken().dir.path().join("one.zip"));
    let text = |name: &str| String::from_utf8(files[name].clone()).expect("text");
    let entries: Vec<Value> =
        text("events.ndjson").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let one = |kind: &str| {
        let entry = entries.iter().find(|entry| entry["event"]["kind"] == kind);
        entry.unwrap_or_else(|| panic!("no entry is {kind}"))
    };
    let payload = |reference: &Value| {
        let name = reference["sha256"].as_str().unwrap_or_else(|| panic!("no payload: {reference} in {entries:#?}"));
        let bytes = &files[&format!("payloads/{name}")];
        assert_eq!((sha256(bytes).as_str(), json!(bytes.len())), (name, reference["bytes"].clone()));
        String::from_utf8(bytes.clone()).expect("text")
    };
    for kind in ["read", "intent", "answered", "posted"] {
        let entry = one(kind);
        for member in ["user", "host", "start"] {
            assert!(entry["by"][member].as_str().is_some_and(|text| !text.is_empty()), "{kind}: {entry}");
        }
        assert!(entry["by"]["start"].as_str().is_some_and(|start| start.starts_with("mlc run from ")), "{entry}");
        assert!(entry["event"]["at"].as_str().is_some_and(|at| at.ends_with('Z') && at.contains('.')), "{entry}");
        assert!(entry["event"]["run"].as_str().is_some_and(|run| run.len() == 36), "{entry}");
        let hash = entry["event"]["detail"]["program_hash"].as_str();
        assert!(hash.is_some_and(|hash| hash.len() == 64), "{kind}: {entry}");
    }
    let read = &one("read")["event"]["detail"];
    assert!(read["source_hash"].is_string() && payload(&read["source"]).contains("requisition"), "{read}");
    assert!(payload(&one("intent")["event"]["detail"]["target"]).contains("supplier"));
    let exchange = &one("answered")["event"]["detail"]["exchanges"][0];
    assert_eq!((&exchange["method"], &exchange["status"]), (&json!("POST"), &json!(200)), "{exchange}");
    assert!(exchange["url"].as_str().is_some_and(|url| url.contains("/api/erp/supplierInvoices")), "{exchange}");
    assert_eq!(exchange["headers"]["x-qad-workspace-id"], "10USA_10USACO", "{exchange}");
    assert!(exchange["headers"].get("authorization").is_none(), "{exchange}");
    assert!(payload(&exchange["request"]).contains("invoiceReference"));
    // Now and then a write is answered with 200 and nothing else.
    if !exchange["answer"].is_null() {
        assert!(payload(&exchange["answer"]).contains("supplierInvoices"));
    }
}

/// Whether this machine has a program that only these tests need. Where `MLC_TOOLS` is set, as
/// the gate sets it, it must.
fn is_there(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok_and(|told| told.status.success());
    assert!(there || std::env::var_os("MLC_TOOLS").is_none(), "{program} is missing");
    if !there {
        eprintln!("{program} is not on this machine: what it would check is left to the gate");
    }
    there
}

/// The script of docs/audit.md, as it stands there.
#[test]
fn the_script_of_the_page_agrees() {
    if !is_there("python3") {
        return;
    }
    let Taken { dir, log, head } = taken();
    let page = fs::read_to_string(root().join("docs/audit.md")).expect("the page");
    let script = page.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a script");
    assert!(script.lines().count() <= 25, "the script grew");
    let run = |name: &str, log: &str| -> Outcome {
        let (script_path, log_path) = (dir.path().join("check.py"), dir.path().join(name));
        fs::write(&script_path, script).expect("the script");
        fs::write(&log_path, log).expect("a log");
        let python = Command::new("python3").arg(&script_path).arg(&log_path).output();
        python.expect("python3 is needed to test the script of docs/audit.md").into()
    };
    assert_eq!(well(run("good.ndjson", log)).trim(), head.rsplit_once(' ').expect("a time").0);
    let lines: Vec<&str> = log.lines().collect();
    let edited = log.replacen("\"kind\":\"posted\"", "\"kind\":\"linked\"", 1);
    let dropped = [&lines[..40], &lines[41..]].concat().join("\n");
    for (name, log, number) in [("edited.ndjson", edited, None), ("dropped.ndjson", dropped, Some(41))] {
        let told = run(name, &log);
        assert_eq!(told.code, 1, "{told}");
        assert!(number.is_none_or(|number: u64| told.stderr.contains(&format!("entry {number}"))), "{told}");
    }
}

type Files = BTreeMap<String, Vec<u8>>;

/// One way to tamper with a pack, and what the page must say of it.
type Tampering = (&'static str, fn(&mut Files), &'static [&'static str]);

const TAMPERINGS: &[Tampering] = &[
    (
        "edited",
        |files| lines(files, |lines| lines[49] = lines[49].replacen("2026-", "2027-", 1)),
        &["events.ndjson was altered", "entry 50 was edited: its content no longer gives its hash"],
    ),
    (
        "dropped",
        |files| lines(files, |lines| drop(lines.remove(49))),
        &["entry 50 was dropped: entry 51 follows at once"],
    ),
    (
        "swapped",
        |files| lines(files, |lines| lines.swap(49, 69)),
        &["entries are out of order: entry 70 stands where entry 50 belongs"],
    ),
    ("cut", |files| lines(files, |lines| lines.truncate(60)), &["its end was cut after entry 60"]),
    (
        "added",
        |files| {
            lines(files, |lines| {
                lines.push(format!("{{\"content\":\"{}\",\"number\":{}}}", "a".repeat(64), lines.len() + 1))
            })
        },
        &["entries were added"],
    ),
    (
        "hashed-anew",
        |files| {
            lines(files, |lines| {
                let mut entry: Value = serde_json::from_str(&lines[49]).expect("JSON");
                entry["event"]["run"] = "another".into();
                let content = json!({"by": entry["by"], "event": sorted(&entry["event"])}).to_string();
                let (previous, content) = (entry["previous"].as_str().expect("text"), sha256(content.as_bytes()));
                let hash = sha256(format!("{previous}\n50\n{content}\n").as_bytes());
                let event = sorted(&entry["event"]);
                lines[49] =
                    json!({"by": entry["by"], "event": event, "hash": hash, "number": 50, "previous": previous})
                        .to_string();
            });
        },
        &["entry 50 was edited: entry 51 holds another hash of it"],
    ),
    (
        "payload-altered",
        |files| *payload(files) = b"{}".to_vec(),
        &["payloads/", "was altered: it does not have the hash that the manifest holds", "names was altered"],
    ),
    (
        "payload-missing",
        |files| {
            let name = files.keys().find(|name| name.starts_with("payloads/")).expect("one").clone();
            files.remove(&name);
        },
        &["is missing", "names is missing"],
    ),
    (
        "manifest-altered",
        |files| text(files, "manifest.json", |text| text.replacen("quickstart", "slowstart", 1)),
        &["manifest.json was altered"],
    ),
    (
        "totals-altered",
        |files| {
            text(files, "manifest.json", |text| {
                let start = text.find("\"amount\": \"").expect("an amount") + 11;
                format!("{}9{}", &text[..start], &text[start..])
            });
            seal(files);
        },
        &["the log comes to"],
    ),
    (
        "record-altered",
        |files| {
            text(files, "records.json", |text| {
                text.replacen("\"reference\": \"10USACO/", "\"reference\": \"99USACO/", 1)
            })
        },
        &["records.json was altered", "is told otherwise in records.json"],
    ),
    (
        "unknown-file",
        |files| drop(files.insert("more.txt".to_owned(), Vec::new())),
        &["more.txt is in the pack, and the manifest does not know it"],
    ),
];

fn lines(files: &mut Files, change: impl FnOnce(&mut Vec<String>)) {
    text(files, "events.ndjson", |text| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        change(&mut lines);
        lines.iter().map(|line| format!("{line}\n")).collect()
    });
}

fn text(files: &mut Files, name: &str, change: impl FnOnce(String) -> String) {
    let before = files.remove(name).unwrap_or_else(|| panic!("no {name}"));
    files.insert(name.to_owned(), change(String::from_utf8(before).expect("text")).into_bytes());
}

fn payload(files: &mut Files) -> &mut Vec<u8> {
    files.iter_mut().find(|(name, _)| name.starts_with("payloads/")).expect("a payload").1
}

/// As somebody does who knows how it is made.
fn seal(files: &mut Files) {
    let seal = format!("{}  manifest.json\n", sha256(&files["manifest.json"]));
    files.insert("manifest.sha256".to_owned(), seal.into_bytes());
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut pairs: Vec<_> = map.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
            pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(pairs.into_iter().collect())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// The page's own script, run outside a browser: each line of the answer is one pack's checks.
const DRIVER: &str = r"
const fs = require('fs'), path = require('path');
const page = fs.readFileSync(process.argv[2], 'utf8').split('<script>')[1].split('</script>')[0];
const found = { exports: {} };
new Function('module', page)(found);
const { check, unzip, sha256 } = found.exports;
const crypto = require('crypto');
for (const size of [0, 1, 55, 56, 63, 64, 65, 1000]) {
  const bytes = crypto.randomBytes(size);
  if (sha256(bytes) !== crypto.createHash('sha256').update(bytes).digest('hex')) throw new Error('sha256 of ' + size);
}
const read = (folder) => {
  const files = new Map();
  for (const name of fs.readdirSync(folder, { recursive: true })) {
    const file = path.join(folder, name);
    if (fs.statSync(file).isFile()) files.set(name.split(path.sep).join('/'), new Uint8Array(fs.readFileSync(file)));
  }
  return files;
};
(async () => {
  for (const task of JSON.parse(fs.readFileSync(process.argv[3], 'utf8'))) {
    const files = task.zip ? await unzip(new Uint8Array(fs.readFileSync(task.zip))) : read(task.folder);
    console.log(JSON.stringify(check(files, task.noted)));
  }
})();
";

/// What the page says of each pack.
fn judged(folder: &Path, tasks: &[Value]) -> Vec<Value> {
    let (driver, list, page) = (folder.join("driver.js"), folder.join("tasks.json"), folder.join("page.html"));
    fs::write(&driver, DRIVER).expect("a driver");
    fs::write(&list, json!(tasks).to_string()).expect("a list");
    fs::write(&page, &unpacked(&taken().dir.path().join("all.zip"))["verify.html"]).expect("the page");
    let node = Command::new("node").arg(&driver).arg(&page).arg(&list).output();
    let told = well(node.expect("node is needed to test the page of the evidence pack").into());
    told.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn said(judged: &Value, state: &str) -> Vec<String> {
    let checks = judged["checks"].as_array().expect("checks").iter().filter(|check| check["state"] == state);
    checks.map(|check| check["text"].as_str().expect("text").to_owned()).collect()
}

#[test]
fn the_page_holds_for_what_was_packed() {
    if !is_there("node") {
        return;
    }
    let (dir, taken) = (scratch(), taken());
    let at = |name: &str| taken.dir.path().join(name).display().to_string();
    let manifest = sha256(&unpacked(&taken.dir.path().join("one.zip"))["manifest.json"]);
    let another = format!("5 {}", "a".repeat(64));
    let told = judged(
        dir.path(),
        &[
            json!({"zip": at("all.zip"), "noted": taken.head}),
            json!({"zip": at("one.zip"), "noted": manifest}),
            json!({"zip": at("all.zip"), "noted": another}),
            json!({"zip": at("all.zip")}),
        ],
    );
    for told in &told[..2] {
        assert!(said(told, "bad").is_empty() && said(told, "note").is_empty(), "{told:#}");
        assert_eq!(said(told, "good").len(), 7, "{told:#}");
    }
    assert!(told[0]["totals"].as_array().is_some_and(|totals| totals.len() > 5), "{:#}", told[0]["totals"]);
    assert_eq!(told[1]["totals"].as_array().map(Vec::len), Some(1), "{:#}", told[1]["totals"]);
    assert!(said(&told[2], "bad")[0].contains("entry 5 is not the one that was noted elsewhere"), "{:#}", told[2]);
    assert!(said(&told[3], "note")[0].contains("nothing that was noted elsewhere"), "{:#}", told[3]);
}

#[test]
fn each_way_of_tampering_with_a_pack_is_found_and_named() {
    if !is_there("node") {
        return;
    }
    let dir = scratch();
    let good = unpacked(&taken().dir.path().join("all.zip"));
    let mut tasks = Vec::new();
    for (name, tamper, _) in TAMPERINGS {
        let mut files = good.clone();
        tamper(&mut files);
        let folder = dir.path().join(name);
        fs::create_dir_all(folder.join("payloads")).expect("a folder");
        files.iter().for_each(|(file, bytes)| fs::write(folder.join(file), bytes).expect("a file"));
        tasks.push(json!({ "folder": folder }));
    }
    let told = judged(dir.path(), &tasks);
    assert_eq!(told.len(), TAMPERINGS.len());
    for ((name, _, wanted), told) in TAMPERINGS.iter().zip(&told) {
        let bad = said(told, "bad").join("\n");
        for wanted in *wanted {
            assert!(bad.contains(wanted), "{name}: `{wanted}` is not in\n{bad}");
        }
    }
}

/// Whole in itself, and caught all the same by a head that lies elsewhere.
#[test]
fn an_older_copy_that_was_put_back_is_noticed() {
    let dir = scratch();
    quickstart_in(dir.path());
    only_some(dir.path(), "11");
    let mlc = |arguments: &[&str]| mlc_in(dir.path(), arguments);
    assert!(mlc(&["run", "quickstart.mlc", "-q"]).code <= 1);
    let first = well(mlc(&["audit", "head", "quickstart.mlc"]));
    let store = dir.path().join(".mlc/quickstart/sandbox/store");
    let older = scratch();
    copy(&store, older.path());
    assert!(mlc(&["run", "quickstart.mlc", "-q"]).code <= 1);
    let json: Value =
        serde_json::from_str(&well(mlc(&["audit", "head", "quickstart.mlc", "--format", "json"]))).expect("JSON");
    let second = well(mlc(&["audit", "head", "quickstart.mlc"]));
    assert_eq!(
        second,
        format!(
            "{} {} {}\n",
            json["number"],
            json["hash"].as_str().unwrap_or_default(),
            json["at"].as_str().unwrap_or_default()
        )
    );
    fs::write(dir.path().join("heads.txt"), format!("{first}{second}")).expect("heads");
    let verify = ["audit", "verify", "quickstart.mlc", "--head", "heads.txt"];
    assert!(well(mlc(&verify)).contains("It fits to 2 heads kept elsewhere"));

    fs::remove_dir_all(&store).expect("removed");
    copy(older.path(), &store);
    assert!(well(mlc(&verify[..3])).contains("intact"), "the older copy is whole in itself");
    let noticed = mlc(&verify);
    assert_eq!(noticed.code, 3, "{noticed}");
    assert!(
        noticed.stderr.contains("was noted elsewhere (heads.txt, line 2): an older copy was put back"),
        "{noticed}"
    );
    let noticed =
        mlc(&["audit", "verify", "quickstart.mlc", "--format", "json", "--head", &format!("2:{}", "ab".repeat(32))]);
    assert_eq!(noticed.code, 3, "{noticed}");
    assert!(
        noticed.stdout.contains("\"intact\": false") && noticed.stdout.contains("entry 2 is not the one"),
        "{noticed}"
    );
    for wrong in ["none.txt", "quickstart.mlc", "7:abc"] {
        let outcome = mlc(&["audit", "verify", "quickstart.mlc", "--head", wrong]);
        assert!(outcome.code == 2 && outcome.stderr.contains("help: "), "{wrong}: {outcome}");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}
