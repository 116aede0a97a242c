//! Who may do what: every route, as everybody.

use crate::house::{CALLER, CSRF, InMemory, house, quickstart};
use crate::support::root;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use mlc::engine::Options;
use mlc::serve::door::{Guarded, Invited, People, Random, Register, RegisterError, Token};
use mlc::serve::http::{Access, Role, Route, router, routes};
use mlc::serve::{House, Outside};
use mlc::value::Span;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use tower::ServiceExt as _;

/// The customer of the quickstart.
const CUSTOMER: &str = "quickstart";

/// Everybody that there is: nobody, those with one role, and one who may see another pipeline only.
const CALLERS: [Option<&str>; 4] = [None, Some("vera viewer"), Some("abe approver"), Some("olga operator")];

async fn asked(house: &Arc<House>, request: Request<Body>) -> (StatusCode, String) {
    let response = router(house).oneshot(request).await.expect("the service answers");
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 16 << 20).await.expect("a whole answer");
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

/// A real path in place of the pattern.
fn path(route: &Route, customer: &str, key: &str) -> String {
    route
        .path
        .replace("{customer}", customer)
        .replace("{driver}", "procore")
        .replace("{connection}", "quickstart.procore")
        .replace("{flow}", "subcontractor_invoices")
        .replace("{*key}", key)
        .replace("{run}", "none")
}

fn request(route: &Route, path: &str, caller: Option<&str>) -> Request<Body> {
    let mut builder = Request::builder().method(route.method.clone()).uri(path);
    if let Some(caller) = caller {
        builder = builder.header(CALLER, caller).header("x-csrf-token", CSRF);
    }
    // Complete enough to reach the handler, and asking for nothing.
    let is_api = path.starts_with("/api/");
    let kind = if is_api { "application/json" } else { "application/x-www-form-urlencoded" };
    let body = match route.path.rsplit('/').next() {
        _ if !is_api => "",
        Some("approve" | "reject") => r#"{"record":{"flow":"none","key":"none"},"because":"for a test"}"#,
        Some("replay" | "preview") => r#"{"records":[],"because":"for a test"}"#,
        Some("run") => r#"{"flows":["none"]}"#,
        _ => "{}",
    };
    builder.header(header::CONTENT_TYPE, kind).body(Body::from(body)).expect("a request")
}

/// Written down by hand through its snapshot: a change of it is to be looked at.
#[test]
fn the_table_of_routes_says_who_may_do_what() {
    let mut table = String::new();
    for route in routes() {
        let who = match route.access {
            Access::Open => "everybody".to_owned(),
            Access::Any(roles) => roles.iter().map(|role| role.word()).collect::<Vec<_>>().join(" or "),
        };
        let _ = writeln!(table, "{:<6} {:<60} {who}", route.method, route.path);
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn every_route_lets_in_whom_the_table_names_and_nobody_else() {
    let house = quickstart();
    let customer = house.customer(CUSTOMER).expect("the quickstart");
    customer.run(&Options::default()).await.expect("it runs");
    let parked = customer.index.select(|summary| summary.needs_attention());
    let key = parked.first().expect("something waits").id.key.clone();
    for route in routes() {
        let path = path(&route, CUSTOMER, &key);
        for caller in CALLERS {
            let (status, text) = asked(&house, request(&route, &path, caller)).await;
            let may = match (route.access, caller) {
                (Access::Open, _) => true,
                (Access::Any(_), None) => false,
                (Access::Any(roles), Some(caller)) => {
                    roles.iter().any(|role| *role == Role::Viewer || caller.ends_with(role.word()))
                }
            };
            let told = format!("{} {path} as {caller:?}: {status} {text}", route.method);
            // What comes in there proves itself, and here it does not: no secret, no token.
            let proves_itself = route.path.starts_with("/webhooks/") || route.path == "/sign-in";
            let refused = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            assert!(proves_itself || may != refused, "{told}");
            if !may {
                let wanted = if caller.is_none() { StatusCode::UNAUTHORIZED } else { StatusCode::FORBIDDEN };
                assert_eq!(status, wanted, "{told}");
            }
            assert!(!status.is_server_error() || status == StatusCode::SERVICE_UNAVAILABLE, "{told}");
        }
    }
}

#[tokio::test]
async fn a_pipeline_that_is_not_the_caller_s_is_not_there() {
    let house = house(&[&root().join("examples/quickstart.mlc")]);
    let every = "otto:elsewhere viewer approver operator";
    for route in routes().into_iter().filter(|route| route.path.contains("{customer}")) {
        let path = path(&route, CUSTOMER, "1/2");
        let (there, _) = asked(&house, request(&route, &path, Some(every))).await;
        assert_eq!(there, StatusCode::NOT_FOUND, "{} {path}", route.method);
    }
    for path in ["/", "/api/v1/pipelines"] {
        let request = Request::builder().uri(path).header(CALLER, every).body(Body::empty()).expect("a request");
        let (status, text) = asked(&house, request).await;
        assert_eq!(status, StatusCode::OK);
        assert!(!text.contains(CUSTOMER), "{path} names it: {text}");
    }
}

/// A register in memory.
#[derive(Default)]
struct InHand(Mutex<Option<String>>);

impl Register for InHand {
    fn read(&self) -> Result<Option<String>, RegisterError> {
        Ok(self.0.lock().expect("the register").clone())
    }

    fn write(&self, text: &str) -> Result<(), RegisterError> {
        *self.0.lock().expect("the register") = Some(text.to_owned());
        Ok(())
    }
}

fn random() -> Random {
    let next = Mutex::new(0_u8);
    Arc::new(move |bytes| {
        let mut next = next.lock().expect("the next one");
        *next += 1;
        bytes.fill(*next);
        true
    })
}

struct Entrance {
    house: Arc<House>,
    register: Arc<InHand>,
    token: Token,
}

/// A house whose real door knows Mae, an approver.
fn entrance() -> Entrance {
    let world = mlc::host::world();
    let register = Arc::new(InHand::default());
    let door = Guarded::new(register.clone(), random(), false);
    let outside = Outside { clock: world.clock, entropy: world.entropy, transport: world.transport };
    let house = Arc::new(House::new(outside, Arc::new(InMemory::default()), Arc::new(door)));
    house.admit(&root().join("examples/quickstart.mlc")).expect("it opens");
    let token = Token::for_people(&random()).expect("a token");
    let at = house.outside.clock.now();
    let until = at.plus(Span::from_secs(86_400));
    let mut people = People::default();
    let invited = Invited { hash: token.hash(), by: "root".to_owned(), at, until };
    people.invite("mae", BTreeSet::from([Role::Approver]), None, invited);
    people.write(register.as_ref()).expect("written");
    Entrance { house, register, token }
}

fn form(path: &str, cookie: &str, body: String) -> Request<Body> {
    Request::post(path)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .expect("a request")
}

/// The cookie of a session, and the word of its forms.
async fn signed_in(entrance: &Entrance) -> (String, String) {
    let body = format!("token={}&next=%2Fquickstart", entrance.token.reveal());
    let response = router(&entrance.house).oneshot(form("/sign-in", "", body)).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()[header::LOCATION], "/quickstart");
    let set = response.headers()[header::SET_COOKIE].to_str().expect("text").to_owned();
    for word in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(set.contains(word), "{set}");
    }
    let cookie = set.split(';').next().expect("a cookie").to_owned();
    let request = Request::get("/").header(header::COOKIE, &cookie).body(Body::empty()).expect("a request");
    let (status, text) = asked(&entrance.house, request).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let word = text.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    (cookie, word.expect("a form with its word").to_owned())
}

#[tokio::test]
async fn whoever_has_a_token_signs_in_and_out() {
    let entrance = entrance();
    let (cookie, word) = signed_in(&entrance).await;
    let (status, _) = asked(&entrance.house, form("/sign-out", &cookie, format!("csrf={word}"))).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let request = Request::get("/api/v1/pipelines").header(header::COOKIE, &cookie).body(Body::empty());
    assert_eq!(asked(&entrance.house, request.expect("a request")).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_form_without_its_word_does_nothing() {
    let entrance = entrance();
    let (cookie, word) = signed_in(&entrance).await;
    for body in [String::new(), "csrf=".to_owned(), "csrf=x".to_owned(), format!("csrf={word}x")] {
        let (status, text) = asked(&entrance.house, form("/sign-out", &cookie, body)).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{text}");
    }
    let request = Request::post("/api/v1/pipelines/quickstart/approve").header(header::COOKIE, &cookie);
    let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::from("{}")).expect("a request");
    assert_eq!(asked(&entrance.house, request).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_browser_that_nobody_is_signed_in_with_is_shown_the_form_and_led_back() {
    let entrance = entrance();
    let request = Request::get("/quickstart/work?outcome=held").header(header::ACCEPT, "text/html,*/*");
    let response = router(&entrance.house).oneshot(request.body(Body::empty()).expect("a request")).await;
    let response = response.expect("an answer");
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let there = response.headers()[header::LOCATION].to_str().expect("text").to_owned();
    assert_eq!(there, "/sign-in?next=/quickstart/work%3Foutcome%3Dheld");
    let request = Request::get(&there).body(Body::empty()).expect("a request");
    let (status, text) = asked(&entrance.house, request).await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("value=\"&#x2f;quickstart&#x2f;work?outcome=held\""), "{text}");
}

#[tokio::test]
async fn a_wrong_token_and_a_form_of_another_site_open_nothing() {
    let entrance = entrance();
    let (status, _) = asked(&entrance.house, form("/sign-in", "", "token=mlc_nothing".to_owned())).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let body = format!("token={}", entrance.token.reveal());
    let mut request = form("/sign-in", "", body);
    request.headers_mut().insert("sec-fetch-site", "cross-site".parse().expect("a value"));
    assert_eq!(asked(&entrance.house, request).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn whoever_is_revoked_is_out_at_once() {
    let entrance = entrance();
    let (cookie, _) = signed_in(&entrance).await;
    let token = format!("Bearer {}", entrance.token.reveal());
    let with = |name: header::HeaderName, value: &str| {
        Request::get("/api/v1/pipelines").header(name, value).body(Body::empty()).expect("a request")
    };
    for (name, value) in [(header::COOKIE, &cookie), (header::AUTHORIZATION, &token)] {
        assert_eq!(asked(&entrance.house, with(name, value)).await.0, StatusCode::OK);
    }
    let mut people = People::read(entrance.register.as_ref()).expect("read");
    assert!(people.revoke("mae"));
    people.write(entrance.register.as_ref()).expect("written");
    for (name, value) in [(header::COOKIE, &cookie), (header::AUTHORIZATION, &token)] {
        assert_eq!(asked(&entrance.house, with(name, value)).await.0, StatusCode::UNAUTHORIZED);
    }
}

#[test]
fn the_register_holds_no_token() {
    let entrance = entrance();
    let text = entrance.register.read().expect("read").expect("somebody was invited");
    assert!(!text.contains(entrance.token.reveal()) && !text.contains(&entrance.token.reveal()[4..]), "{text}");
}
