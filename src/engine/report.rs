//! What a run did: counts, money, groups of reasons, requests.

use super::brake::StopKind;
use super::costs::FlowCost;
use crate::store::{Outcome, Trigger};
use crate::value::Decimal;
use indexmap::IndexMap;
use serde::Serialize;

/// The result of a run or of a plan. Serialises to the object of `--format json`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    pub pipeline: String,
    pub run: String,
    pub sandbox: bool,
    /// Nothing was written anywhere.
    pub plan: bool,
    /// What began it.
    pub trigger: Trigger,
    #[serde(flatten)]
    pub counts: Counts,
    pub requests: u64,
    /// Requests by connection.
    pub requests_by_connection: IndexMap<String, u64>,
    pub flows: IndexMap<String, FlowReport>,
    /// Why the run stopped before its end, in a sentence.
    pub stopped: Option<String>,
    pub stopped_by: Option<StopKind>,
    /// Parts of a source that could not be read to their end.
    pub failed_scopes: Vec<FailedScope>,
    /// What is not an error and still not right: nothing read where there was something
    /// before, a write of an earlier run that could not be asked for.
    pub warnings: Vec<String>,
    /// Lookup rows that verification refused, and where they stand.
    pub refused_rows: Vec<String>,
    /// For a plan: what the schedules cost in requests, flow by flow.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub costs: Vec<FlowCost>,
    /// Beside them: how many requests an hour holds, by connection, where that is known.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub hourly: IndexMap<String, u64>,
    /// For a plan: how many requests the posting would take on top of the reading.
    pub expected_requests: Option<u64>,
}

/// A part of a source (a project) that could not be read to its end.
#[derive(Clone, Debug, Serialize)]
pub struct FailedScope {
    pub flow: String,
    /// `project 24-017`.
    pub scope: String,
    pub message: String,
    /// Who mends it, and where.
    pub mend: String,
}

impl Report {
    /// What the process ends with: 0 all well; 1 something waits for a person; 3 a part
    /// of the world could not be reached.
    pub fn exit_code(&self) -> u8 {
        if self.stopped_by == Some(StopKind::World) || !self.failed_scopes.is_empty() {
            3
        } else if self.needs_attention() {
            1
        } else {
            0
        }
    }

    /// Something is not as it should be, and a person has to look at it. A lookup row that
    /// was refused counts through the records that hit it.
    pub fn needs_attention(&self) -> bool {
        self.counts.needs_attention()
            || self.stopped.is_some()
            || !self.failed_scopes.is_empty()
            || !self.warnings.is_empty()
    }
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct FlowReport {
    #[serde(flatten)]
    pub counts: Counts,
    /// Records read from the source.
    pub read: u64,
    /// Records that were there before, of sources and parts of them that show none at all any more.
    #[serde(skip_serializing_if = "is_nothing")]
    pub vanished: u64,
    /// How many of the posted are corrections of records that were posted before.
    #[serde(skip_serializing_if = "is_nothing")]
    pub corrections: u64,
    /// Sum of the target amounts by outcome word, where the target has an amount.
    pub money: IndexMap<String, Decimal>,
    /// Reasons, most records first.
    pub groups: Vec<Group>,
}

// serde hands over a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_nothing(count: &u64) -> bool {
    *count == 0
}

#[derive(Clone, Debug, Default, Serialize, PartialEq, Eq)]
pub struct Counts {
    pub posted: u64,
    pub unchanged: u64,
    pub skipped: u64,
    pub held: u64,
    pub rejected: u64,
    pub failed: u64,
    pub in_doubt: u64,
}

impl Counts {
    pub fn add(&mut self, outcome: Outcome) {
        *self.slot(outcome) += 1;
    }

    pub fn get(&self, outcome: Outcome) -> u64 {
        match outcome {
            Outcome::Posted => self.posted,
            Outcome::Unchanged => self.unchanged,
            Outcome::Skipped => self.skipped,
            Outcome::Held => self.held,
            Outcome::Rejected => self.rejected,
            Outcome::Failed => self.failed,
            Outcome::InDoubt => self.in_doubt,
        }
    }

    fn slot(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Posted => &mut self.posted,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Skipped => &mut self.skipped,
            Outcome::Held => &mut self.held,
            Outcome::Rejected => &mut self.rejected,
            Outcome::Failed => &mut self.failed,
            Outcome::InDoubt => &mut self.in_doubt,
        }
    }

    pub fn needs_attention(&self) -> bool {
        self.held + self.rejected + self.failed + self.in_doubt > 0
    }
}

/// Records that share a reason.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    pub outcome: Outcome,
    /// The kind of reason.
    pub kind: String,
    pub count: u64,
    pub amount: Decimal,
    /// One record's sentence, as an example.
    pub example: String,
    /// Who mends it, and where.
    pub mend: String,
}

/// What a run is doing just now; called often, must return at once.
pub trait Progress: Send + Sync {
    fn stage(&self, flow: &str, stage: Stage);
    /// A record left the flow.
    fn settled(&self, flow: &str, outcome: Outcome);
    /// More records were read.
    fn read(&self, flow: &str, records: u64);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Settling what an earlier run left open.
    Recover,
    Lookups,
    Records,
    Done,
}
