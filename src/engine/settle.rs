//! What a record is when posting has come to its end with it: step 6 of `post`, and the
//! ends of those that were never sent. All of it goes into the outbox that is handed in.

use super::ask::{self, Standing};
use super::claims::Claims;
use super::deliver::{Delivery, Order};
use super::flow_run::FlowRun;
use super::ledger::{self, Outbox, Why};
use super::mapping::Ready;
use super::marks;
use super::send::{Answer, Sent};
use super::wording;
use super::{announce, correction};
use crate::connector::{Error, ErrorKind, Exchange, Found, Written};
use crate::store::{EventKind, Outcome, RecordEntry};
use serde_json::json;

/// Where records are settled.
pub(super) struct Settling<'a> {
    pub flow: &'a FlowRun,
    pub claims: &'a mut Claims,
    pub outbox: &'a mut Outbox,
}

impl Settling<'_> {
    /// A record that was sent.
    pub fn close(&mut self, delivery: Delivery) {
        let Delivery { order: Order { ready, existing }, sent: Sent { answer, attempts, exchanges }, read_back } =
            delivery;
        self.tell_answer(&ready, &answer, attempts, exchanges);
        let posted = if existing.is_some() { EventKind::Updated } else { EventKind::Posted };
        let flow = self.flow;
        match answer {
            Answer::Stored(written) => match judge_read_back(flow, &ready, &written, read_back) {
                ReadBack::Good(found) => self.finish_posted(ready, &found, posted, attempts),
                ReadBack::Bad(found, why) => {
                    let reference = found.map_or(written.reference, |found| found.reference);
                    self.finish_suspect(ready, &reference, why, attempts);
                }
                ReadBack::Nothing(why) => self.stay_in_doubt(ready, Some(&written.reference), why, attempts),
            },
            Answer::There(found) => self.finish_posted(ready, &found, posted, attempts),
            Answer::Differs(found, trouble) => {
                let why = wording::differs(flow, &ready, &found, &trouble);
                self.finish_suspect(ready, &found.reference, why, attempts);
            }
            Answer::Altered(Some(found), error) => {
                let why = wording::differs(flow, &ready, &found, &error.message);
                let why = Why { mend: error.mend, ..why };
                self.finish_suspect(ready, &found.reference, why, attempts);
            }
            Answer::Altered(None, error) => {
                let reference = ready.key.to_string();
                self.stay_in_doubt(ready, Some(&reference), wording::altered(flow, &error), attempts);
            }
            Answer::Several(found) => {
                let why = wording::several(flow, &ready, &found);
                let reference = found.first().map(|found| found.reference.clone()).unwrap_or_default();
                self.finish_suspect(ready, &reference, why, attempts);
            }
            Answer::Refused(error) if error.kind == ErrorKind::NotYet => {
                self.finish_unsent(ready, Outcome::Held, wording::not_yet(&error), attempts);
            }
            Answer::Refused(error) => {
                self.finish_unsent(ready, Outcome::Failed, wording::refused(&error), attempts);
            }
            Answer::Exhausted(error) => {
                let why = wording::exhausted(flow, &error, attempts);
                self.finish_unsent(ready, Outcome::Failed, why, attempts);
            }
            Answer::Unknown(error) => self.stay_in_doubt(ready, None, wording::unknown(flow, &error), attempts),
            Answer::NotSent => self.take_back(ready),
        }
    }

    /// A record that is done without a write: rejected, held, or refused when it was asked for.
    pub fn done(&mut self, ready: Ready, outcome: Outcome, why: Why) {
        let context = &self.flow.context;
        let mut entry = self.entry(&ready, outcome, why);
        ledger::would_stand(&mut entry, &ready.facts);
        if ready.before.as_ref().is_some_and(|before| ledger::needs_no_word(context, before, &entry)) {
            self.outbox.count(entry, outcome, ready.ticket);
            return;
        }
        if ledger::is_news(&ready.seen, ready.before.as_ref()) {
            self.outbox.tell_read(context, &entry);
        }
        self.outbox.tell(ledger::outcome_event(context, &entry));
        self.outbox.close(entry, outcome, ready.ticket);
    }

    /// A record that turned out to stand there as it should.
    pub fn posted(&mut self, ready: Ready, found: &Found, kind: EventKind, attempts: u32) {
        self.stands(ready, found, kind, attempts, Outcome::Posted);
    }

    /// A record that the other side had already, without a difference: nothing was sent.
    pub fn linked(&mut self, ready: Ready, found: &Found) {
        self.stands(ready, found, EventKind::Linked, 0, Outcome::Unchanged);
    }

    fn stands(&mut self, ready: Ready, found: &Found, kind: EventKind, attempts: u32, counted: Outcome) {
        let mut entry = self.entry(&ready, Outcome::Posted, Why::default());
        entry.attempts += attempts;
        if ready.correcting.is_some() {
            return self.close_corrected(ready, entry, &found.reference);
        }
        ledger::stands(&mut entry, &ready.facts, &found.reference);
        marks::owe(&self.flow.context, &mut entry);
        self.outbox.link(&self.flow.name, &ready.facts.key, &ready.seen.id);
        let mut event = ledger::outcome_event(&self.flow.context, &entry);
        event.kind = kind;
        self.outbox.tell(event);
        self.outbox.close(entry, counted, ready.ticket);
    }

    /// A correction that stands there: the content of the record is what it makes of it.
    fn close_corrected(&mut self, ready: Ready, mut entry: RecordEntry, reference: &str) {
        let Some(correcting) = &ready.correcting else { return };
        let context = &self.flow.context;
        let part = correction::part(&ready, correcting.number, reference, &context.run, context.clock.now());
        ledger::corrected(&mut entry, correcting, part.clone());
        self.outbox.link(&self.flow.name, &ready.facts.key, &ready.seen.id);
        self.outbox.tell(ledger::corrected_event(context, &entry, &part));
        self.outbox.close_correction(entry, ready.ticket, part.amount);
    }

    /// What was posted is as it was sent by now, and today's mapping is not: the next run
    /// compares the two.
    pub fn reviewed(&mut self, ready: Ready, found: &Found) {
        let why = wording::reviewed(found);
        self.done(ready, Outcome::Held, why);
    }

    fn tell_answer(&mut self, ready: &Ready, answer: &Answer, attempts: u32, exchanges: Vec<Exchange>) {
        let (kind, mut detail) = match answer {
            Answer::Stored(written) => (
                EventKind::Answered,
                json!({"reference": written.reference, "warnings": written.warnings, "attempts": attempts}),
            ),
            Answer::There(found) | Answer::Differs(found, _) => {
                (EventKind::Asked, json!({"found": [found.reference], "attempts": attempts}))
            }
            Answer::Several(found) => {
                let found: Vec<&str> = found.iter().map(|found| found.reference.as_str()).collect();
                (EventKind::Asked, json!({"found": found, "attempts": attempts}))
            }
            Answer::Refused(error) | Answer::Exhausted(error) | Answer::Unknown(error) | Answer::Altered(_, error) => {
                (EventKind::Answered, json!({"error": error.message, "status": error.status, "attempts": attempts}))
            }
            Answer::NotSent => (EventKind::Asked, json!({"not_sent": true, "attempts": attempts})),
        };
        if !exchanges.is_empty() {
            detail["exchanges"] = self.outbox.evidence().exchanges(exchanges);
        }
        self.outbox.tell(self.flow.context.event(kind, Some(ready.seen.id.clone()), detail));
    }

    fn finish_posted(&mut self, ready: Ready, found: &Found, kind: EventKind, attempts: u32) {
        self.no_longer_open(&ready);
        self.posted(ready, found, kind, attempts);
    }

    /// It stands there, but not as it should: ours all the same, and never sent again.
    fn finish_suspect(&mut self, ready: Ready, reference: &str, why: Why, attempts: u32) {
        self.no_longer_open(&ready);
        self.outbox.link(&self.flow.name, &ready.facts.key, &ready.seen.id);
        let mut entry = self.entry(&ready, Outcome::Held, why);
        entry.attempts += attempts;
        if ready.correcting.is_some() {
            return self.close_corrected(ready, entry, reference);
        }
        ledger::stands(&mut entry, &ready.facts, reference);
        self.outbox.tell(ledger::outcome_event(&self.flow.context, &entry));
        self.outbox.close(entry, Outcome::Held, ready.ticket);
    }

    /// It is not there: the write had no effect.
    fn finish_unsent(&mut self, ready: Ready, outcome: Outcome, why: Why, attempts: u32) {
        self.no_longer_open(&ready);
        let mut entry = self.entry(&ready, outcome, why);
        entry.attempts += attempts;
        ledger::would_stand(&mut entry, &ready.facts);
        self.outbox.tell(ledger::outcome_event(&self.flow.context, &entry));
        self.outbox.close(entry, outcome, ready.ticket);
    }

    /// The intent stays open, and with it the claim on the key. With a reference, the
    /// other side said that it has the record: absence alone will not make it new again.
    fn stay_in_doubt(&mut self, ready: Ready, reference: Option<&str>, why: Why, attempts: u32) {
        let mut entry = self.entry(&ready, Outcome::InDoubt, why);
        entry.attempts += attempts;
        match reference {
            // The entry has the name of what is corrected, so the intent keeps the other one.
            Some(reference) if ready.correcting.is_some() => {
                let mut intent = announce::intent(self.flow, &ready, entry.attempts, false);
                intent.correcting.iter_mut().for_each(|correcting| correcting.taken_as = Some(reference.to_owned()));
                self.outbox.announce(intent);
            }
            Some(reference) => ledger::stands(&mut entry, &ready.facts, reference),
            None => ledger::would_stand(&mut entry, &ready.facts),
        }
        self.outbox.tell(ledger::outcome_event(&self.flow.context, &entry));
        self.outbox.close(entry, Outcome::InDoubt, ready.ticket);
    }

    /// The run stops before it was sent: it becomes what it was. Its ticket goes unsettled,
    /// so that the next run reads it again.
    fn take_back(&mut self, ready: Ready) {
        self.no_longer_open(&ready);
        let entry = ready.before.clone().unwrap_or_else(|| {
            let mut entry = self.entry(&ready, Outcome::Held, wording::interrupted());
            ledger::would_stand(&mut entry, &ready.facts);
            entry
        });
        self.outbox.put(entry);
    }

    fn no_longer_open(&mut self, ready: &Ready) {
        self.claims.release(ready);
        self.outbox.forget_intent(&ready.seen.id);
    }

    fn entry(&self, ready: &Ready, outcome: Outcome, why: Why) -> RecordEntry {
        ledger::entry(&self.flow.context, &self.flow.hash, &ready.seen, ready.before.as_ref(), outcome, why)
    }
}

enum ReadBack {
    Good(Found),
    Bad(Option<Found>, Why),
    /// Nothing is certain.
    Nothing(Why),
}

fn judge_read_back(
    flow: &FlowRun,
    ready: &Ready,
    written: &Written,
    read_back: Option<Result<Vec<Found>, Error>>,
) -> ReadBack {
    let found = match read_back {
        Some(Ok(found)) => found,
        Some(Err(error)) => return ReadBack::Nothing(wording::not_read_back(flow, written, Some(&error))),
        None => return ReadBack::Nothing(wording::not_read_back(flow, written, None)),
    };
    let echo = written.echo.as_ref();
    let trouble = echo.and_then(|echo| ask::echo_trouble(&flow.target, &ready.key, &ready.target, echo));
    match (ask::compare(&flow.target, &ready.target, found), trouble) {
        (Standing::Absent, _) => ReadBack::Nothing(wording::not_read_back(flow, written, None)),
        (Standing::Several(found), _) => ReadBack::Bad(None, wording::several(flow, ready, &found)),
        (Standing::Differs(found, trouble), _) | (Standing::Agrees(found), Some(trouble)) => {
            let why = wording::differs(flow, ready, &found, &trouble);
            ReadBack::Bad(Some(found), why)
        }
        (Standing::Agrees(found), None) => ReadBack::Good(found),
    }
}
