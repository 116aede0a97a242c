//! `hash(text)`: a fingerprint of a text.

use super::{ArgumentError, Function, OutOfRange, Parameter, signature};
use crate::value::{Type, Value};
use sha2::{Digest, Sha256};
use std::fmt::Write;

pub(super) static FUNCTION: Function = Function {
    name: "hash",
    doc: "SHA-256 of the text in UTF-8, as 64 hexadecimal digits: the same for the same text, on every machine. For a key of limited length, `shorten` keeps it readable.",
    parameters: &[Parameter { name: "text", ty: "text", optional: false }],
    rule,
    evaluate,
    examples: &[("take(hash('abc'), 16)", "ba7816bf8f01cfea"), ("length(hash(''))", "64")],
};

fn rule(arguments: &[Type], _: &[Option<Value>]) -> Result<Type, ArgumentError> {
    signature::text(arguments, 0)?;
    Ok(Type::text_of(64))
}

fn evaluate(values: &[Value]) -> Result<Value, OutOfRange> {
    let digest = Sha256::digest(signature::text_of(values, 0).as_bytes());
    let mut text = String::with_capacity(64);
    for byte in digest {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text.into())
}
