//! What came of a form, told on the page after it: it travels in a cookie that lives for a
//! minute and is taken away when it was shown.

use super::page::Notice;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use form_urlencoded::{byte_serialize, parse};

const NAME: &str = "mlc-told";
/// Browsers keep no longer ones.
const LONGEST: usize = 500;
const TAKEN: &str = "mlc-told=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0";

pub fn read(headers: &HeaderMap) -> Option<Notice> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|cookies| cookies.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == NAME)?;
    let (text, _) = parse(value.as_bytes()).next()?;
    serde_json::from_str(&text).ok()
}

/// The answer to a form, with what is to be told on the page that it leads to.
pub fn tell(mut response: Response, notice: &Notice) -> Response {
    let notice = Notice { text: short(&notice.text), mend: short(&notice.mend), ..notice.clone() };
    let text = serde_json::to_string(&notice).unwrap_or_default();
    let value: String = byte_serialize(text.as_bytes()).collect();
    let cookie = format!("{NAME}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=60");
    put(&mut response, &cookie);
    response
}

/// It was shown.
pub fn take(response: &mut Response) {
    put(response, TAKEN);
}

fn put(response: &mut Response, cookie: &str) {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

fn short(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at < LONGEST).last().unwrap_or(0);
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::{read, tell};
    use crate::serve::console::{Notice, Tone};
    use axum::http::{HeaderMap, header};
    use axum::response::IntoResponse;

    #[test]
    fn what_is_told_arrives_on_the_next_page() {
        let notice =
            Notice { tone: Tone::Done, text: "approved; ü “1,000.00” = yes".into(), mend: "x".repeat(9_000) };
        let response = tell("".into_response(), &notice);
        let cookie = response.headers().get(header::SET_COOKIE).expect("a cookie").to_str().expect("text");
        assert!(cookie.len() < 4_096, "{}", cookie.len());
        let mut headers = HeaderMap::new();
        let sent = format!("other=1; {}", cookie.split(';').next().unwrap_or_default());
        headers.insert(header::COOKIE, sent.parse().expect("a header"));
        let read = read(&headers).expect("told");
        assert_eq!(read.text, notice.text);
        assert!(read.mend.ends_with('…'));
    }
}
