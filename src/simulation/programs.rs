//! The pipelines that are simulated: the standard ones, by every interface that a connector
//! has, before and after the accountants change their table.

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

/// Which of the standard pipelines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Invoices,
    Costs,
    Payments,
    All,
}

impl Scope {
    fn file(self) -> &'static str {
        match self {
            Self::Invoices => "subcontractor_invoices.mlc",
            Self::Costs => "direct_costs.mlc",
            Self::Payments => "payments.mlc",
            Self::All => "all.mlc",
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
}

impl Variant {
    pub fn draw(random: &mut Random) -> Self {
        let scope = *random.pick(&[Scope::Invoices, Scope::Invoices, Scope::Costs, Scope::Payments, Scope::All]);
        Self { scope, settings: drivers().iter().map(|driver| settings(driver, random)).collect(), remapped: false }
    }

    fn text(&self) -> String {
        let connects = drivers().iter().zip(&self.settings);
        let connects: Vec<String> =
            connects.map(|(driver, own)| format!("connect {} {{ sandbox {own} }}\n", driver.name)).collect();
        format!(
            "use \"{}\"\npipeline \"simulated\" {{ timezone = \"America/Chicago\" currency = \"USD\" }}\n{}",
            self.scope.file(),
            connects.concat()
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
    let mut sources = Sources::new();
    let id = sources.add("simulated.mlc", variant.text());
    let parsed = syntax::parse(&sources, id);
    let checked = model::check(&parsed.file, &mut sources, &Embedded { remapped: variant.remapped }, drivers());
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
