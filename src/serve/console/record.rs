//! `/{customer}/records/{flow}/{*key}`: one record's whole story.

use super::address;
use super::page::{Page, data};
use super::section::Section;
use super::standing::Standing;
use super::story;
use super::times::Times;
use super::tree::{self, Shown};
use super::visit::Here;
use super::why::{self, End, Origin};
use crate::engine::explain::{Trace, Traced};
use crate::engine::{self, explain};
use crate::serve::Customer;
use crate::serve::http::Access;
use crate::store::{Mark, RecordEntry, RecordId};
use crate::value::{Decimal, RecordType};
use axum::extract::Query;
use axum::response::Response;
use minijinja::context;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the address says.
struct Asked {
    /// The value that is asked about.
    why: String,
    /// Also the fields that say nothing.
    all: bool,
}

/// What somebody may do with it.
#[derive(Serialize)]
struct May {
    approve: bool,
    reject: bool,
    replay: bool,
    /// Why it cannot be replayed, to who might.
    why_not: String,
}

pub async fn show(here: Here, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let customer = &here.customer;
    let Some(id) = here.record() else { return here.missing("No record is named.") };
    let store = customer.store();
    let entry = match store.record(&id) {
        Ok(Some(entry)) => entry,
        Ok(None) => return here.missing(&format!("There is no record {id}.")),
        Err(error) => return here.unreadable(&error),
    };
    let events = match customer.events(&id) {
        Ok(events) => events,
        Err(error) => return here.unreadable(&error),
    };
    let asked = Asked {
        why: query.get("why").cloned().unwrap_or_default(),
        all: query.get("all").is_some_and(|all| all == "1"),
    };
    let opened = customer.opened();
    let (trace, no_trace) = match explain::explain(&opened.setup, &id).await {
        Ok(trace) => (trace, String::new()),
        Err(error) => (None, format!("{}; {}", error.message, error.mend)),
    };
    let times = Times::of(customer);
    let (story, left_out) = story::told(store.as_ref(), &events, &times);
    let href = address::record(&customer.name, &id);
    let types = opened.types(&id.flow);
    let panes = Panes::of(&entry, trace.as_ref(), types, &asked, &href);
    let currency = opened.setup.program.currency().unwrap_or_default();
    Page::new(&entry.label, "record.html")
        .of(customer, Section::Work)
        .with(context! {
            id => id.to_string(), flow => id.flow.replace('_', " "), key => &id.key,
            flow_href => super::work::Wanted { flow: id.flow.clone(), ..Default::default() }.href(&customer.name),
            label => &entry.label, badge => data(&Standing::of_entry(&entry).badge()),
            meaning => Standing::of_entry(&entry).meaning(),
            reason => &entry.reason, mend => &entry.mend,
            amount => amount(&entry), currency,
            facts => facts(customer, &entry, &times),
            panes => data(&panes), no_trace, href => &href,
            everything => address::with(&href, &[("why", &asked.why), ("all", "1")]),
            story => data(&story), left_out,
            may => data(&may(customer, &here, &entry)), seen => engine::as_seen(&entry),
            act => format!("/{}", address::segment(&customer.name)),
        })
        .to(&here.visit)
}

impl Here {
    /// As the path names it.
    fn record(&self) -> Option<RecordId> {
        Some(RecordId { flow: self.names.get("flow")?.clone(), key: self.names.get("key")?.clone() })
    }
}

pub fn amount(entry: &RecordEntry) -> String {
    let amount = entry.amount.as_ref().and_then(|amount| amount.parse::<Decimal>().ok());
    amount.map(Decimal::money).unwrap_or_default()
}

/// Source and target side by side, and what was asked about.
#[derive(Serialize)]
struct Panes {
    source: Vec<tree::Row>,
    source_left_out: usize,
    target: Vec<tree::Row>,
    /// What is mapped today is shown, since nothing was kept.
    today: bool,
    origin: Option<Origin>,
    /// What was asked about is not there.
    unknown: String,
    end: Option<End>,
    notes: Vec<String>,
}

impl Panes {
    fn of(
        entry: &RecordEntry,
        trace: Option<&Trace>,
        types: Option<(Arc<RecordType>, Arc<RecordType>)>,
        asked: &Asked,
        href: &str,
    ) -> Self {
        let (source_type, target_type) = types.unzip();
        let values = trace.map_or(&[][..], |trace| trace.values.as_slice());
        let chosen = values.iter().find(|value| value.path == asked.why);
        let stopped = trace.and_then(|trace| trace.stopped.as_ref());
        let mut source = Shown { all: asked.all, ty: source_type, ..Shown::default() };
        match (chosen, stopped) {
            (Some(chosen), _) => source.marked.extend(why::pointers(&chosen.from)),
            (None, Some(stopped)) => {
                source.marked.extend(stopped.lookup.iter().flat_map(why::asked_pointers));
            }
            (None, None) => {}
        }
        let mut target = Shown { all: true, ty: target_type, ..Shown::default() };
        target.marked.extend(chosen.map(|chosen| chosen.pointer.clone()));
        target.links = values.iter().map(|value| (value.path.as_str(), link(value, href))).collect();
        let today = entry.target.is_none();
        let became = entry.target.as_ref().or(trace.map(|trace| &trace.target));
        let (source, source_left_out) = tree::rows(&entry.source, &source);
        Self {
            source,
            source_left_out,
            target: became.map(|became| tree::rows(became, &target).0).unwrap_or_default(),
            today,
            origin: chosen.map(Origin::of),
            unknown: if chosen.is_none() { asked.why.clone() } else { String::new() },
            end: stopped.map(End::of),
            notes: trace.map(|trace| trace.notes.clone()).unwrap_or_default(),
        }
    }
}

/// The page that tells where the value comes from, and the fields that it comes from.
fn link(value: &Traced, href: &str) -> (String, String) {
    let from: Vec<String> = why::pointers(&value.from).into_iter().collect();
    (format!("{}#why", address::with(href, &[("why", &value.path)])), from.join(" "))
}

fn facts(customer: &Customer, entry: &RecordEntry, times: &Times) -> Vec<(String, String)> {
    let opened = customer.opened();
    let there = opened.target_title(&entry.id.flow).unwrap_or_else(|| "the other side".to_owned());
    let mut facts = vec![
        (format!("In {there} as"), entry.reference.clone().unwrap_or_default()),
        ("Key there".to_owned(), entry.target_key.as_deref().map(story::key_shown).unwrap_or_default()),
        ("First seen".to_owned(), times.when(entry.first_seen).shown),
        ("Last changed".to_owned(), times.when(entry.updated).shown),
        ("In run".to_owned(), entry.run.clone()),
    ];
    if entry.attempts > 0 {
        facts.push(("Attempts".to_owned(), entry.attempts.to_string()));
    }
    if let Some(grant) = entry.approval.as_ref().and_then(|approval| approval.granted.as_ref()) {
        let when = times.when(grant.at).shown;
        let because = if grant.reason.is_empty() { String::new() } else { format!(": {}", grant.reason) };
        facts.push(("Approved".to_owned(), format!("by {}, {when}{because}", grant.by)));
    }
    if let Some(mark) = &entry.mark {
        facts.push(("Written back to the source".to_owned(), marked(mark, times)));
    }
    if let Some(adopted) = &entry.adopted {
        facts.push(("Recognised".to_owned(), format!("as what people had keyed ({})", adopted.grade)));
    }
    for part in entry.parts.iter().filter(|part| part.number > 0) {
        let amount = part.amount.as_ref().and_then(|amount| amount.parse::<Decimal>().ok()).map(Decimal::money);
        let over = amount.map_or_else(String::new, |amount| format!(" over {amount}"));
        facts.push((format!("Correction {}", part.number), format!("{}{over}", part.reference)));
    }
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

/// Whether the source was told what it became.
fn marked(mark: &Mark, times: &Times) -> String {
    match mark.made {
        Some(at) => format!("{} = {}, {}", mark.field, mark.value, times.when(at).shown),
        None if mark.reason.is_empty() => format!("{} = {}, still to be done", mark.field, mark.value),
        None => format!("{} = {}, not done: {}; {}", mark.field, mark.value, mark.reason, mark.mend),
    }
}

fn may(customer: &Customer, here: &Here, entry: &RecordEntry) -> May {
    let caller = Some(here.caller());
    let standing = Standing::of_entry(entry);
    let work = entry.outcome.needs_attention();
    let open = work && standing != Standing::InDoubt && entry.kind != engine::REFUSED;
    let target = customer.opened().target_title(&entry.id.flow);
    let why_not = match &target {
        Some(target) => engine::why_not(entry, target).map(|(message, mend)| format!("{message}; {mend}")),
        None => Some("The pipeline no longer has the flow that the record is of.".to_owned()),
    };
    let may_replay = Access::REPLAY.lets(caller);
    May {
        approve: Access::APPROVE.lets(caller) && standing == Standing::Approval,
        reject: Access::APPROVE.lets(caller) && open,
        replay: may_replay && work && why_not.is_none(),
        why_not: why_not.filter(|_| may_replay && work).unwrap_or_default(),
    }
}
