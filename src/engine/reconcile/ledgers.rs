//! One resource of the target and the flows that post into it: each of their papers finds
//! what stands there, and what is left has no paper.

use super::Reconciliation;
use super::cause::{Cause, Finding};
use super::item::{Item, Share, Standing};
use super::judge::{Aside, Bench, Sent, share};
use super::look::{Look, less, plus};
use super::names::Names;
use super::papers::{Paper, Papers};
use super::period::Period;
use super::shelf::Shelf;
use crate::connector::Key;
use crate::engine::error::RunError;
use crate::engine::flow_run::FlowRun;
use crate::engine::{label, stored};
use crate::store::RecordEntry;
use crate::value::{Decimal, Record};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A flow with its source, read.
pub(super) struct Side {
    pub flow: FlowRun,
    pub papers: Papers,
}

/// The flows of one target resource, and what stands in it.
pub(super) struct Ledger<'a> {
    pub sides: &'a [Side],
    pub period: Period,
    pub shelf: Shelf,
    pub names: Names,
    accounts: HashSet<String>,
}

/// One record with what it was sent as.
struct Case<'a> {
    side: &'a Side,
    entry: Option<&'a RecordEntry>,
    paper: Option<&'a Paper>,
    sent: Vec<Sent>,
}

impl<'a> Ledger<'a> {
    pub fn new(sides: &'a [Side], period: Period, shelf: Shelf) -> Self {
        Self { sides, period, shelf, names: Names::default(), accounts: HashSet::new() }
    }

    fn bench(&self, side: &'a Side) -> Bench<'a> {
        Bench { flow: &side.flow, papers: &side.papers, period: self.period }
    }

    /// Judges every paper and every record of the period.
    pub async fn close(
        &mut self,
        entries: &'a [Vec<RecordEntry>],
        strangers: &[RecordEntry],
        out: &mut Reconciliation,
    ) -> Result<(), RunError> {
        let mut cases = cases(self.sides, entries);
        self.learn(&cases);
        self.pair(&mut cases);
        self.ask(&mut cases).await?;
        self.set_aside(strangers);
        let first = out.items.len();
        self.judge_posted(&cases, out);
        self.judge_waiting(&cases, out);
        self.judge_rest(first, out);
        Ok(())
    }

    /// Which accounts, projects and parties the papers speak of.
    fn learn(&mut self, cases: &[Case<'_>]) {
        for case in cases {
            let mapped = case.paper.and_then(Paper::mapped);
            for record in mapped.into_iter().chain(case.sent.iter().map(|part| &part.record)) {
                let Some(look) = Look::at(&case.side.flow.target, record) else { continue };
                for line in look.lines().unwrap_or_default() {
                    if let Some(paper) = case.paper {
                        self.names.project(&line.project, &paper.project);
                    }
                    self.accounts.insert(line.code);
                }
                if let Some((paper, code)) = case.paper.zip(look.party()) {
                    self.names.party(&code, paper.party.as_deref().unwrap_or_default());
                }
            }
        }
    }

    /// Finds what was posted: by its key first, then by the name that it was given there.
    fn pair(&mut self, cases: &mut [Case<'_>]) {
        for case in cases.iter_mut() {
            for part in case.sent.iter_mut().filter(|part| part.found.is_none()) {
                let keyed = key_of(&case.side.flow, &part.record).map(|key| self.shelf.keyed(&key));
                let keyed = keyed.unwrap_or_default();
                let own = keyed.iter().copied().find(|&at| self.shelf.stood[at].reference == part.reference);
                part.found = own.or_else(|| self.shelf.named(&part.reference)).or_else(|| keyed.first().copied());
                if let Some(at) = part.found {
                    self.shelf.stood[at].taken = true;
                }
            }
        }
    }

    /// Asks for what should stand in the period and was not among what was read of it.
    async fn ask(&mut self, cases: &mut [Case<'_>]) -> Result<(), RunError> {
        let mut keys: BTreeMap<String, Key> = BTreeMap::new();
        for case in cases.iter() {
            let bench = self.bench(case.side);
            let in_period =
                |record: &Record| bench.look(record).and_then(Look::day).is_some_and(|day| self.period.has(day));
            let mapped = case.paper.and_then(Paper::mapped);
            let concerned = mapped.is_some_and(in_period);
            let missing = case.sent.iter().filter(|part| part.found.is_none());
            let missing = missing.filter(|part| concerned || in_period(&part.record)).map(|part| &part.record);
            let unposted = mapped.filter(|_| case.sent.is_empty() && concerned);
            for record in missing.chain(unposted) {
                if let Some(key) = key_of(&case.side.flow, record)
                    && (!case.sent.is_empty() || self.shelf.keyed(&key).is_empty())
                {
                    keys.insert(key.canonical(), key);
                }
            }
        }
        let Some(side) = self.sides.first() else { return Ok(()) };
        let target = side.flow.flow().target();
        let keys: Vec<Key> = keys.into_values().collect();
        self.shelf.ask(&side.flow.context, &target.connection, &target.resource, &keys).await?;
        self.pair(cases);
        Ok(())
    }

    /// What other flows have posted is no stranger here.
    fn set_aside(&mut self, strangers: &[RecordEntry]) {
        for entry in strangers {
            let names = entry.parts.iter().map(|part| &part.reference).chain(&entry.reference);
            for name in names {
                if let Some(at) = self.shelf.named(name) {
                    self.shelf.stood[at].taken = true;
                }
            }
        }
    }

    fn judge_posted(&mut self, cases: &[Case<'_>], out: &mut Reconciliation) {
        for case in cases.iter().filter(|case| !case.sent.is_empty()) {
            let Some(entry) = case.entry else { continue };
            let bench = self.bench(case.side);
            if !bench.concerns(&case.sent, case.paper, &self.shelf) {
                continue;
            }
            if case.paper.is_none() && !case.side.papers.covers(&case.side.flow, &entry.id) {
                out.unread.push(unread_scope(case.side, &entry.label));
            }
            if let Some(sentence) = case.side.papers.broken.get(&entry.id).filter(|_| case.paper.is_none()) {
                out.unread.push(format!("{}: {sentence}", entry.label));
            }
            out.items.push(bench.posted(entry, case.paper, &case.sent, &self.shelf));
        }
    }

    fn judge_waiting(&mut self, cases: &[Case<'_>], out: &mut Reconciliation) {
        for case in cases.iter().filter(|case| case.sent.is_empty()) {
            let key = case.paper.and_then(Paper::mapped).and_then(|mapped| key_of(&case.side.flow, mapped));
            let there = key.and_then(|key| self.shelf.keyed(&key).first().copied());
            let bench = self.bench(case.side);
            match bench.waiting(case.entry, case.paper, there, &self.shelf) {
                Ok(item) => {
                    out.items.push(item);
                    if let Some(at) = there {
                        self.shelf.stood[at].taken = true;
                    }
                }
                Err(Aside::No) => {}
                Err(Aside::Skipped(amount)) => {
                    out.skipped += 1;
                    out.skipped_amount = plus(out.skipped_amount, amount);
                }
                Err(Aside::Unread(label)) => out.unread.push(unread_scope(case.side, &label)),
            }
        }
    }

    /// What stands in the target in the period and has no paper.
    fn judge_rest(&mut self, first: usize, out: &mut Reconciliation) {
        let Some(side) = self.sides.first() else { return };
        let twins: HashMap<String, String> = out.items[first..]
            .iter()
            .filter(|item| item.standing == Standing::Posted)
            .filter_map(|item| Some((self.likeness(*self.shelf.named_any(&item.reference)?)?, item.reference.clone())))
            .collect();
        for at in 0..self.shelf.stood.len() {
            let Some(look) = self.shelf.look(at).filter(|_| !self.shelf.stood[at].taken) else { continue };
            if !look.day().is_some_and(|day| self.period.has(day)) {
                continue;
            }
            let amount = look.amount().unwrap_or_default();
            let twin = self.likeness(at).and_then(|likeness| twins.get(&likeness));
            if twin.is_none() && !self.is_ours(look) {
                out.elsewhere += 1;
                out.elsewhere_amount = plus(out.elsewhere_amount, amount);
                continue;
            }
            let item = self.stranger(side, at, look, amount, twin);
            out.items.push(item);
        }
    }

    /// The same for records that bill the same thing: party, amount and day.
    fn likeness(&self, at: usize) -> Option<String> {
        let look = self.shelf.look(at)?;
        Some(format!("{:?} {:?} {:?}", look.party(), look.amount(), look.day()))
    }

    /// It is booked on a project or an account that the papers are booked on.
    fn is_ours(&self, look: Look<'_>) -> bool {
        let Some(lines) = look.lines() else { return true };
        lines.iter().any(|line| self.names.knows_project(&line.project) || self.accounts.contains(&line.code))
    }

    fn stranger(&self, side: &Side, at: usize, look: Look<'_>, amount: Decimal, twin: Option<&String>) -> Item {
        let (source, target) = (&side.flow.source_title, &side.flow.target_title);
        let reference = self.shelf.stood[at].reference.clone();
        let named = label::plain(look.spec, look.record);
        let (cause, sentence, mend) = match twin {
            Some(other) => (
                Cause::Twice,
                format!(
                    "{reference} has the supplier, the amount ({}) and the day of {other}, under another number",
                    amount.money()
                ),
                format!("look at both in {target}; if it is one invoice, void {reference}"),
            ),
            None => (
                Cause::Foreign,
                format!(
                    "{named} stands in {target} as {reference} over {}, and no paper of {source} stands behind it: somebody keyed it by hand, or another program did",
                    amount.money()
                ),
                format!(
                    "find its paper: enter it in {source} if it belongs to a job, or leave it and say so at the close"
                ),
            ),
        };
        let mut item = Item {
            flow: side.flow.name.clone(),
            key: String::new(),
            label: named,
            project: look
                .lines()
                .unwrap_or_default()
                .iter()
                .map(|line| line.project.as_str())
                .find(|code| !code.is_empty())
                .map_or_else(|| "(no project)".to_owned(), |code| self.names.project_of(code)),
            reference,
            day: look.day(),
            standing: Standing::Foreign,
            approved: Share::default(),
            posted: share(look.spec, amount, [look.record], Vec::new()),
            findings: vec![Finding::new(cause, amount.negated(), sentence, mend)],
        };
        item.approved.party.clone_from(&item.posted.party);
        debug_assert!(less(item.difference(), amount.negated()).is_zero(), "told whole");
        item
    }
}

fn unread_scope(side: &Side, label: &str) -> String {
    format!("{label}: its part of {} was not read this time", side.flow.source_title)
}

/// Every record that either side of ours knows, each once.
fn cases<'a>(sides: &'a [Side], entries: &'a [Vec<RecordEntry>]) -> Vec<Case<'a>> {
    let mut cases = Vec::new();
    for (side, entries) in sides.iter().zip(entries) {
        let papers: HashMap<_, &Paper> = side.papers.all.iter().map(|paper| (&paper.id, paper)).collect();
        let known: HashSet<_> = entries.iter().map(|entry| &entry.id).collect();
        for entry in entries {
            let sent = sent(&side.flow, entry);
            cases.push(Case { side, entry: Some(entry), paper: papers.get(&entry.id).copied(), sent });
        }
        let new = side.papers.all.iter().filter(|paper| !known.contains(&paper.id));
        cases.extend(new.map(|paper| Case { side, entry: None, paper: Some(paper), sent: Vec::new() }));
    }
    cases
}

/// What was posted of a record: itself, or the first post and its corrections.
fn sent(flow: &FlowRun, entry: &RecordEntry) -> Vec<Sent> {
    let Some(reference) = &entry.reference else { return Vec::new() };
    let typed = |json: &serde_json::Value| stored::partial(&flow.target_type, json).unwrap_or_default();
    if entry.parts.is_empty() {
        let record = entry.target.as_ref().map(typed).unwrap_or_default();
        return vec![Sent { record, reference: reference.clone(), found: None }];
    }
    let part = |part: &crate::store::Part| Sent {
        record: typed(&part.target),
        reference: part.reference.clone(),
        found: None,
    };
    entry.parts.iter().map(part).collect()
}

/// The natural key of a target record; `None` if a part of it is absent.
fn key_of(flow: &FlowRun, record: &Record) -> Option<Key> {
    let field = |name: &std::sync::Arc<str>| {
        let value = record.get(name).filter(|value| !value.is_null())?;
        Some((name.clone(), value.clone()))
    };
    flow.flow().target().key.iter().map(field).collect::<Option<Vec<_>>>().map(Key)
}
