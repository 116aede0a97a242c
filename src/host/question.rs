//! Asking the person at the terminal.

use std::io::{BufRead as _, IsTerminal as _};

/// Whether somebody is there to be asked.
pub fn can_be_asked() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Whether the next line says yes. A line that cannot be read says no.
pub fn says_yes() -> bool {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.is_ok() && ["y", "yes"].contains(&line.trim().to_lowercase().as_str())
}
