//! Asking the other side what it has, and comparing that with what we sent.
//!
//! Every question goes by natural key. An answer counts only if it speaks of every key
//! that was asked for.

use super::context::Context;
use super::retry::Reading;
use crate::connector::{Connector, Error, ErrorKind, Found, Key, Permanence, Readiness, ResourceSpec, Wait};
use crate::value::{Decimal, Record, Span, Value};
use std::ops::Range;

/// A record that was accepted may be shown late: look again after each of these.
pub(super) const LATE_LOOKS: &[Span] = &[Span::from_secs(5), Span::from_secs(15)];

/// After an answer that was an error, the other side is done with the request.
const LOOKS_AFTER_ERROR: &[Span] = &[Span::from_secs(5)];

/// Without an answer the request may still be on its way: together as long as an
/// exchange may take.
const LOOKS_AFTER_SILENCE: &[Span] = &[Span::from_secs(5), Span::from_secs(15), Span::from_secs(40)];

/// How the other side stands to a record of ours.
#[derive(Debug)]
pub(super) enum Standing {
    Absent,
    /// One record with the key, and nothing that we can see speaks against it.
    Agrees(Found),
    /// One record with the key, and this is what differs.
    Differs(Found, String),
    Several(Vec<Found>),
}

/// For each key, what the other side has. Repeated while the error is temporary, in halves:
/// many keys can take many requests, of which one always fails where some fail.
pub(super) async fn find(
    context: &Context,
    connection: &str,
    resource: &str,
    keys: &[Key],
) -> Result<Vec<Vec<Found>>, Error> {
    let open = open(context, connection)?;
    let mut answers = vec![Vec::new(); keys.len()];
    let mut asked = Halves::new(context, keys.len());
    while let Some((range, reading)) = asked.next() {
        match open.find(resource, &keys[range.clone()]).await {
            Ok(found) if found.len() == range.len() => answers.splice(range, found).for_each(drop),
            Ok(found) => return Err(miscounted("keys", range.len(), found.len())),
            Err(error) => asked.again(context, range, reading, error).await?,
        }
    }
    Ok(answers)
}

/// For each record, whether what it waits for is there. Repeated as [`find`] is; what the
/// first half is let through with is not there any more for the second.
pub(super) async fn readiness(context: &Context, connection: &str, wait: Wait<'_>) -> Result<Vec<Readiness>, Error> {
    let open = open(context, connection)?;
    let mut answers = vec![Readiness::Ready; wait.records.len()];
    let mut ahead = wait.ahead.to_vec();
    let mut asked = Halves::new(context, wait.records.len());
    while let Some((range, reading)) = asked.next() {
        let records = &wait.records[range.clone()];
        match open.readiness(&Wait { records, ahead: &ahead, ..wait }).await {
            Ok(ready) if ready.len() == range.len() => {
                let through = records.iter().zip(&ready).filter(|(_, ready)| **ready == Readiness::Ready);
                ahead.extend(through.map(|(record, _)| record.clone()));
                answers.splice(range, ready).for_each(drop);
            }
            Ok(ready) => return Err(miscounted("records", range.len(), ready.len())),
            Err(error) => asked.again(context, range, reading, error).await?,
        }
    }
    Ok(answers)
}

fn open<'a>(context: &'a Context, connection: &str) -> Result<&'a dyn Connector, Error> {
    context.connections.get(connection).map(AsRef::as_ref).ok_or_else(|| {
        let message = format!("the connection `{connection}` is not open");
        Error::new(ErrorKind::Configuration, Permanence::Permanent, message)
    })
}

fn miscounted(what: &str, asked: usize, answered: usize) -> Error {
    let message = format!("{asked} {what} were asked for, {answered} were answered");
    Error::new(ErrorKind::Malformed, Permanence::Permanent, message)
}

/// One question for many things, and what of it is still to be asked. Invariant: in order,
/// from the first to the last.
struct Halves(Vec<(Range<usize>, Reading)>);

impl Halves {
    fn new(context: &Context, count: usize) -> Self {
        Self(vec![(0..count, Reading::new(context))])
    }

    fn next(&mut self) -> Option<(Range<usize>, Reading)> {
        self.0.pop().filter(|(range, _)| !range.is_empty())
    }

    /// The error passes: each half is asked for by itself. Otherwise it is given back.
    async fn again(
        &mut self,
        context: &Context,
        range: Range<usize>,
        mut reading: Reading,
        error: Error,
    ) -> Result<(), Error> {
        let divisible = range.len() > 1 && error.kind != ErrorKind::RateLimit;
        reading.again(context, error).await?;
        if divisible {
            let middle = range.start + range.len() / 2;
            self.0.push((middle..range.end, Reading::new(context)));
            self.0.push((range.start..middle, Reading::new(context)));
        } else {
            self.0.push((range, reading));
        }
        Ok(())
    }
}

/// Asks what became of a write that ended in this error. An absent record is looked for
/// again until the write can no longer be on its way.
pub(super) async fn find_after(
    context: &Context,
    connection: &str,
    resource: &str,
    key: &Key,
    error: &Error,
) -> Result<Vec<Found>, Error> {
    let looks = if error.status.is_some() { LOOKS_AFTER_ERROR } else { LOOKS_AFTER_SILENCE };
    let keys = std::slice::from_ref(key);
    let mut found = find(context, connection, resource, keys).await?.remove(0);
    for &wait in looks {
        if !found.is_empty() {
            break;
        }
        // Not cut short by the brake: what is in flight is settled first.
        context.clock.sleep(wait).await;
        found = find(context, connection, resource, keys).await?.remove(0);
    }
    Ok(found)
}

/// Compares what was found under a key with what was sent under it.
pub(super) fn compare(spec: &ResourceSpec, sent: &Record, mut found: Vec<Found>) -> Standing {
    match found.len() {
        0 => Standing::Absent,
        1 => {
            let found = found.remove(0);
            let trouble = amount_trouble(spec, sent, &found.record)
                .or_else(|| field_trouble(spec, sent, &found.record))
                .or_else(|| lines_trouble(sent, &found.record));
            match trouble {
                Some(trouble) => Standing::Differs(found, trouble),
                None => Standing::Agrees(found),
            }
        }
        _ => Standing::Several(found),
    }
}

/// What the answer to a write says differently from what was sent.
pub(super) fn echo_trouble(spec: &ResourceSpec, key: &Key, sent: &Record, echo: &Record) -> Option<String> {
    let named = key.0.iter().find_map(|(name, value)| {
        let stored = echo.get(name).filter(|stored| !stored.is_null())?;
        (!same_code(value, stored)).then(|| format!("its {name} is {stored}, {value} was sent"))
    });
    named.or_else(|| amount_trouble(spec, sent, echo)).or_else(|| lines_trouble(sent, echo))
}

/// The amount of a record, where its resource declares one.
pub(super) fn amount(spec: &ResourceSpec, record: &Record) -> Option<Decimal> {
    record.at(spec.amount.as_ref()?)?.as_decimal()
}

fn amount_trouble(spec: &ResourceSpec, sent: &Record, stored: &Record) -> Option<String> {
    let (sent, stored) = (amount(spec, sent)?, amount(spec, stored)?);
    let places = spec.amount.as_ref().and_then(|field| spec.fields.get(field)).and_then(|field| field.places);
    let sent = places.map_or(sent, |places| sent.rounded(places));
    (sent != stored).then(|| format!("its amount is {}, {} was sent", stored.money(), sent.money()))
}

/// What is shown of the other fields must be what was sent. Where an amount tells two records
/// apart, only those that every record must have: people may change the rest.
fn field_trouble(spec: &ResourceSpec, sent: &Record, stored: &Record) -> Option<String> {
    let counts = |name: &str| spec.amount.is_none() || spec.fields.get(name).is_some_and(|field| field.required);
    sent.iter().filter(|(name, _)| counts(name)).find_map(|(name, value)| {
        let stored = stored.get(name).filter(|stored| !stored.is_null())?;
        let plain = value.as_list().is_none() && value.as_record().is_none();
        (plain && !same_code(value, stored)).then(|| format!("its {name} is `{stored}`, `{value}` was sent"))
    })
}

/// Where both have a list: as many items, and for each that was sent one that shows the same.
/// Ledgers keep an order of their own.
fn lines_trouble(sent: &Record, stored: &Record) -> Option<String> {
    sent.iter().find_map(|(name, value)| {
        let (sent, stored) = (value.as_list()?, stored.get(name)?.as_list()?);
        if sent.len() != stored.len() {
            return Some(format!("it has {} {name}, {} were sent", stored.len(), sent.len()));
        }
        let mut left: Vec<(usize, &Record)> =
            stored.iter().enumerate().filter_map(|(place, item)| Some((place, item.as_record()?))).collect();
        let items = sent.iter().enumerate().filter_map(|(place, item)| Some((place, item.as_record()?)));
        let mut lost = Vec::new();
        for (place, item) in items {
            // Twins take the one at their own place first.
            left.sort_by_key(|(there, _)| there.abs_diff(place));
            match left.iter().position(|(_, stored)| item_trouble(item, stored).is_none()) {
                Some(at) => drop(left.remove(at)),
                None => lost.push((place, item)),
            }
        }
        let (place, item) = lost.first()?;
        let (_, stored) = left.iter().min_by_key(|(there, _)| there.abs_diff(*place))?;
        item_trouble(item, stored).map(|trouble| format!("in its {name}, number {}, {trouble}", place + 1))
    })
}

/// What one item shows differently.
fn item_trouble(sent: &Record, stored: &Record) -> Option<String> {
    sent.iter().find_map(|(name, value)| {
        let stored = stored.get(name).filter(|stored| !stored.is_null())?;
        let plain = !value.is_null() && value.as_list().is_none() && value.as_record().is_none();
        (plain && !same_code(value, stored)).then(|| format!("{name} is `{stored}`, `{value}` was sent"))
    })
}

/// Codes are told apart without regard to case and blanks, as ledgers do.
fn same_code(a: &Value, b: &Value) -> bool {
    match (a.as_decimal(), b.as_decimal()) {
        (Some(a), Some(b)) => a == b,
        _ => a.to_string().trim().to_lowercase() == b.to_string().trim().to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::lines_trouble;
    use crate::value::{Record, from_json};

    fn record(lines: &str) -> Record {
        let mut record = Record::new();
        record.insert("lines", from_json(lines).expect("json"));
        record
    }

    fn trouble(sent: &str, stored: &str) -> Option<String> {
        lines_trouble(&record(sent), &record(stored))
    }

    #[test]
    fn lines_are_compared_as_far_as_they_are_shown() {
        let sent =
            r#"[{"account":"5310","center":"C3001","amount":10.00},{"account":"5310","center":"C2","amount":5}]"#;
        let turned =
            r#"[{"account":"5310","center":"c2","amount":5.00},{"account":" 5310","center":"C3001","amount":10}]"#;
        assert_eq!(trouble(sent, turned), None, "in whatever order");
        assert_eq!(trouble(sent, r#"[{"account":"5310"},{"account":"5310","center":null}]"#), None, "what is shown");
        assert_eq!(lines_trouble(&record(sent), &Record::new()), None, "a header says nothing of lines");
        let cut = r#"[{"account":"5310","center":"C300","amount":10},{"account":"5310","center":"C2","amount":5}]"#;
        assert_eq!(trouble(sent, cut).as_deref(), Some("in its lines, number 1, center is `C300`, `C3001` was sent"));
        let dropped = r#"[{"account":"5310","center":"C2","amount":5},{"account":"5310","center":"","amount":10}]"#;
        assert_eq!(trouble(sent, dropped).as_deref(), Some("in its lines, number 1, center is ``, `C3001` was sent"));
        assert_eq!(trouble(sent, r#"[{"account":"5310"}]"#).as_deref(), Some("it has 1 lines, 2 were sent"));
    }
}
