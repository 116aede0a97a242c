//! What the fake holds: the contractor, laid out the way requests ask for it.
//!
//! What can be written here changes; everything else is as it was stocked.
//! Ids that the contractor does not give are derived from ones that it does, and stay the same.

use super::direct_costs::Cost;
use super::g702::{Application, application};
use super::hooks::Hooks;
use super::money_changes::Busy;
use super::payments::{self, Payment};
use crate::connector::contractor::{Commitment, Contractor, CostCode, CostType, Invoice, Project, Vendor};
use crate::value::Timestamp;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// A stocked company.
pub struct Stock {
    pub contractor: Contractor,
    requisitions: BTreeMap<i64, Requisition>,
    /// Ids by commitment, in the order of their numbers.
    chains: BTreeMap<i64, Vec<i64>>,
    commitments: BTreeMap<i64, usize>,
    vendors: BTreeMap<i64, usize>,
    /// What was written on vendors since, by wire name, and when.
    vendor_edits: BTreeMap<i64, (Map<String, Json>, Timestamp)>,
    projects: BTreeMap<i64, usize>,
    costs: BTreeMap<i64, Cost>,
    payments: BTreeMap<i64, Payment>,
    /// What is being written just now.
    pub busy: Busy,
    /// Who wants to be told of changes.
    pub hooks: Hooks,
}

/// A subcontractor invoice, and what only this system knows of it.
#[derive(Clone, Debug)]
pub struct Requisition {
    pub invoice: Invoice,
    /// Once set, the invoice is locked.
    pub origin_id: Option<String>,
    pub origin_data: Option<String>,
    pub deleted: bool,
}

impl Stock {
    pub fn new(contractor: &Contractor) -> Self {
        let contractor = contractor.clone();
        let index = |ids: Vec<i64>| ids.into_iter().enumerate().map(|(at, id)| (id, at)).collect();
        let mut chains: BTreeMap<i64, Vec<(i64, i64)>> = BTreeMap::new();
        for invoice in &contractor.invoices {
            chains.entry(invoice.commitment).or_default().push((invoice.number, invoice.id));
        }
        let in_order = |mut chain: Vec<(i64, i64)>| {
            chain.sort_unstable();
            chain.into_iter().map(|(_, id)| id).collect()
        };
        Self {
            requisitions: contractor.invoices.iter().map(|invoice| (invoice.id, Requisition::new(invoice))).collect(),
            chains: chains.into_iter().map(|(commitment, chain)| (commitment, in_order(chain))).collect(),
            commitments: index(contractor.commitments.iter().map(|commitment| commitment.id).collect()),
            vendors: index(contractor.vendors.iter().map(|vendor| vendor.id).collect()),
            vendor_edits: BTreeMap::new(),
            projects: index(contractor.projects.iter().map(|project| project.id).collect()),
            costs: contractor.direct_costs.iter().map(|cost| (cost.id, Cost::new(cost))).collect(),
            payments: payments::stocked(&contractor).map(|payment| (payment.id, payment)).collect(),
            busy: Busy::default(),
            hooks: Hooks::default(),
            contractor,
        }
    }

    /// When the story of the sandbox begins: the change instant of what has none.
    pub fn opened(&self) -> Timestamp {
        self.contractor.opened.unwrap_or(Timestamp::from_unix(0))
    }

    /// The project, if the credential may see it.
    pub fn visible_project(&self, id: i64) -> Option<&Project> {
        self.project(id).filter(|project| project.permitted)
    }

    pub fn project(&self, id: i64) -> Option<&Project> {
        self.contractor.projects.get(*self.projects.get(&id)?)
    }

    /// Its place among the projects; derived ids are made from it.
    pub fn project_index(&self, id: i64) -> usize {
        self.projects.get(&id).copied().unwrap_or_default()
    }

    pub fn vendor(&self, id: i64) -> Option<&Vendor> {
        self.contractor.vendors.get(*self.vendors.get(&id)?)
    }

    /// What was written on a vendor since it was stocked, and when last.
    pub fn vendor_edits(&self, id: i64) -> Option<&(Map<String, Json>, Timestamp)> {
        self.vendor_edits.get(&id)
    }

    /// The number that a new vendor gets.
    pub fn next_vendor_id(&self) -> i64 {
        self.vendors.keys().next_back().map_or(1, |last| last + 3)
    }

    /// Writes fields of a vendor; one that is not there yet is made.
    pub fn write_vendor(&mut self, id: i64, fields: &Map<String, Json>, at: Timestamp) {
        if !self.vendors.contains_key(&id) {
            self.vendors.insert(id, self.contractor.vendors.len());
            self.contractor.vendors.push(new_vendor(id, at));
        }
        let (edits, changed) = self.vendor_edits.entry(id).or_insert_with(|| (Map::new(), at));
        edits.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
        *changed = at;
    }

    pub fn commitment(&self, id: i64) -> Option<&Commitment> {
        self.contractor.commitments.get(*self.commitments.get(&id)?)
    }

    pub fn cost_code(&self, index: usize) -> Option<&CostCode> {
        self.contractor.cost_codes.get(index)
    }

    pub fn cost_type(&self, index: usize) -> Option<&CostType> {
        self.contractor.cost_types.get(index)
    }

    /// The project's own id of a company cost code.
    pub fn project_cost_code_id(&self, project: i64, index: usize) -> i64 {
        derived(80_000_000, self.project_index(project), index)
    }

    /// The project's id of a budget code: a cost code with a cost type, and with a value of
    /// the company's own segment where it has one.
    pub fn wbs_code_id(&self, project: i64, code: usize, kind: usize, own: Option<usize>) -> i64 {
        let own = own.map_or(0, |own| (own + 1) * 10_000);
        derived(182_000_000_000, self.project_index(project), own + code * 100 + kind)
    }

    /// How many values a kind of segment has.
    pub fn segment_size(&self, kind: &str) -> usize {
        match kind {
            "cost_code" => self.contractor.cost_codes.len(),
            "line_item_type" => self.contractor.cost_types.len(),
            _ => self.contractor.segment.as_ref().map_or(0, |segment| segment.values.len()),
        }
    }

    /// Invoices that are there, by id.
    pub fn requisitions(&self) -> impl Iterator<Item = &Requisition> {
        self.requisitions.values().filter(|requisition| !requisition.deleted)
    }

    pub fn requisition(&self, id: i64) -> Option<&Requisition> {
        self.requisitions.get(&id).filter(|requisition| !requisition.deleted)
    }

    pub fn requisition_mut(&mut self, id: i64) -> Option<&mut Requisition> {
        self.requisitions.get_mut(&id)
    }

    /// The commitment's invoices that are there, in the order of their numbers.
    pub fn chain(&self, commitment: i64) -> Vec<&Requisition> {
        self.chains.get(&commitment).into_iter().flatten().filter_map(|id| self.requisition(*id)).collect()
    }

    /// Direct costs that are there, by id.
    pub fn costs(&self) -> impl Iterator<Item = &Cost> {
        self.costs.values().filter(|cost| !cost.deleted)
    }

    pub fn cost(&self, id: i64) -> Option<&Cost> {
        self.costs.get(&id).filter(|cost| !cost.deleted)
    }

    pub fn cost_mut(&mut self, id: i64) -> Option<&mut Cost> {
        self.costs.get_mut(&id)
    }

    /// Payments that are there, whichever way the money went, by id.
    pub fn payments(&self) -> impl Iterator<Item = &Payment> {
        self.payments.values().filter(|payment| !payment.deleted)
    }

    /// Those of a commitment or a prime contract.
    pub fn payments_of(&self, contract: i64) -> impl Iterator<Item = &Payment> {
        self.payments().filter(move |payment| payment.contract == contract)
    }

    pub fn payment(&self, id: i64) -> Option<&Payment> {
        self.payments.get(&id).filter(|payment| !payment.deleted)
    }

    pub fn payment_mut(&mut self, id: i64) -> Option<&mut Payment> {
        self.payments.get_mut(&id)
    }

    /// The payment; one that is not there yet is made.
    pub fn payment_or_new(&mut self, id: i64, contract: i64, at: Timestamp) -> &mut Payment {
        self.payments.entry(id).or_insert_with(|| Payment::new(id, contract, at))
    }

    /// The number that a new payment gets.
    pub fn next_payment_id(&self) -> i64 {
        self.payments.keys().next_back().map_or(1, |last| last + 5)
    }

    /// The project of a commitment or of a prime contract.
    pub fn project_of_contract(&self, id: i64) -> Option<i64> {
        let prime = || self.contractor.prime_contracts.iter().find(|contract| contract.id == id);
        self.commitment(id).map(|commitment| commitment.project).or_else(|| prime().map(|contract| contract.project))
    }

    /// The invoice as an application for payment.
    pub fn application<'a>(&'a self, commitment: &'a Commitment, id: i64) -> Application<'a> {
        let mut chain: Vec<&Invoice> = Vec::new();
        for requisition in self.chain(commitment.id) {
            chain.push(&requisition.invoice);
            if requisition.invoice.id == id {
                break;
            }
        }
        application(commitment, &chain)
    }
}

/// A vendor of which nothing is known but what is written on it next.
fn new_vendor(id: i64, created: Timestamp) -> Vendor {
    Vendor {
        id,
        name: String::new(),
        registration: None,
        supplier_code: None,
        in_ledger: false,
        active: true,
        city: String::new(),
        state: String::new(),
        email: String::new(),
        created,
    }
}

fn derived(base: i64, project: usize, index: usize) -> i64 {
    base + i64::try_from(project * 1_000_000 + index).unwrap_or_default()
}

impl Requisition {
    fn new(invoice: &Invoice) -> Self {
        Self { invoice: invoice.clone(), origin_id: None, origin_data: None, deleted: false }
    }

    pub fn is_approved(&self) -> bool {
        matches!(self.invoice.status.as_str(), "approved" | "approved_as_noted")
    }

    /// Not handed in, or handed back.
    pub fn is_open(&self) -> bool {
        matches!(self.invoice.status.as_str(), "draft" | "revise_and_resubmit")
    }
}
