//! `{ name = expr … }`: a record made in place.

use super::Checker;
use super::each::{announce, fields_of};
use super::scope::Scope;
use crate::diag::Span;
use crate::model::{Expr, ExprKind};
use crate::syntax as ast;
use crate::value::{Kind, RecordType, Type};
use std::sync::Arc;

impl Checker<'_> {
    pub(super) fn record(&mut self, scope: &mut Scope, body: &ast::Map, span: Span) -> Expr {
        let mark = scope.enter();
        announce(scope, body);
        let steps = self.body(scope, body);
        scope.leave(&mark);
        self.lost_in.insert(span, body.lost.clone());
        let record = RecordType { name: Arc::from("new"), fields: fields_of(&steps, scope) };
        let ty = if body.lost.is_empty() { Type::new(Kind::Record(Arc::new(record))) } else { Type::unknown() };
        Expr { kind: ExprKind::Record(steps), ty, span }
    }
}
