//! Texts with places to fill: values for the target, and sentences for people.

use super::expression::{Expr, Lowering};
use super::machine::{Halt, Machine, Trouble};
use crate::model::functions::LONGEST_TEXT;
use crate::model::template::Chain;
use crate::model::{self};
use crate::value::Value;
use std::fmt::Write;
use std::sync::Arc;

/// A template, ready to be filled.
pub(super) struct Text {
    pieces: Vec<Piece>,
    /// The text before it is filled, as the pipeline writes it.
    kind: Arc<str>,
}

enum Piece {
    Literal(Arc<str>),
    Value(Expr, Option<Chain>),
}

/// What stands for an absent value.
const MISSING: &str = "(missing)";

/// A sentence is cut here, in characters: it is for people and for a table.
const LONGEST_SENTENCE: usize = 1_000;

impl Text {
    pub fn new(template: &model::Template, lowering: &Lowering) -> Self {
        let mut pieces = Vec::with_capacity(template.pieces.len());
        let mut kind = String::new();
        for piece in &template.pieces {
            match piece {
                model::Piece::Literal(literal) => {
                    kind.push_str(literal);
                    pieces.push(Piece::Literal(literal.clone()));
                }
                model::Piece::Value { value, filters } => {
                    match lowering.shown(value) {
                        Some(path) => kind.push_str(&format!("{{{{ {path} }}}}")),
                        None => kind.push('…'),
                    }
                    let chain = (!filters.is_empty()).then(|| Chain::new(filters));
                    pieces.push(Piece::Value(lowering.expr(value), chain));
                }
            }
        }
        Self { pieces, kind: kind.into() }
    }

    /// The text before it is filled.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The text of a value; stops when it would grow out of bounds.
    pub fn fill(&self, machine: &mut Machine) -> Result<Value, Halt> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Value(expr, chain) => {
                    let value = machine.eval(expr)?;
                    let value = match chain {
                        Some(chain) => chain.apply(value).map_err(|_| machine.trouble(Trouble::TextTooLong))?,
                        None => value,
                    };
                    push(&mut text, &value);
                }
            }
            if text.len() > LONGEST_TEXT {
                return Err(machine.trouble(Trouble::TextTooLong));
            }
        }
        Ok(text.into())
    }

    /// The sentence: one line, never empty of what it should say, never without end.
    pub fn sentence(&self, machine: &mut Machine) -> String {
        let filled = self.fill(machine).map_or_else(|_| self.kind.to_string(), |value| value.to_string());
        plain(&filled)
    }
}

/// An absent value stands as a word.
pub(super) fn push(text: &mut String, value: &Value) {
    match value {
        Value::Null => text.push_str(MISSING),
        Value::Text(value) => text.push_str(value),
        // Writing into a String does not fail.
        _ => drop(write!(text, "{value}")),
    }
}

/// One line without control characters, cut where it is too long to be read.
pub(super) fn plain(sentence: &str) -> String {
    let mut plain: String =
        sentence.chars().take(LONGEST_SENTENCE).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if sentence.chars().nth(LONGEST_SENTENCE).is_some() {
        plain.push('…');
    }
    plain
}
