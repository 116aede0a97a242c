//! The command line, and the place where all parts are put together.
//!
//! Takes what was typed; hands on an exit code: 0 all well; 1 something is held,
//! rejected, failed or in doubt; 2 the pipeline or the command line is wrong; 3 the world is.

mod actor;
mod adopt;
mod align;
mod approve;
mod arguments;
mod audit;
mod backtest;
mod backup;
mod bless;
mod capture;
mod check;
mod compose;
mod confirm;
mod console;
mod costs;
mod difference;
mod exit;
mod explain;
mod first_run;
mod fmt;
mod folder;
mod grid;
mod hook_secret;
mod hooks;
mod identity;
mod init;
mod logging;
#[cfg(feature = "lsp")]
mod lsp;
mod mends;
mod opener;
mod pages;
mod ping;
mod pipelines;
mod preview;
mod progress;
mod reconcile;
mod replay;
mod report;
mod restore;
mod run;
mod sandbox;
mod schema;
mod scratch;
mod screen;
mod season;
mod serve;
mod show;
mod simulate;
#[cfg(feature = "otlp")]
mod spans;
mod state;
mod status;
mod test;
mod text;
mod upkeep;
mod vault;
mod vault_fields;
mod why;
mod written;

use arguments::{Cli, Command, Play};
use clap::{ArgMatches, CommandFactory, FromArgMatches};
use exit::{Exit, Failure, Outcome};
use std::future::Future;
use std::process::ExitCode;

/// Runs the command that was typed.
pub fn main() -> ExitCode {
    let exit = match parse() {
        Ok((cli, matches)) => dispatch(&cli, &matches).unwrap_or_else(|failure| {
            screen::complain(&failure);
            failure.exit
        }),
        Err(exit) => exit,
    };
    ExitCode::from(exit as u8)
}

/// The whole command line, with the options that the list of connectors brings.
fn command() -> clap::Command {
    Cli::command().mut_subcommand("sandbox", sandbox::with_addresses)
}

/// What was typed. clap prints help, version and mistakes itself.
fn parse() -> Result<(Cli, ArgMatches), Exit> {
    let parsed = command().try_get_matches().and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    parsed.map_err(|error| {
        // A reader that has gone away needs no help.
        let _ = error.print();
        if error.use_stderr() { Exit::Wrong } else { Exit::Well }
    })
}

fn dispatch(cli: &Cli, matches: &ArgMatches) -> Outcome {
    // A server has nobody who looks at its screen: what it does stands on standard error.
    let by_itself = matches!(cli.command, Command::Serve(_)).then_some("mlc=info");
    let _log = logging::start(&logging::Wanted {
        verbose: cli.verbose,
        filter: cli.log.as_deref().or(by_itself.filter(|_| !cli.verbose)),
        format: cli.log_format,
        collector: cli.collector.as_deref(),
    })?;
    match &cli.command {
        Command::Check(arguments) => check::run(arguments),
        Command::Fmt(arguments) => fmt::run(arguments),
        Command::Plan(arguments) => block_on(run::plan(arguments)),
        Command::Run(arguments) => block_on(run::run(arguments)),
        Command::Test(arguments) => test::run(arguments),
        Command::Init(arguments) => init::run(arguments),
        Command::Status(arguments) => status::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Why(arguments) => block_on(why::run(arguments)),
        Command::Approve(arguments) => block_on(approve::yes(arguments)),
        Command::Reject(arguments) => block_on(approve::no(arguments)),
        Command::Replay(arguments) => block_on(replay::run(arguments)),
        Command::Backtest(arguments) => block_on(backtest::run(arguments)),
        Command::Ping(arguments) => block_on(ping::run(arguments)),
        Command::Adopt(arguments) => block_on(adopt::run(arguments)),
        Command::Align(arguments) => block_on(align::run(arguments)),
        Command::Vault(arguments) => vault::run(arguments),
        Command::Reconcile(arguments) => block_on(reconcile::run(arguments)),
        Command::Schema(arguments) => schema::run(arguments),
        Command::Hooks(arguments) => block_on(hooks::run(arguments)),
        Command::Console(arguments) => console::run(arguments),
        Command::Serve(arguments) => block_on(serve::run(arguments)),
        Command::Sandbox(arguments) => {
            if let Some(Play::Simulate(arguments)) = &arguments.play {
                return simulate::run(arguments);
            }
            let addresses = matches.subcommand_matches("sandbox").map(sandbox::addresses).unwrap_or_default();
            block_on(sandbox::run(arguments, &addresses))
        }
        Command::Explain(arguments) => explain::run(arguments),
        Command::Audit(arguments) => audit::run(arguments),
        Command::Backup(arguments) => block_on(backup::run(arguments)),
        Command::Restore(arguments) => block_on(restore::run(arguments, false)),
        Command::State(arguments) => block_on(upkeep::run(arguments)),
        #[cfg(feature = "lsp")]
        Command::Lsp => lsp::run(),
        Command::Completions { shell } => pages::completions(command(), *shell),
        Command::Man => pages::manual(command()),
    }
}

/// The only place where a runtime is made.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Failure::world(format!("no threads can be started: {error}"), "give the process more room and try again")
    })?;
    runtime.block_on(work)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_sound() {
        super::command().debug_assert();
    }
}
