//! The fake's tokens: client credentials in, a bearer for 90 minutes out.

use super::errors::{answer, bad_token};
use super::request::Request;
use crate::value::{Span, Timestamp};
use crate::world::{Credential, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// How long a token is good.
pub const LIFETIME: Span = Span::from_secs(5400);

/// Issues and checks tokens. Which ones are out is not kept over a restart: a client
/// then meets a 401, as it must be able to.
pub struct Tokens {
    id: String,
    secret: String,
    issued: u64,
    good_until: BTreeMap<String, Timestamp>,
}

impl Tokens {
    pub fn new(seed: u64) -> Self {
        Self {
            id: format!("sandbox-{}", &digest(&format!("client {seed}"))[..16]),
            secret: digest(&format!("secret {seed}")),
            issued: 0,
            good_until: BTreeMap::new(),
        }
    }

    /// What signs in.
    pub fn credential(&self) -> Credential {
        Credential {
            fields: vec![
                ("client_id".to_owned(), self.id.clone().into()),
                ("client_secret".to_owned(), self.secret.clone().into()),
                ("webhook_secret".to_owned(), digest(&format!("webhook {}", self.secret)).into()),
            ],
        }
    }

    /// The application that signs in.
    pub fn client_id(&self) -> &str {
        &self.id
    }

    /// `POST /oauth/token`.
    pub fn issue(&mut self, request: &Request<'_>, now: Timestamp) -> HttpResponse {
        let form = request.form();
        let field = |name: &str| form.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
        if field("grant_type") != "client_credentials" {
            return oauth(400, "unsupported_grant_type", "The authorization grant type is not supported.");
        }
        if field("client_id") != self.id || field("client_secret") != self.secret {
            return oauth(
                401,
                "invalid_client",
                "Client authentication failed due to unknown client, no client authentication included, \
                 or unsupported authentication method.",
            );
        }
        self.issued += 1;
        let token = self.token(now);
        self.good_until.retain(|_, until| *until > now);
        self.good_until.insert(token.clone(), now.plus(LIFETIME));
        answer(
            200,
            &json!({
                "access_token": token,
                "token_type": "bearer",
                "expires_in": LIFETIME.as_secs(),
                "created_at": now.unix(),
            }),
        )
    }

    /// `POST /oauth/revoke`: 200 whatever the token.
    pub fn revoke(&mut self, request: &Request<'_>) -> HttpResponse {
        for (name, value) in request.form() {
            if name == "token" {
                self.good_until.remove(&value);
            }
        }
        answer(200, &json!({}))
    }

    /// The refusal, if the request carries no good token.
    pub fn check(&self, request: &Request<'_>, now: Timestamp) -> Option<HttpResponse> {
        let header = request.header("Authorization").unwrap_or("");
        let token = header
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map_or("", |(_, token)| token.trim());
        let good = self.good_until.get(token).is_some_and(|until| now < *until);
        (!good).then(bad_token)
    }

    /// Long, of the look of a signed web token, and not to be guessed from the one before.
    fn token(&self, now: Timestamp) -> String {
        let claims = json!({"iss": "sandbox", "n": self.issued, "iat": now.unix()}).to_string();
        let signature = digest(&format!("{} {} {}", self.secret, self.issued, now));
        let head = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"ES512"}"#);
        format!("{head}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims))
    }
}

fn oauth(status: u16, error: &str, description: &str) -> HttpResponse {
    answer(status, &json!({"error": error, "error_description": description}))
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
