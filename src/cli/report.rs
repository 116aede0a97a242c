//! The end of a run as people read it: what became of the records, in counts and money;
//! why some wait, and who mends it; what it cost in requests; what to do next.

use super::grid::Grid;
use super::screen::{BAD, BOLD, DIM, GOOD, WAITING, count, grouped};
use crate::engine::{Counts, FlowReport, Group, Report};
use crate::store::Outcome;
use crate::value::Decimal;
use comfy_table::{Cell, CellAlignment};
use std::fmt::Write;
use std::path::Path;

/// What every output of the sandbox says.
pub const SANDBOX: &str = "sandbox: nothing real was read or posted";

/// A report, and what it takes to show it.
pub struct View<'a> {
    pub report: &'a Report,
    pub file: &'a Path,
    pub state: Option<&'a Path>,
    /// `--sandbox` was given.
    pub flag: bool,
    pub currency: Option<&'a str>,
    pub width: u16,
}

impl View<'_> {
    pub fn render(&self) -> String {
        let mut text = String::new();
        self.head(&mut text);
        for (name, flow) in &self.report.flows {
            self.flow(name, flow, &mut text);
        }
        self.troubles(&mut text);
        self.requests(&mut text);
        self.next(&mut text);
        text
    }

    fn head(&self, text: &mut String) {
        let what = if self.report.plan { "plan" } else { "run" };
        let _ = writeln!(text, "{BOLD}{}{BOLD:#}  {what} {}", self.report.pipeline, self.report.run);
        if self.report.sandbox {
            let _ = writeln!(text, "{WAITING}{SANDBOX}{WAITING:#}");
        }
        if self.report.plan {
            let _ = writeln!(text, "{DIM}a plan: nothing was written anywhere{DIM:#}");
        }
    }

    fn flow(&self, name: &str, flow: &FlowReport, text: &mut String) {
        let _ = writeln!(text, "\n{BOLD}{name}{BOLD:#}: {} read", count(flow.read, "record", "records"));
        if let Some(sentence) = self.nothing_new(flow) {
            let _ = writeln!(text, "{GOOD}{sentence}{GOOD:#}");
        }
        let amount = self.currency.map_or_else(|| ">Amount".to_owned(), |currency| format!(">Amount {currency}"));
        let mut grid = Grid::wide(&["Outcome", ">Records", &amount, "Why, and who mends it"], self.width);
        grid.at_least(0, 8);
        grid.at_least(1, 7);
        grid.at_least(2, 13);
        for outcome in Outcome::ALL {
            self.outcome(flow, outcome, &mut grid);
        }
        text.push_str(&coloured(&grid.render()));
    }

    /// A run that had nothing to do says so in words.
    fn nothing_new(&self, flow: &FlowReport) -> Option<String> {
        let troubled = !self.report.failed_scopes.is_empty() || !self.report.warnings.is_empty();
        if self.report.plan || flow.counts.posted > 0 || self.report.stopped.is_some() || troubled {
            return None;
        }
        let waiting = [Outcome::Held, Outcome::Rejected, Outcome::Failed, Outcome::InDoubt]
            .into_iter()
            .filter(|outcome| flow.counts.get(*outcome) > 0)
            .map(|outcome| format!("{} {}", grouped(flow.counts.get(outcome)), outcome.word()))
            .collect::<Vec<_>>();
        let rest = if waiting.is_empty() { String::new() } else { format!("; {} as below", waiting.join(", ")) };
        // Where only changes are read, those that stand as they were posted are not among them.
        let before = match flow.counts.unchanged {
            0 => String::new(),
            unchanged => format!(": {} posted before", count(unchanged, "record was", "records were")),
        };
        Some(format!("Nothing to post{before}{rest}."))
    }

    fn outcome(&self, flow: &FlowReport, outcome: Outcome, grid: &mut Grid) {
        let total = flow.counts.get(outcome);
        if total == 0 && outcome != Outcome::Posted {
            return;
        }
        let word = if self.report.plan && outcome == Outcome::Posted { "to post" } else { outcome.word() };
        let groups: Vec<&Group> = flow.groups.iter().filter(|group| group.outcome == outcome).collect();
        for group in &groups {
            row(grid, word, group.count, Some(group.amount), &why(group));
        }
        let explained: u64 = groups.iter().map(|group| group.count).sum();
        if explained < total || groups.is_empty() {
            let amount = flow.money.get(outcome.word()).copied().filter(|_| groups.is_empty());
            row(grid, word, total - explained, amount, plain_words(outcome, self.report.plan));
        }
    }

    fn troubles(&self, text: &mut String) {
        if let Some(stopped) = &self.report.stopped {
            let _ = writeln!(text, "\n{BAD}stopped before the end{BAD:#}: {stopped}");
        }
        for scope in &self.report.failed_scopes {
            let _ = writeln!(text, "\n{BAD}not read to the end{BAD:#}: {}: {}", scope.scope, scope.message);
            let _ = writeln!(text, "  {DIM}mend:{DIM:#} {}", scope.mend);
        }
        for warning in &self.report.warnings {
            let _ = writeln!(text, "\n{WAITING}warning{WAITING:#}: {warning}");
        }
        if !self.report.refused_rows.is_empty() {
            let _ = writeln!(text, "\n{WAITING}lookup rows that the target refuses{WAITING:#}:");
            for row in &self.report.refused_rows {
                let _ = writeln!(text, "  {row}");
            }
        }
    }

    fn requests(&self, text: &mut String) {
        let by: Vec<String> = self
            .report
            .requests_by_connection
            .iter()
            .map(|(name, number)| format!("{name} {}", grouped(*number)))
            .collect();
        let _ = write!(text, "\nRequests: {}", grouped(self.report.requests));
        if !by.is_empty() {
            let _ = write!(text, " ({})", by.join(", "));
        }
        match self.report.expected_requests {
            Some(expected) if self.report.plan => {
                let _ = writeln!(text, "; posting would take about {} more", grouped(expected));
            }
            _ => text.push('\n'),
        }
    }

    fn next(&self, text: &mut String) {
        let again = self.arguments();
        if self.report.plan {
            let _ = writeln!(text, "Next: {BOLD}mlc run {again}{BOLD:#}");
            return;
        }
        if waiting(&self.report.counts) {
            let _ = writeln!(text, "Next: {BOLD}mlc status {again}{BOLD:#} lists every record that waits,");
            let _ = writeln!(text, "      {BOLD}mlc show {again} RECORD{BOLD:#} tells the whole story of one.");
        } else {
            let _ = writeln!(text, "Next: {BOLD}mlc show {again} RECORD{BOLD:#} tells the whole story of one record.");
        }
    }

    fn arguments(&self) -> String {
        let mut text = self.file.display().to_string();
        if self.flag {
            text.push_str(" --sandbox");
        }
        if let Some(state) = self.state {
            let _ = write!(text, " --state {}", state.display());
        }
        text
    }
}

fn waiting(counts: &Counts) -> bool {
    counts.needs_attention()
}

fn why(group: &Group) -> String {
    let example = if group.count > 1 { format!("For example: {}", group.example) } else { group.example.clone() };
    if group.mend.is_empty() { example } else { format!("{example}\n→ {}", group.mend) }
}

fn plain_words(outcome: Outcome, plan: bool) -> &'static str {
    match outcome {
        Outcome::Posted if plan => "would be created, after the target was asked whether it has them",
        Outcome::Posted => "created, and read back as they were sent",
        Outcome::Unchanged => "posted before, and the same since",
        Outcome::Skipped => "the pipeline does not want them",
        _ => "",
    }
}

fn row(grid: &mut Grid, word: &str, records: u64, amount: Option<Decimal>, why: &str) {
    let money = amount.filter(|amount| !amount.is_zero()).map_or_else(String::new, Decimal::money);
    grid.row([
        Cell::new(word),
        Cell::new(grouped(records)).set_alignment(CellAlignment::Right),
        Cell::new(money).set_alignment(CellAlignment::Right),
        Cell::new(why),
    ]);
}

/// Colours the word that begins a line, so that the table need not know of colours.
fn coloured(table: &str) -> String {
    let mut text = String::with_capacity(table.len());
    for line in table.lines() {
        let styles = [
            ("posted", GOOD),
            ("to post", GOOD),
            ("unchanged", GOOD),
            ("held", WAITING),
            ("rejected", BAD),
            ("failed", BAD),
            ("in doubt", BAD),
        ];
        match styles.iter().find(|(word, _)| line.starts_with(&format!("{word} "))) {
            Some((word, style)) => {
                let _ = writeln!(text, "{style}{word}{style:#}{}", &line[word.len()..]);
            }
            None => {
                let _ = writeln!(text, "{line}");
            }
        }
    }
    text
}
