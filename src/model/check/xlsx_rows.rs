//! Lookup rows out of a spreadsheet: `from xlsx "codes.xlsx" sheet "Codes"`.
//!
//! The sheet is read as text and then checked as a CSV file is; what is wrong is told with
//! the sheet and the cell. Built without the feature `xlsx`, it is told that this is so.

use super::Checker;
use crate::diag::{Diagnostic, Span, codes};
use crate::model::Row;
use crate::syntax::{self as ast, Text};

#[cfg(feature = "xlsx")]
impl Checker<'_> {
    pub(super) fn xlsx(&mut self, lookup: &ast::Lookup, path: &Text, wanted: Option<&Text>) -> Vec<Row> {
        use super::workbook::{Fault, read};
        let file = match self.files.bytes(&self.path_from(path.span.source, &path.text)) {
            Ok(file) => file,
            Err(reason) => {
                self.no_spreadsheet(&path.text, path.span, reason);
                return Vec::new();
            }
        };
        match read(&file.bytes, wanted.map(|name| &*name.text)) {
            Ok(sheet) => match sheet.text() {
                Some(text) => self.table(lookup, path, file.path, text.into(), Some(sheet)),
                None => {
                    self.empty_sheet(path, &sheet.name);
                    Vec::new()
                }
            },
            Err(Fault::Unreadable(reason)) => {
                self.no_spreadsheet(&path.text, path.span, reason);
                Vec::new()
            }
            Err(Fault::NoSheet(names)) => {
                self.no_sheet(path, wanted, &names);
                Vec::new()
            }
        }
    }

    fn no_sheet(&mut self, path: &Text, wanted: Option<&Text>, names: &[String]) {
        let names = || names.iter().map(String::as_str);
        let (place, message) = match wanted {
            Some(wanted) => (wanted.span, format!("`{}` has no sheet `{}`", path.text, wanted.text)),
            None => (path.span, format!("`{}` has no sheet that is not hidden", path.text)),
        };
        let hint = match wanted.and_then(|wanted| crate::diag::nearest(&wanted.text, names())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("name one with `sheet \"…\"`; its sheets are {}", super::listed(names(), 12)),
        };
        self.report(Diagnostic::error(&codes::SHEET, place, message).label("no such sheet").hint(hint));
    }

    fn empty_sheet(&mut self, path: &Text, sheet: &str) {
        self.report(
            Diagnostic::error(
                &codes::LOOKUP_EMPTY,
                path.span,
                format!("the sheet `{sheet}` of `{}` holds no table, or one of more than 16 MiB", path.text),
            )
            .label("no rows")
            .hint("name the sheet that the codes stand in: `sheet \"…\"`"),
        );
    }

    fn no_spreadsheet(&mut self, path: &str, place: Span, reason: String) {
        self.report(
            Diagnostic::error(&codes::FILE_UNREADABLE, place, format!("`{path}` cannot be read")).label(reason).hint(
                "save it as an Excel workbook (`.xlsx`) without a password, in the folder of the file that names it",
            ),
        );
    }
}

#[cfg(not(feature = "xlsx"))]
impl Checker<'_> {
    pub(super) fn xlsx(&mut self, _: &ast::Lookup, path: &Text, _: Option<&Text>) -> Vec<Row> {
        self.unbuilt(&path.text, path.span);
        Vec::new()
    }

    fn unbuilt(&mut self, path: &str, place: Span) {
        self.report(
            Diagnostic::error(&codes::FILE_UNREADABLE, place, format!("`{path}` cannot be read"))
                .label("this mlc was built without spreadsheets (feature `xlsx`)")
                .hint("save the table as CSV and write `from csv \"….csv\"`, or use an mlc that reads them"),
        );
    }
}
