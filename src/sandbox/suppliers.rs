//! Suppliers that are no longer active in the ledger: one whose vendor the job side still
//! uses and has a bill of, and one that nobody on site ever knew.
//!
//! Made after everything else stands; no contract and no invoice is touched.

use crate::connector::contractor::{Contractor, DirectCost, Supplier, Vendor};

const CLOSED: &str = "S00998";
const CLOSED_NAME: &str = "Marrow Street Haulage";
const STRANGER: &str = "N00990";
const STRANGER_NAME: &str = "Old Mill Stoneworks";
/// Beyond all numbers that are given otherwise.
const VENDOR: i64 = 30_029_001;
const BILL: i64 = 7_790_001;

/// Adds both suppliers, the vendor of the first, and its bill.
pub fn place(contractor: &mut Contractor) {
    let Some(pattern) = contractor.vendors.first().cloned() else { return };
    contractor.suppliers.push(Supplier {
        code: STRANGER.to_owned(),
        name: STRANGER_NAME.to_owned(),
        registration: None,
        active: false,
        city: pattern.city.clone(),
        state: pattern.state.clone(),
    });
    contractor.vendors.push(Vendor {
        id: VENDOR,
        name: CLOSED_NAME.to_owned(),
        registration: None,
        supplier_code: Some(CLOSED.to_owned()),
        in_ledger: true,
        active: true,
        email: "accounts@marrowstreet.example".to_owned(),
        ..pattern
    });
    contractor.closed_suppliers.insert(CLOSED.to_owned());
    let bill = contractor.direct_costs.iter().find(|cost| is_plain(contractor, cost)).map(bill_like);
    contractor.direct_costs.extend(bill);
}

/// An approved bill on an open job, without any oddity.
fn is_plain(contractor: &Contractor, cost: &DirectCost) -> bool {
    let open = |id: i64| contractor.projects.iter().any(|job| job.id == id && job.active && job.permitted);
    cost.kind == "invoice"
        && cost.status == "approved"
        && open(cost.project)
        && cost.vendor.is_some()
        && cost.invoice_number.is_some()
        && cost.date.is_some_and(|date| date.year() == 2026)
        && !cost.lines.is_empty()
        && cost.lines.iter().all(|line| !line.amount.is_negative())
}

/// The same on paper, of the supplier that was closed since.
fn bill_like(cost: &DirectCost) -> DirectCost {
    let mut bill = cost.clone();
    bill.id = BILL;
    bill.vendor = Some(VENDOR);
    bill.invoice_number = Some(format!("B99-{}", BILL % 100_000));
    bill.paid = None;
    for (line, id) in bill.lines.iter_mut().zip(BILL * 10..) {
        line.id = id;
    }
    bill
}

#[cfg(test)]
mod tests {
    use super::{CLOSED, VENDOR};
    use crate::sandbox::contractor;

    #[test]
    fn a_closed_supplier_has_a_vendor_with_a_bill_and_no_contract() {
        for seed in [1, 2, 99] {
            let contractor = contractor(seed);
            let named = contractor.vendors.iter().filter(|vendor| vendor.supplier_code.as_deref() == Some(CLOSED));
            assert_eq!(named.map(|vendor| vendor.id).collect::<Vec<_>>(), [VENDOR]);
            assert!(contractor.commitments.iter().all(|commitment| commitment.vendor != VENDOR));
            assert_eq!(contractor.direct_costs.iter().filter(|cost| cost.vendor == Some(VENDOR)).count(), 1);
        }
    }
}
