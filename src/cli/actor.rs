//! Who is at work: what stands in the audit log beside everything that this process does.

use crate::host::account;
use crate::store::Actor;

pub fn actor() -> Actor {
    Actor { user: account::user(), host: account::machine(), start: account::start() }
}
