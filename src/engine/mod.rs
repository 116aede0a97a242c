//! The engine: fetch, map, post, and what is said of it.

mod report;

pub use report::{FlowReport, Group, Progress, Report, Stage};
