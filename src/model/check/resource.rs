//! `connection.resource`: which resource of which catalogue is meant, and what it can do.

use super::{Checker, listed, lost};
use crate::connector::{Catalogue, Operation, ResourceSpec};
use crate::diag::{Diagnostic, codes, nearest};
use crate::model::observe::Seen;
use crate::syntax::ResourceName;
use std::sync::Arc;

/// A resource that a catalogue knows.
pub(super) struct Found {
    pub connection: Arc<str>,
    pub resource: Arc<str>,
    pub catalogue: Arc<Catalogue>,
}

impl Found {
    pub fn spec(&self) -> &ResourceSpec {
        self.catalogue.resources.get(&*self.resource).expect("found in this catalogue")
    }
}

impl Checker<'_> {
    /// The resource of this name. Says so if there is none, but not when the connection is broken.
    pub(super) fn resource(&mut self, name: &ResourceName) -> Option<Found> {
        let Some(bound) = self.connections.iter_mut().find(|bound| bound.name == name.connection.text) else {
            if !lost::may_be(&self.lost, "connect", &name.connection.text) {
                self.unknown_connection(name);
            }
            return None;
        };
        bound.used = true;
        let definition = bound.span;
        let known = bound.catalogue.clone();
        self.tell(name.connection.span, || Seen::ConnectionName { definition });
        let catalogue = known?;
        self.tell(name.resource.span, || Seen::Resource {
            catalogue: catalogue.clone(),
            name: name.resource.text.clone(),
        });
        if catalogue.resources.contains_key(&*name.resource.text) {
            let connection = name.connection.text.clone();
            return Some(Found { connection, resource: name.resource.text.clone(), catalogue });
        }
        let names = || catalogue.resources.keys().map(String::as_str);
        let hint = match nearest(&name.resource.text, names()) {
            Some(near) => format!("did you mean `{}.{near}`?", name.connection.text),
            None => format!("its resources are {}", listed(names(), 20)),
        };
        self.report(
            Diagnostic::error(
                &codes::UNKNOWN_RESOURCE,
                name.resource.span,
                format!("{} has no resource `{}`", catalogue.title, name.resource.text),
            )
            .label("no such resource")
            .hint(hint),
        );
        None
    }

    fn unknown_connection(&mut self, name: &ResourceName) {
        let connection = &name.connection.text;
        let open: Vec<Arc<str>> = self.connections.iter().map(|bound| bound.name.clone()).collect();
        let near = nearest(connection, open.iter().map(|name| &**name));
        let hint = match near {
            Some(near) => {
                self.connections.iter_mut().filter(|bound| *bound.name == *near).for_each(|bound| bound.used = true);
                format!("did you mean `{near}`?")
            }
            None if self.drivers.iter().any(|driver| driver.name == &**connection) => {
                format!("open it: `connect {connection} {{ … }}`")
            }
            None if open.is_empty() => "open one with `connect NAME { … }`".to_owned(),
            None => format!("the file opens {}", listed(open.iter().map(|name| &**name), 8)),
        };
        self.report(
            Diagnostic::error(
                &codes::UNKNOWN_CONNECTION,
                name.connection.span,
                format!("the file opens no connection `{connection}`"),
            )
            .label("not opened")
            .hint(hint),
        );
    }

    /// Whether the resource can be listed; says so if not.
    pub(super) fn can_list(&mut self, found: &Found, name: &ResourceName) -> bool {
        if found.spec().can(Operation::List) {
            return true;
        }
        let able = found.catalogue.resources.iter().filter(|(_, spec)| spec.can(Operation::List));
        self.report(
            Diagnostic::error(
                &codes::CANNOT_READ,
                name.span(),
                format!("{} cannot be listed in {}", found.spec().plural, found.catalogue.title),
            )
            .label("cannot be read from here")
            .hint(format!("what can be read there: {}", listed(able.map(|(name, _)| name.as_str()), 20))),
        );
        false
    }

    /// Whether the resource can be listed as a whole, without `per`; says so if not.
    pub(super) fn can_list_whole(&mut self, found: &Found, name: &ResourceName, user: &str) -> bool {
        if !self.can_list(found, name) {
            return false;
        }
        let Some(scope) = &found.spec().scope else { return true };
        self.report(
            Diagnostic::error(
                &codes::SCOPE,
                name.span(),
                format!(
                    "{} can only be read {} by {}, and {user} reads a whole list",
                    found.spec().plural,
                    scope.name,
                    scope.name
                ),
            )
            .label(format!("one list for each {}", scope.name))
            .hint(format!(
                "use a resource that is not kept per {}; a lookup `from` it may say `per {}`",
                scope.name, scope.name
            )),
        );
        false
    }
}
