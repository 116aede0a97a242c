//! The lookups of a run: their rows out of resources, and what verification says of them.
//!
//! All of it happens before the first record is mapped.

use super::context::Context;
use super::error::RunError;
use super::lists::Lists;
use crate::model::LookupId;
use crate::program::{Program, Tables};
use crate::store::{Batch, Event, EventKind};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The tables that these flows ask, filled and verified; `None` when a resource could not be read and the run stops.
pub(super) async fn load(context: &Arc<Context>, flows: &[usize]) -> Result<Option<Tables>, RunError> {
    let program = context.program.clone();
    let mut tables = Tables::new(&program);
    let mut lists = Lists::default();
    let mut batch = Batch::default();
    for id in used(&program, flows) {
        let Some(events) = fill(context, id, &mut tables, &mut lists).await? else { return Ok(None) };
        batch.events.extend(events);
    }
    context.commit(batch).await?;
    Ok(Some(tables))
}

/// The tables that a flow asks, out of the lists that the last runs have kept, and a sentence
/// for each lookup that lacks some: it answers nothing out of those. The connections of the
/// contexts that are made are offline.
pub(super) async fn kept(
    program: &Program,
    flow: usize,
    context: impl Fn() -> Arc<Context>,
) -> Result<(Tables, Vec<String>), RunError> {
    let mut tables = Tables::new(program);
    let (mut lists, mut missing) = (Lists::default(), Vec::new());
    for id in used(program, &[flow]) {
        // What one lookup lacks stops no other.
        let context = context();
        if fill(&context, id, &mut tables, &mut lists).await?.is_none() {
            let stop = context.brake.reason();
            let why = stop.map_or_else(String::new, |stop| format!("{}; {}", stop.message, stop.mend));
            missing.push(format!("lookup `{}`: {why}", program.lookups()[id.0].name));
        }
    }
    Ok((tables, missing))
}

/// Fills the table of one lookup and verifies it; `None` when a list could not be read and the run stops.
async fn fill(
    context: &Arc<Context>,
    id: LookupId,
    tables: &mut Tables,
    lists: &mut Lists,
) -> Result<Option<Vec<Event>>, RunError> {
    let program = context.program.clone();
    let lookup = &program.lookups()[id.0];
    let mut events = Vec::new();
    if let Some(from) = &lookup.resource {
        let records = match &from.scope {
            None => lists.whole(context, &from.connection, &from.resource).await?,
            Some(_) => lists.by_scope(context, tables, id).await?,
        };
        let Some(records) = records else { return Ok(None) };
        tables.load(&program, id, &records);
    }
    for (number, verify) in lookup.verifies.iter().enumerate() {
        let Some(records) = lists.whole(context, &verify.connection, &verify.resource).await? else {
            return Ok(None);
        };
        let verified = tables.verify(&program, id, number, &records);
        context.tally.refuse_rows(&verified.refused);
        let detail = json!({
            "lookup": &*lookup.name, "output": &*lookup.outputs[verify.output].0,
            "against": format!("{}.{}.{}", verify.connection, verify.resource, verify.field),
            "checked": verified.checked, "refused": verified.refused,
        });
        events.push(context.event(EventKind::LookupVerified, None, detail));
    }
    Ok(Some(events))
}

/// The lookups that these flows ask, those of whole lists first: which scopes a flow wants
/// may depend on them.
fn used(program: &Program, flows: &[usize]) -> Vec<LookupId> {
    let used = flows.iter().flat_map(|&flow| program.flows()[flow].lookups()).map(|lookup| lookup.0);
    let mut used: Vec<LookupId> = used.collect::<BTreeSet<usize>>().into_iter().map(LookupId).collect();
    used.sort_by_key(|lookup| program.lookup_scope(*lookup).is_some());
    used
}
