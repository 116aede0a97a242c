//! Reading the pages of a resource, ahead of whoever works on them.
//!
//! At most one page waits while another is worked on, so memory does not depend on the
//! number of pages. A temporary error is tried again; any other ends the pages. Every record
//! that is handed on is as its catalogue says, whatever its connector made of it.

use super::context::Context;
use super::kept;
use super::meter::{List, Turned};
use super::retry::Reading;
use crate::connector::{Connector, Error, ErrorKind, Fetch, Page, Permanence, counted, fitting};
use crate::value::{Record, Value};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::Instrument as _;

/// Pages that are read while the ones before are worked on.
const AHEAD: usize = 1;

/// The pages of one resource, in order. Reading stops when this is dropped.
pub(super) struct Pages {
    pages: mpsc::Receiver<Result<Page, Error>>,
    /// Aborts the reading when it is dropped.
    _reader: JoinSet<()>,
}

impl Pages {
    pub fn read(context: Arc<Context>, connection: Arc<dyn Connector>, request: Fetch) -> Self {
        let (out, pages) = mpsc::channel(AHEAD);
        let mut reader = JoinSet::new();
        let read = async move { read_all(&context, &connection, request, &out).await };
        reader.spawn(read.in_current_span());
        Self { pages, _reader: reader }
    }

    /// The next page, an error that ends them, or `None` after the last one.
    pub async fn next(&mut self) -> Option<Result<Page, Error>> {
        self.pages.recv().await
    }
}

async fn read_all(
    context: &Context,
    connection: &Arc<dyn Connector>,
    mut request: Fetch,
    out: &mpsc::Sender<Result<Page, Error>>,
) {
    let list = List::of(context.name_of(connection), &request);
    let known = connection.catalogue().resources.get(&request.resource).map(|spec| {
        let ty = if request.headers_only { spec.header_type() } else { spec.source_type() };
        (spec, ty)
    });
    loop {
        let (mut page, requests) = read_one(context, connection.as_ref(), &request).await;
        if let (Ok(page), Some((spec, ty))) = (&mut page, &known) {
            let records = std::mem::take(&mut page.records).into_iter();
            page.records = records.map(|record| record.and_then(|record| fitting(spec, ty, record))).collect();
        }
        let next = page.as_ref().ok().and_then(|page| page.next.clone());
        let stuck = next.is_some() && next == request.page;
        let ended = next.is_none();
        if let Some(page) = page.as_ref().ok().filter(|_| context.plan) {
            let records = page.records.len() as u64;
            context.meter.turn(&list, &Turned { first: request.page.is_none(), last: ended, records, requests });
        }
        if out.send(page).await.is_err() || ended {
            return;
        }
        if stuck {
            let message = format!("the list of {} names a page as the one after itself", request.resource);
            let error = Error::new(ErrorKind::Malformed, Permanence::Permanent, message);
            // Whoever does not listen any more needs no error either.
            let _ = out.send(Err(error)).await;
            return;
        }
        request.page = next;
    }
}

/// A page, and how many requests it took.
async fn read_one(context: &Context, connection: &dyn Connector, request: &Fetch) -> (Result<Page, Error>, u64) {
    let mut reading = Reading::new(context);
    loop {
        let (page, requests) = counted(connection.fetch(request)).await;
        let error = match page {
            Ok(page) => return (Ok(page), requests),
            Err(error) => error,
        };
        if let Err(error) = reading.again(context, error).await {
            return (Err(error), requests);
        }
    }
}

/// The records of a list that can be read, to see which are there; not kept for later.
pub(super) async fn shown(context: &Arc<Context>, connection: &str, request: Fetch) -> Result<Vec<Record>, Error> {
    let open = context
        .connection(connection)
        .map_err(|error| Error::new(ErrorKind::Configuration, Permanence::Permanent, error.message))?;
    let mut pages = Pages::read(context.clone(), open.clone(), request);
    let mut records = Vec::new();
    while let Some(page) = pages.next().await {
        records.extend(page?.records.into_iter().flatten());
    }
    Ok(records)
}

/// All records of a resource that is small by nature: master data, scopes, what a lookup
/// reads of one scope. With them the sentences of those that could not be decoded.
///
/// The store keeps it as it was read, in place of the time before.
pub(super) async fn everything(
    context: &Arc<Context>,
    connection: &str,
    request: Fetch,
) -> Result<(Vec<Record>, Vec<String>), Error> {
    let open = context
        .connection(connection)
        .map_err(|error| Error::new(ErrorKind::Configuration, Permanence::Permanent, error.message))?;
    let name = kept::name(connection, &request);
    let mut pages = Pages::read(context.clone(), open.clone(), request);
    let (mut records, mut unreadable) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await {
        for record in page?.records {
            match record {
                Ok(record) => records.push(record),
                Err(error) => unreadable.push(error.to_string()),
            }
        }
    }
    kept::keep(context, &name, &records, &unreadable);
    Ok((records, unreadable))
}

/// The same with those that the list leaves out: a match that did not see them would make
/// a second one of something that is only out of use.
pub(super) async fn with_apart(
    context: &Arc<Context>,
    connection: &str,
    resource: &str,
) -> Result<(Vec<Record>, Vec<String>), Error> {
    let (mut records, mut unreadable) = everything(context, connection, Fetch::all(resource)).await?;
    let open = context.connections.get(connection);
    let flag = open.and_then(|open| open.catalogue().resources.get(resource)).and_then(|spec| spec.apart.clone());
    if let Some(flag) = flag {
        let filters = vec![(flag, Value::Bool(false))];
        let apart = everything(context, connection, Fetch { filters, ..Fetch::all(resource) }).await?;
        records.extend(apart.0);
        unreadable.extend(apart.1);
    }
    Ok((records, unreadable))
}
