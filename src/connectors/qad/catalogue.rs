//! The catalogue as it ships, and with a tenant's profile laid over it.
//!
//! Takes catalogue.yaml, the files of catalogue/ (all embedded) and a profile; hands on a [`Tenant`], in which
//! every resource has a typed [`ResourceWire`]. The fake serves the shipped one.

use super::profile::{self, FieldOverride, Profile, ResourceOverride};
use super::qxtend::wire::QxtendWire;
use crate::connector::{Catalogue, FieldSpec, ResourceSpec};
use indexmap::IndexMap;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const HEAD: &str = include_str!("catalogue.yaml");

/// A file for each resource, in the order in which people are shown them.
const RESOURCES: &[(&str, &str)] = &[
    ("suppliers", include_str!("catalogue/suppliers.yaml")),
    ("gl_accounts", include_str!("catalogue/gl_accounts.yaml")),
    ("cost_centers", include_str!("catalogue/cost_centers.yaml")),
    ("sub_accounts", include_str!("catalogue/sub_accounts.yaml")),
    ("projects", include_str!("catalogue/projects.yaml")),
    ("items", include_str!("catalogue/items.yaml")),
    ("purchase_orders", include_str!("catalogue/purchase_orders.yaml")),
    ("goods_receipts", include_str!("catalogue/goods_receipts.yaml")),
    ("supplier_invoices", include_str!("catalogue/supplier_invoices.yaml")),
    ("ap_payments", include_str!("catalogue/ap_payments.yaml")),
    ("customers", include_str!("catalogue/customers.yaml")),
    ("customer_payments", include_str!("catalogue/customer_payments.yaml")),
    ("periods", include_str!("catalogue/periods.yaml")),
];

/// The catalogue before any tenant profile.
pub fn shipped() -> &'static Catalogue {
    &SHIPPED.catalogue
}

/// The shipped catalogue with the default profile.
pub fn shipped_tenant() -> &'static Tenant {
    &SHIPPED
}

static SHIPPED: LazyLock<Tenant> = LazyLock::new(|| Tenant::read(None).expect("the embedded catalogue is sound"));

/// The catalogue of one tenant and the profile that it was made with.
#[derive(Clone, Debug)]
pub struct Tenant {
    pub catalogue: Catalogue,
    pub profile: Profile,
    wires: BTreeMap<String, ResourceWire>,
}

/// Where a resource is found on the wire.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceWire {
    /// Below the base address; empty where only a browse is known.
    #[serde(default)]
    pub path: String,
    /// The name of its list in bodies.
    #[serde(default)]
    pub array: String,
    #[serde(default)]
    pub view_uri: String,
    /// The wire names of the parameters that name one record.
    #[serde(default)]
    pub keys: Vec<String>,
    /// The browse that lists it.
    pub browse: String,
    /// The field by which many records are asked for at once.
    pub ask_by: String,
    /// The field that holds the entity, where records belong to one.
    #[serde(default)]
    pub within_entity: Option<String>,
    /// The browse shows no lines: each record is read by its keys as well.
    #[serde(default)]
    pub list_shows_headers_only: bool,
    /// What it is called over QXtend.
    #[serde(default)]
    pub qxtend: Option<QxtendWire>,
    /// A browse of its own lists the lines of many records at once.
    #[serde(default)]
    pub lines: Option<LinesWire>,
}

/// Where the lines of a resource's records are listed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinesWire {
    pub browse: String,
    /// The column that holds the record's `ask_by` field.
    pub column: String,
}

impl Tenant {
    /// As [`Tenant::read`]; what ships is read once for all.
    pub fn of(profile: Option<&str>) -> Result<Self, String> {
        profile.map_or_else(|| Ok(shipped_tenant().clone()), |profile| Self::read(Some(profile)))
    }

    /// Lays a profile (YAML text) over the catalogue. The error is one sentence.
    pub fn read(profile: Option<&str>) -> Result<Self, String> {
        let profile = Profile::read(profile)?;
        let mut catalogue = Catalogue::assemble(HEAD, RESOURCES)?;
        for (name, changes) in &profile.resources {
            let known = names(&catalogue.resources);
            let spec = catalogue
                .resources
                .get_mut(name)
                .ok_or_else(|| format!("the tenant profile speaks of resource `{name}`; there are {known}"))?;
            lay_over(name, spec, changes)?;
        }
        show_defaults(&mut catalogue, &profile);
        let wires = catalogue
            .resources
            .iter()
            .map(|(name, spec)| wire_of(name, spec).map(|wire| (name.clone(), wire)))
            .collect::<Result<_, _>>()?;
        Ok(Self { catalogue, profile, wires })
    }

    /// A resource and where it is found; `None` if the catalogue has no such resource.
    pub fn resource(&self, name: &str) -> Option<(&ResourceSpec, &ResourceWire)> {
        Some((self.catalogue.resources.get(name)?, self.wires.get(name)?))
    }
}

/// The column under which a browse shows a field; `None` where it does not.
pub fn column(spec: &FieldSpec) -> Option<&str> {
    spec.aliases.first().map(String::as_str)
}

fn wire_of(name: &str, spec: &ResourceSpec) -> Result<ResourceWire, String> {
    let entries = spec.wire.iter().map(|(key, value)| (serde_yaml::Value::from(key.as_str()), value.clone()));
    serde_yaml::from_value(serde_yaml::Value::Mapping(entries.collect()))
        .map_err(|error| format!("the `wire` of resource `{name}` is wrong: {error}"))
}

fn lay_over(name: &str, spec: &mut ResourceSpec, changes: &ResourceOverride) -> Result<(), String> {
    let texts = [
        ("path", &changes.path),
        ("array", &changes.array),
        ("view_uri", &changes.view_uri),
        ("browse", &changes.browse),
    ];
    if let (Some(browse), Some(lines)) =
        (&changes.lines_browse, spec.wire.get_mut("lines").and_then(|lines| lines.get_mut("browse")))
    {
        *lines = browse.as_str().into();
    }
    for (key, text) in texts {
        if let Some(text) = text {
            spec.wire.insert(key.to_owned(), text.as_str().into());
        }
    }
    if let Some(keys) = &changes.keys {
        let keys = keys.iter().map(|key| serde_yaml::Value::from(key.as_str())).collect();
        spec.wire.insert("keys".to_owned(), serde_yaml::Value::Sequence(keys));
    }
    if let Some(own) = &changes.qxtend {
        let names =
            spec.wire.entry("qxtend".to_owned()).or_insert(serde_yaml::Value::Mapping(serde_yaml::Mapping::new()));
        profile::lay_over(names, own.clone());
    }
    for (path, field_changes) in &changes.fields {
        let field = field_at(&mut spec.fields, path)
            .map_err(|known| format!("the tenant profile speaks of `{name}.{path}`; there are {known}"))?;
        change_field(field, field_changes);
    }
    Ok(())
}

/// The field at a dotted path, or the names that there are where the path ends.
fn field_at<'a>(fields: &'a mut IndexMap<String, FieldSpec>, path: &str) -> Result<&'a mut FieldSpec, String> {
    let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
    let known = names(fields);
    let field = fields.get_mut(head).ok_or(known)?;
    match rest {
        Some(rest) => field_at(&mut field.fields, rest),
        None => Ok(field),
    }
}

fn change_field(field: &mut FieldSpec, changes: &FieldOverride) {
    if let Some(wire) = &changes.wire {
        field.wire = Some(wire.clone());
    }
    if let Some(column) = &changes.column {
        field.aliases = vec![column.clone()];
    }
    if changes.max.is_some() {
        field.max = changes.max;
    }
    if let Some(values) = &changes.values {
        field.values = values.clone();
    }
}

/// The catalogue tells people the defaults that this tenant has.
fn show_defaults(catalogue: &mut Catalogue, profile: &Profile) {
    let (invoice, payment) = (&profile.invoice, &profile.payment);
    let defaults = [
        ("supplier_invoices", "type", format!("{}, or CREDITNOTE when the total is negative", invoice.kind)),
        ("supplier_invoices", "currency", invoice.currency.clone()),
        ("supplier_invoices", "daybook", either(&invoice.daybook, &invoice.credit_note_daybook, "for a credit note")),
        (
            "supplier_invoices",
            "status_code",
            either(&invoice.status_code, &invoice.status_code_matched, "with a purchase order"),
        ),
        ("ap_payments", "type", payment.instrument.clone()),
        ("ap_payments", "currency", invoice.currency.clone()),
        ("ap_payments", "daybook", payment.daybook.clone()),
        ("ap_payments", "status", payment.status.clone()),
        ("customer_payments", "type", payment.instrument.clone()),
        ("customer_payments", "currency", invoice.currency.clone()),
        ("customer_payments", "daybook", payment.receipts_daybook.clone()),
        ("customer_payments", "status", payment.status.clone()),
    ];
    for (resource, name, default) in defaults {
        let field = catalogue.resources.get_mut(resource).and_then(|spec| spec.fields.get_mut(name));
        if let Some(field) = field {
            field.default = Some(default);
        }
    }
}

fn either(usual: &str, other: &str, when: &str) -> String {
    if usual == other { usual.to_owned() } else { format!("{usual}, or {other} {when}") }
}

fn names<V>(map: &IndexMap<String, V>) -> String {
    map.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Tenant, column, shipped_tenant};

    #[test]
    fn the_shipped_catalogue_is_sound() {
        let (spec, wire) = shipped_tenant().resource("supplier_invoices").expect("resource");
        assert_eq!(wire.array, "supplierInvoices");
        assert_eq!(column(&spec.fields["reference"]), Some("supplierInvoice.invoiceReference"));
        for (name, spec) in &shipped_tenant().catalogue.resources {
            let (_, wire) = shipped_tenant().resource(name).expect("typed wire");
            assert!(column(&spec.fields[&wire.ask_by]).is_some(), "{name} is asked by a column");
            for source in spec.fields.values().filter_map(|field| field.source.as_ref()) {
                assert!(shipped_tenant().catalogue.sources.contains_key(source), "{name}: source {source}");
            }
        }
    }

    #[test]
    fn a_profile_changes_lengths_names_and_places() {
        let tenant = Tenant::read(Some(
            "resources:\n  supplier_invoices:\n    path: /api/erp/apInvoices\n    fields:\n\
             \x20     lines.cost_center: {max: 8, wire: costCenterCode}\n      reference: {column: inv.ref, max: 50}",
        ))
        .expect("profile");
        let (spec, wire) = tenant.resource("supplier_invoices").expect("resource");
        assert_eq!(wire.path, "/api/erp/apInvoices");
        assert_eq!(spec.fields["lines"].fields["cost_center"].max, Some(8));
        assert_eq!(spec.fields["lines"].fields["cost_center"].wire.as_deref(), Some("costCenterCode"));
        assert_eq!(column(&spec.fields["reference"]), Some("inv.ref"));
    }

    #[test]
    fn the_example_profile_is_sound() {
        let tenant = Tenant::read(Some(include_str!("../../../examples/qad-profile.yaml"))).expect("example");
        assert_eq!(tenant.catalogue.resources["cost_centers"].fields["code"].max, Some(8));
        assert_eq!(
            tenant.catalogue.resources["supplier_invoices"].fields["daybook"].default.as_deref(),
            Some("APINV, or APCN for a credit note")
        );
    }

    #[test]
    fn every_resource_has_names_over_qxtend() {
        for tenant in [
            shipped_tenant().clone(),
            Tenant::read(Some(include_str!("../../../examples/qad-qxtend-profile.yaml"))).expect("example"),
        ] {
            for (name, spec) in &tenant.catalogue.resources {
                let Some(wire) = tenant.resource(name).and_then(|(_, wire)| wire.qxtend.as_ref()) else { continue };
                assert!(!wire.service.is_empty() && wire.query.is_empty() == wire.table.is_empty(), "{name}");
                for path in wire.fields.keys().chain(wire.columns.keys()) {
                    let head = path.split('.').next().unwrap_or(path);
                    let known = spec.fields.contains_key(head) || wire.lists.contains_key(head) || head == "taxable";
                    assert!(known, "{name}.{path}");
                }
            }
        }
    }

    #[test]
    fn a_profile_that_speaks_of_nothing_known_is_refused() {
        let error = Tenant::read(Some("resources: {invoices: {path: /x}}")).expect_err("unknown resource");
        assert!(
            error.starts_with("the tenant profile speaks of resource `invoices`; there are `suppliers`"),
            "{error}"
        );
        let error = Tenant::read(Some("resources: {projects: {fields: {cod: {max: 9}}}}")).expect_err("unknown field");
        assert_eq!(error, "the tenant profile speaks of `projects.cod`; there are `code`, `name`, `active`");
    }
}
