//! Sessions: OAuth2 password grant, and the two clocks by which a session ends.
//!
//! A session dies at the end of its life and when it is left unused, so it is renewed
//! before either. However many requests wait, one renewal is under way at a time, and its
//! failure is theirs too: each trying again by itself would only burden a tenant that is down. A
//! credential that was refused is not tried again by itself: the next try could lock the account.

use super::error::{self, Purpose};
use super::profile::Profile;
use super::query::Query;
use crate::connector::{Effect, Error, ErrorKind, Held, Permanence, RateSignal, SingleFlight, Turn, Veil, Wire};
use crate::value::{Record, Span, Timestamp, Value};
use crate::world::{Credential, HttpRequest, HttpResponse, Method};
use secrecy::{ExposeSecret, SecretString};
use std::sync::atomic::{AtomicI64, Ordering};

/// Renewed this long before the end of its life (less for short-lived tokens),
const BEFORE_THE_END: Span = Span::from_secs(300);
/// and this long before it has idled away.
const BEFORE_IDLE: Span = Span::from_secs(10);

/// The sessions of one user of one tenant.
pub struct Sessions {
    wire: Wire,
    url: String,
    user_agent: String,
    timeout: Span,
    life: Span,
    idle: Span,
    client_id: SecretString,
    username: SecretString,
    password: SecretString,
    sessions: SingleFlight<Session>,
    veil: Veil,
    /// When a session was last used, in milliseconds since the Unix epoch.
    used: AtomicI64,
}

#[derive(Clone)]
pub struct Session {
    access: SecretString,
    refresh: Option<SecretString>,
    /// When the user signed in with the password.
    began: Timestamp,
    /// When this token was given, and for how long.
    given: Timestamp,
    lasts: Span,
}

impl Session {
    /// What goes into the `Authorization` header.
    pub fn token(&self) -> &SecretString {
        &self.access
    }
}

/// A session as it was handed out.
pub type Bearer = Held<Session>;

/// How to come by a new token after one was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    Refresh,
    Login,
}

impl Sessions {
    /// `base` is the tenant's address. The error names the credential field that is missing.
    pub fn new(wire: Wire, base: &str, profile: &Profile, credential: &Credential) -> Result<Self, Error> {
        let field = |name: &str| {
            credential.get(name).cloned().ok_or_else(|| {
                Error::new(ErrorKind::Credentials, Permanence::Permanent, format!("the QAD credential has no `{name}`"))
                    .mend("put it where `credentials` of the connection points")
            })
        };
        let (client_id, username, password) = (field("client_id")?, field("username")?, field("password")?);
        Ok(Self {
            wire,
            veil: Veil::over([client_id.clone(), password.clone()]),
            url: format!("{base}{}", profile.auth.token_path),
            user_agent: profile.http.user_agent.clone(),
            timeout: profile.timeout(),
            life: Span::from_secs(profile.auth.session_minutes.saturating_mul(60)),
            idle: Span::from_secs(profile.auth.idle_minutes.saturating_mul(60)),
            client_id,
            username,
            password,
            sessions: SingleFlight::new(None),
            used: AtomicI64::new(0),
        })
    }

    /// What hides the secrets and tokens of this user in what QAD says.
    pub fn veil(&self) -> &Veil {
        &self.veil
    }

    /// A token that is good now. Signs in or renews where that is due.
    pub async fn bearer(&self) -> Result<Bearer, Error> {
        let turn = self.sessions.turn().await;
        let Some(held) = turn.held() else { return self.renew(turn, Renewal::Login).await };
        match self.due(&held.value, self.wire.clock.now()) {
            None => Ok(held.clone()),
            Some(how) => self.renew(turn, how).await,
        }
    }

    /// A token other than `rejected`. If somebody else has renewed meanwhile, theirs.
    pub async fn renewed(&self, rejected: &Bearer, how: Renewal) -> Result<Bearer, Error> {
        let turn = self.sessions.turn().await;
        match turn.other_than(rejected) {
            Some(bearer) => Ok(bearer),
            None => self.renew(turn, how).await,
        }
    }

    async fn renew(&self, mut turn: Turn<'_, Session>, how: Renewal) -> Result<Bearer, Error> {
        turn.may_ask(self.wire.clock.now())?;
        let asked = match how {
            Renewal::Refresh => self.refresh(&mut turn).await,
            Renewal::Login => self.login(&mut turn).await,
        };
        turn.settle(asked, self.wire.clock.now())
    }

    /// A person asks: a user who was refused may be tried once more.
    pub fn forgive(&self) {
        self.sessions.forgive();
    }

    /// A request was answered: the idle clock begins anew.
    pub fn used(&self) {
        self.used.store(self.wire.clock.now().unix_millis(), Ordering::Relaxed);
    }

    fn due(&self, session: &Session, now: Timestamp) -> Option<Renewal> {
        let ends = |from: Timestamp, span: Span| from.plus(span.saturating_sub(BEFORE_THE_END.min(span / 4)));
        if now >= ends(session.began, self.life) {
            return Some(Renewal::Login);
        }
        let used = Timestamp::from_unix_millis(self.used.load(Ordering::Relaxed)).max(session.given);
        let idle = used.plus(self.idle.saturating_sub(BEFORE_IDLE.min(self.idle / 4)));
        (now >= ends(session.given, session.lasts) || now >= idle).then_some(Renewal::Refresh)
    }

    /// Renews by the refresh token; where there is none or it is too old, signs in.
    async fn refresh(&self, turn: &mut Turn<'_, Session>) -> Result<Session, Error> {
        let known = turn.held().and_then(|held| Some((held.value.refresh.clone()?, held.value.began)));
        let Some((token, began)) = known else { return self.login(turn).await };
        let form = Query::new()
            .with("grant_type", "refresh_token")
            .with("client_id", self.client_id.expose_secret())
            .with("refresh_token", token.expose_secret());
        let response = self.ask(&form).await?;
        if matches!(response.status, 400 | 401) {
            return self.login(turn).await;
        }
        self.keep(&response, began)
    }

    async fn login(&self, turn: &mut Turn<'_, Session>) -> Result<Session, Error> {
        turn.forget();
        let form = Query::new()
            .with("grant_type", "password")
            .with("client_id", self.client_id.expose_secret())
            .with("username", self.username.expose_secret())
            .with("password", self.password.expose_secret());
        let response = self.ask(&form).await?;
        if matches!(response.status, 400 | 401) {
            return Err(Error::new(
                ErrorKind::Credentials,
                Permanence::Permanent,
                "QAD does not accept this user name, password or client id",
            )
            .mend(
                "correct the connection's credential; it is not tried again until a person begins a run (or \
                 `mlc serve` gets a SIGHUP), so that the account is not locked",
            )
            .status(response.status));
        }
        self.keep(&response, self.wire.clock.now())
    }

    fn keep(&self, response: &HttpResponse, began: Timestamp) -> Result<Session, Error> {
        let now = self.wire.clock.now();
        let body = error::body_of(response, Purpose::Read, now)?;
        let body = body.as_ref().and_then(Value::as_record);
        let text = |name: &str| body.and_then(|body| body.get(name)).and_then(Value::as_text).map(SecretString::from);
        let Some(access) = text("access_token") else {
            return Err(Error::new(
                ErrorKind::Malformed,
                Permanence::Temporary,
                "QAD's answer to the sign-in holds no access token",
            )
            .mend("check `url` of the connection and `auth.token_path` of the tenant profile"));
        };
        let lasts = body.and_then(seconds).map_or(self.life, |lasts| lasts.min(self.life));
        let refresh = text("refresh_token");
        self.veil.learn(&access);
        refresh.iter().for_each(|token| self.veil.learn(token));
        Ok(Session { access, refresh, began, given: now, lasts })
    }

    async fn ask(&self, form: &Query) -> Result<HttpResponse, Error> {
        let request = HttpRequest {
            method: Method::Post,
            url: self.url.clone(),
            headers: vec![
                ("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
                ("Accept".to_owned(), "application/json".to_owned()),
                ("User-Agent".to_owned(), self.user_agent.clone()),
            ],
            body: form.encoded().into_bytes(),
            timeout: self.timeout,
        };
        // Signing in changes no record, so no write is in doubt when this fails.
        let answer = self.wire.send(request, signal).await.map_err(|error| error.effect(Effect::None))?;
        Ok(self.veil.response(answer))
    }
}

/// What an answer says of the rate budget: nothing but a refusal and how long to wait.
pub fn signal(response: &HttpResponse, now: Timestamp) -> RateSignal {
    RateSignal {
        retry_at: matches!(response.status, 429 | 503).then(|| error::retry_at(response, now)).flatten(),
        refused: response.status == 429,
        ..RateSignal::default()
    }
}

fn seconds(body: &Record) -> Option<Span> {
    let seconds = body.get("expires_in")?.as_integer()?;
    u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Span::from_secs)
}
