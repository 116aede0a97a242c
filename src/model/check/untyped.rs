//! The last look at a model in which nothing was found wrong: no value in it may be of
//! unknown type. Unknown is silent so that one mistake is said once; where no mistake was
//! said, it would let any value through to the target.

use super::Checker;
use crate::diag::{Diagnostic, Span, codes};
use crate::model::{Expr, ExprKind, Model, Piece, Step, Template};
use crate::value::{Kind, Type};

impl Checker<'_> {
    /// Says so for the first value of each flow and lookup; others mostly follow from it.
    pub(super) fn untyped(&mut self, model: &Model) {
        for flow in &model.flows {
            let filter = flow.source.scope.as_ref().and_then(|scope| scope.filter.as_ref());
            self.untyped_at(filter.and_then(in_expr).or_else(|| in_steps(&flow.steps)));
        }
        for function in &model.functions {
            self.untyped_at(in_expr(&function.body));
        }
        for lookup in &model.lookups {
            let filter = lookup.resource.as_ref().and_then(|resource| resource.filter.as_ref());
            let filters = filter.into_iter().chain(lookup.verifies.iter().filter_map(|verify| verify.filter.as_ref()));
            let sentence = lookup.missing.iter().find_map(|missing| in_template(&missing.sentence));
            self.untyped_at(filters.into_iter().find_map(in_expr).or(sentence));
        }
    }

    fn untyped_at(&mut self, place: Option<Span>) {
        let Some(place) = place else { return };
        self.report(
            Diagnostic::error(&codes::UNTYPED, place, "nobody can say of which type this is")
                .label("of unknown type")
                .hint("an empty list `[]` has items of no type: write the value itself, or name a field that the catalogue describes"),
        );
    }
}

fn in_steps(steps: &[Step]) -> Option<Span> {
    steps.iter().find_map(|step| match step {
        Step::Where { condition } => in_expr(condition),
        Step::Let(entry) => {
            let sentence = entry.otherwise.iter().find_map(|otherwise| in_template(&otherwise.sentence));
            in_expr(&entry.value).or(sentence)
        }
        Step::Field { value, .. } => in_expr(value).or_else(|| in_field(value)),
        Step::Match(matching) => matching
            .keys
            .iter()
            .find_map(|key| in_expr(&key.theirs).or_else(|| in_expr(&key.ours)))
            .or_else(|| in_template(&matching.ambiguous.sentence)),
        Step::Require { condition, otherwise } => in_expr(condition).or_else(|| in_template(&otherwise.sentence)),
    })
}

/// A list whose items nobody knows can be mapped only if it is seen to be empty.
fn in_field(value: &Expr) -> Option<Span> {
    let empty = matches!(&value.kind, ExprKind::List(items) if items.is_empty());
    (!empty && of_unknown(&value.ty)).then_some(value.span)
}

fn of_unknown(ty: &Type) -> bool {
    match &ty.kind {
        Kind::Unknown => true,
        Kind::List(item) => of_unknown(item),
        _ => false,
    }
}

fn in_template(template: &Template) -> Option<Span> {
    template.pieces.iter().find_map(|piece| match piece {
        Piece::Literal(_) => None,
        Piece::Value { value, .. } => in_expr(value),
    })
}

/// The place of the innermost value of unknown type.
fn in_expr(expr: &Expr) -> Option<Span> {
    let within = match &expr.kind {
        ExprKind::Constant(_) | ExprKind::Local(_) => None,
        ExprKind::Field(base, _) | ExprKind::Project(base, _) | ExprKind::Index(base, _) | ExprKind::Query(base, _) => {
            in_expr(base)
        }
        ExprKind::Template(template) => in_template(template),
        ExprKind::List(items) | ExprKind::Call(_, items) | ExprKind::Lookup(_, items) | ExprKind::Apply(_, items) => {
            items.iter().find_map(in_expr)
        }
        ExprKind::Not(value) | ExprKind::Negate(value) | ExprKind::Linked(_, _, value) => in_expr(value),
        ExprKind::Binary(_, left, right) | ExprKind::Otherwise(left, right) => in_expr(left).or_else(|| in_expr(right)),
        ExprKind::Each(each) => {
            let filter = each.filter.as_ref().and_then(in_expr);
            in_expr(&each.list).or(filter).or_else(|| in_steps(&each.steps))
        }
        ExprKind::Record(steps) => in_steps(steps),
        ExprKind::If(choice) => [Some(&choice.condition), Some(&choice.then), choice.otherwise.as_ref()]
            .into_iter()
            .flatten()
            .find_map(in_expr),
        ExprKind::Match(choice) => {
            std::iter::once(&choice.value).chain(choice.arms.iter().map(|arm| &arm.value)).find_map(in_expr)
        }
    };
    within.or_else(|| expr.ty.is_unknown().then_some(expr.span))
}
