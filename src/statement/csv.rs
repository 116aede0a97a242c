//! A reconciliation as a table for programs and spreadsheets: a row for each cause of each
//! paper, and one for each paper that agrees. The amounts of a paper stand in its first row
//! only, so that a column can be added up.

use super::book::Book;
use crate::engine::{Finding, Item};

const HEADER: [&str; 15] = [
    "flow",
    "project",
    "supplier",
    "paper",
    "record",
    "ledger_reference",
    "day",
    "standing",
    "approved",
    "posted",
    "difference",
    "cause",
    "cause_amount",
    "what_happened",
    "who_mends_it",
];

pub fn render(book: &Book<'_>) -> Result<Vec<u8>, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| error.to_string();
    writer.write_record(HEADER).map_err(failed)?;
    for item in &book.found.items {
        for (number, finding) in rows(item).into_iter().enumerate() {
            let cells = cells(book, item, finding, number == 0);
            writer.write_record(cells.iter().map(|cell| harmless(cell))).map_err(failed)?;
        }
    }
    writer.into_inner().map_err(|error| error.to_string())
}

fn rows(item: &Item) -> Vec<Option<&Finding>> {
    if item.findings.is_empty() { vec![None] } else { item.findings.iter().map(Some).collect() }
}

fn cells(book: &Book<'_>, item: &Item, finding: Option<&Finding>, first: bool) -> Vec<String> {
    let found = book.found;
    let once = |amount: crate::value::Decimal| if first { amount.fixed(2) } else { String::new() };
    let supplier = if item.approved.party.is_empty() { &item.posted.party } else { &item.approved.party };
    vec![
        item.flow.clone(),
        item.project.clone(),
        supplier.clone(),
        item.label.clone(),
        item.key.clone(),
        item.reference.clone(),
        item.day.map(|day| day.to_string()).unwrap_or_default(),
        item.standing.word().to_owned(),
        once(item.approved.amount),
        once(item.posted.amount),
        once(item.difference()),
        finding.map(|finding| finding.cause.title(&found.source, &found.target)).unwrap_or_default(),
        finding.map(|finding| finding.amount.fixed(2)).unwrap_or_default(),
        finding.map(|finding| finding.sentence.clone()).unwrap_or_default(),
        finding.map(|finding| finding.mend.clone()).unwrap_or_default(),
    ]
}

/// A text that a spreadsheet would take for a formula gets an apostrophe; a number stays.
fn harmless(cell: &str) -> String {
    let formula =
        cell.starts_with(['=', '+', '@', '\t', '\r']) || (cell.starts_with('-') && cell.parse::<f64>().is_err());
    if formula { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn no_text_becomes_a_formula() {
        assert_eq!(harmless("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(harmless("-cmd"), "'-cmd");
        assert_eq!(harmless("-12.50"), "-12.50");
        assert_eq!(harmless("03-300"), "03-300");
    }
}
