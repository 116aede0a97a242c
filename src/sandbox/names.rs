//! Words out of which the contractor's jobs and vendors are named. All invented.

/// First halves of job names.
pub const PLACES: &[&str] = &[
    "Riverside",
    "Cedar Hollow",
    "Northgate",
    "Millbrook",
    "Lakeshore",
    "Prairie View",
    "Union Yard",
    "Foxglove",
    "Stonebridge",
    "Harbor Point",
    "Elm Street",
    "Granary",
    "Westfield",
    "Summit Ridge",
    "Old Mill",
    "Kestrel",
    "Fairground",
    "Beacon Hill",
    "Copper Creek",
    "Maple Crossing",
    "Tannery",
    "Wren",
    "Depot",
    "Orchard Park",
];

/// Second halves of job names.
pub const WORKS: &[&str] = &[
    "Pumping Station",
    "Medical Office",
    "Parking Structure",
    "Elementary School",
    "Distribution Center",
    "Library",
    "Fire Station",
    "Apartments",
    "Water Treatment",
    "Transit Hall",
    "Office Fit-Out",
    "Hospital Wing",
];

/// Towns with their state.
pub const TOWNS: &[(&str, &str)] = &[
    ("Joliet", "IL"),
    ("Aurora", "IL"),
    ("Naperville", "IL"),
    ("Gary", "IN"),
    ("Fort Wayne", "IN"),
    ("Madison", "WI"),
    ("Kenosha", "WI"),
    ("Rockford", "IL"),
    ("Peoria", "IL"),
    ("Davenport", "IA"),
    ("Dubuque", "IA"),
    ("Racine", "WI"),
];

/// First halves of vendor names.
pub const FOUNDERS: &[&str] = &[
    "Tallow Creek",
    "Blue Heron",
    "Ironwood",
    "Lindqvist",
    "Okafor & Sons",
    "Prairie State",
    "Delgado",
    "Whitcomb",
    "Sauk Valley",
    "Brandt",
    "Nakamura",
    "Three Rivers",
    "Cobblestone",
    "Petrov",
    "Great Lakes",
    "Osei",
    "Kowalski",
    "Redbird",
    "Hollis",
    "Marquette",
    "Fenwick",
    "Anchor",
    "Dunmore",
    "Sycamore",
];

/// Trades: the second half of a vendor's name, and the divisions that it works in.
pub const TRADES: &[(&str, &[&str])] = &[
    ("Concreting", &["03"]),
    ("Masonry", &["04"]),
    ("Steel Erectors", &["05"]),
    ("Carpentry", &["06"]),
    ("Roofing", &["07"]),
    ("Glass & Doors", &["08"]),
    ("Drywall", &["09"]),
    ("Flooring", &["09", "12"]),
    ("Fire Protection", &["21"]),
    ("Plumbing", &["22"]),
    ("Mechanical", &["23"]),
    ("Electric", &["26", "27"]),
    ("Excavating", &["31"]),
    ("Paving", &["32"]),
    ("Utilities", &["33"]),
    ("Site Services", &["01", "02"]),
];

/// What people write on the lines of an invoice.
pub const PROGRESS: &[&str] = &[
    "Progress billing",
    "Work in place to date",
    "Labor and material this period",
    "Per schedule of values",
    "Level 2 east",
    "Level 3 west",
    "Phase one",
    "Rework credited by agreement",
];

/// Longer than any ledger keeps: what people write when they have been asked to explain.
pub const LONG_STORY: &str = "Work completed between the first and the last pour of the month, including the night \
shift that the owner's representative asked for on site, pump hire and the second delivery of curing compound, as \
agreed with the superintendent and set out in the attached daily reports 14 to 31";
