//! Under which account this process runs, on which machine, and what started it: what the
//! audit log says of who did something.

use std::fs;
use std::io::IsTerminal as _;

/// Programs that start others by the clock.
const SCHEDULERS: &[&str] = &["cron", "crond", "anacron", "atd", "systemd", "launchd", "taskeng.exe", "svchost.exe"];

/// How many processes up a scheduler is looked for.
const ANCESTORS: usize = 8;

/// The account's name. The kernel's word counts where it can be had: a variable can be set.
pub fn user() -> String {
    let named = owner().or_else(|| ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| variable(name)));
    let name = named.unwrap_or_else(|| "unknown".to_owned());
    match variable("SUDO_USER") {
        Some(person) if person != name => format!("{name} (sudo by {person})"),
        _ => name,
    }
}

/// The machine's name.
pub fn machine() -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let file = || fs::read_to_string("/etc/hostname").ok();
    let named = kernel.or_else(file).map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let set = || ["HOSTNAME", "COMPUTERNAME"].iter().find_map(|name| variable(name));
    named.or_else(set).unwrap_or_else(|| "unknown".to_owned())
}

/// `mlc run from a terminal`, `mlc run from cron`, `mlc run from another program`.
pub fn start() -> String {
    let command = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let command = if command.chars().all(|c| c.is_ascii_lowercase()) { command } else { String::new() };
    let from = if std::io::stdin().is_terminal() {
        "a terminal".to_owned()
    } else {
        scheduler().unwrap_or_else(|| "another program".to_owned())
    };
    format!("mlc {command} from {from}")
}

/// Who owns this process, by the kernel.
#[cfg(unix)]
fn owner() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let id = fs::metadata("/proc/self").ok()?.uid();
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    });
    Some(name.unwrap_or_else(|| format!("user {id}")))
}

#[cfg(not(unix))]
fn owner() -> Option<String> {
    None
}

fn scheduler() -> Option<String> {
    if variable("INVOCATION_ID").is_some() {
        return Some("systemd".to_owned());
    }
    let mut process = "self".to_owned();
    for _ in 0..ANCESTORS {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let (name, parent) = (field("Name:")?, field("PPid:")?);
        // The first process of a machine starts everything, and so says nothing.
        if process != "1" && SCHEDULERS.contains(&name) {
            return Some(name.to_owned());
        }
        process = parent.to_owned();
    }
    None
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}
