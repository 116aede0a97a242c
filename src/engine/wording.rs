//! What is said to people when posting does not simply succeed: what happened, and who
//! mends it where.

use super::ask;
use super::flow_run::FlowRun;
use super::kinds;
use super::ledger::{Facts, Why};
use super::mapping::Ready;
use crate::connector::{Error, Found, ResourceSpec, Written};
use crate::store::RecordEntry;
use crate::value::Record;

/// `supplier invoice 10S01004 / TCC-0192`.
fn named(flow: &FlowRun, ready: &Ready) -> String {
    format!("{} {}", flow.target.title, ready.key)
}

/// ` over 1,200.00`, where the amount is known.
fn over(spec: &ResourceSpec, record: &Record) -> String {
    ask::amount(spec, record).map_or_else(String::new, |amount| format!(" over {}", amount.money()))
}

pub(super) fn on_its_way(flow: &FlowRun) -> Why {
    Why::new(
        kinds::UNKNOWN,
        format!(
            "it is on its way to {}; should the run have ended since, the next one asks whether it arrived",
            flow.target_title
        ),
        "run again; nothing is sent twice",
    )
}

pub(super) fn interrupted() -> Why {
    Why::new(kinds::INTERRUPTED, "the run was stopped before this was sent", "run again")
}

pub(super) fn twin(flow: &FlowRun, ready: &Ready, other: &str) -> Why {
    let another = if other == ready.seen.label { "another " } else { "" };
    Why::new(
        kinds::TWIN,
        format!("{} belongs to {another}{other} already; two records must not become one", named(flow, ready)),
        format!(
            "if it is the same invoice entered twice, leave it so; else give it a number of its own in {}, or make the \
             `key` of the flow tell the two apart",
            flow.source_title
        ),
    )
}

pub(super) fn already_there(flow: &FlowRun, ready: &Ready, found: &Found) -> Why {
    let title = &flow.target_title;
    let (theirs, ours) = (over(&flow.target, &found.record), over(&flow.target, &ready.target));
    let compared = if theirs == ours { "the same amount".to_owned() } else { format!("this one is{ours}") };
    let if_it_is = if theirs == ours { "adopt it (`mlc adopt`)" } else { "correct the amount of one of both" };
    Why::new(
        kinds::ALREADY_THERE,
        format!(
            "{title} already has {}{theirs} as {}, which this pipeline did not post ({compared})",
            named(flow, ready),
            found.reference
        ),
        format!(
            "compare both: if {} is this record, {if_it_is}; else correct the number in {}",
            found.reference, flow.source_title
        ),
    )
}

/// What people keyed was adopted, and is not what the source says any more.
pub(super) fn adopted_changed(flow: &FlowRun, reference: &str, changed: &str) -> Why {
    let (there, here) = (&flow.target_title, &flow.source_title);
    Why::new(
        kinds::ADOPTED_CHANGED,
        format!(
            "changed after {reference}, which people keyed into {there}, was taken for it: {changed}; what people \
             keyed is not changed by a run"
        ),
        format!(
            "bring {reference} in {there} to the same and adopt it anew (`mlc adopt`), or correct the record in {here}"
        ),
    )
}

/// What it would correct is not what was posted.
pub(super) fn parts_differ(flow: &FlowRun, ready: &Ready, trouble: &str) -> Why {
    let reference = ready.before.as_ref().and_then(|entry| entry.reference.clone()).unwrap_or_default();
    Why::new(
        kinds::CHANGED,
        format!(
            "changed after it was posted as {reference}, but in {} {trouble}; nothing is corrected on top of that",
            flow.target_title
        ),
        format!("find out in {} who changed it, and whether that is the correction", flow.target_title),
    )
}

/// The key of the correction is in use.
pub(super) fn correction_there(flow: &FlowRun, ready: &Ready, found: &Found) -> Why {
    let title = &flow.target_title;
    Why::new(
        kinds::ALREADY_THERE,
        format!(
            "changed after it was posted, but {title} already has {}{} as {}, which this pipeline did not post",
            named(flow, ready),
            over(&flow.target, &found.record),
            found.reference
        ),
        format!("find out in {title} who posted {}; as long as it is there, nothing is corrected", found.reference),
    )
}

/// It stands there as it was sent by now, and its source has changed since.
pub(super) fn reviewed(found: &Found) -> Why {
    Why::new(
        kinds::INTERRUPTED,
        format!("{} stands there as it was sent; what changed since is corrected by the next run", found.reference),
        "run again",
    )
}

pub(super) fn differs(flow: &FlowRun, ready: &Ready, found: &Found, trouble: &str) -> Why {
    Why::new(
        kinds::DIFFERS,
        format!("{} stands in {} as {}, but {trouble}", named(flow, ready), flow.target_title, found.reference),
        format!("correct {} in {}; the next run looks again", found.reference, flow.target_title),
    )
}

pub(super) fn several(flow: &FlowRun, ready: &Ready, found: &[Found]) -> Why {
    let names: Vec<&str> = found.iter().map(|found| found.reference.as_str()).collect();
    Why::new(
        kinds::SEVERAL,
        format!("{} has {} {} times: {}", flow.target_title, named(flow, ready), found.len(), names.join(", ")),
        format!("find out in {} which one is right and remove the others; the next run looks again", flow.target_title),
    )
}

pub(super) fn vanished(flow: &FlowRun, ready: &Ready) -> Why {
    let of_part = |entry: &RecordEntry| entry.parts.last().map(|part| part.reference.clone());
    let reference = ready.before.as_ref().and_then(|entry| of_part(entry).or_else(|| entry.reference.clone()));
    let reference = reference.unwrap_or_default();
    Why::new(
        kinds::VANISHED,
        format!("{} was posted as {reference}, but {} shows it no longer", named(flow, ready), flow.target_title),
        format!("find out in {} who removed {reference}, and whether it has to come back", flow.target_title),
    )
}

pub(super) fn refused(error: &Error) -> Why {
    // It is parked: nothing changes over here when the cause is mended over there.
    Why::new(
        kinds::shape(&error.message),
        error.message.clone(),
        format!("{}; then try it again with `mlc replay`", error.mend),
    )
}

/// The other side takes it later; the connector says when.
pub(super) fn not_yet(error: &Error) -> Why {
    Why::new(
        format!("{}: {}", kinds::NOT_YET, kinds::shape(&error.message)),
        error.message.clone(),
        format!("{}; the next run tries again", error.mend),
    )
}

/// What it waits for is not there, or never will be; the connector says it.
pub(super) fn waits(flow: &FlowRun, reason: String, mend: String) -> Why {
    let what = flow.flow().target().settle.as_ref().map_or("", |settle| &settle.what);
    Why::new(format!("{} {what}: {}", kinds::SETTLING, kinds::shape(&reason)), reason, mend)
}

pub(super) fn exhausted(flow: &FlowRun, error: &Error, attempts: u32) -> Why {
    Why::new(
        kinds::UNAVAILABLE,
        format!("{} did not take it in {attempts} attempts: {}", flow.target_title, error.message),
        format!("run again later; {}", error.mend),
    )
}

pub(super) fn unknown(flow: &FlowRun, error: &Error) -> Why {
    let title = &flow.target_title;
    Why::new(
        kinds::UNKNOWN,
        format!("it was sent to {title}, and it is not known whether it arrived: {}", error.message),
        format!("run again when {title} answers; it asks before anything is sent"),
    )
}

/// Taken, but not as it was sent, and not shown under its key.
pub(super) fn altered(flow: &FlowRun, error: &Error) -> Why {
    let title = &flow.target_title;
    Why::new(
        kinds::ALTERED,
        format!("{title} took it, but not as it was sent, and does not show it: {}", error.message),
        error.mend.clone(),
    )
}

pub(super) fn not_read_back(flow: &FlowRun, written: &Written, error: Option<&Error>) -> Why {
    let title = &flow.target_title;
    let mend = format!("run again: it asks for it; if it stays so, look for {} in {title}", written.reference);
    match error {
        Some(error) => Why::new(
            kinds::UNKNOWN,
            format!("{title} took it as {}, but could not be asked for it again: {}", written.reference, error.message),
            mend,
        ),
        None => Why::new(
            kinds::NOT_SHOWN,
            format!("{title} said that it took it as {}, but does not show it", written.reference),
            mend,
        ),
    }
}

pub(super) fn gone(flow: &FlowRun) -> Why {
    Why::new(
        kinds::GONE,
        format!("it waits, but {} shows it no longer; nothing is posted until it is seen again", flow.source_title),
        format!("if it was deleted in {}, nothing is to be done; else look at the permissions", flow.source_title),
    )
}

/// Its source has it no longer, and what it became still stands.
pub(super) fn deleted(flow: &FlowRun, reference: &str) -> Why {
    let (here, there) = (&flow.source_title, &flow.target_title);
    Why::new(
        kinds::DELETED,
        format!("it was posted to {there} as {reference}, and {here} shows it no longer"),
        format!(
            "find out in {here} who deleted it; if that was right, take {reference} back in {there}, then say so with \
             `mlc reject`; if it is there again, the next run sees it"
        ),
    )
}

/// It could go out now, and its source does not say whether it is still there.
pub(super) fn perhaps_gone(flow: &FlowRun, error: &Error) -> Why {
    Why::new(
        kinds::UNAVAILABLE,
        format!(
            "it waited and could go out now, but {} does not say whether it is still there: {}",
            flow.source_title, error.message
        ),
        "nothing is to be done; the next run asks again".to_owned(),
    )
}

pub(super) fn waits_for_approval(flow: &FlowRun, facts: &Facts, condition: &str) -> Why {
    let amount = facts.amount.map_or_else(String::new, |amount| format!(" ({})", amount.money()));
    Why::new(
        kinds::APPROVAL,
        format!("waits for approval: {condition}{amount}"),
        format!(
            "look at it with `mlc show`, then approve it with `mlc approve`; the next run posts it to {}",
            flow.target_title
        ),
    )
}

pub(super) fn match_differs(flow: &FlowRun, found: &Found, differences: &str) -> Why {
    Why::new(
        kinds::MATCH_DIFFERS,
        format!("it is {} {} of {}, where {differences}", flow.target.title, found.reference, flow.target_title),
        format!("correct one of the two, or write `on change update` so that {} follows", flow.target_title),
    )
}

pub(super) fn match_holes(flow: &FlowRun, first: &str, count: usize) -> Why {
    let (title, target) = (&flow.target.title, &flow.target_title);
    let more = if count > 1 { format!(" ({} more like it)", count - 1) } else { String::new() };
    Why::new(
        kinds::MATCH_HOLES,
        format!("it matches no {title} of {target} that can be read, but it may be one that cannot: {first}{more}"),
        format!("correct that {title} in {target}; if it is right there, the catalogue is not: report it"),
    )
}

/// When the flow began it matched nothing, and now it does, or may.
pub(super) fn match_came(flow: &FlowRun) -> Why {
    let (title, target) = (&flow.target.title, &flow.target_title);
    Why::new(
        kinds::MATCH_CAME,
        format!("{target} was changed while this ran: it may have the {title} by now, so none is created"),
        "nothing is to be done; the next run looks again".to_owned(),
    )
}

/// Whether something matches by now cannot be seen.
pub(super) fn match_unasked(flow: &FlowRun, error: &Error) -> Why {
    let (title, target) = (&flow.target.title, &flow.target_title);
    Why::new(
        kinds::UNAVAILABLE,
        format!("no {title} is created before {target} has said once more that there is none: {}", error.message),
        "nothing is to be done; the next run asks again".to_owned(),
    )
}

pub(super) fn match_taken(flow: &FlowRun, found: &Found, other: &str) -> Why {
    let title = &flow.target.title;
    Why::new(
        kinds::MATCH_TAKEN,
        format!("it matches {title} {} of {}, which belongs to {other} already", found.reference, flow.target_title),
        format!(
            "find out which of the two {title} {} is, and merge or rename the other in {}",
            found.reference, flow.source_title
        ),
    )
}

pub(super) fn match_elsewhere(flow: &FlowRun, ready: &Ready, matched: &Found, found: &Found) -> Why {
    let title = &flow.target.title;
    Why::new(
        kinds::ALREADY_THERE,
        format!(
            "it matches {title} {}, but {} has {} as {title} {}",
            matched.reference,
            flow.target_title,
            named(flow, ready),
            found.reference
        ),
        format!("find out in {} which of the two is right, and correct the other", flow.target_title),
    )
}

/// What recovery found, without a flow at hand: of a connection's title, a resource and a key.
pub(super) struct Recovered<'a> {
    pub title: &'a str,
    pub spec: &'a ResourceSpec,
    pub key: String,
}

impl Recovered<'_> {
    pub fn differs(&self, found: &Found, trouble: &str) -> Why {
        let Self { title, spec, key } = self;
        Why::new(
            kinds::DIFFERS,
            format!(
                "{title} already has {} {key}{} as {}: {trouble} by a run that was stopped",
                spec.title,
                over(spec, &found.record),
                found.reference,
            ),
            format!("find out in {title} whether {} is this record, and correct it there", found.reference),
        )
    }

    pub fn several(&self, found: &[Found]) -> Why {
        let names: Vec<&str> = found.iter().map(|found| found.reference.as_str()).collect();
        Why::new(
            kinds::SEVERAL,
            format!("{} has {} {} {} times: {}", self.title, self.spec.title, self.key, found.len(), names.join(", ")),
            format!("find out in {} which one is right and remove the others", self.title),
        )
    }

    pub fn not_shown(&self, reference: &str) -> Why {
        Why::new(
            kinds::NOT_SHOWN,
            format!("{} said that it took it as {reference}, but does not show it", self.title),
            format!("look for {reference} in {}; it is not sent again by itself", self.title),
        )
    }

    pub fn taken(&self, reference: &str, owner: &str) -> Why {
        Why::new(
            kinds::TWIN,
            format!("{} {} is there as {reference} and belongs to {owner}", self.spec.title, self.key),
            format!("find out in {} which record {reference} is", self.title),
        )
    }

    pub fn vanished(&self, reference: &str) -> Why {
        Why::new(
            kinds::VANISHED,
            format!(
                "{} {} was posted as {reference}, but {} shows it no longer",
                self.spec.title, self.key, self.title
            ),
            format!("find out in {} who removed {reference}, and whether it has to come back", self.title),
        )
    }

    pub fn cannot_ask(&self, message: &str) -> Why {
        Why::new(
            kinds::UNKNOWN,
            format!("an earlier run may have sent it, and {} cannot be asked: {message}", self.title),
            format!("run again when {} answers", self.title),
        )
    }
}
