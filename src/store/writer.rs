//! The one thread that writes: it gathers what waits, applies each batch, makes all of
//! them durable at once and only then answers.
//!
//! Invariant: nobody is told that a batch is written before it is on disk, and after the
//! ground has failed once nothing more is written: what it then holds is not known.

use super::guarded::guarded;
use super::{Batch, Head, StoreError, StoreErrorKind};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// How many batches are made durable at once, at most.
const GROUP: usize = 512;

/// How long it waits for work before it looks what else there is to do.
const IDLE: Duration = Duration::from_millis(100);

/// What the writer writes on.
pub trait Ground: Send + 'static {
    /// Applies one batch, all or nothing. Need not be durable yet. `LinkTaken` is the
    /// batch's own fault; any other error is the ground's.
    fn apply(&mut self, batch: Batch) -> Result<Head, StoreError>;

    /// Makes durable what was applied.
    fn seal(&mut self) -> Result<(), StoreError>;

    /// Called between two groups, and a few times a second while there is nothing to write.
    fn between(&mut self) {}

    /// Called once, when it failed: it is not written to again and must not hang when dropped.
    fn abandon(&mut self);
}

/// Dropping it waits until everything that was asked for is written.
#[derive(Debug)]
pub struct Writer {
    /// `None` only while it is dropped.
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Job {
    batch: Batch,
    answer: oneshot::Sender<Result<Head, StoreError>>,
}

impl Writer {
    pub fn start(ground: impl Ground) -> Result<Self, StoreError> {
        let (jobs, inbox) = mpsc::channel();
        let thread = std::thread::Builder::new().name("store".to_owned()).spawn(move || serve(ground, &inbox));
        let thread = thread.map_err(|error| {
            StoreError::new(StoreErrorKind::Io, format!("the store's thread did not start: {error}"), "run again")
        })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// The batch is applied even if the caller stops waiting.
    pub async fn commit(&self, batch: Batch) -> Result<Head, StoreError> {
        let (answer, answered) = oneshot::channel();
        let sent = self.jobs.as_ref().map(|jobs| jobs.send(Job { batch, answer }));
        match sent {
            Some(Ok(())) => answered.await.unwrap_or_else(|_| Err(gone())),
            _ => Err(gone()),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // It catches its panics; there is nothing to learn from the result.
            let _ = thread.join();
        }
    }
}

fn serve(mut ground: impl Ground, inbox: &mpsc::Receiver<Job>) {
    let mut broken: Option<StoreError> = None;
    loop {
        let first = match inbox.recv_timeout(IDLE) {
            Ok(first) => first,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                between(&mut ground, broken.is_none());
                continue;
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        };
        let (batches, answers): (Vec<_>, Vec<_>) =
            std::iter::once(first).chain(inbox.try_iter()).take(GROUP).map(|job| (job.batch, job.answer)).unzip();
        let results = match &broken {
            Some(error) => vec![Err(error.clone()); answers.len()],
            None => write(&mut ground, batches, &mut broken),
        };
        for (answer, result) in answers.into_iter().zip(results) {
            // A caller that no longer waits needs no answer.
            let _ = answer.send(result);
        }
        between(&mut ground, broken.is_none());
    }
}

/// What panics here has written nothing, and is no reason to write no more.
fn between(ground: &mut impl Ground, is_good: bool) {
    if is_good {
        let _ = guarded(|| ground.between());
    }
}

/// One result for each batch.
fn write(
    ground: &mut impl Ground,
    batches: Vec<Batch>,
    broken: &mut Option<StoreError>,
) -> Vec<Result<Head, StoreError>> {
    let count = batches.len();
    let written = guarded(|| write_group(ground, batches));
    let failure = match written {
        Ok(Ok(results)) => return results,
        Ok(Err(error)) => error,
        Err(panic) => panicked(panic.as_ref()),
    };
    ground.abandon();
    *broken = Some(failure.clone());
    // Some of them may be on disk. Whoever asked must not believe it of any.
    vec![Err(failure); count]
}

fn write_group(ground: &mut impl Ground, batches: Vec<Batch>) -> Result<Vec<Result<Head, StoreError>>, StoreError> {
    let mut results = Vec::with_capacity(batches.len());
    for batch in batches {
        match ground.apply(batch) {
            Err(error) if error.kind != StoreErrorKind::LinkTaken => return Err(error),
            result => results.push(result),
        }
    }
    if results.iter().any(Result::is_ok) {
        ground.seal()?;
    }
    Ok(results)
}

/// The sentence for a database that stopped in the middle of its work.
pub fn panicked(panic: &(dyn std::any::Any + Send)) -> StoreError {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    StoreError::new(
        StoreErrorKind::Damaged,
        format!("the database stopped in the middle of its work: {}", text.unwrap_or("it gave no reason")),
        "run again: what was settled before is kept, and what was open is looked up before anything is sent",
    )
}

fn gone() -> StoreError {
    StoreError::new(StoreErrorKind::Io, "the store is closed", "run again")
}

#[cfg(test)]
mod tests {
    use super::{Ground, Writer};
    use crate::store::{Batch, EventKind, Head, StoreError, StoreErrorKind, contract};
    use futures_util::FutureExt as _;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex, PoisonError};

    /// Counts batches; what it does with a batch is the number in its only event.
    #[derive(Default)]
    struct Counter {
        applied: u64,
        sealed: Arc<AtomicU64>,
        abandoned: Arc<AtomicU64>,
        gate: Arc<Mutex<()>>,
    }

    const REFUSE: u64 = 1;
    const BREAK: u64 = 2;
    const PANIC: u64 = 3;

    impl Ground for Counter {
        fn apply(&mut self, batch: Batch) -> Result<Head, StoreError> {
            match batch.events[0].detail["n"].as_u64() {
                Some(REFUSE) => return Err(StoreError::new(StoreErrorKind::LinkTaken, "taken", "")),
                Some(BREAK) => return Err(StoreError::new(StoreErrorKind::Io, "the disk is gone", "")),
                Some(PANIC) => panic!("out of my depth"),
                _ => self.applied += 1,
            }
            Ok(Head { number: self.applied, ..Head::default() })
        }

        fn seal(&mut self) -> Result<(), StoreError> {
            let _open = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
            self.sealed.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }

        fn abandon(&mut self) {
            self.abandoned.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn batch(number: u64) -> Batch {
        Batch { operations: Vec::new(), events: vec![contract::event(EventKind::Read, number)] }
    }

    #[tokio::test]
    async fn what_waits_is_sealed_at_once() {
        let ground = Counter::default();
        let (sealed, gate) = (Arc::clone(&ground.sealed), Arc::clone(&ground.gate));
        let writer = Writer::start(ground).expect("thread");
        let closed = gate.lock().expect("gate");
        let commits = (0..100).map(|_| writer.commit(batch(0)));
        let mut all = Box::pin(futures_util::future::join_all(commits));
        assert!((&mut all).now_or_never().is_none(), "no answer before the seal");
        assert_eq!(sealed.load(Ordering::SeqCst), 0);
        drop(closed);
        let heads = all.await;
        assert_eq!(heads.into_iter().map(|head| head.expect("written").number).max(), Some(100));
        // The first group holds what came before the thread woke; all others wait for the gate.
        let groups = sealed.load(Ordering::SeqCst);
        assert!(groups <= 3, "{groups} groups");
    }

    #[tokio::test]
    async fn a_refused_batch_stands_alone() {
        let writer = Writer::start(Counter::default()).expect("thread");
        let (one, two, three) =
            tokio::join!(writer.commit(batch(0)), writer.commit(batch(REFUSE)), writer.commit(batch(0)));
        assert_eq!(two.expect_err("refused").kind, StoreErrorKind::LinkTaken);
        assert_eq!((one.expect("written").number, three.expect("written").number), (1, 2));
    }

    #[tokio::test]
    async fn a_broken_ground_is_never_written_again() {
        for (number, kind) in [(BREAK, StoreErrorKind::Io), (PANIC, StoreErrorKind::Damaged)] {
            let ground = Counter::default();
            let abandoned = Arc::clone(&ground.abandoned);
            let writer = Writer::start(ground).expect("thread");
            writer.commit(batch(0)).await.expect("written");
            assert_eq!(abandoned.load(Ordering::SeqCst), 0);
            let first = writer.commit(batch(number)).await.expect_err("broken");
            let second = writer.commit(batch(0)).await.expect_err("still broken");
            assert_eq!((first.kind, second.kind), (kind, kind));
            assert_eq!(first.message, second.message);
            assert_eq!(abandoned.load(Ordering::SeqCst), 1);
        }
    }
}
