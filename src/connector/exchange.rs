//! What went over the wire: a request as it was sent and what was answered, without any
//! secret, to be kept as evidence.
//!
//! Only what goes out through [`Wire::send_noted`](super::Wire::send_noted) while somebody
//! [listens](noted) is noted. What asks for a token goes out through `send` and never is.
//! Of the headers only those that are listed are kept; the values of all others are taken
//! for secrets, and are removed wherever else they stand.

use super::Veil;
use super::scrub::{Scrub, is_secret_name};
use crate::value::Timestamp;
use crate::world::{HttpRequest, HttpResponse};
use std::cell::{Cell, RefCell};
use std::future::Future;

/// Headers that say what was sent and answered, and never who is asking.
const KEPT: &[&str] =
    &["accept", "accept-language", "content-type", "date", "location", "retry-after", "soapaction", "x-request-id"];

/// A longer body is kept as its length only.
const LONGEST: usize = 1 << 20;

/// One request and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    pub at: Timestamp,
    pub method: &'static str,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub request: Body,
    pub answer: Result<Answered, String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Body,
}

/// A body as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Empty,
    /// `removed`: something secret stood in it.
    Kept {
        bytes: Vec<u8>,
        removed: bool,
    },
    /// Too long, or no text: its length.
    Length(usize),
}

/// What a connector knows of its own requests.
#[derive(Clone, Copy, Default)]
pub struct Noting<'a> {
    /// Headers of its own that are no secrets.
    pub headers: &'a [&'a str],
    /// The connection's secrets: in the body, or in an answer that repeats them.
    pub veil: Option<&'a Veil>,
}

tokio::task_local! {
    static NOTES: RefCell<Vec<Exchange>>;
    static COUNT: Cell<u64>;
}

/// Does the work; hands out with its result how many requests went out for it. Those that ask
/// for a token are not among them: a token serves for many.
pub async fn counted<T>(work: impl Future<Output = T>) -> (T, u64) {
    COUNT
        .scope(Cell::new(0), async {
            let done = work.await;
            (done, COUNT.with(Cell::get))
        })
        .await
}

/// One request goes out.
pub(super) fn count() {
    // Nobody counts: then there is nothing to be done.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

/// Does the work; hands out with its result what went over the wire for it.
pub async fn noted<T>(work: impl Future<Output = T>) -> (T, Vec<Exchange>) {
    NOTES
        .scope(RefCell::default(), async {
            let done = work.await;
            (done, NOTES.with(RefCell::take))
        })
        .await
}

/// A request that is about to go out, if somebody wants to know of it.
pub(super) struct Pending {
    scrub: Scrub,
    headers: Vec<String>,
    exchange: Exchange,
}

impl Pending {
    pub fn of(request: &HttpRequest, noting: Noting<'_>, at: Timestamp) -> Option<Self> {
        NOTES.try_with(|_| ()).ok()?;
        let own = noting.headers.iter().map(|name| name.to_ascii_lowercase());
        let headers: Vec<String> = KEPT.iter().map(|name| (*name).to_owned()).chain(own).collect();
        let open = |name: &str| headers.iter().any(|kept| kept.eq_ignore_ascii_case(name));
        let secret = request.headers.iter().filter(|(name, _)| is_secret_name(name) || !known(name, &headers));
        let scrub = Scrub::new(secret.map(|(_, value)| value.as_str()), noting.veil);
        let kept = request.headers.iter().filter(|(name, _)| open(name));
        let exchange = Exchange {
            at,
            method: request.method.as_str(),
            url: scrub.url(&request.url),
            headers: kept.map(|(name, value)| (name.to_ascii_lowercase(), scrub.text(value))).collect(),
            request: body(&scrub, &request.body),
            answer: Err(String::new()),
        };
        Some(Self { scrub, headers, exchange })
    }

    pub fn answered(mut self, answer: Result<&HttpResponse, &str>) {
        self.exchange.answer = match answer {
            Ok(response) => {
                let open = |name: &str| self.headers.iter().any(|kept| kept.eq_ignore_ascii_case(name));
                let kept = response.headers.iter().filter(|(name, _)| open(name));
                Ok(Answered {
                    status: response.status,
                    headers: kept.map(|(name, value)| (name.to_ascii_lowercase(), self.scrub.text(value))).collect(),
                    body: body(&self.scrub, &response.body),
                })
            }
            Err(why) => Err(self.scrub.text(why)),
        };
        // Nobody listens any more: then nobody wants to know.
        let _ = NOTES.try_with(|notes| notes.borrow_mut().push(self.exchange));
    }
}

/// A header that is listed, or one that every program sends.
fn known(name: &str, kept: &[String]) -> bool {
    kept.iter().any(|kept| kept.eq_ignore_ascii_case(name)) || name.eq_ignore_ascii_case("user-agent")
}

fn body(scrub: &Scrub, bytes: &[u8]) -> Body {
    match std::str::from_utf8(bytes) {
        Ok("") => Body::Empty,
        Ok(text) if text.len() <= LONGEST => {
            let kept = scrub.body(text);
            let removed = kept != text;
            Body::Kept { bytes: kept.into_bytes(), removed }
        }
        _ => Body::Length(bytes.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Body, Noting, Pending, Veil, noted};
    use crate::value::{Span, Timestamp};
    use crate::world::{HttpRequest, HttpResponse, Method};

    fn request() -> HttpRequest {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        HttpRequest {
            method: Method::Post,
            url: "https://erp.example/api?view=Invoice&access_token=tok-4711-abc".to_owned(),
            headers: vec![
                header("Authorization", "Bearer tok-4711-abc"),
                header("Cookie", "session=c00k1e-value"),
                header("X-Workspace", "10USA_10USACO"),
                header("Content-Type", "application/json"),
            ],
            body: br#"{"supplier":"S1","note":"tok-4711-abc","client_secret":"never"}"#.to_vec(),
            timeout: Span::from_secs(1),
        }
    }

    #[tokio::test]
    async fn what_was_sent_is_kept_without_its_secrets() {
        let ((), notes) = noted(async {
            let veil = Veil::over(["pa&ss word".into()]);
            let noting = Noting { headers: &["X-Workspace"], veil: Some(&veil) };
            let pending = Pending::of(&request(), noting, Timestamp::from_unix(0)).expect("somebody listens");
            let body = "<a>pa&amp;ss word</a> cGEmc3Mgd29yZA== pa%26ss%20word c00k1e-value".as_bytes().to_vec();
            let headers = vec![("Set-Cookie".to_owned(), "x=y".to_owned()), ("Date".to_owned(), "today".to_owned())];
            pending.answered(Ok(&HttpResponse { status: 200, headers, body }));
        })
        .await;
        let [exchange] = notes.as_slice() else { panic!("{notes:?}") };
        assert_eq!(exchange.url, "https://erp.example/api?view=Invoice&access_token=(removed)");
        let headers: Vec<&str> = exchange.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(headers, ["x-workspace", "content-type"]);
        let Body::Kept { bytes, removed: true } = &exchange.request else { panic!("{exchange:?}") };
        assert_eq!(
            std::str::from_utf8(bytes).expect("text"),
            r#"{"supplier":"S1","note":"(removed)","client_secret":"(removed)"}"#
        );
        let answered = exchange.answer.as_ref().expect("an answer");
        assert_eq!(answered.headers, [("date".to_owned(), "today".to_owned())]);
        let Body::Kept { bytes, .. } = &answered.body else { panic!("{answered:?}") };
        assert_eq!(std::str::from_utf8(bytes).expect("text"), "<a>(removed)</a> (removed) (removed) (removed)");
    }

    #[tokio::test]
    async fn nothing_is_noted_where_nobody_listens() {
        assert!(Pending::of(&request(), Noting::default(), Timestamp::from_unix(0)).is_none());
    }
}
