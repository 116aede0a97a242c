//! The lookups of a run: their rows out of resources, and what verification says of them.
//!
//! All of it happens before the first record is mapped.

use super::context::Context;
use super::error::RunError;
use super::lists::Lists;
use crate::model::LookupId;
use crate::program::{Program, Tables};
use crate::store::{Batch, EventKind};
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
        let lookup = &program.lookups()[id.0];
        if let Some(from) = &lookup.resource {
            let records = match &from.scope {
                None => lists.whole(context, &from.connection, &from.resource).await?,
                Some(_) => lists.by_scope(context, &tables, id).await?,
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
            batch.events.push(context.event(EventKind::LookupVerified, None, detail));
        }
    }
    context.commit(batch).await?;
    Ok(Some(tables))
}

/// The lookups that these flows ask, those of whole lists first: which scopes a flow wants
/// may depend on them.
fn used(program: &Program, flows: &[usize]) -> Vec<LookupId> {
    let used = flows.iter().flat_map(|&flow| program.flows()[flow].lookups()).map(|lookup| lookup.0);
    let mut used: Vec<LookupId> = used.collect::<BTreeSet<usize>>().into_iter().map(LookupId).collect();
    used.sort_by_key(|lookup| program.lookup_scope(*lookup).is_some());
    used
}
