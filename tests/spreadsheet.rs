//! Spreadsheets for tests, out of a text that people can read:
//!
//! ```text
//! sheet Codes
//! cost_code | gl_account | from
//! 03-3*     | = 5310     | @ 2026-10-01
//! 01-*      | = 510 0000 | ! #REF!
//! ```
//!
//! A cell is a text; after `=` a number and the format that shows it, after `@` a day, after
//! `!` an error. A name after `hidden sheet` is that of a sheet that is not shown.

use crate::corpus::{corpus, examples, look_text};
use crate::support::{mlc_in, quickstart_in, root, scratch};
use mlc::model::{Lookup, Model};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};
use std::fs;

/// The workbook that a text describes.
pub fn made(text: &str) -> Vec<u8> {
    let mut book = Workbook::new();
    let mut row = 0;
    let mut sheet = Worksheet::new();
    let mut begun = false;
    for line in text.lines() {
        let hidden = line.strip_prefix("hidden ").unwrap_or(line);
        if let Some(name) = hidden.strip_prefix("sheet ") {
            if begun {
                book.push_worksheet(std::mem::take(&mut sheet));
            }
            sheet.set_name(name.trim()).expect("a sheet's name");
            let is_hidden = hidden.len() < line.len();
            sheet.set_hidden(is_hidden).set_active(!is_hidden);
            (row, begun) = (0, true);
            continue;
        }
        for (column, text) in (0..).zip(line.split('|')) {
            cell(&mut sheet, row, column, text.trim());
        }
        row += 1;
    }
    book.push_worksheet(sheet);
    book.save_to_buffer().expect("a workbook")
}

fn cell(sheet: &mut Worksheet, row: u32, column: u16, text: &str) {
    let (kind, rest) = text.split_at_checked(1).unwrap_or(("", ""));
    let rest = rest.trim();
    let written = match kind {
        "" => return,
        "=" => {
            let (number, format) = rest.split_once(' ').unwrap_or((rest, "General"));
            let format = Format::new().set_num_format(format);
            sheet.write_number_with_format(row, column, number.parse::<f64>().expect("a number"), &format)
        }
        "@" => {
            let day = ExcelDateTime::parse_from_str(rest).expect("a day");
            sheet.write_datetime_with_format(row, column, &day, &Format::new().set_num_format("yyyy-mm-dd"))
        }
        "!" => sheet.write_formula(row, column, Formula::new("=A1").set_result(rest)),
        _ => sheet.write_string(row, column, text),
    };
    written.expect("a cell");
}

/// The workbook of a CSV text: what looks like a number is one.
pub fn of_csv(text: &str, sheet: &str) -> Vec<u8> {
    let row = |line: &str| {
        let cells = line.split(',').map(|cell| match cell.parse::<f64>() {
            Ok(_) => format!("= {cell} {}", "0".repeat(cell.len())),
            Err(_) => cell.to_owned(),
        });
        cells.collect::<Vec<_>>().join(" | ")
    };
    let rows: Vec<String> = text.lines().map(row).collect();
    made(&format!("sheet {sheet}\n{}\n", rows.join("\n")))
}

fn rows(model: &Model) -> Vec<String> {
    let shown = |lookup: &Lookup| {
        lookup.rows.iter().map(|row| format!("{:?} {:?}", row.patterns, row.values)).collect::<Vec<_>>()
    };
    model.lookups.iter().flat_map(shown).collect()
}

#[test]
fn a_workbook_gives_the_rows_of_the_csv_file_that_it_was_made_of() {
    let text = fs::read_to_string(examples().join("quickstart.mlc")).expect("the quickstart");
    let csv = look_text("quickstart.mlc", &text, &examples()).model.expect("it is right");
    let folder = scratch();
    quickstart_in(folder.path());
    let table = fs::read_to_string(folder.path().join("cost-codes.csv")).expect("the table");
    fs::write(folder.path().join("cost-codes.xlsx"), of_csv(&table, "Codes")).expect("a workbook");
    let text = text.replace("from csv \"cost-codes.csv\"", "from xlsx \"cost-codes.xlsx\" sheet \"Codes\"");
    let seen = look_text("quickstart.mlc", &text, folder.path());
    let xlsx = seen.model.as_ref().unwrap_or_else(|| panic!("{}", seen.text()));
    assert!(rows(&csv).len() > 40, "{}", rows(&csv).len());
    assert_eq!(rows(&csv), rows(xlsx));
    let places: Vec<&str> = xlsx.lookups.iter().flat_map(|lookup| &lookup.rows).map(|row| row.place.as_str()).collect();
    assert!(places.contains(&"cost-codes.xlsx sheet Codes row 2"), "{places:?}");
}

#[test]
fn the_binary_reads_a_workbook() {
    let folder = scratch();
    quickstart_in(folder.path());
    let table = fs::read_to_string(folder.path().join("cost-codes.csv")).expect("the table");
    fs::write(folder.path().join("cost-codes.xlsx"), of_csv(&table, "Codes")).expect("a workbook");
    let text = fs::read_to_string(folder.path().join("quickstart.mlc")).expect("the quickstart");
    let write = |from: &str| {
        fs::write(folder.path().join("quickstart.mlc"), text.replace("csv \"cost-codes.csv\"", from)).expect("written");
        mlc_in(folder.path(), &["check", "quickstart.mlc"])
    };
    let right = write("xlsx \"cost-codes.xlsx\"");
    assert_eq!(right.code, 0, "{right}");
    let wrong = write("xlsx \"cost-codes.xlsx\" sheet \"Code\"");
    assert!(wrong.code == 2 && wrong.stderr.contains("E0512"), "{wrong}");
}

/// A workbook that was damaged on its way is told of, and never a panic.
#[test]
fn a_damaged_workbook_is_told_of() {
    let folder = scratch();
    let whole = of_csv(&fs::read_to_string(root().join("examples/cost-codes.csv")).expect("the table"), "Codes");
    let text = fs::read_to_string(corpus("right").join("xlsx.mlc")).expect("the pipeline");
    for cut in [0, 3, 40, whole.len() / 3, whole.len() / 2, whole.len() - 30] {
        fs::write(folder.path().join("xlsx.xlsx"), &whole[..cut]).expect("written");
        let seen = look_text("xlsx.mlc", &text, folder.path());
        assert!(seen.text().contains("E0504"), "{cut}: {}", seen.text());
    }
}
