//! Settings of `pipeline` and `connect` blocks: known, given once, of the right type.

use super::fixed::Fixed;
use super::{Checker, listed, lost};
use crate::connector::{Catalogue, SettingSpec, SettingType, Settings};
use crate::diag::{Diagnostic, Span, codes, nearest};
use crate::syntax::{self as ast, Expr, ExprKind, Name, Setting};
use crate::value::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Settings that a `connect` block may have beside those of the catalogue.
pub(super) const CREDENTIALS: &str = "credentials";

impl Checker<'_> {
    /// Each setting once; says so of the others.
    pub(super) fn once<'s>(&mut self, settings: &'s [Setting]) -> Vec<&'s Setting> {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        let mut kept = Vec::new();
        for setting in settings {
            match seen.get(&*setting.name.text) {
                Some(first) => {
                    let (name, span, first) = (&setting.name.text, setting.name.span, *first);
                    self.report(
                        Diagnostic::error(&codes::SETTING_TWICE, span, format!("`{name}` is set twice"))
                            .label("set again")
                            .related(first, "first set here")
                            .hint("keep one of the two"),
                    );
                }
                None => {
                    seen.insert(&setting.name.text, setting.name.span);
                    kept.push(setting);
                }
            }
        }
        kept
    }

    pub(super) fn unknown_setting(&mut self, name: &Name, known: &[&str], place: &str) {
        let hint = match nearest(&name.text, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("{place} can set {}", listed(known.iter().copied(), 20)),
        };
        self.report(
            Diagnostic::error(&codes::UNKNOWN_SETTING, name.span, format!("{place} has no setting `{}`", name.text))
                .label("not known here")
                .hint(hint),
        );
    }

    pub(super) fn setting_value(&mut self, place: Span, message: &str, label: &str, hint: &str) {
        self.report(Diagnostic::error(&codes::SETTING_VALUE, place, message).label(label).hint(hint));
    }

    /// The settings of a `connect` block, but for its credentials, with the defaults filled in.
    pub(super) fn connect_settings(&mut self, connect: &ast::Connect, catalogue: &Catalogue) -> Settings {
        let mut values: BTreeMap<String, Value> = BTreeMap::new();
        let mut given: Vec<&str> = Vec::new();
        for setting in self.once(&connect.settings) {
            let name = &*setting.name.text;
            given.push(name);
            match catalogue.settings.get(name) {
                _ if name == CREDENTIALS => {}
                Some(spec) => {
                    self.supplied(connect, setting, spec);
                    values.extend(self.setting(setting, spec).map(|value| (name.to_owned(), value)));
                }
                None => {
                    let mut known: Vec<&str> = catalogue.settings.keys().map(String::as_str).collect();
                    known.push(CREDENTIALS);
                    self.unknown_setting(&setting.name, &known, &format!("`connect {}`", connect.name.text));
                }
            }
        }
        self.missing_settings(connect, catalogue, &given);
        for (name, spec) in &catalogue.settings {
            if let (Some(default), false) = (&spec.default, given.contains(&name.as_str())) {
                values.extend(default_value(default, spec.ty).map(|value| (name.clone(), value)));
            }
        }
        Settings(values)
    }

    fn missing_settings(&mut self, connect: &ast::Connect, catalogue: &Catalogue, given: &[&str]) {
        let lost = |name: &str| lost::may_be(&connect.lost, name, name);
        // A setting that is not known is told to be a misspelling of its neighbour.
        let known = || catalogue.settings.keys().map(String::as_str).chain([CREDENTIALS]);
        let misspelt = |name: &str| {
            given.iter().any(|wrong| known().all(|known| known != *wrong) && nearest(wrong, known()) == Some(name))
        };
        let missing: Vec<(&str, &SettingSpec)> = catalogue
            .settings
            .iter()
            .filter(|(name, spec)| {
                let needed = spec.required && !(spec.supplied_by_sandbox && connect.sandbox.is_some());
                needed && spec.default.is_none() && !given.contains(&name.as_str()) && !lost(name) && !misspelt(name)
            })
            .map(|(name, spec)| (name.as_str(), spec))
            .collect();
        if missing.is_empty() {
            return;
        }
        let lines: Vec<String> = missing
            .iter()
            .map(|(name, spec)| format!("`{name} = {}` ({})", example(spec.ty), spec.doc.trim_end_matches('.')))
            .collect();
        self.report(
            Diagnostic::error(
                &codes::SETTING_MISSING,
                connect.name.span,
                format!("`connect {}` needs {}", connect.name.text, listed(missing.iter().map(|(name, _)| *name), 12)),
            )
            .label("not set in this block")
            .hint(format!("add {}; or write `sandbox` to try it without", lines.join(", "))),
        );
    }

    /// With `sandbox` some settings are the sandbox's own.
    fn supplied(&mut self, connect: &ast::Connect, setting: &Setting, spec: &SettingSpec) {
        let Some(sandbox) = connect.sandbox.filter(|_| spec.supplied_by_sandbox) else { return };
        self.sandbox_supplies(&setting.name, sandbox);
    }

    pub(super) fn sandbox_supplies(&mut self, name: &Name, sandbox: Span) {
        self.report(
            Diagnostic::warning(
                &codes::SANDBOX_SUPPLIES,
                name.span,
                format!("the sandbox has its own `{}`; this one is not used", name.text),
            )
            .label("not used")
            .related(sandbox, "since the sandbox is meant here")
            .hint("take the line out, or take `sandbox` out to reach the real system"),
        );
    }

    /// Whether the text is one of those that the setting takes; says so if not.
    fn one_of(&mut self, setting: &Setting, text: &str, values: &[String]) -> bool {
        let known = || values.iter().map(String::as_str);
        if known().any(|value| value == text) {
            return true;
        }
        let hint = match nearest(text, known()) {
            Some(near) => format!("did you mean `\"{near}\"`?"),
            None => {
                let quoted: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
                format!("write one of {}", listed(quoted.iter().map(String::as_str), 12))
            }
        };
        let message = format!("`{}` cannot be `{text}`", setting.name.text);
        self.setting_value(setting.value.span, &message, "not known", &hint);
        false
    }

    fn setting(&mut self, setting: &Setting, spec: &SettingSpec) -> Option<Value> {
        match spec.ty {
            SettingType::Text if !spec.values.is_empty() => {
                let text = self.setting_text(setting)?;
                self.one_of(setting, &text, &spec.values).then_some(Value::Text(text))
            }
            SettingType::Text | SettingType::File => self.setting_text(setting).map(Value::Text),
            SettingType::Url => {
                let text = self.setting_text(setting)?;
                let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
                if host
                    .is_none_or(|host| host.is_empty() || host.starts_with('/') || text.contains(char::is_whitespace))
                {
                    self.setting_value(
                        setting.value.span,
                        &format!("`{}` must be a web address", setting.name.text),
                        "not a web address",
                        "write it with its scheme, for example `\"https://acme.erp.example\"`",
                    );
                }
                Some(Value::Text(text))
            }
            SettingType::Integer => match self.fixed(&setting.value) {
                Fixed::Value(Value::Integer(number)) => Some(Value::Integer(number)),
                Fixed::Wrong => None,
                _ => {
                    let name = match &setting.value.kind {
                        ExprKind::Path(path) => &path.root.text,
                        _ => &setting.name.text,
                    };
                    self.setting_value(
                        setting.value.span,
                        &format!("`{}` is a whole number", setting.name.text),
                        "not a whole number",
                        &format!("write it without quotes: `{name} = 4264807`"),
                    );
                    None
                }
            },
        }
    }
}

/// The value of a literal.
pub(super) fn literal(expr: &Expr) -> Option<Value> {
    match &expr.kind {
        ExprKind::Plain(text) => Some(Value::Text(text.clone())),
        ExprKind::Template(template) if !template.text.contains("{{") => Some(Value::Text(template.text.clone())),
        ExprKind::Integer(number) => Some(Value::Integer(*number)),
        ExprKind::Decimal(number) => Some(Value::Decimal(*number)),
        ExprKind::Boolean(flag) => Some(Value::Bool(*flag)),
        ExprKind::Date(date) => Some(Value::Date(*date)),
        ExprKind::Duration(length) => Some(Value::Duration(*length)),
        _ => None,
    }
}

fn default_value(text: &str, ty: SettingType) -> Option<Value> {
    match ty {
        SettingType::Integer => text.parse().ok().map(Value::Integer),
        SettingType::Text | SettingType::Url | SettingType::File => Some(Value::Text(Arc::from(text))),
    }
}

fn example(ty: SettingType) -> &'static str {
    match ty {
        SettingType::Integer => "…",
        SettingType::Text | SettingType::File => "\"…\"",
        SettingType::Url => "\"https://…\"",
    }
}
