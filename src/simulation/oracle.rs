//! Compares both books and the store with what should stand there.
//!
//! What holds at any moment is asked after each life of the process; what holds when nothing
//! is left to do, at the end.

use super::extras::{Grant, approved, corrections_announced, marked, marks};
use super::network::Network;
use super::programs::{Rules, Scope};
use super::reckoning::{COSTS, Entry, INVOICES, Key, PAYMENTS, PaperId, VENDORS, Verdict, plus};
use super::reckoning::{received, reckon, suppliers};
use super::stands::Stands;
use crate::store::{MemoryStore, Outcome, RecordEntry, RecordId, Store, audit};
use crate::value::Decimal;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    pub invariant: &'static str,
    /// What stands where.
    pub detail: String,
}

pub(super) fn breach<T>(invariant: &'static str, detail: impl Into<String>) -> Result<T, Breach> {
    Err(Breach { invariant, detail: detail.into() })
}

/// Lists of the ledger, and the flows that write them.
pub(super) const LISTS: [(&str, &[&str]); 2] =
    [("supplier_invoices", &[INVOICES, COSTS]), ("ap_payments", &[PAYMENTS])];

pub struct Oracle<'a> {
    pub network: &'a Network,
    pub store: &'a MemoryStore,
    pub scope: Scope,
    /// The accountants changed their table.
    pub remapped: bool,
    pub rules: Rules,
    /// To what people said yes.
    pub grants: &'a [Grant],
}

/// What is looked at: the books of one moment, and all that the papers ever said.
pub(super) struct Sight {
    entries: BTreeMap<&'static str, Vec<Stands>>,
    directory: Vec<Json>,
    pub records: Vec<RecordEntry>,
    /// Papers as the other side shows them, by list.
    pub papers: BTreeMap<String, Vec<Json>>,
    /// What each paper would have become, by each of its versions and tables.
    versions: BTreeMap<PaperId, Vec<Entry>>,
}

impl Oracle<'_> {
    fn sight(&self) -> Result<Sight, Breach> {
        let books = self.network.books();
        let list = |name: &str| books.get(name).map(Vec::as_slice).unwrap_or_default();
        let mut versions: BTreeMap<PaperId, Vec<Entry>> = BTreeMap::new();
        for version in self.network.versions() {
            for remapped in [false, true].into_iter().filter(|remapped| self.remapped || !remapped) {
                for (id, verdict) in reckon(&version, self.scope, remapped) {
                    let known = versions.entry(id).or_default();
                    if let Verdict::Due(entry) = verdict
                        && !known.contains(&entry)
                    {
                        known.push(entry);
                    }
                }
            }
        }
        let records = self.store.records(None).or_else(|error| breach("the store can be read", error.to_string()))?;
        Ok(Sight {
            entries: LISTS.iter().map(|(name, _)| (*name, Stands::all(list(name)))).collect(),
            directory: list("vendors").to_vec(),
            records,
            versions,
            papers: books,
        })
    }

    /// What holds at any moment.
    pub fn always(&self) -> Result<(), Breach> {
        let sight = self.sight()?;
        if let Err(error) = audit::verify_store(self.store) {
            return breach("the audit chain is whole", error.to_string());
        }
        sight.never_twice()?;
        self.not_on_top(&sight)?;
        sight.of_a_paper()?;
        self.announced(&sight)?;
        sight.posted_stands()?;
        if self.rules.approve {
            approved(&sight, self.grants)?;
        }
        marks(&sight)?;
        self.within_receipts(&sight)
    }

    /// What somebody had keyed in before the first run is not posted once more.
    fn not_on_top(&self, sight: &Sight) -> Result<(), Breach> {
        let versions = self.network.versions();
        let Some(first) = versions.first() else { return Ok(()) };
        let lay_there = |entry: &&Stands| {
            first.ledger.iter().any(|keyed| keyed.supplier == entry.key.0 && keyed.reference == entry.key.1)
        };
        match sight.ours(LISTS[0].0).find(lay_there) {
            Some(entry) => breach("what lies there is not posted again", entry.shown.clone()),
            None => Ok(()),
        }
    }

    /// Nothing stands there that was not announced before it was sent.
    fn announced(&self, sight: &Sight) -> Result<(), Breach> {
        let intents = self.store.intents().or_else(|error| breach("the store can be read", error.to_string()))?;
        let open: BTreeSet<&RecordId> = intents.iter().map(|intent| &intent.record).collect();
        for (list, flows) in LISTS {
            for entry in sight.ours(list) {
                let owned = |record: &&RecordEntry| {
                    let own = flows.contains(&record.id.flow.as_str());
                    let known = record.reference.is_some() || open.contains(&record.id);
                    own && known && sight.had(record).iter().any(|version| version.key == entry.key)
                };
                // Two under one key are told, and nobody can say which is ours.
                let one_of_two = sight.by_hand(list, &entry.key);
                if !one_of_two && !sight.records.iter().any(|record| owned(&record)) {
                    return breach("nothing is sent that was not announced", entry.shown.clone());
                }
            }
        }
        corrections_announced(&sight.records, &intents, sight.ours(LISTS[0].0))
    }

    /// No order is invoiced beyond what was received of it.
    fn within_receipts(&self, sight: &Sight) -> Result<(), Breach> {
        let versions = self.network.versions();
        let Some(now) = versions.last() else { return Ok(()) };
        let worth = received(now);
        for (order, invoiced) in sight.invoiced() {
            let worth = worth.get(&order).copied().unwrap_or_default();
            if invoiced > worth {
                return breach(
                    "no order is invoiced beyond its receipts",
                    format!("{order}: {worth} came in, {invoiced} is invoiced"),
                );
            }
        }
        Ok(())
    }

    /// What holds when nothing is left to do.
    pub fn finally(&self) -> Result<(), Breach> {
        self.always()?;
        let sight = self.sight()?;
        let intents = self.store.intents().or_else(|error| breach("the store can be read", error.to_string()))?;
        if let Some(intent) = intents.first() {
            return breach("nothing stays open", format!("{} waits for its answer", intent.record));
        }
        let versions = self.network.versions();
        let Some(now) = versions.last() else { return Ok(()) };
        for (id, verdict) in reckon(now, self.scope, self.remapped) {
            let record = sight.record(&id);
            let told = record.is_some_and(is_told);
            match verdict {
                Verdict::Skipped => {}
                Verdict::Told if told || sight.stands_as_it_was(&id) => {}
                Verdict::Told => {
                    return breach("never lost", said(&id, record, "it waits for a person, and nobody is told"));
                }
                Verdict::Due(entry) => {
                    let free = |order: &str| self.room(&sight, now, order);
                    sight.due(&id, &entry, record, free(&entry.order))?;
                }
            }
        }
        if self.rules.mark {
            marked(&sight)?;
        }
        sight.linked(&suppliers(now))
    }

    /// What could still be invoiced of an order; `None` where the last of it came in just now.
    fn room(&self, sight: &Sight, now: &crate::connector::contractor::Contractor, order: &str) -> Option<Decimal> {
        let worth = received(now).get(order).copied()?;
        worth.checked_sub(sight.invoiced().get(order).copied().unwrap_or_default())
    }
}

impl Sight {
    pub fn ours(&self, list: &str) -> impl Iterator<Item = &Stands> {
        self.entries.get(list).into_iter().flatten().filter(|entry| !entry.by_hand)
    }

    fn by_hand(&self, list: &str, key: &Key) -> bool {
        self.entries.get(list).into_iter().flatten().any(|entry| entry.by_hand && entry.key == *key)
    }

    fn list_of(flow: &str) -> &'static str {
        if flow == PAYMENTS { LISTS[1].0 } else { LISTS[0].0 }
    }

    /// What a record's paper was in all its versions.
    pub fn had(&self, record: &RecordEntry) -> &[Entry] {
        let flows = [INVOICES, COSTS, PAYMENTS];
        let flow = flows.into_iter().find(|flow| *flow == record.id.flow);
        let versions = flow.and_then(|flow| self.versions.get(&(flow, record.id.key.clone())));
        versions.map(Vec::as_slice).unwrap_or_default()
    }

    fn record(&self, id: &PaperId) -> Option<&RecordEntry> {
        self.records.iter().find(|record| record.id.flow == id.0 && record.id.key == id.1)
    }

    /// By order, what our invoices come to.
    fn invoiced(&self) -> BTreeMap<String, Decimal> {
        let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
        for entry in self.ours(LISTS[0].0).filter(|entry| !entry.order.is_empty()) {
            let sum = sums.entry(entry.order.clone()).or_default();
            *sum = plus(*sum, entry.total);
        }
        sums
    }

    fn never_twice(&self) -> Result<(), Breach> {
        for (list, _) in LISTS {
            let mut met: BTreeMap<Key, &Stands> = BTreeMap::new();
            for (key, entry) in self.ours(list).flat_map(|entry| entry.keys().map(move |key| (key, entry))) {
                if let Some(first) = met.insert(key, entry) {
                    return breach("never twice", format!("{list} has\n  {}\n  {}", first.shown, entry.shown));
                }
            }
        }
        let mut linked: BTreeMap<&str, &Json> = BTreeMap::new();
        for vendor in &self.directory {
            let Some(origin) = vendor["origin_id"].as_str() else { continue };
            if let Some(first) = linked.insert(origin, vendor) {
                return breach("never twice", format!("the directory has\n  {first}\n  {vendor}"));
            }
        }
        Ok(())
    }

    /// Each entry is what one of the papers said, to the cent.
    fn of_a_paper(&self) -> Result<(), Breach> {
        for (list, flows) in LISTS {
            for entry in self.ours(list) {
                let papers = self.versions.iter().filter(|((flow, _), _)| flows.contains(flow));
                let mut said =
                    papers.flat_map(|(_, versions)| versions).filter(|version| version.key == entry.key).peekable();
                if said.peek().is_none() {
                    return breach("nothing stands there without a paper", entry.shown.clone());
                }
                let wanted: Vec<&Entry> = said.collect();
                if !wanted.iter().any(|version| entry.is(version)) {
                    return breach("amounts to the cent", format!("{}\n  wanted {wanted:?}", entry.shown));
                }
            }
        }
        Ok(())
    }

    /// What a record says of itself is so.
    fn posted_stands(&self) -> Result<(), Breach> {
        for record in self.records.iter().filter(|record| record.outcome == Outcome::Posted) {
            let stands = if record.id.flow == VENDORS {
                let origin = format!("supplier:{}", record.id.key);
                self.directory.iter().any(|vendor| vendor["origin_id"] == origin.as_str())
            } else {
                let had = self.had(record);
                self.ours(Self::list_of(&record.id.flow)).any(|entry| had.iter().any(|version| entry.is(version)))
            };
            if !stands {
                return breach("what is posted stands there", format!("{} says that it is", record.id));
            }
        }
        Ok(())
    }

    /// An earlier version of the paper stands, and nothing has to be said of it.
    fn stands_as_it_was(&self, id: &PaperId) -> bool {
        let versions = self.versions.get(id).map(Vec::as_slice).unwrap_or_default();
        self.ours(Self::list_of(id.0)).any(|entry| versions.iter().any(|version| entry.is(version)))
    }

    fn due(
        &self,
        id: &PaperId,
        wanted: &Entry,
        record: Option<&RecordEntry>,
        room: Option<Decimal>,
    ) -> Result<(), Breach> {
        let list = Self::list_of(id.0);
        let told = record.is_some_and(is_told);
        let claimed = |(other, versions): (&PaperId, &Vec<Entry>)| {
            other != id && Self::list_of(other.0) == list && versions.iter().any(|version| version.key == wanted.key)
        };
        let twin = self.versions.iter().any(claimed);
        let by_hand = self.by_hand(list, &wanted.key);
        let Some(stands) = self.ours(list).find(|entry| entry.key == wanted.key) else {
            if by_hand && told {
                return Ok(());
            }
            let short = !wanted.order.is_empty() && room.is_none_or(|room| wanted.total > room);
            let unpaid = id.0 == PAYMENTS && !self.is_borne(record);
            let excused = short || unpaid;
            return match (excused, told) {
                (true, true) => Ok(()),
                (true, false) => breach("never lost", said(id, record, "it waits, and nobody is told")),
                (false, _) => breach("never lost", said(id, record, &format!("it is due: {wanted:?}"))),
            };
        };
        let posted = record.is_some_and(|record| record.outcome == Outcome::Posted);
        match stands.is(wanted) {
            true if posted || (twin || by_hand) && told => Ok(()),
            true => breach("what stands is said to be posted", said(id, record, &stands.shown)),
            false if told => Ok(()),
            false => {
                // Another table stood for it when it was posted, and that is for the papers to come.
                let by_another = self.versions.get(id).is_some_and(|versions| {
                    versions.iter().any(|version| stands.is(version) && version.total == wanted.total)
                });
                if by_another { Ok(()) } else { breach("a change is told", said(id, record, &stands.shown)) }
            }
        }
    }

    /// Whether there is an invoice in the ledger that all payments of it fit on. A payment goes
    /// to the first post of a corrected invoice, which bears no more than was posted with it.
    fn is_borne(&self, payment: Option<&RecordEntry>) -> bool {
        let Some(invoice) = payment.and_then(paid_invoice) else { return true };
        let is_it = |record: &&RecordEntry| record.id.flow == INVOICES && record.id.key == invoice;
        let Some(record) = self.records.iter().find(is_it).filter(|record| record.reference.is_some()) else {
            return false;
        };
        let had = self.had(record);
        let stands = self.ours(LISTS[0].0).find(|entry| had.iter().any(|version| version.key == entry.key));
        let Some(stands) = stands.filter(|entry| !entry.corrections.is_empty()) else { return true };
        let paid = self.records.iter().filter(|record| paid_invoice(record).as_ref() == Some(&invoice));
        let paid =
            paid.filter_map(|record| self.had(record).last()).fold(Decimal::ZERO, |sum, one| plus(sum, one.total));
        paid.is_negative() == stands.first.is_negative() && paid.abs() <= stands.first.abs()
    }

    /// Every supplier has one vendor, or somebody is told why not.
    fn linked(&self, suppliers: &[String]) -> Result<(), Breach> {
        for code in suppliers {
            let origin = format!("supplier:{code}");
            let there = self.directory.iter().any(|vendor| vendor["origin_id"] == origin.as_str());
            let id = (VENDORS, code.clone());
            let record = self.record(&id);
            if !there && !record.is_some_and(is_told) {
                return breach("never lost", said(&id, record, "no vendor is linked with it"));
            }
        }
        Ok(())
    }
}

/// The key of the invoice that a payment's record names.
fn paid_invoice(payment: &RecordEntry) -> Option<String> {
    let project = payment.id.key.split('/').next().filter(|_| payment.id.flow == PAYMENTS)?;
    let source = &payment.source;
    let invoice = source["requisition_id"].as_i64().or(source["record"]["requisition_id"].as_i64())?;
    Some(format!("{project}/{invoice}"))
}

/// A sentence stands there for somebody to read.
fn is_told(record: &RecordEntry) -> bool {
    record.outcome.needs_attention() && !record.reason.trim().is_empty()
}

fn said(id: &PaperId, record: Option<&RecordEntry>, why: &str) -> String {
    let record = record.map_or_else(
        || "the store knows nothing of it".to_owned(),
        |record| format!("the store says {}: {} ({})", record.outcome.word(), record.reason, record.kind),
    );
    format!("{}/{}: {why}\n  {record}", id.0, id.1)
}
