//! Misbehaviour on demand: which requests are answered badly, and how.
//!
//! A decision depends on the seed, on the request and on how often this same request
//! was seen, and on nothing else: threads may interleave as they like, the same
//! requests meet the same faults.

use super::random::hash;
use crate::world::{HttpRequest, HttpResponse};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// What can go wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answered at once with this status; nothing took effect.
    Status(u16),
    /// Never delivered, and no answer comes; the sender cannot know.
    Timeout,
    /// Took effect, and the answer is lost.
    Lost,
    /// Took effect, and only half of the answer arrives.
    Torn,
    /// Answered well, but late.
    Slow,
}

/// Which faults happen how often.
#[derive(Debug, Default)]
pub struct Faults {
    seed: u64,
    /// In millionths of all requests.
    shares: Vec<(Fault, u64)>,
    seen: Mutex<HashMap<u64, u64>>,
}

/// A `--faults` text that cannot be read.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct FaultsError(String);

const NAMES: &[(&str, Fault)] = &[
    ("429", Fault::Status(429)),
    ("500", Fault::Status(500)),
    ("502", Fault::Status(502)),
    ("503", Fault::Status(503)),
    ("timeout", Fault::Timeout),
    ("lost", Fault::Lost),
    ("torn", Fault::Torn),
    ("slow", Fault::Slow),
];

impl Faults {
    /// Reads `429=5%,500=5%,timeout=0.5%,lost=5%`. Empty text means no faults.
    pub fn parse(text: &str) -> Result<Self, FaultsError> {
        let mut faults = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, share) = part
                .split_once('=')
                .ok_or_else(|| FaultsError(format!("`{part}` is not a fault: write NAME=SHARE, such as 500=5%")))?;
            let known = NAMES.iter().find(|(known, _)| *known == name.trim());
            let (_, fault) = known.ok_or_else(|| {
                let names = NAMES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
                FaultsError(format!("there is no fault `{}`; the sandbox knows {names}", name.trim()))
            })?;
            faults.shares.push((*fault, parse_share(share.trim())?));
        }
        if faults.shares.iter().map(|(_, share)| share).sum::<u64>() > 1_000_000 {
            return Err(FaultsError("the shares of all faults together are more than 100%".to_owned()));
        }
        Ok(faults)
    }

    #[must_use]
    pub fn seeded(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// What happens to this request, if anything.
    pub fn decide(&self, request: &HttpRequest) -> Option<Fault> {
        if self.shares.is_empty() {
            return None;
        }
        let target = request.url.split_once("://").map_or(request.url.as_str(), |(_, rest)| rest);
        let target = target.find('/').map_or("", |slash| &target[slash..]);
        let identity = hash(self.seed, &[request.method.as_str().as_bytes(), target.as_bytes(), &request.body]);
        let nth = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let count = seen.entry(identity).or_insert(0);
            *count += 1;
            *count
        };
        let mut draw = hash(identity, &[&nth.to_le_bytes()]) % 1_000_000;
        for (fault, share) in &self.shares {
            if draw < *share {
                return Some(*fault);
            }
            draw -= share;
        }
        None
    }
}

/// `5%` and `0.25%`, in millionths.
fn parse_share(text: &str) -> Result<u64, FaultsError> {
    let refused = || FaultsError(format!("`{text}` is not a share: write a percentage from 0% to 100%, such as 5%"));
    let percent: crate::value::Decimal =
        text.strip_suffix('%').and_then(|number| number.trim().parse().ok()).ok_or_else(refused)?;
    let millionths = percent.checked_mul(crate::value::Decimal::from(10_000_i64)).ok_or_else(refused)?;
    millionths
        .rounded(0)
        .to_integer()
        .and_then(|share| u64::try_from(share).ok())
        .filter(|share| *share <= 1_000_000)
        .ok_or_else(refused)
}

/// The answer of a server, or of something before it, that does not want to or cannot.
pub fn refusal(status: u16) -> HttpResponse {
    let (wait, body) = match status {
        429 => (Some("2"), "Too many requests. Please wait."),
        503 => (Some("5"), "<html><body><h1>503 Service Unavailable</h1></body></html>"),
        502 => (None, "<html><body><h1>502 Bad Gateway</h1></body></html>"),
        _ => (None, "<html><body><h1>500 Internal Server Error</h1></body></html>"),
    };
    let mut headers = vec![("Content-Type".to_owned(), "text/html".to_owned())];
    if let Some(wait) = wait {
        headers.push(("Retry-After".to_owned(), wait.to_owned()));
    }
    HttpResponse { status, headers, body: body.as_bytes().to_vec() }
}

/// Half of an answer.
pub fn torn(mut response: HttpResponse) -> HttpResponse {
    response.body.truncate(response.body.len() / 2);
    response
}

/// As it is written on the command line.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |(fault, share): &(Fault, u64)| {
            let name = NAMES.iter().find(|(_, known)| known == fault).map_or("", |(name, _)| name);
            let percent = crate::value::Decimal::from(*share).checked_div(crate::value::Decimal::from(10_000_i64));
            format!("{name}={}%", percent.unwrap_or_default())
        };
        f.write_str(&self.shares.iter().map(text).collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults};
    use crate::value::Span;
    use crate::world::{HttpRequest, Method};

    fn request(path: &str) -> HttpRequest {
        HttpRequest {
            method: Method::Get,
            url: format!("https://a.invalid{path}"),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: Span::from_secs(1),
        }
    }

    #[test]
    fn the_same_requests_meet_the_same_faults_in_any_order() {
        let paths: Vec<String> = (0..200).map(|n| format!("/r/{}", n % 50)).collect();
        let decide = |order: &mut dyn Iterator<Item = &String>| {
            let faults = Faults::parse("500=20%,lost=20%").expect("faults").seeded(3);
            let mut met: Vec<_> =
                order.map(|path| (path.clone(), format!("{:?}", faults.decide(&request(path))))).collect();
            met.sort();
            met
        };
        assert_eq!(decide(&mut paths.iter()), decide(&mut paths.iter().rev()));
    }

    #[test]
    fn shares_are_kept() {
        let faults = Faults::parse("timeout=5%, 429=10%").expect("faults").seeded(1);
        let met: Vec<_> = (0..10_000).filter_map(|n| faults.decide(&request(&format!("/{n}")))).collect();
        let timeouts = met.iter().filter(|fault| **fault == Fault::Timeout).count();
        assert!((400..600).contains(&timeouts), "{timeouts}");
        assert!((1_300..1_700).contains(&met.len()), "{}", met.len());
    }

    #[test]
    fn a_retry_is_a_new_draw() {
        let faults = Faults::parse("500=50%").expect("faults");
        let draws: Vec<_> = (0..64).map(|_| faults.decide(&request("/same"))).collect();
        assert!(draws.contains(&None) && draws.contains(&Some(Fault::Status(500))));
    }

    #[test]
    fn wrong_texts_say_what_is_wrong() {
        for (text, part) in [
            ("500", "NAME=SHARE"),
            ("418=5%", "no fault `418`"),
            ("500=5", "not a share"),
            ("500=-1%", "not a share"),
            ("500=60%,lost=60%", "more than 100%"),
        ] {
            let error = Faults::parse(text).expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
        assert_eq!(Faults::parse("429=5%,lost=0.25%").expect("faults").to_string(), "429=5%,lost=0.25%");
    }
}
