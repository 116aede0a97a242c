//! The fields of the target that the block around a byte fills.

use super::context::{Context, Sort};
use super::view::View;
use crate::connector::{Catalogue, FieldSpec, ResourceSpec};
use indexmap::IndexMap;

pub struct Target<'a> {
    pub catalogue: &'a Catalogue,
    pub resource: &'a ResourceSpec,
    pub fields: &'a IndexMap<String, FieldSpec>,
}

/// The fields that the innermost block fills, if it is a `map` or an `each` of one.
pub fn around<'a>(view: &View<'a>, context: &Context) -> Option<Target<'a>> {
    if !matches!(context.sort(), Some(Sort::Map | Sort::Each)) {
        return None;
    }
    let mut target = of_flow(view, context)?;
    for name in context.nested() {
        target.fields = &target.fields.get(name)?.fields;
    }
    Some(target)
}

/// The fields of the resource that the flow goes to.
pub fn of_flow<'a>(view: &View<'a>, context: &Context) -> Option<Target<'a>> {
    let (connection, resource) = context.target()?;
    let catalogue = view.catalogue(connection)?;
    let resource = catalogue.resources.get(resource)?;
    Some(Target { catalogue, resource, fields: &resource.fields })
}

/// Whether a pipeline can fill the field.
pub fn writable(field: &FieldSpec) -> bool {
    !field.read_only && field.derive.is_empty()
}
