//! The statement of a period: what a reconciliation found, ordered for whoever reads it.
//!
//! Takes a [`Reconciliation`](crate::engine::Reconciliation); hands on the same tables to every
//! form: a screen, a page, a spreadsheet, a table for programs. Nothing is reckoned here but
//! sums for people.

mod book;
mod csv;
#[cfg(feature = "xlsx")]
mod xlsx;

pub use book::{Book, COLUMNS, Difference, Line, PROJECT, RETAINAGE, Table, columns, plural, retained};
pub use csv::render as csv;
#[cfg(feature = "xlsx")]
pub use xlsx::render as xlsx;
