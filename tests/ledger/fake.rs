//! The ledger itself: it takes the same party twice if it is sent twice.

use mlc::connector::contractor::Contractor;
use mlc::connector::{Fake, FakeChange, Settings};
use mlc::value::Timestamp;
use mlc::world::{Credential, HttpRequest, HttpResponse, Method};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const KEY: &str = "open sesame";
/// Of bills; the lists of whole master data are longer.
const PAGE: usize = 3;

pub struct Ledger {
    parties: BTreeMap<i64, Value>,
    /// By book.
    bills: BTreeMap<i64, Vec<Value>>,
    changes: Vec<FakeChange>,
    closed: bool,
}

impl Ledger {
    /// Two of the contractor's suppliers are known by name, and one by code; a bill of each,
    /// one of a party that nobody knows, and one in a book that is closed.
    pub fn new(contractor: &Contractor) -> Self {
        let suppliers: Vec<_> = contractor.suppliers.iter().filter(|supplier| supplier.active).take(3).collect();
        let mut parties = BTreeMap::new();
        for (index, supplier) in suppliers.iter().enumerate() {
            let code = if index == 0 { json!(supplier.code) } else { Value::Null };
            let id = 11 + index as i64;
            parties.insert(id, json!({"id": id, "name": supplier.name.to_uppercase(), "code": code}));
        }
        parties.insert(19, json!({"id": 19, "name": "Nobody's Friend", "code": null}));
        let bill = |id: i64, party: i64| {
            json!({
                "id": id, "number": format!("B-{id}"), "party": party, "amount": format!("{}.50", id * 10),
                "day": "2026-10-31", "changed": "2026-11-01T08:00:00Z",
            })
        };
        let open = vec![bill(101, 11), bill(102, 12), bill(103, 13), bill(104, 19), bill(105, 11)];
        let bills = BTreeMap::from([(1, open), (2, vec![bill(201, 11)]), (3, vec![bill(301, 12)])]);
        Self { parties, bills, changes: Vec::new(), closed: false }
    }

    /// One that refuses every new party.
    pub fn closed(contractor: &Contractor) -> Self {
        Self { closed: true, ..Self::new(contractor) }
    }

    fn list(&self, resource: &str, book: Option<i64>) -> Option<Vec<Value>> {
        match (resource, book) {
            ("books", None) => {
                let book = |id: &i64| json!({"id": id, "name": format!("Book {id}"), "open": *id != 2});
                Some(self.bills.keys().map(book).collect())
            }
            ("parties", None) => Some(self.parties.values().cloned().collect()),
            ("bills", Some(book)) => self.bills.get(&book).cloned(),
            _ => None,
        }
    }

    fn write(&mut self, id: i64, fields: &Value) -> Value {
        let party = self.parties.entry(id).or_insert_with(|| json!({"id": id, "name": null, "code": null}));
        for (name, value) in fields.as_object().into_iter().flatten() {
            party[name] = value.clone();
        }
        let party = party.clone();
        self.changes.push(FakeChange(party.clone()));
        party
    }
}

impl Fake for Ledger {
    fn base_url(&self) -> String {
        "https://ledger.sandbox.invalid".to_owned()
    }

    fn settings(&self, base_url: &str) -> Settings {
        Settings(BTreeMap::from([("url".to_owned(), base_url.into())]))
    }

    fn credential(&self) -> Credential {
        Credential { fields: vec![("key".to_owned(), SecretString::from(KEY))] }
    }

    fn answer(&mut self, request: &HttpRequest, _: Timestamp) -> HttpResponse {
        if request.header("X-Key") != Some(KEY) {
            return answer(401, &json!("who are you?"));
        }
        let url = request.url.split_once("://").map_or("", |(_, rest)| rest);
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        match (request.method, parts.as_slice()) {
            (Method::Get, ["books", book, "bills"]) => self.page("bills", book.parse().ok(), query),
            (Method::Get, [resource]) => self.page(resource, None, query),
            (Method::Post, ["parties"]) if self.closed => answer(422, &json!("the ledger takes no new party")),
            (Method::Post, ["parties"]) => {
                let id = self.parties.keys().max().copied().unwrap_or_default() + 1;
                answer(201, &self.write(id, &body))
            }
            (Method::Patch, ["parties", id]) => match id.parse().ok().filter(|id| self.parties.contains_key(id)) {
                Some(id) => answer(200, &self.write(id, &body)),
                None => answer(404, &json!("there is no such party")),
            },
            _ => answer(404, &json!("there is nothing here")),
        }
    }

    fn take_changes(&mut self) -> Vec<FakeChange> {
        std::mem::take(&mut self.changes)
    }

    fn apply(&mut self, change: &FakeChange) {
        let id = change.0["id"].as_i64().expect("a party has a number");
        self.parties.insert(id, change.0.clone());
    }

    fn books(&self) -> Value {
        json!({ "parties": self.parties.values().collect::<Vec<_>>() })
    }
}

impl Ledger {
    fn page(&self, resource: &str, book: Option<i64>, query: &str) -> HttpResponse {
        let Some(mut rows) = self.list(resource, book) else { return answer(404, &json!("there is no such list")) };
        let given = |name: &str| query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        if let Some(since) = given("since").and_then(|since| since.parse::<Timestamp>().ok()) {
            let changed = |row: &Value| row["changed"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
            rows.retain(|row| changed(row).is_none_or(|changed| changed >= since));
        }
        let page: usize = given("page").and_then(|page| page.parse().ok()).unwrap_or(0);
        let size = if book.is_some() { PAGE } else { 50 };
        let next = (rows.len() > (page + 1) * size).then_some(page + 1);
        let rows: Vec<Value> = rows.into_iter().skip(page * size).take(size).collect();
        answer(200, &json!({ "rows": rows, "next": next }))
    }
}

fn answer(status: u16, body: &Value) -> HttpResponse {
    HttpResponse { status, headers: Vec::new(), body: body.to_string().into_bytes() }
}
