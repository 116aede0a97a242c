//! What a burst of deliveries asks for: which records, by which flows, and which of them ask
//! for nothing.

use super::listening::told;
use crate::connector::{Connector, Notice, NoticeEvent};
use crate::engine::{Setup, Touched, TouchedRecord};
use crate::program::{Flow, Program};
use crate::store::{Delivery, DeliveryContent};
use std::collections::{BTreeMap, BTreeSet};

/// What is to be done for some deliveries.
#[derive(Debug, Default)]
pub struct Plan {
    /// Nothing is to be done for these, and why.
    pub ignored: Vec<(Delivery, String)>,
    /// These name records.
    pub named: Vec<Wanted>,
    /// These do not say which records: all that their flows read must be looked at.
    pub vague: Vec<Wanted>,
}

/// A delivery, and who looks at what it names.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub delivery: Delivery,
    pub flows: BTreeSet<String>,
    /// One for each resource that it may be.
    pub records: Vec<TouchedRecord>,
    notice: Option<Notice>,
}

impl Plan {
    pub fn of(setup: &Setup, deliveries: Vec<Delivery>) -> Self {
        let mut plan = Self::default();
        for delivery in deliveries {
            plan.add(setup, delivery);
        }
        plan
    }

    fn add(&mut self, setup: &Setup, delivery: Delivery) {
        let program = &setup.program;
        let Some(connector) = setup.connections.get(&delivery.connection) else {
            let why = format!("the pipeline has no connection `{}` any more", delivery.connection);
            return self.ignored.push((delivery, why));
        };
        let notice = match &delivery.content {
            DeliveryContent::Notice(notice) => serde_json::from_value::<Notice>(notice.clone()).ok(),
            DeliveryContent::Unreadable { .. } => None,
        };
        let Some(notice) = notice else {
            let flows = names(told(program, &delivery.connection));
            if flows.is_empty() {
                return self.ignored.push((delivery, NO_FLOW.to_owned()));
            }
            return self.vague.push(Wanted { delivery, flows, records: Vec::new(), notice: None });
        };
        if is_own_write(program, connector.as_ref(), &delivery.connection, &notice) {
            return self.ignored.push((delivery, "it tells of what this pipeline has written".to_owned()));
        }
        let resources: BTreeSet<&str> = resources(connector.as_ref(), &notice);
        let flows = || told(program, &delivery.connection);
        let mut reading = names(flows().filter(|flow| resources.contains(&*flow.source().resource)));
        // What lies in a project may be wanted from now on, and nothing tells of each of it.
        let within = names(flows().filter(|flow| {
            let scope = flow.source().scope.as_ref();
            scope.is_some_and(|scope| resources.contains(&*scope.resource)) && notice.event != NoticeEvent::Delete
        }));
        if !within.is_empty() {
            reading.extend(within);
            self.vague.push(Wanted { delivery, flows: reading, records: Vec::new(), notice: Some(notice) });
        } else if reading.is_empty() {
            let why = format!("{NO_FLOW}: {} ({})", notice.named, notice.event);
            self.ignored.push((delivery, why));
        } else {
            let records = records(&delivery.connection, flows(), &resources, &notice);
            self.named.push(Wanted { flows: reading, records, notice: Some(notice), delivery });
        }
    }
}

const NO_FLOW: &str = "no flow runs on what it tells of";

/// Which records these name together: each once, however often it was told of.
pub fn touched(wanted: &[Wanted]) -> Touched {
    let mut records: BTreeMap<(String, String, Option<String>, String), TouchedRecord> = BTreeMap::new();
    for record in wanted.iter().flat_map(|wanted| &wanted.records) {
        let name = (record.connection.clone(), record.resource.clone(), record.scope.clone(), record.record.clone());
        let known = records.entry(name).or_insert_with(|| record.clone());
        // Deliveries come in any order: that it was deleted is true whenever it is said.
        known.deleted |= record.deleted;
    }
    let since = wanted.iter().filter_map(|wanted| wanted.notice.as_ref()?.at).min();
    Touched { records: records.into_values().collect(), since }
}

/// The flows that look at any of these.
pub fn flows(wanted: &[Wanted]) -> Vec<String> {
    let flows: BTreeSet<&String> = wanted.iter().flat_map(|wanted| &wanted.flows).collect();
    flows.into_iter().cloned().collect()
}

/// All that a notice may tell of: a vendor's name can stand for several of our resources.
fn resources<'a>(connector: &'a dyn Connector, notice: &'a Notice) -> BTreeSet<&'a str> {
    connector.catalogue().told_by(&notice.named).chain(notice.resource.as_deref()).collect()
}

fn records<'p>(
    connection: &str,
    flows: impl Iterator<Item = &'p Flow>,
    resources: &BTreeSet<&str>,
    notice: &Notice,
) -> Vec<TouchedRecord> {
    let read: BTreeSet<&str> =
        flows.map(|flow| &*flow.source().resource).filter(|resource| resources.contains(resource)).collect();
    let record = |resource: &str| TouchedRecord {
        connection: connection.to_owned(),
        resource: resource.to_owned(),
        scope: notice.scope.clone(),
        record: notice.record.clone(),
        deleted: notice.event == NoticeEvent::Delete,
    };
    read.into_iter().map(record).collect()
}

/// That our credential made the change is not enough: another pipeline may share it, and what
/// that one writes is news for this one.
fn is_own_write(program: &Program, connector: &dyn Connector, connection: &str, notice: &Notice) -> bool {
    if !connector.is_ours(notice) {
        return false;
    }
    let resources = resources(connector, notice);
    program.flows().iter().any(|flow| {
        let (source, target) = (flow.source(), flow.target());
        let posts = *target.connection == *connection && resources.contains(&*target.resource);
        let marks = target.mark.is_some() && *source.connection == *connection && resources.contains(&*source.resource);
        posts || marks
    })
}

fn names<'p>(flows: impl Iterator<Item = &'p Flow>) -> BTreeSet<String> {
    flows.map(|flow| flow.name().to_owned()).collect()
}
