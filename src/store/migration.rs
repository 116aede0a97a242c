//! How a store of an earlier format becomes one of this release: row by row, in one table.
//!
//! A step takes each row of the format before and gives the row of the next one, or none.
//! The rows are written into a new database, which takes the place of the old one when it
//! is whole; so a step that is stopped leaves the old one as it was. Invariant: no step
//! touches the audit log, whose hashes would no longer be those that somebody wrote down.

use super::StoreError;
use super::head_file::FORMAT;
use super::portable::Row;

/// From one format to the next.
#[derive(Clone, Copy)]
pub struct Step {
    pub from: u32,
    pub row: fn(Row) -> Result<Option<Row>, StoreError>,
}

/// Every format that was ever released, but for the newest.
pub const STEPS: &[Step] = &[
    // The head file names its database since; the rows are the same.
    Step { from: 1, row: same },
];

const _: () = assert!(STEPS.len() as u32 + 1 == FORMAT, "a step from each earlier format");

fn same(row: Row) -> Result<Option<Row>, StoreError> {
    Ok(Some(row))
}

/// A row of an earlier format as one of the newest that `steps` lead to.
pub fn lift(row: Row, from: u32, steps: &[Step]) -> Result<Option<Row>, StoreError> {
    if row.tree == "audit" {
        return Ok(Some(row));
    }
    let mut lifted = Some(row);
    for step in steps.iter().filter(|step| step.from >= from) {
        let Some(row) = lifted else { break };
        lifted = (step.row)(row)?;
    }
    Ok(lifted)
}

#[cfg(test)]
mod tests {
    use super::{STEPS, Step, lift};
    use crate::store::StoreError;
    use crate::store::portable::Row;

    fn row(tree: &'static str) -> Row {
        Row { tree, key: b"k".to_vec(), value: b"\x01={}".to_vec() }
    }

    fn longer(mut row: Row) -> Result<Option<Row>, StoreError> {
        row.key.push(b'2');
        Ok(Some(row))
    }

    fn without_runs(row: Row) -> Result<Option<Row>, StoreError> {
        Ok(Some(row).filter(|row| row.tree != "runs"))
    }

    #[test]
    fn the_steps_lead_from_each_format_to_the_next() {
        assert!(STEPS.iter().zip(1..).all(|(step, from)| step.from == from));
    }

    #[test]
    fn steps_are_taken_in_turn_and_leave_the_log_alone() {
        let steps = [Step { from: 1, row: longer }, Step { from: 2, row: without_runs }, Step { from: 3, row: longer }];
        let key = |tree, from| lift(row(tree), from, &steps).expect("lifted").map(|row| row.key);
        assert_eq!(key("links", 1), Some(b"k22".to_vec()));
        assert_eq!(key("links", 2), Some(b"k2".to_vec()));
        assert_eq!(key("links", 4), Some(b"k".to_vec()));
        assert_eq!(key("runs", 1), None);
        assert_eq!(key("audit", 1), Some(b"k".to_vec()));
    }
}
