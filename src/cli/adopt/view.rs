//! What was found, for people, for programs and for spreadsheets.

use super::Chosen;
use crate::cli::arguments::Adopt;
use crate::cli::exit::Failure;
use crate::cli::grid::Grid;
use crate::cli::report::SANDBOX;
use crate::cli::screen::{BOLD, DIM, GOOD, WAITING, count, grouped};
use crate::engine::{FlowFinds, Grade, Match, Setup, Survey};
use crate::value::Date;
use serde_json::{Value, json};
use std::fmt::Write;

pub struct View<'a> {
    pub arguments: &'a Adopt,
    pub setup: &'a Setup,
    pub survey: &'a Survey,
    pub chosen: &'a Chosen,
}

impl View<'_> {
    pub fn text(&self) -> String {
        let survey = self.survey;
        let mut text = format!(
            "{BOLD}{}{BOLD:#}  {}, {}\n",
            self.setup.program.name(),
            count(survey.records, "record read", "records read"),
            count(survey.requests, "request", "requests")
        );
        if self.setup.sandbox {
            let _ = writeln!(text, "{WAITING}{SANDBOX}{WAITING:#}");
        }
        for warning in &survey.warnings {
            let _ = writeln!(text, "{WAITING}warning:{WAITING:#} {warning}");
        }
        if survey.flows.is_empty() {
            text.push_str("\nNo flow posts what could be keyed by hand and recognised.\n");
        }
        for (index, finds) in survey.flows.iter().enumerate() {
            self.flow(index, finds, &mut text);
        }
        text
    }

    fn flow(&self, index: usize, finds: &FlowFinds, text: &mut String) {
        let since = finds.since.map_or_else(String::new, |day| format!(" since {day}"));
        let _ = writeln!(
            text,
            "\n{BOLD}{}{BOLD:#}: {} to post; {} has {} {}{since} that it did not post",
            finds.flow,
            count(finds.ours.len() as u64, "record is", "records are"),
            finds.target_title,
            grouped(finds.theirs.len() as u64),
            finds.plural
        );
        if finds.unmapped > 0 {
            let _ = writeln!(
                text,
                "{DIM}{} cannot be mapped yet, and could not be compared{DIM:#}",
                count(finds.unmapped, "record", "records")
            );
        }
        if finds.matches.is_empty() {
            text.push_str("None of them is the same.\n");
            return;
        }
        let mut grid =
            Grid::new(&["Record", "There", ">Amount", "What it is, how sure that is, and what was compared"]);
        grid.at_least(2, 10);
        for (place, pair) in finds.matches.iter().enumerate() {
            let (ours, theirs) = (&finds.ours[pair.ours], &finds.theirs[pair.theirs]);
            let style = if self.takes(index, place) { GOOD } else { WAITING };
            grid.row([
                ours.id().key.clone(),
                theirs.reference().to_owned(),
                theirs.side.amount.money(),
                format!("{}\n{style}{}{style:#}: {}", ours.label(), pair.grade.word(), pair.why),
            ]);
        }
        let _ = write!(text, "\n{}", grid.render());
        for grade in Grade::ALL {
            let number = finds.matches.iter().filter(|pair| pair.grade == grade).count() as u64;
            if let Some(sentence) = self.what_next(grade).filter(|_| number > 0) {
                let _ = writeln!(text, "\n{number} {}: {sentence}", grade.word());
            }
        }
    }

    /// What becomes of finds of a grade that is not adopted by this command.
    fn what_next(&self, grade: Grade) -> Option<String> {
        let file = self.arguments.place.file.display();
        match grade {
            Grade::Likely if !self.arguments.likely && self.arguments.pairs.is_empty() => Some(format!(
                "look at each; `mlc adopt {file} --likely` adopts all of them, `mlc adopt {file} RECORD=REFERENCE` one"
            )),
            Grade::Ambiguous if self.arguments.pairs.is_empty() => Some(format!(
                "several fit as well, so none is taken; `mlc adopt {file} RECORD=REFERENCE` says which it is"
            )),
            Grade::Unlike => {
                Some("not adopted, and held by a run; correct the amount on one side, then adopt".to_owned())
            }
            Grade::Certain | Grade::Likely | Grade::Ambiguous => None,
        }
    }

    fn takes(&self, flow: usize, place: usize) -> bool {
        self.chosen.contains(&(flow, place))
    }

    pub fn json(&self, agreed: bool) -> Value {
        let flows = self.survey.flows.iter().enumerate().map(|(index, finds)| {
            let matches = finds.matches.iter().enumerate();
            json!({
                "flow": finds.flow,
                "since": finds.since,
                "to_post": finds.ours.len(),
                "unmapped": finds.unmapped,
                "not_ours": finds.theirs.len(),
                "matches": matches.map(|(place, pair)| json!({
                    "record": finds.ours[pair.ours].id().key,
                    "label": finds.ours[pair.ours].label(),
                    "reference": finds.theirs[pair.theirs].reference(),
                    "grade": pair.grade,
                    "why": pair.why,
                    "ours": finds.ours[pair.ours].side,
                    "theirs": finds.theirs[pair.theirs].side,
                    "adopted": agreed && self.takes(index, place),
                    "would_adopt": self.takes(index, place),
                })).collect::<Vec<_>>(),
            })
        });
        json!({
            "pipeline": self.setup.program.name(),
            "run": self.survey.run,
            "sandbox": self.setup.sandbox,
            "records": self.survey.records,
            "requests": self.survey.requests,
            "adopted": if agreed { self.chosen.len() } else { 0 },
            "would_adopt": self.chosen.len(),
            "warnings": self.survey.warnings,
            "flows": flows.collect::<Vec<_>>(),
        })
    }

    pub fn csv(&self, agreed: bool) -> Result<String, Failure> {
        let unfit = |error: String| Failure::world(format!("the table cannot be made: {error}"), "report this");
        let mut writer = csv::Writer::from_writer(Vec::new());
        let header = [
            "flow",
            "record",
            "label",
            "there",
            "how sure",
            "adopted",
            "party",
            "reference",
            "reference there",
            "amount",
            "amount there",
            "date",
            "date there",
            "why",
        ];
        writer.write_record(header).map_err(|error| unfit(error.to_string()))?;
        for (index, finds) in self.survey.flows.iter().enumerate() {
            for (place, pair) in finds.matches.iter().enumerate() {
                let row = row(finds, pair, agreed && self.takes(index, place));
                writer.write_record(row).map_err(|error| unfit(error.to_string()))?;
            }
        }
        let bytes = writer.into_inner().map_err(|error| unfit(error.to_string()))?;
        String::from_utf8(bytes).map_err(|error| unfit(error.to_string()))
    }
}

fn row(finds: &FlowFinds, pair: &Match, adopted: bool) -> [String; 14] {
    let (ours, theirs) = (&finds.ours[pair.ours], &finds.theirs[pair.theirs]);
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    [
        finds.flow.clone(),
        plain(&ours.id().key),
        plain(ours.label()),
        plain(theirs.reference()),
        pair.grade.word().to_owned(),
        if adopted { "yes" } else { "no" }.to_owned(),
        plain(&theirs.side.party),
        plain(&ours.side.reference),
        plain(&theirs.side.reference),
        ours.side.amount.to_string(),
        theirs.side.amount.to_string(),
        day(ours.side.date),
        day(theirs.side.date),
        pair.why.clone(),
    ]
}

/// A text that a spreadsheet does not take for a formula.
fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
