//! What something was made of: steps, each once, in the order in which they were met.
//!
//! Bounded, since a total over lines that are themselves totals would otherwise carry the
//! square of them: what goes beyond is only counted.

use super::Step;
use std::collections::HashSet;
use std::rc::Rc;

/// More steps than anybody reads of one value.
const MOST: usize = 500;

/// Cheap to copy: most values carry the trail of another.
#[derive(Clone, Default)]
pub(super) struct Trail(Option<Rc<Steps>>);

#[derive(Default)]
struct Steps {
    steps: Vec<Rc<Step>>,
    left_off: usize,
}

impl Trail {
    pub fn one(step: Rc<Step>) -> Self {
        Self(Some(Rc::new(Steps { steps: vec![step], left_off: 0 })))
    }

    pub fn steps(&self) -> &[Rc<Step>] {
        self.0.as_ref().map_or(&[], |steps| &steps.steps)
    }

    pub fn left_off(&self) -> usize {
        self.0.as_ref().map_or(0, |steps| steps.left_off)
    }

    /// Of both, these first.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (_, None) => self.clone(),
            (None, _) => other.clone(),
            (Some(own), Some(others)) if Rc::ptr_eq(own, others) => self.clone(),
            _ => {
                let mut all = Gather::default();
                all.add(self);
                all.add(other);
                all.trail()
            }
        }
    }
}

/// Many trails on their way to one.
#[derive(Default)]
pub(super) struct Gather {
    seen: HashSet<*const Step>,
    all: Steps,
}

impl Gather {
    pub fn add(&mut self, trail: &Trail) {
        for step in trail.steps() {
            if self.is_full() {
                self.all.left_off += 1;
            } else if self.seen.insert(Rc::as_ptr(step)) {
                self.all.steps.push(step.clone());
            }
        }
        self.all.left_off += trail.left_off();
    }

    pub fn is_full(&self) -> bool {
        self.all.steps.len() >= MOST
    }

    /// So many more, of which nobody keeps what they are.
    pub fn leave_off(&mut self, count: usize) {
        self.all.left_off += count;
    }

    pub fn trail(self) -> Trail {
        if self.all.steps.is_empty() { Trail::default() } else { Trail(Some(Rc::new(self.all))) }
    }
}
