//! Master data: suppliers, GL accounts, cost centers and projects, laid out of a contractor.
//!
//! Records are kept in the catalogue's names; `names` turns them into rows and entities.

use super::answer::record;
use super::purchasing;
use crate::connector::contractor::Contractor;
use crate::value::{Record, Value};
use std::collections::BTreeMap;

/// Codes are compared without regard to case.
#[derive(Default)]
pub struct Masters(BTreeMap<&'static str, BTreeMap<String, Record>>);

impl Masters {
    pub fn new(contractor: &Contractor) -> Self {
        let mut masters = Self::default();
        for vendor in contractor.vendors.iter().filter(|vendor| vendor.in_ledger) {
            let code =
                vendor.supplier_code.clone().unwrap_or_else(|| format!("X{:07}", vendor.id.rem_euclid(10_000_000)));
            let closed = contractor.closed_suppliers.contains(&code);
            masters.add(
                "suppliers",
                record([
                    ("code", code.into()),
                    ("name", cut(&vendor.name, 36)),
                    ("active", (vendor.active && !closed).into()),
                    ("tax_id", vendor.registration.as_deref().map_or(Value::Null, |number| cut(number, 20))),
                    ("currency", currency(contractor).into()),
                    ("credit_terms", "30".into()),
                    ("city", vendor.city.as_str().into()),
                    ("state", vendor.state.as_str().into()),
                ]),
            );
        }
        for supplier in &contractor.suppliers {
            masters.add(
                "suppliers",
                record([
                    ("code", supplier.code.as_str().into()),
                    ("name", cut(&supplier.name, 36)),
                    ("active", supplier.active.into()),
                    ("tax_id", supplier.registration.as_deref().map_or(Value::Null, |number| cut(number, 20))),
                    ("currency", currency(contractor).into()),
                    ("credit_terms", "30".into()),
                    ("city", supplier.city.as_str().into()),
                    ("state", supplier.state.as_str().into()),
                ]),
            );
        }
        for account in &contractor.accounts {
            masters.add(
                "gl_accounts",
                record([
                    ("code", account.code.as_str().into()),
                    ("name", cut(&account.name, 24)),
                    ("active", account.active.into()),
                    ("type", if account.control { "SUPPLIERCONTROL" } else { "STANDARD" }.into()),
                    ("wants_sub_account", false.into()),
                    ("wants_cost_center", account.wants_cost_center.into()),
                    ("wants_project", account.wants_project.into()),
                ]),
            );
        }
        for center in &contractor.cost_centers {
            masters.add("cost_centers", plain(&center.code, &center.name, center.active));
        }
        for project in &contractor.projects {
            masters.add("projects", plain(&project.ledger_code, &project.name, project.active));
        }
        for (code, name) in SUB_ACCOUNTS {
            masters.add("sub_accounts", plain(code, name, true));
        }
        for contract in contractor.prime_contracts.iter().filter(|contract| !contract.customer_code.is_empty()) {
            let named = [("code", contract.customer_code.as_str().into()), ("name", cut(&contract.owner, 36))];
            let mut customer = record(named);
            customer.insert("active", true);
            masters.add("customers", customer);
        }
        purchasing::place(contractor, &mut masters);
        masters
    }

    /// All records of a resource, by code.
    pub fn all(&self, resource: &str) -> impl Iterator<Item = &Record> {
        self.0.get(resource).into_iter().flat_map(BTreeMap::values)
    }

    pub fn get(&self, resource: &str, code: &str) -> Option<&Record> {
        self.0.get(resource)?.get(&code.to_lowercase())
    }

    /// The first of two records with one code stays.
    fn add(&mut self, resource: &'static str, record: Record) {
        let code = record.get("code").map(ToString::to_string).unwrap_or_default();
        self.place(resource, &code, record);
    }

    /// The same, for records that are known by something else than a code.
    pub fn place(&mut self, resource: &'static str, code: &str, record: Record) {
        self.0.entry(resource).or_default().entry(code.to_lowercase()).or_insert(record);
    }
}

const SUB_ACCOUNTS: [(&str, &str); 3] = [("01", "Own work"), ("02", "Subcontracted work"), ("03", "Service")];

/// Whether a flag of a master record is set.
pub fn flag(record: &Record, name: &str) -> bool {
    record.get(name).and_then(Value::as_bool).unwrap_or(false)
}

/// The currency of the books.
pub fn currency(contractor: &Contractor) -> &str {
    if contractor.currency.is_empty() { "USD" } else { &contractor.currency }
}

fn plain(code: &str, name: &str, active: bool) -> Record {
    record([("code", code.into()), ("name", cut(name, 24)), ("active", active.into())])
}

/// Whoever keyed the masters in had to stay within the lengths.
fn cut(text: &str, most: usize) -> Value {
    text.chars().take(most).collect::<String>().trim_end().into()
}
