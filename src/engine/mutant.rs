//! The seam by which the tests of the simulation break the engine, to see whether they would
//! notice. Outside of the tests of this crate there is no way through it.

/// An engine with one safeguard taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// Sends without having announced it.
    NoIntent,
    /// Does not ask whether it is there before it is sent.
    NoLookup,
    /// Moves the cursor before the records of the pass have their outcomes.
    CursorFirst,
    /// Sends again what may have arrived.
    BlindRetry,
    /// Answers a delivery before it is on disk.
    AnswerFirst,
    /// Takes a delivery for done before the run that looks at it has ended.
    SettleFirst,
}

/// Whether this one is at work.
#[cfg(not(test))]
pub(crate) const fn is(_: Mutant) -> bool {
    false
}

#[cfg(test)]
pub(crate) use in_tests::{is, with};

#[cfg(test)]
mod in_tests {
    use super::Mutant;
    use std::cell::Cell;

    thread_local! {
        static AT_WORK: Cell<Option<Mutant>> = const { Cell::new(None) };
    }

    pub(crate) fn is(mutant: Mutant) -> bool {
        AT_WORK.get() == Some(mutant)
    }

    /// Lets the mutant work on this thread for as long as `work` takes.
    pub(crate) fn with<T>(mutant: Mutant, work: impl FnOnce() -> T) -> T {
        AT_WORK.set(Some(mutant));
        let done = work();
        AT_WORK.set(None);
        done
    }
}
