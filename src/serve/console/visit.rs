//! A request to the console: who asks, of which customer, and what they were told last.

use super::flash;
use super::page::{Notice, refused};
use crate::serve::http::Caller;
use crate::serve::{Customer, House};
use crate::store::StoreError;
use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Somebody who is signed in looks at the console.
pub struct Visit {
    pub house: Arc<House>,
    pub caller: Caller,
    /// What came of the form that they sent before.
    pub flash: Option<Notice>,
}

impl FromRequestParts<Arc<House>> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Response> {
        // The router lets nobody in whom it does not name; without a name there is nothing to show.
        let Some(caller) = parts.extensions.get::<Caller>().cloned() else {
            return Err(refused(house, None, StatusCode::UNAUTHORIZED, "Sign in first", "Nobody is signed in."));
        };
        Ok(Self { house: Arc::clone(house), caller, flash: flash::read(&parts.headers) })
    }
}

/// They look at one customer.
pub struct Here {
    pub visit: Visit,
    pub customer: Arc<Customer>,
    /// The other names in the path.
    pub names: BTreeMap<String, String>,
}

impl Here {
    pub fn caller(&self) -> &Caller {
        &self.visit.caller
    }

    /// A page that says that it is not there.
    pub fn missing(&self, what: &str) -> Response {
        let Visit { house, caller, .. } = &self.visit;
        refused(house, Some(caller), StatusCode::NOT_FOUND, "Not there", what)
    }

    /// A page that says that the state cannot be read.
    pub fn unreadable(&self, error: &StoreError) -> Response {
        let Visit { house, caller, .. } = &self.visit;
        let sentence = format!("{}; {}", error.message, error.hint);
        refused(house, Some(caller), StatusCode::INTERNAL_SERVER_ERROR, "The state cannot be read", &sentence)
    }
}

impl FromRequestParts<Arc<House>> for Here {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, house).await?;
        let names = Path::<BTreeMap<String, String>>::from_request_parts(parts, house).await;
        let names = names.map(|Path(names)| names).unwrap_or_default();
        let name = names.get("customer").map_or("", String::as_str);
        // Whoever may not see it is told the same as of one that is not there.
        let customer = Some(name).filter(|name| visit.caller.sees(name)).and_then(|name| house.customer(name));
        let Some(customer) = customer else {
            let sentence = "There is no such page, or no such customer that you may see.";
            return Err(refused(house, Some(&visit.caller), StatusCode::NOT_FOUND, "Not there", sentence));
        };
        Ok(Self { visit, customer, names })
    }
}
