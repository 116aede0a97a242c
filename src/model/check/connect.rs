//! `connect` blocks: which system, how it is reached, which catalogue its resources come from.

use super::settings::CREDENTIALS;
use super::{Checker, listed, lost};
use crate::connector::{Catalogue, Driver, Settings};
use crate::diag::{Diagnostic, Span, codes, nearest};
use crate::model::Connection;
use crate::model::observe::Seen;
use crate::syntax::{self as ast, ExprKind, Item, Setting};
use crate::value::Value;
use crate::world::{CredentialSource, VAULT_NAMES, is_vault_name};
use std::sync::Arc;

const PROFILE: &str = "profile";

/// A connection by its name, and the catalogue that it is checked against.
pub(super) struct Bound {
    pub name: Arc<str>,
    /// `None` if the block is wrong in a way that leaves its resources unknown; nothing
    /// is said about them then.
    pub catalogue: Option<Arc<Catalogue>>,
    pub connection: Option<Connection>,
    pub span: Span,
    pub used: bool,
}

impl Checker<'_> {
    pub(super) fn connects(&mut self, file: &ast::File) {
        for item in &file.items {
            let Item::Connect(connect) = item else { continue };
            if let Some(first) = self.connections.iter().find(|bound| bound.name == connect.name.text) {
                let span = first.span;
                self.taken(&connect.name, "connection", span);
                continue;
            }
            let bound = self.connect(connect);
            self.tell(connect.name.span, || Seen::Connection { catalogue: bound.catalogue.clone() });
            self.connections.push(bound);
        }
    }

    fn connect(&mut self, connect: &ast::Connect) -> Bound {
        let name = connect.name.text.clone();
        let unclear =
            Bound { name: name.clone(), catalogue: None, connection: None, span: connect.name.span, used: false };
        let Some(driver) = self.drivers.iter().find(|driver| *driver.name == *connect.system().text).copied() else {
            self.unknown_system(connect);
            return unclear;
        };
        let shipped = (driver.catalogue)();
        let settings = self.connect_settings(connect, shipped);
        let credentials = self.credentials(connect, driver);
        let Ok((profile, catalogue)) = self.profile(connect, driver, &settings) else { return unclear };
        let connection = Connection {
            name,
            driver,
            settings,
            credentials,
            sandbox: connect.sandbox.is_some(),
            profile,
            span: connect.span,
        };
        Bound { catalogue: Some(Arc::new(catalogue)), connection: Some(connection), ..unclear }
    }

    fn unknown_system(&mut self, connect: &ast::Connect) {
        let names = || self.drivers.iter().map(|driver| driver.name);
        let system = connect.system();
        let hint = match nearest(&system.text, names()) {
            Some(near) => format!("did you mean `connect {near}`?"),
            None => format!("the systems are {}", listed(names(), 12)),
        };
        self.report(
            Diagnostic::error(
                &codes::UNKNOWN_SYSTEM,
                system.span,
                format!("there is no connector for `{}`", system.text),
            )
            .label("not known")
            .hint(hint),
        );
    }

    fn credentials(&mut self, connect: &ast::Connect, driver: Driver) -> Option<CredentialSource> {
        let setting = connect.settings.iter().find(|setting| &*setting.name.text == CREDENTIALS);
        match (setting, connect.sandbox) {
            (Some(setting), Some(sandbox)) => {
                self.sandbox_supplies(&setting.name, sandbox);
                None
            }
            (None, Some(_)) => None,
            (None, None) if lost::may_be(&connect.lost, CREDENTIALS, CREDENTIALS) => None,
            (Some(setting), None) => self.credential(setting, connect, driver),
            (None, None) => {
                let prefix = connect.name.text.to_ascii_uppercase();
                self.report(
                    Diagnostic::error(
                        &codes::SETTING_MISSING,
                        connect.name.span,
                        format!("`connect {}` does not say where its credentials are", connect.name.text),
                    )
                    .label("no `credentials`")
                    .hint(format!(
                        "add `credentials = env(\"{prefix}\")`, which reads {}; or write `sandbox` to try it without",
                        variables(&prefix, (driver.catalogue)())
                    )),
                );
                None
            }
        }
    }

    fn credential(&mut self, setting: &Setting, connect: &ast::Connect, driver: Driver) -> Option<CredentialSource> {
        let prefix = connect.name.text.to_ascii_uppercase();
        let write = format!(
            "write `credentials = env(\"{prefix}\")`, which reads {}",
            variables(&prefix, (driver.catalogue)())
        );
        let fault = |message: &str, label: &str| {
            Diagnostic::error(&codes::CREDENTIALS, setting.value.span, message).label(label).hint(write.clone())
        };
        let ExprKind::Call { name, arguments } = &setting.value.kind else {
            // The line is not shown: it may hold the secret itself.
            self.report(
                Diagnostic::error(
                    &codes::CREDENTIALS,
                    connect.name.span,
                    "credentials never stand in a pipeline; it says where they lie",
                )
                .label("its `credentials` are not such a place")
                .hint(write),
            );
            return None;
        };
        let text = match arguments.as_slice() {
            [argument] => self.fixed(argument).value().and_then(|value| value.as_text().map(str::to_owned)),
            _ => None,
        };
        match (&*name.text, text) {
            ("env", Some(prefix)) if is_variable(&prefix) => Some(CredentialSource::Environment(prefix)),
            ("env", Some(_)) => {
                self.report(fault(
                    "the names of environment variables are letters, digits and `_`, and begin with a letter",
                    "no variable can begin with this",
                ));
                None
            }
            ("env", None) => {
                self.report(fault("`env` takes one text in quotes", "not the beginning of a variable's name"));
                None
            }
            ("vault", Some(name)) if is_vault_name(&name) => {
                Some(CredentialSource::Vault { name, system: driver.name })
            }
            ("vault", text) => {
                let (message, label) = match text {
                    Some(_) => (VAULT_NAMES, "no name in the vault"),
                    None => ("`vault` takes one text in quotes", "not a name in the vault"),
                };
                self.report(fault(message, label).hint(format!(
                    "write such as `credentials = vault(\"acme/{0}\")`; `mlc vault set acme/{0}` keeps it",
                    driver.name
                )));
                None
            }
            _ => {
                self.report(fault(
                    "credentials are read with `env(\"…\")` or `vault(\"…\")`",
                    "not a place for credentials",
                ));
                None
            }
        }
    }

    /// The profile's text, and the catalogue that holds for this tenant.
    fn profile(
        &mut self,
        connect: &ast::Connect,
        driver: Driver,
        settings: &Settings,
    ) -> Result<(Option<Arc<str>>, Catalogue), ()> {
        if lost::may_be(&connect.lost, PROFILE, PROFILE) {
            return Err(());
        }
        let Some(Value::Text(path)) = settings.0.get(PROFILE) else {
            return Ok((None, (driver.catalogue)().clone()));
        };
        let setting = connect.settings.iter().find(|setting| &*setting.name.text == PROFILE);
        let place = setting.map_or(connect.name.span, |setting| setting.value.span);
        let file = self.files.read(&self.path_from(place.source, path));
        let file = file.map_err(|reason| self.unreadable(path, place, reason))?;
        let catalogue = (driver.profiled)(&file.text).map_err(|reason| {
            self.report(
                Diagnostic::error(&codes::PROFILE, place, format!("the tenant profile `{path}` cannot be used"))
                    .label(reason)
                    .hint("a profile is YAML that repeats the parts of the catalogue that differ; `mlc schema` shows them"),
            );
        })?;
        Ok((Some(file.text), catalogue))
    }
}

/// `ACME_CLIENT_ID and ACME_CLIENT_SECRET`.
fn variables(prefix: &str, catalogue: &Catalogue) -> String {
    let always = catalogue.credentials.iter().filter(|field| !field.optional);
    let names: Vec<String> = always.map(|field| format!("{prefix}_{}", field.name.to_ascii_uppercase())).collect();
    listed(names.iter().map(String::as_str), 6)
}

fn is_variable(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
