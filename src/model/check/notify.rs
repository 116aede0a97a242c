//! The `notify` block: whom to tell, and of what.
//!
//! An address may be the secret itself, so a line that holds one is never shown: what is
//! wrong with it is told at the block's own word.

use super::fixed::Fixed;
use super::{Checker, lost};
use crate::diag::{Code, Diagnostic, Span, codes};
use crate::model::{ALERTS, Notices, Webhook};
use crate::syntax::{self as ast, Expr, ExprKind, Item, Notice, Notify, Setting};
use crate::value::{self, Decimal, Value, render_duration};
use crate::world::{CredentialSource, VAULT_NAMES, is_vault_name};
use secrecy::SecretString;
use std::collections::HashMap;
use std::sync::Arc;

const MAIL: &str = "mail";
const WEBHOOK: &str = "webhook";
const SETTINGS: &[&str] = &[MAIL, WEBHOOK];

const SHORTEST: value::Span = value::Span::from_secs(60);
const LONGEST: value::Span = value::Span::from_secs(90 * 24 * 3600);

impl Checker<'_> {
    /// The file's block; says so of a second one.
    pub(super) fn one_notify<'f>(&mut self, file: &'f ast::File) -> Option<&'f Notify> {
        let mut blocks = file.items.iter().filter_map(|item| match item {
            Item::Notify(notify) => Some(notify),
            _ => None,
        });
        let first = blocks.next()?;
        for more in blocks {
            self.report(
                Diagnostic::error(
                    &codes::NOTIFY_TWICE,
                    head(more),
                    "a file says once whom to tell, here is a second time",
                )
                .label("second one")
                .related(head(first), "first one")
                .hint("put both into one `notify` block"),
            );
        }
        Some(first)
    }

    pub(super) fn notices(&mut self, notify: &Notify) -> Notices {
        let mut notices = Notices::default();
        for setting in self.once(&notify.settings) {
            match &*setting.name.text {
                MAIL => notices.mail = self.mail(setting),
                WEBHOOK => notices.webhooks = self.webhooks(setting, notify),
                _ => self.unknown_setting(&setting.name, SETTINGS, "a `notify` block"),
            }
        }
        self.notice_rules(notify, &mut notices);
        self.nobody(notify);
        notices
    }

    fn notice_rules(&mut self, notify: &Notify, notices: &mut Notices) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for rule in &notify.rules {
            if let Some(first) = seen.get(word(rule)).copied() {
                self.told_twice(word(rule), rule.span(), first);
                continue;
            }
            seen.insert(word(rule), rule.span());
            match rule {
                Notice::Parked { after, .. } => {
                    if after.value < SHORTEST || after.value > LONGEST {
                        let label = if after.value < SHORTEST { "too short" } else { "too long" };
                        let hint =
                            format!("write from `{}` to `{}`", render_duration(SHORTEST), render_duration(LONGEST));
                        self.out_of_range(after.span, label, &hint);
                    }
                    notices.parked = Some(after.value);
                }
                Notice::NothingRead { .. } => notices.nothing_read = true,
                Notice::Budget { above, .. } => {
                    if above.value == Decimal::from(0_i64) || above.value >= Decimal::from(100_i64) {
                        let label = if above.value == Decimal::from(0_i64) { "always so" } else { "never so" };
                        self.out_of_range(above.span, label, "write a share such as `80%`");
                    }
                    notices.budget = Some(above.value);
                }
                Notice::FailedRun { .. } => notices.failed_run = true,
                Notice::Digest { at, .. } => notices.digest = Some(at.value),
            }
        }
    }

    fn told_twice(&mut self, word: &str, place: Span, first: Span) {
        self.report(
            Diagnostic::error(&codes::RULE_TWICE, place, format!("`{word}` is given twice"))
                .label("given again")
                .related(first, "first given here")
                .hint("keep one of the two"),
        );
    }

    /// A block that tells nobody, or tells of nothing, is not what was meant.
    fn nobody(&mut self, notify: &Notify) {
        let given = |name: &str| {
            lost::may_be(&notify.lost, name, name) || notify.settings.iter().any(|setting| &*setting.name.text == name)
        };
        // A setting that is not known is told to be a misspelling already.
        let misspelt = notify.settings.iter().any(|setting| !SETTINGS.contains(&&*setting.name.text));
        if !given(MAIL) && !given(WEBHOOK) && !misspelt {
            self.report(
                Diagnostic::error(&codes::SETTING_MISSING, head(notify), "`notify` does not say whom to tell")
                    .label("neither `mail` nor `webhook`")
                    .hint("add `mail = [\"office@acme.example\"]`, or `webhook = vault(\"acme/alerts\")`"),
            );
        }
        if notify.rules.is_empty() && !lost::any(&notify.lost, "on") && !lost::any(&notify.lost, "digest") {
            self.report(
                Diagnostic::warning(&codes::NOTHING_TOLD, head(notify), "`notify` does not say of what to tell")
                    .label("nothing is ever told")
                    .hint("add rules such as `on parked after 4h`, `on failed run` or `digest daily at 07:00`"),
            );
        }
    }

    fn mail(&mut self, setting: &Setting) -> Vec<Arc<str>> {
        let mut addresses: Vec<Arc<str>> = Vec::new();
        for expr in parts(&setting.value) {
            match self.fixed(expr) {
                Fixed::Value(Value::Text(text)) if is_mail(&text) => addresses.push(text),
                Fixed::Wrong => {}
                Fixed::Value(Value::Text(text)) => self.address(
                    &codes::NOTIFY_ADDRESS,
                    expr.span,
                    &format!("`{text}` is no address for mail"),
                    "not an address",
                    "write such as `\"office@acme.example\"`",
                ),
                Fixed::Value(_) | Fixed::Not => self.setting_value(
                    expr.span,
                    "`mail` is a list of addresses",
                    "not a text",
                    "write `mail = [\"office@acme.example\"]`",
                ),
            }
        }
        addresses
    }

    fn webhooks(&mut self, setting: &Setting, notify: &Notify) -> Vec<Webhook> {
        parts(&setting.value).iter().filter_map(|expr| self.webhook(expr, notify)).collect()
    }

    fn webhook(&mut self, expr: &Expr, notify: &Notify) -> Option<Webhook> {
        let place = head(notify);
        if let ExprKind::Call { name, arguments } = &expr.kind {
            let text = match arguments.as_slice() {
                [argument] => self.fixed(argument).value().and_then(|value| value.as_text().map(str::to_owned)),
                _ => None,
            };
            return self.webhook_source(&name.text, text, (expr.span, place)).map(Webhook::Credential);
        }
        match self.fixed(expr) {
            Fixed::Value(Value::Text(text)) if is_safe(&text) => {
                return Some(Webhook::Address(SecretString::from(text.to_string())));
            }
            Fixed::Wrong => {}
            Fixed::Value(Value::Text(_)) => self.address(
                &codes::NOTIFY_ADDRESS,
                place,
                "the `webhook` of this block is no `https` address",
                "its line is not shown, since it may hold a secret",
                "write `webhook = \"https://…\"`; the bare `http` goes to this machine only",
            ),
            Fixed::Value(_) | Fixed::Not => self.setting_value(
                place,
                "the `webhook` of this block is no text",
                "its line is not shown, since it may hold a secret",
                "write `webhook = vault(\"acme/alerts\")`, or an address in quotes",
            ),
        }
        None
    }

    fn webhook_source(
        &mut self,
        word: &str,
        text: Option<String>,
        (place, head): (Span, Span),
    ) -> Option<CredentialSource> {
        let is_variable = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        match (word, text) {
            ("vault", Some(name)) if is_vault_name(&name) => {
                return Some(CredentialSource::Vault { name, system: ALERTS });
            }
            ("env", Some(prefix)) if is_variable(&prefix) => return Some(CredentialSource::Environment(prefix)),
            ("vault", Some(_)) => self.address(
                &codes::NOTIFY_ADDRESS,
                place,
                VAULT_NAMES,
                "no name in the vault",
                "write `webhook = vault(\"acme/alerts\")`",
            ),
            // Whatever stands between these brackets may be the secret.
            _ => self.address(
                &codes::NOTIFY_ADDRESS,
                head,
                "the `webhook` of this block is kept nowhere that is known",
                "its line is not shown, since it may hold a secret",
                "write `vault(\"acme/alerts\")`, `env(\"ACME_ALERTS\")` or an address in quotes",
            ),
        }
        None
    }

    fn address(&mut self, code: &'static Code, place: Span, message: &str, label: &str, hint: &str) {
        self.report(Diagnostic::error(code, place, message).label(label).hint(hint));
    }
}

/// The word that opens the block.
fn head(notify: &Notify) -> Span {
    Span { end: notify.span.start.saturating_add(6).min(notify.span.end), ..notify.span }
}

/// One value, or those of a list.
fn parts(expr: &Expr) -> &[Expr] {
    match &expr.kind {
        ExprKind::List(items) => items,
        _ => std::slice::from_ref(expr),
    }
}

fn word(rule: &Notice) -> &'static str {
    match rule {
        Notice::Parked { .. } => "on parked",
        Notice::NothingRead { .. } => "on nothing read",
        Notice::Budget { .. } => "on budget",
        Notice::FailedRun { .. } => "on failed run",
        Notice::Digest { .. } => "digest",
    }
}

/// Enough to catch a slip; whether anybody reads there only a message can show.
fn is_mail(text: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '@' | '<' | '>' | ',' | ';' | '"'))
    };
    text.split_once('@').is_some_and(|(person, host)| {
        plain(person) && plain(host) && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
    })
}

/// Nobody on the way can read it: it is encrypted, or does not leave the machine.
fn is_safe(text: &str) -> bool {
    let host = |rest: &str| rest.split(['/', '?', '#']).next().unwrap_or("").to_owned();
    if text.contains(char::is_whitespace) {
        return false;
    }
    if let Some(rest) = text.strip_prefix("https://") {
        return !host(rest).is_empty();
    }
    text.strip_prefix("http://").is_some_and(|rest| {
        let host = host(rest);
        let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
        matches!(name, "localhost" | "127.0.0.1" | "[::1]")
    })
}
