//! Looks after the deliveries of all customers, each by itself: waits until something waits,
//! gathers a burst until it is quiet, and has a round made for it.

use super::round::{After, Round};
use super::settle::forget;
use crate::serve::{Customer, House};
use crate::value::{Span, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;

/// A burst is over when nothing came for so long.
const QUIET: Span = Span::from_secs(2);

/// And is looked at after so long at the latest.
const LONGEST: Span = Span::from_secs(15);

/// After a round that failed; twice as long after each further one.
const PAUSE: Span = Span::from_secs(5);
const LONGEST_PAUSE: Span = Span::from_secs(10 * 60);

/// A task that broke down is begun anew after this.
const ANEW: Span = Span::from_secs(60);

/// How often what was settled long ago is forgotten.
const FORGETTING: Span = Span::from_secs(6 * 60 * 60);

/// Looks after every customer of the house, those that come later too, until the house drains
/// and no round of theirs goes on. Whatever stops it, what waits is in the store.
pub async fn dispatch(house: Arc<House>) {
    let mut changes = house.changes();
    let mut tasks = JoinSet::new();
    let mut attended: BTreeMap<String, Arc<Customer>> = BTreeMap::new();
    loop {
        changes.borrow_and_update();
        attended.retain(|_, customer| !customer.is_retired());
        for customer in house.customers() {
            if !attended.contains_key(&customer.name) {
                attended.insert(customer.name.clone(), Arc::clone(&customer));
                tasks.spawn(look_after(Arc::clone(&house), customer));
            }
        }
        tokio::select! {
            () = house.draining() => break,
            // The sender lives as long as the house.
            _ = changes.changed() => {}
            Some(_) = tasks.join_next() => {}
        }
    }
    while tasks.join_next().await.is_some() {}
}

/// Goes on whatever happens, until the customer is served no more.
async fn look_after(house: Arc<House>, customer: Arc<Customer>) {
    loop {
        // In a set, so that it ends with this task.
        let mut attended = JoinSet::new();
        attended.spawn(attend(Arc::clone(&house), Arc::clone(&customer)));
        if let Some(Err(error)) = attended.join_next().await {
            let pipeline = &customer.name;
            tracing::error!(pipeline, "what looks after webhooks broke down and begins anew: {error}; report this");
        } else {
            return;
        }
        if !pause(&house, &customer, ANEW).await {
            return;
        }
    }
}

/// Looks after one customer until it is served no more.
async fn attend(house: Arc<House>, customer: Arc<Customer>) {
    let mut arrivals = customer.index.waiting.arrivals();
    let mut looked = None;
    let mut failing = PAUSE;
    let mut forgotten: Option<Timestamp> = None;
    let clock = house.outside.clock.as_ref();
    loop {
        arrivals.borrow_and_update();
        let mut after = After::Nothing;
        if !customer.index.waiting.is_empty() {
            if !gather(&house, &customer).await {
                return;
            }
            after = Round { house: &house, customer: &customer, looked: &mut looked }.go().await;
        }
        if forgotten.is_none_or(|at| clock.now().since(at) >= FORGETTING) {
            forgotten = Some(clock.now());
            if let Err(error) = forget(customer.store().as_ref(), clock.now()).await {
                tracing::warn!(pipeline = customer.name, "old webhook deliveries cannot be forgotten: {error}");
            }
        }
        let wait = match after {
            After::Failed => {
                // Nothing that comes meanwhile makes it more likely to go well.
                if !pause(&house, &customer, failing).await {
                    return;
                }
                failing = (failing * 2).min(LONGEST_PAUSE);
                continue;
            }
            After::FullLook(due) => due.since(clock.now()),
            After::Nothing => FORGETTING,
        };
        failing = PAUSE;
        tokio::select! {
            () = customer.stopped() => return,
            // The sender lives in the customer's index, which is held here.
            _ = arrivals.changed() => {}
            () = clock.sleep(wait) => {}
        }
    }
}

/// Waits until nothing more comes for a moment, but not for long; `false` if it is to end.
async fn gather(house: &House, customer: &Customer) -> bool {
    let clock = house.outside.clock.as_ref();
    let latest = clock.now().plus(LONGEST);
    loop {
        let now = clock.now();
        let quiet = customer.index.waiting.newest().map_or(now, |newest| newest.plus(QUIET));
        let until = quiet.min(latest);
        if until <= now {
            return true;
        }
        if !pause(house, customer, until.since(now)).await {
            return false;
        }
    }
}

/// `false` if the customer is served no more.
async fn pause(house: &House, customer: &Customer, span: Span) -> bool {
    tokio::select! {
        () = customer.stopped() => false,
        () = house.outside.clock.sleep(span) => true,
    }
}
