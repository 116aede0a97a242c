//! One pass over one scope of a source (a project), or over a source that has none: read
//! its pages, decide on each record, hand on what is to be posted, and move the cursor
//! when all of it has a durable outcome.
//!
//! The cursor is the last thing that a pass writes. A pass that is cut off anywhere
//! leaves it where it was, and the next run reads the same records again.

use super::brake::StopKind;
use super::error::RunError;
use super::fetch::Pages;
use super::flow_run::FlowRun;
use super::ledger::{self, Outbox, Seen};
use super::mapping::{self, Ready, Verdict};
use super::mutant::{self, Mutant};
use super::report::FailedScope;
use super::sought::Wanted;
use super::ticket::Tickets;
use super::{ask, hash, label, stored};
use crate::connector::{DecodeError, Error, ErrorKind, Fetch, FilterKind, Page};
use crate::store::{Cursor, Operation, Outcome, RecordId};
use crate::value::{Record, Span, Timestamp, Value};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::{Semaphore, mpsc};

/// Read again what changed so long before the newest change that was seen: clocks differ,
/// and lists shift while they are read.
pub(super) const OVERLAP: Span = Span::from_secs(24 * 60 * 60);

/// So many scopes in a row that cannot be reached mean that the others cannot be either.
const UNREACHABLE: u32 = 3;

/// One scope record, ready to select its part of the source.
#[derive(Clone)]
pub(super) struct Scope {
    /// Its selecting field, as text: the first part of its records' keys.
    pub name: String,
    pub value: Value,
    pub record: Record,
    /// `project 24-017`.
    pub label: String,
}

/// What became of a pass.
pub(super) struct PassEnd {
    /// `None` for a source without scopes.
    pub scope: Option<Scope>,
    /// Every page was read.
    pub complete: bool,
    /// Not only what changed lately.
    pub full: bool,
    pub read: u64,
    /// From when on changes were read; `None` for all.
    pub since: Option<Timestamp>,
    /// Digests of the ids that it saw, where somebody asks for them later.
    pub seen: HashSet<u128>,
    /// When each of them changed last, where somebody asks for that.
    pub changes: Vec<Timestamp>,
    /// Of what notices named in it: what it did not see.
    pub missing: Vec<Wanted>,
}

impl PassEnd {
    /// Its scope as it stands in keys; nothing for a source without scopes.
    pub fn name(&self) -> String {
        self.scope.as_ref().map_or_else(String::new, |scope| escape(&scope.name))
    }
}

pub(super) struct Pass {
    flow: Arc<FlowRun>,
    scope: Option<Scope>,
    out: mpsc::Sender<Ready>,
    outbox: Outbox,
    tickets: Tickets,
    /// Digests of the ids that this pass saw: lists shift while they are read, and the
    /// same record then comes twice. Sixteen bytes a record, of one scope.
    seen: HashSet<u128>,
    /// What notices named here.
    wanted: Vec<Wanted>,
    newest: Option<Timestamp>,
    changes: Vec<Timestamp>,
    read: u64,
    /// Records without a readable id.
    nameless: u64,
}

impl Pass {
    pub fn new(flow: Arc<FlowRun>, scope: Option<Scope>, out: mpsc::Sender<Ready>) -> Self {
        let (outbox, tickets) = (Outbox::default(), Tickets::new());
        let name = scope.as_ref().map_or_else(String::new, |scope| escape(&scope.name));
        let wanted = flow.sought.as_ref().map_or_else(Vec::new, |sought| sought.within(&name));
        Self {
            flow,
            scope,
            out,
            outbox,
            tickets,
            seen: HashSet::new(),
            wanted,
            newest: None,
            changes: Vec::new(),
            read: 0,
            nameless: 0,
        }
    }

    /// `turns` bounds how many passes read at once; waiting for the last posts needs no turn.
    pub async fn run(mut self, turns: Arc<Semaphore>) -> Result<PassEnd, RunError> {
        let turn = turns.acquire_owned().await;
        let name = self.scope_name().to_owned();
        let cursor = self.flow.context.store.cursor(&self.flow.name, &name)?;
        let since = self.changed_since(cursor.as_ref()).map(|since| self.reach(since));
        // No list of changes shows what was deleted.
        let since = since.filter(|_| !self.wanted.iter().any(|wanted| wanted.deleted && wanted.known));
        let mut full = since.is_none();
        let mut complete = !self.flow.context.brake.is_pulled() && self.read_pages(since).await?;
        // The newest record that was seen lies within the overlap: where even that is gone,
        // only a look at the whole can tell silence from quiet. So it is with what notices
        // named: their clocks and ours may differ.
        if complete && !full && (self.read == 0 || self.missing().any(|wanted| !wanted.deleted)) {
            full = true;
            self.read = 0;
            complete = self.read_pages(None).await?;
        }
        drop(turn);
        let (flow, read) = (self.flow.clone(), self.read);
        let missing = self.missing().cloned().collect();
        let seen = if flow.remembers() { std::mem::take(&mut self.seen) } else { HashSet::new() };
        let changes = std::mem::take(&mut self.changes);
        let next = self.next_cursor(&name, cursor, full);
        let scope = self.scope.clone();
        let settled = mutant::is(Mutant::CursorFirst) || self.tickets.all_settled().await;
        if let Some(next) = next.filter(|_| complete && settled) {
            let mut outbox = Outbox::default();
            outbox.operation(Operation::PutCursor(next));
            outbox.flush(&flow.context, &flow.name).await?;
        }
        Ok(PassEnd { scope, complete, full, read, since, seen, changes, missing })
    }

    /// How far back this run looks: never less than the cursor says.
    fn reach(&self, since: Timestamp) -> Timestamp {
        let context = &self.flow.context;
        let lookback = context.lookback.map(|lookback| context.clock.now().minus(lookback));
        let notice = context.touched.as_ref().and_then(|touched| touched.since).map(|since| since.minus(OVERLAP));
        lookback.into_iter().chain(notice).fold(since, Timestamp::min)
    }

    /// What notices named here and this pass has not seen.
    fn missing(&self) -> impl Iterator<Item = &Wanted> {
        self.wanted.iter().filter(|wanted| !self.seen.contains(&digest(&wanted.id)))
    }

    fn scope_name(&self) -> &str {
        self.scope.as_ref().map_or("", |scope| &scope.name)
    }

    /// From when on to read; `None` for all of it. Another flow may want other records of
    /// the same source, so a cursor counts only for the flow as it was.
    fn changed_since(&self, cursor: Option<&Cursor>) -> Option<Timestamp> {
        let field = self.flow.source.changed.as_ref()?;
        let can_filter = self.flow.source.filters.get(field) == Some(&FilterKind::Range);
        let cursor = cursor.filter(|cursor| can_filter && cursor.program_hash == self.flow.hash)?;
        cursor.changed.map(|changed| changed.minus(OVERLAP))
    }

    /// Whether every page was read.
    async fn read_pages(&mut self, since: Option<Timestamp>) -> Result<bool, RunError> {
        let flow = self.flow.clone();
        let source = flow.flow().source();
        let request = Fetch {
            scope: self.scope.as_ref().map(|scope| scope.value.clone()),
            changed_since: since,
            ..Fetch::all(source.resource.as_ref())
        };
        let connection = flow.context.connection(&source.connection)?.clone();
        let mut pages = Pages::read(flow.context.clone(), connection, request);
        while let Some(page) = pages.next().await {
            let going_on = match page {
                Ok(page) => self.take_page(page).await?,
                Err(error) => {
                    self.report_failure(&error);
                    false
                }
            };
            if !going_on {
                return Ok(false);
            }
        }
        flow.unreachable.store(0, Ordering::Relaxed);
        Ok(true)
    }

    /// `false` when the run takes up nothing new.
    async fn take_page(&mut self, page: Page) -> Result<bool, RunError> {
        self.flow.context.tally.read(&self.flow.name, page.records.len() as u64);
        for record in page.records {
            if self.flow.context.brake.is_pulled() {
                self.flush().await?;
                return Ok(false);
            }
            self.read += 1;
            let Some(verdict) = self.judge(record)? else { continue };
            if !self.carry_out(verdict).await? {
                return Ok(false);
            }
        }
        self.flush().await?;
        Ok(true)
    }

    /// `None` for a record that this pass has seen before.
    fn judge(&mut self, record: Result<Record, DecodeError>) -> Result<Option<Verdict>, RunError> {
        let flow = self.flow.clone();
        let scope = self.scope.clone();
        match record {
            Ok(record) => {
                let seen = seen(&flow, &record, scope.as_ref());
                if !self.first_time(&seen.id) {
                    return Ok(None);
                }
                if let Some(Value::DateTime(changed)) = flow.source.changed.as_ref().and_then(|field| record.get(field))
                {
                    self.newest = self.newest.max(Some(*changed));
                    if flow.remembers() {
                        self.changes.push(*changed);
                    }
                }
                mapping::judge(&flow, seen, &record, scope.as_ref().map(|scope| &scope.record)).map(Some)
            }
            Err(error) => {
                let Some(seen) = self.seen_unreadable(&error) else { return Ok(None) };
                mapping::unreadable(&flow, seen, &error.to_string()).map(Some)
            }
        }
    }

    /// An unreadable record has the id that could be read. One without an id is known by
    /// what is wrong with it, and by its number among its like in this pass.
    fn seen_unreadable(&mut self, error: &DecodeError) -> Option<Seen> {
        let message_hash = hash::of_text(&error.to_string());
        let id = if error.id == "?" {
            self.nameless += 1;
            self.id(&[&format!("?{}-{}", &message_hash[..12], self.nameless)])
        } else {
            self.id(&[&error.id])
        };
        if !self.first_time(&id) {
            return None;
        }
        let name = format!("{} {}", self.flow.source.title, error.id);
        let label = self.scope.as_ref().map_or(name.clone(), |scope| format!("{name} of {}", scope.label));
        Some(Seen { id, label, hash: message_hash, json: serde_json::Value::Null, amount: None })
    }

    fn id(&self, parts: &[&str]) -> RecordId {
        record_id(&self.flow.name, self.scope.as_ref(), parts)
    }

    fn first_time(&mut self, id: &RecordId) -> bool {
        self.flow.no_longer_waits(id);
        self.seen.insert(digest(id))
    }

    async fn carry_out(&mut self, verdict: Verdict) -> Result<bool, RunError> {
        if let Verdict::Ready(mut ready) = verdict {
            ready.ticket = Some(self.tickets.issue());
            // A poster that is gone has failed, and says why itself.
            return Ok(self.out.send(*ready).await.is_ok());
        }
        settle(&self.flow, verdict, &mut self.outbox);
        Ok(true)
    }

    async fn flush(&mut self) -> Result<(), RunError> {
        self.outbox.flush(&self.flow.context, &self.flow.name).await
    }

    /// Where the next pass begins. A full pass that saw nothing where there was something
    /// moves nothing: that is a warning until it is explained.
    fn next_cursor(&self, scope: &str, before: Option<Cursor>, full: bool) -> Option<Cursor> {
        let (changed_before, seen_before) = before.map_or((None, 0), |cursor| (cursor.changed, cursor.seen));
        // What its source itself said to be deleted is no riddle.
        let explained = self.wanted.iter().filter(|wanted| wanted.deleted && wanted.known).count() as u64;
        if full && self.read == 0 && seen_before > explained {
            self.flow.context.tally.vanish(&self.flow.name, seen_before);
            let place = self.scope.as_ref().map_or(self.flow.source_title.as_str(), |scope| &scope.label);
            self.flow.context.tally.warn(format!(
                "{}: {place} shows no {} any more; {seen_before} were there before. If that is right, nothing is to be \
                 done; if not, look at the permissions of the credential",
                self.flow.name, self.flow.source.title
            ));
            return None;
        }
        Some(Cursor {
            flow: self.flow.name.clone(),
            scope: scope.to_owned(),
            changed: if full { self.newest } else { self.newest.max(changed_before) },
            seen: if full { self.read } else { seen_before.max(self.read) },
            program_hash: self.flow.hash.clone(),
            at: self.flow.context.clock.now(),
        })
    }

    /// Says what could not be read. Only what would fail everywhere stops the run.
    fn report_failure(&self, error: &Error) {
        let context = &self.flow.context;
        // A read that gave up because the run stops has nothing of its own to say.
        if context.brake.is_pulled() {
            return;
        }
        let scope = self.scope.as_ref().map_or_else(|| self.flow.source.plural.clone(), |scope| scope.label.clone());
        let message = format!("{} of {scope} could not be read to the end: {}", self.flow.source.plural, error.message);
        let passing = matches!(error.kind, ErrorKind::Network | ErrorKind::Unavailable | ErrorKind::RateLimit);
        let everywhere = matches!(error.kind, ErrorKind::Credentials | ErrorKind::Configuration)
            || self.scope.is_none()
            || (passing && self.flow.unreachable.fetch_add(1, Ordering::Relaxed) + 1 >= UNREACHABLE);
        if everywhere {
            context.brake.pull(StopKind::World, message.clone(), error.mend.clone());
        }
        context.tally.fail_scope(FailedScope {
            flow: self.flow.name.clone(),
            scope,
            message,
            mend: error.mend.clone(),
        });
    }
}

/// Puts a verdict that needs no post into the outbox.
pub(super) fn settle(flow: &FlowRun, verdict: Verdict, outbox: &mut Outbox) {
    match verdict {
        Verdict::Stands(entry, outcome) => {
            // Recovery counted it as posted in this run.
            if !(outcome == Outcome::Unchanged && flow.recovered.contains(&entry.id)) {
                outbox.count(*entry, outcome, None);
            }
        }
        Verdict::Refreshed(entry) => {
            if flow.recovered.contains(&entry.id) {
                outbox.put(*entry);
            } else {
                outbox.close(*entry, Outcome::Unchanged, None);
            }
        }
        Verdict::Settled { entry, counted, news } => {
            // What the flow leaves out has one event, which also names what was read.
            match entry.outcome {
                Outcome::Skipped => outbox.tell_skipped(&flow.context, &entry),
                _ => {
                    if news {
                        outbox.tell_read(&flow.context, &entry);
                    }
                    outbox.tell(ledger::outcome_event(&flow.context, &entry));
                }
            }
            outbox.close(*entry, counted, None);
        }
        Verdict::Ready(_) => debug_assert!(false, "what is ready goes to the poster"),
    }
}

/// A source record with the names under which it is kept.
pub(super) fn seen(flow: &FlowRun, record: &Record, scope: Option<&Scope>) -> Seen {
    let parts: Vec<String> =
        flow.source.identity.iter().map(|field| record.get(field).map(Value::to_string).unwrap_or_default()).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let scope_record = scope.map(|scope| &scope.record);
    Seen {
        id: record_id(&flow.name, scope, &parts),
        label: label::of(&flow.source, record, flow.scope.as_ref().map(|(spec, _)| spec).zip(scope_record)),
        hash: hash::of_records(std::iter::once(flow.content(record).as_ref()).chain(scope_record)),
        json: stored::keep(record, scope_record),
        amount: ask::amount(&flow.source, record),
    }
}

/// Sixteen bytes that stand for a record within its flow.
pub(super) fn digest(id: &RecordId) -> u128 {
    u128::from_str_radix(&hash::of_text(&id.key)[..32], 16).expect("a hash is hexadecimal")
}

/// `598134/1412207`. A `/` inside of a part is written `%2F`, so that parts stay apart.
pub(super) fn record_id(flow: &str, scope: Option<&Scope>, parts: &[&str]) -> RecordId {
    let scope = scope.map(|scope| scope.name.as_str());
    let parts: Vec<String> = scope.into_iter().chain(parts.iter().copied()).map(escape).collect();
    RecordId { flow: flow.to_owned(), key: parts.join("/") }
}

/// A part of a record's key.
pub(super) fn escape(part: &str) -> String {
    part.replace('%', "%25").replace('/', "%2F")
}
