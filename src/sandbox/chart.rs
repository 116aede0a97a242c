//! The contractor's codes: cost codes and cost types on the job side, accounts and
//! cost centers on the ledger side.

use crate::connector::contractor::{Account, CostCenter, CostCode, CostType};

/// The cost code for which nobody has set up the ledger's dimensions.
pub const UNMAPPED_CODE: &str = "27-150";

/// The cost code whose dimensions point to an account that was closed since.
pub const STALE_CODE: &str = "12-350";

/// Division, code, name.
const CODES: &[(&str, &str, &str)] = &[
    ("01", "310", "Project management"),
    ("01", "520", "Temporary facilities"),
    ("01", "740", "Cleaning"),
    ("02", "410", "Selective demolition"),
    ("02", "820", "Hazardous material removal"),
    ("03", "100", "Concrete forms"),
    ("03", "200", "Reinforcing steel"),
    ("03", "300", "Cast-in-place concrete"),
    ("03", "350", "Concrete finishing"),
    ("04", "200", "Unit masonry"),
    ("04", "720", "Cast stone"),
    ("05", "120", "Structural steel"),
    ("05", "310", "Steel deck"),
    ("05", "500", "Metal fabrications"),
    ("06", "100", "Rough carpentry"),
    ("06", "400", "Architectural woodwork"),
    ("07", "210", "Thermal insulation"),
    ("07", "500", "Membrane roofing"),
    ("07", "920", "Joint sealants"),
    ("08", "110", "Metal doors and frames"),
    ("08", "440", "Curtain wall"),
    ("08", "800", "Glazing"),
    ("09", "250", "Gypsum board"),
    ("09", "650", "Resilient flooring"),
    ("09", "910", "Painting"),
    ("12", "350", "Fixed furnishings"),
    ("12", "480", "Entrance mats"),
    ("21", "130", "Sprinkler systems"),
    ("22", "110", "Domestic water piping"),
    ("22", "400", "Plumbing fixtures"),
    ("23", "050", "Hydronic piping"),
    ("23", "310", "Ductwork"),
    ("23", "740", "Air handling units"),
    ("26", "050", "Wire and conduit"),
    ("26", "240", "Switchgear"),
    ("26", "510", "Lighting"),
    ("27", "150", "Structured cabling"),
    ("31", "230", "Excavation and fill"),
    ("31", "630", "Drilled piers"),
    ("32", "120", "Asphalt paving"),
    ("32", "310", "Fences and gates"),
    ("33", "110", "Water mains"),
    ("33", "400", "Storm drainage"),
];

const TYPES: &[(&str, &str, &str)] = &[
    ("L", "Labor", "labor"),
    ("M", "Materials", "materials"),
    ("S", "Subcontract", "commitment"),
    ("E", "Equipment", "equipment"),
    ("O", "Other", "other"),
];

/// Divisions with the name of their cost center.
const CENTERS: &[(&str, &str)] = &[
    ("01", "General conditions"),
    ("02", "Existing conditions"),
    ("03", "Concrete"),
    ("04", "Masonry"),
    ("05", "Metals"),
    ("06", "Wood"),
    ("07", "Envelope"),
    ("08", "Openings"),
    ("09", "Finishes"),
    ("12", "Furnishings"),
    ("21", "Fire suppression"),
    ("22", "Plumbing"),
    ("23", "Mechanical"),
    ("26", "Electrical"),
    ("27", "Communications"),
    ("31", "Earthwork"),
    ("32", "Exterior"),
    ("33", "Utilities"),
];

/// Account, name, active, control.
const ACCOUNTS: &[(&str, &str, bool, bool)] = &[
    ("1010", "Operating bank", true, true),
    ("2000", "Trade creditors", true, true),
    ("2050", "Retainage payable", true, true),
    ("2055", "Retainage held back", true, false),
    ("2060", "Retainage of subcontracts", true, false),
    ("5100", "Job cost: labor", true, false),
    ("5200", "Job cost: materials", true, false),
    ("5290", "Job cost: stored goods", true, false),
    ("5310", "Subcontracts: structure", true, false),
    ("5320", "Subcontracts: envelope", true, false),
    ("5330", "Subcontracts: interiors", true, false),
    ("5340", "Subcontracts: services", true, false),
    ("5350", "Subcontracts: site", true, false),
    ("5390", "Furnishings, closed 2025", false, false),
    ("5400", "Job cost: equipment", true, false),
    ("5900", "Job cost: other", true, false),
    ("5950", "Job cost: sales tax", true, false),
    ("6100", "Office expenses", true, false),
];

pub fn cost_codes() -> Vec<CostCode> {
    CODES
        .iter()
        .zip(6_100_000..)
        .map(|((division, code, name), id)| CostCode {
            id,
            code: (*code).to_owned(),
            division: (*division).to_owned(),
            name: (*name).to_owned(),
        })
        .collect()
}

pub fn cost_types() -> Vec<CostType> {
    TYPES
        .iter()
        .zip(41_001..)
        .map(|((code, name, base), id)| CostType {
            id,
            code: (*code).to_owned(),
            name: (*name).to_owned(),
            base: (*base).to_owned(),
        })
        .collect()
}

pub fn accounts() -> Vec<Account> {
    ACCOUNTS
        .iter()
        .map(|(code, name, active, control)| Account {
            code: (*code).to_owned(),
            name: (*name).to_owned(),
            active: *active,
            control: *control,
            wants_cost_center: code.starts_with('5'),
            wants_project: code.starts_with('5'),
        })
        .collect()
}

/// One cost center a division (`C030`), the pools, and one that is closed.
pub fn cost_centers() -> Vec<CostCenter> {
    let divisions = CENTERS.iter().map(|(division, name)| (format!("C{division}0"), *name, true));
    let pools = [("C900", "Equipment pool", true), ("C910", "Own crews", true), ("C990", "Closed yard", false)];
    divisions
        .chain(pools.map(|(code, name, active)| (code.to_owned(), name, active)))
        .map(|(code, name, active)| CostCenter { code, name: name.to_owned(), active })
        .collect()
}
