//! Posting: mapped records go to the target in groups, each exactly once.
//!
//! A group goes through these steps, and every gap between them is safe to die in:
//!
//! 1. Keys are claimed: a target key belongs to one source record. A twin is refused when the
//!    other one of its group is done, and has the key still.
//! 2. The target is asked for all keys of the group; for a correction, also for all that it
//!    corrects; with a `settle`, whether what its first posts wait for is there; and, with a
//!    `match`, whether what is to be created still matches nothing. *Killed here: nothing was
//!    sent.*
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

use super::ask::{self, Standing};
use super::brake::StopKind;
use super::claims::{Claims, Taken};
use super::deliver::{self, Order};
use super::error::RunError;
use super::flow_run::FlowRun;
use super::ledger::{self, Outbox, Why};
use super::mapping::{Job, Ready};
use super::mutant::{self, Mutant};
use super::not_yet::{self, PutOff};
use super::readiness::{self, Asked};
use super::settle::Settling;
use super::still_there::StillThere;
use super::{announce, correction, rematch, wording};
use crate::connector::{Connector, Error, Found, Key, Readiness};
use crate::store::{EventKind, Outcome, RecordEntry};
use crate::value::Span;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use tokio::sync::mpsc;

/// Records that are asked for, announced and committed together. One question then costs
/// about as much as for one, and a kill leaves at most so many to ask for.
pub(super) const GROUP: usize = 40;

/// So long a group waits for more to come.
const LINGER: Span = Span::from_millis(250);

pub(super) struct Poster {
    flow: Arc<FlowRun>,
    connection: Arc<dyn Connector>,
    inbox: mpsc::Receiver<Ready>,
    claims: Claims,
    /// Records in a row that could not be delivered.
    lost: AtomicU32,
    /// The guard allows no more writes: the run stops when those that it allowed are settled.
    over_guard: Option<String>,
    put_off: PutOff,
    /// What waits for another one of its group to be tried.
    followers: Vec<Order>,
    still_there: StillThere,
    asked_in_plan: u64,
    /// Requests beside those: for groups of which something may have to wait, or be there by now.
    further_in_plan: u64,
}

/// A record whose key belongs to the one of this label.
struct Twin {
    ready: Ready,
    owner: String,
}

impl Poster {
    pub fn new(flow: Arc<FlowRun>, inbox: mpsc::Receiver<Ready>) -> Result<Self, RunError> {
        let connection = flow.context.connection(&flow.flow().target().connection)?.clone();
        let claims = Claims::new(&flow)?;
        Ok(Self {
            flow,
            connection,
            inbox,
            claims,
            lost: AtomicU32::new(0),
            over_guard: None,
            put_off: PutOff::default(),
            followers: Vec::new(),
            still_there: StillThere::default(),
            asked_in_plan: 0,
            further_in_plan: 0,
        })
    }

    /// Posts whatever comes, until nothing more comes. When the brake is pulled, what is
    /// still to come stays as it was.
    pub async fn run(mut self) -> Result<(), RunError> {
        while let Some(group) = self.gather().await {
            if self.flow.context.brake.is_pulled() {
                continue;
            }
            if let Err(error) = self.post(group).await {
                self.flow.context.brake.pull(StopKind::Error, error.message.clone(), error.mend.clone());
                return Err(error);
            }
            if let Some(message) = self.over_guard.take() {
                let mend = "raise the guard if so many are right, or run again for the next ones";
                self.flow.context.brake.pull(StopKind::Guard, message, mend);
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

    /// Whoever has a key that another one of the group is on its way with waits until that one
    /// is decided on: it may be held or refused, and then its key is free.
    async fn post(&mut self, mut group: Vec<Ready>) -> Result<(), RunError> {
        loop {
            let mut outbox = Outbox::default();
            let (alone, twins) = self.claim(group, &mut outbox)?;
            if alone.is_empty() {
                twins.into_iter().for_each(|twin| self.refuse(twin, &mut outbox));
                return outbox.flush(&self.flow.context, &self.flow.name).await;
            }
            self.post_alone(alone, outbox).await?;
            if self.flow.context.brake.is_pulled() || self.over_guard.is_some() {
                return self.refuse_taken(twins).await;
            }
            group = twins.into_iter().map(|twin| twin.ready).collect();
        }
    }

    /// Those whose keys belong to others now; the rest stays as it was, since the run stops.
    async fn refuse_taken(&mut self, twins: Vec<Twin>) -> Result<(), RunError> {
        let mut outbox = Outbox::default();
        let twins = twins.into_iter().map(|twin| twin.ready).collect();
        let (_, taken) = self.claim(twins, &mut outbox)?;
        taken.into_iter().for_each(|twin| self.refuse(twin, &mut outbox));
        outbox.flush(&self.flow.context, &self.flow.name).await
    }

    async fn post_alone(&mut self, group: Vec<Ready>, mut outbox: Outbox) -> Result<(), RunError> {
        let keys: Vec<Key> = group.iter().map(|ready| ready.key.clone()).collect();
        let answers = self.ask(&keys).await;
        let mut group: Vec<Asked> = group.into_iter().zip(answers).collect();
        let troubles = correction::look_at_parts(&self.flow, &mut group).await;
        let readiness = readiness::of_group(&self.flow, &group).await?;
        let waited = readiness.iter().any(Option::is_some);
        let mut orders = Vec::new();
        for (((ready, found), readiness), trouble) in group.into_iter().zip(readiness).zip(troubles) {
            if let Some(trouble) = trouble {
                let why = wording::parts_differ(&self.flow, &ready, &trouble);
                self.leave(ready, Outcome::Held, why, &mut outbox);
                continue;
            }
            match (found, readiness) {
                (Err(error), _) | (_, Some(Err(error))) => self.cannot_ask(ready, error, &mut outbox),
                (_, Some(Ok(Readiness::Waits { reason, mend }))) => {
                    self.leave(ready, Outcome::Held, wording::waits(&self.flow, reason, mend), &mut outbox);
                }
                (_, Some(Ok(Readiness::Never { reason, mend }))) => {
                    self.leave(ready, Outcome::Rejected, wording::waits(&self.flow, reason, mend), &mut outbox);
                }
                (Ok(found), Some(Ok(Readiness::Ready)) | None) => {
                    orders.extend(self.decide(ready, found, &mut outbox));
                }
            }
        }
        if self.flow.context.plan {
            self.plan(orders, waited, &mut outbox);
            return outbox.flush(&self.flow.context, &self.flow.name).await;
        }
        let orders = self.in_the_source(orders, &mut outbox).await;
        let orders = self.still_unmatched(orders, &mut outbox).await;
        self.send(orders, &mut outbox).await?;
        let mut follow = Vec::new();
        for order in std::mem::take(&mut self.followers) {
            if self.put_off.holds(&order) {
                self.stay_put_off(order.ready, &mut outbox);
            } else {
                follow.extend(self.allowed(order));
            }
        }
        let follow = self.in_the_source(follow, &mut outbox).await;
        let follow = self.still_unmatched(follow, &mut outbox).await;
        self.send(follow, &mut outbox).await
    }

    /// What waited, and was deleted meanwhile, is not posted.
    async fn in_the_source(&mut self, orders: Vec<Order>, outbox: &mut Outbox) -> Vec<Order> {
        let mut there = Vec::with_capacity(orders.len());
        for order in orders {
            match self.still_there.shows(&self.flow, &order.ready).await {
                Ok(true) => there.push(order),
                Ok(false) => self.leave(order.ready, Outcome::Held, wording::gone(&self.flow), outbox),
                Err(error) => {
                    let why = wording::perhaps_gone(&self.flow, &error);
                    self.leave(order.ready, Outcome::Held, why, outbox);
                }
            }
        }
        there
    }

    /// What matches something by now is not created.
    async fn still_unmatched(&mut self, orders: Vec<Order>, outbox: &mut Outbox) -> Vec<Order> {
        let looked = rematch::look(&self.flow, &orders).await;
        let mut unmatched = Vec::with_capacity(orders.len());
        for (order, why) in orders.into_iter().zip(looked) {
            match why {
                None => unmatched.push(order),
                Some(why) => self.leave(order.ready, Outcome::Held, why, outbox),
            }
        }
        unmatched
    }

    /// Steps 3 to 6.
    async fn send(&mut self, orders: Vec<Order>, outbox: &mut Outbox) -> Result<(), RunError> {
        if !mutant::is(Mutant::NoIntent) {
            orders.iter().for_each(|order| self.announce(order, outbox));
        }
        outbox.flush(&self.flow.context, &self.flow.name).await?;
        for delivery in deliver::deliver(&self.flow, self.connection.as_ref(), orders, &self.lost).await {
            self.put_off.learn(&delivery);
            self.settling(outbox).close(delivery);
        }
        outbox.flush(&self.flow.context, &self.flow.name).await
    }

    /// Another one was told "not yet" for the same reason in this run: it is held as it was.
    fn stay_put_off(&mut self, ready: Ready, outbox: &mut Outbox) {
        let why = ready.before.as_ref().map(Why::of).unwrap_or_default();
        self.leave(ready, Outcome::Held, why, outbox);
    }

    /// Step 1. Claims the keys. What has a key of its own now, and what maps to one that is taken.
    fn claim(&mut self, group: Vec<Ready>, outbox: &mut Outbox) -> Result<(Vec<Ready>, Vec<Twin>), RunError> {
        let (mut alone, mut twins) = (Vec::with_capacity(group.len()), Vec::new());
        for ready in group {
            match self.claims.claim(&self.flow, &ready)? {
                None => alone.push(ready),
                Some(Taken::Matched(found, other)) => {
                    let why = wording::match_taken(&self.flow, &found, &other);
                    self.settling(outbox).done(ready, Outcome::Held, why);
                }
                Some(Taken::Key(owner)) => twins.push(Twin { ready, owner }),
            }
        }
        Ok((alone, twins))
    }

    fn refuse(&mut self, Twin { ready, owner }: Twin, outbox: &mut Outbox) {
        let why = wording::twin(&self.flow, &ready, &owner);
        // What stands there already is not rejected for the key of its correction.
        let outcome = if ready.job == Job::Correct { Outcome::Held } else { Outcome::Rejected };
        self.settling(outbox).done(ready, outcome, why);
    }

    /// Step 2. One question for all; when it is refused, one for each, so that one key
    /// that the other side cannot digest does not stop the others.
    async fn ask(&self, keys: &[Key]) -> Vec<Result<Vec<Found>, Error>> {
        if mutant::is(Mutant::NoLookup) {
            return keys.iter().map(|_| Ok(Vec::new())).collect();
        }
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
            self.claims.release(&ready);
            let context = &self.flow.context;
            let title = &self.flow.target_title;
            context.brake.pull(StopKind::World, format!("{title} cannot be asked: {}", error.message), error.mend);
            return;
        }
        let why = wording::refused(&error);
        self.leave(ready, Outcome::Failed, why, outbox);
    }

    /// What the other side has decides what is to be done. `None` when nothing is to be sent.
    fn decide(&mut self, ready: Ready, found: Vec<Found>, outbox: &mut Outbox) -> Option<Order> {
        let standing = ask::compare(&self.flow.target, &ready.target, found);
        match (ready.job, standing) {
            (Job::Create | Job::Correct, Standing::Absent) => self.order(ready, None),
            (Job::Update, Standing::Agrees(found) | Standing::Differs(found, _)) => self.order(ready, Some(found)),
            (Job::Adopt | Job::Link, standing) => self.decide_matched(ready, standing, outbox),
            (Job::Recheck, Standing::Agrees(found)) => {
                self.claims.release(&ready);
                self.settling(outbox).posted(ready, &found, EventKind::Posted, 0);
                None
            }
            (Job::Review, Standing::Agrees(found)) => {
                self.claims.release(&ready);
                self.settling(outbox).reviewed(ready, &found);
                None
            }
            (Job::Correct, Standing::Agrees(found) | Standing::Differs(found, _)) => {
                let why = wording::correction_there(&self.flow, &ready, &found);
                self.hold(ready, why, outbox)
            }
            (Job::Recheck | Job::Review, Standing::Differs(found, trouble)) => {
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

    /// `match` found the record; asked by key, the other side must not name another one.
    fn decide_matched(&mut self, ready: Ready, standing: Standing, outbox: &mut Outbox) -> Option<Order> {
        let matched = ready.matched.clone()?;
        let found = match standing {
            Standing::Absent => matched,
            Standing::Agrees(found) | Standing::Differs(found, _) if found.reference == matched.reference => found,
            Standing::Agrees(found) | Standing::Differs(found, _) => {
                let why = wording::match_elsewhere(&self.flow, &ready, &matched, &found);
                return self.hold(ready, why, outbox);
            }
            Standing::Several(found) => {
                let why = wording::several(&self.flow, &ready, &found);
                return self.hold(ready, why, outbox);
            }
        };
        if ready.job == Job::Adopt {
            return self.order(ready, Some(found));
        }
        self.claims.release(&ready);
        self.settling(outbox).linked(ready, &found);
        None
    }

    fn order(&mut self, ready: Ready, existing: Option<Found>) -> Option<Order> {
        let order = Order { ready, existing };
        if self.put_off.follows(&order) {
            self.followers.push(order);
            return None;
        }
        self.allowed(order)
    }

    fn allowed(&mut self, order: Order) -> Option<Order> {
        match self.flow.guard.take() {
            Ok(()) => Some(order),
            Err(message) => {
                self.over_guard = Some(format!("{}: {message}", self.flow.name));
                self.claims.release(&order.ready);
                None
            }
        }
    }

    fn hold(&mut self, ready: Ready, why: Why, outbox: &mut Outbox) -> Option<Order> {
        self.leave(ready, Outcome::Held, why, outbox);
        None
    }

    /// Nothing is sent of it, and its key is free again.
    fn leave(&mut self, ready: Ready, outcome: Outcome, why: Why, outbox: &mut Outbox) {
        self.claims.give_up(&ready);
        self.settling(outbox).done(ready, outcome, why);
    }

    fn settling<'a>(&'a mut self, outbox: &'a mut Outbox) -> Settling<'a> {
        Settling { flow: &self.flow, claims: &mut self.claims, outbox }
    }

    fn entry(&self, ready: &Ready, outcome: Outcome, why: Why) -> RecordEntry {
        ledger::entry(&self.flow.context, &self.flow.hash, &ready.seen, ready.before.as_ref(), outcome, why)
    }

    /// A plan ends here: what would be sent counts as posted.
    fn plan(&mut self, orders: Vec<Order>, waited: bool, outbox: &mut Outbox) {
        self.asked_in_plan += 1;
        self.further_in_plan += u64::from(waited) + rematch::requests(&self.flow, &orders);
        for order in orders.into_iter().chain(std::mem::take(&mut self.followers)) {
            // Whether it is taken by now, only sending it would tell.
            if not_yet::told(&order).is_some() {
                self.stay_put_off(order.ready, outbox);
                continue;
            }
            let ready = order.ready;
            let mut entry = self.entry(&ready, Outcome::Posted, Why::default());
            ledger::would_stand(&mut entry, &ready.facts);
            if ready.correcting.is_some() {
                entry.amount = ready.facts.amount.map(|amount| amount.to_string());
                outbox.count_correction(entry, ready.ticket);
            } else {
                outbox.count(entry, Outcome::Posted, ready.ticket);
            }
        }
    }

    /// Posting asks once and reads back once for each group, and writes each record once.
    /// What a write may have to wait for is one question more, also where all of it waits.
    fn estimate(&self) {
        let posts = self.flow.context.tally.counts(&self.flow.name).posted;
        let expected = if posts > 0 { posts + 2 * self.asked_in_plan } else { 0 } + self.further_in_plan;
        if expected > 0 {
            self.flow.context.tally.expect_requests(expected);
        }
    }

    /// Step 3.
    fn announce(&self, order: &Order, outbox: &mut Outbox) {
        let (flow, ready) = (&self.flow, &order.ready);
        let context = &flow.context;
        let mut entry = self.entry(ready, Outcome::InDoubt, wording::on_its_way(flow));
        ledger::would_stand(&mut entry, &ready.facts);
        let intent = announce::intent(flow, ready, entry.attempts + 1, order.existing.is_some());
        if ledger::is_news(&ready.seen, ready.before.as_ref()) {
            outbox.tell_read(context, &entry);
        }
        let mut detail = json!({
            "connection": intent.connection, "resource": intent.resource, "target_key": intent.target_key,
            "target_hash": intent.target_hash, "target": outbox.evidence().keep_json(&intent.target), "update": intent.update,
            "asked": if intent.update { "it is there" } else { "it is not there" },
        });
        if let Some(correcting) = &intent.correcting {
            detail["correction"] = correcting.number.into();
        }
        outbox.tell(context.event(EventKind::Intent, Some(intent.record.clone()), detail));
        outbox.put(entry);
        outbox.announce(intent);
    }
}
