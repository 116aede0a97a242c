//! Reading: the same question, put as a query of the Financials API or as a call of the
//! tenant's own service, whichever the tenant has for the resource.

use super::super::error::Purpose;
use super::super::profile::Errors as Codes;
use super::client::{Client, Outgoing};
use super::document::{self, Reading};
use super::profile::Qxtend;
use super::response::Judge;
use super::session::Context;
use super::wire::{Name, QxtendWire, Read};
use super::xml::Element;
use crate::connector::{Error, ErrorKind, FieldSpec, Permanence, ResourceSpec, SpecType};
use crate::value::Record;

/// One condition on a field, by the catalogue's name.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub field: String,
    pub operator: Operator,
    pub value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equals,
    AtLeast,
    AtMost,
    Begins,
}

impl Condition {
    pub fn new(field: &str, operator: Operator, value: impl Into<String>) -> Self {
        Self { field: field.to_owned(), operator, value: value.into() }
    }
}

impl Operator {
    /// As the Financials API writes it.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equals => "=",
            Self::AtLeast => ">=",
            Self::AtMost => "<=",
            Self::Begins => "begins",
        }
    }

    /// What the parameter of a service of the tenant's own ends with.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Equals => "",
            Self::AtLeast => "_from",
            Self::AtMost => "_to",
            Self::Begins => "_begins",
        }
    }
}

/// One resource as it is read.
pub struct Source<'a> {
    pub spec: &'a ResourceSpec,
    pub wire: &'a QxtendWire,
    pub style: &'a Qxtend,
    pub codes: &'a Codes,
}

impl Source<'_> {
    /// `count` records from the `first` (from 1) of those that meet all conditions; their
    /// values are texts.
    pub async fn rows(
        &self,
        client: &Client,
        conditions: &[Condition],
        first: u64,
        count: u64,
    ) -> Result<Vec<Record>, Error> {
        match self.wire.read {
            Read::FinApi => self.queried(client, conditions, first, count).await,
            Read::CustomService => self.called(client, conditions, first, count).await,
        }
    }

    async fn queried(
        &self,
        client: &Client,
        conditions: &[Condition],
        first: u64,
        count: u64,
    ) -> Result<Vec<Record>, Error> {
        let query = self.called_by(&self.wire.query, "query")?;
        let filters = conditions.iter().map(|condition| self.filter(condition)).collect::<Result<Vec<_>, _>>()?;
        let names = &self.style.fin_api;
        let rest = vec![
            Element::new(names.filter_set.as_str()).with_all(filters),
            Element::leaf(names.first_row.as_str(), first.to_string()),
            Element::leaf(names.row_count.as_str(), count.to_string()),
        ];
        let outgoing = Outgoing {
            element: query,
            context: Context { version: &self.style.version, action: Some("query") },
            rest,
            purpose: Purpose::Read,
        };
        let answer = client.document(outgoing).await?;
        let judge =
            Judge { spec: self.spec, wire: self.wire, document: None, purpose: Purpose::Read, codes: self.codes };
        judge.warnings(&answer).map_err(|mut error| {
            error.message = client.scrubbed(&error.message);
            error
        })?;
        let name =
            |path: &str, spec: &FieldSpec| self.wire.name(None, path, Some(spec)).map(std::borrow::Cow::into_owned);
        let reading = Reading { table: &self.wire.table, lists: &self.wire.lists, name: &name };
        Ok(document::read(&self.spec.fields, &reading, &answer))
    }

    /// `tFilter`: which field, of which type, how, and what.
    fn filter(&self, condition: &Condition) -> Result<Element, Error> {
        let spec = self.spec.fields.get(&condition.field);
        let own = self.wire.filters.get(&condition.field);
        let name = match (own, self.wire.name(None, &condition.field, spec).as_deref()) {
            (Some(own), _) => own.clone(),
            (None, Some(Name::One(name))) => format!("{}.{name}", self.wire.table),
            (None, _) => {
                return Err(wrong_profile(format!(
                    "QAD cannot be asked for {} by `{}`",
                    self.spec.plural, condition.field
                )));
            }
        };
        Ok(Element::new("tFilter")
            .with(Element::leaf("tcBusinessFieldName", name))
            .with(Element::leaf("tcDataType", spec.map_or("c", |spec| type_letter(spec.ty))))
            .with(Element::leaf("tcOperator", condition.operator.sign()))
            .with(Element::leaf("tcParameterValue", condition.value.as_str())))
    }

    async fn called(
        &self,
        client: &Client,
        conditions: &[Condition],
        first: u64,
        count: u64,
    ) -> Result<Vec<Record>, Error> {
        let procedure = self.called_by(&self.wire.service, "service")?;
        let service = &self.style.custom_service;
        let parameter = |name: &str, value: &str| Element::leaf(format!("{}{name}", service.prefix), value);
        let mut parameters = vec![parameter("domain", client.domain()), parameter("entity", client.entity())];
        for condition in conditions {
            let spec = self.spec.fields.get(&condition.field).ok_or_else(|| {
                wrong_profile(format!("QAD cannot be asked for {} by `{}`", self.spec.plural, condition.field))
            })?;
            let column = self.wire.column(service, &condition.field, spec);
            parameters.push(parameter(&format!("{column}{}", condition.operator.ending()), &condition.value));
        }
        parameters.push(parameter("first", &first.to_string()));
        parameters.push(parameter("rows", &count.to_string()));
        let answer = client.call(procedure, parameters).await?;
        if answer.name != format!("{procedure}Response") {
            return Err(Error::new(
                ErrorKind::Malformed,
                Permanence::Temporary,
                format!("the tenant's service answers `{procedure}` with `{}`", answer.name),
            )
            .mend("check `qxtend.custom_service` and the resource's `service` in the tenant profile"));
        }
        let name = |path: &str, spec: &FieldSpec| Some(Name::One(self.wire.column(service, path, spec)));
        let reading = Reading { table: &service.row, lists: &self.wire.lists, name: &name };
        Ok(document::read(&self.spec.fields, &reading, &answer))
    }

    fn called_by<'a>(&self, name: &'a str, key: &str) -> Result<&'a str, Error> {
        if name.is_empty() {
            return Err(wrong_profile(format!(
                "the catalogue names no `{key}` by which {} are read over QXtend",
                self.spec.plural
            )));
        }
        Ok(name)
    }
}

fn type_letter(ty: SpecType) -> &'static str {
    match ty {
        SpecType::Integer => "i",
        SpecType::Decimal => "d",
        SpecType::Date | SpecType::Datetime => "t",
        SpecType::Boolean => "l",
        SpecType::Text | SpecType::List | SpecType::Record => "c",
    }
}

fn wrong_profile(message: String) -> Error {
    Error::new(ErrorKind::Configuration, Permanence::Permanent, message)
        .mend("write it under `resources`, in `qxtend` of this resource, in the tenant profile")
}
