//! What a resource is called over QXtend: the `qxtend` part of its `wire` in the catalogue.
//!
//! A field is named by the document, else by the resource, else as over REST. So a new
//! resource needs nothing but its YAML.

use super::profile::CustomService;
use crate::connector::FieldSpec;
use indexmap::IndexMap;
use serde::Deserialize;
use std::borrow::Cow;

/// One resource over QXtend.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QxtendWire {
    /// How it is read.
    pub read: Read,
    /// The query of the Financials API that lists it.
    #[serde(default)]
    pub query: String,
    /// The table of the query's rows, which is also what its filters name.
    #[serde(default)]
    pub table: String,
    /// The procedure of the tenant's own service that lists it.
    #[serde(default)]
    pub service: String,
    /// Names in documents and queries, by the catalogue's names; `lines.amount` steps into a list.
    #[serde(default)]
    pub fields: IndexMap<String, Name>,
    /// Names in the filters of queries, where a field is filtered by a column of another table.
    #[serde(default)]
    pub filters: IndexMap<String, String>,
    /// Names in the rows of the tenant's own service; elsewhere they follow the browse's column.
    #[serde(default)]
    pub columns: IndexMap<String, String>,
    /// The tables of its lists.
    #[serde(default)]
    pub lists: IndexMap<String, Table>,
    /// The documents that write it.
    #[serde(default)]
    pub documents: IndexMap<String, Document>,
}

/// A way to read.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Read {
    /// A query of the Financials API, through QXtend.
    FinApi,
    /// The tenant's own service.
    CustomService,
}

/// A field on the wire.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
pub enum Name {
    One(String),
    /// An amount with a debit and a credit side.
    Sides {
        plus: String,
        minus: String,
    },
}

/// Where the rows of a list stand.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    pub table: String,
    /// The row between the record and its list, where there is one.
    #[serde(default)]
    pub through: Option<String>,
}

/// One document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The element that names operation and object.
    pub element: String,
    pub data_set: String,
    /// Its own version, where it is another than the profile's.
    #[serde(default)]
    pub version: Option<String>,
    /// The action of the Financials API.
    #[serde(default)]
    pub action: Option<String>,
    /// The table of the record.
    pub table: String,
    /// Names that differ from those of the resource.
    #[serde(default)]
    pub fields: IndexMap<String, Name>,
    #[serde(default)]
    pub lists: IndexMap<String, Table>,
    /// Parameters beside the data set; one without a value is left out.
    #[serde(default)]
    pub parameters: IndexMap<String, Option<String>>,
    /// Rows say whether they are to be added or modified.
    #[serde(default)]
    pub marks_operation: bool,
}

impl QxtendWire {
    /// The name of a field in documents and queries.
    pub fn name<'a>(
        &'a self,
        document: Option<&'a Document>,
        path: &str,
        spec: Option<&'a FieldSpec>,
    ) -> Option<Cow<'a, Name>> {
        let own = document.and_then(|document| document.fields.get(path)).or_else(|| self.fields.get(path));
        match (own, spec) {
            (Some(name), _) => Some(Cow::Borrowed(name)),
            (None, Some(spec)) => {
                let last = path.rsplit('.').next().unwrap_or(path);
                Some(Cow::Owned(Name::One(spec.wire_name(last).to_owned())))
            }
            (None, None) => None,
        }
    }

    /// The name of a field in the rows of the tenant's own service: `vd_mstr.vd_addr` of a
    /// browse is `t_vd_addr` there.
    pub fn column(&self, style: &CustomService, path: &str, spec: &FieldSpec) -> String {
        if let Some(own) = self.columns.get(path) {
            return own.clone();
        }
        let name = spec.aliases.first().map(String::as_str).or(spec.wire.as_deref()).unwrap_or(path);
        format!("{}{}", style.column_prefix, name.rsplit('.').next().unwrap_or(name))
    }
}
