//! What stands on the other side by its first key field: by supplier, for an invoice.

use crate::store::RecordEntry;
use crate::value::Decimal;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A line for each, in the order of flows and names.
pub fn totals(records: &[RecordEntry]) -> Vec<Value> {
    let mut sums: BTreeMap<(String, String, String), (u64, Decimal)> = BTreeMap::new();
    for entry in records {
        let Some((group, amount)) = group(entry).zip(amount(entry)) else { continue };
        let (count, sum) = sums.entry(group).or_default();
        *count += 1;
        *sum = sum.checked_add(amount).unwrap_or(*sum);
    }
    let line = |((flow, by, name), (records, amount)): ((String, String, String), (u64, Decimal))| json!({ "flow": flow, "by": by, "name": name, "records": records, "amount": amount.fixed(amount.places().max(2)) });
    sums.into_iter().map(line).collect()
}

fn group(entry: &RecordEntry) -> Option<(String, String, String)> {
    let key: Value = serde_json::from_str(entry.target_key.as_deref()?).ok()?;
    let (by, name) = key.as_object()?.iter().next()?;
    let name = name.as_str().map_or_else(|| name.to_string(), str::to_owned);
    Some((entry.id.flow.clone(), by.clone(), name))
}

/// Of what is there.
fn amount(entry: &RecordEntry) -> Option<Decimal> {
    entry.reference.as_ref()?;
    entry.amount.as_ref()?.parse().ok()
}
