//! `decimal(text)`: the number that a text holds.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Decimal, Kind, Type, Value};

pub(super) static FUNCTION: Function = Function {
    name: "decimal",
    doc: "The number that the text holds, exactly; absent if it holds anything but digits, a sign before them and one point. Take thousands apart first: `decimal(replace(text, ',', ''))`.",
    parameters: &[Parameter { name: "text", ty: "text", optional: false }],
    rule,
    evaluate,
    examples: &[("decimal(' -12.50 ')", "-12.50"), ("decimal('1,200.00')", ""), ("decimal('1e3')", "")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::number_text(arguments, 0)?;
    Ok(Type::new(Kind::Decimal).optional())
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(read(signature::text_of(values, 0)).map(Value::from).unwrap_or_default())
}

fn read(text: &str) -> Option<Decimal> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (plain(whole) && plain(fraction)).then(|| text.trim_start_matches('+').parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn only_plain_numbers_are_numbers() {
        for text in ["", "-", ".5", "5.", "1_000", "1.2.3", "--1", "+-1", "1 2", "٣", "1e5", "0x1", "NaN", "12.50 USD"]
        {
            assert_eq!(read(text), None, "{text}");
        }
        for (text, number) in [("007", "7"), ("+1.50", "1.50"), ("-0.01", "-0.01")] {
            assert_eq!(read(text).map(|number| number.to_string()).as_deref(), Some(number), "{text}");
        }
        assert_eq!(read("123456789012345678901234567890.5"), None, "more digits than fit are never rounded");
    }
}
