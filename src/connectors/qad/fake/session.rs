//! Sessions: the token endpoint, and the three ends that a token can come to
//! (its own, its session's, and being left unused).

use super::answer::{self, record};
use crate::connectors::qad::query::Query;
use crate::value::{Span, Timestamp, Value};
use crate::world::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Minutes that a session lives in all.
pub const SESSION_MINUTES: u64 = 480;
/// Minutes that it lives unused.
pub const IDLE_MINUTES: u64 = 30;
/// Seconds that one token lives; a refresh brings the next.
pub const TOKEN_SECONDS: u64 = 3_600;

/// The user of the integration and its live tokens.
pub struct Sessions {
    pub username: String,
    pub password: String,
    pub client_id: String,
    given: u64,
    live: BTreeMap<String, Token>,
}

struct Token {
    refresh: String,
    began: Timestamp,
    given: Timestamp,
    used: Timestamp,
}

impl Token {
    fn session_lives(&self, now: Timestamp) -> bool {
        now.since(self.began) < Span::from_secs(SESSION_MINUTES * 60)
            && now.since(self.used) < Span::from_secs(IDLE_MINUTES * 60)
    }

    fn lives(&self, now: Timestamp) -> bool {
        self.session_lives(now) && now.since(self.given) < Span::from_secs(TOKEN_SECONDS)
    }
}

impl Sessions {
    /// The same seed gives the same credential.
    pub fn new(seed: u64) -> Self {
        Self {
            username: "integration@contractor.example".to_owned(),
            password: format!("Sandbox-{}", hash(&format!("password {seed}"), 6)),
            client_id: hash(&format!("client {seed}"), 16),
            given: 0,
            live: BTreeMap::new(),
        }
    }

    /// `POST /oauth/token`, the parameters in the query or in the body. A bad login is 400.
    pub fn token(&mut self, request: &HttpRequest, query: &Query, now: Timestamp) -> HttpResponse {
        let body = Query::parse(&String::from_utf8_lossy(&request.body));
        let get = |name: &str| body.get(name).or_else(|| query.get(name)).unwrap_or_default().to_owned();
        if get("client_id") != self.client_id {
            return oauth_error("invalid_client", "Bad client credentials");
        }
        match get("grant_type").as_str() {
            "password" if get("username") == self.username && get("password") == self.password => self.give(now, now),
            "password" => oauth_error("invalid_grant", "Bad credentials"),
            "refresh_token" => match self.take_refresh(&get("refresh_token"), now) {
                Some(began) => self.give(began, now),
                None => oauth_error("invalid_grant", "Invalid refresh token"),
            },
            _ => oauth_error("unsupported_grant_type", "Unsupported grant type"),
        }
    }

    /// Whether the request bears a live token or the user's name and password.
    pub fn admits(&mut self, request: &HttpRequest, now: Timestamp) -> bool {
        let Some(authorization) = request.header("Authorization") else { return false };
        if let Some(token) = authorization.strip_prefix("Bearer ") {
            return match self.live.get_mut(token.trim()).filter(|token| token.lives(now)) {
                Some(token) => {
                    token.used = now;
                    true
                }
                None => false,
            };
        }
        let basic = authorization.strip_prefix("Basic ").and_then(|coded| STANDARD.decode(coded.trim()).ok());
        basic.is_some_and(|login| login == format!("{}:{}", self.username, self.password).into_bytes())
    }

    fn give(&mut self, began: Timestamp, now: Timestamp) -> HttpResponse {
        self.live.retain(|_, token| token.session_lives(now));
        self.given += 1;
        let access = hash(&format!("access {} {} {now}", self.client_id, self.given), 20);
        let refresh = hash(&format!("refresh {} {} {now}", self.client_id, self.given), 20);
        self.live.insert(access.clone(), Token { refresh: refresh.clone(), began, given: now, used: now });
        answer::json(
            200,
            record([
                ("access_token", access.into()),
                ("token_type", "bearer".into()),
                ("refresh_token", refresh.into()),
                ("expires_in", Value::Integer(i64::try_from(TOKEN_SECONDS).unwrap_or(i64::MAX))),
            ]),
        )
    }

    /// When the session of this refresh token began; the token is used up.
    fn take_refresh(&mut self, refresh: &str, now: Timestamp) -> Option<Timestamp> {
        let (access, token) = self.live.iter().find(|(_, token)| token.refresh == refresh)?;
        let (access, began, lives) = (access.clone(), token.began, token.session_lives(now));
        self.live.remove(&access);
        lives.then_some(began)
    }
}

fn oauth_error(code: &str, description: &str) -> HttpResponse {
    answer::json(400, record([("error", code.into()), ("error_description", description.into())]))
}

/// The first `bytes` bytes of a hash, in hexadecimal digits.
pub fn hash(text: &str, bytes: usize) -> String {
    Sha256::digest(text.as_bytes()).iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}
