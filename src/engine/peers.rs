//! The records elsewhere that a flow sees: those of its target that `match` looks among,
//! and those that other flows have posted. Read once, before the flow begins.

use super::brake::StopKind;
use super::context::Context;
use super::error::RunError;
use super::{fetch, stored};
use crate::program::{Peers, Tables};
use crate::value::Record;
use std::sync::Arc;

/// The tables for one flow; `None` when the target could not be read and the run stops.
pub(super) async fn load(
    context: &Arc<Context>,
    index: usize,
    tables: &Arc<Tables>,
) -> Result<Option<Arc<Tables>>, RunError> {
    let program = context.program.clone();
    let flow = &program.flows()[index];
    let mut peers = Peers::default();
    for name in flow.links() {
        peers.link(name, linked(context, name)?);
    }
    if flow.matches_by().is_some() {
        let target = flow.target();
        let open = context.connection(&target.connection)?;
        let plural = context.resource(&target.connection, &target.resource)?.plural;
        match fetch::everything(context, open, &target.resource).await {
            Ok((records, unreadable)) => {
                for message in unreadable {
                    context.tally.warn(format!("{}: cannot be matched with: {message}", flow.name()));
                }
                peers.matches(flow, tables, records);
            }
            Err(error) => {
                let title = context.title(&target.connection);
                let message = format!(
                    "the {plural} of {title} could not be read, and nothing is matched without them: {}",
                    error.message
                );
                context.brake.pull(StopKind::World, message, error.mend);
                return Ok(None);
            }
        }
    }
    Ok(Some(Arc::new(tables.with_peers(peers))))
}

/// The source records of a flow that stand on the other side, by their numbers there.
fn linked(context: &Context, flow: &str) -> Result<Vec<(String, Record)>, RunError> {
    let Some(of) = context.program.flows().iter().find(|other| other.name() == flow) else { return Ok(Vec::new()) };
    let source = context.resource(&of.source().connection, &of.source().resource)?.source_type();
    let entries = context.store.records(Some(flow))?.into_iter();
    let records = entries.filter_map(|entry| {
        let (record, _) = stored::restore(&entry.source, &source, None)?;
        Some((entry.reference?, record))
    });
    Ok(records.collect())
}
