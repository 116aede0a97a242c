//! The end of a run as people read it: what became of the records, in counts and money;
//! why some wait, and who mends it; what it cost in requests; what to do next.

use super::costs;
use super::grid::Grid;
use super::mends::Mends;
use super::screen::{BAD, BOLD, DIM, GOOD, WAITING, count, grouped};
use crate::engine::{Counts, FlowReport, Group, Report};
use crate::store::{Outcome, Trigger};
use crate::value::Decimal;
use comfy_table::{Cell, CellAlignment};
use std::collections::BTreeMap;
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
    /// By flow, how many records were posted by earlier runs.
    pub posted_before: &'a BTreeMap<String, u64>,
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
        text.push_str(&costs::told(self.report));
        self.next(&mut text);
        text
    }

    fn head(&self, text: &mut String) {
        let what = if self.report.plan { "plan" } else { "run" };
        let began = match self.report.trigger {
            Trigger::ByHand => String::new(),
            trigger => format!("  {DIM}{trigger}{DIM:#}"),
        };
        let _ = writeln!(text, "{BOLD}{}{BOLD:#}  {what} {}{began}", self.report.pipeline, self.report.run);
        if self.report.sandbox {
            let _ = writeln!(text, "{WAITING}{SANDBOX}{WAITING:#}");
        }
        if self.report.plan {
            let _ = writeln!(text, "{DIM}a plan: nothing was written anywhere{DIM:#}");
        }
    }

    fn flow(&self, name: &str, flow: &FlowReport, text: &mut String) {
        let _ = writeln!(text, "\n{BOLD}{name}{BOLD:#}: {}", self.summary(name, flow));
        if let Some(sentence) = self.nothing_new(name, flow) {
            let _ = writeln!(text, "{GOOD}{sentence}{GOOD:#}");
        }
        if flow.read == 0 && flow.groups.is_empty() {
            return;
        }
        let amount = self.currency.map_or_else(|| ">Amount".to_owned(), |currency| format!(">Amount {currency}"));
        let mut grid = Grid::wide(&["Outcome", ">Records", &amount, "Why, and who mends it"], self.width);
        grid.at_least(0, 9);
        grid.at_least(1, 7);
        grid.at_least(2, 13);
        let mends = Mends::new(flow.groups.iter().map(|group| group.mend.as_str()));
        for outcome in Outcome::ALL {
            self.outcome(flow, outcome, &mends, &mut grid);
        }
        text.push('\n');
        text.push_str(&coloured(&grid.render()));
        let notes = mends.notes();
        if !notes.is_empty() {
            let _ = write!(text, "\n{notes}");
        }
    }

    /// `921 records read: 620 posted (16,905,104.16 USD), 46 held (1,205,913.27 USD)`
    /// after the flow's name, broken between its parts where the line is full.
    fn summary(&self, name: &str, flow: &FlowReport) -> String {
        let parts: Vec<String> = Outcome::ALL
            .into_iter()
            .filter(|outcome| flow.counts.get(*outcome) > 0)
            .map(|outcome| {
                let money = flow.money.get(outcome.word()).copied().filter(|amount| !amount.is_zero());
                let currency = self.currency.map_or_else(String::new, |currency| format!(" {currency}"));
                let money = money.map_or_else(String::new, |amount| format!(" ({}{currency})", amount.money()));
                let corrections = match flow.corrections {
                    corrections if corrections > 0 && outcome == Outcome::Posted => {
                        format!(" with {}", count(corrections, "correction", "corrections"))
                    }
                    _ => String::new(),
                };
                format!("{} {}{money}{corrections}", grouped(flow.counts.get(outcome)), self.word(outcome))
            })
            .collect();
        let read = count(flow.read, "record read", "records read");
        let mut lines = read;
        let mut used = name.chars().count() + 2 + lines.chars().count();
        for (index, part) in parts.iter().enumerate() {
            lines.push_str(if index == 0 { ":" } else { "," });
            let more = part.chars().count() + 2;
            if used + more < usize::from(self.width) {
                lines.push(' ');
                used += more;
            } else {
                lines.push_str("\n  ");
                used = more;
            }
            lines.push_str(part);
        }
        lines
    }

    fn word(&self, outcome: Outcome) -> &'static str {
        if self.report.plan && outcome == Outcome::Posted { "to post" } else { outcome.word() }
    }

    /// A run that had nothing to do says so in words.
    fn nothing_new(&self, name: &str, flow: &FlowReport) -> Option<String> {
        let before = self.posted_before.get(name).copied().unwrap_or(0);
        // Where a part could not be read, nobody knows whether there is something to post.
        let unsure = !self.report.failed_scopes.is_empty() || !self.report.warnings.is_empty();
        if flow.counts.posted > 0 || before == 0 || self.report.stopped.is_some() || unsure {
            return None;
        }
        let before = count(before, "record was", "records were");
        let waiting: Vec<String> = [Outcome::Held, Outcome::Rejected, Outcome::Failed, Outcome::InDoubt]
            .into_iter()
            .filter(|outcome| flow.counts.get(*outcome) > 0)
            .map(|outcome| format!("{} {}", grouped(flow.counts.get(outcome)), outcome.word()))
            .collect();
        let rest = if waiting.is_empty() { String::new() } else { format!("; still {}", waiting.join(", ")) };
        Some(format!("Nothing to post: {before} posted before{rest}."))
    }

    fn outcome(&self, flow: &FlowReport, outcome: Outcome, mends: &Mends, grid: &mut Grid) {
        let total = flow.counts.get(outcome);
        if total == 0 {
            return;
        }
        let word = self.word(outcome);
        let groups: Vec<&Group> = flow.groups.iter().filter(|group| group.outcome == outcome).collect();
        for group in &groups {
            let example =
                if group.count > 1 { format!("For example: {}", group.example) } else { group.example.clone() };
            row(grid, word, group.count, Some(group.amount), &mends.with(&example, &group.mend));
        }
        let explained: u64 = groups.iter().map(|group| group.count).sum();
        if explained < total {
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

#[cfg(test)]
mod tests {
    use super::View;
    use crate::engine::{FlowReport, Group, Report};
    use crate::store::Outcome;
    use crate::value::Decimal;
    use std::collections::BTreeMap;
    use std::path::Path;

    fn report() -> Report {
        let mut flow = FlowReport { read: 1_203, ..FlowReport::default() };
        (flow.counts.posted, flow.counts.held) = (1_200, 3);
        flow.money.insert("posted".to_owned(), Decimal::cents(1_234_567_890));
        flow.money.insert("held".to_owned(), Decimal::cents(4_200_000));
        flow.groups.push(Group {
            outcome: Outcome::Held,
            kind: "no code".to_owned(),
            count: 3,
            amount: Decimal::cents(4_200_000),
            example: "invoice TCC-0192 of project 24-017: Tallow Creek Concreting has no supplier code".to_owned(),
            mend: "enter the code on the vendor; the next run takes the record up by itself".to_owned(),
        });
        let mut report = Report { pipeline: "acme".to_owned(), run: "1".to_owned(), ..Report::default() };
        report.counts = flow.counts.clone();
        report.flows.insert("invoices".to_owned(), flow);
        report
    }

    fn view<'a>(report: &'a Report, posted_before: &'a BTreeMap<String, u64>, width: u16) -> View<'a> {
        View { report, file: Path::new("a.mlc"), state: None, flag: false, currency: Some("USD"), posted_before, width }
    }

    /// The table's part of a rendering.
    fn table(text: &str) -> Vec<&str> {
        text.lines().skip_while(|line| !line.starts_with("Outcome")).take_while(|line| !line.is_empty()).collect()
    }

    #[test]
    fn the_table_keeps_to_its_width_and_its_amounts_stand_under_one_another() {
        let report = report();
        for width in [80, 120] {
            let text = anstream::adapter::strip_str(&view(&report, &BTreeMap::new(), width).render()).to_string();
            let lines = table(&text);
            assert!(lines.iter().all(|line| line.chars().count() <= usize::from(width)), "{text}");
            let end = |part: &str| lines.iter().find_map(|line| line.find(part).map(|at| at + part.len()));
            assert_eq!(end("12,345,678.90"), end("42,000.00"), "{text}");
        }
    }

    #[test]
    fn a_run_with_nothing_to_do_says_so() {
        let mut report = report();
        report.flows["invoices"].counts.posted = 0;
        let before = BTreeMap::from([("invoices".to_owned(), 1_200)]);
        let text = view(&report, &before, 100).render();
        assert!(text.contains("Nothing to post: 1,200 records were posted before; still 3 held."), "{text}");
    }

    #[test]
    fn the_sandbox_says_what_it_is() {
        let report = Report { sandbox: true, ..report() };
        assert!(view(&report, &BTreeMap::new(), 100).render().contains("nothing real was read or posted"));
    }
}
