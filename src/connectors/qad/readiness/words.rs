//! The sentences of the three-way match: why, and who mends it.

use crate::connector::Readiness;
use crate::value::{Date, Decimal, Span};

pub fn unknown(order: &str) -> Readiness {
    Readiness::Waits {
        reason: format!("{} is not in QAD", place(order, None)),
        mend: "enter the purchase order in QAD, or correct its number on the contract".to_owned(),
    }
}

pub fn of_another(order: &str, owner: &str, supplier: &str) -> Readiness {
    Readiness::Never {
        reason: format!("{} was given to supplier {owner}, the invoice is of supplier {supplier}", place(order, None)),
        mend: "correct the purchase order's number on the contract, or the supplier".to_owned(),
    }
}

pub fn cancelled(order: &str) -> Readiness {
    Readiness::Never {
        reason: format!("{} was cancelled in QAD", place(order, None)),
        mend: "ask purchasing which order takes its place, and correct the number on the contract".to_owned(),
    }
}

pub fn evaluated(order: &str, line: Option<i64>) -> Readiness {
    Readiness::Never {
        reason: format!(
            "{} is settled by its receipts: QAD makes this invoice itself from the receipt",
            place(order, line)
        ),
        mend: "nothing is to be done; the invoice that QAD made stands there".to_owned(),
    }
}

pub fn no_such_line(order: &str, line: i64) -> Readiness {
    Readiness::Waits {
        reason: format!("{} has no line {line}", place(order, None)),
        mend: "correct the line of the purchase order in the mapping, or add it in QAD".to_owned(),
    }
}

/// What is there of a line, and the amounts that do not go together.
pub struct Short<'a> {
    pub order: &'a str,
    pub line: Option<i64>,
    pub received: Decimal,
    pub ordered: Decimal,
    pub worth: Decimal,
    pub invoiced: Decimal,
    pub asks: Decimal,
    pub closed: bool,
}

pub fn short(short: &Short<'_>) -> Readiness {
    let quantity = match short.line {
        Some(_) => format!(": {} of {} received", plain(short.received), plain(short.ordered)),
        None => String::new(),
    };
    let invoiced = if short.invoiced.is_zero() {
        String::new()
    } else {
        format!(", {} of it is invoiced", short.invoiced.money())
    };
    let sums = format!("worth {}{invoiced}; this invoice asks for {}", short.worth.money(), short.asks.money());
    let reason = format!("{}{quantity}, {sums}", place(short.order, short.line));
    if short.closed {
        return Readiness::Never {
            reason: format!("{reason}; the order is closed, so nothing more will come in"),
            mend: "ask purchasing: open the order again for what is missing, or have the invoice corrected".to_owned(),
        };
    }
    let mend = if short.received < short.ordered {
        "post the receipt in QAD when the goods are in; the invoice then goes out by itself"
    } else {
        "all is received: compare price and quantity of the order with the invoice, and have the wrong one corrected"
    };
    Readiness::Waits { reason, mend: mend.to_owned() }
}

pub fn restless(order: &str, newest: Date, quiet: Span) -> Readiness {
    Readiness::Waits {
        reason: format!(
            "{} was received last on {newest}; its receipts are to be quiet for {}",
            place(order, None),
            length(quiet)
        ),
        mend: "nothing is to be done; it goes out by itself when no more receipts have come".to_owned(),
    }
}

/// `PO 4711 line 3`; a number that says so itself is not told twice.
pub fn place(order: &str, line: Option<i64>) -> String {
    let says_so = order.get(..2).is_some_and(|head| head.eq_ignore_ascii_case("PO"));
    let order = if says_so { order.to_owned() } else { format!("PO {order}") };
    line.map_or_else(|| order.clone(), |line| format!("{order} line {line}"))
}

/// A quantity without the zeros that say nothing.
fn plain(quantity: Decimal) -> String {
    let text = quantity.to_string();
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn length(span: Span) -> String {
    let seconds = span.as_secs();
    match seconds {
        0 => "0s".to_owned(),
        _ if seconds.is_multiple_of(86_400) && seconds > 86_400 => format!("{}d", seconds / 86_400),
        _ if seconds.is_multiple_of(3_600) => format!("{}h", seconds / 3_600),
        _ if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}
