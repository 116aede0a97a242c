//! The one listener: pages, the API, webhooks and what machines ask, behind one table of routes.
//!
//! What a route asks of its caller stands in the table, beside its path; the router is built from
//! it, and so is the test that tries every route as everybody. A route that is not in the table is
//! not there.

mod caller;
mod csrf;
mod route;
mod tls;

pub use caller::{Access, Caller, Closed, Door, Role};
pub use route::Route;
pub use tls::{TlsListener, config as tls_config};

use super::{House, api, console, door, operations, webhook};
use axum::Json;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::serve::Listener;
use serde_json::json;
use std::future::Future;
use std::sync::Arc;

/// Every route that there is.
pub fn routes() -> Vec<Route> {
    [door::routes(), console::routes(), api::routes(), operations::routes(), webhook::routes()].concat()
}

/// The table as a service.
pub fn router(house: &Arc<House>) -> Router {
    let mut router = Router::new();
    for route in routes() {
        let guard = Guard { house: Arc::clone(house), access: route.access };
        router = router.route(route.path, (route.handler)().layer(from_fn_with_state(guard, admit)));
    }
    router
        .route("/api/{*path}", api::not_found())
        .fallback(async |uri: Uri| {
            let sentence = ("there is no such page", "begin at /");
            console::secured(problem(uri.path(), StatusCode::NOT_FOUND, sentence.0, sentence.1))
        })
        .method_not_allowed_fallback(async |uri: Uri| {
            let sentence = ("this is not answered here", "the routes and their methods are in /api/v1/openapi.json");
            console::secured(problem(uri.path(), StatusCode::METHOD_NOT_ALLOWED, sentence.0, sentence.1))
        })
        .with_state(Arc::clone(house))
}

/// Answers until `stop` is done; what was asked before is answered.
pub async fn serve<L: Listener>(
    listener: L,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()>
where
    L::Addr: std::fmt::Debug,
{
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}

#[derive(Clone)]
struct Guard {
    house: Arc<House>,
    access: Access,
}

/// Lets those in who may come in, and tells the handler who they are.
async fn admit(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    let caller = guard.house.door.caller(request.headers(), guard.house.outside.clock.now());
    let signed_in = caller.is_some();
    if !guard.access.lets(caller.as_ref()) {
        return console::secured(guard.house.door.turn_away(&request, signed_in));
    }
    if let Some(caller) = caller {
        // Whoever is signed in may sign in again: that form proves where it comes from by itself.
        if guard.access != Access::Open {
            request = match csrf::check(request, &caller).await {
                Ok(request) => request,
                Err(response) => return console::secured(response),
            };
        }
        request.extensions_mut().insert(caller);
    }
    console::secured(next.run(request).await)
}

/// A plain refusal, for callers that are no browser.
pub fn refusal(path: &str, signed_in: bool) -> Response {
    let (status, message, mend) = if signed_in {
        (StatusCode::FORBIDDEN, "your role does not allow this", "ask whoever runs the server for the role")
    } else {
        (StatusCode::UNAUTHORIZED, "nobody is signed in", "send a token: Authorization: Bearer …")
    };
    let mut response = problem(path, status, message, mend);
    if !signed_in {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// What is wrong, and how to mend it: as an object where the API is asked, else as a line.
pub fn problem(path: &str, status: StatusCode, message: &str, mend: &str) -> Response {
    if path.starts_with("/api/") {
        return (status, Json(json!({ "error": { "message": message, "mend": mend } }))).into_response();
    }
    (status, format!("{message}; {mend}\n")).into_response()
}
