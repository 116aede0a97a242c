//! What `ping` sees of QAD over QXtend: whether the receiver and the tenant's own read
//! service take messages of this user, the domain and entity, and each resource.
//!
//! Reads only, and little: one row of a list, and that record by its key. A login that may
//! have been refused is not tried again, since that could lock the account.

use super::super::super::connection::unreadable;
use super::super::faults::NO_AGENT;
use super::super::wire::Read;
use super::reading::as_named;
use super::{Connection, Resource};
use crate::connector::{Connector as _, Error, ErrorKind, Health, Key, Operation, Probe, Wanted};
use crate::value::{Record, Value};
use std::sync::Arc;

/// A resource, and what the pipeline does with it.
type Part<'a> = (Resource<'a>, &'a [Operation]);

/// What a way to QAD is called, and what a first good answer of it proves.
struct Way {
    read: Read,
    title: &'static str,
}

const WAYS: [Way; 2] =
    [Way { read: Read::FinApi, title: "QXtend" }, Way { read: Read::CustomService, title: "read service" }];

impl Connection {
    pub(super) async fn look(&self, wanted: &Wanted) -> Vec<Probe> {
        let mut seen = Vec::new();
        let mut parts: Vec<Part<'_>> = Vec::new();
        for (name, operations) in &wanted.resources {
            match self.resource(name, Operation::List) {
                Ok(resource) => parts.push((resource, operations)),
                Err(error) => seen.push(Probe::failed(name.replace('_', " "), &error)),
            }
        }
        for way in &WAYS {
            let of_way: Vec<Part<'_>> =
                parts.iter().filter(|(resource, _)| resource.wire.read == way.read).copied().collect();
            if !self.way_seen(way, &of_way, &mut seen).await {
                return seen;
            }
        }
        seen.extend(parts.iter().filter_map(|(resource, operations)| writes(*resource, operations)));
        seen
    }

    /// The resources that are read in one way. The first that is answered proves the way.
    /// Whether anything else may be tried after it.
    async fn way_seen(&self, way: &Way, parts: &[Part<'_>], seen: &mut Vec<Probe>) -> bool {
        let mut resources = Vec::new();
        let mut is_open = false;
        let mut refusal: Option<Error> = None;
        for (index, (resource, _)) in parts.iter().enumerate() {
            match self.first_row(*resource).await {
                Ok(row) => {
                    is_open = true;
                    resources.push(self.resource_seen(*resource, row).await);
                }
                Err(error)
                    if !is_open && (bars(&error) || refusal.as_ref().is_some_and(|first| same(first, &error))) =>
                {
                    seen.push(barred(way, &error));
                    let refused = refuses_user(&error);
                    if refused || index + 1 < parts.len() {
                        seen.push(Probe::untried("all else", "nothing else is looked at before that is mended"));
                    }
                    return !refused;
                }
                Err(error) => {
                    resources.push(Probe::failed(&*resource.spec.plural, &error));
                    refusal = Some(error);
                }
            }
        }
        if is_open {
            seen.push(self.open(way));
            if way.read == Read::FinApi {
                seen.push(self.place(parts).await);
            }
        }
        seen.extend(resources);
        true
    }

    fn open(&self, way: &Way) -> Probe {
        let style = &self.tenant.profile.qxtend;
        let finding = match way.read {
            Read::FinApi => {
                format!("receiver `{}` takes messages of this user, version {}", style.receiver, style.version)
            }
            Read::CustomService => format!("{} answers this user", style.custom_service.path),
        };
        Probe::good(way.title, finding)
    }

    /// QXtend refuses a domain that is not the receiver's. An entity that is not there shows
    /// as lists without records.
    async fn place(&self, parts: &[Part<'_>]) -> Probe {
        const SUBJECT: &str = "workspace";
        let (domain, entity) = (self.client.domain(), self.client.entity());
        let there = Probe::good(SUBJECT, format!("domain {domain}, entity {entity}"));
        let owned = parts.iter().map(|(resource, _)| *resource);
        for resource in owned.filter(|resource| resource.rest.within_entity.is_some()) {
            let source = self.source(resource);
            let own = source.rows(&self.client, &self.within(resource), 1, 1).await;
            let Ok([]) = own.as_deref() else { continue };
            let Ok(others) = source.rows(&self.client, &[], 1, 1).await else { continue };
            let field = resource.rest.within_entity.as_deref().unwrap_or_default();
            if let Some(other) = others.first().and_then(|row| row.get(field)) {
                return Probe::doubtful(
                    SUBJECT,
                    format!("domain {domain} has {} of entity {other}, and none of {entity}", resource.spec.plural),
                    "check `entity` in the `connect` block; capitals count",
                );
            }
        }
        there
    }

    async fn first_row(&self, resource: Resource<'_>) -> Result<Option<Record>, Error> {
        let rows = self.source(resource).rows(&self.client, &self.within(resource), 1, 1).await?;
        Ok(rows.into_iter().next())
    }

    /// Whether the row is as the catalogue says, and comes again when it is asked for.
    async fn resource_seen(&self, resource: Resource<'_>, row: Option<Record>) -> Probe {
        let plural = &*resource.spec.plural;
        // Of a table by a wrong name, QAD shows nothing and says nothing.
        let Some(row) = row else {
            let mend = "if there are some, correct the names of this resource under `qxtend` in the tenant profile";
            return Probe::doubtful(plural, format!("QAD answers, and shows no {plural}"), mend);
        };
        let record = match self.decoded(resource, &as_named(&resource.spec.fields), row) {
            Ok(record) => record,
            Err(error) => return Probe::failed(plural, &unreadable(&error)),
        };
        let ask_by = resource.rest.ask_by.as_str();
        let value = record.get(ask_by).cloned().unwrap_or(Value::Null);
        let key = Key(vec![(Arc::from(ask_by), value.clone())]);
        match self.find(resource.name, &[key]).await {
            Ok(found) if found.iter().any(|found| !found.is_empty()) => {
                Probe::good(plural, format!("can be listed, and found by `{ask_by}`"))
            }
            Ok(_) => Probe::bad(
                plural,
                format!("QAD lists `{value}`, and does not find it when it is asked for by `{ask_by}`"),
                "correct the names under `resources`, in `qxtend` of this resource, in the tenant profile",
            ),
            Err(error) => Probe::failed(plural, &error),
        }
    }
}

/// Whether nothing else would be answered in this way either, or must not be tried.
fn bars(error: &Error) -> bool {
    error.is_temporary() || error.status == Some(404) || refuses_user(error) || speaks_of_license(error)
}

/// A fault has no code for it, only words, which are each version's own.
fn refuses_user(error: &Error) -> bool {
    let said = error.message.to_lowercase();
    let speaks = ["authenticat", "password", "log in", "login", "user"].iter().any(|word| said.contains(word));
    error.kind == ErrorKind::Credentials || speaks
}

fn speaks_of_license(error: &Error) -> bool {
    let said = error.message.to_lowercase();
    said.contains("license") || said.contains("licence")
}

fn same(first: &Error, second: &Error) -> bool {
    first.message == second.message
}

/// What bars the way, by its name where there is one.
fn barred(way: &Way, error: &Error) -> Probe {
    let (subject, mend) = if error.message == NO_AGENT {
        let mend = "ping again in a quiet hour; if this goes on, lower `qxtend.concurrency` in the tenant profile, or \
                    have whoever runs QXtend enlarge the receiver's pool of agents";
        ("agents", mend)
    } else if speaks_of_license(error) {
        ("license", "have whoever runs QXtend enter a license code for use by other programs")
    } else if refuses_user(error) {
        ("sign-in", "check the credential, and `qxtend.credentials` in the tenant profile (context, basic or both)")
    } else {
        (way.title, &*error.mend)
    };
    Probe::bad(subject, error.message.clone(), mend)
}

/// What only a write could prove.
fn writes(resource: Resource<'_>, operations: &[Operation]) -> Option<Probe> {
    let write = |operation: &&Operation| matches!(operation, Operation::Create | Operation::Update);
    operations.iter().find(write)?;
    let subject = format!("writing {}", resource.spec.plural);
    let documents: Vec<&str> = resource.wire.documents.values().map(|document| document.element.as_str()).collect();
    if documents.is_empty() {
        return Some(Probe::bad(
            subject,
            "the catalogue names no document that writes them over QXtend",
            "write it into the tenant profile, under `resources`, in `qxtend.documents` of this resource",
        ));
    }
    let finding = format!("ping writes nothing; the receiver needs {}, and a license for it", documents.join(" and "));
    Some(Probe { health: Health::Untried, ..Probe::good(subject, finding) })
}
