//! What `ping` sees of QAD: sign-in, the clocks of a session, the workspace, each
//! resource by its browse and its entity path, the tenant's Swagger, the clock.
//!
//! Reads only, and little: one row of a list, and that record by its keys. What only a
//! write could prove is said to be not tried.

use super::browse::Browses;
use super::catalogue::ResourceWire;
use super::connection::{Connection, Desk, unreadable};
use super::dress;
use super::error::{self, Purpose};
use super::key::{keys_of, reference, with_keys};
use super::profile::Browse;
use super::query::Query;
use super::readiness::Shelves as _;
use super::reading::{columns, decode_row};
use super::swagger::{Missing, Swagger};
use crate::connector::{Error, ErrorKind, Health, Operation, Probe, Wanted};
use crate::value::{Record, Timestamp, Value};
use crate::world::HttpResponse;

const CONTROL: &str = "/api/qracore/securityControl";
/// So many names that are not in the Swagger are shown.
const SHOWN: usize = 6;

/// A resource, and what the pipeline does with it.
type Part<'a> = (Desk<'a>, &'a [Operation]);

impl Connection {
    pub(super) async fn look(&self, wanted: &Wanted) -> Vec<Probe> {
        let control = match self.client.response(CONTROL, &Query::new()).await {
            Ok(control) => control,
            Err(error) => return vec![Probe::failed("sign-in", &error)],
        };
        // The rest takes its time; the answer tells of this moment.
        let now = self.now();
        let mut seen = vec![Probe::good("sign-in", "QAD takes the user name, the password and the client id")];
        seen.push(self.session(&control));
        let parts: Vec<Part<'_>> = wanted
            .resources
            .iter()
            .filter_map(|(name, operations)| {
                let (spec, wire) = self.tenant.resource(name)?;
                Some((Desk { name, spec, wire, dress: dress::of(name) }, operations.as_slice()))
            })
            .collect();
        let workspace = self.workspace(parts.first().map_or("", |(desk, _)| &desk.wire.browse)).await;
        let lost = workspace.health == Health::Bad;
        seen.push(workspace);
        if lost {
            seen.push(Probe::untried("all else", "nothing else can be looked at before the workspace is right"));
        } else {
            for part in &parts {
                self.resource_seen(part, &mut seen).await;
            }
            self.described(&parts, &mut seen).await;
        }
        let there = control.header("Date").and_then(Timestamp::from_http_date);
        seen.push(Probe::clock(now, there, "QAD"));
        seen
    }

    /// Whether sessions live as long as the profile says.
    fn session(&self, response: &HttpResponse) -> Probe {
        const SUBJECT: &str = "session";
        let body = error::body_of(response, Purpose::Read, self.now()).ok().flatten();
        let control = body.as_ref().and_then(Value::as_record).and_then(|body| body.at("data.securityControls"));
        let control = control.and_then(Value::as_list).and_then(<[Value]>::first).and_then(Value::as_record);
        let minutes = |name: &str| control?.get(name)?.as_integer().and_then(|minutes| u64::try_from(minutes).ok());
        let (Some(life), Some(idle)) = (minutes("sessionLength"), minutes("timeoutMinutes")) else {
            return Probe::untried(SUBJECT, "QAD does not show this user how long a session lives");
        };
        let ours = &self.tenant.profile.auth;
        let told = format!("it lives {life} minutes, and {idle} unused");
        if life >= ours.session_minutes && idle >= ours.idle_minutes {
            return Probe::good(SUBJECT, told);
        }
        Probe::doubtful(
            SUBJECT,
            format!("{told}; the profile counts on {} and {}", ours.session_minutes, ours.idle_minutes),
            format!("write `auth: {{session_minutes: {life}, idle_minutes: {idle}}}` into the tenant profile"),
        )
    }

    /// Whether the user may work in the domain and entity of the connection.
    async fn workspace(&self, browse: &str) -> Probe {
        const SUBJECT: &str = "workspace";
        let style = &self.tenant.profile.browse;
        let query = Query::new()
            .with("browseId", style.fields_id.as_str())
            .with("page", "1")
            .with("pageSize", "1")
            .with("pageAction", "first")
            .with("filter", format!("browseURI,eq,{browse},literal"));
        let (domain, entity) = self.place();
        match self.client.get(&style.path, &query).await {
            Ok(_) => Probe::good(SUBJECT, format!("domain {domain}, entity {entity}")),
            Err(error) if error.kind == ErrorKind::Permission => Probe::bad(
                SUBJECT,
                format!("in domain {domain}, entity {entity}: {}", error.message),
                "check `domain` and `entity` in the `connect` block, and give the user's role access to both",
            ),
            Err(error) => Probe::failed(SUBJECT, &error),
        }
    }

    async fn resource_seen(&self, part: &Part<'_>, seen: &mut Vec<Probe>) {
        let (desk, operations) = *part;
        let plural = &*desk.spec.plural;
        let row = self.listed_row(desk).await;
        seen.push(match &row {
            Ok(Some(_)) => Probe::good(plural, "can be listed, and the browse has the columns that are needed"),
            Ok(None) => Probe::good(plural, "can be listed; there is none yet, and the browse is the right one"),
            Err(error) => Probe::failed(plural, error),
        });
        if by_entity(operations, desk.wire) {
            seen.push(self.entity_seen(desk, row.ok().flatten().as_ref()).await);
        }
        if let Some(writes) = writes(operations) {
            seen.push(Probe::untried(
                format!("writing {plural}"),
                format!("ping writes nothing; the user's role needs the API permission to {writes} them"),
            ));
        }
    }

    /// The first row of a resource's list, with its columns and those of its lines proven.
    async fn listed_row(&self, desk: Desk<'_>) -> Result<Option<Record>, Error> {
        self.prove(desk, &desk.wire.ask_by).await?;
        self.prove_lines(desk).await?;
        let browses = Browses::new(Browse { page_size: 1, ..self.tenant.profile.browse.clone() });
        let page = browses.page(&self.client, &desk.wire.browse, &self.within(desk), None).await?;
        let row = page.rows.first().map(|row| decode_row(desk, &columns(&desk.spec.fields), row));
        row.transpose().map_err(|error| unreadable(&error))
    }

    /// Whether the entity path shows the record that the list shows.
    async fn entity_seen(&self, desk: Desk<'_>, row: Option<&Record>) -> Probe {
        let Desk { spec, wire, .. } = desk;
        let subject = format!("{} at {}", spec.plural, wire.path);
        let Some(row) = row else {
            return Probe::untried(subject, "there is no record that could be asked for by its keys");
        };
        let query = with_keys(Query::new().with("viewUri", wire.view_uri.as_str()), wire, &keys_of(spec, wire, row));
        match self.show(desk, &query).await {
            Ok(Some(record)) => match self.decoded(desk, record) {
                Ok(_) => Probe::good(subject, format!("shows {} with the names that are needed", reference(spec, row))),
                Err(error) => Probe::failed(subject, &unreadable(&error)),
            },
            Ok(None) => Probe::bad(
                subject,
                format!("the list has {}, and the entity does not show it", reference(spec, row)),
                "check `path`, `view_uri` and `keys` of the resource in the tenant profile",
            ),
            Err(error) => Probe::failed(subject, &error),
        }
    }

    /// Holds the names of the catalogue and the profile against the tenant's own Swagger.
    async fn described(&self, parts: &[Part<'_>], seen: &mut Vec<Probe>) {
        const SUBJECT: &str = "Swagger";
        let Some(path) = self.tenant.profile.swagger.as_deref() else {
            return seen.push(Probe::untried(SUBJECT, "the tenant profile does not name it (`swagger: /path`)"));
        };
        let document = match self.client.get(path, &Query::new()).await {
            Ok(document) => document.and_then(Swagger::read),
            Err(error) => {
                let mend = "write the path at which this tenant shows its Swagger (as JSON) into the profile";
                return seen.push(Probe::bad(SUBJECT, error.message, mend));
            }
        };
        let Some(swagger) = document else {
            let mend = "name the JSON document itself, not the page that shows it";
            return seen.push(Probe::bad(SUBJECT, format!("what stands at {path} describes no paths"), mend));
        };
        for (desk, operations) in parts.iter().filter(|(desk, _)| !desk.wire.path.is_empty()) {
            let Desk { name, spec, wire, dress } = *desk;
            let missing = swagger.missing(wire, &spec.fields, dress);
            let subject = format!("{} in the Swagger", spec.plural);
            if missing.is_empty() {
                seen.push(Probe::good(subject, format!("it has {}, `{}` and all names", wire.path, wire.array)));
                continue;
            }
            let mend = format!("write this tenant's names under `resources.{name}` in the tenant profile");
            // What is only listed comes through the browse, whose columns were proven.
            seen.push(match by_entity(operations, wire) {
                true => Probe::bad(subject, told(&missing), mend),
                false => Probe::doubtful(subject, format!("{} (it is read by its browse)", told(&missing)), mend),
            });
        }
    }
}

/// Whether the resource is asked for at its entity path, too.
fn by_entity(operations: &[Operation], wire: &ResourceWire) -> bool {
    let asked = wire.list_shows_headers_only || operations.iter().any(|operation| *operation != Operation::List);
    asked && !wire.path.is_empty()
}

fn writes(operations: &[Operation]) -> Option<String> {
    let write = |operation: &&Operation| matches!(operation, Operation::Create | Operation::Update);
    let names: Vec<&str> = operations.iter().filter(write).map(|operation| operation.name()).collect();
    (!names.is_empty()).then(|| names.join(" and "))
}

/// `it has no name `invoiceReference` (but `invoiceRef`)`
fn told(missing: &[Missing]) -> String {
    let one = |missing: &Missing| match &missing.nearest {
        Some(nearest) => format!("{} `{}` (but `{nearest}`)", missing.what, missing.name),
        None => format!("{} `{}`", missing.what, missing.name),
    };
    let shown: Vec<String> = missing.iter().take(SHOWN).map(one).collect();
    let more = missing.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("it has no {}{rest}", shown.join(", no "))
}
