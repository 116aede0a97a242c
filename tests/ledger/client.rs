//! The client of the ledger: JSON over HTTP, a key in a header, pages by their number.

use super::catalogue;
use async_trait::async_trait;
use mlc::connector::{
    Catalogue, Connector, EXCHANGE_TIMEOUT, Effect, Error, ErrorKind, Fetch, Found, Key, Opening, Page, PageToken,
    Permanence, RateSignal, ResourceSpec, Settings, Wire, Written, decode, encode,
};
use mlc::value::{Record, Value, from_wire_json, to_json_string};
use mlc::world::{Credential, HttpRequest, Method};
use secrecy::ExposeSecret;

pub struct Client {
    settings: Settings,
    credential: Credential,
    wire: Wire,
}

pub fn open(opening: Opening) -> Result<Box<dyn Connector>, Error> {
    Ok(Box::new(Client { settings: opening.settings, credential: opening.credential, wire: opening.wire }))
}

impl Client {
    /// One exchange. A write of which nobody knows whether it was taken says so.
    async fn exchange(&self, method: Method, path: &str, body: Option<&Record>) -> Result<Value, Error> {
        let key = self.credential.get("key").map(|key| key.expose_secret().to_owned()).unwrap_or_default();
        let request = HttpRequest {
            method,
            url: format!("{}{path}", self.settings.text("url").unwrap_or_default()),
            headers: vec![("X-Key".to_owned(), key)],
            body: body.map(|body| to_json_string(&Value::record(body.clone())).into_bytes()).unwrap_or_default(),
            timeout: EXCHANGE_TIMEOUT,
        };
        let writes = body.is_some();
        let unsure = |error: Error| if writes { error.effect(Effect::Unknown) } else { error };
        let answer = self.wire.send(request, |_, _| RateSignal::default()).await.map_err(|error| match writes {
            true => error,
            false => error.effect(Effect::None),
        })?;
        let said = || String::from_utf8_lossy(&answer.body).chars().take(80).collect::<String>();
        let failed = |kind, permanence| {
            Error::new(kind, permanence, format!("the ledger says: {}", said())).status(answer.status)
        };
        match answer.status {
            200 | 201 => {
                from_wire_json(&answer.body).map_err(|_| unsure(failed(ErrorKind::Malformed, Permanence::Temporary)))
            }
            401 => Err(failed(ErrorKind::Credentials, Permanence::Permanent)),
            404 => Err(failed(ErrorKind::NotFound, Permanence::Permanent)),
            429 => Err(failed(ErrorKind::RateLimit, Permanence::Temporary)),
            status if status >= 500 => Err(unsure(failed(ErrorKind::Unavailable, Permanence::Temporary))),
            _ => Err(failed(ErrorKind::Refused, Permanence::Permanent)),
        }
    }

    async fn written(&self, resource: &str, method: Method, path: &str, record: &Record) -> Result<Written, Error> {
        let spec = spec(resource)?;
        let body = encode(&spec.fields, record);
        let answer = self.exchange(method, path, Some(&body)).await?;
        let echo = decode(&spec.title, "id", &spec.fields, &answer).map_err(|error| {
            Error::new(ErrorKind::Malformed, Permanence::Temporary, error.to_string()).effect(Effect::Unknown)
        })?;
        Ok(Written { reference: reference(&echo), echo: Some(echo), warnings: Vec::new() })
    }
}

#[async_trait]
impl Connector for Client {
    fn catalogue(&self) -> &Catalogue {
        catalogue()
    }

    async fn fetch(&self, request: &Fetch) -> Result<Page, Error> {
        let spec = spec(&request.resource)?;
        let inside = request.scope.as_ref().map(|scope| format!("/books/{scope}")).unwrap_or_default();
        let page = request.page.as_ref().map_or("0", |page| &page.0);
        let since = request.changed_since.map(|since| format!("&since={}", since.whole_seconds())).unwrap_or_default();
        let path = format!("{inside}/{}?page={page}{since}", request.resource);
        let answer = self.exchange(Method::Get, &path, None).await?;
        let record = answer.as_record().cloned().unwrap_or_default();
        let rows = record.get("rows").and_then(Value::as_list).unwrap_or_default();
        Ok(Page {
            records: rows.iter().map(|row| decode(&spec.title, "id", &spec.fields, row)).collect(),
            next: record.get("next").filter(|next| !next.is_null()).map(|next| PageToken(next.to_string())),
            total: None,
        })
    }

    async fn find(&self, resource: &str, keys: &[Key]) -> Result<Vec<Vec<Found>>, Error> {
        let mut request = Fetch::all(resource);
        let mut there = Vec::new();
        loop {
            let page = self.fetch(&request).await?;
            for record in page.records {
                there.push(
                    record
                        .map_err(|error| Error::new(ErrorKind::Malformed, Permanence::Permanent, error.to_string()))?,
                );
            }
            match page.next {
                Some(next) => request.page = Some(next),
                None => break,
            }
        }
        let carries = |record: &Record, key: &Key| key.0.iter().all(|(name, value)| record.get(name) == Some(value));
        let found = |record: &Record| Found { reference: reference(record), record: record.clone(), token: None };
        Ok(keys.iter().map(|key| there.iter().filter(|record| carries(record, key)).map(found).collect()).collect())
    }

    async fn create(&self, resource: &str, record: &Record) -> Result<Written, Error> {
        self.written(resource, Method::Post, &format!("/{resource}"), record).await
    }

    async fn update(&self, resource: &str, found: &Found, record: &Record) -> Result<Written, Error> {
        self.written(resource, Method::Patch, &format!("/{resource}/{}", found.reference), record).await
    }
}

fn reference(record: &Record) -> String {
    record.get("id").map(ToString::to_string).unwrap_or_default()
}

fn spec(resource: &str) -> Result<&'static ResourceSpec, Error> {
    catalogue().resources.get(resource).ok_or_else(|| {
        Error::new(ErrorKind::Configuration, Permanence::Permanent, format!("the ledger has no {resource}"))
    })
}
