//! Signing in and out.

use crate::serve::House;
use crate::serve::console::{Notice, Page, Tone};
use crate::serve::http::Caller;
use axum::Form;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use minijinja::context;
use serde::Deserialize;
use std::sync::Arc;

/// Where to go on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Onward {
    next: String,
}

#[derive(Deserialize)]
#[serde(default)]
pub struct SignIn {
    token: secrecy::SecretString,
    next: String,
}

impl Default for SignIn {
    fn default() -> Self {
        Self { token: String::new().into(), next: String::new() }
    }
}

/// Sends a browser to the form, and afterwards back to where it wanted to go.
pub fn to_sign_in(request: &Request) -> Response {
    let wanted = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let next = if request.method() == axum::http::Method::GET { wanted } else { "/" };
    let query = serde_urlencoded(next);
    Redirect::to(&format!("/sign-in?next={query}")).into_response()
}

fn serde_urlencoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    text.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

pub async fn form(State(house): State<Arc<House>>, headers: HeaderMap, Query(onward): Query<Onward>) -> Response {
    if super::caller_of(&house, &headers).is_some() {
        return Redirect::to(local(&onward.next)).into_response();
    }
    page(&house, &onward.next, "", StatusCode::OK)
}

fn page(house: &House, next: &str, wrong: &str, status: StatusCode) -> Response {
    let nobody = house.door.is_empty(house.outside.clock.now());
    let notice = (!wrong.is_empty()).then(|| Notice { tone: Tone::Wrong, text: wrong.to_owned(), mend: String::new() });
    Page::new("Sign in", "sign-in.html")
        .with(context! { next => local(next), nobody => nobody })
        .status(status)
        .notice(notice)
        .answer(house, None)
}

pub async fn sign_in(State(house): State<Arc<House>>, headers: HeaderMap, Form(wanted): Form<SignIn>) -> Response {
    use secrecy::ExposeSecret as _;
    if !is_from_here(&headers) {
        return page(&house, &wanted.next, "The form came from another site. Sign in here.", StatusCode::FORBIDDEN);
    }
    let now = house.outside.clock.now();
    match house.door.sign_in(wanted.token.expose_secret().trim(), now) {
        Some(cookie) => {
            let mut response = Redirect::to(local(&wanted.next)).into_response();
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            response
        }
        None => {
            tracing::warn!("somebody tried to sign in with a token that is not known");
            let sentence = "This token is not known, or has ended. Ask whoever runs the server for another.";
            page(&house, &wanted.next, sentence, StatusCode::UNAUTHORIZED)
        }
    }
}

pub async fn sign_out(
    State(house): State<Arc<House>>,
    axum::Extension(_): axum::Extension<Caller>,
    headers: HeaderMap,
) -> Response {
    let mut response = Redirect::to("/sign-in").into_response();
    if let Ok(cookie) = HeaderValue::from_str(&house.door.sign_out(&headers)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Whether a form was sent from one of our own pages, as far as the browser tells.
fn is_from_here(headers: &HeaderMap) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (header("sec-fetch-site"), header("origin"), header("host")) {
        (Some(site), _, _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        // A program, which is nobody's browser.
        _ => true,
    }
}

/// A path of this server, never of another one.
fn local(next: &str) -> &str {
    let inside = next.starts_with('/') && !next[1..].starts_with(['/', '\\']) && !next.contains(char::is_control);
    if inside { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for (next, there) in [
            ("/acme/work?page=2", "/acme/work?page=2"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\r\nSet-Cookie: x", "/"),
            ("", "/"),
        ] {
            assert_eq!(local(next), there, "{next:?}");
        }
    }
}
