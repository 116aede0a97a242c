//! `sort(list)`: a list in order.

use super::{ArgumentError, Function, OutOfRange, Parameter, order, signature};
use crate::value::{Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "sort",
    doc: "The list in order: numbers by amount, days and instants by time, texts by their characters.",
    parameters: &[Parameter { name: "list", ty: "list of single values", optional: false }],
    rule,
    evaluate,
    examples: &[("join(sort(['b', 'a', 'C']), ' ')", "C a b"), ("first(sort([2.5, 1, 9]))", "1")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    order::single_values(arguments, 0).map(Type::list)
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let mut items: Vec<Value> = signature::items_of(values, 0).cloned().collect();
    items.sort_by(order::compare);
    Ok(Value::list(items))
}
