//! The records elsewhere that a flow sees: those of its target that `match` looks among,
//! and those that other flows have posted. Read once, before the flow begins.

use super::brake::StopKind;
use super::context::Context;
use super::error::RunError;
use super::{fetch, stored};
use crate::model::Link;
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
        let Both { by_target, by_source } = both(context, name)?;
        peers.link(Link::Source, name, by_target);
        peers.link(Link::Target, name, by_source);
    }
    if flow.matches_by().is_some() {
        let target = flow.target();
        let plural = context.resource(&target.connection, &target.resource)?.plural;
        match fetch::with_apart(context, &target.connection, &target.resource).await {
            Ok((records, unreadable)) => {
                for message in &unreadable {
                    context.tally.warn(format!("{}: cannot be matched with: {message}", flow.name()));
                }
                peers.holes(unreadable);
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

/// The records of a flow that stand on both sides.
#[derive(Default)]
struct Both {
    /// Source records, by the numbers of what they became.
    by_target: Vec<(String, Record)>,
    /// What they became, by the numbers of the source records.
    by_source: Vec<(String, Record)>,
}

fn both(context: &Context, flow: &str) -> Result<Both, RunError> {
    let Some(of) = context.program.flows().iter().find(|other| other.name() == flow) else {
        return Ok(Both::default());
    };
    let source = context.resource(&of.source().connection, &of.source().resource)?;
    let target = context.resource(&of.target().connection, &of.target().resource)?;
    let (source_type, target_type) = (source.source_type(), target.target_type());
    let mut both = Both::default();
    for entry in context.store.records(Some(flow))? {
        let Some(reference) = entry.reference else { continue };
        let Some((record, _)) = stored::restore(&entry.source, &source_type, None) else { continue };
        let became = entry.target.as_ref().and_then(|target| stored::partial(&target_type, target));
        if let ([identity], Some(became)) = (source.identity.as_slice(), became)
            && let Some(number) = record.get(identity)
        {
            both.by_source.push((number.to_string(), became));
        }
        both.by_target.push((reference, record));
    }
    Ok(both)
}
