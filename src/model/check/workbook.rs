//! Spreadsheets as they lie on disk: the only file that names the crate that reads them.
//!
//! Takes the bytes of an xlsx file and hands on one [`Sheet`]. Numbers become the decimals
//! that the spreadsheet shows, to the 15 digits that it keeps, without the noise of its
//! floating point; days become `2026-10-31`.

use super::sheet::{Mark, Place, Sheet};
use crate::value::Decimal;
use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxError};
use std::io::Cursor;

/// More rows and columns than these are no table of codes; the format itself has no more rows.
const MOST_ROWS: u32 = 1 << 20;
const MOST_COLUMNS: u32 = 1 << 14;

/// How a file begins that is no xlsx file but one of the formats before it, or is locked
/// with a password.
const OLD_FORMAT: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0];

/// Why there is no sheet.
#[derive(Debug)]
pub(super) enum Fault {
    /// In words.
    Unreadable(String),
    /// No sheet of the wanted name; these are there.
    NoSheet(Vec<String>),
}

/// The sheet of this name, or the first that is not hidden.
pub(super) fn read(bytes: &[u8], wanted: Option<&str>) -> Result<Sheet, Fault> {
    if bytes.starts_with(OLD_FORMAT) {
        let reason = "it is in the format of `.xls`, or locked with a password";
        return Err(Fault::Unreadable(reason.to_owned()));
    }
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
    let sheets = book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let names: Vec<String> = sheets.clone().map(|sheet| sheet.name.clone()).collect();
    let name = match wanted {
        Some(wanted) => names.iter().find(|name| *name == wanted).cloned(),
        None => sheets.clone().find(|sheet| sheet.visible == SheetVisible::Visible).map(|sheet| sheet.name.clone()),
    };
    let Some(name) = name else { return Err(Fault::NoSheet(names)) };
    cells(&mut book, name).map_err(|error| unreadable(&error))?
}

fn unreadable(error: &XlsxError) -> Fault {
    Fault::Unreadable(match error {
        XlsxError::Password => "it is locked with a password".to_owned(),
        _ => "it is no xlsx file, or a damaged one".to_owned(),
    })
}

fn cells(book: &mut Xlsx<Cursor<&[u8]>>, name: String) -> Result<Result<Sheet, Fault>, XlsxError> {
    let mut reader = book.worksheet_cells_reader(&name)?;
    let format = |style: &calamine::Style| style.number_format.as_ref().map(|format| format.format_code.clone());
    let formats: Vec<Option<String>> = reader.styles().iter().map(format).collect();
    let mut sheet = Sheet::new(name);
    while let Some((cell, style)) = reader.next_cell_with_style_id()? {
        let (row, column) = cell.get_position();
        if matches!(cell.get_value(), DataRef::Empty) {
            continue;
        }
        if row >= MOST_ROWS || column >= MOST_COLUMNS {
            return Ok(Err(Fault::Unreadable("the sheet has more rows or columns than a spreadsheet can".to_owned())));
        }
        let place: Place = (row as usize, column as usize);
        let format = formats.get(style).and_then(Option::as_deref).unwrap_or("General");
        let (text, mark) = written(cell.get_value(), format);
        sheet.put(place, &text, mark);
    }
    Ok(Ok(sheet))
}

/// A cell as text, and what is odd about it.
fn written(value: &DataRef<'_>, format: &str) -> (String, Option<Mark>) {
    match value {
        DataRef::Empty => (String::new(), None),
        DataRef::String(text) => (text.clone(), None),
        DataRef::SharedString(text) => ((*text).to_owned(), None),
        DataRef::Bool(true) => ("TRUE".to_owned(), None),
        DataRef::Bool(false) => ("FALSE".to_owned(), None),
        DataRef::Int(number) => number_text(&number.to_string(), format),
        DataRef::Float(number) => match decimal(*number) {
            Some(number) => number_text(&number, format),
            None => (number.to_string(), Some(Mark::Long)),
        },
        DataRef::DateTime(time) => (day(time), Some(Mark::Time)),
        DataRef::DateTimeIso(text) => (text.trim_end_matches("T00:00:00").to_owned(), Some(Mark::Time)),
        DataRef::DurationIso(text) => (text.clone(), Some(Mark::Time)),
        DataRef::Error(error) => (error.to_string(), Some(Mark::Broken(error.to_string()))),
    }
}

/// The decimal of at most 15 digits that the spreadsheet shows for its number.
fn decimal(number: f64) -> Option<String> {
    if !number.is_finite() || number.abs() >= 1e15 {
        return None;
    }
    let shown: f64 = format!("{number:.14e}").parse().ok()?;
    let exact: Decimal = shown.to_string().parse().ok()?;
    Some(exact.to_string())
}

/// A number as its cell shows it: zeros before it are part of a code. Other forms than
/// those of plain numbers are marked.
fn number_text(number: &str, format: &str) -> (String, Option<Mark>) {
    let form = format.split(';').next().unwrap_or(format);
    if !form.is_empty() && form.bytes().all(|sign| sign == b'0') && !number.contains(['.', '-']) {
        return (format!("{number:0>width$}", width = form.len()), None);
    }
    let digit = |sign: char| matches!(sign, '0' | '#' | '?');
    let inner = match (form.find(digit), form.rfind(digit)) {
        (Some(first), Some(last)) => form.get(first..=last).unwrap_or(""),
        _ => "",
    };
    let plain = inner.chars().all(|sign| digit(sign) || matches!(sign, ',' | '.' | 'E' | '+'));
    (number.to_owned(), (!plain).then(|| Mark::Shown(form.to_owned())))
}

fn day(time: &ExcelDateTime) -> String {
    if time.is_duration() {
        return time.as_f64().to_string();
    }
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) { date } else { format!("{date} {hour:02}:{minute:02}:{second:02}") }
}

#[cfg(test)]
mod tests {
    use super::{Fault, decimal, number_text, read};
    use crate::model::check::sheet::Mark;
    use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

    #[test]
    fn numbers_are_the_decimals_that_are_shown() {
        let shown = |number: f64| decimal(number).unwrap_or_default();
        assert_eq!(shown(5310.0), "5310");
        assert_eq!(shown(0.1 + 0.2), "0.3");
        assert_eq!(shown(1234567.8), "1234567.8");
        assert_eq!(shown(-19.99), "-19.99");
        assert_eq!(shown(999_999_999_999_999.0), "999999999999999");
        assert_eq!(decimal(1e15), None);
        assert_eq!(decimal(f64::NAN), None);
    }

    #[test]
    fn zeros_before_a_code_stay_and_other_forms_are_marked() {
        assert_eq!(number_text("510", "0000"), ("0510".to_owned(), None));
        assert_eq!(number_text("5310", "General"), ("5310".to_owned(), None));
        assert_eq!(number_text("5310", "#,##0.00;[Red]-#,##0.00"), ("5310".to_owned(), None));
        assert_eq!(number_text("3310", "00\\-000").1, Some(Mark::Shown("00\\-000".to_owned())));
    }

    #[test]
    fn a_workbook_is_read_cell_by_cell() {
        let mut book = Workbook::new();
        let hidden = book.add_worksheet();
        hidden.set_name("Notes").and_then(|sheet| sheet.write_string(0, 0, "not this one")).expect("a sheet");
        hidden.set_hidden(true);
        let sheet = book.add_worksheet();
        sheet.set_active(true).set_name("Codes").expect("a name");
        sheet.write_string(0, 0, "cost_code").and_then(|sheet| sheet.write_number(0, 1, 5310.0)).expect("cells");
        let date = Format::new().set_num_format("yyyy-mm-dd");
        let day = ExcelDateTime::from_ymd(2026, 10, 31).expect("a day");
        sheet.write_datetime_with_format(1, 0, &day, &date).expect("a day");
        sheet.write_number_with_format(1, 1, 510.0, &Format::new().set_num_format("0000")).expect("a number");
        sheet.write_formula(2, 0, Formula::new("=1/0").set_result("#DIV/0!")).expect("a formula");
        sheet.write_boolean(2, 1, true).expect("a boolean");
        let bytes = book.save_to_buffer().expect("a workbook");
        let read_sheet = read(&bytes, None).expect("a sheet");
        assert_eq!(read_sheet.name, "Codes");
        assert_eq!(read_sheet.text().as_deref(), Some("cost_code,5310\n2026-10-31,0510\n#DIV/0!,TRUE\n"));
        assert_eq!(read_sheet.mark((1, 0)), Some(&Mark::Time));
        assert_eq!(read_sheet.mark((1, 1)), None);
        assert_eq!(read(&bytes, Some("Notes")).expect("named").text().as_deref(), Some("not this one\n"));
        let Err(Fault::NoSheet(names)) = read(&bytes, Some("codes")) else { panic!("no such sheet") };
        assert_eq!(names, ["Notes", "Codes"]);
        assert!(matches!(read(b"cost_code,gl_account\n", None), Err(Fault::Unreadable(_))));
    }
}
