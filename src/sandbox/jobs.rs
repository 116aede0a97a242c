//! Projects, vendors and commitments of the contractor, before anything awkward happens to them.

use super::chart::{STALE_CODE, UNMAPPED_CODE};
use super::names::{FOUNDERS, PLACES, TOWNS, TRADES, WORKS};
use super::random::Random;
use crate::connector::contractor::{BillingPeriod, Commitment, CommitmentLine, CostCode, CostType, Project, Vendor};
use crate::value::{Date, Decimal, Timestamp};

/// How many projects there are; the last four are closed to the integration.
pub const PROJECTS: usize = 24;
const VENDORS: usize = 120;
const COMMITMENTS_PER_PROJECT: usize = 7;
/// Below this number of months billing has happened: January to October 2026.
pub const MONTHS: i8 = 10;

/// The first id beyond what a double holds exactly.
const BEYOND_DOUBLE: i64 = 9_007_199_254_740_993;

pub fn projects(seed: u64) -> Vec<Project> {
    let mut random = Random::new(seed, "projects");
    (0..PROJECTS).map(|index| project(index, &mut random)).collect()
}

fn project(index: usize, random: &mut Random) -> Project {
    let (city, state) = *random.pick(TOWNS);
    let number = format!("{}-{:03}", 24 + index / 12, 11 + index * 3);
    // Some tenants' ids lie beyond what a JSON reader with doubles can tell apart.
    let base = if (4..8).contains(&index) { BEYOND_DOUBLE } else { 598_134_325_600_100 };
    Project {
        id: base + i64::try_from(index).unwrap_or(0) * 2,
        ledger_code: number.replace('-', ""),
        number,
        name: format!("{} {}", PLACES[index % PLACES.len()], random.pick(WORKS)),
        active: !(20..23).contains(&index),
        permitted: index != 23,
        city: city.to_owned(),
        state: state.to_owned(),
        start: day(2025, 9, 1).plus_days(random.between(0, 60)),
    }
}

/// Monthly periods, January to October 2026, for each project.
pub fn periods(projects: &[Project]) -> Vec<BillingPeriod> {
    let of_project = |(index, project): (usize, &Project)| {
        (1..=MONTHS)
            .map(|month| {
                let start = day(2026, month, 1);
                BillingPeriod {
                    id: 220_000 + i64::try_from(index).unwrap_or(0) * 100 + i64::from(month),
                    project: project.id,
                    start,
                    end: start.end_of_month(),
                    due: start.end_of_month().plus_days(30),
                }
            })
            .collect::<Vec<_>>()
    };
    projects.iter().enumerate().flat_map(of_project).collect()
}

pub fn vendors(seed: u64) -> Vec<Vendor> {
    let mut random = Random::new(seed, "vendors");
    (0..VENDORS).map(|index| vendor(index, &mut random)).collect()
}

fn vendor(index: usize, random: &mut Random) -> Vendor {
    let (trade, _) = TRADES[index % TRADES.len()];
    // Steps through the founders so that no pair of name halves comes twice.
    let founder = FOUNDERS[(index / TRADES.len() * 5 + index) % FOUNDERS.len()];
    let name = format!("{founder} {trade}");
    let (city, state) = *random.pick(TOWNS);
    let mailbox: String = founder.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
    let index = i64::try_from(index).unwrap_or(0);
    Vendor {
        id: 30_021_000 + index * 3,
        email: format!("accounts@{mailbox}.example"),
        name,
        registration: random
            .chance(85)
            .then(|| format!("{:02}-{:07}", random.between(20, 88), 1_204_511 + index * 613)),
        supplier_code: Some(format!("S{:05}", 400 + index)),
        in_ledger: true,
        active: true,
        city: city.to_owned(),
        state: state.to_owned(),
        created: Timestamp::from_unix(1_735_689_600 + random.between(0, 200) * 86_400 + random.between(0, 80_000)),
    }
}

pub fn commitments(
    seed: u64,
    projects: &[Project],
    vendors: &[Vendor],
    codes: &[CostCode],
    types: &[CostType],
) -> Vec<Commitment> {
    let mut random = Random::new(seed, "commitments");
    let mut commitments = Vec::new();
    for (index, project) in projects.iter().enumerate() {
        // Closed jobs have little left on them.
        let count = if project.active && project.permitted { COMMITMENTS_PER_PROJECT } else { 2 };
        for sequence in 0..count {
            // Walks through all vendors, so that each has one or two contracts.
            let vendor = (index * COMMITMENTS_PER_PROJECT + sequence) % vendors.len();
            let id = 870_000 + i64::try_from(commitments.len()).unwrap_or(0) * 4;
            let trade = TRADES[vendor % TRADES.len()].1;
            let draft = Draft { id, project, vendor: vendors[vendor].id, trade, sequence };
            commitments.push(draft.commitment(codes, types, &mut random));
        }
    }
    commitments
}

struct Draft<'a> {
    id: i64,
    project: &'a Project,
    vendor: i64,
    trade: &'a [&'a str],
    sequence: usize,
}

impl Draft<'_> {
    fn commitment(&self, codes: &[CostCode], types: &[CostType], random: &mut Random) -> Commitment {
        let subcontract = !random.chance(22);
        let usable: Vec<usize> = (0..codes.len())
            .filter(|index| self.trade.contains(&codes[*index].division.as_str()))
            .filter(|index| ![UNMAPPED_CODE, STALE_CODE].contains(&codes[*index].full_code().as_str()))
            .collect();
        let lines = (0..random.between(2, 8))
            .map(|line| {
                let cost_code = *random.pick(&usable);
                let cost_type = cost_type(subcontract, types, random);
                let change_order = line >= 2 && random.chance(12);
                CommitmentLine {
                    id: self.id * 100 + line,
                    cost_code,
                    cost_type,
                    description: codes[cost_code].name.clone(),
                    amount: Decimal::cents(random.between(80, 2_400) * 5_000),
                    change_order,
                }
            })
            .collect::<Vec<_>>();
        let prefix = if subcontract { "SC" } else { "PO" };
        let title = lines.first().map_or_else(String::new, |line| line.description.clone());
        Commitment {
            id: self.id,
            project: self.project.id,
            vendor: self.vendor,
            subcontract,
            number: format!("{prefix}-{}-{:03}", self.project.ledger_code, self.sequence + 1),
            title,
            approved: true,
            retainage_percent: retainage(subcontract, random),
            date: day(2025, 12, 1).plus_days(random.between(0, 28)),
            ledger_order: None,
            lines,
        }
    }
}

/// Subcontracts are mostly billed as such, purchase orders mostly as materials.
fn cost_type(subcontract: bool, types: &[CostType], random: &mut Random) -> usize {
    let wanted = match (subcontract, random.below(100)) {
        (true, 0..=84) => "S",
        (true, 85..=89) => "L",
        (true, 90..=94) => "E",
        (false, 0..=89) => "M",
        (false, 90..=95) => "E",
        (true, 95..=96) | (false, _) => "O",
        (true, _) => "M",
    };
    types.iter().position(|ty| ty.code == wanted).unwrap_or(0)
}

/// Of a subcontract, mostly a tenth; of ordered goods usually nothing, but a few suppliers
/// agreed to it.
fn retainage(subcontract: bool, random: &mut Random) -> Decimal {
    let percent = *random.pick(&[0_i64, 5, 10, 10, 10]);
    Decimal::from(if subcontract || percent == 5 { percent } else { 0 })
}

/// A day that is known to exist.
pub fn day(year: i16, month: i8, day: i8) -> Date {
    Date::new(year, month, day).expect("the sandbox's own days exist")
}
