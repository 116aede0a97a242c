//! What is due becomes runs: flows that are due together run together, in the program's order.

use super::memory::Memory;
use crate::serve::schedule::Timetable;
use crate::store::Trigger;
use crate::value::{Span, Timestamp};

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    pub flows: Vec<String>,
    pub trigger: Trigger,
    /// Of a reconcile poll.
    pub lookback: Option<Span>,
}

/// The one to be run now: what has waited longest, so that a flow that is due again as soon as it
/// has run keeps no other away. Of those that came due together, the first in the program's order.
pub fn first(timetable: &Timetable, memory: &Memory, now: Timestamp) -> Option<Round> {
    let since = |round: &Round| {
        let lines = timetable.lines.iter().filter(|line| round.flows.contains(&line.flow));
        let dues = lines.filter_map(|line| match round.trigger {
            Trigger::Reconcile => memory.next_reconcile(line),
            _ => memory.next_run(line),
        });
        dues.min()
    };
    due(timetable, memory, now).into_iter().min_by_key(since)
}

/// In order. A flow that is due for both is polled, which reads all that a run would read. Flows
/// that stand beside each other and are run alike share a run; the program's order is kept
/// between runs too, since a flow stands after those whose links it names.
pub fn due(timetable: &Timetable, memory: &Memory, now: Timestamp) -> Vec<Round> {
    let mut rounds: Vec<Round> = Vec::new();
    for line in &timetable.lines {
        let is_due = |due: Option<Timestamp>| due.is_some_and(|due| due <= now);
        let (trigger, lookback) = match &line.reconcile {
            Some((_, lookback)) if is_due(memory.next_reconcile(line)) => (Trigger::Reconcile, Some(*lookback)),
            _ if is_due(memory.next_run(line)) => {
                (if line.on_notice { Trigger::Webhook } else { Trigger::Schedule }, None)
            }
            _ => continue,
        };
        match rounds.last_mut() {
            Some(last) if last.trigger == trigger && last.lookback == lookback => last.flows.push(line.flow.clone()),
            _ => rounds.push(Round { flows: vec![line.flow.clone()], trigger, lookback }),
        }
    }
    rounds
}
