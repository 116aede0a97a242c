//! One paper of the period with both its sides, and what of it differs.

use super::cause::Finding;
use crate::value::{Date, Decimal};
use serde::Serialize;

/// How a paper stands, as far as this comparison sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Posted,
    Held,
    AwaitingApproval,
    Rejected,
    Failed,
    InDoubt,
    NotSeen,
    /// In the target alone.
    Foreign,
}

impl Standing {
    pub const ALL: [Self; 8] = [
        Self::Posted,
        Self::Held,
        Self::AwaitingApproval,
        Self::Rejected,
        Self::Failed,
        Self::InDoubt,
        Self::NotSeen,
        Self::Foreign,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Held => "held",
            Self::AwaitingApproval => "awaiting approval",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::InDoubt => "in doubt",
            Self::NotSeen => "not yet seen",
            Self::Foreign => "not ours",
        }
    }

    /// It waits, and so a difference is no surprise.
    pub fn waits(self) -> bool {
        !matches!(self, Self::Posted | Self::Foreign)
    }
}

/// An amount, by all that it is summed by.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Share {
    pub amount: Decimal,
    pub party: String,
    /// Cost codes.
    pub codes: Vec<(String, Decimal)>,
    pub accounts: Vec<(String, Decimal)>,
}

/// One paper of the period.
#[derive(Clone, Debug, Serialize)]
pub struct Item {
    pub flow: String,
    /// The record's key in the ledger of records; empty for what is only in the target.
    pub key: String,
    pub label: String,
    pub project: String,
    /// How the target names it; empty where it does not have it.
    pub reference: String,
    pub day: Option<Date>,
    pub standing: Standing,
    /// What the source approves, in the period.
    pub approved: Share,
    /// What stands in the target, in the period.
    pub posted: Share,
    /// Why the two differ, and what is the matter though they do not. Their amounts come to
    /// the difference.
    pub findings: Vec<Finding>,
}

impl Item {
    pub fn difference(&self) -> Decimal {
        super::look::less(self.approved.amount, self.posted.amount)
    }
}
