//! The words that begin an entry, by the block that they stand in, each with what usually
//! follows it. `$1` is a place to fill.

type Words = &'static [(&'static str, &'static str)];

pub const ITEMS: Words = &[
    ("pipeline", " \"$1\" {\n  timezone = \"$2\"\n  currency = \"$3\"\n}"),
    ("connect", " $1 {\n  $0\n}"),
    ("lookup", " $1($2) -> ($3) {\n  $0\n}"),
    ("flow", " $1 {\n  from $2 as $3\n\n  map {\n    $0\n  }\n\n  to $4 {\n    key $5\n  }\n}"),
    ("use", " \"$0\""),
    ("extend flow", " $1 {\n  $0\n}"),
    ("fn", " $1($2: ${3:decimal}) = $0"),
    ("let", " $1 = $0"),
    ("vars", " {\n  $1 = $0\n}"),
    ("notify", " {\n  mail = [\"$1\"]\n  on parked after ${2:4h}\n  $0\n}"),
    ("test", " \"$1\" {\n  flow $2\n  given {\n    $0\n  }\n  expect ${3|posted,held,rejected,skipped|}\n}"),
];

pub const CLAUSES: Words = &[
    ("from", ""),
    ("where", ""),
    ("match", " $1 as $2 {\n  $0\n}"),
    ("let", " $1 = $0"),
    ("map", " {\n  $0\n}"),
    ("require", " $1\n  else ${2|hold,reject,skip|} \"$0\""),
    ("to", ""),
    ("run every", " ${1:15m}"),
    ("reconcile", " daily at ${1:05:00} lookback ${2:35d}"),
];

pub const RULES: Words = &[
    ("key", " $0"),
    ("on change", " ${1|hold,update,ignore|}"),
    ("approve when", " $0"),
    ("retry", " ${1:5} times from ${2:2s} to ${3:2m}"),
    ("guard", " ${1:25}% rejected"),
];

/// Of what a `notify` block tells.
pub const NOTICES: Words = &[
    ("on parked after", " ${1:4h}"),
    ("on nothing read", ""),
    ("on budget above", " ${1:80}%"),
    ("on failed run", ""),
    ("digest", " daily at ${1:07:00}"),
];

pub const LOOKUP: Words = &[
    ("from", ""),
    ("from csv", " \"$0\""),
    ("from xlsx", " \"$0\""),
    ("verify", ""),
    ("missing", " ${1|hold,reject,skip|} \"$0\""),
];

pub const TEST: Words = &[
    ("flow", ""),
    ("given", " {\n  $0\n}"),
    ("given json", " \"$0\""),
    ("with", " $1($2) => { $0 }"),
    ("expect", " ${1|posted,held,rejected,skipped|}"),
];

/// What may have become of a record in a test.
pub const EXPECTED: &[&str] = &["posted", "held", "rejected", "skipped"];

pub const OUTCOMES: &[&str] = &["hold", "reject", "skip"];

/// Types as a parameter or variable has them.
pub const TYPES: &[&str] = &["text", "integer", "decimal", "boolean", "date", "datetime", "duration", "list of"];
