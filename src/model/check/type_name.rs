//! Types as a file writes them: `decimal`, `list of date`, `text?`, and what a resource
//! holds: `office.bills`, `office.bills.lines`.

use super::{Checker, listed};
use crate::diag::{Diagnostic, codes, nearest};
use crate::syntax::{Name, ResourceName, TypeName};
use crate::value::{Kind, Type};

const PLAIN: &[(&str, Kind)] = &[
    ("text", Kind::Text { max: None }),
    ("integer", Kind::Integer),
    ("decimal", Kind::Decimal),
    ("boolean", Kind::Boolean),
    ("date", Kind::Date),
    ("datetime", Kind::DateTime),
    ("duration", Kind::Duration),
];

impl Checker<'_> {
    /// The type that is named; unknown (and said) if there is none.
    pub(super) fn type_of(&mut self, named: &TypeName) -> Type {
        let mut ty = match named.path.as_slice() {
            [] => Type::unknown(),
            [plain] => self.plain_type(plain),
            [connection, resource, fields @ ..] => self.read_type(connection, resource, fields),
        };
        if named.list {
            ty = Type::list(ty);
        }
        if named.optional { ty.optional() } else { ty }
    }

    fn plain_type(&mut self, name: &Name) -> Type {
        if let Some((_, kind)) = PLAIN.iter().find(|(plain, _)| **plain == *name.text) {
            return Type::new(kind.clone());
        }
        let names = || PLAIN.iter().map(|(name, _)| *name);
        let hint = match (&*name.text, nearest(&name.text, names())) {
            ("string" | "str", _) => "did you mean `text`?".to_owned(),
            ("number" | "float" | "money", _) => "did you mean `decimal`?".to_owned(),
            ("int", _) => "did you mean `integer`?".to_owned(),
            ("bool", _) => "did you mean `boolean`?".to_owned(),
            (_, Some(near)) => format!("did you mean `{near}`?"),
            (_, None) => format!(
                "the types are {}, and what a resource holds: `connection.resource`, `connection.resource.items`",
                listed(names(), 12)
            ),
        };
        self.report(
            Diagnostic::error(&codes::TYPE_NAME, name.span, format!("there is no type `{}`", name.text))
                .label("not known")
                .hint(hint),
        );
        Type::unknown()
    }

    /// One record of a resource, or of a list in it.
    fn read_type(&mut self, connection: &Name, resource: &Name, fields: &[Name]) -> Type {
        let name = ResourceName { connection: connection.clone(), resource: resource.clone() };
        let Some(found) = self.resource(&name) else { return Type::unknown() };
        let mut ty = Type::new(Kind::Record(found.spec().source_type()));
        for field in fields {
            let Kind::Record(record) = &ty.kind else {
                self.report(
                    Diagnostic::error(&codes::NO_FIELDS, field.span, format!("`{ty}` has no fields"))
                        .label(format!("no `{}` in here", field.text))
                        .hint("end the type before this name"),
                );
                return Type::unknown();
            };
            let Some(known) = record.fields.get(&field.text) else {
                let record = record.clone();
                self.unknown_field(&record, &field.text, field.span);
                return Type::unknown();
            };
            ty = match &known.ty.kind {
                Kind::List(item) => (**item).clone(),
                kind => Type::new(kind.clone()),
            };
        }
        ty
    }
}
