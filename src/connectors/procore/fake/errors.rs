//! The fake's refusals, in the bodies that Procore's endpoints use.

use crate::world::HttpResponse;
use serde_json::{Value as Json, json};

/// An answer with a JSON body.
pub fn answer(status: u16, body: &Json) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("Content-Type".to_owned(), "application/json; charset=utf-8".to_owned())],
        body: body.to_string().into_bytes(),
    }
}

/// 400 for a parameter that must be given.
pub fn missing(parameter: &str) -> HttpResponse {
    let reason = format!("param is missing or the value is empty: {parameter}");
    answer(400, &json!({"code": 400, "message": reason, "fields": parameter, "reason": reason, "error": "Bad Request"}))
}

/// 400 for a value that is not taken, as newer endpoints say it.
pub fn wrong(field: &str, complaint: &str) -> HttpResponse {
    let words = format!("{field} {complaint}");
    answer(400, &json!({"code": 400, "message": words, "fields": field, "reason": words, "error": "Bad Request"}))
}

/// 400: the strict form of the company rule.
pub fn no_company_header() -> HttpResponse {
    let words = "Missing Procore-Company-Id header! Every request names the company that it is for. \
                 Send the company's id in that header.";
    answer(400, &json!({"code": 400, "message": words, "error": words}))
}

/// 401 for a token that is missing, unknown or too old.
pub fn bad_token() -> HttpResponse {
    let words = "The access token is invalid";
    answer(401, &json!({"code": 401, "message": words, "error": words}))
}

/// 403 for another company than the app is installed in.
pub fn not_connected() -> HttpResponse {
    answer(403, &json!({"errors": ["App is not connected to this company."]}))
}

/// 404: not there, or not visible; Procore does not tell which.
pub fn not_found(what: &str) -> HttpResponse {
    answer(404, &json!({"message": format!("Couldn't find {what}"), "exception": "RecordNotFound"}))
}

/// 404 for a path that no endpoint has.
pub fn no_such_path() -> HttpResponse {
    answer(404, &json!({"errors": "Not Found"}))
}

/// 422 with the complaints about one field.
pub fn invalid(field: &str, complaint: &str) -> HttpResponse {
    answer(422, &json!({"errors": {field: [complaint]}}))
}

/// 409 for what another request is changing.
pub fn conflict(what: &str) -> HttpResponse {
    answer(409, &json!({"message": what}))
}
