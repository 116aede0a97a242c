//! A reconciliation as one HTML page that needs nothing beside itself: it opens from a
//! mail, prints on paper, and follows the reader's light or dark.

use crate::statement::{self as book, Book, COLUMNS, Line, RETAINAGE, retained};
use crate::value::Decimal;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, context};
use serde_json::{Value as Json, json};

/// The name ends in `.html`, so that every text is escaped.
const NAME: &str = "reconcile.html";
const TEMPLATE: &str = include_str!("page.html");

pub fn render(book: &Book<'_>) -> Result<String, String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_template(NAME, TEMPLATE).map_err(|error| error.to_string())?;
    let template = environment.get_template(NAME).map_err(|error| error.to_string())?;
    let values = values(book);
    template.render(context! { book => minijinja::Value::from(Serde(&values)) }).map_err(|error| error.to_string())
}

fn values(book: &Book<'_>) -> Json {
    let found = book.found;
    let total = &found.sums.total;
    let tables = book.tables().into_iter().filter(|table| !table.rows.is_empty()).map(|table| {
        let used: Vec<usize> = (0..COLUMNS.len())
            .filter(|&at| at < 2 || table.rows.iter().any(|row| !book::columns(row)[at].is_zero()))
            .collect();
        let rows = table.rows.iter().map(|row| {
            let amounts = book::columns(row);
            json!({"name": row.name, "amounts": used.iter().map(|&at| money(amounts[at])).collect::<Vec<_>>()})
        });
        let totals = book::columns(total);
        json!({
            "title": table.title,
            "heads": used.iter().map(|&at| COLUMNS[at]).collect::<Vec<_>>(),
            "rows": rows.collect::<Vec<_>>(),
            "totals": used.iter().map(|&at| money(totals[at])).collect::<Vec<_>>(),
        })
    });
    let differences = book.differences();
    let differences = differences.iter().map(|one| {
        json!({
            "project": one.item.project, "paper": one.item.label, "reference": one.item.reference,
            "day": one.item.day.map(|day| day.to_string()).unwrap_or_default(),
            "cause": one.cause, "amount": money(one.amount), "sentence": one.sentence, "mend": one.mend,
            "waits": one.item.standing.waits(),
        })
    });
    let papers = found.items.iter().map(|item| {
        let party = if item.approved.party.is_empty() { &item.posted.party } else { &item.approved.party };
        json!({
            "project": item.project, "supplier": party, "paper": item.label, "reference": item.reference,
            "day": item.day.map(|day| day.to_string()).unwrap_or_default(), "standing": item.standing.word(),
            "approved": money(item.approved.amount), "posted": money(item.posted.amount),
            "difference": money(item.difference()), "agrees": item.findings.is_empty(),
        })
    });
    let retainage = found.retainage.iter().map(|one| {
        let amounts = retained(one).map(|amount| amount.map_or_else(|| "–".to_owned(), Decimal::money));
        json!({"project": one.project, "contract": one.contract, "amounts": amounts})
    });
    json!({
        "pipeline": book.pipeline, "period": book.period.to_string(), "currency": book.currency.unwrap_or_default(),
        "from": book.period.from.to_string(), "to": book.period.to.to_string(),
        "made": book.made.whole_seconds(), "sandbox": book.sandbox, "verdict": book.verdict(), "agrees": found.agrees(),
        "source": found.source, "target": found.target, "requests": found.requests,
        "read_source": found.read_source, "read_target": found.read_target,
        "approved": total.approved.money(), "posted": total.posted.money(), "difference": total.difference().money(),
        "causes": lines(&book.causes()), "standings": lines(&book.standings()),
        "tables": tables.collect::<Vec<_>>(), "differences": differences.collect::<Vec<_>>(),
        "papers": papers.collect::<Vec<_>>(), "retainage": retainage.collect::<Vec<_>>(), "retainage_heads": RETAINAGE,
        "unread": found.unread, "remarks": book.remarks(),
    })
}

fn lines(lines: &[Line]) -> Json {
    let line = |line: &Line| json!({"name": line.name, "papers": line.papers, "amount": line.amount.money()});
    lines.iter().map(line).collect()
}

/// Nothing is easier to pass over than a zero.
fn money(amount: Decimal) -> String {
    if amount.is_zero() { String::new() } else { amount.money() }
}
