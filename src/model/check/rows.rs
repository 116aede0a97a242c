//! The rows of a lookup: patterns, values, their order, and rows that get in each other's way.

use super::Checker;
use super::fixed::Fixed;
use crate::diag::{Diagnostic, Span, codes};
use crate::model::{Pattern, Row};
use crate::syntax::{self as ast, ExprKind, LookupEntry, LookupRow, Name, Text};
use crate::value::Value;
use std::cmp::Reverse;
use std::sync::Arc;

impl Checker<'_> {
    /// All rows of the pipeline and of its files, most specific first.
    pub(super) fn rows(&mut self, lookup: &ast::Lookup) -> Vec<Row> {
        let mut rows = Vec::new();
        for entry in &lookup.entries {
            match entry {
                LookupEntry::Row(row) => rows.extend(self.row(lookup, row)),
                LookupEntry::FromFile { format, path, sheet, .. } => {
                    rows.extend(self.file_rows(lookup, format, path, sheet.as_ref()));
                }
                _ => {}
            }
        }
        self.repeated(rows)
    }

    fn file_rows(&mut self, lookup: &ast::Lookup, format: &Name, path: &Text, sheet: Option<&Text>) -> Vec<Row> {
        match (&*format.text, sheet) {
            ("xlsx", sheet) => self.xlsx(lookup, path, sheet),
            ("csv", None) => self.csv(lookup, path),
            ("csv", Some(sheet)) => {
                self.table_format(sheet.span, "a CSV file has no sheets".to_owned(), "take `sheet` and its name out");
                Vec::new()
            }
            (other, _) => {
                let hint = "write `from csv \"….csv\"` or `from xlsx \"….xlsx\"`; save the table as one of these";
                self.table_format(format.span, format!("a lookup reads no `{other}` files"), hint);
                Vec::new()
            }
        }
    }

    fn table_format(&mut self, place: Span, message: String, hint: &str) {
        self.report(
            Diagnostic::error(&codes::TABLE_FORMAT, place, message).label("not for a lookup's rows").hint(hint),
        );
    }

    fn row(&mut self, lookup: &ast::Lookup, row: &LookupRow) -> Option<Row> {
        let patterns = self.count(row.patterns.len(), lookup.inputs.len(), "input", patterns_span(row));
        let values = self.count(row.values.len(), lookup.outputs.len(), "output", values_span(row));
        let row_values: Option<Vec<Value>> =
            row.values.iter().map(|value| self.row_value(value)).collect::<Vec<_>>().into_iter().collect();
        let (from, until) = (row.from.map(|day| day.value), row.until.map(|day| day.value));
        let days = match (row.from, row.until) {
            (Some(first), Some(last)) => self.some_day(from, until, first.span.to(last.span)),
            _ => true,
        };
        if !(patterns && values && days) {
            return None;
        }
        let (line, _) = self.sources.position(row.span);
        let file = self.sources.get(row.span.source).map(|source| file_name(&source.path)).unwrap_or_default();
        Some(Row {
            patterns: row.patterns.iter().map(read_pattern).collect(),
            values: row_values?,
            from,
            until,
            place: format!("{file} line {line}"),
            span: row.span,
        })
    }

    fn count(&mut self, given: usize, wanted: usize, what: &str, place: Span) -> bool {
        if given == wanted {
            return true;
        }
        let text = if wanted == 1 { format!("one {what}") } else { format!("{wanted} {what}s") };
        let have = if given == 1 { "one".to_owned() } else { given.to_string() };
        self.report(
            Diagnostic::error(&codes::ROW_SHAPE, place, format!("the lookup has {text}, this row gives {have}"))
                .label(if given < wanted { "too few" } else { "too many" })
                .hint(match what {
                    "input" => "write one pattern for each input, `_` where any will do",
                    _ => "write one text for each output",
                }),
        );
        false
    }

    /// A value of a row: a plain text, or the name of one.
    fn row_value(&mut self, value: &ast::Expr) -> Option<Value> {
        match &value.kind {
            ExprKind::Plain(text) => return Some(Value::Text(text.clone())),
            ExprKind::Template(template) if !template.text.contains("{{") => {
                return Some(Value::Text(template.text.clone()));
            }
            ExprKind::Path(_) => match self.fixed(value) {
                Fixed::Value(Value::Text(text)) => return Some(Value::Text(text)),
                Fixed::Wrong => return None,
                _ => {}
            },
            _ => {}
        }
        let text = self.text(value.span);
        let (label, hint) = match value.kind {
            ExprKind::Integer(_) | ExprKind::Decimal(_) => {
                ("a number, and codes are texts: `0510` and `510` differ", format!("put it in quotes: `\"{text}\"`"))
            }
            ExprKind::Template(_) => ("a template", "a row holds plain texts; compute the value in the map".to_owned()),
            ExprKind::Boolean(_) | ExprKind::Date(_) | ExprKind::Duration(_) => {
                ("not a text", format!("put it in quotes: `\"{text}\"`"))
            }
            _ => ("not a text", "a row holds plain texts in quotes".to_owned()),
        };
        self.report(
            Diagnostic::error(&codes::ROW_VALUE, value.span, "the values of a row are texts in quotes")
                .label(label)
                .hint(hint),
        );
        None
    }

    /// Leaves out rows whose patterns stand before, says so, and orders the others.
    fn repeated(&mut self, rows: Vec<Row>) -> Vec<Row> {
        let mut kept = self.overlapping(rows);
        kept.sort_by_cached_key(|row| row.patterns.iter().map(specificity).collect::<Vec<_>>());
        kept
    }

    pub(super) fn row_twice(&mut self, row: &Row, first: Span, same: bool) {
        let diagnostic = if same {
            Diagnostic::warning(&codes::UNREACHABLE_ROW, row.span, "this row says again what another says")
                .label("never reached")
        } else {
            Diagnostic::error(&codes::ROW_TWICE, row.span, "two rows take the same inputs and give different values")
                .label("never reached, since the other one takes its inputs")
        };
        self.report(diagnostic.related(first, "the same inputs stand here").hint("keep one of the two"));
    }
}

/// A pattern of the pipeline.
fn read_pattern(pattern: &ast::Pattern) -> Pattern {
    match pattern {
        ast::Pattern::Any(_) => Pattern::Any,
        ast::Pattern::Text(text) => pattern_of(&text.text),
    }
}

/// `*` in a text takes any run of characters; a text of nothing else takes anything.
pub(super) fn pattern_of(text: &str) -> Pattern {
    if !text.contains('*') {
        return Pattern::Exact(Arc::from(text));
    }
    let mut pieces: Vec<Arc<str>> = Vec::new();
    let parts: Vec<&str> = text.split('*').collect();
    let last = parts.len() - 1;
    for (index, part) in parts.into_iter().enumerate() {
        if index == 0 || index == last || !part.is_empty() {
            pieces.push(Arc::from(part));
        }
    }
    if pieces.iter().all(|piece| piece.is_empty()) { Pattern::Any } else { Pattern::Glob(pieces) }
}

/// Exact before glob before any; of globs the longer beginning, then the longer text
/// in all, then the fewer gaps, then the longer end. A pattern that takes all that another
/// takes, and more, always stands after it.
fn specificity(pattern: &Pattern) -> (u8, Reverse<usize>, Reverse<usize>, usize, Reverse<usize>) {
    match pattern {
        Pattern::Exact(_) => (0, Reverse(0), Reverse(0), 0, Reverse(0)),
        Pattern::Glob(pieces) => {
            let length = |piece: Option<&Arc<str>>| piece.map_or(0, |piece| piece.chars().count());
            let whole = pieces.iter().map(|piece| piece.chars().count()).sum();
            (1, Reverse(length(pieces.first())), Reverse(whole), pieces.len(), Reverse(length(pieces.last())))
        }
        Pattern::Any => (2, Reverse(0), Reverse(0), 0, Reverse(0)),
    }
}

fn patterns_span(row: &LookupRow) -> Span {
    let span = |pattern: &ast::Pattern| match pattern {
        ast::Pattern::Any(span) => *span,
        ast::Pattern::Text(text) => text.span,
    };
    match (row.patterns.first(), row.patterns.last()) {
        (Some(first), Some(last)) => span(first).to(span(last)),
        _ => row.span,
    }
}

fn values_span(row: &LookupRow) -> Span {
    match (row.values.first(), row.values.last()) {
        (Some(first), Some(last)) => first.span.to(last.span),
        _ => row.span,
    }
}

/// The last part of a path, for people.
pub(super) fn file_name(path: &std::path::Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::{pattern_of, specificity};
    use crate::model::Pattern;

    #[test]
    fn a_pattern_that_takes_more_stands_later() {
        let order = ["03-310", "03-31*", "03-3*L", "03-3*", "03*1*", "*-300", "*00", "*"];
        let mut sorted = order;
        sorted.reverse();
        sorted.sort_by_key(|text| specificity(&pattern_of(text)));
        assert_eq!(sorted, order);
    }

    #[test]
    fn patterns_that_take_the_same_are_the_same() {
        assert_eq!(pattern_of("**"), Pattern::Any);
        assert_eq!(pattern_of("a**b"), pattern_of("a*b"));
        assert_ne!(pattern_of("a*"), pattern_of("a"));
    }
}
