//! Completion scripts and the manual page, made from the command line's own description.

use super::exit::{Exit, Failure, Outcome};
use super::screen::say;
use clap::Command;

pub fn completions(mut command: Command, shell: clap_complete::Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "mlc", &mut script);
    say(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Well)
}

pub fn manual(command: Command) -> Outcome {
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|error| Failure::world(format!("the manual page cannot be made: {error}"), "report this"))?;
    say(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Well)
}
