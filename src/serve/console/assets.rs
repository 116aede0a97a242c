//! What pages look like and how they are helped along: three small files, part of the program.
//!
//! Pages name them with the hash of their content, and what is asked for by that name never
//! changes: browsers keep it for good. A new release has other names.

use super::headers::secured;
use crate::serve::http::{Access, Route};
use axum::extract::RawQuery;
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

struct Asset {
    path: &'static str,
    kind: &'static str,
    content: &'static str,
}

const STYLE: Asset =
    Asset { path: "/assets/console.css", kind: "text/css; charset=utf-8", content: include_str!("assets/console.css") };
const SCRIPT: Asset = Asset {
    path: "/assets/console.js",
    kind: "text/javascript; charset=utf-8",
    content: include_str!("assets/console.js"),
};
const MARK: Asset = Asset { path: "/assets/mark.svg", kind: "image/svg+xml", content: include_str!("assets/mark.svg") };

pub fn routes() -> Vec<Route> {
    vec![
        Route { method: Method::GET, path: STYLE.path, access: Access::Open, handler: || get(style) },
        Route { method: Method::GET, path: SCRIPT.path, access: Access::Open, handler: || get(script) },
        Route { method: Method::GET, path: MARK.path, access: Access::Open, handler: || get(mark) },
    ]
}

/// Where pages find them.
#[derive(serde::Serialize)]
pub struct Links {
    style: String,
    script: String,
    mark: String,
}

pub fn links() -> &'static Links {
    static LINKS: OnceLock<Links> = OnceLock::new();
    LINKS.get_or_init(|| {
        let link = |asset: &Asset| format!("{}?{}", asset.path, name(asset));
        Links { style: link(&STYLE), script: link(&SCRIPT), mark: link(&MARK) }
    })
}

/// The beginning of the content's hash.
fn name(asset: &Asset) -> String {
    let hash = Sha256::digest(asset.content.as_bytes());
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

async fn style(RawQuery(query): RawQuery) -> Response {
    answer(&STYLE, query.as_deref())
}

async fn script(RawQuery(query): RawQuery) -> Response {
    answer(&SCRIPT, query.as_deref())
}

async fn mark(RawQuery(query): RawQuery) -> Response {
    answer(&MARK, query.as_deref())
}

fn answer(asset: &Asset, asked: Option<&str>) -> Response {
    let keep = if asked == Some(name(asset).as_str()) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = asset.content.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    secured(response)
}
