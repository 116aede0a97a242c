//! How a record stands, as a list of work is sorted: the outcomes that somebody has to look at,
//! and apart from the held ones those that wait for a yes.

use crate::serve::Summary;
use crate::store::{Outcome, RecordEntry};
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Approval,
    Held,
    Rejected,
    Failed,
    InDoubt,
    Posted,
    Unchanged,
    Skipped,
}

/// For a page: the word says it, the class colours it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Badge {
    pub class: &'static str,
    pub word: &'static str,
}

impl Standing {
    /// Those that are work, in the order in which people look at them.
    pub const WORK: [Self; 5] = [Self::Approval, Self::Rejected, Self::Failed, Self::InDoubt, Self::Held];

    pub fn of(summary: &Summary) -> Self {
        Self::from(summary.outcome, summary.awaits_approval)
    }

    pub fn of_entry(entry: &RecordEntry) -> Self {
        Self::of(&Summary::of(entry))
    }

    fn from(outcome: Outcome, awaits_approval: bool) -> Self {
        match outcome {
            Outcome::Held if awaits_approval => Self::Approval,
            Outcome::Held => Self::Held,
            Outcome::Rejected => Self::Rejected,
            Outcome::Failed => Self::Failed,
            Outcome::InDoubt => Self::InDoubt,
            Outcome::Posted => Self::Posted,
            Outcome::Unchanged => Self::Unchanged,
            Outcome::Skipped => Self::Skipped,
        }
    }

    /// As addresses name it.
    pub fn class(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::Held => "held",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::InDoubt => "in_doubt",
            Self::Posted => "posted",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Approval => "awaiting approval",
            Self::InDoubt => "in doubt",
            other => other.class(),
        }
    }

    /// What it means, for who reads it the first time.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Approval => "a person has to say yes before it is posted",
            Self::Held => "something else has to happen first; each run looks again",
            Self::Rejected => "a person has to change something, here or at the source",
            Self::Failed => "the other side did not take it",
            Self::InDoubt => "sent, and the answer is not known; the next run asks",
            Self::Posted => "it stands on the other side",
            Self::Unchanged => "it stood there already",
            Self::Skipped => "the pipeline leaves it out",
        }
    }

    pub fn badge(self) -> Badge {
        Badge { class: self.class(), word: self.word() }
    }
}
