//! The command line, as it is typed.

mod console;
mod hooks;
mod keeping;
mod log;
mod serve;
mod vault;
mod why;

pub use console::*;
pub use hooks::*;
pub use keeping::*;
pub use log::*;
pub use serve::*;
pub use vault::*;
pub use why::*;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Moves construction costs between systems as a pipeline file says, exactly once.
#[derive(Debug, Parser)]
#[command(name = "mlc", version, about, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "\
Exit codes: 0 all well; 1 something is held, rejected, failed or in doubt;
2 the pipeline or the command line is wrong; 3 the world is (network, credentials, disk).")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Say on standard error what happens inside; MLC_LOG takes a filter such as `mlc=debug`
    #[arg(long, short, global = true)]
    pub verbose: bool,
    #[arg(long, env = "MLC_LOG", hide = true, global = true)]
    pub log: Option<String>,
    /// How it is said: for people, or one JSON object a line with the ids of run and record
    #[arg(long, value_enum, value_name = "FORMAT", env = "MLC_LOG_FORMAT", global = true)]
    pub log_format: Option<LogFormat>,
    #[arg(long, env = "MLC_OTLP_ENDPOINT", hide = true, global = true)]
    pub collector: Option<String>,
}

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find what is wrong in a pipeline, with the place and the mend
    Check(Check),
    /// Lay pipeline files out in the one form, keeping every comment
    Fmt(Fmt),
    /// Say what a run would post, hold and reject, and at how many requests; writes nothing
    Plan(Plan),
    /// Run a pipeline
    Run(Run),
    /// Run the tests that stand in a pipeline; needs no network and no state
    Test(Test),
    /// Write a pipeline to begin with, its table and its test
    Init(Init),
    /// List the records that wait for somebody, with the reason
    Status(Status),
    /// Tell one record's whole story
    Show(Show),
    /// Say where a value of a record comes from: the line, the source fields, the lookup row
    Why(Why),
    /// Say yes to a record that waits for approval
    Approve(Approve),
    /// Say no to a record that waits, with the reason
    Reject(Reject),
    /// Try again what was held, rejected, failed or is in doubt: the records that you name, they alone
    Replay(Replay),
    /// Say which past postings an edited pipeline would have made otherwise; sends and writes nothing
    Backtest(Backtest),
    /// Look at both systems before a run does: credentials, permissions, names, clocks; writes nothing
    Ping(Ping),
    /// Say which codes in use have no row in a lookup yet; write the table to complete
    Align(Align),
    /// Keep credentials encrypted, for pipelines that say `credentials = vault("NAME")`
    Vault(Vault),
    /// Close a month: what is approved, what stands in the ledger, and why the two differ
    Reconcile(Reconcile),
    /// Take what people keyed into the other side by hand for the records that it belongs to
    Adopt(Adopt),
    /// Show what connectors, resources and fields there are
    Schema(Schema),
    /// Ask the other side to tell of changes by itself, for flows that `run on webhook`
    Hooks(Hooks),
    /// Serve many customers: schedules, webhooks, the console
    Serve(Serve),
    /// Say who may sign in to the console of `mlc serve`
    #[command(subcommand)]
    Console(Console),
    /// Serve the sandbox on loopback, for pipelines that name its URLs and for other programs
    Sandbox(Sandbox),
    /// Explain an error code, or list them all
    Explain(Explain),
    /// Read and verify the log of all that was done
    #[command(subcommand)]
    Audit(Audit),
    /// Write the state into one file, also while a run is going
    Backup(Backup),
    /// Put a backup in the place of the state
    Restore(Restore),
    /// Look after the state: repair, compact, prune, move to another machine
    #[command(subcommand)]
    State(State),
    /// Serve an editor: the language server, over standard input and output
    #[cfg(feature = "lsp")]
    Lsp,
    /// Print a completion script for a shell
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(hide = true)]
    Man,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    #[default]
    Text,
    Json,
}

/// For people, or for programs.
#[derive(Debug, Args)]
pub struct Printing {
    /// How the result is printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

/// Which pipeline, and where its state lies.
#[derive(Debug, Args)]
pub struct Place {
    /// The pipeline file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where state is kept [default: `.mlc` beside the pipeline file]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Run against the sandbox, whatever the connections say
    #[arg(long)]
    pub sandbox: bool,
}

/// What the pipeline's variables are set to.
#[derive(Debug, Args)]
pub struct Vars {
    /// Set a variable of the pipeline, such as `limit=300000`; may be given several times
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub vars: Vec<String>,
}

/// How the sandbox is made.
#[derive(Debug, Args)]
pub struct Make {
    /// The sandbox's seed [default: that of the sandbox that is there, else 1]
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Let the sandbox misbehave, such as `429=5%,500=5%,timeout=5%,lost=5%`
    #[arg(long, value_name = "FAULTS", default_value = "", hide_default_value = true)]
    pub faults: String,
}

#[derive(Debug, Args)]
pub struct Check {
    /// The pipeline file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub vars: Vars,
    #[command(flatten)]
    pub printing: Printing,
}

#[derive(Debug, Args)]
pub struct Fmt {
    /// Pipeline files; `-` reads standard input and writes to standard output
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Write nothing; show what differs, and end with 1 if anything does
    #[arg(long)]
    pub check: bool,
}

#[derive(Debug, Args)]
pub struct Plan {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub vars: Vars,
    #[command(flatten)]
    pub make: Make,
    #[command(flatten)]
    pub printing: Printing,
    /// Only this flow; may be given several times
    #[arg(long = "flow", value_name = "NAME")]
    pub flows: Vec<String>,
    /// The connections lead to the same systems as in the last run, under other addresses
    #[arg(long)]
    pub moved: bool,
    /// Try again what the other side refused, when the cause was mended over there
    #[arg(long)]
    pub retry: bool,
    /// No progress on standard error
    #[arg(long, short)]
    pub quiet: bool,
}

#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    pub plan: Plan,
    /// Do not ask before the first run on a live system
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
A test gives a flow one record and says how it leaves:

  test \"retainage is held back\" {
    flow subcontractor_invoices
    given { status = \"approved\"  items = [ { net_amount = 9_000.00 } ] }
    given project { project_number = \"24-011\" }
    with vendor(101) => { name = \"Ash Concrete\"  origin_code = \"S00417\" }
    expect posted { total == 9_000.00, lines[0].gl_account == \"5100\" }
  }

Fields that are left out are absent; those that are always there get a neutral value
(`mlc explain E0706`). Instead of `{ … }` stands `json \"FILE\"` for one record as the
system sends it. Lookups that a run reads from a resource have the rows of `with` only;
nothing is verified.

Exit codes: 0 all pass; 1 one fails; 2 the pipeline or the command line is wrong.")]
pub struct Test {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub vars: Vars,
    #[command(flatten)]
    pub printing: Printing,
    /// Only tests that have this in their name
    #[arg(long, value_name = "NAME")]
    pub filter: Option<String>,
    /// Write what happened into the `expect` of each test that fails; all else stays as it is
    #[arg(long)]
    pub bless: bool,
    /// Make a fixture and a test out of a record that a run has seen
    #[arg(long, value_name = "RECORD", conflicts_with_all = ["filter", "bless"])]
    pub capture: Option<String>,
    /// With --capture: put `redacted` in place of the texts of this field, wherever it stands
    #[arg(long = "redact", value_name = "FIELD", requires = "capture", value_delimiter = ',')]
    pub redacted: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Init {
    /// The folder that it is written to
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
}

#[derive(Debug, Args)]
pub struct Status {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub printing: Printing,
    /// Only records with this outcome
    #[arg(long, value_name = "OUTCOME", value_parser = ["posted", "skipped", "held", "rejected", "failed", "in_doubt"])]
    pub outcome: Option<String>,
    /// All records, also those that nobody has to look at
    #[arg(long, conflicts_with = "outcome")]
    pub all: bool,
}

#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    pub place: Place,
    /// The record: its key, its number, or any part of them that only one record has
    #[arg(value_name = "RECORD")]
    pub record: String,
    #[command(flatten)]
    pub printing: Printing,
}

#[derive(Debug, Args)]
pub struct Approve {
    #[command(flatten)]
    pub place: Place,
    /// The record: its key, its number, or any part of them that only one record has
    #[arg(value_name = "RECORD")]
    pub record: String,
    /// Who approves
    #[arg(long, value_name = "NAME", env = "USER", hide_env_values = true, default_value = "")]
    pub by: String,
    /// Why; it stands in the log
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,
    #[command(flatten)]
    pub printing: Printing,
}

#[derive(Debug, Args)]
#[command(after_help = "\
A record that is refused is rejected with that reason. It is looked at again when its source
or the pipeline changes, or on `mlc replay`, and not on each run.")]
pub struct Reject {
    #[command(flatten)]
    pub place: Place,
    /// The record: its key, its number, or any part of them that only one record has
    #[arg(value_name = "RECORD")]
    pub record: String,
    /// Who refuses it
    #[arg(long, value_name = "NAME", env = "USER", hide_env_values = true, default_value = "")]
    pub by: String,
    /// Why; it stands in the log, and beside the record for whoever mends it
    #[arg(long, value_name = "TEXT")]
    pub because: String,
    #[command(flatten)]
    pub printing: Printing,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true).args(["records", "failed", "run"]))]
#[command(after_help = "\
First says, record by record, what became of it the last time and what would be sent now.
Without --yes it then asks; with --dry-run it ends there. What is sent is what was shown:
a record that maps to something else by then is left as it was.

A record is mapped by today's pipeline and lookups, out of what was stored when it was last
read, or with --remap out of what its source shows now. Everything else is as in a run:
nothing is sent before the other side was asked for it, and what waits for approval waits.
No other record is touched, and what stands posted is never replayed.

Exit codes are those of `run`.")]
pub struct Replay {
    #[command(flatten)]
    pub place: Place,
    /// The records: the key, the number, or any part of them that only one record has
    #[arg(value_name = "RECORD", conflicts_with_all = ["failed", "run"])]
    pub records: Vec<String>,
    /// All records that have failed
    #[arg(long)]
    pub failed: bool,
    /// All parked records as this run left them; with --failed, those of it that failed
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
    /// Read them from their source again, in place of what was stored
    #[arg(long)]
    pub remap: bool,
    /// Why; it stands in the log
    #[arg(
        long,
        value_name = "TEXT",
        required_unless_present = "dry_run",
        default_value = "",
        hide_default_value = true
    )]
    pub because: String,
    /// Who wants it
    #[arg(long, value_name = "NAME", env = "USER", hide_env_values = true, default_value = "")]
    pub by: String,
    /// Say what would be sent, and send nothing
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    #[command(flatten)]
    pub vars: Vars,
    #[command(flatten)]
    pub make: Make,
    #[command(flatten)]
    pub printing: Printing,
    /// The connections lead to the same systems as in the last run, under other addresses
    #[arg(long)]
    pub moved: bool,
    /// No progress on standard error
    #[arg(long, short)]
    pub quiet: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Maps the records that the state keeps with the pipeline as the file says it now, and holds
the result against what became of them: edit the file (or a copy of it, with --state for
the state of the first), then look what that would have meant. Asks no system: the rows of
lookups and the lists of `match` are those that the last runs have read.

Exit codes: 0 nothing would differ; 1 something would; 2 the pipeline or the command line
is wrong; 3 a flow could not be reckoned, since what it looks up was never kept.")]
pub struct Backtest {
    #[command(flatten)]
    pub place: Place,
    /// Only records that moved since then, such as 2026-10-01
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// Only this flow; may be given several times
    #[arg(long = "flow", value_name = "NAME")]
    pub flows: Vec<String>,
    #[command(flatten)]
    pub vars: Vars,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: TableFormat,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 nothing is bad, though somebody may have to look at something; 2 the pipeline
or the command line is wrong; 3 something is bad.")]
pub struct Ping {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub vars: Vars,
    #[command(flatten)]
    pub printing: Printing,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Reads what the flows read, and asks each lookup what the mapping would ask of it, drafts
and other records that are not wanted yet among them. Nothing is written to any system.

Exit codes: 0 every code has a row; 1 some have none; 2 the pipeline or the command line
is wrong; 3 a source or a list of codes cannot be read.")]
pub struct Align {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub vars: Vars,
    #[command(flatten)]
    pub make: Make,
    #[command(flatten)]
    pub printing: Printing,
    /// Only this flow; may be given several times
    #[arg(long = "flow", value_name = "NAME")]
    pub flows: Vec<String>,
    /// Only this lookup
    #[arg(long, value_name = "NAME")]
    pub lookup: Option<String>,
    /// Look at records that changed in so many days
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub days: u32,
    /// Write the rows to complete to this file, a .csv or an .xlsx
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// No progress on standard error
    #[arg(long, short)]
    pub quiet: bool,
}

/// How a table is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    #[default]
    Text,
    Json,
    Csv,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Compares what the flows would post with what stands in the target and is not this
pipeline's. Nothing is sent to any system: what is adopted is linked in the state, with the
evidence in the log, and no run posts it again.

  certain         party, reference (however written) and amount are the same: adopted
  likely          party and amount are, and the day or the end of the reference: with --likely
  ambiguous       several fit as well: only by name, RECORD=REFERENCE
  another amount  party and reference are the same: never; correct one of both first

Shows first what it would adopt, and asks; without a terminal, --yes says so.

Exit codes: 0 nothing is left to be looked at; 1 something is; 2 the pipeline or the command
line is wrong; 3 a source or the target cannot be read.")]
pub struct Adopt {
    #[command(flatten)]
    pub place: Place,
    /// Adopt only these: a record (its key or its number), and how the other side calls it
    #[arg(value_name = "RECORD=REFERENCE")]
    pub pairs: Vec<String>,
    #[command(flatten)]
    pub vars: Vars,
    #[command(flatten)]
    pub make: Make,
    /// Only this flow; may be given several times
    #[arg(long = "flow", value_name = "NAME")]
    pub flows: Vec<String>,
    /// Only records that bear this day or a later one, such as `2026-07-01`
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// Adopt what is likely too
    #[arg(long, conflicts_with = "pairs")]
    pub likely: bool,
    /// Adopt without asking
    #[arg(long)]
    pub yes: bool,
    /// Who says so
    #[arg(long, value_name = "NAME", env = "USER", hide_env_values = true, default_value = "")]
    pub by: String,
    /// Why; it stands in the log
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,
    /// The connections lead to the same systems as in the last run, under other addresses
    #[arg(long)]
    pub moved: bool,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: TableFormat,
    /// No progress on standard error
    #[arg(long, short)]
    pub quiet: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Reads both sides afresh and believes neither the other nor its own log. A paper belongs to
the period in which it is posted: by the posting date of its record in the ledger, or of
what the pipeline makes of it. Nothing is written to any system.

Exit codes: 0 both sides agree to the cent; 1 there are differences, or something could not
be read; 2 the pipeline or the command line is wrong; 3 a system cannot be reached.")]
pub struct Reconcile {
    #[command(flatten)]
    pub place: Place,
    /// The month, such as `2026-10`; also a year, or `2026-10-01..2026-10-15`
    #[arg(long, value_name = "PERIOD")]
    pub period: String,
    #[command(flatten)]
    pub vars: Vars,
    #[command(flatten)]
    pub make: Make,
    #[command(flatten)]
    pub printing: Printing,
    /// Only this flow; may be given several times
    #[arg(long = "flow", value_name = "NAME")]
    pub flows: Vec<String>,
    /// Write it to this file, a .csv, an .xlsx or an .html; may be given several times
    #[arg(long, value_name = "FILE")]
    pub out: Vec<PathBuf>,
    /// Tell the papers that agree as well
    #[arg(long)]
    pub all: bool,
    /// No progress on standard error
    #[arg(long, short)]
    pub quiet: bool,
}

#[derive(Debug, Args)]
pub struct Schema {
    /// A connector, or one of its resources, such as `erp.suppliers`
    #[arg(value_name = "RESOURCE")]
    pub resource: Option<String>,
    /// List the functions that a mapping may call
    #[arg(long, conflicts_with = "resource")]
    pub functions: bool,
    #[command(flatten)]
    pub printing: Printing,
}

/// Beside these there is one option for each connector: `--NAME ADDR`.
/// What can be played in a sandbox beside being served.
#[derive(Debug, Subcommand)]
pub enum Play {
    /// Let the engine live through bad days that seeds make, and compare both books with what should stand there
    Simulate(Simulate),
}

#[derive(Debug, Args)]
pub struct Simulate {
    /// How many seeds
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    pub seeds: u64,
    /// The first of them
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub from: u64,
    /// How many at once
    #[arg(long, value_name = "NUMBER", default_value_t = 2)]
    pub threads: usize,
    /// Print what happened, line by line
    #[arg(long)]
    pub story: bool,
    /// In place of seeds: let `mlc serve` live for so many days, on virtual time, and look whether every schedule is met
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["seeds", "story"], value_parser = clap::value_parser!(u64).range(1..=366))]
    pub days: Option<u64>,
    /// With --days: for so many customers
    #[arg(long, value_name = "NUMBER", default_value_t = 40, requires = "days", value_parser = clap::value_parser!(u64).range(1..=99))]
    pub customers: u64,
    #[command(flatten)]
    pub printing: Printing,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Sandbox {
    #[command(subcommand)]
    pub play: Option<Play>,
    #[command(flatten)]
    pub make: Make,
    /// Keep what is posted in this folder, and go on with what is there
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    #[command(flatten)]
    pub printing: Printing,
}

#[derive(Debug, Args)]
pub struct Explain {
    /// A code such as `E0203`
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}
