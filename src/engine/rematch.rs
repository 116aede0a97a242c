//! Whether what `match` found nothing for still matches nothing, just before it is created.
//!
//! The target is read when its flow begins, the source after it, and people go on working:
//! what they rename on both sides in between matches nothing by what was read, and would be
//! created a second time. So the target is read once more before a group creates anything,
//! and each of these is matched anew, which costs nothing where all of it is there already.

use super::deliver::Order;
use super::flow_run::FlowRun;
use super::ledger::Why;
use super::mapping::{Job, Ready};
use super::{fetch, stored, wording};
use crate::connector::Error;
use crate::program::{Evaluation, Tables};

/// For each order why it is not sent, if it is not.
pub(super) async fn look(flow: &FlowRun, orders: &[Order]) -> Vec<Option<Why>> {
    if !orders.iter().any(|order| creates(flow, order)) {
        return orders.iter().map(|_| None).collect();
    }
    let tables = tables(flow).await;
    let looked = |order: &Order| match &tables {
        Ok(tables) => came_up(flow, tables, &order.ready),
        Err(error) => Some(wording::match_unasked(flow, error)),
    };
    orders.iter().map(|order| if creates(flow, order) { looked(order) } else { None }).collect()
}

/// What that costs for these, where each list is a page.
pub(super) fn requests(flow: &FlowRun, orders: &[Order]) -> u64 {
    if orders.iter().any(|order| creates(flow, order)) { 1 + u64::from(flow.target.apart.is_some()) } else { 0 }
}

fn creates(flow: &FlowRun, order: &Order) -> bool {
    flow.flow().matches_by().is_some() && order.ready.job == Job::Create
}

/// The flow's tables with the target as it is now.
async fn tables(flow: &FlowRun) -> Result<Tables, Error> {
    let target = flow.flow().target();
    let (records, unreadable) = fetch::with_apart(&flow.context, &target.connection, &target.resource).await?;
    Ok(flow.tables.rematched(flow.flow(), records, unreadable))
}

fn came_up(flow: &FlowRun, tables: &Tables, ready: &Ready) -> Option<Why> {
    let scope_type = flow.scope.as_ref().map(|(_, ty)| ty.as_ref());
    let restored = stored::restore(&ready.seen.json, &flow.source_type, scope_type);
    let matches_nothing = restored.is_some_and(|(record, scope)| {
        let evaluation = flow.flow().evaluate(tables, &record, scope.as_ref());
        matches!(evaluation, Evaluation::Mapped(mapped) if mapped.matched.is_none())
    });
    match tables.match_holes().first() {
        _ if !matches_nothing => Some(wording::match_came(flow)),
        Some(first) => Some(wording::match_holes(flow, first, tables.match_holes().len())),
        None => None,
    }
}
