//! The rules of a `to`: key, change, retry, guard.

use super::resource::Found;
use super::scope::Scope;
use super::{Checker, listed};
use crate::connector::Operation;
use crate::diag::{Diagnostic, Span, codes, nearest};
use crate::model::{Approve, Guard, OnChange, Retry, Settle};
use crate::syntax::{self as ast, Name, Rule, Spanned};
use crate::value::{self, Decimal, render_duration};
use std::collections::HashMap;

/// No retry waits longer.
const LONGEST_WAIT: value::Span = value::Span::from_secs(24 * 3600);
/// A record that is not taken after so many attempts needs a person.
const MOST_RETRIES: u32 = 20;

/// What the rules say.
#[derive(Default)]
pub(super) struct Rules<'a> {
    pub key: Option<(&'a [Name], Span)>,
    pub on_change: OnChange,
    pub retry: Retry,
    pub guard: Guard,
    pub settle: Option<Settle>,
    pub approve: Option<Approve>,
}

impl Checker<'_> {
    pub(super) fn rules<'a>(&mut self, to: &'a ast::To, found: Option<&Found>, scope: &mut Scope) -> Rules<'a> {
        let mut rules = Rules::default();
        let mut seen: HashMap<&str, Span> = HashMap::new();
        let mut change = None;
        for rule in &to.rules {
            let (word, span) = match rule {
                Rule::Key { span, .. } => ("key", *span),
                Rule::OnChange { span, .. } => ("on change", *span),
                Rule::Retry { span, .. } => ("retry", *span),
                Rule::Guard { span, .. } => ("guard", *span),
                Rule::Settle { span, .. } => ("settle", *span),
                Rule::Approve { span, .. } => ("approve", *span),
                Rule::Mark { span, .. } => ("mark", *span),
            };
            if let Some(first) = seen.get(word) {
                self.rule_twice(word, span, *first);
                continue;
            }
            seen.insert(word, span);
            match rule {
                Rule::Key { fields, span } => rules.key = Some((fields, *span)),
                Rule::OnChange { action, .. } => {
                    rules.on_change = self.on_change(action, found);
                    change = Some(action.span);
                }
                Rule::Retry { times, first, longest, .. } => rules.retry = self.retry(*times, *first, *longest),
                Rule::Guard { records, rejected_percent, .. } => {
                    rules.guard = self.guard(*records, *rejected_percent);
                }
                Rule::Settle { what, quiet, .. } => rules.settle = self.settle_rule(what, *quiet, found),
                Rule::Approve { condition, .. } => rules.approve = Some(self.approve(scope, condition)),
                // Of the source, which `marks` looks at.
                Rule::Mark { .. } => {}
            }
        }
        if let Some((action, found)) = change.zip(found) {
            self.corrected_by_key(&rules, action, found);
        }
        rules
    }

    fn rule_twice(&mut self, word: &str, span: Span, first: Span) {
        self.report(
            Diagnostic::error(&codes::RULE_TWICE, span, format!("the rule `{word}` stands twice"))
                .label("said again")
                .related(first, "first said here")
                .hint("keep one of the two"),
        );
    }

    fn on_change(&mut self, action: &Name, found: Option<&Found>) -> OnChange {
        match &*action.text {
            "hold" => OnChange::Hold,
            "ignore" => OnChange::Ignore,
            "update" => {
                if let Some(found) = found.filter(|found| !found.spec().can(Operation::Update)) {
                    self.cannot_update(action, found);
                }
                OnChange::Update
            }
            "correct" => {
                if let Some(found) = found.filter(|found| found.spec().correction.is_none()) {
                    self.cannot_correct(action.span, found, "not possible there");
                }
                OnChange::Correct
            }
            other => {
                let hint = match nearest(other, ["hold", "update", "correct", "ignore"]) {
                    Some(near) => format!("did you mean `on change {near}`?"),
                    None => "write `on change` with `hold`, `update`, `correct` or `ignore`".to_owned(),
                };
                self.report(
                    Diagnostic::error(&codes::RULE_VALUE, action.span, format!("`on change` does not know `{other}`"))
                        .label("not known")
                        .hint(hint),
                );
                OnChange::Hold
            }
        }
    }

    /// A correction leaves some fields to the other side; it is not found by these.
    fn corrected_by_key(&mut self, rules: &Rules<'_>, action: Span, found: &Found) {
        let Some((fields, _)) = rules.key.filter(|_| rules.on_change == OnChange::Correct) else { return };
        let leaves = found.spec().correction.as_ref().map_or(&[][..], |correction| &correction.leaves);
        if let Some(left) = fields.iter().find(|field| leaves.iter().any(|name| **name == *field.text)) {
            let label = format!("a correction may have another `{}`, which is part of the key", left.text);
            self.cannot_correct(action, found, &label);
        }
    }

    pub(super) fn cannot_correct(&mut self, action: Span, found: &Found, label: &str) {
        let spec = found.spec();
        let update = spec.can(Operation::Update).then_some("`on change update`, and the record there is changed; ");
        let hint = format!("write {}`on change hold`, and a person decides about each change", update.unwrap_or(""));
        self.report(
            Diagnostic::error(
                &codes::CANNOT_CORRECT,
                action,
                format!("{} cannot be corrected in {} by further ones", spec.plural, found.catalogue.title),
            )
            .label(label)
            .hint(hint),
        );
    }

    fn cannot_update(&mut self, action: &Name, found: &Found) {
        self.report(
            Diagnostic::error(
                &codes::CANNOT_UPDATE,
                action.span,
                format!("{} cannot be changed in {} once they are there", found.spec().plural, found.catalogue.title),
            )
            .label("not possible there")
            .hint("write `on change hold`, and a person decides about each change"),
        );
    }

    fn retry(&mut self, times: Spanned<u32>, first: Spanned<value::Span>, longest: Spanned<value::Span>) -> Retry {
        if times.value > MOST_RETRIES {
            self.out_of_range(times.span, "too many retries", &format!("write at most `retry {MOST_RETRIES} times`"));
        }
        if times.value > 0 && first.value.is_zero() {
            self.out_of_range(first.span, "no wait at all", "wait at least a little, for example `from 2s`");
        }
        if longest.value > LONGEST_WAIT {
            let most = render_duration(LONGEST_WAIT);
            self.out_of_range(longest.span, "too long a wait", &format!("write at most `to {most}`"));
        }
        if first.value > longest.value {
            self.out_of_range(first.span, "the first wait is longer than the longest", "write the shorter one first");
        }
        Retry { times: times.value, first: first.value, longest: longest.value }
    }

    fn guard(&mut self, records: Option<Spanned<u64>>, percent: Option<Spanned<Decimal>>) -> Guard {
        if let Some(records) = records.filter(|records| records.value == 0) {
            self.out_of_range(records.span, "no record would be posted", "write how many a run may post at most");
        }
        let whole = Decimal::from(100_i64);
        if let Some(percent) = percent.filter(|percent| percent.value.is_negative() || percent.value > whole) {
            self.out_of_range(percent.span, "not a share of a whole", "write a share from `0%` to `100%`");
        }
        Guard { records: records.map(|records| records.value), rejected_percent: percent.map(|percent| percent.value) }
    }

    pub(super) fn out_of_range(&mut self, span: Span, label: &str, hint: &str) {
        let text = self.text(span);
        self.report(
            Diagnostic::error(&codes::RULE_VALUE, span, format!("`{text}` is not possible here"))
                .label(label)
                .hint(hint),
        );
    }

    /// The key fields must be what the target can be asked by.
    pub(super) fn natural_key(&mut self, fields: &[Name], span: Span, found: &Found) {
        let natural = &found.spec().natural_keys;
        let same = |key: &Vec<String>| {
            key.len() == fields.len() && fields.iter().all(|field| key.iter().any(|name| **name == *field.text))
        };
        if natural.iter().any(same) {
            return;
        }
        let keys: Vec<String> = natural.iter().map(|key| format!("`key {}`", key.join(", "))).collect();
        let hint = if keys.is_empty() {
            format!("{} cannot be asked by any key", found.catalogue.title)
        } else {
            format!("write {}", keys.join(" or "))
        };
        let names: Vec<&str> = fields.iter().map(|field| &*field.text).collect();
        self.report(
            Diagnostic::error(
                &codes::KEY_NOT_NATURAL,
                span,
                format!(
                    "{} cannot be asked for {} by {}",
                    found.catalogue.title,
                    found.spec().plural,
                    listed(names, 6)
                ),
            )
            .label("before each first post the target is asked by this key")
            .hint(hint),
        );
    }
}
