//! The words in which a trace is told to an accountant.

use crate::engine::explain::{Asked, Of, Place, Row, Step, Traced, What};
use serde_json::Value;

/// Text as it is, an absent value as a word.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Null => "(nothing)".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The file's name: people know where it lies.
pub fn file(place: &Place) -> &str {
    place.file.rsplit(['/', '\\']).next().unwrap_or(&place.file)
}

/// `quickstart.mlc line 41: gl_account = to.gl_account`.
pub fn line_of(place: &Place) -> String {
    format!("{} line {}: {}", file(place), place.line, place.text)
}

/// `cost-codes.csv line 4 ("03-3*", any): gl_account 5310, cost_center C300`.
pub fn row(row: &Row) -> String {
    let outputs: Vec<String> =
        row.outputs.iter().map(|output| format!("{} {}", output.name, shown(&output.value))).collect();
    format!("{}: {}", named(row), outputs.join(", "))
}

fn named(row: &Row) -> String {
    let mut text = row.name.clone();
    if !row.patterns.is_empty() {
        let patterns =
            row.patterns.iter().map(|pattern| pattern.as_ref().map_or("any".to_owned(), |p| format!("\"{p}\"")));
        text.push_str(&format!(" ({})", patterns.collect::<Vec<_>>().join(", ")));
    }
    match (&row.from, &row.until) {
        (None, None) => {}
        (Some(from), None) => text.push_str(&format!(", from {from} on")),
        (None, Some(until)) => text.push_str(&format!(", until {until}")),
        (Some(from), Some(until)) => text.push_str(&format!(", from {from} until {until}")),
    }
    text
}

/// `cost_code is 03-310 (invoice.items[2].wbs_code.cost_code) and cost_type is L (…)`.
fn inputs(asked: &Asked) -> String {
    let each = asked.inputs.iter().map(|input| {
        let path = input.path.as_ref().map_or_else(String::new, |path| format!(" ({path})"));
        format!("{} is {}{path}", input.name, shown(&input.value))
    });
    each.collect::<Vec<_>>().join(" and ")
}

/// A question to a lookup, and what it said.
pub fn asked(asked: &Asked) -> String {
    match &asked.row {
        Some(row) => format!("{} because {}", named(row), inputs(asked)),
        None => format!("no row of `{}` fits: {}", asked.lookup, inputs(asked)),
    }
}

/// Where a value comes from, in a few words.
pub fn origin(value: &Traced) -> String {
    let own = || value.from.iter().filter(|step| !step.because).map(|step| &step.what);
    let rows: Vec<&Asked> =
        own().filter_map(|what| if let What::Lookup(asked) = what { Some(asked) } else { None }).collect();
    let reads: Vec<&str> =
        own().filter_map(|what| if let What::Read { path, .. } = what { Some(path.as_str()) } else { None }).collect();
    let functions: Vec<&str> =
        own().filter_map(|what| if let What::Function { name } = what { Some(name.as_str()) } else { None }).collect();
    let by = if functions.is_empty() { String::new() } else { format!(", by {}", functions.join(", ")) };
    match (rows.as_slice(), reads.as_slice()) {
        ([one], []) => format!("{}{by}", one.row.as_ref().map_or_else(|| format!("no row of `{}`", one.lookup), named)),
        ([], []) => format!("the pipeline says so{}{by}", since(value)),
        ([], [one]) => format!("{one}{by}"),
        ([], [one, other]) => format!("{one} and {other}{by}"),
        ([], several) => format!("{} and {} more{by}", several[0], several.len() - 1 + value.left_off),
        (rows, reads) => {
            let rows: Vec<String> = rows.iter().filter_map(|asked| asked.row.as_ref()).map(named).take(2).collect();
            let more = if reads.is_empty() { String::new() } else { format!(" and {}", reads[0]) };
            format!("{}{more}{by}", rows.join(" and "))
        }
    }
}

/// `, since invoice.contract_name is empty`: what the pipeline stands in for.
fn since(value: &Traced) -> String {
    let absent = value.from.iter().find_map(|step| match &step.what {
        What::Read { path, value: Some(Value::Null), .. } if step.because => Some(path),
        _ => None,
    });
    absent.map_or_else(String::new, |path| format!(", since {path} is empty"))
}

/// The steps, in lines with labels. What a lookup's row says already of its inputs is not said again.
pub fn story(steps: &[Step]) -> Vec<(&'static str, String)> {
    let inputs: Vec<&str> = steps
        .iter()
        .filter_map(|step| if let What::Lookup(asked) = &step.what { Some(asked) } else { None })
        .flat_map(|asked| asked.inputs.iter().filter_map(|input| input.path.as_deref()))
        .collect();
    let mut lines = Vec::new();
    let mut functions = Vec::new();
    for step in steps {
        match &step.what {
            What::Lookup(question) => lines.push((if step.because { "because" } else { "row" }, asked(question))),
            What::Read { path, .. } if step.because && inputs.contains(&path.as_str()) => {}
            What::Read { of, path, value, .. } => {
                let value = value.as_ref().map_or_else(String::new, |value| format!(" is {}", shown(value)));
                lines.push((if step.because { "because" } else { label(of) }, format!("{path}{value}")));
            }
            What::Constant { value } if !step.because => {
                lines.push(("constant", format!("the pipeline says {}", shown(value))));
            }
            What::Function { name } if !step.because => functions.push(name.as_str()),
            What::Constant { .. } | What::Function { .. } | What::Template => {}
        }
    }
    if !functions.is_empty() {
        lines.push(("by", functions.join(", ")));
    }
    lines
}

fn label(of: &Of) -> &'static str {
    match of {
        Of::Source | Of::Scope => "source",
        Of::Linked { .. } => "linked",
        Of::Matched => "matched",
    }
}
