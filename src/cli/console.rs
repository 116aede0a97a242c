//! `mlc console`: who may come in.

use super::arguments::{Console, Format, Invite, People as List, Revoke};
use super::exit::{Exit, Failure, Outcome};
use super::grid::Grid;
use super::screen::{BOLD, GOOD, count, say, say_json};
use crate::host::{self, RegisterFile};
use crate::serve::door::{Invited, People, Random, RegisterError, Token};
use crate::value::Span;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A name longer than this is no name.
const LONGEST_NAME: usize = 100;

pub fn run(command: &Console) -> Outcome {
    match command {
        Console::Invite(arguments) => invite(arguments),
        Console::List(arguments) => list(arguments),
        Console::Revoke(arguments) => revoke(arguments),
    }
}

/// The register that belongs to what `mlc serve` is given.
pub fn register(first: &Path, state: Option<&Path>) -> RegisterFile {
    let beside = || {
        let folder = if first.is_dir() { Some(first) } else { first.parent() };
        folder.unwrap_or(Path::new("")).join(".mlc")
    };
    let folder: PathBuf = state.map_or_else(beside, Path::to_path_buf);
    RegisterFile::at(folder.join("people.json"))
}

/// Randomness of the machine.
pub fn random() -> Random {
    Arc::new(|bytes| host::random(bytes).is_ok())
}

fn invite(arguments: &Invite) -> Outcome {
    let name = name(&arguments.name)?;
    let register = register(&arguments.served.file, arguments.served.state.as_deref());
    let mut people = People::read(&register)?;
    let token = Token::for_people(&random()).ok_or_else(|| {
        Failure::world("the machine gives no random numbers", "nothing was changed; look at the machine")
    })?;
    let at = host::world().clock.now();
    let until = at.plus(Span::from_secs(u64::from(arguments.days) * 24 * 60 * 60));
    let invited = Invited { hash: token.hash(), by: arguments.by.trim().to_owned(), at, until };
    let roles: BTreeSet<_> = arguments.roles.iter().copied().collect();
    let pipelines: BTreeSet<_> = arguments.pipelines.iter().cloned().collect();
    let words: Vec<&str> =
        if roles.is_empty() { vec!["viewer"] } else { roles.iter().map(|role| role.word()).collect() };
    people.invite(name, roles.clone(), (!pipelines.is_empty()).then_some(pipelines), invited);
    people.write(&register)?;
    if arguments.printing.format == Format::Json {
        say_json(&json!({ "name": name, "roles": words, "until": until.whole_seconds(), "token": token.reveal() }))?;
    } else {
        say(&format!(
            "{GOOD}invited{GOOD:#} {name} ({}), until {}\n\n  {BOLD}{}{BOLD:#}\n\nIt is shown this once. {name} signs in with it at /sign-in of `mlc serve`.\n",
            words.join(", "),
            until.date(),
            token.reveal()
        ))?;
    }
    Ok(Exit::Well)
}

/// A name stands in logs and on pages.
fn name(wanted: &str) -> Result<&str, Failure> {
    let name = wanted.trim();
    if name.is_empty() || name.len() > LONGEST_NAME || name.contains(char::is_control) {
        return Err(Failure::wrong(
            format!("{wanted:?} is no name for a person"),
            format!("give a name or an address of at most {LONGEST_NAME} letters, such as mae@acme.example"),
        ));
    }
    Ok(name)
}

fn list(arguments: &List) -> Outcome {
    let people = People::read(&register(&arguments.served.file, arguments.served.state.as_deref()))?;
    let now = host::world().clock.now();
    if arguments.printing.format == Format::Json {
        let people: Vec<_> = people
            .people
            .iter()
            .map(|person| {
                let until = person.tokens.iter().map(|token| token.until).max();
                json!({
                    "name": person.name, "roles": person.roles, "pipelines": person.pipelines,
                    "until": until.map(|until| until.whole_seconds()),
                    "may_sign_in": person.tokens.iter().any(|token| now < token.until),
                })
            })
            .collect();
        say_json(&json!({ "people": people }))?;
        return Ok(Exit::Well);
    }
    if people.people.is_empty() {
        say("nobody was invited yet: mlc console invite NAME FILE --role approver\n")?;
        return Ok(Exit::Well);
    }
    let mut grid = Grid::new(&["name", "roles", "pipelines", "until"]);
    for person in &people.people {
        let roles: Vec<&str> = person.roles.iter().map(|role| role.word()).collect();
        let roles = if roles.is_empty() { "viewer".to_owned() } else { roles.join(", ") };
        let some = person.pipelines.as_ref().map(|names| names.iter().cloned().collect::<Vec<_>>().join(", "));
        let until = person.tokens.iter().map(|token| token.until).max();
        let until = match until {
            Some(until) if now < until => until.date().to_string(),
            _ => "ended".to_owned(),
        };
        grid.row([person.name.clone(), roles, some.unwrap_or_else(|| "all".to_owned()), until]);
    }
    say(&format!("{}\n{}\n", grid.render(), count(people.people.len() as u64, "person", "people")))?;
    Ok(Exit::Well)
}

fn revoke(arguments: &Revoke) -> Outcome {
    let register = register(&arguments.served.file, arguments.served.state.as_deref());
    let mut people = People::read(&register)?;
    if !people.revoke(arguments.name.trim()) {
        return Err(Failure::wrong(
            format!("nobody by the name of {} was invited", arguments.name),
            "`mlc console list` names them",
        ));
    }
    people.write(&register)?;
    say(&format!("{GOOD}revoked{GOOD:#} {}: no token and no session of theirs holds any longer\n", arguments.name))?;
    Ok(Exit::Well)
}

impl From<RegisterError> for Failure {
    fn from(error: RegisterError) -> Self {
        Self::world(error.message, error.mend)
    }
}
