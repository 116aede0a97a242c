//! `mlc hooks`: what the other side is asked to tell of by itself, brought to what the
//! pipeline wants.

use super::arguments::{Format, Hooks, HooksCommand, HooksDiscarded, HooksPlace, HooksRemove, HooksSync};
use super::compose::{self, Line};
use super::exit::{Exit, Failure, Outcome};
use super::grid::Grid;
use super::hook_secret;
use super::report::SANDBOX;
use super::screen::{BAD, BOLD, GOOD, WAITING, count, say, say_json};
use crate::connector::{
    Connector, Discarded, Error, ErrorKind, Hook, HookChange, HookChangeKind, HookChanges, WantedHooks, webhook,
};
use crate::host;
use crate::model::RunWhen;
use crate::program::Program;
use crate::value::parse_duration;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;

pub async fn run(arguments: &Hooks) -> Outcome {
    match &arguments.command {
        HooksCommand::Sync(arguments) => sync(arguments).await,
        HooksCommand::List(of) => list(of).await,
        HooksCommand::Remove(arguments) => remove(arguments).await,
        HooksCommand::Discarded(arguments) => discarded(arguments).await,
    }
}

async fn sync(arguments: &HooksSync) -> Outcome {
    let base = base(&arguments.url)?;
    let HooksSync { of, rotate, dry_run, .. } = arguments;
    let program = compose::program(&of.place.file, &of.vars.vars)?;
    let (lines, sandbox, _held) = compose::lines_for(&program, &of.place, *dry_run)?;
    let mut seen = Vec::new();
    for line in chosen(&lines, of)? {
        let resources = wanted(&program, &line.connection.name);
        let open = opened(line)?;
        if resources.is_empty() {
            // Those of before are strays.
            seen.push((line, removed(&program, line, open, *dry_run).await?));
            continue;
        }
        // In the sandbox the secret is made up; it can be handed over again, not changed.
        let change = *rotate && !sandbox;
        let secret = if change && !dry_run { hook_secret::next(line)? } else { secret(line, open, change)? };
        hook_secret::is_fit(&secret)?;
        let name = name(&program, line);
        let destination = format!("{base}/webhooks/{}/{}", line.connection.driver.name, in_path(&name));
        let wanted = WantedHooks { name, destination, secret, resources, rotate: *rotate, dry: *dry_run };
        seen.push((
            line,
            patient(async || open.sync_hooks(&wanted).await).await.map_err(|error| failed(line, &error))?,
        ));
    }
    tell(&program, &seen, sandbox, *dry_run, of)?;
    if *rotate && !*dry_run && !sandbox && of.printing.format == Format::Text {
        say("\nEither secret is taken from now on; what serves already has to read the credential again.\n")?;
    }
    Ok(ended(&seen))
}

/// A secret that is yet to be made needs none to look.
fn secret(line: &Line<'_>, open: &dyn Connector, to_be_made: bool) -> Result<SecretString, Failure> {
    match hook_secret::current(line, open) {
        Err(_) if to_be_made => Ok(SecretString::from("0".repeat(64))),
        other => other,
    }
}

async fn remove(arguments: &HooksRemove) -> Outcome {
    let HooksRemove { of, dry_run } = arguments;
    let program = compose::program(&of.place.file, &of.vars.vars)?;
    let (lines, sandbox, _held) = compose::lines_for(&program, &of.place, *dry_run)?;
    let mut seen = Vec::new();
    for line in chosen(&lines, of)? {
        seen.push((line, removed(&program, line, opened(line)?, *dry_run).await?));
    }
    tell(&program, &seen, sandbox, *dry_run, of)?;
    Ok(ended(&seen))
}

async fn removed(program: &Program, line: &Line<'_>, open: &dyn Connector, dry: bool) -> Result<HookChanges, Failure> {
    let (name, destination, secret) = (name(program, line), String::new(), SecretString::default());
    let wanted = WantedHooks { name, destination, secret, resources: BTreeSet::new(), rotate: false, dry };
    patient(async || open.sync_hooks(&wanted).await).await.map_err(|error| failed(line, &error))
}

async fn list(of: &HooksPlace) -> Outcome {
    let program = compose::program(&of.place.file, &of.vars.vars)?;
    let (lines, sandbox, _held) = compose::lines_for(&program, &of.place, true)?;
    let mut seen = Vec::new();
    for line in chosen(&lines, of)? {
        let open = opened(line)?;
        let hooks = patient(async || open.hooks().await).await.map_err(|error| failed(line, &error))?;
        seen.push((line, hooks));
    }
    if of.printing.format == Format::Json {
        let connections = seen.iter().map(|(line, hooks)| {
            let ours = webhook::namespace(&name(&program, line));
            json!({
                "name": *line.connection.name,
                "hooks": hooks.iter().map(|hook| hook_json(hook, hook.namespace == ours)).collect::<Vec<_>>(),
            })
        });
        let connections: Vec<Value> = connections.collect();
        say_json(&json!({ "pipeline": program.name(), "sandbox": sandbox, "connections": connections }))?;
        return Ok(Exit::Well);
    }
    let mut text = head(&program, sandbox);
    for (line, hooks) in &seen {
        let ours = webhook::namespace(&name(&program, line));
        let mut grid = Grid::new(&["Hook", "Whose", "In", "Is", "Told of", "Sends to"]);
        for hook in hooks {
            let whose = if hook.namespace == ours { "ours" } else { hook.namespace.as_str() };
            let told: BTreeSet<&str> = hook.triggers.iter().map(|trigger| trigger.named.as_str()).collect();
            grid.row([
                hook.id.clone(),
                whose.to_owned(),
                place_of(hook.scope.as_deref()),
                hook.status.name().to_owned(),
                told.into_iter().collect::<Vec<_>>().join(", "),
                hook.destination.clone(),
            ]);
        }
        let number = count(hooks.len() as u64, "hook", "hooks");
        let table = if hooks.is_empty() { String::new() } else { format!("{}\n", grid.render()) };
        let _ = write!(text, "\n{BOLD}{}{BOLD:#}\n\n{table}{number} registered\n", line.connection.name);
    }
    say(&text)?;
    Ok(Exit::Well)
}

async fn discarded(arguments: &HooksDiscarded) -> Outcome {
    let HooksDiscarded { of, since } = arguments;
    let span = parse_duration(since).ok_or_else(|| {
        Failure::wrong(format!("--since {since} is no length of time"), "write such as `12h` or `7d`")
    })?;
    let program = compose::program(&of.place.file, &of.vars.vars)?;
    let (lines, sandbox, held) = compose::lines_for(&program, &of.place, true)?;
    let now = held.as_ref().map_or_else(|| host::world().clock.now(), |sandbox| sandbox.world().clock.now());
    let mut seen = Vec::new();
    for line in chosen(&lines, of)? {
        let open = opened(line)?;
        let given_up =
            patient(async || open.discarded(now.minus(span)).await).await.map_err(|error| failed(line, &error))?;
        seen.push((line, given_up));
    }
    let all: usize = seen.iter().map(|(_, given_up)| given_up.len()).sum();
    if of.printing.format == Format::Json {
        let connections = seen.iter().map(|(line, given_up)| {
            json!({
                "name": *line.connection.name,
                "discarded": given_up.iter().map(discarded_json).collect::<Vec<_>>(),
            })
        });
        let connections: Vec<Value> = connections.collect();
        say_json(&json!({ "pipeline": program.name(), "sandbox": sandbox, "connections": connections }))?;
    } else {
        let mut text = head(&program, sandbox);
        for (line, given_up) in &seen {
            let _ = writeln!(text, "\n{BOLD}{}{BOLD:#}", line.connection.name);
            text.push_str(&given_up_text(given_up));
        }
        say(&text)?;
    }
    Ok(if all == 0 { Exit::Well } else { Exit::Attention })
}

fn given_up_text(given_up: &[Discarded]) -> String {
    if given_up.is_empty() {
        return format!("{GOOD}nothing was discarded{GOOD:#}\n");
    }
    let mut grid = Grid::new(&["When", "What", "Record", "In", "Answer"]);
    for one in given_up {
        grid.row([
            one.at.map(crate::value::Timestamp::whole_seconds).unwrap_or_default(),
            format!("{} {}", one.notice.named, one.notice.event),
            one.notice.record.clone(),
            place_of(one.notice.scope.as_deref()),
            one.status.map_or_else(|| one.said.clone(), |status| format!("{status} {}", one.said).trim().to_owned()),
        ]);
    }
    let number = count(given_up.len() as u64, "delivery was", "deliveries were");
    format!(
        "\n{}\n{WAITING}{number} given up{WAITING:#}: `mlc run` reads what has changed; a flow with `reconcile` looks further back\n",
        grid.render()
    )
}

/// A rate window that an earlier command has used up is waited for by the pace of the
/// connection; what is asked again finds what was done.
async fn patient<T>(work: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
    for _ in 0..2 {
        match work().await {
            Err(error) if error.kind == ErrorKind::RateLimit => {}
            other => return other,
        }
    }
    work().await
}

/// The connections that can be told, or the one that was named.
fn chosen<'a, 'b>(lines: &'b [Line<'a>], of: &HooksPlace) -> Result<Vec<&'b Line<'a>>, Failure> {
    let names = || lines.iter().map(|line| &*line.connection.name);
    if let Some(wanted) = &of.connection {
        let line = lines.iter().find(|line| *line.connection.name == **wanted).ok_or_else(|| {
            let all = names().collect::<Vec<_>>().join(", ");
            Failure::wrong(format!("there is no connection `{wanted}`"), format!("there are: {all}"))
        })?;
        return match line.connection.driver.webhook {
            Some(_) => Ok(vec![line]),
            None => Err(Failure::wrong(
                format!("{} has no webhooks", (line.connection.driver.catalogue)().title),
                "its flows look at intervals: `run every 15m`",
            )),
        };
    }
    let told: Vec<&Line<'_>> = lines.iter().filter(|line| line.connection.driver.webhook.is_some()).collect();
    if told.is_empty() {
        return Err(Failure::wrong(
            "no connection of this pipeline is to a system that has webhooks",
            "its flows look at intervals: `run every 15m`",
        ));
    }
    Ok(told)
}

fn opened<'a>(line: &'a Line<'_>) -> Result<&'a dyn Connector, Failure> {
    match &line.open {
        Ok(open) => Ok(open.as_ref()),
        Err(failure) => {
            Err(Failure { exit: failure.exit, message: failure.message.clone(), hint: failure.hint.clone() })
        }
    }
}

/// The resources of the connection whose changes the flows wait for.
fn wanted(program: &Program, connection: &str) -> BTreeSet<String> {
    let waiting = program.flows().iter().filter(|flow| flow.schedule().run == Some(RunWhen::Webhook));
    let sources = waiting.map(crate::program::Flow::source).filter(|source| *source.connection == *connection);
    sources.map(|source| source.resource.to_string()).collect()
}

fn name(program: &Program, line: &Line<'_>) -> String {
    format!("{}.{}", program.name(), line.connection.name)
}

/// As it stands in a URL.
fn in_path(name: &str) -> String {
    let write = |byte: u8| match byte {
        b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    name.bytes().map(write).collect()
}

/// What stands before `/webhooks`; encrypted, or on this machine.
fn base(url: &str) -> Result<&str, Failure> {
    let base = url.trim_end_matches('/');
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"]
        .iter()
        .any(|here| base.strip_prefix(here).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/'])));
    let host = base.strip_prefix("https://").map_or("", |rest| rest.split('/').next().unwrap_or(""));
    let plain = base.bytes().all(|byte| byte.is_ascii_graphic()) && !base.contains(['?', '#', '@']);
    if plain && (local || !host.is_empty()) {
        return Ok(base);
    }
    Err(Failure::wrong(
        format!("--url {url} is no address that deliveries may be sent to"),
        "write where `mlc serve` is reached from outside, such as https://mlc.acme.example",
    ))
}

fn failed(line: &Line<'_>, error: &Error) -> Failure {
    Failure::world(format!("connection `{}`: {}", line.connection.name, error.message), error.mend.clone())
}

fn ended(seen: &[(&Line<'_>, HookChanges)]) -> Exit {
    let refused = seen.iter().any(|(_, changes)| !changes.refused.is_empty());
    if refused { Exit::Attention } else { Exit::Well }
}

fn tell(
    program: &Program,
    seen: &[(&Line<'_>, HookChanges)],
    sandbox: bool,
    dry: bool,
    of: &HooksPlace,
) -> Result<(), Failure> {
    if of.printing.format == Format::Json {
        let connections = seen.iter().map(|(line, changes)| {
            json!({
                "name": *line.connection.name,
                "standing": changes.standing,
                "changes": changes.changes.iter().map(change_json).collect::<Vec<_>>(),
                "refused": changes.refused,
            })
        });
        let connections: Vec<Value> = connections.collect();
        let name = program.name();
        return say_json(&json!({ "pipeline": name, "sandbox": sandbox, "dry_run": dry, "connections": connections }));
    }
    let mut text = head(program, sandbox);
    for (line, changes) in seen {
        let _ = writeln!(text, "\n{BOLD}{}{BOLD:#}", line.connection.name);
        text.push_str(&changes_text(changes, dry));
    }
    say(&text)
}

fn changes_text(changes: &HookChanges, dry: bool) -> String {
    let mut text = String::new();
    let standing = count(changes.standing as u64, "hook stands", "hooks stand");
    if changes.is_empty() {
        let _ = writeln!(text, "{GOOD}nothing to change{GOOD:#}: {standing} as wanted");
        return text;
    }
    let mut grid = Grid::new(&["Hook", "In", if dry { "Would be" } else { "Was" }]);
    for change in &changes.changes {
        let hook = change.hook.clone().unwrap_or_else(|| "new".to_owned());
        grid.row([hook, place_of(change.scope.as_deref()), words(change)]);
    }
    if !changes.changes.is_empty() {
        let _ = write!(text, "\n{}", grid.render());
    }
    for refused in &changes.refused {
        let _ = writeln!(text, "{BAD}not taken{BAD:#} {refused}");
    }
    let number = count(changes.changes.len() as u64, "change", "changes");
    let _ = writeln!(text, "\n{number}{}; {standing} as wanted", if dry { " to be made" } else { "" });
    text
}

fn words(change: &HookChange) -> String {
    match &change.what {
        HookChangeKind::Created => "made".to_owned(),
        HookChangeKind::Redirected => "sent to the new address".to_owned(),
        HookChangeKind::SecretGiven => "given the secret".to_owned(),
        HookChangeKind::Reactivated => "woken: it had been disabled".to_owned(),
        HookChangeKind::Added(names) => format!("told to tell of {}", names.join(", ")),
        HookChangeKind::Dropped(names) => format!("told no longer to tell of {}", names.join(", ")),
        HookChangeKind::Removed => "removed".to_owned(),
    }
}

fn change_json(change: &HookChange) -> Value {
    let (what, names): (&str, &[String]) = match &change.what {
        HookChangeKind::Created => ("created", &[]),
        HookChangeKind::Redirected => ("redirected", &[]),
        HookChangeKind::SecretGiven => ("secret_given", &[]),
        HookChangeKind::Reactivated => ("reactivated", &[]),
        HookChangeKind::Added(names) => ("added", names),
        HookChangeKind::Dropped(names) => ("dropped", names),
        HookChangeKind::Removed => ("removed", &[]),
    };
    json!({ "hook": change.hook, "scope": change.scope, "what": what, "triggers": names })
}

fn hook_json(hook: &Hook, ours: bool) -> Value {
    let trigger = |trigger: &webhook::Trigger| json!({ "resource": trigger.named, "event": trigger.event.name() });
    json!({
        "id": hook.id,
        "ours": ours,
        "namespace": hook.namespace,
        "scope": hook.scope,
        "status": hook.status.name(),
        "form": hook.form,
        "destination": hook.destination,
        "triggers": hook.triggers.iter().map(trigger).collect::<Vec<_>>(),
    })
}

fn discarded_json(one: &Discarded) -> Value {
    json!({
        "hook": one.hook,
        "delivery": one.notice.delivery,
        "resource": one.notice.resource,
        "named": one.notice.named,
        "event": one.notice.event.name(),
        "record": one.notice.record,
        "scope": one.notice.scope,
        "at": one.at.map(crate::value::Timestamp::whole_seconds),
        "status": one.status,
        "said": one.said,
    })
}

fn place_of(scope: Option<&str>) -> String {
    scope.unwrap_or("the company").to_owned()
}

fn head(program: &Program, sandbox: bool) -> String {
    let mut text = format!("{BOLD}{}{BOLD:#}\n", program.name());
    if sandbox {
        let _ = writeln!(text, "{WAITING}{SANDBOX}{WAITING:#}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{base, in_path};

    #[test]
    fn deliveries_go_to_encrypted_addresses_or_to_this_machine() {
        for good in
            ["https://mlc.acme.example", "https://acme.example/mlc/", "http://127.0.0.1:8080", "http://localhost"]
        {
            assert_eq!(base(good).ok(), Some(good.trim_end_matches('/')), "{good}");
        }
        for bad in [
            "http://mlc.acme.example",
            "mlc.acme.example",
            "https://",
            "http://127.0.0.1.acme.example",
            "https://acme.example/?a=b",
            "https://user@acme.example",
        ] {
            assert!(base(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_written_so_that_it_stays_one_part_of_the_path() {
        assert_eq!(in_path("acme builders/2.erp"), "acme%20builders%2F2.erp");
    }
}
