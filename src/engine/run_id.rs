//! The id of a run: a version 7 UUID, so that ids sort by time.

use crate::value::Timestamp;

/// 48 bits of milliseconds, then 74 random bits.
pub(super) fn run_id(now: Timestamp, random: [u64; 2]) -> String {
    let millis = now.unix_millis().max(0).cast_unsigned() & 0xffff_ffff_ffff;
    let third = 0x7000 | (random[0] & 0x0fff);
    let fourth = 0x8000 | ((random[0] >> 16) & 0x3fff);
    let last = random[1] & 0xffff_ffff_ffff;
    format!("{:08x}-{:04x}-{third:04x}-{fourth:04x}-{last:012x}", millis >> 16, millis & 0xffff)
}

#[cfg(test)]
mod tests {
    use super::run_id;
    use crate::value::Timestamp;

    #[test]
    fn ids_sort_by_time_whatever_is_random() {
        let early = run_id(Timestamp::from_unix_millis(1_790_000_000_000), [u64::MAX, u64::MAX]);
        let late = run_id(Timestamp::from_unix_millis(1_790_000_000_001), [0, 0]);
        assert!(early < late, "{early} {late}");
        assert_eq!(early.len(), 36);
    }
}
