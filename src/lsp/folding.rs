//! What can be folded: blocks in braces, and runs of comment lines.

use super::view::View;
use crate::syntax::lexeme::{Bracket, Kind};
use lsp_types::{FoldingRange, FoldingRangeKind};

pub fn folding(view: &View) -> Vec<FoldingRange> {
    let mut ranges = blocks(view);
    ranges.extend(comments(view));
    ranges
}

fn line(view: &View, offset: usize) -> u32 {
    view.document.lines.position(&view.document.text, offset, view.encoding).line
}

fn range(start_line: u32, end_line: u32, kind: FoldingRangeKind) -> FoldingRange {
    FoldingRange { start_line, end_line, kind: Some(kind), ..FoldingRange::default() }
}

/// From a brace to the line before the one that closes it.
fn blocks(view: &View) -> Vec<FoldingRange> {
    let mut open = Vec::new();
    let mut ranges = Vec::new();
    for lexeme in &view.analysis.lexemes {
        match lexeme.kind {
            Kind::Open(Bracket::Brace) => open.push(lexeme.start),
            Kind::Close(Bracket::Brace) => {
                let Some(start) = open.pop() else { continue };
                let (first, last) = (line(view, start), line(view, lexeme.start));
                if last > first + 1 {
                    ranges.push(range(first, last - 1, FoldingRangeKind::Region));
                }
            }
            _ => {}
        }
    }
    ranges
}

fn comments(view: &View) -> Vec<FoldingRange> {
    let own = view.analysis.file.comments.iter().filter(|comment| comment.own_line);
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for at in own.map(|comment| line(view, comment.span.start as usize)) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == at => *last = at,
            _ => runs.push((at, at)),
        }
    }
    let long = runs.into_iter().filter(|(first, last)| last > first);
    long.map(|(first, last)| range(first, last, FoldingRangeKind::Comment)).collect()
}
