//! Costs without a contract: bills of suppliers, what employees laid out, payrolls.
//!
//! A stream of random numbers of its own: no other part of the story moves with it.

use super::chart::{STALE_CODE, UNMAPPED_CODE};
use super::jobs::day;
use super::random::Random;
use super::taxes;
use crate::connector::contractor::{Contractor, DirectCost, DirectCostLine, Project};
use crate::value::{Date, Decimal, Timestamp};

/// A kind, its share in percent, and the cost types that it is booked on.
const KINDS: &[(&str, u64, &[&str])] = &[
    ("invoice", 56, &["M", "M", "E", "O"]),
    ("expense", 24, &["O", "M"]),
    ("payroll", 14, &["L"]),
    ("subcontractor_invoice", 6, &["S"]),
];

const EMPLOYEES: &[&str] = &["Mia Dunn", "Owen Achebe", "Petra Lund", "Sam Whitehorse"];

/// What is bought, its unit, and its usual price in cents.
const GOODS: &[(&str, &str, i64)] = &[
    ("Concrete pump hire", "hr", 18_500),
    ("Lumber for forms", "lf", 412),
    ("Safety signs", "ea", 2_350),
    ("Diesel", "gal", 398),
    ("Portable toilets", "mo", 14_000),
    ("Site photographs", "ls", 45_000),
    ("Fasteners", "box", 3_119),
];

/// All direct costs of all projects.
pub fn direct_costs(contractor: &Contractor) -> Vec<DirectCost> {
    let mut random = Random::new(contractor.seed, "direct costs");
    let mut costs = Vec::new();
    for project in &contractor.projects {
        let count = if project.active && project.permitted { random.between(8, 18) } else { 2 };
        for _ in 0..count {
            let id = 7_710_000 + i64::try_from(costs.len()).unwrap_or(0) * 3;
            costs.push(cost(contractor, project, id, &mut random));
        }
    }
    awkward(contractor, &mut costs);
    costs
}

fn cost(contractor: &Contractor, project: &Project, id: i64, random: &mut Random) -> DirectCost {
    let (kind, types) = kind(random);
    let date = day(2026, 1, 5).plus_days(random.between(0, 290));
    // Payrolls have no vendor; two expenses in three were laid out by an employee.
    let by_employee = kind == "expense" && random.chance(66);
    let vendor = (!by_employee && kind != "payroll").then(|| vendor(contractor, random));
    let number = match kind {
        "payroll" => None,
        "expense" => random.chance(50).then(|| format!("R-{}", id % 100_000)),
        _ => Some(format!("B{}-{}", random.between(10, 99), id % 100_000)),
    };
    let (name, _, _) = GOODS[random.below(GOODS.len())];
    let (created, updated) = (moment(date.plus_days(1), random), moment(date.plus_days(4), random));
    DirectCost {
        id,
        project: project.id,
        kind: kind.to_owned(),
        status: status(random).to_owned(),
        vendor,
        employee: by_employee.then(|| (*random.pick(EMPLOYEES)).to_owned()),
        invoice_number: number,
        description: random.chance(75).then(|| if kind == "payroll" { "Weekly payroll" } else { name }.to_owned()),
        date: Some(date),
        received: random.chance(60).then(|| date.plus_days(2)),
        paid: random.chance(20).then(|| date.plus_days(30)),
        lines: (0..random.between(1, 4)).map(|at| line(contractor, id * 10 + at, kind, types, random)).collect(),
        created,
        updated,
    }
}

fn kind(random: &mut Random) -> (&'static str, &'static [&'static str]) {
    let mut left = random.below(100) as u64;
    for (kind, share, types) in KINDS {
        if left < *share {
            return (kind, types);
        }
        left -= share;
    }
    (KINDS[0].0, KINDS[0].2)
}

fn status(random: &mut Random) -> &'static str {
    random.pick::<&'static str>(&["approved", "approved", "approved", "approved", "pending", "draft"])
}

/// Any vendor that the ledger has and that is active: a bill is nothing special.
fn vendor(contractor: &Contractor, random: &mut Random) -> i64 {
    let known: Vec<i64> = contractor
        .vendors
        .iter()
        .filter(|vendor| vendor.active && vendor.in_ledger && vendor.supplier_code.is_some())
        .map(|vendor| vendor.id)
        .collect();
    *random.pick(&known)
}

fn line(contractor: &Contractor, id: i64, kind: &str, types: &[&str], random: &mut Random) -> DirectCostLine {
    let usable: Vec<usize> = (0..contractor.cost_codes.len())
        .filter(|at| ![UNMAPPED_CODE, STALE_CODE].contains(&contractor.cost_codes[*at].full_code().as_str()))
        .collect();
    let wanted = *random.pick(types);
    let (name, unit, price) = *random.pick(GOODS);
    let (name, unit, price) = if kind == "payroll" { ("Crew hours", "hr", 6_175) } else { (name, unit, price) };
    let quantity = Decimal::cents(random.between(2, 60) * 25);
    let unit_cost = Decimal::cents(price + random.between(0, 99));
    DirectCostLine {
        id,
        cost_code: *random.pick(&usable),
        cost_type: contractor.cost_types.iter().position(|ty| ty.code == wanted).unwrap_or(0),
        description: random.chance(80).then(|| name.to_owned()),
        quantity,
        unit: unit.to_owned(),
        unit_cost,
        amount: quantity.checked_mul(unit_cost).unwrap_or_default().rounded(2),
        tax_code: (kind == "invoice" && random.chance(35)).then_some(taxes::ORDINARY),
    }
}

/// What a real folder of bills has: gaps, credits, a day that is the beginning of time,
/// a kind that no document names, a code without an account.
fn awkward(contractor: &Contractor, costs: &mut [DirectCost]) {
    let open = |cost: &DirectCost| {
        contractor.projects.iter().any(|job| job.id == cost.project && job.active && job.permitted)
            && cost.status == "approved"
            && cost.kind == "invoice"
    };
    let mut free: Vec<&mut DirectCost> = costs.iter_mut().filter(|cost| open(cost)).collect();
    let step = (free.len() / 12).max(1);
    for (place, cost) in free.iter_mut().step_by(step).enumerate() {
        match place {
            0 => cost.invoice_number = None,
            1 => cost.date = None,
            2 => cost.date = Some(epoch()),
            3 => cost.paid = Some(epoch()),
            4 | 5 => cost.lines.iter_mut().for_each(negate),
            6 => "equipment_log".clone_into(&mut cost.kind),
            7 => cost.lines.clear(),
            8 => {
                let at = contractor.cost_codes.iter().position(|code| code.full_code() == UNMAPPED_CODE);
                let kind = contractor.cost_types.iter().position(|ty| ty.code == "S");
                if let (Some(line), Some(code), Some(kind)) = (cost.lines.first_mut(), at, kind) {
                    (line.cost_code, line.cost_type) = (code, kind);
                }
            }
            9 => cost.vendor = None,
            10 => cost.date = cost.date.map(|date| day(2025, date.month(), 15)),
            _ => {}
        }
    }
}

/// The first day that a computer's clock knows: what some programs write for no day.
pub fn epoch() -> Date {
    day(1970, 1, 1)
}

fn negate(line: &mut DirectCostLine) {
    line.quantity = line.quantity.negated();
    line.amount = line.amount.negated();
}

fn moment(date: Date, random: &mut Random) -> Timestamp {
    let midnight = date.to_string().parse::<Timestamp>().unwrap_or_else(|_| Timestamp::from_unix(0));
    Timestamp::from_unix(midnight.unix() + random.between(46_800, 82_800))
}

#[cfg(test)]
mod tests {
    use super::super::contractor;
    use crate::connector::contractor::DirectCost;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_and_every_oddity_is_there() {
        for seed in [1, 2, 99] {
            let contractor = contractor(seed);
            let costs = &contractor.direct_costs;
            assert!((180..360).contains(&costs.len()), "{}", costs.len());
            let kinds: BTreeSet<&str> = costs.iter().map(|cost| cost.kind.as_str()).collect();
            let all = ["equipment_log", "expense", "invoice", "payroll", "subcontractor_invoice"];
            assert_eq!(kinds.into_iter().collect::<Vec<_>>(), all);
            let count = |fits: &dyn Fn(&DirectCost) -> bool| costs.iter().filter(|cost| fits(cost)).count();
            assert_eq!(count(&|cost| cost.kind == "invoice" && cost.invoice_number.is_none()), 1);
            assert_eq!(count(&|cost| cost.date.is_none_or(|date| date.year() == 1970)), 2);
            assert_eq!(count(&|cost| cost.lines.is_empty()), 1);
            assert_eq!(count(&|cost| cost.lines.iter().any(|line| line.amount.is_negative())), 2);
            assert!(count(&|cost| cost.lines.iter().any(|line| line.tax_code.is_some())) > 20);
        }
    }

    #[test]
    fn ids_of_costs_and_lines_are_unique() {
        let contractor = contractor(1);
        let costs: BTreeSet<i64> = contractor.direct_costs.iter().map(|cost| cost.id).collect();
        assert_eq!(costs.len(), contractor.direct_costs.len());
        let lines = || contractor.direct_costs.iter().flat_map(|cost| &cost.lines).map(|line| line.id);
        assert_eq!(lines().collect::<BTreeSet<_>>().len(), lines().count());
    }
}
