//! Reading: browse rows and business entities become records of the catalogue.
//!
//! A list shows headers. Where it does not show the lines, they come from a browse of their
//! own, for many records at once, or else from reading each record by its keys.

use super::ask::plan;
use super::catalogue::{LinesWire, column};
use super::connection::{Connection, Desk, configuration, unreadable};
use super::error::Purpose;
use super::key::{folded, keys_of, reference, with_keys};
use super::query::Query;
use crate::connector::{DecodeError, Error, ErrorKind, FieldSpec, Found, Permanence, decode};
use crate::value::{Record, Value};
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};

/// One text can name this many pages of records before something must be wrong.
const MOST_PAGES_OF_ONE_TEXT: u64 = 1_000;
/// The field that holds the lines, where they have a browse of their own.
const LINES: &str = "lines";

/// Lines by the folded text that names their record.
type Lines = BTreeMap<String, Result<Vec<Value>, DecodeError>>;

impl Connection {
    /// The records of a page, whole.
    pub(super) async fn listed(
        &self,
        desk: Desk<'_>,
        rows: &[Value],
    ) -> Result<Vec<Result<Record, DecodeError>>, Error> {
        let columns = columns(&desk.spec.fields);
        let mut records: Vec<_> = rows.iter().map(|row| decode_row(desk, &columns, row)).collect();
        if desk.wire.list_shows_headers_only {
            for record in &mut records {
                if let Ok(header) = record {
                    *record = self.whole(desk, header).await?;
                }
            }
        }
        if let Some(wire) = &desk.wire.lines {
            self.give_lines(desk, wire, &mut records).await?;
        }
        Ok(records)
    }

    /// The records of a page, as far as the list shows them.
    pub(super) fn headers(&self, desk: Desk<'_>, rows: &[Value]) -> Vec<Result<Record, DecodeError>> {
        let columns = columns(&desk.spec.fields);
        rows.iter().map(|row| decode_row(desk, &columns, row)).collect()
    }

    /// Every record whose field `by` is among the texts (and others), by that field.
    pub(super) async fn asked(
        &self,
        desk: Desk<'_>,
        by: &str,
        texts: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<Found>>, Error> {
        let columns = columns(&desk.spec.fields);
        let by_column = desk.spec.fields.get(by).and_then(column).unwrap_or(by);
        let (rows, silent) = self.rows_of(desk, &desk.wire.browse, by_column, texts, &self.within(desk)).await?;
        if silent {
            self.prove(desk, by).await?;
        }
        let mut there: BTreeMap<String, BTreeMap<String, Found>> = BTreeMap::new();
        for row in &rows {
            // A row that cannot be read could be the very one: the answer would be a guess.
            let record = decode_row(desk, &columns, row).map_err(|error| unreadable(&error))?;
            let text = record.get(by).map(|text| folded(&text.to_string())).unwrap_or_default();
            let token = Some(keys_of(desk.spec, desk.wire, &record).encoded());
            let found = Found { reference: reference(desk.spec, &record), token, record };
            there.entry(text).or_default().insert(found.reference.clone(), found);
        }
        Ok(there.into_iter().map(|(text, found)| (text, found.into_values().collect())).collect())
    }

    /// The same, whole records only, each an error if it cannot be read.
    pub(super) async fn records_by(
        &self,
        desk: Desk<'_>,
        by: &str,
        texts: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<Record>>, Error> {
        let there = self.asked(desk, by, texts).await?;
        let wanted: BTreeSet<String> = texts.iter().map(|text| folded(text)).collect();
        let there = there.into_iter().filter(|(text, _)| wanted.contains(text));
        let mut records: Vec<_> = there.flat_map(|(_, found)| found).map(|found| Ok(found.record)).collect();
        if let Some(wire) = &desk.wire.lines {
            self.give_lines(desk, wire, &mut records).await?;
        }
        let mut grouped: BTreeMap<String, Vec<Record>> = BTreeMap::new();
        for record in records {
            let record = record.map_err(|error| unreadable(&error))?;
            grouped.entry(text_of(&record, by)).or_default().push(record);
        }
        Ok(grouped)
    }

    /// One record by its keys, as it stands on the wire.
    pub(super) async fn show(&self, desk: Desk<'_>, query: &Query) -> Result<Option<Record>, Error> {
        let body = self.client.get(&desk.wire.path, query).await?.ok_or_else(|| {
            Error::new(ErrorKind::Malformed, Permanence::Temporary, "QAD answers a read with nothing")
                .mend("if this goes on, ask whoever runs the QAD tenant")
        })?;
        let opened = self.opened(desk, &body, Purpose::Read)?;
        Ok(opened.records.into_iter().next())
    }

    /// A wire record as pipelines see it.
    pub(super) fn decoded(&self, desk: Desk<'_>, wire: Record) -> Result<Record, DecodeError> {
        let spec = desk.spec;
        let identity =
            spec.identity.last().map_or("?", |name| spec.fields.get(name).map_or(name, |field| field.wire_name(name)));
        let decoded = decode(desk.name, identity, &spec.fields, &desk.dress.incoming(spec, wire).into())?;
        Ok(desk.dress.seen(decoded))
    }

    /// Makes sure that no rows by this field means that there are none.
    pub(super) async fn prove(&self, desk: Desk<'_>, by: &str) -> Result<(), Error> {
        let within = desk.wire.within_entity.as_deref();
        let asked_by = |name: &str| name == by || name == desk.wire.ask_by || within == Some(name);
        let fields = desk.spec.fields.iter().filter(|(name, field)| field.required || asked_by(name));
        let needed: Vec<&str> = fields.filter_map(|(_, field)| column(field)).collect();
        self.browses.prove(&self.client, &desk.wire.browse, &desk.spec.plural, &needed).await
    }

    /// The same of the browse that shows the lines, where there is one.
    pub(super) async fn prove_lines(&self, desk: Desk<'_>) -> Result<(), Error> {
        let (Some(wire), Some(spec)) = (&desk.wire.lines, desk.spec.fields.get(LINES)) else { return Ok(()) };
        let required = spec.fields.values().filter(|field| field.required);
        let needed: Vec<&str> = required.filter_map(column).chain([wire.column.as_str()]).collect();
        self.browses.prove(&self.client, &wire.browse, &format!("lines of {}", desk.spec.plural), &needed).await
    }

    /// The rows of a browse whose column is among the texts (and others), and whether one of
    /// the questions was answered with nothing, which proves nothing yet.
    async fn rows_of(
        &self,
        desk: Desk<'_>,
        browse: &str,
        by: &str,
        texts: &BTreeSet<String>,
        within: &[String],
    ) -> Result<(Vec<Value>, bool), Error> {
        let style = &self.tenant.profile.browse;
        let mut asks = plan(texts, style.keys_per_request);
        let mut all = Vec::new();
        let mut silent = asks.is_empty();
        while let Some(ask) = asks.pop() {
            let mut filters = within.to_vec();
            filters.extend(ask.filter(by));
            let halves = ask.halves();
            let most = if halves.is_some() { style.most_pages_per_range } else { MOST_PAGES_OF_ONE_TEXT };
            match (self.browses.rows(&self.client, browse, &filters, most).await?, halves) {
                (Some(rows), _) => {
                    silent |= rows.is_empty();
                    all.extend(rows);
                }
                (None, Some((front, back))) => asks.extend([front, back]),
                (None, None) => return Err(endless(desk)),
            }
        }
        Ok((all, silent))
    }

    /// A listed record with its lines.
    async fn whole(&self, desk: Desk<'_>, header: &Record) -> Result<Result<Record, DecodeError>, Error> {
        let keys = keys_of(desk.spec, desk.wire, header);
        let query = with_keys(Query::new().with("viewUri", desk.wire.view_uri.as_str()), desk.wire, &keys);
        Ok(match self.show(desk, &query).await? {
            Some(record) => self.decoded(desk, record),
            None => Err(DecodeError {
                resource: desk.name.to_owned(),
                id: reference(desk.spec, header),
                field: desk.wire.keys.join(" + "),
                problem: "is listed, but names no record".to_owned(),
            }),
        })
    }

    /// Gives each record its lines, out of one list for all of them.
    async fn give_lines(
        &self,
        desk: Desk<'_>,
        wire: &LinesWire,
        records: &mut [Result<Record, DecodeError>],
    ) -> Result<(), Error> {
        let texts = records.iter().flatten().filter_map(|record| record.get(&desk.wire.ask_by));
        let texts: BTreeSet<String> = texts.map(ToString::to_string).collect();
        if texts.is_empty() {
            return Ok(());
        }
        let lines = self.lines(desk, wire, &texts).await?;
        for record in records {
            let Ok(header) = record else { continue };
            match lines.get(&text_of(header, &desk.wire.ask_by)) {
                Some(Err(error)) => *record = Err(error.clone()),
                Some(Ok(lines)) => header.insert(LINES, Value::list(lines.clone())),
                None => header.insert(LINES, Value::list(Vec::new())),
            }
        }
        Ok(())
    }

    async fn lines(&self, desk: Desk<'_>, wire: &LinesWire, texts: &BTreeSet<String>) -> Result<Lines, Error> {
        let Some(spec) = desk.spec.fields.get(LINES) else { return Ok(Lines::new()) };
        let (rows, silent) = self.rows_of(desk, &wire.browse, &wire.column, texts, &[]).await?;
        if silent {
            self.prove_lines(desk).await?;
        }
        let columns = columns(&spec.fields);
        let mut lines = Lines::new();
        for row in &rows {
            let text = row.as_record().and_then(|row| row.get(&wire.column)).map(ToString::to_string);
            let text = text.unwrap_or_default();
            let line = decode(desk.name, "?", &columns, row).map_err(|error| DecodeError { id: text.clone(), ..error });
            let held = lines.entry(folded(&text)).or_insert_with(|| Ok(Vec::new()));
            match (held, line) {
                (Ok(lines), Ok(line)) => lines.push(line.into()),
                (held @ Ok(_), Err(error)) => *held = Err(error),
                (Err(_), _) => {}
            }
        }
        Ok(lines)
    }
}

/// A record's field as QAD compares it.
pub(super) fn text_of(record: &Record, name: &str) -> String {
    record.get(name).map(|text| folded(&text.to_string())).unwrap_or_default()
}

/// The fields that a browse shows, by their columns.
pub(super) fn columns(fields: &IndexMap<String, FieldSpec>) -> IndexMap<String, FieldSpec> {
    let shown = fields.iter().filter_map(|(name, field)| {
        let mut field = field.clone();
        field.wire = Some(column(&field)?.to_owned());
        Some((name.clone(), field))
    });
    shown.collect()
}

pub(super) fn decode_row(
    desk: Desk<'_>,
    columns: &IndexMap<String, FieldSpec>,
    row: &Value,
) -> Result<Record, DecodeError> {
    let identity = desk.spec.identity.last().and_then(|name| columns.get(name)).and_then(|field| field.wire.as_deref());
    let mut decoded = decode(desk.name, identity.unwrap_or("?"), columns, row).map(|record| desk.dress.seen(record));
    if let (Err(error), Some(row), Some(column)) = (&mut decoded, row.as_record(), identity) {
        // `decode` steps into dots; a column's name is one name.
        error.id = row.get(column).map_or_else(|| "?".to_owned(), ToString::to_string);
    }
    decoded
}

fn endless(desk: Desk<'_>) -> Error {
    configuration(format!("QAD lists more than {MOST_PAGES_OF_ONE_TEXT} pages of {} for one key", desk.spec.plural))
        .mend("check the browse and its columns in the tenant profile")
}
