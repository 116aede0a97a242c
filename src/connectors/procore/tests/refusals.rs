//! Tokens, rate windows and refusals: how each becomes one error, or passes unseen.

use super::{DRIVER, HIDDEN, Outside, PROJECT, contractor, requisitions};
use crate::connector::{Effect, ErrorKind, Fetch, Opening, Pace, Permanence, Settings, Wire};
use crate::value::{Span, Value};
use crate::world::{Clock, HttpResponse};
use futures_util::future::join_all;

#[tokio::test]
async fn one_token_serves_many_and_is_renewed_before_it_ends() {
    let outside = Outside::open();
    let connector = outside.connect();
    let first = requisitions(PROJECT);
    let (left, right) = tokio::join!(connector.fetch(&first), connector.fetch(&first));
    assert!(left.is_ok() && right.is_ok());
    assert_eq!(outside.asked_for("/oauth/token"), 1);
    outside.pass(5_000);
    connector.fetch(&first).await.expect("still good");
    assert_eq!(outside.asked_for("/oauth/token"), 1);
    outside.pass(150);
    connector.fetch(&first).await.expect("renewed");
    assert_eq!(outside.asked_for("/oauth/token"), 2);
    assert_eq!(outside.asked_for("/requisitions"), 4, "no request was refused on the way");
}

#[tokio::test]
async fn a_token_that_is_refused_early_is_renewed_once() {
    let outside = Outside::open();
    let connector = outside.connect();
    connector.fetch(&requisitions(PROJECT)).await.expect("read");
    // A restart of the other side: it knows no token any more.
    *outside.fake() = (DRIVER.fake)(&contractor());
    connector.fetch(&requisitions(PROJECT)).await.expect("read with a new token");
    assert_eq!(outside.asked_for("/oauth/token"), 2);
    outside.bend(|request, answer| {
        let status = if request.url.contains("/oauth/") { answer.status } else { 401 };
        HttpResponse { status, ..answer }
    });
    let error = connector.fetch(&requisitions(PROJECT)).await.expect_err("refused again");
    assert_eq!((error.kind, error.permanence), (ErrorKind::Credentials, Permanence::Permanent));
    assert_eq!(outside.asked_for("/oauth/token"), 3, "one renewal, no loop");
}

#[tokio::test]
async fn sixteen_at_once_ask_for_one_token_and_for_one_more_when_it_is_refused() {
    let outside = Outside::open();
    let connector = outside.connect();
    let fetch = requisitions(PROJECT);
    // After a restart each asks twice, and ten seconds have room for 25.
    for (restarted, callers, tokens) in [(false, 16, 1), (true, 12, 2)] {
        if restarted {
            *outside.fake() = (DRIVER.fake)(&contractor());
        }
        let all = join_all((0..callers).map(|_| connector.fetch(&fetch))).await;
        assert!(all.iter().all(Result::is_ok), "{:?}", all.iter().find_map(|one| one.as_ref().err()));
        assert_eq!(outside.asked_for("/oauth/token"), tokens);
        outside.pass(20);
    }
    // Shortly before its 5,400 seconds are over, by one request as well.
    outside.pass(5_200);
    let all = join_all((0..16).map(|_| connector.fetch(&fetch))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(outside.asked_for("/oauth/token"), 3);
    assert_eq!(outside.asked_for("/requisitions"), 16 + 2 * 12 + 16, "refused only where the other side had forgotten");
}

#[tokio::test]
async fn what_the_other_side_repeats_of_a_secret_is_not_shown() {
    use secrecy::ExposeSecret as _;
    let outside = Outside::open();
    let secret = outside.fake().credential().get("client_secret").expect("a field").expose_secret().to_owned();
    let connector = outside.connect();
    for status in [400, 401, 403, 422, 429, 500] {
        // The long filling would have cut the secret in two.
        let words = format!("{}{secret}", "x".repeat(280));
        outside.bend(move |request, answer| {
            let authorization = request.header("Authorization").unwrap_or_default();
            let body = serde_json::json!({"errors": [words, authorization]}).to_string().into_bytes();
            let token = request.url.contains("/oauth/");
            if token { answer } else { HttpResponse { status, body, ..answer } }
        });
        let error = connector.fetch(&requisitions(PROJECT)).await.expect_err("refused");
        let shown = format!("{error:?}");
        assert!(shown.contains("***") && !shown.contains(&secret[..12]) && !shown.contains("eyJ"), "{shown}");
    }
}

#[tokio::test]
async fn those_who_wait_for_a_token_share_the_failure_and_later_ones_ask_again() {
    let outside = Outside::open();
    outside.bend(|_, answer| HttpResponse { status: 503, headers: vec![("Retry-After".into(), "7".into())], ..answer });
    let connector = outside.connect();
    let fetch = requisitions(PROJECT);
    let (one, two, three) = tokio::join!(connector.fetch(&fetch), connector.fetch(&fetch), connector.fetch(&fetch));
    for answer in [one, two, three] {
        let error = answer.expect_err("unavailable");
        assert_eq!((error.kind, error.permanence), (ErrorKind::Unavailable, Permanence::Temporary));
        assert_eq!(error.retry_at, Some(outside.now().plus(Span::from_secs(7))));
    }
    assert_eq!(outside.asked_for("/oauth/token"), 1);
    outside.bend(|_, answer| answer);
    connector.fetch(&fetch).await.expect("read");
    assert_eq!(outside.asked_for("/oauth/token"), 2);
}

#[tokio::test]
async fn a_wrong_secret_is_asked_with_once_and_never_shown() {
    let outside = Outside::open();
    let wire = Wire { transport: outside.clone(), clock: outside.clone(), pace: outside.clone() };
    let mut credential = outside.fake().credential();
    credential.fields[1].1 = "hunter2-hunter2".to_owned().into();
    let settings = outside.fake().settings("https://procore.sandbox.invalid");
    let opening = Opening { name: "procore".into(), settings, credential, profile: None, wire };
    let connector = (DRIVER.open)(opening).unwrap_or_else(|error| panic!("{error}"));
    for _ in 0..3 {
        let error = connector.fetch(&requisitions(PROJECT)).await.expect_err("refused");
        assert_eq!((error.kind, error.permanence), (ErrorKind::Credentials, Permanence::Permanent));
        assert!(!format!("{error:?}").contains("hunter2"));
    }
    assert_eq!(outside.asked_for(""), 1);
}

#[tokio::test]
async fn a_credential_without_a_secret_and_a_missing_company_are_told_at_once() {
    let outside = Outside::open();
    let wire = Wire { transport: outside.clone(), clock: outside.clone(), pace: outside.clone() };
    let settings = outside.fake().settings("https://procore.sandbox.invalid");
    let mut credential = outside.fake().credential();
    credential.fields.truncate(1);
    let opening = Opening { name: "procore".into(), settings, credential, profile: None, wire: wire.clone() };
    let error = (DRIVER.open)(opening).err().expect("no secret");
    assert!(error.message.contains("client_secret"), "{error}");
    let credential = outside.fake().credential();
    let opening = Opening { name: "procore".into(), settings: Settings::default(), credential, profile: None, wire };
    let error = (DRIVER.open)(opening).err().expect("no company");
    assert!(error.message.contains("company_id"), "{error}");
}

#[tokio::test]
async fn another_company_and_an_invisible_project_are_told_apart() {
    let outside = Outside::open();
    let mut settings = outside.fake().settings("https://procore.sandbox.invalid");
    settings.0.insert("company_id".into(), Value::Integer(99));
    let error = outside.connect_with(settings).fetch(&Fetch::all("projects")).await.expect_err("not connected");
    assert_eq!((error.kind, error.status), (ErrorKind::Configuration, Some(403)));
    for project in [HIDDEN, 1] {
        let error = outside.connect().fetch(&requisitions(project)).await.expect_err("not visible");
        assert_eq!((error.kind, error.status), (ErrorKind::NotFound, Some(404)));
        assert!(error.message.contains(&project.to_string()), "{error}");
    }
    let error = outside.connect().fetch(&Fetch::all("requisitions")).await.expect_err("no project");
    assert_eq!(error.kind, ErrorKind::Configuration);
}

#[tokio::test]
async fn a_full_window_says_when_to_come_back_and_every_answer_how_it_stands() {
    let outside = Outside::open();
    let connector = outside.connect();
    let error = loop {
        match connector.fetch(&requisitions(PROJECT)).await {
            Ok(_) => {
                let signals = outside.signals.lock().expect("free");
                let last = signals.last().expect("a signal");
                assert_eq!((last.limit, last.refused), (Some(25), false));
            }
            Err(error) => break error,
        }
    };
    assert_eq!((error.kind, error.status), (ErrorKind::RateLimit, Some(429)));
    let retry = error.retry_at.expect("an instant");
    assert!(retry > outside.now() && retry <= outside.now().plus(Span::from_secs(10)));
    assert_eq!(outside.requests(), 27, "a token, 25 answers, one refusal");
    outside.sleep(retry.since(outside.now())).await;
    connector.fetch(&requisitions(PROJECT)).await.expect("the window began anew");
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_temporary_errors() {
    for (body, kind) in [
        (&b"[{\"id\": 1"[..], ErrorKind::Malformed),
        (b"<html>busy</html>", ErrorKind::Unavailable),
        (b"{\"id\": 1}", ErrorKind::Malformed),
        (b"\xff\xfe", ErrorKind::Malformed),
    ] {
        let outside = Outside::open();
        let body = body.to_vec();
        outside.bend(move |request, answer| {
            let torn = request.url.contains("/requisitions");
            HttpResponse { body: if torn { body.clone() } else { answer.body }, ..answer }
        });
        let error = outside.connect().fetch(&requisitions(PROJECT)).await.expect_err("unreadable");
        assert_eq!((error.kind, error.permanence, error.effect), (kind, Permanence::Temporary, Effect::None));
    }
}
