//! Drives the fake over each path of its table, with ids that its own lists name.

use super::caller::{Answer, Caller, Signed};
use super::facts::Facts;
use super::hooks;
use super::judge::Judge;
use super::writes;
use mlc::connector::Driver;
use mlc::connector::contractor::Contractor;
use mlc::world::Method;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// Single records that are asked for, of each list of each project.
const SINGLE: usize = 2;
/// Records on a page where a view is looked at.
const A_PAGE: usize = 20;
/// An id that nothing has.
const NOTHING: i64 = 999;

pub struct Drive<'a> {
    facts: &'a Facts,
    pub caller: Caller,
    pub judge: Judge,
    /// The fake's table.
    routes: Vec<String>,
    /// Routes that answered with success.
    reached: BTreeSet<String>,
    lists: HashMap<String, Vec<i64>>,
    projects: Vec<i64>,
    /// Contracts of each project, for lists that are kept by contract.
    contracts: HashMap<i64, Vec<i64>>,
    hidden: i64,
}

/// A path with its ids, and the project and the contract that they belong to.
#[derive(Clone, Debug)]
struct Place {
    path: String,
    project: Option<i64>,
    contract: Option<i64>,
}

impl<'a> Drive<'a> {
    pub fn new(facts: &'a Facts, driver: &Driver, contractor: &Contractor) -> Self {
        let caller = Caller::new(driver, contractor);
        let routes = caller.fake.routes();
        let of = |permitted: bool| contractor.projects.iter().filter(move |project| project.permitted == permitted);
        let mut contracts: HashMap<i64, Vec<i64>> = HashMap::new();
        let signed = contractor.commitments.iter().filter(|commitment| commitment.approved);
        let paid = signed.map(|commitment| (commitment.project, commitment.id));
        for (project, id) in contractor.prime_contracts.iter().map(|prime| (prime.project, prime.id)).chain(paid) {
            contracts.entry(project).or_default().push(id);
        }
        let mut drive = Self {
            facts,
            contracts,
            caller,
            judge: Judge::default(),
            routes,
            reached: BTreeSet::new(),
            lists: HashMap::new(),
            projects: of(true).map(|project| project.id).collect(),
            hidden: of(false).map(|project| project.id).next().expect("a project that nobody may see"),
        };
        hooks::prepare(&mut drive);
        drive
    }

    pub fn first_project(&self) -> i64 {
        self.projects[0]
    }

    fn reads(&self) -> Vec<String> {
        self.routes.iter().filter(|route| route.starts_with("GET ")).cloned().collect()
    }

    /// Every list with all its pages, every view, and some single records of each project.
    pub fn read_everything(&mut self) {
        for route in self.reads() {
            let Some(operation) = self.facts.operation(&route) else {
                self.judge.problem(&route, "the operation is not recorded".to_owned());
                continue;
            };
            let views = operation.views();
            for place in self.places(path_of(&route)) {
                for target in self.targets(&route, &place) {
                    self.pages(&route, &target);
                    for view in &views {
                        let target = with(&target, &format!("{view}&per_page={A_PAGE}"));
                        self.ask(&route, Method::Get, &target, None, Signed::Well);
                    }
                }
            }
        }
    }

    /// What must be refused on each path: no token, no company, another one, what must be
    /// given left out, a record that is not there, a project that nobody may see.
    pub fn refuse_everything(&mut self) {
        for route in self.routes.clone() {
            let Some(operation) = self.facts.operation(&route) else { continue };
            let method = method_of(&route);
            let Some(place) = self.places(path_of(&route)).into_iter().next() else { continue };
            let Some(target) = self.targets(&route, &place).into_iter().next() else { continue };
            for (signed, status) in [(Signed::NoToken, 401), (Signed::NoCompany, 400), (Signed::OtherCompany, 403)] {
                self.expect(&route, method, &target, signed, status, &format!("{signed:?}"));
            }
            // One of two that would both do is not given.
            let given = |name: &str| target.contains(&format!("{name}="));
            let must = operation.query().into_iter().filter(|(name, must)| *must && given(name));
            for (name, _) in must {
                self.expect(&route, method, &without(&target, name), Signed::Well, 400, &format!("without {name}"));
            }
            if path_of(&route).ends_with('}') {
                let (before, _) = place.path.rsplit_once('/').expect("a path");
                let gone = Place { path: format!("{before}/{NOTHING}"), ..place.clone() };
                for target in self.targets(&route, &gone).into_iter().take(1) {
                    self.expect_missing(&route, method, &target);
                }
            }
            if let Some(project) = place.project {
                let hidden = self.hidden.to_string();
                self.expect_missing(&route, method, &target.replace(&project.to_string(), &hidden));
            }
        }
        let answer = self.caller.get("/rest/v1.0/nothing_of_the_kind");
        assert_eq!(answer.status, 404);
    }

    /// A record that is not there. Writes are asked with their own bodies elsewhere: without
    /// one they may complain of that first.
    fn expect_missing(&mut self, route: &str, method: Method, target: &str) {
        if method == Method::Get {
            self.expect(route, method, target, Signed::Well, 404, "what is not there");
        }
    }

    fn expect(&mut self, route: &str, method: Method, target: &str, signed: Signed, status: u16, what: &str) {
        // What is asked of a write without a body changes nothing.
        let answer = self.ask(route, method, target, None, signed);
        if answer.status != status {
            self.judge.problem(route, format!("{what}: answered with {}, not {status}", answer.status));
        }
    }

    /// Every write, with the bodies that the table of writes has for it.
    pub fn write_everything(&mut self) {
        let writes: Vec<String> = self.routes.iter().filter(|route| !route.starts_with("GET ")).cloned().collect();
        for route in writes {
            writes::of(self, &route);
        }
    }

    /// The refusal of one request too many is a text, and its headers say when to go on.
    pub fn ask_too_often(&mut self) {
        let target = format!("/rest/v1.0/companies?company_id={}", self.caller.company);
        for _ in 0..2 {
            let refusal = self.caller.too_often(&target);
            assert!(String::from_utf8_lossy(&refusal.body).starts_with("You have surpassed the max number"));
            for header in ["X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"] {
                assert!(refusal.header(header).is_some_and(|text| text.parse::<i64>().is_ok()), "{header}");
            }
        }
    }

    /// How many bodies were compared, and all findings.
    pub fn verdict(mut self) -> (usize, Vec<String>) {
        for route in self.routes.clone() {
            if !self.reached.contains(&route) {
                self.judge.problem(&route, "was never answered with success".to_owned());
            }
        }
        (self.judge.compared, self.judge.verdict())
    }

    /// Asks, and compares what comes.
    pub fn ask(&mut self, route: &str, method: Method, target: &str, body: Option<&Value>, signed: Signed) -> Answer {
        let answer = self.caller.ask(method, target, body, signed);
        if let Some(operation) = self.facts.operation(route) {
            self.judge.body(route, operation, answer.status, answer.body.as_ref());
        }
        if (200..300).contains(&answer.status) {
            self.reached.insert(route.to_owned());
        }
        answer
    }

    /// Writes twice in one moment, and hands on what the second was answered with.
    pub fn twice(&mut self, route: &str, target: &str, body: &Value) -> u16 {
        self.ask(route, method_of(route), target, Some(body), Signed::Well);
        let answer = self.caller.at_once(method_of(route), target, body);
        if let Some(operation) = self.facts.operation(route) {
            self.judge.body(route, operation, answer.status, answer.body.as_ref());
        }
        answer.status
    }

    /// All pages of a list; a single record is one page.
    fn pages(&mut self, route: &str, target: &str) -> Vec<Value> {
        let mut records = Vec::new();
        for page in 1.. {
            let answer =
                self.ask(route, Method::Get, &with(target, &format!("page={page}&per_page=1000")), None, Signed::Well);
            if answer.status != 200 {
                self.judge.problem(route, format!("what is there was answered with {}", answer.status));
            }
            let list = answer.body.unwrap_or_default();
            let list = list.get("data").cloned().unwrap_or(list);
            let found = list.as_array().cloned().unwrap_or_default();
            let empty = found.is_empty();
            records.extend(found);
            if empty || answer.total.is_none_or(|total| records.len() >= total) {
                break;
            }
        }
        records
    }

    /// The path with ids in place of its braces, for each project that it is kept by.
    fn places(&mut self, path: &str) -> Vec<Place> {
        let mut places = vec![Place { path: String::new(), project: None, contract: None }];
        let mut template = String::new();
        for part in path.split('/').skip(1) {
            let next = match part {
                "{company_id}" => {
                    let company = self.caller.company;
                    places.into_iter().map(|place| place.step(company, None)).collect()
                }
                "{project_id}" => {
                    let projects = self.projects.clone();
                    let each =
                        |place: Place| projects.iter().map(move |id| place.step(*id, Some(*id))).collect::<Vec<_>>();
                    places.into_iter().flat_map(each).collect()
                }
                part if part.starts_with('{') => {
                    let list = format!("GET {}", list_of(&template));
                    places.into_iter().flat_map(|place| self.ids(&list, &place)).collect()
                }
                part => places.into_iter().map(|place| place.word(part)).collect(),
            };
            places = next;
            template = format!("{template}/{part}");
        }
        places
    }

    /// Places for some ids of a list, in each project where the list wants one.
    fn ids(&mut self, list: &str, place: &Place) -> Vec<Place> {
        if !self.routes.iter().any(|route| route == list) {
            self.judge.problem(list, "is no list of the fake, so that its ids are not known".to_owned());
            return Vec::new();
        }
        let from = match list_of(&place.path) {
            same if same == place.path => place.clone(),
            other => Place { path: other.to_owned(), ..place.clone() },
        };
        let mut places = Vec::new();
        for target in self.targets(list, &from) {
            let project = number_in(&target, "project_id=").or(place.project);
            let contract = number_in(&target, "contract_id=").or(place.contract);
            if !self.lists.contains_key(&target) {
                let records = self.pages(list, &target);
                let ids = records
                    .iter()
                    .filter_map(|record| record["id"].as_i64().or_else(|| record["id"].as_str()?.parse().ok()));
                self.lists.insert(target.clone(), ids.collect());
            }
            let ids = &self.lists[&target];
            let step = |id: &i64| Place { contract, ..place.step(*id, project) };
            places.extend(ids.iter().take(SINGLE).map(step));
        }
        places
    }

    /// The path with the query that it wants; several where it is kept by project.
    fn targets(&self, route: &str, place: &Place) -> Vec<String> {
        let Some(operation) = self.facts.operation(route) else { return Vec::new() };
        let query = operation.query();
        let must = |name: &str| query.iter().any(|(known, must)| *known == name && *must);
        let may = |name: &str| query.iter().any(|(known, _)| *known == name);
        let mut target = place.path.clone();
        // Of hooks, the company or the project, and never both.
        let either = hooks::are_of(route) && must("company_id") && must("project_id");
        if must("payload_version") {
            target = with(&target, "payload_version=v4.0");
        }
        if may("company_id") && !either {
            target = with(&target, &format!("company_id={}", self.caller.company));
        }
        let known = ["company_id", "project_id", "contract_id", "payload_version"];
        let strange = query.iter().find(|(name, must)| *must && !known.contains(name));
        assert!(strange.is_none(), "{route} wants {strange:?}, which the test does not know");
        if !must("project_id") && (may("company_id") || !may("project_id")) {
            return vec![target];
        }
        let projects = place.project.map_or_else(|| self.projects.clone(), |project| vec![project]);
        let by_project = projects.into_iter().map(|project| (project, with(&target, &format!("project_id={project}"))));
        if !must("contract_id") {
            return by_project.map(|(_, target)| target).collect();
        }
        let of = |project: i64| match place.contract {
            Some(contract) => vec![contract],
            None => {
                self.contracts.get(&project).map(|all| all.iter().copied().take(SINGLE).collect()).unwrap_or_default()
            }
        };
        by_project
            .flat_map(|(project, target)| {
                of(project).into_iter().map(move |contract| with(&target, &format!("contract_id={contract}")))
            })
            .collect()
    }
}

impl Place {
    fn word(&self, part: &str) -> Self {
        Self { path: format!("{}/{part}", self.path), ..self.clone() }
    }

    fn step(&self, id: i64, project: Option<i64>) -> Self {
        Self { path: format!("{}/{id}", self.path), project: project.or(self.project), contract: self.contract }
    }
}

/// Where single records have a word of their own, the list that knows their ids.
fn list_of(path: &str) -> &str {
    match path {
        "/rest/v1.0/prime_contract" => "/rest/v1.0/prime_contracts",
        other => other,
    }
}

pub fn path_of(route: &str) -> &str {
    route.split_once(' ').expect("a route").1
}

pub fn method_of(route: &str) -> Method {
    match route.split_once(' ').expect("a route").0 {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        other => panic!("{other} is no method"),
    }
}

fn with(target: &str, pair: &str) -> String {
    format!("{target}{}{pair}", if target.contains('?') { '&' } else { '?' })
}

fn without(target: &str, name: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let kept: Vec<&str> = query.split('&').filter(|pair| pair.split('=').next() != Some(name)).collect();
    format!("{path}?{}", kept.join("&"))
}

fn number_in(target: &str, name: &str) -> Option<i64> {
    let query = target.split_once('?')?.1;
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.parse().ok())
}
