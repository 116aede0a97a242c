//! The contractor that the sandbox is stocked with: one company, one year, one seed.

use super::{awkward, billing, chart, direct_costs, jobs, orders, payments, structure, suppliers, taxes};
use crate::connector::contractor::Contractor;
use crate::value::Timestamp;

/// 2 November 2026, 08:00 UTC: October's invoices lie on the desk.
const OPENED: i64 = 1_793_606_400;

/// Makes the contractor of this seed; always the same one.
pub fn contractor(seed: u64) -> Contractor {
    let projects = jobs::projects(seed);
    let vendors = jobs::vendors(seed);
    let cost_codes = chart::cost_codes();
    let cost_types = chart::cost_types();
    let commitments = jobs::commitments(seed, &projects, &vendors, &cost_codes, &cost_types);
    let mut contractor = Contractor {
        seed,
        company_id: 4_264_807,
        company_name: "Harrow & Pike Builders".to_owned(),
        currency: "USD".to_owned(),
        domain: "10USA".to_owned(),
        entity: "10USACO".to_owned(),
        opened: Some(Timestamp::from_unix(OPENED)),
        periods: jobs::periods(&projects),
        projects,
        vendors,
        cost_codes,
        cost_types,
        commitments,
        accounts: chart::accounts(),
        cost_centers: chart::cost_centers(),
        ..Contractor::default()
    };
    contractor.invoices = billing::invoices(&contractor);
    awkward::place(&mut contractor);
    contractor.tax_codes = taxes::codes();
    contractor.direct_costs = direct_costs::direct_costs(&contractor);
    contractor.payments = payments::to_subcontractors(&contractor);
    contractor.prime_contracts = payments::prime_contracts(&contractor);
    contractor.owner_payments = payments::from_owners(&contractor);
    orders::place(&mut contractor);
    structure::place(&mut contractor);
    suppliers::place(&mut contractor);
    contractor
}

#[cfg(test)]
mod tests {
    use super::contractor;
    use crate::connector::contractor::{Contractor, Invoice};
    use crate::value::Decimal;
    use std::collections::{BTreeMap, BTreeSet};

    fn sum(amounts: impl Iterator<Item = Decimal>) -> Decimal {
        amounts.fold(Decimal::ZERO, |sum, amount| sum.checked_add(amount).expect("in range"))
    }

    fn readable(contractor: &Contractor) -> Vec<&Invoice> {
        let open: BTreeSet<i64> =
            contractor.projects.iter().filter(|job| job.active && job.permitted).map(|job| job.id).collect();
        let commitments: BTreeSet<i64> = contractor
            .commitments
            .iter()
            .filter(|commitment| open.contains(&commitment.project))
            .map(|commitment| commitment.id)
            .collect();
        contractor.invoices.iter().filter(|invoice| commitments.contains(&invoice.commitment)).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_company_and_another_another() {
        assert_eq!(format!("{:?}", contractor(1)), format!("{:?}", contractor(1)));
        assert_ne!(format!("{:?}", contractor(1)), format!("{:?}", contractor(2)));
    }

    #[test]
    fn there_is_enough_of_everything() {
        for seed in [1, 2, 99] {
            let contractor = contractor(seed);
            assert_eq!(contractor.opened.map(|at| at.whole_seconds()).as_deref(), Some("2026-11-02T08:00:00Z"));
            assert!(contractor.commitments.len() >= 140);
            assert!(contractor.invoices.len() >= 850, "{}", contractor.invoices.len());
            let approved =
                readable(&contractor).into_iter().filter(|invoice| invoice.status.starts_with("approved")).count();
            assert!((560..760).contains(&approved), "{approved} approved on open projects");
        }
    }

    #[test]
    fn ids_are_unique_and_some_lie_beyond_a_double() {
        let contractor = contractor(1);
        let ids: BTreeSet<i64> = contractor.projects.iter().map(|project| project.id).collect();
        assert_eq!(ids.len(), contractor.projects.len());
        assert!(ids.iter().any(|id| *id > (1 << 53)));
        let invoices: BTreeSet<i64> = contractor.invoices.iter().map(|invoice| invoice.id).collect();
        assert_eq!(invoices.len(), contractor.invoices.len());
        assert!(contractor.projects.iter().all(|project| project.ledger_code.len() <= 8));
    }

    #[test]
    fn no_line_is_billed_beyond_its_amount_nor_released_beyond_what_is_held() {
        let contractor = contractor(1);
        let mut lines: BTreeMap<i64, (Decimal, Decimal)> = BTreeMap::new();
        for invoice in &contractor.invoices {
            for line in &invoice.lines {
                let (billed, held) = lines.entry(line.line).or_default();
                *billed = sum([*billed, line.gross()].into_iter());
                *held = sum([*held, line.retained, line.released.negated()].into_iter());
                assert!(!held.is_negative(), "invoice {} releases more than is held", invoice.id);
                assert!(!billed.is_negative(), "invoice {} credits more than was billed", invoice.id);
            }
        }
        for line in contractor.commitments.iter().flat_map(|commitment| &commitment.lines) {
            assert!(lines.get(&line.id).is_none_or(|(billed, _)| *billed <= line.amount), "line {}", line.id);
        }
    }

    #[test]
    fn the_awkward_ones_are_there_and_few() {
        for seed in [1, 2, 99] {
            let contractor = contractor(seed);
            let approved: Vec<_> =
                readable(&contractor).into_iter().filter(|invoice| invoice.status.starts_with("approved")).collect();
            let count = |fits: &dyn Fn(&Invoice) -> bool| approved.iter().filter(|invoice| fits(invoice)).count();
            let net = |invoice: &Invoice| sum(invoice.lines.iter().map(|line| line.net()));
            assert_eq!(count(&|invoice| invoice.billing_date.is_none()), 2);
            assert_eq!(count(&|invoice| invoice.invoice_number.is_none()), 2);
            assert_eq!(count(&|invoice| net(invoice).is_negative()), 3);
            assert_eq!(count(&|invoice| invoice.billing_date.is_some_and(|date| date.year() == 2025)), 2);
            assert!(count(&|invoice| net(invoice).is_zero()) >= 3);
            assert!(count(&|invoice| invoice.is_final) == 3);
            assert_eq!(contractor.vendors.iter().filter(|vendor| vendor.supplier_code.is_none()).count(), 3);
            assert_eq!(contractor.ledger.len(), 4);
        }
    }

    #[test]
    fn vendor_names_are_unique_but_for_the_placed_twins() {
        let contractor = contractor(1);
        let names: BTreeSet<&str> = contractor.vendors.iter().map(|vendor| vendor.name.as_str()).collect();
        assert_eq!(names.len(), contractor.vendors.len() - 1);
    }
}
