//! The fake's hooks: what is registered, and what each waits to be told.
//!
//! Hooks and triggers are part of the journal, and so is what was discarded. Deliveries that
//! are under way are not: over a restart they are lost, as those of an outage are.

mod courier;
mod deliveries;
mod event;
mod forms;
mod management;
mod names;
mod queue;
mod routes;
mod tidings;
mod triggers;

pub use event::{Author, events};
pub use routes::ROUTES;
pub use tidings::tidings;

use crate::value::Timestamp;
use event::Event;
use queue::Queue;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who asks and who changes, where a request does not say that it is somebody else.
pub const SERVICE_ACCOUNT: i64 = 9001;

/// All hooks of the company and its projects.
#[derive(Debug, Default)]
pub struct Hooks {
    hooks: BTreeMap<i64, Hook>,
    made: i64,
    triggers_made: i64,
    /// Attempts that were handed out and not answered yet, with the hook of each.
    attempts: u64,
    /// Events so far.
    told: i64,
}

/// One hook.
#[derive(Debug)]
struct Hook {
    id: i64,
    /// The project; `None`: the company.
    scope: Option<i64>,
    set: Set,
    created: Timestamp,
    updated: Timestamp,
    triggers: BTreeMap<i64, Trigger>,
    queue: Queue,
}

/// What can be set of a hook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Set {
    namespace: String,
    form: String,
    url: String,
    authorization: Option<String>,
    active: bool,
}

/// What a hook is told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    named: String,
    /// In small letters.
    event: String,
}

/// What happened to the hooks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "hook_change", rename_all = "snake_case")]
pub enum HookChange {
    /// It was made or changed.
    Written {
        id: i64,
        scope: Option<i64>,
        at: Timestamp,
        set: Set,
    },
    Deleted {
        id: i64,
    },
    TriggersMade {
        hook: i64,
        triggers: Vec<(i64, Trigger)>,
    },
    TriggersDeleted {
        hook: i64,
        ids: Vec<i64>,
    },
    /// Nobody answered for too long: all that waited was dropped.
    Flushed {
        hook: i64,
        at: Timestamp,
        events: Vec<Event>,
        disabled: bool,
    },
}

impl Hooks {
    pub fn apply(&mut self, change: &HookChange) {
        match change {
            HookChange::Written { id, scope, at, set } => {
                self.made = self.made.max(*id);
                let hook = self.hooks.entry(*id).or_insert_with(|| Hook {
                    id: *id,
                    scope: *scope,
                    set: set.clone(),
                    created: *at,
                    updated: *at,
                    triggers: BTreeMap::new(),
                    queue: Queue::default(),
                });
                if set.active && !hook.set.active {
                    hook.queue.begin_anew();
                }
                hook.set = set.clone();
                hook.updated = *at;
            }
            HookChange::Deleted { id } => {
                self.hooks.remove(id);
            }
            HookChange::TriggersMade { hook, triggers } => {
                self.triggers_made = triggers.iter().map(|(id, _)| *id).fold(self.triggers_made, i64::max);
                if let Some(hook) = self.hooks.get_mut(hook) {
                    hook.triggers.extend(triggers.iter().map(|(id, trigger)| (*id, trigger.clone())));
                }
            }
            HookChange::TriggersDeleted { hook, ids } => {
                if let Some(hook) = self.hooks.get_mut(hook) {
                    hook.triggers.retain(|id, _| !ids.contains(id));
                }
            }
            HookChange::Flushed { hook, at, events, disabled } => {
                if let Some(hook) = self.hooks.get_mut(hook) {
                    hook.queue.discard(events, *at);
                    hook.set.active &= !disabled;
                }
            }
        }
    }

    fn next_id(&self) -> i64 {
        self.made.max(40_000) + 7
    }

    fn next_trigger_id(&self) -> i64 {
        self.triggers_made.max(710_000) + 1
    }

    /// Those of one place, oldest first.
    fn of(&self, scope: Option<i64>) -> impl Iterator<Item = &Hook> {
        self.hooks.values().filter(move |hook| hook.scope == scope)
    }

    fn get(&self, scope: Option<i64>, id: i64) -> Option<&Hook> {
        self.hooks.get(&id).filter(|hook| hook.scope == scope)
    }
}
