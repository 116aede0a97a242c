//! Query strings and form bodies: percent-encoding, both ways.
//!
//! The client writes with it, the fake reads with it. What was written reads back the same.

use std::fmt::Write;

/// Name and value pairs on their way into a query string or a form.
#[derive(Clone, Debug, Default)]
pub struct Query(String);

impl Query {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one pair; the same name may stand more than once.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        encode_into(name, &mut self.0);
        self.0.push('=');
        encode_into(value, &mut self.0);
        self
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

fn encode_into(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// The pairs of a query string or of a form, in order. A broken escape stands for itself.
pub fn parse(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match escaped {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Query, parse};

    #[test]
    fn what_was_written_reads_back() {
        let value = "2026-01-01T00:00:00Z...2026-02-01T00:00:00Z & ü+%";
        let text = Query::new().with("filters[updated_at]", value).with("page", "1").into_string();
        assert!(text.starts_with("filters%5Bupdated_at%5D="), "{text}");
        assert_eq!(parse(&text), [("filters[updated_at]".to_owned(), value.to_owned()), ("page".into(), "1".into())]);
    }

    #[test]
    fn a_broken_escape_stands_for_itself() {
        assert_eq!(parse("a=%zz%4&b+c"), [("a".to_owned(), "%zz%4".to_owned()), ("b c".into(), String::new())]);
    }
}
