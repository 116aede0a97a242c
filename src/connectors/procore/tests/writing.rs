//! Vendors: found by key, created, changed, and refused. Invoices: given their name in the ledger.

use super::{DRIVER, Outside, PROJECT};
use crate::connector::{Effect, ErrorKind, Fetch, Found, Key, Permanence};
use crate::value::{Record, Value};
use crate::world::HttpResponse;

fn record(fields: &[(&str, &str)]) -> Record {
    fields.iter().map(|(name, value)| ((*name).into(), Value::text(*value))).collect()
}

fn by(name: &str, value: &str) -> Key {
    Key(vec![(name.into(), Value::text(value))])
}

#[tokio::test]
async fn what_only_is_read_is_not_written() {
    let outside = Outside::open();
    let connector = outside.connect();
    let error = connector.create("projects", &Record::new()).await.expect_err("read only");
    assert_eq!((error.permanence, error.effect), (Permanence::Permanent, Effect::None));
    assert!(connector.find("requisitions", &[Key(Vec::new())]).await.is_err());
    assert_eq!(outside.asked_for(""), 0);
}

#[tokio::test]
async fn a_vendor_is_created_found_and_changed() {
    let outside = Outside::open();
    let connector = outside.connect();
    let key = by("origin_id", "supplier:N1");
    assert_eq!(connector.find("vendors", std::slice::from_ref(&key)).await.expect("asked"), [vec![]]);
    let new = record(&[("name", "Calloway Crane"), ("origin_id", "supplier:N1")]);
    let written = connector.create("vendors", &new).await.expect("created");
    let found = connector.find("vendors", std::slice::from_ref(&key)).await.expect("asked").remove(0);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].reference, written.reference);
    let change = record(&[("name", "Calloway Crane Rental"), ("origin_id", "supplier:N1")]);
    connector.update("vendors", &found[0], &change).await.expect("changed");
    // Many keys cost two lists: of those in use, and of those out of use.
    let keys =
        ["a", "b", "c", "d"].map(|name| by("name", name)).into_iter().chain([by("name", "Calloway Crane Rental")]);
    let before = outside.asked_for("/vendors");
    let found = connector.find("vendors", &keys.collect::<Vec<_>>()).await.expect("asked");
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [0, 0, 0, 0, 1]);
    assert_eq!(outside.asked_for("/vendors"), before + 2);
}

#[tokio::test]
async fn a_ledger_key_belongs_to_one_vendor_and_a_name_to_many() {
    let outside = Outside::open();
    let connector = outside.connect();
    let first = record(&[("name", "Twin"), ("origin_id", "supplier:N1")]);
    connector.create("vendors", &first).await.expect("created");
    connector.create("vendors", &record(&[("name", "Twin")])).await.expect("the same name is no trouble");
    let error = connector.create("vendors", &first).await.expect_err("the key is taken");
    assert_eq!((error.kind, error.permanence, error.effect), (ErrorKind::Refused, Permanence::Permanent, Effect::None));
    assert!(error.message.contains("origin_id has already been taken"), "{}", error.message);
}

#[tokio::test]
async fn a_torn_answer_leaves_the_write_in_doubt() {
    let outside = Outside::open();
    let connector = outside.connect();
    connector.fetch(&Fetch::all("vendors")).await.expect("a token");
    outside.bend(|request, answer| {
        let cut = if request.body.is_empty() { answer.body.len() } else { 9 };
        HttpResponse { body: answer.body[..cut].to_vec(), ..answer }
    });
    let error = connector.create("vendors", &record(&[("name", "X")])).await.expect_err("cut off");
    assert_eq!(error.effect, Effect::Unknown);
    outside.bend(|_, answer| answer);
    assert_eq!(connector.find("vendors", &[by("name", "X")]).await.expect("asked")[0].len(), 1);
}

#[tokio::test]
async fn what_was_written_is_there_after_the_sandbox_was_closed() {
    let outside = Outside::open();
    let connector = outside.connect();
    let new = record(&[("name", "Kept"), ("origin_id", "supplier:K1")]);
    let written = connector.create("vendors", &new).await.expect("created");
    let changes = outside.fake().take_changes();
    *outside.fake() = (DRIVER.fake)(&super::contractor());
    changes.iter().for_each(|change| outside.fake().apply(change));
    let found = connector.find("vendors", &[by("origin_id", "supplier:K1")]).await.expect("asked").remove(0);
    assert_eq!(found.iter().map(|found| &found.reference).collect::<Vec<_>>(), [&written.reference]);
}

#[tokio::test]
async fn a_direct_cost_and_a_payment_take_their_names_in_the_ledger() {
    let outside = Outside::open();
    let connector = outside.connect();
    for resource in ["direct_costs", "contract_payments"] {
        let all = Fetch { scope: Some(Value::Integer(PROJECT)), ..Fetch::all(resource) };
        let read = connector.fetch(&all).await.expect("read").records.remove(0).expect("readable");
        assert_eq!(read.get("project_id"), Some(&Value::Integer(PROJECT)), "{resource}");
        let found = Found { reference: read.get("id").expect("a number").to_string(), record: read, token: None };
        let mark = record(&[("origin_id", "10USACO/2026/SI/31")]);
        let written = connector.update(resource, &found, &mark).await.expect("marked");
        assert_eq!(written.reference, found.reference);
        let shown = connector.fetch(&all).await.expect("read").records.remove(0).expect("readable");
        assert_eq!(shown.get("origin_id"), mark.get("origin_id"), "{resource}");
    }
}

#[tokio::test]
async fn an_invoice_takes_its_name_in_the_ledger_once_and_is_locked_by_it() {
    let outside = Outside::open();
    let connector = outside.connect();
    let all = Fetch { scope: Some(Value::Integer(PROJECT)), ..Fetch::all("requisitions") };
    let read = connector.fetch(&all).await.expect("read").records.remove(0).expect("readable");
    let found = Found { reference: read.get("id").expect("a number").to_string(), record: read, token: None };
    let mark = record(&[("origin_id", "10USACO/2026/SI/31")]);
    let written = connector.update("requisitions", &found, &mark).await.expect("marked");
    assert_eq!(written.reference, found.reference);
    let filters = vec![("origin_id".to_owned(), Value::text("10USACO/2026/SI/31"))];
    let marked = connector.fetch(&Fetch { filters, ..all }).await.expect("asked by the mark").records;
    assert_eq!(marked.len(), 1);
    let error = connector.update("requisitions", &found, &mark).await.expect_err("locked");
    assert_eq!((error.kind, error.permanence, error.effect), (ErrorKind::Refused, Permanence::Permanent, Effect::None));
}
