//! The records that a person has picked, flow by flow: out of what the store keeps of them,
//! or as their source shows them now, each is evaluated and handed on, or left as it stands.

use super::brake::StopKind;
use super::differences;
use super::error::RunError;
use super::fetch::Pages;
use super::flow;
use super::flow_run::FlowRun;
use super::ledger::{Outbox, Seen};
use super::mapping::{self, Ready, Verdict};
use super::pass::{self, Scope};
use super::replay::{Draft, Replaying};
use super::{hash, label, stored};
use crate::connector::{DecodeError, Fetch, FilterKind};
use crate::store::{RecordEntry, RecordId};
use crate::value::{Record, Timestamp};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::mpsc;

/// The records that a replay takes.
#[derive(Default)]
pub(super) struct Picked {
    pub records: BTreeSet<RecordId>,
}

/// Where the picked records of one flow are taken up.
pub(super) struct Desk<'a> {
    pub replaying: &'a Replaying,
    pub flow: Arc<FlowRun>,
    pub out: mpsc::Sender<Ready>,
    pub outbox: Outbox,
}

impl Desk<'_> {
    fn picked(&self) -> impl Iterator<Item = &RecordEntry> {
        self.replaying.before.values().filter(|entry| entry.id.flow == self.flow.name)
    }

    /// From what the store keeps of them.
    pub async fn as_stored(&mut self) -> Result<(), RunError> {
        let entries: Vec<RecordEntry> = self.picked().cloned().collect();
        for entry in entries {
            if self.flow.context.brake.is_pulled() {
                break;
            }
            let scope_type = self.flow.scope.as_ref().map(|(_, ty)| ty.as_ref());
            match stored::restore(&entry.source, &self.flow.source_type, scope_type) {
                Some((record, scope)) => {
                    let scope = scope.and_then(|record| self.scope(record));
                    if pass::seen(&self.flow, &record, scope.as_ref()).id == entry.id {
                        self.take(&record, scope.as_ref()).await?;
                    } else {
                        self.stays(
                            &entry,
                            "the catalogue names its like otherwise today; read it afresh with --remap",
                        )?;
                    }
                }
                None => {
                    self.stays(&entry, "what was kept of it cannot be read any more; read it afresh with --remap")?;
                }
            }
        }
        self.flush().await
    }

    /// A scope record, as a run would select by it.
    fn scope(&self, record: Record) -> Option<Scope> {
        let wanted = self.flow.flow().source().scope.as_ref()?;
        let (spec, _) = self.flow.scope.as_ref()?;
        let value = record.get(&wanted.field).filter(|value| !value.is_null())?.clone();
        Some(Scope { name: value.to_string(), value, label: label::plain(spec, &record), record })
    }

    /// As their source shows them now.
    pub async fn afresh(&mut self) -> Result<(), RunError> {
        let mut left: BTreeMap<RecordId, RecordEntry> =
            self.picked().map(|entry| (entry.id.clone(), entry.clone())).collect();
        for scope in flow::scopes(&self.flow).await? {
            let part = scope.as_ref().map(|scope| format!("{}/", pass::escape(&scope.name)));
            let mine = |id: &RecordId| part.as_ref().is_none_or(|part| id.key.starts_with(part));
            if left.keys().any(mine) && !self.flow.context.brake.is_pulled() {
                let since = self.since(left.values().filter(|entry| mine(&entry.id)));
                self.read(scope.as_ref(), since, &mut left).await?;
            }
        }
        if !self.flow.context.brake.is_pulled() {
            let title = self.flow.source_title.clone();
            for entry in left.values() {
                self.stays(entry, &format!("{title} does not show it any more, or the flow no longer reads its part"))?;
            }
        }
        self.flush().await
    }

    /// A record never changed earlier than when it was last seen.
    fn since<'e>(&self, entries: impl Iterator<Item = &'e RecordEntry>) -> Option<Timestamp> {
        let field = self.flow.source.changed.as_ref()?;
        if self.flow.source.filters.get(field) != Some(&FilterKind::Range) {
            return None;
        }
        let mut earliest: Option<Timestamp> = None;
        for entry in entries {
            let changed = entry.source.get(field)?.as_str()?.parse().ok()?;
            earliest = Some(earliest.map_or(changed, |before| before.min(changed)));
        }
        earliest.map(|changed| changed.minus(pass::OVERLAP))
    }

    /// Reads one part of the source until nothing of it is left to be found.
    async fn read(
        &mut self,
        scope: Option<&Scope>,
        since: Option<Timestamp>,
        left: &mut BTreeMap<RecordId, RecordEntry>,
    ) -> Result<(), RunError> {
        let flow = self.flow.clone();
        let source = flow.flow().source();
        let request = Fetch {
            scope: scope.map(|scope| scope.value.clone()),
            changed_since: since,
            ..Fetch::all(source.resource.as_ref())
        };
        let connection = flow.context.connection(&source.connection)?.clone();
        let mut pages = Pages::read(flow.context.clone(), connection, request);
        let prefix = scope.map_or_else(String::new, |scope| format!("{}/", pass::escape(&scope.name)));
        while left.keys().any(|id| id.key.starts_with(&prefix)) {
            let Some(page) = pages.next().await else { break };
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    let message = format!("the {} could not be read to the end: {}", flow.source.plural, error.message);
                    flow.context.brake.pull(StopKind::World, message, error.mend);
                    break;
                }
            };
            for record in page.records {
                match record {
                    Ok(record) => {
                        if left.remove(&pass::seen(&flow, &record, scope).id).is_some() {
                            self.take(&record, scope).await?;
                        }
                    }
                    Err(error) => {
                        let id = pass::record_id(&flow.name, scope, &[&error.id]);
                        if let Some(entry) = left.remove(&id) {
                            self.unreadable(&entry, &error)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Evaluates one record, and hands it on if it is to be sent.
    async fn take(&mut self, record: &Record, scope: Option<&Scope>) -> Result<(), RunError> {
        let flow = self.flow.clone();
        flow.context.tally.read(&flow.name, 1);
        let seen = pass::seen(&flow, record, scope);
        let wanted = scope.is_none_or(|scope| flow.flow().wants_scope(&flow.tables, &scope.record));
        let before = self.replaying.before.get(&seen.id).cloned();
        if let Some(before) = before.filter(|_| !wanted) {
            return self.stays(&before, "the flow no longer reads the part of the source that it is in");
        }
        match mapping::judge(&flow, seen, record, scope.map(|scope| &scope.record))? {
            Verdict::Ready(ready) if !self.replaying.was_shown(&ready) => {
                let entry = ready.before.clone().or_else(|| self.replaying.before.get(&ready.seen.id).cloned());
                match entry {
                    Some(entry) => self.stays(&entry, "it maps to something else than the preview showed; look again"),
                    None => Ok(()),
                }
            }
            Verdict::Ready(ready) => {
                self.remember(&ready);
                // A poster that is gone has failed, and says why itself.
                let _ = self.out.send(*ready).await;
                Ok(())
            }
            verdict => {
                pass::settle(&flow, verdict, &mut self.outbox);
                Ok(())
            }
        }
    }

    fn unreadable(&mut self, entry: &RecordEntry, error: &DecodeError) -> Result<(), RunError> {
        let seen = Seen {
            id: entry.id.clone(),
            label: entry.label.clone(),
            hash: hash::of_text(&error.to_string()),
            json: Json::Null,
            amount: None,
        };
        let verdict = mapping::unreadable(&self.flow, seen, &error.to_string())?;
        pass::settle(&self.flow, verdict, &mut self.outbox);
        Ok(())
    }

    /// It is left as it stands, and that is told.
    fn stays(&mut self, entry: &RecordEntry, why: &str) -> Result<(), RunError> {
        let context = &self.flow.context;
        context.tally.warn(format!("{} was not replayed: {why}", entry.label));
        let now = context.store.record(&entry.id)?.unwrap_or_else(|| entry.clone());
        let outcome = now.outcome;
        self.outbox.count(now, outcome, None);
        Ok(())
    }

    /// What is about to be sent, against the last time.
    fn remember(&self, ready: &Ready) {
        let last = ready.before.as_ref().filter(|_| ready.correcting.is_none()).and_then(|entry| entry.target.as_ref());
        let was = last.and_then(|target| stored::partial(&self.flow.target_type, target)).unwrap_or_default();
        let draft = Draft {
            target: ready.facts.target.clone(),
            target_hash: ready.facts.hash.clone(),
            key: ready.key.to_string(),
            changes: differences::between(&was, &ready.target),
        };
        self.replaying.remember(&ready.seen.id, draft);
    }

    async fn flush(&mut self) -> Result<(), RunError> {
        self.outbox.flush(&self.flow.context, &self.flow.name).await
    }
}
