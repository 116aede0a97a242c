//! Lookups whose rows hold for some days: `"03-*" => "5310" from 2026-10-01`, asked with
//! `dimension(code) on invoice.billing_date`.

use super::Checker;
use super::expr::with_article;
use super::operands::short;
use super::scope::Scope;
use crate::diag::{Diagnostic, Span, codes};
use crate::model::{Expr, ExprKind, Row};
use crate::syntax as ast;
use crate::value::{Date, Kind};
use std::collections::HashMap;

impl Checker<'_> {
    /// `lookup(arguments) on day`
    pub(super) fn dated(&mut self, scope: &mut Scope, call: &ast::Expr, day: &ast::Expr, span: Span) -> Expr {
        let ast::ExprKind::Call { name, arguments } = &call.kind else {
            // The grammar puts nothing but a call there.
            return Expr::unknown(span);
        };
        let Some(index) = self.lookups.iter().position(|lookup| lookup.name == name.text) else {
            let before = self.found.len();
            let found = self.expr(scope, call);
            self.expr(scope, day);
            if self.found.len() == before && !found.ty.is_unknown() {
                self.asks_no_day(day.span, &format!("`{}` is no lookup", name.text));
            }
            return Expr::unknown(span);
        };
        let dated = self.lookups.get(index).is_none_or(|lookup| lookup.dated != Some(false));
        let arguments: Vec<&ast::Expr> = arguments.iter().collect();
        let mut found = self.call_lookup(scope, index, &arguments, span);
        let asked = self.settled(scope, day, "`on`");
        if !dated {
            self.asks_no_day(day.span, &format!("no row of `{}` says from or until when it holds", name.text));
            return Expr::unknown(span);
        }
        if !matches!(asked.ty.kind, Kind::Date | Kind::Unknown) {
            self.not_a_day(&asked);
            return Expr::unknown(span);
        }
        if let ExprKind::Lookup(_, inputs) = &mut found.kind {
            inputs.push(asked);
        }
        found
    }

    fn asks_no_day(&mut self, place: Span, label: &str) {
        self.report(
            Diagnostic::error(
                &codes::LOOKUP_DAY,
                place,
                "only a lookup whose rows hold for some days is asked with `on`",
            )
            .label(label)
            .hint("take `on` and the day out, or write `from` or `until` and a day behind the rows"),
        );
    }

    fn not_a_day(&mut self, day: &Expr) {
        let text = self.text(day.span);
        let hint = match day.ty.kind {
            Kind::DateTime => format!("take its day: `on date({})`", short(&text)),
            _ => "name a field that holds a day".to_owned(),
        };
        self.report(
            Diagnostic::error(&codes::LOOKUP_DAY, day.span, "a lookup is asked for a day")
                .label(format!("this is {}", with_article(&day.ty)))
                .hint(hint),
        );
    }

    /// A lookup whose rows hold for some days is asked without one.
    pub(super) fn no_day(&mut self, name: &str, span: Span) {
        let text = self.text(span);
        self.report(
            Diagnostic::error(
                &codes::LOOKUP_DAY,
                span,
                format!("the rows of `{name}` hold for some days, but for which day is it asked?"),
            )
            .label("the day is missing")
            .hint(format!("write `{} on day`, for example with the invoice's billing date", short(&text))),
        );
    }

    /// Whether the days of a row are in order; says so if not.
    pub(super) fn some_day(&mut self, from: Option<Date>, until: Option<Date>, place: Span) -> bool {
        let (Some(first), Some(last)) = (from, until) else { return true };
        if first <= last {
            return true;
        }
        self.report(
            Diagnostic::error(&codes::ROW_DAYS, place, "this row holds on no day")
                .label(format!("it begins on {first} and ends on {last}"))
                .hint("`until` names the last day on which the row holds; put the two days in order"),
        );
        false
    }

    /// Leaves out rows that hold on the days of another with the same patterns, and says so.
    pub(super) fn overlapping(&mut self, rows: Vec<Row>) -> Vec<Row> {
        let mut groups: HashMap<Vec<crate::model::Pattern>, Vec<usize>> = HashMap::new();
        for (index, row) in rows.iter().enumerate() {
            groups.entry(row.patterns.clone()).or_default().push(index);
        }
        let mut dropped = vec![false; rows.len()];
        let mut clashes: Vec<(usize, usize)> = Vec::new();
        for group in groups.values_mut() {
            group.sort_by_key(|index| rows.get(*index).map(|row| (row.from, *index)));
            let mut longest: Option<usize> = None;
            for index in group.iter().copied() {
                match longest.filter(|before| overlap(&rows[*before], &rows[index])) {
                    Some(before) => {
                        let (first, second) = (before.min(index), before.max(index));
                        clashes.push((first, second));
                        dropped[second] = true;
                        if second == before {
                            longest = Some(index);
                        }
                    }
                    None => longest = Some(index),
                }
            }
        }
        clashes.sort_unstable();
        for (first, second) in clashes {
            let (Some(first), Some(second)) = (rows.get(first), rows.get(second)) else { continue };
            self.overlaps(second, first);
        }
        rows.into_iter().zip(dropped).filter_map(|(row, dropped)| (!dropped).then_some(row)).collect()
    }

    fn overlaps(&mut self, row: &Row, first: &Row) {
        if row.from.is_none() && row.until.is_none() && first.from.is_none() && first.until.is_none() {
            return self.row_twice(row, first.span, first.values == row.values);
        }
        let hint = match row.from.max(first.from) {
            Some(from) => format!(
                "end one of them before the other begins: `until {}`; `until` names the last day",
                from.plus_days(-1)
            ),
            None => "say with `until` when the first ends, and with `from` when the second begins".to_owned(),
        };
        self.report(
            Diagnostic::error(&codes::ROW_OVERLAP, row.span, "two rows take the same inputs on the same days")
                .label(format!("holds {}", days(row)))
                .related(first.span, format!("holds {}", days(first)))
                .hint(hint),
        );
    }
}

/// Whether two rows hold on one day.
fn overlap(one: &Row, other: &Row) -> bool {
    let begins_before_end =
        |one: &Row, other: &Row| one.from.zip(other.until).is_none_or(|(from, until)| from <= until);
    begins_before_end(one, other) && begins_before_end(other, one)
}

fn days(row: &Row) -> String {
    match (row.from, row.until) {
        (None, None) => "always".to_owned(),
        (Some(from), None) => format!("from {from} on"),
        (None, Some(until)) => format!("until {until}"),
        (Some(from), Some(until)) => format!("from {from} until {until}"),
    }
}
