//! Virtual time: it stands still while anybody has something to do, and jumps to the next
//! alarm when nobody has. An hour of waiting costs nothing.
//!
//! A life of the process is one runtime with one thread, so that the order in which tasks go
//! on depends on nothing but what they do.

use crate::value::{Span, Timestamp};
use crate::world::Clock;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use tokio::runtime::Builder;
use tokio::sync::Notify;

pub struct VirtualClock(Mutex<Alarms>);

struct Alarms {
    now: Timestamp,
    set: u64,
    /// By instant, and among those of one instant in the order in which they were set.
    waiting: BTreeMap<(Timestamp, u64), Waker>,
}

impl VirtualClock {
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(Alarms { now, set: 0, waiting: BTreeMap::new() }))
    }

    /// Time passes while no process lives.
    pub fn pass(&self, span: Span) {
        let mut alarms = self.lock();
        alarms.now = alarms.now.plus(span);
    }

    /// Jumps to the next alarm; `false` if none is set.
    fn jump(&self) -> bool {
        let mut alarms = self.lock();
        let Some(((instant, _), waker)) = alarms.waiting.pop_first() else { return false };
        alarms.now = alarms.now.max(instant);
        drop(alarms);
        waker.wake();
        true
    }

    fn lock(&self) -> MutexGuard<'_, Alarms> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.lock().now
    }

    async fn sleep(&self, span: Span) {
        let key = {
            let mut alarms = self.lock();
            alarms.set += 1;
            (alarms.now.plus(span), alarms.set)
        };
        let alarm = Alarm { clock: self, key };
        poll_fn(|context| {
            let mut alarms = alarm.clock.lock();
            if alarms.now >= key.0 {
                return Poll::Ready(());
            }
            alarms.waiting.insert(key, context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// Whoever no longer waits is not woken.
struct Alarm<'a> {
    clock: &'a VirtualClock,
    key: (Timestamp, u64),
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        self.clock.lock().waiting.remove(&self.key);
    }
}

/// Lives until the work is done. Whatever was begun beside it ends with it. `None` when
/// everybody waits for somebody and nobody for the time.
pub fn live<T>(clock: &Arc<VirtualClock>, work: impl Future<Output = T>) -> Option<T> {
    let stuck = Arc::new(Notify::new());
    let (idle, told) = (Arc::clone(clock), Arc::clone(&stuck));
    let runtime = Builder::new_current_thread()
        .on_thread_park(move || {
            if !idle.jump() {
                told.notify_one();
            }
        })
        .build()
        .expect("a runtime without any driver");
    runtime.block_on(async {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = stuck.notified() => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{VirtualClock, live};
    use crate::value::{Span, Timestamp};
    use crate::world::Clock;
    use std::sync::{Arc, Mutex};

    fn clock() -> Arc<VirtualClock> {
        Arc::new(VirtualClock::at(Timestamp::from_unix(0)))
    }

    #[test]
    fn sleepers_wake_in_the_order_of_their_instants() {
        let clock = clock();
        let woken = Arc::new(Mutex::new(Vec::new()));
        let done = live(&clock, async {
            let tasks: Vec<_> = [30_u64, 10, 20, 10]
                .into_iter()
                .enumerate()
                .map(|(number, seconds)| {
                    let (clock, woken) = (clock.clone(), woken.clone());
                    tokio::spawn(async move {
                        clock.sleep(Span::from_secs(seconds)).await;
                        woken.lock().expect("woken").push((number, clock.now().unix()));
                    })
                })
                .collect();
            for task in tasks {
                task.await.expect("task");
            }
        });
        assert_eq!(done, Some(()));
        assert_eq!(*woken.lock().expect("woken"), [(1, 10), (3, 10), (2, 20), (0, 30)]);
    }

    #[test]
    fn a_life_in_which_everybody_waits_for_somebody_ends() {
        assert_eq!(live(&clock(), std::future::pending::<()>()), None);
    }
}
