//! Which values a JSONPath filter compares, and whether they can ever be equal.
//!
//! RFC 9535 lets a filter compare anything with anything; what is of another kind is simply
//! never equal. Here that is a mistake: `[?@.status == 1]` would keep nothing, for ever.

use super::expr::common;
use crate::value::{Kind, Type};
use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, Literal, SingularQuery, SingularQuerySegment, TestFunction,
};

/// A comparison that means nothing: what stands on its sides.
pub(super) struct Mismatch {
    pub left: String,
    pub right: String,
    /// Both are of one kind, but not of one that has an order.
    pub unordered: bool,
}

/// The first comparison in a filter over items of a type that means nothing.
pub(super) fn mismatch(filter: &Filter, item: &Type) -> Option<Mismatch> {
    match filter {
        Filter::Or(all) | Filter::And(all) => all.iter().find_map(|one| mismatch(one, item)),
        Filter::Atom(FilterAtom::Filter { expr, .. }) => mismatch(expr, item),
        Filter::Atom(FilterAtom::Test { .. }) => None,
        Filter::Atom(FilterAtom::Comparison(comparison)) => compared(comparison, item),
    }
}

fn compared(comparison: &Comparison, item: &Type) -> Option<Mismatch> {
    let (left, right) = comparison.vals();
    let (left_type, right_type) = (type_of(left, item)?, type_of(right, item)?);
    let equality = matches!(comparison, Comparison::Eq(..) | Comparison::Ne(..));
    let same = common(&left_type, &right_type);
    let unordered = same.as_ref().is_some_and(|ty| !equality && !is_ordered(&ty.kind));
    (same.is_none() || unordered).then(|| Mismatch {
        left: words(left, &left_type),
        right: words(right, &right_type),
        unordered,
    })
}

/// Texts have no order in the language; in a filter they have none either.
fn is_ordered(kind: &Kind) -> bool {
    matches!(kind, Kind::Integer | Kind::Decimal | Kind::Date | Kind::DateTime | Kind::Duration | Kind::Unknown)
}

/// The type of one side; `None` if it is not known.
fn type_of(side: &Comparable, item: &Type) -> Option<Type> {
    let ty = match side {
        Comparable::Literal(literal) => Type::new(match literal {
            Literal::Int(_) => Kind::Integer,
            Literal::Float(_) => Kind::Decimal,
            Literal::String(_) => Kind::Text { max: None },
            Literal::Bool(_) => Kind::Boolean,
            Literal::Null => return None,
        }),
        Comparable::Function(TestFunction::Length(_) | TestFunction::Count(_)) => Type::new(Kind::Integer),
        Comparable::Function(_) | Comparable::SingularQuery(SingularQuery::Root(_)) => return None,
        Comparable::SingularQuery(SingularQuery::Current(segments)) => reached(segments, item)?,
    };
    Some(ty.settled()).filter(|ty| !ty.is_unknown())
}

fn reached(segments: &[SingularQuerySegment], item: &Type) -> Option<Type> {
    let mut ty = item.clone();
    for segment in segments {
        ty = match (segment, &ty.kind) {
            (SingularQuerySegment::Name(name), Kind::Record(record)) => {
                record.fields.get(super::query::bare(name).as_str())?.ty.clone()
            }
            (SingularQuerySegment::Index(_), Kind::List(item)) => (**item).clone(),
            _ => return None,
        };
    }
    Some(ty)
}

fn words(side: &Comparable, ty: &Type) -> String {
    let article = super::expr::with_article(ty);
    match side {
        Comparable::SingularQuery(SingularQuery::Current(segments)) => {
            let names = segments.iter().map(|segment| match segment {
                SingularQuerySegment::Name(name) => format!(".{}", super::query::bare(name)),
                SingularQuerySegment::Index(index) => format!("[{index}]"),
            });
            format!("`@{}` is {article}", names.collect::<String>())
        }
        Comparable::Literal(Literal::String(text)) => format!("`'{}'` is {article}", super::query::bare(text)),
        Comparable::Literal(literal) => format!("`{literal}` is {article}"),
        Comparable::SingularQuery(_) | Comparable::Function(_) => format!("the function's value is {article}"),
    }
}
