//! `mlc audit`, as it is typed.

use super::{Place, Printing};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

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
