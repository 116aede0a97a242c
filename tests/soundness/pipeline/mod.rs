//! Pipelines out of the grammar and a catalogue: well-typed for the most part, careless
//! now and then, so that `check` has something to refuse.

mod calls;
mod choices;
mod declarations;

use super::random::Random;
use declarations::Own;
use indexmap::IndexMap;
use mlc::connector::{Catalogue, FieldSpec, Operation, ResourceSpec, SpecType};
use mlc::value::{Kind, Type};
use std::sync::Arc;

/// A connection that a pipeline can name.
pub struct Side {
    pub name: &'static str,
    pub catalogue: &'static Catalogue,
}

/// A path that can be written, and what `check` knows of it.
#[derive(Clone)]
struct Known {
    path: String,
    ty: Type,
}

pub struct Writer<'a> {
    random: &'a mut Random,
    sides: &'a [Side],
    known: Vec<Known>,
    names: usize,
    lookups: Vec<Table>,
    own: Vec<Own>,
    /// Flows that stand above.
    flows: Vec<Above>,
    careless: usize,
}

/// A lookup that yields a record of texts.
#[derive(Clone)]
struct Table {
    name: String,
    inputs: usize,
    outputs: Vec<String>,
    missing: bool,
    dated: bool,
}

/// A flow whose links can be named.
#[derive(Clone)]
struct Above {
    name: String,
    source: Type,
    /// What names a record of its target.
    identity: Kind,
}

/// The text of a pipeline, and that of the file that it brings in.
pub struct Made {
    pub text: String,
    pub used: Option<String>,
}

/// The file that a made pipeline names.
pub const USED: &str = "used.mlc";

const OUTCOMES: [&str; 3] = ["hold", "reject", "skip"];

/// A whole pipeline.
pub fn pipeline(random: &mut Random, sides: &[Side]) -> Made {
    // Most pipelines are meant well throughout.
    let careless = if random.percent(35) { 3 } else { 0 };
    let mut writer = Writer {
        random,
        sides,
        known: Vec::new(),
        names: 0,
        lookups: Vec::new(),
        own: Vec::new(),
        flows: Vec::new(),
        careless,
    };
    writer.file()
}

impl Writer<'_> {
    fn file(&mut self) -> Made {
        let connects: String = self.sides.iter().map(|side| format!("connect {} {{ sandbox }}\n", side.name)).collect();
        let head = format!("pipeline \"made\" {{ currency = \"USD\" }}\n{connects}\n");
        let mut body = self.declarations();
        for _ in 0..self.random.below(3) {
            let lookup = self.lookup();
            body.push_str(&lookup);
        }
        if self.random.percent(25) {
            let flow = self.flow("above");
            body.push_str(&flow.0);
        }
        let (flow, extension) = self.flow("made");
        body.push_str(&flow);
        match self.random.percent(10) {
            false => Made { text: format!("{head}{body}"), used: None },
            true => Made {
                text: format!("use \"{USED}\"\n{head}extend flow made {{\n{extension}}}\n"),
                used: Some(format!("{connects}{body}")),
            },
        }
    }

    fn name(&mut self, of: &str) -> String {
        self.names += 1;
        format!("{of}{}", self.names)
    }

    fn slips(&mut self) -> bool {
        let careless = self.careless;
        self.random.below(100) < careless
    }

    fn outcome(&mut self) -> String {
        let outcome = *self.random.pick(&OUTCOMES);
        let shown = self.known.get(self.random.below(self.known.len())).cloned();
        match shown.filter(|known| is_plain(&known.ty.kind)) {
            Some(known) => format!("{outcome} \"declared {outcome}: {{{{ {} }}}}\"", known.path),
            None => format!("{outcome} \"declared {outcome}\""),
        }
    }

    // ------------------------------------------------------------ lookups

    fn lookup(&mut self) -> String {
        let name = self.name("lookup");
        let inputs = 1 + self.random.below(2);
        let missing = self.random.percent(60);
        let from_resource = self.random.percent(35);
        let dated = !from_resource && self.random.percent(30);
        let (inputs, outputs, body) = if from_resource { self.resource_rows() } else { self.own_rows(inputs, dated) };
        let missing_rule = match missing {
            true => {
                let outcome = *self.random.pick(&OUTCOMES);
                format!("  missing {outcome} \"declared {outcome}: {{{{ {} }}}}\"\n", inputs[0])
            }
            false => String::new(),
        };
        if !from_resource || inputs[0] != "id" {
            let (name, inputs, outputs) = (name.clone(), inputs.len(), outputs.clone());
            self.lookups.push(Table { name, inputs, outputs, missing, dated });
        }
        format!("lookup {name}({}) -> ({}) {{\n{body}{missing_rule}}}\n\n", inputs.join(", "), outputs.join(", "))
    }

    fn resource_rows(&mut self) -> (Vec<String>, Vec<String>, String) {
        let (resource, input, output) = *self.random.pick(&[
            ("procore.vendors", "name", "origin_code"),
            ("qad.suppliers", "code", "name"),
            ("qad.gl_accounts", "code", "name"),
            ("site.things", "code", "title"),
        ]);
        let filter = if self.random.percent(30) && resource.starts_with("qad") { " where active" } else { "" };
        (vec![input.to_owned()], vec![output.to_owned()], format!("  from {resource}{filter}\n"))
    }

    fn own_rows(&mut self, inputs: usize, dated: bool) -> (Vec<String>, Vec<String>, String) {
        let outputs = 1 + self.random.below(2);
        let (inputs, outputs): (Vec<String>, Vec<String>) =
            ((0..inputs).map(|at| format!("in{at}")).collect(), (0..outputs).map(|at| format!("out{at}")).collect());
        let mut body = String::new();
        let patterns = ["\"01-*\"", "\"03-300\"", "\"L\"", "\"approved\"", "\"*a*\"", "\"\"", "_", "\"S100\""];
        let values = ["\"5100\"", "\"C100\"", "\"a longer text than most fields take\"", "\"ß👷\"", "\"red\"", "\"\""];
        let rows = 1 + self.random.below(3);
        for row in 0..rows {
            // Rows with the same patterns would be refused.
            let patterns: Vec<&str> = inputs.iter().enumerate().map(|(at, _)| patterns[(row * 3 + at) % 8]).collect();
            let values: Vec<&str> = outputs.iter().map(|_| *self.random.pick(&values)).collect();
            let (patterns, values) = (patterns.join(", "), values.join(", "));
            if !dated || row > 0 && self.random.percent(30) {
                body.push_str(&format!("  {patterns} => {values}\n"));
                continue;
            }
            body.push_str(&format!("  {patterns} => {values} until 2026-09-30\n"));
            body.push_str(&format!("  {patterns} => {values} from 2026-10-01"));
            body.push_str(if self.random.percent(50) { "\n" } else { " until 2026-12-31\n" });
        }
        if self.random.percent(40) {
            body.push_str("  verify out0 in qad.gl_accounts.code");
            body.push_str(if self.random.percent(50) { " where active\n" } else { "\n" });
        }
        (inputs, outputs, body)
    }

    // ------------------------------------------------------------ flows

    /// A flow, and clauses that could extend it.
    fn flow(&mut self, flow: &str) -> (String, String) {
        let mark = self.known.len();
        let readable: Vec<(usize, String)> = self.resources(Operation::List);
        let (side, source) = self.random.pick(&readable).clone();
        let spec = &self.sides[side].catalogue.resources[&source];
        let mut text = format!("flow {flow} {{\n  from {}.{source} as rec", self.sides[side].name);
        let source = Type::new(Kind::Record(spec.source_type()));
        self.know("rec", &source, 0);
        if let Some(scope) = &spec.scope {
            text.push_str(&format!(" per {}", scope.name));
            let record = self.sides[side].catalogue.resources[&scope.resource].source_type();
            self.know(&scope.name, &Type::new(Kind::Record(record)), 0);
        }
        text.push('\n');
        let mut writable = self.resources(Operation::Create);
        if self.places(|ty| matches!(ty.kind, Kind::DateTime)).is_empty() && !self.slips() {
            // There is no way to write an instant.
            writable.retain(|(side, name)| !needs_instant(&self.sides[*side].catalogue.resources[name]));
        }
        let (side, target) = self.random.pick(&writable).clone();
        let spec = &self.sides[side].catalogue.resources[&target];
        let target = format!("{}.{target}", self.sides[side].name);
        for _ in 0..self.random.below(3) {
            let clause = self.clause("  ");
            text.push_str(&clause);
        }
        let can_match = spec.can(Operation::List) && spec.scope.is_none() && spec.identity.len() == 1;
        if can_match && self.random.percent(40) {
            let clause = self.match_clause(&target, spec);
            text.push_str(&clause);
        }
        for _ in 0..self.random.below(4) {
            let clause = self.clause("  ");
            text.push_str(&clause);
        }
        let lists: Vec<&FieldSpec> =
            spec.fields.values().filter(|field| !field.fields.is_empty() && field.ty == SpecType::List).collect();
        if !lists.is_empty() && self.random.percent(25) {
            let fields = &self.random.pick(&lists).fields;
            let lines = self.let_lines(fields, "  ");
            text.push_str(&lines);
        }
        let map = self.map(&spec.fields, spec, "    ");
        text.push_str(&format!("  map {{\n{map}  }}\n"));
        for _ in 0..self.random.below(3) {
            let require = self.require("  ");
            text.push_str(&require);
        }
        let rules = self.rules(spec);
        text.push_str(&format!("  to {target} {{\n{rules}  }}\n}}\n"));
        let extension = self.extension(&target, spec);
        self.known.truncate(mark);
        if let [identity] = spec.identity.as_slice() {
            let identity = kind_of(&spec.fields[identity]);
            self.flows.push(Above { name: flow.to_owned(), source, identity });
        }
        (text, extension)
    }

    fn rules(&mut self, spec: &ResourceSpec) -> String {
        let key = spec.natural_keys.first().map(|key| key.join(", ")).unwrap_or_default();
        let mut text = format!("    key {key}\n");
        if self.random.percent(25) {
            text.push_str(&format!("    approve when {}\n", self.boolean(1)));
        }
        if self.random.percent(15) {
            text.push_str("    on change hold\n    retry 3 times from 1s to 1m\n    guard 500 records, 5% rejected\n");
        }
        text
    }

    /// What a customer's file says differently.
    fn extension(&mut self, target: &str, spec: &ResourceSpec) -> String {
        let mut text = String::new();
        for _ in 0..self.random.below(3) {
            let clause = if self.random.percent(50) { self.require("  ") } else { self.let_optional("  ") };
            text.push_str(&clause);
        }
        let key: Vec<&String> = spec.natural_keys.first().into_iter().flatten().collect();
        let free = |(name, field): &(&String, &FieldSpec)| {
            !field.required
                && !field.read_only
                && field.derive.is_empty()
                && !key.contains(name)
                && field.fields.is_empty()
        };
        let free: Vec<(&String, &FieldSpec)> = spec.fields.iter().filter(free).collect();
        if !free.is_empty() {
            let (name, field) = *self.random.pick(&free);
            let value = self.for_field(field, false, "    ");
            if !value.is_empty() {
                text.push_str(&format!("  map {{\n    {name} = {value}\n  }}\n"));
            }
        }
        if self.random.percent(30) {
            text.push_str(&format!("  to {target} {{ guard 50 records }}\n"));
        }
        text
    }

    /// Finds the record of the target that is the same thing.
    fn match_clause(&mut self, target: &str, spec: &ResourceSpec) -> String {
        let alias = self.name("cand");
        let record = Type::new(Kind::Record(spec.source_type()));
        let texts: Vec<String> = spec
            .fields
            .iter()
            .filter(|(_, field)| field.ty == SpecType::Text && !field.write_only)
            .map(
                |(name, field)| {
                    if field.required { format!("{alias}.{name}") } else { format!("({alias}.{name} ?? \"\")") }
                },
            )
            .collect();
        let mut keys = String::new();
        for _ in 0..1 + self.random.below(3) {
            let theirs = self.random.pick(&texts).clone();
            let ours = self.text_of_any_length(1);
            keys.push_str(&match self.random.below(3) {
                0 => format!("    normalize({theirs}) == normalize({ours})\n"),
                1 => format!("    {ours} == {theirs}\n"),
                _ => format!("    {theirs} == {ours}\n"),
            });
        }
        let outcome = *self.random.pick(&OUTCOMES);
        let sentence = match self.random.below(3) {
            0 => format!("declared {outcome}: {{{{ matches | length }}}}"),
            1 => format!("declared {outcome}: {{{{ rec.{} | default('none') }}}}", "id"),
            _ => format!("declared {outcome}"),
        };
        let sentence = if sentence.contains("rec.") && !self.known.iter().any(|known| known.path == "rec.id") {
            format!("declared {outcome}")
        } else {
            sentence
        };
        self.know(&alias, &record.optional(), 1);
        format!("  match {target} as {alias} {{\n{keys}    ambiguous {outcome} \"{sentence}\"\n  }}\n")
    }

    fn resources(&self, operation: Operation) -> Vec<(usize, String)> {
        let all = self.sides.iter().enumerate();
        all.flat_map(|(index, side)| side.catalogue.resources.iter().map(move |(name, spec)| (index, name, spec)))
            .filter(|(_, _, spec)| spec.can(operation))
            .map(|(index, name, _)| (index, name.clone()))
            .collect()
    }

    /// The paths below a name, three steps deep.
    fn know(&mut self, path: &str, ty: &Type, depth: usize) {
        self.known.push(Known { path: path.to_owned(), ty: ty.clone() });
        match &ty.kind {
            Kind::Record(record) if depth < 3 => {
                for (name, field) in &record.fields {
                    let ty = Type { kind: field.ty.kind.clone(), optional: field.ty.optional || ty.optional };
                    self.know(&format!("{path}.{name}"), &ty, depth + 1);
                }
            }
            Kind::List(item) if depth < 3 => {
                let (kind, at) = (item.kind.clone(), self.random.below(3));
                self.known.push(Known { path: format!("{path}[{at}]"), ty: Type { kind, optional: true } });
                if let Kind::Record(record) = &item.kind {
                    for (name, field) in &record.fields {
                        let list = Type { optional: ty.optional, ..Type::list(field.ty.clone().settled()) };
                        let path = format!("{path}[*].{name}");
                        self.known.push(Known { path, ty: list });
                    }
                }
            }
            _ => {}
        }
    }

    fn clause(&mut self, indent: &str) -> String {
        match self.random.below(15) {
            0 => {
                let condition = self.boolean(2);
                format!("{indent}where {condition} or {}\n", self.mostly_true())
            }
            1 | 2 => self.require(indent),
            3 if !self.lookups.is_empty() => self.let_lookup(indent),
            4..=6 => self.let_optional(indent),
            7 | 8 if !self.flows.is_empty() => self.let_linked(indent),
            9 | 10 => self.let_call(indent),
            11 => self.let_choice(indent),
            _ => {
                let name = self.name("v");
                let (text, ty) = self.anything();
                self.know(&name, &ty, 1);
                format!("{indent}let {name} = {text}\n")
            }
        }
    }

    fn mostly_true(&mut self) -> &'static str {
        if self.random.percent(80) { "true" } else { "1 > 2" }
    }

    fn require(&mut self, indent: &str) -> String {
        let texts: Vec<usize> = self.places(|ty| ty.is_text() && !ty.optional);
        if !texts.is_empty() && self.random.percent(50) {
            // What is required to be short is then known to be.
            let at = *self.random.pick(&texts);
            let most = *self.random.pick(&[4_u32, 8, 20, 40]);
            let outcome = self.outcome();
            let known = &mut self.known[at];
            let path = known.path.clone();
            if let Kind::Text { max } = &mut known.ty.kind {
                *max = Some(max.map_or(most, |max| max.min(most)));
            }
            return format!("{indent}require length({path}) <= {most} else {outcome}\n");
        }
        let condition = self.boolean(2);
        let outcome = self.outcome();
        format!("{indent}require {condition} or {} else {outcome}\n", self.mostly_true())
    }

    fn let_optional(&mut self, indent: &str) -> String {
        let places = self.places(|ty| ty.optional && !matches!(ty.kind, Kind::Unknown));
        if places.is_empty() {
            return String::new();
        }
        let known = self.known[*self.random.pick(&places)].clone();
        let name = self.name("v");
        let outcome = self.outcome();
        self.know(&name, &known.ty.clone().settled(), 1);
        format!("{indent}let {name} = {} else {outcome}\n", known.path)
    }

    /// A settled instant, where there is none yet.
    fn let_instant(&mut self, indent: &str) -> String {
        let instants = self.places(|ty| matches!(ty.kind, Kind::DateTime));
        if instants.is_empty() || instants.iter().any(|at| !self.known[*at].ty.optional) {
            return String::new();
        }
        let known = self.known[*self.random.pick(&instants)].clone();
        let (name, outcome) = (self.name("v"), self.outcome());
        self.know(&name, &known.ty.settled(), 1);
        format!("{indent}let {name} = {} else {outcome}\n", known.path)
    }

    fn let_lookup(&mut self, indent: &str) -> String {
        let table = self.random.pick(&self.lookups.clone()).clone();
        let name = self.name("v");
        let arguments: Vec<String> = (0..table.inputs).map(|_| self.text(None, 1)).collect();
        let otherwise = match table.missing {
            true => String::new(),
            false => format!(" else {}", self.outcome()),
        };
        let on = match table.dated {
            true => format!(" on ({})", self.date(1)),
            false => String::new(),
        };
        // Of a resource's fields some can be absent: the generator says so of all of them.
        let optional = table.outputs[0] != "out0";
        for output in &table.outputs {
            let ty = Type { optional, ..Type::text() };
            self.known.push(Known { path: format!("{name}.{output}"), ty });
        }
        format!("{indent}let {name} = {}({}){on}{otherwise}\n", table.name, arguments.join(", "))
    }

    /// The source record of a flow above, by the number of what it wrote.
    fn let_linked(&mut self, indent: &str) -> String {
        let above = self.random.pick(&self.flows.clone()).clone();
        let number = match above.identity {
            Kind::Integer => self.integer(1),
            _ => self.text_of_any_length(1),
        };
        let name = self.name("v");
        let outcome = self.outcome();
        self.know(&name, &above.source, 1);
        format!("{indent}let {name} = linked({}, {number}) else {outcome}\n", above.name)
    }

    /// A value of whatever kind that a function of the language gives.
    fn let_call(&mut self, indent: &str) -> String {
        let Some((text, ty)) = (0..4).find_map(|_| self.call(1)) else { return String::new() };
        let name = self.name("v");
        self.know(&name, &ty, 1);
        format!("{indent}let {name} = {text}\n")
    }

    /// Lines that are made before the map, to be mapped as they are and to be added up.
    fn let_lines(&mut self, fields: &IndexMap<String, FieldSpec>, indent: &str) -> String {
        let name = self.name("v");
        let text = self.each(fields, indent);
        let item = mlc::value::RecordType {
            name: "line".into(),
            fields: fields
                .iter()
                .filter(|(_, spec)| spec.required && !spec.read_only)
                .map(|(name, spec)| {
                    let ty = Type::new(kind_of(spec));
                    (name.as_str().into(), mlc::value::FieldType { ty, doc: "".into(), values: vec![], closed: false })
                })
                .collect(),
        };
        if text.starts_with("each") {
            self.know(&name, &Type::list(Type::new(Kind::Record(Arc::new(item)))), 1);
        }
        format!("{indent}let {name} = {text}\n")
    }

    fn map(&mut self, fields: &IndexMap<String, FieldSpec>, whole: &ResourceSpec, indent: &str) -> String {
        let key: Vec<&String> = whole.natural_keys.first().into_iter().flatten().collect();
        let mut text = String::new();
        for (name, spec) in fields {
            let writable = !spec.read_only && spec.derive.is_empty();
            let wanted = spec.required || key.contains(&name) || self.random.percent(40);
            if (!writable || !wanted) != self.slips() {
                continue;
            }
            if self.random.percent(10) {
                let entry = self.let_optional(indent);
                text.push_str(&entry);
            }
            if spec.ty == SpecType::Datetime && spec.required {
                let entry = self.let_instant(indent);
                text.push_str(&entry);
            }
            let value = self.for_field(spec, key.contains(&name), indent);
            if value.is_empty() {
                continue;
            }
            text.push_str(&format!("{indent}{name} = {value}\n"));
            let kind = kind_of(spec);
            if is_plain(&kind) && (spec.required || key.contains(&name)) {
                self.known.push(Known { path: name.clone(), ty: Type::new(kind) });
            }
            if value.starts_with("each") && !value.contains("}\n") && !value.contains("} +") {
                let numbers = spec.fields.iter().filter(|(_, field)| field.required && field.ty == SpecType::Decimal);
                for (number, _) in numbers {
                    let path = format!("{name}.{number}");
                    self.known.push(Known { path, ty: Type::list(Type::new(Kind::Decimal)) });
                }
            }
        }
        text
    }

    /// A list of records: lines that were made above, one `each`, or several lists together.
    fn lines(&mut self, spec: &FieldSpec, indent: &str) -> String {
        let fields = &spec.fields;
        let made = self.places(|ty| match &ty.kind {
            Kind::List(item) => match &item.kind {
                Kind::Record(record) => &*record.name == "line" && !ty.optional && fits_lines(record, fields),
                _ => false,
            },
            _ => false,
        });
        if !made.is_empty() && self.random.percent(70) {
            return self.known[*self.random.pick(&made)].path.clone();
        }
        let first = self.each(fields, indent);
        if first == "[]" || self.random.percent(60) {
            return first;
        }
        let second = match self.random.below(3) {
            0 => self.each(fields, indent),
            1 => format!("[{}]", self.record_of(fields, indent)),
            _ => format!("(if {} then [{}] else [])", self.boolean(1), self.record_of(fields, indent)),
        };
        format!("{first} + {second}")
    }

    /// A record that is written out, with a `let` in it now and then.
    fn record_of(&mut self, fields: &IndexMap<String, FieldSpec>, indent: &str) -> String {
        let mark = self.known.len();
        let inner = format!("{indent}  ");
        let mut body = String::new();
        if self.random.percent(25) {
            let name = self.name("v");
            let value = self.decimal(1);
            body.push_str(&format!("{inner}let {name} = {value}\n"));
            self.known.push(Known { path: name, ty: Type::new(Kind::Decimal) });
        }
        for (name, spec) in fields {
            if (spec.required || self.random.percent(50)) != self.slips() {
                let value = self.for_field(spec, false, &inner);
                body.push_str(&format!("{inner}{name} = {value}\n"));
            }
        }
        self.known.truncate(mark);
        format!("{{\n{body}{indent}}}")
    }

    fn for_field(&mut self, spec: &FieldSpec, key: bool, indent: &str) -> String {
        if self.slips() {
            return self.anything().0;
        }
        if spec.closed && !spec.values.is_empty() {
            return match self.random.percent(70) {
                true => format!("\"{}\"", self.random.pick(&spec.values)),
                false => self.of_known_values(spec),
            };
        }
        // What need not be there may be absent.
        let optional = self.places(|ty| ty.optional && fits(&ty.kind, spec));
        if !spec.required && !key && !optional.is_empty() && self.random.percent(25) {
            return self.known[*self.random.pick(&optional)].path.clone();
        }
        match spec.ty {
            SpecType::Text if key => {
                let most = spec.max.unwrap_or(40);
                format!("{} | shorten({})", self.text(None, 2), most.max(12).min(spec.max.unwrap_or(40)))
                    .replace("shorten(8)", "fits(8) ?? \"S100\"")
                    .replace("shorten(10)", "fits(10) ?? \"S100\"")
            }
            SpecType::Text => self.text(spec.max, 3),
            SpecType::Integer => self.integer(3),
            SpecType::Decimal => self.decimal(3),
            SpecType::Boolean => self.boolean(3),
            SpecType::Date => self.date(2),
            SpecType::Datetime => self.instant(),
            SpecType::List if spec.fields.is_empty() => self.list(spec.item.unwrap_or(SpecType::Text), 2),
            SpecType::List => self.lines(spec, indent),
            SpecType::Record => self.whole_record(spec),
        }
    }

    /// A field that is known to take only values that the target takes too, as far as anybody knows.
    fn of_known_values(&mut self, spec: &FieldSpec) -> String {
        let same = |known: &Known| known.path.ends_with(".kind") && spec.values.contains(&"red".to_owned());
        let known = self.known.iter().find(|known| same(known)).map(|known| known.path.clone());
        known.map_or_else(|| format!("\"{}\"", spec.values[0]), |path| format!("{path} ?? \"{}\"", spec.values[0]))
    }

    /// A record that has all fields of the target's, or nothing.
    fn whole_record(&mut self, spec: &FieldSpec) -> String {
        let records = self.places(|ty| match &ty.kind {
            Kind::Record(record) => record.fields.keys().all(|name| spec.fields.contains_key(&**name)),
            _ => false,
        });
        if records.is_empty() || self.random.percent(60) {
            return self.record_of(&spec.fields, "      ");
        }
        self.known[*self.random.pick(&records)].path.clone()
    }

    fn each(&mut self, fields: &IndexMap<String, FieldSpec>, indent: &str) -> String {
        let lists = self.places(|ty| matches!(&ty.kind, Kind::List(item) if matches!(item.kind, Kind::Record(_))));
        if lists.is_empty() {
            return "[]".to_owned();
        }
        let mut list = self.known[*self.random.pick(&lists)].clone();
        if let Some((text, ty)) = self.grouped(&list).filter(|_| self.random.percent(15)) {
            list = Known { path: text, ty };
        }
        let Kind::List(item) = &list.ty.kind else { return "[]".to_owned() };
        let alias = self.name("item");
        let mark = self.known.len();
        self.know(&alias, item, 1);
        let filter = if self.random.percent(30) { format!(" where {}", self.boolean(1)) } else { String::new() };
        // What a call gives has no path.
        let cut = if list.path.ends_with(')') { String::new() } else { self.segments(item) };
        let path = match list.ty.optional {
            true => format!("({}{cut} ?? [])", list.path),
            false => format!("{}{cut}", list.path),
        };
        let inner = format!("{indent}  ");
        let mut body = String::new();
        for _ in 0..self.random.below(3) {
            let clause = match self.random.percent(40) && !self.lookups.is_empty() {
                true => self.let_lookup(&inner),
                false => self.let_optional(&inner),
            };
            body.push_str(&clause);
        }
        for (name, spec) in fields {
            if (spec.required || self.random.percent(50)) != self.slips() {
                let value = self.for_field(spec, false, &inner);
                body.push_str(&format!("{inner}{name} = {value}\n"));
            }
        }
        self.known.truncate(mark);
        format!("each {path} as {alias}{filter} {{\n{body}{indent}}}")
    }

    // ------------------------------------------------------------ expressions

    fn places(&self, wanted: impl Fn(&Type) -> bool) -> Vec<usize> {
        let all = self.known.iter().enumerate();
        all.filter(|(_, known)| wanted(&known.ty)).map(|(index, _)| index).collect()
    }

    /// A settled value of a kind: a path, or one that may be absent with a default.
    fn path(&mut self, wanted: impl Fn(&Kind) -> bool, default: &str) -> String {
        let places = self.places(|ty| wanted(&ty.kind));
        if places.is_empty() {
            return default.to_owned();
        }
        let known = self.known[*self.random.pick(&places)].clone();
        if !known.ty.optional || self.slips() { known.path } else { format!("({} ?? {default})", known.path) }
    }

    fn anything(&mut self) -> (String, Type) {
        match self.random.below(10) {
            7 => self.own_call(1).unwrap_or_else(|| ("7".to_owned(), Type::new(Kind::Integer))),
            8 => self.call(1).unwrap_or_else(|| ("7".to_owned(), Type::new(Kind::Integer))),
            0 => (self.integer(2), Type::new(Kind::Integer)),
            1 => (self.decimal(2), Type::new(Kind::Decimal)),
            2 => (self.boolean(2), Type::new(Kind::Boolean)),
            3 => (self.date(2), Type::new(Kind::Date)),
            4 => (self.list(SpecType::Text, 2), Type::list(Type::text())),
            _ => {
                let most = *self.random.pick(&[None, Some(8), Some(40)]);
                (self.text(most, 3), Type::new(Kind::Text { max: most }))
            }
        }
    }

    /// A text, of at most so many characters.
    fn text(&mut self, most: Option<u32>, depth: usize) -> String {
        if self.slips() {
            return self.text_of_any_length(depth);
        }
        let Some(most) = most else { return self.text_of_any_length(depth) };
        let short = self.places(|ty| matches!(ty.kind, Kind::Text { max: Some(max) } if max <= most) && !ty.optional);
        match self.random.below(7) {
            6 if depth > 0 => self.choice(1, &mut |writer| writer.text(Some(most), depth - 1)),
            0 if !short.is_empty() => self.known[*self.random.pick(&short)].path.clone(),
            1 => format!("\"{}\"", "x".repeat(self.random.below(most.min(6) as usize + 1))),
            2 if most >= 12 => format!("{} | shorten({most})", self.text_of_any_length(depth)),
            3 => format!("({} | fits({most})) ?? \"-\"", self.text_of_any_length(depth)),
            4 if most >= 31 => format!("text({})", self.decimal(depth.saturating_sub(1))),
            5 => format!("upper({} | take({most}))", self.text_of_any_length(depth)),
            _ => format!("{} | take({most})", self.text_of_any_length(depth)),
        }
    }

    fn text_of_any_length(&mut self, depth: usize) -> String {
        let is_text = |kind: &Kind| matches!(kind, Kind::Text { .. });
        if depth == 0 {
            return self.path(is_text, "\"none\"");
        }
        let inner = depth - 1;
        match self.random.below(18) {
            14 => self.choice(inner, &mut |writer| writer.text_of_any_length(inner)),
            15 => format!("hash({})", self.text_of_any_length(inner)),
            16 => format!("format_date({}, 'MM/DD/YYYY')", self.date(inner)),
            17 => format!("(before({}, '-') ?? \"none\")", self.text_of_any_length(inner)),
            0 => format!("lower({})", self.text_of_any_length(inner)),
            1 => format!("upper({})", self.text_of_any_length(inner)),
            2 => format!("trim({})", self.text_of_any_length(inner)),
            3 => format!("normalize({})", self.text_of_any_length(inner)),
            4 => format!(
                "replace({}, \"a\", \"{}\")",
                self.text_of_any_length(inner),
                self.random.pick(&["", "b", "ccc"])
            ),
            5 => format!("join({}, '{}')", self.list(SpecType::Text, inner), self.random.pick(&["", ", "])),
            6 => format!("money({})", self.decimal(inner)),
            7 => format!("text({})", self.date(inner)),
            8 => format!("text({})", self.integer(inner)),
            9 => format!("(first({}) ?? \"none\")", self.list(SpecType::Text, inner)),
            10 | 11 => self.template(),
            _ => self.path(is_text, "\"none\""),
        }
    }

    fn template(&mut self) -> String {
        let mut text = String::from("\"");
        for _ in 0..1 + self.random.below(3) {
            text.push_str(self.random.pick::<&str>(&["", "-", " ", "ß", "no. "]));
            let texts = |ty: &Type| matches!(&ty.kind, Kind::List(item) if matches!(item.kind, Kind::Text { .. }));
            let places = self.places(|ty| is_plain(&ty.kind) || texts(ty));
            if places.is_empty() {
                continue;
            }
            let known = self.known[*self.random.pick(&places)].clone();
            let filter = match &known.ty.kind {
                Kind::Text { .. } => *self.random.pick(&[
                    "",
                    " | upper",
                    " | take(5)",
                    " | shorten(12)",
                    " | trim | lower",
                    " | normalize",
                    " | replace('a', 'ß')",
                    " | length",
                ]),
                Kind::Decimal => *self.random.pick(&["", " | money", " | round(2)", " | round(0) | money"]),
                Kind::List(_) => *self.random.pick(&[" | join(', ')", " | length"]),
                _ => "",
            };
            let default = if known.ty.optional && !self.slips() { " | default('none')" } else { "" };
            text.push_str(&format!("{{{{ {}{filter}{default} }}}}", known.path));
        }
        text.push('"');
        text
    }

    fn integer(&mut self, depth: usize) -> String {
        let is_integer = |kind: &Kind| matches!(kind, Kind::Integer);
        if depth == 0 || self.random.percent(35) {
            let number = self.random.below(100);
            return if self.random.percent(40) { number.to_string() } else { self.path(is_integer, "7") };
        }
        let inner = depth - 1;
        match self.random.below(10) {
            7 => self.choice(inner, &mut |writer| writer.integer(inner)),
            8 => format!("({} - {})", self.date(inner), self.date(inner)),
            9 => format!("{}({})", self.random.pick(&["year", "month", "day"]), self.date(inner)),
            0 => format!("length({})", self.text_of_any_length(inner)),
            1 => format!("count({})", self.list(SpecType::Text, inner)),
            2 => format!("sum({})", self.list(SpecType::Integer, inner)),
            3 => format!("abs({})", self.integer(inner)),
            4 => format!("(max({}) ?? 0)", self.list(SpecType::Integer, inner)),
            5 => format!("-({})", self.integer(inner)),
            _ => format!("({} {} {})", self.integer(inner), self.random.pick(&["+", "-", "*"]), self.integer(inner)),
        }
    }

    fn decimal(&mut self, depth: usize) -> String {
        let is_number = |kind: &Kind| matches!(kind, Kind::Integer | Kind::Decimal);
        if depth == 0 || self.random.percent(45) {
            return if self.random.percent(20) { "12.50".to_owned() } else { self.path(is_number, "0.00") };
        }
        let inner = depth - 1;
        match self.random.below(10) {
            8 => self.choice(inner, &mut |writer| writer.decimal(inner)),
            9 => format!("(decimal({}) ?? 0)", self.text_of_any_length(inner)),
            0 => format!("round({}, {})", self.decimal(inner), self.random.below(5)),
            1 => format!("sum({})", self.list(SpecType::Decimal, inner)),
            2 => format!("abs({})", self.decimal(inner)),
            3 => format!("(min({}) ?? 0)", self.list(SpecType::Decimal, inner)),
            4 => format!("(last({}) ?? 1)", self.list(SpecType::Decimal, inner)),
            5 => format!("({} / {})", self.decimal(inner), self.random.pick(&["2", "100", "0.3", "-7"])),
            6 => format!("({} / {})", self.decimal(inner), self.decimal(inner)),
            _ => format!("({} {} {})", self.decimal(inner), self.random.pick(&["+", "-", "*"]), self.decimal(inner)),
        }
    }

    fn boolean(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.path(|kind| matches!(kind, Kind::Boolean), "true");
        }
        let inner = depth - 1;
        let compare = ["==", "!=", "<", "<=", ">", ">="];
        match self.random.below(13) {
            11 => self.choice(inner, &mut |writer| writer.boolean(inner)),
            12 if self.has_instant() => {
                let (left, right) = (self.instant(), self.instant());
                format!("({left} {} 36h {} {right})", self.random.pick(&["+", "-"]), self.random.pick(&compare))
            }
            0 => format!("not ({})", self.boolean(inner)),
            1 => format!("({} and {})", self.boolean(inner), self.boolean(inner)),
            2 => format!("({} or {})", self.boolean(inner), self.boolean(inner)),
            3 => format!("({} {} {})", self.decimal(inner), self.random.pick(&compare), self.decimal(inner)),
            4 => format!("({} {} {})", self.date(inner), self.random.pick(&compare), self.date(inner)),
            5 => format!(
                "({} {} {})",
                self.text_of_any_length(inner),
                self.random.pick(&compare[..2]),
                self.text_of_any_length(inner)
            ),
            6 => format!("({} in {})", self.text_of_any_length(inner), self.list(SpecType::Text, inner)),
            7 => format!("({} not in [1, 2, 3])", self.integer(inner)),
            8 => {
                let function = *self.random.pick(&["contains", "starts_with", "ends_with"]);
                format!("{function}({}, {})", self.text_of_any_length(inner), self.text_of_any_length(inner))
            }
            _ => self.path(|kind| matches!(kind, Kind::Boolean), "false"),
        }
    }

    fn date(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.path(|kind| matches!(kind, Kind::Date), "2026-01-01");
        }
        let inner = depth - 1;
        match self.random.below(11) {
            0 => "2026-10-31".to_owned(),
            1 if self.has_instant() => format!("date({})", self.instant()),
            2 => format!("({} {} {}d)", self.date(inner), self.random.pick(&["+", "-"]), self.random.below(4_000)),
            3 => format!("end_of_month({})", self.date(inner)),
            4 => format!("start_of_month({})", self.date(inner)),
            5 => format!("add_days({}, {})", self.date(inner), self.integer(inner)),
            6 => format!("add_months({}, {})", self.date(inner), self.integer(inner)),
            7 => format!("(parse_date({}, 'YYYY-MM-DD') ?? 2026-01-01)", self.text_of_any_length(inner)),
            8 => self.choice(inner, &mut |writer| writer.date(inner)),
            _ => self.path(|kind| matches!(kind, Kind::Date), "2026-01-01"),
        }
    }

    fn has_instant(&self) -> bool {
        !self.places(|ty| matches!(ty.kind, Kind::DateTime) && !ty.optional).is_empty()
    }

    /// There is no way to write an instant: without a field that always has one, this slips.
    fn instant(&mut self) -> String {
        let places = self.places(|ty| matches!(ty.kind, Kind::DateTime) && !ty.optional);
        match places.is_empty() {
            true => "rec.updated_at".to_owned(),
            false => self.known[*self.random.pick(&places)].path.clone(),
        }
    }

    fn list(&mut self, item: SpecType, depth: usize) -> String {
        let fits_item = |kind: &Kind| match (item, kind) {
            (SpecType::Text, Kind::Text { .. }) | (SpecType::Integer, Kind::Integer) => true,
            (SpecType::Decimal, kind) => matches!(kind, Kind::Integer | Kind::Decimal),
            _ => false,
        };
        let paths = self.places(|ty| matches!(&ty.kind, Kind::List(of) if fits_item(&of.kind)));
        if !paths.is_empty() && self.random.percent(60) {
            let known = self.known[*self.random.pick(&paths)].clone();
            return if known.ty.optional { format!("({} ?? [])", known.path) } else { known.path };
        }
        let inner = depth.saturating_sub(1);
        if depth > 0 && self.random.percent(40) {
            match (item, self.random.below(3)) {
                (SpecType::Text, 0) => return format!("split({}, '-')", self.text_of_any_length(inner)),
                (SpecType::Decimal, 0) => {
                    return format!("allocate({}, {})", self.decimal(inner), self.list(SpecType::Decimal, inner));
                }
                (_, 1) => return format!("sort({})", self.list(item, inner)),
                (_, 2) => return format!("distinct({})", self.list(item, inner)),
                _ => {}
            }
        }
        let items: Vec<String> = (0..1 + self.random.below(3))
            .map(|_| match item {
                SpecType::Integer => self.integer(depth.saturating_sub(1)),
                SpecType::Decimal => self.decimal(depth.saturating_sub(1)),
                _ => self.text_of_any_length(depth.saturating_sub(1)),
            })
            .collect();
        format!("[{}]", items.join(", "))
    }
}

fn needs_instant(spec: &ResourceSpec) -> bool {
    spec.fields.values().any(|field| field.required && field.ty == SpecType::Datetime)
}

fn is_plain(kind: &Kind) -> bool {
    !matches!(kind, Kind::List(_) | Kind::Record(_) | Kind::Unknown)
}

/// Whether records of lines that were made above can stand where these fields are wanted.
fn fits_lines(record: &mlc::value::RecordType, fields: &IndexMap<String, FieldSpec>) -> bool {
    let writable = |spec: &&FieldSpec| spec.required && !spec.read_only;
    record.fields.len() == fields.values().filter(writable).count()
        && record.fields.keys().all(|name| fields.get(&**name).is_some_and(|spec| spec.required))
}

fn kind_of(spec: &FieldSpec) -> Kind {
    match spec.ty {
        SpecType::Text => Kind::Text { max: spec.max },
        SpecType::Integer => Kind::Integer,
        SpecType::Decimal => Kind::Decimal,
        SpecType::Boolean => Kind::Boolean,
        SpecType::Date => Kind::Date,
        SpecType::Datetime => Kind::DateTime,
        SpecType::List | SpecType::Record => Kind::Record(Arc::default()),
    }
}

/// Whether a value of the kind may stand in the field as it is.
fn fits(kind: &Kind, spec: &FieldSpec) -> bool {
    match (kind, spec.ty) {
        (Kind::Text { max }, SpecType::Text) => spec.max.is_none_or(|most| max.is_some_and(|max| max <= most)),
        (Kind::Integer, SpecType::Integer | SpecType::Decimal) | (Kind::Decimal, SpecType::Decimal) => true,
        (Kind::Boolean, SpecType::Boolean) | (Kind::Date, SpecType::Date) | (Kind::DateTime, SpecType::Datetime) => {
            true
        }
        _ => false,
    }
}
