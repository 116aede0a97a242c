//! The result of a reconciliation, ordered for whoever reads it: the same tables for every form.

use crate::engine::{Item, Kept, Period, Reconciliation, Retained, Row, Standing};
use crate::value::{Decimal, Timestamp};
use serde_json::json;

pub struct Book<'a> {
    pub found: &'a Reconciliation,
    pub pipeline: &'a str,
    pub period: Period,
    pub currency: Option<&'a str>,
    pub sandbox: bool,
    pub made: Timestamp,
    /// Papers that agree are told as well.
    pub all: bool,
}

/// A sum, with how many papers it is of.
pub struct Line {
    pub name: String,
    pub papers: u64,
    pub amount: Decimal,
}

/// A table of sums: by project, by supplier.
pub struct Table<'a> {
    pub title: &'static str,
    pub rows: &'a [Row],
}

/// One cause of one paper, spelled out.
pub struct Difference<'a> {
    pub item: &'a Item,
    pub cause: String,
    pub amount: Decimal,
    pub sentence: &'a str,
    pub mend: &'a str,
}

/// The one table that is told whole on a screen.
pub const PROJECT: &str = "Project";

/// The columns of a row of sums, with their heads.
pub const COLUMNS: [&str; 9] = [
    "Approved",
    "Posted",
    "Held",
    "Awaiting approval",
    "Rejected",
    "Failed",
    "In doubt",
    "Not yet seen",
    "Other differences",
];

pub fn columns(row: &Row) -> [Decimal; 9] {
    [
        row.approved,
        row.posted,
        row.held,
        row.awaiting_approval,
        row.rejected,
        row.failed,
        row.in_doubt,
        row.not_seen,
        row.other,
    ]
}

pub const RETAINAGE: [&str; 6] = [
    "Held in the period",
    "Released in the period",
    "Remaining",
    "Held in the ledger",
    "Released in the ledger",
    "Remaining in the ledger",
];

/// `None` where the target keeps no retainage apart.
pub fn retained(one: &Retained) -> [Option<Decimal>; 6] {
    let side = |kept: Option<Kept>| {
        [kept.map(|kept| kept.held), kept.map(|kept| kept.released), kept.map(|kept| kept.remaining)]
    };
    let [a, b, c] = side(Some(one.source));
    let [d, e, f] = side(one.target);
    [a, b, c, d, e, f]
}

impl Book<'_> {
    /// How the papers of the period stand, approved amounts by standing.
    pub fn standings(&self) -> Vec<Line> {
        let of = |standing: Standing| {
            let items = self.found.items.iter().filter(|item| item.standing == standing);
            items.fold((0, Decimal::ZERO), |(count, sum), item| {
                let amount = if standing == Standing::Foreign { item.posted.amount } else { item.approved.amount };
                (count + 1, sum.checked_add(amount).unwrap_or(sum))
            })
        };
        Standing::ALL
            .into_iter()
            .map(|standing| (standing, of(standing)))
            .filter(|(_, (papers, _))| *papers > 0)
            .map(|(standing, (papers, amount))| Line { name: standing.word().to_owned(), papers, amount })
            .collect()
    }

    /// The causes, each with its papers and its part of the difference.
    pub fn causes(&self) -> Vec<Line> {
        let title = |cause: crate::engine::Cause| cause.title(&self.found.source, &self.found.target);
        let causes = self.found.by_cause().into_iter();
        causes.map(|(cause, (papers, amount))| Line { name: title(cause), papers, amount }).collect()
    }

    pub fn tables(&self) -> [Table<'_>; 4] {
        let sums = &self.found.sums;
        [
            Table { title: PROJECT, rows: &sums.projects },
            Table { title: "Supplier", rows: &sums.suppliers },
            Table { title: "Cost code", rows: &sums.cost_codes },
            Table { title: "Account", rows: &sums.accounts },
        ]
    }

    pub fn differences(&self) -> Vec<Difference<'_>> {
        let mut all: Vec<Difference<'_>> = self
            .found
            .items
            .iter()
            .flat_map(|item| item.findings.iter().map(move |finding| (item, finding)))
            .map(|(item, finding)| Difference {
                item,
                cause: finding.cause.title(&self.found.source, &self.found.target),
                amount: finding.amount,
                sentence: &finding.sentence,
                mend: &finding.mend,
            })
            .collect();
        // What nobody expects comes before what waits.
        all.sort_by_key(|one| one.item.standing.waits());
        all
    }

    /// The papers that are told one by one.
    pub fn papers(&self) -> impl Iterator<Item = &Item> {
        self.found.items.iter().filter(|item| self.all || !item.findings.is_empty())
    }

    /// The one sentence that matters.
    pub fn verdict(&self) -> String {
        let found = self.found;
        let differing = found.items.iter().filter(|item| !item.findings.is_empty()).count();
        if !found.unread.is_empty() {
            return format!(
                "Not proven: {} could not be read, so this is not the whole of {}.",
                plural(found.unread.len(), "thing", "things"),
                self.period
            );
        }
        if differing == 0 {
            return format!(
                "{} and {} agree to the cent over {} of {}.",
                found.source,
                found.target,
                plural(found.items.len(), "paper", "papers"),
                self.period
            );
        }
        let net = found.sums.total.difference().money();
        let mut causes = self.causes().len();
        causes = causes.max(1);
        format!(
            "{} of {} in {} differ, {net} in all, for {}: each is named below.",
            differing,
            plural(found.items.len(), "paper", "papers"),
            self.period,
            plural(causes, "cause", "causes")
        )
    }

    pub fn as_json(&self) -> serde_json::Value {
        let found = self.found;
        let causes = found.by_cause().into_iter().map(|(cause, (papers, amount))| {
            json!({"cause": cause, "title": cause.title(&found.source, &found.target), "papers": papers, "amount": amount})
        });
        json!({
            "pipeline": self.pipeline, "period": self.period.to_string(), "from": self.period.from, "to": self.period.to,
            "sandbox": self.sandbox, "made": self.made, "currency": self.currency, "agrees": found.agrees(),
            "source": found.source, "target": found.target, "flows": found.flows,
            "total": found.sums.total, "projects": found.sums.projects, "suppliers": found.sums.suppliers,
            "cost_codes": found.sums.cost_codes, "accounts": found.sums.accounts,
            "causes": causes.collect::<Vec<_>>(),
            "papers": self.papers().collect::<Vec<_>>(),
            "retainage": found.retainage, "retainage_account": found.retainage_account,
            "skipped": {"papers": found.skipped, "amount": found.skipped_amount},
            "elsewhere": {"papers": found.elsewhere, "amount": found.elsewhere_amount},
            "read": {"source": found.read_source, "target": found.read_target},
            "requests": found.requests, "requests_by_connection": found.requests_by_connection,
            "unread": found.unread, "notes": found.notes,
        })
    }

    /// What is true of the whole and no difference.
    pub fn remarks(&self) -> Vec<String> {
        let found = self.found;
        let mut remarks = Vec::new();
        if found.skipped > 0 {
            remarks.push(format!(
                "{} over {} left out by a rule of the pipeline.",
                plural(usize::try_from(found.skipped).unwrap_or(usize::MAX), "approved paper", "approved papers"),
                found.skipped_amount.money()
            ));
        }
        if found.elsewhere > 0 {
            remarks.push(format!(
                "{} over {} in {} on none of these projects and accounts: no part of this.",
                plural(usize::try_from(found.elsewhere).unwrap_or(usize::MAX), "record", "records"),
                found.elsewhere_amount.money(),
                found.target
            ));
        }
        match &found.retainage_account {
            Some(account) => remarks.push(format!(
                "{} keeps retainage on account {account}. What earlier periods brought there is carried forward as it \
                 was posted; reconcile those periods to prove it.",
                found.target
            )),
            None if !found.retainage.is_empty() => {
                remarks.push(format!("{} keeps no retainage apart: this pipeline posts what is payable.", found.target))
            }
            None => {}
        }
        remarks.extend(found.notes.iter().cloned());
        remarks
    }
}

pub fn plural(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number as u64), if number == 1 { one } else { many })
}

/// `1,234,567`.
pub fn grouped(number: u64) -> String {
    Decimal::from(number).money().trim_end_matches(".00").to_owned()
}
