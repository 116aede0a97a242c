//! What was told already, kept over restarts, and when to tell again: a pure function.
//!
//! A trouble is told when it begins, once a day while it lasts, and when it is over.

use super::trouble::{Kind, Trouble};
use crate::value::{Date, Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Told again after so long.
const AGAIN: Span = Span::from_secs(24 * 60 * 60);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Troubles that were told and not taken back, by their keys.
    #[serde(default)]
    pub open: BTreeMap<String, Told>,
    /// The last day whose digest was made.
    #[serde(default)]
    pub digest: Option<Date>,
    /// Up to when it counted; the next one begins there.
    #[serde(default)]
    pub counted: Option<Timestamp>,
    /// Messages that are not delivered yet.
    #[serde(default)]
    pub outbox: Vec<super::parcel::Parcel>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    pub kind: Kind,
    pub about: String,
    pub since: Timestamp,
    /// When it was told last.
    pub told: Timestamp,
    /// Since when it is gone; told to be over when it stays so.
    #[serde(default)]
    pub gone: Option<Timestamp>,
}

/// Where a trouble is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Begun,
    Still,
    Over,
    /// What is told by the calendar, not by trouble.
    Regular,
}

impl Stage {
    pub fn word(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Still => "still",
            Self::Over => "over",
            Self::Regular => "regular",
        }
    }
}

/// Something to be told now.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    pub stage: Stage,
    pub kind: Kind,
    pub about: String,
    pub since: Timestamp,
    /// `None` when it is over.
    pub trouble: Option<Trouble>,
}

impl Memory {
    /// What is to be told of these troubles now; from then on it counts as told.
    pub fn notice(&mut self, troubles: &[Trouble], now: Timestamp) -> Vec<News> {
        let mut news = Vec::new();
        for trouble in troubles {
            let told = self.open.get_mut(&trouble.key());
            let stage = match told {
                None => Stage::Begun,
                Some(told) => {
                    told.gone = None;
                    if now.since(told.told) < AGAIN {
                        continue;
                    }
                    Stage::Still
                }
            };
            let told = self.open.entry(trouble.key()).or_insert_with(|| Told {
                kind: trouble.kind,
                about: trouble.about.clone(),
                since: now,
                told: now,
                gone: None,
            });
            told.told = now;
            let (kind, about, since) = (told.kind, told.about.clone(), told.since);
            news.push(News { stage, kind, about, since, trouble: Some(trouble.clone()) });
        }
        news.extend(self.take_back(troubles, now));
        news
    }

    /// Those that are gone for long enough.
    fn take_back(&mut self, troubles: &[Trouble], now: Timestamp) -> Vec<News> {
        let mut over = Vec::new();
        self.open.retain(|key, told| {
            if troubles.iter().any(|trouble| trouble.key() == *key) {
                return true;
            }
            let gone = *told.gone.get_or_insert(now);
            if now.since(gone) < told.kind.calm() {
                return true;
            }
            let (kind, about, since) = (told.kind, told.about.clone(), told.since);
            over.push(News { stage: Stage::Over, kind, about, since, trouble: None });
            false
        });
        over
    }

    /// Whether a digest is due, which is at most one a day: that of the last day on which this
    /// minute has come. A server that slept through it makes it up within half a day.
    pub fn digest_due(&mut self, minute_of_day: u32, zone: Option<&str>, now: Timestamp) -> bool {
        let today = now.date_in(zone);
        let due = |day: Date| day.at_minute(minute_of_day, zone).filter(|at| *at <= now);
        let Some((day, at)) = [today, today.plus_days(-1)].into_iter().find_map(|day| Some((day, due(day)?))) else {
            return false;
        };
        let first = self.digest.is_none();
        if self.digest.is_some_and(|made| made >= day) {
            return false;
        }
        self.digest = Some(day);
        // Whoever begins to want one gets the first when its minute comes, not at once.
        let made = !first && now.since(at) < Span::from_secs(12 * 60 * 60);
        if made || first {
            self.counted = Some(now);
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Memory, Stage};
    use crate::serve::operations::trouble::Trouble;
    use crate::value::{Span, Timestamp};

    fn trouble(kind: Kind) -> Trouble {
        Trouble {
            kind,
            about: "invoices".to_owned(),
            sentence: "it waits".to_owned(),
            facts: Vec::new(),
            mend: "look".to_owned(),
            records: 1,
            amount: None,
        }
    }

    fn hour(hours: u64) -> Timestamp {
        Timestamp::from_unix(1_790_000_000).plus(Span::from_secs(hours * 3_600))
    }

    fn stages(memory: &mut Memory, troubles: &[Trouble], at: u64) -> Vec<Stage> {
        memory.notice(troubles, hour(at)).into_iter().map(|news| news.stage).collect()
    }

    #[test]
    fn a_trouble_is_told_once_then_daily_then_when_it_is_over() {
        let (mut memory, parked) = (Memory::default(), [trouble(Kind::Parked)]);
        assert_eq!(stages(&mut memory, &parked, 0), [Stage::Begun]);
        for at in 1..24 {
            assert_eq!(stages(&mut memory, &parked, at), [], "hour {at}");
        }
        assert_eq!(stages(&mut memory, &parked, 24), [Stage::Still]);
        assert_eq!(stages(&mut memory, &parked, 25), []);
        assert_eq!(stages(&mut memory, &[], 26), [Stage::Over]);
        assert_eq!(stages(&mut memory, &[], 27), []);
        assert_eq!(stages(&mut memory, &parked, 28), [Stage::Begun]);
    }

    #[test]
    fn a_restart_tells_nothing_again() {
        let (mut memory, parked) = (Memory::default(), [trouble(Kind::Parked)]);
        stages(&mut memory, &parked, 0);
        let kept = serde_json::to_string(&memory).expect("kept");
        let mut again: Memory = serde_json::from_str(&kept).expect("read");
        assert_eq!(again, memory);
        assert_eq!(stages(&mut again, &parked, 1), []);
    }

    #[test]
    fn what_comes_and_goes_every_hour_is_one_trouble() {
        let (mut memory, budget) = (Memory::default(), [trouble(Kind::Budget)]);
        let told: usize =
            (0..20)
                .map(|at| {
                    if at % 2 == 0 {
                        stages(&mut memory, &budget, at).len()
                    } else {
                        stages(&mut memory, &[], at).len()
                    }
                })
                .sum();
        assert_eq!(told, 1);
        assert_eq!(stages(&mut memory, &[], 20), []);
        assert_eq!(stages(&mut memory, &[], 22), [Stage::Over]);
    }

    #[test]
    fn a_digest_comes_once_a_day_at_its_minute_also_when_the_clocks_change() {
        let zone = Some("America/Chicago");
        let mut memory = Memory::default();
        let mut made = Vec::new();
        // From before until after the night in which summer time ends.
        let start: Timestamp = "2026-10-30T00:00:00Z".parse().expect("an instant");
        for minute in 0..(4 * 24 * 60) {
            let now = start.plus(Span::from_secs(minute * 60));
            if memory.digest_due(7 * 60, zone, now) {
                made.push(now.whole_seconds());
            }
        }
        assert_eq!(
            made,
            ["2026-10-30T12:00:00Z", "2026-10-31T12:00:00Z", "2026-11-01T13:00:00Z", "2026-11-02T13:00:00Z"]
        );
    }

    #[test]
    fn a_digest_that_was_slept_through_is_made_up_within_half_a_day() {
        let at = |text: &str| -> Timestamp { text.parse().expect("an instant") };
        let mut memory = Memory::default();
        assert!(!memory.digest_due(420, None, at("2026-10-30T08:00:00Z")), "not at once");
        assert!(memory.digest_due(420, None, at("2026-10-31T09:30:00Z")));
        assert!(!memory.digest_due(420, None, at("2026-10-31T09:31:00Z")));
        assert!(!memory.digest_due(420, None, at("2026-11-02T06:00:00Z")), "yesterday's is too old");
        assert!(memory.digest_due(420, None, at("2026-11-02T07:00:00Z")));
    }
}
