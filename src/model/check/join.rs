//! The type that holds the values of several branches, or the items of several lists.

use super::expr::common;
use crate::value::{FieldType, Kind, RecordType, Type};
use indexmap::IndexMap;
use std::sync::Arc;

/// Two types that no type holds.
pub(super) struct Clash {
    /// The field in which they differ; empty if they differ as a whole.
    pub field: String,
    pub left: Type,
    pub right: Type,
}

/// The type that holds values of both. It is optional if either is, and a field that only
/// one of two records has is optional.
pub(super) fn join(left: &Type, right: &Type) -> Result<Type, Clash> {
    let optional = left.optional || right.optional;
    let kind = match (&left.kind, &right.kind) {
        (Kind::Record(a), Kind::Record(b)) if a != b => Kind::Record(Arc::new(records(a, b)?)),
        (Kind::List(a), Kind::List(b)) => Kind::List(Box::new(join(a, b)?)),
        _ => match common(left, right) {
            Some(both) => both.kind,
            None => return Err(Clash { field: String::new(), left: left.clone(), right: right.clone() }),
        },
    };
    Ok(Type { kind, optional })
}

fn records(left: &RecordType, right: &RecordType) -> Result<RecordType, Clash> {
    let mut fields: IndexMap<Arc<str>, FieldType> = IndexMap::with_capacity(left.fields.len());
    for (name, field) in &left.fields {
        let joined = match right.fields.get(name) {
            Some(other) => both(name, field, other)?,
            None => optional(field),
        };
        fields.insert(name.clone(), joined);
    }
    let more = right.fields.iter().filter(|(name, _)| !left.fields.contains_key(*name));
    fields.extend(more.map(|(name, field)| (name.clone(), optional(field))));
    Ok(RecordType { name: left.name.clone(), fields })
}

fn both(name: &str, left: &FieldType, right: &FieldType) -> Result<FieldType, Clash> {
    let ty = join(&left.ty, &right.ty).map_err(|clash| {
        let field = if clash.field.is_empty() { name.to_owned() } else { format!("{name}.{}", clash.field) };
        Clash { field, ..clash }
    })?;
    let same = left.values == right.values;
    Ok(FieldType {
        ty,
        doc: left.doc.clone(),
        values: if same { left.values.clone() } else { Vec::new() },
        closed: same && left.closed && right.closed,
    })
}

fn optional(field: &FieldType) -> FieldType {
    FieldType { ty: field.ty.clone().optional(), ..field.clone() }
}

#[cfg(test)]
mod tests {
    use super::join;
    use crate::value::{Kind, Type};

    #[test]
    fn the_longest_text_and_the_wider_number_hold_both() {
        let joined = |left, right| join(&left, &right).ok();
        assert_eq!(joined(Type::text_of(3), Type::text_of(8).optional()), Some(Type::text_of(8).optional()));
        assert_eq!(joined(Type::text_of(3), Type::text()), Some(Type::text()));
        assert_eq!(joined(Type::new(Kind::Integer), Type::new(Kind::Decimal)), Some(Type::new(Kind::Decimal)));
        assert_eq!(joined(Type::new(Kind::Integer), Type::text()), None);
    }
}
