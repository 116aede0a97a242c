//! `shorten(text, n)`: a text cut so that different texts stay different.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Type, Value};
use sha2::{Digest, Sha256};

pub(super) static FUNCTION: Function = Function {
    name: "shorten",
    doc: "The text if it has at most n characters; else its beginning, `~` and a hash of the whole, n characters in all, so that different texts stay different.",
    parameters: &[
        Parameter { name: "text", ty: "text", optional: false },
        Parameter { name: "n", ty: "integer", optional: false },
    ],
    rule,
    evaluate,
    examples: &[
        ("shorten('TCC-0192', 20)", "TCC-0192"),
        ("length(shorten('Tallow Creek Concreting, application 7', 20))", "20"),
    ],
};

/// Characters of the hash: each carries 5 bits. Lower and upper case never both occur,
/// and no letter reads like a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn rule(arguments: &[Type], constants: &[Option<Value>]) -> Result<Type, ArgumentError> {
    let ty = signature::text(arguments, 0)?;
    let most = signature::constant(arguments, constants, 1, 12..=100_000)?;
    Ok(most.map_or_else(Type::unknown, |most| signature::cut(ty, most)))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    Ok(shorten(signature::text_of(values, 0), signature::count_of(values, 1)).into())
}

/// Half of the room goes to the hash: 30 bits at 12 characters, 50 at 20, never more than 80.
fn shorten(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let digits = (most / 2).clamp(6, 16);
    let mut short: String = text.chars().take(most.saturating_sub(digits + 1)).collect();
    short.push('~');
    short.push_str(&hash(text, digits));
    short
}

fn hash(text: &str, digits: usize) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let mut bits = digest.iter().flat_map(|byte| (0..8).rev().map(move |bit| usize::from(byte >> bit & 1)));
    let mut digit = || (0..5).fold(0, |number, _| number << 1 | bits.next().unwrap_or(0));
    (0..digits).map(|_| char::from(ALPHABET[digit()])).collect()
}

#[cfg(test)]
mod tests {
    use super::shorten;
    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_ne, proptest};
    use std::collections::HashMap;

    #[test]
    fn texts_with_one_beginning_stay_different() {
        let mut seen = HashMap::new();
        for number in 0..20_000 {
            let long = format!("Tallow Creek Concreting and Paving, application {number}");
            if let Some(other) = seen.insert(shorten(&long, 20), number) {
                panic!("{other} and {number} became one");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn never_too_long_and_never_the_same(left in any::<String>(), right in any::<String>(), most in 12_usize..60) {
            prop_assert!(shorten(&left, most).chars().count() <= most);
            if left != right {
                prop_assert_ne!(shorten(&left, most), shorten(&right, most));
            }
        }
    }
}
