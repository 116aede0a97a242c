//! A program's trace, as it is told: spans become lines, paths get the names that the pipeline
//! gives them, values become JSON.

use super::places::Places;
use super::trace::{Asked, Checked, Input, Of, Output, Row, Step, Stopped, Trace, Traced, What};
use crate::engine::flow_run::FlowRun;
use crate::engine::stored;
use crate::model::{self, Lookup, LookupId, Pattern};
use crate::program::trace::{self, Hit, Path};
use crate::store::{Outcome, RecordEntry};
use crate::value::{Record, Value, to_json};
use std::sync::Arc;

pub(super) struct Told<'a> {
    flow: &'a FlowRun,
    places: Places<'a>,
    /// Under which member the scope record stands in the stored source.
    scope: &'static str,
}

impl<'a> Told<'a> {
    pub fn new(flow: &'a FlowRun, source: &Record) -> Self {
        Self { flow, places: Places::new(flow.context.program.sources()), scope: stored::scope_slot(source) }
    }

    pub fn trace(
        mut self,
        entry: &RecordEntry,
        trace: trace::Trace,
        outcome: Outcome,
        reason: String,
        notes: Vec<String>,
    ) -> Trace {
        Trace {
            record: entry.id.clone(),
            outcome,
            reason,
            source: entry.source.clone(),
            target: to_json(&Value::record(trace.target)),
            values: trace.values.into_iter().map(|value| self.value(value)).collect(),
            checks: trace.checks.into_iter().map(|check| self.check(check)).collect(),
            stopped: trace.stopped.map(|stopped| self.stopped(stopped)),
            notes,
        }
    }

    fn value(&mut self, traced: trace::Traced) -> Traced {
        Traced {
            path: traced.path.to_string(),
            pointer: traced.path.pointer(),
            value: to_json(&traced.value),
            place: self.places.of(traced.span),
            from: self.steps(&traced.from),
            left_off: traced.left_off,
        }
    }

    fn check(&mut self, check: trace::Checked) -> Checked {
        Checked {
            rule: check.rule,
            text: self.places.text(check.span),
            passed: check.passed,
            place: self.places.of(check.span),
            from: self.steps(&check.from),
        }
    }

    fn stopped(&mut self, stopped: trace::Stopped) -> Stopped {
        let rows = stopped.asked.as_ref().and_then(|asked| self.lookup(asked.lookup));
        Stopped {
            path: stopped.path.to_string(),
            place: self.places.of(stopped.span),
            nearest: stopped
                .nearest
                .iter()
                .filter_map(|number| rows.and_then(|lookup| Some(self.own_row(lookup, lookup.rows.get(*number)?))))
                .collect(),
            lookup: stopped.asked.map(|asked| self.asked(&asked, None)),
        }
    }

    fn steps(&mut self, steps: &[trace::Step]) -> Vec<Step> {
        steps
            .iter()
            .map(|step| Step { what: self.what(&step.what), because: step.because, place: self.places.of(step.span) })
            .collect()
    }

    fn what(&mut self, what: &trace::What) -> What {
        match what {
            trace::What::Read { of, path, value } => What::Read {
                path: self.named(of, path),
                pointer: self.pointer(of, path),
                value: (!matches!(value, Value::List(_) | Value::Record(_))).then(|| to_json(value)),
                of: self.of(of),
            },
            trace::What::Constant(value) => What::Constant { value: to_json(value) },
            trace::What::Function(name) => What::Function { name: name.to_string() },
            trace::What::Template => What::Template,
            trace::What::Lookup { asked, output } => What::Lookup(self.asked(asked, output.as_ref())),
        }
    }

    fn of(&self, of: &trace::Of) -> Of {
        match of {
            trace::Of::Source => Of::Source,
            trace::Of::Scope => Of::Scope,
            trace::Of::Linked { link, flow, number } => {
                Of::Linked { word: link.word().to_owned(), flow: flow.to_string(), number: number.to_string() }
            }
            trace::Of::Matched => Of::Matched,
        }
    }

    /// As the pipeline names it: `invoice.items[2].net_amount`.
    fn named(&self, of: &trace::Of, path: &Path) -> String {
        let name = self.flow.flow().called(of);
        let path = path.to_string();
        let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
        format!("{name}{dot}{path}")
    }

    /// Into the stored source, where it stands there.
    fn pointer(&self, of: &trace::Of, path: &Path) -> Option<String> {
        match of {
            trace::Of::Source => Some(path.pointer()),
            trace::Of::Scope => Some(format!("/{}{}", self.scope, path.pointer())),
            trace::Of::Linked { .. } | trace::Of::Matched => None,
        }
    }

    fn lookup(&self, lookup: LookupId) -> Option<&'a Lookup> {
        self.flow.context.program.lookups().get(lookup.0)
    }

    fn asked(&mut self, asked: &trace::Asked, output: Option<&(Arc<str>, Value)>) -> Asked {
        let lookup = self.lookup(asked.lookup);
        let inputs = asked.inputs.iter().map(|input| Input {
            name: input.name.to_string(),
            value: to_json(&input.value),
            path: input.read.as_ref().map(|(of, path)| self.named(of, path)),
            pointer: input.read.as_ref().and_then(|(of, path)| self.pointer(of, path)),
        });
        let inputs = inputs.collect();
        Asked {
            lookup: lookup.map_or_else(String::new, |lookup| lookup.name.to_string()),
            inputs,
            row: lookup.and_then(|lookup| self.row(lookup, &asked.hit)),
            output: output.map(|(name, _)| name.to_string()),
            value: output.map(|(_, value)| to_json(value)),
        }
    }

    fn row(&mut self, lookup: &Lookup, hit: &Hit) -> Option<Row> {
        match hit {
            Hit::Nothing => None,
            Hit::Own(number) => Some(self.own_row(lookup, lookup.rows.get(*number)?)),
            Hit::Elsewhere(name, values) => Some(Row {
                name: name.to_string(),
                place: None,
                patterns: Vec::new(),
                from: None,
                until: None,
                outputs: outputs(lookup, values),
            }),
        }
    }

    fn own_row(&mut self, lookup: &Lookup, row: &model::Row) -> Row {
        Row {
            name: row.place.clone(),
            place: self.places.of(row.span),
            patterns: row.patterns.iter().map(pattern).collect(),
            from: row.from.map(|day| day.to_string()),
            until: row.until.map(|day| day.to_string()),
            outputs: outputs(lookup, &row.values),
        }
    }
}

fn outputs(lookup: &Lookup, values: &[Value]) -> Vec<Output> {
    let named = lookup.outputs.iter().zip(values);
    named.map(|((name, _), value)| Output { name: name.to_string(), value: to_json(value) }).collect()
}

fn pattern(pattern: &Pattern) -> Option<String> {
    match pattern {
        Pattern::Any => None,
        Pattern::Exact(text) => Some(text.to_string()),
        Pattern::Glob(runs) => Some(runs.join("*")),
    }
}
