//! Deliveries on their way: which are due, and what became of them.

use super::super::changes::Change;
use super::forms::payload;
use super::{Event, HookChange, Hooks, Set};
use crate::connector::Delivery;
use crate::value::{Span, Timestamp};
use crate::world::{HttpRequest, Method};

/// Who has not answered by then has failed.
const TIMEOUT: Span = Span::from_secs(5);

impl Hooks {
    /// The number of the next event.
    pub fn count(&mut self) -> i64 {
        self.told += 1;
        self.told
    }

    /// Tells the hooks that want to know of it.
    pub fn tell(&mut self, event: &Event) {
        let number = self.told;
        for hook in self.hooks.values_mut() {
            let wanted = |trigger: &super::Trigger| trigger.named == event.named && trigger.event == event.happened;
            if hook.set.active && hook.scope == event.project && hook.triggers.values().any(wanted) {
                hook.queue.take(event.clone(), number);
            }
        }
    }

    /// What goes out now.
    pub fn due(&mut self, company: i64, now: Timestamp) -> Vec<Delivery> {
        let attempts = &mut self.attempts;
        let active = self.hooks.values_mut().filter(|hook| hook.set.active);
        active
            .flat_map(|hook| {
                let set = hook.set.clone();
                let due = hook.queue.due(now, attempts);
                due.into_iter().map(move |(attempt, event)| {
                    request(attempt, &set, payload(&set.form, company, &event).to_string())
                })
            })
            .collect()
    }

    pub fn answered(&mut self, attempt: u64, status: Option<u16>, now: Timestamp) {
        if let Some(hook) = self.hooks.values_mut().find(|hook| hook.queue.has(attempt)) {
            hook.queue.answered(attempt, status, now);
        }
    }

    /// What nobody has answered for too long is given up.
    pub fn give_up(&mut self, now: Timestamp) -> Vec<Change> {
        let given = self.hooks.values().filter(|hook| hook.set.active).filter_map(|hook| {
            let (events, disabled) = hook.queue.given_up(now)?;
            Some(HookChange::Flushed { hook: hook.id, at: now, events, disabled })
        });
        let given: Vec<HookChange> = given.collect();
        given.iter().for_each(|change| self.apply(change));
        given.into_iter().map(|what| Change::Hook { what }).collect()
    }
}

/// The request of a delivery.
fn request(id: u64, hook: &Set, body: String) -> Delivery {
    let mut headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    headers.extend(hook.authorization.clone().map(|value| ("Authorization".to_owned(), value)));
    let request =
        HttpRequest { method: Method::Post, url: hook.url.clone(), headers, body: body.into_bytes(), timeout: TIMEOUT };
    Delivery { id, request }
}
