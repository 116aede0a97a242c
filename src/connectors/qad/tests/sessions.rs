//! Signing in, and the ends of a session.

use super::{World, all, connect, connect_over, connect_with, contractor, invoice, world};
use crate::connector::{Effect, ErrorKind, Fetch, Permanence};
use crate::connectors::qad::fake::QadFake;
use crate::world::{HttpRequest, HttpResponse, Transport, TransportError};
use async_trait::async_trait;
use futures_util::future::join_all;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[tokio::test]
async fn a_session_is_renewed_before_each_of_its_ends() {
    let world = world();
    let connector = connect(&world);
    let ask = || async { connector.fetch(&Fetch::all("gl_accounts")).await.expect("page") };
    ask().await;
    assert_eq!(world.counted(), 2, "sign-in and page");
    world.clock.moves(20);
    ask().await;
    assert_eq!(world.counted(), 1, "the session is good");
    world.clock.moves(30);
    ask().await;
    assert_eq!(world.counted(), 3, "idled away: the refresh is refused there, so it signs in");
    for _ in 0..3 {
        world.clock.moves(19);
        ask().await;
    }
    assert_eq!(world.counted(), 4, "the token's hour nears its end: one refresh");
    for _ in 0..30 {
        world.clock.moves(19);
        ask().await;
    }
    assert_eq!(world.counted(), 30 + 10, "renewed each hour, signed in anew before the session's own end");
    assert_eq!(world.rejected.load(Ordering::Relaxed), 0, "never a 401 on the way");
}

#[tokio::test]
async fn a_rejected_token_is_renewed_once() {
    let world = world();
    let connector = connect(&world);
    connector.fetch(&Fetch::all("gl_accounts")).await.expect("page");
    *world.fake.lock().expect("fake") = QadFake::new(&contractor());
    world.counted();
    connector.create("supplier_invoices", &invoice("R1")).await.expect("created after a new sign-in");
    assert_eq!(world.counted(), 4, "401, refresh refused, sign-in, and the write");
    assert_eq!(world.books(), 32);
}

#[tokio::test]
async fn however_many_wait_one_signs_in() {
    let world = world();
    let connector = connect(&world);
    let (a, b, c) = tokio::join!(
        all(connector.as_ref(), "gl_accounts"),
        all(connector.as_ref(), "cost_centers"),
        all(connector.as_ref(), "suppliers")
    );
    assert_eq!((a.len(), b.len(), c.len()), (4, 1, 450));
    assert_eq!(world.asked("/oauth/token"), 1);
}

/// Answers a while later; as long as it is down, it lets nobody sign in.
struct Slow {
    world: Arc<World>,
    down: AtomicBool,
}

#[async_trait]
impl Transport for Slow {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        tokio::task::yield_now().await;
        let answer = self.world.send(request.clone()).await;
        if self.down.load(Ordering::Relaxed) && request.url.contains("/oauth/") {
            return Ok(HttpResponse { status: 503, headers: Vec::new(), body: Vec::new() });
        }
        answer
    }
}

#[tokio::test]
async fn a_sign_in_that_fails_fails_for_all_who_wait_for_it() {
    let world = world();
    let slow = Arc::new(Slow { world: world.clone(), down: AtomicBool::new(true) });
    let connector = connect_over(&world, slow.clone());
    // As many as a tenant bears at once.
    let (lists, costs) = (Fetch::all("gl_accounts"), Fetch::all("cost_centers"));
    let all = tokio::join!(connector.fetch(&lists), connector.fetch(&costs));
    for error in [all.0.err(), all.1.err()] {
        assert_eq!(error.map(|error| error.kind), Some(ErrorKind::Unavailable));
    }
    assert_eq!(world.asked("/oauth/token"), 1, "one try for all who waited");
    slow.down.store(false, Ordering::Relaxed);
    connector.fetch(&lists).await.expect("whoever comes later tries anew");
    assert_eq!(world.asked("/oauth/token"), 2);
}

#[tokio::test]
async fn sixteen_at_once_sign_in_once_and_renew_once() {
    let world = world();
    let connector = connect(&world);
    let fetch = Fetch::all("gl_accounts");
    let all = join_all((0..16).map(|_| connector.fetch(&fetch))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(world.asked("/oauth/token"), 1);
    // Near the end of the token's hour, within the idle time.
    for _ in 0..2 {
        world.clock.moves(28);
        connector.fetch(&fetch).await.expect("page");
    }
    let before = world.asked("/oauth/token");
    world.clock.moves(28);
    let all = join_all((0..16).map(|_| connector.fetch(&fetch))).await;
    assert!(all.iter().all(Result::is_ok));
    assert!(world.asked("/oauth/token") <= before + 1);
    // The other side forgets them all: a refresh that is refused, and one sign-in.
    *world.fake.lock().expect("fake") = QadFake::new(&contractor());
    let before = world.asked("/oauth/token");
    let all = join_all((0..16).map(|_| connector.fetch(&fetch))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(world.asked("/oauth/token"), before + 2);
}

#[tokio::test]
async fn a_token_that_is_rejected_for_good_is_refreshed_once_and_signed_in_for_once() {
    let world = world();
    let connector = connect(&world);
    connector.fetch(&Fetch::all("gl_accounts")).await.expect("page");
    world.counted();
    let rejected = || Ok(HttpResponse { status: 401, headers: Vec::new(), body: b"{}".to_vec() });
    world.instead.lock().expect("answers").extend([rejected(), rejected(), rejected(), rejected()]);
    let error = connector.fetch(&Fetch::all("gl_accounts")).await.expect_err("rejected");
    assert_eq!((error.kind, error.permanence), (ErrorKind::Credentials, Permanence::Permanent));
    assert_eq!(world.counted(), 5, "three tries, a refresh and a sign-in between them, and no more");
}

#[tokio::test]
async fn a_bad_password_is_tried_once_by_sixteen() {
    let world = world();
    let connector = connect_with(&world, None, |_, credential| {
        credential
            .fields
            .iter_mut()
            .filter(|(name, _)| name == "password")
            .for_each(|(_, secret)| *secret = "wrong".into());
    });
    let fetch = Fetch::all("suppliers");
    for _ in 0..2 {
        let all = join_all((0..16).map(|_| connector.fetch(&fetch))).await;
        assert!(all.iter().all(|one| one.as_ref().is_err_and(|error| error.status == Some(400))));
        world.clock.moves(600);
    }
    assert_eq!(world.counted(), 1);
}

#[tokio::test]
async fn a_bad_password_is_tried_once() {
    let world = world();
    let connector = connect_with(&world, None, |_, credential| {
        for (name, secret) in &mut credential.fields {
            if name == "password" {
                *secret = "wrong".into();
            }
        }
    });
    for _ in 0..3 {
        let error = connector.fetch(&Fetch::all("suppliers")).await.expect_err("bad password");
        assert_eq!((error.kind, error.permanence), (ErrorKind::Credentials, Permanence::Permanent));
        assert!(!error.message.contains("wrong") && !error.mend.contains("wrong"));
    }
    assert_eq!(world.counted(), 1, "a second try could lock the account");
    connector.forgive_refusal();
    for _ in 0..2 {
        connector.fetch(&Fetch::all("suppliers")).await.expect_err("still a bad password");
    }
    assert_eq!(world.counted(), 1, "a person who begins a run has it tried once more");
}

#[tokio::test]
async fn a_workspace_that_is_not_ones_own_is_no_reason_to_retry() {
    let world = world();
    let connector = connect_with(&world, None, |settings, _| {
        settings.0.insert("entity".into(), "11CANCO".into());
    });
    let error = connector.create("supplier_invoices", &invoice("R1")).await.expect_err("denied");
    assert_eq!(
        (error.kind, error.permanence, error.effect),
        (ErrorKind::Permission, Permanence::Permanent, Effect::None)
    );
    assert_eq!(error.message, "QAD does not let this user do that here: Access is denied");
}
