//! What the schedules of a pipeline cost in requests, as a plan tells it.

use super::screen::{BOLD, DIM, count, grouped};
use crate::engine::{FlowCost, Report, Trip};
use std::fmt::Write;

/// A block of lines for each flow that runs by itself; nothing where none does.
pub fn told(report: &Report) -> String {
    let mut text = String::new();
    if report.costs.is_empty() {
        return text;
    }
    let _ = writeln!(text, "\nWhat its schedules cost, before anything is posted:");
    for cost in &report.costs {
        let _ = writeln!(text, "  {BOLD}{}{BOLD:#}", cost.flow);
        for line in lines(cost) {
            let _ = writeln!(text, "    {line}");
        }
        if cost.polled_without_webhook {
            let _ = writeln!(text, "    {DIM}polled, since no webhook tells of these records{DIM:#}");
        }
    }
    let hour = in_an_hour(report);
    if !hour.is_empty() {
        let _ = writeln!(text, "  all of them: {}", hour.join(", "));
    }
    text.push('\n');
    text
}

fn lines(cost: &FlowCost) -> Vec<String> {
    let mut lines = Vec::new();
    if let (Some(every), Some(run), Some(hour)) = (&cost.every, &cost.run, &cost.hour) {
        let all = grouped(hour.requests);
        lines.push(format!("every {every}: {} a run{} = {all} an hour", requests(run), per_scope(cost, run)));
    }
    if let Some(webhook) = &cost.webhook {
        let scope = cost.scope.as_ref().map_or_else(String::new, |scope| format!(" for each of the {scope} told of"));
        lines.push(format!("on webhook: {} a run, {} of them{scope}", requests(webhook), grouped(webhook.reading),));
    }
    if let (Some(poll), Some(at), Some(lookback)) = (&cost.reconcile, &cost.reconcile_at, &cost.lookback) {
        lines.push(format!(
            "reconcile daily at {at} lookback {lookback}: {} a poll{}",
            requests(poll),
            per_scope(cost, poll)
        ));
    }
    lines
}

fn requests(trip: &Trip) -> String {
    count(trip.requests, "request", "requests")
}

/// ` (12 for 12 projects)`.
fn per_scope(cost: &FlowCost, trip: &Trip) -> String {
    let Some(scope) = &cost.scope else { return String::new() };
    format!(" ({} for {} {scope})", grouped(trip.reading), grouped(cost.scopes))
}

/// `office 48 an hour of 3,600`.
fn in_an_hour(report: &Report) -> Vec<String> {
    let mut names: Vec<&String> =
        report.costs.iter().filter_map(|cost| cost.hour.as_ref()).flat_map(|hour| hour.by_connection.keys()).collect();
    names.sort();
    names.dedup();
    let told = names.into_iter().map(|name| {
        let of = |cost: &FlowCost| cost.hour.as_ref().and_then(|hour| hour.by_connection.get(name).copied());
        let sum: u64 = report.costs.iter().filter_map(of).sum();
        let allowed = report.hourly.get(name).map_or_else(String::new, |allowed| format!(" of {}", grouped(*allowed)));
        format!("{name} {} an hour{allowed}", grouped(sum))
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::told;
    use crate::engine::{FlowCost, Report, Trip};

    fn trip(requests: u64, reading: u64) -> Trip {
        Trip { requests, reading, by_connection: [("office".to_owned(), requests)].into_iter().collect() }
    }

    #[test]
    fn a_flow_is_told_with_its_run_its_hour_and_its_poll() {
        let mut report = Report::default();
        assert_eq!(told(&report), "");
        report.costs.push(FlowCost {
            flow: "invoices".to_owned(),
            scopes: 12,
            scope: Some("projects".to_owned()),
            every: Some("15m".to_owned()),
            run: Some(trip(14, 12)),
            hour: Some(trip(56, 48)),
            reconcile: Some(trip(15, 13)),
            reconcile_at: Some("05:00".to_owned()),
            lookback: Some("35d".to_owned()),
            polled_without_webhook: true,
            ..FlowCost::default()
        });
        report.hourly.insert("office".to_owned(), 3_600);
        let text = anstream::adapter::strip_str(&told(&report)).to_string();
        assert_eq!(
            text.lines().map(str::trim).collect::<Vec<_>>(),
            [
                "",
                "What its schedules cost, before anything is posted:",
                "invoices",
                "every 15m: 14 requests a run (12 for 12 projects) = 56 an hour",
                "reconcile daily at 05:00 lookback 35d: 15 requests a poll (13 for 12 projects)",
                "polled, since no webhook tells of these records",
                "all of them: office 56 an hour of 3,600",
                "",
            ]
        );
    }
}
