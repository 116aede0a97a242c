//! What happened in a simulation, line by line: the same seed tells the same tale.

use crate::value::Timestamp;
use std::fmt::Arguments;
use std::sync::{Mutex, PoisonError};

#[derive(Default)]
pub struct Tale(Mutex<String>);

impl Tale {
    pub fn tell(&self, at: Timestamp, what: Arguments<'_>) {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(&format!("{at} {what}\n"));
    }

    pub fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
