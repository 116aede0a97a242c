//! Hooks at the fake: what is wanted is brought about once, and what changes is told.

use super::{COMPANY, Outside, PROJECT};
use crate::connector::{
    Connector, Delivery, Discarded, Error, Hook, HookChangeKind, HookChanges, HookStatus, Notice, NoticeEvent,
    WantedHooks, webhook::namespace,
};
use crate::value::Timestamp;
use crate::world::{Clock as _, Method};
use secrecy::ExposeSecret as _;
use serde_json::{Value as Json, json};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const PLACE: &str = "https://mlc.example/webhooks/procore/acme.procore";

fn wanted(resources: &[&str]) -> WantedHooks {
    WantedHooks {
        name: "acme.procore".to_owned(),
        destination: PLACE.to_owned(),
        secret: SECRET.into(),
        resources: resources.iter().map(|name| (*name).to_owned()).collect(),
        rotate: false,
        dry: false,
    }
}

fn read(delivery: &Delivery) -> Notice {
    let receiving = super::DRIVER.webhook.expect("it has webhooks");
    assert_eq!(delivery.request.header(receiving.secret_header), Some(SECRET));
    (receiving.read)(&delivery.request.body).unwrap_or_else(|error| panic!("{error}"))
}

impl Outside {
    /// In a rate window of its own, like all that follow.
    async fn sync(&self, connector: &dyn Connector, wanted: &WantedHooks) -> Result<HookChanges, Error> {
        self.pass(11);
        connector.sync_hooks(wanted).await
    }

    async fn listed(&self, connector: &dyn Connector) -> Result<Vec<Hook>, Error> {
        self.pass(11);
        connector.hooks().await
    }

    async fn given_up(&self, connector: &dyn Connector, since: Timestamp) -> Result<Vec<Discarded>, Error> {
        self.pass(11);
        connector.discarded(since).await
    }

    /// Everything that is told until nothing is due any more, each answered with 200.
    fn told(&self) -> Vec<Notice> {
        let mut told = Vec::new();
        loop {
            let due = self.fake().due(self.now());
            if due.is_empty() {
                return told;
            }
            for delivery in due {
                told.push(read(&delivery));
                self.fake().answered(delivery.id, Some(200), self.now());
            }
        }
    }

    /// A change by a person, or by the service account.
    fn change(&self, method: Method, path: &str, body: &Json, person: Option<&str>) -> u16 {
        let (token, company) = (self.token(), COMPANY.to_string());
        let mut headers = vec![("Authorization", token.as_str()), ("Procore-Company-Id", company.as_str())];
        headers.extend(person.map(|id| ("Sandbox-User", id)));
        self.ask(method, path, &headers, &body.to_string()).status
    }

    /// Another description of the first direct cost.
    fn edit_cost(&self, words: &str, person: Option<&str>) -> i64 {
        let path = format!("/rest/v1.1/projects/{PROJECT}/direct_costs");
        let (_, costs) = self.signed(Method::Get, &path, "");
        let id = costs[0]["id"].as_i64().expect("a direct cost");
        self.pass(11);
        let body = json!({"direct_cost": {"description": words}});
        assert_eq!(self.change(Method::Patch, &format!("{path}/{id}"), &body, person), 200);
        id
    }
}

fn kinds(changes: &HookChanges) -> Vec<&HookChangeKind> {
    changes.changes.iter().map(|change| &change.what).collect()
}

async fn synced(outside: &Outside, connector: &dyn Connector, resources: &[&str]) {
    outside.sync(connector, &wanted(resources)).await.unwrap_or_else(|error| panic!("{error}"));
}

#[tokio::test]
async fn a_second_call_changes_nothing() {
    let outside = Outside::open();
    let connector = outside.connect();
    let wanted = wanted(&["direct_costs", "commitments", "vendors"]);
    let changes = outside.sync(connector.as_ref(), &wanted).await.expect("synced");
    // The company, and each open project that the app may see.
    let made = kinds(&changes).iter().filter(|kind| ***kind == HookChangeKind::Created).count();
    assert!(made >= 3 && changes.standing == made, "{changes:?}");
    assert!(changes.refused.is_empty(), "{changes:?}");
    let writes = || outside.asked_for("POST ") + outside.asked_for("PATCH ") + outside.asked_for("DELETE ");
    let before = writes();
    let again = outside.sync(connector.as_ref(), &wanted).await.expect("synced");
    assert!(again.is_empty() && again.standing == made, "{again:?}");
    assert_eq!(writes(), before);
    let hooks = outside.listed(connector.as_ref()).await.expect("listed");
    assert_eq!(hooks.len(), made);
    let company = hooks.iter().find(|hook| hook.scope.is_none()).expect("one of the company");
    assert_eq!(company.triggers.len(), 2);
    let project =
        hooks.iter().find(|hook| hook.scope.as_deref() == Some(PROJECT.to_string().as_str())).expect("one of it");
    assert_eq!((project.triggers.len(), project.form.as_str()), (9, "v4.0"));
    assert_eq!(project.namespace, namespace("acme.procore"));
}

#[tokio::test]
async fn looking_changes_nothing_and_says_what_would_be_done() {
    let outside = Outside::open();
    let connector = outside.connect();
    let dry = WantedHooks { dry: true, ..wanted(&["direct_costs"]) };
    let changes = outside.sync(connector.as_ref(), &dry).await.expect("looked");
    assert!(kinds(&changes).contains(&&HookChangeKind::Created), "{changes:?}");
    assert!(changes.changes.iter().all(|change| change.hook.is_none()));
    assert!(outside.listed(connector.as_ref()).await.expect("listed").is_empty());
}

#[tokio::test]
async fn what_differs_is_mended_and_only_that() {
    let outside = Outside::open();
    let connector = outside.connect();
    synced(&outside, connector.as_ref(), &["vendors", "line_item_types"]).await;
    let elsewhere = WantedHooks { destination: format!("{PLACE}-2"), ..wanted(&["vendors", "line_item_types"]) };
    let changes = outside.sync(connector.as_ref(), &elsewhere).await.expect("synced");
    assert_eq!(kinds(&changes), [&HookChangeKind::Redirected]);
    let other = WantedHooks { secret: "another-long-secret-of-ours".into(), ..elsewhere.clone() };
    assert_eq!(kinds(&outside.sync(connector.as_ref(), &other).await.expect("synced")), [&HookChangeKind::SecretGiven]);
    let rotated = WantedHooks { rotate: true, ..other.clone() };
    assert_eq!(
        kinds(&outside.sync(connector.as_ref(), &rotated).await.expect("synced")),
        [&HookChangeKind::SecretGiven]
    );
    let id = outside.listed(connector.as_ref()).await.expect("listed")[0].id.clone();
    let path = format!("/rest/v2.0/companies/{COMPANY}/webhooks/hooks/{id}");
    assert_eq!(outside.change(Method::Patch, &path, &json!({"status": "disabled"}), None), 200);
    assert_eq!(outside.listed(connector.as_ref()).await.expect("listed")[0].status, HookStatus::Disabled);
    assert_eq!(kinds(&outside.sync(connector.as_ref(), &other).await.expect("synced")), [&HookChangeKind::Reactivated]);
    let fewer = WantedHooks { resources: ["vendors".to_owned()].into(), ..other };
    let changes = outside.sync(connector.as_ref(), &fewer).await.expect("synced");
    let [HookChangeKind::Dropped(dropped)] = kinds(&changes)[..] else { panic!("{changes:?}") };
    assert_eq!(dropped.len(), 3);
}

#[tokio::test]
async fn strays_of_ours_go_and_those_of_others_stay() {
    let outside = Outside::open();
    let connector = outside.connect();
    synced(&outside, connector.as_ref(), &["vendors"]).await;
    let path = format!("/rest/v2.0/companies/{COMPANY}/webhooks/hooks");
    for space in [namespace("acme.procore"), namespace("other.procore"), "somebody".to_owned()] {
        let body = json!({"payload_version": "v2.0", "namespace": space, "destination_url": "https://a.example/"});
        assert_eq!(outside.change(Method::Post, &path, &body, None), 201);
    }
    let changes = outside.sync(connector.as_ref(), &wanted(&["vendors"])).await.expect("synced");
    assert_eq!(kinds(&changes), [&HookChangeKind::Removed]);
    // Nothing is wanted any more.
    let changes = outside.sync(connector.as_ref(), &wanted(&[])).await.expect("synced");
    assert_eq!(kinds(&changes), [&HookChangeKind::Removed]);
    let left = outside.listed(connector.as_ref()).await.expect("listed");
    let spaces: Vec<&str> = left.iter().map(|hook| hook.namespace.as_str()).collect();
    assert_eq!(spaces, [namespace("other.procore").as_str(), "somebody"]);
}

#[tokio::test]
async fn what_the_system_does_not_tell_of_is_refused_and_the_rest_is_taken() {
    let outside = Outside::open();
    let connector = outside.connect();
    // One name is no longer among those that can be told of.
    outside.bend_request(|request| {
        if request.url.ends_with("/triggers/bulk") && request.method == Method::Post {
            let text = String::from_utf8_lossy(&request.body).replace("Sub Jobs", "Sub Yobs");
            request.body = text.into_bytes();
        }
    });
    let changes = outside.sync(connector.as_ref(), &wanted(&["direct_costs", "sub_jobs"])).await.expect("synced");
    assert!(!changes.refused.is_empty() && changes.refused.iter().all(|line| line.contains("Sub Jobs")), "{changes:?}");
    let hooks = outside.listed(connector.as_ref()).await.expect("listed");
    assert!(hooks.iter().all(|hook| hook.triggers.len() == 3), "{hooks:?}");
    let error = outside.sync(connector.as_ref(), &wanted(&["requisitions"])).await.expect_err("never told of");
    assert!(error.message.contains("no webhook for `requisitions`"), "{error}");
}

#[tokio::test]
async fn more_than_five_hundred_triggers_at_once_are_too_many() {
    let outside = Outside::open();
    synced(&outside, outside.connect().as_ref(), &["vendors"]).await;
    let (_, hooks) = outside.signed(Method::Get, &format!("/rest/v2.0/companies/{COMPANY}/webhooks/hooks"), "");
    let id = hooks["data"][0]["id"].as_str().expect("a hook").to_owned();
    let many = vec![json!({"resource_name": "Trades", "event_type": "create"}); 501];
    let path = format!("/rest/v2.0/companies/{COMPANY}/webhooks/hooks/{id}/triggers/bulk");
    assert_eq!(outside.change(Method::Post, &path, &json!(many), None), 413);
    let (status, answer) = outside.signed(Method::Post, &path, &json!(many[..2]).to_string());
    assert_eq!((status, answer["data"]["succeeded"].as_array().map(Vec::len)), (207, Some(1)));
}

#[tokio::test]
async fn small_pages_and_missing_headers_lose_no_trigger() {
    let outside = Outside::open();
    let connector = outside.connect();
    let all = ["direct_costs", "commitments", "contract_payments", "cost_codes", "sub_jobs", "prime_contracts"];
    synced(&outside, connector.as_ref(), &all).await;
    outside.bend(|request, mut answer| {
        if request.url.contains("/webhooks/") {
            answer.headers.retain(|(name, _)| name == "Content-Type");
        }
        answer
    });
    // The server gives ten, whatever was asked for.
    outside.bend_request(|request| request.url = request.url.replace("per_page=100", "per_page=10"));
    let again = outside.sync(connector.as_ref(), &wanted(&all)).await.expect("synced");
    assert!(again.is_empty(), "{again:?}");
}

#[tokio::test]
async fn changes_are_told_and_our_own_are_known() {
    let outside = Outside::open();
    let connector = outside.connect();
    synced(&outside, connector.as_ref(), &["direct_costs", "vendors"]).await;
    assert!(outside.told().is_empty());
    let theirs = outside.edit_cost("by a person", Some("9011"));
    outside.edit_cost("by the app", None);
    let vendor = json!({"company_id": COMPANY, "vendor": {"name": "Larch Glazing"}});
    assert_eq!(outside.change(Method::Post, "/rest/v1.0/vendors", &vendor, Some("9011")), 201);
    let told = outside.told();
    let of =
        |resource: &str| told.iter().filter(|notice| notice.resource.as_deref() == Some(resource)).collect::<Vec<_>>();
    let costs = of("direct_costs");
    assert_eq!(costs.len(), 2, "{told:?}");
    assert!(costs.iter().all(|notice| notice.record == theirs.to_string() && notice.event == NoticeEvent::Update));
    assert_eq!(costs[0].scope.as_deref(), Some(PROJECT.to_string().as_str()));
    let vendors = of("vendors");
    assert_eq!((vendors[0].event.clone(), vendors[0].scope.clone()), (NoticeEvent::Create, None));
    // Before it has asked who it is, it cannot tell.
    assert!(!costs.iter().any(|notice| connector.is_ours(notice)));
    connector.know_own_user().await.expect("asked");
    connector.know_own_user().await.expect("known");
    assert_eq!(outside.asked_for("/rest/v1.0/me"), 1);
    let ours: Vec<bool> = costs.iter().map(|notice| connector.is_ours(notice)).collect();
    assert_eq!(ours, [false, true]);
}

#[tokio::test]
async fn a_setting_names_our_own_user_and_older_forms_the_application() {
    let outside = Outside::open();
    let mut settings = outside.fake().settings("https://procore.sandbox.invalid");
    settings.0.insert("user_id".to_owned(), crate::value::Value::Integer(9011));
    let connector = outside.connect_with(settings);
    connector.know_own_user().await.expect("known");
    assert_eq!(outside.asked_for("/rest/v1.0/me"), 0);
    synced(&outside, connector.as_ref(), &["direct_costs"]).await;
    outside.edit_cost("by a person", Some("9011"));
    let mut notice = outside.told().remove(0);
    assert!(connector.is_ours(&notice));
    notice.user = Some("9001".to_owned());
    assert!(!connector.is_ours(&notice));
    let id = outside.fake().credential().get("client_id").expect("a field").expose_secret().to_owned();
    notice.application = Some(id);
    assert!(connector.is_ours(&notice));
}

#[tokio::test]
async fn deleted_records_and_lines_are_told_and_invoices_of_subcontractors_are_not() {
    let outside = Outside::open();
    let connector = outside.connect();
    synced(&outside, connector.as_ref(), &["direct_costs"]).await;
    let id = outside.edit_cost("soon gone", None);
    outside.told();
    outside.pass(1);
    let path = format!("/rest/v1.1/projects/{PROJECT}/direct_costs/{id}");
    assert_eq!(outside.change(Method::Delete, &path, &json!({}), None), 200);
    let told = outside.told();
    assert_eq!(told.iter().filter(|notice| notice.event == NoticeEvent::Delete).count(), told.len());
    assert!(!told.is_empty());
    let (_, list) =
        outside.signed(Method::Get, &format!("/rest/v1.1/requisitions?project_id={PROJECT}&view=items"), "");
    let (id, commitment) = (&list[0]["id"], &list[0]["commitment_id"]);
    let body = json!({"project_id": PROJECT, "commitment_id": commitment, "requisition": {"final": true}});
    assert_eq!(outside.change(Method::Patch, &format!("/rest/v1.1/requisitions/{id}"), &body, Some("9011")), 200);
    assert!(outside.told().is_empty());
}

/// Nobody answers for that long, tried every ten minutes.
fn silent(outside: &Outside, hours: i64) {
    for _ in 0..hours * 6 {
        let due = outside.fake().due(outside.now());
        for delivery in due {
            outside.fake().answered(delivery.id, None, outside.now());
        }
        outside.pass(600);
    }
    outside.fake().due(outside.now());
}

#[tokio::test]
async fn what_was_given_up_is_listed_by_either_version() {
    let outside = Outside::open();
    let connector = outside.connect();
    synced(&outside, connector.as_ref(), &["direct_costs"]).await;
    let since = outside.now();
    let id = outside.edit_cost("while nobody listens", Some("9011"));
    assert!(outside.given_up(connector.as_ref(), since).await.expect("listed").is_empty());
    silent(&outside, 13);
    let given_up = outside.given_up(connector.as_ref(), since).await.expect("listed");
    assert_eq!(given_up.len(), 1, "{given_up:?}");
    assert_eq!((given_up[0].notice.record.clone(), given_up[0].status), (id.to_string(), None));
    assert!(given_up[0].said.contains("no answer"), "{given_up:?}");
    // Whoever does not know the newer list is asked by the older, page by page.
    outside.bend(|request, answer| match request.url.contains("/rest/v2.0/") && request.url.contains("/deliveries") {
        true => crate::world::HttpResponse { status: 404, headers: Vec::new(), body: b"{}".to_vec() },
        false => answer,
    });
    let older = outside.given_up(connector.as_ref(), since).await.expect("listed");
    assert_eq!(older.len(), 1, "{older:?}");
    assert_eq!(older[0].notice.record, given_up[0].notice.record);
    assert!(outside.asked_for("page_size=100") > 0);
    let later = outside.now().plus(crate::value::Span::from_secs(1));
    assert!(outside.given_up(connector.as_ref(), later).await.expect("listed").is_empty());
}

#[tokio::test]
async fn the_older_pages_go_on_after_the_last_event() {
    let outside = Outside::open();
    let connector = outside.connect();
    synced(&outside, connector.as_ref(), &["direct_costs"]).await;
    for number in 0..7 {
        outside.edit_cost(&format!("change {number}"), Some("9011"));
    }
    silent(&outside, 13);
    outside.bend(|request, answer| match request.url.contains("/rest/v2.0/") && request.url.contains("/deliveries") {
        true => crate::world::HttpResponse { status: 404, headers: Vec::new(), body: b"{}".to_vec() },
        false => answer,
    });
    // The event ids of the pages as the fake gives them, two at a time.
    let hooks = outside.listed(connector.as_ref()).await.expect("listed");
    let hook = hooks.iter().find(|hook| hook.scope.as_deref() == Some(PROJECT.to_string().as_str())).expect("one");
    let (mut seen, mut start) = (Vec::new(), String::new());
    loop {
        let path = format!(
            "/rest/v1.0/webhooks/hooks/{}/deliveries?project_id={PROJECT}&filters[status]=discarded&page_size=2{start}",
            hook.id
        );
        let (_, page) = outside.signed(Method::Get, &path, "");
        let ids: Vec<i64> =
            page.as_array().expect("a list").iter().filter_map(|one| one["event_id"].as_i64()).collect();
        let Some(last) = ids.last() else { break };
        start = format!("&page_start={last}");
        seen.extend(ids);
    }
    assert_eq!(seen.len(), 7);
    assert_eq!(outside.given_up(connector.as_ref(), Timestamp::from_unix(0)).await.expect("listed").len(), 7);
}

#[tokio::test]
async fn a_hook_that_nobody_answers_is_disabled_and_woken_by_the_next_sync() {
    let outside = Outside::open();
    let connector = outside.connect();
    synced(&outside, connector.as_ref(), &["vendors"]).await;
    let vendor = json!({"company_id": COMPANY, "vendor": {"name": "Larch Glazing"}});
    assert_eq!(outside.change(Method::Post, "/rest/v1.0/vendors", &vendor, Some("9011")), 201);
    silent(&outside, 26);
    assert_eq!(outside.listed(connector.as_ref()).await.expect("listed")[0].status, HookStatus::Disabled);
    let changes = outside.sync(connector.as_ref(), &wanted(&["vendors"])).await.expect("synced");
    assert_eq!(kinds(&changes), [&HookChangeKind::Reactivated]);
    let vendor = json!({"company_id": COMPANY, "vendor": {"name": "Elm Electric"}});
    assert_eq!(outside.change(Method::Post, "/rest/v1.0/vendors", &vendor, Some("9011")), 201);
    assert_eq!(outside.told().len(), 1);
}

#[tokio::test]
async fn hooks_and_what_was_given_up_outlive_the_process() {
    let outside = Outside::open();
    let connector = outside.connect();
    synced(&outside, connector.as_ref(), &["direct_costs"]).await;
    outside.edit_cost("while nobody listens", Some("9011"));
    silent(&outside, 13);
    let changes = outside.fake().take_changes();
    let anew = Outside::open();
    anew.pass(14 * 3600);
    changes.iter().for_each(|change| anew.fake().apply(change));
    let connector = anew.connect();
    assert!(anew.sync(connector.as_ref(), &wanted(&["direct_costs"])).await.expect("synced").is_empty());
    assert_eq!(anew.given_up(connector.as_ref(), Timestamp::from_unix(0)).await.expect("listed").len(), 1);
}

#[tokio::test]
async fn both_secrets_are_taken_while_one_is_changed_and_neither_is_shown() {
    let outside = Outside::open();
    let mut credential = outside.fake().credential();
    credential.fields.push(("webhook_secret_before".to_owned(), "the-one-of-before".into()));
    let settings = outside.fake().settings("https://procore.sandbox.invalid");
    let connector = outside.connect_as(settings, credential);
    assert_eq!(connector.webhook_secrets().len(), 2);
    outside.bend(|request, answer| match request.method {
        Method::Post if request.url.contains("/webhooks/") => crate::world::HttpResponse {
            status: 400,
            headers: Vec::new(),
            body: br#"{"message":"the-one-of-before is not taken"}"#.to_vec(),
        },
        _ => answer,
    });
    let error = outside.sync(connector.as_ref(), &wanted(&["vendors"])).await.expect_err("refused");
    assert!(!error.message.contains("before is") && error.message.contains("***"), "{error}");
}
