//! When a flow runs by itself, what a write waits for, and which records a person approves.

use super::resource::Found;
use super::scope::Scope;
use super::{Checker, listed};
use crate::diag::{Diagnostic, Span, codes};
use crate::model::{Approve, Reconcile, RunWhen, Schedule, Settle};
use crate::syntax::{self as ast, Clause, Name, Spanned};
use crate::value::{self, render_duration};
use std::sync::Arc;

const SHORTEST_PAUSE: value::Span = value::Span::from_secs(10);
const LONGEST_PAUSE: value::Span = value::Span::from_secs(31 * 24 * 3600);
const LONGEST_LOOKBACK: value::Span = value::Span::from_secs(400 * 24 * 3600);
const SHORTEST_SETTLE: value::Span = value::Span::from_secs(60);
const LONGEST_SETTLE: value::Span = value::Span::from_secs(90 * 24 * 3600);

impl Checker<'_> {
    pub(super) fn schedule(&mut self, flow: &ast::Flow, from: Option<&ast::From>) -> Schedule {
        let mut schedule = Schedule::default();
        let (mut run, mut reconcile) = (None, None);
        for clause in &flow.clauses {
            match clause {
                Clause::Run { when, span } => match run {
                    Some(first) => self.twice("run", *span, first),
                    None => {
                        run = Some(*span);
                        schedule.run = Some(self.run_when(*when, from));
                    }
                },
                Clause::Reconcile(entry) => match reconcile {
                    Some(first) => self.twice("reconcile", entry.span, first),
                    None => {
                        reconcile = Some(entry.span);
                        let lookback = self.bounded(entry.lookback, SHORTEST_PAUSE, LONGEST_LOOKBACK);
                        schedule.reconcile = Some(Reconcile { minute_of_day: entry.at.value, lookback });
                    }
                },
                _ => {}
            }
        }
        schedule
    }

    fn run_when(&mut self, when: ast::RunWhen, from: Option<&ast::From>) -> RunWhen {
        match when {
            ast::RunWhen::Every(every) => RunWhen::Every(self.bounded(every, SHORTEST_PAUSE, LONGEST_PAUSE)),
            ast::RunWhen::Webhook(place) => {
                let found = from.and_then(|from| self.resource(&from.resource));
                if let Some(found) = found.filter(|found| found.spec().webhook.is_none()) {
                    self.no_webhook(place, &found);
                }
                RunWhen::Webhook
            }
        }
    }

    fn no_webhook(&mut self, place: Span, found: &Found) {
        self.report(
            Diagnostic::error(
                &codes::NO_WEBHOOK,
                place,
                format!("{} sends no webhook for {}", found.catalogue.title, found.spec().plural),
            )
            .label("would never come")
            .hint("look at short intervals instead: `run every 15m`"),
        );
    }

    fn bounded(&mut self, length: Spanned<value::Span>, least: value::Span, most: value::Span) -> value::Span {
        if length.value < least || length.value > most {
            let hint = format!("write from `{}` to `{}`", render_duration(least), render_duration(most));
            let label = if length.value < least { "too short" } else { "too long" };
            self.out_of_range(length.span, label, &hint);
        }
        length.value
    }

    /// A write can only wait for what the target's catalogue knows.
    pub(super) fn settle_rule(
        &mut self,
        what: &Name,
        quiet: Spanned<value::Span>,
        found: Option<&Found>,
    ) -> Option<Settle> {
        let quiet = self.bounded(quiet, SHORTEST_SETTLE, LONGEST_SETTLE);
        let found = found?;
        let known = &found.spec().settles;
        if known.iter().any(|known| **known == *what.text) {
            return Some(Settle { what: what.text.clone(), quiet });
        }
        let title = format!("{} of {}", found.spec().plural, found.catalogue.title);
        let (label, hint) = if known.is_empty() {
            let mend =
                "take the rule out; hold such records with `require … else hold \"…\"` where the source tells them";
            ("nothing to wait for is known there", mend.to_owned())
        } else {
            ("not known there", format!("what is known there: {}", listed(known.iter().map(String::as_str), 6)))
        };
        self.report(
            Diagnostic::error(&codes::CANNOT_SETTLE, what.span, format!("{title} have no {} to wait for", what.text))
                .label(label)
                .hint(hint),
        );
        None
    }

    pub(super) fn approve(&mut self, scope: &mut Scope, condition: &ast::Expr) -> Approve {
        let text = self.text(condition.span).split_whitespace().collect::<Vec<_>>().join(" ");
        Approve { condition: self.condition(scope, condition), text: Arc::from(text) }
    }
}
