//! `mlc`: a declarative integration engine.
//!
//! A pipeline file goes from left to right, one folder a phase:
//!
//! ```text
//!  text ──> syntax ──> model ──> program ──> engine ──> store
//!  .mlc     AST with   names &   ordered     fetch | map | post     state and
//!           spans      types     typed code  through the connectors  audit log
//! ```
//!
//! [`syntax`] reads the text, [`model`] resolves names and types against the
//! connectors' catalogues, [`program`] is what is left to evaluate, and [`engine`] moves
//! records with it through [`connector`]s, keeping what must not be forgotten in a
//! [`store`]. Left of the engine there is no I/O, no clock, no async. The outside is the
//! traits of [`world`], made real by [`host`] and imitated by [`sandbox`]; credentials lie
//! encrypted in a [`vault`]. [`serve`] keeps many pipelines going, and shows people where they stand. `lsp` answers editors out of what the first two phases know, and
//! [`simulation`] lets all of it live through bad days that a seed makes. [`cli`] puts all of
//! it together.

pub mod cli;
pub mod connector;
pub mod connectors;
pub mod diag;
pub mod engine;
pub mod host;
#[cfg(feature = "lsp")]
pub mod lsp;
pub mod model;
pub mod program;
pub mod sandbox;
pub mod serve;
pub mod simulation;
pub mod statement;
pub mod store;
pub mod syntax;
pub mod value;
pub mod vault;
pub mod world;
