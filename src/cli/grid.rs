//! Tables: the one look that all of them share.

use super::screen::width;
use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Row, Table, Width};

/// A table with a ruled header.
pub struct Grid {
    table: Table,
    width: u16,
}

impl Grid {
    /// `headers` that begin with `>` stand over right-aligned columns.
    pub fn new(headers: &[&str]) -> Self {
        Self::wide(headers, width())
    }

    pub fn wide(headers: &[&str], width: u16) -> Self {
        let mut table = Table::new();
        table.load_style(NOTHING);
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        table.set_header(headers.iter().map(|name| name.trim_start_matches('>')).collect::<Vec<_>>());
        for (index, name) in headers.iter().enumerate() {
            if let Some(column) = table.column_mut(index) {
                column.set_padding((0, 2));
                if name.starts_with('>') {
                    column.set_cell_alignment(CellAlignment::Right);
                }
            }
        }
        Self { table, width }
    }

    /// A column that is never wrapped below `least` characters.
    pub fn at_least(&mut self, column: usize, least: u16) {
        if let Some(column) = self.table.column_mut(column) {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least + 2)));
        }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Into<Cell>>) {
        self.table.add_row(Row::from(cells.into_iter().map(Into::into).collect::<Vec<Cell>>()));
    }

    /// The table, its header ruled off, no white space at the ends of lines.
    pub fn render(&self) -> String {
        let mut text = String::new();
        for (index, line) in self.table.lines().enumerate() {
            text.push_str(line.trim_end());
            text.push('\n');
            if index == 0 {
                text.push_str(&"─".repeat(usize::from(self.width)));
                text.push('\n');
            }
        }
        text
    }
}
