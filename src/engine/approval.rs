//! Records that wait for a person: what `approve when` names is posted only when somebody
//! said yes to exactly what would be posted.

use super::flow_run::FlowRun;
use super::ledger::{self, Facts, Seen};
use super::mapping::Verdict;
use super::wording;
use crate::store::{Approval, Outcome, RecordEntry};

/// The verdict while nobody has approved this content; `None` when somebody has.
pub(super) fn waits(flow: &FlowRun, seen: &Seen, before: Option<&RecordEntry>, facts: &Facts) -> Option<Verdict> {
    let asked = before.and_then(|entry| entry.approval.as_ref()).filter(|asked| asked.target_hash == facts.hash);
    if asked.is_some_and(|asked| asked.granted.is_some()) {
        return None;
    }
    let condition = flow.flow().target().approve.as_ref().map_or("", |approve| &approve.text);
    let why = wording::waits_for_approval(flow, facts, condition);
    let mut entry = ledger::entry(&flow.context, &flow.hash, seen, before, Outcome::Held, why);
    ledger::would_stand(&mut entry, facts);
    entry.approval = Some(Approval { target_hash: facts.hash.clone(), granted: None });
    Some(match before {
        Some(before) if ledger::needs_no_word(&flow.context, before, &entry) => {
            Verdict::Stands(Box::new(before.clone()), Outcome::Held)
        }
        _ => Verdict::Settled { entry: Box::new(entry), counted: Outcome::Held, news: ledger::is_news(seen, before) },
    })
}
