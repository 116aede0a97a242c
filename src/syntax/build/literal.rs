//! Literals: texts, numbers, days, lengths of time.

use super::Builder;
use crate::diag::{Diagnostic, codes};
use crate::syntax::ast::{Expr, ExprKind, Spanned, Template, Text};
use crate::syntax::grammar::{Node, Rule};
use crate::value::{Date, Decimal, parse_duration};

impl Builder<'_> {
    /// `"…"`: escapes resolved, with the places of what follows each.
    pub(super) fn template(&mut self, node: &Node) -> Option<Template> {
        let span = self.span(node);
        let body = &node.as_str()[1..node.as_str().len() - 1];
        let first = node.as_span().start() + 1;
        let source = |at: usize| (self.place)(first + at, first + at).start;
        let mut text = String::with_capacity(body.len());
        let mut offsets = vec![(0, source(0))];
        let mut wrong = Vec::new();
        let mut signs = body.char_indices();
        while let Some((at, sign)) = signs.next() {
            if sign != '\\' {
                text.push(sign);
                continue;
            }
            let Some((next, escaped)) = signs.next() else { break };
            match escaped {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                '"' | '\\' => text.push(escaped),
                _ => wrong.push((at, next + escaped.len_utf8(), escaped)),
            }
            offsets.push((u32::try_from(text.len()).unwrap_or(u32::MAX), source(next + escaped.len_utf8())));
        }
        for (start, end, escaped) in &wrong {
            self.diagnostics.push(
                Diagnostic::error(
                    &codes::UNKNOWN_ESCAPE,
                    (self.place)(first + start, first + end),
                    format!("`\\{escaped}` means nothing in a text"),
                )
                .label("no such escape")
                .hint("a text knows `\\\"`, `\\\\`, `\\n` and `\\t`; a single backslash is written `\\\\`"),
            );
        }
        wrong.is_empty().then(|| Template { text: text.into(), span, offsets })
    }

    /// A name or path in quotes of either kind.
    pub(super) fn text(&mut self, node: Node) -> Option<Text> {
        let quoted = node.into_inner().next().expect("a text is of one of two kinds");
        if quoted.as_rule() == Rule::template {
            return self.template(&quoted).map(|template| Text { text: template.text, span: template.span });
        }
        Some(Text { text: inside(&quoted).into(), span: self.span(&quoted) })
    }

    pub(super) fn number(&mut self, node: &Node) -> Option<Expr> {
        let span = self.span(node);
        let digits = node.as_str().replace('_', "");
        let kind = if digits.contains('.') {
            digits.parse().ok().map(ExprKind::Decimal)
        } else {
            digits.parse().ok().map(ExprKind::Integer).or_else(|| digits.parse().ok().map(ExprKind::Decimal))
        };
        match kind {
            Some(kind) => Some(Expr { kind, span }),
            None => self.fail(
                Diagnostic::error(&codes::BAD_NUMBER, span, format!("`{}` has more digits than fit", node.as_str()))
                    .label("more than 28 digits")
                    .hint("a number holds at most 28 digits; an id that is longer is a text: put it in quotes"),
            ),
        }
    }

    /// A whole number that fits, for rules such as `retry 5 times`.
    pub(super) fn whole<T: TryFrom<i64>>(&mut self, node: &Node) -> Option<Spanned<T>> {
        let number = self.number(node)?;
        let value = match number.kind {
            ExprKind::Integer(value) => T::try_from(value).ok(),
            _ => None,
        };
        match value {
            Some(value) => Some(Spanned { value, span: number.span }),
            None => self.fail(
                Diagnostic::error(
                    &codes::BAD_NUMBER,
                    number.span,
                    format!("`{}` is not a whole number that fits here", node.as_str()),
                )
                .label("a whole number is expected here")
                .hint("write a whole number without a point, such as `5`"),
            ),
        }
    }

    /// `5%`
    pub(super) fn percent(&mut self, node: Node) -> Option<Spanned<Decimal>> {
        let span = self.span(&node);
        let number = node.into_inner().find(|part| part.as_rule() == Rule::number).expect("a percentage has a number");
        let value = match self.number(&number)?.kind {
            ExprKind::Integer(value) => Decimal::from(value),
            ExprKind::Decimal(value) => value,
            _ => return None,
        };
        if value > Decimal::from(100_i64) {
            return self.fail(
                Diagnostic::error(&codes::BAD_NUMBER, span, format!("{value}% is more than all of them"))
                    .label("more than 100%")
                    .hint("write a share between `0%` and `100%`"),
            );
        }
        Some(Spanned { value, span })
    }

    pub(super) fn date(&mut self, node: &Node) -> Option<Date> {
        let mut parts = node.as_str().split('-');
        let mut next = || parts.next().unwrap_or("");
        let date = match (next().parse(), next().parse(), next().parse()) {
            (Ok(year), Ok(month), Ok(day)) => Date::new(year, month, day),
            _ => None,
        };
        match date {
            Some(date) => Some(date),
            None => self.fail(
                Diagnostic::error(&codes::NO_SUCH_DAY, self.span(node), format!("there is no day `{}`", node.as_str()))
                    .label("not in the calendar")
                    .hint("a day is written year-month-day, as in `2026-10-31`"),
            ),
        }
    }

    /// `05:00`, as minutes after midnight.
    pub(super) fn time_of_day(&mut self, node: &Node) -> Option<Spanned<u32>> {
        let span = self.span(node);
        let (hours, minutes) = node.as_str().split_once(':').unwrap_or((node.as_str(), ""));
        match (hours.parse::<u32>(), minutes.parse::<u32>()) {
            (Ok(hours), Ok(minutes)) if hours < 24 && minutes < 60 => {
                Some(Spanned { value: hours * 60 + minutes, span })
            }
            _ => self.fail(
                Diagnostic::error(&codes::NO_SUCH_DAY, span, format!("no day has a time `{}`", node.as_str()))
                    .label("not on the clock")
                    .hint("a time of the day is written from `00:00` to `23:59`"),
            ),
        }
    }

    pub(super) fn duration(&mut self, node: &Node) -> Option<Spanned<crate::value::Span>> {
        let span = self.span(node);
        match parse_duration(node.as_str()) {
            Some(value) => Some(Spanned { value, span }),
            None if is_scientific(node.as_str()) => self.fail(
                Diagnostic::error(&codes::BAD_NUMBER, span, format!("`{}` is not how a number is written", node.as_str()))
                    .label("not a plain number")
                    .hint("write all digits of the number; `_` may group them, as in `250_000`"),
            ),
            None => self.fail(
                Diagnostic::error(&codes::BAD_DURATION, span, format!("`{}` is no length of time", node.as_str()))
                    .label("neither a number nor a length of time")
                    .hint("a length of time is digits and one of `ms`, `s`, `m`, `h`, `d`, as in `15m`; a name cannot begin with a digit"),
            ),
        }
    }
}

/// `1e5`, `0xFF`
fn is_scientific(text: &str) -> bool {
    let rest = text.trim_start_matches(|sign: char| sign.is_ascii_digit());
    let exponent = rest.strip_prefix(['e', 'E']).is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    exponent || text.starts_with("0x") || text.starts_with("0b")
}

/// What stands between the quotes of a plain text.
pub(super) fn inside<'t>(node: &Node<'t>) -> &'t str {
    let text = node.as_str();
    &text[1..text.len() - 1]
}
