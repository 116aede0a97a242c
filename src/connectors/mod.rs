//! The list of connectors: one line for each system that pipelines can name.

pub mod qad;

use crate::connector::Driver;

/// Every driver, in the order in which they are listed to people.
pub fn drivers() -> &'static [Driver] {
    static DRIVERS: &[Driver] = &[qad::DRIVER];
    DRIVERS
}
