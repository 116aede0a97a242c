//! A sheet of a spreadsheet as rows of text, so that it is checked as a CSV file is.
//!
//! Takes the cells and hands on one line of text for each row of the sheet: the line's
//! number is the row's, and its parts are the cells from column A on. What a cell holds
//! that is no text of its own (an error, a day, a number shown otherwise) is kept beside it
//! as a [`Mark`], since it only matters where a lookup uses the cell.

use std::collections::{BTreeMap, HashMap};

/// The longest text that a sheet may come to: 16 MiB.
const LARGEST: usize = 16 << 20;

/// A row and a column, both from 0.
pub(super) type Place = (usize, usize);

/// What is odd about a cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mark {
    /// `#REF!` and the like.
    Broken(String),
    /// A day, an hour or a length of time.
    Time,
    /// A number with more digits than a spreadsheet keeps.
    Long,
    /// A number that is shown in a form (`00-000`) that its value does not have.
    Shown(String),
}

/// The cells of one sheet.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub name: String,
    /// Cells that hold something.
    cells: BTreeMap<Place, String>,
    marks: HashMap<Place, Mark>,
}

impl Sheet {
    pub fn new(name: String) -> Self {
        Self { name, ..Self::default() }
    }

    /// Puts a text into a cell; blank ones are left out. Line breaks become spaces.
    pub fn put(&mut self, place: Place, text: &str, mark: Option<Mark>) {
        let text = text.replace(['\r', '\n', '\t'], " ");
        if !text.trim().is_empty() {
            self.cells.insert(place, text.trim().to_owned());
        }
        if let Some(mark) = mark {
            self.marks.insert(place, mark);
        }
    }

    pub fn mark(&self, place: Place) -> Option<&Mark> {
        self.marks.get(&place)
    }

    /// The rows as lines of CSV; `None` if that would be too long.
    pub fn text(&self) -> Option<String> {
        let width = self.cells.keys().map(|(_, column)| column + 1).max()?;
        let mut text = String::new();
        let (mut row, mut column) = (0, 0);
        for ((at, index), cell) in &self.cells {
            if *at > row {
                text.push_str(&",".repeat(if column > 0 { width - column } else { 0 }));
                text.push_str(&"\n".repeat(at - row));
                (row, column) = (*at, 0);
            }
            text.push_str(&",".repeat(if column > 0 { index + 1 - column } else { *index }));
            column = index + 1;
            if cell.contains(['"', ',']) {
                text.push_str(&format!("\"{}\"", cell.replace('"', "\"\"")));
            } else {
                text.push_str(cell);
            }
            if text.len() > LARGEST {
                return None;
            }
        }
        text.push_str(&",".repeat(width - column));
        text.push('\n');
        Some(text)
    }
}

/// What a cell is called in a spreadsheet: `B7`.
pub(super) fn cell_name((row, column): Place) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.push(char::from(b'A' + u8::try_from((rest - 1) % 26).unwrap_or(0)));
        rest = (rest - 1) / 26;
    }
    let letters: String = letters.iter().rev().collect();
    format!("{letters}{}", row + 1)
}

#[cfg(test)]
mod tests {
    use super::{Sheet, cell_name};

    #[test]
    fn cells_are_called_as_in_a_spreadsheet() {
        let names = [(0, 0), (6, 1), (9, 25), (9, 26), (0, 51), (0, 52), (0, 701), (0, 702)].map(cell_name);
        assert_eq!(names, ["A1", "B7", "Z10", "AA10", "AZ1", "BA1", "ZZ1", "AAA1"]);
    }

    #[test]
    fn the_line_of_a_text_is_the_row_of_the_sheet() {
        let mut sheet = Sheet::new("Codes".to_owned());
        for (place, text) in [((1, 1), "a"), ((1, 2), "b,c"), ((4, 0), " x\ny "), ((4, 1), ""), ((5, 2), "z")] {
            sheet.put(place, text, None);
        }
        assert_eq!(sheet.text().as_deref(), Some("\n,a,\"b,c\"\n\n\nx y,,\n,,z\n"));
        assert_eq!(Sheet::default().text(), None);
    }
}
