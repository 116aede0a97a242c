//! Which parts of the language the made pipelines reach, read off their text, so that the
//! generator cannot silently stop to make one.

use mlc::model::functions;
use std::collections::BTreeMap;
use std::fmt;

/// What is looked for, and how it is written. A function of the language is one more each.
const WRITTEN: &[(&str, &str)] = &[
    ("if", "if "),
    ("if without else, absent", "= if "),
    ("match of values", "(match "),
    ("match of values with an outcome", "= match "),
    ("own function", "\nfn own"),
    ("own function with an optional parameter", "?, p"),
    ("own function over a record", ": site.things.parts"),
    ("let of the file", "\nlet c"),
    ("vars", "vars {"),
    ("lookup of rows", " => \""),
    ("lookup of a resource", ") {\n  from "),
    ("lookup row of some days", " from 2026-10-01"),
    ("lookup row until a day", " until 2026-09-30"),
    ("lookup asked for a day", ") on ("),
    ("verify", "verify out0"),
    ("missing", "missing "),
    ("per scope", " per project"),
    ("where", "  where "),
    ("where of an each", " where "),
    ("let with an outcome", " else hold \"declared"),
    ("require with an outcome", "require "),
    ("skip", " else skip"),
    ("reject", " else reject"),
    ("match with the target", "\n  match "),
    ("ambiguous", "ambiguous "),
    ("linked", "= linked(above, "),
    ("approve when", "approve when "),
    ("on change, retry, guard", "on change hold"),
    ("use and extend", "extend flow made"),
    ("each", "each "),
    ("joined lists", "} + each"),
    ("list of a written record", "+ [{"),
    ("record with a let", "{\n      let v"),
    ("nested record", "place = {"),
    ("JSONPath slice", "[::"),
    ("JSONPath slice from the end", "[-2:]"),
    ("JSONPath wildcard", "[*]"),
    ("JSONPath filter", "[?@."),
    ("JSONPath filter with and", " && "),
    ("JSONPath filter with or", " || "),
    ("JSONPath filter with not", "[?!("),
    ("JSONPath length", "[?length("),
    ("JSONPath match", "match(@"),
    ("JSONPath search", "search(@"),
    ("JSONPath count", "count(@"),
    ("index", "[0]"),
    ("default", " ?? "),
    ("day moved by days", "d)"),
    ("instant moved by hours", " 36h "),
    ("piped call", " | take("),
    ("template", "{{ "),
    ("template filter default", "| default("),
    ("template filter join", "| join("),
    ("template filter length", "| length }}"),
    ("template filter lower", "| lower"),
    ("template filter money", "| money"),
    ("template filter normalize", "| normalize"),
    ("template filter replace", "| replace("),
    ("template filter round", "| round("),
    ("template filter shorten", "| shorten(12)"),
    ("template filter take", "| take(5)"),
    ("template filter trim", "| trim"),
    ("template filter upper", "| upper"),
    ("in", " in ["),
    ("not in", " not in "),
    ("and", " and "),
    ("or", " or "),
    ("not", "not ("),
    ("sign", "-("),
    ("quotient", " / "),
    ("product", " * "),
];

/// So many pipelines that pass must have each, and so many records be mapped by those.
const PIPELINES: usize = 4;
const MAPPED: usize = 30;

/// For each construct the pipelines that passed with it, and the records that they mapped.
#[derive(Default)]
pub struct Constructs {
    counts: BTreeMap<String, (usize, usize)>,
    /// Those of the pipeline in hand.
    now: Vec<String>,
}

impl Constructs {
    /// Takes a pipeline that passed.
    pub fn of(&mut self, text: &str) {
        self.now = all().filter(|(_, written)| text.contains(written.as_str())).map(|(name, _)| name).collect();
        self.now.iter().for_each(|name| self.counts.entry(name.clone()).or_default().0 += 1);
    }

    /// So many of its records were mapped.
    pub fn mapped(&mut self, records: usize) {
        for name in self.now.drain(..) {
            self.counts.entry(name).or_default().1 += records;
        }
    }

    /// Those that were not made often enough, with how often they were.
    pub fn unreached(&self) -> Vec<String> {
        let count = |name: &String| self.counts.get(name).copied().unwrap_or_default();
        let rare = all().map(|(name, _)| (count(&name), name));
        rare.filter(|((made, mapped), _)| *made < PIPELINES || *mapped < MAPPED)
            .map(|((made, mapped), name)| format!("{name}: {made} pipelines, {mapped} records"))
            .collect()
    }
}

impl fmt::Display for Constructs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, (made, mapped)) in &self.counts {
            writeln!(f, "{made:>6} pipelines {mapped:>7} records mapped  {name}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Constructs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.counts.len(), all().count())
    }
}

fn all() -> impl Iterator<Item = (String, String)> {
    let written = WRITTEN.iter().map(|(name, written)| ((*name).to_owned(), (*written).to_owned()));
    let called =
        functions::all().iter().map(|function| (format!("{}()", function.name), format!("{}(", function.name)));
    written.chain(called)
}
