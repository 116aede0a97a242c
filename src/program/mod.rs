//! The program: what is left of a model when everything that can be decided before a
//! record is read has been decided. Evaluation is pure and total.

use crate::connector::Key;
use crate::syntax::Outcome;
use crate::value::Record;

/// What a flow makes of one source record.
#[derive(Clone, Debug, PartialEq)]
pub enum Evaluation {
    /// A `where` said no.
    Skipped,
    /// A declared `hold`, `reject` or `skip`, a lookup row that verification refused (hold),
    /// or an amount that left the range of exact decimals (reject).
    Stopped(Stop),
    Mapped(Mapped),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    pub outcome: Outcome,
    /// The sentence, filled in.
    pub sentence: String,
    /// The same for records with the same trouble: the sentence before it was filled in.
    pub kind: String,
    /// Who mends it, and where, when the pipeline's sentence does not say.
    pub mend: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    pub target: Record,
    pub key: Key,
}
