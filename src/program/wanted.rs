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
            if target.mark.is_some() {
                need(&source.connection, &source.resource, Operation::Update);
            }
            if let Some(settle) = &target.settle {
                for resource in self.settled_by(target, &settle.what) {
                    need(&target.connection, resource, Operation::List);
                }
            }
            if target.on_change == OnChange::Update || flow.matching.is_some() {
                need(&target.connection, &target.resource, Operation::Update);
            }
        }
        for ((resource, field), signature) in self.texts(connection) {
            let place = (resource.to_owned(), field.to_owned());
            let other = wanted.signatures.remove(&place);
            let both = other.map_or_else(|| signature.clone(), |other| of_both(&other, &signature));
            wanted.signatures.insert(place, both);
        }
        wanted
    }

    /// The texts that the flows write at a connection: into fields of their targets, and as
    /// marks into their sources. How a mark looks is the other system's to say.
    fn texts(&self, connection: &str) -> Vec<((&str, &str), Signature)> {
        let mut texts = Vec::new();
        for flow in &self.flows {
            if *flow.target.connection == *connection {
                let written = flow.signatures.iter();
                texts.extend(written.map(|(field, look)| ((&*flow.target.resource, &**field), look.clone())));
            }
            if let Some(mark) = flow.target.mark.as_ref().filter(|_| *flow.source.connection == *connection) {
                texts.push(((&*flow.source.resource, &**mark), Signature::default()));
            }
        }
        texts
    }

    /// The resources that are read to see whether what a record waits for is there.
    fn settled_by(&self, target: &model::Target, what: &str) -> &'static [String] {
        let connection = self.connections.iter().find(|connection| connection.name == target.connection);
        let spec = connection.and_then(|one| (one.driver.catalogue)().resources.get(&*target.resource));
        spec.and_then(|spec| spec.settled_by.get(what)).map_or(&[], Vec::as_slice)
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
