//! What both ways to a tenant do alike: the settings of a connection, and the records that
//! carry a key.

use super::catalogue::Tenant;
use super::connection::configuration;
use super::key::{carries, folded, part};
use crate::connector::{Error, ErrorKind, Found, Key, Opening, Permanence, ResourceSpec};
use std::collections::{BTreeMap, BTreeSet};

/// Where a connection leads.
pub struct Place {
    pub url: String,
    pub domain: String,
    pub entity: String,
}

/// The tenant by its profile, and its settings. The error says where to write what is missing.
pub fn settled(opening: &Opening) -> Result<(Tenant, Place), Error> {
    let tenant = Tenant::of(opening.profile.as_deref())
        .map_err(|problem| configuration(problem).mend("correct the file that `profile` of the connection names"))?;
    let setting = |name: &str| {
        let text = opening.settings.text(name).map(str::trim).filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| {
            configuration(format!("connection `{}` has no `{name}`", opening.name))
                .mend("write it into the `connect` block")
        })
    };
    let place = Place { url: setting("url")?, domain: setting("domain")?, entity: setting("entity")? };
    Ok((tenant, place))
}

/// The texts by which the keys are asked for, each once.
pub fn texts(keys: &[Key], spec: &ResourceSpec, ask_by: &str) -> Result<BTreeSet<String>, Error> {
    let mut texts = BTreeSet::new();
    for key in keys {
        let text = part(key, ask_by).map(ToString::to_string).ok_or_else(|| {
            configuration(format!("QAD cannot be asked for {} without `{ask_by}`", spec.plural))
                .mend(format!("add `{ask_by}` to the key"))
        })?;
        // An empty text is in no record: none is ever created with one.
        if !text.trim().is_empty() {
            texts.insert(text);
        }
    }
    Ok(texts)
}

/// For each key, those that carry it, of what was found by the texts.
pub fn carrying(keys: &[Key], ask_by: &str, there: &BTreeMap<String, Vec<Found>>) -> Vec<Vec<Found>> {
    let matching = |key: &Key| {
        let text = part(key, ask_by).map(|text| folded(&text.to_string())).unwrap_or_default();
        let candidates = there.get(&text).map(Vec::as_slice).unwrap_or_default();
        candidates.iter().filter(|found| carries(&found.record, key)).cloned().collect()
    };
    keys.iter().map(matching).collect()
}

/// That the record is not as it was when it was found.
pub fn changed_meanwhile(found: &Found, field: &str) -> Error {
    Error::new(
        ErrorKind::Conflict,
        Permanence::Permanent,
        format!("{} changed in QAD since it was read: `{field}` is another", found.reference),
    )
    .mend("nothing was changed; the next run reads it again")
}
