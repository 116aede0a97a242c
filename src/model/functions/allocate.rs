//! `allocate(total, weights)`: a total shared out so that the shares add up to it exactly.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Decimal, Kind, Type, Value};
use std::cmp::Reverse;

pub(super) static FUNCTION: Function = Function {
    name: "allocate",
    doc: "The total shared out by weight, one share for each weight, in whole cents (finer if the total is) that add up to the total exactly. Cents that are left go to the largest remainders, the first of equals. Weights that add up to zero share evenly; no weights give no shares.",
    parameters: &[
        Parameter { name: "total", ty: "decimal", optional: false },
        Parameter { name: "weights", ty: "list of decimal", optional: false },
    ],
    rule,
    evaluate,
    examples: &[
        ("first(allocate(100, [1, 1, 1]))", "33.34"),
        ("last(allocate(100, [1, 1, 1]))", "33.33"),
        ("sum(allocate(-0.05, [2, 0, 1]))", "-0.05"),
    ],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::number(arguments, 0)?;
    let item = signature::list(arguments, 1)?;
    match item.kind {
        Kind::Integer | Kind::Decimal | Kind::Unknown => Ok(Type::list(Type::new(Kind::Decimal))),
        _ => Err(signature::refuse(
            1,
            format!("this is a list of {item}, where a list of numbers is wanted"),
            "name a list of numbers, such as `lines.amount`",
        )),
    }
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let total = values.first().and_then(Value::as_decimal).unwrap_or_default();
    let weights: Vec<Decimal> = signature::items_of(values, 1).filter_map(Value::as_decimal).collect();
    let shares = allocate(total, &weights).ok_or(OutOfRange)?;
    Ok(Value::list(shares.into_iter().map(Value::from).collect()))
}

/// `None` where a product of total and weight has more than 38 digits.
fn allocate(total: Decimal, weights: &[Decimal]) -> Option<Vec<Decimal>> {
    if weights.is_empty() {
        return Some(Vec::new());
    }
    let places = total.places().max(2);
    let units = total.units(places)?;
    let finest = weights.iter().map(|weight| weight.places()).max().unwrap_or_default();
    let mut weights: Vec<i128> = weights.iter().map(|weight| weight.units(finest)).collect::<Option<_>>()?;
    let mut whole = weights.iter().try_fold(0_i128, |sum, weight| sum.checked_add(*weight))?;
    if whole == 0 {
        weights.fill(1);
        whole = i128::try_from(weights.len()).ok()?;
    }
    // A negative total is shared out as its opposite, and so are weights.
    let sign = units.signum() * whole.signum();
    let mut shares = share(units.abs(), &weights, whole)?;
    shares.iter_mut().for_each(|share| *share *= if whole < 0 { sign * whole.signum() } else { sign });
    shares.into_iter().map(|share| Decimal::from_units(share, places)).collect()
}

/// Shares of `units`, which is not negative, by `weights`, whose sum is `whole`: each rounded
/// down, and what is left given one by one to the largest remainders.
fn share(units: i128, weights: &[i128], whole: i128) -> Option<Vec<i128>> {
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for (index, weight) in weights.iter().enumerate() {
        let product = units.checked_mul(weight.checked_mul(whole.signum())?)?;
        shares.push(product.div_euclid(whole.abs()));
        remainders.push((Reverse(product.rem_euclid(whole.abs())), index));
    }
    let given = shares.iter().try_fold(0_i128, |sum, share| sum.checked_add(*share))?;
    let left = usize::try_from(units.checked_sub(given)?).ok()?;
    remainders.sort_unstable();
    for (_, index) in remainders.into_iter().take(left) {
        shares[index] += 1;
    }
    Some(shares)
}

#[cfg(test)]
mod tests {
    use super::allocate;
    use crate::value::Decimal;

    fn shares(total: &str, weights: &[&str]) -> Vec<String> {
        let decimal = |text: &str| text.parse::<Decimal>().expect("decimal");
        let weights: Vec<Decimal> = weights.iter().map(|weight| decimal(weight)).collect();
        let shares = allocate(decimal(total), &weights).expect("in range");
        shares.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_cent_finds_its_place() {
        assert_eq!(shares("0.05", &["1", "1", "1"]), ["0.02", "0.02", "0.01"]);
        assert_eq!(shares("-0.05", &["1", "1", "1"]), ["-0.02", "-0.02", "-0.01"]);
        assert_eq!(shares("10", &["0", "2.5", "7.5", "0"]), ["0.00", "2.50", "7.50", "0.00"]);
        assert_eq!(shares("1.0001", &["1", "1"]), ["0.5001", "0.5000"]);
    }

    #[test]
    fn a_weight_of_zero_never_gets_a_cent() {
        assert_eq!(shares("0.02", &["0", "1", "0", "1", "1"]), ["0.00", "0.01", "0.00", "0.01", "0.00"]);
    }

    #[test]
    fn weights_that_cancel_out_share_evenly() {
        assert_eq!(shares("0.03", &["0", "0"]), ["0.02", "0.01"]);
        assert_eq!(shares("0.03", &["5", "-5"]), ["0.02", "0.01"]);
        assert_eq!(shares("7", &[]), Vec::<String>::new());
    }

    #[test]
    fn credits_among_the_weights_take_back() {
        assert_eq!(shares("100", &["150", "-50"]), ["150.00", "-50.00"]);
        assert_eq!(shares("100", &["-150", "50"]), ["150.00", "-50.00"]);
        assert_eq!(shares("-100", &["-150", "50"]), ["-150.00", "50.00"]);
    }
}
