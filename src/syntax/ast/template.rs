//! Text in double quotes, as the template engine takes it.

use crate::diag::Span;
use std::sync::Arc;

/// The text between double quotes: raw for the template engine, escapes resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    pub text: Arc<str>,
    /// The quotes included.
    pub span: Span,
    /// For each byte of `text`, in steps: `(offset in text, offset in the source)`.
    /// One pair at the start and one after each escape.
    pub offsets: Vec<(u32, u32)>,
}

impl Template {
    /// The span in the source of bytes `start..end` of the text.
    pub fn place(&self, start: usize, end: usize) -> Span {
        let at = |offset: usize| {
            let step = self.offsets.iter().rev().find(|(text, _)| *text as usize <= offset);
            step.map_or(self.span.start as usize + 1 + offset, |(text, source)| {
                *source as usize + offset - *text as usize
            })
        };
        Span::new(self.span.source, at(start), at(end))
    }
}
