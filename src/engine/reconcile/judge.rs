//! What is to be said of one paper: what the source approves, what stands in the target,
//! and each cause for which the two are not the same.

use super::cause::{Cause, Finding};
use super::item::{Item, Share, Standing};
use super::look::{Look, less, plus};
use super::papers::{NO_CODE, Paper, Papers, codes};
use super::period::Period;
use super::shelf::Shelf;
use super::sums::NO_ACCOUNT;
use super::{ours, theirs};
use crate::connector::ResourceSpec;
use crate::engine::flow_run::FlowRun;
use crate::engine::{kinds, stored};
use crate::program::Evaluation;
use crate::store::{Outcome, RecordEntry};
use crate::syntax;
use crate::value::{Date, Decimal, Record};

/// All that the papers of one flow are judged by.
pub(super) struct Bench<'a> {
    pub flow: &'a FlowRun,
    pub papers: &'a Papers,
    pub period: Period,
}

/// What was sent of a record, and where it was found: more than one record where it was corrected.
pub(super) struct Sent {
    pub record: Record,
    pub reference: String,
    pub found: Option<usize>,
}

/// A record that has nothing to be posted, and why.
pub(super) enum Aside {
    /// Not of this period, or not wanted.
    No,
    /// A rule of the pipeline leaves it out.
    Skipped(Decimal),
    /// Could not be read, so nothing is known.
    Unread(String),
}

impl Bench<'_> {
    pub fn look<'r>(&'r self, record: &'r Record) -> Option<Look<'r>> {
        Look::at(&self.flow.target, record)
    }

    fn is_in(&self, look: Option<Look<'_>>) -> bool {
        look.and_then(Look::day).is_some_and(|day| self.period.has(day))
    }

    /// The amount of a target record, if it counts in the period.
    pub fn counted(&self, record: &Record) -> Decimal {
        let look = self.look(record).filter(|look| self.is_in(Some(*look)));
        look.and_then(Look::amount).unwrap_or_default()
    }

    /// Whether anything of a posted record counts in the period.
    pub fn concerns(&self, sent: &[Sent], paper: Option<&Paper>, shelf: &Shelf) -> bool {
        let mapped = paper.and_then(Paper::mapped);
        sent.iter().any(|part| self.is_in(self.look(&part.record)))
            || mapped.is_some_and(|mapped| self.is_in(self.look(mapped)))
            || sent.iter().filter_map(|part| part.found).any(|at| self.is_in(shelf.look(at)))
    }

    /// A record that was posted.
    pub fn posted(&self, entry: &RecordEntry, paper: Option<&Paper>, sent: &[Sent], shelf: &Shelf) -> Item {
        let was = sent.iter().fold(Decimal::ZERO, |sum, part| plus(sum, self.counted(&part.record)));
        let whole = entry.target.as_ref().and_then(|json| stored::partial(&self.flow.target_type, json));
        let whole = whole.or_else(|| sent.first().map(|part| part.record.clone())).unwrap_or_default();
        let (approved, mut findings) = ours::findings(self, entry, paper, &whole, was);
        let mut there = Decimal::ZERO;
        for part in sent {
            let (amount, more) = theirs::findings(self, entry, part, shelf);
            there = plus(there, amount);
            findings.extend(more);
        }
        let first = sent.first().and_then(|part| part.found);
        let mapped = paper.and_then(Paper::mapped).unwrap_or(&whole);
        let codes_now = paper.map_or_else(|| self.stored_codes(entry), |paper| paper.codes.clone());
        let codes_then = if there == approved { codes_now.clone() } else { self.stored_codes(entry) };
        let stood: Vec<&Record> = sent.iter().filter_map(|part| Some(&shelf.stood[part.found?].record)).collect();
        let mut item = Item {
            flow: self.flow.name.clone(),
            key: entry.id.key.clone(),
            label: entry.label.clone(),
            project: self.project(entry, paper),
            reference: entry.reference.clone().unwrap_or_default(),
            day: self.look(mapped).and_then(Look::day),
            standing: Standing::Posted,
            approved: share(&self.flow.target, approved, [mapped], codes_now),
            posted: share(&self.flow.target, there, stood, codes_then),
            findings,
        };
        if item.posted.party.is_empty() {
            item.posted.party.clone_from(&item.approved.party);
        }
        if let Some(at) = first {
            item.reference.clone_from(&shelf.stood[at].reference);
        }
        explained(&mut item);
        item
    }

    /// A record that was never posted. `there` is what carries its key all the same.
    pub fn waiting(
        &self,
        entry: Option<&RecordEntry>,
        paper: Option<&Paper>,
        there: Option<usize>,
        shelf: &Shelf,
    ) -> Result<Item, Aside> {
        let doubtful = entry.is_some_and(|entry| self.is_in_doubt(entry));
        let Some(paper) = paper else { return self.unseen(entry, doubtful) };
        let day = paper.mapped().map_or(paper.day, |mapped| self.look(mapped).and_then(Look::day));
        // Without a day it may belong to any period: it is told in each, until it has one.
        if day.is_some_and(|day| !self.period.has(day)) {
            return Err(Aside::No);
        }
        let amount = match &paper.now {
            Evaluation::Skipped if !doubtful => return Err(Aside::No),
            Evaluation::Stopped(stop) if stop.outcome == syntax::Outcome::Skip && !doubtful => {
                return Err(Aside::Skipped(paper.amount.unwrap_or_default()));
            }
            Evaluation::Mapped(mapped) => self.look(&mapped.target).and_then(Look::amount),
            Evaluation::Skipped | Evaluation::Stopped(_) => paper.amount,
        };
        let approved = amount.unwrap_or_default();
        let (standing, cause, sentence, mend) = self.why(entry, paper, doubtful);
        let posted = there.map_or(Decimal::ZERO, |at| self.counted(&shelf.stood[at].record));
        let finding = Finding::new(cause, less(approved, posted), sentence, mend);
        let mapped: Vec<&Record> = paper.mapped().into_iter().collect();
        let mut codes = paper.codes.clone();
        if codes.is_empty() && !approved.is_zero() {
            codes = vec![(NO_CODE.to_owned(), approved)];
        }
        let mut item = Item {
            flow: self.flow.name.clone(),
            key: paper.id.key.clone(),
            label: paper.label.clone(),
            project: paper.project.clone(),
            reference: there.map(|at| shelf.stood[at].reference.clone()).unwrap_or_default(),
            day,
            standing,
            approved: share(&self.flow.target, approved, mapped, codes.clone()),
            posted: share(
                &self.flow.target,
                posted,
                there.map(|at| &shelf.stood[at].record),
                if posted == approved { codes } else { Vec::new() },
            ),
            findings: vec![finding],
        };
        if item.approved.party.is_empty() {
            item.approved.party = paper.party.clone().unwrap_or_default();
        }
        explained(&mut item);
        Ok(item)
    }

    /// Nothing was posted of it, and the source does not show it now.
    fn unseen(&self, entry: Option<&RecordEntry>, doubtful: bool) -> Result<Item, Aside> {
        let Some(entry) = entry else { return Err(Aside::No) };
        let broken = self.papers.broken.get(&entry.id);
        if !doubtful && broken.is_none() {
            let waits = entry.outcome.needs_attention() && !self.papers.covers(self.flow, &entry.id);
            return Err(if waits { Aside::Unread(entry.label.clone()) } else { Aside::No });
        }
        let day = entry.target.as_ref().and_then(|json| stored::partial(&self.flow.target_type, json));
        let day = day.as_ref().and_then(|record| self.look(record)).and_then(Look::day);
        if day.is_some_and(|day| !self.period.has(day)) {
            return Err(Aside::No);
        }
        let amount = entry.amount.as_ref().and_then(|text| text.parse().ok()).unwrap_or_default();
        let (standing, cause) =
            if doubtful { (Standing::InDoubt, Cause::InDoubt) } else { (Standing::Rejected, Cause::Rejected) };
        let reason = broken.cloned().unwrap_or_else(|| entry.reason.clone());
        let mut item = Item {
            flow: self.flow.name.clone(),
            key: entry.id.key.clone(),
            label: entry.label.clone(),
            project: self.project(entry, None),
            reference: String::new(),
            day,
            standing,
            approved: share(&self.flow.target, amount, [], vec![(NO_CODE.to_owned(), amount)]),
            posted: Share::default(),
            findings: vec![Finding::new(cause, amount, reason, entry.mend.clone())],
        };
        explained(&mut item);
        Ok(item)
    }

    fn is_in_doubt(&self, entry: &RecordEntry) -> bool {
        entry.outcome == Outcome::InDoubt || self.flow.in_doubt.contains_key(&entry.id)
    }

    fn why(&self, entry: Option<&RecordEntry>, paper: &Paper, doubtful: bool) -> (Standing, Cause, String, String) {
        let Some(entry) = entry.filter(|entry| entry.outcome.needs_attention() || doubtful) else {
            let next = match &paper.now {
                Evaluation::Stopped(stop) => format!("the next run would not post it: {}", stop.sentence),
                _ => "the next run takes it up".to_owned(),
            };
            let source = &self.flow.source_title;
            let sentence = format!("approved in {source} since the last run; {next}");
            return (Standing::NotSeen, Cause::NotSeen, sentence, "run the pipeline, and reconcile again".to_owned());
        };
        let (standing, cause) = match entry.outcome {
            _ if doubtful => (Standing::InDoubt, Cause::InDoubt),
            Outcome::Held if entry.kind == kinds::APPROVAL => (Standing::AwaitingApproval, Cause::AwaitingApproval),
            Outcome::Rejected => (Standing::Rejected, Cause::Rejected),
            Outcome::Failed => (Standing::Failed, Cause::Failed),
            _ => (Standing::Held, Cause::Held),
        };
        (standing, cause, entry.reason.clone(), entry.mend.clone())
    }

    fn project(&self, entry: &RecordEntry, paper: Option<&Paper>) -> String {
        if let Some(paper) = paper {
            return paper.project.clone();
        }
        let scope = entry.id.key.split('/').next().unwrap_or_default();
        self.papers.scopes.get(scope).cloned().unwrap_or_else(|| scope.to_owned())
    }

    /// The cost codes of a record as it was when it was posted.
    fn stored_codes(&self, entry: &RecordEntry) -> Vec<(String, Decimal)> {
        let scope = self.flow.scope.as_ref().map(|(_, ty)| ty.as_ref());
        let restored = stored::restore(&entry.source, &self.flow.source_type, scope);
        let look = restored.as_ref().and_then(|(record, _)| Look::at(&self.flow.source, record));
        look.map(codes).unwrap_or_default()
    }
}

impl Paper {
    /// What today's pipeline makes of it.
    pub fn mapped(&self) -> Option<&Record> {
        match &self.now {
            Evaluation::Mapped(mapped) => Some(&mapped.target),
            _ => None,
        }
    }
}

/// An amount by the parties, codes and accounts of the records that it comes from. What
/// they do not account for is said to be on none.
pub(super) fn share<'r>(
    spec: &ResourceSpec,
    amount: Decimal,
    records: impl IntoIterator<Item = &'r Record>,
    codes: Vec<(String, Decimal)>,
) -> Share {
    let mut party = String::new();
    let mut accounts = Vec::new();
    for look in records.into_iter().filter_map(|record| Look::at(spec, record)) {
        if party.is_empty() {
            party = look.party().unwrap_or_default();
        }
        accounts.extend(look.lines().unwrap_or_default().into_iter().map(|line| (line.code, line.amount)));
    }
    if amount.is_zero() {
        return Share { amount, party, codes: Vec::new(), accounts: Vec::new() };
    }
    Share { amount, party, codes: filled(codes, amount, NO_CODE), accounts: filled(accounts, amount, NO_ACCOUNT) }
}

/// The parts with what is missing to the whole.
fn filled(mut parts: Vec<(String, Decimal)>, whole: Decimal, rest: &str) -> Vec<(String, Decimal)> {
    let missing = parts.iter().fold(whole, |left, (_, amount)| less(left, *amount));
    if !missing.is_zero() {
        parts.push((rest.to_owned(), missing));
    }
    parts
}

/// A difference that no cause accounts for is never hidden.
pub(super) fn explained(item: &mut Item) {
    let told = item.findings.iter().fold(Decimal::ZERO, |sum, finding| plus(sum, finding.amount));
    let left = less(item.difference(), told);
    if !left.is_zero() {
        let sentence = format!("{} of the difference has no cause that this comparison knows", left.money());
        item.findings.push(Finding::new(Cause::Unexplained, left, sentence, "report this, with the paper's number"));
    }
}

/// `2026-10-31`, or that there is none.
pub(super) fn shown(day: Option<Date>) -> String {
    day.map_or_else(|| "no day".to_owned(), |day| day.to_string())
}
