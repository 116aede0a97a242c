//! What a run is doing just now, on standard error: one line that is written over where
//! a person looks at it, a line every few seconds where it goes into a file.

use super::screen::{DIM, grouped, note};
use crate::engine::{Progress, Stage};
use crate::host::terminal;
use crate::store::Outcome;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Counts as the engine reports; cheap enough for every record.
#[derive(Default)]
pub struct Counter {
    stage: Mutex<(String, Option<Stage>)>,
    read: AtomicU64,
    settled: [AtomicU64; Outcome::ALL.len()],
}

impl Progress for Counter {
    fn stage(&self, flow: &str, stage: Stage) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = (flow.to_owned(), Some(stage));
    }

    fn settled(&self, _flow: &str, outcome: Outcome) {
        if let Some(at) = Outcome::ALL.iter().position(|known| *known == outcome) {
            self.settled[at].fetch_add(1, Ordering::Relaxed);
        }
    }

    fn read(&self, _flow: &str, records: u64) {
        self.read.fetch_add(records, Ordering::Relaxed);
    }
}

impl Counter {
    /// `subcontractor_invoices: 312 read, 240 posted, 12 held`
    fn line(&self) -> String {
        let (flow, stage) = self.stage.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match stage {
            None => "opening".to_owned(),
            Some(Stage::Recover) => "settling what an earlier run left open".to_owned(),
            Some(Stage::Lookups) => "reading and verifying lookups".to_owned(),
            Some(Stage::Records | Stage::Done) => {
                let mut parts = vec![format!("{} read", grouped(self.read.load(Ordering::Relaxed)))];
                for (outcome, number) in Outcome::ALL.iter().zip(&self.settled) {
                    let number = number.load(Ordering::Relaxed);
                    if number > 0 {
                        parts.push(format!("{} {}", grouped(number), outcome.word()));
                    }
                }
                format!("{flow}: {}", parts.join(", "))
            }
        }
    }
}

/// Shows a counter until it is dropped.
pub struct Ticker(Option<JoinHandle<()>>);

impl Ticker {
    pub fn start(counter: &Arc<Counter>, quiet: bool) -> Self {
        if quiet {
            return Self(None);
        }
        let counter = Arc::clone(counter);
        let lively = terminal::stderr_is_terminal();
        let every = Duration::from_millis(if lively { 100 } else { 2_000 });
        Self(Some(tokio::spawn(async move {
            let mut ticks = tokio::time::interval(every);
            loop {
                ticks.tick().await;
                note(&if lively { over(&counter.line()) } else { format!("{}\n", counter.line()) });
            }
        })))
    }

    /// Stops, and leaves no half line behind.
    pub async fn stop(mut self) {
        if let Some(task) = self.0.take() {
            task.abort();
            // It was asked to end; that it ended so is no news.
            let _ = task.await;
            if terminal::stderr_is_terminal() {
                note("\r\x1b[2K");
            }
        }
    }
}

/// Writes over the line before it, cut so that it stays one line.
fn over(line: &str) -> String {
    let width = usize::from(terminal::columns()).saturating_sub(4);
    let line: String = line.chars().take(width).collect();
    format!("\r\x1b[2K{DIM}… {line}{DIM:#}")
}

#[cfg(test)]
mod tests {
    use super::Counter;
    use crate::engine::{Progress, Stage};
    use crate::store::Outcome;

    #[test]
    fn the_line_counts_what_happened_and_nothing_else() {
        let counter = Counter::default();
        assert_eq!(counter.line(), "opening");
        counter.stage("invoices", Stage::Records);
        counter.read("invoices", 1_200);
        counter.settled("invoices", Outcome::Posted);
        counter.settled("invoices", Outcome::Held);
        assert_eq!(counter.line(), "invoices: 1,200 read, 1 posted, 1 held");
    }
}
