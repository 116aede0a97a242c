//! The envelope around every record: `{"supplierInvoices": [..]}` out,
//! `{"data": .., "submitResult": ..}` back.

use super::error::{Complaint, Purpose, refusal};
use super::profile::Errors;
use crate::connector::{Error, ErrorKind, FieldSpec, Permanence};
use crate::value::{Record, Value};
use indexmap::IndexMap;

/// What a good answer holds.
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    /// The records of `data`, as they stand on the wire.
    pub records: Vec<Record>,
    /// Confirmations, and errors that did not stop the write.
    pub warnings: Vec<String>,
}

/// The body that carries one record.
pub fn wrap(array: &str, record: Record) -> Record {
    let mut body = Record::new();
    body.insert(array, Value::list(vec![record.into()]));
    body.insert("supplementaryMessages", Value::list(Vec::new()));
    body
}

/// Opens an answer: `submitResult` is read although the status was good.
pub fn open(
    body: &Value,
    array: &str,
    purpose: Purpose,
    fields: &IndexMap<String, FieldSpec>,
    codes: &Errors,
) -> Result<Envelope, Error> {
    let Some(body) = body.as_record() else { return Err(foreign(purpose)) };
    let bare = Complaint::list(body.get("errors"));
    if !bare.is_empty() {
        return Err(refusal(&bare, fields, codes));
    }
    let result = body.get("submitResult").and_then(Value::as_record);
    let complaints = Complaint::list(result.and_then(|result| result.get("errors")));
    let success = result.and_then(|result| result.get("success")).and_then(Value::as_bool);
    if success == Some(false) {
        return Err(refusal(&complaints, fields, codes));
    }
    let data = body.get("data").and_then(Value::as_record);
    if data.is_none() && success.is_none() {
        return Err(foreign(purpose));
    }
    let records = data.and_then(|data| data.get(array)).and_then(Value::as_list).unwrap_or_default();
    let mut warnings: Vec<String> = complaints.into_iter().map(|complaint| complaint.message).collect();
    for holder in [Some(body), data, result].into_iter().flatten() {
        warnings.extend(confirmations(holder));
    }
    Ok(Envelope { records: records.iter().filter_map(Value::as_record).cloned().collect(), warnings })
}

/// `supplierInvoiceConfs: [{"messageText": ..}]`, wherever it stands.
fn confirmations(holder: &Record) -> Vec<String> {
    let lists = holder.iter().filter(|(name, _)| name.ends_with("Confs")).filter_map(|(_, value)| value.as_list());
    lists.flatten().filter_map(|entry| entry.as_record()?.get("messageText")?.as_text().map(str::to_owned)).collect()
}

fn foreign(purpose: Purpose) -> Error {
    Error::new(ErrorKind::Malformed, Permanence::Temporary, "QAD's answer has neither `data` nor `submitResult`")
        .mend("check the resource's path in the tenant profile")
        .effect(purpose.effect())
}
