//! What happened in a simulation, line by line: the same seed tells the same tale.

use crate::value::Timestamp;
use std::fmt::Arguments;
use std::sync::{Mutex, PoisonError};

#[derive(Default)]
pub struct Tale {
    text: Mutex<String>,
    quiet: bool,
}

impl Tale {
    /// Nobody listens.
    pub fn quiet() -> Self {
        Self { quiet: true, ..Self::default() }
    }

    pub fn tell(&self, at: Timestamp, what: Arguments<'_>) {
        if self.quiet {
            return;
        }
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(&format!("{at} {what}\n"));
    }

    pub fn text(&self) -> String {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
