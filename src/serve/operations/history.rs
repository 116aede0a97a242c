//! The runs of one customer, as far as health, metrics and notices ask for them.
//!
//! Read off the store, the newest first, until what is known already; so a restart forgets nothing.

use super::steps::Steps;
use crate::store::{RunEntry, Store, StoreError, Trigger};
use crate::value::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// So many runs are remembered: a week of one every five minutes.
const KEPT: usize = 2_048;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    /// It came to its end; records may wait for somebody all the same.
    Well,
    /// A connection, the guard or an error stopped it, or a part of a source could not be read.
    Short,
    /// Somebody asked for it.
    Cancelled,
    /// The process that made it is gone, or it could not keep its state.
    Broken,
}

impl Ended {
    pub const ALL: [Self; 4] = [Self::Well, Self::Short, Self::Cancelled, Self::Broken];

    pub fn word(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Short => "short",
            Self::Cancelled => "cancelled",
            Self::Broken => "broken",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub id: String,
    pub started: Timestamp,
    /// It read all that its flows read in a run, and not only what somebody named.
    pub whole: bool,
    /// When and how; `None` while it runs.
    pub ended: Option<(Option<Timestamp>, Ended)>,
    /// Why it was stopped.
    pub why: Option<String>,
    pub flows: BTreeMap<String, FlowRun>,
}

/// One flow in one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowRun {
    pub read: u64,
    /// Records that were there before, of sources that show none any more.
    pub vanished: u64,
    /// Why its source was not read to the end.
    pub failed: Option<String>,
}

#[derive(Default)]
pub struct History {
    /// By their beginning.
    runs: BTreeMap<(Timestamp, String), Run>,
    /// A run that is not ended though nobody runs; broken if it still is so at the next look.
    suspected: Option<String>,
    filled: bool,
    /// Runs that ended since the process began, and how long they took.
    counts: BTreeMap<Ended, u64>,
    durations: Steps,
}

impl History {
    /// Takes in what is new. `busy`: somebody holds the customer's turn, so that the newest run
    /// may still be going.
    pub fn refresh(&mut self, store: &dyn Store, busy: impl Fn() -> bool) -> Result<(), StoreError> {
        let was_busy = busy();
        for most in [16, 256, KEPT] {
            let entries = store.runs(most)?;
            let oldest = entries.last().map(|entry| (entry.started, entry.id.clone()));
            let known = oldest.and_then(|key| self.runs.get(&key)).is_some_and(|run| run.ended.is_some());
            if known || entries.len() < most || most == KEPT {
                self.take(&entries, was_busy || busy());
                break;
            }
        }
        self.filled = true;
        while self.runs.len() > KEPT {
            self.runs.pop_first();
        }
        Ok(())
    }

    fn take(&mut self, entries: &[RunEntry], busy: bool) {
        let mut suspected = None;
        for (place, entry) in entries.iter().enumerate() {
            let key = (entry.started, entry.id.clone());
            let given_up = self.runs.get(&key).is_some_and(|run| run.ended.is_some());
            let open = entry.ended.is_none() && place == 0 && !given_up;
            let mut running = open && busy;
            // Between two looks a run may have begun, and its turn been missed.
            if open && !busy && self.suspected.as_deref() != Some(&entry.id) && self.filled {
                suspected = Some(entry.id.clone());
                running = true;
            }
            self.put(run(entry, running));
        }
        self.suspected = suspected;
    }

    fn put(&mut self, run: Run) {
        let key = (run.started, run.id.clone());
        let news = self.runs.get(&key).is_none_or(|before| before.ended.is_none());
        if let (Some((at, how)), true, true) = (run.ended, news, self.filled) {
            *self.counts.entry(how).or_default() += 1;
            if let Some(at) = at {
                self.durations.add(at.since(run.started));
            }
        }
        self.runs.insert(key, run);
    }

    /// The newest first.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.runs.values().rev()
    }

    /// When the last run of a flow began that read all of its source.
    pub fn last_good(&self, flow: &str) -> Option<Timestamp> {
        self.runs()
            .find(|run| {
                // Where it fell short of another flow's source, this one's was read all the same.
                let whole = run.whole && run.why.is_none();
                whole
                    && run.ended.is_some_and(|(_, how)| matches!(how, Ended::Well | Ended::Short))
                    && run.flows.get(flow).is_some_and(|flow| flow.failed.is_none())
            })
            .map(|run| run.started)
    }

    pub fn count(&self, how: Ended) -> u64 {
        self.counts.get(&how).copied().unwrap_or_default()
    }

    /// How long they took that ended since the process began.
    pub fn durations(&self) -> Steps {
        self.durations
    }
}

fn run(entry: &RunEntry, running: bool) -> Run {
    let report = entry.report.as_ref();
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let mut flows: BTreeMap<String, FlowRun> = BTreeMap::new();
    let told = report.and_then(|report| report.get("flows")).and_then(Value::as_object);
    for (name, flow) in told.into_iter().flatten() {
        let count = |field: &str| flow.get(field).and_then(Value::as_u64).unwrap_or_default();
        let (read, vanished) = (count("read"), count("vanished"));
        flows.insert(name.clone(), FlowRun { read, vanished, failed: None });
    }
    let failed = report.and_then(|report| report.get("failed_scopes")).and_then(Value::as_array);
    for scope in failed.into_iter().flatten() {
        let flow = text(scope.get("flow")).and_then(|flow| flows.get_mut(&flow));
        if let Some(flow) = flow {
            flow.failed = flow.failed.take().or_else(|| text(scope.get("message")));
        }
    }
    let stopped_by = text(report.and_then(|report| report.get("stopped_by")));
    let how = match stopped_by.as_deref() {
        _ if entry.ended.is_none() => Ended::Broken,
        Some("cancelled") => Ended::Cancelled,
        Some(_) => Ended::Short,
        None if flows.values().any(|flow| flow.failed.is_some()) => Ended::Short,
        None => Ended::Well,
    };
    Run {
        id: entry.id.clone(),
        started: entry.started,
        whole: !matches!(entry.trigger, Trigger::Replay | Trigger::Webhook),
        ended: (!running).then_some((entry.ended, how)),
        why: text(report.and_then(|report| report.get("stopped"))),
        flows,
    }
}

#[cfg(test)]
mod tests {
    use super::{Ended, History};
    use crate::serve::operations::situation::{failed, silent};
    use crate::store::{Batch, MemoryStore, Operation, RunEntry, Store as _, Systems, Trigger};
    use crate::value::{Span, Timestamp};
    use serde_json::{Value, json};

    fn minute(minutes: u64) -> Timestamp {
        Timestamp::from_unix(1_790_000_000).plus(Span::from_secs(60 * minutes))
    }

    /// A run that began then and took a minute; without a report it has not ended.
    async fn put(store: &MemoryStore, at: u64, trigger: Trigger, report: Option<Value>) {
        let run = RunEntry {
            id: format!("run-{at:04}"),
            pipeline: "acme".to_owned(),
            program_hash: String::new(),
            sandbox: false,
            trigger,
            systems: Systems::new(),
            started: minute(at),
            ended: report.as_ref().map(|_| minute(at + 1)),
            report,
        };
        let operations = vec![Operation::PutRun(Box::new(run))];
        store.commit(Batch { operations, events: Vec::new() }).await.expect("kept");
    }

    fn read(count: u64, vanished: u64) -> Option<Value> {
        Some(json!({"flows": {"bills": {"read": count, "vanished": vanished}}, "failed_scopes": []}))
    }

    #[tokio::test]
    async fn runs_are_counted_once_and_from_the_beginning_of_the_process_on() {
        let (store, mut history) = (MemoryStore::new(), History::default());
        for at in 0..40 {
            put(&store, at, Trigger::Schedule, read(5, 0)).await;
        }
        history.refresh(&store, || false).expect("read");
        assert_eq!((history.runs().count(), history.count(Ended::Well)), (40, 0));
        for at in 40..80 {
            put(&store, at, Trigger::Schedule, read(5, 0)).await;
        }
        history.refresh(&store, || false).expect("read");
        history.refresh(&store, || false).expect("read");
        assert_eq!((history.runs().count(), history.count(Ended::Well)), (80, 40));
        assert_eq!(history.last_good("bills"), Some(minute(79)));
    }

    #[tokio::test]
    async fn a_run_without_an_end_is_broken_when_nobody_is_at_it_for_two_looks() {
        let (store, mut history) = (MemoryStore::new(), History::default());
        put(&store, 0, Trigger::Schedule, read(5, 0)).await;
        history.refresh(&store, || true).expect("read");
        put(&store, 1, Trigger::Schedule, None).await;
        for busy in [true, false] {
            history.refresh(&store, || busy).expect("read");
            assert!(failed(&history).is_empty() && history.count(Ended::Broken) == 0, "busy: {busy}");
        }
        for _ in 0..3 {
            history.refresh(&store, || false).expect("read");
            assert_eq!((failed(&history).len(), history.count(Ended::Broken)), (1, 1));
        }
        put(&store, 2, Trigger::Schedule, read(5, 0)).await;
        history.refresh(&store, || false).expect("read");
        assert!(failed(&history).is_empty());
    }

    #[tokio::test]
    async fn silence_is_what_the_last_whole_run_says() {
        let (store, mut history) = (MemoryStore::new(), History::default());
        put(&store, 0, Trigger::Schedule, read(5, 0)).await;
        put(&store, 1, Trigger::Webhook, read(0, 9)).await;
        history.refresh(&store, || false).expect("read");
        assert!(silent(&history).is_empty(), "a run for one record says nothing of all");
        put(&store, 2, Trigger::Schedule, read(0, 5)).await;
        put(&store, 3, Trigger::Replay, read(0, 0)).await;
        history.refresh(&store, || false).expect("read");
        assert_eq!(silent(&history), [("bills".to_owned(), 5)].into());
        put(&store, 4, Trigger::Reconcile, read(5, 0)).await;
        history.refresh(&store, || false).expect("read");
        assert!(silent(&history).is_empty());
    }

    #[tokio::test]
    async fn a_flow_has_failed_until_it_does_well_again() {
        let (store, mut history) = (MemoryStore::new(), History::default());
        let scope = json!({"flow": "bills", "scope": "P1", "message": "P1 cannot be read", "mend": "look"});
        let short = json!({"flows": {"bills": {"read": 1}, "vendors": {"read": 1}}, "failed_scopes": [scope]});
        put(&store, 0, Trigger::Schedule, Some(short)).await;
        put(&store, 1, Trigger::Schedule, Some(json!({"flows": {"vendors": {"read": 1}}}))).await;
        history.refresh(&store, || false).expect("read");
        let found = failed(&history);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["bills"]);
        assert_eq!(found["bills"].why, "P1 cannot be read");
        assert_eq!((history.last_good("bills"), history.last_good("vendors")), (None, Some(minute(1))));
        put(&store, 2, Trigger::Schedule, read(1, 0)).await;
        history.refresh(&store, || false).expect("read");
        assert!(failed(&history).is_empty());
    }
}
