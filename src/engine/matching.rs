//! What `match` found on the other side, and what becomes of it.

use super::change;
use super::flow_run::FlowRun;
use super::ledger::Why;
use super::mapping::Job;
use super::wording;
use crate::connector::{Found, Operation};
use crate::model::OnChange;
use crate::program::Mapped;
use crate::value::{Record, Value};

/// The matched record, as the other side names it.
pub(super) fn found(flow: &FlowRun, mapped: &Mapped) -> Option<Found> {
    let record = mapped.matched.clone()?;
    let reference = record.get(flow.flow().matches_by()?).filter(|number| !number.is_null())?.to_string();
    Some(Found { reference, record, token: None })
}

/// What is to be done with a matched record, or why it is held. `None` when nothing matched.
/// Where a record of the target could not be read, it may be the one: nothing is created then.
pub(super) fn standing(flow: &FlowRun, mapped: &Mapped) -> Option<Result<Job, Why>> {
    let Some(found) = found(flow, mapped) else {
        let first = flow.tables.match_holes().first()?;
        return Some(Err(wording::match_holes(flow, first, flow.tables.match_holes().len())));
    };
    let differences = differences(&found.record, &mapped.target);
    if differences.is_empty() {
        return Some(Ok(Job::Link));
    }
    Some(match flow.flow().target().on_change {
        OnChange::Update if flow.target.can(Operation::Update) => Ok(Job::Adopt),
        OnChange::Ignore => Ok(Job::Link),
        OnChange::Update | OnChange::Correct | OnChange::Hold => {
            Err(wording::match_differs(flow, &found, &differences))
        }
    })
}

/// What the mapping would change, in words; empty if nothing.
fn differences(theirs: &Record, ours: &Record) -> String {
    let shown: Record =
        ours.iter().map(|(name, _)| (name.clone(), theirs.get(name).cloned().unwrap_or(Value::Null))).collect();
    change::sentence(&shown, ours)
}
