//! Filters: what may stand after `|` in a template. All but `default` are functions of the
//! language under the same name, with the same rules.

use crate::model::functions::{self, Function};
use crate::value::{Kind, Type, Value};

/// A filter with its constant arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    pub name: String,
    pub arguments: Vec<Value>,
}

/// The names of all filters.
pub const FILTERS: &[&str] = &[
    "default",
    "join",
    "length",
    "lower",
    "money",
    "normalize",
    "replace",
    "round",
    "shorten",
    "take",
    "trim",
    "upper",
];

/// The type of a value after a filter, or why it does not fit, in a sentence. A value that
/// can be absent stays so through every filter but `default`.
pub fn filter_result(input: &Type, filter: &Filter) -> Result<Type, String> {
    let function = match find(&filter.name) {
        Some(Applied::Default) => return default_result(input, &filter.arguments),
        Some(Applied::Function(function)) => function,
        None => return Err(format!("there is no filter `{}`", filter.name)),
    };
    arity(function, filter)?;
    let mut types = vec![input.clone().settled()];
    let mut constants = vec![None];
    for argument in &filter.arguments {
        types.push(type_of(argument));
        constants.push(Some(argument.clone()));
    }
    let result = (function.rule)(&types, &constants).map_err(|error| format!("{}: {}", error.message, error.hint))?;
    Ok(if input.optional { result.optional() } else { result })
}

/// What a filter's name stands for.
#[derive(Clone, Copy)]
pub(super) enum Applied {
    Default,
    Function(&'static Function),
}

pub(super) fn find(name: &str) -> Option<Applied> {
    match name {
        "default" => Some(Applied::Default),
        _ if FILTERS.contains(&name) => functions::find(name).map(Applied::Function),
        _ => None,
    }
}

/// Evaluates a filter that passed [`filter_result`].
pub(super) fn apply(applied: Applied, value: &Value, arguments: &[Value]) -> Result<Value, functions::OutOfRange> {
    match (applied, arguments.first()) {
        (Applied::Default, None) => Ok(value.clone()),
        (Applied::Default, Some(other)) if value.is_null() => Ok(other.clone()),
        // The result is a text as soon as one of the two is.
        (Applied::Default, Some(Value::Text(_))) => Ok(value.to_string().into()),
        (Applied::Default, Some(_)) => Ok(value.clone()),
        (Applied::Function(_), _) if value.is_null() => Ok(Value::Null),
        (Applied::Function(function), _) => {
            let values: Vec<Value> = std::iter::once(value.clone()).chain(arguments.iter().cloned()).collect();
            (function.evaluate)(&values)
        }
    }
}

fn arity(function: &Function, filter: &Filter) -> Result<(), String> {
    let given = filter.arguments.len() + 1;
    let least = function.parameters.iter().filter(|parameter| !parameter.optional).count();
    if (least..=function.parameters.len()).contains(&given) {
        return Ok(());
    }
    let names: Vec<&str> = function.parameters.iter().skip(1).map(|parameter| parameter.name).collect();
    Err(if names.is_empty() {
        format!("`{}` takes nothing in parentheses here: write `| {}`", function.name, function.name)
    } else {
        format!("`{}` wants other arguments: write `| {}({})`", function.name, function.name, names.join(", "))
    })
}

fn default_result(input: &Type, arguments: &[Value]) -> Result<Type, String> {
    let [other] = arguments else {
        return Err("`default` takes the text that stands in for an absent value: write `| default('…')`".to_owned());
    };
    let other = type_of(other);
    match (&input.kind, &other.kind) {
        (Kind::Unknown, _) => Ok(Type::unknown()),
        (Kind::List(_) | Kind::Record(_), _) => Err(format!("a {input} has no default: name a single value in it")),
        (_, Kind::Text { max }) => {
            let longest = functions::longest(input).zip(*max).map(|(value, other)| value.max(other));
            Ok(Type::new(Kind::Text { max: longest }))
        }
        (Kind::Integer, Kind::Decimal) => Ok(other),
        (Kind::Decimal, Kind::Integer) => Ok(input.clone().settled()),
        (value, other) if value == other => Ok(input.clone().settled()),
        _ => Err(format!("the value is {input}, its default {other}: write the default as a text, `| default('…')`")),
    }
}

/// The type of a constant.
fn type_of(value: &Value) -> Type {
    match value {
        Value::Bool(_) => Type::new(Kind::Boolean),
        Value::Integer(_) => Type::new(Kind::Integer),
        Value::Decimal(_) => Type::new(Kind::Decimal),
        Value::Text(text) => Type::text_of(u32::try_from(text.chars().count()).unwrap_or(u32::MAX)),
        Value::Date(_) => Type::new(Kind::Date),
        Value::DateTime(_) => Type::new(Kind::DateTime),
        Value::Duration(_) => Type::new(Kind::Duration),
        Value::Null | Value::List(_) | Value::Record(_) => Type::unknown(),
    }
}
