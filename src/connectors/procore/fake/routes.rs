//! Every path that the fake answers, as one table: the dispatch reads it, and so does the
//! test that compares all answers with what is recorded of the real ones. A path is written
//! as Procore's documents write it, with its ids in braces.

use super::changes::{self, Change};
use super::request::Request;
use super::requisitions::{self, Version};
use super::stock::Stock;
use super::{
    budget, change_orders, commitments, direct_costs, errors, hooks, money_changes, payments, prime_contracts,
    projects, structure, taxes, vendors, wbs,
};
use crate::value::Timestamp;
use crate::world::{HttpResponse, Method};

type Read = fn(&Stock, &Request<'_>, &[i64]) -> HttpResponse;
type Write = fn(&mut Stock, &Request<'_>, &[i64], Timestamp) -> (HttpResponse, Option<Change>);

/// One path with one method.
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    answer: Answer,
}

/// Who answers. The ids of the path come in its order.
enum Answer {
    Read(Read),
    Write(Write),
}

pub(super) const fn get(path: &'static str, answer: Read) -> Route {
    Route { method: Method::Get, path, answer: Answer::Read(answer) }
}

pub(super) const fn write(method: Method, path: &'static str, answer: Write) -> Route {
    Route { method, path, answer: Answer::Write(answer) }
}

/// All of it: this table, and that of hooks.
pub fn all() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().chain(hooks::ROUTES.iter().flatten())
}

/// The table of records.
static ROUTES: &[Route] = &[
    get("/rest/v1.0/companies", |stock, request, _| projects::companies(stock, request)),
    get("/rest/v1.0/me", |_, request, _| projects::me(request)),
    get("/rest/v1.0/projects", |stock, request, _| projects::list(stock, request, false)),
    get("/rest/v1.1/projects", |stock, request, _| projects::list(stock, request, true)),
    get("/rest/v1.0/projects/{id}", |stock, request, ids| projects::one(stock, request, ids[0])),
    get("/rest/v1.0/vendors", |stock, request, _| vendors::list(stock, request)),
    get("/rest/v1.0/vendors/{id}", |stock, request, ids| vendors::one(stock, request, ids[0])),
    get("/rest/v1.0/companies/{company_id}/vendors/inactive", |stock, request, _| vendors::inactive(stock, request)),
    get("/rest/v1.0/requisitions", |stock, request, _| requisitions::list(stock, request, Version::V1_0)),
    get("/rest/v1.1/requisitions", |stock, request, _| requisitions::list(stock, request, Version::V1_1)),
    get("/rest/v1.0/requisitions/{id}", |stock, request, ids| requisitions::one(stock, request, Version::V1_0, ids[0])),
    get("/rest/v1.1/requisitions/{id}", |stock, request, ids| requisitions::one(stock, request, Version::V1_1, ids[0])),
    get("/rest/v1.0/work_order_contracts", |stock, request, _| commitments::list(stock, request, true)),
    get("/rest/v1.0/work_order_contracts/{id}", |stock, request, ids| commitments::one(stock, request, true, ids[0])),
    get("/rest/v1.0/work_order_contracts/{work_order_contract_id}/line_items", |stock, request, ids| {
        commitments::line_items(stock, request, true, ids[0])
    }),
    get("/rest/v1.0/purchase_order_contracts", |stock, request, _| commitments::list(stock, request, false)),
    get("/rest/v1.0/purchase_order_contracts/{id}", |stock, request, ids| {
        commitments::one(stock, request, false, ids[0])
    }),
    get("/rest/v1.0/purchase_order_contracts/{purchase_order_contract_id}/line_items", |stock, request, ids| {
        commitments::line_items(stock, request, false, ids[0])
    }),
    get("/rest/v1.0/projects/{project_id}/billing_periods", |stock, request, ids| {
        structure::billing_periods(stock, request, ids[0])
    }),
    get("/rest/v1.0/projects/{project_id}/billing_periods/{id}", |stock, _, ids| {
        structure::billing_period(stock, ids[0], ids[1])
    }),
    get("/rest/v1.0/cost_codes", |stock, request, _| structure::cost_codes(stock, request)),
    get("/rest/v1.0/line_item_types", |stock, request, _| structure::line_item_types(stock, request)),
    get("/rest/v1.0/projects/{project_id}/work_breakdown_structure/wbs_codes", |stock, request, ids| {
        wbs::codes(stock, request, ids[0])
    }),
    get("/rest/v1.0/projects/{project_id}/work_breakdown_structure/segments", |stock, _, ids| {
        wbs::segments(stock, ids[0])
    }),
    get("/rest/v1.0/sub_jobs", |stock, request, _| wbs::sub_jobs(stock, request)),
    get("/rest/v1.0/change_order_packages", |stock, request, _| change_orders::packages(stock, request)),
    get("/rest/v1.0/change_order_packages/{id}", |stock, request, ids| {
        change_orders::one_package(stock, request, ids[0])
    }),
    get("/rest/v1.0/projects/{project_id}/commitment_change_orders", |stock, request, ids| {
        change_orders::list(stock, request, ids[0], false)
    }),
    get("/rest/v1.0/projects/{project_id}/commitment_change_orders/{id}", |stock, request, ids| {
        change_orders::one(stock, request, ids[0], false, ids[1])
    }),
    get("/rest/v1.0/projects/{project_id}/prime_change_orders", |stock, request, ids| {
        change_orders::list(stock, request, ids[0], true)
    }),
    get("/rest/v1.0/projects/{project_id}/prime_change_orders/{id}", |stock, request, ids| {
        change_orders::one(stock, request, ids[0], true, ids[1])
    }),
    get("/rest/v1.0/budget_views", |stock, request, _| budget::views(stock, request)),
    get("/rest/v1.0/budget_views/{budget_view_id}/detail_rows", |stock, request, ids| {
        budget::detail_rows(stock, request, ids[0])
    }),
    get("/rest/v1.0/projects/{project_id}/direct_costs", |stock, request, ids| {
        direct_costs::list(stock, request, ids[0])
    }),
    get("/rest/v1.1/projects/{project_id}/direct_costs", |stock, request, ids| {
        direct_costs::list(stock, request, ids[0])
    }),
    get("/rest/v1.0/projects/{project_id}/direct_costs/line_items", |stock, request, ids| {
        direct_costs::all_lines(stock, request, ids[0])
    }),
    get("/rest/v1.0/projects/{project_id}/direct_costs/{id}", |stock, _, ids| {
        direct_costs::one(stock, Version::V1_0, ids[0], ids[1])
    }),
    get("/rest/v1.1/projects/{project_id}/direct_costs/{id}", |stock, _, ids| {
        direct_costs::one(stock, Version::V1_1, ids[0], ids[1])
    }),
    get("/rest/v1.0/projects/{project_id}/direct_costs/{direct_cost_id}/line_items", |stock, request, ids| {
        direct_costs::lines(stock, request, ids[0], ids[1])
    }),
    get("/rest/v1.0/contract_payments", |stock, request, _| payments::list(stock, request)),
    get("/rest/v1.0/contract_payments/{id}", |stock, request, ids| payments::one(stock, request, ids[0])),
    get("/rest/v1.0/prime_contracts", |stock, request, _| prime_contracts::list(stock, request)),
    get("/rest/v1.0/prime_contract", |stock, request, _| prime_contracts::one(stock, request, None)),
    get("/rest/v1.0/prime_contract/{id}", |stock, request, ids| prime_contracts::one(stock, request, Some(ids[0]))),
    get("/rest/v1.0/tax_codes", |stock, request, _| taxes::list(stock, request)),
    get("/rest/v1.0/tax_codes/{id}", |stock, request, ids| taxes::one(stock, request, ids[0])),
    write(Method::Patch, "/rest/v1.0/projects/{project_id}/direct_costs/{id}", |stock, request, ids, now| {
        money_changes::edit_cost(stock, request, Version::V1_0, (ids[0], ids[1]), now)
    }),
    write(Method::Patch, "/rest/v1.1/projects/{project_id}/direct_costs/{id}", |stock, request, ids, now| {
        money_changes::edit_cost(stock, request, Version::V1_1, (ids[0], ids[1]), now)
    }),
    write(Method::Delete, "/rest/v1.0/projects/{project_id}/direct_costs/{id}", |stock, _, ids, now| {
        money_changes::delete_cost(stock, (ids[0], ids[1]), now)
    }),
    write(Method::Delete, "/rest/v1.1/projects/{project_id}/direct_costs/{id}", |stock, _, ids, now| {
        money_changes::delete_cost(stock, (ids[0], ids[1]), now)
    }),
    write(Method::Post, "/rest/v1.0/contract_payments", |stock, request, _, now| {
        money_changes::write_payment(stock, request, None, now)
    }),
    write(Method::Patch, "/rest/v1.0/contract_payments/{id}", |stock, request, ids, now| {
        money_changes::write_payment(stock, request, Some(ids[0]), now)
    }),
    write(Method::Delete, "/rest/v1.0/contract_payments/{id}", |stock, request, ids, _| {
        money_changes::delete_payment(stock, request, ids[0])
    }),
    write(Method::Post, "/rest/v1.0/vendors", |stock, request, _, now| vendors::write(stock, request, None, now)),
    write(Method::Patch, "/rest/v1.0/vendors/{id}", |stock, request, ids, now| {
        vendors::write(stock, request, Some(ids[0]), now)
    }),
    write(Method::Patch, "/rest/v1.0/requisitions/{id}", |stock, request, ids, now| {
        changes::edit(stock, request, Version::V1_0, ids[0], now)
    }),
    write(Method::Patch, "/rest/v1.1/requisitions/{id}", |stock, request, ids, now| {
        changes::edit(stock, request, Version::V1_1, ids[0], now)
    }),
    write(Method::Delete, "/rest/v1.0/requisitions/{id}", |stock, request, ids, _| {
        changes::delete(stock, request, ids[0])
    }),
    write(Method::Delete, "/rest/v1.1/requisitions/{id}", |stock, request, ids, _| {
        changes::delete(stock, request, ids[0])
    }),
];

/// Answers by the table. What a write changed comes with its answer.
pub fn dispatch(stock: &mut Stock, request: &Request<'_>, now: Timestamp) -> (HttpResponse, Option<Change>) {
    let found = all()
        .filter(|route| route.method == request.method)
        .find_map(|route| Some((route, ids_in(route.path, &request.path)?)));
    let Some((route, ids)) = found else { return (errors::no_such_path(), None) };
    let names_company =
        ["/rest/v1.0/companies/{", "/rest/v2.0/companies/{"].iter().any(|head| route.path.starts_with(head));
    if names_company && ids.first() != Some(&stock.contractor.company_id) {
        return (errors::not_connected(), None);
    }
    match route.answer {
        Answer::Read(answer) => (answer(stock, request, &ids), None),
        Answer::Write(answer) => answer(stock, request, &ids, now),
    }
}

/// The numbers that stand where the path has braces; `None` if it is another path.
fn ids_in(path: &str, asked: &str) -> Option<Vec<i64>> {
    let mut ids = Vec::new();
    let (mut parts, mut given) = (path.split('/'), asked.split('/'));
    loop {
        match (parts.next(), given.next()) {
            (None, None) => return Some(ids),
            (Some(part), Some(text)) if part.starts_with('{') => ids.push(text.parse().ok()?),
            (Some(part), Some(text)) if part == text => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{all, ids_in};
    use std::collections::BTreeSet;

    #[test]
    fn the_ids_of_a_path_are_read_in_its_order() {
        assert_eq!(ids_in("/a/{x}/b/{y}", "/a/7/b/9"), Some(vec![7, 9]));
        assert_eq!(ids_in("/a/{x}", "/a/b"), None);
        assert_eq!(ids_in("/a/{x}", "/a/7/b"), None);
    }

    #[test]
    fn no_path_stands_twice() {
        let paths: BTreeSet<_> = all().map(|route| (route.method.as_str(), route.path)).collect();
        assert_eq!(paths.len(), all().count());
    }
}
