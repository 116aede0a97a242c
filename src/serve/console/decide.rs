//! Yes or no to one record, by a form on its page.

use super::address;
use super::form::Sent;
use super::page::{Notice, led_to};
use crate::serve::act::{self, ActError, ActErrorKind};
use crate::store::{RecordEntry, RecordId};
use axum::response::Response;

pub async fn approve(sent: Sent) -> Response {
    decided(sent, true).await
}

pub async fn reject(sent: Sent) -> Response {
    decided(sent, false).await
}

async fn decided(sent: Sent, yes: bool) -> Response {
    let records = sent.records();
    let [id] = records.as_slice() else { return sent.here.missing("The form names no record.") };
    let reason = sent.text("reason");
    if reason.is_empty() {
        let notice = Notice::wrong("Nothing was decided: no reason is given.", "Say why: it stands in the log.");
        return led_to(&address::record(&sent.here.customer.name, id), &notice);
    }
    let result = word(&sent, id, reason, yes).await;
    let notice = match result {
        Ok(entry) if yes => Notice::done(format!("{} is approved. The next run posts it.", entry.label)),
        Ok(entry) => Notice::done(format!("{} is refused. It is not posted as it is.", entry.label)),
        Err(error) => wrong(&error),
    };
    led_to(&address::record(&sent.here.customer.name, id), &notice)
}

async fn word(sent: &Sent, id: &RecordId, reason: &str, yes: bool) -> Result<RecordEntry, ActError> {
    let seen = Some(sent.text("seen").to_owned()).filter(|seen| !seen.is_empty());
    let (customer, caller) = (&sent.here.customer, sent.here.caller());
    if yes {
        act::approve(customer, caller, id, reason, seen).await
    } else {
        act::reject(customer, caller, id, reason, seen).await
    }
}

/// Why nothing was done, kindly.
pub fn wrong(error: &ActError) -> Notice {
    if error.kind == ActErrorKind::Busy {
        return Notice::wait(format!("{}.", error.message), format!("{}.", error.mend));
    }
    Notice::wrong(error.message.clone(), error.mend.clone())
}
