//! The door: who may come in, and how they are known until they leave.
//!
//! | what somebody has | how it is kept here | how long it holds |
//! | --- | --- | --- |
//! | a token, from `mlc console invite` | its SHA-256, in the register | until it ends or is revoked |
//! | a session, from signing in with the token | the SHA-256 of its number, in memory | 12 hours, one without use |
//! | a form's word, against forged requests | with the session, in memory | as the session |
//!
//! Tokens are 256 random bits, so one hash is enough: there is nothing to guess. The register is
//! read anew for every request that names somebody, so that whoever is revoked is out at once.

mod answers;
mod people;
mod sessions;
mod token;

pub use people::{Invited, People, Person, Register, RegisterError};
pub use token::{Random, Token};

use super::http::{Access, Caller, Door, Route};
use super::{House, http};
use crate::value::Timestamp;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;
use axum::routing::{get, post};
use sessions::Sessions;
use std::sync::Arc;

/// Knows those who were invited.
pub struct Guarded {
    register: Arc<dyn Register>,
    random: Random,
    sessions: Sessions,
    /// Browsers reach it by https only: cookies are for that alone.
    secure: bool,
}

impl Guarded {
    pub fn new(register: Arc<dyn Register>, random: Random, secure: bool) -> Self {
        Self { register, random, sessions: Sessions::default(), secure }
    }

    /// The cookie's name. `__Host-` binds it to this host and to https.
    fn cookie(&self) -> &'static str {
        if self.secure { "__Host-mlc" } else { "mlc" }
    }

    fn people(&self) -> People {
        People::read(self.register.as_ref()).unwrap_or_else(|error| {
            // A register that cannot be read lets nobody in.
            tracing::error!(%error, "the register of people cannot be read");
            People::default()
        })
    }

    fn by_token(&self, headers: &HeaderMap, now: Timestamp) -> Option<Caller> {
        let token = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
        self.people().by_token(token.trim(), now).map(|person| person.caller(String::new()))
    }

    fn by_session(&self, headers: &HeaderMap, now: Timestamp) -> Option<Caller> {
        let number = cookie_of(headers, self.cookie())?;
        let session = self.sessions.find(number, now)?;
        let people = self.people();
        let person = people.by_name(&session.name).filter(|person| person.has(&session.token, now))?;
        Some(person.caller(session.csrf))
    }
}

impl Door for Guarded {
    fn caller(&self, headers: &HeaderMap, now: Timestamp) -> Option<Caller> {
        // A proxy may have a password of its own, which is no token.
        let bearer =
            |value: &HeaderValue| value.as_bytes().get(..7).is_some_and(|at| at.eq_ignore_ascii_case(b"Bearer "));
        if headers.get(header::AUTHORIZATION).is_some_and(bearer) {
            return self.by_token(headers, now);
        }
        self.by_session(headers, now)
    }

    fn turn_away(&self, request: &Request, signed_in: bool) -> Response {
        let wants_page =
            request.headers().get(header::ACCEPT).is_some_and(|kinds| contains(kinds.as_bytes(), b"text/html"));
        if signed_in || !wants_page || request.uri().path().starts_with("/api/") {
            return http::refusal(request.uri().path(), signed_in);
        }
        answers::to_sign_in(request)
    }

    fn sign_in(&self, token: &str, now: Timestamp) -> Option<String> {
        let people = self.people();
        let person = people.by_token(token, now)?;
        let number = Token::new(&self.random)?;
        let csrf = Token::new(&self.random)?;
        self.sessions.begin(&number, &person.name, token, csrf.reveal(), now);
        let secure = if self.secure { "; Secure" } else { "" };
        let life = sessions::LONGEST.as_secs();
        Some(format!("{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={life}{secure}", self.cookie(), number.reveal()))
    }

    fn sign_out(&self, headers: &HeaderMap) -> String {
        if let Some(number) = cookie_of(headers, self.cookie()) {
            self.sessions.end(number);
        }
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}", self.cookie())
    }

    fn is_empty(&self, now: Timestamp) -> bool {
        self.people().is_empty(now)
    }
}

/// The routes of the door itself.
pub fn routes() -> Vec<Route> {
    vec![
        Route { method: Method::GET, path: "/sign-in", access: Access::Open, handler: || get(answers::form) },
        Route { method: Method::POST, path: "/sign-in", access: Access::Open, handler: || post(answers::sign_in) },
        Route {
            method: Method::POST,
            path: "/sign-out",
            access: Access::SIGNED_IN,
            handler: || post(answers::sign_out),
        },
    ]
}

/// The house's own sign: what `Access::Any` is tried against in tests and pages.
pub fn caller_of(house: &House, headers: &HeaderMap) -> Option<Caller> {
    house.door.caller(headers, house.outside.clock.now())
}

fn cookie_of<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}
