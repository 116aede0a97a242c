//! The contract of a fake: a vendor's system in memory, behind the vendor's own HTTP.
//!
//! A fake is deterministic: the contractor that it was stocked with and the changes
//! that it accepted are its whole state. Whoever serves it keeps the changes, so
//! that a second run meets the same world.

use super::Settings;
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

    /// What it answers to beside signing in, `GET /vendors/{id}`, where it keeps a table of
    /// that: for tests that compare each answer with what is known of the real one.
    fn routes(&self) -> Vec<String> {
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

/// One change of a fake's state, in a form that only this fake reads.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FakeChange(pub serde_json::Value);
