//! What a reader of a trace has to know beside it: where what is traced is not what stands on
//! the other side, or not why the record waits.

use crate::engine::flow_run::FlowRun;
use crate::engine::{FieldChange, differences, stored};
use crate::program::{Evaluation, trace};
use crate::store::{Outcome, RecordEntry};
use crate::value::Value;

/// More fields that came out otherwise are only counted.
const MOST: usize = 5;

pub(super) fn of(flow: &FlowRun, entry: &RecordEntry, trace: &trace::Trace, now: Outcome) -> Vec<String> {
    let mut notes = Vec::new();
    if entry.program_hash != flow.hash {
        notes.push(
            "the mapping has changed since the record was last mapped; what is told here is what today's pipeline makes of it"
                .to_owned(),
        );
    }
    let posted = entry.reference.as_deref();
    if let Some(reference) = posted.filter(|_| entry.adopted.is_some()) {
        notes.push(format!("{reference} was keyed by people and taken over; it was not made by this mapping"));
    }
    if entry.parts.len() > 1 {
        notes.push(format!("it was posted in {} parts; what is told here is all of them together", entry.parts.len()));
    }
    match (&trace.evaluation, posted) {
        (Evaluation::Mapped(mapped), _) if now == Outcome::Posted => {
            let was = entry.target.as_ref().and_then(|target| stored::partial(&flow.target_type, target));
            if let Some(was) = was {
                notes.extend(otherwise(&differences::between(&was, &mapped.target), posted.is_some()));
            }
            if entry.outcome != Outcome::Posted && !entry.reason.is_empty() {
                let word = entry.outcome.word();
                notes.push(format!(
                    "the mapping comes to its end; the record is {word} for another reason: {}",
                    entry.reason
                ));
            }
        }
        (_, Some(reference)) => {
            notes.push(format!("it stands on the other side as {reference}; as it is now it would not be posted"));
        }
        (_, None) => {}
    }
    notes
}

/// What is mapped today is not what was sent, or was to be sent.
fn otherwise(changes: &[FieldChange], posted: bool) -> Vec<String> {
    let was = if posted { "posted" } else { "mapped" };
    let each = changes.iter().take(MOST).map(|change| {
        format!("`{}` was {was} as {}, and would be {} today", change.field, shown(&change.was), shown(&change.now))
    });
    let more = changes.len().saturating_sub(MOST);
    each.chain((more > 0).then(|| format!("{more} more fields would come out otherwise today"))).collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        other => other.to_string(),
    }
}
