//! `distinct(list)`: each value of a list once.

use super::{ArgumentError, Function, OutOfRange, Parameter, order, signature};
use crate::value::{Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "distinct",
    doc: "Each value of a list once, in the order in which they first stand there.",
    parameters: &[Parameter { name: "list", ty: "list of single values", optional: false }],
    rule,
    evaluate,
    examples: &[("join(distinct(['b', 'a', 'b']), ' ')", "b a"), ("count(distinct([1, 1.0, 2]))", "2")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    order::single_values(arguments, 0).map(Type::list)
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let items: Vec<&Value> = signature::items_of(values, 0).collect();
    let firsts = order::firsts(&items);
    let kept = items.iter().zip(firsts).enumerate().filter(|(index, (_, first))| index == first);
    Ok(Value::list(kept.map(|(_, (item, _))| (*item).clone()).collect()))
}
