//! The list of connectors. A system is one folder here and one line in [`drivers`];
//! no other folder names one.

pub mod procore;
pub mod qad;

use crate::connector::Driver;

/// Every connector of the house.
pub fn drivers() -> &'static [Driver] {
    &[procore::DRIVER, qad::DRIVER]
}
