//! Mends that many rows of a table share, said once below it.

use std::fmt::Write;

/// The mends of a table.
#[derive(Default)]
pub struct Mends {
    /// Those that stand below, in the order in which they are met.
    shared: Vec<String>,
}

impl Mends {
    /// What several rows share goes below the table.
    pub fn new<'a>(mends: impl IntoIterator<Item = &'a str>) -> Self {
        let mut met: Vec<(&str, usize)> = Vec::new();
        for mend in mends.into_iter().filter(|mend| !mend.is_empty()) {
            match met.iter_mut().find(|(known, _)| *known == mend) {
                Some((_, times)) => *times += 1,
                None => met.push((mend, 1)),
            }
        }
        Self { shared: met.into_iter().filter(|(_, times)| *times > 1).map(|(mend, _)| mend.to_owned()).collect() }
    }

    /// A reason with its mend: on a line of its own, or as the number of a note.
    pub fn with(&self, reason: &str, mend: &str) -> String {
        match self.shared.iter().position(|known| known == mend) {
            Some(at) => format!("{reason} [{}]", at + 1),
            None if mend.is_empty() => reason.to_owned(),
            None => format!("{reason}\n→ {mend}"),
        }
    }

    /// The notes, a line each.
    pub fn notes(&self) -> String {
        let mut text = String::new();
        for (index, mend) in self.shared.iter().enumerate() {
            let _ = writeln!(text, "[{}] {mend}", index + 1);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Mends;

    #[test]
    fn what_is_shared_is_said_once() {
        let mends = Mends::new(["wait", "call", "wait", ""]);
        assert_eq!(mends.with("no code", "wait"), "no code [1]");
        assert_eq!(mends.with("no name", "call"), "no name\n→ call");
        assert_eq!(mends.with("no more", ""), "no more");
        assert_eq!(mends.notes(), "[1] wait\n");
    }
}
