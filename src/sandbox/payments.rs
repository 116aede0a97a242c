//! Money that moved: to subcontractors against their contracts, and from owners.
//!
//! Made after everything else stands, with streams of random numbers of its own.

use super::direct_costs::epoch;
use super::jobs::day;
use super::random::Random;
use crate::connector::contractor::{
    Commitment, ContractPayment, Contractor, Invoice, InvoiceLine, OwnerPayment, PrimeContract,
};
use crate::value::{Date, Decimal, Timestamp};

const OWNERS: &[&str] =
    &["Larkspur Health", "Fox Valley School District", "Wabash Logistics", "City of Rockford", "Cardinal Housing"];

/// What was paid to subcontractors: every approved invoice but each chain's newest.
pub fn to_subcontractors(contractor: &Contractor) -> Vec<ContractPayment> {
    let mut random = Random::new(contractor.seed, "payments");
    let mut payments = Vec::new();
    for commitment in &contractor.commitments {
        let approved: Vec<&Invoice> = contractor
            .invoices
            .iter()
            .filter(|invoice| invoice.commitment == commitment.id && invoice.status.starts_with("approved"))
            .collect();
        let mut chain = Chain { commitment, number: 0, first: payments.len() };
        for invoice in approved.iter().take(approved.len().saturating_sub(1)) {
            payments.extend(chain.pay(invoice, &mut random));
            chain.first = payments.len();
        }
    }
    payments
}

/// The payments of one contract, in the order of their numbers.
struct Chain<'a> {
    commitment: &'a Commitment,
    number: i64,
    /// How many payments there are before.
    first: usize,
}

impl Chain<'_> {
    /// One payment, or two parts, or only the first part of one.
    fn pay(&mut self, invoice: &Invoice, random: &mut Random) -> Vec<ContractPayment> {
        let net = invoice.lines.iter().map(InvoiceLine::net);
        let due = net.fold(Decimal::ZERO, |sum, net| sum.checked_add(net).unwrap_or(sum));
        let way = random.below(100);
        let first = part(due, if way < 22 { random.between(30, 70) } else { 100 });
        let second = due.checked_sub(first).unwrap_or_default();
        let amounts = if way < 14 { vec![first, second] } else { vec![first] };
        let amounts = amounts.into_iter().filter(|amount| *amount > Decimal::ZERO);
        // Nobody pays a credit, and not everything that is due has been paid.
        amounts
            .enumerate()
            .filter(|_| way < 94)
            .map(|(part, amount)| self.payment(invoice, part, amount, random))
            .collect()
    }

    fn payment(&mut self, invoice: &Invoice, part: usize, amount: Decimal, random: &mut Random) -> ContractPayment {
        self.number += 1;
        let id = 660_000 + i64::try_from(self.first + part).unwrap_or_default() * 5;
        let billed = invoice.billing_date.unwrap_or_else(|| day(2026, 6, 30));
        let paid = billed.plus_days(random.between(20, 45) + i64::try_from(part).unwrap_or_default() * 14);
        let electronic = random.chance(60);
        let date = match random.below(50) {
            0 => None,
            1 => Some(epoch()),
            _ => Some(paid),
        };
        let prefix = if electronic { "EFT" } else { "CHK" };
        ContractPayment {
            id,
            commitment: self.commitment.id,
            invoice: (!random.chance(3)).then_some(invoice.id),
            number: self.number,
            amount,
            check_number: (!random.chance(4)).then(|| format!("{prefix}-{id}")),
            method: Some(if electronic { "electronic" } else { "check" }.to_owned()),
            date,
            notes: (part > 0).then(|| "Remainder".to_owned()),
            created: moment(paid, random),
            updated: moment(paid.plus_days(1), random),
        }
    }
}

fn part(amount: Decimal, percent: i64) -> Decimal {
    let part = amount.checked_mul(Decimal::from(percent)).and_then(|part| part.checked_div(Decimal::from(100_i64)));
    part.unwrap_or(amount).rounded(2)
}

/// The contract with the owner of each project; one project has none yet.
pub fn prime_contracts(contractor: &Contractor) -> Vec<PrimeContract> {
    let mut random = Random::new(contractor.seed, "prime contracts");
    contractor
        .projects
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != 3)
        .map(|(index, project)| {
            let owner = index % OWNERS.len();
            PrimeContract {
                id: 540_000 + i64::try_from(index).unwrap_or_default() * 11,
                project: project.id,
                number: format!("PC-{}", project.ledger_code),
                title: project.name.clone(),
                owner: OWNERS[owner].to_owned(),
                customer_code: format!("CU{:04}", 101 + owner),
                approved: index != 5,
                retainage_percent: Decimal::from(*random.pick(&[5_i64, 10])),
                amount: Decimal::from(random.between(40, 180) * 100_000),
                date: project.start.plus_days(-20),
            }
        })
        .collect()
}

/// What owners paid, month by month.
pub fn from_owners(contractor: &Contractor) -> Vec<OwnerPayment> {
    let mut random = Random::new(contractor.seed, "owner payments");
    let mut payments: Vec<OwnerPayment> = Vec::new();
    for contract in contractor.prime_contracts.iter().filter(|contract| contract.approved) {
        for number in 1..=random.between(2, 7) {
            let paid = day(2026, 1, 20).plus_days(number * 32 + random.between(0, 9));
            let id = 661_000_003 + i64::try_from(payments.len()).unwrap_or_default() * 5;
            payments.push(OwnerPayment {
                id,
                prime_contract: contract.id,
                number,
                amount: part(contract.amount, random.between(3, 9)),
                check_number: (!random.chance(6)).then(|| format!("WIRE-{}", id % 100_000)),
                date: if random.chance(4) { Some(epoch()) } else { Some(paid) },
                invoice_number: Some(format!("{}-{number:02}", contract.number)),
                notes: None,
                created: moment(paid, &mut random),
                updated: moment(paid, &mut random),
            });
        }
    }
    payments
}

fn moment(date: Date, random: &mut Random) -> Timestamp {
    let midnight = date.to_string().parse::<Timestamp>().unwrap_or_else(|_| Timestamp::from_unix(0));
    Timestamp::from_unix(midnight.unix() + random.between(46_800, 82_800))
}

#[cfg(test)]
mod tests {
    use super::super::contractor;
    use crate::connector::contractor::{Contractor, InvoiceLine};
    use crate::value::Decimal;
    use std::collections::{BTreeMap, BTreeSet};

    fn due(contractor: &Contractor, invoice: i64) -> Decimal {
        let invoice = contractor.invoices.iter().find(|known| known.id == invoice).expect("an invoice");
        let net = invoice.lines.iter().map(InvoiceLine::net);
        net.fold(Decimal::ZERO, |sum, net| sum.checked_add(net).expect("in range"))
    }

    #[test]
    fn no_invoice_is_paid_beyond_what_is_due_and_some_in_parts() {
        for seed in [1, 2, 99] {
            let contractor = contractor(seed);
            let mut paid: BTreeMap<i64, Vec<Decimal>> = BTreeMap::new();
            for payment in &contractor.payments {
                assert!(payment.amount > Decimal::ZERO);
                if let Some(invoice) = payment.invoice {
                    paid.entry(invoice).or_default().push(payment.amount);
                }
            }
            let mut parts = 0;
            for (invoice, amounts) in &paid {
                let sum = amounts.iter().fold(Decimal::ZERO, |sum, part| sum.checked_add(*part).expect("in range"));
                assert!(sum <= due(&contractor, *invoice), "invoice {invoice}");
                parts += usize::from(amounts.len() > 1);
            }
            assert!((20..200).contains(&parts), "{parts} paid in parts");
            let (absent, epoch): (Vec<_>, Vec<_>) = contractor
                .payments
                .iter()
                .filter(|paid| paid.date.is_none_or(|date| date.year() == 1970))
                .partition(|paid| paid.date.is_none());
            assert!(!absent.is_empty() && !epoch.is_empty());
            assert!(contractor.payments.iter().any(|paid| paid.invoice.is_none()));
        }
    }

    #[test]
    fn ids_are_unique_whichever_way_the_money_went() {
        let contractor = contractor(1);
        let out = contractor.payments.iter().map(|payment| payment.id);
        let ids: Vec<i64> = out.chain(contractor.owner_payments.iter().map(|payment| payment.id)).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    }
}
