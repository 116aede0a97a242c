//! What costs are planned and sorted by: budgets, change orders, sub jobs, a segment of the
//! company's own. Made after everything else stands, with streams of random numbers of its
//! own; no invoice is touched.

use super::jobs::day;
use super::random::Random;
use crate::connector::contractor::{
    BudgetLine, ChangeOrder, Commitment, CommitmentLine, Contract, Contractor, Project, Segment, SegmentValue, SubJob,
};
use crate::value::{Date, Decimal, Timestamp};
use std::collections::BTreeMap;

/// Who pays for a cost.
const FUNDS: &[(&str, &str)] = &[("OWN", "Own means"), ("BOND", "Bond of 2024"), ("GRANT", "Federal grant")];

/// What a change order is for.
const REASONS: &[&str] =
    &["Unforeseen ground conditions", "Owner's request", "Design revision", "Code compliance", "Added allowance"];

const SECONDS_A_DAY: i64 = 86_400;

/// Lays out the structure of a contractor whose contracts and invoices stand.
pub fn place(contractor: &mut Contractor) {
    contractor.segment = Some(funding());
    contractor.segmented_lines = segmented_lines(contractor);
    contractor.sub_jobs = sub_jobs(contractor);
    contractor.budget = budget(contractor);
    contractor.change_orders = change_orders(contractor);
    delete_some(contractor);
}

fn funding() -> Segment {
    let values = FUNDS.iter().zip(7_301..);
    Segment {
        id: 7_300,
        name: "Funding".to_owned(),
        values: values
            .map(|((code, name), id)| SegmentValue { id, code: (*code).to_owned(), name: (*name).to_owned() })
            .collect(),
    }
}

/// One project in four is paid out of several funds, and says so on each line of its contracts.
fn segmented_lines(contractor: &Contractor) -> BTreeMap<i64, usize> {
    let mut random = Random::new(contractor.seed, "segments");
    let funded = contractor.projects.iter().step_by(4).map(|project| project.id).collect::<Vec<_>>();
    let commitments = contractor.commitments.iter().filter(|commitment| funded.contains(&commitment.project));
    commitments.flat_map(|commitment| &commitment.lines).map(|line| (line.id, random.below(FUNDS.len()))).collect()
}

/// One project in six is divided.
fn sub_jobs(contractor: &Contractor) -> Vec<SubJob> {
    let divided = contractor.projects.iter().skip(2).step_by(6);
    let parts = |project: &Project| {
        let project = project.id;
        [("A", "Tower"), ("B", "Site works")].map(|(code, name)| (project, code.to_owned(), name.to_owned()))
    };
    let all = divided.flat_map(parts).zip(61_000..);
    all.map(|((project, code, name), id)| SubJob { id, project, code, name }).collect()
}

/// For each cost code and cost type that a project's contracts use, a little more than they
/// come to; and some for the own crews.
fn budget(contractor: &Contractor) -> Vec<BudgetLine> {
    let mut random = Random::new(contractor.seed, "budget");
    let labor = contractor.cost_types.iter().position(|kind| kind.code == "L").unwrap_or_default();
    let mut budget = Vec::new();
    for project in &contractor.projects {
        let mut planned: BTreeMap<(usize, usize), Decimal> = BTreeMap::new();
        let commitments = contractor.commitments.iter().filter(|commitment| commitment.project == project.id);
        for line in commitments.flat_map(|commitment| &commitment.lines) {
            let sum = planned.entry((line.cost_code, line.cost_type)).or_insert(Decimal::ZERO);
            *sum = sum.checked_add(line.amount).unwrap_or(*sum);
        }
        for cost_code in 0..3 {
            planned.entry((cost_code, labor)).or_insert_with(|| Decimal::cents(random.between(20, 90) * 100_000));
        }
        for ((cost_code, cost_type), sum) in planned {
            let more = Decimal::cents(random.between(0, 40) * 10_000);
            let original = sum.checked_add(more).unwrap_or(sum);
            let id = 53_000_000 + i64::try_from(budget.len()).unwrap_or_default() * 3;
            budget.push(BudgetLine { id, project: project.id, cost_code, cost_type, original });
        }
    }
    budget
}

/// What came by change orders stands in approved ones; others wait, were turned down, or
/// were withdrawn. Owners change their contracts too.
fn change_orders(contractor: &Contractor) -> Vec<ChangeOrder> {
    let mut desk = Desk { random: Random::new(contractor.seed, "change orders"), orders: Vec::new() };
    for commitment in &contractor.commitments {
        let changed: Vec<CommitmentLine> = commitment.lines.iter().filter(|line| line.change_order).cloned().collect();
        if !changed.is_empty() {
            desk.order(commitment.project, Contract::Commitment(commitment.id), "approved", changed);
        }
        if desk.random.chance(25) {
            let status = *desk.random.pick(&["pending", "pending", "draft", "proceeding", "rejected", "void"]);
            let wanted = desk.wanted(commitment);
            desk.order(commitment.project, Contract::Commitment(commitment.id), status, wanted);
        }
    }
    for prime in &contractor.prime_contracts {
        for status in ["approved", "pending"] {
            desk.order(prime.project, Contract::Prime(prime.id), status, Vec::new());
        }
    }
    desk.orders
}

/// Where change orders are written.
struct Desk {
    random: Random,
    orders: Vec<ChangeOrder>,
}

impl Desk {
    fn order(&mut self, project: i64, contract: Contract, status: &str, lines: Vec<CommitmentLine>) {
        let random = &mut self.random;
        let created = moment(day(2026, 2, 1).plus_days(random.between(0, 200)), random);
        let updated = Timestamp::from_unix(created.unix() + random.between(1, 30) * SECONDS_A_DAY);
        let amount = match contract {
            Contract::Commitment(_) => {
                lines.iter().fold(Decimal::ZERO, |sum, line| sum.checked_add(line.amount).unwrap_or(sum))
            }
            Contract::Prime(_) => Decimal::cents(random.between(10, 300) * 100_000),
        };
        let sequence = self.orders.iter().filter(|order| order.contract == contract).count() + 1;
        self.orders.push(ChangeOrder {
            id: 94_000 + i64::try_from(self.orders.len()).unwrap_or_default() * 3,
            project,
            contract,
            number: format!("{sequence:03}"),
            title: (*random.pick(REASONS)).to_owned(),
            status: status.to_owned(),
            amount,
            due: Some(created.date().plus_days(21)),
            approved: (status == "approved").then(|| updated.date()),
            lines,
            created,
            updated,
            // A void one was written by mistake, and thrown away.
            deleted: (status == "void").then_some(updated),
        });
    }

    /// A line that is wanted beside those of the contract.
    fn wanted(&mut self, commitment: &Commitment) -> Vec<CommitmentLine> {
        let like = commitment.lines.first().into_iter();
        like.map(|line| CommitmentLine {
            id: commitment.id * 100 + 90,
            amount: Decimal::cents(self.random.between(4, 120) * 25_000),
            description: format!("{}, added", line.description),
            change_order: true,
            ..line.clone()
        })
        .collect()
    }
}

fn moment(day: Date, random: &mut Random) -> Timestamp {
    let midnight = day.to_string().parse::<Timestamp>().unwrap_or_else(|_| Timestamp::from_unix(0));
    Timestamp::from_unix(midnight.unix() + random.between(46_800, 82_800))
}

/// Two contracts that were begun and thrown away before anybody billed on them.
fn delete_some(contractor: &mut Contractor) {
    let begun: Vec<Commitment> = contractor
        .commitments
        .iter()
        .filter(|commitment| [0, 1].map(|at| contractor.projects[at].id).contains(&commitment.project))
        .step_by(7)
        .map(|like| Commitment {
            id: like.id + 2,
            number: format!("{}-X", like.number),
            approved: false,
            ledger_order: None,
            lines: Vec::new(),
            ..like.clone()
        })
        .collect();
    let deleted = day(2026, 1, 15).to_string().parse().unwrap_or_else(|_| Timestamp::from_unix(0));
    contractor.deleted_commitments = begun.iter().map(|commitment| (commitment.id, deleted)).collect();
    contractor.commitments.extend(begun);
}

#[cfg(test)]
mod tests {
    use crate::connector::contractor::Contract;
    use crate::sandbox::contractor;
    use crate::value::Decimal;
    use std::collections::BTreeSet;

    #[test]
    fn approved_change_orders_come_to_what_their_contracts_grew_by() {
        let contractor = contractor(1);
        let sum = |amounts: &mut dyn Iterator<Item = Decimal>| {
            amounts.fold(Decimal::ZERO, |sum, amount| sum.checked_add(amount).expect("in range"))
        };
        for commitment in &contractor.commitments {
            let of_it = |order: &&crate::connector::contractor::ChangeOrder| {
                order.contract == Contract::Commitment(commitment.id) && order.status == "approved"
            };
            let ordered = sum(&mut contractor.change_orders.iter().filter(of_it).map(|order| order.amount));
            let grown = commitment.lines.iter().filter(|line| line.change_order);
            assert_eq!(ordered, sum(&mut grown.map(|line| line.amount)), "{}", commitment.number);
        }
    }

    #[test]
    fn there_is_some_of_each_kind_and_ids_are_unique() {
        for seed in [1, 2, 99] {
            let contractor = contractor(seed);
            let statuses: BTreeSet<&str> = contractor.change_orders.iter().map(|order| order.status.as_str()).collect();
            assert!(statuses.len() >= 4, "{statuses:?}");
            assert_eq!(contractor.deleted_commitments.len(), 2);
            assert!(contractor.budget.len() > 300 && contractor.segmented_lines.len() > 80);
            let ids: BTreeSet<i64> = contractor.commitments.iter().map(|commitment| commitment.id).collect();
            assert_eq!(ids.len(), contractor.commitments.len());
        }
    }
}
