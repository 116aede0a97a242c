//! A person's yes at the terminal, before something is done that cannot be taken back.

use super::screen::{BOLD, note};
use crate::host::terminal;

/// Whether there is a person to ask.
pub fn can_ask() -> bool {
    terminal::can_ask()
}

/// Asks, and takes only a yes for one.
pub fn confirmed(question: &str) -> bool {
    note(&format!("\n{BOLD}{question}{BOLD:#} [y/N] "));
    matches!(terminal::answer().to_lowercase().as_str(), "y" | "yes")
}
