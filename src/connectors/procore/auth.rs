//! Bearer tokens by the client credentials grant.
//!
//! One token at a time, kept in memory, renewed before it expires, by one request
//! however many wait. A token that the other side refuses early is renewed once by
//! whoever saw it first. Neither secret nor token stands in any error or log.

use super::error;
use super::query::Query;
use crate::connector::{EXCHANGE_TIMEOUT, Error, ErrorKind, Held, Permanence, SingleFlight, Turn, Veil, Wire};
use crate::value::{Span, Timestamp, Value, from_wire_json};
use crate::world::{Credential, HttpRequest, Method};
use secrecy::{ExposeSecret, SecretString};

/// How long before its end a token is renewed.
const MARGIN: Span = Span::from_secs(300);
/// What Procore documents; used where an answer leaves it out.
const LIFETIME: Span = Span::from_secs(5400);
/// How long a refused credential is not tried again.
const REFUSAL: Span = Span::from_secs(60);

/// The tokens of one credential.
pub struct Auth {
    url: String,
    id: SecretString,
    secret: SecretString,
    tokens: SingleFlight<Token>,
    veil: Veil,
}

/// A token. `Debug` does not show it.
#[derive(Clone, Debug)]
pub struct Token {
    text: SecretString,
    renew: Timestamp,
}

impl Token {
    /// The value of the `Authorization` header.
    pub fn header(&self) -> String {
        format!("Bearer {}", self.text.expose_secret())
    }
}

impl Auth {
    /// `url` is the base of the login host. An error names the field that the credential lacks.
    pub fn new(url: &str, credential: &Credential) -> Result<Self, Error> {
        let field = |name: &str| {
            credential.get(name).filter(|secret| !secret.expose_secret().trim().is_empty()).cloned().ok_or_else(|| {
                Error::new(
                    ErrorKind::Credentials,
                    Permanence::Permanent,
                    format!("the Procore credential has no `{name}`"),
                )
                .mend("put `client_id` and `client_secret` where `credentials` in the `connect` block points")
            })
        };
        let (id, secret) = (field("client_id")?, field("client_secret")?);
        // The others are not used here, and must not be shown either.
        let hidden =
            ["webhook_secret", "webhook_secret_before"].into_iter().filter_map(|name| credential.get(name)).cloned();
        Ok(Self {
            url: format!("{}/oauth/token", url.trim_end_matches('/')),
            veil: Veil::over([id.clone(), secret.clone()].into_iter().chain(hidden)),
            id,
            secret,
            tokens: SingleFlight::new(Some(REFUSAL)),
        })
    }

    /// What hides the secrets and tokens of this credential in what Procore says.
    pub fn veil(&self) -> &Veil {
        &self.veil
    }

    /// A token that is good now. Asks for one if there is none or it is near its end.
    pub async fn token(&self, wire: &Wire) -> Result<Held<Token>, Error> {
        let turn = self.tokens.turn().await;
        match turn.held() {
            Some(token) if wire.clock.now() < token.value.renew => Ok(token.clone()),
            _ => self.renew(turn, wire).await,
        }
    }

    /// A person asks: what was refused may be tried at once.
    pub fn forgive(&self) {
        self.tokens.forgive();
    }

    /// A token other than `refused`, which the other side did not take.
    pub async fn after(&self, refused: &Held<Token>, wire: &Wire) -> Result<Held<Token>, Error> {
        let turn = self.tokens.turn().await;
        match turn.other_than(refused) {
            Some(token) => Ok(token),
            None => self.renew(turn, wire).await,
        }
    }

    async fn renew(&self, mut turn: Turn<'_, Token>, wire: &Wire) -> Result<Held<Token>, Error> {
        turn.may_ask(wire.clock.now())?;
        turn.forget();
        let asked = self.request(wire).await;
        turn.settle(asked, wire.clock.now())
    }

    async fn request(&self, wire: &Wire) -> Result<Token, Error> {
        const WHAT: &str = "an access token";
        let form = Query::new()
            .with("grant_type", "client_credentials")
            .with("client_id", self.id.expose_secret())
            .with("client_secret", self.secret.expose_secret());
        let asked = wire.clock.now();
        let request = HttpRequest {
            method: Method::Post,
            url: self.url.clone(),
            headers: vec![
                ("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
                ("Accept".to_owned(), "application/json".to_owned()),
                ("User-Agent".to_owned(), super::client::USER_AGENT.to_owned()),
            ],
            body: form.into_string().into_bytes(),
            timeout: EXCHANGE_TIMEOUT,
        };
        let response = wire.send(request, error::rate_signal).await.map_err(|error| error.effect(NO_EFFECT))?;
        if !(200..300).contains(&response.status) {
            let response = self.veil.response(response);
            return Err(refused(error::refusal(&response, wire.clock.now(), WHAT, false)));
        }
        let body = from_wire_json(&response.body).map_err(|_| error::malformed(&response, WHAT, "it is not JSON"))?;
        let member = |name: &str| body.as_record().and_then(|record| record.get(name));
        let text = member("access_token")
            .and_then(Value::as_text)
            .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()))
            .ok_or_else(|| error::malformed(&response, WHAT, "it holds no `access_token`"))?;
        let lifetime = member("expires_in")
            .and_then(Value::as_integer)
            .and_then(|seconds| u64::try_from(seconds).ok())
            .map_or(LIFETIME, Span::from_secs);
        let created = member("created_at").and_then(Value::as_integer).map(Timestamp::from_unix);
        let text = SecretString::from(text);
        self.veil.learn(&text);
        Ok(Token { text, renew: renewal(asked, created, lifetime) })
    }
}

/// Asking for a token changes nothing that a ledger knows of.
const NO_EFFECT: crate::connector::Effect = crate::connector::Effect::None;

/// A bad request to the token endpoint is a bad credential.
fn refused(mut error: Error) -> Error {
    if matches!(error.status, Some(400 | 403)) && error.kind != ErrorKind::Configuration {
        error.kind = ErrorKind::Credentials;
        "check the client id and secret, and that `auth_url` belongs to the same Procore environment"
            .clone_into(&mut error.mend);
    }
    error
}

/// When to ask for the next token. The server may hand out one that it made earlier, so
/// `created` counts, but only as far as both clocks can agree on it: a server whose
/// clock is far off must not make every request ask for a token.
fn renewal(asked: Timestamp, created: Option<Timestamp>, lifetime: Span) -> Timestamp {
    let margin = MARGIN.min(lifetime / 10);
    let age = created.map(|created| asked.since(created)).unwrap_or_default();
    let left = lifetime.checked_sub(age).filter(|left| *left > margin * 2).unwrap_or(lifetime);
    asked.plus(left.saturating_sub(margin))
}

#[cfg(test)]
mod tests {
    use super::renewal;
    use crate::value::{Span, Timestamp};

    #[test]
    fn a_token_is_renewed_five_minutes_before_its_end() {
        let now = Timestamp::from_unix(1_000_000);
        let lifetime = Span::from_secs(5400);
        assert_eq!(renewal(now, None, lifetime), now.plus(Span::from_secs(5100)));
        let older = Some(Timestamp::from_unix(1_000_000 - 600));
        assert_eq!(renewal(now, older, lifetime), now.plus(Span::from_secs(4500)));
    }

    #[test]
    fn a_clock_that_is_far_off_does_not_make_every_request_renew() {
        let now = Timestamp::from_unix(1_000_000);
        for created in [1_000_000 - 5300, 0, 2_000_000] {
            let renew = renewal(now, Some(Timestamp::from_unix(created)), Span::from_secs(5400));
            assert_eq!(renew, now.plus(Span::from_secs(5100)), "{created}");
        }
        assert!(renewal(now, None, Span::from_secs(60)) > now);
    }
}
