//! The source side, read afresh: every record of the flow's source, and what today's
//! pipeline makes of it. Only what is needed of a record is kept.

use super::look::{Look, plus};
use super::retained::Movement;
use crate::connector::{Connector, DecodeError, Fetch};
use crate::engine::error::RunError;
use crate::engine::fetch::Pages;
use crate::engine::flow_run::FlowRun;
use crate::engine::pass::{self, Scope};
use crate::engine::{flow, label};
use crate::program::Evaluation;
use crate::store::RecordId;
use crate::value::{Date, Decimal, Record};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// What no cost code stands on.
pub(super) const NO_CODE: &str = "(no cost code)";

/// One source record of today.
pub(super) struct Paper {
    pub id: RecordId,
    pub label: String,
    pub hash: String,
    pub project: String,
    pub party: Option<String>,
    pub day: Option<Date>,
    pub amount: Option<Decimal>,
    /// Its amount by cost codes.
    pub codes: Vec<(String, Decimal)>,
    pub retained: Option<Movement>,
    pub now: Evaluation,
}

/// A source, as far as it could be read.
#[derive(Default)]
pub(super) struct Papers {
    pub all: Vec<Paper>,
    pub seen: HashSet<RecordId>,
    /// Records that could not be decoded, with the sentence.
    pub broken: HashMap<RecordId, String>,
    /// Scopes that were read to their end, by name; the empty name for a source without scopes.
    pub scopes: BTreeMap<String, String>,
    pub read: u64,
    /// What could not be read.
    pub unread: Vec<String>,
}

impl Papers {
    /// Whether a record that was not seen would have been seen if it were there.
    pub fn covers(&self, flow: &FlowRun, id: &RecordId) -> bool {
        let scope = if flow.scope.is_some() { id.key.split('/').next().unwrap_or_default() } else { "" };
        self.scopes.contains_key(scope)
    }
}

/// Reads all of a flow's source.
pub(super) async fn read(flow: &FlowRun) -> Result<Papers, RunError> {
    let mut papers = Papers::default();
    for scope in flow::scopes(flow).await? {
        read_scope(flow, scope.as_ref(), &mut papers).await?;
    }
    Ok(papers)
}

async fn read_scope(flow: &FlowRun, scope: Option<&Scope>, papers: &mut Papers) -> Result<(), RunError> {
    let source = flow.flow().source();
    let request = Fetch { scope: scope.map(|scope| scope.value.clone()), ..Fetch::all(source.resource.as_ref()) };
    let connection: Arc<dyn Connector> = flow.context.connection(&source.connection)?.clone();
    let mut pages = Pages::read(flow.context.clone(), connection, request);
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                let place = scope.map_or(flow.source_title.as_str(), |scope| &scope.label);
                papers
                    .unread
                    .push(format!("the {} of {place}: {} ({})", flow.source.plural, error.message, error.mend));
                return Ok(());
            }
        };
        flow.context.tally.read(&flow.name, page.records.len() as u64);
        for record in page.records {
            papers.read += 1;
            match record {
                Ok(record) => take(flow, &record, scope, papers)?,
                Err(error) => take_broken(flow, &error, scope, papers),
            }
        }
    }
    let name = scope.map_or_else(String::new, |scope| pass::escape(&scope.name));
    papers.scopes.insert(name, project(flow, scope));
    Ok(())
}

/// What people call the scope, without its kind: `24-017`.
fn project(flow: &FlowRun, scope: Option<&Scope>) -> String {
    let Some((scope, (spec, _))) = scope.zip(flow.scope.as_ref()) else { return String::new() };
    let label = label::plain(spec, &scope.record);
    label.strip_prefix(&spec.title).unwrap_or(&label).trim().to_owned()
}

fn take(flow: &FlowRun, record: &Record, scope: Option<&Scope>, papers: &mut Papers) -> Result<(), RunError> {
    let seen = pass::seen(flow, record, scope);
    // Lists shift while they are read, and the same record then comes twice.
    if !papers.seen.insert(seen.id.clone()) {
        return Ok(());
    }
    let entry = flow.context.store.record(&seen.id)?;
    let linked = entry.as_ref().and_then(|entry| entry.reference.as_deref());
    let now = flow.flow().evaluate_linked(&flow.tables, record, scope.map(|scope| &scope.record), linked);
    // Neither wanted today nor ever posted: nobody is to be told of it.
    if now == Evaluation::Skipped && entry.is_none_or(|entry| entry.reference.is_none()) {
        return Ok(());
    }
    let look = Look::at(&flow.source, record);
    papers.all.push(Paper {
        id: seen.id,
        label: seen.label,
        hash: seen.hash,
        project: project(flow, scope),
        party: look.and_then(Look::party),
        day: look.and_then(Look::day),
        amount: seen.amount,
        codes: look.map(codes).unwrap_or_default(),
        retained: look.and_then(Movement::of),
        now,
    });
    Ok(())
}

/// The source's own amount by cost codes; what its lines do not tell (a tax) stands on none.
pub(super) fn codes(look: Look<'_>) -> Vec<(String, Decimal)> {
    let mut codes: BTreeMap<String, Decimal> = BTreeMap::new();
    let mut rest = look.amount().unwrap_or_default();
    for line in look.lines().unwrap_or_default() {
        rest = plus(rest, line.amount.negated());
        let code = if line.code.is_empty() { NO_CODE.to_owned() } else { line.code };
        let sum = codes.entry(code).or_default();
        *sum = plus(*sum, line.amount);
    }
    if !rest.is_zero() {
        let sum = codes.entry(NO_CODE.to_owned()).or_default();
        *sum = plus(*sum, rest);
    }
    codes.retain(|_, amount| !amount.is_zero());
    codes.into_iter().collect()
}

fn take_broken(flow: &FlowRun, error: &DecodeError, scope: Option<&Scope>, papers: &mut Papers) {
    let id = pass::record_id(&flow.name, scope, &[&error.id]);
    papers.seen.insert(id.clone());
    papers.broken.insert(id, error.to_string());
}
