//! What a first post waits for: `settle receipts for 24h`.
//!
//! Stands between the question by key and the intent. It only reads, so a run that dies
//! here has changed nothing. What is to be updated or looked at again stands on the other
//! side already, and waits for nothing.

use super::error::RunError;
use super::flow_run::FlowRun;
use super::mapping::{Job, Ready};
use super::{ask, stored};
use crate::connector::{Error, Found, Readiness, Wait};
use crate::model::Settle;
use crate::store::Intent;
use crate::value::Record;

/// A record, and what the other side has under its key, or why that is not known.
pub(super) type Asked = (Ready, Result<Vec<Found>, Error>);

/// One question for all first posts of the group, in their order; `None` for what waits for
/// nothing. When the question is refused, one for each. What is in doubt is taken to arrive:
/// what it bills is not there for another one.
pub(super) async fn of_group(
    flow: &FlowRun,
    group: &[Asked],
) -> Result<Vec<Option<Result<Readiness, Error>>>, RunError> {
    let mut answers: Vec<Option<Result<Readiness, Error>>> = group.iter().map(|_| None).collect();
    let Some(settle) = &flow.flow().target().settle else { return Ok(answers) };
    let first: Vec<usize> = (0..group.len()).filter(|&index| is_first_post(&group[index])).collect();
    if first.is_empty() {
        return Ok(answers);
    }
    let records: Vec<Record> = first.iter().map(|&index| group[index].0.target.clone()).collect();
    let ahead = in_doubt(flow)?;
    for (index, answer) in first.into_iter().zip(ask_all(flow, settle, &records, ahead).await) {
        answers[index] = Some(answer);
    }
    Ok(answers)
}

fn is_first_post((ready, found): &Asked) -> bool {
    ready.job == Job::Create && found.as_ref().is_ok_and(Vec::is_empty)
}

/// What was sent for the first time, of this resource, and may or may not be there.
fn in_doubt(flow: &FlowRun) -> Result<Vec<Record>, RunError> {
    let target = flow.flow().target();
    let ty = flow.target.target_type();
    let of_here = |intent: &Intent| {
        !intent.update && *intent.connection == *target.connection && *intent.resource == *target.resource
    };
    let intents = flow.context.store.intents()?.into_iter().filter(of_here);
    Ok(intents.filter_map(|intent| stored::partial(&ty, &intent.target)).collect())
}

async fn ask_all(
    flow: &FlowRun,
    settle: &Settle,
    records: &[Record],
    mut ahead: Vec<Record>,
) -> Vec<Result<Readiness, Error>> {
    match ask(flow, settle, records, &ahead).await {
        Ok(ready) => ready.into_iter().map(Ok).collect(),
        Err(error) if error.stops_the_run() || error.is_temporary() || records.len() == 1 => {
            records.iter().map(|_| Err(error.clone())).collect()
        }
        Err(_) => {
            let mut answers = Vec::with_capacity(records.len());
            for record in records {
                let answer = ask(flow, settle, std::slice::from_ref(record), &ahead).await;
                let answer = answer.map(|mut ready| ready.remove(0));
                if matches!(answer, Ok(Readiness::Ready)) {
                    ahead.push(record.clone());
                }
                answers.push(answer);
            }
            answers
        }
    }
}

async fn ask(flow: &FlowRun, settle: &Settle, records: &[Record], ahead: &[Record]) -> Result<Vec<Readiness>, Error> {
    let target = flow.flow().target();
    let wait = Wait { resource: &target.resource, what: &settle.what, quiet: settle.quiet, records, ahead };
    ask::readiness(&flow.context, &target.connection, wait).await
}
