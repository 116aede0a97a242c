//! QAD Enterprise Edition by QXtend: documents over SOAP 1.1.
//!
//! `connection` carries out the engine's operations. `reads` asks, `document` turns records
//! into data sets and back, `outgoing` dresses them, and `invoice` the one that needs more
//! (with `matching` where its receipts are matched at once);
//! `envelope` and `session` make messages, `client` sends them, and `faults`, `messages` and
//! `response` say what came of them. `wire` and `profile` hold the names, which are each
//! tenant's own; `xml` is the one file that reads and writes bytes.

mod client;
mod connection;
pub mod document;
pub mod envelope;
mod faults;
pub mod invoice;
pub mod matching;
mod messages;
mod outgoing;
pub mod profile;
pub mod reads;
mod response;
pub mod session;
mod turns;
pub mod wire;
pub mod xml;

pub use connection::open;
