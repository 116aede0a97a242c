//! Requests to Procore, built from the catalogue, and answers decoded by it.
//!
//! Every call carries the bearer token and the company header, goes through the rate
//! budget, and asks for its page size in so many words. Pages are counted by the page
//! size that the answer names, never by the links, which lose the filters.

use super::auth::{Auth, Token};
use super::catalogue::{Call, catalogue};
use super::error;
use super::hooks::Own;
use super::query::Query;
use crate::connector::{
    Catalogue, Connector, Discarded, EXCHANGE_TIMEOUT, Effect, Error, ErrorKind, Fetch, FilterKind, Found, Held, Hook,
    HookChanges, Key, Notice, Noting, Opening, Page, PageToken, Permanence, Probe, ResourceSpec, Wanted, WantedHooks,
    Wire, Written, decode,
};
use crate::value::{Record, Span, Timestamp, Value, from_wire_json};
use crate::world::{HttpRequest, HttpResponse, Method};
use async_trait::async_trait;
use secrecy::SecretString;

/// Who is asking, as Procore wants to know it.
pub const USER_AGENT: &str = concat!("mlc/", env!("CARGO_PKG_VERSION"));

/// Names the company that is meant.
const COMPANY: &str = "Procore-Company-Id";

/// A filter on change instants needs both ends; the later one lies this far ahead (ten
/// years), so that no clock that is off, theirs or ours, hides a change.
const AHEAD: Span = Span::from_secs(3_650 * 24 * 60 * 60);

/// One company in Procore.
pub struct Procore {
    company: i64,
    url: String,
    auth: Auth,
    own: Own,
    wire: Wire,
}

impl Procore {
    /// Checks the settings; sends nothing.
    pub fn open(opening: Opening) -> Result<Box<dyn Connector>, Error> {
        let Opening { name, settings, credential, wire, .. } = opening;
        let default = |setting: &str| catalogue().settings[setting].default.clone().unwrap_or_default();
        let text = |setting: &str| settings.text(setting).map_or_else(|| default(setting), str::to_owned);
        let company = settings.integer("company_id").filter(|company| *company > 0).ok_or_else(|| {
            configuration(format!("connection `{name}` has no `company_id`"))
                .mend("set `company_id` in the `connect` block to the company's number in Procore")
        })?;
        Ok(Box::new(Self {
            company,
            url: text("url").trim_end_matches('/').to_owned(),
            auth: Auth::new(&text("auth_url"), &credential)?,
            own: Own::new(&settings, &credential),
            wire,
        }))
    }

    /// Reads one address.
    pub(super) async fn get(&self, url: &str, what: &str) -> Result<HttpResponse, Error> {
        self.exchange(Method::Get, url, &[], what).await
    }

    /// One exchange. A refused token is renewed once, and the request repeated: what was
    /// refused for its token has had no effect.
    pub(super) async fn exchange(
        &self,
        method: Method,
        url: &str,
        body: &[u8],
        what: &str,
    ) -> Result<HttpResponse, Error> {
        let token = self.auth.token(&self.wire).await?;
        let mut response = self.attempt(method, url, body, token.value.header()).await?;
        if response.status == 401 {
            let token = self.auth.after(&token, &self.wire).await?;
            response = self.attempt(method, url, body, token.value.header()).await?;
        }
        if (200..300).contains(&response.status) {
            Ok(response)
        } else {
            Err(error::refusal(&response, self.wire.clock.now(), what, method != Method::Get))
        }
    }

    /// One request as it is, whatever comes of it.
    pub(super) async fn attempt(
        &self,
        method: Method,
        url: &str,
        body: &[u8],
        authorization: String,
    ) -> Result<HttpResponse, Error> {
        let mut headers = vec![
            ("Authorization".to_owned(), authorization),
            (COMPANY.to_owned(), self.company.to_string()),
            ("Accept".to_owned(), "application/json".to_owned()),
            ("User-Agent".to_owned(), USER_AGENT.to_owned()),
        ];
        if !body.is_empty() {
            headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        let (url, body) = (url.to_owned(), body.to_vec());
        let request = HttpRequest { method, url, headers, body, timeout: EXCHANGE_TIMEOUT };
        let noting = Noting { headers: &[COMPANY], veil: Some(self.auth.veil()) };
        let sent = self.wire.send_noted(request, noting, error::rate_signal).await;
        let sent = sent.map(|response| self.auth.veil().response(response));
        // What only reads cannot have had an effect.
        sent.map_err(|error| if method == Method::Get { error.effect(Effect::None) } else { error })
    }

    /// A token that is good now.
    pub(super) async fn token(&self) -> Result<Held<Token>, Error> {
        self.auth.token(&self.wire).await
    }

    pub(super) fn now(&self) -> Timestamp {
        self.wire.clock.now()
    }

    pub(super) fn company(&self) -> i64 {
        self.company
    }

    pub(super) fn own(&self) -> &Own {
        &self.own
    }

    /// An address below the base URL.
    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub(super) fn address(
        &self,
        resource: &ResourceSpec,
        call: &Call,
        fetch: &Fetch,
        place: Place,
    ) -> Result<String, Error> {
        let mut path = call.path.clone();
        let mut query = call.query.iter().fold(Query::new(), |query, (name, value)| query.with(name, value));
        if let Some(parameter) = &call.company {
            query = query.with(parameter, &self.company.to_string());
        }
        if let Some(spec) = &resource.scope {
            let id = fetch.scope.as_ref().and_then(Value::as_integer).ok_or_else(|| {
                configuration(format!("`{}` can only be read per {}", fetch.resource, spec.name))
                    .mend(format!("write `from … per {}`", spec.name))
            })?;
            match &call.scope {
                Some(parameter) => query = query.with(parameter, &id.to_string()),
                None => path = path.replace("{scope}", &id.to_string()),
            }
        }
        for (name, value) in &fetch.filters {
            if resource.filters.get(name) != Some(&FilterKind::Equal) {
                return Err(configuration(format!("Procore cannot filter `{}` by `{name}`", fetch.resource)));
            }
            query = query.with(&format!("filters[{name}]"), &value.to_string());
        }
        if let (Some(since), Some(field)) = (fetch.changed_since, &resource.changed)
            && resource.filters.get(field) == Some(&FilterKind::Range)
        {
            let range = changed_between(since, self.wire.clock.now().plus(AHEAD));
            query = query.with(&format!("filters[{field}]"), &range);
        }
        let query = if call.paged { place.on(query) } else { query };
        Ok(format!("{}{path}?{}", self.url, query.into_string()))
    }

    /// One page of a list that is one list.
    async fn one_page(&self, resource: &ResourceSpec, call: &Call, request: &Fetch) -> Result<Page, Error> {
        let place = Place::of(request.page.as_ref(), call.per_page)?;
        let what = match &request.scope {
            Some(id) if resource.scope.is_some() => format!("{} of project {id}", resource.plural),
            _ => resource.plural.clone(),
        };
        let url = self.address(resource, call, request, place)?;
        let Listed { mut items, next, total } = self.page(&url, &what, place).await?;
        if let Some(lines) = &call.lines {
            items = self.with_lines(resource, call, lines, request, &items).await?;
        }
        if let (Some(member), Some(scope)) = (&call.scope_as, &request.scope) {
            items = items.into_iter().map(|item| beside(item, member, scope)).collect();
        }
        let records = items.iter().map(|item| decode(&resource.title, "id", &resource.fields, item)).collect();
        let next = next.filter(|_| call.paged);
        Ok(Page { records, next: next.map(Place::token), total })
    }

    /// What to ask where the request wants those that the list leaves out.
    fn apart(&self, resource: &ResourceSpec, call: &Call, request: &Fetch) -> Option<(Call, Fetch)> {
        let (flag, path) = (resource.apart.as_ref()?, call.apart.as_ref()?);
        let at = request.filters.iter().position(|(name, value)| name == flag && *value == Value::Bool(false))?;
        let mut request = request.clone();
        request.filters.remove(at);
        Some((Call { path: path.replace("{company}", &self.company.to_string()), ..call.clone() }, request))
    }

    /// One page of a list as it came.
    pub(super) async fn page(&self, url: &str, what: &str, place: Place) -> Result<Listed, Error> {
        let response = self.get(url, what).await?;
        let body = from_wire_json(&response.body)
            .map_err(|problem| error::malformed(&response, what, &problem.to_string()))?;
        let items = body.as_list().ok_or_else(|| error::malformed(&response, what, "it is not a list"))?;
        let answered = Answered::of(&response, items.len());
        let next = place.next(answered).map_err(|problem| error::malformed(&response, what, &problem))?;
        Ok(Listed { items: items.to_vec(), next, total: answered.total })
    }
}

/// A record as it came, and under `member` the scope that it was asked by.
fn beside(item: Value, member: &str, scope: &Value) -> Value {
    let Some(record) = item.as_record() else { return item };
    let mut record = record.clone();
    record.insert(member, scope.clone());
    Value::record(record)
}

fn changed_between(from: Timestamp, to: Timestamp) -> String {
    format!("{}...{}", from.whole_seconds(), to.whole_seconds())
}

pub(super) fn configuration(message: String) -> Error {
    Error::new(ErrorKind::Configuration, Permanence::Permanent, message)
}

/// A page and the page size by which it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    page: u64,
    size: u64,
}

/// The records of one page as they came, and where the next one begins.
pub(super) struct Listed {
    pub items: Vec<Value>,
    pub next: Option<Place>,
    pub total: Option<u64>,
}

impl Place {
    pub fn first(size: u64) -> Self {
        Self { page: 1, size }
    }

    /// The query that asks for it.
    pub fn on(self, query: Query) -> Query {
        query.with("page", &self.page.to_string()).with("per_page", &self.size.to_string())
    }

    pub fn of(token: Option<&PageToken>, size: u64) -> Result<Self, Error> {
        let Some(PageToken(text)) = token else { return Ok(Self::first(size)) };
        text.split_once(':')
            .and_then(|(page, size)| Some(Self { page: page.parse().ok()?, size: size.parse().ok()? }))
            .filter(|place| place.page > 0 && place.size > 0)
            .ok_or_else(|| configuration(format!("`{text}` is no page of Procore")))
    }

    pub fn token(self) -> PageToken {
        PageToken(format!("{}:{}", self.page, self.size))
    }

    /// The place after this one, or `None` at the end. The server may give smaller pages
    /// than were asked for; then the ones that follow count by its size. Larger ones on
    /// a later page would mean that records were skipped: `Err` says so.
    fn next(self, answered: Answered) -> Result<Option<Self>, String> {
        let size = answered.size.unwrap_or_else(|| match answered.total {
            // No size in the answer, and fewer records than there are: this is the size.
            Some(total) if self.page == 1 && answered.records > 0 && answered.records < total.min(self.size) => {
                answered.records
            }
            _ => self.size,
        });
        if self.page > 1 && size > self.size {
            return Err(format!("pages of {} were asked for, and page {} counts by {size}", self.size, self.page));
        }
        let end = match answered.total {
            _ if answered.records == 0 => true,
            Some(total) => self.page.saturating_mul(size) >= total,
            None => answered.records < size,
        };
        Ok((!end).then_some(Self { page: self.page + 1, size }))
    }
}

/// What an answer says of its page.
#[derive(Clone, Copy, Debug)]
struct Answered {
    records: u64,
    size: Option<u64>,
    total: Option<u64>,
}

impl Answered {
    fn of(response: &HttpResponse, records: usize) -> Self {
        let number = |name: &str| response.header(name).and_then(|text| text.trim().parse::<u64>().ok());
        Self { records: records as u64, size: number("Per-Page").filter(|size| *size > 0), total: number("Total") }
    }
}

#[async_trait]
impl Connector for Procore {
    fn catalogue(&self) -> &Catalogue {
        catalogue()
    }

    async fn fetch(&self, request: &Fetch) -> Result<Page, Error> {
        let Some(resource) = catalogue().resources.get(&request.resource) else {
            return Err(configuration(format!("Procore has no resource `{}`", request.resource)));
        };
        let call = Call::of(&request.resource, resource).map_err(configuration)?;
        if let Some((call, request)) = self.apart(resource, &call, request) {
            return self.one_page(resource, &call, &request).await;
        }
        if let Some(within) = &call.within {
            return self.fetch_within(resource, &call, within, request).await;
        }
        if !call.parts.is_empty() {
            return self.fetch_parts(resource, &call, request).await;
        }
        self.one_page(resource, &call, request).await
    }

    async fn find(&self, resource: &str, keys: &[Key]) -> Result<Vec<Vec<Found>>, Error> {
        self.find_by_keys(resource, keys).await
    }

    async fn create(&self, resource: &str, record: &Record) -> Result<Written, Error> {
        self.write(resource, None, record).await
    }

    async fn update(&self, resource: &str, found: &Found, record: &Record) -> Result<Written, Error> {
        self.write(resource, Some(found), record).await
    }

    async fn probe(&self, wanted: &Wanted) -> Vec<Probe> {
        self.look(wanted).await
    }

    fn webhook_secrets(&self) -> &[SecretString] {
        self.own.secrets()
    }

    async fn know_own_user(&self) -> Result<(), Error> {
        self.ask_own_user().await
    }

    fn forgive_refusal(&self) {
        self.auth.forgive();
    }

    fn is_ours(&self, notice: &Notice) -> bool {
        self.own.wrote(notice)
    }

    async fn hooks(&self) -> Result<Vec<Hook>, Error> {
        self.all_hooks().await
    }

    async fn sync_hooks(&self, wanted: &WantedHooks) -> Result<HookChanges, Error> {
        self.bring_hooks(wanted).await
    }

    async fn discarded(&self, since: Timestamp) -> Result<Vec<Discarded>, Error> {
        self.given_up(since).await
    }
}

#[cfg(test)]
mod tests {
    use super::{Answered, Place};

    fn next(page: u64, asked: u64, records: u64, size: Option<u64>, total: Option<u64>) -> Option<(u64, u64)> {
        let place = Place { page, size: asked };
        place.next(Answered { records, size, total }).expect("a page that counts").map(|next| (next.page, next.size))
    }

    #[test]
    fn pages_count_by_the_size_that_came_back() {
        assert_eq!(next(1, 100, 30, Some(30), Some(61)), Some((2, 30)));
        assert_eq!(next(3, 30, 1, Some(30), Some(61)), None);
        assert_eq!(next(1, 100, 100, Some(100), Some(100)), None);
        assert_eq!(next(1, 100, 0, Some(100), Some(0)), None);
    }

    #[test]
    fn missing_headers_do_not_lose_records() {
        assert_eq!(next(1, 100, 30, None, Some(61)), Some((2, 30)));
        assert_eq!(next(1, 100, 100, None, None), Some((2, 100)));
        assert_eq!(next(2, 100, 7, None, None), None);
    }

    #[test]
    fn a_page_that_skips_records_is_an_error() {
        let answered = Answered { records: 50, size: Some(50), total: Some(200) };
        assert!(Place { page: 2, size: 30 }.next(answered).is_err());
        assert!(Place { page: 2, size: 100 }.next(answered).is_ok());
    }
}
