//! A reconciliation on the screen.

use crate::cli::grid::Grid;
use crate::cli::report::SANDBOX;
use crate::cli::screen::{BAD, BOLD, DIM, GOOD, WAITING, count, grouped};
use crate::engine::Row;
use crate::statement::{Book, COLUMNS, Line, PROJECT, columns, plural, retained};
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
        text.push_str(&sums(book, table.title, table.rows));
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

/// Projects all; of the longer tables the rows that differ. Of the columns only those that
/// hold anything: most months nothing is in doubt.
fn sums(book: &Book<'_>, title: &str, rows: &[Row]) -> String {
    let shown_rows: Vec<&Row> = rows
        .iter()
        .filter(|row| book.all || title == PROJECT || columns(row)[2..].iter().any(|sum| !sum.is_zero()))
        .collect();
    let quiet = rows.len() - shown_rows.len();
    let used: Vec<usize> = (0..COLUMNS.len())
        .filter(|&column| column < 2 || rows.iter().any(|row| !columns(row)[column].is_zero()))
        .collect();
    let mut text = String::new();
    if !shown_rows.is_empty() {
        let heads: Vec<String> =
            std::iter::once(title.to_owned()).chain(used.iter().map(|&at| format!(">{}", COLUMNS[at]))).collect();
        let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
        let mut grid = Grid::new(&heads);
        for row in shown_rows {
            let amounts = columns(row);
            grid.row(std::iter::once(row.name.clone()).chain(used.iter().map(|&at| shown(amounts[at]))));
        }
        let _ = write!(text, "\n{}", grid.render());
    }
    if quiet > 0 {
        let lower = title.to_lowercase();
        let _ = writeln!(
            text,
            "{DIM}{} without a difference; --all tells them{DIM:#}",
            plural(quiet, &lower, &format!("{lower}s"))
        );
    }
    text
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
    if book.found.retainage_account.is_none() && !book.all {
        return one_side(book);
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
    let mut all = [Some(Decimal::ZERO); 6];
    let mut told = 0;
    for one in &book.found.retainage {
        let amounts = retained(one);
        for (sum, amount) in all.iter_mut().zip(amounts) {
            *sum = sum.zip(amount.or(Some(Decimal::ZERO))).and_then(|(sum, amount)| sum.checked_add(amount));
        }
        if book.all || amounts[3].is_none() || amounts[..3] != amounts[3..] {
            told += 1;
            let cells = amounts.map(|amount| amount.map_or_else(|| "–".to_owned(), Decimal::money));
            grid.row(std::iter::once(format!("{} {}", one.project, one.contract)).chain(cells));
        }
    }
    let cells = all.map(|sum| sum.map_or_else(|| "–".to_owned(), Decimal::money));
    grid.row(std::iter::once("all contracts".to_owned()).chain(cells));
    let mut text = format!("\n{}", grid.render());
    let quiet = book.found.retainage.len() - told;
    if quiet > 0 {
        let _ = writeln!(
            text,
            "{DIM}{} with the same retainage on both sides; --all tells them{DIM:#}",
            plural(quiet, "contract", "contracts")
        );
    }
    text
}

/// Only the source keeps it: its sums are enough for a screen.
fn one_side(book: &Book<'_>) -> String {
    let kept = book.found.retainage.iter().fold([Decimal::ZERO; 3], |sums, one| {
        let amounts = [one.source.held, one.source.released, one.source.remaining];
        std::array::from_fn(|at| sums[at].checked_add(amounts[at]).unwrap_or(sums[at]))
    });
    let [held, released, remaining] = kept.map(Decimal::money);
    format!(
        "\nRetainage in {} on {}: {held} held and {released} released in {}, {remaining} remaining. {DIM}--all tells each{DIM:#}\n",
        book.found.source,
        plural(book.found.retainage.len(), "contract", "contracts"),
        book.period
    )
}
