//! Records as a catalogue describes them, the awkward ones among them: what may be absent
//! is, texts are as long as they may be, amounts have all digits that fit, days lie far off.

use super::random::Random;
use mlc::value::{Date, Decimal, Kind, Record, RecordType, Timestamp, Type, Value};
use std::sync::Arc;

/// Texts that lookups of the generated pipelines know, and texts that hurt.
pub const TEXTS: &[&str] = &[
    "",
    " ",
    "01-100",
    "03-300",
    "L",
    "M",
    "approved",
    "5100",
    "C100",
    "S100",
    "0",
    "7",
    "ÄÖ ß ﬃ",
    "e\u{301}",
    "👷🏽‍♀️",
    "a\nb",
    "{{ x }}",
    "'\"\\",
    "\u{0}",
    "İstanbul",
    "  padded  ",
    "Müller & Söhne, L.L.C.",
];

pub fn record(random: &mut Random, ty: &RecordType) -> Record {
    record_at(random, ty, 0)
}

fn record_at(random: &mut Random, ty: &RecordType, depth: usize) -> Record {
    let mut record = Record::new();
    for (name, field) in &ty.fields {
        if field.ty.optional && random.percent(25) {
            // Decoding leaves an absent field as `Null`; a record of another making has none.
            if random.percent(70) {
                record.insert(name.clone(), Value::Null);
            }
            continue;
        }
        let value = match field.values.as_slice() {
            [] => value(random, &field.ty, depth),
            values if random.percent(90) => Value::Text(random.pick(values).clone()),
            // A value that no catalogue knows; as long as the field may be.
            _ => match &field.ty.kind {
                Kind::Text { max: Some(max) } => "tomorrow".chars().take(*max as usize).collect::<String>().into(),
                _ => "tomorrow".into(),
            },
        };
        record.insert(name.clone(), value);
    }
    record
}

fn value(random: &mut Random, ty: &Type, depth: usize) -> Value {
    match &ty.kind {
        Kind::Text { max } => text(random, *max),
        Kind::Integer => integer(random).into(),
        Kind::Decimal => decimal(random).into(),
        Kind::Boolean => random.percent(60).into(),
        Kind::Date => date(random).into(),
        Kind::DateTime => instant(random).into(),
        Kind::Duration | Kind::Unknown => Value::Null,
        Kind::List(item) => {
            let longest = if random.percent(3) { 30 } else { 4 - depth.min(3) };
            (0..random.below(longest + 1)).map(|_| value(random, item, depth + 1)).collect::<Vec<_>>().into()
        }
        Kind::Record(record) => record_at(random, record, depth).into(),
    }
}

/// The record with one of its bounded texts a character too long, and the field's name;
/// `None` if it has no such text.
#[allow(dead_code, reason = "the fuzz targets decode nothing")]
pub fn too_long(random: &mut Random, ty: &RecordType, record: &Record) -> Option<(Record, String)> {
    let bounded = ty.fields.iter().filter_map(|(name, field)| match field.ty.kind {
        Kind::Text { max: Some(max) } => Some((name.clone(), max as usize)),
        _ => None,
    });
    let bounded: Vec<(Arc<str>, usize)> = bounded.collect();
    let (name, max) = bounded.get(random.below(bounded.len()))?.clone();
    let mut record = record.clone();
    record.insert(name.clone(), random.pick(&["x", "ß", "👷"]).repeat(max + 1));
    Some((record, name.to_string()))
}

fn text(random: &mut Random, max: Option<u32>) -> Value {
    let most = max.map_or(300, |max| max as usize);
    let letters: &[char] = &['a', 'Z', '0', ' ', '-', 'ß', 'é', '漢', '👷', '\u{301}', '.'];
    let made: String = match random.below(10) {
        0..=4 => (*random.pick(TEXTS)).to_owned(),
        5 => (0..most).map(|_| *random.pick(letters)).collect(),
        _ => (0..random.below(most.min(14) + 1)).map(|_| *random.pick(letters)).collect(),
    };
    made.chars().take(most).collect::<String>().into()
}

fn integer(random: &mut Random) -> i64 {
    match random.below(40) {
        0 => i64::MAX,
        1 => i64::MIN,
        2..=5 => 0,
        6..=9 => -1,
        _ => random.below(2_000) as i64,
    }
}

/// Mostly money; now and then as many digits as fit.
fn decimal(random: &mut Random) -> Decimal {
    let text = match random.below(120) {
        0 => "79228162514264337593543950335",
        1 => "-0.0000000000000000000000000001",
        2 => "1234567890123456789012345678",
        3 => "0.1234567890123456789012345678",
        4..=15 => "0.00",
        16..=20 => "1000000000.00",
        _ => return Decimal::cents(random.below(400_000) as i64 - 100_000),
    };
    text.parse().expect("a decimal")
}

fn date(random: &mut Random) -> Date {
    let (year, month, day) = *random.pick(&[(2026, 10, 31), (2024, 2, 29), (-9999, 1, 1), (9999, 12, 31), (1, 1, 1)]);
    Date::new(year, month, day).expect("a day")
}

fn instant(random: &mut Random) -> Timestamp {
    match random.below(6) {
        0 => Timestamp::from_unix(i64::MAX),
        1 => "-009999-01-02T01:59:59.123456789Z".parse().expect("an instant"),
        2 => Timestamp::from_unix(0),
        _ => Timestamp::from_unix_millis(1_790_000_000_000 + random.below(1_000_000_000) as i64),
    }
}
