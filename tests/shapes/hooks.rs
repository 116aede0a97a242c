//! Webhooks: in both versions of the interface, of the company and of a project. Each write is
//! done once as it should be, and as it is refused.

use super::caller::Signed;
use super::drive::{Drive, method_of, path_of};
use mlc::world::Method;
use serde_json::{Value, json};

const TAKEN: (&str, &str) = ("Sub Jobs", "Line Item Types");

/// Whether the route is one of these.
pub fn are_of(route: &str) -> bool {
    route.contains("/webhooks/")
}

/// Where a route writes.
struct Place {
    /// The path of the hooks, and what stands behind each path.
    hooks: String,
    query: String,
    /// What each body of the older version holds.
    scope: Value,
    newer: bool,
    /// A name that a hook there can be told of.
    name: &'static str,
}

impl Place {
    fn of(drive: &Drive<'_>, route: &str) -> Self {
        let (company, project) = (drive.caller.company, drive.first_project());
        let newer = route.contains("/rest/v2.0/");
        let in_project = !newer || route.contains("{project_id}");
        let hooks = match (newer, in_project) {
            (false, _) => "/rest/v1.0/webhooks/hooks".to_owned(),
            (true, false) => format!("/rest/v2.0/companies/{company}/webhooks/hooks"),
            (true, true) => format!("/rest/v2.0/companies/{company}/projects/{project}/webhooks/hooks"),
        };
        Self {
            hooks,
            query: if newer { String::new() } else { format!("?project_id={project}") },
            scope: if newer { json!({}) } else { json!({"project_id": project, "api_version": "v2"}) },
            newer,
            name: if in_project { TAKEN.0 } else { TAKEN.1 },
        }
    }

    /// A body as the version wants it: flat, or under a word beside the scope.
    fn body(&self, word: &str, fields: Value) -> Value {
        if self.newer {
            return fields;
        }
        let mut body = self.scope.clone();
        body[word] = fields;
        body
    }

    fn hook(&self, namespace: &str, url: &str) -> Value {
        let form = if self.newer { "payload_version" } else { "api_version" };
        let version = if self.newer { "v4.0" } else { "v2" };
        let mut fields = json!({"namespace": namespace, "destination_url": url});
        fields[form] = version.into();
        fields["destination_headers"] = json!({"Authorization": "Bearer 0123456789"});
        self.body("hook", fields)
    }

    fn trigger(&self, name: &str, event: &str) -> Value {
        self.body("trigger", json!({"resource_name": name, "event_type": event}))
    }

    fn triggers(&self, all: &[(&str, &str)]) -> Value {
        let one = |(name, event): &(&str, &str)| json!({"resource_name": name, "event_type": event});
        self.body("triggers", all.iter().map(one).collect())
    }

    /// A new hook's id.
    fn made(&self, drive: &mut Drive<'_>) -> String {
        let body = self.hook("shapes", "https://a.example/hooks");
        let answer = drive.caller.ask(Method::Post, &self.hooks, Some(&body), Signed::Well);
        assert_eq!(answer.status, 201, "{:?}", answer.body);
        id(answer.body.as_ref())
    }

    /// Ids of new triggers of a hook.
    fn told(&self, drive: &mut Drive<'_>, hook: &str) -> Vec<Value> {
        let body = self.triggers(&[(self.name, "create"), (self.name, "update")]);
        let path = format!("{}/{hook}/triggers/bulk", self.hooks);
        let answer = drive.caller.ask(Method::Post, &path, Some(&body), Signed::Well).body.expect("JSON");
        let list = if self.newer { &answer["data"] } else { &answer["success"] };
        list.as_array().expect("triggers").iter().map(|trigger| trigger["id"].clone()).collect()
    }
}

fn id(body: Option<&Value>) -> String {
    let body = body.expect("JSON");
    let record = body.get("data").unwrap_or(body);
    record["id"].as_str().map_or_else(|| record["id"].to_string(), str::to_owned)
}

/// A hook of the company and one of a project, so that every list has something to show.
pub fn prepare(drive: &mut Drive<'_>) {
    for route in ["POST /rest/v2.0/companies/{company_id}/webhooks/hooks", "POST /rest/v2.0/…/{project_id}/…"] {
        let place = Place::of(drive, route);
        let hook = place.made(drive);
        place.told(drive, &hook);
    }
}

/// Does what the route is for.
pub fn of(drive: &mut Drive<'_>, route: &str) {
    let place = Place::of(drive, route);
    let refused = if place.newer { 400 } else { 422 };
    let gone = if place.newer { 204 } else { 200 };
    let name = place.name;
    let hook = place.made(drive);
    let tail = path_of(route).split_once("/webhooks/hooks").expect("a path of hooks").1;
    let steps: Vec<(String, Value, u16)> = match (method_of(route), tail) {
        (Method::Post, "") => vec![
            (String::new(), place.hook("mine", "https://a.example/"), 201),
            (String::new(), place.hook("Not Mine", "https://a.example/"), refused),
            (String::new(), place.hook("mine", "http://a.example/"), refused),
            (String::new(), json!({}), 400),
        ],
        (Method::Patch, "/{id}") => {
            let moved = place.body("hook", json!({"destination_url": "https://b.example/"}));
            vec![(format!("/{hook}"), moved.clone(), 200), ("/999".to_owned(), moved, 404)]
        }
        (Method::Delete, "/{id}") => {
            [(gone, &hook), (404, &hook)].map(|(status, id)| (format!("/{id}"), Value::Null, status)).into()
        }
        (Method::Post, "/{hook_id}/triggers") => {
            let path = format!("/{hook}/triggers");
            vec![
                (path.clone(), place.trigger(name, "create"), 201),
                (path.clone(), place.trigger(name, "create"), refused),
                (path, place.trigger("Nothing", "create"), refused),
            ]
        }
        (Method::Post, "/{hook_id}/triggers/bulk") => {
            let path = format!("/{hook}/triggers/bulk");
            let good = if place.newer { 201 } else { 200 };
            let mut steps = vec![
                (path.clone(), place.triggers(&[(name, "create"), (name, "update")]), good),
                (path.clone(), place.triggers(&[(name, "create"), (name, "delete")]), 207),
            ];
            // The newer version has no word for it that is recorded.
            if !place.newer {
                steps.push((path, place.triggers(&vec![(name, "create"); 501]), 413));
            }
            steps
        }
        (Method::Delete, "/{hook_id}/triggers/bulk") => {
            let ids = place.told(drive, &hook);
            let path = format!("/{hook}/triggers/bulk");
            let body = |ids: &[Value]| place.body("triggers", ids.into());
            vec![(path.clone(), body(&ids[..1]), 200), (path, body(&ids), 207)]
        }
        (Method::Delete, "/{hook_id}/triggers/{id}") => {
            let ids = place.told(drive, &hook);
            let first = ids[0].as_str().map_or_else(|| ids[0].to_string(), str::to_owned);
            [gone, 404].map(|status| (format!("/{hook}/triggers/{first}"), Value::Null, status)).into()
        }
        _ => return drive.judge.problem(route, "the test does not know what to write".to_owned()),
    };
    for (path, body, status) in steps {
        let target = format!("{}{path}{}", place.hooks, place.query);
        let body = if body.is_null() { None } else { Some(&body) };
        let answer = drive.ask(route, method_of(route), &target, body, Signed::Well);
        if answer.status != status {
            drive.judge.problem(route, format!("{path} was answered with {}, not {status}", answer.status));
        }
    }
}
