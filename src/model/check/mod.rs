//! The checker: syntax trees to a [`Model`], or what is wrong with them.
//!
//! Takes the syntax tree, the texts, the files that the pipeline names and the drivers'
//! catalogues; hands on a model and diagnostics, sorted by position. One pass finds many
//! mistakes and never the consequences of one: what could not be typed is of unknown type,
//! and nothing is said about that. Invariant: a model is handed on only if there is no error.

mod binary;
mod bring;
mod call;
mod carrier;
mod choose;
mod connect;
mod csv_rows;
mod dated;
mod declare;
mod each;
mod expect;
mod expr;
mod extend;
mod filter;
mod filter_types;
mod fit;
mod fixed;
mod fixture;
mod fixture_file;
mod flow;
mod join;
mod links;
mod lints;
mod lookup;
mod lookup_filter;
mod lost;
mod marks;
mod matching;
mod narrow;
mod notify;
mod observed;
mod operands;
mod path;
mod per;
mod pipeline;
mod query;
mod record;
mod resource;
mod rows;
mod rules;
mod schedule;
mod scope;
mod settings;
#[cfg_attr(not(feature = "xlsx"), allow(dead_code, reason = "only a workbook makes sheets"))]
mod sheet;
mod sum;
mod target;
mod template;
mod test_item;
mod type_name;
mod untyped;
#[cfg(feature = "xlsx")]
mod workbook;
mod xlsx_rows;

use super::observe::Observer;
use super::{Files, Flow, Lookup, Model, Override, UserFunction};
use crate::connector::Driver;
use crate::diag::{Diagnostic, SourceId, Sources, Span, codes};
use crate::syntax as ast;
use crate::value::{RecordType, Type};
use connect::Bound;
use declare::Declarations;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What checking found.
pub struct Checked {
    /// `None` if there is any error.
    pub model: Option<Model>,
    /// Errors and warnings, by position.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks a file, and those that it brings in. They and the CSV files that lookups read are added to `sources`, so that spans can
/// point into them.
pub fn check(file: &ast::File, sources: &mut Sources, files: &dyn Files, drivers: &[Driver]) -> Checked {
    check_with(file, sources, files, drivers, &[])
}

/// Checks a file whose variables are set from outside.
pub fn check_with(
    file: &ast::File,
    sources: &mut Sources,
    files: &dyn Files,
    drivers: &[Driver],
    overrides: &[Override],
) -> Checked {
    check_observed(file, sources, files, drivers, overrides, None)
}

/// As [`check_with`], and tells an observer what the names of the file mean.
pub fn check_observed<'a>(
    file: &ast::File,
    sources: &'a mut Sources,
    files: &'a dyn Files,
    drivers: &'a [Driver],
    overrides: &'a [Override],
    observer: Option<&'a mut dyn Observer>,
) -> Checked {
    let mut checker = Checker {
        sources,
        files,
        drivers,
        found: Vec::new(),
        connections: Vec::new(),
        lookups: Vec::new(),
        overrides,
        declared: Declarations::default(),
        made: Vec::new(),
        asked: BTreeSet::new(),
        asked_by: HashMap::new(),
        filters: Vec::new(),
        expecting: false,
        observer,
        lost: Vec::new(),
        lost_in: HashMap::new(),
        folders: HashMap::new(),
        extended: Vec::new(),
        left_out: Vec::new(),
        linkable: Vec::new(),
        link_uses: Vec::new(),
        marks: Vec::new(),
        flow: None,
    };
    let file = checker.bring_in(file);
    let file = checker.extend_flows(file);
    checker.lost.clone_from(&file.lost);
    let model = checker.file(&file);
    if !checker.found.iter().any(Diagnostic::is_error) && !lost::anywhere(&file) {
        checker.untyped(&model);
    }
    extend::point_back(&mut checker.found, &checker.extended);
    let diagnostics = in_order(checker.found);
    let wrong = diagnostics.iter().any(Diagnostic::is_error);
    Checked { model: (!wrong).then_some(model), diagnostics }
}

/// What the file declares, as far as it is known, and what was found.
struct Checker<'a> {
    sources: &'a mut Sources,
    files: &'a dyn Files,
    drivers: &'a [Driver],
    found: Vec<Diagnostic>,
    connections: Vec<Bound>,
    lookups: Vec<Signature>,
    overrides: &'a [Override],
    declared: Declarations,
    /// Functions and `let`s of the file that are checked, in that order.
    made: Vec<UserFunction>,
    /// Items that could not be read.
    lost: Vec<ast::Lost>,
    /// Entries of an `each` that could not be read, by its place.
    lost_in: HashMap<Span, Vec<ast::Lost>>,
    /// The lookups that were asked in what is being checked, and `linked`.
    asked: BTreeSet<Arc<str>>,
    /// Those that each flow asks.
    asked_by: HashMap<Arc<str>, BTreeSet<Arc<str>>>,
    /// Filters of lookups that are still to be checked, once all names of the file are known.
    filters: Vec<lookup_filter::Waiting>,
    /// Inside an `expect`, where an absent value simply is not what was expected.
    expecting: bool,
    observer: Option<&'a mut dyn Observer>,
    /// Folders of the files that were brought in, as seen from the pipeline file's.
    folders: HashMap<SourceId, String>,
    extended: Vec<extend::Extended>,
    /// Flows that a `use` leaves out.
    left_out: Vec<ast::Name>,
    linkable: Vec<links::Linkable>,
    link_uses: Vec<links::LinkUse>,
    /// What is marked so far.
    marks: Vec<marks::Marked>,
    /// The flow that is being checked.
    flow: Option<Arc<str>>,
}

/// What a call of a lookup needs to know of it.
struct Signature {
    name: Arc<str>,
    inputs: Vec<(Arc<str>, Type)>,
    /// What a call yields; `None` if two lookups have the name.
    record: Option<Arc<RecordType>>,
    /// A record without a fitting row leaves the flow.
    missing: bool,
    /// Its rows hold for some days; a call says for which day it asks. `None` if that is
    /// not clear.
    dated: Option<bool>,
    span: Span,
    used: bool,
}

impl Checker<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// The text under a span, for hints that repeat it.
    fn text(&self, span: Span) -> String {
        self.sources.slice(span).to_owned()
    }

    fn file(&mut self, file: &ast::File) -> Model {
        self.vars(file, true);
        let header = self.pipeline(file);
        let notify = self.one_notify(file);
        self.connects(file);
        self.vars(file, false);
        let mut lookups = self.all_lookups(file);
        self.declare(file);
        self.lookup_filters(&mut lookups);
        let flows = self.flows(file);
        self.read_declared();
        let notices = notify.map(|notify| self.notices(notify));
        let tests = self.tests(file, &flows, &lookups);
        if !lost::anywhere(file) {
            self.unused(file);
        }
        Model {
            name: header.name,
            timezone: header.timezone,
            currency: header.currency,
            cutover: header.cutover,
            connections: std::mem::take(&mut self.connections)
                .into_iter()
                .filter_map(|bound| bound.connection)
                .collect(),
            lookups,
            functions: std::mem::take(&mut self.made),
            flows,
            tests,
            notices,
        }
    }

    fn all_lookups(&mut self, file: &ast::File) -> Vec<Lookup> {
        let mut lookups = Vec::new();
        for item in &file.items {
            if let ast::Item::Lookup(lookup) = item {
                lookups.push(self.lookup(lookup));
            }
        }
        lookups
    }

    fn flows(&mut self, file: &ast::File) -> Vec<Flow> {
        let mut names: HashMap<Arc<str>, Span> = HashMap::new();
        let mut flows = Vec::new();
        self.learn_flows(file);
        for item in &file.items {
            let ast::Item::Flow(flow) = item else { continue };
            match names.get(&flow.name.text) {
                Some(first) => self.taken(&flow.name, "flow", *first),
                None => drop(names.insert(flow.name.text.clone(), flow.name.span)),
            }
            self.flow = Some(flow.name.text.clone());
            self.asked.clear();
            flows.extend(self.flow(flow));
            self.asked_by.insert(flow.name.text.clone(), std::mem::take(&mut self.asked));
            self.flow = None;
        }
        self.in_link_order(flows)
    }

    /// Says that `name` already means something else.
    fn taken(&mut self, name: &ast::Name, what: &str, first: Span) {
        // What the pipeline file declares stands in place of what it brings in, flows apart.
        let hint = match (name.span.source == first.source, what) {
            (true, _) => "give one of the two another name".to_owned(),
            (false, "flow") => format!("leave one of the two out: `use \"…\" without {}`", name.text),
            (false, _) => {
                format!("declare `{}` in the pipeline file itself: it then stands in place of both", name.text)
            }
        };
        self.report(
            Diagnostic::error(
                &codes::NAME_TAKEN,
                name.span,
                format!("the name `{}` already means a {what}", name.text),
            )
            .label("used a second time")
            .related(first, "first used here")
            .hint(hint),
        );
    }
}

/// By position, each finding once.
fn in_order(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by(|a, b| (a.label.span, a.severity, a.code.id).cmp(&(b.label.span, b.severity, b.code.id)));
    found.dedup();
    found
}

/// `a`, `a or b`, `a, b or c`, each in backticks; at most `most` of them.
fn listed<'a>(names: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown: Vec<String> = names.iter().take(most).map(|name| format!("`{name}`")).collect();
    if names.len() > most {
        return format!("{} and {} more", shown.join(", "), names.len() - most);
    }
    match shown.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests;
