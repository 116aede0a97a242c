//! What a test expects: an outcome, conditions over what the flow maps, or the sentence
//! that a rule stops the record with.

use super::Checker;
use super::scope::Scope;
use super::test_item::Subject;
use crate::connector::ResourceSpec;
use crate::diag::{Diagnostic, codes, nearest};
use crate::model::{Expectation, Sentence, Step, template};
use crate::syntax::{self as ast, Clause, Ended, Expect, ExprKind, Item, LookupEntry, Map, MapEntry, Otherwise, Text};
use crate::value::{FieldType, Kind, RecordType, Type};
use std::sync::Arc;

impl Checker<'_> {
    pub(super) fn expectation(&mut self, expect: &Expect, subject: &Subject, file: &ast::File) -> Option<Expectation> {
        let ended = expect.ended.value;
        let sentence = match &expect.sentence {
            None => None,
            Some(text) if ended == Ended::Posted => {
                self.posted_with_sentence(text);
                return None;
            }
            Some(text) => Some(self.expected_sentence(text, ended, subject, file)?),
        };
        let record = if ended == Ended::Posted { mapped(subject.target()?, subject) } else { reason() };
        let mut scope = Scope::of_record(Type::new(Kind::Record(Arc::new(record))));
        self.expecting = true;
        let conditions = expect.conditions.iter().map(|condition| self.condition(&mut scope, condition)).collect();
        self.expecting = false;
        Some(Expectation { ended, sentence, conditions, locals: scope.len(), span: expect.span })
    }

    fn posted_with_sentence(&mut self, text: &Text) {
        self.report(
            Diagnostic::error(&codes::EXPECTATION, text.span, "a record that is posted has no sentence")
                .label("never said")
                .hint("say what it becomes, `expect posted { total == 9_000.00 }`, or expect `held`, `rejected` or `skipped`"),
        );
    }

    /// A sentence with `{{ … }}` is one of the flow's; a plain one is compared as it was said.
    fn expected_sentence(
        &mut self,
        text: &Text,
        ended: Ended,
        subject: &Subject,
        file: &ast::File,
    ) -> Option<Sentence> {
        if !text.text.contains("{{") {
            return Some(Sentence::Exact(text.text.clone()));
        }
        let wanted = template::plain(&text.text);
        let rules = rules(subject.ast, file);
        if rules.iter().any(|(outcome, sentence)| Ended::from(*outcome) == ended && *sentence == wanted) {
            return Some(Sentence::Rule(wanted.into()));
        }
        let same = rules.iter().find(|(_, sentence)| *sentence == wanted);
        let fitting = || rules.iter().filter(|(outcome, _)| Ended::from(*outcome) == ended).map(|(_, text)| &**text);
        let hint = match (same, nearest(&wanted, fitting())) {
            (Some((outcome, _)), _) => format!(
                "a record with that sentence is {}: write `expect {}`",
                Ended::from(*outcome).word(),
                Ended::from(*outcome).word()
            ),
            (None, Some(near)) => format!("did you mean `\"{near}\"`?"),
            (None, None) => {
                "repeat a sentence of the flow or of one of its lookups, or write it as it is filled in".to_owned()
            }
        };
        self.report(
            Diagnostic::error(
                &codes::EXPECTATION,
                text.span,
                format!("no rule says so of a record that is {}", ended.word()),
            )
            .label("not a sentence of this flow")
            .hint(hint),
        );
        None
    }
}

/// What can be asked of a mapped record: the fields that the flow maps.
fn mapped(spec: &ResourceSpec, subject: &Subject) -> RecordType {
    let whole = spec.target_type();
    let is_mapped = |name: &str| {
        subject.flow.steps.iter().any(|step| matches!(step, Step::Field { name: field, .. } if **field == *name))
    };
    let fields = whole.fields.iter().filter(|(name, _)| is_mapped(name));
    RecordType { name: whole.name.clone(), fields: fields.map(|(name, field)| (name.clone(), field.clone())).collect() }
}

/// What can be asked of a record that is not posted.
fn reason() -> RecordType {
    let doc = Arc::from("Why the record is not posted.");
    let field = FieldType { ty: Type::text(), doc, values: Vec::new(), closed: false };
    RecordType { name: Arc::from("outcome"), fields: [(Arc::from("reason"), field)].into_iter().collect() }
}

/// Every sentence that a record of the flow can stop with, as [`template::plain`] writes it.
fn rules(flow: &ast::Flow, file: &ast::File) -> Vec<(ast::Outcome, String)> {
    let mut found = Vec::new();
    for clause in &flow.clauses {
        match clause {
            Clause::Let(entry) => rules_of_let(entry, &mut found),
            Clause::Require(require) => found.push(rule(&require.otherwise)),
            Clause::Map(map) => rules_of_map(map, &mut found),
            _ => {}
        }
    }
    let lookups = file.items.iter().filter_map(|item| match item {
        Item::Lookup(lookup) => Some(lookup),
        _ => None,
    });
    for entry in lookups.flat_map(|lookup| &lookup.entries) {
        if let LookupEntry::Missing { outcome, sentence, .. } = entry {
            found.push((*outcome, template::plain(&sentence.text)));
        }
    }
    found
}

fn rule(otherwise: &Otherwise) -> (ast::Outcome, String) {
    (otherwise.outcome, template::plain(&otherwise.sentence.text))
}

fn rules_of_let(entry: &ast::Let, found: &mut Vec<(ast::Outcome, String)>) {
    found.extend(entry.otherwise.as_ref().map(rule));
    rules_of_value(&entry.value, found);
}

fn rules_of_map(map: &Map, found: &mut Vec<(ast::Outcome, String)>) {
    for entry in &map.entries {
        match entry {
            MapEntry::Let(entry) => rules_of_let(entry, found),
            MapEntry::Field { value, .. } => rules_of_value(value, found),
        }
    }
}

fn rules_of_value(value: &ast::Expr, found: &mut Vec<(ast::Outcome, String)>) {
    if let ExprKind::Each(each) = &value.kind {
        rules_of_map(&each.body, found);
    }
}
