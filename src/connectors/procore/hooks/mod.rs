//! The hooks that Procore keeps for us, brought to what is wanted.
//!
//! A hook of the company is told of what lies in the company, one of a project of what lies
//! in that project: each open project needs its own. Ours are known by their namespace, and
//! nothing else is ever changed. Which there are is asked first, so that a second call finds
//! everything as it is wanted and writes nothing.

mod calls;
mod deliveries;
mod own;

pub use own::Own;

use super::catalogue::catalogue;
use super::client::{Procore, configuration};
use super::webhook::FORM;
use crate::connector::{
    Error, ErrorKind, Fetch, Hook, HookChange, HookChangeKind, HookChanges, HookStatus, NoticeEvent, ResourceSpec,
    Trigger, WantedHooks, webhook,
};
use crate::value::{Record, Value};
use calls::{Ground, Patch, Standing};
use secrecy::ExposeSecret as _;
use std::collections::BTreeSet;

/// What a hook is to be told of, in the order in which people are shown it.
type Told = BTreeSet<(String, NoticeEvent)>;

impl Procore {
    /// All hooks of the company and of its open projects, whoever made them.
    pub(super) async fn all_hooks(&self) -> Result<Vec<Hook>, Error> {
        let mut all = Vec::new();
        for ground in self.grounds(false).await? {
            for standing in self.hooks_on(&ground, None).await? {
                let triggers = self.triggers_of(&ground, &standing.hook.id).await?;
                all.push(Hook { triggers, ..standing.hook });
            }
        }
        Ok(all)
    }

    pub(super) async fn bring_hooks(&self, wanted: &WantedHooks) -> Result<HookChanges, Error> {
        let (company, project) = told(wanted)?;
        let mut changes = HookChanges::default();
        // Where none is wanted any more, those of closed projects go too.
        for ground in self.grounds(wanted.resources.is_empty()).await? {
            let told = if ground.scope.is_some() { &project } else { &company };
            match self.bring_on(&ground, wanted, told, &mut changes).await {
                Ok(()) => {}
                // One project that is closed to the credential hinders no other.
                Err(error) if ground.scope.is_some() && concerns_one(&error) => {
                    changes.refused.push(format!("{}: {}; {}", ground.name, error.message, error.mend));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(changes)
    }

    /// The company, and its projects.
    async fn grounds(&self, closed_too: bool) -> Result<Vec<Ground>, Error> {
        let mut grounds = vec![Ground::company()];
        let projects = self.everything(Fetch::all("projects")).await?;
        let open = |project: &&Record| closed_too || project.get("active").and_then(Value::as_bool) == Some(true);
        grounds.extend(projects.iter().filter(open).filter_map(Ground::project));
        Ok(grounds)
    }

    async fn bring_on(
        &self,
        ground: &Ground,
        wanted: &WantedHooks,
        told: &Told,
        changes: &mut HookChanges,
    ) -> Result<(), Error> {
        let namespace = webhook::namespace(&wanted.name);
        let mut ours = self.hooks_on(ground, Some(&namespace)).await?;
        if !told.is_empty() {
            let best = ours.iter().position(|standing| standing.hook.destination == wanted.destination);
            let (kept, there) = match ours.is_empty() {
                true => (self.make_hook(ground, wanted, &namespace, changes).await?, Vec::new()),
                false => {
                    let standing = ours.remove(best.unwrap_or(0));
                    self.mend_hook(ground, wanted, &standing, changes).await?;
                    let there = self.triggers_of(ground, &standing.hook.id).await?;
                    (Some(standing.hook.id), there)
                }
            };
            let (missing, spare) = compared(told, &there);
            if let (Some(hook), false) = (&kept, wanted.dry) {
                self.bring_triggers(ground, hook, (&missing, &spare), changes).await?;
            }
            let kept = kept.as_deref();
            let words = |named: &str, event: &NoticeEvent| format!("{named} {event}");
            if !missing.is_empty() {
                let added = missing.iter().map(|(named, event)| words(named, event)).collect();
                changes.changes.push(ground.change(kept, HookChangeKind::Added(added)));
            }
            if !spare.is_empty() {
                let dropped = spare.iter().map(|trigger| words(&trigger.named, &trigger.event)).collect();
                changes.changes.push(ground.change(kept, HookChangeKind::Dropped(dropped)));
            }
            changes.standing += 1;
        }
        // Last, so that no change goes untold in between.
        for standing in ours {
            if !wanted.dry {
                self.delete_hook(ground, &standing.hook.id).await?;
            }
            changes.changes.push(ground.change(Some(&standing.hook.id), HookChangeKind::Removed));
        }
        Ok(())
    }

    /// The new hook's id; `None` where nothing is to be made.
    async fn make_hook(
        &self,
        ground: &Ground,
        wanted: &WantedHooks,
        namespace: &str,
        changes: &mut HookChanges,
    ) -> Result<Option<String>, Error> {
        let made = match wanted.dry {
            true => None,
            false => Some(self.create_hook(ground, namespace, &wanted.destination, &wanted.secret).await?),
        };
        changes.changes.push(ground.change(made.as_deref(), HookChangeKind::Created));
        Ok(made)
    }

    /// One request for all that differs.
    async fn mend_hook(
        &self,
        ground: &Ground,
        wanted: &WantedHooks,
        standing: &Standing,
        changes: &mut HookChanges,
    ) -> Result<(), Error> {
        let hook = &standing.hook;
        let elsewhere = hook.destination != wanted.destination || hook.form != FORM;
        let secret = wanted.rotate || !standing.may_have(wanted.secret.expose_secret());
        let asleep = hook.status != HookStatus::Active;
        let kinds = [
            (elsewhere, HookChangeKind::Redirected),
            (secret, HookChangeKind::SecretGiven),
            (asleep, HookChangeKind::Reactivated),
        ];
        let differs: Vec<HookChangeKind> = kinds.into_iter().filter(|(is, _)| *is).map(|(_, kind)| kind).collect();
        if !differs.is_empty() && !wanted.dry {
            let patch = Patch {
                destination: elsewhere.then_some(wanted.destination.as_str()),
                secret: secret.then_some(&wanted.secret),
                wake: asleep,
            };
            self.patch_hook(ground, &hook.id, &patch).await?;
        }
        changes.changes.extend(differs.into_iter().map(|kind| ground.change(Some(&hook.id), kind)));
        Ok(())
    }

    async fn bring_triggers(
        &self,
        ground: &Ground,
        hook: &str,
        (missing, spare): (&[(String, NoticeEvent)], &[Trigger]),
        changes: &mut HookChanges,
    ) -> Result<(), Error> {
        if !missing.is_empty() {
            changes.refused.extend(self.create_triggers(ground, hook, missing).await?);
        }
        if !spare.is_empty() {
            let ids: Vec<&str> = spare.iter().map(|trigger| trigger.id.as_str()).collect();
            self.delete_triggers(ground, hook, &ids).await?;
        }
        Ok(())
    }
}

impl Ground {
    fn change(&self, hook: Option<&str>, what: HookChangeKind) -> HookChange {
        let scope = self.scope.map(|id| id.to_string());
        HookChange { hook: hook.map(str::to_owned), scope, what }
    }
}

/// What the hook of the company is to be told of, and what those of the projects.
fn told(wanted: &WantedHooks) -> Result<(Told, Told), Error> {
    let (mut company, mut project) = (Told::new(), Told::new());
    for name in &wanted.resources {
        let spec: Option<&ResourceSpec> = catalogue().resources.get(name);
        let Some((spec, webhook)) = spec.and_then(|spec| Some((spec, spec.webhook.as_ref()?))) else {
            return Err(configuration(format!("Procore sends no webhook for `{name}`"))
                .mend("look at it at intervals instead: `run every 15m`"));
        };
        let told = if spec.scope.is_some() { &mut project } else { &mut company };
        for named in &webhook.names {
            told.extend(webhook.events.iter().map(|event| (named.clone(), event.clone())));
        }
    }
    Ok((company, project))
}

/// What is not there yet, and what is there once too often or for nobody.
fn compared(told: &Told, there: &[Trigger]) -> (Vec<(String, NoticeEvent)>, Vec<Trigger>) {
    let mut missing = told.clone();
    let mut spare = Vec::new();
    for trigger in there {
        if !missing.remove(&(trigger.named.clone(), trigger.event.clone())) {
            spare.push(trigger.clone());
        }
    }
    (missing.into_iter().collect(), spare)
}

/// Whether the error says something of this one project, and nothing of the next.
fn concerns_one(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Permission | ErrorKind::NotFound | ErrorKind::Refused)
}

#[cfg(test)]
mod tests {
    use super::{NoticeEvent, Told, Trigger, compared};

    fn trigger(id: &str, named: &str, event: NoticeEvent) -> Trigger {
        Trigger { id: id.to_owned(), named: named.to_owned(), event }
    }

    #[test]
    fn what_is_missing_is_added_and_what_is_double_or_strange_dropped() {
        let told = Told::from([("A".to_owned(), NoticeEvent::Create), ("A".to_owned(), NoticeEvent::Update)]);
        let there = [
            trigger("1", "A", NoticeEvent::Create),
            trigger("2", "A", NoticeEvent::Create),
            trigger("3", "B", NoticeEvent::Create),
        ];
        let (missing, spare) = compared(&told, &there);
        assert_eq!(missing, [("A".to_owned(), NoticeEvent::Update)]);
        assert_eq!(spare.iter().map(|trigger| trigger.id.as_str()).collect::<Vec<_>>(), ["2", "3"]);
        assert_eq!(compared(&told, &[]).0.len(), 2);
    }
}
