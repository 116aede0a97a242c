//! The pipelines that are simulated: the standard ones, by every interface that a connector
//! has, before and after the accountants change their table.

use super::reckoning::{COSTS, INVOICES, PAYMENTS};
use crate::connector::Driver;
use crate::connectors::drivers;
use crate::diag::{Sources, Style, render};
use crate::model::{self, FileText, Files};
use crate::program::{self, Program};
use crate::sandbox::Random;
use crate::syntax;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

const FILES: &[(&str, &str)] = &[
    ("all.mlc", include_str!("../../pipelines/all.mlc")),
    ("vendors.mlc", include_str!("../../pipelines/vendors.mlc")),
    ("subcontractor_invoices.mlc", include_str!("../../pipelines/subcontractor_invoices.mlc")),
    ("direct_costs.mlc", include_str!("../../pipelines/direct_costs.mlc")),
    ("payments.mlc", include_str!("../../pipelines/payments.mlc")),
    ("dimensions.mlc", include_str!("../../pipelines/parts/dimensions.mlc")),
    ("cost-codes.csv", include_str!("../../pipelines/cost-codes.csv")),
];

/// What the accountants change: one cost goes elsewhere, and one that had no place gets one.
const REMAPPED: &[(&str, &str)] =
    &[("03-300,S,5310,02,C030", "03-300,S,5320,02,C070"), ("33-400,S,", "27-150,S,5340,02,C270,Cabling\n33-400,S,")];

/// The field of a paper that says what it became.
pub const MARK: &str = "origin_id";

/// Which of the standard pipelines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Invoices,
    Costs,
    Payments,
    All,
}

impl Scope {
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::Invoices => "subcontractor_invoices.mlc",
            Self::Costs => "direct_costs.mlc",
            Self::Payments => "payments.mlc",
            Self::All => "all.mlc",
        }
    }

    fn flows(self) -> &'static [&'static str] {
        match self {
            Self::Invoices => &[INVOICES],
            Self::Costs => &[COSTS],
            Self::Payments => &[INVOICES, PAYMENTS],
            Self::All => &[INVOICES, COSTS, PAYMENTS],
        }
    }
}

/// One of the pipelines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variant {
    pub scope: Scope,
    /// Settings of the `connect` blocks beside `sandbox`, by driver.
    pub settings: Vec<String>,
    pub remapped: bool,
    pub rules: Rules,
}

/// What the customer's file lets the standard flows do besides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rules {
    /// What changes after it was posted is corrected, not held.
    pub correct: bool,
    /// What was posted is marked in its source.
    pub mark: bool,
    /// Invoices over more than [`LIMIT`] wait for a person.
    pub approve: bool,
}

/// Nobody has to say yes to this much.
pub const LIMIT: i64 = 1_500;

/// The flows that are given rules: what they write, and whether that can be corrected and is approved.
const RULED: [(&str, &str, bool); 3] =
    [(INVOICES, "supplier_invoices", true), (COSTS, "supplier_invoices", true), (PAYMENTS, "ap_payments", false)];

impl Rules {
    pub fn draw(random: &mut Random) -> Self {
        let [correct, mark, approve] = [0; 3].map(|_| random.chance(35));
        Self { correct, mark, approve }
    }

    fn extension(self, (flow, list, of_invoices): (&str, &str, bool)) -> String {
        let mut rules = String::new();
        if self.correct && of_invoices {
            rules.push_str("    on change correct\n");
        }
        if self.approve && of_invoices {
            rules.push_str(&format!("    approve when total > {LIMIT}\n"));
        }
        if self.mark {
            rules.push_str(&format!("    mark = {MARK}\n"));
        }
        let writes = |driver: &&Driver| (driver.catalogue)().resources.contains_key(list);
        let to = match drivers().iter().find(writes).filter(|_| !rules.is_empty()) {
            Some(driver) => format!("  to {}.{list} {{\n{rules}  }}\n", driver.name),
            None => String::new(),
        };
        // Of these their system tells by itself.
        let when = if flow == COSTS { "  run on webhook\n" } else { "" };
        if to.is_empty() && when.is_empty() { String::new() } else { format!("extend flow {flow} {{\n{to}{when}}}\n") }
    }
}

impl Variant {
    pub fn draw(random: &mut Random) -> Self {
        let scope = *random.pick(&[Scope::Invoices, Scope::Invoices, Scope::Costs, Scope::Payments, Scope::All]);
        let settings = drivers().iter().map(|driver| settings(driver, random)).collect();
        Self { scope, settings, remapped: false, rules: Rules::default() }
    }

    fn text(&self) -> String {
        let connects = drivers().iter().zip(&self.settings);
        let connects: Vec<String> =
            connects.map(|(driver, own)| format!("connect {} {{ sandbox {own} }}\n", driver.name)).collect();
        let ruled = RULED.into_iter().filter(|(flow, ..)| self.scope.flows().contains(flow));
        let extensions: Vec<String> = ruled.map(|ruled| self.rules.extension(ruled)).collect();
        format!(
            "use \"{}\"\npipeline \"simulated\" {{ timezone = \"America/Chicago\" currency = \"USD\" }}\n{}{}",
            self.scope.file(),
            connects.concat(),
            extensions.concat()
        )
    }
}

/// Of each setting that takes certain texts only, one of them.
fn settings(driver: &Driver, random: &mut Random) -> String {
    let closed = (driver.catalogue)().settings.iter().filter(|(_, spec)| !spec.values.is_empty());
    let drawn = closed.map(|(name, spec)| format!(" {name} = \"{}\"", random.pick(&spec.values)));
    drawn.collect()
}

/// Programs are made once for all seeds.
#[derive(Default)]
pub struct Programs(Mutex<BTreeMap<Variant, Arc<Program>>>);

impl Programs {
    pub fn of(&self, variant: &Variant) -> Arc<Program> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(made.entry(variant.clone()).or_insert_with(|| Arc::new(compiled(variant))))
    }
}

fn compiled(variant: &Variant) -> Program {
    compiled_text(variant.text(), variant.remapped)
}

/// A pipeline beside the standard ones.
pub(super) fn compiled_text(text: String, remapped: bool) -> Program {
    let mut sources = Sources::new();
    let id = sources.add("simulated.mlc", text);
    let parsed = syntax::parse(&sources, id);
    let checked = model::check(&parsed.file, &mut sources, &Embedded { remapped }, drivers());
    let found: Vec<_> = parsed.diagnostics.into_iter().chain(checked.diagnostics).collect();
    let said = render(&found, &sources, Style::Plain);
    checked.model.map(program::compile).unwrap_or_else(|| panic!("the standard pipelines pass `check`: {said}"))
}

struct Embedded {
    remapped: bool,
}

impl Files for Embedded {
    fn read(&self, path: &str) -> Result<FileText, String> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let (_, text) = FILES.iter().find(|(known, _)| *known == name).ok_or(format!("{path} is not there"))?;
        let changes = if self.remapped && name.ends_with(".csv") { REMAPPED } else { &[] };
        let text = changes.iter().fold((*text).to_owned(), |text, (from, to)| text.replace(from, to));
        Ok(FileText { path: PathBuf::from(path), text: text.into() })
    }
}
