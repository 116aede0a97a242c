//! What is due, caught up, coalesced: by the memory alone, without any run.

use super::memory::Memory;
use super::rounds::{Round, due};
use crate::serve::schedule::{Line, Rhythm, Timetable};
use crate::store::{RunEntry, Systems, Trigger};
use crate::value::{Span, Timestamp};
use serde_json::json;

const MINUTE: u64 = 60;
const DAY: i64 = 86_400;

fn at(seconds: i64) -> Timestamp {
    // A midnight in UTC.
    Timestamp::from_unix(20_000 * DAY + seconds)
}

fn every(flow: &str, minutes: u64) -> Line {
    let every = Rhythm::Every { pause: Span::from_secs(minutes * MINUTE), shift: Span::ZERO };
    Line { flow: flow.to_owned(), every: Some(every), on_notice: false, reconcile: None }
}

fn daily(minute_of_day: u32) -> Option<(Rhythm, Span)> {
    Some((Rhythm::Daily { minute_of_day, zone: None, shift: Span::ZERO }, Span::from_secs(35 * 86_400)))
}

fn timetable(lines: Vec<Line>) -> Timetable {
    Timetable { lines, shift: Span::ZERO }
}

fn ran(trigger: Trigger, flow: &str, started: Timestamp, stopped: Option<&str>) -> RunEntry {
    RunEntry {
        id: started.to_string(),
        pipeline: "p".to_owned(),
        program_hash: "h".to_owned(),
        sandbox: true,
        systems: Systems::new(),
        trigger,
        started,
        ended: Some(started.plus(Span::from_secs(5))),
        report: Some(json!({ "stopped": stopped, "flows": { flow: {} } })),
    }
}

fn round(flows: &[&str], trigger: Trigger, lookback: Option<Span>) -> Round {
    Round { flows: flows.iter().map(ToString::to_string).collect(), trigger, lookback }
}

#[test]
fn flows_that_are_due_together_run_together_in_the_programs_order() {
    let timetable = timetable(vec![every("vendors", 60), every("invoices", 15), every("payments", 60)]);
    let mut memory = Memory::out_of(&[], &timetable, at(0));
    let all = round(&["vendors", "invoices", "payments"], Trigger::Schedule, None);
    assert_eq!(due(&timetable, &memory, at(0)), std::slice::from_ref(&all));
    memory.begin(&all, at(0));
    assert_eq!(memory.next(&timetable), Some(at(900)));
    assert_eq!(due(&timetable, &memory, at(900)), [round(&["invoices"], Trigger::Schedule, None)]);
    assert_eq!(due(&timetable, &memory, at(3_600)), [all]);
}

#[test]
fn what_came_due_while_a_run_went_on_is_run_once() {
    let timetable = timetable(vec![every("invoices", 15)]);
    let mut memory = Memory::out_of(&[], &timetable, at(0));
    let invoices = round(&["invoices"], Trigger::Schedule, None);
    memory.begin(&invoices, at(10));
    // It went on for an hour: four quarters came and went.
    assert_eq!(due(&timetable, &memory, at(3_700)), std::slice::from_ref(&invoices));
    memory.begin(&invoices, at(3_700));
    assert_eq!(due(&timetable, &memory, at(3_701)), []);
    assert_eq!(memory.next(&timetable), Some(at(4_500)));
}

#[test]
fn what_was_missed_while_no_process_lived_is_caught_up_once() {
    let line = Line { reconcile: daily(300), ..every("invoices", 15) };
    let timetable = timetable(vec![line]);
    let runs = [
        ran(Trigger::Reconcile, "invoices", at(-3 * DAY + 18_000), None),
        ran(Trigger::Schedule, "invoices", at(-2 * DAY), None),
    ];
    let mut memory = Memory::out_of(&runs, &timetable, at(0));
    let poll = round(&["invoices"], Trigger::Reconcile, daily(300).map(|(_, lookback)| lookback));
    assert_eq!(due(&timetable, &memory, at(0)), std::slice::from_ref(&poll), "three polls, many runs: once");
    memory.begin(&poll, at(0));
    assert_eq!(due(&timetable, &memory, at(1)), []);
    assert_eq!(memory.next_reconcile(&timetable.lines[0]), Some(at(18_000)));
}

#[test]
fn nothing_is_caught_up_that_was_not_missed() {
    let line = Line { reconcile: daily(300), ..every("invoices", 60) };
    let timetable = timetable(vec![line]);
    let runs =
        [ran(Trigger::Schedule, "invoices", at(21_600), None), ran(Trigger::Reconcile, "invoices", at(18_000), None)];
    let memory = Memory::out_of(&runs, &timetable, at(21_700));
    assert_eq!(due(&timetable, &memory, at(21_700)), []);
    assert_eq!(memory.next(&timetable), Some(at(25_200)));
}

#[test]
fn a_run_that_was_stopped_or_broken_off_counts_as_none() {
    let timetable = timetable(vec![every("invoices", 60)]);
    let broken = RunEntry { ended: None, report: None, ..ran(Trigger::Schedule, "invoices", at(5), None) };
    for run in [ran(Trigger::Schedule, "invoices", at(5), Some("asked to stop")), broken] {
        let memory = Memory::out_of(&[run], &timetable, at(60));
        assert_eq!(due(&timetable, &memory, at(60)).len(), 1);
    }
    let replayed = ran(Trigger::Replay, "invoices", at(5), None);
    assert_eq!(due(&timetable, &Memory::out_of(&[replayed], &timetable, at(60)), at(60)).len(), 1);
}

#[test]
fn a_flow_that_waits_for_notices_is_looked_at_when_the_process_starts_and_polled_daily() {
    let line = Line { every: None, on_notice: true, reconcile: daily(300), ..every("costs", 1) };
    let timetable = timetable(vec![line]);
    let runs = [ran(Trigger::Reconcile, "costs", at(18_000), None)];
    let mut memory = Memory::out_of(&runs, &timetable, at(20_000));
    let look = round(&["costs"], Trigger::Webhook, None);
    assert_eq!(due(&timetable, &memory, at(20_000)), std::slice::from_ref(&look));
    memory.begin(&look, at(20_000));
    assert_eq!(memory.next(&timetable), Some(at(DAY + 18_000)));
}

#[test]
fn a_poll_and_a_run_keep_the_programs_order() {
    let costs = Line { reconcile: daily(0), ..every("costs", 60) };
    let timetable = timetable(vec![every("vendors", 60), costs, every("payments", 60)]);
    let runs = ["vendors", "costs", "payments"].map(|flow| ran(Trigger::Schedule, flow, at(-5), None));
    let memory = Memory::out_of(&runs, &timetable, at(-1));
    let found = due(&timetable, &memory, at(0));
    let lookback = Some(Span::from_secs(35 * 86_400));
    let wanted = [
        round(&["vendors"], Trigger::Schedule, None),
        round(&["costs"], Trigger::Reconcile, lookback),
        round(&["payments"], Trigger::Schedule, None),
    ];
    assert_eq!(found, wanted);
}
