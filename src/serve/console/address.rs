//! Where pages are.

use crate::store::RecordId;
use form_urlencoded::Serializer;

/// One record's page.
pub fn record(customer: &str, id: &RecordId) -> String {
    let key: Vec<String> = id.key.split('/').map(segment).collect();
    format!("/{}/records/{}/{}", segment(customer), segment(&id.flow), key.join("/"))
}

/// A page with these settings; those that are empty are left out.
pub fn with(path: &str, settings: &[(&str, &str)]) -> String {
    let mut query = Serializer::new(String::new());
    for (name, value) in settings.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A text as one segment of a path.
pub fn segment(text: &str) -> String {
    let mut segment = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::{record, with};
    use crate::store::RecordId;

    #[test]
    fn whatever_a_key_holds_has_an_address() {
        let id = RecordId { flow: "bills".into(), key: "598/A 1?<ü".into() };
        assert_eq!(record("acme", &id), "/acme/records/bills/598/A%201%3F%3C%C3%BC");
        assert_eq!(with("/acme/work", &[("q", "a&b"), ("flow", "")]), "/acme/work?q=a%26b");
    }
}
