//! The guard of a flow: stops the run before it does mass harm.

use crate::model::Guard;
use crate::value::Decimal;
use std::sync::Mutex;
use std::sync::PoisonError;

/// Below so many records a share says nothing.
const FEWEST: u64 = 20;

pub(super) struct GuardRail {
    guard: Guard,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    writes: u64,
    mapped: u64,
    rejected: u64,
}

impl GuardRail {
    pub fn new(guard: Guard) -> Self {
        Self { guard, counts: Mutex::default() }
    }

    /// Allows one more write, or says why not.
    pub fn take(&self) -> Result<(), String> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        match self.guard.records {
            Some(most) if counts.writes >= most => Err(format!(
                "the guard allows {most} records in one run, and there are more; the rest is left as it was"
            )),
            _ => {
                counts.writes += 1;
                Ok(())
            }
        }
    }

    /// Counts a record that left the mapping, or says that too many of them are rejected.
    pub fn count(&self, rejected: bool) -> Result<(), String> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.mapped += 1;
        counts.rejected += u64::from(rejected);
        let Some(most) = self.guard.rejected_percent.filter(|_| counts.mapped >= FEWEST) else { return Ok(()) };
        let share = Decimal::from(counts.rejected).checked_mul(Decimal::from(100_u64));
        let bound = most.checked_mul(Decimal::from(counts.mapped));
        match share.zip(bound) {
            Some((share, bound)) if share > bound => Err(format!(
                "{} of {} records were rejected, and the guard allows {most} %; nothing more is posted",
                counts.rejected, counts.mapped
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::GuardRail;
    use crate::model::Guard;

    #[test]
    fn so_many_writes_and_not_one_more() {
        let rail = GuardRail::new(Guard { records: Some(2), rejected_percent: None });
        assert!(rail.take().is_ok() && rail.take().is_ok());
        assert!(rail.take().expect_err("third").contains("allows 2 records"));
    }

    #[test]
    fn a_share_is_looked_at_from_twenty_records_on() {
        let rail = GuardRail::new(Guard { records: None, rejected_percent: Some("5".parse().expect("decimal")) });
        for _ in 0..2 {
            assert!(rail.count(true).is_ok());
        }
        for _ in 0..17 {
            assert!(rail.count(false).is_ok());
        }
        assert!(rail.count(false).expect_err("2 of 20").contains("2 of 20"));
    }
}
