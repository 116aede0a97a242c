//! A reconciliation on the screen.

use super::book::{Book, Line, plural, retained};
use crate::cli::grid::Grid;
use crate::cli::report::SANDBOX;
use crate::cli::screen::{BAD, BOLD, DIM, GOOD, WAITING, count, grouped};
use crate::engine::Row;
use crate::value::Decimal;
use std::fmt::Write;

/// So many differences are spelled out; the files have all of them.
const MOST: usize = 60;

pub fn render(book: &Book<'_>) -> String {
    let found = book.found;
    let mut text = format!(
        "{BOLD}{}  {}{BOLD:#}  {} and {} read, {}\n",
        book.pipeline,
        book.period,
        count(found.read_source, "record", "records") + " of " + &found.source,
        grouped(found.read_target) + " of " + &found.target,
        count(found.requests, "request", "requests")
    );
    if book.sandbox {
        let _ = writeln!(text, "{WAITING}{SANDBOX}{WAITING:#}");
    }
    for unread in &found.unread {
        let _ = writeln!(text, "{BAD}not read:{BAD:#} {unread}");
    }
    let style = if found.agrees() { GOOD } else { WAITING };
    let _ = writeln!(text, "{style}{}{style:#}\n", book.verdict());
    text.push_str(&summary(book));
    for table in book.tables() {
        if !table.rows.is_empty() {
            let _ = write!(text, "\n{}", sums(table.title, table.rows));
        }
    }
    text.push_str(&differences(book));
    text.push_str(&retainage(book));
    for remark in book.remarks() {
        let _ = writeln!(text, "\n{DIM}{remark}{DIM:#}");
    }
    text
}

fn summary(book: &Book<'_>) -> String {
    let (source, target) = (&book.found.source, &book.found.target);
    let total = &book.found.sums.total;
    let currency = book.currency.map(|currency| format!(" {currency}")).unwrap_or_default();
    let mut grid = Grid::new(&["", ">Papers", &format!(">Amount{currency}")]);
    let approved = book.found.items.iter().filter(|item| !item.approved.amount.is_zero()).count() as u64;
    let posted = book.found.items.iter().filter(|item| !item.posted.amount.is_zero()).count() as u64;
    grid.row([format!("approved in {source}"), grouped(approved), total.approved.money()]);
    grid.row([format!("standing in {target}"), grouped(posted), total.posted.money()]);
    grid.row(["difference".to_owned(), String::new(), total.difference().money()]);
    let mut text = grid.render();
    let lines: Vec<Line> = book.causes();
    if !lines.is_empty() {
        let mut grid = Grid::new(&["Why", ">Papers", &format!(">Amount{currency}")]);
        for line in lines {
            grid.row([line.name, grouped(line.papers), line.amount.money()]);
        }
        let _ = write!(text, "\n{}", grid.render());
    }
    text
}

/// Only the columns that hold anything: most months nothing is in doubt.
fn sums(title: &str, rows: &[Row]) -> String {
    let used: Vec<usize> = (0..super::book::COLUMNS.len())
        .filter(|&column| column < 2 || rows.iter().any(|row| !super::book::columns(row)[column].is_zero()))
        .collect();
    let heads: Vec<String> = std::iter::once(title.to_owned())
        .chain(used.iter().map(|&at| format!(">{}", super::book::COLUMNS[at])))
        .collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let mut grid = Grid::new(&heads);
    for row in rows {
        let amounts = super::book::columns(row);
        grid.row(std::iter::once(row.name.clone()).chain(used.iter().map(|&at| shown(amounts[at]))));
    }
    grid.render()
}

/// Nothing is easier to pass over than a zero.
fn shown(amount: Decimal) -> String {
    if amount.is_zero() { String::new() } else { amount.money() }
}

fn differences(book: &Book<'_>) -> String {
    let all = book.differences();
    if all.is_empty() {
        return String::new();
    }
    let mut grid = Grid::new(&["Paper", ">Amount", "What, why, and who mends it"]);
    for one in all.iter().take(MOST) {
        let mut said = format!("{}: {}", one.cause, one.sentence);
        if !one.mend.is_empty() {
            let _ = write!(said, "\n→ {}", one.mend);
        }
        grid.row([one.item.label.clone(), one.amount.money(), said]);
    }
    let mut text = format!("\n{}", grid.render());
    if all.len() > MOST {
        let _ = writeln!(
            text,
            "{DIM}and {} more; --out FILE.html has all of them{DIM:#}",
            grouped((all.len() - MOST) as u64)
        );
    }
    text
}

fn retainage(book: &Book<'_>) -> String {
    if book.found.retainage.is_empty() {
        return String::new();
    }
    let (source, target) = (&book.found.source, &book.found.target);
    let heads = [
        "Retainage of".to_owned(),
        format!(">held, {source}"),
        ">released".to_owned(),
        ">remaining".to_owned(),
        format!(">held, {target}"),
        ">released".to_owned(),
        ">remaining".to_owned(),
    ];
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let mut grid = Grid::new(&heads);
    let moved = book.found.retainage.iter().filter(|one| {
        let quiet = |kept: &crate::engine::Kept| kept.held.is_zero() && kept.released.is_zero();
        !(quiet(&one.source) && one.target.as_ref().is_none_or(quiet))
    });
    let mut told = 0;
    for one in moved {
        told += 1;
        let amounts = retained(one).map(|amount| amount.map_or_else(|| "–".to_owned(), Decimal::money));
        grid.row(std::iter::once(format!("{} {}", one.project, one.contract)).chain(amounts));
    }
    let quiet = book.found.retainage.len() - told;
    let mut text = if told == 0 { String::new() } else { format!("\n{}", grid.render()) };
    if quiet > 0 {
        let _ = writeln!(
            text,
            "{DIM}{} without a movement in {}; --out FILE.html has them{DIM:#}",
            plural(quiet, "contract", "contracts"),
            book.period
        );
    }
    text
}
