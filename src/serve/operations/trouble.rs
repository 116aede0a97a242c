//! What of a situation its pipeline wants told: a pure function.

use super::situation::{Situation, outcomes};
use crate::model::Notices;
use crate::serve::Summary;
use crate::value::{Decimal, Span, Timestamp, render_duration};
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many single records a message names.
const NAMED: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Parked,
    NothingRead,
    Budget,
    FailedRun,
    Digest,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Parked, Self::NothingRead, Self::Budget, Self::FailedRun, Self::Digest];

    pub fn word(self) -> &'static str {
        match self {
            Self::Parked => "parked",
            Self::NothingRead => "nothing_read",
            Self::Budget => "budget",
            Self::FailedRun => "failed_run",
            Self::Digest => "digest",
        }
    }

    /// So long a trouble must be gone before it is told to be over: one that comes and goes with
    /// every run or every hour is one trouble.
    pub fn calm(self) -> Span {
        match self {
            Self::Budget => Span::from_secs(2 * 60 * 60),
            Self::FailedRun => Span::from_secs(30 * 60),
            Self::Parked | Self::NothingRead | Self::Digest => Span::ZERO,
        }
    }
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub kind: Kind,
    /// What it is about: a flow, a connection; empty for the pipeline as a whole.
    pub about: String,
    /// In one sentence.
    pub sentence: String,
    /// What there is to say beside it.
    pub facts: Vec<String>,
    /// Who mends it, and where.
    pub mend: String,
    pub records: u64,
    pub amount: Option<Decimal>,
}

impl Trouble {
    /// The same trouble has the same key at each look.
    pub fn key(&self) -> String {
        format!("{}:{}", self.kind.word(), self.about)
    }
}

pub fn troubles(wanted: &Notices, situation: &Situation, currency: Option<&str>, now: Timestamp) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    if let Some(after) = wanted.parked {
        troubles.extend(parked(situation, after, currency, now));
    }
    if wanted.nothing_read {
        troubles.extend(situation.silent.iter().map(|(flow, before)| nothing_read(flow, *before)));
    }
    if let Some(share) = wanted.budget {
        troubles.extend(budgets(situation, share));
    }
    if wanted.failed_run {
        troubles.extend(failed(situation));
    }
    troubles
}

fn parked(situation: &Situation, after: Span, currency: Option<&str>, now: Timestamp) -> Vec<Trouble> {
    let mut by_flow: BTreeMap<&str, Vec<Arc<Summary>>> = BTreeMap::new();
    for summary in situation.waiting.iter().filter(|summary| now.since(summary.since) >= after) {
        by_flow.entry(&summary.id.flow).or_default().push(Arc::clone(summary));
    }
    by_flow.into_iter().map(|(flow, records)| parked_in(flow, records, after, currency, now)).collect()
}

fn parked_in(
    flow: &str,
    mut records: Vec<Arc<Summary>>,
    after: Span,
    currency: Option<&str>,
    now: Timestamp,
) -> Trouble {
    records.sort_by_key(|summary| summary.since);
    let amount = sum(&records);
    let longest = records.first().map_or(after, |oldest| now.since(oldest.since));
    let mut facts: Vec<String> = records
        .iter()
        .take(NAMED)
        .map(|summary| format!("{}, {}: {}", summary.label, summary.outcome.word(), summary.reason))
        .collect();
    if records.len() > NAMED {
        facts.push(format!("and {} more", records.len() - NAMED));
    }
    let mends = records.first().map(|oldest| oldest.mend.clone()).unwrap_or_default();
    Trouble {
        kind: Kind::Parked,
        about: flow.to_owned(),
        sentence: format!(
            "{flow}: {} wait for longer than {}, {} in all; the oldest for {}",
            outcomes(&records),
            render_duration(after),
            money(amount, currency),
            age(longest)
        ),
        facts,
        mend: mends,
        records: records.len() as u64,
        amount: Some(amount),
    }
}

fn nothing_read(flow: &str, before: u64) -> Trouble {
    Trouble {
        kind: Kind::NothingRead,
        about: flow.to_owned(),
        sentence: format!("{flow}: no record was read, and {before} were there before"),
        facts: Vec::new(),
        mend: "if that is right, nothing is to be done; if not, look at the permissions of the credential".to_owned(),
        records: 0,
        amount: None,
    }
}

fn budgets(situation: &Situation, share: Decimal) -> Vec<Trouble> {
    let over = situation.budgets.iter().filter_map(|(connection, allowance)| {
        let used = percent(allowance.used, allowance.limit)?;
        let until = allowance.ends?;
        (used > share).then(|| Trouble {
            kind: Kind::Budget,
            about: connection.clone(),
            sentence: format!(
                "{connection}: {} of {} requests of the rate allowance are used, {}%",
                allowance.used,
                allowance.limit,
                used.rounded(0)
            ),
            facts: vec![format!("the window begins anew at {}", until.whole_seconds())],
            mend: "runs go on, and wait where they must; other programs that use the same credential may be stopped, \
                   or a longer `run every` be chosen"
                .to_owned(),
            records: 0,
            amount: None,
        })
    });
    over.collect()
}

fn failed(situation: &Situation) -> Option<Trouble> {
    let (_, first) = situation.failed.iter().next()?;
    let flows: Vec<&str> = situation.failed.keys().map(String::as_str).filter(|flow| !flow.is_empty()).collect();
    let what =
        if flows.is_empty() { "the last run".to_owned() } else { format!("the last run of {}", flows.join(", ")) };
    let mut facts: Vec<String> = situation
        .failed
        .iter()
        .map(|(flow, failed)| {
            let flow = if flow.is_empty() { "" } else { &format!("{flow}, ") };
            format!("{flow}run {} of {}: {}", failed.run, failed.started.whole_seconds(), failed.why)
        })
        .collect();
    facts.truncate(NAMED);
    Some(Trouble {
        kind: Kind::FailedRun,
        about: String::new(),
        sentence: format!("{what} did not come to its end: {}", first.why),
        facts,
        mend: "nothing is lost: the next run goes on where this one stopped; if it does not, look at the connection"
            .to_owned(),
        records: 0,
        amount: None,
    })
}

pub fn sum(records: &[Arc<Summary>]) -> Decimal {
    records
        .iter()
        .fold(Decimal::default(), |sum, summary| sum.checked_add(summary.amount.unwrap_or_default()).unwrap_or(sum))
}

pub fn money(amount: Decimal, currency: Option<&str>) -> String {
    match currency {
        Some(currency) => format!("{} {currency}", amount.money()),
        None => amount.money(),
    }
}

/// `3 days`, `5 hours`, `12 minutes`
pub fn age(span: Span) -> String {
    let seconds = span.as_secs();
    let (count, one, many) = match seconds {
        172_800.. => (seconds / 86_400, "day", "days"),
        7_200.. => (seconds / 3_600, "hour", "hours"),
        _ => (seconds / 60, "minute", "minutes"),
    };
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A share, 0 to 100; `None` of nothing.
pub fn percent(part: u64, whole: u64) -> Option<Decimal> {
    let number = |count: u64| i64::try_from(count).ok().map(Decimal::from);
    number(part)?.checked_mul(Decimal::from(100_i64))?.checked_div(number(whole).filter(|whole| !whole.is_zero())?)
}

#[cfg(test)]
mod tests {
    use super::{Kind, age, troubles};
    use crate::engine::Allowance;
    use crate::model::Notices;
    use crate::serve::operations::situation::{Failed, Situation};
    use crate::value::{Decimal, Span, Timestamp};

    fn now() -> Timestamp {
        Timestamp::from_unix(1_790_000_000)
    }

    fn situation(used: u64) -> Situation {
        let ends = Some(now().plus(Span::from_secs(600)));
        Situation {
            silent: [("invoices".to_owned(), 120)].into(),
            budgets: [("office".to_owned(), Allowance { limit: 3_600, used, ends })].into(),
            failed: [(
                "vendors".to_owned(),
                Failed { run: "r1".to_owned(), started: now(), why: "it is down".to_owned() },
            )]
            .into(),
            ..Situation::default()
        }
    }

    #[test]
    fn only_what_is_wanted_is_told() {
        let told = |wanted: &Notices, used| {
            troubles(wanted, &situation(used), Some("USD"), now()).iter().map(super::Trouble::key).collect::<Vec<_>>()
        };
        assert_eq!(told(&Notices::default(), 3_600), Vec::<String>::new());
        let all =
            Notices { nothing_read: true, failed_run: true, budget: Some(Decimal::from(80_i64)), ..Notices::default() };
        assert_eq!(told(&all, 2_880), ["nothing_read:invoices", "failed_run:"], "80% is not above 80%");
        assert_eq!(told(&all, 2_881), ["nothing_read:invoices", "budget:office", "failed_run:"]);
    }

    #[test]
    fn each_trouble_says_what_and_who_mends_it() {
        let all =
            Notices { nothing_read: true, failed_run: true, budget: Some(Decimal::from(80_i64)), ..Notices::default() };
        let found = troubles(&all, &situation(3_240), None, now());
        let sentences: Vec<&str> = found.iter().map(|trouble| trouble.sentence.as_str()).collect();
        assert_eq!(
            sentences,
            [
                "invoices: no record was read, and 120 were there before",
                "office: 3240 of 3600 requests of the rate allowance are used, 90%",
                "the last run of vendors did not come to its end: it is down",
            ]
        );
        assert!(found.iter().all(|trouble| !trouble.mend.is_empty() && trouble.kind != Kind::Digest));
    }

    #[test]
    fn ages_are_rounded_to_what_matters() {
        let said = [59, 60, 3_600, 7_200, 86_400, 172_800].map(|seconds| age(Span::from_secs(seconds)));
        assert_eq!(said, ["0 minutes", "1 minute", "60 minutes", "2 hours", "24 hours", "2 days"]);
    }
}
