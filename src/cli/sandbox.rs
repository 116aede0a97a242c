//! `mlc sandbox`: the sandbox's systems on loopback, until somebody stops it.
//!
//! The ready line is the one thing on standard output. It says the URL of each system
//! and the credentials to use, as assignments that a shell can read.

use super::arguments::{self, Format};
use super::exit::{Exit, Failure, Outcome};
use super::screen::{note, say};
use crate::connectors::drivers;
use crate::host::{self, signal};
use crate::sandbox::{Faults, Sandbox, SandboxOptions, Served, bind, serve};
use crate::value::{Value, to_json};
use clap::{Arg, ArgMatches, Command};
use secrecy::ExposeSecret;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;

/// One option a connector: `--NAME ADDR`.
pub fn with_addresses(command: Command) -> Command {
    drivers().iter().fold(command, |command, driver| {
        let title = &(driver.catalogue)().title;
        command.arg(
            Arg::new(driver.name)
                .long(driver.name)
                .value_name("ADDR")
                .value_parser(clap::value_parser!(SocketAddr))
                .help(format!("Serve {title} at this loopback address, such as 127.0.0.1:0 for any free port")),
        )
    })
}

/// The addresses that were given.
pub fn addresses(matches: &ArgMatches) -> Vec<(&'static str, SocketAddr)> {
    drivers().iter().filter_map(|driver| Some((driver.name, *matches.get_one::<SocketAddr>(driver.name)?))).collect()
}

pub async fn run(arguments: &arguments::Sandbox, addresses: &[(&str, SocketAddr)]) -> Outcome {
    if addresses.is_empty() {
        let flags: Vec<String> = drivers().iter().map(|driver| format!("--{} 127.0.0.1:0", driver.name)).collect();
        return Err(Failure::wrong("nothing to serve", format!("mlc sandbox {}", flags.join(" "))));
    }
    let faults = Faults::parse(&arguments.make.faults)
        .map_err(|error| Failure::wrong(format!("--faults: {error}"), "write such as `429=5%,timeout=1%,lost=1%`"))?;
    // Time is real for those who come from outside; where its books are ahead of it, it goes on from there.
    let options = SandboxOptions { seed: arguments.make.seed, faults, speed: Some(1), ..SandboxOptions::default() };
    let sandbox = Arc::new(Sandbox::open(arguments.state.as_deref(), drivers(), options)?);
    sandbox.not_before(host::world().clock.now());
    let served = bind(&sandbox, addresses).await?;
    say(&if arguments.printing.format == Format::Json { ready_json(&sandbox, &served) } else { ready(&served) })?;
    note(&how_to_use(&served));
    serve(served, host::world().transport, signal::stop()).await?;
    Ok(Exit::Well)
}

/// `ready NAME=http://127.0.0.1:4001 NAME_CLIENT_ID=…`
fn ready(served: &[Served]) -> String {
    let mut words = vec!["ready".to_owned()];
    words.extend(served.iter().map(|one| format!("{}={}", one.driver, one.settings.text("url").unwrap_or(&one.url))));
    words.extend(served.iter().flat_map(variables).map(|(name, value)| format!("{name}={value}")));
    words.join(" ") + "\n"
}

fn ready_json(sandbox: &Sandbox, served: &[Served]) -> String {
    let systems: serde_json::Map<String, serde_json::Value> = served
        .iter()
        .map(|one| {
            let settings: serde_json::Map<_, _> =
                one.settings.0.iter().map(|(name, value)| (name.clone(), to_json(value))).collect();
            let environment: serde_json::Map<_, _> =
                variables(one).into_iter().map(|(name, value)| (name, value.into())).collect();
            let about = json!({ "url": one.settings.text("url").unwrap_or(&one.url), "settings": settings, "environment": environment });
            (one.driver.to_owned(), about)
        })
        .collect();
    json!({ "ready": true, "sandbox": true, "seed": sandbox.seed, "systems": systems }).to_string() + "\n"
}

/// The sandbox's credentials are made up, and are good for the sandbox alone.
fn variables(one: &Served) -> Vec<(String, String)> {
    let prefix = one.driver.to_uppercase();
    one.credential
        .fields
        .iter()
        .map(|(name, secret)| (format!("{prefix}_{}", name.to_uppercase()), secret.expose_secret().to_owned()))
        .collect()
}

fn how_to_use(served: &[Served]) -> String {
    let mut text = "sandbox: nothing real is behind these addresses. In a pipeline:\n\n".to_owned();
    for one in served {
        text.push_str(&format!("connect {} {{\n", one.driver));
        for (name, value) in &one.settings.0 {
            let shown = match value {
                Value::Text(text) => format!("\"{text}\""),
                other => other.to_string(),
            };
            text.push_str(&format!("  {name} = {shown}\n"));
        }
        text.push_str(&format!("  credentials = env(\"{}\")\n}}\n\n", one.driver.to_uppercase()));
    }
    text.push_str("Ctrl-C stops it.\n");
    text
}
