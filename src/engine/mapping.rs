//! What is to be done with one source record: nothing, because it stands as it stood; an
//! entry in the ledger; or a write.
//!
//! | it stood as | and now | then |
//! | --- | --- | --- |
//! | – | | it is evaluated |
//! | posted | is the same | unchanged |
//! | posted | changed | evaluated; the same result is unchanged, another follows `on change` |
//! | posted, by people (adopted) | changed | the same, but another result is held, whatever `on change` says |
//! | posted, corrected | changed | the same, held against all its parts together |
//! | posted | changed, but today's flow makes the same of it as before | unchanged |
//! | held | | evaluated on every run |
//! | rejected, skipped, failed | is the same, and so is the flow | it stands |
//! | rejected, skipped, failed | changed | evaluated |
//! | failed, for a passing cause | | evaluated on every run |
//! | rejected, since another has its key | | evaluated on every run: the other one may have given it up |
//! | in doubt, its write open | | it stands; recovery asks at the start of each run |
//! | rejected, skipped, failed | is the same, and a person replays it | evaluated |
//!
//! What `match` finds on the other side is not created: it is changed where it differs, or
//! only linked. What `approve` names waits until a person has said yes to just this content.
//!
//! Invariant: a record that was posted keeps its reference, its key and what was sent,
//! whatever becomes of it here.

use super::error::RunError;
use super::flow_run::FlowRun;
use super::ledger::{self, Facts, Seen, Why};
use super::ticket::Ticket;
use super::{
    approval, ask, brake::StopKind, change, correction, cutover, hash, kinds, matching, stored, strays, wording,
};
use crate::connector::{Found, Key, Operation};
use crate::model::OnChange;
use crate::program::{Evaluation, Mapped, Stop};
use crate::store::{Adoption, Correcting, Outcome, RecordEntry};
use crate::syntax;
use crate::value::{Record, Value, to_json};

pub(super) enum Verdict {
    /// Nothing to write; it is counted as this.
    Stands(Box<RecordEntry>, Outcome),
    /// Written without a word in the audit log: only the source's hash moved.
    Refreshed(Box<RecordEntry>),
    /// Written and told; counted as this.
    Settled {
        entry: Box<RecordEntry>,
        counted: Outcome,
        /// Its content was not read before.
        news: bool,
    },
    /// To be posted, once the other side was asked.
    Ready(Box<Ready>),
}

/// A mapped record on its way to the target.
pub(super) struct Ready {
    pub seen: Seen,
    pub before: Option<RecordEntry>,
    pub target: Record,
    pub key: Key,
    pub facts: Facts,
    pub job: Job,
    /// The record of the target that `match` found.
    pub matched: Option<Found>,
    /// It is a correction: what stands with it.
    pub correcting: Option<Box<Correcting>>,
    pub ticket: Option<Ticket>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Job {
    Create,
    Update,
    /// It was posted, but did not look right when it was last asked for.
    Recheck,
    /// As `Recheck`, and its source has changed since: what was sent is looked at alone.
    Review,
    /// A correction of what was posted.
    Correct,
    /// `match` found it there, and it differs: it is made ours.
    Adopt,
    /// `match` found it there as it should be: only the link is kept.
    Link,
}

/// Decides on one record. Reads the ledger, writes nothing.
pub(super) fn judge(flow: &FlowRun, seen: Seen, record: &Record, scope: Option<&Record>) -> Result<Verdict, RunError> {
    let before = flow.context.store.record(&seen.id)?;
    let Some(before) = before else { return Ok(evaluate(flow, seen, None, record, scope)) };
    Ok(match stands(flow, &before, &seen.hash) {
        Some(outcome) => Verdict::Stands(Box::new(before), outcome),
        None => evaluate(flow, seen, Some(before), record, scope),
    })
}

/// A record that cannot be decoded: rejected, so that somebody sees it.
pub(super) fn unreadable(flow: &FlowRun, seen: Seen, message: &str) -> Result<Verdict, RunError> {
    let before = flow.context.store.record(&seen.id)?;
    if let Some(entry) = &before
        && let Some(outcome) = stands(flow, entry, &seen.hash)
    {
        return Ok(Verdict::Stands(Box::new(entry.clone()), outcome));
    }
    let why = Why::new(
        format!("{}: {}", kinds::UNREADABLE, kinds::shape(message)),
        format!("{} sent what cannot be read: {message}", flow.source_title),
        format!("correct the record in {}; if it is right there, the catalogue is not: report it", flow.source_title),
    );
    count(flow, true);
    Ok(settled(flow, &seen, before.as_ref(), Outcome::Rejected, why))
}

/// What the record counts as without another look; `None` if it must be evaluated.
fn stands(flow: &FlowRun, before: &RecordEntry, source_hash: &str) -> Option<Outcome> {
    if flow.in_doubt.contains_key(&before.id) {
        return Some(Outcome::InDoubt);
    }
    let same_source = before.source_hash == source_hash;
    let same = same_source && before.program_hash == flow.hash;
    match before.outcome {
        Outcome::Posted | Outcome::Unchanged => same_source.then_some(Outcome::Unchanged),
        Outcome::Held | Outcome::InDoubt => None,
        Outcome::Failed if before.kind == kinds::UNAVAILABLE || flow.context.retry => None,
        // It is as it was, and the other one need not be: deleted before it was posted, it leaves
        // the key to this one.
        Outcome::Rejected if before.kind == kinds::TWIN => None,
        Outcome::Skipped | Outcome::Rejected | Outcome::Failed if flow.context.replay.is_some() => None,
        Outcome::Skipped | Outcome::Rejected | Outcome::Failed => same.then_some(before.outcome),
    }
}

pub(super) fn evaluate(
    flow: &FlowRun,
    seen: Seen,
    before: Option<RecordEntry>,
    record: &Record,
    scope: Option<&Record>,
) -> Verdict {
    let linked = before.as_ref().and_then(|entry| entry.reference.as_deref());
    let new = linked.is_none();
    if let Some(why) = cutover::before(flow, &flow.source.dated, record).filter(|_| new) {
        return settled(flow, &seen, before.as_ref(), Outcome::Skipped, why);
    }
    let evaluation = flow.flow().evaluate_linked(&flow.tables, record, scope, linked);
    match before {
        Some(posted) if posted.reference.is_some() => after_posting(flow, seen, posted, record, evaluation),
        before => before_posting(flow, seen, before, evaluation, record),
    }
}

fn before_posting(
    flow: &FlowRun,
    seen: Seen,
    before: Option<RecordEntry>,
    evaluation: Evaluation,
    record: &Record,
) -> Verdict {
    match evaluation {
        Evaluation::Skipped => {
            let why = left_out(flow, &seen, record);
            settled(flow, &seen, before.as_ref(), Outcome::Skipped, why)
        }
        Evaluation::Stopped(stop) => {
            let outcome = outcome_of(&stop);
            if outcome != Outcome::Skipped {
                count(flow, outcome == Outcome::Rejected);
            }
            settled(flow, &seen, before.as_ref(), outcome, why_of(stop))
        }
        Evaluation::Mapped(mapped) => {
            let day = flow.target.evidence.as_ref().map(|evidence| evidence.date.clone());
            if let Some(why) = cutover::before(flow, &day, &mapped.target) {
                return settled(flow, &seen, before.as_ref(), Outcome::Skipped, why);
            }
            count(flow, false);
            match matching::standing(flow, &mapped) {
                None => ready(flow, seen, before, mapped, Job::Create),
                Some(Ok(job)) => ready(flow, seen, before, mapped, job),
                Some(Err(why)) => settled(flow, &seen, before.as_ref(), Outcome::Held, why),
            }
        }
    }
}

fn left_out(flow: &FlowRun, seen: &Seen, record: &Record) -> Why {
    let reason = "the flow's `where` leaves it out";
    let Some((field, value)) = strays::unknown(flow, record) else { return Why::new("left out", reason, "") };
    let words = field.replace('_', " ");
    let reason = format!("{reason}; no document of {} names `{value}` as {words}", flow.source_title);
    flow.strays.add((field, value), &seen.label);
    Why::new("left out", reason, "say in the flow's `where` whether such records are wanted")
}

/// The record stands on the other side already, and its source is not what it was.
fn after_posting(flow: &FlowRun, seen: Seen, posted: RecordEntry, record: &Record, evaluation: Evaluation) -> Verdict {
    if posted.outcome == Outcome::Posted && same_before(flow, &posted, record, &evaluation) {
        return as_posted(flow, &seen, &posted);
    }
    let changed = match evaluation {
        Evaluation::Mapped(mapped) => match compare_with_posted(flow, &posted, &mapped) {
            Now::Same => return as_posted(flow, &seen, &posted),
            Now::Write(job) => return ready(flow, seen, Some(posted), mapped, job),
            Now::Made(made, job) => return ready_made(flow, seen, posted, *made, job, mapped.wants_approval),
            Now::Changed(sentence) => sentence,
        },
        Evaluation::Skipped => "the flow's `where` would now leave it out".to_owned(),
        Evaluation::Stopped(stop) => stop.sentence,
    };
    if flow.flow().target().on_change == OnChange::Ignore && !needs_recheck(&posted) {
        return as_posted(flow, &seen, &posted);
    }
    let reference = posted.reference.as_deref().unwrap_or_default();
    if posted.adopted.is_some() {
        let why = wording::adopted_changed(flow, reference, &changed);
        return settled(flow, &seen, Some(&posted), Outcome::Held, why);
    }
    let why = Why::new(
        kinds::CHANGED,
        format!("changed after it was posted as {reference}: {changed}"),
        format!("correct {reference} in {}, or the record in {}", flow.target_title, flow.source_title),
    );
    settled(flow, &seen, Some(&posted), Outcome::Held, why)
}

/// Whether today's flow makes the same of the record as it was when it was posted. Then a
/// difference to what was posted comes of the pipeline or its lookups: a new wording in the
/// mapping is for the records to come, and must not hold (or write again) hundreds that
/// were posted rightly, as soon as somebody touches them at their source. What is left out or
/// stopped now would hide any change: then the record itself must be as it was.
fn same_before(flow: &FlowRun, posted: &RecordEntry, record: &Record, now: &Evaluation) -> bool {
    let scope_type = flow.scope.as_ref().map(|(_, ty)| ty.as_ref());
    let Some((before, scope)) = stored::restore(&posted.source, &flow.source_type, scope_type) else { return false };
    match (flow.flow().evaluate(&flow.tables, &before, scope.as_ref()), now) {
        (Evaluation::Mapped(before), Evaluation::Mapped(now)) => {
            hash::of_records([&before.target]) == hash::of_records([&now.target])
        }
        (Evaluation::Skipped, Evaluation::Skipped) => only_touched(flow, &before, record),
        (Evaluation::Stopped(why), Evaluation::Stopped(now)) => {
            why.kind == now.kind && only_touched(flow, &before, record)
        }
        _ => false,
    }
}

/// Nothing but the instant of its last change is another one.
fn only_touched(flow: &FlowRun, before: &Record, now: &Record) -> bool {
    let content = |record: &Record| {
        let mut record = flow.content(record).into_owned();
        flow.source.changed.iter().for_each(|field| drop(record.remove(field)));
        hash::of_records([&record])
    };
    content(before) == content(now)
}

enum Now {
    Same,
    Write(Job),
    /// Not the mapping itself, but a part of what stands there.
    Made(Box<correction::Made>, Job),
    /// In words.
    Changed(String),
}

fn compare_with_posted(flow: &FlowRun, posted: &RecordEntry, mapped: &Mapped) -> Now {
    let facts = facts(flow, mapped);
    if let Some(adoption) = &posted.adopted {
        return compare_with_adopted(flow, adoption, mapped, &facts);
    }
    let same = posted.target_hash.as_ref() == Some(&facts.hash);
    if flow.flow().target().on_change == OnChange::Correct || !posted.parts.is_empty() {
        return compare_with_parts(flow, posted, mapped, &facts, same);
    }
    if posted.kind == kinds::DIFFERS || (same && needs_recheck(posted)) {
        return Now::Write(Job::Recheck);
    }
    if same {
        return Now::Same;
    }
    let renamed = posted.target_key.as_ref() != Some(&facts.key);
    if flow.flow().target().on_change == OnChange::Update && flow.target.can(Operation::Update) && !renamed {
        return Now::Write(Job::Update);
    }
    let was = posted.target.as_ref().and_then(|json| stored::partial(&flow.target_type, json));
    Now::Changed(was.map_or_else(String::new, |was| change::sentence(&was, &mapped.target)))
}

/// What people keyed is neither changed nor corrected by us, whatever `on change` says.
fn compare_with_adopted(flow: &FlowRun, adoption: &Adoption, mapped: &Mapped, facts: &Facts) -> Now {
    if adoption.target_hash == facts.hash {
        return Now::Same;
    }
    let was = stored::partial(&flow.target_type, &adoption.target);
    Now::Changed(was.map_or_else(String::new, |was| change::sentence(&was, &mapped.target)))
}

/// Where corrections are made, or were made once: no part is ever changed, nor taken for
/// what it was not sent as.
fn compare_with_parts(flow: &FlowRun, posted: &RecordEntry, mapped: &Mapped, facts: &Facts, same: bool) -> Now {
    if needs_recheck(posted) {
        let job = if same { Job::Recheck } else { Job::Review };
        let unfit = || Now::Changed("what was posted no longer fits the catalogue".to_owned());
        return correction::last_sent(flow, posted).map_or_else(unfit, |made| Now::Made(Box::new(made), job));
    }
    if same {
        return Now::Same;
    }
    if flow.flow().target().on_change == OnChange::Correct {
        return match correction::of(flow, posted, mapped, facts) {
            Ok(Some(made)) => Now::Made(Box::new(made), Job::Correct),
            Ok(None) => Now::Same,
            Err(sentence) => Now::Changed(sentence),
        };
    }
    let was = posted.target.as_ref().and_then(|json| stored::partial(&flow.target_type, json));
    Now::Changed(was.map_or_else(String::new, |was| change::sentence(&was, &mapped.target)))
}

/// What was said of it last can only be taken back by asking the other side.
fn needs_recheck(posted: &RecordEntry) -> bool {
    [kinds::DIFFERS, kinds::SEVERAL, kinds::VANISHED].contains(&posted.kind.as_str())
}

fn as_posted(flow: &FlowRun, seen: &Seen, posted: &RecordEntry) -> Verdict {
    let entry = ledger::entry(&flow.context, &flow.hash, seen, Some(posted), Outcome::Posted, Why::default());
    if posted.outcome == Outcome::Posted {
        Verdict::Refreshed(Box::new(entry))
    } else {
        let news = ledger::is_news(seen, Some(posted));
        Verdict::Settled { entry: Box::new(entry), counted: Outcome::Unchanged, news }
    }
}

fn settled(flow: &FlowRun, seen: &Seen, before: Option<&RecordEntry>, outcome: Outcome, why: Why) -> Verdict {
    let entry = ledger::entry(&flow.context, &flow.hash, seen, before, outcome, why);
    match before {
        Some(before) if ledger::needs_no_word(&flow.context, before, &entry) => {
            Verdict::Stands(Box::new(before.clone()), outcome)
        }
        _ => Verdict::Settled { entry: Box::new(entry), counted: outcome, news: ledger::is_news(seen, before) },
    }
}

fn ready(flow: &FlowRun, seen: Seen, before: Option<RecordEntry>, mapped: Mapped, job: Job) -> Verdict {
    let facts = facts(flow, &mapped);
    if mapped.wants_approval
        && matches!(job, Job::Create | Job::Update | Job::Adopt)
        && let Some(waiting) = approval::waits(flow, &seen, before.as_ref(), &facts)
    {
        return waiting;
    }
    let matched = matching::found(flow, &mapped);
    let Mapped { target, key, .. } = mapped;
    Verdict::Ready(Box::new(Ready { seen, before, target, key, facts, job, matched, correcting: None, ticket: None }))
}

fn ready_made(
    flow: &FlowRun,
    seen: Seen,
    before: RecordEntry,
    made: correction::Made,
    job: Job,
    wants_approval: bool,
) -> Verdict {
    let correction::Made { target, key, facts, correcting } = made;
    if wants_approval
        && job == Job::Correct
        && let Some(waiting) = approval::waits(flow, &seen, Some(&before), &facts)
    {
        return waiting;
    }
    let before = Some(before);
    Verdict::Ready(Box::new(Ready { seen, before, target, key, facts, job, matched: None, correcting, ticket: None }))
}

pub(super) fn facts(flow: &FlowRun, mapped: &Mapped) -> Facts {
    Facts {
        target: to_json(&Value::record(mapped.target.clone())),
        key: mapped.key.canonical(),
        hash: hash::of_records([&mapped.target]),
        amount: ask::amount(&flow.target, &mapped.target),
    }
}

/// Tells the guard of a record that left the mapping.
fn count(flow: &FlowRun, rejected: bool) {
    if let Err(message) = flow.guard.count(rejected) {
        let mend = "look at the reasons; when they are right, raise the guard and run again";
        flow.context.brake.pull(StopKind::Guard, format!("{}: {message}", flow.name), mend);
    }
}

pub(super) fn outcome_of(stop: &Stop) -> Outcome {
    match stop.outcome {
        syntax::Outcome::Hold => Outcome::Held,
        syntax::Outcome::Reject => Outcome::Rejected,
        syntax::Outcome::Skip => Outcome::Skipped,
    }
}

fn why_of(stop: Stop) -> Why {
    Why { kind: stop.kind, reason: stop.sentence, mend: stop.mend }
}
