//! Resources that Procore keeps in several lists: commitments, which are subcontracts and
//! purchase orders. The lists are read one after the other, page by page; each record is
//! told by its list, as its `type`.

use super::catalogue::Call;
use super::client::{Place, Procore, configuration};
use crate::connector::{Error, Fetch, Page, PageToken, ResourceSpec, decode};
use crate::value::Value;

impl Procore {
    /// One page of one of the lists. The token names the list by its place: `1 2:100`.
    pub(super) async fn fetch_parts(&self, resource: &ResourceSpec, call: &Call, fetch: &Fetch) -> Result<Page, Error> {
        let (at, place) = match &fetch.page {
            None => (0, Place::first(call.per_page)),
            Some(token) => read(token)?,
        };
        let Some(part) = call.parts.get(at) else { return Err(no_page(&at.to_string())) };
        let one = Call { path: part.path.clone(), ..call.clone() };
        let what = match &fetch.scope {
            Some(id) => format!("{} of project {id}", resource.plural),
            None => resource.plural.clone(),
        };
        let listed = self.page(&self.address(resource, &one, fetch, place)?, &what, place).await?;
        let told = |item: &Value| match item.as_record() {
            Some(record) => {
                let mut record = record.clone();
                record.insert("type", part.kind.as_str());
                Value::record(record)
            }
            None => item.clone(),
        };
        let records =
            listed.items.iter().map(|item| decode(&resource.title, "id", &resource.fields, &told(item))).collect();
        let next = match listed.next {
            Some(next) => Some((at, next)),
            None => (at + 1 < call.parts.len()).then(|| (at + 1, Place::first(call.per_page))),
        };
        Ok(Page { records, next: next.map(|(at, place)| PageToken(format!("{at} {}", place.token().0))), total: None })
    }
}

fn read(token: &PageToken) -> Result<(usize, Place), Error> {
    let (at, place) = token.0.split_once(' ').ok_or_else(|| no_page(&token.0))?;
    let place = Place::of(Some(&PageToken(place.to_owned())), 1)?;
    Ok((at.parse().map_err(|_| no_page(&token.0))?, place))
}

fn no_page(text: &str) -> Error {
    configuration(format!("`{text}` is no page of Procore"))
}
