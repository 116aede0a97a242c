//! Business entities: `/api/erp/…`, read by keys, created without and updated with them.

use super::QadFake;
use super::answer;
use super::filter::Filter;
use super::ledger::{Invoice, InvoiceKey};
use super::names;
use super::payments::{Payment, PaymentKey, Side};
use super::posting::Rules;
use super::session::hash;
use crate::connector::{FakeChange, Operation, ResourceSpec};
use crate::connectors::qad::catalogue::ResourceWire;
use crate::connectors::qad::error::Complaint;
use crate::connectors::qad::query::Query;
use crate::value::{Record, Timestamp, Value, from_json_slice};
use crate::world::{HttpRequest, HttpResponse, Method};

const STALE: &str = "8888";
pub const TWIN: &str = "The reference already exists on another invoice for this supplier";
const PAID_TWICE: &str = "The reference already exists on another payment";
const ONE_OF_SO_MANY_WRITES_ANSWERS_NOTHING: u64 = 50;

/// How many of the key parameters stand in the query.
enum Keyed {
    None,
    All,
    Some,
}

impl QadFake {
    /// One request to the entity `name`.
    pub fn entity(&mut self, name: &str, request: &HttpRequest, query: &Query, now: Timestamp) -> HttpResponse {
        let Some((spec, wire)) = self.tenant.resource(name) else { return answer::bare(404, "Not found") };
        let given = wire.keys.iter().filter(|key| query.get(key).is_some_and(|value| !value.is_empty())).count();
        let keyed = match given {
            0 => Keyed::None,
            given if given == wire.keys.len() => Keyed::All,
            _ => Keyed::Some,
        };
        match (request.method, keyed) {
            (Method::Get, _) if query.get("initialize") == Some("true") => answer::data(
                &wire.array,
                vec![enveloped(names::entity(&spec.fields, &Record::new()), wire, "", "").into()],
                None,
            ),
            (_, Keyed::Some) => answer::bare(400, "Key parameters must be all null or all non-null"),
            (Method::Get, Keyed::None) => self.list(name, spec, wire, query),
            (Method::Get, Keyed::All) => {
                answer::data(&wire.array, self.one(name, spec, wire, query).into_iter().collect(), None)
            }
            (Method::Post, Keyed::None) if spec.can(Operation::Create) => {
                self.create(name, spec, wire, &request.body, now)
            }
            (Method::Post, Keyed::All) if spec.can(Operation::Update) => {
                self.update(spec, wire, query, &request.body, now)
            }
            (Method::Post, _) => answer::bare(403, "Access is denied"),
            (Method::Patch | Method::Delete, _) => answer::bare(405, "Method not allowed"),
        }
    }

    fn list(&self, name: &str, spec: &ResourceSpec, wire: &ResourceWire, query: &Query) -> HttpResponse {
        let page = query.get("page").and_then(|page| page.parse::<usize>().ok()).unwrap_or(1).max(1);
        let size = query.get("pageSize").and_then(|size| size.parse().ok()).unwrap_or(100_usize).clamp(1, 1_000);
        let filters: Vec<Filter> = query.all("filter").map(Filter::parse).collect();
        let passes =
            |shown: &Value| shown.as_record().is_some_and(|record| filters.iter().all(|filter| filter.passes(record)));
        answer::data(
            &wire.array,
            self.all(name, spec, wire)
                .into_iter()
                .filter(passes)
                .skip((page - 1).saturating_mul(size))
                .take(size)
                .collect(),
            None,
        )
    }

    fn all(&self, name: &str, spec: &ResourceSpec, wire: &ResourceWire) -> Vec<Value> {
        let payments = |side| self.ledger.payments.of(side).map(|payment| paid(spec, wire, payment)).collect();
        match name {
            "supplier_invoices" => self.ledger.all().map(|invoice| self.shown(spec, wire, invoice)).collect(),
            "ap_payments" => payments(Side::Supplier),
            "customer_payments" => payments(Side::Customer),
            _ => self.masters.all(name).map(|record| self.master(name, spec, wire, record)).collect(),
        }
    }

    fn one(&self, name: &str, spec: &ResourceSpec, wire: &ResourceWire, query: &Query) -> Option<Value> {
        let payment = |side| {
            let payment = self.ledger.payments.get(&payment_key_of(side, query)?)?;
            Some(paid(spec, wire, payment))
        };
        match name {
            "supplier_invoices" => self.ledger.get(&key_of(query)?).map(|invoice| self.shown(spec, wire, invoice)),
            "ap_payments" => payment(Side::Supplier),
            "customer_payments" => payment(Side::Customer),
            _ => {
                let code = wire.keys.last().and_then(|key| query.get(key))?;
                self.masters.get(name, code).map(|record| self.master(name, spec, wire, record))
            }
        }
    }

    fn create(
        &mut self,
        name: &str,
        spec: &ResourceSpec,
        wire: &ResourceWire,
        body: &[u8],
        now: Timestamp,
    ) -> HttpResponse {
        let Some(submitted) = submitted(body, &wire.array) else {
            return answer::bare(400, "No entity data submitted");
        };
        let rules = self.rules(spec, now);
        let payment = match name {
            "ap_payments" => rules.read_payment(&submitted, &self.ledger),
            "customer_payments" => rules.read_receipt(&submitted),
            _ => {
                return match rules.read(&submitted) {
                    Ok(mut invoice) => {
                        let key = &invoice.key;
                        invoice.key.voucher = self.ledger.next_voucher(&key.entity, key.year, &key.daybook);
                        self.accept(spec, wire, invoice)
                    }
                    Err(complaints) => answer::refused(&complaints),
                };
            }
        };
        match payment {
            Ok(payment) => self.accept_payment(spec, wire, payment),
            Err(complaints) => answer::refused(&complaints),
        }
    }

    fn update(
        &mut self,
        spec: &ResourceSpec,
        wire: &ResourceWire,
        query: &Query,
        body: &[u8],
        now: Timestamp,
    ) -> HttpResponse {
        let Some(submitted) = submitted(body, &wire.array) else {
            return answer::bare(400, "No entity data submitted");
        };
        let text = |name: &str| submitted.get(name).map(ToString::to_string).unwrap_or_default();
        if wire.keys.iter().any(|key| query.get(key) != Some(text(key).as_str())) {
            return answer::bare(400, "Key parameters must match the submitted data");
        }
        let Some(present) = key_of(query).and_then(|key| self.ledger.get(&key)) else {
            return answer::refused(&[Complaint {
                code: "5".into(),
                message: "Record not found.".into(),
                ..Complaint::default()
            }]);
        };
        if text("concurrencyHash") != present.concurrency_hash() {
            let message = "The record has been changed by another user.".to_owned();
            return answer::refused(&[Complaint { code: STALE.into(), message, ..Complaint::default() }]);
        }
        let (key, saves, paid, matches) = (present.key.clone(), present.saves, present.paid, present.matches.clone());
        match self.rules(spec, now).read(&submitted) {
            Ok(invoice) => self.accept(spec, wire, Invoice { key, saves, paid, matches, ..invoice }),
            Err(complaints) => answer::refused(&complaints),
        }
    }

    /// Saves, remembers the change, and answers; now and then without a body.
    fn accept(&mut self, spec: &ResourceSpec, wire: &ResourceWire, mut invoice: Invoice) -> HttpResponse {
        invoice.saves += 1;
        let warnings = if self.ledger.has_twin(&invoice) { vec![TWIN] } else { Vec::new() };
        let shown = self.shown(spec, wire, &invoice);
        let silent = answers_nothing(&invoice.reference);
        self.ledger.save(invoice.clone());
        self.changes.push(FakeChange(serde_json::to_value(&invoice).expect("an invoice is plain data")));
        if silent {
            answer::empty()
        } else {
            answer::data(&wire.array, vec![shown], Some(("supplierInvoiceConfs", warnings)))
        }
    }

    /// Books a payment and answers; now and then without a body.
    fn accept_payment(&mut self, spec: &ResourceSpec, wire: &ResourceWire, payment: Payment) -> HttpResponse {
        let (payment, warning) = self.book(payment);
        let warnings = warning.into_iter().collect();
        if answers_nothing(&payment.reference) {
            return answer::empty();
        }
        answer::data(&wire.array, vec![paid(spec, wire, &payment)], Some(("paymentConfs", warnings)))
    }

    /// Books a payment under the next number and remembers it; and what QAD warns of.
    pub fn book(&mut self, mut payment: Payment) -> (Payment, Option<&'static str>) {
        payment.key.number = self.ledger.payments.next_number(&payment.key);
        let warning = self.ledger.payments.has_twin(&payment).then_some(PAID_TWICE);
        self.ledger.pay(payment.clone());
        self.changes.push(FakeChange(serde_json::json!({ "payment": payment })));
        (payment, warning)
    }

    /// What is asked of an invoice at this moment.
    pub fn rules<'a>(&'a self, spec: &'a ResourceSpec, now: Timestamp) -> Rules<'a> {
        Rules {
            fields: &spec.fields,
            masters: &self.masters,
            entity: &self.entity,
            currency: &self.currency,
            own: &self.tenant.profile,
            open_from: self.open_from,
            today: now.date(),
        }
    }

    fn master(&self, name: &str, spec: &ResourceSpec, wire: &ResourceWire, record: &Record) -> Value {
        let code = record.get("code").or_else(|| record.get("number")).map(ToString::to_string).unwrap_or_default();
        let mut entity = names::with_extras(name, &code, names::entity(&spec.fields, record));
        if wire.keys.iter().any(|key| key == "domainCode") {
            entity.insert("domainCode", self.domain.as_str());
        }
        // What a list shows as nothing, the record calls by its letter.
        if entity.get("orderStatus").and_then(Value::as_text) == Some("") {
            entity.insert("orderStatus", "O");
        }
        let stamp = hash(&crate::value::to_json_string(&entity.clone().into()), 8);
        enveloped(entity, wire, &code, &stamp).into()
    }

    fn shown(&self, spec: &ResourceSpec, wire: &ResourceWire, invoice: &Invoice) -> Value {
        let mut entity = names::entity(&spec.fields, &invoice.on_its_side());
        let postings =
            entity.get("postings").and_then(Value::as_list).unwrap_or_default().iter().map(two_sided).collect();
        entity.insert("postings", Value::list(postings));
        let order = entity.remove("purchaseOrderNumber").filter(|order| order.as_text() != Some(""));
        let orders = order.map(|number| {
            answer::record([("domainCode", self.domain.as_str().into()), ("purchaseOrderNumber", number)]).into()
        });
        entity.insert("purchaseOrders", Value::list(orders.into_iter().collect()));
        let key = &invoice.key;
        let instance = format!("{}.{}.{}.{}", key.entity, key.year, key.daybook, key.voucher);
        enveloped(entity, wire, &instance, &invoice.concurrency_hash()).into()
    }
}

/// The same reference is always answered alike.
pub fn answers_nothing(reference: &str) -> bool {
    let start = hash(reference, 4);
    u64::from_str_radix(&start, 16).is_ok_and(|number| number.is_multiple_of(ONE_OF_SO_MANY_WRITES_ANSWERS_NOTHING))
}

fn two_sided(posting: &Value) -> Value {
    let Some(posting) = posting.as_record() else { return posting.clone() };
    let mut posting = posting.clone();
    let amount = posting.remove("amountTC").and_then(|amount| amount.as_decimal()).unwrap_or_default();
    let (debit, credit) = if amount.is_negative() {
        (Value::Integer(0), amount.negated().into())
    } else {
        (amount.into(), Value::Integer(0))
    };
    posting.insert("debitAmountTC", debit);
    posting.insert("creditAmountTC", credit);
    posting.into()
}

fn paid(spec: &ResourceSpec, wire: &ResourceWire, payment: &Payment) -> Value {
    let key = &payment.key;
    let instance = format!("{}.{}.{}.{}", key.entity, key.year, key.instrument, key.number);
    enveloped(names::entity(&spec.fields, &payment.record()), wire, &instance, &payment.concurrency_hash()).into()
}

/// The fields that every record has.
fn enveloped(mut entity: Record, wire: &ResourceWire, instance: &str, stamp: &str) -> Record {
    entity.insert("uri", format!("{}:{instance}", wire.view_uri));
    entity.insert("dataOperation", "");
    entity.insert("concurrencyHash", stamp);
    entity.insert("supplementaryMessages", Value::list(Vec::new()));
    entity
}

/// The first record of the body.
fn submitted(body: &[u8], array: &str) -> Option<Record> {
    let body = from_json_slice(body).ok()?;
    body.as_record()?.get(array)?.as_list()?.first()?.as_record().cloned()
}

fn key_of(query: &Query) -> Option<InvoiceKey> {
    Some(InvoiceKey {
        entity: query.get("entityCode")?.to_owned(),
        year: query.get("postingYear")?.parse().ok()?,
        daybook: query.get("daybookCode")?.to_owned(),
        voucher: query.get("voucherNumber")?.parse().ok()?,
    })
}

fn payment_key_of(side: Side, query: &Query) -> Option<PaymentKey> {
    Some(PaymentKey {
        side,
        entity: query.get("entityCode")?.to_owned(),
        year: query.get("paymentYear")?.parse().ok()?,
        instrument: query.get("paymentInstrument")?.to_owned(),
        number: query.get("paymentNumber")?.parse().ok()?,
    })
}
