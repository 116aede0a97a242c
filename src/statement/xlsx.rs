//! A reconciliation as a workbook: one sheet a table, amounts as numbers that can be added up.

use super::book::{self, Book, COLUMNS, Line, RETAINAGE, retained};
use crate::engine::Row;
use crate::value::Decimal;
use rust_xlsxwriter::{Format, FormatBorder, Workbook, Worksheet, XlsxError};

const SANDBOX: &str = "sandbox: nothing real was read or posted";
/// No amount of a ledger is larger; a number of a spreadsheet is exact to the cent below it.
const EXACT: i64 = 9_000_000_000_000;

pub fn render(book: &Book<'_>) -> Result<Vec<u8>, String> {
    workbook(book).map_err(|error| error.to_string())
}

struct Styles {
    head: Format,
    bold: Format,
    money: Format,
    total: Format,
    wrap: Format,
}

impl Styles {
    fn new() -> Self {
        let money = Format::new().set_num_format("#,##0.00;[Red]-#,##0.00;-");
        Self {
            head: Format::new().set_bold().set_border_bottom(FormatBorder::Thin).set_text_wrap(),
            bold: Format::new().set_bold(),
            total: money.clone().set_bold().set_border_top(FormatBorder::Thin),
            money,
            wrap: Format::new().set_text_wrap(),
        }
    }
}

fn workbook(book: &Book<'_>) -> Result<Vec<u8>, XlsxError> {
    let styles = Styles::new();
    let mut file = Workbook::new();
    summary(file.add_worksheet().set_name("Summary")?, book, &styles)?;
    let names = ["Projects", "Suppliers", "Cost codes", "Accounts"];
    for (table, name) in book.tables().iter().zip(names) {
        sums(file.add_worksheet().set_name(name)?, table.title, table.rows, &styles)?;
    }
    differences(file.add_worksheet().set_name("Differences")?, book, &styles)?;
    papers(file.add_worksheet().set_name("Papers")?, book, &styles)?;
    retainage(file.add_worksheet().set_name("Retainage")?, book, &styles)?;
    file.save_to_buffer()
}

/// An amount as a number where a spreadsheet holds it to the cent, else as text.
fn amount(page: &mut Worksheet, row: u32, column: u16, amount: Decimal, style: &Format) -> Result<(), XlsxError> {
    let text = amount.fixed(2);
    match text.parse::<f64>() {
        Ok(number) if amount.abs() < Decimal::from(EXACT) => {
            page.write_number_with_format(row, column, number, style)?
        }
        _ => page.write_string(row, column, text)?,
    };
    Ok(())
}

fn heads<'h>(
    page: &mut Worksheet,
    row: u32,
    heads: impl IntoIterator<Item = &'h str>,
    styles: &Styles,
) -> Result<(), XlsxError> {
    for (column, name) in (0u16..).zip(heads) {
        page.write_string_with_format(row, column, name, &styles.head)?;
    }
    Ok(())
}

fn summary(page: &mut Worksheet, book: &Book<'_>, styles: &Styles) -> Result<(), XlsxError> {
    page.set_column_width(0, 52)?.set_column_width(1, 10)?.set_column_width(2, 18)?;
    page.write_string_with_format(0, 0, format!("{} {}", book.pipeline, book.period), &styles.bold)?;
    page.write_string(1, 0, book.verdict())?;
    page.write_string(2, 0, format!("made {} with {} requests", book.made.whole_seconds(), book.found.requests))?;
    let mut row = 4;
    let total = &book.found.sums.total;
    for (name, sum) in [
        (format!("approved in {}", book.found.source), total.approved),
        (format!("standing in {}", book.found.target), total.posted),
        ("difference".to_owned(), total.difference()),
    ] {
        page.write_string(row, 0, name)?;
        amount(page, row, 2, sum, &styles.money)?;
        row += 1;
    }
    row = lines(page, row + 1, "Why", &book.causes(), styles)?;
    row = lines(page, row + 1, "Standing", &book.standings(), styles)?;
    for text in book.found.unread.iter().map(|text| format!("not read: {text}")).chain(book.remarks()) {
        row += 1;
        page.write_string(row, 0, text)?;
    }
    if book.sandbox {
        page.write_string(row + 2, 0, SANDBOX)?;
    }
    Ok(())
}

/// `1,234,567`.
fn grouped(number: u64) -> String {
    let money = Decimal::from(number).money();
    money.trim_end_matches(".00").to_owned()
}

fn lines(page: &mut Worksheet, mut row: u32, title: &str, lines: &[Line], styles: &Styles) -> Result<u32, XlsxError> {
    heads(page, row, [title, "Papers", "Amount"], styles)?;
    for line in lines {
        row += 1;
        page.write_string(row, 0, &line.name)?;
        page.write_string(row, 1, grouped(line.papers))?;
        amount(page, row, 2, line.amount, &styles.money)?;
    }
    Ok(row + 1)
}

fn sums(page: &mut Worksheet, title: &str, rows: &[Row], styles: &Styles) -> Result<(), XlsxError> {
    heads(page, 0, std::iter::once(title).chain(COLUMNS), styles)?;
    page.set_column_width(0, 34)?.set_freeze_panes(1, 1)?;
    let mut total = [Decimal::ZERO; COLUMNS.len()];
    let mut line = 0;
    for row in rows {
        line += 1;
        page.write_string(line, 0, &row.name)?;
        for (column, (sum, total)) in (1u16..).zip(book::columns(row).into_iter().zip(&mut total)) {
            amount(page, line, column, sum, &styles.money)?;
            *total = total.checked_add(sum).unwrap_or(*total);
        }
    }
    page.write_string_with_format(line + 1, 0, "all", &styles.bold)?;
    for (column, sum) in (1u16..).zip(total) {
        amount(page, line + 1, column, sum, &styles.total)?;
        page.set_column_width(column, 16)?;
    }
    Ok(())
}

fn differences(page: &mut Worksheet, book: &Book<'_>, styles: &Styles) -> Result<(), XlsxError> {
    heads(
        page,
        0,
        ["Project", "Paper", "In the ledger", "Day", "Cause", "Amount", "What happened", "Who mends it"],
        styles,
    )?;
    for (column, width) in (0u16..).zip([14, 40, 24, 12, 34, 16, 70, 50]) {
        page.set_column_width(column, width)?;
    }
    page.set_freeze_panes(1, 0)?;
    let all = book.differences();
    for (row, one) in (1u32..).zip(&all) {
        page.write_string(row, 0, &one.item.project)?;
        page.write_string_with_format(row, 1, &one.item.label, &styles.wrap)?;
        page.write_string(row, 2, &one.item.reference)?;
        page.write_string(row, 3, one.item.day.map(|day| day.to_string()).unwrap_or_default())?;
        page.write_string_with_format(row, 4, &one.cause, &styles.wrap)?;
        amount(page, row, 5, one.amount, &styles.money)?;
        page.write_string_with_format(row, 6, one.sentence, &styles.wrap)?;
        page.write_string_with_format(row, 7, one.mend, &styles.wrap)?;
    }
    Ok(())
}

fn papers(page: &mut Worksheet, book: &Book<'_>, styles: &Styles) -> Result<(), XlsxError> {
    heads(
        page,
        0,
        ["Project", "Supplier", "Paper", "In the ledger", "Day", "Standing", "Approved", "Posted", "Difference"],
        styles,
    )?;
    for (column, width) in (0u16..).zip([14, 30, 44, 24, 12, 18, 16, 16, 16]) {
        page.set_column_width(column, width)?;
    }
    page.set_freeze_panes(1, 0)?;
    for (row, item) in (1u32..).zip(&book.found.items) {
        let party = if item.approved.party.is_empty() { &item.posted.party } else { &item.approved.party };
        let day = item.day.map(|day| day.to_string()).unwrap_or_default();
        let texts = [&item.project, party, &item.label, &item.reference, &day];
        for (column, text) in (0u16..).zip(texts) {
            page.write_string(row, column, text)?;
        }
        page.write_string(row, 5, item.standing.word())?;
        for (column, sum) in (6u16..).zip([item.approved.amount, item.posted.amount, item.difference()]) {
            amount(page, row, column, sum, &styles.money)?;
        }
    }
    Ok(())
}

fn retainage(page: &mut Worksheet, book: &Book<'_>, styles: &Styles) -> Result<(), XlsxError> {
    heads(page, 0, ["Project", "Contract"].into_iter().chain(RETAINAGE), styles)?;
    page.set_column_width(0, 14)?.set_column_width(1, 46)?.set_freeze_panes(1, 2)?;
    for (row, one) in (1u32..).zip(&book.found.retainage) {
        page.write_string(row, 0, &one.project)?;
        page.write_string(row, 1, &one.contract)?;
        for (column, sum) in (2u16..).zip(retained(one)) {
            if let Some(sum) = sum {
                amount(page, row, column, sum, &styles.money)?;
            }
            page.set_column_width(column, 16)?;
        }
    }
    Ok(())
}
