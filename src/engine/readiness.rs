//! What a first post waits for: `settle receipts for 24h`.
//!
//! Stands between the question by key and the intent. It only reads, so a run that dies
//! here has changed nothing. What is to be updated or looked at again stands on the other
//! side already, and waits for nothing.

use super::ask;
use super::flow_run::FlowRun;
use super::mapping::{Job, Ready};
use crate::connector::{Error, Found, Readiness, Wait};
use crate::model::Settle;
use crate::value::Record;

/// A record, and what the other side has under its key, or why that is not known.
pub(super) type Asked = (Ready, Result<Vec<Found>, Error>);

/// One question for all first posts of the group, in their order; `None` for what waits for
/// nothing. When the question is refused, one for each.
pub(super) async fn of_group(flow: &FlowRun, group: &[Asked]) -> Vec<Option<Result<Readiness, Error>>> {
    let mut answers: Vec<Option<Result<Readiness, Error>>> = group.iter().map(|_| None).collect();
    let Some(settle) = &flow.flow().target().settle else { return answers };
    let first: Vec<usize> = (0..group.len()).filter(|&index| is_first_post(&group[index])).collect();
    let records: Vec<Record> = first.iter().map(|&index| group[index].0.target.clone()).collect();
    for (index, answer) in first.into_iter().zip(ask_all(flow, settle, &records).await) {
        answers[index] = Some(answer);
    }
    answers
}

fn is_first_post((ready, found): &Asked) -> bool {
    ready.job == Job::Create && found.as_ref().is_ok_and(Vec::is_empty)
}

async fn ask_all(flow: &FlowRun, settle: &Settle, records: &[Record]) -> Vec<Result<Readiness, Error>> {
    match ask(flow, settle, records).await {
        Ok(ready) => ready.into_iter().map(Ok).collect(),
        Err(error) if error.stops_the_run() || error.is_temporary() || records.len() == 1 => {
            records.iter().map(|_| Err(error.clone())).collect()
        }
        Err(_) => {
            let mut answers = Vec::with_capacity(records.len());
            for record in records {
                let answer = ask(flow, settle, std::slice::from_ref(record)).await;
                answers.push(answer.map(|mut ready| ready.remove(0)));
            }
            answers
        }
    }
}

async fn ask(flow: &FlowRun, settle: &Settle, records: &[Record]) -> Result<Vec<Readiness>, Error> {
    let target = flow.flow().target();
    let wait = Wait { resource: &target.resource, what: &settle.what, quiet: settle.quiet, records };
    ask::readiness(&flow.context, &target.connection, wait).await
}
