//! Answers in QAD's forms.

use crate::connectors::qad::error::Complaint;
use crate::value::{Record, Value, to_json_string};
use crate::world::HttpResponse;

/// A JSON body.
pub fn json(status: u16, body: Record) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("Content-Type".to_owned(), "application/json;charset=UTF-8".to_owned())],
        body: to_json_string(&Value::record(body)).into_bytes(),
    }
}

/// A good status without a body, which some writes give.
pub fn empty() -> HttpResponse {
    HttpResponse { status: 200, headers: Vec::new(), body: Vec::new() }
}

/// What stands in front of QAD shows this to visitors that it takes for robots.
pub fn challenge() -> HttpResponse {
    html(200, "<!DOCTYPE html><html><head><title>One moment</title></head><body>Checking your browser.</body></html>")
}

/// An address outside the context root.
pub fn nowhere() -> HttpResponse {
    html(404, "<html><body><h1>404</h1></body></html>")
}

fn html(status: u16, page: &str) -> HttpResponse {
    let headers = vec![("Content-Type".to_owned(), "text/html;charset=UTF-8".to_owned())];
    HttpResponse { status, headers, body: page.as_bytes().to_vec() }
}

/// Failures before any business logic have no `submitResult`.
pub fn bare(status: u16, message: &str) -> HttpResponse {
    let complaint = Complaint { code: status.to_string(), message: message.to_owned(), ..Complaint::default() };
    json(status, record([("errors", Value::list(vec![entry(&complaint)]))]))
}

/// Records in their envelope. `confirmations` is the list's name and its texts.
pub fn data(array: &str, records: Vec<Value>, confirmations: Option<(&str, Vec<&str>)>) -> HttpResponse {
    let mut data = record([(array, Value::list(records))]);
    if let Some((name, texts)) = confirmations.filter(|(_, texts)| !texts.is_empty()) {
        let entries = texts.into_iter().map(|text| record([("messageText", text.into())]).into()).collect();
        data.insert(name, Value::list(entries));
    }
    json(200, record([("data", data.into()), ("submitResult", result(&[]))]))
}

/// Status 200, and yet nothing was done.
pub fn refused(complaints: &[Complaint]) -> HttpResponse {
    json(200, record([("submitResult", result(complaints))]))
}

/// A record of these fields.
pub fn record<const N: usize>(fields: [(&str, Value); N]) -> Record {
    fields.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

fn result(complaints: &[Complaint]) -> Value {
    let severity = i64::from(!complaints.is_empty());
    record([
        ("success", complaints.is_empty().into()),
        ("errorSeverity", severity.into()),
        ("errors", Value::list(complaints.iter().map(entry).collect())),
    ])
    .into()
}

fn entry(complaint: &Complaint) -> Value {
    record([
        ("severity", Value::Integer(1)),
        ("code", complaint.code.as_str().into()),
        ("message", complaint.message.as_str().into()),
        ("fieldName", complaint.field.as_str().into()),
        ("fieldValue", complaint.value.as_str().into()),
    ])
    .into()
}
