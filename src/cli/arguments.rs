//! The command line, as it is typed.

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
    /// Say yes to a record that waits for approval
    Approve(Approve),
    /// Try again what was held, rejected, failed or is in doubt: the records that you name, they alone
    Replay(Replay),
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
    /// Serve the sandbox on loopback, for pipelines that name its URLs and for other programs
    Sandbox(Serve),
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
The vault is one file that only its owner may read, locked by one of these:

  MLC_VAULT_PASSPHRASE   a passphrase; asked for at a terminal where nothing is set
  MLC_VAULT_KEY_FILE     a file with a key, mode 0600; `mlc vault key FILE` writes one
  MLC_VAULT_KEY          the key itself

MLC_VAULT names the file [default: mlc/vault in the user's configuration folder].
Secrets are typed at a prompt, or read from standard input, one `field=value` a line or
one JSON object; they are never given on the command line.

Exit codes: 0 all well; 2 the command line is wrong; 3 the vault cannot be opened or written.")]
pub struct Vault {
    #[command(subcommand)]
    pub command: VaultCommand,
    /// The vault's file [env: MLC_VAULT]
    #[arg(long, value_name = "FILE", global = true)]
    pub vault: Option<PathBuf>,
    /// A file with the key [env: MLC_VAULT_KEY_FILE]
    #[arg(long, value_name = "FILE", global = true)]
    pub key_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum VaultCommand {
    /// Keep a credential; its fields are typed, or read from standard input
    Set(VaultSet),
    /// List what is kept: names, fields and when; never a secret
    List(Printing),
    /// Forget a credential
    Remove(VaultName),
    /// Lock the vault by a new passphrase or key; everything in it is encrypted anew
    Rotate(VaultRotate),
    /// Write a new key to a file
    Key(VaultKey),
    /// Take an older copy as the newest, when the newest is lost for good
    Accept,
}

#[derive(Debug, Args)]
pub struct VaultName {
    /// The credential's name, such as `acme/office`
    #[arg(value_name = "NAME")]
    pub name: String,
}

#[derive(Debug, Args)]
pub struct VaultSet {
    #[command(flatten)]
    pub name: VaultName,
    /// The connector that it is for [default: the name's last part, or that of before]
    #[arg(long = "for", value_name = "CONNECTOR")]
    pub system: Option<String>,
}

#[derive(Debug, Args)]
pub struct VaultRotate {
    /// A file with the new key [env: MLC_VAULT_NEW_KEY_FILE, or MLC_VAULT_NEW_PASSPHRASE, or MLC_VAULT_NEW_KEY]
    #[arg(long, value_name = "FILE")]
    pub new_key_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct VaultKey {
    /// The file, which must not be there yet
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
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
    #[command(flatten)]
    pub printing: Printing,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Serve {
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

#[derive(Debug, Subcommand)]
pub enum Audit {
    /// List the entries of the log
    List(AuditList),
    /// Prove that no entry was edited, dropped or reordered, and that what they name is there
    Verify(AuditVerify),
    /// Print the number, hash and time of the last entry, to be kept elsewhere
    Head(AuditHead),
    /// Write the log, or a part of it, for an auditor
    Export(AuditExport),
    /// Print a body that an entry names: what was read, sent or answered
    Payload(AuditPayload),
}

#[derive(Debug, Args)]
pub struct AuditList {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub printing: Printing,
    /// Begin with this entry [default: the latest ones]
    #[arg(long, value_name = "NUMBER")]
    pub from: Option<u64>,
    /// How many entries at most
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    pub most: usize,
}

#[derive(Debug, Args)]
pub struct AuditVerify {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub printing: Printing,
    /// Compare with a head that was kept elsewhere; may be given several times
    #[arg(long = "head", value_name = "FILE|NUMBER:HASH")]
    pub heads: Vec<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Who can change the state can also write the whole log anew. A head that lies elsewhere
shows it. Let the machine's scheduler note one after the last run of each day, in a file
that this account can add to and not change:

  55 23 * * *  mlc audit head /srv/acme/acme.mlc >> /mnt/worm/acme-heads.txt

and compare: mlc audit verify /srv/acme/acme.mlc --head /mnt/worm/acme-heads.txt")]
pub struct AuditHead {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub printing: Printing,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Without --pack, the log goes to standard output as lines of JSON. What is not selected is
there by its hash alone, so that the chain can be checked all the same.

  mlc audit export acme.mlc > log.ndjson
  mlc audit export acme.mlc --pack october.zip --period 2026-10")]
pub struct AuditExport {
    #[command(flatten)]
    pub place: Place,
    /// Begin with this entry, by its number or its day in UTC
    #[arg(long, value_name = "NUMBER|DAY", conflicts_with = "period")]
    pub from: Option<String>,
    /// End with this entry, by its number or its day in UTC
    #[arg(long, value_name = "NUMBER|DAY", conflicts_with = "period")]
    pub to: Option<String>,
    /// Only this month, such as 2026-10, in UTC
    #[arg(long, value_name = "MONTH")]
    pub period: Option<String>,
    /// Only this record: its key, its number, or any part of them that only one record has
    #[arg(long, value_name = "RECORD")]
    pub record: Option<String>,
    /// Only this run
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
    /// How it is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: ExportFormat,
    /// Write a ZIP archive with records, events, bodies and a page that verifies them
    #[arg(long, value_name = "FILE.zip")]
    pub pack: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// One entry a line, in the form that is hashed
    #[default]
    Ndjson,
}

#[derive(Debug, Args)]
pub struct AuditPayload {
    #[command(flatten)]
    pub place: Place,
    /// Its SHA-256, or so much of its beginning that only one has it
    #[arg(value_name = "SHA256")]
    pub name: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
While a run is going, that run writes the backup between two of its commits. The file is
proven to be whole before it gets its name: its checksum, and the chain of the audit log.")]
pub struct Backup {
    #[command(flatten)]
    pub place: Place,
    /// The file, which must not be there yet; or a folder, in which it is named by pipeline and time
    #[arg(value_name = "TO")]
    pub to: PathBuf,
    #[command(flatten)]
    pub printing: Printing,
}

#[derive(Debug, Args)]
#[command(after_help = "\
What was posted after the backup was made is not in it. The next run reads the sources from
there on, and asks the other side for the key of each record before it posts: nothing is
posted twice. What it finds there is held, to be looked at.")]
pub struct Restore {
    #[command(flatten)]
    pub place: Place,
    /// A file that `mlc backup` or `mlc state export` wrote
    #[arg(value_name = "BACKUP")]
    pub backup: PathBuf,
    /// A state that is there gives way; it is set aside, not deleted
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    pub printing: Printing,
}

#[derive(Debug, Subcommand)]
pub enum State {
    /// Write the state into one file, for another machine or another release
    Export(Backup),
    /// Take the state out of such a file
    Import(Import),
    /// Put a damaged state in order, as far as nothing is lost by it
    Repair(Repair),
    /// Give back the room that the state no longer needs
    Compact(Compact),
    /// Drop what was read, sent and answered long ago; the audit log stays whole
    Prune(Prune),
}

#[derive(Debug, Args)]
pub struct Import {
    #[command(flatten)]
    pub restore: Restore,
    /// The pipeline had another name when the file was written
    #[arg(long)]
    pub renamed: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
The damaged state is set aside, not deleted. Exit codes: 0 it is in order; 3 it is not, or
it would lose something and --accept-loss was not given.")]
pub struct Repair {
    #[command(flatten)]
    pub place: Place,
    /// Keep what is left, where not all of it is; what is lost is found by its key in the next run
    #[arg(long)]
    pub accept_loss: bool,
    #[command(flatten)]
    pub printing: Printing,
}

#[derive(Debug, Args)]
pub struct Compact {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub printing: Printing,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Dropped are payloads that no entry of the log names any more that is younger, and the reports
of older runs, but for the last hundred. Replay and backtest need a record's payload; so does
who wants to read what was sent. Records that wait for somebody keep theirs.")]
pub struct Prune {
    #[command(flatten)]
    pub place: Place,
    /// How long payloads are kept after the last change
    #[arg(long, value_name = "AGE", default_value = "400d")]
    pub payloads: String,
    #[command(flatten)]
    pub printing: Printing,
}
