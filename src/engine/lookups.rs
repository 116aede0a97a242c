//! The lookups of a run: their rows out of resources, and what verification says of them.
//!
//! Each resource is read once, however many lookups and verifications need it. All of it
//! happens before the first record is mapped.

use super::brake::StopKind;
use super::context::Context;
use super::error::RunError;
use super::fetch;
use crate::model::LookupId;
use crate::program::Tables;
use crate::store::{Batch, EventKind};
use crate::value::Record;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;

/// What is read of a resource, by connection and resource.
type Read = HashMap<(Arc<str>, Arc<str>), Vec<Record>>;

/// The tables, filled and verified; `None` when a resource could not be read and the run stops.
pub(super) async fn load(context: &Arc<Context>) -> Result<Option<Tables>, RunError> {
    let program = context.program.clone();
    let mut tables = Tables::new(&program);
    let mut read = Read::new();
    let mut batch = Batch::default();
    for (index, lookup) in program.lookups().iter().enumerate() {
        let id = LookupId(index);
        if let Some(from) = &lookup.resource {
            let Some(records) = records(context, &mut read, &from.connection, &from.resource).await? else {
                return Ok(None);
            };
            tables.load(&program, id, records);
        }
        for (number, verify) in lookup.verifies.iter().enumerate() {
            let Some(records) = records(context, &mut read, &verify.connection, &verify.resource).await? else {
                return Ok(None);
            };
            let verified = tables.verify(&program, id, number, records);
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

async fn records<'a>(
    context: &Arc<Context>,
    read: &'a mut Read,
    connection: &Arc<str>,
    resource: &Arc<str>,
) -> Result<Option<&'a [Record]>, RunError> {
    let place = (connection.clone(), resource.clone());
    if !read.contains_key(&place) {
        let open = context.connection(connection)?;
        let plural = context.resource(connection, resource)?.plural;
        match fetch::everything(context, open, resource).await {
            Ok((records, unreadable)) => {
                for message in unreadable {
                    context.tally.warn(format!("left out of the lookups: {message}"));
                }
                read.insert(place.clone(), records);
            }
            Err(error) => {
                let message = format!(
                    "the {plural} of {} could not be read, and nothing is posted without them: {}",
                    context.title(connection),
                    error.message
                );
                context.brake.pull(StopKind::World, message, error.mend);
                return Ok(None);
            }
        }
    }
    Ok(read.get(&place).map(Vec::as_slice))
}
