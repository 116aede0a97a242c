//! The table to complete: a row for each code that has none, with empty cells where the
//! lookup's outputs belong and the proposal beside them. Completed, it is read by
//! `from csv` or `from xlsx` as it stands, since further columns do not matter there.

use crate::cli::exit::Failure;
use crate::host;
use std::path::Path;

/// A header and rows; every cell is text, so that `0310` keeps its zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// The kinds of file that it can be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Csv,
    Xlsx,
}

impl Form {
    /// By the ending of the name.
    pub fn of(path: &Path) -> Result<Self, Failure> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("csv") => Ok(Self::Csv),
            Some("xlsx") if cfg!(feature = "xlsx") => Ok(Self::Xlsx),
            Some("xlsx") => Err(Failure::wrong("this build of mlc writes no .xlsx", "name a .csv file")),
            _ => Err(Failure::wrong(
                format!("{} is neither a .csv nor an .xlsx", path.display()),
                "name a file that ends in one of them",
            )),
        }
    }
}

impl Sheet {
    /// Writes a new file; one that is there is never written over.
    pub fn write(&self, path: &Path, form: Form) -> Result<(), Failure> {
        if path.symlink_metadata().is_ok() {
            return Err(Failure::wrong(
                format!("{} is there already, and nothing was written", path.display()),
                "name another file",
            ));
        }
        // A code has to stay as it is, or its row is never found.
        let formula = self.rows.iter().flatten().find(|cell| is_formula(cell));
        if let (Form::Csv, Some(cell)) = (form, formula) {
            return Err(Failure::wrong(
                format!("`{cell}` would be taken for a formula when a spreadsheet opens the CSV"),
                "write an .xlsx, where every cell is text",
            ));
        }
        let bytes = match form {
            Form::Csv => self.csv(),
            Form::Xlsx => self.xlsx(),
        };
        let bytes =
            bytes.map_err(|error| Failure::world(format!("the table cannot be made: {error}"), "report this"))?;
        host::write_new(path, &bytes)
            .map_err(|sentence| Failure::world(sentence, "name a file in a folder that can be written to"))
    }

    fn csv(&self) -> Result<Vec<u8>, String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in std::iter::once(&self.header).chain(&self.rows) {
            writer.write_record(row).map_err(|error| error.to_string())?;
        }
        writer.into_inner().map_err(|error| error.to_string())
    }

    #[cfg(feature = "xlsx")]
    fn xlsx(&self) -> Result<Vec<u8>, String> {
        self.workbook().map_err(|error| error.to_string())
    }

    #[cfg(feature = "xlsx")]
    fn workbook(&self) -> Result<Vec<u8>, rust_xlsxwriter::XlsxError> {
        use rust_xlsxwriter::{Format, Workbook};
        let mut book = Workbook::new();
        let bold = Format::new().set_bold();
        let page = book.add_worksheet();
        for (column, name) in (0u16..).zip(&self.header) {
            page.write_string_with_format(0, column, name, &bold)?;
        }
        for (line, row) in (1u32..).zip(&self.rows) {
            for (column, cell) in (0u16..).zip(row) {
                page.write_string(line, column, cell)?;
            }
        }
        page.set_freeze_panes(1, 0)?;
        page.autofit();
        book.save_to_buffer()
    }

    #[cfg(not(feature = "xlsx"))]
    fn xlsx(&self) -> Result<Vec<u8>, String> {
        Err("this build writes no .xlsx".to_owned())
    }
}

/// Whether a spreadsheet takes a text for a formula when it opens a CSV.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '@', '\t', '\r']) || (cell.starts_with('-') && cell.parse::<f64>().is_err())
}

#[cfg(test)]
mod tests {
    use super::{Form, Sheet, is_formula};
    use std::path::Path;

    fn sheet() -> Sheet {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        Sheet { header: row(["cost_code", "gl_account"]), rows: vec![row(["0310", ""]), row(["a,\"b\"", "-5"])] }
    }

    #[test]
    fn codes_stay_as_they_are() {
        let text = String::from_utf8(sheet().csv().expect("csv")).expect("text");
        assert_eq!(text, "cost_code,gl_account\n0310,\n\"a,\"\"b\"\"\",-5\n");
        assert!(is_formula("=1+1") && is_formula("-A1") && !is_formula("-5") && !is_formula("03-300"));
    }

    #[cfg(feature = "xlsx")]
    #[test]
    fn a_workbook_holds_the_same_cells() {
        use calamine::{Data, Reader, Xlsx};
        let mut book = Xlsx::new(std::io::Cursor::new(sheet().xlsx().expect("a workbook"))).expect("opens");
        let page = book.worksheet_range_at(0).expect("a sheet").expect("reads");
        assert_eq!(page.get_value((1, 0)), Some(&Data::String("0310".to_owned())));
    }

    #[test]
    fn the_ending_decides() {
        assert_eq!(Form::of(Path::new("a.CSV")).expect("csv"), Form::Csv);
        assert!(Form::of(Path::new("a.ods")).is_err());
        assert!(Form::of(Path::new("a")).is_err());
    }
}
