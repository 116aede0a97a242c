//! A new record as it is written: checked and defaulted as over REST, by the same code, and
//! back in the catalogue's names.

use super::super::dress::{self, Terms};
use crate::connector::{Error, ErrorKind, Permanence, ResourceSpec, decode};
use crate::value::Record;

/// The whole record with this tenant's defaults. Amounts are as in a pipeline: what is owed
/// is positive, a credit negative.
pub fn defaulted(resource: &str, spec: &ResourceSpec, terms: Terms<'_>, record: &Record) -> Result<Record, Error> {
    let dress = dress::of(resource);
    let outgoing = dress.incoming(spec, dress::outgoing(dress, spec, terms, record));
    // What the dress took away is missed by nobody: it is written elsewhere, or not at all.
    let mut fields = spec.fields.clone();
    fields.values_mut().for_each(|field| field.required = false);
    let defaulted = decode(resource, "?", &fields, &outgoing.into()).map_err(|error| {
        Error::new(ErrorKind::Refused, Permanence::Permanent, format!("the record cannot be written: {error}"))
            .mend("correct the mapping")
    })?;
    let defaulted = dress.seen(defaulted);
    let filled = defaulted.iter().filter(|(_, value)| !value.is_null());
    Ok(filled.map(|(name, value)| (name.clone(), value.clone())).collect())
}
