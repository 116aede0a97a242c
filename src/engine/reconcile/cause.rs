//! Why the two sides do not agree over a paper: one name for each kind of cause.

use crate::value::Decimal;
use serde::Serialize;

/// The kinds of cause. Each difference has at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Something else has to happen before it is posted.
    Held,
    /// A person has to say yes.
    AwaitingApproval,
    /// A person has to change something.
    Rejected,
    /// The target did not take it.
    Failed,
    /// Sent, and the answer is not known.
    InDoubt,
    /// Approved after the last run.
    NotSeen,
    /// Posted, and no longer there.
    Gone,
    /// Posted, and changed there by hand.
    ChangedThere,
    /// Posted, and stands in another period there.
    Moved,
    /// Lines of it are missing there.
    Partial,
    /// A few cents.
    Rounding,
    /// There a second time.
    Twice,
    /// There, and no source record stands behind it.
    Foreign,
    /// Changed in the source after it was posted.
    Changed,
    /// No longer approved in the source.
    Withdrawn,
    /// No longer in the source.
    Deleted,
    /// Today's pipeline makes something else of the same source record.
    MappedOtherwise,
    /// A difference that none of the others explains: a fault of this comparison.
    Unexplained,
}

impl Cause {
    pub const ALL: [Self; 18] = [
        Self::Held,
        Self::AwaitingApproval,
        Self::Rejected,
        Self::Failed,
        Self::InDoubt,
        Self::NotSeen,
        Self::Gone,
        Self::ChangedThere,
        Self::Moved,
        Self::Partial,
        Self::Rounding,
        Self::Twice,
        Self::Foreign,
        Self::Changed,
        Self::Withdrawn,
        Self::Deleted,
        Self::MappedOtherwise,
        Self::Unexplained,
    ];

    /// What people call it; the sides go by their products' names.
    pub fn title(self, source: &str, target: &str) -> String {
        match self {
            Self::Held => "never posted: held".to_owned(),
            Self::AwaitingApproval => "never posted: waits for approval".to_owned(),
            Self::Rejected => "never posted: rejected".to_owned(),
            Self::Failed => format!("never posted: {target} did not take it"),
            Self::InDoubt => "in doubt: sent, answer unknown".to_owned(),
            Self::NotSeen => "not yet seen by a run".to_owned(),
            Self::Gone => format!("gone from {target} after it was posted"),
            Self::ChangedThere => format!("changed in {target} by hand"),
            Self::Moved => format!("in another period in {target}"),
            Self::Partial => format!("lines missing in {target}"),
            Self::Rounding => format!("a few cents off in {target}"),
            Self::Twice => format!("twice in {target}"),
            Self::Foreign => format!("in {target} without a paper in {source}"),
            Self::Changed => format!("changed in {source} after it was posted"),
            Self::Withdrawn => format!("no longer approved in {source}"),
            Self::Deleted => format!("deleted in {source} after it was posted"),
            Self::MappedOtherwise => "mapped otherwise by today's pipeline".to_owned(),
            Self::Unexplained => "not explained".to_owned(),
        }
    }
}

/// One cause of one difference.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    pub cause: Cause,
    /// Its part of what was approved less what stands in the target.
    pub amount: Decimal,
    /// What happened, with the figures.
    pub sentence: String,
    /// Who mends it, and where.
    pub mend: String,
}

impl Finding {
    pub(super) fn new(cause: Cause, amount: Decimal, sentence: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { cause, amount, sentence: sentence.into(), mend: mend.into() }
    }
}
