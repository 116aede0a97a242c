//! The language's paths against the RFC 9535 compliance suite. Each query becomes a path
//! over a document that a catalogue describes; what `check` lets through must select what
//! the suite says, and everything else must be refused with a code.

use mlc::connector::{Catalogue, Driver};
use mlc::diag::{Diagnostic, Sources, Style, render};
use mlc::model::{self, ExprKind, FileText, Files, Model, Step};
use mlc::program::{Evaluation, Tables, compile};
use mlc::syntax::{Clause, Item, SegmentKind, parse};
use mlc::value::{Record, Value, from_json};
use serde_json::{Map, json};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const CATALOGUE: &str = include_str!("jsonpath/catalogue.yaml");

fn catalogue() -> &'static Catalogue {
    static READ: OnceLock<Catalogue> = OnceLock::new();
    READ.get_or_init(|| Catalogue::read(CATALOGUE).expect("the test's catalogue"))
}

const SITE: Driver = Driver {
    name: "site",
    catalogue,
    profiled: Catalogue::read,
    open: |_| unreachable!("nothing is opened"),
    fake: |_| unreachable!("nothing is faked"),
    webhook: None,
};

/// The tenant profile that describes one document.
struct Profile(String);

impl Files for Profile {
    fn read(&self, path: &str) -> Result<FileText, String> {
        Ok(FileText { path: PathBuf::from(path), text: self.0.as_str().into() })
    }
}

/// The small catalogue, which is written as JSON, with the document described in it.
fn profile(document: &serde_json::Value) -> String {
    let mut whole: serde_json::Value = serde_json::from_str(CATALOGUE).expect("the catalogue is written as JSON");
    whole["resources"]["documents"]["fields"]["value"] = spec(&[document]);
    whole.to_string()
}

/// What a catalogue says of values that stand in one place. Values of several kinds have
/// no type; their list is a list of nobody knows what.
fn spec(values: &[&serde_json::Value]) -> serde_json::Value {
    typed(values).unwrap_or_else(|| json!({"type": "list", "doc": "Mixed."}))
}

fn typed(values: &[&serde_json::Value]) -> Option<serde_json::Value> {
    let there: Vec<&serde_json::Value> = values.iter().copied().filter(|value| !value.is_null()).collect();
    let required = there.len() == values.len();
    let all = |kind: fn(&serde_json::Value) -> bool| !there.is_empty() && there.iter().all(|value| kind(value));
    let plain = |name: &str| Some(json!({"type": name, "required": required, "doc": name}));
    if all(serde_json::Value::is_string) {
        plain("text")
    } else if all(serde_json::Value::is_boolean) {
        plain("boolean")
    } else if all(|value| value.is_i64()) {
        plain("integer")
    } else if all(serde_json::Value::is_number) || there.is_empty() {
        plain("decimal")
    } else if all(serde_json::Value::is_array) {
        let items: Vec<&serde_json::Value> = there.iter().filter_map(|value| value.as_array()).flatten().collect();
        let mut list = json!({"type": "list", "required": required, "doc": "list"});
        match typed(&items) {
            Some(item) if item["type"] == "record" => list["fields"] = item["fields"].clone(),
            Some(item) if !items.is_empty() && item["type"] != "list" => list["item"] = item["type"].clone(),
            _ => {}
        }
        Some(list)
    } else if all(serde_json::Value::is_object) {
        let mut fields = Map::new();
        let names = there.iter().filter_map(|value| value.as_object()).flat_map(|object| object.keys());
        for name in names {
            let parts: Vec<&serde_json::Value> = there.iter().map(|value| &value[name.as_str()]).collect();
            fields.insert(name.clone(), typed(&parts)?);
        }
        // A record type without a field would be a list of nothing.
        (!fields.is_empty()).then(|| json!({"type": "record", "required": required, "doc": "record", "fields": fields}))
    } else {
        None
    }
}

/// Where the language differs from the RFC on purpose, by the suite's names.
const ON_PURPOSE: &[(&str, &str)] = &[
    ("basic, no trailing whitespace", "white space after a path belongs to the pipeline, not to the path"),
    ("filter, existence, present with null", "a field that is null is absent"),
    ("filter, not exists, data null", "a field that is null is absent"),
];

/// What became of one query.
#[derive(Debug)]
enum Outcome {
    /// What it selects.
    Selected(Vec<Value>),
    /// The codes.
    Refused(Vec<&'static str>, String),
    /// The field of each record of a list, written without `[*]`: the language's own.
    Projected,
}

/// Runs `$`-rooted query as a path from the document.
fn ask(selector: &str, document: &serde_json::Value) -> Outcome {
    let rest = selector.strip_prefix('$').unwrap_or(selector);
    let text = format!(
        "connect site {{\n  sandbox\n  profile = \"profile.yaml\"\n}}\nflow asked {{\n  from site.documents as doc\n  \
         let selected = doc.value{rest}\n  map {{ name = \"x\" }}\n  to site.results {{ key name }}\n}}\n"
    );
    let mut sources = Sources::new();
    let id = sources.add("query.mlc", text);
    let parsed = parse(&sources, id);
    let checked = model::check(&parsed.file, &mut sources, &Profile(profile(document)), &[SITE]);
    let all: Vec<Diagnostic> = parsed.diagnostics.into_iter().chain(checked.diagnostics).collect();
    let errors: Vec<Diagnostic> = all.into_iter().filter(Diagnostic::is_error).collect();
    let Some(model) = checked.model.filter(|_| errors.is_empty()) else {
        let codes = errors.iter().map(|error| error.code.id).collect();
        return Outcome::Refused(codes, render(&errors, &sources, Style::Plain));
    };
    let several = several(&parsed.file);
    if !several && projects(&model) {
        return Outcome::Projected;
    }
    let value = evaluate(model, document);
    Outcome::Selected(match value {
        Value::Null => Vec::new(),
        Value::List(items) if several => items.to_vec(),
        value => vec![value],
    })
}

/// Whether the path can select several values, by what is written.
fn several(file: &mlc::syntax::File) -> bool {
    let lets = file.items.iter().filter_map(|item| match item {
        Item::Flow(flow) => Some(&flow.clauses),
        _ => None,
    });
    lets.flatten().any(|clause| match clause {
        Clause::Let(entry) => match &entry.value.kind {
            mlc::syntax::ExprKind::Path(path) => path
                .segments
                .iter()
                .any(|segment| matches!(segment.kind, SegmentKind::Wildcard | SegmentKind::Query(_))),
            _ => panic!("the query became something else than a path"),
        },
        _ => false,
    })
}

fn projects(model: &Model) -> bool {
    fn within(expr: &model::Expr) -> bool {
        match &expr.kind {
            ExprKind::Project(..) => true,
            ExprKind::Field(base, _) | ExprKind::Index(base, _) | ExprKind::Query(base, _) => within(base),
            _ => false,
        }
    }
    model.flows.iter().flat_map(|flow| &flow.steps).any(|step| matches!(step, Step::Let(entry) if within(&entry.value)))
}

/// The value of the `let`, put into the target past the check of the target's types.
fn evaluate(mut model: Model, document: &serde_json::Value) -> Value {
    for step in &mut model.flows[0].steps {
        if let Step::Let(entry) = step {
            let value = std::mem::replace(&mut entry.value, constant());
            *step = Step::Field { name: "selected".into(), local: entry.local, span: value.span, value };
        }
    }
    let program = compile(model);
    let mut source = Record::new();
    source.insert("value", from_json(&document.to_string()).expect("a document that can be kept"));
    match program.flows()[0].evaluate(&Tables::new(&program), &source, None) {
        Evaluation::Mapped(mapped) => mapped.target.get("selected").cloned().unwrap_or_default(),
        other => panic!("{other:?}"),
    }
}

fn constant() -> model::Expr {
    model::Expr {
        kind: ExprKind::Constant(Value::Null),
        ty: mlc::value::Type::unknown(),
        span: mlc::diag::Span::default(),
    }
}

/// A list of the suite as we keep it: an absent value and `null` are the same, and select nothing.
fn kept(nodes: &serde_json::Value) -> Vec<Value> {
    let list = from_json(&nodes.to_string()).expect("a result that can be kept");
    list.as_list().unwrap_or(&[]).iter().filter(|value| !value.is_null()).cloned().collect()
}

/// The values of two selections; numbers by amount, fields in any order.
fn same(left: &[Value], right: &[Value]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
}

fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::List(left), Value::List(right)) => same(left, right),
        (Value::Record(left), Value::Record(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, value)| right.get(name).is_some_and(|other| equal(value, other)))
        }
        _ => match left.as_decimal().zip(right.as_decimal()) {
            Some((left, right)) => left == right,
            None => left == right,
        },
    }
}

#[test]
fn paths_select_what_the_compliance_suite_says() {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/facts/jsonpath/cts.json");
    let Ok(text) = std::fs::read_to_string(&suite) else {
        println!("left out: the JSONPath compliance suite is not at {}", suite.display());
        return;
    };
    let suite: serde_json::Value = serde_json::from_str(&text).expect("the suite is JSON");
    let (mut right, mut refused, mut invalid, mut projected) = (0, 0, 0, 0);
    let mut wrong = Vec::new();
    let mut on_purpose = 0;
    for case in suite["tests"].as_array().expect("tests") {
        let (name, selector) = (case["name"].as_str().unwrap_or(""), case["selector"].as_str().unwrap_or(""));
        if ON_PURPOSE.iter().any(|(known, _)| *known == name) {
            on_purpose += 1;
            continue;
        }
        if case["invalid_selector"] == true {
            match ask(selector, &json!([{"a": 1, "b": "x"}])) {
                Outcome::Refused(codes, _) if !codes.is_empty() => invalid += 1,
                other => wrong.push(format!("{name}: {selector:?} is no query, yet {other:?}")),
            }
            continue;
        }
        let allowed: Vec<Vec<Value>> = match case.get("results") {
            Some(results) => results.as_array().into_iter().flatten().map(kept).collect(),
            None => vec![kept(&case["result"])],
        };
        match ask(selector, &case["document"]) {
            Outcome::Refused(codes, text) if codes.is_empty() => wrong.push(format!("{name}: {selector:?} {text}")),
            Outcome::Refused(..) => refused += 1,
            Outcome::Projected => projected += 1,
            Outcome::Selected(values) if allowed.iter().any(|allowed| same(allowed, &values)) => right += 1,
            Outcome::Selected(values) => {
                wrong.push(format!("{name}: {selector:?} of {} gives {values:?}, not {allowed:?}", case["document"]));
            }
        }
    }
    println!(
        "{right} right, {refused} refused, {invalid} no queries and refused, {on_purpose} different on purpose, \
         {projected} the language's own"
    );
    assert_eq!(on_purpose, ON_PURPOSE.len(), "a name is not in the suite any more");
    assert_eq!(projected, 0, "a query without `[*]` selects from each record of a list");
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(right > 100, "only {right} queries of the suite are understood");
}
