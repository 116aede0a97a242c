//! The contract of a fake: a vendor's system in memory, behind the vendor's own HTTP.
//!
//! A fake is deterministic: the contractor that it was stocked with and the changes
//! that it accepted are its whole state. Whoever serves it keeps the changes, so
//! that a second run meets the same world.

use super::Settings;
use super::contractor::Contractor;
use crate::value::Timestamp;
use crate::world::{Credential, HttpRequest, HttpResponse};

/// A faithful small copy of one vendor's system.
pub trait Fake: Send {
    /// The base URL that the fake answers to when it is reached in memory
    /// (`https://NAME.sandbox.invalid`); when served, the server's own address replaces it.
    fn base_url(&self) -> String;

    /// What a `connect` block needs to reach it at `base_url`.
    fn settings(&self, base_url: &str) -> Settings;

    /// The same for a connection that itself sets `wanted`: of places that the fake has as well,
    /// it keeps its own.
    fn settings_for(&self, base_url: &str, wanted: &Settings) -> Settings {
        let _ = wanted;
        self.settings(base_url)
    }

    /// Takes the tenant's profile over: from then on it serves the same business under the names,
    /// lengths and codes of that tenant. Called before anything is asked of it.
    ///
    /// # Errors
    /// What is wrong with the profile.
    fn furnish(&mut self, profile: &str) -> Result<(), String> {
        let _ = profile;
        Ok(())
    }

    /// What signs in to it.
    fn credential(&self) -> Credential;

    /// Answers one request as the vendor does. Only the path, query, headers and body count.
    fn answer(&mut self, request: &HttpRequest, now: Timestamp) -> HttpResponse;

    /// How it says no for a moment in an answer whose status is good; nothing takes effect.
    /// `None` where its status never lies.
    fn refuse(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let _ = request;
        None
    }

    /// How it says in an answer whose status is good that it lost sight of a request, which took
    /// effect all the same. `None` where it has no such answer.
    fn forget(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let _ = request;
        None
    }

    /// What it answers to beside signing in, `GET /vendors/{id}`, where it keeps a table of
    /// that: for tests that compare each answer with what is known of the real one.
    fn routes(&self) -> Vec<String> {
        Vec::new()
    }

    /// What is to be sent by now to those who asked to be told of changes. What is handed out
    /// here has to be answered for; nothing is handed out twice before it was.
    fn due(&mut self, now: Timestamp) -> Vec<Delivery> {
        let _ = now;
        Vec::new()
    }

    /// What a delivery was answered with; `None`: nobody answered in time.
    fn answered(&mut self, delivery: u64, status: Option<u16>, now: Timestamp) {
        let _ = (delivery, status, now);
    }

    /// What it would tell those who asked for it, when people make the contractor `before` into
    /// the one that it is stocked with: the body of a delivery for each change. Empty for a
    /// system that tells of nothing.
    fn tidings(&self, before: &Contractor, at: Timestamp) -> Vec<Vec<u8>> {
        let _ = (before, at);
        Vec::new()
    }

    /// What changed since this was last called, oldest first. Written down before
    /// the answer goes out.
    fn take_changes(&mut self) -> Vec<FakeChange>;

    /// Takes a change that was written down earlier. Never fails on its own changes.
    fn apply(&mut self, change: &FakeChange);

    /// The books, for comparison: one JSON object per record kind, sorted, exact.
    fn books(&self) -> serde_json::Value;
}

/// One attempt to tell somebody of a change.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The number of the attempt.
    pub id: u64,
    /// Its timeout is the vendor's.
    pub request: HttpRequest,
}

/// One change of a fake's state, in a form that only this fake reads.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FakeChange(pub serde_json::Value);
