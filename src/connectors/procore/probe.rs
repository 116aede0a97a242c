//! What `ping` sees of Procore: sign-in, company, projects, each resource, whose links
//! stand on the records, the rate window, the clock.
//!
//! Reads only, and little: one record of a resource is enough to know that it may be
//! read. What only a write could prove is said to be not tried.

use super::catalogue::{Call, catalogue};
use super::client::{Place, Procore, configuration};
use super::error;
use crate::connector::{
    Connector as _, Error, ErrorKind, Fetch, Operation, Page, PageToken, Probe, ResourceSpec, Signature, Wanted,
};
use crate::value::{Record, Value, from_wire_json};
use crate::world::{HttpResponse, Method};

const COMPANIES: &str = "companies";
const PROJECTS: &str = "projects";
/// The field by which another system names a record; one system only may own it.
const LINK: &str = "origin_id";
/// In so many projects a resource is looked for before it counts as empty.
const TRIED_PROJECTS: usize = 3;
/// So many names are shown.
const SHOWN: usize = 3;

/// An open project.
struct Job {
    id: Value,
    name: String,
}

impl Procore {
    pub(super) async fn look(&self, wanted: &Wanted) -> Vec<Probe> {
        let token = match self.token().await {
            Ok(token) => token,
            Err(error) => return vec![Probe::failed("sign-in", &error)],
        };
        let mut seen = vec![Probe::good("sign-in", "Procore takes the client id and the secret")];
        let path = catalogue().resources.get(COMPANIES).and_then(|spec| Call::of(COMPANIES, spec).ok());
        let url = self.at(path.as_ref().map_or("", |call| &call.path));
        let response = match self.attempt(Method::Get, &url, &[], token.value.header()).await {
            Ok(response) => response,
            Err(error) => {
                seen.push(Probe::failed("company", &error));
                return seen;
            }
        };
        // The rest takes its time; the answer tells of this moment.
        let now = self.now();
        let company = self.own_company(&response);
        let lost = company.health == crate::connector::Health::Bad;
        seen.push(company);
        if lost {
            seen.push(Probe::untried("all else", "nothing else can be looked at before the company is right"));
        } else {
            self.within_company(wanted, &mut seen).await;
        }
        let signal = error::rate_signal(&response, now);
        seen.push(match (signal.limit, signal.remaining) {
            (Some(limit), Some(left)) => {
                Probe::good("rate limit", format!("{left} of {limit} requests are left in the window at hand"))
            }
            _ => Probe::untried("rate limit", "Procore's answers name none; a run waits when it is told to"),
        });
        seen.push(Probe::clock(now, signal.there, "Procore"));
        seen
    }

    async fn within_company(&self, wanted: &Wanted, seen: &mut Vec<Probe>) {
        let jobs = match self.everything(Fetch::all(PROJECTS)).await {
            Ok(projects) => {
                let jobs = open_jobs(&projects);
                seen.push(projects_seen(projects.len(), jobs.len()));
                jobs
            }
            Err(error) => {
                seen.push(Probe::failed("projects", &error));
                Vec::new()
            }
        };
        let resources = || {
            wanted
                .resources
                .iter()
                .filter_map(|(name, operations)| Some((name.as_str(), catalogue().resources.get(name)?, operations)))
        };
        for (name, spec, _) in resources().filter(|(name, ..)| !matches!(*name, PROJECTS | COMPANIES)) {
            seen.push(self.readable(name, spec, &jobs).await);
        }
        for (_, spec, operations) in resources() {
            seen.extend(unproven_writes(spec, operations));
        }
        for ((name, _), signature) in wanted.signatures.iter().filter(|((_, field), _)| field == LINK) {
            if let Some(spec) = catalogue().resources.get(name) {
                seen.push(self.links(name, spec, signature, &jobs).await);
            }
        }
    }

    /// Whether the configured company is among those that installed the app.
    fn own_company(&self, response: &HttpResponse) -> Probe {
        const SUBJECT: &str = "company";
        if !(200..300).contains(&response.status) {
            return Probe::failed(
                SUBJECT,
                &error::refusal(response, self.now(), "the companies that it works for", false),
            );
        }
        let body = from_wire_json(&response.body).unwrap_or_default();
        let companies: Vec<(i64, String, bool)> = body
            .as_list()
            .unwrap_or_default()
            .iter()
            .filter_map(|company| {
                let company = company.as_record()?;
                let name = company.get("name").and_then(Value::as_text).unwrap_or("without a name").to_owned();
                let active = company.get("is_active").and_then(Value::as_bool).unwrap_or(true);
                Some((company.get("id")?.as_integer()?, name, active))
            })
            .collect();
        match companies.iter().find(|(id, ..)| *id == self.company()) {
            Some((id, name, true)) => Probe::good(SUBJECT, format!("{name} ({id})")),
            Some((id, name, false)) => Probe::doubtful(
                SUBJECT,
                format!("{name} ({id}) is no longer active in Procore"),
                "check that `company_id` in the `connect` block names the right company",
            ),
            None => Probe::bad(
                SUBJECT,
                format!("the app is not connected to company {}; it sees {}", self.company(), listed(&companies)),
                "set `company_id` in the `connect` block to the right company, or have an administrator of that \
                 company install the app there under App Management",
            ),
        }
    }

    /// One record is read; of what is kept by project, in the first open ones.
    async fn readable(&self, name: &str, spec: &ResourceSpec, jobs: &[Job]) -> Probe {
        let subject = spec.plural.as_str();
        let Some(scope) = &spec.scope else {
            return match self.first(name, None).await {
                Ok(page) if page.records.is_empty() => Probe::doubtful(
                    subject,
                    format!("Procore answers, and shows no {subject}"),
                    format!("if there are some, {}", permission(spec)),
                ),
                Ok(page) => read(subject, &page, ""),
                Err(error) => unreadable(spec, &error),
            };
        };
        if scope.resource != PROJECTS || jobs.is_empty() {
            return Probe::untried(
                subject,
                format!("they are read by {}, and none that is open can be seen", scope.name),
            );
        }
        for job in jobs.iter().take(TRIED_PROJECTS) {
            match self.first(name, Some(job.id.clone())).await {
                Ok(page) if page.records.is_empty() => {}
                Ok(page) => return read(subject, &page, &format!(" in project {}", job.name)),
                Err(error) => return unreadable(spec, &error),
            }
        }
        let tried: Vec<&str> = jobs.iter().take(TRIED_PROJECTS).map(|job| job.name.as_str()).collect();
        Probe::doubtful(
            subject,
            format!("Procore answers, and shows none in the projects tried: {}", tried.join(", ")),
            format!("if there are some, {}", permission(spec)),
        )
    }

    async fn first(&self, name: &str, scope: Option<Value>) -> Result<Page, Error> {
        self.fetch(&Fetch { scope, page: Some(PageToken("1:1".to_owned())), ..Fetch::all(name) }).await
    }

    /// The first page of the list in the first open projects, as far as a list shows records.
    async fn of_projects(&self, name: &str, spec: &ResourceSpec, jobs: &[Job]) -> Result<Vec<Record>, Error> {
        let call = Call::of(name, spec).map_err(configuration)?;
        let mut records = Vec::new();
        for job in jobs.iter().take(TRIED_PROJECTS) {
            let fetch = Fetch { scope: Some(job.id.clone()), ..Fetch::all(name) };
            let place = Place::first(call.per_page);
            if call.within.is_some() || !call.parts.is_empty() {
                records.extend(self.fetch(&fetch).await?.records.into_iter().flatten());
                continue;
            }
            let url = self.address(spec, &call, &fetch, place)?;
            let listed = self.page(&url, &spec.plural, place).await?;
            records.extend(listed.items.iter().filter_map(Value::as_record).cloned());
        }
        Ok(records)
    }

    /// Whether somebody else's links stand where the pipeline writes its own.
    async fn links(&self, name: &str, spec: &ResourceSpec, ours: &Signature, jobs: &[Job]) -> Probe {
        let subject = format!("{LINK} of {}", spec.plural);
        let records = match &spec.scope {
            None => self.everything(Fetch::all(name)).await,
            Some(_) => self.of_projects(name, spec, jobs).await,
        };
        let records = match records {
            Ok(records) => records,
            Err(error) => return Probe::failed(subject, &error),
        };
        let place = if spec.scope.is_some() { " in the projects tried" } else { "" };
        let link = |record: &Record| record.get(LINK).and_then(Value::as_text).map(str::to_owned);
        let links: Vec<String> = records.iter().filter_map(link).filter(|link| !link.is_empty()).collect();
        if links.is_empty() {
            return Probe::good(subject, format!("none of {} {}{place} has one yet", records.len(), spec.plural));
        }
        if !ours.tells() {
            let told = format!(
                "{} of {} {}{place} have one ({}); ping cannot tell whether this pipeline wrote it",
                links.len(),
                records.len(),
                spec.plural,
                quoted(&links)
            );
            let mend = format!("before the first run none should have one: only one integration can own `{LINK}`");
            return Probe { mend, ..Probe::untried(subject, told) };
        }
        let foreign: Vec<String> = links.iter().filter(|link| !ours.fits(link)).cloned().collect();
        if foreign.is_empty() {
            let look =
                if ours.begins.is_empty() { String::new() } else { format!(", beginning with `{}`", ours.begins) };
            return Probe::good(subject, format!("all {} look like the pipeline's own{look}", links.len()));
        }
        Probe::doubtful(
            subject,
            format!(
                "{} of {} are not of the form that this pipeline writes ({}): another integration may own them",
                foreign.len(),
                links.len(),
                quoted(&foreign)
            ),
            format!("only one integration can own `{LINK}`: find out whose they are before the first run writes there"),
        )
    }
}

/// The first few, in quotes.
fn quoted(links: &[String]) -> String {
    let shown: Vec<String> = links.iter().take(SHOWN).map(|link| format!("`{link}`")).collect();
    format!("{}{}", shown.join(", "), if links.len() > SHOWN { ", …" } else { "" })
}

fn open_jobs(projects: &[Record]) -> Vec<Job> {
    let open = projects.iter().filter(|project| project.get("active").and_then(Value::as_bool) == Some(true));
    open.filter_map(|project| {
        let name = ["project_number", "name"].iter().find_map(|field| project.get(field)?.as_text());
        Some(Job { id: project.get("id")?.clone(), name: name.unwrap_or("without a name").to_owned() })
    })
    .collect()
}

fn projects_seen(all: usize, open: usize) -> Probe {
    let mend = "have a company administrator add the projects to the app's permitted projects under App Management; \
                new projects are not added by themselves";
    match (all, open) {
        (0, _) => Probe::bad(PROJECTS, "the app sees no project", mend),
        (all, 0) => Probe::doubtful(PROJECTS, format!("the app sees {all} projects, and none of them is open"), mend),
        (all, open) => Probe::good(PROJECTS, format!("the app sees {all}, {open} of them open")),
    }
}

fn read(subject: &str, page: &Page, place: &str) -> Probe {
    match page.records.iter().find_map(|record| record.as_ref().err()) {
        Some(error) => Probe::bad(
            subject,
            format!("the first one that was read is not as the catalogue says: {error}"),
            "please report this with the record; until then it is rejected on each run",
        ),
        None => {
            let many = page.total.map_or_else(String::new, |total| format!(", {total} of them"));
            Probe::good(subject, format!("can be read{many}{place}"))
        }
    }
}

fn unreadable(spec: &ResourceSpec, error: &Error) -> Probe {
    match error.kind {
        ErrorKind::Permission => Probe::bad(&*spec.plural, error.message.clone(), permission(spec)),
        ErrorKind::NotFound => Probe::bad(
            &*spec.plural,
            error.message.clone(),
            format!("the tool may be switched off in that project, or hidden from the app: {}", permission(spec)),
        ),
        _ => Probe::failed(&*spec.plural, error),
    }
}

/// Procore hides what may not be seen, so an empty list has the same mend as a refusal.
fn permission(spec: &ResourceSpec) -> String {
    format!(
        "have a company administrator give the app's service account permission to read {} in Procore{}",
        spec.plural,
        if spec.scope.is_some() { ", in that project too" } else { "" }
    )
}

fn unproven_writes(spec: &ResourceSpec, operations: &[Operation]) -> Option<Probe> {
    let writes: Vec<&str> = operations
        .iter()
        .filter(|operation| matches!(operation, Operation::Create | Operation::Update))
        .map(|operation| operation.name())
        .collect();
    (!writes.is_empty()).then(|| {
        Probe::untried(
            format!("writing {}", spec.plural),
            format!("ping writes nothing; the app needs the permission to {} them", writes.join(" and ")),
        )
    })
}

fn listed(companies: &[(i64, String, bool)]) -> String {
    if companies.is_empty() {
        return "none".to_owned();
    }
    let shown: Vec<String> = companies.iter().take(SHOWN).map(|(id, name, _)| format!("{id} ({name})")).collect();
    let more = companies.len().saturating_sub(SHOWN);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}
