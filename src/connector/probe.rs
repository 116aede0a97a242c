//! What a pipeline needs of a system, and what was seen of it when it was looked at.

use super::{Error, Operation};
use crate::value::{Timestamp, render_duration};
use std::collections::BTreeMap;

/// Clocks that are no farther apart than this agree: answers take their time.
const SAME_TIME: i64 = 30;

/// What a pipeline does with a system.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Resources, each with the operations that the pipeline needs of it.
    pub resources: BTreeMap<String, Vec<Operation>>,
    /// How the texts look that the pipeline writes, by resource and field.
    pub signatures: BTreeMap<(String, String), Signature>,
}

/// What is known, before a run, of each text that a pipeline writes into a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// It begins with this; empty where nothing is known.
    pub begins: String,
    /// It has no more characters than this.
    pub longest: Option<u32>,
}

impl Signature {
    /// Whether the pipeline may have written the text.
    pub fn fits(&self, text: &str) -> bool {
        let short = self.longest.is_none_or(|longest| text.chars().count() <= longest as usize);
        short && text.starts_with(&self.begins)
    }

    /// Whether there is anything by which texts of others can be told.
    pub fn tells(&self) -> bool {
        !self.begins.is_empty() || self.longest.is_some()
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What was looked at: `sign-in`, `supplier invoices`, `clock`.
    pub subject: String,
    pub health: Health,
    /// What was seen, in one sentence.
    pub finding: String,
    /// Who mends it, and where; empty where nothing is to be mended.
    pub mend: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    Good,
    /// It cannot be looked at without changing something, or does not show itself.
    Untried,
    /// It works, and somebody should look at it.
    Doubtful,
    Bad,
}

impl Health {
    /// From the best to the worst.
    pub const ALL: [Self; 4] = [Self::Good, Self::Untried, Self::Doubtful, Self::Bad];

    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Untried => "not tried",
            Self::Doubtful => "doubtful",
            Self::Bad => "bad",
        }
    }
}

impl Probe {
    pub fn good(subject: impl Into<String>, finding: impl Into<String>) -> Self {
        Self { subject: subject.into(), health: Health::Good, finding: finding.into(), mend: String::new() }
    }

    pub fn untried(subject: impl Into<String>, finding: impl Into<String>) -> Self {
        Self { health: Health::Untried, ..Self::good(subject, finding) }
    }

    pub fn doubtful(subject: impl Into<String>, finding: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { health: Health::Doubtful, mend: mend.into(), ..Self::good(subject, finding) }
    }

    pub fn bad(subject: impl Into<String>, finding: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { health: Health::Bad, mend: mend.into(), ..Self::good(subject, finding) }
    }

    /// Looking at it failed.
    pub fn failed(subject: impl Into<String>, error: &Error) -> Self {
        Self::bad(subject, error.message.clone(), error.mend.clone())
    }

    /// Our clock beside the one that stamps the system's answers.
    pub fn clock(here: Timestamp, there: Option<Timestamp>, system: &str) -> Self {
        const SUBJECT: &str = "clock";
        let Some(there) = there else {
            return Self::untried(SUBJECT, format!("{system}'s answers do not tell the time"));
        };
        let ahead = here.unix().saturating_sub(there.unix());
        if ahead.abs() <= SAME_TIME {
            return Self::good(SUBJECT, format!("this machine and {system} agree on the time"));
        }
        let far = render_duration(crate::value::Span::from_secs(ahead.unsigned_abs()));
        let side = if ahead > 0 { "ahead of" } else { "behind" };
        Self::doubtful(
            SUBJECT,
            format!("this machine's clock is {far} {side} {system}'s"),
            "let this machine take its time from a time server; days and schedules go by its clock",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Health, Probe, Signature};
    use crate::value::Timestamp;

    #[test]
    fn texts_of_others_are_told_by_beginning_and_length() {
        let ours = Signature { begins: "supplier:".to_owned(), longest: Some(17) };
        assert!(ours.fits("supplier:S0001") && !ours.fits("SAGE-77") && !ours.fits("supplier:S00000000000"));
        assert!(ours.tells() && !Signature::default().tells() && Signature::default().fits("anything"));
    }

    #[test]
    fn a_clock_that_is_off_is_told_with_its_direction() {
        let here = Timestamp::from_unix(1_790_856_000);
        let there = |seconds: i64| Some(Timestamp::from_unix(1_790_856_000 + seconds));
        assert_eq!(Probe::clock(here, there(20), "It").health, Health::Good);
        assert_eq!(Probe::clock(here, None, "It").health, Health::Untried);
        let behind = Probe::clock(here, there(3600), "It");
        assert_eq!(
            (behind.health, behind.finding.as_str()),
            (Health::Doubtful, "this machine's clock is 1h behind It's")
        );
        let ahead = Probe::clock(here, there(-5400), "It");
        assert!(ahead.finding.contains("ahead of It's"), "{}", ahead.finding);
    }
}
