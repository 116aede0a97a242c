//! A chain of filters, made ready for the template engine once and run for every record.
//!
//! Takes filters that passed [`super::filter_result`]. Values go through the engine as they
//! are, not as its own numbers and texts, so that no decimal loses a digit.

use super::filter::{self, Filter};
use crate::model::functions::OutOfRange;
use crate::value::Value;
use minijinja::value::{Object, Rest, Value as Carried};
use minijinja::{Environment, Error, ErrorKind, Expression, UndefinedBehavior};
use std::fmt::Write;
use std::sync::{Arc, OnceLock};

/// Filters in the order in which they apply.
pub struct Chain {
    expression: Option<Expression<'static, 'static>>,
    arguments: Vec<(String, Carried)>,
}

/// The most that one evaluation may cost. A chain costs a few units a filter.
const FUEL: u64 = 1_000_000;

/// A value of the language on its way through the engine.
#[derive(Debug)]
struct Held(Value);

impl Object for Held {}

impl Chain {
    pub fn new(filters: &[Filter]) -> Self {
        let mut text = String::from("value");
        let mut arguments = Vec::new();
        for filter in filters {
            let first = arguments.len();
            for argument in &filter.arguments {
                arguments.push((format!("argument{}", arguments.len()), carry(argument.clone())));
            }
            let names: Vec<&str> = arguments[first..].iter().map(|(name, _)| name.as_str()).collect();
            let _ = write!(text, " | {}({})", filter.name, names.join(", "));
        }
        let expression = engine().compile_expression_owned(text).ok();
        Self { expression, arguments }
    }

    /// The value after all filters. Fails only when a text would grow out of bounds.
    pub fn apply(&self, value: Value) -> Result<Value, OutOfRange> {
        let expression = self.expression.as_ref().ok_or(OutOfRange)?;
        let names = self.arguments.iter().map(|(name, argument)| (name.clone(), argument.clone()));
        let scope = names.chain([("value".to_owned(), carry(value))]);
        let result = expression.eval(Carried::from_pairs(scope)).map_err(|_| OutOfRange)?;
        Ok(held(&result).clone())
    }
}

fn carry(value: Value) -> Carried {
    Carried::from_object(Held(value))
}

/// Everything that goes through the engine was carried in.
fn held(carried: &Carried) -> &Value {
    carried.downcast_object_ref::<Held>().map_or(&Value::Null, |held| &held.0)
}

/// The engine with our filters and nothing else.
fn engine() -> &'static Environment<'static> {
    static ENGINE: OnceLock<Environment<'static>> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let mut engine = Environment::empty();
        engine.set_undefined_behavior(UndefinedBehavior::Strict);
        engine.set_fuel(Some(FUEL));
        for name in filter::FILTERS {
            if let Some(applied) = filter::find(name) {
                engine.add_filter(*name, move |value: Arc<Held>, arguments: Rest<Arc<Held>>| {
                    let arguments: Vec<Value> = arguments.iter().map(|argument| argument.0.clone()).collect();
                    filter::apply(applied, &value.0, &arguments)
                        .map(carry)
                        .map_err(|_| Error::new(ErrorKind::InvalidOperation, "out of range"))
                });
            }
        }
        engine
    })
}

#[cfg(test)]
mod tests {
    use super::Chain;
    use crate::model::template::Filter;
    use crate::value::{Decimal, Value};

    fn chain(filters: &[(&str, &[Value])]) -> Chain {
        let filters: Vec<Filter> = filters
            .iter()
            .map(|(name, arguments)| Filter { name: (*name).to_owned(), arguments: arguments.to_vec() })
            .collect();
        Chain::new(&filters)
    }

    #[test]
    fn decimals_keep_every_digit() {
        let number: Decimal = "123456789012345678.1234567800".parse().expect("decimal");
        let chain = chain(&[("default", &["none".into()])]);
        assert_eq!(chain.apply(number.into()).expect("total").to_string(), "123456789012345678.1234567800");
    }

    #[test]
    fn filters_apply_in_order_and_absent_values_pass() {
        let chain = chain(&[("upper", &[]), ("replace", &["-".into(), "/".into()]), ("default", &["none".into()])]);
        assert_eq!(chain.apply("a-b".into()), Ok("A/B".into()));
        assert_eq!(chain.apply(Value::Null), Ok("none".into()));
    }

    #[test]
    fn growth_has_an_end() {
        let long = Value::text("a".repeat(1_000));
        let chain = chain(&[("replace", &["a".into(), long.clone()]), ("replace", &["a".into(), long.clone()])]);
        assert!(chain.apply(long).is_err());
    }
}
