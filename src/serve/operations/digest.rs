//! The daily digest: what was posted and what waits, by customer, as text and as a page.

use super::memory::Stage;
use super::message::{Message, Sender, cut, id};
use super::situation::Situation;
use super::trouble::{Kind, age, money, sum};
use crate::serve::{Index, Summary, Totals};
use crate::store::Outcome;
use crate::value::{Date, Decimal, Timestamp};
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, context};
use serde::Serialize;
use serde_json::json;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// The name ends in `.html`, so that every text is escaped.
const NAME: &str = "digest.html";
const TEMPLATE: &str = include_str!("digest.html");

/// So many kinds of reasons are told.
const REASONS: usize = 8;

/// One customer's day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Section {
    pub pipeline: String,
    pub sandbox: bool,
    pub currency: Option<String>,
    /// Since the last digest.
    pub posted: Line,
    pub waiting: Line,
    /// How long the oldest waits.
    pub oldest: Option<String>,
    pub awaiting_approval: u64,
    /// What waits, by outcome.
    pub outcomes: Vec<Line>,
    /// What waits, by the kind of reason, the most money first.
    pub reasons: Vec<Line>,
    /// Troubles that last, in a sentence each.
    pub troubles: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Line {
    pub name: String,
    pub records: u64,
    pub amount: String,
    pub mend: String,
}

impl Section {
    pub fn of(
        sender: Sender<'_>,
        index: &Index,
        situation: &Situation,
        troubles: Vec<String>,
        (since, now): (Timestamp, Timestamp),
    ) -> Self {
        let posted = index.totals(|summary| summary.posted_since(since));
        let waiting = index.totals(Summary::needs_attention);
        let all = &situation.waiting;
        let outcomes = Outcome::ALL.iter().filter_map(|outcome| {
            let of = all.iter().filter(|summary| summary.outcome == *outcome).cloned().collect::<Vec<_>>();
            (!of.is_empty()).then(|| line(outcome.word(), &of, sender.currency))
        });
        Self {
            pipeline: sender.pipeline.to_owned(),
            sandbox: sender.sandbox,
            currency: sender.currency.map(str::to_owned),
            posted: total("posted", &posted, sender.currency),
            waiting: total("waiting", &waiting, sender.currency),
            oldest: waiting.oldest.map(|oldest| age(now.since(oldest))),
            awaiting_approval: all.iter().filter(|summary| summary.awaits_approval).count() as u64,
            outcomes: outcomes.collect(),
            reasons: reasons(all, sender.currency),
            troubles,
        }
    }

    fn text(&self) -> String {
        let sandbox = if self.sandbox { " (sandbox)" } else { "" };
        let mut text = format!("{}{sandbox}\n", self.pipeline);
        let _ = writeln!(text, "  posted   {:>5}   {}", self.posted.records, self.posted.amount);
        let _ = writeln!(text, "  waiting  {:>5}   {}", self.waiting.records, self.waiting.amount);
        for line in &self.outcomes {
            let _ = writeln!(text, "    {:<10} {:>3}   {}", line.name, line.records, line.amount);
        }
        if let Some(oldest) = &self.oldest {
            let _ = writeln!(text, "  the oldest waits for {oldest}");
        }
        if self.awaiting_approval > 0 {
            let _ = writeln!(text, "  {} wait for approval", self.awaiting_approval);
        }
        for line in &self.reasons {
            let _ = writeln!(text, "  - {} ({}, {})\n    {}", line.name, line.records, line.amount, line.mend);
        }
        for trouble in &self.troubles {
            let _ = writeln!(text, "  ! {trouble}");
        }
        text
    }
}

/// One message of several customers, in the order of their names.
pub fn digest(sections: &[Section], day: Date, now: Timestamp) -> Message {
    let names = sections.iter().map(|section| section.pipeline.as_str()).collect::<Vec<_>>().join(", ");
    let (posted, waiting) = sections.iter().fold((0, 0), |(posted, waiting), section| {
        (posted + section.posted.records, waiting + section.waiting.records)
    });
    let subject = cut(&format!("[{names}] {day}: {posted} posted, {waiting} waiting"));
    let mut text = format!("{day}: {posted} posted since the last digest, {waiting} waiting.\n");
    for section in sections {
        let _ = write!(text, "\n{}", section.text());
    }
    let made = id(&[&names, Kind::Digest.word(), &day.to_string()]);
    let body = json!({
        "text": subject, "id": made, "kind": Kind::Digest.word(), "stage": Stage::Regular.word(),
        "day": day, "at": now, "pipelines": sections,
    });
    let html = page(sections, day, (posted, waiting));
    Message { id: made, kind: Kind::Digest, stage: Stage::Regular, subject, text, html, body, made: now }
}

/// A page that cannot be made leaves the text, which says the same.
fn page(sections: &[Section], day: Date, (posted, waiting): (u64, u64)) -> Option<String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_template(NAME, TEMPLATE).ok()?;
    let values = json!({"day": day, "posted": posted, "waiting": waiting, "sections": sections});
    let rendered =
        environment.get_template(NAME).ok()?.render(context! { digest => minijinja::Value::from(Serde(&values)) });
    rendered.inspect_err(|error| tracing::error!(%error, "the digest's page cannot be made")).ok()
}

fn total(name: &str, totals: &Totals, currency: Option<&str>) -> Line {
    let amount = money(totals.amount, currency);
    Line { name: name.to_owned(), records: totals.records, amount, mend: String::new() }
}

fn line(name: &str, records: &[Arc<Summary>], currency: Option<&str>) -> Line {
    let mend = records.first().map(|summary| summary.mend.clone()).unwrap_or_default();
    Line { name: name.to_owned(), records: records.len() as u64, amount: money(sum(records), currency), mend }
}

fn reasons(waiting: &[Arc<Summary>], currency: Option<&str>) -> Vec<Line> {
    let mut by_kind: BTreeMap<&str, Vec<Arc<Summary>>> = BTreeMap::new();
    for summary in waiting {
        by_kind.entry(&summary.kind).or_default().push(Arc::clone(summary));
    }
    let mut kinds: Vec<(Decimal, Line)> =
        by_kind.iter().map(|(kind, of)| (sum(of).abs(), line(kind, of, currency))).collect();
    kinds.sort_by_key(|(sum, line)| Reverse((*sum, line.records)));
    kinds.into_iter().take(REASONS).map(|(_, line)| line).collect()
}
