//! What is asked of one value.

use super::{Place, Printing, Vars};
use clap::Args;

#[derive(Debug, Args)]
#[command(after_help = "\
Maps the record once more, out of what was stored when it was last read and of the lists that
the last runs have kept, and tells of each value where it comes from. Nobody is asked, nothing
is sent, nothing is written. Where that is not what was posted, it is said.

Without FIELD it tells of every value in one line. FIELD is a path (`lines[1].gl_account`), the
beginning of one (`lines[1]`), or a name that every line has (`gl_account`).")]
pub struct Why {
    #[command(flatten)]
    pub place: Place,
    /// The record: its key, its number, or any part of them that only one record has
    #[arg(value_name = "RECORD")]
    pub record: String,
    /// The field of what it became
    #[arg(value_name = "FIELD")]
    pub field: Option<String>,
    #[command(flatten)]
    pub vars: Vars,
    #[command(flatten)]
    pub printing: Printing,
}
