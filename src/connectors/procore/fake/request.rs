//! A request as the fake reads it: path, query, headers, body. The host does not count.

use super::super::query;
use crate::world::{HttpRequest, Method};
use serde_json::Value as Json;

/// One request, taken apart.
pub struct Request<'a> {
    pub method: Method,
    /// Without the query.
    pub path: String,
    pub query: Vec<(String, String)>,
    raw: &'a HttpRequest,
}

impl<'a> Request<'a> {
    pub fn new(raw: &'a HttpRequest) -> Self {
        let after_scheme = raw.url.split_once("://").map_or(raw.url.as_str(), |(_, rest)| rest);
        let target = after_scheme.find('/').map_or("/", |slash| &after_scheme[slash..]);
        let (path, text) = target.split_once('?').unwrap_or((target, ""));
        let query = query::parse(text.split('#').next().unwrap_or(""));
        Self { method: raw.method, path: path.trim_end_matches('/').to_owned(), query, raw }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.raw.header(name)
    }

    /// The first query parameter of that name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn integer(&self, name: &str) -> Option<i64> {
        self.parameter(name)?.parse().ok()
    }

    /// The body as JSON; an empty object if it is none.
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.raw.body).unwrap_or_else(|_| Json::Object(serde_json::Map::new()))
    }

    /// The pairs of a form, whether it came urlencoded, as JSON or as multipart.
    pub fn form(&self) -> Vec<(String, String)> {
        let kind = self.header("Content-Type").unwrap_or("").to_ascii_lowercase();
        let text = String::from_utf8_lossy(&self.raw.body);
        if kind.starts_with("application/json") {
            let Json::Object(fields) = self.json() else { return Vec::new() };
            return fields
                .into_iter()
                .map(|(name, value)| (name, value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
                .collect();
        }
        if kind.starts_with("multipart/form-data") { multipart(&text) } else { query::parse(text.trim()) }
    }
}

/// The fields of a multipart body: each part's name, and what follows its empty line.
fn multipart(text: &str) -> Vec<(String, String)> {
    let boundary = text.lines().next().unwrap_or("").trim_end();
    if boundary.is_empty() {
        return Vec::new();
    }
    text.split(boundary)
        .filter_map(|part| {
            let (head, body) = part.split_once("\r\n\r\n").or_else(|| part.split_once("\n\n"))?;
            let name = head.split_once("name=\"")?.1.split_once('"')?.0;
            Some((name.to_owned(), body.trim_end_matches(['\r', '\n']).to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Request;
    use crate::value::Span;
    use crate::world::{HttpRequest, Method};

    fn post(kind: &str, body: &str) -> HttpRequest {
        HttpRequest {
            method: Method::Post,
            url: "https://login.example/oauth/token?x=1".into(),
            headers: vec![("content-type".into(), kind.into())],
            body: body.as_bytes().to_vec(),
            timeout: Span::from_secs(1),
        }
    }

    #[test]
    fn a_form_is_read_in_its_three_forms() {
        let multipart = "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1 2\r\n--X--\r\n";
        for (kind, body) in [
            ("application/x-www-form-urlencoded", "a=1+2"),
            ("application/json", r#"{"a":"1 2"}"#),
            ("multipart/form-data; boundary=X", multipart),
        ] {
            let raw = post(kind, body);
            assert_eq!(Request::new(&raw).form(), [("a".to_owned(), "1 2".to_owned())], "{kind}");
        }
        let raw = post("", "");
        assert_eq!((Request::new(&raw).path.as_str(), Request::new(&raw).integer("x")), ("/oauth/token", Some(1)));
    }
}
