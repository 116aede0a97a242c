//! "Why this account?": where one value of a record comes from, in the words of the pipeline.

use super::tree::plain;
use crate::engine::explain::{Asked, Of, Place, Row, Step, Stopped, Traced, What};
use serde::Serialize;
use std::collections::BTreeSet;

/// Where a value comes from.
#[derive(Serialize)]
pub struct Origin {
    /// `lines[0].gl_account`.
    path: String,
    value: String,
    line: Option<Spot>,
    steps: Vec<Told>,
    left_off: usize,
}

/// Where the mapping ended.
#[derive(Serialize)]
pub struct End {
    path: String,
    line: Option<Spot>,
    question: Option<Told>,
    nearest: Vec<Told>,
}

/// A place in a file.
#[derive(Serialize)]
struct Spot {
    /// `quickstart.mlc line 41`.
    name: String,
    text: String,
}

/// One thing that it was made of.
#[derive(Default, Serialize)]
struct Told {
    label: &'static str,
    text: String,
    /// The field of the source that it is, as a pointer.
    field: String,
    /// What it was at that time.
    value: String,
    spot: Option<Spot>,
}

impl Origin {
    pub fn of(traced: &Traced) -> Self {
        Self {
            path: traced.path.clone(),
            value: plain(&traced.value),
            line: traced.place.as_ref().map(spot),
            steps: traced.from.iter().filter_map(step).collect(),
            left_off: traced.left_off,
        }
    }
}

impl End {
    pub fn of(stopped: &Stopped) -> Self {
        Self {
            path: stopped.path.clone(),
            line: stopped.place.as_ref().map(spot),
            question: stopped.lookup.as_ref().map(|asked| question(asked, false)),
            nearest: stopped.nearest.iter().map(|row| answer("nearest row", row)).collect(),
        }
    }
}

/// The fields of the source that a value was made of, as pointers into it.
pub fn pointers(steps: &[Step]) -> BTreeSet<String> {
    let of_step = |step: &Step| match &step.what {
        What::Read { pointer, .. } => pointer.iter().cloned().collect::<Vec<_>>(),
        What::Lookup(asked) => asked_pointers(asked),
        _ => Vec::new(),
    };
    steps.iter().flat_map(of_step).collect()
}

pub fn asked_pointers(asked: &Asked) -> Vec<String> {
    asked.inputs.iter().filter_map(|input| input.pointer.clone()).collect()
}

fn spot(place: &Place) -> Spot {
    // People know where the files lie.
    let file = place.file.rsplit(['/', '\\']).next().unwrap_or(&place.file);
    Spot { name: format!("{file} line {}", place.line), text: place.text.clone() }
}

fn step(step: &Step) -> Option<Told> {
    match &step.what {
        What::Read { of, path, pointer, value } => Some(Told {
            label: if step.because { "because of" } else { word(of) },
            text: path.clone(),
            field: pointer.clone().unwrap_or_default(),
            value: value.as_ref().map(plain).unwrap_or_default(),
            spot: None,
        }),
        What::Lookup(asked) => Some(question(asked, step.because)),
        What::Constant { value } if !step.because => {
            Some(Told { label: "the pipeline says", text: plain(value), ..Told::default() })
        }
        What::Function { name } if !step.because => {
            Some(Told { label: "through", text: name.clone(), ..Told::default() })
        }
        What::Constant { .. } | What::Function { .. } | What::Template => None,
    }
}

fn word(of: &Of) -> &'static str {
    match of {
        Of::Source => "source field",
        Of::Scope => "of its project",
        Of::Linked { .. } => "linked record",
        Of::Matched => "matched record",
    }
}

fn question(asked: &Asked, because: bool) -> Told {
    let inputs: Vec<String> =
        asked.inputs.iter().map(|input| format!("{} is {}", input.name, plain(&input.value))).collect();
    let inputs = inputs.join(", ");
    match &asked.row {
        Some(row) => {
            let told = answer(if because { "because of" } else { "lookup" }, row);
            let value = asked.value.as_ref().map(plain).unwrap_or_default();
            Told { text: format!("{}: {inputs} → {}", asked.lookup, told.text), value, ..told }
        }
        None => {
            Told { label: "lookup", text: format!("{}: no row fits where {inputs}", asked.lookup), ..Told::default() }
        }
    }
}

fn answer(label: &'static str, row: &Row) -> Told {
    let mut text = row.name.clone();
    if !row.patterns.is_empty() {
        let patterns = row.patterns.iter().map(|pattern| pattern.as_deref().unwrap_or("any"));
        text.push_str(&format!(" ({})", patterns.collect::<Vec<_>>().join(", ")));
    }
    let outputs: Vec<String> =
        row.outputs.iter().map(|output| format!("{} {}", output.name, plain(&output.value))).collect();
    if !outputs.is_empty() {
        text.push_str(&format!(": {}", outputs.join(", ")));
    }
    let days = [("from", &row.from), ("until", &row.until)];
    for (word, day) in days.into_iter().filter_map(|(word, day)| Some((word, day.as_ref()?))) {
        text.push_str(&format!(", {word} {day}"));
    }
    Told { label, text, spot: row.place.as_ref().map(spot), ..Told::default() }
}
