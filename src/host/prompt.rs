//! Secrets that are typed at the terminal: nothing of them is shown.

use secrecy::SecretString;
use zeroize::Zeroizing;

/// Whether somebody is there to be asked.
pub fn can_ask() -> bool {
    use std::io::IsTerminal as _;
    cfg!(unix) && std::io::stdin().is_terminal()
}

/// Asks for one line; `hidden` shows nothing of what is typed.
#[cfg(unix)]
pub fn ask(question: &str, hidden: bool) -> std::io::Result<SecretString> {
    use std::io::{BufRead as _, BufReader, Write as _};
    let mut terminal = std::fs::File::options().read(true).write(true).open("/dev/tty")?;
    terminal.write_all(format!("{question}: ").as_bytes())?;
    let mut line = Zeroizing::new(String::new());
    {
        let _quiet = if hidden { Some(Quiet::over(&terminal)?) } else { None };
        BufReader::new(&terminal).read_line(&mut line)?;
    }
    if hidden {
        terminal.write_all(b"\n")?;
    }
    Ok(SecretString::from(line.trim_end_matches(['\r', '\n'])))
}

#[cfg(not(unix))]
pub fn ask(_: &str, _: bool) -> std::io::Result<SecretString> {
    Err(std::io::Error::from(std::io::ErrorKind::Unsupported))
}

/// A terminal that does not show what is typed, until this is dropped.
#[cfg(unix)]
struct Quiet<'a> {
    terminal: &'a std::fs::File,
    before: rustix::termios::Termios,
}

#[cfg(unix)]
impl<'a> Quiet<'a> {
    fn over(terminal: &'a std::fs::File) -> std::io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, before })
    }
}

#[cfg(unix)]
impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        // A terminal that has gone away shows nothing either.
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}
