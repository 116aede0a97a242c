//! What the process writes to: a terminal or not, how wide, and whether colours are wanted.

use std::io::IsTerminal as _;

/// Columns where nobody says how many there are.
const COLUMNS: u16 = 100;

/// Whether a person reads standard error as it is written.
pub fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Whether a person reads standard output as it is written.
pub fn stdout_is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Whether a person can be asked: both what they type and what they are shown is a terminal.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// The line that the person types; empty when there is none.
pub fn answer() -> String {
    let mut line = String::new();
    match std::io::stdin().read_line(&mut line) {
        Ok(_) => line.trim().to_owned(),
        Err(_) => String::new(),
    }
}

/// Whether colours are wanted on a stream: `NO_COLOR` and `TERM=dumb` refuse them,
/// `CLICOLOR_FORCE` asks for them, otherwise a terminal gets them.
pub fn wants_colour(is_terminal: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    if set("NO_COLOR") {
        return false;
    }
    set("CLICOLOR_FORCE") || (is_terminal && std::env::var_os("TERM").is_none_or(|term| term != "dumb"))
}

/// How many columns a table may take: `COLUMNS` where it is set, else as many as the
/// terminal has; at least 40.
pub fn columns() -> u16 {
    let set = std::env::var("COLUMNS").ok().and_then(|text| text.trim().parse().ok());
    let terminal = || terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| width.0);
    set.or_else(terminal).unwrap_or(COLUMNS).max(40)
}
