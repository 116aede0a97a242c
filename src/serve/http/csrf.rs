//! Forged requests: another site can make a browser send a form here, with the cookie, but it
//! cannot know the word that our own forms hold.

use super::Caller;
use super::problem;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use subtle::ConstantTimeEq as _;

/// Forms and objects that people send are small: 256 KiB.
const LARGEST: usize = 256 << 10;

/// The request as it came, if it may go on. The word stands in the form's field `csrf`, or in the
/// header `x-csrf-token` of a request that is no form.
pub async fn check(request: Request, caller: &Caller) -> Result<Request, Response> {
    if caller.csrf.is_empty() || matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(request);
    }
    let path = request.uri().path().to_owned();
    let told = request.headers().get("x-csrf-token").and_then(|word| word.to_str().ok()).map(str::to_owned);
    let kind = request.headers().get(header::CONTENT_TYPE).map(|kind| kind.as_bytes().to_vec()).unwrap_or_default();
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, LARGEST).await else {
        return Err(problem(&path, StatusCode::PAYLOAD_TOO_LARGE, "the form is too large", "send less at once"));
    };
    let of_form = || {
        let is_form = kind.starts_with(b"application/x-www-form-urlencoded");
        let mut fields = form_urlencoded::parse(if is_form { &bytes } else { b"" });
        fields.find(|(name, _)| name == "csrf").map(|(_, word)| word.into_owned())
    };
    let word = told.or_else(of_form).unwrap_or_default();
    if !bool::from(word.as_bytes().ct_eq(caller.csrf.as_bytes())) {
        return Err(problem(
            &path,
            StatusCode::FORBIDDEN,
            "the form did not come from this console, or your session has ended since it was shown",
            "load the page again, and send the form from there",
        ));
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}
