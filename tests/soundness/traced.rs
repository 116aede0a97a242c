//! A trace against the evaluation that it explains: it ends as that, tells of each value that
//! was mapped and of no other, and what it says was read stands where it says.

use mlc::program::trace::{Hit, Of, Part, Path, Step, Trace, What};
use mlc::program::{Evaluation, Program};
use mlc::value::{Record, Value, to_json};
use serde_json::Value as Json;

/// The first thing in which the two differ.
pub fn differs(
    program: &Program,
    trace: &Trace,
    evaluation: &Evaluation,
    source: &Record,
    scope: Option<&Record>,
) -> Option<String> {
    if trace.evaluation != *evaluation {
        return Some(format!("it ends as {:?}, and the record as {evaluation:?}", trace.evaluation));
    }
    if trace.stopped.is_some() == matches!(evaluation, Evaluation::Mapped(_)) {
        return Some(format!("where it ended: {:?}", trace.stopped));
    }
    if let Evaluation::Mapped(mapped) = evaluation
        && mapped.target != trace.target
    {
        return Some(format!("its target is {:?}", trace.target));
    }
    let target = to_json(&Value::record(trace.target.clone()));
    let mut leaves = 0;
    target.as_object()?.values().for_each(|value| count(value, &mut leaves));
    if leaves != trace.values.len() {
        return Some(format!("{} values of {leaves}: {target}", trace.values.len()));
    }
    for value in &trace.values {
        let (pointer, expected) = (value.path.pointer(), to_json(&value.value));
        if target.pointer(&pointer) != Some(&expected) {
            return Some(format!("{pointer} is no {expected} in {target}"));
        }
        let empty = matches!(&value.value, Value::List(_) | Value::Record(_));
        if value.from.is_empty() && !empty {
            return Some(format!("{pointer} comes from nowhere: {:?}", value.value));
        }
    }
    let steps = trace.values.iter().flat_map(|value| &value.from);
    let asked = trace.checks.iter().flat_map(|check| &check.from);
    steps.chain(asked).find_map(|step| wrong(program, step, source, scope))
}

/// What a value is told of: what is plain, or empty.
fn count(value: &Json, leaves: &mut usize) {
    match value {
        Json::Object(fields) if !fields.is_empty() => fields.values().for_each(|inner| count(inner, leaves)),
        Json::Array(items) if !items.is_empty() => items.iter().for_each(|inner| count(inner, leaves)),
        Json::Null => {}
        _ => *leaves += 1,
    }
}

fn wrong(program: &Program, step: &Step, source: &Record, scope: Option<&Record>) -> Option<String> {
    match &step.what {
        What::Read { of, path, value } => {
            let record = match **of {
                Of::Source => source,
                Of::Scope => scope?,
                Of::Linked { .. } | Of::Matched => return None,
            };
            let there = at(&Value::record(record.clone()), path);
            (there != *value).then(|| format!("{path} is {there:?}, and it says {value:?}"))
        }
        What::Lookup { asked, output } => {
            let rows = &program.lookups()[asked.lookup.0].rows;
            let names = &program.lookups()[asked.lookup.0].outputs;
            let values = match &asked.hit {
                Hit::Nothing => return output.is_some().then(|| "an output of no row".to_owned()),
                Hit::Own(number) => &rows[*number].values,
                Hit::Elsewhere(_, values) => values,
            };
            let (name, value) = output.as_ref()?;
            let place = names.iter().position(|(known, _)| known == name)?;
            (values.get(place) != Some(value)).then(|| format!("{name} is not {value:?} in {asked:?}"))
        }
        What::Constant(_) | What::Function(_) | What::Template => None,
    }
}

fn at(value: &Value, path: &Path) -> Value {
    path.0.iter().fold(value.clone(), |value, part| match part {
        Part::Field(name) => value.as_record().and_then(|record| record.get(name)).cloned().unwrap_or_default(),
        Part::Item(index) => value.as_list().and_then(|items| items.get(*index)).cloned().unwrap_or_default(),
    })
}
