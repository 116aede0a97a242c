//! Key bytes. Their order is the order in which the store lists things.
//!
//! | tree | key |
//! | --- | --- |
//! | records, intents | flow, `0x00`, the record's key |
//! | links | flow, `0x00`, the target key |
//! | cursors | flow, `0x00`, the scope (may be empty) |
//! | runs | start in milliseconds since 1970, sign flipped, 8 bytes big-endian; the run's id |
//! | audit | the entry's number, 8 bytes big-endian |
//! | payloads | the SHA-256 of the payload, 32 bytes |
//! | webhooks | `waiting` or `settled`, `0x00`, the connection, `0x00`, the delivery's id |
//! | meta | a name |
//!
//! The names of flows and connections are identifiers and hold no `0x00`.

use super::RecordId;
use crate::value::Timestamp;

pub fn record(id: &RecordId) -> Vec<u8> {
    in_flow(&id.flow, &id.key)
}

pub fn in_flow(flow: &str, rest: &str) -> Vec<u8> {
    let mut key = of_flow(flow);
    key.extend_from_slice(rest.as_bytes());
    key
}

/// What all keys of a flow begin with.
pub fn of_flow(flow: &str) -> Vec<u8> {
    debug_assert!(!flow.contains('\0'), "a flow's name is an identifier");
    let mut key = flow.as_bytes().to_vec();
    key.push(0);
    key
}

pub fn run(started: Timestamp, id: &str) -> Vec<u8> {
    // With the sign bit flipped, instants before 1970 sort before those after it.
    let millis = started.unix_millis().cast_unsigned() ^ (1 << 63);
    let mut key = millis.to_be_bytes().to_vec();
    key.extend_from_slice(id.as_bytes());
    key
}

pub fn audit(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

pub fn delivery(waiting: bool, connection: &str, id: &str) -> Vec<u8> {
    [deliveries(waiting), connection.as_bytes(), b"\0", id.as_bytes()].concat()
}

/// What the keys of all that wait begin with, and of all that are settled.
pub fn deliveries(waiting: bool) -> &'static [u8] {
    if waiting { b"waiting\0" } else { b"settled\0" }
}

/// `None` for a name that no payload can have.
pub fn payload(name: &str) -> Option<Vec<u8>> {
    let digits = name.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::{audit, in_flow, of_flow, run};
    use crate::value::Timestamp;

    #[test]
    fn keys_sort_as_what_they_stand_for() {
        assert!(in_flow("bill", "z") < in_flow("bills", "a"));
        assert!(!in_flow("bills", "a").starts_with(&of_flow("bill")));
        assert!(audit(255) < audit(256));
        let at = |seconds| run(Timestamp::from_unix(seconds), "r");
        assert!(at(-5) < at(-1) && at(-1) < at(0) && at(0) < at(1_700_000_000));
    }
}
