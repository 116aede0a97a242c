//! The audit chain: how an event becomes an entry, and how a log is verified.
//!
//! Takes events in their order and hands on entries of which each holds the hash of the
//! one before. Invariant: whoever edits, drops, swaps or cuts an entry leaves a place at
//! which the chain does not close, and [`verify`] names it.
//!
//! | what | is the SHA-256, in hex, of |
//! | --- | --- |
//! | an entry's content | the JSON of `by` and `event`: without white space, names in the order of their bytes |
//! | an entry's hash | three lines, each with its line feed: the hash before, the number, the content's hash |
//!
//! So the chain can be checked by the contents' hashes alone, without the contents.

use super::payload::named_in;
use super::{Actor, AuditEntry, Event, EventKind, Head, Store, StoreError, StoreErrorKind};
use crate::value::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What the first entry's `previous` holds: 64 zeros.
pub const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How many entries are read at once when a store is verified.
const PAGE: usize = 1_000;

/// Checks entries in the order in which they are kept. `head` is what the log must end
/// with, where that is known from elsewhere; without it a cut tail cannot be seen.
pub fn verify(entries: impl IntoIterator<Item = AuditEntry>, head: Option<&Head>) -> Result<Head, AuditFault> {
    let mut verifier = Verifier::default();
    for entry in entries {
        verifier.push(&entry);
    }
    verifier.end(head)
}

/// Checks the whole log of a store against the head that the store vouches for, and each
/// payload that it names. Nothing may be committed meanwhile: a new entry would look like
/// one that was added from outside.
pub fn verify_store(store: &dyn Store) -> Result<Head, VerifyError> {
    let head = store.head()?;
    let mut verifier = Verifier::default();
    let mut payloads = Payloads::default();
    walk(store, |entry| {
        verifier.push(&entry);
        payloads.push(store, &entry)
    })?;
    match (verifier.end(Some(&head)), payloads.fault()) {
        (Err(chain), Some(payload)) if payload.number < chain.number => Err(payload.into()),
        (Err(chain), _) => Err(chain.into()),
        (Ok(_), Some(payload)) => Err(payload.into()),
        (Ok(head), None) => Ok(head),
    }
}

/// What was found of the payloads that the log names. One that is missing is in order if
/// the log itself tells, further down, that those of its time were dropped.
#[derive(Default)]
struct Payloads {
    altered: Option<AuditFault>,
    /// The first that is missing from each time on, with the time: later ones that are older
    /// say nothing more.
    missing: Vec<(Timestamp, AuditFault)>,
    dropped_before: Option<Timestamp>,
}

impl Payloads {
    fn push(&mut self, store: &dyn Store, entry: &AuditEntry) -> Result<(), StoreError> {
        if entry.event.kind == EventKind::PayloadsDropped {
            let before = entry.event.detail.get("before").and_then(|at| serde_json::from_value(at.clone()).ok());
            self.dropped_before = self.dropped_before.max(before);
        }
        if self.altered.is_some() {
            return Ok(());
        }
        match payload_fault(store, entry)? {
            Some(fault) if fault.kind == AuditFaultKind::PayloadMissing => {
                if self.missing.last().is_none_or(|(at, _)| *at < entry.event.at) {
                    self.missing.push((entry.event.at, fault));
                }
            }
            found => self.altered = found,
        }
        Ok(())
    }

    fn fault(self) -> Option<AuditFault> {
        let dropped = |at: &Timestamp| self.dropped_before.is_some_and(|before| *at < before);
        let missing = self.missing.into_iter().find(|(at, _)| !dropped(at)).map(|(_, fault)| fault);
        [self.altered, missing].into_iter().flatten().min_by_key(|fault| fault.number)
    }
}

/// Hands out the entries of a store in the order in which they are kept.
pub fn walk<E: From<StoreError>>(
    store: &dyn Store,
    mut each: impl FnMut(AuditEntry) -> Result<(), E>,
) -> Result<(), E> {
    let mut from = 1;
    loop {
        let page = store.audit(from, PAGE)?;
        if page.is_empty() {
            return Ok(());
        }
        // By place, not by number: the numbers are what is being checked.
        from += page.len() as u64;
        page.into_iter().try_for_each(&mut each)?;
    }
}

/// The first payload of an entry that is not there as it was written.
fn payload_fault(store: &dyn Store, entry: &AuditEntry) -> Result<Option<AuditFault>, StoreError> {
    for named in named_in(&entry.event.detail) {
        let what = match store.payload(&named.name) {
            Ok(Some(bytes)) if bytes.len() as u64 == named.bytes => continue,
            Ok(Some(_)) => (AuditFaultKind::PayloadAltered, "has another length"),
            Ok(None) => (AuditFaultKind::PayloadMissing, "is missing"),
            Err(error) if error.kind == StoreErrorKind::Damaged && error.message.contains("missing") => {
                (AuditFaultKind::PayloadMissing, "is missing")
            }
            Err(error) if error.kind == StoreErrorKind::Damaged => (AuditFaultKind::PayloadAltered, "was altered"),
            Err(error) => return Err(error),
        };
        let message = format!(
            "the payload that audit entry {} names as `{}` {}: {}",
            entry.number, named.place, what.1, named.name
        );
        return Ok(Some(fault(what.0, entry.number, message)));
    }
    Ok(None)
}

/// Gives an event its place behind `head`.
pub fn chain(head: &Head, by: Actor, event: Event) -> AuditEntry {
    let event = Event { detail: settle(event.detail), ..event };
    let number = head.number + 1;
    let mut entry = AuditEntry { number, by, event, previous: head.hash.clone(), hash: String::new() };
    entry.hash = hash_of(&entry);
    entry
}

/// The hash that an entry of this content must have.
pub fn hash_of(entry: &AuditEntry) -> String {
    chain_hash(&entry.previous, entry.number, &sha256(content(entry).as_bytes()))
}

/// The hash of the entry of this number, behind the one with the hash `previous`.
pub fn chain_hash(previous: &str, number: u64, content: &str) -> String {
    sha256(format!("{previous}\n{number}\n{content}\n").as_bytes())
}

/// What happened and who did it, in the one form that is hashed.
pub fn content(entry: &AuditEntry) -> String {
    let mut tree = tree(entry);
    if let Value::Object(fields) = &mut tree {
        fields.retain(|name, _| name == "by" || name == "event");
    }
    tree.to_string()
}

/// An entry as JSON without white space, names in the order of their bytes: one line.
pub fn canonical(entry: &AuditEntry) -> String {
    tree(entry).to_string()
}

fn tree(entry: &AuditEntry) -> Value {
    sorted(serde_json::to_value(entry).expect("an entry holds only text, numbers and JSON"))
}

/// SHA-256 in lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        Value::Object(map) => {
            let mut pairs: Vec<_> = map.into_iter().collect();
            pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(pairs.into_iter().map(|(name, item)| (name, sorted(item))).collect())
        }
        other => other,
    }
}

/// Numbers with a fraction become text: read back from disk they would pass through a
/// float, and one changed digit would look like an edited entry.
fn settle(value: Value) -> Value {
    match value {
        Value::Number(number) if number.as_i64().is_none() && number.as_u64().is_none() => number.to_string().into(),
        Value::Array(items) => items.into_iter().map(settle).collect(),
        Value::Object(map) => Value::Object(map.into_iter().map(|(name, item)| (name, settle(item))).collect()),
        other => other,
    }
}

/// Checks a log entry by entry.
#[derive(Default)]
pub struct Verifier {
    /// The last entry that is in order.
    good: Head,
    found: Option<Found>,
}

enum Found {
    Fault(AuditFault),
    /// The next entry is not in its place; whether it stands further down is not known yet.
    Missing {
        instead: u64,
    },
}

impl Verifier {
    /// Takes the next entry.
    pub fn push(&mut self, entry: &AuditEntry) {
        let expected = self.good.number + 1;
        match &self.found {
            Some(Found::Fault(_)) => {}
            Some(Found::Missing { instead }) if entry.number == expected => {
                self.found = Some(Found::Fault(reordered(expected, *instead)));
            }
            Some(Found::Missing { .. }) => {}
            None => self.check(entry, expected),
        }
    }

    /// The end of the log, which must be `head` where that is known.
    pub fn end(self, head: Option<&Head>) -> Result<Head, AuditFault> {
        match (self.found, head) {
            (Some(Found::Fault(fault)), _) => Err(fault),
            (Some(Found::Missing { instead }), _) => Err(gap(self.good.number + 1, instead)),
            (None, Some(head)) if *head != self.good => Err(ends_wrong(&self.good, head)),
            (None, _) => Ok(self.good),
        }
    }

    fn check(&mut self, entry: &AuditEntry, expected: u64) {
        if entry.number > expected {
            self.found = Some(Found::Missing { instead: entry.number });
        } else if entry.number < expected {
            self.found = Some(Found::Fault(reordered(expected, entry.number)));
        } else if entry.hash != hash_of(entry) {
            self.found = Some(Found::Fault(edited(entry.number, "its content no longer gives its hash".to_owned())));
        } else if entry.previous != self.good.hash {
            self.found = Some(Found::Fault(unlinked(entry.number)));
        } else {
            self.good = Head { number: entry.number, hash: entry.hash.clone() };
        }
    }
}

/// Where a log stops being the one that was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct AuditFault {
    pub kind: AuditFaultKind,
    /// The first entry that is not as it was written.
    pub number: u64,
    /// For an auditor, in a sentence.
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditFaultKind {
    /// The entry's content was changed.
    Edited,
    /// One or more entries are missing, with later ones still there.
    Gap,
    /// The entry stands in another's place.
    Reordered,
    /// Entries are missing at the end.
    CutTail,
    /// What the entry names is not there.
    PayloadMissing,
    /// What the entry names is not what it was.
    PayloadAltered,
}

/// Why a log was not found good.
#[derive(Clone, Debug, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Fault(#[from] AuditFault),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn fault(kind: AuditFaultKind, number: u64, message: String) -> AuditFault {
    AuditFault { kind, number, message }
}

fn edited(number: u64, why: String) -> AuditFault {
    fault(AuditFaultKind::Edited, number, format!("audit entry {number} was edited: {why}"))
}

/// The entry is whole but does not hold the hash of the one before: if that one was
/// written anew with a fitting hash, this is where it shows.
fn unlinked(number: u64) -> AuditFault {
    match number {
        1 => edited(1, "it claims that an entry came before it".to_owned()),
        _ => edited(number - 1, format!("entry {number} holds another hash of it than the one it has now")),
    }
}

fn reordered(expected: u64, found: u64) -> AuditFault {
    let message = format!("audit entries are out of order: entry {found} stands where entry {expected} belongs");
    fault(AuditFaultKind::Reordered, expected, message)
}

fn gap(expected: u64, found: u64) -> AuditFault {
    let message = match found - expected {
        1 => format!("audit entry {expected} was dropped: entry {found} follows at once"),
        _ => format!("audit entries {expected} to {} were dropped: entry {found} follows at once", found - 1),
    };
    fault(AuditFaultKind::Gap, expected, message)
}

fn ends_wrong(good: &Head, head: &Head) -> AuditFault {
    let (last, known) = (good.number, head.number);
    if last < known {
        let message = format!("the audit log was cut: it ends with entry {last}, but entry {known} was written before");
        return fault(AuditFaultKind::CutTail, last + 1, message);
    }
    if last > known {
        let message =
            format!("the audit log was added to from outside: entry {} is unknown to the head file", known + 1);
        return fault(AuditFaultKind::Edited, known + 1, message);
    }
    edited(last, "the head file holds another hash of it".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{AuditFaultKind, START, canonical, chain, verify};
    use crate::store::{Actor, AuditEntry, Event, EventKind, Head};
    use crate::value::Timestamp;
    use serde_json::json;

    fn event(detail: serde_json::Value) -> Event {
        Event { at: Timestamp::from_unix(0), run: "r1".to_owned(), kind: EventKind::Posted, record: None, detail }
    }

    fn log(length: u64) -> Vec<AuditEntry> {
        let mut head = Head::default();
        (1..=length)
            .map(|number| {
                let entry = chain(&head, Actor::default(), event(json!({ "number": number })));
                head = Head { number: entry.number, hash: entry.hash.clone() };
                entry
            })
            .collect()
    }

    fn fault(entries: Vec<AuditEntry>) -> (AuditFaultKind, u64) {
        let last = log(9).pop().expect("nine entries");
        let head = Head { number: last.number, hash: last.hash };
        let fault = verify(entries, Some(&head)).expect_err("a fault");
        (fault.kind, fault.number)
    }

    #[test]
    fn an_untouched_log_is_good() {
        let head = verify(log(9), None).expect("good");
        assert_eq!(head.number, 9);
        assert_eq!(verify(log(9), Some(&head)).expect("good"), head);
        assert_eq!(verify(Vec::new(), None).expect("empty"), Head { number: 0, hash: START.to_owned() });
    }

    #[test]
    fn an_edited_entry_is_named() {
        let mut entries = log(9);
        entries[3].event.detail = json!({ "number": 400 });
        assert_eq!(fault(entries), (AuditFaultKind::Edited, 4));
    }

    #[test]
    fn an_entry_that_was_edited_and_hashed_anew_is_named() {
        let mut entries = log(9);
        let before = Head { number: 3, hash: entries[2].hash.clone() };
        entries[3] = chain(&before, Actor::default(), event(json!({ "number": 400 })));
        assert_eq!(fault(entries), (AuditFaultKind::Edited, 4));
        let mut entries = log(9);
        let before = Head { number: 8, hash: entries[7].hash.clone() };
        entries[8] = chain(&before, Actor::default(), event(json!({ "number": 900 })));
        assert_eq!(fault(entries), (AuditFaultKind::Edited, 9));
    }

    #[test]
    fn dropped_swapped_doubled_and_cut_entries_are_told_apart() {
        let mut entries = log(9);
        entries.remove(4);
        assert_eq!(fault(entries), (AuditFaultKind::Gap, 5));
        let mut entries = log(9);
        entries.remove(0);
        assert_eq!(fault(entries), (AuditFaultKind::Gap, 1));
        let mut entries = log(9);
        entries.swap(2, 6);
        assert_eq!(fault(entries), (AuditFaultKind::Reordered, 3));
        let mut entries = log(9);
        entries.insert(4, entries[2].clone());
        assert_eq!(fault(entries), (AuditFaultKind::Reordered, 5));
        let mut entries = log(9);
        entries.truncate(7);
        assert_eq!(fault(entries), (AuditFaultKind::CutTail, 8));
        assert_eq!(fault(Vec::new()), (AuditFaultKind::CutTail, 1));
        assert_eq!(fault(log(10)), (AuditFaultKind::Edited, 10));
    }

    #[test]
    fn the_order_of_names_does_not_change_the_hash() {
        let one = |detail| chain(&Head::default(), Actor::default(), event(detail));
        let a = one(json!({ "x": 1, "a": { "d": 2, "c": 3 } }));
        let b = one(json!({ "a": { "c": 3, "d": 2 }, "x": 1 }));
        assert_eq!((canonical(&a), &a.hash), (canonical(&b), &b.hash));
        assert!(canonical(&a).contains(r#""detail":{"a":{"c":3,"d":2},"x":1}"#), "{}", canonical(&a));
    }

    /// By hand, from what docs/audit.md says.
    #[test]
    fn the_hash_is_the_documented_one() {
        let by = Actor { user: "anna".into(), host: "ledger".into(), start: "mlc run from cron".into() };
        let before = Head { number: 6, hash: "ab".repeat(32) };
        let entry = chain(&before, by, event(json!({ "hash": ",\"hash\":", "n": 7 })));
        let content = r#"{"by":{"host":"ledger","start":"mlc run from cron","user":"anna"},"event":{"at":"1970-01-01T00:00:00Z","detail":{"hash":",\"hash\":","n":7},"kind":"posted","record":null,"run":"r1"}}"#;
        assert_eq!(super::content(&entry), content);
        let text = format!("{}\n7\n{}\n", "ab".repeat(32), super::sha256(content.as_bytes()));
        assert_eq!(entry.hash, super::sha256(text.as_bytes()));
    }

    #[test]
    fn a_fraction_survives_the_way_to_disk() {
        let entry =
            chain(&Head::default(), Actor::default(), event(json!({ "rate": 0.123_456_789_012_345_68, "count": 3 })));
        let text = serde_json::to_string(&entry).expect("json");
        let back: AuditEntry = serde_json::from_str(&text).expect("json");
        assert_eq!(back, entry);
        assert!(verify([back], None).is_ok());
        assert_eq!(entry.event.detail["count"], json!(3));
    }
}
