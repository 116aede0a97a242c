//! The head of the log, kept elsewhere: what nobody can take back who changes the log.
//!
//! A chain that is written anew from some entry on is whole in itself. A head that was
//! noted elsewhere no longer fits to it; and one that is newer than the log shows that an
//! older copy was put back.

use crate::cli::arguments::{AuditHead, Format};
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::screen::{say, say_json};
use crate::cli::state::State;
use crate::host::read_text;
use crate::store::{AuditEntry, Head, Store};
use serde_json::{Value, json};
use std::path::Path;

/// Prints the head: `NUMBER HASH TIME`.
pub fn show(arguments: &AuditHead) -> Outcome {
    let state = State::open(&arguments.place)?;
    let head = state.store().head()?;
    let Some(last) = at(state.store(), head.number)? else {
        return Err(Failure::world("the audit log is empty", "run the pipeline first"));
    };
    if arguments.printing.format == Format::Json {
        say_json(&json!({
            "number": head.number, "hash": head.hash, "at": last.event.at,
            "pipeline": state.identity.name, "sandbox": state.identity.sandbox,
        }))?;
    } else {
        say(&format!("{} {} {}\n", head.number, head.hash, last.event.at))?;
    }
    Ok(Exit::Well)
}

/// A head that was noted elsewhere, and where.
pub struct Noted {
    pub head: Head,
    pub place: String,
}

/// Reads `NUMBER:HASH`, or a file with what `audit head` printed, once or many times.
pub fn noted(text: &str) -> Result<Vec<Noted>, Failure> {
    if let Some(head) = text.split_once(':').and_then(|(number, hash)| head(number, hash)) {
        return Ok(vec![Noted { head, place: "--head".to_owned() }]);
    }
    let content = read_text(Path::new(text)).map_err(|sentence| {
        Failure::wrong(
            format!("--head: {sentence}"),
            "name a file with what `mlc audit head` printed, or write NUMBER:HASH",
        )
    })?;
    let found = match serde_json::from_str::<Value>(&content) {
        Ok(json) => json["number"]
            .as_u64()
            .zip(json["hash"].as_str())
            .map(|(number, hash)| vec![Noted { head: Head { number, hash: hash.to_owned() }, place: text.to_owned() }]),
        Err(_) => of_lines(text, &content),
    };
    found.filter(|found| !found.is_empty()).ok_or_else(|| {
        Failure::wrong(
            format!("{text} holds no head of an audit log"),
            "each line begins with NUMBER and HASH, as `mlc audit head` prints them",
        )
    })
}

/// `None` if a line is no head.
fn of_lines(name: &str, content: &str) -> Option<Vec<Noted>> {
    let lines = content.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            let mut words = line.split_whitespace();
            let head = head(words.next()?, words.next()?)?;
            Some(Noted { head, place: format!("{name}, line {}", index + 1) })
        })
        .collect()
}

fn head(number: &str, hash: &str) -> Option<Head> {
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = number.parse().ok().filter(|number| *number > 0 && is_hash)?;
    Some(Head { number, hash: hash.to_ascii_lowercase() })
}

/// What is wrong with the log if these heads are right: a sentence. The chain itself was
/// found whole before.
pub fn contradiction(store: &dyn Store, noted: &[Noted]) -> Result<Option<String>, Failure> {
    let last = store.head()?.number;
    let mut noted: Vec<&Noted> = noted.iter().collect();
    noted.sort_by_key(|noted| noted.head.number);
    for Noted { head, place } in noted {
        let number = head.number;
        match at(store, number)? {
            None => {
                return Ok(Some(format!(
                    "the log ends with entry {last}, and entry {number} was noted elsewhere ({place}): an older copy \
                     was put back, or its end was cut"
                )));
            }
            Some(entry) if entry.hash != head.hash => {
                return Ok(Some(format!(
                    "entry {number} is not the one that was noted elsewhere ({place}): it, or one before it, was \
                     replaced and the log written anew from there, or this is the log of another pipeline"
                )));
            }
            Some(_) => {}
        }
    }
    Ok(None)
}

fn at(store: &dyn Store, number: u64) -> Result<Option<AuditEntry>, Failure> {
    Ok(store.audit(number, 1)?.into_iter().find(|entry| entry.number == number))
}

#[cfg(test)]
mod tests {
    use super::noted;

    #[test]
    fn heads_are_read_as_they_were_printed() {
        let folder = tempfile::tempdir().expect("folder");
        let hash = "aB".repeat(32);
        let write = |text: String| {
            let path = folder.path().join("heads");
            std::fs::write(&path, text).expect("write");
            path.display().to_string()
        };
        let numbers =
            |text: &str| noted(text).ok().map(|noted| noted.iter().map(|noted| noted.head.number).collect::<Vec<_>>());
        assert_eq!(numbers(&format!("7:{hash}")), Some(vec![7]));
        assert_eq!(numbers(&write(format!("7 {hash} 2026-10-31T00:00:00Z\n\n9 {hash}\n"))), Some(vec![7, 9]));
        assert_eq!(numbers(&write(format!(r#"{{ "number": 8, "hash": "{hash}" }}"#))), Some(vec![8]));
        for wrong in [String::new(), "7".to_owned(), format!("x {hash}"), format!("0 {hash}"), "7 abc".to_owned()] {
            assert_eq!(numbers(&write(wrong.clone())), None, "{wrong}");
        }
        assert!(noted("no such file").is_err());
    }
}
