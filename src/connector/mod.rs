//! The contract between the engine and the systems that it moves records between.
//!
//! A connector is data (its [`Catalogue`]) and a client that carries out a few
//! operations over [`Wire`]. It retries nothing and remembers nothing about
//! records: it says what happened, and the engine decides. Nothing here knows a
//! vendor.

mod catalogue;
pub mod contractor;
mod decode;
mod encode;
mod error;
mod evidence;
pub mod exchange;
mod fake;
mod probe;
mod scrub;
mod single_flight;
mod veil;
pub mod webhook;

pub use catalogue::{
    Catalogue, CorrectionSpec, CredentialSpec, Derive, FieldSpec, FilterKind, Grade, MarkSpec, Operation, PaperSpec,
    ResourceSpec, RetainageSpec, ScopeSpec, SettingIs, SettingSpec, SettingType, SpecType,
};
pub use decode::{DecodeError, decode, fitting};
pub use encode::encode;
pub use error::{Effect, Error, ErrorKind, Permanence};
pub use evidence::EvidenceSpec;
pub use exchange::{Exchange, Noting, counted};
pub use fake::{Delivery, Fake, FakeChange};
pub use probe::{Health, Probe, Signature, Wanted};
pub use single_flight::{Held, SingleFlight, Turn};
pub use veil::Veil;
pub use webhook::{
    Discarded, Hook, HookChange, HookChangeKind, HookChanges, HookStatus, Notice, NoticeError, NoticeEvent, Receiving,
    Trigger, WantedHooks, WebhookSpec,
};

use crate::value::{Date, Record, Span, Timestamp, Value};
use crate::world::{Clock, Credential, HttpRequest, HttpResponse, Transport};
use async_trait::async_trait;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A live connection to one tenant of one system.
#[async_trait]
pub trait Connector: Send + Sync {
    /// The catalogue, after the tenant's profile was laid over it.
    fn catalogue(&self) -> &Catalogue;

    /// One page of a resource. Reading changes nothing on the other side.
    async fn fetch(&self, request: &Fetch) -> Result<Page, Error>;

    /// For each key, in order, the records on the other side that carry it: an empty
    /// list means that the other side was asked and has none. Several keys travel in
    /// as few requests as the system allows.
    async fn find(&self, resource: &str, keys: &[Key]) -> Result<Vec<Vec<Found>>, Error>;

    /// Creates one record. One attempt. An [`Error`] whose `effect` is
    /// [`Effect::Unknown`] means that it may exist now.
    async fn create(&self, resource: &str, record: &Record) -> Result<Written, Error>;

    /// Changes fields of the record that [`Connector::find`] found. One attempt.
    async fn update(&self, resource: &str, found: &Found, record: &Record) -> Result<Written, Error>;

    /// Whether what each record waits for is there, in order; `what` is one of the
    /// resource's `settles`. Reads only. Several records travel in as few requests as the
    /// system allows. A system whose catalogue names nothing to wait for is never asked.
    async fn readiness(&self, wait: &Wait<'_>) -> Result<Vec<Readiness>, Error> {
        Ok(vec![Readiness::Ready; wait.records.len()])
    }

    /// Looks at what a pipeline needs of this system, part by part, and says what is
    /// wrong before a run finds out. Reads only; one part that fails hides no other.
    async fn probe(&self, wanted: &Wanted) -> Vec<Probe> {
        let _ = wanted;
        Vec::new()
    }

    /// What a delivery may bring along in the [`Receiving::secret_header`], any of them: the
    /// secret of the credential, and the one of before while it is being changed. Empty where
    /// none is set; then every delivery is refused.
    fn webhook_secrets(&self) -> &[SecretString] {
        &[]
    }

    /// Finds out as whom the credential writes, so that [`Connector::is_ours`] can tell. Asks
    /// once; asked again, it costs nothing.
    async fn know_own_user(&self) -> Result<(), Error> {
        Ok(())
    }

    /// A person begins a run: a credential that was refused before may be tried once more. By
    /// themselves programs do not, since that could lock the account.
    fn forgive_refusal(&self) {}

    /// Whether the change was made with our own credential. A hint and no verdict: another
    /// pipeline, or another program that shares the credential, looks the same. `false` where
    /// it cannot be told.
    fn is_ours(&self, notice: &Notice) -> bool {
        let _ = notice;
        false
    }

    /// The hooks that are registered, those of others too, with their triggers.
    async fn hooks(&self) -> Result<Vec<Hook>, Error> {
        Err(no_webhooks(self.catalogue()))
    }

    /// Brings our hooks to what is wanted: makes them, hands over the secret, adds and drops
    /// triggers, wakes those that were disabled, removes what nobody needs any more of our
    /// own namespace. Called again, it changes nothing.
    async fn sync_hooks(&self, wanted: &WantedHooks) -> Result<HookChanges, Error> {
        let _ = wanted;
        Err(no_webhooks(self.catalogue()))
    }

    /// Deliveries to our hooks that the other side gave up since then.
    async fn discarded(&self, since: Timestamp) -> Result<Vec<Discarded>, Error> {
        let _ = since;
        Err(no_webhooks(self.catalogue()))
    }
}

fn no_webhooks(catalogue: &Catalogue) -> Error {
    Error::new(ErrorKind::Configuration, Permanence::Permanent, format!("{} has no webhooks", catalogue.title))
        .mend("let its flows look at intervals: `run every 15m`")
}

/// Records that are to be written, and what they may have to wait for.
#[derive(Clone, Copy, Debug)]
pub struct Wait<'a> {
    pub resource: &'a str,
    /// As the catalogue's `settles` names it: `receipts`.
    pub what: &'a str,
    /// For how long it must have been quiet.
    pub quiet: Span,
    /// The company's time zone, where the pipeline names one: in it days begin and end.
    pub zone: Option<&'a str>,
    pub records: &'a [Record],
    /// Records that go out before these, or may be under way: what they take is taken, though
    /// they need not stand yet.
    pub ahead: &'a [Record],
}

/// Whether a record may be written now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Nothing stands in the way (any more).
    Ready,
    /// Not yet; looked at again on every run.
    Waits { reason: String, mend: String },
    /// Never: the other side takes care of it by itself, or what it needs is gone.
    Never { reason: String, mend: String },
}

/// What to read.
#[derive(Clone, Debug, PartialEq)]
pub struct Fetch {
    pub resource: String,
    /// The id of the scope record (the project), where the resource has a scope.
    pub scope: Option<Value>,
    /// Only what changed at or after this instant, where the resource can filter so.
    pub changed_since: Option<Timestamp>,
    /// Equality filters that the catalogue declares for this resource.
    pub filters: Vec<(String, Value)>,
    /// Only records of these days, where the catalogue has a range filter of that field.
    pub between: Option<Between>,
    /// What a list shows by itself is enough: no record is read one by one for the rest of it,
    /// and fields that the list does not show are absent.
    pub headers_only: bool,
    /// `None` for the first page, else what the page before gave as `next`.
    pub page: Option<PageToken>,
}

impl Fetch {
    pub fn all(resource: impl Into<String>) -> Self {
        Self {
            resource: resource.into(),
            scope: None,
            changed_since: None,
            filters: Vec::new(),
            between: None,
            headers_only: false,
            page: None,
        }
    }
}

/// Days from one to another, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Between {
    pub field: String,
    pub from: Date,
    pub to: Date,
}

/// Where the next page begins; only its connector reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageToken(pub String);

#[derive(Clone, Debug)]
pub struct Page {
    /// Decoded by the catalogue. A record that cannot be decoded does not hide the others.
    pub records: Vec<Result<Record, DecodeError>>,
    pub next: Option<PageToken>,
    /// How many records there are in all, where the system says so.
    pub total: Option<u64>,
}

/// The values of a target's key fields, in the order of the pipeline's `key`.
#[derive(Clone, Debug, PartialEq)]
pub struct Key(pub Vec<(Arc<str>, Value)>);

impl Key {
    /// One line that is the same for equal keys and only for them: the name under
    /// which intents and outcomes are kept.
    pub fn canonical(&self) -> String {
        let fields = self.0.iter().map(|(name, value)| (name.clone(), value.clone())).collect::<Record>();
        crate::value::to_json_string(&Value::record(fields))
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, (_, value)) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" / ")?;
            }
            write!(f, "{value}")?;
        }
        Ok(())
    }
}

/// A record that the other side has.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// How the other side names it (a voucher, an id); for people and for links.
    pub reference: String,
    /// As far as the list shows it, under the catalogue's names.
    pub record: Record,
    /// What its connector needs to update it (a concurrency token); opaque to others.
    pub token: Option<String>,
}

/// A write that was answered with success.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    pub reference: String,
    /// What the other side says that it stored, decoded; `None` when it answered without it.
    pub echo: Option<Record>,
    /// What it warned of.
    pub warnings: Vec<String>,
}

/// What a connector may use of the outside. Every request goes through [`Wire::send`],
/// so that none escapes the rate budget or the count.
#[derive(Clone)]
pub struct Wire {
    pub transport: Arc<dyn Transport>,
    pub clock: Arc<dyn Clock>,
    pub pace: Arc<dyn Pace>,
}

impl Wire {
    /// Waits for a place in the rate budget, sends, and reports what the answer said of the budget.
    pub async fn send(
        &self,
        request: HttpRequest,
        signal: impl FnOnce(&HttpResponse, Timestamp) -> RateSignal + Send,
    ) -> Result<HttpResponse, Error> {
        self.pace.admit().await;
        self.exchange(request, None, signal).await
    }

    /// The same; what is sent and answered becomes evidence where somebody
    /// [listens](exchange::noted). Never for a request that asks for a token.
    pub async fn send_noted(
        &self,
        request: HttpRequest,
        noting: Noting<'_>,
        signal: impl FnOnce(&HttpResponse, Timestamp) -> RateSignal + Send,
    ) -> Result<HttpResponse, Error> {
        self.pace.admit().await;
        exchange::count();
        let pending = exchange::Pending::of(&request, noting, self.clock.now());
        self.exchange(request, pending, signal).await
    }

    async fn exchange(
        &self,
        request: HttpRequest,
        pending: Option<exchange::Pending>,
        signal: impl FnOnce(&HttpResponse, Timestamp) -> RateSignal + Send,
    ) -> Result<HttpResponse, Error> {
        let asked = (request.method.as_str(), place(&request.url).to_owned());
        let begun = self.clock.now();
        let answer = self.transport.send(request).await;
        let now = self.clock.now();
        let status = answer.as_ref().ok().map(|answer| answer.status);
        // Queries, headers and bodies may hold secrets.
        let took = now.since(begun).as_millis();
        tracing::debug!(method = asked.0, url = asked.1, status, took, "asked");
        if let Some(pending) = pending {
            pending.answered(answer.as_ref().map_err(|error| error.message.as_str()));
        }
        match answer {
            Ok(response) => {
                self.pace.answered(Some(response.status));
                self.pace.observe(&signal(&response, now));
                Ok(response)
            }
            Err(error) => {
                self.pace.answered(None);
                self.pace.observe(&RateSignal::default());
                Err(Error::from_transport(error))
            }
        }
    }
}

/// An address without its query.
fn place(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

/// The rate budget of one credential.
#[async_trait]
pub trait Pace: Send + Sync {
    /// Waits until one more request is allowed, and counts it.
    async fn admit(&self);
    /// Learns from an answer.
    fn observe(&self, signal: &RateSignal);
    /// Requests admitted since the start.
    fn requests(&self) -> u64;
    /// An answer came with this status, or none came.
    fn answered(&self, status: Option<u16>) {
        let _ = status;
    }
}

/// What an answer says of the rate budget; every member may be absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RateSignal {
    pub limit: Option<u64>,
    pub remaining: Option<u64>,
    /// When the window that the two above speak of begins anew, by the other side's clock.
    pub reset: Option<Timestamp>,
    /// What time it was by the other side's clock, where the answer says so.
    pub there: Option<Timestamp>,
    /// The other side asks for silence until then (`Retry-After`).
    pub retry_at: Option<Timestamp>,
    /// The answer was a refusal for too many requests.
    pub refused: bool,
}

impl RateSignal {
    /// When the window begins anew, by our clock.
    pub fn reset_here(&self, now: Timestamp) -> Option<Timestamp> {
        let reset = self.reset?;
        Some(self.there.map_or(reset, |there| now.plus(reset.since(there))))
    }
}

/// Settings of a `connect` block, checked against the catalogue, defaults filled in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings(pub BTreeMap<String, Value>);

impl Settings {
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_text)
    }

    pub fn integer(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_integer)
    }
}

/// What the composition root hands to a connector to open it.
pub struct Opening {
    /// The connection's name in the pipeline.
    pub name: String,
    pub settings: Settings,
    pub credential: Credential,
    /// The tenant profile's text, where `profile` names a file.
    pub profile: Option<String>,
    pub wire: Wire,
}

/// One line of the list of connectors: everything that the house needs to know of a vendor.
#[derive(Clone, Copy)]
pub struct Driver {
    /// The name that pipelines use.
    pub name: &'static str,
    /// The catalogue as it ships, before any tenant profile.
    pub catalogue: fn() -> &'static Catalogue,
    /// Lays a tenant profile (YAML text) over the catalogue. The error is one sentence.
    pub profiled: fn(&str) -> Result<Catalogue, String>,
    pub open: fn(Opening) -> Result<Box<dyn Connector>, Error>,
    /// A faithful small copy of the vendor, stocked with the given contractor.
    pub fake: fn(&contractor::Contractor) -> Box<dyn Fake>,
    /// How its deliveries are read; `None` for a system that has no webhooks.
    pub webhook: Option<Receiving>,
}

/// How long a single exchange may take.
pub const EXCHANGE_TIMEOUT: Span = Span::from_secs(60);
