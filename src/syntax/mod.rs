//! Text to syntax tree.

mod ast;
pub use ast::*;
