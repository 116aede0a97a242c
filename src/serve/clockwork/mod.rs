//! Runs what is due: one task for each customer, so that one customer's trouble delays no other.
//!
//! ```text
//!  Timetable ─┐
//!  Memory ────┴─> rounds ─> the customer's turn ─> run ─> Memory
//! ```
//!
//! A flow is due at the first instant of its rhythm after it was last begun. So what came due
//! while a run went on, or while no process lived, is caught up once; and what failed is tried
//! again when it is due next.

mod memory;
mod rounds;
#[cfg(test)]
mod tests;

use super::customer::Customer;
use super::house::House;
use super::schedule::Timetable;
use crate::engine::Options;
use crate::value::Span;
use memory::Memory;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;

/// However far the next due instant is away, the clock is looked at so often: it may be set, or
/// the machine may have slept.
const GLANCE: Span = Span::from_secs(60);
/// A task that broke down is begun anew after this.
const ANEW: Span = Span::from_secs(60);

/// Looks after every customer of the house, those that come later too, until the house drains
/// and no run of theirs goes on.
pub async fn run(house: Arc<House>) {
    let mut changes = house.changes();
    let mut tasks: JoinSet<()> = JoinSet::new();
    let mut tended: BTreeMap<String, Arc<Customer>> = BTreeMap::new();
    loop {
        changes.borrow_and_update();
        let customers = house.customers();
        tended.retain(|_, customer| !customer.is_retired());
        for customer in customers {
            if !tended.contains_key(&customer.name) {
                tended.insert(customer.name.clone(), Arc::clone(&customer));
                tasks.spawn(look_after(customer));
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
async fn look_after(customer: Arc<Customer>) {
    loop {
        let tended = tokio::spawn(tend(Arc::clone(&customer))).await;
        match tended {
            Ok(()) => return,
            Err(error) => {
                let pipeline = &customer.name;
                tracing::error!(pipeline, "the clockwork broke down and begins anew: {error}; report this");
            }
        }
        tokio::select! {
            () = customer.stopped() => return,
            () = customer.shared.clock.sleep(ANEW) => {}
        }
    }
}

async fn tend(customer: Arc<Customer>) {
    let clock = Arc::clone(&customer.shared.clock);
    let mut memory: Option<Memory> = None;
    loop {
        let timetable = Timetable::of(&customer.opened().setup.program);
        let now = clock.now();
        let memory = memory.get_or_insert_with(|| Memory::of(&customer, &timetable, now));
        memory.not_after(now);
        memory.post(&timetable, &mut customer.lock_status());
        let due = memory.next(&timetable);
        if due.is_none_or(|due| due > now) {
            let wait = due.map_or(GLANCE, |due| due.since(now).min(GLANCE));
            tokio::select! {
                biased;
                () = customer.stopped() => return,
                () = customer.changed.notified() => {}
                () = clock.sleep(wait) => {}
            }
            continue;
        }
        let turn = tokio::select! {
            biased;
            () = customer.stopped() => return,
            turn = customer.take_turn() => turn,
        };
        // While somebody else was at work, more may have come due, or another program counts.
        let _ = customer.refresh();
        let timetable = Timetable::of(&customer.opened().setup.program);
        let now = clock.now();
        let Some(round) = rounds::first(&timetable, memory, now) else { continue };
        memory.begin(&round, now);
        memory.post(&timetable, &mut customer.lock_status());
        let options = Options {
            flows: round.flows.clone(),
            trigger: round.trigger,
            lookback: round.lookback,
            ..Options::default()
        };
        // What becomes of it is told there, and stands in the customer's status.
        let _ = customer.run_within(turn, &options).await;
    }
}
