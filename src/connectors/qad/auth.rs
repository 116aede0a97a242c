//! Sessions: OAuth2 password grant, and the two clocks by which a session ends.
//!
//! A session dies at the end of its life and when it is left unused, so it is renewed
//! before either. However many requests wait, one renewal is under way at a time, and its
//! failure is theirs too: each trying again by itself would only burden a tenant that is down. A
//! credential that was refused is never tried again: the next try could lock the account.

use super::error::{self, Purpose};
use super::profile::Profile;
use super::query::Query;
use crate::connector::{Effect, Error, ErrorKind, Permanence, RateSignal, Wire};
use crate::value::{Record, Span, Timestamp, Value};
use crate::world::{Credential, HttpRequest, HttpResponse, Method};
use secrecy::{ExposeSecret, SecretString};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tokio::sync::Mutex;

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
    state: Mutex<State>,
    /// When a session was last used, in milliseconds since the Unix epoch.
    used: AtomicI64,
    /// How many renewals have come to their end.
    tries: AtomicU64,
}

#[derive(Default)]
struct State {
    session: Option<Session>,
    /// Counts renewals, so that a rejected bearer renews only once for all who held it.
    serial: u64,
    refused: Option<Error>,
    /// The renewal that failed last, by its number.
    failed: Option<(u64, Error)>,
}

struct Session {
    access: SecretString,
    refresh: Option<SecretString>,
    /// When the user signed in with the password.
    began: Timestamp,
    /// When this token was given, and for how long.
    given: Timestamp,
    lasts: Span,
}

/// What goes into the `Authorization` header.
#[derive(Clone)]
pub struct Bearer {
    pub token: SecretString,
    serial: u64,
}

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
        Ok(Self {
            wire,
            url: format!("{base}{}", profile.auth.token_path),
            user_agent: profile.http.user_agent.clone(),
            timeout: profile.timeout(),
            life: Span::from_secs(profile.auth.session_minutes.saturating_mul(60)),
            idle: Span::from_secs(profile.auth.idle_minutes.saturating_mul(60)),
            client_id: field("client_id")?,
            username: field("username")?,
            password: field("password")?,
            state: Mutex::new(State::default()),
            used: AtomicI64::new(0),
            tries: AtomicU64::new(0),
        })
    }

    /// A token that is good now. Signs in or renews where that is due.
    pub async fn bearer(&self) -> Result<Bearer, Error> {
        let before = self.tries.load(Ordering::Relaxed);
        let mut state = self.state.lock().await;
        let now = self.wire.clock.now();
        match state.session.as_ref().map_or(Some(Renewal::Login), |session| self.due(session, now)) {
            None => {}
            Some(how) => self.renew(&mut state, how, before).await?,
        }
        bearer_of(&state)
    }

    /// A token other than `rejected`. If somebody else has renewed meanwhile, theirs.
    pub async fn renewed(&self, rejected: &Bearer, how: Renewal) -> Result<Bearer, Error> {
        let before = self.tries.load(Ordering::Relaxed);
        let mut state = self.state.lock().await;
        if state.serial == rejected.serial {
            self.renew(&mut state, how, before).await?;
        }
        bearer_of(&state)
    }

    /// Renews, or shares the failure of a renewal that ended while this one waited for it;
    /// `before` is how many had ended when it began to wait.
    async fn renew(&self, state: &mut State, how: Renewal, before: u64) -> Result<(), Error> {
        if let Some((_, error)) = state.failed.as_ref().filter(|(number, _)| *number > before) {
            return Err(error.clone());
        }
        let renewed = match how {
            Renewal::Refresh => self.refresh(state).await,
            Renewal::Login => self.login(state).await,
        };
        let number = self.tries.fetch_add(1, Ordering::Relaxed) + 1;
        state.failed = renewed.as_ref().err().map(|error| (number, error.clone()));
        renewed
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
    async fn refresh(&self, state: &mut State) -> Result<(), Error> {
        let known = state.session.as_ref().and_then(|session| Some((session.refresh.clone()?, session.began)));
        let Some((token, began)) = known else { return self.login(state).await };
        let form = Query::new()
            .with("grant_type", "refresh_token")
            .with("client_id", self.client_id.expose_secret())
            .with("refresh_token", token.expose_secret());
        let response = self.ask(&form).await?;
        if matches!(response.status, 400 | 401) {
            return self.login(state).await;
        }
        self.keep(state, &response, began)
    }

    async fn login(&self, state: &mut State) -> Result<(), Error> {
        if let Some(refused) = &state.refused {
            return Err(refused.clone());
        }
        state.session = None;
        let form = Query::new()
            .with("grant_type", "password")
            .with("client_id", self.client_id.expose_secret())
            .with("username", self.username.expose_secret())
            .with("password", self.password.expose_secret());
        let response = self.ask(&form).await?;
        if matches!(response.status, 400 | 401) {
            let refused = Error::new(
                ErrorKind::Credentials,
                Permanence::Permanent,
                "QAD does not accept this user name, password or client id",
            )
            .mend("correct the connection's credential; it is not tried again in this run, so that the account is not locked")
            .status(response.status);
            state.refused = Some(refused.clone());
            return Err(refused);
        }
        self.keep(state, &response, self.wire.clock.now())
    }

    fn keep(&self, state: &mut State, response: &HttpResponse, began: Timestamp) -> Result<(), Error> {
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
        state.session = Some(Session { access, refresh: text("refresh_token"), began, given: now, lasts });
        state.serial += 1;
        Ok(())
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
        self.wire.send(request, signal).await.map_err(|error| error.effect(Effect::None))
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

fn bearer_of(state: &State) -> Result<Bearer, Error> {
    let session = state.session.as_ref().ok_or_else(|| {
        Error::new(ErrorKind::Credentials, Permanence::Temporary, "there is no QAD session")
            .mend("run again; the integration signs in anew")
    })?;
    Ok(Bearer { token: session.access.clone(), serial: state.serial })
}

fn seconds(body: &Record) -> Option<Span> {
    let seconds = body.get("expires_in")?.as_integer()?;
    u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Span::from_secs)
}
