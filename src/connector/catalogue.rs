//! A catalogue: what a system's resources are, as data.
//!
//! Read from YAML that is embedded beside each connector. The checker, the client,
//! the fake and `mlc schema` all read this one form, so they cannot disagree.

use super::Settings;
use super::evidence::EvidenceSpec;
use super::webhook::WebhookSpec;
use crate::value::{FieldType, Kind, RecordType, Type};
use indexmap::IndexMap;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All that is known of one system.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// The name that pipelines use.
    pub connector: String,
    /// The product's name, for people.
    pub title: String,
    /// Where facts come from: short name to what it stands for.
    pub sources: IndexMap<String, String>,
    /// What a `connect` block may set.
    pub settings: IndexMap<String, SettingSpec>,
    /// The fields of its credential.
    pub credentials: Vec<CredentialSpec>,
    /// Requests that a credential has in an hour, as far as documents say. What the answers
    /// say counts for more.
    #[serde(default)]
    pub hourly: Option<u64>,
    #[serde(default)]
    pub resources: IndexMap<String, ResourceSpec>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingSpec {
    #[serde(rename = "type")]
    pub ty: SettingType,
    #[serde(default)]
    pub required: bool,
    /// Written as it would be in the pipeline, without quotes.
    pub default: Option<String>,
    /// Not needed (and not allowed to matter) with `sandbox`.
    #[serde(default)]
    pub supplied_by_sandbox: bool,
    /// The only texts that it takes; empty where it takes any.
    #[serde(default)]
    pub values: Vec<String>,
    pub doc: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum SettingType {
    Text,
    Integer,
    Url,
    /// A path relative to the pipeline file.
    File,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialSpec {
    pub name: String,
    /// Not needed where a setting has this value.
    #[serde(default)]
    pub unless: Option<SettingIs>,
    /// Only for what not every pipeline does.
    #[serde(default)]
    pub optional: bool,
    /// It is a name, no secret: what is typed may be seen.
    #[serde(default)]
    pub shown: bool,
    pub doc: String,
}

/// A setting with a certain value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingIs {
    pub setting: String,
    pub is: String,
}

impl CredentialSpec {
    /// Whether a connection with these settings needs it.
    pub fn is_needed(&self, settings: &Settings) -> bool {
        let but = self.unless.as_ref().is_some_and(|unless| settings.text(&unless.setting) == Some(unless.is.as_str()));
        !self.optional && !but
    }
}

/// One resource.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceSpec {
    /// What an accountant calls one of them: `subcontractor invoice`.
    pub title: String,
    /// And several.
    pub plural: String,
    pub doc: String,
    pub operations: Vec<Operation>,
    /// The resource that it can only be read per one of.
    #[serde(default)]
    pub scope: Option<ScopeSpec>,
    /// The fields that identify a record for good (`id`).
    pub identity: Vec<String>,
    /// Fields by which people recognise one; the first that is there is shown.
    #[serde(default)]
    pub label: Vec<String>,
    /// The field that holds the amount of a record, for totals in money. May be a dotted
    /// path into records (`summary.current_payment_due`).
    #[serde(default)]
    pub amount: Option<String>,
    /// The datetime field that moves when a record changes.
    #[serde(default)]
    pub changed: Option<String>,
    /// For targets: the sets of fields that the system can be asked by.
    #[serde(default)]
    pub natural_keys: Vec<Vec<String>>,
    /// What the system can filter a list by.
    #[serde(default)]
    pub filters: BTreeMap<String, FilterKind>,
    /// The flag of records that the list leaves out where it is false: they are listed apart,
    /// when a filter on it asks for them. What is matched with is looked for among them too.
    #[serde(default)]
    pub apart: Option<String>,
    /// What a write of one can wait for: `receipts`.
    #[serde(default)]
    pub settles: Vec<String>,
    /// The resources that are read to see whether it is there, by what is waited for.
    #[serde(default)]
    pub settled_by: BTreeMap<String, Vec<String>>,
    /// The text fields into which the name of what a record became can be written back.
    #[serde(default)]
    pub marks: IndexMap<String, MarkSpec>,
    /// How one that was posted is corrected by a further one.
    #[serde(default)]
    pub correction: Option<CorrectionSpec>,
    /// How a month is closed over its records.
    #[serde(default)]
    pub paper: Option<PaperSpec>,
    /// For sources: the date field that says which day a record is of, for what began on a day.
    #[serde(default)]
    pub dated: Option<String>,
    /// For targets: by what one that people keyed is recognised.
    #[serde(default)]
    pub evidence: Option<EvidenceSpec>,
    /// Which changes the vendor tells of by itself.
    #[serde(default)]
    pub webhook: Option<WebhookSpec>,
    #[serde(default = "Grade::confirmed")]
    pub grade: Grade,
    pub source: String,
    /// What only this connector's client reads: paths, paging, wire names of lists.
    #[serde(default)]
    pub wire: BTreeMap<String, serde_yaml::Value>,
    pub fields: IndexMap<String, FieldSpec>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    List,
    Show,
    Create,
    Update,
}

impl Operation {
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Show => "show",
            Self::Create => "create",
            Self::Update => "update",
        }
    }
}

/// A field that takes a mark.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkSpec {
    /// That the mark locks the record there, in a sentence that says how it is opened again.
    pub locks: Option<String>,
    /// Fields that follow the mark by themselves. They and `changed` tell nothing of the record's content.
    #[serde(default)]
    pub moves: Vec<String>,
}

/// A record of money, as whoever closes a month reads it. Its amount is the resource's `amount`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperSpec {
    /// The days that decide in which period it counts; the first that is there.
    pub day: Vec<String>,
    /// Whose money it is.
    pub party: String,
    /// The list of lines.
    pub lines: String,
    /// Of a line: its amount.
    pub amount: String,
    /// Of a line: the ways to its code (a cost code, an account); the first that is there.
    pub code: Vec<String>,
    /// Of a line: further codes that say where it is booked (`cost_center`).
    #[serde(default)]
    pub beside: Vec<String>,
    /// Of a line: whose job it is, where lines say so.
    #[serde(default)]
    pub project: Option<String>,
    #[serde(default)]
    pub retainage: Option<RetainageSpec>,
}

/// What of each line is held back, and released later.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetainageSpec {
    /// The field that names the contract.
    pub contract: String,
    /// What people call the contract.
    pub name: String,
    /// Of a line: what was earned; held is what the line's amount is short of it.
    pub gross: String,
    /// Of a line: what of earlier retainage is paid out with it.
    pub released: Vec<String>,
}

/// A record that was posted is corrected by a further one over the difference, and stays
/// as it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrectionSpec {
    /// The text field of the key that tells the correction from what it corrects.
    pub key: String,
    /// What is put after that text, before the number of the correction: `-C`.
    pub suffix: String,
    /// The list of lines.
    pub lines: String,
    /// The field of a line that holds its amount.
    pub amount: String,
    /// The field that the lines add up to.
    pub total: String,
    /// Fields that have to be the same as before (`currency`).
    #[serde(default)]
    pub keeps: Vec<String>,
    /// A record with one of these cannot be corrected so.
    #[serde(default)]
    pub unless: Vec<String>,
    /// Fields that a correction leaves to their defaults (`type`).
    #[serde(default)]
    pub leaves: Vec<String>,
    /// One whose lines come to nothing is taken.
    #[serde(default)]
    pub zero: bool,
}

/// `from X per NAME`: the list exists only inside one record of `resource`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeSpec {
    /// The word after `per`.
    pub name: String,
    pub resource: String,
    /// The scope record's field whose value selects it.
    pub field: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum FilterKind {
    Equal,
    Range,
}

/// How sure a fact is: confirmed by a public source, by one site only, inferred, or unknown.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Default)]
pub enum Grade {
    #[default]
    C,
    C1,
    I,
    U,
}

impl Grade {
    fn confirmed() -> Self {
        Self::C
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::C => "confirmed",
            Self::C1 => "one site",
            Self::I => "inferred",
            Self::U => "unknown",
        }
    }
}

/// One field.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldSpec {
    #[serde(rename = "type")]
    pub ty: SpecType,
    /// As a source: always there. As a target: must be mapped.
    #[serde(default)]
    pub required: bool,
    /// Only read, never a target.
    #[serde(default)]
    pub read_only: bool,
    /// Only written, never read.
    #[serde(default)]
    pub write_only: bool,
    /// Longest text, in characters.
    pub max: Option<u32>,
    /// Digits after the point that the system keeps.
    pub places: Option<u32>,
    /// Known values.
    #[serde(default)]
    pub values: Vec<String>,
    /// As a target, a value outside `values` is refused. Reading is always open.
    #[serde(default)]
    pub closed: bool,
    /// What a target is sent when the pipeline does not map it; for people.
    pub default: Option<String>,
    /// The name on the wire, where it differs; `.` steps into objects.
    pub wire: Option<String>,
    /// Further wire names, by which other calls of the same system show it; the first that is there counts.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Values on the wire that stand for none: `1970-01-01` where a day was never entered.
    #[serde(default)]
    pub absent: Vec<String>,
    /// Computed from other fields of the same record after reading.
    #[serde(default)]
    pub derive: Vec<Derive>,
    /// For `record` and `list`.
    #[serde(default)]
    pub fields: IndexMap<String, FieldSpec>,
    /// For a `list` of plain values.
    pub item: Option<SpecType>,
    pub doc: String,
    pub grade: Option<Grade>,
    pub source: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum SpecType {
    Text,
    Integer,
    Decimal,
    Boolean,
    Date,
    Datetime,
    List,
    Record,
}

/// A way to compute a field; the first that yields a value wins.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "way", rename_all = "snake_case")]
pub enum Derive {
    /// Of the objects in wire list `list`, the first whose `field` equals `equals`; its
    /// texts in list `take`, joined by `join`.
    Segment { list: String, field: String, equals: String, take: String, join: String },
    /// Wire text `text` cut at `by`; part `part` from 0. With `parts`, only a text that
    /// falls into exactly so many: a longer one has parts that nobody can tell apart.
    Split {
        text: String,
        by: String,
        part: usize,
        #[serde(default)]
        parts: Option<usize>,
    },
    /// Wire field `of`, where it is an object: its member `take`.
    Member { of: String, take: String },
}

impl Catalogue {
    /// Reads a catalogue and checks what its shape cannot say. The error is one sentence.
    pub fn read(yaml: &str) -> Result<Self, String> {
        let catalogue: Self = serde_yaml::from_str(yaml).map_err(|error| error.to_string())?;
        catalogue.sound()
    }

    /// Reads a catalogue whose resources stand in texts of their own, each under its name.
    pub fn assemble(yaml: &str, resources: &[(&str, &str)]) -> Result<Self, String> {
        let mut catalogue: Self = serde_yaml::from_str(yaml).map_err(|error| error.to_string())?;
        for (name, text) in resources {
            let resource = serde_yaml::from_str(text).map_err(|error| format!("resource `{name}`: {error}"))?;
            catalogue.resources.insert((*name).to_owned(), resource);
        }
        catalogue.sound()
    }

    /// The resources whose changes a delivery of that name tells of.
    pub fn told_by<'a>(&'a self, named: &'a str) -> impl Iterator<Item = &'a str> {
        let told = move |spec: &ResourceSpec| spec.webhook.as_ref().is_some_and(|webhook| webhook.tells_of(named));
        self.resources.iter().filter(move |(_, spec)| told(spec)).map(|(name, _)| name.as_str())
    }

    fn sound(self) -> Result<Self, String> {
        let catalogue = self;
        for (name, resource) in &catalogue.resources {
            let has = |field: &String| resource.fields.contains_key(field);
            let named = resource.identity.iter().chain(&resource.label).chain(&resource.changed);
            let named = named.chain(resource.natural_keys.iter().flatten());
            let named = named.chain(resource.marks.iter().flat_map(|(field, mark)| mark.moves.iter().chain([field])));
            let amount = resource.amount.iter().filter(|path| field_at(&resource.fields, path).is_none());
            if let Some(field) = named.filter(|field| !has(field)).chain(amount).next() {
                return Err(format!("resource `{name}` speaks of `{field}`, which is not among its fields"));
            }
            if let Some(scope) = &resource.scope {
                let known = catalogue.resources.get(&scope.resource);
                if !known.is_some_and(|spec| spec.fields.contains_key(&scope.field)) {
                    return Err(format!(
                        "resource `{name}` is scoped by `{}.{}`, which is not known",
                        scope.resource, scope.field
                    ));
                }
            }
            let mut read =
                resource.settled_by.iter().flat_map(|(what, read)| read.iter().map(move |name| (what, name)));
            let unknown = |(what, name): &(&String, &String)| {
                !resource.settles.contains(what) || !catalogue.resources.contains_key(*name)
            };
            if let Some((what, name)) = read.find(unknown) {
                return Err(format!("resource `{name}` is read to see whether {what} are there, and one is not known"));
            }
            if let Some(missing) = resource.paper.as_ref().and_then(|paper| paper.missing(resource)) {
                return Err(format!("resource `{name}` is a paper with `{missing}`, which is not among its fields"));
            }
            let text = |field: &String| resource.fields.get(field).is_some_and(|spec| spec.ty == SpecType::Text);
            if let Some(field) = resource.marks.keys().find(|field| !text(field)) {
                return Err(format!("resource `{name}` takes a mark in `{field}`, which is no text"));
            }
            if let Some(correction) = &resource.correction {
                correction.fits(resource).map_err(|trouble| format!("the correction of `{name}`: {trouble}"))?;
            }
            let dated = resource.dated.as_ref().and_then(|name| resource.fields.get(name));
            if resource.dated.is_some() && dated.is_none_or(|field| field.ty != SpecType::Date) {
                return Err(format!("resource `{name}` is dated by what is no date among its fields"));
            }
            if let Some(evidence) = &resource.evidence {
                let fits = evidence.fits(&resource.fields, resource.amount.as_ref());
                fits.map_err(|trouble| format!("the evidence of `{name}`: {trouble}"))?;
            }
            if resource.webhook.as_ref().is_some_and(|told| told.names.is_empty() || told.events.is_empty()) {
                return Err(format!("resource `{name}` has webhooks that tell of nothing"));
            }
            if !catalogue.sources.contains_key(&resource.source) {
                return Err(format!("resource `{name}` has source `{}`, which is not listed", resource.source));
            }
        }
        Ok(catalogue)
    }
}

impl PaperSpec {
    /// A field that it speaks of and that is not there.
    fn missing(&self, resource: &ResourceSpec) -> Option<String> {
        let whole = self.day.iter().chain([&self.party, &self.lines]);
        let line = self.code.iter().chain(&self.beside).chain(&self.project).chain([&self.amount]);
        let retained = self.retainage.iter().flat_map(|held| held.released.iter().chain([&held.gross]));
        let line = line.chain(retained).map(|name| format!("{}.{name}", self.lines));
        let contract = self.retainage.iter().flat_map(|held| [&held.contract, &held.name]);
        let mut named = whole.chain(contract).cloned().chain(line);
        named.find(|path| field_at(&resource.fields, path).is_none())
    }
}

impl CorrectionSpec {
    /// What is wrong with it, in a sentence.
    fn fits(&self, resource: &ResourceSpec) -> Result<(), String> {
        let field = |name: &String| resource.fields.get(name).ok_or(format!("`{name}` is not among the fields"));
        let certain = |field: &FieldSpec, ty| field.ty == ty && field.required && !field.read_only;
        if !certain(field(&self.key)?, SpecType::Text) {
            return Err(format!("`{}` is no text that is always written", self.key));
        }
        let natural = resource.natural_keys.iter().all(|key| key.contains(&self.key));
        if !natural {
            return Err(format!("`{}` is not part of every natural key", self.key));
        }
        let lines = field(&self.lines)?;
        let amount = lines.fields.get(&self.amount);
        if !certain(lines, SpecType::List) || !amount.is_some_and(|field| certain(field, SpecType::Decimal)) {
            return Err(format!("`{}` is no list of lines with a decimal `{}`", self.lines, self.amount));
        }
        let more = lines.fields.iter().find(|(name, field)| **name != self.amount && field.ty == SpecType::Decimal);
        if let Some((name, _)) = more {
            return Err(format!("a line has a second decimal, `{name}`, of which nobody knows what to make"));
        }
        if resource.amount.as_ref() != Some(&self.total) || !certain(field(&self.total)?, SpecType::Decimal) {
            return Err(format!("`{}` is not the amount of the record", self.total));
        }
        let others = resource.fields.iter().filter(|(name, field)| **name != self.total && !field.read_only);
        let other = others.into_iter().find(|(name, field)| {
            field.ty == SpecType::Decimal || (field.ty == SpecType::List && **name != self.lines)
        });
        if let Some((name, _)) = other {
            return Err(format!("nobody knows what to make of `{name}` in a correction"));
        }
        self.keeps.iter().chain(&self.unless).chain(&self.leaves).try_for_each(|name| field(name).map(|_| ()))
    }
}

impl ResourceSpec {
    pub fn can(&self, operation: Operation) -> bool {
        self.operations.contains(&operation)
    }

    /// The record type that reading yields.
    pub fn source_type(&self) -> Arc<RecordType> {
        Arc::new(record_type(&self.title, &self.fields, &|field| !field.write_only, false))
    }

    /// The record type of what a list shows by itself: its own lists may be absent.
    pub fn header_type(&self) -> Arc<RecordType> {
        let mut fields = self.fields.clone();
        fields.values_mut().filter(|field| field.ty == SpecType::List).for_each(|field| field.required = false);
        Arc::new(record_type(&self.title, &fields, &|field| !field.write_only, false))
    }

    /// The record type that writing takes. Optionality says what may be left out.
    pub fn target_type(&self) -> Arc<RecordType> {
        Arc::new(record_type(&self.title, &self.fields, &|field| !field.read_only && field.derive.is_empty(), true))
    }
}

/// The field at a dotted path through nested records.
fn field_at<'a>(fields: &'a IndexMap<String, FieldSpec>, path: &str) -> Option<&'a FieldSpec> {
    match path.split_once('.') {
        None => fields.get(path),
        Some((head, rest)) => fields.get(head).and_then(|field| field_at(&field.fields, rest)),
    }
}

fn record_type(
    name: &str,
    fields: &IndexMap<String, FieldSpec>,
    keep: &dyn Fn(&FieldSpec) -> bool,
    target: bool,
) -> RecordType {
    let fields = fields
        .iter()
        .filter(|(_, field)| keep(field))
        .map(|(field_name, field)| {
            let ty = Type { kind: field.kind(field_name, keep, target), optional: !field.required };
            let values = field.values.iter().map(|value| Arc::from(value.as_str())).collect();
            (
                Arc::from(field_name.as_str()),
                FieldType { ty, doc: Arc::from(field.doc.as_str()), values, closed: false },
            )
        })
        .collect();
    RecordType { name: Arc::from(name), fields }
}

impl FieldSpec {
    fn kind(&self, name: &str, keep: &dyn Fn(&FieldSpec) -> bool, target: bool) -> Kind {
        match self.ty {
            SpecType::List if self.fields.is_empty() => {
                let item = self.item.map_or(Kind::Unknown, SpecType::plain);
                Kind::List(Box::new(Type::new(item)))
            }
            SpecType::List => {
                let item = record_type(name.strip_suffix('s').unwrap_or(name), &self.fields, keep, target);
                Kind::List(Box::new(Type::new(Kind::Record(Arc::new(item)))))
            }
            SpecType::Record => Kind::Record(Arc::new(record_type(name, &self.fields, keep, target))),
            SpecType::Text => Kind::Text { max: self.max },
            other => other.plain(),
        }
    }

    /// The name on the wire.
    pub fn wire_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.wire.as_deref().unwrap_or(name)
    }
}

impl SpecType {
    fn plain(self) -> Kind {
        match self {
            Self::Text => Kind::Text { max: None },
            Self::Integer => Kind::Integer,
            Self::Decimal => Kind::Decimal,
            Self::Boolean => Kind::Boolean,
            Self::Date => Kind::Date,
            Self::Datetime => Kind::DateTime,
            Self::List | Self::Record => Kind::Unknown,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::List => "list",
            Self::Record => "record",
        }
    }
}
