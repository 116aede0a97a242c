//! Browses: how QAD lists things.
//!
//! A misspelt browse id, a missing parameter and an empty list all answer alike: status
//! 200 and no rows. So an empty answer counts only after QAD has shown the browse's
//! columns ([`Browses::prove`]), and a page that repeats the one before is an error, never
//! the end of the list.

use super::client::Client;
use super::profile::{Browse, Paging};
use super::query::Query;
use crate::connector::{Error, ErrorKind, PageToken, Permanence};
use crate::value::{Value, to_json_string};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Reads browses, and remembers which ones are known to exist.
pub struct Browses {
    style: Browse,
    /// Browses that have shown their columns. Rows prove less: those of a list may come from
    /// a browse in which a filter's column is misspelt.
    proven: Mutex<BTreeMap<String, BTreeSet<String>>>,
    passes: AtomicU64,
}

/// One page as QAD gave it.
pub struct Rows {
    pub rows: Vec<Value>,
    pub next: Option<PageToken>,
}

/// Where the next page begins: `page`, the id of the pass, and what the page before began with.
struct Place {
    page: u64,
    call: String,
    before: String,
}

impl Browses {
    pub fn new(style: Browse) -> Self {
        Self { style, proven: Mutex::default(), passes: AtomicU64::default() }
    }

    /// One page of the rows that pass all `filters`.
    pub async fn page(
        &self,
        client: &Client,
        id: &str,
        filters: &[String],
        token: Option<&PageToken>,
    ) -> Result<Rows, Error> {
        let place = match token {
            Some(token) => Place::read(token)?,
            None => Place { page: 1, call: self.call_id(client, id), before: String::new() },
        };
        let mut query = Query::new()
            .with("browseId", id)
            .with("page", place.page.to_string())
            .with("pageSize", self.style.page_size.to_string())
            .with("pageAction", self.action(place.page))
            .with("callId", place.call.as_str());
        for filter in filters {
            query = query.with("filter", filter);
        }
        let body = client.get(&self.style.path, &query).await?;
        let rows = rows_of(body.as_ref(), id)?;
        let Some(first) = rows.first().map(fingerprint) else { return Ok(Rows { rows, next: None }) };
        if first == place.before {
            return Err(repeats(id, place.page));
        }
        let full = u64::try_from(rows.len()).is_ok_and(|count| count >= self.style.page_size);
        let next = full.then(|| Place { page: place.page + 1, call: place.call, before: first }.write());
        Ok(Rows { rows, next })
    }

    /// Every row that passes all `filters`; `None` if they fill more than `most` pages.
    pub async fn rows(
        &self,
        client: &Client,
        id: &str,
        filters: &[String],
        most: u64,
    ) -> Result<Option<Vec<Value>>, Error> {
        let mut all = Vec::new();
        let mut token = None;
        for _ in 0..most {
            let page = self.page(client, id, filters, token.as_ref()).await?;
            all.extend(page.rows);
            token = page.next;
            if token.is_none() {
                return Ok(Some(all));
            }
        }
        Ok(None)
    }

    /// Makes sure that an empty answer of a browse means that there is nothing: QAD must know
    /// it and every column that is needed of it. One request, once.
    pub async fn prove(&self, client: &Client, id: &str, plural: &str, needed: &[&str]) -> Result<(), Error> {
        if self.style.fields_id.is_empty() {
            return Ok(());
        }
        let known = self.proven().get(id).cloned();
        let columns = match known {
            Some(columns) => columns,
            None => self.columns(client, id).await?,
        };
        if columns.is_empty() {
            return Err(wrong_profile(
                format!("QAD has no browse `{id}` for {plural}"),
                "write this tenant's browse id",
            ));
        }
        if let Some(missing) = needed.iter().find(|name| !columns.contains(**name)) {
            return Err(wrong_profile(
                format!("QAD's browse `{id}` has no column `{missing}`"),
                "write this tenant's column",
            ));
        }
        self.proven().insert(id.to_owned(), columns);
        Ok(())
    }

    /// The columns that QAD shows for a browse; none for one that it does not know.
    async fn columns(&self, client: &Client, id: &str) -> Result<BTreeSet<String>, Error> {
        let query = Query::new()
            .with("browseId", self.style.fields_id.as_str())
            .with("page", "1")
            .with("pageSize", "1000")
            .with("pageAction", "first")
            .with("filter", format!("browseURI,eq,{id},literal"));
        let body = client.get(&self.style.path, &query).await?;
        Ok(rows_of(body.as_ref(), &self.style.fields_id)?.iter().filter_map(column_name).collect())
    }

    fn action(&self, page: u64) -> &'static str {
        match self.style.paging {
            Paging::PageAndNext if page > 1 => "next",
            Paging::PageAndNext | Paging::PageOnly => "first",
        }
    }

    fn proven(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, BTreeSet<String>>> {
        self.proven.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// One id for all pages of a pass, in the form of a UUID.
    fn call_id(&self, client: &Client, id: &str) -> String {
        let pass = self.passes.fetch_add(1, Ordering::Relaxed);
        let hex = hex(&format!("{} {pass} {id}", client.wire().clock.now()));
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
        [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
    }
}

impl Place {
    fn write(&self) -> PageToken {
        PageToken(format!("{} {} {}", self.page, self.call, self.before))
    }

    fn read(token: &PageToken) -> Result<Self, Error> {
        let mut parts = token.0.split(' ');
        let place = (|| {
            Some(Self {
                page: parts.next()?.parse().ok()?,
                call: parts.next()?.to_owned(),
                before: parts.next()?.to_owned(),
            })
        })();
        place.ok_or_else(|| {
            Error::new(ErrorKind::Malformed, Permanence::Permanent, "this is no place in a QAD list")
                .mend("start the list anew")
        })
    }
}

/// One filter. The caller makes sure that the value holds no comma.
pub fn filter(column: &str, operator: &str, value: &str) -> String {
    format!("{column},{operator},{value},literal")
}

/// From one value to another, both included.
pub fn range(column: &str, from: &str, to: &str) -> String {
    format!("{column},rg,{from},literal,{to},literal")
}

fn rows_of(body: Option<&Value>, id: &str) -> Result<Vec<Value>, Error> {
    body.and_then(Value::as_record)
        .and_then(|body| body.get("data"))
        .and_then(Value::as_list)
        .map(<[Value]>::to_vec)
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Malformed,
                Permanence::Temporary,
                format!("QAD's answer to browse `{id}` has no list of rows"),
            )
            .mend("if this goes on, check `browse.path` in the tenant profile")
        })
}

/// `field`, whatever table stands before it.
fn column_name(row: &Value) -> Option<String> {
    let (_, value) = row.as_record()?.iter().find(|(name, _)| name.rsplit('.').next() == Some("field"))?;
    value.as_text().map(str::to_owned)
}

fn repeats(id: &str, page: u64) -> Error {
    Error::new(
        ErrorKind::Configuration,
        Permanence::Permanent,
        format!("QAD's browse `{id}` gives the page before again as page {page}, so its list cannot be read whole"),
    )
    .mend("set another `browse.paging`, or a `browse.page_size` that holds the whole list, in the tenant profile")
}

fn wrong_profile(message: String, mend: &str) -> Error {
    Error::new(ErrorKind::Configuration, Permanence::Permanent, message)
        .mend(format!("{mend} into the tenant profile, under `resources`"))
}

/// The same for the same row.
pub fn fingerprint(row: &Value) -> String {
    hex(&to_json_string(row))
}

fn hex(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(16).fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
