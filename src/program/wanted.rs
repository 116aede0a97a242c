//! What a program needs of each of its connections: which resources it reads and writes,
//! and how the texts look that it writes.

use super::Program;
use crate::connector::{Operation, Signature, Wanted};
use crate::model::{self, Expr, ExprKind, LocalId, OnChange, Piece};
use crate::value::Kind;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Program {
    /// What runs need of the connection of this name.
    pub fn wanted(&self, connection: &str) -> Wanted {
        let mut wanted = Wanted::default();
        let mut need = |system: &str, resource: &str, operation: Operation| {
            if system != connection {
                return;
            }
            let operations = wanted.resources.entry(resource.to_owned()).or_default();
            if !operations.contains(&operation) {
                operations.push(operation);
            }
        };
        for lookup in &self.lookups {
            if let Some(rows) = &lookup.resource {
                need(&rows.connection, &rows.resource, Operation::List);
            }
            for verify in &lookup.verifies {
                need(&verify.connection, &verify.resource, Operation::List);
            }
        }
        for flow in &self.flows {
            let (source, target) = (&flow.source, &flow.target);
            need(&source.connection, &source.resource, Operation::List);
            if let Some(scope) = &source.scope {
                need(&source.connection, &scope.resource, Operation::List);
            }
            need(&target.connection, &target.resource, Operation::List);
            need(&target.connection, &target.resource, Operation::Create);
            if target.on_change == OnChange::Update || flow.matching.is_some() {
                need(&target.connection, &target.resource, Operation::Update);
            }
        }
        for flow in self.flows.iter().filter(|flow| *flow.target.connection == *connection) {
            for (field, signature) in &flow.signatures {
                let place = (flow.target.resource.to_string(), field.to_string());
                let both = wanted
                    .signatures
                    .remove(&place)
                    .map_or_else(|| signature.clone(), |other| of_both(&other, signature));
                wanted.signatures.insert(place, both);
            }
        }
        wanted
    }
}

/// What is true of the texts of two flows.
fn of_both(one: &Signature, other: &Signature) -> Signature {
    let same = one.begins.chars().zip(other.begins.chars()).take_while(|(left, right)| left == right);
    Signature {
        begins: same.map(|(sign, _)| sign).collect(),
        longest: one.longest.zip(other.longest).map(|(one, other)| one.max(other)),
    }
}

/// How the texts look that the steps of a flow give to its target.
pub(super) fn signatures(steps: &[model::Step]) -> Vec<(Arc<str>, Signature)> {
    let mut lets: BTreeMap<usize, &Expr> = BTreeMap::new();
    let mut signatures = Vec::new();
    for step in steps {
        match step {
            model::Step::Let(entry) => {
                lets.insert(entry.local.0, &entry.value);
            }
            model::Step::Field { name, local, value, .. } => {
                if let Kind::Text { max } = value.ty.kind {
                    let signature = Signature { begins: beginning(value, &lets), longest: max };
                    signatures.push((name.clone(), signature));
                }
                lets.insert(local.0, value);
            }
            _ => {}
        }
    }
    signatures
}

/// What each text of the expression begins with, as far as that is known.
fn beginning(expr: &Expr, lets: &BTreeMap<usize, &Expr>) -> String {
    match &expr.kind {
        ExprKind::Constant(value) => value.as_text().unwrap_or("").to_owned(),
        ExprKind::Local(LocalId(local)) => lets.get(local).map_or_else(String::new, |value| beginning(value, lets)),
        ExprKind::Template(template) => match template.pieces.as_slice() {
            [Piece::Literal(text), ..] => text.to_string(),
            [Piece::Value { value, filters }, ..] if filters.is_empty() => beginning(value, lets),
            _ => String::new(),
        },
        _ => String::new(),
    }
}
