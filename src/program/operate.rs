//! Operators between two values. Numbers compare by amount and compute exactly; only a
//! quotient is rounded.

use crate::model::functions::compare;
use crate::syntax::Operator;
use crate::value::{Decimal, Value};
use std::cmp::Ordering;

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    OutOfRange,
    DivisionByZero,
}

/// Digits after the point of a quotient, rounded half away from zero.
const QUOTIENT_PLACES: u32 = 10;

/// All operators but `and`, `or` and `??`, which do not always look at both sides.
pub(super) fn binary(operator: Operator, left: &Value, right: &Value) -> Result<Value, Refused> {
    Ok(match operator {
        Operator::Equal => equal(left, right).into(),
        Operator::NotEqual => (!equal(left, right)).into(),
        Operator::Less => ordered(left, right, Ordering::is_lt),
        Operator::LessOrEqual => ordered(left, right, Ordering::is_le),
        Operator::Greater => ordered(left, right, Ordering::is_gt),
        Operator::GreaterOrEqual => ordered(left, right, Ordering::is_ge),
        Operator::In => contains(right, left).into(),
        Operator::NotIn => (!contains(right, left)).into(),
        Operator::Add | Operator::Subtract if is_time(left) => moved(operator, left, right),
        Operator::Add => return compute(left, right, i64::checked_add, Decimal::checked_add),
        Operator::Subtract => return compute(left, right, i64::checked_sub, Decimal::checked_sub),
        Operator::Multiply => return compute(left, right, i64::checked_mul, Decimal::checked_mul),
        Operator::Divide => return divide(left, right),
        Operator::And => (left.as_bool() == Some(true) && right.as_bool() == Some(true)).into(),
        Operator::Or => (left.as_bool() == Some(true) || right.as_bool() == Some(true)).into(),
        Operator::Otherwise => if left.is_null() { right } else { left }.clone(),
    })
}

/// Equality by meaning: `9000` equals `9000.00`.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| equal(left, right))
        }
        _ => match left.as_decimal().zip(right.as_decimal()) {
            Some((left, right)) => left == right,
            None => left == right,
        },
    }
}

pub(super) fn negate(value: &Value) -> Result<Value, Refused> {
    match value {
        Value::Integer(number) => number.checked_neg().map(Value::Integer).ok_or(Refused::OutOfRange),
        Value::Decimal(number) => Ok(number.negated().into()),
        _ => Ok(Value::Null),
    }
}

fn contains(list: &Value, wanted: &Value) -> bool {
    list.as_list().unwrap_or(&[]).iter().any(|item| equal(item, wanted))
}

fn ordered(left: &Value, right: &Value, says: fn(Ordering) -> bool) -> Value {
    (!left.is_null() && !right.is_null() && says(compare(left, right))).into()
}

fn compute(
    left: &Value,
    right: &Value,
    whole: fn(i64, i64) -> Option<i64>,
    exact: fn(Decimal, Decimal) -> Option<Decimal>,
) -> Result<Value, Refused> {
    if let (Value::Integer(left), Value::Integer(right)) = (left, right) {
        return whole(*left, *right).map(Value::Integer).ok_or(Refused::OutOfRange);
    }
    match left.as_decimal().zip(right.as_decimal()) {
        Some((left, right)) => exact(left, right).map(Value::Decimal).ok_or(Refused::OutOfRange),
        None => Ok(Value::Null),
    }
}

fn is_time(value: &Value) -> bool {
    matches!(value, Value::Date(_) | Value::DateTime(_))
}

/// Days and instants by lengths of time; they stay inside the calendar. The days between
/// two days.
fn moved(operator: Operator, left: &Value, right: &Value) -> Value {
    let back = operator == Operator::Subtract;
    match (left, right) {
        (Value::Date(day), Value::Duration(length)) => {
            let days = i64::try_from(length.as_secs() / 86_400).unwrap_or(i64::MAX);
            day.plus_days(if back { -days } else { days }).into()
        }
        (Value::DateTime(instant), Value::Duration(length)) if back => instant.minus(*length).into(),
        (Value::DateTime(instant), Value::Duration(length)) => instant.plus(*length).into(),
        (Value::Date(later), Value::Date(earlier)) if back => later.days_since(*earlier).into(),
        _ => Value::Null,
    }
}

fn divide(left: &Value, right: &Value) -> Result<Value, Refused> {
    let Some((left, right)) = left.as_decimal().zip(right.as_decimal()) else { return Ok(Value::Null) };
    if right.is_zero() {
        return Err(Refused::DivisionByZero);
    }
    let quotient = left.checked_div(right).ok_or(Refused::OutOfRange)?;
    // Rounding to the places that matter drops the zeros behind them.
    Ok(quotient.rounded(quotient.places().min(QUOTIENT_PLACES)).into())
}

#[cfg(test)]
mod tests {
    use super::{Refused, binary, equal};
    use crate::syntax::Operator;
    use crate::value::{Decimal, Value};

    fn decimal(text: &str) -> Value {
        Value::from(text.parse::<Decimal>().expect("decimal"))
    }

    #[test]
    fn numbers_are_equal_by_amount() {
        assert!(equal(&decimal("9000.00"), &Value::Integer(9000)));
        assert!(!equal(&decimal("9000.01"), &Value::Integer(9000)));
        assert_eq!(binary(Operator::In, &1.into(), &Value::list(vec![decimal("1.0")])), Ok(true.into()));
        assert_eq!(binary(Operator::NotIn, &"a".into(), &Value::list(vec!["A".into()])), Ok(true.into()));
    }

    #[test]
    fn quotients_are_rounded_away_from_zero_at_ten_places() {
        assert_eq!(binary(Operator::Divide, &(-2).into(), &3.into()), Ok(decimal("-0.6666666667")));
        assert_eq!(binary(Operator::Divide, &1.into(), &0.into()), Err(Refused::DivisionByZero));
        assert_eq!(binary(Operator::Divide, &1.into(), &decimal("0.00")), Err(Refused::DivisionByZero));
    }

    #[test]
    fn nothing_wraps_and_nothing_is_rounded() {
        assert_eq!(binary(Operator::Add, &i64::MAX.into(), &1.into()), Err(Refused::OutOfRange));
        assert_eq!(binary(Operator::Multiply, &i64::MIN.into(), &(-1).into()), Err(Refused::OutOfRange));
        let huge = decimal("79228162514264337593543950335");
        assert_eq!(binary(Operator::Subtract, &huge, &decimal("0.01")), Err(Refused::OutOfRange));
        assert_eq!(binary(Operator::Add, &decimal("0.10"), &decimal("0.20")), Ok(decimal("0.30")));
    }
}
