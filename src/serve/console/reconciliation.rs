//! `/{customer}/reconciliation`: a month closed over both sides, every difference named.

use super::form::Sent;
use super::glance::grouped;
use super::page::{Notice, Page, data, led_to};
use super::times::{Times, When};
use super::visit::Here;
use super::{Section, address};
use crate::engine::{Item, Period, Row};
use crate::serve::http::Access;
use crate::serve::statements::{self, Made, Statement};
use crate::statement::{self, Book, COLUMNS, RETAINAGE, columns, retained};
use crate::value::{Date, Decimal, Span};
use axum::body::Body;
use axum::extract::Query;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use minijinja::context;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// So long the answer to the form waits for the statement; then the page says that it is made.
const PATIENCE: Span = Span::from_secs(8);
/// More differences than these are in the workbook.
const SHOWN: usize = 200;
/// Wide enough for the longest bar, in the units of the chart.
const BAR: i64 = 1_000;

pub async fn show(here: Here, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let times = Times::of(&here.customer);
    let month = month_before(times.today());
    let asked = query.get("period").map_or("", String::as_str).trim();
    let period = if asked.is_empty() { Some(month) } else { Period::read(asked) };
    let statement = period.and_then(|period| here.customer.statements.of(period));
    let shown = period.map_or_else(|| asked.to_owned(), |period| period.to_string());
    let home = Section::Reconciliation.href(&address::segment(&here.customer.name));
    let state = match &statement {
        None => "none",
        Some(Statement::Making(_)) => "making",
        Some(Statement::Made(_)) => "made",
        Some(Statement::Failed(..)) => "failed",
    };
    let since = match &statement {
        Some(Statement::Making(at) | Statement::Failed(at, ..)) => Some(times.when(*at)),
        _ => None,
    };
    let made = match &statement {
        Some(Statement::Made(made)) => Some(Shown::of(made, &times)),
        _ => None,
    };
    let failed = match &statement {
        Some(Statement::Failed(_, message, mend)) => Some(Notice::wrong(message.clone(), mend.clone())),
        _ => None,
    };
    let unread = period.is_none().then(|| {
        Notice::wrong(
            format!("“{asked}” is no period."),
            "Write a month such as 2026-10, a year, or two days: 2026-10-01..2026-10-15.",
        )
    });
    let others: Vec<Other> = here
        .customer
        .statements
        .periods()
        .into_iter()
        .filter(|(period, _)| *period != shown)
        .map(|(period, _)| Other { href: address::with(&home, &[("period", &period)]), period })
        .collect();
    let again = address::with(&home, &[("period", &shown)]);
    Page::new("Reconciliation", "reconciliation.html")
        .of(&here.customer, Section::Reconciliation)
        .notice(failed.into_iter().chain(unread))
        .with(context! {
            period => shown, state, since => data(&since), made => data(&made), others => data(&others), home,
            may => Access::REPLAY.lets(Some(here.caller())),
            again,
        })
        .to(&here.visit)
}

pub async fn make(sent: Sent) -> Response {
    let customer = Arc::clone(&sent.here.customer);
    let home = Section::Reconciliation.href(&address::segment(&customer.name));
    let asked = sent.text("period").to_owned();
    let there = address::with(&home, &[("period", &asked)]);
    let Some(period) = Period::read(&asked) else {
        return led_to(&there, &Notice::wrong("Nothing was read.", "Name a period first."));
    };
    let clock = Arc::clone(&sent.here.visit.house.outside.clock);
    // A browser that goes away does not break it off.
    let making = tokio::spawn(async move { statements::make(&customer, period).await });
    let notice = tokio::select! {
        made = making => match made {
            Ok(true) => Notice::done(format!("Both sides of {period} were read just now.")),
            Ok(false) => Notice::wait(format!("{period} is being read already."), "Load this page again in a while."),
            Err(_) => Notice::wrong("It broke off.", "The server's log says why."),
        },
        () = clock.sleep(PATIENCE) => {
            Notice::wait(format!("Both sides of {period} are being read."), "Load this page again in a while.")
        }
    };
    led_to(&there, &notice)
}

/// `2026-10.xlsx` or `2026-10.csv`.
pub async fn file(here: Here) -> Response {
    let name = here.names.get("file").map_or("", String::as_str);
    let made = |text: &str| match here.customer.statements.of(Period::read(text)?)? {
        Statement::Made(made) => Some(made),
        _ => None,
    };
    let (bytes, kind) = match name.rsplit_once('.') {
        #[cfg(feature = "xlsx")]
        Some((period, "xlsx")) => match made(period) {
            Some(made) => {
                let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
                (statement::xlsx(&made.book(true)), kind)
            }
            None => return here.missing("No statement of this period was made."),
        },
        Some((period, "csv")) => match made(period) {
            Some(made) => (statement::csv(&made.book(true)), "text/csv; charset=utf-8"),
            None => return here.missing("No statement of this period was made."),
        },
        _ => return here.missing("A statement is there as .xlsx and as .csv."),
    };
    let Ok(bytes) = bytes else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the file cannot be made\n").into_response();
    };
    let mut response = Response::new(Body::from(bytes));
    let named =
        format!("attachment; filename=\"{}-{}\"", address::segment(&here.customer.name), address::segment(name));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(named) = HeaderValue::from_str(&named) {
        headers.insert(header::CONTENT_DISPOSITION, named);
    }
    super::secured(response)
}

/// The month that is usually closed: the one that ended last.
fn month_before(today: Date) -> Period {
    let to = today.start_of_month().plus_days(-1);
    Period { from: to.start_of_month(), to }
}

#[derive(Serialize)]
struct Other {
    period: String,
    href: String,
}

/// What the page shows of a statement.
#[derive(Serialize)]
struct Shown {
    verdict: String,
    agrees: bool,
    unread: Vec<String>,
    when: When,
    source: String,
    target: String,
    currency: String,
    approved: String,
    posted: String,
    difference: String,
    papers: String,
    requests: String,
    causes: Vec<Cause>,
    charts: Vec<Chart>,
    tables: Vec<Sums>,
    differences: Vec<Difference>,
    more: usize,
    retainage_heads: [&'static str; 6],
    retainage: Vec<Retainage>,
    remarks: Vec<String>,
    xlsx: Option<String>,
    csv: String,
}

#[derive(Serialize)]
struct Cause {
    name: String,
    papers: String,
    amount: String,
    /// Its part of the longest one, in thousandths.
    length: i64,
}

/// What is approved, and how much of it stands, as bars of one scale.
#[derive(Serialize)]
struct Chart {
    title: String,
    rows: Vec<Bars>,
}

#[derive(Serialize)]
struct Bars {
    name: String,
    approved: String,
    posted: String,
    difference: String,
    approved_length: i64,
    posted_length: i64,
}

#[derive(Serialize)]
struct Sums {
    title: String,
    heads: Vec<&'static str>,
    rows: Vec<(String, Vec<String>)>,
    totals: Vec<String>,
}

#[derive(Serialize)]
struct Difference {
    project: String,
    paper: String,
    href: String,
    reference: String,
    day: String,
    amount: String,
    cause: String,
    sentence: String,
    mend: String,
    waits: bool,
}

#[derive(Serialize)]
struct Retainage {
    project: String,
    contract: String,
    amounts: Vec<String>,
}

impl Shown {
    fn of(made: &Made, times: &Times) -> Self {
        let book = made.book(false);
        let found = book.found;
        let total = &found.sums.total;
        let differences = book.differences();
        let more = differences.len().saturating_sub(SHOWN);
        let period = made.period.to_string();
        let home = Section::Reconciliation.href(&address::segment(book.pipeline));
        Self {
            verdict: book.verdict(),
            agrees: found.agrees(),
            unread: found.unread.clone(),
            when: times.when(made.at),
            source: found.source.clone(),
            target: found.target.clone(),
            currency: book.currency.unwrap_or_default().to_owned(),
            approved: total.approved.money(),
            posted: total.posted.money(),
            difference: total.difference().money(),
            papers: grouped(found.items.len() as u64),
            requests: grouped(found.requests),
            causes: causes(&book),
            charts: book.tables().iter().take(2).filter_map(|table| chart(table.title, table.rows)).collect(),
            tables: book
                .tables()
                .iter()
                .filter(|table| !table.rows.is_empty())
                .map(|table| sums(table.title, table.rows, total))
                .collect(),
            differences: differences.iter().take(SHOWN).map(|one| difference(one, book.pipeline)).collect(),
            more,
            retainage_heads: RETAINAGE,
            retainage: found
                .retainage
                .iter()
                .map(|one| Retainage {
                    project: one.project.clone(),
                    contract: one.contract.clone(),
                    amounts: retained(one).map(|amount| amount.map_or_else(|| "–".to_owned(), Decimal::money)).to_vec(),
                })
                .collect(),
            remarks: book.remarks(),
            xlsx: cfg!(feature = "xlsx").then(|| format!("{home}/{period}.xlsx")),
            csv: format!("{home}/{period}.csv"),
        }
    }
}

fn causes(book: &Book<'_>) -> Vec<Cause> {
    let lines = book.causes();
    let largest = lines.iter().map(|line| line.amount.abs()).max().unwrap_or_default();
    let cause = |line: &statement::Line| Cause {
        name: line.name.clone(),
        papers: grouped(line.papers),
        amount: line.amount.money(),
        length: length(line.amount, largest),
    };
    lines.iter().map(cause).collect()
}

/// A bar's length, in thousandths of the largest.
fn length(amount: Decimal, largest: Decimal) -> i64 {
    let scaled = amount.abs().checked_mul(Decimal::from(BAR)).and_then(|scaled| scaled.checked_div(largest));
    scaled.and_then(|scaled| scaled.rounded(0).to_integer()).unwrap_or(0).clamp(0, BAR)
}

fn chart(title: &str, rows: &[Row]) -> Option<Chart> {
    let largest = rows.iter().flat_map(|row| [row.approved.abs(), row.posted.abs()]).max()?;
    let bars = |row: &Row| Bars {
        name: row.name.clone(),
        approved: row.approved.money(),
        posted: row.posted.money(),
        difference: money(row.difference()),
        approved_length: length(row.approved, largest),
        posted_length: length(row.posted, largest),
    };
    let mut ordered: Vec<&Row> = rows.iter().collect();
    ordered.sort_by_key(|row| std::cmp::Reverse(row.approved.abs().max(row.posted.abs())));
    Some(Chart { title: title.to_lowercase(), rows: ordered.into_iter().take(12).map(bars).collect() })
}

fn sums(title: &str, rows: &[Row], total: &Row) -> Sums {
    let is_used = |at: usize| at < 2 || rows.iter().any(|row| !columns(row)[at].is_zero());
    let used: Vec<usize> = (0..COLUMNS.len()).filter(|at| is_used(*at)).collect();
    let amounts = |row: &Row| used.iter().map(|at| money(columns(row)[*at])).collect::<Vec<_>>();
    Sums {
        title: title.to_owned(),
        heads: used.iter().map(|at| COLUMNS[*at]).collect(),
        rows: rows.iter().map(|row| (row.name.clone(), amounts(row))).collect(),
        totals: amounts(total),
    }
}

fn difference(one: &statement::Difference<'_>, customer: &str) -> Difference {
    let item: &Item = one.item;
    let id = crate::store::RecordId { flow: item.flow.clone(), key: item.key.clone() };
    let known = !item.flow.is_empty() && !item.key.is_empty();
    Difference {
        project: item.project.clone(),
        paper: item.label.clone(),
        href: if known { address::record(customer, &id) } else { String::new() },
        reference: item.reference.clone(),
        day: item.day.map(|day| day.to_string()).unwrap_or_default(),
        amount: money(one.amount),
        cause: one.cause.clone(),
        sentence: one.sentence.to_owned(),
        mend: one.mend.to_owned(),
        waits: item.standing.waits(),
    }
}

/// Nothing is easier to pass over than a zero.
fn money(amount: Decimal) -> String {
    if amount.is_zero() { String::new() } else { amount.money() }
}

#[cfg(test)]
mod tests {
    use super::{length, month_before};
    use crate::value::Date;

    #[test]
    fn a_bar_is_as_long_as_its_part_of_the_largest() {
        let decimal = |text: &str| text.parse().expect("a decimal");
        assert_eq!(length(decimal("250.00"), decimal("1000")), 250);
        assert_eq!(length(decimal("-1000.00"), decimal("1000")), 1_000);
        assert_eq!(length(decimal("1"), decimal("0")), 0);
        assert_eq!(length(decimal("1"), decimal("3")), 333);
    }

    #[test]
    fn the_month_that_ended_last_is_closed() {
        let period = month_before(Date::new(2026, 1, 5).expect("a day"));
        assert_eq!(period.to_string(), "2025-12");
    }
}
