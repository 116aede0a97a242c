//! What began a run: a person, or one of the things that `mlc serve` waits for.

use serde::{Deserialize, Serialize};

/// What began a run. Runs that earlier releases kept say nothing of it: somebody typed them,
/// or a program of the machine did in their stead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// On the command line, or with a button of the console.
    #[default]
    ByHand,
    /// `run every …`.
    Schedule,
    /// `run on webhook`: the source told of records.
    Webhook,
    /// `reconcile …`: a look further back than runs look.
    Reconcile,
    /// A person picked records to be tried again.
    Replay,
}

impl Trigger {
    pub const ALL: [Self; 5] = [Self::ByHand, Self::Schedule, Self::Webhook, Self::Reconcile, Self::Replay];

    pub fn word(self) -> &'static str {
        match self {
            Self::ByHand => "by hand",
            Self::Schedule => "schedule",
            Self::Webhook => "webhook",
            Self::Reconcile => "reconcile poll",
            Self::Replay => "replay",
        }
    }
}

impl Trigger {
    /// How a run began, in a sentence: `by schedule`.
    pub fn began(self) -> &'static str {
        match self {
            Self::ByHand => "by hand",
            Self::Schedule => "by schedule",
            Self::Webhook => "by webhook",
            Self::Reconcile => "as a reconcile poll",
            Self::Replay => "as a replay",
        }
    }
}

impl std::fmt::Display for Trigger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::Trigger;
    use crate::store::RunEntry;
    use serde_json::json;

    #[test]
    fn a_run_that_says_nothing_of_it_was_begun_by_hand() {
        let kept = json!({
            "id": "r1", "pipeline": "acme", "program_hash": "ab", "sandbox": false,
            "started": "2026-10-01T00:00:00Z", "ended": null, "report": null,
        });
        let run: RunEntry = serde_json::from_value(kept).expect("a run of an earlier release");
        assert_eq!(run.trigger, Trigger::ByHand);
    }

    #[test]
    fn each_has_a_word_of_its_own() {
        let mut words: Vec<&str> = Trigger::ALL.iter().map(|trigger| trigger.word()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Trigger::ALL.len());
    }
}
