//! Lookup rows out of a table, a CSV file or a sheet of a spreadsheet: what is wrong in it
//! is shown in the table itself.
//!
//! The first row names the columns; every input and output of the lookup must be among
//! them, others may be. A cell of an input is a pattern: `*` stands for any run of
//! characters, `_` or `*` alone for anything. No cell that is used may be blank, but for
//! those of the columns `from` and `until`: the first and the last day of a row.

use super::rows::{file_name, pattern_of};
use super::sheet::{Mark, Sheet, cell_name};
use super::{Checker, listed};
use crate::diag::{Diagnostic, SourceId, Span, codes, nearest};
use crate::model::{Pattern, Row};
use crate::syntax::{self as ast, Name, Text};
use crate::value::{Date, Value};
use csv::{ReaderBuilder, StringRecord};
use std::path::PathBuf;
use std::sync::Arc;

/// So many faults of one file are shown; the others are counted.
const MOST_FAULTS: usize = 20;

/// A table on its way.
struct Table<'a> {
    source: SourceId,
    text: &'a str,
    /// Where the pipeline names the file.
    named: Span,
    file: String,
    /// Where the text comes from, if that is no CSV file.
    sheet: Option<Sheet>,
    /// The line on which the row in hand begins, from 0, and its offset.
    row: (usize, usize),
    faults: Vec<Diagnostic>,
}

/// The columns of the lookup's inputs and outputs.
struct Columns {
    inputs: Vec<usize>,
    outputs: Vec<usize>,
    /// The columns `from` and `until`, if they are there and mean nothing else.
    from: Option<usize>,
    until: Option<usize>,
    count: usize,
}

impl Checker<'_> {
    pub(super) fn csv(&mut self, lookup: &ast::Lookup, path: &Text) -> Vec<Row> {
        let file = match self.files.read(&self.path_from(path.span.source, &path.text)) {
            Ok(file) => file,
            Err(reason) => {
                self.unreadable(&path.text, path.span, reason);
                return Vec::new();
            }
        };
        self.table(lookup, path, file.path, file.text, None)
    }

    /// The rows of a text in the form of CSV, which a sheet may stand behind.
    pub(super) fn table(
        &mut self,
        lookup: &ast::Lookup,
        path: &Text,
        file: PathBuf,
        text: Arc<str>,
        sheet: Option<Sheet>,
    ) -> Vec<Row> {
        let name = file_name(&file);
        let source = self.sources.add(file, text.clone());
        let mut table =
            Table { source, text: &text, named: path.span, file: name, sheet, row: (0, 0), faults: Vec::new() };
        let rows = table.read(lookup);
        let all = table.faults.len();
        let more = all.saturating_sub(MOST_FAULTS);
        for (index, fault) in table.faults.into_iter().take(MOST_FAULTS).enumerate() {
            let last = index + 1 == MOST_FAULTS && more > 0;
            self.report(if last {
                fault.related(path.span, format!("and {more} more faults in this file"))
            } else {
                fault
            });
        }
        rows
    }
}

impl Table<'_> {
    fn read(&mut self, lookup: &ast::Lookup) -> Vec<Row> {
        let start = if self.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let body = self.text.get(start..).unwrap_or("");
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(body.as_bytes());
        let mut columns: Option<Columns> = None;
        let mut rows = Vec::new();
        let mut record = StringRecord::new();
        loop {
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    self.broken(&error, start);
                    break;
                }
            }
            let position = record.position();
            let offset = position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0)) + start;
            let offset = offset + self.blank_lines(offset);
            self.at_row(offset);
            match &columns {
                None => match self.header(&record, offset, lookup) {
                    Some(found) => columns = Some(found),
                    None => return Vec::new(),
                },
                Some(columns) => rows.extend(self.row(&record, offset, columns, lookup)),
            }
        }
        if columns.is_none() {
            self.no_header(lookup);
        } else if rows.is_empty() && self.faults.is_empty() {
            self.nothing_below();
        }
        rows
    }

    /// The reader skips empty lines; its position does not.
    fn blank_lines(&self, offset: usize) -> usize {
        let rest = self.text.get(offset..).unwrap_or("");
        rest.len() - rest.trim_start_matches(['\r', '\n']).len()
    }

    fn header(&mut self, record: &StringRecord, offset: usize, lookup: &ast::Lookup) -> Option<Columns> {
        let cells: Vec<&str> = record.iter().map(str::trim).collect();
        let mut whole = true;
        for (index, cell) in cells.iter().enumerate() {
            if let Some(first) = cells.iter().take(index).position(|other| other == cell && !cell.is_empty()) {
                whole = false;
                let fault = Diagnostic::error(
                    &codes::CSV_HEADER,
                    self.cell(offset, index),
                    format!("two columns are named `{cell}`"),
                );
                let first = self.cell(offset, first);
                let fault = fault
                    .label("named again")
                    .related(first, "first column of that name")
                    .hint("rename one of the two columns");
                self.fault(Some(index), fault);
            }
        }
        let mut find = |names: &[Name]| -> Vec<usize> {
            names.iter().filter_map(|name| self.column(name, &cells, offset, &mut whole)).collect()
        };
        let (inputs, outputs) = (find(&lookup.inputs), find(&lookup.outputs));
        let used = |name: &str| lookup.inputs.iter().chain(&lookup.outputs).any(|used| *used.text == *name);
        let day = |name: &str| cells.iter().position(|cell| *cell == name).filter(|_| !used(name));
        let (from, until) = (day("from"), day("until"));
        whole.then_some(Columns { inputs, outputs, from, until, count: cells.len() })
    }

    fn column(&mut self, name: &Name, cells: &[&str], offset: usize, whole: &mut bool) -> Option<usize> {
        if let Some(index) = cells.iter().position(|cell| **cell == *name.text) {
            return Some(index);
        }
        let first = std::mem::replace(whole, false);
        let lone = cells.iter().filter(|cell| !cell.is_empty()).count() == 1;
        if !first && lone {
            return None;
        }
        let parted = self.sheet.is_none() && cells.len() == 1;
        let hint = if parted && cells.iter().any(|cell| cell.contains([';', '\t'])) {
            "the columns of a CSV file are parted by commas; save it again with commas".to_owned()
        } else {
            match nearest(&name.text, cells.iter().copied()) {
                Some(near) => format!("did you mean the column `{near}`? Rename it to `{}`", name.text),
                None if self.sheet.is_some() && lone => {
                    "the first row that holds anything names the columns: take out what stands above the header"
                        .to_owned()
                }
                None => {
                    let named = cells.iter().copied().filter(|cell| !cell.is_empty());
                    format!("the first row names the columns; here they are {}", listed(named, 12))
                }
            }
        };
        let line = self.line(offset);
        let fault = Diagnostic::error(&codes::CSV_HEADER, line, format!("{} has no column `{}`", self.file, name.text))
            .label(format!("no `{}` among the columns", name.text))
            .related(name.span, "the lookup needs it")
            .hint(hint);
        self.fault(None, fault);
        None
    }

    fn row(&mut self, record: &StringRecord, offset: usize, columns: &Columns, lookup: &ast::Lookup) -> Option<Row> {
        if record.len() != columns.count {
            let place = self.line(offset);
            let (given, wanted) = (record.len(), columns.count);
            self.faults.push(
                Diagnostic::error(
                    &codes::CSV_ROW,
                    place,
                    format!("this row has {given} cells, the header has {wanted}"),
                )
                .label(if given < wanted { "too few cells" } else { "too many cells" })
                .hint("a text that holds a comma stands in double quotes: `\"Concrete, formwork\"`"),
            );
            return None;
        }
        let before = self.faults.len();
        let patterns = self.used(record, offset, &columns.inputs, &lookup.inputs, "`_` where any value will do");
        let values = self.used(record, offset, &columns.outputs, &lookup.outputs, "the value that the row gives");
        let from = columns.from.and_then(|column| self.day(record, offset, column));
        let until = columns.until.and_then(|column| self.day(record, offset, column));
        if let (Some(first), Some(last)) = (from, until)
            && first > last
        {
            let place = columns.until.map_or_else(|| self.line(offset), |column| self.cell(offset, column));
            let fault = Diagnostic::error(&codes::ROW_DAYS, place, "this row holds on no day")
                .label(format!("it begins on {first} and ends on {last}"))
                .hint("`until` names the last day on which the row holds; put the two days in order");
            self.fault(columns.until, fault);
        }
        if self.faults.len() > before {
            return None;
        }
        let line = self.row.0 + 1;
        let place = match &self.sheet {
            None => format!("{} line {line}", self.file),
            Some(sheet) => format!("{} sheet {} row {line}", self.file, sheet.name),
        };
        let pattern = |text: &str| if text == "_" { Pattern::Any } else { pattern_of(text) };
        Some(Row {
            patterns: patterns.iter().map(|text| pattern(text)).collect(),
            values: values.iter().map(Value::text).collect(),
            from,
            until,
            place,
            span: self.line(offset),
        })
    }

    /// The cells of some columns, trimmed; blank ones are faults.
    fn used(
        &mut self,
        record: &StringRecord,
        offset: usize,
        columns: &[usize],
        names: &[Name],
        fill: &str,
    ) -> Vec<Arc<str>> {
        let mut cells = Vec::with_capacity(columns.len());
        for (index, name) in columns.iter().zip(names) {
            let cell = record.get(*index).unwrap_or("").trim();
            let mark = self.sheet.as_ref().and_then(|sheet| sheet.mark((self.row.0, *index)).cloned());
            if let Some(mark) = mark {
                self.marked(offset, *index, name, &mark);
            } else if cell.is_empty() {
                let place = self.cell(offset, *index);
                let fault = Diagnostic::error(&codes::CSV_ROW, place, format!("the cell of `{}` is blank", name.text))
                    .label("blank")
                    .hint(format!("write {fill}, or take the row out"));
                self.fault(Some(*index), fault);
            }
            cells.push(Arc::from(cell));
        }
        cells
    }

    /// The day in a cell; a blank one leaves that end open.
    fn day(&mut self, record: &StringRecord, offset: usize, column: usize) -> Option<Date> {
        let cell = record.get(column).unwrap_or("").trim();
        if cell.is_empty() {
            return None;
        }
        let day = Some(cell).filter(|cell| cell.len() == 10).and_then(|cell| cell.parse().ok());
        if day.is_none() {
            let place = self.cell(offset, column);
            let fault = Diagnostic::error(&codes::CSV_ROW, place, format!("`{cell}` is not a day"))
                .label("not a day")
                .hint("write year-month-day, as in `2026-10-31`, or leave the cell blank");
            self.fault(Some(column), fault);
        }
        day
    }

    /// A cell of a spreadsheet that is not the code it may look like.
    fn marked(&mut self, offset: usize, column: usize, name: &Name, mark: &Mark) {
        let (what, label, hint) = match mark {
            Mark::Broken(error) => (
                format!("holds the error `{error}`"),
                "an error",
                "mend the formula in the spreadsheet, or type the code itself".to_owned(),
            ),
            Mark::Time => (
                "holds a day or time, not a text".to_owned(),
                "a day or time",
                "spreadsheets make days of codes such as `1-3`: format the column as text and type the code again"
                    .to_owned(),
            ),
            Mark::Long => (
                "holds a number of more than 15 digits".to_owned(),
                "its last digits are lost",
                "a spreadsheet keeps 15 digits: format the column as text and type the code again".to_owned(),
            ),
            Mark::Shown(form) => (
                format!("holds a number that is only shown as a code, by the format `{form}`"),
                "its value is this",
                "format the column as text and type the codes as they are shown".to_owned(),
            ),
        };
        let place = self.cell(offset, column);
        let fault = Diagnostic::error(&codes::CSV_ROW, place, format!("the cell of `{}` {what}", name.text));
        self.fault(Some(column), fault.label(label).hint(hint));
    }

    /// Keeps a fault; of a spreadsheet with the sheet and the cell or row.
    fn fault(&mut self, column: Option<usize>, mut fault: Diagnostic) {
        if let Some(sheet) = &self.sheet {
            let row = self.row.0;
            let place = match column {
                Some(column) => format!("cell {}", cell_name((row, column))),
                None => format!("row {}", row + 1),
            };
            fault.message = format!("sheet `{}`, {place}: {}", sheet.name, fault.message);
        }
        self.faults.push(fault);
    }

    /// The next row begins at this offset.
    fn at_row(&mut self, offset: usize) {
        let (line, counted) = self.row;
        self.row = (line + self.text.get(counted..offset).unwrap_or("").matches('\n').count(), offset);
    }

    fn broken(&mut self, error: &csv::Error, start: usize) {
        let offset = error.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0)) + start;
        let place = self.line(offset);
        self.faults.push(
            Diagnostic::error(&codes::CSV_ROW, place, "this row cannot be read")
                .label(error.to_string())
                .hint("save the file again as CSV in UTF-8"),
        );
    }

    fn no_header(&mut self, lookup: &ast::Lookup) {
        let names: Vec<&str> = lookup.inputs.iter().chain(&lookup.outputs).map(|name| &*name.text).collect();
        self.faults.push(
            Diagnostic::error(&codes::CSV_HEADER, self.named, format!("{} is empty", self.file))
                .label("has no header row")
                .hint(format!("its first row names the columns: `{}`", names.join(","))),
        );
    }

    fn nothing_below(&mut self) {
        self.faults.push(
            Diagnostic::error(&codes::LOOKUP_EMPTY, self.named, format!("{} has a header and no rows", self.file))
                .label("no rows")
                .hint("add rows to the file, or take this line out"),
        );
    }

    /// The line at an offset, without its end.
    fn line(&self, offset: usize) -> Span {
        let rest = self.text.get(offset..).unwrap_or("");
        let length = rest.find(['\r', '\n']).unwrap_or(rest.len());
        Span::new(self.source, offset, offset + length)
    }

    /// A cell of the row that begins at an offset. Quotes belong to the cell.
    fn cell(&self, offset: usize, index: usize) -> Span {
        let (mut start, mut column, mut quoted) = (offset, 0, false);
        let rest = self.text.get(offset..).unwrap_or("");
        let mut end = self.text.len();
        for (at, byte) in rest.bytes().enumerate() {
            match byte {
                b'"' => quoted = !quoted,
                b',' if !quoted && column == index => {
                    end = offset + at;
                    break;
                }
                b',' if !quoted => {
                    column += 1;
                    start = offset + at + 1;
                }
                b'\r' | b'\n' if !quoted => {
                    end = offset + at;
                    break;
                }
                _ => {}
            }
        }
        Span::new(self.source, start, end)
    }
}
