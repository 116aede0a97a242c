//! The language server: what an editor asks of a pipeline while it is typed.
//!
//! Takes messages of the language server protocol from one client and answers them, one
//! after the other. Texts are kept as the editor has them (`document`, `overlay`), parsed
//! and checked (`analysis`) with what the checker tells of their words (`facts`), and each
//! request looks at that (`view`). Invariants: no text makes it panic, a request is always
//! answered, and nothing is written anywhere.

mod address;
mod analysis;
mod capabilities;
mod completion;
mod context;
mod definition;
mod describe;
mod document;
mod facts;
mod findings;
mod folding;
mod formatting;
mod hover;
mod inbox;
mod keywords;
mod lens;
mod outline;
mod overlay;
mod position;
mod rename;
mod requests;
mod server;
mod symbol;
mod target;
mod tokens;
mod view;

pub use analysis::House;
pub use server::{Ended, serve};
