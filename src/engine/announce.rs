//! The intent of a write, which becomes durable before the write is sent.

use super::correction;
use super::flow_run::FlowRun;
use super::mapping::Ready;
use crate::store::Intent;

/// `update`: the write changes a record that is there.
pub(super) fn intent(flow: &FlowRun, ready: &Ready, attempt: u32, update: bool) -> Intent {
    let target = flow.flow().target();
    Intent {
        record: ready.seen.id.clone(),
        connection: target.connection.to_string(),
        resource: target.resource.to_string(),
        key: correction::pairs(&ready.key),
        target_key: ready.facts.key.clone(),
        target: ready.facts.target.clone(),
        target_hash: ready.facts.hash.clone(),
        attempt,
        update,
        correcting: ready.correcting.clone(),
        run: flow.context.run.clone(),
        at: flow.context.clock.now(),
    }
}
