//! `mlc backup`, `mlc restore` and `mlc state`, as they are typed.

use super::{Place, Printing};
use clap::{Args, Subcommand};
use std::path::PathBuf;

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
