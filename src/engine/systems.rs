//! Which systems a state speaks of. What was posted into one ledger is not in another: a
//! pipeline that is pointed elsewhere (from the test tenant to the real one) would find
//! every record posted already, and lose them all. So a run keeps the addresses that it
//! worked with, and one with others does not begin.

use super::error::{RunError, RunErrorKind};
use super::{Options, Setup};
use crate::store::Systems;

/// The settings that say where each connection leads. In the sandbox there is one world only.
pub(super) fn of(setup: &Setup) -> Systems {
    if setup.sandbox {
        return Systems::new();
    }
    let settings = |connection: &crate::model::Connection| {
        connection.settings.0.iter().map(|(name, value)| (name.clone(), value.to_string())).collect()
    };
    let connections = setup.program.connections().iter();
    connections.map(|connection| (connection.name.to_string(), settings(connection))).collect()
}

/// Refuses to begin where a connection leads elsewhere than in the last run.
pub(super) fn check(setup: &Setup, options: &Options) -> Result<(), RunError> {
    if options.moved {
        return Ok(());
    }
    let now = of(setup);
    let last = setup.store.runs(1)?.pop();
    match last.and_then(|last| difference(&last.systems, &now)) {
        None => Ok(()),
        Some(difference) => Err(RunError::new(
            RunErrorKind::OtherSystem,
            format!("{difference}; what was posted there would count as posted here"),
            "if this is another system, give it a state of its own with --state DIR; if it is the same one under \
             another address, run once with --moved",
        )),
    }
}

/// In words. A setting that only one of both has says nothing: a release may bring it.
fn difference(before: &Systems, now: &Systems) -> Option<String> {
    before.iter().find_map(|(connection, settings)| {
        let now = now.get(connection)?;
        settings.iter().find_map(|(name, was)| {
            let is = now.get(name).filter(|is| *is != was)?;
            Some(format!("`{name}` of connection `{connection}` was {was} in the last run, and is {is} now"))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::difference;
    use crate::store::Systems;

    fn systems(pairs: &[(&str, &str, &str)]) -> Systems {
        let mut systems = Systems::new();
        for (connection, name, value) in pairs {
            systems.entry((*connection).to_owned()).or_default().insert((*name).to_owned(), (*value).to_owned());
        }
        systems
    }

    #[test]
    fn another_address_is_told_and_a_new_setting_is_none() {
        let test = systems(&[("books", "url", "https://test"), ("books", "entity", "A")]);
        let real = systems(&[("books", "url", "https://real"), ("books", "entity", "A")]);
        let more = systems(&[("books", "url", "https://test"), ("books", "lang", "us"), ("office", "company_id", "7")]);
        let said = difference(&test, &real).expect("another address");
        assert_eq!(said, "`url` of connection `books` was https://test in the last run, and is https://real now");
        assert_eq!(difference(&test, &more), None);
        assert_eq!(difference(&Systems::new(), &test), None);
    }
}
