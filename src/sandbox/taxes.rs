//! Taxes: the codes that the job side knows, and the contract lines that bear one.

use super::random::Random;
use crate::connector::contractor::{Contractor, TaxCode};
use crate::value::Decimal;

/// Code, what it is, rate in hundredths of a percent, still in use.
const CODES: &[(&str, &str, i64, bool)] = &[
    ("EXEMPT", "No tax", 0, true),
    ("IL-STATE", "Illinois state sales tax", 625, true),
    ("IL-COOK", "Illinois and Cook County", 825, true),
    ("IN-STATE", "Indiana state sales tax", 700, true),
    ("WI-2019", "Wisconsin, old rate", 550, false),
];

/// The tax that ordinary purchases bear.
pub const ORDINARY: usize = 1;

pub fn codes() -> Vec<TaxCode> {
    CODES
        .iter()
        .zip(77_001..)
        .map(|((code, description, rate, active), id)| TaxCode {
            id,
            code: (*code).to_owned(),
            description: (*description).to_owned(),
            rate: Decimal::cents(*rate),
            active: *active,
        })
        .collect()
}

/// Puts a tax on every second line of the contracts of all but the first of those vendors that
/// nobody has linked with the ledger. Their invoices wait for the link wherever a flow reads
/// the vendor's code.
pub fn place(contractor: &mut Contractor) {
    let mut random = Random::new(contractor.seed, "taxes");
    let unlinked = contractor.vendors.iter().filter(|vendor| vendor.supplier_code.is_none() && vendor.active);
    let bearing: Vec<i64> = unlinked.skip(1).map(|vendor| vendor.id).collect();
    let taxed: Vec<(i64, usize)> = contractor
        .commitments
        .iter()
        .filter(|commitment| bearing.contains(&commitment.vendor))
        .flat_map(|commitment| commitment.lines.iter().step_by(2))
        .map(|line| (line.id, *random.pick(&[ORDINARY, 2])))
        .collect();
    contractor.taxed_lines = taxed.into_iter().collect();
}
