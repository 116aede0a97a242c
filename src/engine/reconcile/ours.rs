//! What became of a posted record in its source, and of the pipeline that mapped it.

use super::cause::{Cause, Finding};
use super::judge::Bench;
use super::look::less;
use super::papers::Paper;
use crate::engine::{change, hash, kinds, stored};
use crate::model::OnChange;
use crate::program::Evaluation;
use crate::store::RecordEntry;
use crate::syntax;
use crate::value::{Decimal, Record};

/// What the source approves of it now, and why that is not what was posted. `was` is what
/// was posted of it in the period.
pub(super) fn findings(
    bench: &Bench<'_>,
    entry: &RecordEntry,
    paper: Option<&Paper>,
    sent: &Record,
    was: Decimal,
) -> (Decimal, Vec<Finding>) {
    let Some(paper) = paper else { return unseen(bench, entry, was) };
    match &paper.now {
        Evaluation::Mapped(mapped) if entry.target_hash == Some(hash::of_records([&mapped.target])) => {
            (bench.counted(&mapped.target), Vec::new())
        }
        Evaluation::Mapped(mapped) => differs(bench, entry, paper, sent, &mapped.target, was),
        Evaluation::Skipped => withdrawn(bench, entry, paper, was, "the flow's `where` leaves it out now"),
        Evaluation::Stopped(stop) if stop.outcome == syntax::Outcome::Skip => {
            withdrawn(bench, entry, paper, was, &stop.sentence)
        }
        Evaluation::Stopped(stop) => stopped(bench, entry, paper, was, &stop.sentence),
    }
}

fn unseen(bench: &Bench<'_>, entry: &RecordEntry, was: Decimal) -> (Decimal, Vec<Finding>) {
    // What could not be read is told for the whole: nothing is said of this one.
    if bench.papers.broken.contains_key(&entry.id) || !bench.papers.covers(bench.flow, &entry.id) {
        return (was, Vec::new());
    }
    let (source, target) = (&bench.flow.source_title, &bench.flow.target_title);
    let reference = entry.reference.as_deref().unwrap_or_default();
    let sentence = format!("{source} no longer shows it, though it was posted as {reference} over {}", was.money());
    let mend = format!("if it was deleted rightly, void {reference} in {target}; else enter it in {source} again");
    (Decimal::ZERO, vec![Finding::new(Cause::Deleted, was.negated(), sentence, mend)])
}

/// Whether the difference can only come from the pipeline and its lookups.
fn is_remapped(bench: &Bench<'_>, entry: &RecordEntry, paper: &Paper) -> bool {
    let ignores = bench.flow.flow().target().on_change == OnChange::Ignore;
    paper.hash == entry.source_hash && entry.kind != kinds::CHANGED && !ignores
}

fn differs(
    bench: &Bench<'_>,
    entry: &RecordEntry,
    paper: &Paper,
    sent: &Record,
    now: &Record,
    was: Decimal,
) -> (Decimal, Vec<Finding>) {
    let approved = bench.counted(now);
    if is_remapped(bench, entry, paper) {
        return (approved, vec![remapped(bench, sent, now, less(approved, was))]);
    }
    // What today's pipeline makes of the record as it was when it was posted.
    let before = if entry.kind == kinds::CHANGED { None } else { mapped_before(bench, entry) };
    let before = before.filter(|before| Some(hash::of_records([before])) != entry.target_hash);
    match before {
        None => (approved, vec![changed(bench, entry, sent, now, less(approved, was))]),
        Some(before) if hash::of_records([&before]) == hash::of_records([now]) => {
            (approved, vec![remapped(bench, sent, now, less(approved, was))])
        }
        Some(before) => {
            let between = bench.counted(&before);
            let findings = vec![
                changed(bench, entry, &before, now, less(approved, between)),
                remapped(bench, sent, &before, less(between, was)),
            ];
            (approved, findings)
        }
    }
}

fn mapped_before(bench: &Bench<'_>, entry: &RecordEntry) -> Option<Record> {
    let flow = bench.flow;
    let scope = flow.scope.as_ref().map(|(_, ty)| ty.as_ref());
    let (record, scope) = stored::restore(&entry.source, &flow.source_type, scope)?;
    let linked = entry.reference.as_deref();
    match flow.flow().evaluate_linked(&flow.tables, &record, scope.as_ref(), linked) {
        Evaluation::Mapped(mapped) => Some(mapped.target),
        _ => None,
    }
}

fn changed(bench: &Bench<'_>, entry: &RecordEntry, was: &Record, now: &Record, amount: Decimal) -> Finding {
    let (source, target) = (&bench.flow.source_title, &bench.flow.target_title);
    let reference = entry.reference.as_deref().unwrap_or_default();
    let by = if amount.is_zero() { String::new() } else { format!(" by {}", amount.money()) };
    let sentence =
        format!("changed in {source}{by} after it was posted as {reference}: {}", change::sentence(was, now));
    Finding::new(Cause::Changed, amount, sentence, format!("correct {reference} in {target}, or the paper in {source}"))
}

fn remapped(bench: &Bench<'_>, was: &Record, now: &Record, amount: Decimal) -> Finding {
    let sentence = format!(
        "nothing changed in {}, but today's pipeline would post it otherwise: {}",
        bench.flow.source_title,
        change::sentence(was, now)
    );
    let mend = format!(
        "whoever keeps the pipeline and its tables says which is right; reclass it in {} if it is the new one",
        bench.flow.target_title
    );
    Finding::new(Cause::MappedOtherwise, amount, sentence, mend)
}

/// It is no longer one of those that are to be posted.
fn withdrawn(
    bench: &Bench<'_>,
    entry: &RecordEntry,
    paper: &Paper,
    was: Decimal,
    why: &str,
) -> (Decimal, Vec<Finding>) {
    let (source, target) = (&bench.flow.source_title, &bench.flow.target_title);
    let reference = entry.reference.as_deref().unwrap_or_default();
    let (cause, sentence) = if is_remapped(bench, entry, paper) {
        (Cause::MappedOtherwise, format!("nothing changed in {source}, but today's pipeline leaves it out: {why}"))
    } else {
        (Cause::Withdrawn, format!("no longer approved in {source}, though it was posted as {reference}: {why}"))
    };
    let mend = format!("void {reference} in {target}, or approve it in {source} again");
    (Decimal::ZERO, vec![Finding::new(cause, was.negated(), sentence, mend)])
}

/// It is still wanted, and would not pass today.
fn stopped(bench: &Bench<'_>, entry: &RecordEntry, paper: &Paper, was: Decimal, why: &str) -> (Decimal, Vec<Finding>) {
    let (source, target) = (&bench.flow.source_title, &bench.flow.target_title);
    let reference = entry.reference.as_deref().unwrap_or_default();
    if is_remapped(bench, entry, paper) {
        let sentence = format!("nothing changed in {source}, but today's pipeline would not post it: {why}");
        let mend = "whoever keeps the pipeline and its tables says whether it was posted rightly".to_owned();
        return (was, vec![Finding::new(Cause::MappedOtherwise, Decimal::ZERO, sentence, mend)]);
    }
    let in_period = paper.day.is_none_or(|day| bench.period.has(day));
    let approved = paper.amount.filter(|_| in_period).unwrap_or_default();
    let sentence = format!("changed in {source} after it was posted as {reference}, and would not pass now: {why}");
    let mend = format!("mend it in {source}; then correct {reference} in {target} if it still differs");
    (approved, vec![Finding::new(Cause::Changed, less(approved, was), sentence, mend)])
}
