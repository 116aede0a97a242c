//! Records that the other side said it will take later, such as those of a closed period.
//!
//! They are held, and each run tries them again, since only the other side knows when
//! "later" is. But not all of them: of those that wait for the same reason with the same
//! content, one is sent. If it is told "not yet" again, so are the others, unsent; if it is
//! taken, they follow.

use super::deliver::{Delivery, Order};
use super::kinds;
use super::send::Answer;
use crate::connector::ErrorKind;
use crate::store::Outcome;
use std::collections::HashSet;

/// What was put off in this run.
#[derive(Default)]
pub(super) struct PutOff {
    /// The sentences with which the other side did it.
    told: HashSet<String>,
    /// Those of earlier runs for which one record is tried in this one.
    tried: HashSet<String>,
}

impl PutOff {
    /// Whether it waits for what becomes of another one, which is sent first.
    pub fn follows(&mut self, order: &Order) -> bool {
        told(order).is_some_and(|reason| !self.tried.insert(reason.to_owned()))
    }

    pub fn learn(&mut self, delivery: &Delivery) {
        if let Answer::Refused(error) = &delivery.sent.answer
            && error.kind == ErrorKind::NotYet
        {
            self.told.insert(error.message.clone());
        }
    }

    /// Whether it would be put off once more.
    pub fn holds(&self, order: &Order) -> bool {
        told(order).is_some_and(|reason| self.told.contains(reason))
    }
}

/// With what sentence this very content was put off when it was last sent.
pub(super) fn told(order: &Order) -> Option<&str> {
    let before = order.ready.before.as_ref()?;
    let same = before.outcome == Outcome::Held
        && before.kind.starts_with(kinds::NOT_YET)
        && before.reference.is_none()
        && before.target_hash.as_ref() == Some(&order.ready.facts.hash);
    same.then_some(before.reason.as_str())
}
