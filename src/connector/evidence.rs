//! By what people see that two records are the same thing, whoever keyed them.

use super::catalogue::{FieldSpec, SpecType};
use indexmap::IndexMap;
use serde::Deserialize;

/// The fields of a target that speak for, or against, two records being one. The amount is
/// that of the resource. All of them stand in its lists.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceSpec {
    /// The other side of the business: who is paid, or who pays.
    pub party: String,
    /// What people call it by; they write it as they like.
    pub reference: String,
    /// The day that it bears.
    pub date: String,
    /// Fields that speak against it where both have them and they are not the same.
    #[serde(default)]
    pub also: Vec<String>,
}

impl EvidenceSpec {
    /// Everything that is compared, the amount aside.
    pub fn fields(&self) -> impl Iterator<Item = &String> {
        [&self.party, &self.reference, &self.date].into_iter().chain(&self.also)
    }

    /// What is wrong with it, in a sentence.
    pub(super) fn fits(&self, fields: &IndexMap<String, FieldSpec>, amount: Option<&String>) -> Result<(), String> {
        if let Some(unknown) = self.fields().find(|name| !fields.contains_key(*name)) {
            return Err(format!("`{unknown}` is not among the fields"));
        }
        let is = |name: &String, ty| fields.get(name).is_some_and(|field| field.ty == ty && field.required);
        if !is(&self.party, SpecType::Text) || !is(&self.reference, SpecType::Text) || !is(&self.date, SpecType::Date) {
            return Err("party and reference have to be texts and the date a day, all three always there".to_owned());
        }
        amount.map(|_| ()).ok_or_else(|| "the resource has no amount to be compared".to_owned())
    }
}
