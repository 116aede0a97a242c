//! The paths of hooks, in both versions of the interface, of the company and of its projects.

use super::super::changes::Change;
use super::super::routes::{Route, get, write};
use super::super::stock::Stock;
use super::management::Version::{V1, V2};
use super::management::{self, older_place, place};
use super::{deliveries, names, triggers};
use crate::world::{HttpResponse, Method};

/// Answers with what stands in the place, or says why nobody can stand there.
fn at(found: Result<Option<i64>, HttpResponse>, read: impl FnOnce(Option<i64>) -> HttpResponse) -> HttpResponse {
    found.map_or_else(|refusal| refusal, read)
}

/// The same for what changes something.
fn change_at(
    stock: &mut Stock,
    found: Result<Option<i64>, HttpResponse>,
    write: impl FnOnce(&mut Stock, Option<i64>) -> (HttpResponse, Option<Change>),
) -> (HttpResponse, Option<Change>) {
    match found {
        Ok(scope) => write(stock, scope),
        Err(refusal) => (refusal, None),
    }
}

macro_rules! newer_routes {
    ($head:literal, $project:expr, $first:expr) => {
        [
            get(concat!($head, "/webhooks/hooks"), |stock, request, ids| {
                at(place(stock, $project(ids)), |scope| management::list(stock, request, V2, scope))
            }),
            get(concat!($head, "/webhooks/hooks/{id}"), |stock, _, ids| {
                at(place(stock, $project(ids)), |scope| management::one(stock, scope, ids[$first]))
            }),
            get(concat!($head, "/webhooks/hooks/{hook_id}/triggers"), |stock, request, ids| {
                at(place(stock, $project(ids)), |scope| triggers::list(stock, request, V2, scope, ids[$first]))
            }),
            get(concat!($head, "/webhooks/hooks/{hook_id}/deliveries"), |stock, request, ids| {
                at(place(stock, $project(ids)), |scope| deliveries::newer(stock, request, scope, ids[$first]))
            }),
            get(concat!($head, "/webhooks/resources"), |stock, request, ids| {
                at(place(stock, $project(ids)), |scope| names::newer(request, scope))
            }),
            write(Method::Post, concat!($head, "/webhooks/hooks"), |stock, request, ids, now| {
                let found = place(stock, $project(ids));
                change_at(stock, found, |stock, scope| management::write(stock, request, V2, scope, None, now))
            }),
            write(Method::Patch, concat!($head, "/webhooks/hooks/{id}"), |stock, request, ids, now| {
                let (found, id) = (place(stock, $project(ids)), Some(ids[$first]));
                change_at(stock, found, |stock, scope| management::write(stock, request, V2, scope, id, now))
            }),
            write(Method::Post, concat!($head, "/webhooks/hooks/{hook_id}/triggers"), |stock, request, ids, _| {
                let found = place(stock, $project(ids));
                change_at(stock, found, |stock, scope| triggers::create(stock, request, V2, scope, ids[$first]))
            }),
            write(Method::Post, concat!($head, "/webhooks/hooks/{hook_id}/triggers/bulk"), |stock, request, ids, _| {
                let found = place(stock, $project(ids));
                change_at(stock, found, |stock, scope| triggers::create_all(stock, request, V2, scope, ids[$first]))
            }),
            write(
                Method::Delete,
                concat!($head, "/webhooks/hooks/{hook_id}/triggers/bulk"),
                |stock, request, ids, _| {
                    let found = place(stock, $project(ids));
                    change_at(stock, found, |stock, scope| triggers::delete_all(stock, request, V2, scope, ids[$first]))
                },
            ),
            write(Method::Delete, concat!($head, "/webhooks/hooks/{hook_id}/triggers/{id}"), |stock, _, ids, _| {
                let (found, id) = (place(stock, $project(ids)), ids[$first + 1]);
                change_at(stock, found, |stock, scope| triggers::delete(stock, V2, scope, ids[$first], id))
            }),
            write(Method::Delete, concat!($head, "/webhooks/hooks/{id}"), |stock, _, ids, _| {
                let found = place(stock, $project(ids));
                change_at(stock, found, |stock, scope| management::delete(stock, V2, scope, ids[$first]))
            }),
        ]
    };
}

const OF_THE_COMPANY: [Route; 12] = newer_routes!("/rest/v2.0/companies/{company_id}", |_: &[i64]| None, 1);
const OF_A_PROJECT: [Route; 12] =
    newer_routes!("/rest/v2.0/companies/{company_id}/projects/{project_id}", |ids: &[i64]| Some(ids[1]), 2);

const OLDER: [Route; 12] = [
    get("/rest/v1.0/webhooks/hooks", |stock, request, _| {
        at(older_place(stock, request), |scope| management::list(stock, request, V1, scope))
    }),
    get("/rest/v1.0/webhooks/hooks/{hook_id}/triggers", |stock, request, ids| {
        at(older_place(stock, request), |scope| triggers::list(stock, request, V1, scope, ids[0]))
    }),
    get("/rest/v1.0/webhooks/hooks/{hook_id}/deliveries", |stock, request, ids| {
        at(older_place(stock, request), |scope| deliveries::older(stock, request, scope, ids[0]))
    }),
    get("/rest/v1.0/webhooks/resources", |stock, request, _| at(older_place(stock, request), names::older)),
    get("/rest/v1.0/webhooks/resources/api_versions", |stock, request, _| {
        at(older_place(stock, request), |_| names::versions())
    }),
    write(Method::Post, "/rest/v1.0/webhooks/hooks", |stock, request, _, now| {
        let found = older_place(stock, request);
        change_at(stock, found, |stock, scope| management::write(stock, request, V1, scope, None, now))
    }),
    write(Method::Patch, "/rest/v1.0/webhooks/hooks/{id}", |stock, request, ids, now| {
        let (found, id) = (older_place(stock, request), Some(ids[0]));
        change_at(stock, found, |stock, scope| management::write(stock, request, V1, scope, id, now))
    }),
    write(Method::Post, "/rest/v1.0/webhooks/hooks/{hook_id}/triggers", |stock, request, ids, _| {
        let found = older_place(stock, request);
        change_at(stock, found, |stock, scope| triggers::create(stock, request, V1, scope, ids[0]))
    }),
    write(Method::Post, "/rest/v1.0/webhooks/hooks/{hook_id}/triggers/bulk", |stock, request, ids, _| {
        let found = older_place(stock, request);
        change_at(stock, found, |stock, scope| triggers::create_all(stock, request, V1, scope, ids[0]))
    }),
    write(Method::Delete, "/rest/v1.0/webhooks/hooks/{hook_id}/triggers/bulk", |stock, request, ids, _| {
        let found = older_place(stock, request);
        change_at(stock, found, |stock, scope| triggers::delete_all(stock, request, V1, scope, ids[0]))
    }),
    write(Method::Delete, "/rest/v1.0/webhooks/hooks/{hook_id}/triggers/{id}", |stock, request, ids, _| {
        let found = older_place(stock, request);
        change_at(stock, found, |stock, scope| triggers::delete(stock, V1, scope, ids[0], ids[1]))
    }),
    write(Method::Delete, "/rest/v1.0/webhooks/hooks/{id}", |stock, request, ids, _| {
        let found = older_place(stock, request);
        change_at(stock, found, |stock, scope| management::delete(stock, V1, scope, ids[0]))
    }),
];

/// The table, by versions. What removes comes last in each.
pub static ROUTES: [[Route; 12]; 3] = [OLDER, OF_THE_COMPANY, OF_A_PROJECT];
