//! Procore: where subcontractor invoices, projects and vendors come from.
//!
//! Read only in this release. What it can do is [`catalogue`]; requests are made in
//! `client`, tokens in `auth`, a status becomes an error in `error`; `fake` answers
//! as Procore does.

mod catalogue;
pub use catalogue::{catalogue, profiled};
