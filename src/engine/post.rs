//! Posting: mapped records go to the target in groups, each exactly once.
//!
//! A group goes through these steps, and every gap between them is safe to die in:
//!
//! 1. Twins are refused: a target key belongs to one source record.
//! 2. The target is asked for all keys of the group. *Killed here: nothing was sent.*
//! 3. The intents of those that are absent become durable, with their entries as in
//!    doubt. *Killed here: recovery asks, finds nothing, and they are new again.*
//! 4. They are sent. *Killed here: recovery asks for each, and takes what is there as
//!    posted. What is absent is asked for again after the longest time that an exchange
//!    may take, since a request can outlive the process that sent it.*
//! 5. What was answered with success is read back. *Killed here: as in 4.*
//! 6. Outcomes, links, the end of the intents and the events become durable in one
//!    commit. *Killed in the middle of it: all of it or nothing of it is there; nothing is as 4,
//!    all is the end.*
//!
//! Invariant: between 3 and 6 an open intent says that a write may be out. Nobody sends a
//! record that has an open intent.

use super::ask::{self, SECOND_LOOKS, Standing};
use super::brake::StopKind;
use super::error::RunError;
use super::flow_run::FlowRun;
use super::ledger::{self, Outbox, Why};
use super::mapping::{Job, Ready};
use super::send::{self, Answer, Sent};
use super::wording;
use crate::connector::{Connector, Error, Found, Key, Written};
use crate::store::{EventKind, Intent, Outcome, RecordEntry, RecordId};
use crate::value::Span;
use futures_util::stream::{self, StreamExt as _};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Records that are asked for, announced and committed together. One question then costs
/// about as much as for one, and a kill leaves at most so many to ask for.
pub(super) const GROUP: usize = 40;

/// So long a group waits for more to come.
const LINGER: Span = Span::from_millis(250);

/// Writes in flight at once. Ledgers give an integration few sessions, and each write holds one.
const POSTS_AT_ONCE: usize = 2;

/// After so many records in a row that could not be delivered, the target is taken to be down.
const LOST_IN_A_ROW: u32 = 3;

pub(super) struct Poster {
    flow: Arc<FlowRun>,
    connection: Arc<dyn Connector>,
    inbox: mpsc::Receiver<Ready>,
    /// Target keys that are taken and not linked yet: those of the group in hand, of
    /// writes in doubt, and in a plan all of them. With their owner and its label.
    claims: HashMap<String, (RecordId, String)>,
    lost: u32,
    asked_in_plan: u64,
}

/// A record to be sent, and the one that it updates.
struct Order {
    ready: Ready,
    existing: Option<Found>,
}

/// A record that was sent, and what was read back of it.
struct Delivery {
    order: Order,
    sent: Sent,
    read_back: Option<Result<Vec<Found>, Error>>,
}

impl Poster {
    pub fn new(flow: Arc<FlowRun>, inbox: mpsc::Receiver<Ready>) -> Result<Self, RunError> {
        let connection = flow.context.connection(&flow.flow().target().connection)?.clone();
        let doubts = flow.in_doubt.iter();
        let claims = doubts.map(|(id, key)| (key.clone(), (id.clone(), id.to_string()))).collect();
        Ok(Self { flow, connection, inbox, claims, lost: 0, asked_in_plan: 0 })
    }

    /// Posts whatever comes, until nothing more comes. When the brake is pulled, what is
    /// still to come stays as it was.
    pub async fn run(mut self) -> Result<(), RunError> {
        while let Some(group) = self.gather().await {
            if !self.flow.context.brake.is_pulled() {
                self.post(group).await?;
            }
        }
        if self.flow.context.plan {
            self.estimate();
        }
        Ok(())
    }

    async fn gather(&mut self) -> Option<Vec<Ready>> {
        let mut group = vec![self.inbox.recv().await?];
        let clock = self.flow.context.clock.clone();
        let mut patience = clock.sleep(LINGER);
        while group.len() < GROUP {
            tokio::select! {
                biased;
                next = self.inbox.recv() => match next {
                    Some(ready) => group.push(ready),
                    None => break,
                },
                () = &mut patience => break,
            }
        }
        Some(group)
    }

    async fn post(&mut self, group: Vec<Ready>) -> Result<(), RunError> {
        let mut outbox = Outbox::default();
        let group = self.refuse_twins(group, &mut outbox)?;
        let keys: Vec<Key> = group.iter().map(|ready| ready.key.clone()).collect();
        let answers = self.ask(&keys).await;
        let mut orders = Vec::new();
        for (ready, answer) in group.into_iter().zip(answers) {
            match answer {
                Ok(found) => orders.extend(self.decide(ready, found, &mut outbox)),
                Err(error) => self.cannot_ask(ready, error, &mut outbox),
            }
        }
        if self.flow.context.plan {
            self.plan(orders, &mut outbox);
            return outbox.flush(&self.flow.context, &self.flow.name).await;
        }
        orders.iter().for_each(|order| self.announce(order, &mut outbox));
        outbox.flush(&self.flow.context, &self.flow.name).await?;
        let mut deliveries = self.deliver(orders).await;
        self.read_back(&mut deliveries).await;
        for delivery in deliveries {
            self.close(delivery, &mut outbox);
        }
        outbox.flush(&self.flow.context, &self.flow.name).await
    }

    /// Step 1. Claims the keys; whoever maps to a key that is taken is rejected.
    fn refuse_twins(&mut self, group: Vec<Ready>, outbox: &mut Outbox) -> Result<Vec<Ready>, RunError> {
        let mut alone = Vec::with_capacity(group.len());
        for ready in group {
            match self.owner(&ready)? {
                None => {
                    let claim = (ready.seen.id.clone(), ready.seen.label.clone());
                    self.claims.insert(ready.facts.key.clone(), claim);
                    alone.push(ready);
                }
                Some(label) => {
                    let why = wording::twin(&self.flow, &ready, &label);
                    self.settle(ready, Outcome::Rejected, why, outbox);
                }
            }
        }
        Ok(alone)
    }

    /// The label of another record that has the key.
    fn owner(&self, ready: &Ready) -> Result<Option<String>, RunError> {
        let key = &ready.facts.key;
        if let Some((id, label)) = self.claims.get(key) {
            return Ok((*id != ready.seen.id).then(|| label.clone()));
        }
        let store = &self.flow.context.store;
        let Some(id) = store.link(&self.flow.name, key)?.filter(|id| *id != ready.seen.id) else { return Ok(None) };
        let label = store.record(&id)?.map_or_else(|| id.to_string(), |entry| entry.label);
        Ok(Some(label))
    }

    /// Step 2. One question for all; when it is refused, one for each, so that one key
    /// that the other side cannot digest does not stop the others.
    async fn ask(&self, keys: &[Key]) -> Vec<Result<Vec<Found>, Error>> {
        match self.find(keys).await {
            Ok(found) => found.into_iter().map(Ok).collect(),
            Err(error) if error.stops_the_run() || error.is_temporary() || keys.len() == 1 => {
                keys.iter().map(|_| Err(error.clone())).collect()
            }
            Err(_) => {
                let mut answers = Vec::with_capacity(keys.len());
                for key in keys {
                    answers.push(self.find(std::slice::from_ref(key)).await.map(|mut found| found.remove(0)));
                }
                answers
            }
        }
    }

    async fn find(&self, keys: &[Key]) -> Result<Vec<Vec<Found>>, Error> {
        let target = self.flow.flow().target();
        ask::find(&self.flow.context, &target.connection, &target.resource, keys).await
    }

    /// Nothing is sent that could not be asked for.
    fn cannot_ask(&mut self, ready: Ready, error: Error, outbox: &mut Outbox) {
        if error.stops_the_run() || error.is_temporary() {
            self.claims.remove(&ready.facts.key);
            let context = &self.flow.context;
            let title = &self.flow.target_title;
            context.brake.pull(StopKind::World, format!("{title} cannot be asked: {}", error.message), error.mend);
            return;
        }
        let why = wording::refused(&error);
        self.release(&ready);
        self.settle(ready, Outcome::Failed, why, outbox);
    }

    /// What the other side has decides what is to be done. `None` when nothing is to be sent.
    fn decide(&mut self, ready: Ready, found: Vec<Found>, outbox: &mut Outbox) -> Option<Order> {
        let standing = ask::compare(&self.flow.target, &ready.target, found);
        match (ready.job, standing) {
            (Job::Create, Standing::Absent) => self.order(ready, None),
            (Job::Update, Standing::Agrees(found) | Standing::Differs(found, _)) => self.order(ready, Some(found)),
            (Job::Recheck, Standing::Agrees(found)) => {
                self.release(&ready);
                self.posted(ready, &found, EventKind::Posted, 0, outbox);
                None
            }
            (Job::Recheck, Standing::Differs(found, trouble)) => {
                let why = wording::differs(&self.flow, &ready, &found, &trouble);
                self.hold(ready, why, outbox)
            }
            (Job::Create, Standing::Agrees(found) | Standing::Differs(found, _)) => {
                let why = wording::already_there(&self.flow, &ready, &found);
                self.hold(ready, why, outbox)
            }
            (_, Standing::Several(found)) => {
                let why = wording::several(&self.flow, &ready, &found);
                self.hold(ready, why, outbox)
            }
            (_, Standing::Absent) => {
                let why = wording::vanished(&self.flow, &ready);
                self.hold(ready, why, outbox)
            }
        }
    }

    fn order(&mut self, ready: Ready, existing: Option<Found>) -> Option<Order> {
        match self.flow.guard.take() {
            Ok(()) => Some(Order { ready, existing }),
            Err(message) => {
                let mend = "raise the guard if so many are right, or run again for the next ones";
                let message = format!("{}: {message}", self.flow.name);
                self.flow.context.brake.pull(StopKind::Guard, message, mend);
                self.claims.remove(&ready.facts.key);
                None
            }
        }
    }

    fn hold(&mut self, ready: Ready, why: Why, outbox: &mut Outbox) -> Option<Order> {
        self.release(&ready);
        self.settle(ready, Outcome::Held, why, outbox);
        None
    }

    /// A plan ends here: what would be sent counts as posted.
    fn plan(&mut self, orders: Vec<Order>, outbox: &mut Outbox) {
        self.asked_in_plan += 1;
        for Order { ready, .. } in orders {
            let mut entry = self.entry(&ready, Outcome::Posted, Why::default());
            ledger::would_stand(&mut entry, &ready.facts);
            outbox.count(entry, Outcome::Posted, ready.ticket);
        }
    }

    /// Posting asks once and reads back once for each group, and writes each record once.
    fn estimate(&self) {
        let posts = self.flow.context.tally.counts(&self.flow.name).posted;
        if posts > 0 {
            self.flow.context.tally.expect_requests(posts + 2 * self.asked_in_plan);
        }
    }

    /// Step 3.
    fn announce(&self, order: &Order, outbox: &mut Outbox) {
        let (flow, ready) = (&self.flow, &order.ready);
        let context = &flow.context;
        let mut entry = self.entry(ready, Outcome::InDoubt, wording::on_its_way(flow));
        ledger::would_stand(&mut entry, &ready.facts);
        let target = flow.flow().target();
        let key = ready.key.0.iter().map(|(name, value)| json!([name, crate::value::to_json(value)])).collect();
        let intent = Intent {
            record: ready.seen.id.clone(),
            connection: target.connection.to_string(),
            resource: target.resource.to_string(),
            key,
            target_key: ready.facts.key.clone(),
            target: ready.facts.target.clone(),
            target_hash: ready.facts.hash.clone(),
            attempt: entry.attempts + 1,
            update: order.existing.is_some(),
            run: context.run.clone(),
            at: context.clock.now(),
        };
        if ledger::is_news(&ready.seen, ready.before.as_ref()) {
            outbox.tell(ledger::read_event(context, &entry));
        }
        let detail = json!({
            "connection": intent.connection, "resource": intent.resource, "target_key": intent.target_key,
            "target_hash": intent.target_hash, "target": intent.target, "update": intent.update,
            "asked": if intent.update { "it is there" } else { "it is not there" },
        });
        outbox.tell(context.event(EventKind::Intent, Some(intent.record.clone()), detail));
        outbox.put(entry);
        outbox.announce(intent);
    }

    /// Step 4.
    async fn deliver(&self, orders: Vec<Order>) -> Vec<Delivery> {
        stream::iter(orders).map(|order| self.deliver_one(order)).buffer_unordered(POSTS_AT_ONCE).collect().await
    }

    async fn deliver_one(&self, order: Order) -> Delivery {
        let sent = send::send(&self.flow, self.connection.as_ref(), &order.ready, order.existing.clone()).await;
        Delivery { order, sent, read_back: None }
    }

    /// Step 5. What is not shown at once is looked for again.
    async fn read_back(&self, deliveries: &mut [Delivery]) {
        let mut waits = SECOND_LOOKS.into_iter();
        loop {
            let mut open: Vec<&mut Delivery> = deliveries.iter_mut().filter(|delivery| delivery.wants_look()).collect();
            if open.is_empty() {
                return;
            }
            let keys: Vec<Key> = open.iter().map(|delivery| delivery.order.ready.key.clone()).collect();
            match self.find(&keys).await {
                Ok(found) => {
                    open.iter_mut().zip(found).for_each(|(delivery, found)| delivery.read_back = Some(Ok(found)));
                }
                Err(error) => open.iter_mut().for_each(|delivery| delivery.read_back = Some(Err(error.clone()))),
            }
            if !deliveries.iter().any(Delivery::wants_look) {
                return;
            }
            match waits.next() {
                Some(wait) => self.flow.context.clock.sleep(wait).await,
                None => return,
            }
        }
    }

    /// Step 6, for one record.
    fn close(&mut self, delivery: Delivery, outbox: &mut Outbox) {
        let Delivery { order: Order { ready, existing }, sent: Sent { answer, attempts }, read_back } = delivery;
        self.tell_answer(&ready, &answer, attempts, outbox);
        self.count_lost(&answer);
        let posted = if existing.is_some() { EventKind::Updated } else { EventKind::Posted };
        let flow = self.flow.clone();
        match answer {
            Answer::Stored(written) => {
                let verdict = judge_read_back(&flow, &ready, &written, read_back);
                match verdict {
                    ReadBack::Good(found) => self.finish_posted(ready, &found, posted, attempts, outbox),
                    ReadBack::Bad(found, why) => {
                        let reference = found.map_or(written.reference, |found| found.reference);
                        self.finish_suspect(ready, &reference, why, attempts, outbox);
                    }
                    ReadBack::None(why) => self.stay_in_doubt(ready, Some(&written.reference), why, attempts, outbox),
                }
            }
            Answer::There(found) => self.finish_posted(ready, &found, posted, attempts, outbox),
            Answer::Differs(found, trouble) => {
                let why = wording::differs(&flow, &ready, &found, &trouble);
                self.finish_suspect(ready, &found.reference, why, attempts, outbox);
            }
            Answer::Several(found) => {
                let why = wording::several(&flow, &ready, &found);
                let reference = found.first().map(|found| found.reference.clone()).unwrap_or_default();
                self.finish_suspect(ready, &reference, why, attempts, outbox);
            }
            Answer::Refused(error) => {
                self.finish(ready, Outcome::Failed, wording::refused(&error), attempts, outbox);
            }
            Answer::Exhausted(error) => {
                self.finish(ready, Outcome::Failed, wording::exhausted(&flow, &error, attempts), attempts, outbox);
            }
            Answer::Unknown(error) => {
                self.stay_in_doubt(ready, None, wording::unknown(&flow, &error), attempts, outbox);
            }
            Answer::NotSent => self.take_back(ready, outbox),
        }
    }

    fn tell_answer(&self, ready: &Ready, answer: &Answer, attempts: u32, outbox: &mut Outbox) {
        let (kind, detail) = match answer {
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
            Answer::Refused(error) | Answer::Exhausted(error) | Answer::Unknown(error) => {
                (EventKind::Answered, json!({"error": error.message, "status": error.status, "attempts": attempts}))
            }
            Answer::NotSent => (EventKind::Asked, json!({"not_sent": true, "attempts": attempts})),
        };
        outbox.tell(self.flow.context.event(kind, Some(ready.seen.id.clone()), detail));
    }

    /// A target that is down fails every record: better stop than park them all.
    fn count_lost(&mut self, answer: &Answer) {
        match answer {
            Answer::Exhausted(error) | Answer::Unknown(error) => {
                self.lost += 1;
                if self.lost >= LOST_IN_A_ROW {
                    let message = format!(
                        "{} could not take {} records in a row: {}",
                        self.flow.target_title, self.lost, error.message
                    );
                    self.flow.context.brake.pull(StopKind::World, message, error.mend.clone());
                }
            }
            Answer::NotSent => {}
            _ => self.lost = 0,
        }
    }

    fn finish_posted(&mut self, ready: Ready, found: &Found, kind: EventKind, attempts: u32, outbox: &mut Outbox) {
        self.release(&ready);
        outbox.forget_intent(&ready.seen.id);
        self.posted(ready, found, kind, attempts, outbox);
    }

    fn posted(&self, ready: Ready, found: &Found, kind: EventKind, attempts: u32, outbox: &mut Outbox) {
        let mut entry = self.entry(&ready, Outcome::Posted, Why::default());
        entry.attempts += attempts;
        ledger::stands(&mut entry, &ready.facts, &found.reference);
        outbox.link(&self.flow.name, &ready.facts.key, &ready.seen.id);
        let mut event = ledger::outcome_event(&self.flow.context, &entry);
        event.kind = kind;
        outbox.tell(event);
        outbox.close(entry, Outcome::Posted, ready.ticket);
    }

    /// It stands there, but not as it should: ours all the same, and never sent again.
    fn finish_suspect(&mut self, ready: Ready, reference: &str, why: Why, attempts: u32, outbox: &mut Outbox) {
        self.release(&ready);
        outbox.forget_intent(&ready.seen.id);
        outbox.link(&self.flow.name, &ready.facts.key, &ready.seen.id);
        let mut entry = self.entry(&ready, Outcome::Held, why);
        entry.attempts += attempts;
        ledger::stands(&mut entry, &ready.facts, reference);
        outbox.tell(ledger::outcome_event(&self.flow.context, &entry));
        outbox.close(entry, Outcome::Held, ready.ticket);
    }

    /// It is not there.
    fn finish(&mut self, ready: Ready, outcome: Outcome, why: Why, attempts: u32, outbox: &mut Outbox) {
        self.release(&ready);
        outbox.forget_intent(&ready.seen.id);
        let mut entry = self.entry(&ready, outcome, why);
        entry.attempts += attempts;
        ledger::would_stand(&mut entry, &ready.facts);
        outbox.tell(ledger::outcome_event(&self.flow.context, &entry));
        outbox.close(entry, outcome, ready.ticket);
    }

    /// The intent stays open, and with it the claim on the key. With a reference, the
    /// other side said that it has the record: absence alone will not make it new again.
    fn stay_in_doubt(&mut self, ready: Ready, reference: Option<&str>, why: Why, attempts: u32, outbox: &mut Outbox) {
        let mut entry = self.entry(&ready, Outcome::InDoubt, why);
        entry.attempts += attempts;
        match reference {
            Some(reference) => ledger::stands(&mut entry, &ready.facts, reference),
            None => ledger::would_stand(&mut entry, &ready.facts),
        }
        outbox.tell(ledger::outcome_event(&self.flow.context, &entry));
        outbox.close(entry, Outcome::InDoubt, ready.ticket);
    }

    /// The run stops before it was sent: it becomes what it was. Its ticket goes unsettled,
    /// so that the next run reads it again.
    fn take_back(&mut self, ready: Ready, outbox: &mut Outbox) {
        self.release(&ready);
        outbox.forget_intent(&ready.seen.id);
        let entry = match &ready.before {
            Some(before) => before.clone(),
            None => {
                let mut entry = self.entry(&ready, Outcome::Held, wording::interrupted());
                ledger::would_stand(&mut entry, &ready.facts);
                entry
            }
        };
        outbox.put(entry);
    }

    /// Done without a write.
    fn settle(&self, ready: Ready, outcome: Outcome, why: Why, outbox: &mut Outbox) {
        let mut entry = self.entry(&ready, outcome, why);
        ledger::would_stand(&mut entry, &ready.facts);
        if ready.before.as_ref().is_some_and(|before| ledger::same_story(before, &entry)) {
            outbox.count(entry, outcome, ready.ticket);
            return;
        }
        if ledger::is_news(&ready.seen, ready.before.as_ref()) {
            outbox.tell(ledger::read_event(&self.flow.context, &entry));
        }
        outbox.tell(ledger::outcome_event(&self.flow.context, &entry));
        outbox.close(entry, outcome, ready.ticket);
    }

    fn entry(&self, ready: &Ready, outcome: Outcome, why: Why) -> RecordEntry {
        ledger::entry(&self.flow.context, &self.flow.hash, &ready.seen, ready.before.as_ref(), outcome, why)
    }

    /// From here on the link speaks for the key, or nobody does. A plan has no links.
    fn release(&mut self, ready: &Ready) {
        if !self.flow.context.plan {
            self.claims.remove(&ready.facts.key);
        }
    }
}

impl Delivery {
    /// Answered with success, and not yet seen on the other side.
    fn wants_look(&self) -> bool {
        let unseen = match &self.read_back {
            None => true,
            Some(Ok(found)) => found.is_empty(),
            Some(Err(_)) => false,
        };
        matches!(self.sent.answer, Answer::Stored(_)) && unseen
    }
}

enum ReadBack {
    Good(Found),
    Bad(Option<Found>, Why),
    /// Nothing is certain.
    None(Why),
}

fn judge_read_back(
    flow: &FlowRun,
    ready: &Ready,
    written: &Written,
    read_back: Option<Result<Vec<Found>, Error>>,
) -> ReadBack {
    let found = match read_back {
        Some(Ok(found)) => found,
        Some(Err(error)) => return ReadBack::None(wording::not_read_back(flow, written, Some(&error))),
        None => return ReadBack::None(wording::not_read_back(flow, written, None)),
    };
    let echo = written.echo.as_ref();
    let trouble = echo.and_then(|echo| ask::echo_trouble(&flow.target, &ready.key, &ready.target, echo));
    match (ask::compare(&flow.target, &ready.target, found), trouble) {
        (Standing::Absent, _) => ReadBack::None(wording::not_read_back(flow, written, None)),
        (Standing::Several(found), _) => ReadBack::Bad(None, wording::several(flow, ready, &found)),
        (Standing::Differs(found, trouble), _) | (Standing::Agrees(found), Some(trouble)) => {
            let why = wording::differs(flow, ready, &found, &trouble);
            ReadBack::Bad(Some(found), why)
        }
        (Standing::Agrees(found), None) => ReadBack::Good(found),
    }
}
