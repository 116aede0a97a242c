//! Settling what an earlier run left open: writes that were announced, and of which it is
//! not known whether they arrived.
//!
//! The target is asked for each by key. What is there with what was sent is posted. What
//! is absent was not sent, and is new again. What cannot be told stays in doubt, and
//! nobody sends it. An absence is believed only after a request of the run that was
//! killed can no longer be on its way.

use super::ask::{self, Standing};
use super::context::Context;
use super::error::RunError;
use super::ledger::{self, Facts, Outbox, Seen, Why};
use super::post::GROUP;
use super::wording::Recovered;
use super::{brake::StopKind, kinds, marks, stored, wording};
use crate::connector::{EXCHANGE_TIMEOUT, Error, ErrorKind, Found, Key, Permanence, ResourceSpec};
use crate::store::{Correcting, EventKind, Intent, Outcome, Part, RecordEntry, RecordId};
use crate::value::{Record, Span};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// A write that was announced longer ago than this can no longer be on its way: longer
/// than the longest rate window that it may have waited for.
const QUIET: Span = Span::from_secs(2 * 60 * 60);

/// Asks for all open writes. The records that turned out to be posted.
pub(super) async fn recover(context: &Arc<Context>) -> Result<HashSet<RecordId>, RunError> {
    let mut posted = HashSet::new();
    let mut open = context.store.intents()?;
    open.retain(|intent| context.takes(&intent.record));
    for ((connection, resource), intents) in by_resource(open) {
        let known = context.connections.get(&connection).map(|open| open.catalogue());
        let Some(spec) = known.and_then(|catalogue| catalogue.resources.get(&resource)) else {
            context.tally.warn(format!(
                "{} writes to {connection}.{resource} are in doubt, and the pipeline no longer speaks of it",
                intents.len()
            ));
            continue;
        };
        let desk =
            Desk { context, connection: &connection, resource: &resource, spec, title: context.title(&connection) };
        for group in intents.chunks(GROUP) {
            desk.settle(group, &mut posted).await?;
        }
    }
    Ok(posted)
}

fn by_resource(intents: Vec<Intent>) -> BTreeMap<(String, String), Vec<Intent>> {
    let mut groups: BTreeMap<(String, String), Vec<Intent>> = BTreeMap::new();
    for intent in intents {
        groups.entry((intent.connection.clone(), intent.resource.clone())).or_default().push(intent);
    }
    groups
}

/// Where the open writes of one resource are settled.
struct Desk<'a> {
    context: &'a Arc<Context>,
    connection: &'a str,
    resource: &'a str,
    spec: &'a ResourceSpec,
    title: String,
}

/// An open write, with what it takes to ask for it.
struct Open<'a> {
    intent: &'a Intent,
    key: Key,
    sent: Record,
}

impl Desk<'_> {
    async fn settle(&self, intents: &[Intent], posted: &mut HashSet<RecordId>) -> Result<(), RunError> {
        let ty = self.spec.target_type();
        let (mut open, mut unreadable) = (Vec::new(), Vec::new());
        for intent in intents {
            let key = key_of(&ty, &intent.key);
            match key.zip(stored::partial(&ty, &intent.target)) {
                Some((key, sent)) => open.push(Open { intent, key, sent }),
                None => unreadable.push(intent),
            }
        }
        for intent in unreadable {
            let why = self.words(intent.target_key.clone()).cannot_ask("its key no longer fits the catalogue");
            self.leave_in_doubt(intent, why).await?;
        }
        match self.find(&open).await {
            Ok(found) => {
                for (open, found) in open.into_iter().zip(found) {
                    self.settle_one(open, found, posted).await?;
                }
            }
            Err(error) => {
                self.stop_if_it_must(&error);
                for open in open {
                    let why = self.words(open.key.to_string()).cannot_ask(&error.message);
                    self.leave_in_doubt(open.intent, why).await?;
                }
            }
        }
        Ok(())
    }

    /// What the other side has for each. Those absent are asked for a second time when no
    /// request can be on its way any more.
    async fn find(&self, open: &[Open<'_>]) -> Result<Vec<Vec<Found>>, Error> {
        let keys: Vec<Key> = open.iter().map(|open| open.key.clone()).collect();
        let mut found = ask::find(self.context, self.connection, self.resource, &keys).await?;
        let now = self.context.clock.now();
        let young = |open: &Open<'_>| now.since(open.intent.at) < QUIET;
        let absent: Vec<usize> =
            (0..open.len()).filter(|&index| found[index].is_empty() && young(&open[index])).collect();
        if absent.is_empty() {
            return Ok(found);
        }
        if !self.context.pause(EXCHANGE_TIMEOUT).await {
            let message = "the run was asked to stop before it could be sure";
            return Err(Error::new(ErrorKind::Network, Permanence::Temporary, message));
        }
        let keys: Vec<Key> = absent.iter().map(|&index| open[index].key.clone()).collect();
        let again = ask::find(self.context, self.connection, self.resource, &keys).await?;
        for (index, late) in absent.into_iter().zip(again) {
            found[index] = late;
        }
        Ok(found)
    }

    async fn settle_one(
        &self,
        open: Open<'_>,
        found: Vec<Found>,
        posted: &mut HashSet<RecordId>,
    ) -> Result<(), RunError> {
        let Open { intent, sent, key } = open;
        let entry = self.entry(intent)?;
        let names: Vec<&str> = found.iter().map(|found| found.reference.as_str()).collect();
        let asked = json!({"target_key": intent.target_key, "found": names, "run": intent.run});
        let asked = self.context.event(EventKind::Asked, Some(intent.record.clone()), asked);
        let words = self.words(key.to_string());
        let standing = ask::compare(self.spec, &sent, found);
        let mut outbox = Outbox::default();
        outbox.tell(asked);
        if let Some(correcting) = &intent.correcting {
            if self.settle_correction(intent, correcting, entry, standing, &words, &mut outbox)? {
                posted.insert(intent.record.clone());
            }
            return outbox.flush(self.context, &intent.record.flow).await;
        }
        match (standing, entry.reference.clone()) {
            // It was there before; whether it was changed cannot be seen. Sending a change twice changes nothing more.
            (Standing::Agrees(_) | Standing::Differs(..), _) if intent.update => {
                self.close(entry, Outcome::Held, wording::interrupted(), &mut outbox);
            }
            (Standing::Absent, Some(reference)) if intent.update => {
                self.close(entry, Outcome::Held, words.vanished(&reference), &mut outbox);
            }
            // The other side said what it did with it; that it is still not shown is no news.
            (Standing::Absent, Some(_)) if entry.kind == kinds::ALTERED => return Ok(()),
            // The other side said that it has it: an empty answer does not make it new.
            (Standing::Absent, Some(reference)) => {
                return self.leave_in_doubt(intent, words.not_shown(&reference)).await;
            }
            (Standing::Absent, None) => self.close(entry, Outcome::Held, wording::interrupted(), &mut outbox),
            (Standing::Agrees(found), _) => {
                let taken = self.context.store.link(&intent.record.flow, &intent.target_key)?;
                if taken.is_some_and(|owner| owner != intent.record) {
                    let why = words.differs(&found, "another record of this flow owns it; this one was announced");
                    self.close(entry, Outcome::Held, why, &mut outbox);
                } else {
                    posted.insert(intent.record.clone());
                    self.close_posted(entry, intent, &sent, &found, &mut outbox);
                }
            }
            (Standing::Differs(found, trouble), _) => {
                self.close(entry, Outcome::Held, words.differs(&found, &trouble), &mut outbox);
            }
            (Standing::Several(found), _) => {
                self.close(entry, Outcome::Held, words.several(&found), &mut outbox);
            }
        }
        outbox.flush(self.context, &intent.record.flow).await
    }

    /// As a first post, but for the reference of the entry, which is that of what it
    /// corrects. Whether it turned out to be posted.
    fn settle_correction(
        &self,
        intent: &Intent,
        correcting: &Correcting,
        entry: RecordEntry,
        standing: Standing,
        words: &Recovered<'_>,
        outbox: &mut Outbox,
    ) -> Result<bool, RunError> {
        let (outcome, reference, why) = match standing {
            Standing::Absent => {
                match &correcting.taken_as {
                    Some(reference) => self.stay_in_doubt(entry, words.not_shown(reference), outbox),
                    None => self.close(entry, Outcome::Held, wording::interrupted(), outbox),
                }
                return Ok(false);
            }
            Standing::Agrees(found) => (Outcome::Posted, found.reference, Why::default()),
            Standing::Differs(found, trouble) => {
                let why = words.differs(&found, &trouble);
                (Outcome::Held, found.reference, why)
            }
            Standing::Several(found) => {
                let first = found.first().map(|found| found.reference.clone()).unwrap_or_default();
                (Outcome::Held, first, words.several(&found))
            }
        };
        let taken = self.context.store.link(&intent.record.flow, &intent.target_key)?;
        if let Some(owner) = taken.filter(|owner| *owner != intent.record) {
            self.close(entry, Outcome::Held, words.taken(&reference, &owner.to_string()), outbox);
            return Ok(false);
        }
        let mut entry = entry;
        let part = Part {
            number: correcting.number,
            reference,
            target_key: intent.target_key.clone(),
            key: intent.key.clone(),
            target: intent.target.clone(),
            amount: stored::partial(&self.spec.target_type(), &intent.target)
                .and_then(|sent| ask::amount(self.spec, &sent))
                .map(|amount| amount.to_string()),
            run: intent.run.clone(),
            at: self.context.clock.now(),
        };
        self.say(&mut entry, outcome, why);
        entry.attempts = intent.attempt;
        outbox.forget_intent(&intent.record);
        outbox.link(&intent.record.flow, &intent.target_key, &intent.record);
        ledger::corrected(&mut entry, correcting, part.clone());
        outbox.tell(ledger::corrected_event(self.context, &entry, &part));
        if outcome == Outcome::Posted {
            outbox.close_correction(entry, None, part.amount);
            return Ok(true);
        }
        outbox.put(entry);
        Ok(false)
    }

    fn stay_in_doubt(&self, before: RecordEntry, why: Why, outbox: &mut Outbox) {
        let mut entry = before.clone();
        self.say(&mut entry, Outcome::InDoubt, why);
        if !ledger::same_story(&before, &entry) {
            outbox.tell(ledger::outcome_event(self.context, &entry));
            outbox.put(entry);
        }
    }

    fn close_posted(&self, mut entry: RecordEntry, intent: &Intent, sent: &Record, found: &Found, outbox: &mut Outbox) {
        let facts = Facts {
            target: intent.target.clone(),
            key: intent.target_key.clone(),
            hash: intent.target_hash.clone(),
            amount: ask::amount(self.spec, sent),
        };
        self.say(&mut entry, Outcome::Posted, Why::default());
        ledger::stands(&mut entry, &facts, &found.reference);
        marks::owe(self.context, &mut entry);
        entry.attempts = intent.attempt;
        outbox.forget_intent(&intent.record);
        outbox.link(&intent.record.flow, &intent.target_key, &intent.record);
        outbox.tell(ledger::outcome_event(self.context, &entry));
        outbox.close(entry, Outcome::Posted, None);
    }

    /// The write is no longer open. Counted when the flow comes to the record.
    fn close(&self, mut entry: RecordEntry, outcome: Outcome, why: Why, outbox: &mut Outbox) {
        self.say(&mut entry, outcome, why);
        outbox.forget_intent(&entry.id);
        outbox.tell(ledger::outcome_event(self.context, &entry));
        outbox.put(entry);
    }

    async fn leave_in_doubt(&self, intent: &Intent, why: Why) -> Result<(), RunError> {
        let mut outbox = Outbox::default();
        self.stay_in_doubt(self.entry(intent)?, why, &mut outbox);
        outbox.flush(self.context, &intent.record.flow).await
    }

    fn say(&self, entry: &mut RecordEntry, outcome: Outcome, why: Why) {
        let now = self.context.clock.now();
        entry.waits_since = ledger::waits_since(Some(entry), outcome, now);
        entry.outcome = outcome;
        entry.kind = why.kind;
        entry.reason = why.reason;
        entry.mend = why.mend;
        entry.run.clone_from(&self.context.run);
        entry.updated = now;
    }

    /// The entry was written with the intent; a store from elsewhere may lack it.
    fn entry(&self, intent: &Intent) -> Result<RecordEntry, RunError> {
        if let Some(entry) = self.context.store.record(&intent.record)? {
            return Ok(entry);
        }
        let seen = Seen {
            id: intent.record.clone(),
            label: intent.record.to_string(),
            hash: String::new(),
            json: Json::Null,
            amount: None,
        };
        Ok(ledger::entry(self.context, "", &seen, None, Outcome::InDoubt, Why::default()))
    }

    fn words(&self, key: String) -> Recovered<'_> {
        Recovered { title: &self.title, spec: self.spec, key }
    }

    fn stop_if_it_must(&self, error: &Error) {
        if matches!(error.kind, ErrorKind::Credentials | ErrorKind::Permission | ErrorKind::Configuration) {
            let message = format!("{} cannot be asked: {}", self.title, error.message);
            self.context.brake.pull(StopKind::World, message, error.mend.clone());
        }
    }
}

/// The key out of its `[name, value]` pairs.
pub(super) fn key_of(ty: &crate::value::RecordType, json: &Json) -> Option<Key> {
    let mut fields = serde_json::Map::new();
    for pair in json.as_array()? {
        let [name, value] = pair.as_array()?.as_slice() else { return None };
        fields.insert(name.as_str()?.to_owned(), value.clone());
    }
    let record = stored::partial(ty, &Json::Object(fields))?;
    Some(Key(record.iter().map(|(name, value)| (name.clone(), value.clone())).collect()))
}
