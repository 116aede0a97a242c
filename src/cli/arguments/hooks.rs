//! `mlc hooks`, as it is typed.

use super::{Place, Printing, Vars};
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
#[command(after_help = "\
What is wanted stands in the pipeline: the resources of the flows that `run on webhook`.
Deliveries go to URL/webhooks/SYSTEM/PIPELINE.CONNECTION, where `mlc serve` takes them.
Each brings along the `webhook_secret` of the connection's credential.

Only hooks of this pipeline and connection are ever changed. A command that is typed again
finds everything as it is wanted, and changes nothing.

Exit codes: 0 all well; 1 something was not taken, or was discarded; 2 the pipeline or the
command line is wrong; 3 the world is (network, credentials, disk).")]
pub struct Hooks {
    #[command(subcommand)]
    pub command: HooksCommand,
}

#[derive(Debug, Subcommand)]
pub enum HooksCommand {
    /// Make, mend and remove hooks until they are as the pipeline wants them
    Sync(HooksSync),
    /// List the hooks that are registered, those of others too
    List(HooksPlace),
    /// Remove every hook of this pipeline
    Remove(HooksRemove),
    /// List deliveries that the other side gave up: what they tell of was not heard here
    Discarded(HooksDiscarded),
}

/// Which pipeline, and which of its connections.
#[derive(Debug, Args)]
pub struct HooksPlace {
    #[command(flatten)]
    pub place: Place,
    /// Only this connection
    #[arg(long, value_name = "NAME")]
    pub connection: Option<String>,
    #[command(flatten)]
    pub vars: Vars,
    #[command(flatten)]
    pub printing: Printing,
}

#[derive(Debug, Args)]
pub struct HooksSync {
    #[command(flatten)]
    pub of: HooksPlace,
    /// Where `mlc serve` is reached from outside, such as <https://mlc.acme.example>
    #[arg(long, value_name = "URL")]
    pub url: String,
    /// Change the secret: makes a new one and keeps it in the vault, and the one before beside it
    #[arg(long)]
    pub rotate: bool,
    /// Say what would be changed, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct HooksRemove {
    #[command(flatten)]
    pub of: HooksPlace,
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct HooksDiscarded {
    #[command(flatten)]
    pub of: HooksPlace,
    /// How far to look back, such as `12h` or `7d`
    #[arg(long, value_name = "LENGTH", default_value = "2d")]
    pub since: String,
}
