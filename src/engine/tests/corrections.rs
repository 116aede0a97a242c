//! `on change correct`: whatever changes and wherever the process dies, what was posted of a
//! bill comes to what the bill is, line by line, and each part of it stands there once.

use super::bench::{Bench, Life};
use super::pipeline;
use super::side::{Fault, part};
use crate::engine::Options;
use crate::store::{EventKind, Moment, Outcome, RecordEntry, Store};
use crate::value::{Decimal, Record, Timestamp, Value};
use std::collections::BTreeMap;

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.program = program("on change correct");
    bench
}

fn program(rules: &str) -> std::sync::Arc<crate::program::Program> {
    let lines = "lines = each bill.parts as part { account = part.account  text = part.text  amount = part.amount }";
    pipeline::amended(&[
        ("    total     = bill.amount\n    note      = bill.note\n", ""),
        ("account   = to.ledger", &format!("{lines}\n    total = sum(lines.amount)")),
        ("to books.invoices", "to books.vouchers"),
        ("RULES", rules),
    ])
}

/// Bill 12 of project 1 gets these lines.
fn change(bench: &Bench, parts: Vec<Value>) {
    let mut state = bench.state();
    let bill = state.bill(1, 12);
    let Some(Value::DateTime(at)) = bill.get("updated_at").cloned() else { panic!("a bill has changed once") };
    bill.insert("updated_at", at.plus(crate::value::Span::from_secs(5)));
    bill.insert("parts", Value::list(parts));
}

fn entry(bench: &Bench) -> RecordEntry {
    bench.entry(1, 12)
}

/// By account and text, without what comes to nothing.
fn sums<'a>(records: impl Iterator<Item = &'a Record>, list: &str) -> BTreeMap<String, String> {
    let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
    for line in records.filter_map(|record| record.get(list)?.as_list()).flatten().filter_map(Value::as_record) {
        let name = format!("{} {}", line.get("account").expect("account"), line.get("text").expect("text"));
        let sum = sums.entry(name).or_default();
        let amount = line.get("amount").and_then(Value::as_decimal).expect("amount");
        *sum = sum.checked_add(amount).expect("few");
    }
    sums.into_iter().filter(|(_, sum)| !sum.is_zero()).map(|(name, sum)| (name, sum.money())).collect()
}

/// The names of what was posted of bill 12, and that its lines come to those of the bill.
fn check(bench: &Bench, what: &str) -> Vec<String> {
    bench.lines();
    bench.check_quiet(what);
    let mut state = bench.state();
    let bill = state.bill(1, 12).clone();
    let name = |record: &Record| record.get("reference").map(Value::to_string).unwrap_or_default();
    let ours: Vec<Record> =
        state.invoices.iter().map(|(_, record)| record.clone()).filter(|r| name(r).starts_with("P1-N12")).collect();
    let mut names: Vec<String> = ours.iter().map(name).collect();
    assert_eq!(sums(ours.iter(), "lines"), sums([&bill].into_iter(), "parts"), "{what}: {ours:?}");
    names.sort();
    let once = names.len();
    names.dedup();
    assert_eq!(names.len(), once, "{what}: twice: {names:?}");
    let total = |record: &Record| record.get("total").and_then(Value::as_decimal).expect("total");
    for record in &ours {
        let sum = sums([record].into_iter(), "lines").into_values().fold(Decimal::default(), |sum, amount| {
            sum.checked_add(amount.replace(',', "").parse().expect("money")).expect("few")
        });
        assert_eq!(sum, total(record), "{what}");
    }
    drop(state);
    let entry = entry(bench);
    if names.len() > 1 {
        assert_eq!(entry.parts.len(), names.len(), "{what}: the entry lists them");
        let amounts = entry.parts.iter().map(|part| part.amount.as_ref().expect("amount"));
        let sum = amounts
            .fold(Decimal::default(), |sum, amount| sum.checked_add(amount.parse().expect("decimal")).expect("few"));
        assert_eq!(Some(sum), entry.amount.map(|amount| amount.parse().expect("decimal")), "{what}");
    }
    names
}

fn two_lines() -> Vec<Value> {
    vec![part("L1", "works", 10_000), part("L9", "extra", 2_550)]
}

#[tokio::test]
async fn a_change_is_corrected_by_a_further_record_and_the_next_one_goes_on_from_there() {
    let bench = bench();
    bench.run().await;
    let first = entry(&bench);
    change(&bench, two_lines());
    let planned = bench.plan().await;
    assert_eq!((planned.counts.posted, planned.flows["bills"].corrections), (1, 1));
    assert_eq!(bench.state().invoices.len(), 7, "a plan posts nothing");
    let report = bench.run().await;
    assert_eq!((report.counts.posted, report.counts.held, report.flows["bills"].corrections), (1, 0, 1));
    assert_eq!(report.flows["bills"].money["posted"].money(), "5.50", "the difference, not the whole");
    assert_eq!(check(&bench, "once"), ["P1-N12", "P1-N12-C1"]);
    let corrected = entry(&bench);
    assert_eq!((corrected.reference, corrected.target_key), (first.reference, first.target_key));
    assert_eq!(corrected.amount.as_deref(), Some("125.50"));
    assert_eq!(bench.run().await.counts.unchanged, 7);

    // Only the order of the lines: nothing to correct.
    change(&bench, two_lines().into_iter().rev().collect());
    assert_eq!(bench.run().await.counts.unchanged, 7);
    // The same amount on another account.
    change(&bench, vec![part("L1", "works", 10_000), part("L1", "extra", 2_550)]);
    assert_eq!(bench.run().await.counts.posted, 1);
    assert_eq!(check(&bench, "recoded"), ["P1-N12", "P1-N12-C1", "P1-N12-C2"]);
    change(&bench, vec![part("L1", "works", 12_000)]);
    bench.run().await;
    assert_eq!(check(&bench, "back again"), ["P1-N12", "P1-N12-C1", "P1-N12-C2", "P1-N12-C3"]);
    assert_eq!(bench.run().await.counts.unchanged, 7);
    let events = bench.store.audit(1, 1_000).expect("log");
    assert_eq!(events.iter().filter(|entry| entry.event.kind == EventKind::Corrected).count(), 3);
}

#[tokio::test]
async fn dying_at_every_call_of_a_correction_changes_nothing() {
    let faults = [
        Fault::DieBefore,
        Fault::DieAfter,
        Fault::DieLate,
        Fault::LostBefore,
        Fault::LostAfter,
        Fault::LostLate,
        Fault::BrokenBefore,
        Fault::BrokenAfter,
    ];
    for fault in faults {
        for call in 0.. {
            let what = format!("call {call}, {fault:?}");
            let bench = bench();
            bench.run().await;
            change(&bench, two_lines());
            let before = bench.state().calls;
            bench.state().faults.insert(before + call, fault);
            let life = bench.live().await;
            if bench.state().calls <= before + call {
                assert!(call > 6, "the run calls more often than {call} times");
                break;
            }
            if let Life::Ended(ended) = life {
                (*ended).expect(&what);
            }
            bench.run().await;
            assert_eq!(check(&bench, &what), ["P1-N12", "P1-N12-C1"], "{what}");
            assert_eq!(entry(&bench).outcome, Outcome::Posted, "{what}");
            assert_eq!(bench.run().await.counts.unchanged, 7, "{what}");
        }
    }
}

#[tokio::test]
async fn dying_at_every_commit_of_a_correction_changes_nothing() {
    for moment in [Moment::Before, Moment::After] {
        for commit in 1.. {
            let what = format!("commit {commit}, {moment:?}");
            let bench = bench();
            bench.run().await;
            change(&bench, two_lines());
            bench.store.fail_commit(commit, moment);
            if bench.try_run(&Options::default()).await.is_ok() {
                assert!(commit > 5, "the run commits more often than {commit} times");
                break;
            }
            bench.run().await;
            assert_eq!(check(&bench, &what), ["P1-N12", "P1-N12-C1"], "{what}");
            assert_eq!(entry(&bench).outcome, Outcome::Posted, "{what}");
        }
    }
}

/// The source changes again while it is not known whether the correction arrived.
#[tokio::test]
async fn a_change_while_a_correction_is_in_doubt_waits_for_what_became_of_it() {
    for fault in [Fault::DieBefore, Fault::DieAfter, Fault::DieLate] {
        for commit in 1..10 {
            let what = format!("{fault:?}, then commit {commit}");
            let bench = bench();
            bench.run().await;
            change(&bench, two_lines());
            let write = bench.state().writes;
            bench.state().write_faults.insert(write, fault);
            assert!(matches!(bench.live().await, Life::Killed), "{what}");
            change(&bench, vec![part("L9", "extra", 900), part("L9", "works", 100)]);
            bench.store.fail_commit(commit, Moment::After);
            let _ = bench.try_run(&Options::default()).await;
            // It may have come to its end before so many commits.
            bench.store.fail_commit(10_000, Moment::After);
            bench.run().await;
            bench.run().await;
            check(&bench, &what);
            assert_eq!(entry(&bench).outcome, Outcome::Posted, "{what}");
        }
    }
}

#[tokio::test]
async fn any_sequence_of_changes_and_deaths_comes_to_the_same_books() {
    let mut random = 7_u64;
    let mut next = |most: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % most
    };
    let faults = [Fault::DieBefore, Fault::DieAfter, Fault::DieLate, Fault::LostAfter, Fault::LostLate, Fault::TooMany];
    for round in 0..60 {
        let bench = bench();
        bench.run().await;
        for _ in 0..5 {
            let lines = (0..=next(3)).map(|_| {
                let account = ["L1", "L9"][usize::try_from(next(2)).expect("small")];
                let text = ["works", "extra", "tax"][usize::try_from(next(3)).expect("small")];
                part(account, text, i64::try_from(next(9)).expect("small") * 1_005 - 3_000)
            });
            let lines = lines.collect();
            change(&bench, lines);
            let call = bench.state().calls + usize::try_from(next(14)).expect("small");
            let fault = faults[usize::try_from(next(6)).expect("small")];
            bench.state().faults.insert(call, fault);
            if next(3) == 0 {
                bench.store.fail_commit(next(9) + 1, if next(2) == 0 { Moment::Before } else { Moment::After });
            }
            let _ = bench.live().await;
        }
        bench.state().faults.clear();
        bench.store.fail_commit(1, Moment::Before);
        let _ = bench.try_run(&Options::default()).await;
        bench.run().await;
        bench.run().await;
        check(&bench, &format!("round {round}"));
        assert_eq!(entry(&bench).outcome, Outcome::Posted, "round {round}: {}", entry(&bench).reason);
    }
}

#[tokio::test]
async fn what_somebody_changed_or_removed_over_there_is_not_corrected_on_top() {
    let bench = bench();
    bench.run().await;
    let reference = entry(&bench).reference.expect("posted");
    let place = bench.state().invoices.iter().position(|(name, _)| *name == reference).expect("its voucher");
    bench.state().invoices[place].1.insert("total", Decimal::cents(12_550));
    change(&bench, two_lines());
    for _ in 0..2 {
        assert_eq!(bench.run().await.counts.held, 1);
        assert!(
            entry(&bench).reason.contains("no longer as it was posted: its amount is 125.50"),
            "{:?}",
            entry(&bench)
        );
    }
    assert_eq!(bench.state().invoices.len(), 7);
    let whole = bench.state().invoices.remove(place);
    assert_eq!(bench.run().await.counts.held, 1);
    assert!(entry(&bench).reason.contains("is not there any more"), "{}", entry(&bench).reason);
    let mut whole = whole;
    whole.1.insert("total", Decimal::cents(12_000));
    bench.state().invoices.push(whole);
    assert_eq!(bench.run().await.counts.posted, 1, "as it was: corrected");
    check(&bench, "put back");
}

#[tokio::test]
async fn a_correction_that_is_taken_wrongly_is_held_and_nothing_is_put_on_top_of_it() {
    let bench = bench();
    bench.run().await;
    change(&bench, two_lines());
    let write = bench.state().writes;
    bench.state().write_faults.insert(write, Fault::WrongAmount);
    assert_eq!(bench.run().await.counts.held, 1);
    assert!(entry(&bench).reason.contains("P1-N12-C1"), "{}", entry(&bench).reason);
    change(&bench, vec![part("L9", "extra", 900)]);
    assert_eq!(bench.run().await.counts.held, 1);
    assert_eq!(bench.state().invoices.len(), 8);
    // Somebody sets it right; then what changed since is corrected.
    let last = bench.state().invoices.len() - 1;
    bench.state().invoices[last].1.insert("total", Decimal::cents(550));
    bench.run().await;
    assert_eq!(bench.run().await.counts.posted, 1);
    assert_eq!(check(&bench, "set right"), ["P1-N12", "P1-N12-C1", "P1-N12-C2"]);
}

#[tokio::test]
async fn a_correction_that_is_taken_and_not_shown_is_not_sent_again() {
    let bench = bench();
    bench.run().await;
    change(&bench, two_lines());
    let write = bench.state().writes;
    bench.state().write_faults.insert(write, Fault::Hidden);
    for _ in 0..3 {
        assert_eq!(bench.run().await.counts.in_doubt, 1);
        assert_eq!(bench.state().invoices.len(), 8);
    }
    bench.state().reveal();
    assert_eq!(bench.run().await.counts.posted, 1);
    assert_eq!(check(&bench, "shown"), ["P1-N12", "P1-N12-C1"]);
}

#[tokio::test]
async fn what_no_correction_can_express_is_held() {
    let bench = bench();
    bench.state().bill(3, 31).insert("number", "N123456789");
    bench.state().projects[2].insert("code", "PPPPPPPPP3");
    bench.run().await;
    for (project, id, field, value) in [(1, 12, "supplier", "S9"), (3, 31, "supplier", "S1")] {
        let mut state = bench.state();
        let bill = state.bill(project, id);
        bill.insert("updated_at", Timestamp::from_unix(1_790_002_000));
        if id == 12 {
            bill.insert(field, value);
        } else {
            bill.insert("parts", Value::list(two_lines()));
        }
    }
    assert_eq!(bench.run().await.counts.held, 2);
    assert!(entry(&bench).reason.contains("supplier was `S0`, now `S9`"), "{}", entry(&bench).reason);
    let long = bench.entry(3, 31).reason;
    assert!(long.contains("would be `PPPPPPPPP3-N123456789-C1`, and Books takes 21 characters"), "{long}");
    assert_eq!(bench.state().invoices.len(), 7);
}

#[tokio::test]
async fn another_records_key_is_not_taken_for_a_correction() {
    let bench = bench();
    bench.state().bill(1, 11).insert("number", "N12-C1");
    bench.state().bill(1, 11).insert("supplier", "S0");
    bench.run().await;
    change(&bench, two_lines());
    assert_eq!(bench.run().await.counts.held, 1);
    assert!(entry(&bench).reason.contains("belongs to bill N12-C1"), "{}", entry(&bench).reason);
    assert_eq!(bench.state().invoices.len(), 7);
}

#[tokio::test]
async fn a_corrected_record_is_never_updated_as_a_whole() {
    let mut bench = bench();
    bench.run().await;
    change(&bench, two_lines());
    bench.run().await;
    bench.program = program("on change update");
    change(&bench, vec![part("L1", "works", 5)]);
    let report = bench.run().await;
    assert_eq!((report.counts.held, report.counts.posted), (1, 0));
    assert_eq!(bench.state().invoices.len(), 8);
}
