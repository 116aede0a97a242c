//! Secrets that the other side repeats in its answers: taken out before anybody reads them.
//!
//! Invariant: what a veil hands on holds none of its secrets, neither as they are nor as
//! forms, JSON, XML and base64 write them. Records that were read pass unchanged.

use super::Error;
use crate::world::HttpResponse;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

/// Stands where a secret stood.
const HIDDEN: &str = "***";

/// Shorter ones are no secrets, and would tear holes into every sentence.
const SHORTEST: usize = 4;

/// So many tokens are remembered: those of before may still be in an answer on its way.
const TOKENS: usize = 8;

/// The secrets of one connection.
#[derive(Default)]
pub struct Veil {
    fixed: Vec<SecretString>,
    tokens: Mutex<VecDeque<SecretString>>,
}

impl Veil {
    pub fn over(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        Self { fixed: secrets.into_iter().collect(), tokens: Mutex::default() }
    }

    /// One more, which was handed out just now.
    pub fn learn(&self, token: &SecretString) {
        let mut tokens = self.tokens();
        if tokens.len() == TOKENS {
            tokens.pop_front();
        }
        tokens.push_back(token.clone());
    }

    fn tokens(&self) -> MutexGuard<'_, VecDeque<SecretString>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As they are, for whoever has to find them in other forms.
    pub(super) fn secrets(&self) -> Vec<String> {
        let tokens = self.tokens();
        self.fixed.iter().chain(tokens.iter()).map(|secret| secret.expose_secret().to_owned()).collect()
    }

    pub fn text(&self, text: &str) -> String {
        let tokens = self.tokens();
        let secrets = self.fixed.iter().chain(tokens.iter());
        let needles = secrets.flat_map(|secret| forms(secret.expose_secret()));
        needles.fold(text.to_owned(), |text, needle| text.replace(needle.as_str(), HIDDEN))
    }

    pub fn error(&self, mut error: Error) -> Error {
        error.message = self.text(&error.message);
        error.mend = self.text(&error.mend);
        error
    }

    /// An answer that refuses. One of success holds records, which are not touched.
    pub fn response(&self, mut response: HttpResponse) -> HttpResponse {
        if !(200..300).contains(&response.status) {
            response.body = self.text(&String::from_utf8_lossy(&response.body)).into_bytes();
        }
        response
    }
}

/// A secret as JSON, XML, a URL and base64 write it, the longest first; nothing of what is
/// too short to be one.
pub(super) fn forms(secret: &str) -> Vec<Zeroizing<String>> {
    if secret.trim().len() < SHORTEST {
        return Vec::new();
    }
    let json = serde_json::to_string(secret).expect("text");
    let xml = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut forms = vec![
        xml.replace('"', "&quot;").replace('\'', "&apos;"),
        xml,
        STANDARD.encode(secret),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        secret.to_owned(),
        secret.split_whitespace().collect::<Vec<_>>().join(" "),
        json[1..json.len() - 1].to_owned(),
        percent(secret, "%20"),
        percent(secret, "+"),
    ];
    // Where its first byte does not begin a group of three, the characters at both ends of
    // its base64 belong to its neighbours as well.
    for ahead in 0..3 {
        let bytes = [&vec![0; ahead], secret.as_bytes()].concat();
        let (from, whole) = ((ahead * 4).div_ceil(3), bytes.len() / 3 * 4);
        for coded in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            forms.push(coded.get(from..whole).unwrap_or_default().to_owned());
        }
    }
    forms.retain(|form| form.len() >= SHORTEST);
    // The longest first: a part of one form must not hide the rest of another.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.into_iter().map(Zeroizing::new).collect()
}

fn percent(text: &str, blank: &str) -> String {
    let write = |byte: u8| match byte {
        b' ' => blank.to_owned(),
        b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(write).collect()
}

#[cfg(test)]
mod tests {
    use super::Veil;
    use crate::world::HttpResponse;
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    const SECRET: &str = "p\"ä s/w+o=r%d&";

    #[test]
    fn however_it_is_written_it_does_not_pass() {
        let veil = Veil::over([SECRET.into()]);
        let json = serde_json::to_string(SECRET).expect("text");
        for said in [SECRET, &json, "p%22%C3%A4%20s%2Fw%2Bo%3Dr%25d%26", "p%22%C3%A4+s%2Fw%2Bo%3Dr%25d%26"] {
            let shown = veil.text(&format!("you sent {said}, which is wrong"));
            assert!(shown.contains("***") && !shown.contains("w+o") && !shown.contains("w%2B"), "{shown}");
            assert!(shown.starts_with("you sent ") && shown.ends_with(", which is wrong"), "{shown}");
        }
        for before in ["", "u", "us", "user:"] {
            let login = format!("{before}{SECRET}:more");
            for coded in [STANDARD.encode(&login), URL_SAFE.encode(&login)] {
                assert!(veil.text(&coded).contains("***"), "{coded}");
            }
        }
    }

    #[test]
    fn in_an_answer_of_xml_it_does_not_pass_either() {
        let veil = Veil::over(["a<b>\"&'c".into()]);
        for said in ["a&lt;b&gt;&quot;&amp;&apos;c", "a&lt;b&gt;\"&amp;'c"] {
            assert_eq!(veil.text(&format!("<fault>{said}</fault>")), "<fault>***</fault>");
        }
    }

    #[test]
    fn tokens_are_learnt_and_records_pass() {
        let veil = Veil::over([]);
        veil.learn(&"token-1".into());
        let answer = |status| HttpResponse { status, headers: Vec::new(), body: b"token-1".to_vec() };
        assert_eq!(veil.response(answer(401)).body, b"***");
        assert_eq!(veil.response(answer(200)).body, b"token-1");
        assert_eq!(Veil::over(["x".into(), "  ".into()]).text("six of  them"), "six of  them");
    }
}
