//! The target side, read afresh: what stands in a resource in the period, and what is asked
//! for by key because it was not found there.

use super::look::{Look, folded};
use super::period::Period;
use crate::connector::{Between, Fetch, FilterKind, Key, ResourceSpec};
use crate::engine::ask;
use crate::engine::context::Context;
use crate::engine::error::RunError;
use crate::engine::fetch::Pages;
use crate::value::{Record, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// One record that stands in the target.
pub(super) struct Stood {
    pub record: Record,
    /// How the target names it.
    pub reference: String,
    /// A paper was found for it.
    pub taken: bool,
}

/// What was read of one resource.
pub(super) struct Shelf {
    pub spec: ResourceSpec,
    pub stood: Vec<Stood>,
    by_reference: HashMap<String, usize>,
    /// By the names of the key's fields, then by its values.
    by_key: HashMap<String, HashMap<String, Vec<usize>>>,
    /// What could not be read.
    pub unread: Vec<String>,
}

impl Shelf {
    /// Everything of the period; where the target cannot be asked for days, everything.
    pub async fn read(
        context: &Arc<Context>,
        connection: &str,
        resource: &str,
        period: Period,
    ) -> Result<Self, RunError> {
        let spec = context.resource(connection, resource)?;
        let open = context.connection(connection)?.clone();
        let mut shelf =
            Self { spec, stood: Vec::new(), by_reference: HashMap::new(), by_key: HashMap::new(), unread: Vec::new() };
        let day = shelf.spec.paper.as_ref().and_then(|paper| paper.day.first()).cloned();
        let day = day.filter(|day| shelf.spec.filters.get(day) == Some(&FilterKind::Range));
        let between = day.map(|field| Between { field, from: period.from, to: period.to });
        let mut pages = Pages::read(context.clone(), open, Fetch { between, ..Fetch::all(resource) });
        while let Some(page) = pages.next().await {
            match page {
                Err(error) => {
                    let title = context.title(connection);
                    let plural = shelf.spec.plural.clone();
                    shelf.unread.push(format!("the {plural} of {title}: {} ({})", error.message, error.mend));
                    break;
                }
                Ok(page) => {
                    for record in page.records {
                        match record {
                            Ok(record) => drop(shelf.put(record, None)),
                            Err(error) => shelf.unread.push(error.to_string()),
                        }
                    }
                }
            }
        }
        Ok(shelf)
    }

    /// Asks for keys that are not on it, in as few requests as the target allows.
    pub async fn ask(
        &mut self,
        context: &Context,
        connection: &str,
        resource: &str,
        keys: &[Key],
    ) -> Result<(), RunError> {
        if keys.is_empty() || !self.unread.is_empty() {
            return Ok(());
        }
        match ask::find(context, connection, resource, keys).await {
            Ok(found) => {
                for found in found.into_iter().flatten() {
                    self.put(found.record, Some(found.reference));
                }
            }
            Err(error) => {
                let title = context.title(connection);
                let plural = &self.spec.plural;
                self.unread.push(format!("the {plural} of {title} by key: {} ({})", error.message, error.mend));
            }
        }
        Ok(())
    }

    fn put(&mut self, record: Record, reference: Option<String>) {
        let named = || {
            let parts = self.spec.identity.iter().filter_map(|name| record.get(name)).map(ToString::to_string);
            parts.collect::<Vec<_>>().join("/")
        };
        let reference = reference.unwrap_or_else(named);
        // Asked for twice, by two names.
        if self.by_reference.contains_key(&reference) && !reference.is_empty() {
            return;
        }
        self.by_reference.insert(reference.clone(), self.stood.len());
        self.by_key.clear();
        self.stood.push(Stood { record, reference, taken: false });
    }

    /// The record of this name that no paper has.
    pub fn named(&self, reference: &str) -> Option<usize> {
        self.by_reference.get(reference).copied().filter(|&at| !self.stood[at].taken)
    }

    /// The record of this name.
    pub fn named_any(&self, reference: &str) -> Option<&usize> {
        self.by_reference.get(reference)
    }

    /// The records with this key that no paper has.
    pub fn keyed(&mut self, key: &Key) -> Vec<usize> {
        let names: Vec<&str> = key.0.iter().map(|(name, _)| &**name).collect();
        let table = self.by_key.entry(names.join(" ")).or_insert_with(|| {
            let mut table: HashMap<String, Vec<usize>> = HashMap::new();
            for (at, stood) in self.stood.iter().enumerate() {
                let values = names.iter().map(|name| stood.record.get(name).unwrap_or(&Value::Null));
                table.entry(joined(values)).or_default().push(at);
            }
            table
        });
        let found = table.get(&joined(key.0.iter().map(|(_, value)| value))).cloned().unwrap_or_default();
        found.into_iter().filter(|&at| !self.stood[at].taken).collect()
    }

    pub fn look(&self, at: usize) -> Option<Look<'_>> {
        Look::at(&self.spec, &self.stood[at].record)
    }
}

/// Two keys that the target takes for one are one here.
fn joined<'a>(values: impl Iterator<Item = &'a Value>) -> String {
    let text = |value: &Value| match value.as_decimal() {
        Some(number) => number.fixed(number.places()),
        None => folded(&value.to_string()),
    };
    values.map(text).collect::<Vec<_>>().join("\u{1f}")
}
