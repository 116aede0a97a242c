//! What people do with records and pipelines, from the console or by the API: in their name, when
//! it is their turn, and in the log.

use super::Customer;
use super::http::Caller;
use crate::engine::{
    self, Decision, DecisionError, DecisionErrorKind, Options, Replay, ReplayOptions, Report, RunError, RunErrorKind,
};
use crate::store::{RecordEntry, RecordId, StoreError, Trigger};
use crate::value::Span;
use std::sync::Arc;
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinError;

/// So long somebody waits for a run that is going on.
const PATIENCE: Span = Span::from_secs(10);
/// So many records are replayed at once.
pub const MOST: usize = 500;

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ActError {
    pub kind: ActErrorKind,
    pub message: String,
    pub mend: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActErrorKind {
    /// There is no such record.
    Unknown,
    /// What was asked for is incomplete or makes no sense.
    Wrong,
    /// The record does not stand so that it could be done, or not any more.
    Conflict,
    /// A run is going on.
    Busy,
    /// The systems or the disk did not let it.
    World,
}

impl ActError {
    pub fn new(kind: ActErrorKind, message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { kind, message: message.into(), mend: mend.into() }
    }

    /// The work itself came to no end.
    pub fn broken(error: &JoinError) -> Self {
        Self::new(
            ActErrorKind::World,
            format!("it broke off: {error}"),
            "look at the records; the next run settles them",
        )
    }
}

impl From<DecisionError> for ActError {
    fn from(error: DecisionError) -> Self {
        let kind = match error.kind {
            DecisionErrorKind::Unknown => ActErrorKind::Unknown,
            DecisionErrorKind::Incomplete => ActErrorKind::Wrong,
            DecisionErrorKind::NotWaiting | DecisionErrorKind::Moved | DecisionErrorKind::InDoubt => {
                ActErrorKind::Conflict
            }
            DecisionErrorKind::Store => ActErrorKind::World,
        };
        Self::new(kind, error.message, error.mend)
    }
}

impl From<RunError> for ActError {
    fn from(error: RunError) -> Self {
        let kind = match error.kind {
            RunErrorKind::UnknownFlow => ActErrorKind::Wrong,
            RunErrorKind::OtherSystem => ActErrorKind::Conflict,
            _ => ActErrorKind::World,
        };
        Self::new(kind, error.message, error.mend)
    }
}

impl From<StoreError> for ActError {
    fn from(error: StoreError) -> Self {
        Self::new(ActErrorKind::World, error.message, error.hint)
    }
}

/// Says yes to what waits for it. `seen` is [`engine::as_seen`] of what was shown.
pub async fn approve(
    customer: &Customer,
    caller: &Caller,
    id: &RecordId,
    because: &str,
    seen: Option<String>,
) -> Result<RecordEntry, ActError> {
    if because.trim().is_empty() {
        return Err(ActError::new(ActErrorKind::Wrong, "no reason is given", "say why: it stands in the log"));
    }
    let _turn = turn(customer).await?;
    let store = customer.store();
    Ok(engine::approve(store.as_ref(), &decision(customer, caller, id, because, seen)).await?)
}

/// Says no: it is not posted as it is.
pub async fn reject(
    customer: &Customer,
    caller: &Caller,
    id: &RecordId,
    because: &str,
    seen: Option<String>,
) -> Result<RecordEntry, ActError> {
    let _turn = turn(customer).await?;
    let store = customer.store();
    Ok(engine::reject(store.as_ref(), &decision(customer, caller, id, because, seen)).await?)
}

fn decision(customer: &Customer, caller: &Caller, id: &RecordId, because: &str, seen: Option<String>) -> Decision {
    Decision {
        record: id.clone(),
        by: caller.name.clone(),
        reason: because.trim().to_owned(),
        at: customer.opened().setup.clock.now(),
        seen,
    }
}

/// What somebody wants to have tried again.
#[derive(Clone, Debug)]
pub struct Again {
    pub records: Vec<RecordId>,
    /// Read from the source again, in place of what the store keeps.
    pub afresh: bool,
    pub because: String,
}

/// Says what would be sent, and sends nothing.
pub async fn preview(customer: &Customer, caller: &Caller, again: &Again) -> Result<Replay, ActError> {
    let _turn = turn(customer).await?;
    as_the_files_stand(customer);
    let options = ReplayOptions { preview: true, ..options(customer, caller, again)? };
    Ok(engine::replay(&customer.opened().setup, &options).await?)
}

/// Sends what a preview shows by now, where `shown` fits to it: a word made by [`shown_as`].
pub async fn replay(
    customer: &Customer,
    caller: &Caller,
    again: &Again,
    shown: Option<&str>,
) -> Result<Replay, ActError> {
    if again.because.trim().is_empty() {
        return Err(ActError::new(ActErrorKind::Wrong, "no reason is given", "say why: it stands in the log"));
    }
    let _turn = turn(customer).await?;
    as_the_files_stand(customer);
    let options = options(customer, caller, again)?;
    let opened = customer.opened();
    let Some(word) = shown else { return Ok(engine::replay(&opened.setup, &options).await?) };
    let preview = engine::replay(&opened.setup, &ReplayOptions { preview: true, ..options.clone() }).await?;
    if shown_as(&preview) != word {
        return Err(ActError::new(
            ActErrorKind::Conflict,
            "what would be sent is not what was shown any more",
            "look at it again, and decide on what it is now",
        ));
    }
    Ok(engine::replay(&opened.setup, &ReplayOptions { shown: Some(preview.records), ..options }).await?)
}

/// A table that was mended a moment ago counts. A file that is refused is told of where it is.
fn as_the_files_stand(customer: &Customer) {
    let _ = customer.refresh();
}

/// A short text that is another one for every other content that a preview shows.
pub fn shown_as(preview: &Replay) -> String {
    let lines = preview.records.iter().map(|record| {
        let hash = record.sent.as_ref().map_or("-", |draft| draft.target_hash.as_str());
        format!("{} {} {hash}\n", record.before.id, record.outcome.word())
    });
    engine::hash_of_text(&lines.collect::<String>())[..16].to_owned()
}

fn options(customer: &Customer, caller: &Caller, again: &Again) -> Result<ReplayOptions, ActError> {
    if again.records.is_empty() || again.records.len() > MOST {
        return Err(ActError::new(
            ActErrorKind::Wrong,
            format!("{} records are named", again.records.len()),
            format!("name between 1 and {MOST} records"),
        ));
    }
    let (opened, store) = (customer.opened(), customer.store());
    for id in &again.records {
        let entry = store.record(id)?;
        let entry = entry.ok_or_else(|| {
            ActError::new(ActErrorKind::Unknown, format!("there is no record {id}"), "the work list names all")
        })?;
        let target = opened.target_title(&id.flow).ok_or_else(|| {
            ActError::new(
                ActErrorKind::Conflict,
                format!("{} is of the flow `{}`, which the pipeline no longer has", entry.label, id.flow),
                "give the pipeline the flow again, or leave the record as it is",
            )
        })?;
        if let Some((message, mend)) = engine::why_not(&entry, &target) {
            return Err(ActError::new(ActErrorKind::Conflict, message, mend));
        }
    }
    Ok(ReplayOptions {
        records: again.records.clone(),
        afresh: again.afresh,
        by: caller.name.clone(),
        because: again.because.trim().to_owned(),
        ..ReplayOptions::default()
    })
}

/// Runs these flows now, since the caller asks for it; all of them if none is named.
pub async fn run(customer: &Arc<Customer>, caller: &Caller, flows: Vec<String>) -> Result<Report, ActError> {
    let turn = turn(customer).await?;
    let options = Options { flows, trigger: Trigger::ByHand, by: caller.name.clone(), ..Options::default() };
    Ok(customer.run_within(turn, &options).await?)
}

/// Waits a little for a run that is going on.
async fn turn(customer: &Customer) -> Result<OwnedMutexGuard<()>, ActError> {
    let clock = customer.opened().setup.clock.clone();
    tokio::select! {
        turn = customer.take_turn() => Ok(turn),
        () = clock.sleep(PATIENCE) => Err(ActError::new(
            ActErrorKind::Busy,
            format!("a run of `{}` is going on", customer.name),
            "nothing was done; try again when it has ended",
        )),
    }
}
