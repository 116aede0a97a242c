//! Sending one write, with its attempts. The intent of the write is durable before this
//! begins, and nothing here touches the store.
//!
//! A write is repeated only when it is certain that it did not take effect: the other
//! side said so, or it was asked by key and has nothing, and still has nothing a while
//! later. Whatever is not certain comes back as [`Answer::Unknown`].

use super::ask::{self, Standing};
use super::brake::StopKind;
use super::flow_run::FlowRun;
use super::mapping::{Job, Ready};
use super::mutant::{self, Mutant};
use super::retry::Backoff;
use crate::connector::exchange::noted;
use crate::connector::{Connector, Effect, Error, ErrorKind, Exchange, Found, Written};

/// What came of a write.
#[derive(Debug)]
pub(super) enum Answer {
    /// Answered with success. Counts when it was read back.
    Stored(Written),
    /// The answer was lost, but the record is there, with what was sent.
    There(Found),
    /// The answer was lost, and what is there differs.
    Differs(Found, String),
    /// Taken, and the other side says itself that it is not there as it was sent. The record,
    /// where it is shown under its key.
    Altered(Option<Found>, Error),
    Several(Vec<Found>),
    /// Certainly not there: the other side refuses it.
    Refused(Error),
    /// Certainly not there: all attempts failed for a passing cause.
    Exhausted(Error),
    /// It may be there.
    Unknown(Error),
    /// Certainly not there: the run stops.
    NotSent,
}

pub(super) struct Sent {
    pub answer: Answer,
    pub attempts: u32,
    /// What went over the wire for the writes themselves.
    pub exchanges: Vec<Exchange>,
}

/// Creates the record, or updates `existing`.
pub(super) async fn send(
    flow: &FlowRun,
    connection: &dyn Connector,
    ready: &Ready,
    mut existing: Option<Found>,
) -> Sent {
    let context = &flow.context;
    let mut backoff = Backoff::new(flow.flow().target().retry, context.entropy.next_u64());
    let mut attempts = 0;
    let mut exchanges = Vec::new();
    let answer = loop {
        if context.brake.is_pulled() {
            break Answer::NotSent;
        }
        attempts += 1;
        let (written, sent) = noted(write(flow, connection, ready, existing.as_ref())).await;
        exchanges.extend(sent);
        let error = match written {
            Ok(written) => break Answer::Stored(written),
            Err(error) => error,
        };
        if error.effect == Effect::Altered {
            break after_altered(flow, ready, error).await;
        }
        if error.effect == Effect::Unknown || (existing.is_some() && error.kind == ErrorKind::Conflict) {
            match after_unknown(flow, ready, existing.as_mut(), &error).await {
                None => {}
                Some(answer) => break answer,
            }
        }
        if matches!(error.kind, ErrorKind::Credentials | ErrorKind::Permission | ErrorKind::Configuration) {
            let message =
                format!("{} does not let us write {}: {}", flow.target_title, flow.target.plural, error.message);
            context.brake.pull(StopKind::World, message, error.mend);
            break Answer::NotSent;
        }
        // What is taken later is not sent again before the next run.
        let passes = error.is_temporary() && error.kind != ErrorKind::NotYet;
        let again = passes || (existing.is_some() && error.kind == ErrorKind::Conflict);
        if !again {
            break Answer::Refused(error);
        }
        match backoff.next(&error, context.clock.now()) {
            None => break Answer::Exhausted(error),
            // Cut short by the brake, the loop ends at its head.
            Some(wait) => {
                context.pause(wait).await;
            }
        }
    };
    Sent { answer, attempts, exchanges }
}

async fn write(
    flow: &FlowRun,
    connection: &dyn Connector,
    ready: &Ready,
    existing: Option<&Found>,
) -> Result<Written, Error> {
    let resource = &flow.flow().target().resource;
    match existing {
        None => connection.create(resource, &ready.target).await,
        Some(found) => connection.update(resource, found, &ready.target).await,
    }
}

/// Asks what became of a write. `None` when it certainly did not take effect; an update may
/// be sent again in any case, since a second one changes nothing more.
async fn after_unknown(flow: &FlowRun, ready: &Ready, existing: Option<&mut Found>, error: &Error) -> Option<Answer> {
    if mutant::is(Mutant::BlindRetry) {
        return None;
    }
    let target = flow.flow().target();
    let asked = ask::find_after(&flow.context, &target.connection, &target.resource, &ready.key, error).await;
    let found = match asked {
        Ok(found) => found,
        Err(asking) => {
            let message = format!("{}; asked whether it arrived: {}", error.message, asking.message);
            return Some(Answer::Unknown(Error { message, ..error.clone() }));
        }
    };
    match (ask::compare(&flow.target, &ready.target, found), existing) {
        (Standing::Several(found), _) => Some(Answer::Several(found)),
        (Standing::Absent, None) => None,
        // The key is part of the change: without it, the change has not happened.
        (Standing::Absent, Some(_)) if ready.job == Job::Adopt => None,
        (Standing::Absent, Some(_)) => Some(Answer::Unknown(error.clone())),
        (Standing::Agrees(found) | Standing::Differs(found, _), Some(existing)) => {
            *existing = found;
            None
        }
        (Standing::Agrees(found), None) => Some(Answer::There(found)),
        (Standing::Differs(found, trouble), None) => Some(Answer::Differs(found, trouble)),
    }
}

/// Looks for a write that was taken otherwise than it was sent. What it was said to lack may
/// be what it is asked by: that it is not shown proves nothing.
async fn after_altered(flow: &FlowRun, ready: &Ready, error: Error) -> Answer {
    let target = flow.flow().target();
    let asked = ask::find_after(&flow.context, &target.connection, &target.resource, &ready.key, &error).await;
    match asked {
        Ok(found) if found.len() > 1 => Answer::Several(found),
        Ok(mut found) => Answer::Altered(found.pop(), error),
        Err(_) => Answer::Altered(None, error),
    }
}
