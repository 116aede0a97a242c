//! The cut-over: what is dated before it was dealt with before this pipeline was, and is
//! left alone. What was posted already stays ours, whatever day it bears.

use super::flow_run::FlowRun;
use super::kinds;
use super::ledger::Why;
use crate::value::{Date, Record, Value};

/// Why the record is skipped, if the day in this field is before the cut-over. A record
/// without a day is not.
pub(super) fn before(flow: &FlowRun, field: &Option<String>, record: &Record) -> Option<Why> {
    let cutover = flow.context.program.cutover()?;
    let day = day_of(record, field.as_ref()?).filter(|day| *day < cutover)?;
    Some(Why::new(kinds::BEFORE_CUTOVER, format!("dated {day}, before the cut-over of {cutover}"), ""))
}

/// The day in a field of a record.
pub(super) fn day_of(record: &Record, field: &str) -> Option<Date> {
    match record.get(field) {
        Some(Value::Date(day)) => Some(*day),
        _ => None,
    }
}
