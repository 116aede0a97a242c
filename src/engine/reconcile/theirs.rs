//! What became of a posted record in the target.

use super::cause::{Cause, Finding};
use super::judge::{Bench, Sent, shown};
use super::look::{Line, Look, folded, less, plus};
use super::shelf::Shelf;
use crate::store::RecordEntry;
use crate::value::{Decimal, Record, Value};

/// So much is called a few cents.
const CENTS: i64 = 5;
/// So many lines are spelled out.
const MOST_LINES: usize = 3;

/// What of this part stands in the target in the period, and why it is not what was sent.
pub(super) fn findings(bench: &Bench<'_>, entry: &RecordEntry, part: &Sent, shelf: &Shelf) -> (Decimal, Vec<Finding>) {
    let was = bench.counted(&part.record);
    let Some(at) = part.found else { return (Decimal::ZERO, gone(bench, part, was, shelf)) };
    let stood = &shelf.stood[at];
    let (Some(sent), Some(there)) = (bench.look(&part.record), shelf.look(at)) else { return (was, Vec::new()) };
    let is = bench.counted(&stood.record);
    let mut findings = Vec::new();
    let whole = less(sent.amount().unwrap_or_default(), there.amount().unwrap_or_default());
    let (was_in, is_in) = (in_period(bench, sent), in_period(bench, there));
    let changed = if was_in || is_in { whole } else { Decimal::ZERO };
    let other = differences(bench, entry, sent, there, was_in != is_in);
    if !whole.is_zero() || !other.is_empty() {
        findings.push(edited(bench, &stood.reference, sent, there, changed, &other));
    }
    if was_in != is_in {
        let amount = less(less(was, is), changed);
        findings.push(moved(bench, &stood.reference, sent, there, amount));
    }
    (is, findings)
}

fn in_period(bench: &Bench<'_>, look: Look<'_>) -> bool {
    look.day().is_some_and(|day| bench.period.has(day))
}

fn gone(bench: &Bench<'_>, part: &Sent, was: Decimal, shelf: &Shelf) -> Vec<Finding> {
    // Nothing is called gone from what could not be read.
    if !shelf.unread.is_empty() {
        return Vec::new();
    }
    let target = &bench.flow.target_title;
    let day = shown(bench.look(&part.record).and_then(Look::day));
    let sentence = format!(
        "posted as {} over {} on {day}; {target} does not show it any more: somebody deleted or voided it there, or \
         gave it another number",
        part.reference,
        was.money()
    );
    let mend = format!("ask in {target} who removed it, and why; nothing is posted again by itself");
    vec![Finding::new(Cause::Gone, was, sentence, mend)]
}

fn moved(bench: &Bench<'_>, reference: &str, sent: Look<'_>, there: Look<'_>, amount: Decimal) -> Finding {
    let target = &bench.flow.target_title;
    let sentence = format!(
        "{reference} was posted for {}, and stands in {target} on {}: in another period",
        shown(sent.day()),
        shown(there.day())
    );
    Finding::new(
        Cause::Moved,
        amount,
        sentence,
        format!("move {reference} back in {target}, or leave it and say so at the close"),
    )
}

/// Somebody changed it there.
fn edited(
    bench: &Bench<'_>,
    reference: &str,
    sent: Look<'_>,
    there: Look<'_>,
    amount: Decimal,
    other: &[String],
) -> Finding {
    let target = &bench.flow.target_title;
    let total = |look: Look<'_>| look.amount().unwrap_or_default().money();
    let mut said = other.to_vec();
    if total(sent) != total(there) {
        said.insert(0, format!("its amount is {}, {} was sent", total(there), total(sent)));
    }
    let missing = missing_lines(sent, there);
    let (cause, sentence) = match missing {
        Some(missing) => (Cause::Partial, format!("{reference} lacks {missing} in {target}: {}", said.join("; "))),
        None if !amount.is_zero() && amount.abs() <= Decimal::cents(CENTS) => {
            (Cause::Rounding, format!("{reference} is {} off in {target}: {}", amount.money(), said.join("; ")))
        }
        None => (Cause::ChangedThere, format!("{reference} was changed in {target} by hand: {}", said.join("; "))),
    };
    let mend =
        format!("put {reference} right in {target}, or change the paper in {} to match", bench.flow.source_title);
    Finding::new(cause, amount, sentence, mend)
}

/// `1 line`, where all that stands there was sent, and some of what was sent does not stand there.
fn missing_lines(sent: Look<'_>, there: Look<'_>) -> Option<String> {
    let (lost, added) = unequal(&sent.lines()?, &there.lines()?);
    let short = lost.iter().fold(Decimal::ZERO, |sum, line| plus(sum, line.amount));
    let whole = less(sent.amount()?, there.amount()?);
    (added.is_empty() && !lost.is_empty() && short == whole)
        .then(|| format!("{} line{}", lost.len(), if lost.len() == 1 { "" } else { "s" }))
}

/// What differs beside the amount, in words. The days of one that was moved to another period
/// are told by that.
fn differences(bench: &Bench<'_>, entry: &RecordEntry, sent: Look<'_>, there: Look<'_>, moved: bool) -> Vec<String> {
    let mut said = Vec::new();
    let keys = bench.flow.flow().target().key.iter().map(|name| &**name);
    // Of a correction, the key has a name of its own; it was found by that.
    let keys = keys.filter(|_| entry.parts.is_empty());
    let days = sent.paper.day.iter().filter(|_| !moved).map(String::as_str);
    let plain = days.chain([sent.paper.party.as_str()]).chain(keys);
    let mut told: Vec<&str> = Vec::new();
    for name in plain {
        if !told.contains(&name)
            && let (Some(was), Some(is)) = (shown_value(sent.record, name), shown_value(there.record, name))
            && folded(&was) != folded(&is)
        {
            told.push(name);
            said.push(format!("its {name} is {is}, {was} was sent"));
        }
    }
    if let Some(default) = moved_day(sent, there).filter(|_| told.is_empty() && !moved) {
        said.push(default);
    }
    if let (Some(ours), Some(theirs)) = (sent.lines(), there.lines()) {
        let (lost, added) = unequal(&ours, &theirs);
        if !lost.is_empty() || !added.is_empty() {
            said.push(format!("its lines are {}, {} was sent", told_lines(&added), told_lines(&lost)));
        }
    }
    said
}

/// The day that counts was not sent by its own name, and is another.
fn moved_day(sent: Look<'_>, there: Look<'_>) -> Option<String> {
    let (was, is) = (sent.day()?, there.day()?);
    (was != is).then(|| format!("its day is {is}, {was} was sent"))
}

fn shown_value(record: &Record, name: &str) -> Option<String> {
    record.get(name).filter(|value| !value.is_null()).map(Value::to_string)
}

/// The lines that only one side has.
fn unequal(ours: &[Line], theirs: &[Line]) -> (Vec<Line>, Vec<Line>) {
    let mut added: Vec<Line> = theirs.to_vec();
    let mut lost = Vec::new();
    for line in ours {
        match added.iter().position(|other| same(line, other)) {
            Some(at) => drop(added.remove(at)),
            None => lost.push(line.clone()),
        }
    }
    (lost, added)
}

fn same(ours: &Line, theirs: &Line) -> bool {
    let beside = ours.beside.iter().zip(&theirs.beside);
    // What was not sent, the target fills in by itself.
    ours.amount == theirs.amount
        && folded(&ours.code) == folded(&theirs.code)
        && beside.into_iter().all(|(ours, theirs)| ours.is_empty() || folded(ours) == folded(theirs))
}

/// `5310 C030 1,250.00`.
fn told_lines(lines: &[Line]) -> String {
    if lines.is_empty() {
        return "none".to_owned();
    }
    let one = |line: &Line| {
        let beside = line.beside.iter().filter(|text| !text.is_empty()).map(String::as_str);
        let parts: Vec<&str> = std::iter::once(line.code.as_str()).chain(beside).collect();
        format!("{} {}", parts.join(" "), line.amount.money())
    };
    let more = lines.len().saturating_sub(MOST_LINES);
    let mut text = lines.iter().take(MOST_LINES).map(one).collect::<Vec<_>>().join(" and ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}
