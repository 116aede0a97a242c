//! `use`: one file out of several, before anything is checked.
//!
//! Takes the pipeline file's tree and hands on one with the items of all files that it
//! brings in, each once, in place of the `use`. A used file's `pipeline` and `notify` blocks
//! and its tests do not count, nor its flows that the `use` leaves out, nor what the file that uses it
//! declares itself under the same name: connections, lookups, variables, `let`s and
//! functions. So a standard file can be run alone, and still be brought in.

use super::Checker;
use crate::diag::{Diagnostic, SourceId, Span, codes};
use crate::syntax::{self as ast, Item, Use, parse};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Files that may stand in a row, one using the other.
const DEEPEST: usize = 32;

/// What a file can declare in place of one that it uses.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Sort {
    Connection,
    Lookup,
    Function,
    /// A variable or `let`.
    Value,
    /// Only left out, never declared in place of another: `extend` says what differs.
    Flow,
}

type Named = (Sort, Arc<str>);

fn declared(item: &Item) -> Vec<Named> {
    match item {
        Item::Connect(connect) => vec![(Sort::Connection, connect.name.text.clone())],
        Item::Lookup(lookup) => vec![(Sort::Lookup, lookup.name.text.clone())],
        Item::Function(function) => vec![(Sort::Function, function.name.text.clone())],
        Item::Constant(constant) => vec![(Sort::Value, constant.name.text.clone())],
        Item::Vars(vars) => vars.entries.iter().map(|var| (Sort::Value, var.name.text.clone())).collect(),
        Item::Pipeline(_) | Item::Flow(_) | Item::Test(_) | Item::Use(_) | Item::Extend(_) | Item::Notify(_) => {
            Vec::new()
        }
    }
}

/// What was brought in so far.
struct Brought {
    /// The files on the way from the pipeline file to the one in hand, as the pipeline file would name them.
    way: Vec<String>,
    /// All files that were read.
    read: HashSet<String>,
    file: ast::File,
}

impl Checker<'_> {
    /// The file with all that it uses.
    pub(super) fn bring_in(&mut self, file: &ast::File) -> ast::File {
        let root = self.sources.get(SourceId(0)).and_then(|source| source.path.file_name());
        let root = root.map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut brought = Brought { read: HashSet::from([root.clone()]), way: vec![root], file: ast::File::default() };
        self.take(file, &HashSet::new(), &mut brought);
        let Brought { file: mut all, .. } = brought;
        all.comments.clone_from(&file.comments);
        all
    }

    /// Takes the items of one file. `above` is what files above it declare or leave out.
    fn take(&mut self, file: &ast::File, above: &HashSet<Named>, brought: &mut Brought) {
        let is_root = brought.way.len() == 1;
        let mut used: HashMap<String, Span> = HashMap::new();
        let mut all = above.clone();
        all.extend(file.items.iter().flat_map(declared));
        brought.file.lost.extend_from_slice(&file.lost);
        for item in &file.items {
            match item {
                Item::Use(entry) => self.use_file(entry, &all, &mut used, brought),
                Item::Pipeline(_) | Item::Test(_) | Item::Notify(_) if !is_root => {}
                Item::Flow(flow) | Item::Extend(flow) if above.contains(&(Sort::Flow, flow.name.text.clone())) => {}
                Item::Vars(vars) => {
                    let kept = |var: &&ast::Var| !above.contains(&(Sort::Value, var.name.text.clone()));
                    let entries = vars.entries.iter().filter(kept).cloned().collect();
                    brought.file.items.push(Item::Vars(ast::Vars { entries, ..vars.clone() }));
                }
                other if declared(other).iter().any(|named| above.contains(named)) => {}
                other => brought.file.items.push(other.clone()),
            }
        }
    }

    /// What a `use` leaves out must be there.
    fn left_out(&mut self, entry: &Use, items: &[Item]) {
        let flows = items.iter().filter_map(|item| match item {
            Item::Flow(flow) => Some(flow.name.text.clone()),
            _ => None,
        });
        let flows: Vec<Arc<str>> = flows.collect();
        // What stands in a file that this one uses is not seen here.
        let deeper = items.iter().any(|item| matches!(item, Item::Use(_)));
        for name in entry.without.iter().filter(|name| !deeper && !flows.contains(&name.text)) {
            self.no_flow(name, &flows);
        }
    }

    fn use_file(
        &mut self,
        entry: &Use,
        above: &HashSet<Named>,
        used: &mut HashMap<String, Span>,
        brought: &mut Brought,
    ) {
        let path = self.path_from(entry.span.source, &entry.path.text);
        if let Some(first) = used.get(&path) {
            return self.used_twice(entry, *first);
        }
        used.insert(path.clone(), entry.path.span);
        if brought.way.contains(&path) {
            return self.use_cycle(entry, &path, &brought.way);
        }
        if !brought.read.insert(path.clone()) {
            return;
        }
        if brought.way.len() >= DEEPEST {
            return self.too_deep(entry);
        }
        let read = match self.files.read(&path) {
            Ok(read) => read,
            Err(reason) => {
                // What it would have declared is not known.
                brought.file.lost.push(ast::Lost { keyword: None, name: None, span: entry.span });
                return self.unreadable(&entry.path.text, entry.path.span, reason);
            }
        };
        let id = self.sources.add(read.path, read.text);
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        self.folders.insert(id, folder.to_owned());
        let parsed = parse(self.sources, id);
        for diagnostic in parsed.diagnostics {
            self.report(diagnostic);
        }
        if parsed.file.lost.is_empty() {
            self.left_out(entry, &parsed.file.items);
        }
        self.left_out.extend(entry.without.iter().cloned());
        let mut above = above.clone();
        above.extend(entry.without.iter().map(|name| (Sort::Flow, name.text.clone())));
        brought.way.push(path);
        self.take(&parsed.file, &above, brought);
        brought.way.pop();
    }

    /// A path that a file names, as the pipeline file would name it.
    pub(super) fn path_from(&self, source: SourceId, path: &str) -> String {
        let folder = self.folders.get(&source).map_or("", String::as_str);
        if path.starts_with(['/', '\\']) || path.contains(':') {
            return path.to_owned();
        }
        let mut parts: Vec<&str> = Vec::new();
        for part in folder.split('/').chain(path.split('/')) {
            match part {
                "" | "." => {}
                ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        let root = if folder.starts_with('/') { "/" } else { "" };
        format!("{root}{}", parts.join("/"))
    }

    /// Says that a file that the pipeline names cannot be read.
    pub(super) fn unreadable(&mut self, path: &str, place: Span, reason: String) {
        self.report(
            Diagnostic::error(&codes::FILE_UNREADABLE, place, format!("`{path}` cannot be read"))
                .label(reason)
                .hint("the path starts at the folder of the file that names it; it must be text in UTF-8"),
        );
    }

    fn used_twice(&mut self, entry: &Use, first: Span) {
        self.report(
            Diagnostic::error(
                &codes::USED_TWICE,
                entry.path.span,
                format!("`{}` is brought in already", entry.path.text),
            )
            .label("brought in a second time")
            .related(first, "first brought in here")
            .hint("take one of the two lines out"),
        );
    }

    fn too_deep(&mut self, entry: &Use) {
        self.report(
            Diagnostic::error(
                &codes::USE_CYCLE,
                entry.path.span,
                format!("files bring each other in more than {DEEPEST} deep"),
            )
            .label("one file too many")
            .hint("bring the files in from the pipeline file itself"),
        );
    }

    fn use_cycle(&mut self, entry: &Use, path: &str, way: &[String]) {
        let from = way.iter().position(|file| file == path).unwrap_or(0);
        let circle: Vec<&str> = way[from..].iter().map(String::as_str).chain([path]).collect();
        self.report(
            Diagnostic::error(
                &codes::USE_CYCLE,
                entry.path.span,
                format!("files bring each other in: {}", circle.join(" -> ")),
            )
            .label("this leads back to a file that is being read")
            .hint("take one of the `use` lines out; what both files need can stand in a third one"),
        );
    }
}
