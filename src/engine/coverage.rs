//! How far the lookups of a pipeline cover what its sources use: every record that changed
//! since a day is read, and each question that its mapping asks of a lookup is counted,
//! with what the lookup answers. Nothing is written, neither to a target nor to the store.

use super::context::Context;
use super::error::{RunError, RunErrorKind};
use super::fetch::Pages;
use super::flow_run::FlowRun;
use super::report::Stage;
use super::{Options, Setup, flow, label, lookups, run};
use crate::connector::{Connector, Error, Fetch, FilterKind, Pace};
use crate::model::LookupId;
use crate::program::{Question, Standing, Tables};
use crate::value::{Record, Timestamp, Value};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What of the sources is looked at.
#[derive(Clone, Debug)]
pub struct CoverageOptions {
    /// Records that changed since then, where the source tells.
    pub since: Timestamp,
    /// Names of flows; empty for all.
    pub flows: Vec<String>,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    pub lookups: Vec<LookupCoverage>,
    /// Source records that were looked at.
    pub records: u64,
    pub requests: u64,
    /// What could not be read, and what is odd.
    pub warnings: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct LookupCoverage {
    pub lookup: LookupId,
    /// By the inputs, in their order.
    pub uses: Vec<Use>,
    /// The lookup's own rows, by number, that verification refused.
    pub refused: Vec<usize>,
}

/// One set of inputs that records ask for.
#[derive(Clone, Debug)]
pub struct Use {
    /// In the order of the lookup's inputs, without the day of a dated table.
    pub inputs: Vec<Value>,
    /// The worst answer that it got.
    pub standing: Standing,
    /// Records that ask for it.
    pub records: u64,
    /// Of these, those that the flow's `where` takes as they stand today.
    pub wanted: u64,
    /// When the newest of them changed, where the source tells.
    pub latest: Option<Timestamp>,
    /// One of them, the newest that is wanted before others.
    pub example: String,
}

/// Looks at the sources of the flows, and at the answers of their lookups.
///
/// # Errors
/// [`RunErrorKind::UnknownFlow`] for a flow that is not there, [`RunErrorKind::World`] when a
/// lookup or a source cannot be read to the end: a list with holes would call codes covered.
pub async fn coverage(setup: &Setup, options: &CoverageOptions) -> Result<Coverage, RunError> {
    let run_options = Options { plan: true, flows: options.flows.clone(), ..Options::default() };
    let flows = run::chosen(setup, &run_options)?;
    let context = Arc::new(run::context(setup, &run_options, setup.clock.now()));
    let before: u64 = setup.paces.values().map(|pace| pace.requests()).sum();
    context.progress.stage("", Stage::Lookups);
    let Some(tables) = lookups::load(&context, &flows).await? else { return Err(stopped(&context)) };
    let tables = Arc::new(tables);
    let mut uses = Uses::default();
    for index in flows {
        if context.program.flows()[index].lookups().is_empty() {
            continue;
        }
        let flow = FlowRun::new(context.clone(), index, tables.clone(), &[], Arc::default())?;
        context.tally.begin(&flow.name);
        context.progress.stage(&flow.name, Stage::Records);
        for scope in flow::scopes(&flow).await? {
            let scope = scope.map(|scope| (scope.value, scope.record));
            read(&flow, scope.as_ref(), options.since, &mut uses).await?;
        }
        if context.brake.is_pulled() {
            return Err(stopped(&context));
        }
    }
    let now: u64 = setup.paces.values().map(|pace| pace.requests()).sum();
    let warnings = context.tally.report_so_far().warnings;
    Ok(uses.finished(&tables, now.saturating_sub(before), warnings))
}

fn stopped(context: &Context) -> RunError {
    match context.brake.reason() {
        Some(stop) => RunError::new(RunErrorKind::World, stop.message, stop.mend),
        None => RunError::new(RunErrorKind::World, "the sources could not be read", "run again"),
    }
}

async fn read(
    flow: &FlowRun,
    scope: Option<&(Value, Record)>,
    since: Timestamp,
    uses: &mut Uses,
) -> Result<(), RunError> {
    let source = flow.flow().source();
    let filtered = flow.source.changed.as_ref().and_then(|field| flow.source.filters.get(field));
    let request = Fetch {
        scope: scope.map(|(value, _)| value.clone()),
        changed_since: (filtered == Some(&FilterKind::Range)).then_some(since),
        ..Fetch::all(source.resource.as_ref())
    };
    let connection: Arc<dyn Connector> = flow.context.connection(&source.connection)?.clone();
    let mut pages = Pages::read(flow.context.clone(), connection, request);
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| unread(flow, &error))?;
        flow.context.tally.read(&flow.name, page.records.len() as u64);
        for record in page.records {
            match record {
                Ok(record) => uses.take(flow, &record, scope.map(|(_, record)| record), since),
                Err(error) => flow.context.tally.warn(format!("{}: left out: {error}", flow.name)),
            }
        }
    }
    Ok(())
}

fn unread(flow: &FlowRun, error: &Error) -> RunError {
    let message = format!("the {} could not be read to the end: {}", flow.source.plural, error.message);
    RunError::new(RunErrorKind::World, message, error.mend.clone())
}

/// All uses so far, by lookup and inputs.
#[derive(Default)]
struct Uses {
    by_lookup: BTreeMap<usize, HashMap<String, Use>>,
    records: u64,
}

impl Uses {
    fn take(&mut self, flow: &FlowRun, record: &Record, scope: Option<&Record>, since: Timestamp) {
        let changed = flow.source.changed.as_ref().and_then(|field| record.get(field)).and_then(instant);
        if changed.is_some_and(|changed| changed < since) {
            return;
        }
        self.records += 1;
        let program = &flow.context.program;
        let surveyed = program.survey(flow.flow(), &flow.tables, record, scope);
        let mut mine: HashMap<(usize, String), Question> = HashMap::new();
        for mut asked in surveyed.asked {
            asked.inputs.truncate(program.lookups()[asked.lookup.0].inputs.len());
            let key = (asked.lookup.0, crate::value::to_json_string(&Value::list(asked.inputs.clone())));
            let worse = mine.get(&key).is_none_or(|before| rank(&asked.answer) > rank(&before.answer));
            if worse {
                mine.insert(key, asked);
            }
        }
        let scope = scope.zip(flow.scope.as_ref()).map(|(record, (spec, _))| (spec, record));
        for ((lookup, key), asked) in mine {
            let uses = self.by_lookup.entry(lookup).or_default();
            let example = || label::of(&flow.source, record, scope);
            merge(uses, key, asked, surveyed.wanted, changed, example);
        }
    }

    fn finished(self, tables: &Tables, requests: u64, warnings: Vec<String>) -> Coverage {
        let lookups = self.by_lookup.into_iter().map(|(lookup, uses)| {
            let mut uses: Vec<(String, Use)> = uses.into_iter().collect();
            uses.sort_by(|(left, _), (right, _)| left.cmp(right));
            let lookup = LookupId(lookup);
            let uses = uses.into_iter().map(|(_, one)| one).collect();
            LookupCoverage { lookup, uses, refused: tables.refused(lookup) }
        });
        Coverage { lookups: lookups.collect(), records: self.records, requests, warnings }
    }
}

fn merge(
    uses: &mut HashMap<String, Use>,
    key: String,
    asked: Question,
    wanted: bool,
    changed: Option<Timestamp>,
    example: impl Fn() -> String,
) {
    let one = uses.entry(key).or_insert_with(|| Use {
        inputs: asked.inputs,
        standing: Standing::Found,
        records: 0,
        wanted: 0,
        latest: None,
        example: String::new(),
    });
    let better =
        one.records == 0 || (wanted && one.wanted == 0) || ((one.wanted == 0 || wanted) && changed > one.latest);
    if better {
        one.example = example();
    }
    if rank(&asked.answer) > rank(&one.standing) {
        one.standing = asked.answer;
    }
    one.records += 1;
    one.wanted += u64::from(wanted);
    one.latest = one.latest.max(changed);
}

fn rank(standing: &Standing) -> u8 {
    match standing {
        Standing::Found => 0,
        Standing::Refused(_) => 1,
        Standing::Missing => 2,
    }
}

fn instant(value: &Value) -> Option<Timestamp> {
    match value {
        Value::DateTime(instant) => Some(*instant),
        _ => None,
    }
}
