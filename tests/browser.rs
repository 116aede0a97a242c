//! A real browser walks through the console: `tests/browser/walk.mjs`, against `mlc serve`.
//!
//! Needs Node.js, a Chromium and the package that drives it (`npm install` in tests/browser).
//! Where `MLC_BROWSER` is not set and they are not there, nothing is walked, and the test says so.

use crate::support::{quickstart_in, root, scratch};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// What is over it waits for a yes.
const LIMIT: &str = "    approve when total > 100_000\n";

struct Served {
    child: Child,
    url: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn mlc(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mlc"));
    command.current_dir(folder).env("NO_COLOR", "1").env("USER", "root");
    command
}

fn serve(folder: &Path) -> Served {
    let mut child = mlc(folder)
        .args(["serve", "quickstart.mlc", "--listen", "127.0.0.1:0", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the server starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a ready line");
    let ready: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in `{line}`"));
    Served { child, url: ready["url"].as_str().expect("a URL").to_owned() }
}

fn token(folder: &Path) -> String {
    let told = mlc(folder)
        .args(["console", "invite", "mae", "quickstart.mlc", "--role", "approver", "--role", "operator"])
        .args(["--format", "json"])
        .output()
        .expect("it invites");
    let told: Value = serde_json::from_slice(&told.stdout).expect("an object");
    told["token"].as_str().expect("a token").to_owned()
}

fn chromium() -> Option<&'static str> {
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .into_iter()
        .find(|path| Path::new(path).exists())
}

#[test]
fn an_accountant_closes_the_month_in_a_browser() {
    let walk = root().join("tests/browser");
    let driver = walk.join("node_modules/playwright-core").exists();
    let (Some(chromium), true) = (chromium(), driver) else {
        assert!(std::env::var_os("MLC_BROWSER").is_none(), "a browser or its driver is missing");
        eprintln!("no browser is here, or nothing that drives it: nothing was walked");
        return;
    };
    let folder = scratch();
    quickstart_in(folder.path());
    let file = folder.path().join("quickstart.mlc");
    let text = fs::read_to_string(&file).expect("the quickstart");
    let (before, after) = text.split_once("    on change hold").expect("the rules of its target");
    fs::write(&file, format!("{before}{LIMIT}    on change hold{after}")).expect("written");
    let token = token(folder.path());
    let served = serve(folder.path());
    let pictures = std::env::var_os("MLC_PICTURES").map_or_else(|| folder.path().join("pictures"), Into::into);
    let output = Command::new("node")
        .arg(walk.join("walk.mjs"))
        .args([&served.url, &token])
        .arg(folder.path().join("cost-codes.csv"))
        .args([pictures.as_os_str(), chromium.as_ref()])
        .output()
        .expect("node is there");
    let (told, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{told}");
    assert!(output.status.success(), "{told}\n{wrong}");
    assert_eq!(told.lines().filter(|line| line.starts_with("ok  ")).count(), 9, "{told}");
}
