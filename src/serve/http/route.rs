//! One line of the table of routes.

use super::caller::Access;
use crate::serve::House;
use axum::http::Method;
use axum::routing::MethodRouter;
use std::sync::Arc;

/// A path, what it asks of its caller, and who answers.
#[derive(Clone)]
pub struct Route {
    /// The one method that `handler` answers (GET answers HEAD too).
    pub method: Method,
    /// As axum writes it: `/{customer}/runs`.
    pub path: &'static str,
    pub access: Access,
    pub handler: fn() -> MethodRouter<Arc<House>>,
}
