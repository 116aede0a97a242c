//! A program that asks the fake, one request after the other, signed as it should be or not.

use mlc::connector::{Driver, Fake};
use mlc::value::{Span, Timestamp};
use mlc::world::{HttpRequest, HttpResponse, Method};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// So slow that no rate window fills.
const STEP_MILLIS: i64 = 1_100;
/// A new token long before the old one ends.
const TOKEN_SECONDS: i64 = 5_000;

pub struct Caller {
    pub fake: Box<dyn Fake>,
    pub company: i64,
    millis: i64,
    token: Option<(String, i64)>,
}

/// What was answered.
pub struct Answer {
    pub status: u16,
    /// `None` if it is no JSON.
    pub body: Option<Value>,
    pub total: Option<usize>,
}

/// What a request says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    Well,
    NoToken,
    NoCompany,
    OtherCompany,
}

impl Caller {
    pub fn new(driver: &Driver, contractor: &mlc::connector::contractor::Contractor) -> Self {
        let opened = contractor.opened.expect("the sandbox has a beginning").unix();
        Self { fake: (driver.fake)(contractor), company: contractor.company_id, millis: opened * 1_000, token: None }
    }

    pub fn ask(&mut self, method: Method, target: &str, body: Option<&Value>, signed: Signed) -> Answer {
        self.millis += STEP_MILLIS;
        let raw = self.send(method, target, body, signed);
        let total = raw.header("Total").and_then(|text| text.parse().ok());
        Answer { status: raw.status, body: serde_json::from_slice(&raw.body).ok(), total }
    }

    pub fn get(&mut self, target: &str) -> Answer {
        self.ask(Method::Get, target, None, Signed::Well)
    }

    /// Asks in the same moment as the request before.
    pub fn at_once(&mut self, method: Method, target: &str, body: &Value) -> Answer {
        let raw = self.send(method, target, Some(body), Signed::Well);
        Answer { status: raw.status, body: serde_json::from_slice(&raw.body).ok(), total: None }
    }

    /// Asks without a pause until the fake has enough, and hands on what it says then.
    pub fn too_often(&mut self, target: &str) -> HttpResponse {
        (0..100)
            .map(|_| self.send(Method::Get, target, None, Signed::Well))
            .find(|answer| answer.status == 429)
            .expect("a window fills")
    }

    fn send(&mut self, method: Method, target: &str, body: Option<&Value>, signed: Signed) -> HttpResponse {
        let mut headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        if signed != Signed::NoToken {
            headers.push(("Authorization".to_owned(), self.token()));
        }
        match signed {
            Signed::NoCompany => {}
            Signed::OtherCompany => headers.push(("Procore-Company-Id".to_owned(), "5".to_owned())),
            Signed::Well | Signed::NoToken => {
                headers.push(("Procore-Company-Id".to_owned(), self.company.to_string()));
            }
        }
        self.raw(method, target, headers, body)
    }

    fn raw(
        &mut self,
        method: Method,
        target: &str,
        headers: Vec<(String, String)>,
        body: Option<&Value>,
    ) -> HttpResponse {
        let request = HttpRequest {
            method,
            url: format!("{}{target}", self.fake.base_url()),
            headers,
            body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
            timeout: Span::from_secs(1),
        };
        self.fake.answer(&request, Timestamp::from_unix_millis(self.millis))
    }

    fn token(&mut self) -> String {
        if let Some((token, issued)) = &self.token
            && self.millis - issued < TOKEN_SECONDS * 1_000
        {
            return token.clone();
        }
        let credential = self.fake.credential();
        let field = |name: &str| credential.get(name).expect("a field").expose_secret().to_owned();
        let body = json!({
            "grant_type": "client_credentials",
            "client_id": field("client_id"),
            "client_secret": field("client_secret"),
        });
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        let answer = self.raw(Method::Post, "/oauth/token", headers, Some(&body));
        let answer: Value = serde_json::from_slice(&answer.body).expect("JSON");
        let token = format!("Bearer {}", answer["access_token"].as_str().expect("a token"));
        self.token = Some((token.clone(), self.millis));
        token
    }
}
